/* The runner with the real gator on suites of our own (tests/workspaces/gator), against what its
 * own command line says of them. */
#include "test.h"

#include "engine_run.h"
#include "loop/process.h"

#include <stdlib.h>

static void suites(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("gator");
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_ERROR);
    engine_run_expect_row(&f, "with-owner", RESULT_PASS, NULL);
    engine_run_expect_row(
        &f, "wrong-message", RESULT_FAIL, "unexpected number of violations: got 0");
    engine_run_expect_row(&f, "put-off", RESULT_SKIPPED, NULL);
    engine_run_expect_row(&f, "asserts-nothing", RESULT_ERROR, "assertions must be non-empty");
    engine_run_expect_row(&f, "anything", RESULT_ERROR, "reading ConstraintTemplate");
    engine_run_expect_row(&f, "empty.yaml", RESULT_NOT_EVALUATED, "nothing to run"); /* gator: ok */
    /* CEL decides, so gator alone says nothing of Rego that never holds. */
    engine_run_expect_row(&f, "without", RESULT_PASS, NULL);
    engine_run_expect_row(&f, "without (Rego)", RESULT_FAIL, "got 0 violations");
    assert_int_equal(engine_run_find(&f, "wrong-message")->at.row, 12);
    const struct tally tally = board_tally(f.board);
    assert_int_equal(tally.count[RESULT_PASS], 2);
    engine_run_tests(&f, root, "team.without (Rego)", false);
    engine_run_expect_row(&f, "without (Rego)", RESULT_FAIL, "got 0 violations");
    free(root);
    engine_run_end(&f);
}

/* gator reads what is on disk, so it has said nothing of a text that is not there yet. */
static void suites_of_unsaved_texts(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("gator");
    struct policy_text text = {"owner/template.yaml", STR_LIT("kind: ConstraintTemplate\n")};
    struct run_options options = {
        .root = root, .scope = RUN_ALL, .texts = &text, .text_count = 1, .cached = true};
    runner_start(f.runner, &options);
    assert_true(loop_run_until(f.loop, &f.settled, 240000));
    engine_run_expect_row(
        &f, "with-owner", RESULT_NOT_EVALUATED, "save owner/template.yaml: it has");
    engine_run_expect_row(&f, "wrong-message", RESULT_NOT_EVALUATED, "reads what is on disk");
    engine_run_expect_row(&f, "without", RESULT_PASS, NULL); /* of another suite */
    engine_run_tests(&f, root, NULL, false);
    engine_run_expect_row(&f, "with-owner", RESULT_PASS, NULL);
    free(root);
    engine_run_end(&f);
}

/* What gator passes though no policy was asked is not evaluated; what explains a row is in it; the
 * places of errors are the YAML's and the Rego file's. */
static void suites_explained(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("gator-suites");
    engine_run_tests(&f, root, NULL, false);
    engine_run_expect_row(&f, "template", RESULT_NOT_EVALUATED, "has no cases");
    engine_run_expect_row(&f, "never-asked", RESULT_NOT_EVALUATED, "does not match the kind Pod");
    engine_run_expect_row(&f, "one", RESULT_PASS, NULL);
    const struct result *row = engine_run_find(&f, "two-wanted")->rows;
    assert_int_equal(row->status, RESULT_FAIL);
    assert_string_equal(row->expected, "2 violations containing \"team\"\nat least 1 violation");
    assert_string_equal(row->got, "1 violations containing \"team\"\nmessages: no team");
    assert_string_equal(row->policy_file, "team.yaml");
    assert_int_equal(row->policy_at.row, 9);
    assert_string_equal(row->input_file, "namespace.yaml");
    assert_int_equal(row->input_at.row, 2);
    row = engine_run_find(&f, "uncompiled")->rows;
    assert_int_equal(row->status, RESULT_ERROR);
    assert_non_null(strstr(row->message, "library/size/template.yaml:12: rego_type_error"));
    assert_non_null(strstr(row->message, "(src/size/src.rego:4)"));
    assert_int_equal(row->policy_at.row, 12);
    free(root);
    engine_run_end(&f);
}

/* The same cases pass and fail as on gator's own command line. */
static void as_gator_says(void **state)
{
    (void)state;
    struct err err;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("gator");
    struct buf out = BUF_INIT;
    struct process_result ended;
    const char *const argv[] = {"gator", "verify", "-v", "./...", NULL};
    struct process_options options = {.argv = argv, .cwd = root, .timeout_ms = 240000};
    assert_ok(process_run(f.loop, &options, &out, NULL, &ended, &err), err);
    assert_int_equal(ended.exit_code, 1);
    engine_run_tests(&f, root, NULL, false);
    struct str rest = buf_str(&out);
    struct str line;
    size_t compared = 0;
    while (str_next_line(&rest, &line)) {
        struct str trimmed = str_trim(line);
        size_t tab = str_find_char(trimmed, '\t', 0);
        bool pass = str_starts(trimmed, "--- PASS: ");
        if (!str_starts(line, "    ") || tab == SIZE_MAX ||
            (!pass && !str_starts(trimmed, "--- FAIL: "))) {
            continue;
        }
        char *name = str_dup(str_slice(trimmed, strlen("--- PASS: "), tab));
        assert_int_equal(board_status(engine_run_find(&f, name)) == RESULT_PASS, pass);
        compared++;
        free(name);
    }
    assert_int_equal(compared, 4);
    buf_free(&out);
    free(root);
    engine_run_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites),
        cmocka_unit_test(suites_of_unsaved_texts),
        cmocka_unit_test(suites_explained),
        cmocka_unit_test(as_gator_says),
    };
    return engine_run_reach(&engine_gator) ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
