/* What a hostile repository and its agent write reaches the screen as visible text only: no title,
 * no clipboard, no colour of theirs. */
#include "hostile.h"
#include "term.h"
#include "test.h"

#include <stdlib.h>

struct fixture {
    char *home;
    char *dir;
    struct term *term;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->home = test_dir_make();
    f->dir = mem_printf("%s/work", f->home);
    hostile_make(f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    test_dir_remove(f->home);
    free(f->dir);
    free(f);
    return 0;
}

static void start(struct fixture *f, const char *option, int rows, int cols)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *folder = mem_printf("XDG_STATE_HOME=%s/state", f->home);
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    const char *argv[] = {program, f->dir, option, NULL};
    const char *env[] = {folder, path, "BYLAW_PROVIDER=recording", "BYLAW_RECORDING_SPEED=0", NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    f->term = term_start(&options);
    free(program);
    free(folder);
    free(path);
}

/* In all that was written to the terminal. */
static void expect_never(struct fixture *f, const char *bytes)
{
    if (str_find(term_bytes(f->term), str_of(bytes), 0) != SIZE_MAX) {
        fail_msg("written to the terminal: %s", bytes + 1);
    }
}

static void expect_harmless(struct fixture *f)
{
    expect_never(f, "\x1b]0;PWNED");
    expect_never(f, "\x1b]52;c;UFdORUQ");
    expect_never(f, "\x1b[2J\x1b[31muse");
    expect_never(f, "\xe2\x80\xae");
    expect_never(f, "\x9b"
                    "31m and");
}

static void the_box_shows_all_of_it_as_text(void **state)
{
    struct fixture *f = *state;
    start(f, NULL, 40, 120);
    term_expect(f->term, "6 hooks and 1 skill of this repository wait for your trust: Alt-T");
    term_expect(f->term, "⚠ trust");
    term_key(f->term, "alt-T");
    term_expect(f->term, "1 of 7");
    term_expect(f->term, "waiting");
    for (int i = 2; i <= 7; i++) {
        char *at = mem_printf("%d of 7", i);
        term_key(f->term, "tab");
        term_expect(f->term, at);
        free(at);
    }
    term_expect(f->term, "skill helper");
    term_expect(f->term, "in .codex/skills/helper.md");
    term_expect(f->term, "^[]0;PWNED-TITLE^G");
    term_expect(f->term, "<U+202E>");
    term_expect(f->term, "<9b>31m");
    /* One is trusted, the rest is not. */
    term_type(f->term, "t");
    term_expect(f->term, "1 of 7");
    term_type(f->term, "X");
    term_expect(f->term, "Trusted: 1 of 7");
    term_expect_gone(f->term, "⚠ trust");
    expect_harmless(f);
}

/* "All" is what was looked at, or is said twice. */
static void all_is_not_trusted_unseen(void **state)
{
    struct fixture *f = *state;
    start(f, NULL, 10, 40);
    term_expect(f->term, "⚠ trust");
    term_key(f->term, "alt-T");
    term_expect(f->term, "1 of 7");
    term_expect(f->term, "waiting  in .bylaw/");
    term_type(f->term, "T");
    term_expect(f->term, "6 of them you have not looked at");
    term_key(f->term, "tab");
    term_expect(f->term, "2 of 7");
    term_expect(f->term, "⚠ trust");
    term_type(f->term, "TT");
    term_expect(f->term, "Trusted: 7 of 7");
    term_expect_gone(f->term, "⚠ trust");
}

static void the_agent_s_words_are_text(void **state)
{
    struct fixture *f = *state;
    start(f, NULL, 24, 80);
    term_expect(f->term, "of this repository wait for");
    term_type(f->term, "Help me.");
    term_key(f->term, "enter");
    term_expect(f->term, "no need to look");
    term_expect(f->term, "proposal 1");
    expect_harmless(f);
}

static void line_by_line_too(void **state)
{
    struct fixture *f = *state;
    start(f, "--plain", 50, 120);
    term_expect(f->term, "wait for your trust; type trust.");
    term_type(f->term, "trust\r");
    term_expect(f->term, "^[]0;PWNED-TITLE^G");
    term_type(f->term, "trust 7\r");
    term_expect(f->term, "7: skill helper, in .codex/skills/helper.md: trusted.");
    term_type(f->term, "skills\r");
    term_expect(f->term, "helper, in .codex/skills/helper.md: Harmless ^[]0;PWNED-TITLE^Ghelper");
    expect_harmless(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_box_shows_all_of_it_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_is_not_trusted_unseen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_agent_s_words_are_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_by_line_too, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
