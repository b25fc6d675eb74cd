/* Suites of Gatekeeper, Kyverno and Cedar that nothing can be run of: each is a test by itself, for
 * a run that says nothing of it would be green. */
#include "test.h"

#include "base/vec.h"
#include "engine/cedar.h"
#include "engine/gator.h"
#include "engine/kyverno.h"

#include <stdlib.h>

#define GATOR   "kind: Suite\napiVersion: test.gatekeeper.sh/v1alpha1\n"
#define KYVERNO "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\n"

struct fixture {
    char *root;
    struct policy_index *index;
    struct run_plan *plan;
};

static struct fixture plan_of(const char *path, const char *text)
{
    struct err err;
    struct fixture f = {.root = test_dir_make(), .index = policy_index_new()};
    test_write(f.root, path, text);
    assert_ok(policy_index_scan(f.index, f.root, NULL, &err), err);
    f.plan = engine_opa.plan(f.index, RUN_ALL, NULL, 0, NULL);
    gator_extend(f.plan, f.index, RUN_ALL, NULL, 0);
    kyverno_extend(f.plan, f.index, RUN_ALL, NULL, 0);
    cedar_extend(f.plan, f.index, RUN_ALL, NULL, 0);
    return f;
}

static void end(struct fixture *f)
{
    run_plan_free(f->plan);
    policy_index_free(f->index);
    test_dir_remove(f->root);
}

/* One test, of this name, that runs; its unit's trouble has these words (NULL: it has none). */
static void expect_one(const char *path, const char *text, const char *name, const char *trouble)
{
    struct fixture f = plan_of(path, text);
    assert_int_equal(f.plan->tests.len, 1);
    assert_string_equal(f.plan->tests.items[0].name, name);
    assert_true(f.plan->tests.items[0].included);
    const struct plan_unit *unit = &f.plan->units.items[f.plan->tests.items[0].unit];
    if (trouble == NULL) {
        assert_null(unit->trouble);
    } else {
        assert_non_null(unit->trouble);
        assert_non_null(strstr(unit->trouble, trouble));
    }
    end(&f);
}

/* The text, after or before so many bytes of comments. */
static char *with_comments(const char *text, size_t bytes, bool before)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, before ? "" : text);
    while (out.len < bytes) {
        buf_append_c(&out, "# Licensed under the Apache License, Version 2.0\n");
    }
    buf_append_c(&out, before ? text : "");
    return buf_take(&out);
}

static void broken_ones_are_run(void **state)
{
    (void)state;
    expect_one("s.yaml", GATOR "tests:\n- name: [x\n", "s.yaml", NULL);
    expect_one("s.yaml", "kind: Suit\napiVersion : test.gatekeeper.sh/v1alpha1\n", "s.yaml", NULL);
    expect_one("kyverno-test.yaml", KYVERNO "results: [\n", "kyverno-test.yaml", NULL);
    expect_one("kyverno-test.yaml", "", "kyverno-test.yaml", NULL);
}

/* One that lost its content, beside the template that it tested; elsewhere the name means nothing.
 */
static void an_emptied_one_is_told(void **state)
{
    (void)state;
    static const char *const contents[] = {"", "---\n# a suite\n"};
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        struct fixture f = {.root = test_dir_make(), .index = policy_index_new()};
        struct err err;
        test_write(f.root, "a/suite.yaml", contents[i]);
        test_write(f.root, "a/template.yaml",
            "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\n");
        test_write(f.root, "a/b/suite.yaml", contents[i]);
        test_write(f.root, "suite.yaml", contents[i]);
        assert_ok(policy_index_scan(f.index, f.root, NULL, &err), err);
        f.plan = engine_opa.plan(f.index, RUN_ALL, NULL, 0, NULL);
        gator_extend(f.plan, f.index, RUN_ALL, NULL, 0);
        assert_int_equal(f.plan->tests.len, 1);
        const struct plan_test *test = &f.plan->tests.items[0];
        assert_string_equal(test->name, "suite.yaml");
        assert_true(test->included);
        assert_non_null(strstr(f.plan->units.items[test->unit].trouble, "nothing is in it"));
        end(&f);
    }
}

static void a_long_head_hides_nothing(void **state)
{
    (void)state;
    char *text = with_comments(GATOR "tests:\n- name: t\n  cases:\n  - name: c\n", 100000, true);
    expect_one("s.yaml", text, "c", NULL);
    free(text);
}

static void large_ones_are_told(void **state)
{
    (void)state;
    char *suite = with_comments(GATOR "tests:\n- name: t\n", PLAN_SUITE_MAX + 1, false);
    expect_one("s.yaml", suite, "s.yaml", "is too large");
    free(suite);
    char *test = with_comments(KYVERNO "results:\n- policy: p\n", PLAN_SUITE_MAX + 1, false);
    expect_one("kyverno-test.yaml", test, "kyverno-test.yaml", "is too large");
    free(test);
}

static void tests_without_policies_are_told(void **state)
{
    (void)state;
    expect_one("a_tests.json",
        "[{\"request\": {\"principal\": \"User::\\\"a\\\"\"}, \"decision\": \"deny\"}]\n",
        "a_tests.json", "there are no Cedar policies for it");
}

/* What the settings ask about and is not there is an error, not less to test. */
static void settings_name_what_is_there(void **state)
{
    (void)state;
    struct fixture f = plan_of(".bylaw/config.toml",
        "[engines.cedar.sets.a]\npolicies = [\"a/\"]\ntests = \"t.json\"\n"
        "[engines.kyverno]\nsuites = [\"check.yaml\"]\n");
    static const char *const said[] = {"suites: there is no file check.yaml",
        "policies: there is no file a/", "tests: there is no file t.json"};
    static const unsigned rows[] = {5, 2, 3};
    assert_int_equal(f.plan->notes.len, ARRAY_LEN(said));
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        const struct finding *note = &f.plan->notes.items[i];
        assert_int_equal(note->severity, SEVERITY_ERROR);
        assert_string_equal(note->file, ".bylaw/config.toml");
        assert_int_equal(note->at.row, rows[i]);
        assert_non_null(strstr(note->message, said[i]));
    }
    end(&f);
}

static void what_is_no_suite_is_none(void **state)
{
    (void)state;
    struct fixture f = plan_of("c.yaml", "kind: ConfigMap\ndata:\n  a: test.gatekeeper.sh/x\n");
    assert_int_equal(f.plan->tests.len, 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_ones_are_run),
        cmocka_unit_test(an_emptied_one_is_told),
        cmocka_unit_test(a_long_head_hides_nothing),
        cmocka_unit_test(large_ones_are_told),
        cmocka_unit_test(tests_without_policies_are_told),
        cmocka_unit_test(settings_name_what_is_there),
        cmocka_unit_test(what_is_no_suite_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
