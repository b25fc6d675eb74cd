/* The guards that look at a whole folder, suites and fixtures in it: what each must speak of, and
 * what not. */
#include "guard_folder.h"
#include "test.h"

#include "base/vec.h"
#include "loop/loop.h"

#include <stdlib.h>

#define KYVERNO_POLICY                                                                             \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: limits}\nspec:\n  rules:\n"  \
    "    - name: memory-limit\n      validate: {message: m, pattern: {a: b}}\n"
#define KYVERNO_TEST                                                                               \
    "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n"                       \
    "policies: [policy.yaml]\nresources: [res.yaml]\nresults:\n"
#define KYVERNO_PODS                                                                               \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\n---\napiVersion: v1\nkind: Pod\n"          \
    "metadata: {name: bad}\n"

/* The suite's findings beside those of other files. */
static void expect_suite(const char *results, const char *expected)
{
    char *suite = mem_printf(KYVERNO_TEST "%s", results);
    guard_expect((const char *const[]){"t/policy.yaml", KYVERNO_POLICY, "t/res.yaml", KYVERNO_PODS,
                     "t/kyverno-test.yaml", suite, NULL},
        "t/kyverno-test.yaml", expected);
    free(suite);
}

static void kyverno_suites(void **state)
{
    (void)state;
    expect_suite(
        "- {policy: limits, rule: memory-limit, kind: Pod, resources: [good], result: pass}\n"
        "- {policy: limits, rule: autogen-memory-limit, resources: [bad], result: fail}\n",
        "");
    expect_suite("- {policy: limits, rule: memory-limits, resources: [good, bad], result: fail}\n"
                 "- {policy: limit, rule: x, resources: [good], result: fail}\n"
                 "- {policy: limits, rule: memory-limit, resources: [bat], result: fail}\n",
        "7:26 suite-unknown-name, 8:12 suite-unknown-name, 9:52 suite-unknown-name");
    expect_suite("# bylaw:ignore suite-unknown-name it comes with the next release\n"
                 "- {policy: limits, rule: memory-limits, resources: [bad], result: fail}\n",
        "");
    /* A file that cannot be read may hold it. */
    guard_expect((const char *const[]){"t/kyverno-test.yaml",
                     KYVERNO_TEST "- {policy: x, rule: y, resources: [z], result: fail}\n", NULL},
        "t/kyverno-test.yaml", "");
    expect_suite("- {policy: limits, rule: memory-limit, resources: [good], result: pass}\n",
        "7:26 test-no-deny-case");
    expect_suite("# bylaw:ignore test-no-deny-case it audits only\n"
                 "- {policy: limits, rule: memory-limit, resources: [good], result: pass}\n",
        "");
    expect_suite("  []\n", "2:7 suite-empty");
    char *text = guard_mended((const char *const[]){"policy.yaml", KYVERNO_POLICY, "res.yaml",
                                  KYVERNO_PODS, "kyverno-test.yaml",
                                  KYVERNO_TEST "- {policy: limits, rule: autogen-memory-limits, "
                                               "resources: [bad], result: fail}\n",
                                  NULL},
        "kyverno-test.yaml");
    assert_string_equal(text, KYVERNO_TEST
        "- {policy: limits, rule: autogen-memory-limit, resources: [bad], result: fail}\n");
    free(text);
}

#define GATOR_SUITE "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n"

