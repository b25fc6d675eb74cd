/* The whole program as a new user has it: the sample workspace as a git repository, its recorded
 * session, a review with one hunk accepted, one edited and one declined, the commit, a kill, and
 * the undo. What is in the repository afterwards is what was decided, to the byte. */
#include "test.h"

#include "base/path.h"
#include "sample_run.h"
#include "term.h"

#include <signal.h>
#include <stdlib.h>

#define PROMPT "Deny any Deployment in production whose image tag is latest or missing. Tests too."

struct fixture {
    char *dir;
    char *state;
    char *xdg_state;
    struct term *term;
};

static void git(const struct fixture *f, const char *const *args, char **out)
{
    const char *argv[16] = {
        "git", "-c", "user.name=Engineer", "-c", "user.email=e@example.invalid"};
    size_t n = 5;
    while (*args != NULL) {
        argv[n++] = *args++;
    }
    char *text = test_run(f->dir, argv);
    if (out != NULL) {
        *out = text;
    } else {
        free(text);
    }
}

#define GIT(f, out, ...) git(f, (const char *const[]){__VA_ARGS__, NULL}, out)

static void start(struct fixture *f, int rows, int cols)
{
    const char *path = getenv("PATH");
    char *path_entry = mem_printf("PATH=%s", path);
    const char *argv[] = {NULL, f->dir, NULL};
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    argv[0] = program;
    const char *env[] = {
        f->xdg_state, path_entry, "BYLAW_PROVIDER=recording", "BYLAW_RECORDING_SPEED=0", NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    f->term = term_start(&options);
    free(program);
    free(path_entry);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->state = test_dir_make();
    f->xdg_state = mem_printf("XDG_STATE_HOME=%s", f->state);
    char *sample = test_source_path("tests/workspaces/sample/.");
    const char *copy[] = {"cp", "-R", sample, f->dir, NULL};
    free(test_run(NULL, copy));
    free(sample);
    GIT(f, NULL, "init", "-q", "-b", "main");
    GIT(f, NULL, "config", "user.name", "Engineer");
    GIT(f, NULL, "config", "user.email", "e@example.invalid");
    GIT(f, NULL, "config", "core.hooksPath", "/nonexistent");
    GIT(f, NULL, "add", "-A");
    GIT(f, NULL, "commit", "-q", "-m", "start");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    test_dir_remove(f->dir);
    test_dir_remove(f->state);
    free(f->xdg_state);
    free(f);
    return 0;
}

static void propose(struct fixture *f)
{
    term_expect(f->term, "RECORDING");
    term_expect(f->term, "✓ 16");
    term_type(f->term, PROMPT);
    term_key(f->term, "enter");
    term_expect(f->term, "✎ proposal 1");
    term_expect(f->term, "✓ 24");
}

/* Accepts the six new files of the policy. */
static void accept_new_files(struct fixture *f)
{
    static const char *const counts[] = {"✓ 27 accepted", "✓ 65 accepted", "✓ 76 accepted",
        "✓ 87 accepted", "✓ 98 accepted", "✓ 109 accepted"};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        term_type(f->term, "A");
        term_expect(f->term, counts[i]);
        term_type(f->term, "}");
    }
    term_expect(f->term, "hunk 1 of 3");
}

/* One declined with a reason, one accepted, one edited, of the helpers' three hunks; then its test.
 */
static void decide_helpers(struct fixture *f)
{
    term_type(f->term, "x");
    term_expect(f->term, "Decline this hunk");
    term_type(f->term, "The old wording is clearer");
    term_key(f->term, "enter");
    term_expect(f->term, "✗ 2 declined");
    term_expect(f->term, "hunk 2 of 3");
    term_type(f->term, "a");
    term_expect(f->term, "✓ 112 accepted");
    term_expect(f->term, "hunk 3 of 3");
    term_type(f->term, "e");
    term_expect(f->term, "Edit what the hunk puts in");
    term_key(f->term, "down end enter");
    term_type(f->term, "# Decided in review.");
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "✓ 115 accepted");
    term_type(f->term, "}");
    term_expect(f->term, "k8s_test.rego   hunk");
    term_type(f->term, "A");
    term_expect(f->term, "○ 0 open");
}

static void check_commit(struct fixture *f)
{
    char *log;
    GIT(f, &log, "log", "-1", "--format=%s%n%b");
    assert_non_null(
        strstr(log, "Deny any Deployment in production whose image tag is latest or missing\n"));
    assert_non_null(strstr(log, "Bylaw-Review: 123 lines accepted, 2 declined, 0 left open"));
    assert_non_null(strstr(log, "Bylaw-Tests: 24 passed, 0 failed"));
    free(log);
    char *status;
    GIT(f, &status, "status", "--porcelain");
    assert_string_equal(status, "");
    free(status);
    char *helpers = test_read(f->dir, "policies/lib/k8s/k8s.rego");
    assert_string_equal(helpers, sample_helpers_decided);
    free(helpers);
    char *committed;
    GIT(f, &committed, "show", "HEAD:policies/lib/k8s/k8s.rego");
    assert_string_equal(committed, sample_helpers_decided);
    free(committed);
    char *files;
    GIT(f, &files, "show", "--name-only", "--format=", "HEAD");
    assert_non_null(strstr(files, "policies/k8s/latest_tag/latest_tag.rego\n"));
    free(files);
}

