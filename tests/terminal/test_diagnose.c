/* Diagnostics of the real program while one types: nothing is saved in these tests unless they say
 * so. */
#include "term.h"

#include "base/mem.h"
#include "base/path.h"
#include "engine/opa.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char policy[] = "package p\n\nimport data.lib\n\nallow if lib.f(input.x) == 2\n";

static char *make_workspace(void)
{
    char *dir = test_dir_make();
    test_write(dir, "lib.rego", "package lib\n\nf(x) := x + 1\n");
    test_write(dir, "p.rego", policy);
    return dir;
}

static struct term *start(const char *dir, const char *open, const char *const *env)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, "--new", "--open", open, dir, NULL};
    struct term_options options = {.argv = argv, .rows = 40, .cols = 120, .env = env};
    struct term *term = term_start(&options);
    free(program);
    term_expect(term, open);
    term_key(term, "alt-3");
    term_type(term, "2");
    term_key(term, "alt-2");
    return term;
}

/* Where the cursor is, in the editor's title: the list below it has places, too. */
static void expect_place(struct term *term, const char *place)
{
    term_expect_row(term, 1, place);
}

static void errors_come_and_go_while_typing(void **state)
{
    (void)state;
    char *dir = make_workspace();
    struct term *term = start(dir, "p.rego", NULL);
    term_expect(term, "no problems in p.rego");
    term_key(term, "down down down down end");
    term_type(term, " + lib.g(1)");
    term_expect(term, "p.rego:5:32  undefined function data.lib.g  opa rego_type_error");
    term_expect(term, "✗  5");
    /* Behind the line once the cursor is elsewhere, and underlined. */
    term_key(term, "up");
    term_expect(term, "lib.g(1)   undefined function");
    int row;
    int col;
    struct term_cell cell;
    assert_true(term_find(term, "lib.g(1)   undefined", &row, &col));
    term_cell(term, row, col, &cell);
    assert_true(cell.underline);
    term_key(term, "ctrl-z ctrl-z");
    term_expect(term, "no problems in p.rego");
    /* A file that refers to the one in focus. */
    term_key(term, "ctrl-o");
    term_expect(term, "Files");
    term_type(term, "lib.rego");
    term_key(term, "enter");
    term_expect(term, "no problems in lib.rego");
    term_key(term, "down down");
    term_type(term, "h");
    term_expect(term, "p.rego:5:10  undefined function data.lib.f  opa rego_type_error");
    char *saved = test_read(dir, "lib.rego");
    assert_string_equal(saved, "package lib\n\nf(x) := x + 1\n");
    free(saved);
    /* From the list to the place. */
    term_key(term, "alt-3 enter");
    expect_place(term, "5:10 ");
    term_free(term);
    test_dir_remove(dir);
}

static void command(struct term *term, const char *name)
{
    term_key(term, "ctrl-p");
    term_expect(term, "Commands");
    term_type(term, name);
    term_key(term, "enter");
    term_expect_gone(term, "Commands");
}

/* The next problem is the one below the cursor, whatever the list's order is. */
static void the_next_one_follows_the_cursor(void **state)
{
    (void)state;
    char *dir = make_workspace();
    test_write(dir, "many.rego",
        "package many\n\nimport data.lib\n\na if nope\n\nb := 1\n\nc if nowhere\n");
    struct term *term = start(dir, "many.rego", NULL);
    term_expect(term, "var nowhere is unsafe");
    term_expect(term, "import data.lib unused");
    term_key(term, "ctrl-home");
    command(term, "next problem");
    expect_place(term, "3:1 ");
    command(term, "next problem");
    expect_place(term, "5:6 ");
    term_key(term, "down down");
    expect_place(term, "7:");
    command(term, "next problem");
    expect_place(term, "9:6 ");
    command(term, "previous problem");
    expect_place(term, "5:6 ");
    term_key(term, "down down");
    command(term, "previous problem");
    expect_place(term, "5:6 ");
    term_free(term);
    test_dir_remove(dir);
}

