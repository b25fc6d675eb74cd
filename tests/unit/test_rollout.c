/* Stages as they are written in policies of every kind, what writing another changes and what it
 * leaves, what reports say of violations, and evidence. */
#include "rollout/promote.h"
#include "test.h"

#include <stdlib.h>

static struct rollout read_all(const char *text)
{
    struct rollout rollout = {0};
    rollout_read("a.yaml", str_of(text), false, &rollout);
    return rollout;
}

/* Brings the only policy of the text to the stage. The caller frees. */
static char *set(const char *text, enum rollout_stage stage)
{
    struct rollout rollout = read_all(text);
    struct buf out = BUF_INIT;
    struct err err;
    assert_int_equal(rollout.len, 1);
    if (!rollout_set(str_of(text), &rollout.items[0], stage, &out, &err)) {
        buf_printf(&out, "refused: %s", err.text);
    }
    rollout_free(&rollout);
    return buf_take(&out);
}

static void expect_set(const char *before, enum rollout_stage stage, const char *after)
{
    char *text = set(before, stage);
    assert_string_equal(text, after);
    free(text);
}

#define CONSTRAINT                                                                                 \
    "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sOwner\nmetadata:\n  name: a\nspec:\n"
#define KYVERNO "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: a\nspec:\n"
#define NEWER                                                                                      \
    "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: a\nspec:\n"

static void only_the_stage_changes(void **state)
{
    (void)state;
    expect_set(CONSTRAINT "  enforcementAction: \"dryrun\" # yet\n  match: {}\n", STAGE_ENFORCE,
        CONSTRAINT "  enforcementAction: deny # yet\n  match: {}\n");
    expect_set(CONSTRAINT "  match: {}\n", STAGE_WARN,
        CONSTRAINT "  enforcementAction: warn\n  match: {}\n");
    expect_set(CONSTRAINT "  enforcementAction: scoped\n  scopedEnforcementActions:\n"
                          "  - action: warn\n  - {action: dryrun}\n",
        STAGE_ENFORCE,
        CONSTRAINT "  enforcementAction: scoped\n  scopedEnforcementActions:\n"
                   "  - action: deny\n  - {action: deny}\n");
    expect_set(KYVERNO "  validationFailureAction: audit\n  rules:\n  - validate: {message: a}\n",
        STAGE_ENFORCE,
        KYVERNO "  validationFailureAction: Enforce\n  rules:\n  - validate: {message: a}\n");
    expect_set(KYVERNO "  rules:\n  - validate:\n      message: a\n", STAGE_ENFORCE,
        KYVERNO "  rules:\n  - validate:\n      failureAction: Enforce\n      message: a\n");
    expect_set(NEWER "  validationActions: [Audit, Warn]\n", STAGE_ENFORCE,
        NEWER "  validationActions: [Deny]\n");
    expect_set(NEWER "  validationActions:\n  - Audit\n  - Warn\n  variables: []\n", STAGE_ENFORCE,
        NEWER "  validationActions:\n  - Deny\n  variables: []\n");
    expect_set(NEWER "  variables: []\n", STAGE_AUDIT,
        NEWER "  validationActions: [Audit]\n  variables: []\n");
}

static void what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        KYVERNO "  rules:\n  - mutate: {}\n",
        KYVERNO "  rules:\n  - validate: {message: a}\n",
        CONSTRAINT "  {}\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *text = set(texts[i], i == 2 ? STAGE_WARN : STAGE_ENFORCE);
        assert_true(strncmp(text, "refused: ", 9) == 0);
        free(text);
    }
}

static void one_of_several_documents(void **state)
{
    (void)state;
    const char *text =
        KYVERNO "  validationFailureAction: Audit\n  rules: [{validate: {}}]\n---\n" CONSTRAINT
                "  enforcementAction: dryrun\n";
    struct rollout rollout = read_all(text);
    struct buf out = BUF_INIT;
    struct err err;
    assert_int_equal(rollout.len, 2);
    assert_null(rollout_named(&rollout, "a", &err));
    const struct rollout_policy *second = rollout_named(&rollout, "K8sOwner/a", &err);
    assert_ptr_equal(second, &rollout.items[1]);
    assert_true(rollout_set(str_of(text), second, STAGE_ENFORCE, &out, &err));
    assert_non_null(strstr(out.ptr, "validationFailureAction: Audit\n"));
    assert_non_null(strstr(out.ptr, "enforcementAction: deny\n"));
    buf_free(&out);
    rollout_free(&rollout);
}