static void gator_suites(void **state)
{
    (void)state;
    guard_expect_text("suite.yaml", GATOR_SUITE "tests: []\n", "2:7 suite-empty");
    guard_expect_text(
        "suite.yaml", GATOR_SUITE "tests:\n- name: a\n  template: t.yaml\n", "4:3 suite-empty");
    guard_expect_text(
        "suite.yaml", GATOR_SUITE "tests:\n- name: a\n  template: t.yaml\n  invalid: true\n", "");
    const char *allowed = GATOR_SUITE "tests:\n- name: a\n  template: t.yaml\n  cases:\n  - "
                                      "object: a.yaml\n    assertions:\n    - "
                                      "violations: no\n";
    guard_expect_text("suite.yaml", allowed, "5:13 test-no-deny-case");
    char *both = mem_printf("%s- name: b\n  template: t.yaml\n  cases:\n  - object: b.yaml\n    "
                            "assertions:\n    - violations: yes\n",
        allowed);
    guard_expect_text("suite.yaml", both, "");
    free(both);
    guard_expect_text("suite.yaml", "kind: Suite\ntests: []\n", "");
}

static void rego_deny_cases(void **state)
{
    (void)state;
    const char *policy = "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := input.m\n}\n";
    const char *files[] = {"p.rego", policy, "p_test.rego",
        "package p_test\n\nimport data.p\n\ntest_a if {\n\tcount(p.deny) == 0 with input as {}\n}\n"
        "\ntest_b if {\n\tx := data.p.deny with input as {}\n\tcount(x) == 0\n}\n",
        NULL};
    guard_expect(files, "p_test.rego", "6:8 test-no-deny-case");
    files[3] =
        "package p_test\n\nimport data.p\n\ntest_a if {\n\tcount(p.deny) == 0 with input as {}"
        "\n}\n\ntest_b if {\n\tx := p.deny with input as {}\n\tcount(x) == 1\n}\n";
    guard_expect(files, "p_test.rego", "");
    files[3] = "package p_test\n\nimport data.p\n\ntest_a if {\n\t# bylaw:ignore test-no-deny-case "
               "b_test.rego has them\n\tcount(p.deny) == 0 with input as {}\n}\n";
    guard_expect(files, "p_test.rego", "");
    /* Another file may have the case; a function may stand for it. */
    const char *shared[] = {"p.rego", policy, "p_test.rego",
        "package p_test\n\nimport data.p\n\ntest_a if {\n\tcount(p.deny) == 0 with input as "
        "{}\n}\n",
        "q_test.rego", "package q_test\n\ntest_b if data.p.deny[\"x\"] with input as {}\n", NULL};
    guard_expect(shared, "p_test.rego", "");
}

static void fixtures_are_used(void **state)
{
    (void)state;
    const char *files[] = {"t/policy.yaml", KYVERNO_POLICY, "t/res.yaml", KYVERNO_PODS,
        "t/kyverno-test.yaml",
        KYVERNO_TEST "- {policy: limits, rule: memory-limit, resources: [bad], result: fail}\n",
        "t/other.yaml", KYVERNO_PODS, "u/other.yaml", KYVERNO_PODS, "t/valid_1.yaml", KYVERNO_PODS,
        "t/kept.yaml", "# bylaw:ignore fixture-unused read by hand\n" KYVERNO_PODS, NULL};
    guard_expect(files, "t/other.yaml", "1:1 fixture-unused");
    guard_expect(files, "t/res.yaml", "");
    guard_expect(files, "t/kept.yaml", "");
    guard_expect(files, "t/valid_1.yaml", "");
    guard_expect(files, "u/other.yaml", "");
}

/* What Chainsaw compares with looks like a policy. */
static void expected_documents(void **state)
{
    (void)state;
    const char *half = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\n"
                       "spec:\n  validationFailureAction: enforce\n";
    const char *test = "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nspec:\n  steps:\n"
                       "  - try:\n    - apply: {file: applied.yaml}\n"
                       "    - assert: {file: applied.yaml}\n    - assert: {file: ready.yaml}\n";
    const char *files[] = {"t/chainsaw-test.yaml", test, "t/ready.yaml", half, "t/applied.yaml",
        half, "u/ready.yaml", half, "t/odd.yaml", half, NULL};
    guard_expect(files, "t/ready.yaml", "");
    guard_expect(
        files, "t/applied.yaml", "4:9 duplicate-name, 1:13 kyverno-api, 6:3 kyverno-field");
    guard_expect(files, "u/ready.yaml", "4:9 deny-untested, 1:13 kyverno-api, 6:3 kyverno-field");
    /* An old test of Kyverno's names its fixtures, too. */
    const char *old[] = {"t/kyverno-test.yaml",
        "name: p\npolicies:\n  - p.yaml\nresources:\n  - a.yaml\nresults:\n  - policy: p\n",
        "t/a.yaml", KYVERNO_PODS, "t/b.yaml", KYVERNO_PODS, NULL};
    guard_expect(old, "t/a.yaml", "");
    guard_expect(old, "t/b.yaml", "1:1 fixture-unused");
}

