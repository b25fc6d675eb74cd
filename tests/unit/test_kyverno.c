/* Kyverno's output, word for word, against suites of tests/workspaces: what becomes of each line.
 * The real program is asked in integration/engines_kyverno. */
#include "test.h"

#include "base/vec.h"
#include "engine/kyverno.h"

#include <stdlib.h>

struct fixture {
    char *root;
    bool closer, check;
    struct policy_index *index;
    struct run_plan *plan;
    struct engine_answer answer;
    struct results rows; /* of all answers */
};

static void begin(struct fixture *f, const char *workspace)
{
    struct err err;
    char *path = mem_printf("tests/workspaces/%s", workspace);
    *f = (struct fixture){.root = test_source_path(path), .index = policy_index_new()};
    free(path);
    assert_ok(policy_index_scan(f->index, f->root, NULL, &err), err);
    f->plan = engine_opa.plan(f->index, RUN_ALL, NULL, 0, NULL);
    kyverno_extend(f->plan, f->index, RUN_ALL, NULL, 0);
}

static void end(struct fixture *f)
{
    engine_answer_free(&f->answer);
    run_plan_free(f->plan);
    policy_index_free(f->index);
    free(f->root);
}

static size_t unit_named(const struct fixture *f, const char *label)
{
    for (size_t i = 0; i < f->plan->units.len; i++) {
        if (strcmp(f->plan->units.items[i].label, label) == 0) {
            return i;
        }
    }
    fail_msg("no unit is called %s", label);
    return 0;
}

static void ask(struct fixture *f, const char *const *labels, const char *out, const char *errout,
    int exit_code)
{
    struct err err;
    struct batch batch = {0};
    for (size_t i = 0; labels[i] != NULL; i++) {
        batch_add(&batch, f->plan, unit_named(f, labels[i]));
    }
    struct engine_question q = {.ask = f->check ? ENGINE_CHECK : ENGINE_TEST,
        .plan = f->plan,
        .batch = &batch,
        .closer = f->closer};
    engine_answer_free(&f->answer);
    f->answer = (struct engine_answer){0};
    assert_ok(
        engine_kyverno.parse(&q, str_of(out), str_of(errout), exit_code, &f->answer, &err), err);
    batch_free(&batch);
}

static const struct result *row_of(const struct fixture *f, const char *name)
{
    VEC_FOREACH (struct result, row, &f->answer.results) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    fail_msg("no row is called %s", name);
    return NULL;
}

static void assert_row(
    const struct fixture *f, const char *name, enum result_status status, const char *message)
{
    const struct result *row = row_of(f, name);
    assert_string_equal(result_status_name(row->status), result_status_name(status));
    if (message == NULL ? row->message != NULL
                        : row->message == NULL || strstr(row->message, message) == NULL) {
        fail_msg("%s says: %s", name, row->message == NULL ? "nothing" : row->message);
    }
}

#define LINE(rule, resource, result, reason, message)                                              \
    "  {\n    \"ID\": 1,\n    \"Message\": \"" message "\",\n    \"POLICY\": \"require-team\",\n"  \
    "    \"REASON\": \"" reason "\",\n    \"RESOURCE\": \"" resource "\",\n"                       \
    "    \"RESULT\": \"" result "\",\n    \"RULE\": \"" rule "\"\n  }"
#define HEAD(path)                                                                                 \
    "Loading test  ( " path " ) ...\n  Loading values/variables ...\n  Loading policies ...\n"     \
    "  Warning: ../policies/require-team.yaml: kyverno.io/v1 ClusterPolicy is deprecated\n"        \
    "  Applying 1 policy to 4 resources with 0 exceptions ...\n  Checking results ...\n\n"

