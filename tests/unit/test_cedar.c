/* What cedar prints, where policies stand, and which files belong together; cedar itself is run in
 * tests/integration/test_cedar.c. */
#include "test.h"

#include "base/vec.h"
#include "engine/cedar_parse.h"
#include "engine/cedar_set.h"
#include "engine/cedar_text.h"
#include "engine/engine.h"

#include <stdlib.h>

/* ---- text ---- */

static void policies_and_their_ids(void **state)
{
    (void)state;
    struct cedar_policies policies = {0};
    cedar_text_policies(STR_LIT("// permit (principal);\n"
                                "permit (principal, action, resource);\n"
                                "@id(\"own \\\"x\\\"\") @note(\"forbid;\")\n"
                                "forbid (principal == User::\"a;b\", action, resource)\n"
                                "when { context.x == \"}\" };\n"
                                "@id(\"a\")@id(\"b\")\n"
                                "permit (principal == ?principal, action, resource);\n"
                                "permit"),
        &policies);
    assert_int_equal(policies.len, 4);
    assert_string_equal(policies.items[0].id, "policy0");
    assert_int_equal(policies.items[0].offset, 23);
    assert_false(policies.items[0].forbid);
    assert_string_equal(policies.items[1].id, "own \"x\"");
    assert_true(policies.items[1].forbid);
    assert_string_equal(policies.items[2].id, "b");
    assert_string_equal(policies.items[3].id, "policy3");
    cedar_policies_free(&policies);
}

static void places_in_several_files(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(
        dir, "a.cedar", "// \xc3\xa9\xc3\xa9\n@id(\"one\")\npermit (principal);"); /* no LF */
    test_write(dir, "b.cedar", "\n  forbid (principal);\n");
    char *paths[] = {"a.cedar", "b.cedar", "gone.cedar"};
    struct cedar_source source;
    assert_true(cedar_source_read(dir, paths, 2, &source));
    const char *path = NULL;
    struct position at = cedar_source_place(&source, 3 + 4, &path);
    assert_string_equal(path, "a.cedar");
    assert_int_equal(at.row, 1);
    assert_int_equal(at.col, 8); /* in bytes */
    bool forbid = false;
    assert_true(cedar_source_policy(&source, "policy1", &path, &at, &forbid));
    assert_true(forbid);
    assert_string_equal(path, "b.cedar");
    assert_int_equal(at.row, 2);
    assert_int_equal(at.col, 3);
    assert_true(cedar_source_policy(&source, "one", &path, &at, NULL));
    assert_int_equal(at.row, 3);
    assert_false(cedar_source_policy(&source, "policy0", &path, &at, NULL));
    at = cedar_source_place(&source, 1u << 30, &path);
    assert_string_equal(path, "b.cedar");
    cedar_source_free(&source);
    assert_false(cedar_source_read(dir, paths, 3, &source));
    cedar_source_free(&source);
    test_dir_remove(dir);
}

/* ---- what it prints ---- */

static void outcomes_of_tests(void **state)
{
    (void)state;
    struct err err;
    struct cedar_outcomes outcomes = {0};
    assert_ok(cedar_parse_outcomes(
                  STR_LIT("running 4 test(s)\n"
                          "  test a ... ok ... ok\n"
                          "  test b ... fail: expected Deny, got Allow\n"
                          "  test (unnamed) ... error:\n"
                          "  {\"message\": \"no \\u001b[31m\",\"severity\": \"error\",\"causes\": "
                          "[\"because\"],\"labels\": [],\"related\": []}\n"
                          "  test c ... error:\n"
                          "  what no one expects\n"
                          "results: 1 passed, 3 failed\n"),
                  &outcomes, &err),
        err);
    assert_int_equal(outcomes.len, 4);
    assert_int_equal(outcomes.items[0].status, RESULT_PASS);
    assert_int_equal(outcomes.items[1].status, RESULT_FAIL);
    assert_string_equal(outcomes.items[1].message, "expected Deny, got Allow");
    assert_int_equal(outcomes.items[2].status, RESULT_ERROR);
    assert_string_equal(outcomes.items[2].message, "no ^[[31m: because");
    assert_string_equal(outcomes.items[3].message, "what no one expects");
    cedar_outcomes_free(&outcomes);
}