#define POD_RULE(name, condition)                                                                  \
    "package " name "\n\ndeny contains msg if {\n\tinput.kind == \"Pod\"\n\t" condition            \
    "\n\tmsg := sprintf(\"no %s\", [input.metadata.name])\n}\n"
#define HELD_BY_TEST(name)                                                                         \
    "package " name "_test\n\nimport data." name "\n\ntest_x if count(" name                       \
    ".deny) == 1 with input as {}\n"

static void rules_that_conflict(void **state)
{
    (void)state;
    const char *files[] = {"a.rego", POD_RULE("a", "input.spec.hostNetwork"), "a_test.rego",
        HELD_BY_TEST("a"), "b.rego", POD_RULE("b", "not input.spec.hostNetwork"), "b_test.rego",
        HELD_BY_TEST("b"), NULL};
    guard_expect_all(files, "b.rego:3 rules-conflict");
    files[5] = POD_RULE("b", "not input.spec.hostPID");
    guard_expect_all(files, "");
    files[5] =
        "package b\n\ndeny contains msg if {\n\tinput.kind == \"Job\"\n\tnot input.spec.hostNetwork"
        "\n\tmsg := \"no\"\n}\n";
    guard_expect_all(files, "");
    files[5] =
        "package b\n\n# bylaw:ignore rules-conflict only one of them is ever installed\n"
        "deny contains msg if {\n\tinput.kind == \"Pod\"\n\tnot input.spec.hostNetwork\n\tmsg := "
        "\"no\"\n}\n";
    guard_expect_all(files, "");
    files[1] = POD_RULE("a", "input.team != \"a\"");
    files[5] = POD_RULE("b", "input.team != \"b\"");
    guard_expect_all(files, "b.rego:3 rules-conflict");
    files[5] = POD_RULE("b", "input.team != \"a\"");
    guard_expect_all(files, "");
}

#define PATTERN(name, kinds, more, pattern)                                                        \
    "apiVersion: kyverno.io/v1 # bylaw:ignore kyverno-api the cluster runs 1.18\n"                 \
    "kind: ClusterPolicy\nmetadata: {name: " name                                                  \
    "}\nspec:\n  rules:\n  - name: r\n    match: {any: [{resources: {kinds: [" kinds               \
    "]}}]}\n" more                                                                                 \
    "    validate:\n      message: m\n      pattern:\n        spec:\n          " pattern "\n"

static void patterns_that_conflict(void **state)
{
    (void)state;
    const char *files[] = {"a.yaml", PATTERN("a", "Pod", "", "hostname: \"?*\""), "b.yaml",
        PATTERN("b", "Pod", "", "X(hostname): \"null\""), NULL};
    guard_expect_all(files, "b.yaml:12 rules-conflict");
    files[3] = PATTERN("b", "Job", "", "X(hostname): \"null\"");
    guard_expect_all(files, "");
    files[3] = PATTERN("b", "Pod", "    preconditions: {all: []}\n", "X(hostname): \"null\"");
    guard_expect_all(files, "");
    files[3] = PATTERN("b", "Pod", "", "=(hostname): \"a\"");
    guard_expect_all(files, "");
    files[1] = PATTERN("a", "Pod", "", "hostPID: \"false\"");
    files[3] = PATTERN("b", "Pod", "", "hostPID: \"true\"");
    guard_expect_all(files, "b.yaml:12 rules-conflict");
    files[3] = PATTERN("b", "Pod", "", "hostPID: \"true | false\"");
    guard_expect_all(files, "");
    files[3] = PATTERN("b", "Pod", "",
        "# bylaw:ignore rules-conflict another cluster\n          hostPID: \"true\"");
    guard_expect_all(files, "");
}

