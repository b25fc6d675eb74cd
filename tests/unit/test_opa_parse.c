/* The readers of opa's output, on what opa 1.22.2 really printed (tests/fuzz/corpus/opa_json). */
#include "test.h"

#include "base/vec.h"
#include "engine/opa.h"

#include <stdlib.h>

static char *recorded(const char *name)
{
    char *dir = test_source_path("tests/fuzz/corpus/opa_json");
    char *text = test_read(dir, name);
    free(dir);
    return text;
}

static const struct result *row_named(const struct results *results, const char *name)
{
    VEC_FOREACH (struct result, row, results) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    fail_msg("no row %s", name);
    return NULL;
}

static void test_results(void **state)
{
    (void)state;
    struct err err;
    struct results results = {0};
    char *text = recorded("tests.json");
    assert_ok(opa_parse_tests(str_of(text), &results, &err), err);
    assert_int_equal(results.len, 6);
    assert_int_equal(row_named(&results, "test_allows_small")->status, RESULT_PASS);
    assert_int_equal(row_named(&results, "test_share")->status, RESULT_FAIL);
    assert_int_equal(row_named(&results, "todo_test_later")->status, RESULT_SKIPPED);
    const struct result *conflict = row_named(&results, "test_conflict");
    assert_int_equal(conflict->status, RESULT_ERROR);
    assert_string_equal(
        conflict->message, "rule data.limits_test.both produced conflicting values:");
    assert_non_null(strstr(conflict->detail, "called at limits_test.rego:17:18"));
    assert_string_equal(conflict->suite, "limits_test");
    assert_string_equal(conflict->file, "limits_test.rego");
    assert_int_equal(conflict->at.row, 17);
    const struct result *prints = row_named(&results, "test_prints");
    assert_string_equal(prints->output, "memory is 1024");
    struct tally tally = results_tally(&results);
    assert_int_equal(tally.count[RESULT_PASS], 2);
    assert_int_equal(tally.count[RESULT_FAIL], 2);
    assert_int_equal(tally_verdict(&tally), RESULT_ERROR);
    results_free(&results);
    free(text);
}

static void test_sub_results(void **state)
{
    (void)state;
    struct err err;
    struct results results = {0};
    char *text = recorded("subtests.json");
    assert_ok(opa_parse_tests(str_of(text), &results, &err), err);
    const struct result *high = row_named(&results, "test_ports/high");
    assert_int_equal(high->status, RESULT_FAIL);
    assert_int_equal(high->depth, 1);
    assert_int_equal(row_named(&results, "test_ports/ssh")->status, RESULT_PASS);
    struct tally tally = results_tally(&results);
    assert_int_equal(tally.count[RESULT_PASS], 4); /* as opa: leaves, not the test above them */
    assert_int_equal(tally.count[RESULT_FAIL], 1);
    results_free(&results);
    free(text);
}

static void an_error_is_never_hidden_by_passing_sub_tests(void **state)
{
    (void)state;
    struct err err;
    struct results results = {0};
    struct str json = STR_LIT("[{\"name\":\"test_a\",\"package\":\"data.p\",\"error\":{\"message\":"
                              "\"boom\"},\"sub_results\":{\"x\":{\"name\":\"x\"}}},"
                              "{\"name\":\"test_b\",\"package\":\"data.p\",\"fail\":true,"
                              "\"sub_results\":{\"x\":{\"name\":\"x\"}}}]");
    assert_ok(opa_parse_tests(json, &results, &err), err);
    struct tally tally = results_tally(&results);
    assert_int_equal(tally.count[RESULT_ERROR], 1);
    assert_int_equal(tally.count[RESULT_FAIL], 1);
    assert_int_equal(tally_verdict(&tally), RESULT_ERROR);
    results_free(&results);
}

static void nothing_is_not_a_pass(void **state)
{
    (void)state;
    struct err err;
    struct results results = {0};
    assert_ok(opa_parse_tests(STR_LIT("[]"), &results, &err), err);
    struct tally tally = results_tally(&results);
    assert_int_equal(tally_verdict(&tally), RESULT_NOT_EVALUATED);
    assert_false(opa_parse_tests(STR_LIT("PASS: 3/3"), &results, &err));
    assert_false(opa_parse_tests(STR_LIT("{}"), &results, &err));
    assert_false(opa_parse_tests(STR_LIT("[1]"), &results, &err));
    results_free(&results);
}

static void test_errors(void **state)
{
    (void)state;
    struct err err;
    struct findings findings = {0};
    char *text = recorded("check.json");
    assert_ok(opa_parse_errors(str_of(text), NULL, &findings, &err), err);
    assert_ok(
        opa_parse_errors(str_of(text), NULL, &findings, &err), err); /* twice: no duplicates */
    assert_int_equal(findings.len, 1);
    assert_string_equal(findings.items[0].rule, "rego_parse_error");
    assert_string_equal(findings.items[0].file, "cut_off.rego");
    assert_int_equal(findings.items[0].at.row, 5);
    findings_free(&findings);
    free(text);
}