/* A name that looks like another test's outcome does not make a test pass. */
static void outcomes_that_do_not_add_up(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "running 1 test(s)\n",
        "running 1 test(s)\n  test a ... ",
        "running 1 test(s)\n  test x ... ok\n  test y ... ok\nresults: 2 passed, 0 failed\n",
        "running 2 test(s)\n  test x ... ok\nresults: 1 passed, 0 failed\n", "  test x ... ok\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err;
        struct cedar_outcomes outcomes = {0};
        assert_false(cedar_parse_outcomes(str_of(texts[i]), &outcomes, &err));
        cedar_outcomes_free(&outcomes);
    }
}

static void tests_of_a_file(void **state)
{
    (void)state;
    struct cedar_tests tests = {0};
    assert_true(cedar_parse_tests(
        STR_LIT("[{\"name\": \"a\", \"request\": {}, \"decision\": \"allow\", \"reason\": [\"p\", "
                "\"q\"], \"num_errors\": 2, \"entities\": \"e.json\"},\n"
                " {\"decision\": \"deny\", \"reason\": []}, 3]"),
        &tests));
    assert_int_equal(tests.len, 3);
    assert_string_equal(tests.items[0].name, "a");
    assert_string_equal(tests.items[0].expected, "allow\nreason: p, q\n2 errors");
    assert_string_equal(tests.items[0].reason, "p");
    assert_string_equal(tests.items[0].entities, "e.json");
    assert_int_equal(tests.items[0].offset, 1);
    assert_string_equal(tests.items[1].name, "unnamed 2");
    assert_string_equal(tests.items[1].expected, "deny");
    assert_null(tests.items[1].reason);
    assert_string_equal(tests.items[2].expected, "");
    cedar_tests_free(&tests);
    tests = (struct cedar_tests){0};
    assert_true(cedar_parse_tests(STR_LIT(" [ ] "), &tests));
    assert_int_equal(tests.len, 0);
    assert_false(cedar_parse_tests(STR_LIT("{}"), &tests));
    assert_false(cedar_parse_tests(STR_LIT("[{\"name\": "), &tests));
    cedar_tests_free(&tests);
}

static void answers(void **state)
{
    (void)state;
    struct cedar_answer answer = {0};
    cedar_parse_answer(
        STR_LIT("\nDENY\n\nerror while evaluating policy `policy0`: no such\n\nnote: "
                "this decision was due to the following policies:\n  policy1\n  b\n"),
        &answer);
    assert_true(answer.decided);
    assert_false(answer.allow);
    assert_int_equal(answer.errors.len, 1);
    assert_int_equal(answer.reason.len, 2);
    assert_string_equal(answer.reason.items[1], "b");
    cedar_answer_free(&answer);
    answer = (struct cedar_answer){0};
    cedar_parse_answer(STR_LIT("\nALLOWED\n"), &answer);
    assert_false(answer.decided);
    cedar_answer_free(&answer);
}

static void diagnostics_with_places(void **state)
{
    (void)state;
    struct cedar_diagnostics found = {0};
    cedar_parse_diagnostics(
        STR_LIT(
            "noise\n{\"message\": \"policy set validation failed\",\"severity\": \"error\","
            "\"causes\": [],\"filename\": \"\",\"labels\": [],\"related\": [{\"message\": \"for "
            "policy `p`, odd\",\"severity\": \"warning\",\"causes\": [\"why\"],\"help\": \"do\","
            "\"labels\": [{\"label\": \"here\",\"span\": {\"offset\": 12,\"length\": "
            "3}}],\"related\": []}]}\n"
            "{\"message\": \"failed to parse schema from file x\",\"severity\": \"error\","
            "\"causes\": [\"expected ident at line 3 column 7\"],\"labels\": [],\"related\": "
            "[]}\n{\"message\": \"policy set validation passed\",\"severity\": "
            "\"advice\",\"causes\": [\"no errors or warnings\"],\"labels\": [],\"related\": []}\n"
            "{\"no\": 1}\n{broken\n"),
        &found);
    assert_int_equal(found.len, 2);
    assert_string_equal(found.items[0].message, "for policy `p`, odd: why (here)");
    assert_string_equal(found.items[0].help, "do");
    assert_int_equal(found.items[0].severity, SEVERITY_WARNING);
    assert_true(found.items[0].has_span);
    assert_int_equal(found.items[0].offset, 12);
    assert_int_equal(found.items[0].length, 3);
    assert_true(found.items[1].in_schema);
    assert_int_equal(found.items[1].row, 3);
    assert_int_equal(found.items[1].col, 7);
    cedar_diagnostics_free(&found);
}

