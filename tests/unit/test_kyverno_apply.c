/* What `kyverno apply` prints, and what Kyverno says of policies that it cannot use. */
#include "test.h"

#include "base/vec.h"
#include "engine/kyverno.h"
#include "engine/kyverno_apply_internal.h"

#include <stdlib.h>

#define RESULT(policy, rule, kind, name, result)                                                   \
    "{\"source\":\"kyverno\",\"policy\":\"" policy "\",\"rule\":\"" rule "\",\"result\":\"" result \
    "\",\"message\":\"m\\u001b[31m\",\"resources\":[{\"kind\":\"" kind                             \
    "\",\"namespace\":\"default\",\"name\":\"" name "\",\"apiVersion\":\"v1\"}]}"

static void texts_and_reports(void **state)
{
    (void)state;
    struct kyverno_applied applied = {0};
    struct kyverno_application application = {0};
    kyverno_apply_parse(
        STR_LIT(
            "Warning: x: kyverno.io/v1 ClusterPolicy is deprecated\n"
            "\npolicy add-owner applied to default/ConfigMap/plain:\n"
            "apiVersion: v1\nkind: ConfigMap\n---\n\n\nMutation:\nMutation has been applied "
            "successfully.\npolicy deny applied to /Namespace/shop:\nkind: NetworkPolicy\n\n"
            "---\n\n\nGenerate:\nGeneration completed successfully."
            "{\"kind\":\"ClusterReport\",\"results\":[" RESULT("add-owner", "r", "ConfigMap",
                "plain", "pass") "," RESULT("add-owner", "r", "ConfigMap", "plain",
                "pass") "," RESULT("ns/team", "", "Pod", "bad", "fail") "," RESULT("p", "x", "Pod",
                "bad", "warn") "," RESULT("p", "y", "Pod", "bad", "error") "," RESULT("p", "z",
                "Pod", "bad", "skip") "]}\n---\n"
                                      "{\"kind\":\"PolicyReport\",\"results\":[" RESULT(
                                          "q", "", "Pod", "good", "pass") "]}\n"),
        STR_LIT(
            "\033[90m2026-11-26T20:00:00Z\033[0m TRC command.go:1172 > skipping invalid YAML "
            "file \033[36merror=\033[0m\033[31m\"failed to load file a.yaml: \\\"x\\\"\"\033[0m "
            "path=a.yaml v=3\n"),
        &applied, &application);
    assert_true(applied.reported);
    assert_null(applied.fatal);
    assert_int_equal(applied.made.len, 2);
    assert_string_equal(applied.made.items[0].resource, "default/ConfigMap/plain");
    assert_string_equal(applied.made.items[0].text, "apiVersion: v1\nkind: ConfigMap\n");
    assert_false(applied.made.items[0].generated);
    assert_true(applied.made.items[1].generated);
    assert_int_equal(applied.errors.len, 1);
    assert_string_equal(applied.errors.items[0], "failed to load file a.yaml: \"x\"");
    static const struct {
        const char *policy, *verdict;
    } expected[] = {{"add-owner", "allow"}, {"team", "deny"}, {"p", "warn"}, {"p", "error"},
        {"p", "not evaluated"}, {"q", "allow"}};
    assert_int_equal(application.decisions.len, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const struct kyverno_decision *decision = &application.decisions.items[i];
        assert_string_equal(decision->policy, expected[i].policy);
        assert_string_equal(kyverno_verdict_name(decision->verdict), expected[i].verdict);
        assert_string_equal(decision->message, "m^[[31m");
    }
    kyverno_applied_free(&applied);
    kyverno_application_free(&application);
}

static void policies_it_gives_up_on(void **state)
{
    (void)state;
    struct kyverno_applied applied = {0};
    struct kyverno_application application = {0};
    kyverno_apply_parse(
        STR_LIT("----\nPolicies Skipped:\n1. bad-query: policy contains invalid variables: x: y\n"
                "----\n{}\n{\n\npolicy  applied to :\n"),
        STR_LIT("Error: failed to apply policies on resource good (failed to compile policy v)\n"),
        &applied, &application);
    assert_false(applied.reported);
    assert_int_equal(applied.errors.len, 1);
    assert_string_equal(applied.errors.items[0],
        "compile policy bad-query (policy contains invalid variables: x: y)");
    assert_non_null(strstr(applied.fatal, "failed to apply policies"));
    kyverno_applied_free(&applied);
    kyverno_application_free(&application);
}

