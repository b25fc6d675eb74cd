/* A policy repository begun in the app: offered in an empty folder, asked for in any; new files are
 * written, what is there already is proposed and reviewed. */
#include "test.h"

#include "base/path.h"
#include "term.h"

#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char *dir, *state;
    struct term *term;
};

static void start(struct fixture *f, int rows, int cols)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *xdg_state = mem_printf("XDG_STATE_HOME=%s", f->state);
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    const char *argv[] = {program, f->dir, NULL};
    const char *env[] = {xdg_state, path, "BYLAW_DETECT=false", "BYLAW_TOUR=0", NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    f->term = term_start(&options);
    free(program);
    free(xdg_state);
    free(path);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->state = test_dir_make();
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

static bool has(const struct fixture *f, const char *name)
{
    char *path = path_join(f->dir, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

struct wanted {
    const struct fixture *f;
    const char *name;
};

static bool is_there(struct term *term, void *data)
{
    const struct wanted *wanted = data;
    (void)term;
    return has(wanted->f, wanted->name);
}

static void expect_written(struct fixture *f, const char *name)
{
    struct wanted wanted = {f, name};
    term_wait(f->term, is_there, &wanted, name);
}

static void quit(struct fixture *f)
{
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

static void an_empty_folder_is_begun(void **state)
{
    struct fixture *f = *state;
    start(f, 24, 80);
    term_expect(f->term, "This folder is empty. Enter begins");
    term_key(f->term, "enter");
    term_expect(f->term, "Is it for Kubernetes only?");
    term_type(f->term, "n");
    term_expect(f->term, "authorisation in an application?");
    term_type(f->term, "y");
    term_expect(f->term, "Does the team know Rego?");
    term_type(f->term, "n");
    term_expect(f->term, "Cedar: who may do what");
    /* And another one beside it. */
    term_type(f->term, "a");
    term_expect(f->term, "Which one, too?");
    term_type(f->term, "c");
    term_expect(f->term, "Conftest with OPA: ");
    term_expect(f->term, "Add a framework");
    term_type(f->term, "w");
    term_expect_gone(f->term, "This folder is empty");
    expect_written(f, "policies/photos/photos.cedar");
    expect_written(f, "policies/terraform/conftest.toml");
    expect_written(f, ".github/workflows/policy.yml");
    quit(f);
}

static void nothing_is_written_on_esc(void **state)
{
    struct fixture *f = *state;
    start(f, 10, 40);
    term_expect(f->term, "This folder is empty");
    term_key(f->term, "enter");
    term_expect(f->term, "Kubernetes only?");
    term_type(f->term, "y");
    term_expect(f->term, "know Rego?");
    term_type(f->term, "y");
    term_expect(f->term, "Write the new files");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Write the new files");
    assert_false(has(f, "AGENTS.md"));
    quit(f);
}

static void what_is_there_is_proposed(void **state)
{
    struct fixture *f = *state;
    test_write(f->dir, "AGENTS.md", "# mine\n");
    start(f, 40, 120);
    term_expect(f->term, "Ask for a policy");
    term_key(f->term, "ctrl-p");
    term_expect(f->term, "Commands");
    term_type(f->term, "begin a repository");
    term_expect(f->term, "A new repository: Begin");
    term_key(f->term, "enter");
    term_expect(f->term, "Is it for Kubernetes only?");
    term_type(f->term, "y");
    term_expect(f->term, "Does the team know Rego?");
    term_type(f->term, "n");
    term_expect(f->term, "1 of its files is there already and differs");
    term_type(f->term, "w");
    term_expect(f->term, "# Policy repository conventions");
    expect_written(f, "policies/require-team/require-team.yaml");
    char *kept = test_read(f->dir, "AGENTS.md");
    assert_string_equal(kept, "# mine\n");
    free(kept);
    term_key(f->term, "esc");
    term_expect_gone(f->term, "# Policy repository conventions");
    quit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_folder_is_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_written_on_esc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_is_proposed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
