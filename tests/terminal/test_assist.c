/* Policy knowledge in the editor of the real program, on the sample workspace: going places, a
 * rename from the name to green tests, hover, completion, formatting. */
#include "sample_term.h"

#include <stdlib.h>
#include <sys/stat.h>

#define POLICY "policies/k8s/privileged/privileged.rego"
#define LIB    "policies/lib/k8s/k8s.rego"

static void open_policy(struct term *term)
{
    term_key(term, "alt-2 alt-p");
    term_type(term, "privileged.rego");
    term_expect(term, "d/privileged.rego");
    term_key(term, "enter");
    term_expect(term, "No privileged containers");
}

static struct term *start(struct sample_term *sample, int rows, int cols, const char *more)
{
    sample_term_start(sample, rows, cols, more);
    struct term *term = sample->term;
    term_expect(term, "✓ 16");
    open_policy(term);
    return term;
}

static void go_to(struct term *term, const char *place)
{
    char *shown = mem_printf("%s ", place);
    term_key(term, "ctrl-g");
    term_type(term, place);
    term_key(term, "enter");
    term_expect(term, shown);
    free(shown);
}

static void goes_places(void **state)
{
    struct term *term = start(*state, 40, 140, NULL);
    go_to(term, "11:24");
    term_key(term, "f12");
    term_expect(term, LIB);
    term_expect(term, "13:1 ");
    term_expect(term, "definition 1 of 2 of containers");
    term_key(term, "f12");
    term_expect(term, "15:1 ");
    term_key(term, "alt-left");
    term_expect(term, "13:1 ");
    term_key(term, "alt-left");
    term_expect(term, POLICY);
    term_expect(term, "11:24 ");
    term_key(term, "alt-right");
    term_expect(term, LIB);
    /* Its uses, with a preview; Esc stays. */
    term_key(term, "shift-f12");
    term_expect(term, "5 places of containers");
    term_expect(term, "k8s_test.rego:20");
    term_key(term, "esc");
    term_expect_gone(term, "5 places");
    term_expect(term, "13:1 ");
    term_key(term, "shift-f12");
    term_expect(term, "5 places of containers");
    term_key(term, "enter");
    term_expect(term, "11:16 ");
    term_expect(term, POLICY);
    /* From the rule to its test and back. */
    term_key(term, "home home alt-t");
    term_expect(term, "privileged_test.rego");
    term_expect(term, "test_deny_privileged, one of");
    term_key(term, "alt-t");
    term_expect(term, POLICY);
    term_expect(term, "› deny");
    /* Where there is nothing it says so. */
    go_to(term, "9:1");
    term_key(term, "f12");
    term_expect(term, "There is no symbol here");
    sample_term_quit(*state);
}

static void renames_through_a_review(void **state)
{
    struct sample_term *sample = *state;
    struct term *term = start(sample, 40, 120, NULL);
    go_to(term, "11:24");
    term_key(term, "alt-R");
    term_expect(term, "nothing is written yet");
    term_key(term, "ctrl-u");
    term_type(term, "deny\r");
    term_expect(term, "Rename containers to deny in 5 place");
    term_expect(term, "✓ 16 passed");
    char *before = test_read(sample->dir, LIB);
    assert_null(strstr(before, "deny"));
    free(before);
    term_type(term, "A}A}A");
    term_expect(term, "○ 0 open");
    term_key(term, "enter");
    term_expect(term, "Finish proposal 1");
    term_expect(term, "16 passed, 0 failed");
    term_expect(term, "Will not be committed");
    term_key(term, "ctrl-s");
    term_expect_gone(term, "Finish proposal 1");
    term_expect(term, "k8s.deny");
    term_expect(term, "✓ 16");
    char *after = test_read(sample->dir, LIB);
    assert_non_null(strstr(after, "deny contains c if some c in pod_spec.initContainers"));
    assert_null(strstr(after, "containers contains"));
    free(after);
    sample_term_quit(sample);
}