static void asked_for_kyverno(void **state)
{
    (void)state;
    const char *files[] = {".bylaw/config.toml", "[guards]\nkyverno = \"1.20\"\n", "p.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\n", "q.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: q}\n", NULL};
    struct guard_folder folder = guard_folder_make(files);
    struct findings findings = {0};
    size_t looked = 0;
    struct err err;
    assert_ok(guards_check_folder(folder.dir, NULL, 0, &findings, &looked, &err), err);
    assert_int_equal(findings.len, 1);
    assert_int_equal(findings.items[0].severity, SEVERITY_ERROR);
    assert_string_equal(findings.items[0].file, "p.yaml");
    findings_free(&findings);
    guard_folder_free(&folder);
    files[1] = "[guards]\nkyverno = \"1.16\"\n";
    guard_expect_all(files, "q.yaml:1 kyverno-api");
    files[1] = "[guards]\nkyverno = \"v1.19.1\"\n";
    guard_expect_all(files, "p.yaml:1 kyverno-api");
    files[1] = "[guards]\nkyverno = \"new\"\n"; /* says nothing */
    guard_expect_all(files, "p.yaml:1 kyverno-api");
}

static void enough_fixtures(void **state)
{
    (void)state;
    const char *files[] = {".bylaw/config.toml", "", "a/a.rego", POD_RULE("a", "input.x"),
        "a/a_test.rego", HELD_BY_TEST("a"), "b/b.rego", POD_RULE("b", "input.y"), "b/b_test.rego",
        HELD_BY_TEST("b"), "c/c.rego", POD_RULE("c", "input.z"), "c/c_test.rego", HELD_BY_TEST("c"),
        "a/testdata/valid_1.yaml", "a: 1\n", "a/testdata/valid_2.yaml", "a: 1\n",
        "a/testdata/invalid_1.yaml", "a: 1\n", "a/testdata/invalid_2.yaml", "a: 1\n",
        "b/testdata/valid_1.yaml", "a: 1\n", "b/testdata/valid_2.yaml", "a: 1\n",
        "b/testdata/invalid_1.yaml", "a: 1\n", "b/testdata/invalid_2.yaml", "a: 1\n",
        "c/testdata/invalid_1.yaml", "a: 1\n", NULL};
    guard_expect_all(files, "c/c.rego:3 fixtures-few");
    files[1] = "[guards]\nfixtures = 3\n";
    guard_expect_all(
        files, "a/a.rego:3 fixtures-few, b/b.rego:3 fixtures-few, c/c.rego:3 fixtures-few");
    files[1] = "[guards]\nfixtures = 1\n";
    files[ARRAY_LEN(files) - 3] = "c/testdata/other.yaml";
    guard_expect_all(files, "c/c.rego:3 fixtures-few");
    files[11] = "package c\n\n# bylaw:ignore fixtures-few they come from the cluster\n"
                "deny contains msg if {\n\tinput.z\n\tmsg := input.m\n}\n";
    guard_expect_all(files, "");
}

#define CONTROL(framework, id)                                                                     \
    "# METADATA\n# title: t\n# custom:\n#   " framework ": [\"" id                                 \
    "\"]\npackage a\n\nallow if input.x\n"