static void verdicts_and_two_documents(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "kyverno-failing");
    ask(&f, (const char *[]){"kyverno test verdict/kyverno-test.yaml", NULL},
        HEAD("verdict/kyverno-test.yaml")
        /* `good` is the name of two objects. */
        "[\n" LINE("autogen-team-label", "apps/v1/Deployment/default/good", "Fail",
            "Want fail, got pass",
            "validation rule 'autogen-team-label' passed.") ",\n" LINE("team-label",
            "v1/Pod/default/good", "Fail", "Want fail, got pass",
            "validation rule 'team-label' passed.") ",\n" LINE("no-latest", "v1/Pod/default/latest",
            "Fail", "Want pass, got fail",
            "validation error: images need a tag. rule no-latest failed at path "
            "/spec/containers/1/image/") ",\n"
                                         "  {\"ID\": 4, \"Message\": \"Not found\", \"POLICY\": "
                                         "\"require-labels\", \"REASON\": "
                                         "\"Not found\", \"RESOURCE\": \"v1/Pod/default/no-team\", "
                                         "\"RESULT\": \"Fail\", \"RULE\": "
                                         "\"team-label\"}\n]\n\n" HEAD(
                                             "verdict/kyverno-test.yaml") "[\n" LINE("team-label",
                                             "v1/Pod/default/latest", "Pass", "Ok",
                                             "passed") "\n]\n\n\n"
                                                       "Test Summary: 1 tests passed and 4 tests "
                                                       "failed\n\n",
        "Error: 4 tests failed\n", 1);
    assert_true(f.answer.loaded);
    assert_int_equal(f.answer.again.len, 0);
    assert_int_equal(f.answer.results.len, 6);
    assert_row(&f, "require-team/team-label Pod/good", RESULT_FAIL, "Want fail, got pass");
    assert_row(&f, "require-team/team-label Pod/good/autogen-team-label Deployment good",
        RESULT_FAIL, "Want fail, got pass");
    assert_row(&f, "require-team/no-latest Pod/latest", RESULT_FAIL, "images need a tag");
    const struct result *row = row_of(&f, "require-team/no-latest Pod/latest");
    assert_string_equal(row->expected, "pass");
    assert_string_equal(row->got, "fail");
    assert_string_equal(row->policy_file, "policies/require-team.yaml");
    assert_int_equal(row->policy_at.row, 19);
    assert_string_equal(row->input_file, "verdict/resources.yaml");
    assert_int_equal(row->input_at.row, 32); /* image: busybox:latest */
    assert_int_equal(row->input_at.col, 14);
    assert_int_equal(row->at.row, 18);
    assert_row(&f, "require-labels/team-label Pod/no-team", RESULT_FAIL, "no policy of this name");
    assert_row(&f, "require-team/team-label Pod/latest", RESULT_PASS, NULL);
    assert_string_equal(row_of(&f, "require-team/team-label Pod/latest")->suite, "second");
    struct tally tally = results_tally(&f.answer.results);
    assert_int_equal(tally.count[RESULT_FAIL], 4);
    assert_int_equal(tally.count[RESULT_PASS], 1);
    end(&f);
}

static void what_a_pass_hides(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "kyverno-failing");
    ask(&f, (const char *[]){"kyverno test vacuous/kyverno-test.yaml", NULL},
        HEAD("vacuous/kyverno-test.yaml") "[\n" LINE("team-lable", "v1/Pod/default/no-team", "Pass",
            "Excluded", "Excluded") ",\n" LINE("team-label", "v1/ConfigMap/default/settings",
            "Pass", "Excluded", "Excluded") ",\n" LINE("no-latest", "v1/ConfigMap/default/settings",
            "Pass", "Excluded", "Excluded") ",\n" LINE("team-label", "v1/Pod/default/no-team",
            "Pass", "Ok", "failed") ",\n" LINE("team-label", "v1/ConfigMap/default/settings",
            "Pass", "Excluded", "Excluded") ",\n" LINE("team-label", "v1/Pod/default/no-team",
            "Pass", "Ok", "failed") ",\n" LINE("no-latest", "v1/Pod/default/no-team", "Pass",
            "Excluded", "Excluded") ",\n" LINE("no-latest", "v1/Pod/default/no-team", "Pass", "Ok",
            "passed") "\n]\n\n\n"
                      "Test Summary: 8 tests passed and 0 tests failed\n\n",
        "", 0);
    assert_int_equal(f.answer.results.len, 6);
    assert_row(&f, "require-team/team-lable Pod/no-team", RESULT_NOT_EVALUATED,
        "policy require-team has no rule team-lable (it has team-label, no-latest)");
    assert_row(&f, "require-team/team-label ConfigMap/settings", RESULT_NOT_EVALUATED,
        "team-label does not apply to ConfigMap settings: fail was expected");
    assert_row(&f, "require-team/no-latest ConfigMap/settings", RESULT_PASS, "excluded, as");
    assert_row(&f, "require-team/team-label Pod/no-taem", RESULT_NOT_EVALUATED,
        "no resource of the suite is named no-taem: kyverno checked all 2 of the others");
    assert_row(&f, "require-team/team-label Deployment/no-team", RESULT_NOT_EVALUATED,
        "there is no Deployment no-team: kyverno took v1/Pod/default/no-team for it");
    assert_row(&f, "require-team/no-latest Pod/no-team", RESULT_PASS, NULL);
    end(&f);
}

