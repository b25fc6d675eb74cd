/* The runner with the real Kyverno on workspaces of our own (tests/workspaces/kyverno-*), against
 * what its own command line says of them. */
#include "test.h"

#include "base/vec.h"
#include "engine/kyverno_apply.h"
#include "engine_run.h"
#include "loop/process.h"

#include <stdio.h>
#include <stdlib.h>

/* How many of its rows Kyverno itself calls so. */
static size_t kyverno_rows_with(struct engine_run *f, const char *dir, const char *result)
{
    struct err err;
    struct buf out = BUF_INIT;
    struct process_result ended;
    const char *const argv[] = {"kyverno", "test", ".", "-o", "json", NULL};
    struct process_options options = {.argv = argv, .cwd = dir, .timeout_ms = 240000};
    assert_ok(process_run(f->loop, &options, &out, NULL, &ended, &err), err);
    char *words = mem_printf("\"RESULT\": \"%s\"", result);
    size_t count = 0;
    for (size_t at = 0; (at = str_find(buf_str(&out), str_of(words), at)) != SIZE_MAX; at++) {
        count++;
    }
    free(words);
    buf_free(&out);
    return count;
}

static void kyverno_passing(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("kyverno-passing");
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_PASS);
    assert_int_equal(f.summary.tally.count[RESULT_PASS], kyverno_rows_with(&f, root, "Pass"));
    engine_run_expect_row(&f, "deny-all Namespace/shop", RESULT_PASS, NULL);
    engine_run_expect_row(&f, "team Pod/no-team", RESULT_PASS, NULL);
    assert_string_equal(
        engine_run_find(&f, "team Pod/no-team")->rows[0].detail, "the label team is required");
    assert_int_equal(board_findings(f.board)->len, 0);
    free(root);
    engine_run_end(&f);
}

/* The same rows fail; what else Kyverno passes is passed for a reason. */
static void kyverno_failing(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("kyverno-failing");
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_FAIL);
    assert_int_equal(f.summary.tally.count[RESULT_FAIL], kyverno_rows_with(&f, root, "Fail"));
    engine_run_expect_row(
        &f, "require-team/team-lable Pod/no-team", RESULT_NOT_EVALUATED, "has no rule");
    engine_run_expect_row(
        &f, "require-team/team-label ConfigMap/settings", RESULT_NOT_EVALUATED, "does not apply");
    engine_run_expect_row(
        &f, "require-team/no-latest ConfigMap/settings", RESULT_PASS, "expects (skip)");
    engine_run_expect_row(
        &f, "require-team/team-label Pod/no-taem", RESULT_NOT_EVALUATED, "checked all 2");
    engine_run_expect_row(
        &f, "require-team/team-label Deployment/no-team", RESULT_NOT_EVALUATED, "no Deployment");
    engine_run_expect_row(
        &f, "owner-label ConfigMap/owned", RESULT_NOT_EVALUATED, "no such resource");
    const struct result *row = engine_run_find(&f, "require-team/no-latest Pod/latest")->rows;
    assert_string_equal(row->input_file, "verdict/resources.yaml");
    assert_int_equal(row->input_at.row, 32);
    row = engine_run_find(&f, "owner-label ConfigMap/plain")->rows;
    assert_int_equal(row->status, RESULT_FAIL);
    assert_non_null(strstr(row->expected, "owner: payments"));
    assert_non_null(strstr(row->got, "owner: platform"));
    assert_non_null(strstr(row->detail, "\n+     owner: platform"));
    free(root);
    engine_run_end(&f);
}

static void assert_finding(
    const struct findings *findings, const char *file, unsigned row, const char *message)
{
    VEC_FOREACH (struct finding, finding, findings) {
        if (strcmp(finding->file, file) == 0) {
            assert_int_equal(finding->at.row, row);
            assert_non_null(strstr(finding->message, message));
            return;
        }
    }
    fail_msg("nothing is found in %s", file);
}

/* None of what is broken keeps the rest from being run. */
static void kyverno_broken(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("kyverno-broken");
    engine_run_tests(&f, root, NULL, false);
    /* One of them in a folder above a test file that does not load. */
    assert_int_equal(f.summary.tally.count[RESULT_PASS], 2);
    assert_int_equal(f.summary.tally.count[RESULT_ERROR], 5);
    assert_int_equal(f.summary.tally.count[RESULT_NOT_EVALUATED], 1);
    const struct findings *findings = board_findings(f.board);
    assert_finding(findings, "policies/misspelt.yaml", 15, "unknown field");
    assert_finding(findings, "policies/bad-cel.yaml", 16, "undeclared reference to 'hass'");
    assert_finding(findings, "policies/bad-query.yaml", 18, "JMESPath");
    assert_finding(findings, "policies/nobody-tests.yaml", 13, "enforce");
    free(root);
    engine_run_end(&f);
}

struct applied {
    struct buf said; /* a line for each decision */
    struct findings findings;
    bool done;
};

