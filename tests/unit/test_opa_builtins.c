#include "test.h"

#include "base/vec.h"
#include "engine/opa_builtins.h"

#include <stdlib.h>

static void read(const char *settings, struct opa_builtins *out, struct findings *problems)
{
    char *dir = test_dir_make();
    test_write(dir, ".bylaw/config.toml", settings);
    opa_builtins_read(dir, out, problems);
    test_dir_remove(dir);
}

static const struct opa_builtin *find(const struct opa_builtins *builtins, const char *name)
{
    VEC_FOREACH (const struct opa_builtin, builtin, builtins) {
        if (strcmp(builtin->name, name) == 0) {
            return builtin;
        }
    }
    return NULL;
}

static void programs_and_own(void **state)
{
    (void)state;
    struct opa_builtins builtins = {0};
    struct findings problems = {0};
    read("[engines.opa]\nbuiltins_of = [\"trivy\", \"conftest\"]\n"
         "[engines.opa.builtins]\n"
         "\"acme.lookup\" = { args = [\"string\", \"array[set[number]]\"], result = \"object\" }\n"
         "now = {}\n"
         "isManaged = { args = [\"string\"], result = \"boolean\" }\n",
        &builtins, &problems);
    assert_int_equal(problems.len, 0);
    assert_int_equal(builtins.len, 6 + 3 + 2);
    assert_string_equal(find(&builtins, "acme.lookup")->args, "string,array[set[number]]");
    assert_string_equal(find(&builtins, "now")->args, "");
    assert_string_equal(find(&builtins, "now")->result, "any");
    assert_string_equal(find(&builtins, "isManaged")->args, "string"); /* one's own goes before */
    assert_non_null(find(&builtins, "parse_config"));
    assert_int_not_equal(opa_builtins_hash(&builtins), 0);
    struct err err;
    cJSON *capabilities = json_parse(
        STR_LIT("{\"builtins\": [{\"name\": \"now\", \"decl\": {\"own\": true}}]}"), NULL);
    assert_ok(opa_builtins_add(capabilities, &builtins, &err), err);
    cJSON *list = json_get(capabilities, "builtins");
    assert_int_equal(cJSON_GetArraySize(list), 11); /* what is there stays */
    assert_true(json_bool_or(json_get(cJSON_GetArrayItem(list, 0), "decl"), "own", false));
    char *lookup = json_print(cJSON_GetArrayItem(list, 1));
    assert_string_equal(lookup,
        "{\"name\":\"acme.lookup\",\"decl\":{\"type\":\"function\",\"args\":[{\"type\":\"string\"},"
        "{\"type\":\"array\",\"dynamic\":{\"type\":\"set\",\"of\":{\"type\":\"number\"}}}],"
        "\"result\":{\"type\":\"object\",\"dynamic\":{\"key\":{\"type\":\"any\"},\"value\":{"
        "\"type\":\"any\"}}}}}");
    free(lookup);
    cJSON_Delete(capabilities);
    opa_builtins_free(&builtins);
    findings_free(&problems);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    struct opa_builtins builtins = {0};
    struct findings problems = {0};
    read("[engines.opa]\nbuiltins_of = [\"trivy\", \"nobody\", 3]\n"
         "[engines.opa.builtins]\n"
         "\"a..b\" = {}\n"
         "odd = { args = [\"text\"] }\n"
         "deep = { args = [\"array[array[array[array[array[array[any]]]]]]\"] }\n"
         "fine = { result = \"set\" }\n",
        &builtins, &problems);
    assert_int_equal(problems.len, 5);
    assert_int_equal(problems.items[0].at.row, 4);
    assert_non_null(strstr(problems.items[0].message, "a..b is declared as"));
    assert_non_null(strstr(problems.items[3].message, "not of nobody"));
    assert_string_equal(problems.items[3].file, ".bylaw/config.toml");
    assert_int_equal(builtins.len, 7);
    opa_builtins_free(&builtins);
    findings_free(&problems);
    read("[engines]\nopa = 3\n", &builtins, NULL);
    assert_int_equal(builtins.len, 0);
    assert_int_equal(opa_builtins_hash(&builtins), 0);
    opa_builtins_free(&builtins);
}

static void what_opa_says(void **state)
{
    (void)state;
    char *said = opa_builtin_explain("unsupported built-in: result.new");
    assert_non_null(strstr(said, "it calls result.new, which only trivy has"));
    free(said);
    said = opa_builtin_explain("unsupported built-in: acme.lookup");
    assert_non_null(strstr(said, "it calls acme.lookup, which another program has"));
    free(said);
    assert_null(opa_builtin_explain("div: divide by zero"));
    assert_null(opa_builtin_explain(NULL));
    said = opa_builtin_advise("undefined function ec.purl.parse", NULL);
    assert_non_null(strstr(said, "builtins_of = [\"conforma\"]"));
    free(said);
    assert_null(opa_builtin_advise("undefined function data.lib.f", NULL));
    said =
        opa_builtin_advise("with keyword target must reference existing input, data, or a function",
            "\tx with ec.oci.image_manifests as {}");
    assert_non_null(strstr(said, "ec.oci.image_manifests is conforma's"));
    free(said);
    assert_null(opa_builtin_advise("with keyword target must reference", "\tx with f as 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_and_own),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(what_opa_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
