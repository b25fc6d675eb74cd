/* Commands in the real program: an agent's that wait for the engineer, and the engineer's own. */
#include "recording_script.h"
#include "sample_term.h"
#include "test.h"

#include <stdlib.h>

static void command(struct buf *out, const char *id, const char *line, const char *why)
{
    char *args = mem_printf("{\"command\":\"%s\",\"network\":null,\"reason\":\"%s\","
                            "\"timeout_s\":null}",
        line, why);
    script_call(out, id, "run_command", args, false);
    free(args);
}

static void start(struct sample_term *sample, const char *policy, int rows, int cols)
{
    struct buf out = BUF_INIT;
    script_head(&out);
    script_begin(&out, "check it", 0);
    command(&out, "a", "echo first of them", "to begin");
    command(&out, "b", "echo second of them", "to go on");
    command(&out, "c", "echo third; echo of them", "to end");
    script_done(&out);
    script_begin(&out, "check it", 1);
    script_say(&out, "I ran them.");
    script_done(&out);
    test_write(sample->config_home, "rec.jsonl", out.ptr);
    buf_free(&out);
    char *config = mem_printf("approval_policy = \"%s\"\n", policy);
    sample_term_configure(sample, config);
    free(config);
    char *recording = mem_printf("BYLAW_RECORDING=%s/rec.jsonl", sample->config_home);
    sample_term_start(sample, rows, cols, recording);
    free(recording);
    term_type(sample->term, "check it\r");
}

/* Once, always with the words as they are offered, and declined with a reason. */
static void what_an_agent_asks_is_decided(void **state)
{
    struct sample_term *sample = *state;
    start(sample, "unless-allow-listed", 40, 120);
    struct term *term = sample->term;
    term_expect(term, "waits for your approval");
    term_expect(term, "$ echo first of them");
    term_expect_row(term, 0, "⚠ agent asks");
    term_expect(term, "why: to begin");
    term_expect(term, "approval_policy unless-allow-listed");
    term_key(term, "ctrl-p");
    term_type(term, "chat always");
    term_expect(term, "from now on");
    term_key(term, "enter");
    term_expect(term, "Always allow what begins with");
    term_key(term, "ctrl-u");
    term_type(term, "echo\r");
    /* The second runs by itself; the third is no plain command. */
    term_expect(term, "(a line of ");
    term_expect(term, "$ echo third; echo of them");
    term_key(term, "alt-n");
    term_expect(term, "why, for the agent");
    term_type(term, "needless\r");
    term_expect(term, "needless");
    term_expect(term, "I ran them.");
    term_expect_gone(term, "agent asks");
    char *list = test_read(sample->config, "allowed-commands");
    assert_non_null(strstr(list, "\necho\n"));
    free(list);
    sample_term_quit(sample);
}

/* Where there is little room the command is what stays in sight. */
static void a_small_screen_shows_the_command(void **state)
{
    struct sample_term *sample = *state;
    start(sample, "untrusted", 10, 40);
    struct term *term = sample->term;
    term_expect(term, "$ echo first of them");
    term_expect_row(term, 0, "⚠ agent asks");
    term_expect_row(term, 9, "Alt-y approve  Alt-n decline");
    term_type(term, "\033[O"); /* somebody is elsewhere: is told that something waits */
    term_key(term, "alt-y");
    term_expect(term, "$ echo second of them");
    term_expect_bytes(term, "\033]9;bylaw: the agent asks for your approval\033\\\a");
    term_key(term, "esc");
    term_expect(term, "Interrupted.");
    sample_term_quit(sample);
}

static void a_command_of_ones_own(void **state)
{
    struct sample_term *sample = *state;
    start(sample, "never", 40, 120);
    struct term *term = sample->term;
    term_expect(term, "I ran them.");
    term_type(term, "!echo mine is $((20+3)); touch here\r");
    term_expect(term, "mine is 23");
    term_expect(term, "Exit code 1.");
    term_type(term, "!printf half; exit 7\r"); /* a line that did not end stays its own */
    term_expect(term, "    half ");
    term_expect(term, "    Exit code 7.");
    term_type(term, "!sleep 1000\r");
    term_expect(term, "running your command");
    term_key(term, "esc");
    term_expect(term, "[stopped]");
    sample_term_quit(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_an_agent_asks_is_decided, sample_term_set_up, sample_term_tear_down),
        cmocka_unit_test_setup_teardown(
            a_small_screen_shows_the_command, sample_term_set_up, sample_term_tear_down),
        cmocka_unit_test_setup_teardown(
            a_command_of_ones_own, sample_term_set_up, sample_term_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