/* One file that does not load keeps Kyverno from all; one suite that cannot be run from those after
 * it. */
static void the_rest_is_asked_again(void **state)
{
    (void)state;
    static const char *const labels[] = {"kyverno test good/kyverno-test.yaml",
        "kyverno test field/kyverno-test.yaml", "kyverno test cel/kyverno-test.yaml",
        "kyverno test suite/kyverno-test.yaml", NULL};
    struct fixture f;
    begin(&f, "kyverno-broken");
    ask(&f, labels,
        "\nTest errors:\n  Path: suite/kyverno-test.yaml\n"
        "    Error: error unmarshaling JSON: while decoding JSON: json: unknown field "
        "\"namespace\"\n",
        "Error: found 1 errors after loading tests\n", 1);
    assert_true(f.answer.loaded);
    assert_int_equal(f.answer.again.len, 3);
    assert_int_equal(f.answer.results.len, 1);
    assert_string_equal(f.answer.results.items[0].file, "suite/kyverno-test.yaml");
    assert_row(
        &f, "require-team/team-label Pod/no-team", RESULT_ERROR, "unknown field \"namespace\"");
    ask(&f, labels,
        "\nTest errors:\n  Path: suite/kyverno-test.yaml\n"
        "    Error: error converting YAML to JSON: yaml: unmarshal errors:\n"
        "  line 5: key \"policies\" already set in map\n  line 9: key \"results\" already set\n",
        "Error: found 1 errors after loading tests\n", 1);
    assert_row(&f, "require-team/team-label Pod/no-team", RESULT_ERROR,
        "unmarshal errors: line 5: key \"policies\" already set in map; line 9: key \"results\"");
    ask(&f, labels,
        HEAD("good/kyverno-test.yaml") "[\n" LINE("team-label", "v1/Pod/default/no-team", "Pass",
            "Ok", "failed") "\n]\n\n"
                            "Loading test  ( field/kyverno-test.yaml ) ...\n  Loading "
                            "values/variables ...\n"
                            "  Loading policies ...\n",
        "Error: failed to run test (error: failed to load policies (failed to load file "
        "policies/misspelt.yaml: failed to parse document (spec.rules[0].validate.patern: Invalid "
        "value: value provided for unknown field)))\n",
        1);
    assert_int_equal(f.answer.again.len, 2);
    assert_int_equal(f.answer.results.len, 2);
    assert_int_equal(f.answer.results.items[0].status, RESULT_PASS);
    assert_row(&f, "misspelt/team-label Pod/no-team", RESULT_ERROR, "validate.patern");
    assert_int_equal(f.answer.findings.len, 1);
    assert_string_equal(f.answer.findings.items[0].file, "policies/misspelt.yaml");
    assert_int_equal(f.answer.findings.items[0].at.row, 15);
    end(&f);
}

/* Alone, a suite above a file that does not load is asked again without it; where that does not
 * help either the file is told. Nothing is asked forever. */
