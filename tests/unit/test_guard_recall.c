/* What guards that compare files with each other must find, and what they must leave: the small
 * forms of what real policies, changed on purpose, showed to be missed or told wrongly. */
#include "test.h"

#include "base/vec.h"
#include "policy/guard.h"

#include <stdlib.h>

/* How often the guard speaks in a folder of these files (path, text, …, NULL), all looked at. */
static size_t told(const char *guard, const char *const *files)
{
    char *dir = test_dir_make();
    struct findings findings = {0};
    struct err err;
    size_t looked = 0;
    size_t count = 0;
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(dir, files[i], files[i + 1]);
    }
    assert_ok(guards_check_folder(dir, NULL, 0, &findings, &looked, &err), err);
    VEC_FOREACH (const struct finding, finding, &findings) {
        count += strcmp(finding->rule, guard) == 0;
    }
    findings_free(&findings);
    test_dir_remove(dir);
    return count;
}

/* The same of one file as it is typed. */
static size_t told_typing(const char *guard, const char *const *files, const char *path)
{
    char *dir = test_dir_make();
    struct policy_index *index = policy_index_new();
    struct manifests manifests = {0};
    struct findings findings = {0};
    struct err err;
    size_t count = 0;
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(dir, files[i], files[i + 1]);
    }
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    manifests_update(&manifests, index, NULL);
    struct guard_world *world = guard_world_new(index, &manifests);
    char *text = test_read(dir, path);
    guards_check(world, path, str_of(text), &findings);
    guard_world_free(world);
    VEC_FOREACH (const struct finding, finding, &findings) {
        count += strcmp(finding->rule, guard) == 0;
        assert_string_equal(finding->file, path);
    }
    free(text);
    findings_free(&findings);
    manifests_free(&manifests);
    policy_index_free(index);
    test_dir_remove(dir);
    return count;
}

#define KYVERNO(name, match, pattern)                                                              \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: " name                       \
    "}\nspec:\n  rules:\n  - name: r\n    match: " match                                           \
    "\n    validate:\n      message: m\n      pattern: {spec: {" pattern "}}\n"
#define PODS     "{any: [{resources: {kinds: [Pod]}}]}"
#define PODS_TOO "{any: [{resources: {kinds: [Job]}}, {resources: {kinds: [Deployment, v1/Pod]}}]}"
#define SOME_PODS                                                                                  \
    "{any: [{resources: {kinds: [Pod], namespaces: [a]}}, {resources: {kinds: [Job]}}]}"

static void patterns_conflict(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t conflicts;
    } rows[] = {
        {KYVERNO("a", PODS, "x: \"?*\""), KYVERNO("b", PODS, "X(x): \"null\""), 1},
        {KYVERNO("a", PODS, "x: \"?*\""), KYVERNO("b", PODS_TOO, "X(x): \"null\""), 1},
        {KYVERNO("a", PODS, "x: \"?*\""), KYVERNO("b", SOME_PODS, "X(x): \"null\""), 0},
        {KYVERNO("a", PODS_TOO, "x: a"), KYVERNO("b", PODS_TOO, "x: b"), 1},
        {KYVERNO("a", PODS, "=(x): a"), KYVERNO("b", PODS, "x: b"), 1},
        {KYVERNO("a", PODS, "=(s): {=(x): a}"), KYVERNO("b", PODS, "s: {x: b}"), 1},
        {KYVERNO("a", PODS, "=(x): a"), KYVERNO("b", PODS, "X(x): \"null\""), 0},
        {KYVERNO("a", PODS, "=(x): a"), KYVERNO("b", PODS, "x: \"?*\""), 0},
        {KYVERNO("a", PODS, "x: \"!a\""), KYVERNO("b", PODS, "x: a"), 1},
        {KYVERNO("a", PODS, "x: \"!a\""), KYVERNO("b", PODS, "x: b"), 0},
        {KYVERNO("a", PODS, "cs: [{x: a}]"), KYVERNO("b", PODS, "cs: [{x: b}]"), 1},
        {KYVERNO("a", PODS, "cs: [{(n): y, x: a}]"), KYVERNO("b", PODS, "cs: [{x: b}]"), 0},
        {KYVERNO("a", PODS, "x: pull-always"), KYVERNO("b", PODS, "x: pull-never"), 1},
        {KYVERNO("a", PODS, "x: 1-5"), KYVERNO("b", PODS, "x: 3"), 0},
        {KYVERNO("a", PODS, "x: \"a | b\""), KYVERNO("b", PODS, "x: b"), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *files[] = {"a.yaml", rows[i].a, "b.yaml", rows[i].b, NULL};
        assert_int_equal(told("rules-conflict", files), rows[i].conflicts);
        assert_int_equal(told_typing("rules-conflict", files, "a.yaml"), rows[i].conflicts);
        assert_int_equal(told_typing("rules-conflict", files, "b.yaml"), rows[i].conflicts);
    }
}