/* ---- sets ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Finds the sets of these files, written with this content. */
static void find(char *dir, const char *const (*files)[2], struct cedar_sets *sets)
{
    struct plan_words paths = {0};
    for (size_t i = 0; files[i][0] != NULL; i++) {
        test_write(dir, files[i][0], files[i][1]);
        VEC_PUSH(&paths, mem_strdup(files[i][0]));
    }
    qsort(paths.items, paths.len, sizeof *paths.items, by_text);
    cedar_sets_find(dir, &paths, sets);
    plan_words_free(&paths);
}

static const struct cedar_set *set_of(const struct cedar_sets *sets, const char *label)
{
    VEC_FOREACH (const struct cedar_set, set, sets) {
        if (strcmp(set->label, label) == 0) {
            return set;
        }
    }
    fail_msg("there is no set %s", label);
    return NULL;
}

#define TESTS "[{\"request\": {}, \"decision\": \"deny\"}]"

static void as_in_cedars_examples(void **state)
{
    (void)state;
    static const char *const files[][2] = {{"docs/policies.cedar", ""},
        {"docs/policies.cedarschema", ""}, {"docs/entities.json", "[]"}, {"docs/linked", "[]"},
        {"docs/ALLOW/a.json", "{}"}, {"docs/DENY/b.json", "{}"}, {"docs/DENY/README.md", ""},
        {"docs/tests.json", TESTS}, {"docs/package.json", "{}"}, {"photo/photoapp.cedar", ""},
        {"photo/photoapp.cedarschema", ""}, {"photo/photoapp.cedarschema.json", "{}"},
        {"photo/photoapp.cedarentities.json", "[]"}, {"photo/allow/c.json", "{}"}, {NULL, NULL}};
    char *dir = test_dir_make();
    struct cedar_sets sets = {0};
    find(dir, files, &sets);
    assert_int_equal(sets.len, 2);
    const struct cedar_set *docs = set_of(&sets, "docs/policies.cedar");
    assert_string_equal(docs->schema, "docs/policies.cedarschema");
    assert_string_equal(docs->entities, "docs/entities.json");
    assert_string_equal(docs->links, "docs/linked");
    assert_int_equal(docs->tests.len, 1);
    assert_int_equal(docs->allow.len, 1);
    assert_int_equal(docs->deny.len, 1);
    assert_int_equal(docs->requests.len, 2);
    const struct cedar_set *photo = set_of(&sets, "photo/photoapp.cedar");
    assert_string_equal(photo->schema, "photo/photoapp.cedarschema");
    assert_string_equal(photo->entities, "photo/photoapp.cedarentities.json");
    assert_null(photo->links);
    assert_int_equal(photo->allow.len, 1);
    cedar_sets_free(&sets);
    test_dir_remove(dir);
}

static void several_files_of_a_folder(void **state)
{
    (void)state;
    static const char *const files[][2] = {{"schema.cedarschema", ""}, {"policies/a.cedar", ""},
        {"policies/b.cedar", ""}, {"tests/x.json", TESTS}, {"tests/none.json", "[]"},
        {"tests/data.json", "[1]"}, {"tests/broken.json", "[{\"request\": {}, \"decision\":"},
        {"two/a.cedar", ""}, {"two/b.cedar", ""}, {"two/a.cedarschema", ""},
        {"two/c.cedarschema", ""}, {"two/a_tests.json", TESTS}, {"two/tests.json", TESTS},
        {NULL, NULL}};
    char *dir = test_dir_make();
    struct cedar_sets sets = {0};
    find(dir, files, &sets);
    assert_int_equal(sets.len, 3);
    const struct cedar_set *together = set_of(&sets, "policies/");
    assert_int_equal(together->policies.len, 2);
    assert_string_equal(together->schema, "schema.cedarschema");
    assert_int_equal(together->tests.len, 3); /* x, none and broken */
    const struct cedar_set *a = set_of(&sets, "two/a.cedar");
    assert_string_equal(a->schema, "two/a.cedarschema");
    assert_int_equal(a->tests.len, 1);
    const struct cedar_set *b = set_of(&sets, "two/b.cedar");
    assert_null(b->schema);
    assert_non_null(strstr(b->no_schema, "two/a.cedarschema or two/c.cedarschema"));
    assert_int_equal(sets.stray_count, 1); /* two/tests.json may be for either */
    assert_string_equal(sets.strays[0].path, "two/tests.json");
    cedar_sets_free(&sets);
    test_dir_remove(dir);
}

