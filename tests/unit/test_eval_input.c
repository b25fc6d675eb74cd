/* Inputs of an evaluation: their lines in the state file, what is remembered, documents of a YAML
 * stream; and what can be evaluated at a place of a policy. */
#include "test.h"

#include "engine/eval_input.h"
#include "policy/target.h"

#include <stdio.h>
#include <stdlib.h>

static void a_line_comes_back(void **state)
{
    (void)state;
    static const char *const good[] = {"none", "file a/b.json", "file a b#1.yaml#12",
        "test p/x_test.rego:12 test_a", "test a b.rego:3 x.test_b"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct eval_input input;
        assert_true(eval_input_parse(str_of(good[i]), &input));
        struct eval_input copy = eval_input_copy(&input);
        char *line = eval_input_print(&copy);
        assert_string_equal(line, good[i]);
        free(line);
        eval_input_free(&input);
        eval_input_free(&copy);
    }
    static const char *const bad[] = {"", "file ", "file ../x", "file /etc/passwd",
        "test a.rego test_x", "test a.rego:0 t", "text 1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct eval_input input;
        if (eval_input_parse(str_of(bad[i]), &input)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void documents_are_found(void **state)
{
    (void)state;
    struct str yaml = STR_LIT("# first\n---\na: 1\n---\n\n# nothing\n---\nb: |\n  --- no\n---\n");
    assert_true(str_equal_c(eval_document(yaml, 1), "a: 1\n"));
    assert_true(str_equal_c(eval_document(yaml, 2), "b: |\n  --- no\n"));
    assert_int_equal(eval_document(yaml, 3).len, 0);
}

static void the_last_input_is_remembered(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    setenv("XDG_STATE_HOME", dir, 1);
    struct eval_input input = {0};
    struct eval_input back;
    assert_false(eval_memory_get("/w", "p.rego", &back));
    for (unsigned i = 0; i < 510; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%u.rego", i);
        input = (struct eval_input){
            .kind = EVAL_INPUT_FILE, .path = (char *)"pods.yaml", .document = i % 7};
        eval_memory_set("/w", name, &input);
    }
    assert_true(eval_memory_get("/w", "p509.rego", &back));
    assert_string_equal(back.path, "pods.yaml");
    assert_int_equal(back.document, 509 % 7);
    eval_input_free(&back);
    /* The oldest are forgotten, other workspaces are other files. */
    assert_false(eval_memory_get("/w", "p0.rego", &back));
    assert_false(eval_memory_get("/v", "p509.rego", &back));
    input = (struct eval_input){0};
    eval_memory_set("/w", "p509.rego", &input);
    assert_true(eval_memory_get("/w", "p509.rego", &back));
    assert_int_equal(back.kind, EVAL_INPUT_NONE);
    test_dir_remove(dir);
}

static const char module[] =
    "package a[\"b-c\"]\n"
    "\n"
    "import data.lib as l # as\n"
    "\n"
    "x contains y if {\n"
    "\tsome y in [1]\n"
    "}\n"
    "\n"
    "f(z) := z\n"
    "\n"
    "test_one if {\n"
    "\tin := {\"k\": 1}\n"
    "\tx == 2\n"
    "\tevery i in [1] { some j in [i]; x with input as {\"j\": j, \"in\": in} }\n"
    "}\n";

static void what_is_at_a_place(void **state)
{
    (void)state;
    static const struct {
        size_t row;
        const char *query, *label;
        bool test;
    } places[] = {{0, "data.a[\"b-c\"]", "package a[\"b-c\"]", false},
        {5, "data.a[\"b-c\"].x", "x", false}, {10, "data.a[\"b-c\"].test_one", "test_one", true}};
    struct target target;
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_ok(target_at(str_of(module), places[i].row, str_make("", 0), &target, &err), err);
        assert_string_equal(target.query, places[i].query);
        assert_string_equal(target.label, places[i].label);
        assert_int_equal(target.is_test, places[i].test);
        target_free(&target);
    }
    assert_false(target_at(str_of(module), 8, str_make("", 0), &target, &err));
    assert_non_null(strstr(err.text, "f is a function"));
    assert_ok(target_at(str_of(module), 8, STR_LIT(" f(1) "), &target, &err), err);
    assert_string_equal(target.query, "f(1)");
    assert_int_equal(target.imports.len, 1);
    assert_string_equal(target.imports.items[0], "data.lib as l");
    target_free(&target);
    assert_false(target_at(STR_LIT("x := 1\n"), 0, str_make("", 0), &target, &err));
}

static void inputs_of_tests(void **state)
{
    (void)state;
    struct target_inputs inputs = {0};
    struct buf copy = BUF_INIT;
    struct err err;
    char *query = NULL;
    target_inputs_find(str_of(module), &inputs);
    assert_int_equal(inputs.len, 1);
    assert_string_equal(inputs.items[0].test, "test_one");
    assert_int_equal(inputs.items[0].row, 14);
    assert_string_equal(inputs.items[0].shown, "{\"j\": j, \"in\": in}");
    assert_ok(target_input_module(str_of(module), "test_one", 14, false, &copy, &query, &err), err);
    assert_string_equal(query, "data.a[\"b-c\"].bylaw_inputs");
    /* What binds comes along, what checks does not. */
    assert_non_null(strstr(copy.ptr, "bylaw_inputs contains bylaw_input if {\nin := {\"k\": 1}\n"
                                     "some j in [i]\nbylaw_input := {\"j\": j, \"in\": in}\n}\n"));
    assert_false(target_input_module(str_of(module), "test_one", 3, false, &copy, &query, &err));
    free(query);
    buf_free(&copy);
    target_inputs_free(&inputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_comes_back),
        cmocka_unit_test(documents_are_found),
        cmocka_unit_test(the_last_input_is_remembered),
        cmocka_unit_test(what_is_at_a_place),
        cmocka_unit_test(inputs_of_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
