#include "test.h"

#include "engine/conftest.h"

#include <stdlib.h>

static void every_kind_of_result(void **state)
{
    (void)state;
    struct err err;
    struct conftest_report report = {0};
    assert_ok(
        conftest_parse(
            STR_LIT("[{\"filename\": \"a.yaml\", \"namespace\": \"main\", \"successes\": 2,"
                    " \"warnings\": [{\"msg\": \"careful\", \"metadata\": {\"query\": "
                    "\"data.main.warn\"}}],"
                    " \"failures\": [{\"msg\": \"bad\\nnews\\u001b[31m\", \"loc\": {\"file\": "
                    "\"a.yaml\", \"line\": 7}, \"metadata\": {\"query\": \"data.main.deny_x\", "
                    "\"n\": {\"k\": 1}}, \"outputs\": [\"seen\"]}],"
                    " \"exceptions\": [{\"msg\": \"data.main.exception[_][_] == \\\"x\\\"\"}]}]"),
            &report, &err),
        err);
    assert_int_equal(report.len, 1);
    const struct conftest_entry *entry = &report.items[0];
    assert_string_equal(entry->file, "a.yaml");
    assert_string_equal(entry->space, "main");
    assert_int_equal(entry->successes, 2);
    assert_int_equal(entry->findings.len, 3);
    const struct conftest_finding *finding = entry->findings.items;
    assert_int_equal(finding[0].status, RESULT_FAIL);
    assert_string_equal(finding[0].rule, "main.deny_x");
    assert_string_equal(finding[0].message, "bad^Jnews^[[31m");
    assert_string_equal(finding[0].file, "a.yaml");
    assert_int_equal(finding[0].row, 7);
    assert_string_equal(finding[0].detail, "n: {\"k\":1}\nprint: seen");
    assert_int_equal(finding[1].status, RESULT_WARNING);
    assert_string_equal(finding[1].rule, "main.warn");
    assert_null(finding[1].detail);
    assert_int_equal(finding[2].status, RESULT_SKIPPED);
    assert_string_equal(finding[2].rule, "exception main.x");
    conftest_report_free(&report);
}

static void nothing_is_a_report_and_rubbish_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"{}", "[", "[{\"filename\": \"a\", \"succ", "[1]",
        "[{\"namespace\": \"main\"}]", "", "[] []", "panic: runtime error"};
    struct err err;
    struct conftest_report report = {0};
    assert_ok(conftest_parse(STR_LIT("null"), &report, &err), err);
    assert_ok(conftest_parse(STR_LIT("[]"), &report, &err), err);
    assert_int_equal(report.len, 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(conftest_parse(str_of(bad[i]), &report, &err));
        assert_non_null(strstr(err.text, "conftest printed"));
        conftest_report_free(&report);
    }
}

static void numbers_of_any_size(void **state)
{
    (void)state;
    struct err err;
    struct conftest_report report = {0};
    assert_ok(conftest_parse(STR_LIT("[{\"filename\": \"a\", \"successes\": -3},"
                                     "{\"filename\": \"b\", \"successes\": 1e300, \"failures\": "
                                     "[{\"loc\": {\"line\": -1}}, null, 3]}]"),
                  &report, &err),
        err);
    assert_int_equal(report.items[0].successes, 0);
    assert_int_equal(report.items[1].successes, 0);
    assert_int_equal(report.items[1].findings.len, 3);
    assert_int_equal(report.items[1].findings.items[0].row, 0);
    conftest_report_free(&report);
}

static void refusal(const char *text, const char *dir, size_t count, const char *expected)
{
    struct findings findings = {0};
    char *message = NULL;
    conftest_parse_refusal(str_of(text), dir, &findings, &message);
    assert_int_equal(findings.len, count);
    assert_string_equal(message, expected);
    free(message);
    findings_free(&findings);
}

static void refusals(void **state)
{
    (void)state;
    refusal(
        "Error: running verification: load: loading policies: load: 1 error occurred during "
        "loading: policy/x.rego:2: rego_parse_error: unexpected eof token\n\tdeny if {\n\t   ^\n",
        "sub", 1,
        "conftest stopped at sub/policy/x.rego:2: rego_parse_error: unexpected eof token");
    refusal(
        "Error: 2 errors occurred:\na.rego:1: rego_type_error: x\nb.rego:9: rego_type_error: y\n",
        "", 2, "conftest stopped at a.rego:1: rego_type_error: x");
    refusal("Usage:\nError: running test: parse files: no files found\n", "", 0,
        "conftest: running test: parse files: no files found");
    refusal("", "", 0, "conftest ran nothing and did not say why");
    refusal("x.rego:99999999999999999999: y", "", 0, "conftest: x.rego:99999999999999999999: y");
    refusal("x.rego: y", "", 0, "conftest: x.rego: y");
}

static void versions(void **state)
{
    (void)state;
    char *version = NULL;
    assert_true(engine_conftest.version(STR_LIT("Conftest: 0.71.1\nOPA: 1.21.1\n"), &version));
    assert_string_equal(version, "0.71.1");
    assert_true(engine_version_at_least(version, engine_conftest.minimum));
    free(version);
    assert_true(engine_conftest.version(STR_LIT("Conftest: dev\nOPA: 1.21.1\n"), &version));
    assert_true(engine_version_at_least(version, engine_conftest.minimum));
    free(version);
    assert_false(engine_conftest.version(STR_LIT("conftest\n"), &version));
    static const struct {
        const struct engine *engine;
        const char *text, *version;
    } known[] = {{&engine_kyverno, "Version: v1.19.1\nTime: ---\n", "1.19.1"},
        {&engine_gator, "gator version v3.23.0 (Feature State: beta), opa/v1.17.1\n", "3.23.0"},
        {&engine_gator, "gator version devel (unknown), opa/v1.17.1\n", "devel"},
        {&engine_regal, "Version:       unknown\nGo Version:    go1.26.8\n", "dev"},
        {&engine_regal, "Version:    0.39.0\n", "0.39.0"}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        assert_true(known[i].engine->version(str_of(known[i].text), &version));
        assert_string_equal(version, known[i].version);
        free(version);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_result),
        cmocka_unit_test(nothing_is_a_report_and_rubbish_is_none),
        cmocka_unit_test(numbers_of_any_size),
        cmocka_unit_test(refusals),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