static void on_applied(void *data, const struct kyverno_application *application)
{
    struct applied *applied = data;
    assert_null(application->trouble);
    VEC_FOREACH (struct kyverno_decision, decision, &application->decisions) {
        const char *again = strstr(decision->resource_file, "failing") != NULL ? " again" : "";
        buf_printf(&applied->said, "%s/%s %s/%s %s%s%s\n", decision->policy, decision->rule,
            decision->kind, decision->name, kyverno_verdict_name(decision->verdict), again,
            decision->text != NULL && strstr(decision->text, "owner: platform") != NULL ? " owner"
            : decision->text != NULL                                                    ? " text"
                                                                                        : "");
    }
    VEC_FOREACH (struct finding, finding, &application->findings) {
        findings_add(&applied->findings, finding);
    }
    applied->done = true;
}

static void kyverno_applies(void **state)
{
    (void)state;
    static const char *const policies[] = {"kyverno-passing/policies/require-team.yaml",
        "kyverno-passing/policies/team.yaml", "kyverno-passing/policies/add-owner.yaml",
        "kyverno-passing/policies/default-deny.yaml", "kyverno-broken/policies/bad-cel.yaml",
        "kyverno-broken/policies/misspelt.yaml"};
    static const char *const resources[] = {"kyverno-passing/validate/resources.yaml",
        "kyverno-passing/mutate/resource.yaml", "kyverno-passing/generate/namespace.yaml",
        /* The objects of the first again, with which Kyverno panics. */
        "kyverno-failing/verdict/resources.yaml"};
    static const char *const expected[] = {"require-team/team-label Pod/no-team deny\n",
        "require-team/team-label Pod/good allow\n", "team/ Pod/no-team deny\n",
        "require-team/team-label Pod/no-team deny again\n",
        "add-owner/owner-label ConfigMap/plain mutate owner\n",
        "default-deny/deny-all Namespace/shop generate text\n"};
    struct err err;
    struct applied applied = {0};
    struct loop *loop = loop_new(&err);
    char *dir = test_source_path("tests/workspaces");
    char *program = engine_find(&engine_kyverno, &err);
    struct kyverno_apply_options options = {.program = program,
        .dir = dir,
        .policies = policies,
        .policy_count = ARRAY_LEN(policies),
        .resources = resources,
        .resource_count = ARRAY_LEN(resources)};
    assert_non_null(kyverno_apply_start(loop, &options, on_applied, &applied));
    assert_true(loop_run_until(loop, &applied.done, 240000));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        if (strstr(applied.said.ptr, expected[i]) == NULL) {
            fail_msg("no %s in\n%s", expected[i], applied.said.ptr);
        }
    }
    assert_finding(&applied.findings, policies[4], 16, "hass");
    assert_finding(&applied.findings, policies[5], 15, "unknown field");
    findings_free(&applied.findings);
    buf_free(&applied.said);
    free(program);
    free(dir);
    loop_free(loop);
}

static char *apply_kyverno(const char *dir, bool alike_once)
{
    static const char *const policies[] = {"require-team.yaml", "add-owner.yaml"};
    static const char *const resources[] = {"one.yaml", "more.yaml", "failing.yaml"};
    struct err err;
    struct applied applied = {0};
    struct loop *loop = loop_new(&err);
    char *program = engine_find(&engine_kyverno, &err);
    struct kyverno_apply_options options = {.program = program,
        .dir = dir,
        .policies = policies,
        .policy_count = ARRAY_LEN(policies),
        .resources = resources,
        .resource_count = ARRAY_LEN(resources),
        .alike_once = alike_once};
    assert_non_null(kyverno_apply_start(loop, &options, on_applied, &applied));
    assert_true(loop_run_until(loop, &applied.done, 240000));
    findings_free(&applied.findings);
    free(program);
    loop_free(loop);
    return buf_take(&applied.said);
}

/* What is asked about once is told of each that is written so, as when each is asked about. */
static void kyverno_applies_to_twins(void **state)
{
    (void)state;
    static const char *const from[][2] = {{"policies/require-team.yaml", "require-team.yaml"},
        {"policies/add-owner.yaml", "add-owner.yaml"}, {"validate/resources.yaml", "one.yaml"},
        {"mutate/resource.yaml", "more.yaml"}, {"validate/resources.yaml", "failing.yaml"}};
    char *dir = test_dir_make();
    char *workspace = test_source_path("tests/workspaces/kyverno-passing");
    for (size_t i = 0; i < ARRAY_LEN(from); i++) {
        char *text = test_read(workspace, from[i][0]);
        test_write(dir, from[i][1], text);
        free(text);
    }
    char *each = apply_kyverno(dir, false);
    char *once = apply_kyverno(dir, true);
    assert_non_null(strstr(once, "require-team/team-label Pod/no-team deny\n"));
    assert_non_null(strstr(once, "require-team/team-label Pod/no-team deny again\n"));
    struct str rest = str_of(each); /* in whatever order Kyverno went through its policies */
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *whole = mem_printf("%.*s\n", STR_FMT(line));
        assert_non_null(strstr(once, whole));
        free(whole);
    }
    assert_int_equal(strlen(once), strlen(each));
    free(each);
    free(once);
    free(workspace);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kyverno_passing),
        cmocka_unit_test(kyverno_failing),
        cmocka_unit_test(kyverno_broken),
        cmocka_unit_test(kyverno_applies),
        cmocka_unit_test(kyverno_applies_to_twins),
    };
    return engine_run_reach(&engine_kyverno) ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