#define REGO(name, condition)                                                                      \
    "package " name "\n\ndeny contains msg if {\n\tinput.kind == \"Pod\"\n\t" condition            \
    "\n\tmsg := \"no\"\n}\n"

static void rules_conflict(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t conflicts;
    } rows[] = {
        {REGO("a", "input.x"), REGO("b", "not input.x"), 1},
        {REGO("a", "input.x == \"a\""), REGO("b", "input.x != \"a\""), 1},
        {REGO("a", "input.x == \"a\""), REGO("b", "input.x == \"b\""), 0},
        {REGO("a", "input.x != \"a\""), REGO("b", "input.x != \"b\""), 1},
        /* What has no x is undefined to the second, and passes both. */
        {REGO("a", "input.x"), REGO("b", "input.x != \"a\""), 0},
        {REGO("a", "not input.x"), REGO("b", "input.x == \"a\""), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *files[] = {"a.rego", rows[i].a, "b.rego", rows[i].b, NULL};
        assert_int_equal(told("rules-conflict", files), rows[i].conflicts);
        assert_int_equal(told_typing("rules-conflict", files, "b.rego"), rows[i].conflicts);
    }
    /* Two rules of one file, one of them just typed; silenced. */
    const char *one[] = {"a.rego",
        "package a\n\ndeny contains \"a\" if input.x\n\ndeny contains \"b\" if not input.x\n",
        NULL};
    assert_int_equal(told("rules-conflict", one), 1);
    assert_int_equal(told_typing("rules-conflict", one, "a.rego"), 2);
    one[1] = "package a\n\n# bylaw:ignore rules-conflict one of them goes\ndeny contains \"a\" if "
             "input.x\n\ndeny contains \"b\" if not input.x\n";
    assert_int_equal(told_typing("rules-conflict", one, "a.rego"), 1);
}

#define TEMPLATE                                                                                   \
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: k}\n"      \
    "spec: {crd: {spec: {names: {kind: K}}}}\n"
#define ASKED  "[guards]\nfixtures = 2\n"
#define CONFIG ".bylaw/config.toml"

static void fixtures_are_counted(void **state)
{
    (void)state;
    const char *files[] = {CONFIG, ASKED, "t/template.yaml", TEMPLATE, "t/s/valid_1.yaml", "a: 1\n",
        "t/s/valid_2.json", "{}\n", "t/s/bad-1.yaml", "a: 1\n", NULL};
    assert_int_equal(told("fixtures-few", files), 1);
    files[9] = "a: 1\n---\na: 2\n"; /* two in one file */
    assert_int_equal(told("fixtures-few", files), 0);
    /* Those of a folder below with a policy of its own are its own; the Rego beside a template is
     * told once. */
    const char *nested[] = {CONFIG, ASKED, "t/template.yaml", TEMPLATE, "t/a.rego",
        REGO("a", "input.x"), "t/u/template.yaml", TEMPLATE, "t/u/valid_1.yaml",
        "a: 1\n---\na: 2\n", "t/u/bad.yaml", "a: 1\n---\na: 2\n", NULL};
    assert_int_equal(told("fixtures-few", nested), 1);
}