static void a_guard_and_its_fix(void **state)
{
    (void)state;
    char *dir = make_workspace();
    test_write(dir, "old.rego", "package old\n\nimport rego.v1\n\nallow if input.y\n");
    struct term *term = start(dir, "old.rego", NULL);
    term_expect(term, "old.rego:3:1  `import rego.v1` does nothing in Rego v1");
    term_expect(term, "mendable  guard depr");
    term_key(term, "alt-enter");
    term_expect(term, "Nothing to mend in this line");
    term_key(term, "down down alt-enter");
    term_expect_gone(term, "import rego.v1");
    term_expect(term, "no problems in old.rego");
    term_key(term, "ctrl-z");
    term_expect(term, "old.rego:3:1  `import rego.v1` does nothing in Rego v1");
    term_free(term);
    test_dir_remove(dir);
}

/* CEL and JMESPath in a policy are checked where they stand, as they are typed. */
static void languages_inside_are_checked(void **state)
{
    (void)state;
    char *dir = make_workspace();
    test_write(dir, "cel.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n"
        "spec:\n  validations:\n    - message: no\n      expression: |\n"
        "        object.spec.containers.all(c,\n          has(c.limits)\n"
        "    - expression: \"true\"\n"
        "---\napiVersion: kyverno.io/v2\nkind: ClusterPolicy\nmetadata:\n  name: q\nspec:\n"
        "  rules:\n    - name: a\n      validate:\n"
        "        message: \"x {{ request.object.metadata[ }}\"\n");
    struct term *term = start(dir, "cel.yaml", NULL);
    term_expect(term, "✗ cel.yaml:10:24");
    term_expect(term, "CEL: ");
    term_expect(term, "✗ cel.yaml:21");
    term_expect(term, "JMESPath: ");
    term_key(term, "ctrl-g");
    term_type(term, "10");
    term_key(term, "enter end");
    term_type(term, ")");
    term_expect_gone(term, "CEL: ");
    term_expect(term, "JMESPath: ");
    term_free(term);
    test_dir_remove(dir);
}

static void without_opa_it_says_so(void **state)
{
    (void)state;
    char *dir = make_workspace();
    struct term *term = start(dir, "p.rego", (const char *const[]){"PATH=/nowhere", NULL});
    term_expect(term, "not checked: opa is not on PATH");
    term_expect(term, "not checked ");
    term_free(term);
    test_dir_remove(dir);
}

static void templates_are_checked_in_place(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "t.yaml",
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata:\n  name: k\n"
        "spec:\n  crd:\n    spec:\n      names:\n        kind: K\n  targets:\n"
        "    - target: admission.k8s.gatekeeper.sh\n      rego: |\n        package k\n"
        "        violation[{\"msg\": m}] { m := input.request.m; f(m) }\n");
    struct term *term = start(dir, "t.yaml", NULL);
    term_expect(term, "t.yaml:14:55  undefined function f");
    term_expect(term, "t.yaml:14:44  Gatekeeper gives input.review");
    term_free(term);
    test_dir_remove(dir);
}

/* An empty list says nothing of the guards that read what engines decide: which have not been
 * evaluated is told, and the key that does it. What tests show is read when they have run. */
static void guards_that_wait_are_told(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "p.rego",
        "package p\n\ndeny contains sprintf(\"%s\", [input.n]) if input.x\n\n"
        "deny contains sprintf(\"%s!\", [input.n]) if input.y\n");
    test_write(dir, "p_test.rego",
        "package p_test\n\nimport data.p\n\n"
        "test_x if \"a\" in p.deny with input as {\"n\": \"a\", \"x\": true}\n");
    test_write(dir, "testdata/valid.json", "{\"n\": \"web\", \"x\": true}\n");
    static const char *const env[] = {"BYLAW_MESSAGE_MS=500", NULL}; /* it stands below the list */
    struct term *term = start(dir, "p.rego", env);
    term_expect(term, "p.rego:5:1  no test makes this rule of deny hold");
    term_expect(term, "3 guards not evaluated: Alt-A applies the policies to the fixtures");
    term_key(term, "alt-A");
    term_expect(term, "1 of 1 documents");
    term_expect(term, "[deny]");
    term_key(term, "esc");
    term_expect(term, "valid.json:1:1  said to be valid, and its own policy denies it");
    term_expect_gone(term, "not evaluated");
    term_free(term);
    test_dir_remove(dir);
}

