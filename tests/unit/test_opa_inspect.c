/* What opa inspect prints, for people; and asked of the real one: a text that is not saved, a file
 * of the older Rego, one that neither version reads. */
#include "test.h"

#include "engine/engine.h"
#include "engine/opa_inspect.h"

#include <stdlib.h>

static void shown(void **state)
{
    (void)state;
    char *text = opa_inspect_show(
        STR_LIT("{\"namespaces\": {\"data.a.b\": [\"a/b.rego\", \"a/more.rego\"]}, "
                "\"annotations\": [{\"annotations\": {\"scope\": \"rule\", \"title\": \"T\", "
                "\"description\": \"one\\ntwo\", \"custom\": {\"control\": \"K8S-1\"}}, "
                "\"location\": {\"file\": \"./a/b.rego\", \"row\": 3}, \"path\": "
                "[{\"value\": \"data\"}, {\"value\": \"a\"}, {\"value\": \"deny\"}]}], "
                "\"capabilities\": {\"builtins\": [{\"name\": \"count\"}, {\"name\": \"eq\"}], "
                "\"features\": [\"rego_v1\"]}}"),
        "a");
    assert_string_equal(text, "Packages\n  a.b\n    a/b.rego\n    a/more.rego\n"
                              "\nAnnotations\n  rule a.deny  (b.rego:3)\n    T\n    one\n    two\n"
                              "    custom: {\"control\":\"K8S-1\"}\n"
                              "\nBuilt-in functions it calls\n  count eq\n"
                              "\nFeatures it needs\n  rego_v1\n");
    free(text);
    text = opa_inspect_show(STR_LIT("{\"namespaces\": {}}"), "docs");
    assert_string_equal(text, "opa finds no package in docs.\n");
    free(text);
}

static void nonsense(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "[]", "3", "{\"namespaces\": "};
    static const char *const odd[] = {"{\"namespaces\": 3, \"annotations\": {\"a\": 1}}",
        "{\"annotations\": [1, [], {\"path\": \"x\", \"annotations\": []}]}",
        "{\"capabilities\": {\"builtins\": [3, {}, {\"name\": \"\"}], \"features\": {\"a\": 1}}}",
        "{\"namespaces\": {\"data.x\": \"y\", \"\": [1]}, \"manifest\": [[[]]]}"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_null(opa_inspect_show(str_of(refused[i]), "x"));
    }
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        char *text = opa_inspect_show(str_of(odd[i]), "x");
        assert_non_null(text);
        free(text);
    }
}

/* ---- the real one ---- */

struct asked {
    bool ended;
    char *text;
    struct err err;
};

static void done(void *data, struct str json, const struct err *err)
{
    struct asked *asked = data;
    asked->ended = true;
    asked->err = *err;
    asked->text = err->kind == ERR_NONE ? opa_inspect_show(json, "x") : NULL;
}

static struct asked ask(const char *root, const char *path, struct str text)
{
    struct asked asked = {0};
    struct err err;
    struct loop *loop = loop_new(&err);
    struct opa_inspect_request request = {.root = root, .path = path, .text = text};
    struct opa_inspect *inspect = opa_inspect_start(loop, &request, done, &asked);
    assert_true(loop_run_until(loop, &asked.ended, 120000));
    opa_inspect_free(inspect);
    loop_free(loop);
    return asked;
}

static void opa_is_asked(void **state)
{
    (void)state;
    struct err err;
    char *opa = engine_find(&engine_opa, &err);
    if (opa == NULL) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    free(opa);
    char *dir = test_dir_make();
    test_write(dir, "old/a.rego", "package old.a\n\nx { count([1]) == 1 }\n");
    test_write(dir, "broken.rego", "package b\n\nx if {\n");
    struct asked asked = ask(dir, "old/a.rego", str_make(NULL, 0));
    assert_ok(asked.text != NULL, asked.err);
    assert_non_null(strstr(asked.text, "Packages\n  old.a\n"));
    free(asked.text);
    asked = ask(dir, "old/a.rego", STR_LIT("package unsaved\n\nx := upper(\"a\")\n"));
    assert_ok(asked.text != NULL, asked.err);
    assert_non_null(strstr(asked.text, "Packages\n  unsaved\n"));
    assert_non_null(strstr(asked.text, "upper"));
    free(asked.text);
    asked = ask(dir, "broken.rego", str_make(NULL, 0));
    assert_null(asked.text);
    assert_non_null(strstr(asked.err.text, "broken.rego:"));
    assert_non_null(strstr(asked.err.text, "rego_parse_error"));
    asked = ask(dir, "none.rego", str_make(NULL, 0));
    assert_null(asked.text);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(opa_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