static void a_bad_name_is_refused(void **state)
{
    struct term *term = start(*state, 24, 80, NULL);
    go_to(term, "11:24");
    term_key(term, "alt-R");
    term_expect(term, "nothing is written yet");
    term_key(term, "ctrl-u");
    term_type(term, "pod_spec\r");
    term_expect(term, "✗");
    term_expect(term, "pod_spec");
    term_expect_gone(term, "nothing is written yet");
    /* An unsaved file is not renamed over. */
    go_to(term, "9:1");
    term_type(term, "#");
    go_to(term, "11:24");
    term_key(term, "alt-R");
    term_expect(term, "has unsaved edits");
    term_expect_gone(term, "nothing is written yet");
    term_key(term, "ctrl-z");
    /* Nor is another file of the rename. */
    go_to(term, "11:24");
    term_key(term, "f12");
    term_expect(term, "k8s.rego");
    term_type(term, "x");
    term_expect(term, "k8s.rego ●");
    term_key(term, "alt-left");
    term_expect(term, "privileged.rego › deny");
    go_to(term, "11:24");
    term_key(term, "alt-R");
    term_expect(term, "nothing is written yet");
    term_type(term, "x\r");
    term_expect(term, "k8s.rego has unsaved edits");
    term_key(term, "alt-right");
    term_key(term, "ctrl-z");
    sample_term_quit(*state);
}

static void tells_what_it_is(void **state)
{
    struct term *term = start(*state, 40, 120, NULL);
    go_to(term, "10:2");
    term_key(term, "alt-?");
    term_expect(term, "rule of package k8s.privileged");
    term_expect(term, "test_deny_privileged pass");
    term_expect(term, "Controls: K8S-01");
    /* The next key takes it away and does what it does. */
    term_key(term, "down");
    term_expect_gone(term, "Controls: K8S-01");
    term_expect(term, "11:1 ");
    go_to(term, "19:3");
    term_key(term, "alt-?");
    term_expect(term, "startswith(search: string, base: string) -> boolean");
    term_key(term, "esc");
    term_expect_gone(term, "-> boolean");
    /* Also which tests reach the line, as soon as opa has said it, and how one goes to them. */
    term_expect(term, "✓ 16");
    go_to(term, "13:10");
    term_key(term, "alt-?");
    term_expect(term, "line 13: 3 tests reach it: ");
    term_expect(term, "Alt-C lists them");
    term_key(term, "alt-C");
    term_expect(term, "3 tests reach privileged.rego:13");
    term_type(term, "node_agent\r");
    term_expect_gone(term, "3 tests reach privileged.rego:13");
    term_expect(term, "23:1 ");
    sample_term_quit(*state);
}

static void completes(void **state)
{
    struct term *term = start(*state, 40, 120, NULL);
    go_to(term, "13:5");
    term_key(term, "end enter");
    term_type(term, "k8s.");
    term_expect(term, "▸r containers");
    term_expect(term, "r pod_spec");
    /* It narrows, and Esc keeps what was typed. */
    term_type(term, "is");
    term_expect(term, "▸r is_production");
    term_expect_gone(term, "r pod_spec");
    term_key(term, "esc");
    term_expect_gone(term, "▸r is_production");
    term_expect(term, "k8s.is");
    term_key(term, "ctrl-n");
    term_expect(term, "▸r is_production");
    term_key(term, "tab");
    term_expect(term, "k8s.is_production");
    term_expect_gone(term, "▸r");
    /* One step. */
    term_key(term, "ctrl-z");
    term_expect_gone(term, "k8s.is_production");
    term_expect(term, "k8s.is");
    term_key(term, "ctrl-y");
    term_expect(term, "k8s.is_production");
    /* A function comes with its arguments. */
    term_key(term, "enter");
    term_type(term, "starts");
    term_expect(term, "▸b startswith");
    term_key(term, "enter");
    term_expect(term, "base: string) -> boolean");
    term_type(term, "\"a\", \"b\")");
    term_expect_gone(term, "-> boolean");
    term_expect(term, "startswith(\"a\", \"b\")");
    term_key(term, "ctrl-s");
    term_expect(term, "saved ");
    sample_term_quit(*state);
}

static void completes_where_there_is_no_room(void **state)
{
    struct term *term = start(*state, 10, 40, NULL);
    term_key(term, "ctrl-g");
    term_type(term, "13\r");
    term_key(term, "end enter");
    term_type(term, "k8s.");
    term_expect(term, "▸r containers");
    term_key(term, "down tab");
    term_expect(term, "k8s.is_production");
    term_key(term, "ctrl-s");
    term_expect(term, "saved");
    sample_term_quit(*state);
}