/* A gator that says of each suite that its one test without cases passes. */
static char *fake_gator(const char *dir)
{
    test_write(dir, "gator",
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'gator version v3.23.0' && exit\n"
        "printf '=== RUN   t\\n--- PASS: t\\t(0.001s)\\nok\\t%s\\t0.002s\\nPASS\\n' \"$4\"\n");
    char *program = path_join(dir, "gator");
    assert_int_equal(chmod(program, 0700), 0);
    free(program);
    return mem_printf("PATH=%s:%s", dir, getenv("PATH"));
}

/* A suite that is not saved is not asked, which is no fault of it, and says nothing of the other
 * suites of its engine. */
static void an_unsaved_suite_speaks_for_itself(void **state)
{
    (void)state;
    static const char suite[] = "kind: Suite\napiVersion: test.gatekeeper.sh/v1alpha1\n"
                                "tests:\n- name: t\n  template: t.yaml\n  constraint: c.yaml\n";
    char *dir = test_dir_make();
    char *bin = test_dir_make();
    char *path = fake_gator(bin);
    const char *env[] = {path, NULL};
    test_write(dir, "a.yaml", suite);
    test_write(dir, "b.yaml", suite);
    struct term *term = start(dir, "b.yaml", env);
    term_expect(term, "a.yaml:4:3  template: the test has no cases");
    term_expect(term, "b.yaml:4:3  template: the test has no cases");
    term_key(term, "ctrl-end");
    term_type(term, "# not saved");
    term_expect_gone(term, "b.yaml:4:3  template");
    term_expect(term, "a.yaml:4:3  template: the test has no cases");
    term_free(term);
    test_dir_remove(bin);
    test_dir_remove(dir);
    free(path);
}

/* What an engine that is not there did not answer is no empty list, but not evaluated. */
static void an_absent_engine_is_told(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    char *bin = test_dir_make();
    struct err err;
    char *opa = engine_find(&engine_opa, &err);
    if (opa == NULL) {
        skip();
    }
    char *link = path_join(bin, "opa");
    assert_int_equal(symlink(opa, link), 0);
    char *path = mem_printf("PATH=%s:/usr/bin:/bin", bin);
    char *cache = mem_printf("XDG_CACHE_HOME=%s", bin);
    const char *env[] = {path, cache, "BYLAW_MESSAGE_MS=500", NULL};
    test_write(dir, "p.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n"
        "  - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate:\n"
        "      failureAction: Enforce\n      message: no\n"
        "      pattern: {metadata: {labels: {a: \"?*\"}}}\n");
    test_write(dir, "kyverno-test.yaml",
        "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n"
        "policies: [p.yaml]\nresources: [valid.yaml, invalid.yaml]\nresults:\n"
        "- {policy: p, rule: r, resources: [a], kind: Pod, result: pass}\n"
        "- {policy: p, rule: r, resources: [b], kind: Pod, result: fail}\n");
    test_write(
        dir, "valid.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {a: x}}\n");
    test_write(dir, "invalid.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\n");
    struct term *term = start(dir, "valid.yaml", env);
    term_expect(term, "2 tests could not be");
    term_key(term, "alt-A");
    term_expect(term, "2 of 2 documents");
    term_expect(term, "[none]");
    term_key(term, "esc");
    term_expect(term, "4 guards not evaluated: 2 documents called");
    term_free(term);
    free(cache);
    free(path);
    free(link);
    free(opa);
    test_dir_remove(bin);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_come_and_go_while_typing),
        cmocka_unit_test(the_next_one_follows_the_cursor),
        cmocka_unit_test(languages_inside_are_checked),
        cmocka_unit_test(a_guard_and_its_fix),
        cmocka_unit_test(without_opa_it_says_so),
        cmocka_unit_test(templates_are_checked_in_place),
        cmocka_unit_test(guards_that_wait_are_told),
        cmocka_unit_test(an_unsaved_suite_speaks_for_itself),
        cmocka_unit_test(an_absent_engine_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