static void control_numbers(void **state)
{
    (void)state;
    guard_expect_text("a.rego", CONTROL("cis-k8s-1.9", "5.2.2"), "");
    guard_expect_text("a.rego", CONTROL("cis-k8s-1.9", "9.9.9"), "4:1 control-number");
    guard_expect_text("a.rego", CONTROL("cis-k8s-1.23", "1.2.13"), "4:1 control-number");
    guard_expect_text("a.rego", CONTROL("cis-aws-1.4", "9.9.9"), "");
    guard_expect_text("a.rego",
        "# METADATA\n# title: t\n# custom:\n#   cis-k8s-1.9: [\"9.9.9\"] # bylaw:ignore "
        "control-number x\npackage a\n",
        "4:1 control-number"); /* a comment in a comment silences nothing */
    const char *files[] = {"requirements.csv",
        "control_id,control_description,framework\nK8S-01,No root,house\n", "a.rego",
        CONTROL("control", "K8S-01"), NULL};
    guard_expect(files, "a.rego", "");
    files[3] = CONTROL("control", "K8S-77");
    guard_expect(files, "a.rego", "4:1 control-number");
    /* The comment has the line above to itself. */
    guard_expect(
        (const char *const[]){"p.yaml",
            "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n"
            "  annotations:\n    # bylaw:ignore control-number our own numbering\n"
            "    cis-k8s-1.9: \"9.9.9\"\n",
            NULL},
        "p.yaml", "");
}

#define CONSTRAINT_FOR(id, match)                                                                  \
    "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:\n  name: a\n"            \
    "  annotations: {control: " id "}\nspec:\n  match:\n    kinds: [{apiGroups: [\"\"], kinds: "   \
    "[Pod]}]\n" match

static void more_than_is_required(void **state)
{
    (void)state;
    const char *files[] = {"requirements.csv",
        "control_id,control_description\nK8S-01,Production images are pinned\n"
        "K8S-02,Nothing runs as root; reproductions are kept\n",
        "c.yaml", CONSTRAINT_FOR("K8S-01", ""), NULL};
    guard_expect(files, "c.yaml", "8:5 match-requirement");
    files[3] = CONSTRAINT_FOR("K8S-02", "");
    guard_expect(files, "c.yaml", "");
    files[3] =
        CONSTRAINT_FOR("K8S-01", "    namespaceSelector: {matchLabels: {env: production}}\n");
    guard_expect(files, "c.yaml", "");
    files[3] = "# bylaw:ignore match-requirement the cluster is all production\n" CONSTRAINT_FOR(
        "K8S-01", "");
    guard_expect(files, "c.yaml", "9:5 match-requirement"); /* not the line above */
    files[3] = CONSTRAINT_FOR("K8S-01", "    # the kinds\n");
    guard_expect(files, "c.yaml", "8:5 match-requirement");
    files[3] = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:\n  name: a\n"
               "  annotations: {control: K8S-01}\nspec:\n  match: # bylaw:ignore match-requirement "
               "all is production\n    kinds: [{apiGroups: [\"\"], kinds: [Pod]}]\n";
    guard_expect(files, "c.yaml", "");
}

#define POLICY_FOR(kinds)                                                                          \
    "apiVersion: kyverno.io/v2beta1 # bylaw:ignore kyverno-api old\nkind: ClusterPolicy\n"         \
    "metadata:\n  name: a\n  annotations:\n    control: K8S-01\nspec:\n  rules:\n"                 \
    "  - name: r\n    match:\n      any:\n      - resources:\n          kinds: " kinds             \
    "\n    exclude: {any: [{resources: {kinds: [Service]}}]}\n"