static void rules_of_conftest(void **state)
{
    (void)state;
    struct rollout rollout = {0};
    rollout_read("a.rego",
        STR_LIT("package main\nwarn contains m if { m := 1 }\ndeny_x[m] { m := 1 }\n"
                "violation contains m if { m := 1 }\ndenying := 1\nwarn contains 2\n"),
        true, &rollout);
    assert_int_equal(rollout.len, 3);
    assert_int_equal(rollout.items[0].stage, STAGE_WARN);
    assert_int_equal(rollout.items[1].stage, STAGE_ENFORCE);
    assert_int_equal(rollout.items[2].stage, STAGE_ENFORCE);
    rollout_free(&rollout);
}

/* "known COUNT", "not known", "refused". */
static void expect_violations(const char *report, const char *expected)
{
    struct rollout rollout = read_all(CONSTRAINT "  enforcementAction: dryrun\n");
    struct rollout_violations violations;
    struct err err;
    char said[64] = "refused";
    if (rollout_violations_read(str_of(report), &rollout.items[0], &violations, &err)) {
        snprintf(said, sizeof said, violations.known ? "known %zu" : "not known", violations.count);
        rollout_violations_free(&violations);
    }
    assert_string_equal(said, expected);
    rollout_free(&rollout);
}

#define REPORT "apiVersion: wgpolicyk8s.io/v1alpha2\nkind: PolicyReport\nresults:\n"

static void what_reports_say(void **state)
{
    (void)state;
    expect_violations(REPORT "- {policy: a, result: pass}\n- {policy: a, result: fail}\n"
                             "- {policy: a, result: warn, resources: [{name: x}, {name: y}]}\n"
                             "- {policy: b, result: fail}\n",
        "known 3");
    expect_violations(REPORT "- {policy: a, result: pass}\n", "known 0");
    expect_violations(REPORT "- {policy: a, result: skip}\n", "not known");
    expect_violations(REPORT "- {policy: b, result: fail}\n", "not known");
    expect_violations(REPORT "- {policy: a, result: fail}\n---\n" REPORT
                             "- {policy: a, result: error}\n",
        "known 2");
    expect_violations("{\"kind\": \"List\", \"items\": [{\"apiVersion\": "
                      "\"openreports.io/v1alpha1\", \"kind\": \"Report\", \"results\": "
                      "[{\"policy\": \"a\", \"result\": \"fail\"}]}]}",
        "known 1");
    expect_violations(CONSTRAINT "  match: {}\nstatus:\n  totalViolations: 7\n", "known 7");
    expect_violations(CONSTRAINT "  match: {}\nstatus: {}\n", "not known");
    expect_violations(CONSTRAINT "  match: {}\nstatus:\n  totalViolations: -1\n", "not known");
    expect_violations("{\"version\": 1, \"counts\": {}, \"verdict\": \"fail\", \"results\": ["
                      "{\"status\": \"fail\", \"policy\": {\"file\": \"a.yaml\"}}, "
                      "{\"status\": \"pass\", \"policy\": {\"file\": \"a.yaml\"}}, "
                      "{\"status\": \"fail\", \"policy\": {\"file\": \"b.yaml\"}}]}",
        "known 1");
    expect_violations("", "refused");
    expect_violations("text\n", "refused");
    expect_violations("a: [", "refused");
    expect_violations("kind: Deployment\n", "refused");
}

static void not_known_is_no_yes(void **state)
{
    (void)state;
    struct rollout_terms terms = {.days = 14};
    struct rollout_since since = {.known = true, .time = 1000000};
    struct rollout_violations none = {.known = true};
    struct report green = {.has_parts = true, .verdict = RESULT_PASS};
    for (int i = 0; i < REPORT_PARTS; i++) {
        green.parts[i].status = RESULT_PASS;
    }
    for (int variant = 0; variant < 6; variant++) {
        struct rollout_case c = {0};
        struct rollout_since asked = since;
        struct report report = green;
        asked.known = variant != 1;
        report.verdict = variant == 3 ? RESULT_SKIPPED : RESULT_PASS;
        int64_t now = since.time + 86400 * (variant == 4 ? 13 : 14);
        rollout_case_days(&c, &terms, &asked, now);
        rollout_case_violations(&c, &terms, variant == 2 ? NULL : &none);
        if (variant != 5) {
            rollout_case_checks(&c, &report);
        }
        assert_int_equal(rollout_case_holds(&c), variant == 0);
        rollout_case_free(&c);
    }
    assert_true(rollout_is_promotion(STAGE_AUDIT, STAGE_WARN));
    assert_true(rollout_is_promotion(STAGE_MIXED, STAGE_ENFORCE));
    assert_false(rollout_is_promotion(STAGE_ENFORCE, STAGE_AUDIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_stage_changes),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(one_of_several_documents),
        cmocka_unit_test(rules_of_conftest),
        cmocka_unit_test(what_reports_say),
        cmocka_unit_test(not_known_is_no_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