#define CEDAR_TESTS "[{\"request\": {\"principal\": \"User::\\\"a\\\"\"}, \"decision\": \"deny\"}]"

/* Tests do not vanish: neither those that are empty or broken, nor those whose policies are gone.
 */
static void tests_stay_tests(void **state)
{
    (void)state;
    static const char *const files[][2] = {{"a.cedar", ""}, {"a_tests.json", ""},
        {"tests/b.json", "[{"}, {"deep/down/test.json", "{,"}, {"tests/c.json", "{}"},
        {NULL, NULL}};
    char *dir = test_dir_make();
    struct cedar_sets sets = {0};
    find(dir, files, &sets);
    assert_int_equal(sets.len, 1);
    assert_int_equal(sets.items[0].tests.len, 2); /* not what is of others, far below */
    cedar_sets_free(&sets);
    test_dir_remove(dir);
    static const char *const gone[][2] = {
        {"a_tests.json", CEDAR_TESTS}, {"other_tests.json", TESTS}, {NULL, NULL}};
    dir = test_dir_make();
    sets = (struct cedar_sets){0};
    find(dir, gone, &sets);
    assert_int_equal(sets.len, 0);
    assert_int_equal(sets.stray_count, 1);
    assert_string_equal(sets.strays[0].path, "a_tests.json");
    assert_non_null(strstr(sets.strays[0].why, "no Cedar policies"));
    cedar_sets_free(&sets);
    test_dir_remove(dir);
}

static void what_settings_say(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {".bylaw/config.toml", "[engines.cedar.sets.all]\npolicies = [\"two\", \"x/*.cedar\"]\n"
                               "schema = \"s.cedarschema\"\nentities = \"e.json\"\nlevel = 1\n"
                               "tests = \"checks\"\nallow = [\"ok/*.json\"]\n"
                               "[engines.cedar.sets.none]\npolicies = \"nowhere\"\n"},
        {"two/a.cedar", ""}, {"two/b.cedar", ""}, {"two/notes.md", ""}, {"x/c.cedar", ""},
        {"x/deep/d.cedar", ""}, {"checks/one.json", TESTS}, {"ok/r.json", "{}"}, {NULL, NULL}};
    char *dir = test_dir_make();
    struct cedar_sets sets = {0};
    find(dir, files, &sets);
    assert_int_equal(sets.len, 2);
    const struct cedar_set *all = set_of(&sets, "all");
    assert_int_equal(all->policies.len, 3);
    assert_string_equal(all->schema, "s.cedarschema");
    assert_int_equal(all->level, 1);
    assert_int_equal(all->tests.len, 1);
    assert_int_equal(all->allow.len, 1);
    assert_int_equal(all->deny.len, 0);
    assert_null(set_of(&sets, "x/deep/d.cedar")->schema);
    cedar_sets_free(&sets);
    test_dir_remove(dir);
}

static void versions(void **state)
{
    (void)state;
    char *version = NULL;
    assert_true(engine_cedar.version(STR_LIT("cedar-policy-cli 4.14.1\n"), &version));
    assert_string_equal(version, "4.14.1");
    free(version);
    assert_false(engine_cedar.version(STR_LIT("cedar 1\n"), &version));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_and_their_ids),
        cmocka_unit_test(places_in_several_files),
        cmocka_unit_test(outcomes_of_tests),
        cmocka_unit_test(outcomes_that_do_not_add_up),
        cmocka_unit_test(tests_of_a_file),
        cmocka_unit_test(answers),
        cmocka_unit_test(diagnostics_with_places),
        cmocka_unit_test(as_in_cedars_examples),
        cmocka_unit_test(several_files_of_a_folder),
        cmocka_unit_test(tests_stay_tests),
        cmocka_unit_test(what_settings_say),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