static void nobody_is_asked_forever(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "kyverno-broken");
    for (int closer = 0; closer <= 1; closer++) {
        f.closer = closer == 1;
        ask(&f, (const char *[]){"kyverno test nested/kyverno-test.yaml", NULL},
            "\nTest errors:\n  Path: nested/inner/kyverno-test.yaml\n    Error: unknown field\n",
            "Error: found 1 errors after loading tests\n", 1);
        assert_int_equal(f.answer.again.len, 0);
        assert_int_equal(f.answer.closer.len, 1 - closer);
        assert_int_equal(f.answer.results.len == 0, closer == 0);
    }
    f.closer = false;
    assert_row(&f, "require-team/team-label Pod/no-team", RESULT_ERROR,
        "because of nested/inner/kyverno-test.yaml");
    ask(&f,
        (const char *[]){
            "kyverno test empty/kyverno-test.yaml", "kyverno test good/kyverno-test.yaml", NULL},
        "", "panic: runtime error\n", 2);
    assert_false(f.answer.loaded);
    assert_string_equal(f.answer.message, "kyverno: panic: runtime error");
    ask(&f, (const char *[]){"kyverno test empty/kyverno-test.yaml", NULL},
        "\nTest Summary: 0 tests passed and 0 tests failed\n\n", "", 0);
    assert_row(&f, "kyverno-test.yaml", RESULT_NOT_EVALUATED, "no results");
    /* Of a file with nothing in it, alone. */
    ask(&f, (const char *[]){"kyverno test empty/kyverno-test.yaml", NULL},
        "\nNo test yamls available\n", "", 0);
    assert_row(&f, "kyverno-test.yaml", RESULT_NOT_EVALUATED, "no results");
    end(&f);
}

/* Kyverno's message runs the two resources together; a second run's log has both. */
static void a_mutation_differs(void **state)
{
    (void)state;
    static const char out[] =
        HEAD("mutate/kyverno-test.yaml") "[\n  {\"ID\": 1, \"Message\": \"Patched resource didn't "
                                         "match\\n(only in)\\n\\nobject:\", \"POLICY\": "
                                         "\"add-owner\", \"REASON\": \"Resource diff\", "
                                         "\"RESOURCE\": \"v1/ConfigMap/default/plain\", "
                                         "\"RESULT\": \"Fail\", \"RULE\": "
                                         "\"owner-label\"}\n]\n\n\nTest Summary: 0 tests passed "
                                         "and 1 tests failed\n\n";
    struct fixture f;
    begin(&f, "kyverno-failing");
    ask(&f, (const char *[]){"kyverno test mutate/kyverno-test.yaml", NULL}, out,
        "Error: 1 tests failed\n", 1);
    assert_int_equal(f.answer.closer.len, 1);
    assert_int_equal(f.answer.results.len, 0);
    f.closer = true;
    ask(&f, (const char *[]){"kyverno test mutate/kyverno-test.yaml", NULL}, out,
        "\033[90m2026-11-26T20:00:00Z\033[0m TRC compare.go:37 > Resource diff "
        "\033[36mactual=\033[0m{\"Object\":{\"data\":{\"a\":\"1\"},\"kind\":\"ConfigMap\","
        "\"metadata\":"
        "{\"labels\":{\"owner\":\"platform\"},\"name\":\"plain\"}}} "
        "\033[36mexpected=\033[0m{\"data\":{\"a\":\"1\"},\"kind\":\"ConfigMap\",\"metadata\":"
        "{\"labels\":{\"owner\":\"pay\\\"{ments\"},\"name\":\"plain\"}} \033[36mv=\033[0m4\n"
        "TRC > Resource diff actual={ expected=}\nError: 1 tests failed\n",
        1);
    assert_int_equal(f.answer.closer.len, 0);
    assert_row(&f, "owner-label ConfigMap/plain", RESULT_FAIL, "not what the suite says");
    const struct result *row = row_of(&f, "owner-label ConfigMap/plain");
    assert_string_equal(row->got,
        "data:\n  a: \"1\"\nkind: ConfigMap\nmetadata:\n  labels:\n    owner: platform\n  name: "
        "plain");
    assert_non_null(strstr(row->expected, "    owner: \"pay\\\"{ments\"\n"));
    assert_row(&f, "owner-label ConfigMap/owned", RESULT_NOT_EVALUATED,
        "mutate/patched.yaml has no such resource");
    end(&f);
}

