#include "test.h"

#include "engine/gator.h"

static void assert_outcome(const struct gator_outcome *outcome, const char *test, const char *name,
    enum result_status status, const char *message)
{
    assert_string_equal(outcome->test, test);
    assert_true((outcome->name == NULL) == (name == NULL));
    if (name != NULL) {
        assert_string_equal(outcome->name, name);
    }
    assert_int_equal(outcome->status, status);
    assert_true((outcome->message == NULL) == (message == NULL));
    if (message != NULL) {
        assert_string_equal(outcome->message, message);
    }
}

static void every_kind_of_line(void **state)
{
    (void)state;
    struct gator_report report = {0};
    gator_parse(STR_LIT("=== RUN   owner\n"
                        "    === RUN   with\n"
                        "    --- PASS: with\t(0.038s)\n"
                        "    === RUN   without\n"
                        "    --- FAIL: without\t(1.004s)\n"
                        "        unexpected number of violations: got 0\n"
                        "        and more\n"
                        "    === SKIP  off\n"
                        "    === RUN   odd\x1b[31m\n"
                        "    --- FAIL: odd\x1b[31m\t(0.000s)\n"
                        "        invalid Case: assertions must be non-empty\n"
                        "--- FAIL: owner\t(0.068s)\n"
                        "=== RUN   broken\n"
                        "--- FAIL: broken\t(0.000s)\n"
                        "  reading ConstraintTemplate\n"
                        "=== SKIP  later\n"
                        "FAIL\tsuite.yaml\t0.068s\nFAIL\n"),
        &report);
    assert_int_equal(report.len, 7);
    const struct gator_outcome *outcome = report.items;
    assert_outcome(&outcome[0], "owner", "with", RESULT_PASS, NULL);
    assert_int_equal(outcome[0].duration_us, 38000);
    assert_outcome(&outcome[1], "owner", "without", RESULT_FAIL,
        "unexpected number of violations: got 0; and more");
    assert_int_equal(outcome[1].duration_us, 1004000);
    assert_outcome(&outcome[2], "owner", "off", RESULT_SKIPPED, NULL);
    assert_outcome(&outcome[3], "owner", "odd^[[31m", RESULT_ERROR,
        "invalid Case: assertions must be non-empty");
    assert_outcome(&outcome[4], "owner", NULL, RESULT_FAIL, NULL);
    assert_outcome(&outcome[5], "broken", NULL, RESULT_ERROR, "reading ConstraintTemplate");
    assert_outcome(&outcome[6], "later", NULL, RESULT_SKIPPED, NULL);
    gator_report_free(&report);
}

static void rubbish(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "\n\n", "    orphan", "PASS\n", "--- PASS: ", "Error: FAIL"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct gator_report report = {0};
        gator_parse(str_of(texts[i]), &report);
        assert_int_equal(report.len, i == 4 ? 1 : 0);
        gator_report_free(&report);
    }
    struct gator_report report = {0};
    gator_parse(
        STR_LIT("--- PASS: a\t(99999999999999999999999999.5s)\n--- PASS: b\t()\n"), &report);
    assert_string_equal(report.items[0].test, "a");
    assert_string_equal(report.items[1].test, "b");
    gator_report_free(&report);
}

static void an_answer_has_an_end(void **state)
{
    (void)state;
    assert_true(gator_is_whole(STR_LIT("--- PASS: t\t(0.1s)\nok\ta.yaml\t0.1s\nPASS\n\n")));
    assert_true(gator_is_whole(STR_LIT("FAIL\ta.yaml\t0.1s\nFAIL\n")));
    assert_true(gator_is_whole(STR_LIT("PASS")));
    assert_false(gator_is_whole(STR_LIT("--- PASS: t\t(0.1s)\n")));
    assert_false(gator_is_whole(STR_LIT("ok\ta.yaml\t0.1s\nPAS")));
    assert_false(gator_is_whole(STR_LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(an_answer_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