static void other_kinds_than_required(void **state)
{
    (void)state;
    const char *files[] = {"requirements.csv",
        "control_id,control_description\nK8S-01,Deployments and ingresses have an owner\n"
        "K8S-02,Deployments and other workloads have an owner\n",
        "p.yaml", POLICY_FOR("[Deployment, networking.k8s.io/v1/Ingress, Pod]"), NULL};
    guard_expect(files, "p.yaml", "");
    files[3] = POLICY_FOR("[Deployment, ConfigMap]");
    guard_expect(files, "p.yaml", "13:31 match-requirement");
    files[3] = POLICY_FOR("[\"*\"] # bylaw:ignore match-requirement an owner is asked of all");
    guard_expect(files, "p.yaml", "");
    files[2] = "c.yaml";
    files[3] = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:\n  name: a\n"
               "  annotations: {control: K8S-01}\nspec:\n  match:\n    kinds:\n"
               "      - apiGroups: [\"\"]\n        kinds: [ConfigMap]\n";
    guard_expect(files, "c.yaml", "10:17 match-requirement");
    files[1] =
        "control_id,control_description\nK8S-01,Deployments and other workloads have owners\n";
    guard_expect(files, "c.yaml", "");
    files[1] = "control_id,control_description\nK8S-01,Ingresses have owners\n";
    files[3] = "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: a\n"
               "  annotations: {control: K8S-01}\nspec:\n  matchConstraints:\n    resourceRules:\n"
               "    - apiGroups: [apps]\n      resources: [deployments]\n";
    guard_expect(files, "c.yaml", "10:19 match-requirement");
}

static void yaml_policies(void **state)
{
    (void)state;
    const char *head = "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\n";
    char *text = mem_printf("%smetadata: {name: p}\nspec:\n  validations:\n  - expression: a\n"
                            "  - expression: b\n    message: m\n",
        head);
    guard_expect_text("p.yaml", text, "6:5 deny-without-message");
    free(text);
    text = mem_printf("%smetadata: {name: p}\nspec:\n  validations:\n"
                      "  # bylaw:ignore deny-without-message the expression says it\n"
                      "  - expression: a\n",
        head);
    guard_expect_text("p.yaml", text, "");
    free(text);
    const char *rule =
        "apiVersion: kyverno.io/v1 # bylaw:ignore kyverno-api 1.18\nkind: "
        "ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: a\n    "
        "validate:\n      pattern: {a: b}\n  - name: b\n    validate: {podSecurity: {}}\n";
    guard_expect_text("p.yaml", rule, "8:7 deny-without-message");
    /* As others are: tested, with a title. */
    const char *files[] = {"t/policy.yaml", KYVERNO_POLICY, "t/res.yaml", KYVERNO_PODS,
        "t/kyverno-test.yaml",
        KYVERNO_TEST "- {policy: limits, rule: memory-limit, resources: [bad], result: fail}\n",
        "u/policy.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: u}\n", NULL};
    guard_expect(files, "u/policy.yaml", "3:18 deny-untested");
    files[7] = "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n"
               "  name: u # bylaw:ignore deny-untested it is tested on a cluster\n";
    guard_expect(files, "u/policy.yaml", "");
    const char *titled =
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: "
        "n, annotations: {policies.kyverno.io/title: t}}\n";
    const char *others[] = {
        "a/p.yaml", titled, "b/p.yaml", titled, "c/p.yaml", titled, "d/p.yaml", files[7], NULL};
    guard_expect(others, "d/p.yaml", "4:9 missing-metadata");
    guard_expect(others, "a/p.yaml", "");
    others[3] = files[7];
    guard_expect(others, "d/p.yaml", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kyverno_suites),
        cmocka_unit_test(gator_suites),
        cmocka_unit_test(rego_deny_cases),
        cmocka_unit_test(fixtures_are_used),
        cmocka_unit_test(expected_documents),
        cmocka_unit_test(rules_that_conflict),
        cmocka_unit_test(patterns_that_conflict),
        cmocka_unit_test(asked_for_kyverno),
        cmocka_unit_test(enough_fixtures),
        cmocka_unit_test(control_numbers),
        cmocka_unit_test(more_than_is_required),
        cmocka_unit_test(other_kinds_than_required),
        cmocka_unit_test(yaml_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