static void assert_diagnosis(
    const char *error, const char *file, unsigned row, unsigned col, const char *message)
{
    static const char *const paths[] = {"policies/require-team.yaml", "policies/misspelt.yaml",
        "policies/bad-cel.yaml", "policies/bad-query.yaml", "policies/nobody-tests.yaml"};
    char *root = test_source_path("tests/workspaces/kyverno-broken");
    struct finding finding = {0};
    assert_true(kyverno_diagnose(str_of(error), root, paths, ARRAY_LEN(paths), &finding));
    assert_string_equal(finding.file, file);
    assert_string_equal(finding.message, message);
    assert_int_equal(finding.at.row, row);
    assert_int_equal(finding.at.col, col);
    finding_free(&finding);
    free(root);
}

static void places_of_errors(void **state)
{
    (void)state;
    assert_diagnosis("failed to load file policies/misspelt.yaml: failed to parse document "
                     "(spec.rules[0].validate.patern: Invalid value: value provided for unknown "
                     "field)",
        "policies/misspelt.yaml", 15, 9,
        "spec.rules[0].validate.patern: Invalid value: value provided for unknown field");
    assert_diagnosis(
        "failed to apply policies on resource good (failed to compile policy bad-cel ([<nil>: "
        "Internal error: validating policy compiler 1.0 error: failed to compile policy, "
        "spec.validations[0].expression: Invalid value: \"size(object.spec.containers) > 0 && "
        "hass(object.metadata.labels)\": ERROR: <input>:1:41: undeclared reference to 'hass' (in "
        "container '')\n | size(object\n | ....^]))",
        "policies/bad-cel.yaml", 16, 13, "undeclared reference to 'hass'");
    assert_diagnosis(
        "compile policy bad-query (policy contains invalid variables: variable substitution failed "
        "for rule team-label: failed to resolve request.object.metadata.labels.team || nope( at "
        "path /validate/deny/conditions/all/0/key: invalid JMESPath query "
        "request.object.metadata.labels.team || nope(: SyntaxError: Incomplete expression)",
        "policies/bad-query.yaml", 18, 22,
        "invalid JMESPath query request.object.metadata.labels.team || nope(: SyntaxError: "
        "Incomplete expression)");
    /* Kyverno does not say which file. */
    assert_diagnosis("spec.rules[0].validate.failureAction: Unsupported value: \"enforce\": "
                     "supported values: \"Audit\", \"Enforce\"",
        "policies/nobody-tests.yaml", 13, 24,
        "spec.rules[0].validate.failureAction: Unsupported value: \"enforce\": supported values: "
        "\"Audit\", \"Enforce\"");
    struct finding finding = {0};
    assert_false(
        kyverno_diagnose(STR_LIT("spec.x: no"), "/", (const char *const[]){"a", "b"}, 2, &finding));
    assert_true(kyverno_diagnose(STR_LIT("spec["), "/", (const char *const[]){"a"}, 1, &finding));
    finding_free(&finding);
}

/* A line and column of an expression, in each way that YAML writes one. */
static void places_in_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, col, row, at;
    } cases[] = {{"spec: {e: 'it''s bad(x)'}", 1, 6, 1, 18},
        {"spec:\n  e: a && bad(x)", 1, 6, 2, 11}, {"spec: {e: \"a\\\"b bad(x)\"}", 1, 5, 1, 17},
        {"spec:\n  e: |\n    a &&\n      bad(x)\n", 2, 3, 4, 7},
        {"spec:\n  e: >-\n    a &&\n    bad(x)\n", 1, 6, 4, 5},
        {"spec:\n  e: a &&\n    bad(x)", 1, 6, 3, 5},
        {"spec:\n  e: \303\244\303\244 bad", 1, 4, 2, 11}, {"spec:\n  e: x", 9, 9, 2, 7}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *dir = test_dir_make();
        struct finding finding = {0};
        char *error = mem_printf(
            "spec.e: Invalid value: ERROR: <input>:%u:%u: bad", cases[i].line, cases[i].col);
        test_write(dir, "p.yaml", cases[i].text);
        assert_true(
            kyverno_diagnose(str_of(error), dir, (const char *const[]){"p.yaml"}, 1, &finding));
        if (finding.at.row != cases[i].row || finding.at.col != cases[i].at) {
            fail_msg("%s: %u:%u", cases[i].text, finding.at.row, finding.at.col);
        }
        finding_free(&finding);
        free(error);
        test_dir_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_reports),
        cmocka_unit_test(policies_it_gives_up_on),
        cmocka_unit_test(places_of_errors),
        cmocka_unit_test(places_in_scalars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