static void completes_only_when_asked(void **state)
{
    struct sample_term *sample = *state;
    sample_term_configure(sample, "completion = \"manual\"\n");
    struct term *term = start(sample, 40, 120, NULL);
    go_to(term, "13:5");
    term_key(term, "end enter");
    term_type(term, "k8s.");
    term_expect(term, "unexpected `k8s.`"); /* it had the time */
    int row;
    int col;
    assert_false(term_find(term, "▸r containers", &row, &col));
    term_send(term, "\0", 1); /* ctrl-space */
    term_expect(term, "▸r containers");
    term_key(term, "esc ctrl-z ctrl-z ctrl-z");
    sample_term_quit(sample);
}

static bool stands_twice(struct term *term, void *text)
{
    char *screen = term_text(term);
    const char *first = strstr(screen, text);
    bool twice = first != NULL && strstr(first + 1, text) != NULL;
    free(screen);
    return twice;
}

static void vi_keys_reach_the_same(void **state)
{
    struct sample_term *sample = *state;
    sample_term_configure(sample, "key_set = \"vi\"\n");
    struct term *term = start(sample, 40, 140, NULL);
    term_type(term, "11G24|gd");
    term_expect(term, LIB);
    term_expect(term, "13:1 ");
    term_key(term, "ctrl-o");
    term_expect(term, POLICY);
    term_key(term, "tab"); /* ^I */
    term_expect(term, LIB);
    term_key(term, "ctrl-o");
    term_expect(term, POLICY);
    term_type(term, "K");
    term_expect(term, "rule of package lib.k8s");
    term_type(term, "j");
    term_expect_gone(term, "rule of package lib.k8s");
    term_expect(term, "12:");
    term_type(term, "kgr");
    term_expect(term, "5 places of containers");
    term_key(term, "esc");
    term_expect_gone(term, "5 places");
    term_type(term, "ok8s.");
    term_expect(term, "▸r containers");
    term_key(term, "ctrl-n");
    term_expect(term, "▸r is_production");
    term_key(term, "enter esc");
    term_expect(term, "k8s.is_production");
    term_type(term, "k.");
    term_wait(term, stands_twice, (char[]){"k8s.is_production"}, "the line twice");
    term_type(term, "uu");
    term_expect_gone(term, "k8s.is_production");
    sample_term_quit(sample);
}

static void formats(void **state)
{
    struct term *term = start(*state, 40, 120, NULL);
    go_to(term, "11:6");
    term_type(term, "   ");
    term_expect(term, "some    c in");
    term_key(term, "alt-f");
    term_expect(term, "formatted policies");
    term_expect(term, "some c in");
    term_key(term, "ctrl-z");
    term_expect(term, "some    c in");
    term_type(term, "(");
    term_key(term, "alt-f");
    term_expect(term, "✗ ");
    term_expect(term, "some   (");
    term_key(term, "ctrl-z ctrl-z");
    term_expect(term, "some c in");
    sample_term_quit(*state);
}

static void formats_when_it_saves(void **state)
{
    struct sample_term *sample = *state;
    sample_term_configure(sample, "format_on_save = true\n");
    struct term *term = start(sample, 40, 120, NULL);
    go_to(term, "11:6");
    term_type(term, "   ");
    term_key(term, "ctrl-s");
    term_expect(term, "saved policies");
    char *good = test_read(sample->dir, POLICY);
    assert_non_null(strstr(good, "\tsome c in k8s.containers\n"));
    free(good);
    /* What cannot be read is saved as it is, and said. */
    go_to(term, "20:1");
    term_key(term, "end enter");
    term_type(term, "broken := := ");
    term_key(term, "ctrl-s");
    term_expect(term, "saved, but not formatted");
    char *bad = test_read(sample->dir, POLICY);
    assert_non_null(strstr(bad, "broken := := "));
    free(bad);
    term_expect_gone(term, "●");
    sample_term_quit(sample);
}