/* Nobody tests it, so nobody would hear that Kyverno applies no rule of it. */
static void a_policy_without_a_suite(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "kyverno-broken");
    size_t unit = unit_named(&f, "kyverno apply policies/nobody-tests.yaml");
    assert_true(f.plan->units.items[unit].included);
    assert_int_equal(f.plan->units.items[unit].tests.len, 0);
    for (size_t i = 0; i < f.plan->units.len; i++) {
        if (strncmp(f.plan->units.items[i].label, "kyverno apply", 13) == 0) {
            assert_int_equal(i, unit); /* the others are loaded by suites */
        }
    }
    f.check = true;
    ask(&f, (const char *[]){"kyverno apply policies/nobody-tests.yaml", NULL},
        "\nApplying 0 policy rule(s) to 1 resource(s)...\n",
        "2026-11-26T20:00:00Z ERR command.go:1168 > Non-fatal parsing error for single document "
        "error=\"spec.rules[0].validate.failureAction: Unsupported value: \\\"enforce\\\"\" "
        "logger=kubectl-kyverno\n",
        0);
    assert_true(f.answer.loaded);
    assert_int_equal(f.answer.findings.len, 1);
    const struct finding *finding = f.answer.findings.items;
    assert_string_equal(finding->file, "policies/nobody-tests.yaml");
    assert_int_equal(finding->at.row, 13);
    assert_string_equal(finding->rule, "kyverno-load");
    ask(&f, (const char *[]){"kyverno apply policies/nobody-tests.yaml", NULL}, "",
        "Error: failed to compile policy other (x)\n", 1);
    assert_int_equal(f.answer.findings.len, 1);
    assert_int_equal(f.answer.again.len, 0);
    end(&f);
}

static void rubbish(void **state)
{
    (void)state;
    static const char *const bad[] = {"Loading test  ( a ) ...\n[\nnonsense\n]\n",
        "Loading test  ( a ) ...\n[\n  {\"ID\": 1", "Loading test  ( a ) ...\n[\n{}\n"};
    static const char *const fine[] = {"", "[\n", "Loading test\n", "Loading test  (  ) ...\n[]\n",
        "  Path: \n    Error: \n", "Loading test  ( a ) ...\n[]\n[\n", "    Error: x\n"};
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct kyverno_report report = {0};
        assert_false(kyverno_parse(str_of(bad[i]), str_of(""), &report, &err));
        assert_non_null(strstr(err.text, "kyverno"));
        kyverno_report_free(&report);
    }
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        struct kyverno_report report = {0};
        assert_ok(kyverno_parse(str_of(fine[i]), str_of("Error:"), &report, &err), err);
        kyverno_report_free(&report);
    }
}

static void places_in_fixtures(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *name, *pointer;
        unsigned row, col;
    } cases[] = {{"Pod", "a", "/spec/containers/1/image/", 8, 14}, {"Pod", "a", "", 1, 1},
        {"Pod", "a", "/spec/nowhere/x", 5, 3}, {"Pod", "b", "/metadata/name", 12, 23},
        {"Pod", "c", "", 0, 0}, {"Service", "a", "", 0, 0},
        {"Pod", "a", "/spec/containers/99/image/", 6, 5}};
    struct str text = STR_LIT("kind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n"
                              "    - name: x\n      image: y\n    - image: z\n---\n"
                              "kind: List\nitems:\n  - {metadata: {name: b}, kind: Pod}\n");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct position at =
            kyverno_place(text, cases[i].kind, "", cases[i].name, str_of(cases[i].pointer));
        if (at.row != cases[i].row || at.col != cases[i].col) {
            fail_msg(
                "%s %s %s: %u:%u", cases[i].kind, cases[i].name, cases[i].pointer, at.row, at.col);
        }
    }
    struct str path = kyverno_path_in(STR_LIT("rule x failed at path /spec/a/ and so on"));
    assert_true(str_equal_c(path, "/spec/a/"));
    assert_int_equal(kyverno_path_in(STR_LIT("at path spec")).len, 0);
    assert_string_equal(kyverno_rule_written("autogen-cronjob-x"), "x");
    assert_string_equal(kyverno_rule_written("autogen-x"), "x");
    assert_string_equal(kyverno_base_name("ns/x"), "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_and_two_documents),
        cmocka_unit_test(what_a_pass_hides),
        cmocka_unit_test(the_rest_is_asked_again),
        cmocka_unit_test(nobody_is_asked_forever),
        cmocka_unit_test(a_mutation_differs),
        cmocka_unit_test(a_policy_without_a_suite),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(places_in_fixtures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