#define FOR_KINDS(kinds)                                                                           \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\n  annotations:\n"       \
    "    control: ORG-7\nspec:\n  rules:\n  - name: r\n    match: {any: [{resources: {kinds: "     \
    "[" kinds "]}}]}\n    validate: {message: m, pattern: {a: b}}\n"

static void requirements_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *words, *policy;
        size_t found;
    } rows[] = {
        {"All service accounts have an owner", FOR_KINDS("ServiceAccount"), 0},
        {"All service accounts have an owner", FOR_KINDS("Ingress"), 1},
        {"Services and accounts have an owner", FOR_KINDS("Ingress"), 0},
        {"Network policies and role-bindings have an owner", FOR_KINDS("RoleBinding"), 0},
        {"Cluster role bindings are reviewed", FOR_KINDS("ClusterRole"), 1},
        {"Persistent volume claims are small", FOR_KINDS("Pod"), 1},
        {"Cron jobs have a deadline", FOR_KINDS("Pod"), 0},
        {"The network. Policies are written", FOR_KINDS("Pod"), 0},
        {"In prod images are pinned", FOR_KINDS("Pod"), 1},
        {"Not for pre-production or QA", FOR_KINDS("Pod"), 1},
        {"A product has an owner", FOR_KINDS("Pod"), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *csv = mem_printf("control_id,control_description\nORG-7,%s\n", rows[i].words);
        const char *files[] = {"requirements.csv", csv, "p.yaml", rows[i].policy, NULL};
        assert_int_equal(told("match-requirement", files), rows[i].found);
        free(csv);
    }
}

/* Which rules tests reach is told in another way over all files than as one types: the same. */
static void reached_either_way(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        bool reached;
    } rows[] = {
        {"package t\n\ntest_a if data.a.b.deny with input as 1\n", true},
        {"package t\n\ntest_a if data.a.b.deny.x\n", true},
        {"package t\n\ntest_a if data.a.b\n", true},
        {"package t\n\nimport data.a\n\ntest_a if a[_].x\n", true},
        {"package a.b\n\ntest_a if 1\n", true},
        {"package a\n\ntest_a if 1\n", false},
        {"package t\n\ntest_a if data[input.x]\n", false},
        {"package t\n\ntest_a if data.a.b.deny_x\n", false},
        {"package t\n\ntest_a if data.a.b[\"deny-x\"]\n", false},
        {"package t\n\ntest_a if data.a.bc.deny\n", false},
        {"package t\n\nnone if data.a.b.deny\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *files[] = {"p.rego", "package a.b\n\ndeny contains \"x\" if input.x\n",
            "t_test.rego", rows[i].says, "u_test.rego",
            "package u\n\ntest_u if data.a[\"b-c\"].deny\n\ntest_v if data.z.deny\n", NULL};
        assert_int_equal(told("deny-untested", files), !rows[i].reached);
        assert_int_equal(told_typing("deny-untested", files, "p.rego"), !rows[i].reached);
    }
}

/* Where nearly all files import it, the one that does not was forgotten: older versions are meant.
 */
static void imports_of_most(void **state)
{
    (void)state;
    enum { FILES = 13 };
    char *paths[FILES];
    const char *files[FILES * 2 + 1] = {NULL};
    for (size_t i = 0; i < FILES; i++) {
        paths[i] = mem_printf("p%zu.rego", i);
        files[i * 2] = paths[i];
        files[i * 2 + 1] = i == 0 ? "package p\n\na if input.x\n"
                                  : "package p\n\nimport rego.v1\n\nb if input.x\n";
    }
    assert_int_equal(told("deprecated-import", files), 0);
    files[3] = files[1];
    assert_int_equal(told("deprecated-import", files), FILES - 2);
    for (size_t i = 0; i < FILES; i++) {
        free(paths[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_conflict),
        cmocka_unit_test(rules_conflict),
        cmocka_unit_test(fixtures_are_counted),
        cmocka_unit_test(requirements_in_words),
        cmocka_unit_test(imports_of_most),
        cmocka_unit_test(reached_either_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
