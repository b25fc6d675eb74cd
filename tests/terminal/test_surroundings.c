/* The program where something is missing or wrong: one clear sentence and an exit code, or a screen
 * that works with less. */
#include "test.h"

#include "term.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    char *dir;
    char *state;
    struct term *term;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->state = test_dir_make();
    test_write(f->dir, "a.rego", "package a\n\nallow if input.x == 1\n");
    test_write(f->dir, "a_test.rego",
        "package a_test\n\nimport data.a\n\ntest_allow if a.allow with input as {\"x\": 1}\n");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    test_dir_remove(f->dir);
    test_dir_remove(f->state);
    free(f);
    return 0;
}

/* `more`: one further variable, over all others. */
static void start(struct fixture *f, const char *folder, const char *more)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *home = mem_printf("XDG_STATE_HOME=%s", f->state);
    char *cache = mem_printf("XDG_CACHE_HOME=%s/cache", f->state);
    char *config = mem_printf("XDG_CONFIG_HOME=%s/config", f->state);
    const char *argv[] = {program, folder, NULL};
    const char *env[] = {home, cache, config, "BYLAW_PROVIDER=recording", more, NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = 24, .cols = 120};
    f->term = term_start(&options);
    free(program);
    free(home);
    free(cache);
    free(config);
}

static void refuses(struct fixture *f, const char *folder, const char *more, const char *sentence)
{
    start(f, folder, more);
    assert_int_equal(term_wait_exit(f->term), 2);
    if (str_find(term_bytes(f->term), str_of(sentence), 0) == SIZE_MAX) {
        fail_msg("\"%s\" is not in: %.*s", sentence, STR_FMT(term_bytes(f->term)));
    }
    assert_false(term_in_alternate_screen(f->term));
    assert_true(term_is_cooked(f->term));
    term_free(f->term);
    f->term = NULL;
}

static void what_cannot_be_opened_is_said(void **state)
{
    struct fixture *f = *state;
    char *missing = mem_printf("%s/missing/new.rego", f->dir);
    char *file = mem_printf("%s/a.rego", f->dir);
    char *no_folder = mem_printf("XDG_STATE_HOME=%s", file);
    refuses(f, missing, NULL, "No such file or directory");
    refuses(f, f->dir, "TERM=dumb", "cannot place its cursor");
    refuses(f, f->dir, "TERM=no-such-terminal", "TERM=no-such-terminal is not known here");
    refuses(f, f->dir, "TERM=", "TERM is not set");
    refuses(f, f->dir, "LC_ALL=C", "not UTF-8: set LC_ALL=C.UTF-8");
    refuses(f, f->dir, no_folder, "cannot create folder");
    free(missing);
    free(file);
    free(no_folder);
}

static void quit(struct fixture *f)
{
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

static void mistakes_in_the_configuration_stay_on_the_screen(void **state)
{
    struct fixture *f = *state;
    test_write(f->state, "config/bylaw/config.toml", "key_set = \"emacs\"\nmouse = 3\n");
    start(f, f->dir, NULL);
    term_expect(f->term, "✓ 1");
    term_expect(f->term, "1 of 2 (see Log): ");
    term_expect(f->term, "config.toml:1: key_set");
    /* Until a key is pressed. */
    term_key(f->term, "alt-1");
    term_expect_gone(f->term, "1 of 2");
    quit(f);
}

static void nothing_is_green_without_the_engine(void **state)
{
    struct fixture *f = *state;
    start(f, f->dir, "PATH=/nonexistent");
    term_expect(f->term, "opa is not on PATH");
    term_expect(f->term, "— test_allow");
    quit(f);
}

static void an_old_engine_is_refused(void **state)
{
    struct fixture *f = *state;
    test_write(f->state, "bin/opa", "#!/bin/sh\necho 'Version: 0.34.2'\n");
    const char *allow[] = {"chmod", "+x", "bin/opa", NULL};
    free(test_run(f->state, allow));
    char *path = mem_printf("PATH=%s/bin:/usr/bin:/bin", f->state);
    start(f, f->dir, path);
    free(path);
    term_expect(f->term, "opa 0.34.2 is too old");
    term_expect(f->term, "— test_allow");
    quit(f);
}

static void a_workspace_that_goes_away_leaves_no_green(void **state)
{
    struct fixture *f = *state;
    start(f, f->dir, NULL);
    term_expect(f->term, "✓ test_allow");
    char *away = mem_printf("%s-away", f->dir);
    assert_int_equal(rename(f->dir, away), 0);
    term_expect(f->term, "cannot be listed");
    term_expect(f->term, "— test_allow");
    assert_int_equal(rename(away, f->dir), 0);
    free(away);
    quit(f);
}

/* As editors are called: a file, a line in it, one that is not there yet. */
static void a_file_can_be_named(void **state)
{
    struct fixture *f = *state;
    char *named = mem_printf("%s/a.rego:3", f->dir);
    char *fresh = mem_printf("%s/policy/new.rego", f->dir);
    int top, left;
    test_write(f->dir, ".git/HEAD", "ref: refs/heads/main\n");
    test_write(f->dir, "policy/b.rego", "package policy.b\n");
    start(f, named, NULL);
    term_expect(f->term, "allow if input.x == 1");
    term_expect(f->term, "━ a.rego ━");
    assert_true(term_find(f->term, "allow if", &top, &left));
    term_expect_cursor(f->term, top, left);
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
    term_free(f->term);
    start(f, fresh, NULL);
    term_expect(f->term, "policy/new.rego");
    term_type(f->term, "package policy.fresh\n");
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "saved policy/new.rego");
    char *content = test_read(f->dir, "policy/new.rego");
    assert_string_equal(content, "package policy.fresh\n");
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
    free(content);
    free(fresh);
    free(named);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_can_be_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            mistakes_in_the_configuration_stay_on_the_screen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_green_without_the_engine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_engine_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_workspace_that_goes_away_leaves_no_green, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