/* opa counts code points, findings bytes. */
static void test_error_columns(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct err err = {0};
    const char *text = "{\"errors\":[{\"message\":\"illegal token\",\"code\":\"rego_parse_error\","
                       "\"location\":{\"file\":\"a.rego\",\"row\":3,\"col\":27},\"details\":{"
                       "\"line\":\"x := \\\"日本\\\" ; y := undefinedé\",\"idx\":30}}]}";
    assert_ok(opa_parse_errors(str_of(text), NULL, &findings, &err), err);
    assert_int_equal(findings.len, 1);
    assert_int_equal(findings.items[0].at.row, 3);
    assert_int_equal(findings.items[0].at.col, 31);
    findings_free(&findings);
}

/* Without the line in the answer the file is looked at; what cannot be looked at is not known. */
static void test_error_columns_of_files(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct err err = {0};
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "package a\r\n\nx := \"日本\" ; y := undefined\n");
    const char *text =
        "{\"errors\":[{\"message\":\"unsafe\",\"location\":{\"file\":\"a.rego\",\"row\":3,\"col\":"
        "17}},"
        "{\"message\":\"whole\",\"location\":{\"file\":\"gone.rego\",\"row\":3,\"col\":1}},"
        "{\"message\":\"gone\",\"location\":{\"file\":\"gone.rego\",\"row\":3,\"col\":17}},"
        "{\"message\":\"short\",\"location\":{\"file\":\"a.rego\",\"row\":9,\"col\":2}}]}";
    assert_ok(opa_parse_errors(str_of(text), dir, &findings, &err), err);
    assert_int_equal(findings.len, 4);
    assert_int_equal(findings.items[0].at.col, 21);
    assert_int_equal(findings.items[1].at.col, 1);
    assert_int_equal(findings.items[2].at.col, 0);
    assert_int_equal(findings.items[3].at.col, 0);
    findings_free(&findings);
    test_dir_remove(dir);
}

static void test_trace(void **state)
{
    (void)state;
    struct buf detail = BUF_INIT;
    char *message = NULL;
    char *text = recorded("subtrace.txt");
    assert_true(opa_parse_trace(str_of(text), &detail, &message));
    assert_string_equal(message, "is_low(tc.port) == tc.want  (ports_test.rego:11)");
    assert_string_equal(detail.ptr, "high: FAIL\n"
                                    "ports_test.rego:11:\n"
                                    "  \tis_low(tc.port) == tc.want\n"
                                    "  \t|      |           |\n"
                                    "  \t|      |           tc.want: true\n"
                                    "  \t|      |           tc: {\"port\": 8080, \"want\": true}\n"
                                    "  \t|      8080\n"
                                    "  \tundefined");
    free(message);
    free(text);
    buf_clear(&detail);
    message = NULL;
    assert_false(opa_parse_trace(STR_LIT("PASS: 1/1\n"), &detail, &message));
    assert_null(message);
    buf_free(&detail);
}

static void test_builtin_errors(void **state)
{
    (void)state;
    struct buf detail = BUF_INIT;
    char *message = NULL;
    char *text = recorded("builtin.json");
    assert_true(opa_parse_builtin_errors(str_of(text), NULL, &detail, &message));
    assert_string_equal(message, "div: divide by zero (limits.rego:8)");
    free(message);
    free(text);
    buf_free(&detail);
}

static void test_coverage(void **state)
{
    (void)state;
    struct err err;
    struct coverage coverage = {0};
    bool failed;
    char *text = recorded("coverage.json");
    assert_ok(opa_parse_coverage(str_of(text), &coverage, &failed, &err), err);
    assert_false(failed);
    coverage_finish(&coverage);
    const struct coverage_file *file = coverage_find(&coverage, "limits.rego");
    assert_non_null(file);
    assert_int_equal(coverage_line(file, 1), LINE_NONE);
    assert_int_equal(coverage_line(file, 4), LINE_COVERED);
    assert_int_equal(coverage_line(file, 8), LINE_MISSED);
    coverage_free(&coverage);
    free(text);
}

static void versions(void **state)
{
    (void)state;
    assert_true(engine_version_at_least("1.22.2", "1.0.0"));
    assert_true(engine_version_at_least("1.0", "1.0.0"));
    assert_false(engine_version_at_least("0.70.0", "1.0.0"));
    assert_true(engine_version_at_least("1.10.0", "1.9.3"));
    assert_false(engine_version_at_least("nonsense", "1.0.0"));
    char *version = NULL;
    assert_true(engine_opa.version(STR_LIT("Version: 1.22.2\nBuild Commit: x\n"), &version));
    assert_string_equal(version, "1.22.2");
    free(version);
    assert_false(engine_opa.version(STR_LIT("hello"), &version));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_sub_results),
        cmocka_unit_test(an_error_is_never_hidden_by_passing_sub_tests),
        cmocka_unit_test(test_error_columns),
        cmocka_unit_test(test_error_columns_of_files),
        cmocka_unit_test(nothing_is_not_a_pass),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_builtin_errors),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