static void from_a_prompt_to_a_commit(void **state)
{
    struct fixture *f = *state;
    start(f, 40, 120);
    propose(f);
    term_key(f->term, "alt-r");
    term_expect(f->term, "○ 124 open");
    accept_new_files(f);
    decide_helpers(f);
    term_type(f->term, "t");
    term_expect(f->term, "24 passed  your selection");
    term_key(f->term, "enter");
    term_expect(f->term, "Finish proposal 1");
    term_expect(f->term, "Message  on main");
    /* Nothing is written before this is confirmed. */
    char *before;
    GIT(f, &before, "status", "--porcelain");
    assert_string_equal(before, "");
    free(before);
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "● committed");
    term_expect(f->term, "review sent to the agent");
    check_commit(f);
    /* And back: a commit that reverts it, never a reset. */
    term_expect(f->term, "This session is a recording");
    term_key(f->term, "alt-u");
    term_expect(f->term, "Revert");
    term_key(f->term, "ctrl-s");
    /* The files are written, and tested, before the commit is there. */
    const char *reverted[] = {
        "sh", "-c", "until git rev-parse -q --verify HEAD~2; do sleep 0.05; done", NULL};
    free(test_run(f->dir, reverted));
    term_expect(f->term, "✓ 16");
    char *diff;
    GIT(f, &diff, "diff", "--stat", "HEAD~2", "HEAD");
    assert_string_equal(diff, "");
    free(diff);
    /* The file that the undo took away is not shown any more, and nobody's edits. */
    term_expect(f->term, "No file is open");
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

static void a_kill_keeps_proposal_and_decisions(void **state)
{
    struct fixture *f = *state;
    start(f, 40, 120);
    propose(f);
    /* In the bar of a search the key is the one that stands there. */
    term_key(f->term, "alt-p");
    term_type(f->term, "k8s.rego\r");
    term_expect(f->term, "package lib.k8s");
    term_key(f->term, "ctrl-f");
    term_expect(f->term, "Alt-r ");
    term_key(f->term, "alt-r");
    term_expect(f->term, "Alt-r .* on");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Alt-r ");
    term_key(f->term, "alt-r");
    term_expect(f->term, "○ 124 open");
    accept_new_files(f);
    term_signal(f->term, SIGKILL);
    (void)term_wait_exit(f->term);
    term_free(f->term);
    start(f, 24, 80);
    term_expect(f->term, "proposal 1");
    term_key(f->term, "alt-r");
    term_expect(f->term, "109 accepted");
    /* Its tests run again by themselves. */
    term_expect(f->term, "tests ✓ 24");
    term_key(f->term, "esc ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

static void a_decision_is_not_lost_on_a_small_screen(void **state)
{
    struct fixture *f = *state;
    start(f, 10, 40);
    term_expect(f->term, "RECORDING");
    term_type(f->term, PROMPT);
    term_key(f->term, "enter");
    term_expect(f->term, "Enter reviews");
    term_key(f->term, "alt-r");
    term_expect(f->term, "hunk 1 of 1");
    term_type(f->term, "A");
    term_expect(f->term, "✓ 27"); /* a key that comes when nothing can be shown is not taken */
    term_resize(f->term, 5, 20);
    term_resize(f->term, 40, 120);
    term_expect(f->term, "✓ 27 accepted");
    term_key(f->term, "esc ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

/* The title of the editor, below the header, has no sign of unsaved edits. */
static bool has_clean_title(struct term *term, void *data)
{
    (void)data;
    char *screen = term_text(term);
    struct str rest = str_of(screen);
    struct str line = {0};
    bool clean = str_next_line(&rest, &line) && str_next_line(&rest, &line) &&
                 str_find(line, STR_LIT("k8s.rego"), 0) != SIZE_MAX &&
                 str_find(line, STR_LIT("●"), 0) == SIZE_MAX;
    free(screen);
    return clean;
}

static void unsaved_edits_come_back_into_view(void **state)
{
    struct fixture *f = *state;
    start(f, 24, 80);
    term_expect(f->term, "✓ 16");
    term_key(f->term, "alt-2 ctrl-o");
    term_expect(f->term, "Files");
    term_type(f->term, "lib/k8s/k8s.rego");
    term_expect(f->term, "policies/lib/k8s/k8s.rego");
    term_key(f->term, "enter");
    term_expect(f->term, "package lib.k8s");
    term_paste(f->term, "# never saved");
    const char *kept[] = {"sh", "-c", "until grep -rqa 'never saved' .; do sleep 0.05; done", NULL};
    free(test_run(f->state, kept));
    term_signal(f->term, SIGKILL);
    (void)term_wait_exit(f->term);
    term_free(f->term);
    start(f, 24, 80);
    term_expect(f->term, "Unsaved edits");
    term_type(f->term, "r");
    /* The chat was in front. */
    term_expect(f->term, "# never saved");
    term_key(f->term, "ctrl-s");
    const char *saved[] = {"sh", "-c",
        "until grep -q '^# never saved# METADATA' policies/lib/k8s/k8s.rego; do sleep 0.05; done",
        NULL};
    free(test_run(f->dir, saved));
    term_expect(f->term, "main ●1");
    term_wait(f->term, has_clean_title, NULL, "a title of what is saved");
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_a_prompt_to_a_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kill_keeps_proposal_and_decisions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unsaved_edits_come_back_into_view, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_decision_is_not_lost_on_a_small_screen, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