/* An opa that never ends does not keep the save. */
static void saves_though_the_formatter_hangs(void **state)
{
    struct sample_term *sample = *state;
    sample_term_configure(sample, "format_on_save = true\ntest_on_save = false\n");
    test_write(sample->config, "opa", "#!/bin/sh\ncase $1 in fmt) sleep 60 ;; esac\nexit 1\n");
    char *opa = mem_printf("%s/opa", sample->config);
    char *path = mem_printf("PATH=%s:%s", sample->config, getenv("PATH"));
    assert_int_equal(chmod(opa, 0700), 0);
    sample_term_start(sample, 40, 120, path);
    struct term *term = sample->term;
    term_expect(term, "— 15");
    open_policy(term);
    term_type(term, "# kept\r");
    term_key(term, "ctrl-s");
    term_expect(term, "saved, but not formatted: the formatter did not answer in time");
    char *kept = test_read(sample->dir, POLICY);
    assert_non_null(strstr(kept, "# kept\n"));
    free(kept);
    sample_term_quit(sample);
    free(path);
    free(opa);
}

/* From an empty file to a rule and its test, green. */
static void begins_a_test(void **state)
{
    struct term *term = start(*state, 40, 140, NULL);
    term_key(term, "alt-p");
    term_type(term, "policies/k8s/none/none.rego");
    term_expect(term, "begin the new file");
    term_key(term, "enter");
    term_expect(term, "none.rego (new)");
    term_type(term, "package k8s.none\r\rdeny contains \"no\" if {\rinput.kind == \"None\"");
    term_expect(term, "no test reaches deny");
    term_key(term, "alt-t");
    term_expect(term, "Begin one in policies/k8s/none/none_test.rego?");
    term_key(term, "enter");
    term_expect(term, "count(none.deny) == 1 with input as {}");
    term_type(term, "\"kind\": \"None\"");
    term_expect(term, "as {\"kind\": \"None\"}");
    term_key(term, "alt-s");
    term_expect(term, "✓ 17");
    term_key(term, "alt-t");
    term_expect(term, "none.rego");
    term_expect(term, "3:1 ");
}

#define ON_SAMPLE(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, sample_term_set_up, sample_term_tear_down)

static void run_command(struct term *term, const char *words)
{
    term_key(term, "ctrl-p");
    term_expect(term, "Commands");
    term_type(term, words);
    term_expect(term, "as a proposal to review");
    term_key(term, "enter");
    term_expect_gone(term, "Commands");
}

static void a_template_and_its_file(void **state)
{
    struct sample_term *sample = *state;
    struct term *term = start(sample, 40, 120, NULL);
    term_key(term, "alt-p");
    term_type(term, "labels/template");
    term_expect(term, "s/template.yaml");
    term_key(term, "enter");
    term_expect(term, "ConstraintTemplate");
    run_command(term, "split template");
    term_expect(term, "Split the template of gatekeeper/k8srequiredlabels/template.yaml");
    term_expect(term, "src.rego");
    term_expect(term, "package k8srequiredlabels");
    term_type(term, "A");
    term_expect(term, "○ 0 open");
    term_key(term, "enter");
    term_expect(term, "Finish proposal 1");
    term_expect(term, "Will not be committed"); /* before that, the key waits and is asked again */
    term_key(term, "ctrl-s");
    term_expect_gone(term, "Finish proposal 1");
    char *rego = test_read(sample->dir, "gatekeeper/k8srequiredlabels/src.rego");
    assert_memory_equal(rego, "package k8srequiredlabels\n", 26);
    free(rego);
    run_command(term, "assemble template");
    term_expect(term, "Nothing to change");
    sample_term_quit(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SAMPLE(goes_places),
        ON_SAMPLE(begins_a_test),
        ON_SAMPLE(renames_through_a_review),
        ON_SAMPLE(a_bad_name_is_refused),
        ON_SAMPLE(a_template_and_its_file),
        ON_SAMPLE(tells_what_it_is),
        ON_SAMPLE(completes),
        ON_SAMPLE(completes_where_there_is_no_room),
        ON_SAMPLE(completes_only_when_asked),
        ON_SAMPLE(vi_keys_reach_the_same),
        ON_SAMPLE(formats),
        ON_SAMPLE(formats_when_it_saves),
        ON_SAMPLE(saves_though_the_formatter_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
