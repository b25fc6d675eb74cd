/* What each guard's fix makes of a text, through the changes that are shown for review: the text
 * expected, and nothing left to find by the guard. Whether engines take it: integration/guards. */
#include "test.h"

#include "base/vec.h"
#include "patch/change.h"
#include "policy/guard.h"
#include "policy/guard_fix.h"

#include <stdlib.h>

enum { FILES_MAX = 5 };

#define V1_FILES "a.rego", "package a\n\nx if input.x\n", "b.rego", "package b\n\nx if input.x\n"
#define POLICY                                                                                     \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"                \
    "  validationFailureAction: enforce\n"

#define V0_TEXT                                                                                    \
    "package p\n\ndefault allow = false\n\nallow {\n\tinput.x\n}\n\n"                              \
    "deny[msg]{\n\tmsg := \"no\"\n}\n\nf(x) = y {\n\ty := x\n}\n\n"                                \
    "has(s) {\n\tcontains(s, \"x\")\n}\n"

struct mending {
    const char *guard;
    const char *files[FILES_MAX * 2 + 1]; /* path, text, …; the first is the one to mend */
    const char *after;                    /* NULL: it is left alone, and still found */
};

static const struct mending mendings[] = {
    {"deprecated-import", {"p.rego", "package p\n\nimport rego.v1\n\nb if input.y\n", V1_FILES},
        "package p\n\n\nb if input.y\n"},
    {"duplicate-test",
        {"p_test.rego",
            "package p\n\ntest_a if input.x\n\ntest_b if input.y\n\ntest_a if input.z\n"},
        "package p\n\ntest_a if input.x\n\ntest_b if input.y\n\ntest_a_2 if input.z\n"},
    {"duplicate-test",
        {"p_test.rego",
            "package p\n\ntest_a if input.x\n\ntest_b if input.y\n\ntest_a if input.z\n",
            "q_test.rego", "package p\n\ntest_a_2 if input.q\n"},
        NULL},
    {"gatekeeper-input", {"p.rego", "package p\n\na if input.review.x == input.request.x\n"},
        "package p\n\na if input.review.x == input.review.x\n"},
    {"hidden-character",
        {"a.rego", "package a\n\nx := \"a\xE2\x80\xAE\xE2\x80\x8B"
                   "b\"\n"},
        "package a\n\nx := \"ab\"\n"},
    {"mixed-script", {"a.rego", "package a\n\nx := \"kube-syst\xD0\xB5m\"\n"},
        "package a\n\nx := \"kube-system\"\n"},
    /* One of the letters looks like no Latin one. */
    {"mixed-script", {"a.rego", "package a\n\nx := \"kub\xD0\xB5\xD0\x96\"\n"}, NULL},
    {"kyverno-api",
        {"p.yaml",
            "apiVersion: policies.kyverno.io/v1alpha1\nkind: ValidatingPolicy\nmetadata:\n"
            "  name: p\n",
            ".bylaw/config.toml", "[guards]\nkyverno = \"1.19\"\n"},
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n"},
    {"kyverno-api",
        {"p.yaml", "apiVersion: policies.kyverno.io/v1alpha1\nkind: ValidatingPolicy\nmetadata:\n"
                   "  name: p\n"},
        NULL},
    {"kyverno-field",
        {"p.yaml", POLICY "  rules:\n    - name: a\n      validate:\n        message: no\n"
                          "        pattern: {a: b}\n    - name: b\n      validate:\n"
                          "        failureAction: Audit\n        message: no\n"
                          "    - name: c\n      mutate: {}\n"},
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"
        "  rules:\n    - name: a\n      validate:\n        failureAction: Enforce\n"
        "        message: no\n        pattern: {a: b}\n    - name: b\n      validate:\n"
        "        failureAction: Audit\n        message: no\n    - name: c\n      mutate: {}\n"},
    /* Images are verified; it is not written out; somebody says why. */
    {"kyverno-field", {"p.yaml", POLICY "  rules:\n    - name: a\n      verifyImages: []\n"}, NULL},
    {"kyverno-field", {"p.yaml", POLICY "  rules:\n    - name: a\n      validate: {message: no}\n"},
        NULL},
    {"kyverno-field", {"p.yaml", POLICY "  rules:\n    - name: a\n      validate: *v\n"}, NULL},
    {"kyverno-field",
        {"p.yaml", "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"
                   "  validationFailureAction: Audit # until June\n  rules:\n    - name: a\n"
                   "      validate:\n        message: no\n"},
        NULL},
    {"kyverno-field",
        {"p.yaml",
            "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n"
            "spec:\n  failureAction: Enforce\n  validations: []\n"},
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n"
        "spec:\n  validationActions: [Deny]\n  validations: []\n"},
    {"suite-unknown-name",
        {"kyverno-test.yaml",
            "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata:\n  name: t\n"
            "policies: [p.yaml]\nresources: [r.yaml]\nresults:\n"
            "  - policy: labls\n    resources: [x]\n    kind: Pod\n    result: fail\n",
            "p.yaml",
            "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n"
            "  name: labels\n",
            "r.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n"},
        "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata:\n  name: t\n"
        "policies: [p.yaml]\nresources: [r.yaml]\nresults:\n"
        "  - policy: labels\n    resources: [x]\n    kind: Pod\n    result: fail\n"},
    {"v0-syntax", {"p.rego", V0_TEXT, V1_FILES},
        "package p\n\ndefault allow = false\n\nallow if {\n\tinput.x\n}\n\n"
        "deny contains msg if {\n\tmsg := \"no\"\n}\n\nf(x) = y if {\n\ty := x\n}\n\n"
        "has(s) if {\n\tcontains(s, \"x\")\n}\n"},
    /* An else, an object built by parts, a name that is a keyword now, a function that is gone. */
    {"v0-syntax",
        {"p.rego", "package p\n\na = 1 {\n\tinput.x\n} else = 2 {\n\tinput.y\n}\n", V1_FILES},
        NULL},
    {"v0-syntax", {"p.rego", "package p\n\na[k] = 1 {\n\tk := input.x\n}\n", V1_FILES}, NULL},
    {"v0-syntax", {"p.rego", "package p\n\na {\n\tif := 1\n\tinput.x == if\n}\n", V1_FILES}, NULL},
    {"v0-syntax", {"p.rego", "package p\n\na {\n\tany([input.x])\n}\n", V1_FILES}, NULL},
};

static size_t count_of(const struct findings *findings, const char *guard, const char *path)
{
    size_t count = 0;
    VEC_FOREACH (const struct finding, finding, findings) {
        count += finding->file != NULL && strcmp(finding->rule, guard) == 0 &&
                 strcmp(finding->file, path) == 0;
    }
    return count;
}

static void look(const char *dir, struct findings *findings)
{
    struct err err;
    size_t files = 0;
    assert_ok(guards_check_folder(dir, NULL, 0, findings, &files, &err), err);
}

static void mend(const struct mending *m)
{
    char *dir = test_dir_make();
    const char *path = m->files[0];
    struct findings before = {0};
    struct findings after = {0};
    struct changes changes = {0};
    size_t fixed = 0;
    for (size_t i = 0; m->files[i] != NULL; i += 2) {
        test_write(dir, m->files[i], m->files[i + 1]);
    }
    look(dir, &before);
    assert_true(count_of(&before, m->guard, path) > 0);
    guards_fix(dir, &before, &changes, &fixed);
    if (m->after == NULL) {
        assert_null(changes_find(&changes, path));
    } else {
        assert_non_null(changes_find(&changes, path));
        assert_string_equal(changes_find(&changes, path)->content.ptr, m->after);
        test_write(dir, path, m->after);
        look(dir, &after);
        assert_int_equal(count_of(&after, m->guard, path), 0);
    }
    changes_free(&changes);
    findings_free(&before);
    findings_free(&after);
    test_dir_remove(dir);
}

static void fixes_clear_what_was_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mendings); i++) {
        mend(&mendings[i]);
    }
}

/* A fix is told in the docs and shown here; a guard without one says why. */
static void each_guard_has_a_fix_or_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; guards[i] != NULL; i++) {
        bool shown = false;
        for (size_t k = 0; k < ARRAY_LEN(mendings); k++) {
            shown = shown ||
                    (strcmp(mendings[k].guard, guards[i]->id) == 0 && mendings[k].after != NULL);
        }
        assert_true((guards[i]->fix == NULL) != (guards[i]->no_fix == NULL));
        assert_true(strlen(guards[i]->fix != NULL ? guards[i]->fix : guards[i]->no_fix) > 10);
        assert_true(shown == (guards[i]->fix != NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixes_clear_what_was_found),
        cmocka_unit_test(each_guard_has_a_fix_or_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
