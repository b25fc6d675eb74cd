/* The guards that read decisions, on decisions written down by hand. */
#include "test.h"

#include "base/vec.h"
#include "evidence/evidence.h"
#include "evidence/wish.h"
#include "policy/chainsaw.h"
#include "policy/fixture_claim.h"
#include "policy/guard.h"

#include <stdlib.h>

static void claims(void **state)
{
    (void)state;
    assert_int_equal(fixture_claim("a/testdata/valid_web.yaml"), FIXTURE_CLAIMS_VALID);
    assert_int_equal(fixture_claim("invalid.yaml"), FIXTURE_CLAIMS_INVALID);
    assert_int_equal(fixture_claim("a/Bad-pod.yaml"), FIXTURE_CLAIMS_INVALID);
    assert_int_equal(fixture_claim("a/invalid/web.yaml"), FIXTURE_CLAIMS_INVALID);
    assert_int_equal(fixture_claim("valid/invalid_web.yaml"), FIXTURE_CLAIMS_INVALID);
    assert_int_equal(fixture_claim("a/validating.yaml"), FIXTURE_CLAIMS_NOTHING);
    assert_int_equal(fixture_claim("valid-things/web.yaml"), FIXTURE_CLAIMS_NOTHING);
    assert_int_equal(fixture_claim("policies/web.yaml"), FIXTURE_CLAIMS_NOTHING);
    assert_int_equal(fixture_claim(""), FIXTURE_CLAIMS_NOTHING);
}

/* "path says" of each file of one test, a line each. */
static void chainsaw_tests(void **state)
{
    (void)state;
    const char *text =
        "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nspec:\n  steps:\n  - try:\n"
        "    - apply:\n        file: ../policy.yaml\n"
        "    - assert:\n        file: ready.yaml\n"
        "    - create:\n        file: ns.yaml\n"
        "    - apply:\n        expect:\n        - check:\n            ($error != null): true\n"
        "        file: refused.yaml\n"
        "    - apply:\n        expect:\n        - check:\n            ($error == null): true\n"
        "        file: taken.yaml\n"
        "    - apply:\n        expect:\n        - match: {kind: Pod}\n          check:\n"
        "            ($error != null): true\n        file: some.yaml\n"
        "    - apply:\n        resource: {kind: Pod, spec: {file: no.yaml}}\n"
        "    - error:\n        file: ../../../out.yaml\n"
        "    finally:\n    - delete:\n        file: refused.yaml\n"
        "  - try: [{apply: {file: both.yaml}}, {apply: {file: both.yaml, expect: [{check: "
        "{($error): refused}}]}}]\n---\n- {file: x.yaml}\n";
    struct chainsaw chainsaw = {0};
    chainsaw_add(&chainsaw, "a/.t/chainsaw-test.yaml", str_of(text));
    assert_int_equal(chainsaw_says(&chainsaw, "a/policy.yaml"), CHAINSAW_ADMITS);
    assert_int_equal(chainsaw_says(&chainsaw, "a/.t/ready.yaml"), CHAINSAW_EXPECTS);
    assert_int_equal(chainsaw_says(&chainsaw, "a/.t/ns.yaml"), CHAINSAW_ADMITS);
    assert_int_equal(
        chainsaw_says(&chainsaw, "a/.t/refused.yaml"), CHAINSAW_REFUSES | CHAINSAW_NAMES);
    assert_int_equal(chainsaw_says(&chainsaw, "a/.t/taken.yaml"), CHAINSAW_ADMITS);
    assert_int_equal(chainsaw_says(&chainsaw, "a/.t/some.yaml"), CHAINSAW_NAMES);
    assert_int_equal(
        chainsaw_says(&chainsaw, "a/.t/both.yaml"), CHAINSAW_ADMITS | CHAINSAW_REFUSES);
    assert_int_equal(chainsaw_says(&chainsaw, "a/.t/no.yaml"), 0);
    assert_int_equal(chainsaw.len, 7); /* none leads out of the top */
    assert_true(chainsaw_only_expects(CHAINSAW_EXPECTS | CHAINSAW_NAMES));
    assert_false(chainsaw_only_expects(CHAINSAW_EXPECTS | CHAINSAW_ADMITS));
    assert_true(chainsaw_is_test("a/chainsaw-test.yml"));
    assert_false(chainsaw_is_test("a/other.yaml"));
    /* Torn, it does no harm. */
    for (size_t cut = 0; cut < strlen(text); cut += 7) {
        chainsaw_add(&chainsaw, "chainsaw-test.yaml", str_slice(str_of(text), 0, cut));
    }
    chainsaw_free(&chainsaw);
}

struct line {
    const char *name;     /* a policy's or a document's file */
    const char *verdicts; /* of a document: a letter for each policy */
    unsigned says;        /* its test */
    const char *id;       /* NULL: the name */
};

static enum apply_verdict verdict_of(char letter)
{
    switch (letter) {
    case 'd':
        return APPLY_DENY;
    case 'w':
        return APPLY_WARN;
    case 'e':
        return APPLY_ERROR;
    case '?':
    case '!': /* nobody was asked */
        return APPLY_NOT_EVALUATED;
    case 'm':
        return APPLY_MUTATE;
    case '-':
        return APPLY_NO_MATCH;
    default:
        return APPLY_ALLOW;
    }
}

static struct apply_set *set_of(
    const char *engine, const char *const *policies, const struct line *documents)
{
    struct apply_set *set = MEM_NEW(struct apply_set);
    for (size_t p = 0; policies[p] != NULL; p++) {
        VEC_PUSH(&set->policies, (struct apply_policy){.engine = engine,
                                     .id = mem_printf("%zu", p),
                                     .name = mem_printf("p%zu", p),
                                     .file = mem_strdup(policies[p]),
                                     .unseen = strstr(policies[p], "unseen") != NULL,
                                     .trouble = strstr(policies[p], "template") == NULL
                                                    ? NULL
                                                    : mem_strdup("a constraint asks it"),
                                     .at = {1, 1}});
    }
    for (size_t f = 0; documents[f].name != NULL; f++) {
        VEC_PUSH(&set->fixtures, (struct apply_fixture){.id = mem_printf("%zu", f),
                                     .says = documents[f].says,
                                     .name = mem_strdup("Pod x"),
                                     .file = mem_strdup(documents[f].name),
                                     .at = {1, 1}});
    }
    return set;
}

static void decide_one(
    struct matrix *matrix, const struct line *documents, size_t policy, size_t fixture)
{
    char letter = documents[fixture].verdicts[policy];
    struct apply_cell cell = {.verdict = verdict_of(letter), .unasked = letter == '!'};
    cell.message = cell.verdict == APPLY_DENY            ? mem_strdup("no\nnever")
                   : cell.verdict == APPLY_NOT_EVALUATED ? mem_strdup("not there\nat all")
                                                         : NULL;
    matrix_set(matrix, MATRIX_NOW, policy, fixture, &cell);
}

/* The cells that the wish has need for, the first ones first; how many. */
static size_t decide_needed(struct matrix *matrix, const struct apply_set *set,
    const struct line *documents, struct wish *wish)
{
    size_t asked = 0;
    for (enum apply_need need = APPLY_NEEDED_FIRST; need > APPLY_NOT_NEEDED; need--) {
        for (size_t p = 0; p < set->policies.len; p++) {
            for (size_t f = 0; f < set->fixtures.len; f++) {
                if (wish_cell(wish, set, p, f) == need) {
                    decide_one(matrix, documents, p, f);
                    wish_take(wish, p, f, verdict_of(documents[f].verdicts[p]));
                    asked++;
                }
            }
        }
    }
    return asked;
}

/* "file id severity" of each finding, a line each. `wish` NULL: all cells are known. */
static char *say_needed(const char *engine, const char *const *policies,
    const struct line *documents, struct wish *wish, size_t *asked)
{
    struct matrix *matrix = matrix_new();
    struct apply_set *set = set_of(engine, policies, documents);
    struct findings findings = {0};
    struct buf out = BUF_INIT;
    matrix_plan(matrix, MATRIX_NOW, set);
    if (wish != NULL) {
        *asked = decide_needed(matrix, set, documents, wish);
    }
    for (size_t f = 0; wish == NULL && f < set->fixtures.len; f++) {
        for (size_t p = 0; p < set->policies.len; p++) {
            decide_one(matrix, documents, p, f);
        }
    }
    evidence_of_matrix(matrix, MATRIX_NOW, &findings);
    VEC_FOREACH (const struct finding, f, &findings) {
        buf_printf(&out, "%s %s %s\n", f->file, f->rule, severity_name(f->severity));
    }
    findings_free(&findings);
    struct result rows[] = {
        {.status = RESULT_PASS, .input_file = "a/testdata/valid_tested.yaml"},
        {.status = RESULT_NOT_EVALUATED, .input_file = "a/testdata/valid_a.yaml"},
    };
    const struct results tested = {.items = rows, .len = ARRAY_LEN(rows)};
    char *unsettled[] = {evidence_unsettled_fixtures(matrix, MATRIX_NOW, &tested),
        evidence_unsettled_policies(matrix, MATRIX_NOW)};
    for (size_t i = 0; i < ARRAY_LEN(unsettled); i++) {
        buf_printf(&out, "%s%s", unsettled[i] == NULL ? "" : unsettled[i],
            unsettled[i] == NULL ? "" : "\n");
        free(unsettled[i]);
    }
    matrix_free(matrix);
    apply_set_free(set);
    buf_append_c(&out, "");
    return out.ptr == NULL ? mem_strdup("") : buf_take(&out);
}

static char *say(const char *engine, const char *const *policies, const struct line *documents)
{
    return say_needed(engine, policies, documents, NULL, NULL);
}

static void expect(
    const char *engine, const char *const *policies, const struct line *documents, const char *said)
{
    char *got = say(engine, policies, documents);
    assert_string_equal(got, said);
    free(got);
}

static const char *const two[] = {"a/p.rego", "b/q.rego", NULL};

static void fixtures_as_they_say(void **state)
{
    (void)state;
    const struct line right[] = {{"a/testdata/valid.yaml", "aa", 0, NULL},
        {"a/testdata/invalid.yaml", "da", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("opa", two, right, "");
    const struct line wrong[] = {{"a/testdata/valid_own.yaml", "da", 0, NULL},
        {"a/testdata/valid_other.yaml", "ad", 0, NULL},
        {"a/testdata/valid_warned.yaml", "aw", 0, NULL},
        {"a/testdata/invalid_none.yaml", "aa", 0, NULL},
        {"a/testdata/invalid_other.yaml", "ad", 0, NULL}, {"a/testdata/other.yaml", "dd", 0, NULL},
        {NULL, NULL, 0, NULL}};
    expect("opa", two, wrong,
        "a/testdata/invalid_none.yaml fixture-not-denied error\n"
        "a/testdata/invalid_other.yaml fixture-not-denied error\n"
        "a/testdata/valid_other.yaml fixture-denied warning\n"
        "a/testdata/valid_own.yaml fixture-denied error\n");
    /* What is not known is nothing to speak of; a warning is what an audit gives. */
    const struct line unknown[] = {{"a/testdata/invalid_a.yaml", "?a", 0, NULL},
        {"a/testdata/invalid_b.yaml", "ea", 0, NULL}, {"a/testdata/invalid_c.yaml", "wa", 0, NULL},
        {"a/testdata/invalid_d.yaml", "am", 0, NULL}, {"a/testdata/valid_a.yaml", "?a", 0, NULL},
        {"a/testdata/valid_b.yaml", "a!", 0, NULL}, {"a/testdata/valid_c.yaml", "ae", 0, NULL},
        {NULL, NULL, 0, NULL}};
    expect("opa", two, unknown,
        "5 documents called valid or invalid could not be decided about: not there\n");
    /* Of another's policy nothing more can be had; a test has evaluated it; it claims nothing. */
    const struct line answered[] = {{"a/testdata/valid_a.yaml", "a?", 0, NULL},
        {"a/testdata/valid_tested.yaml", "?a", 0, NULL},
        {"a/testdata/invalid_a.yaml", "de", 0, NULL}, {"a/testdata/other.yaml", "!!", 0, NULL},
        {NULL, NULL, 0, NULL}};
    expect("opa", two, answered, "");
    /* What is not asked about alone leaves nothing open. */
    static const char *const of_template[] = {"a/template.rego", NULL};
    const struct line alone[] = {{"a/testdata/valid_a.yaml", "?", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("opa", of_template, alone, "");
    const struct line denied[] = {
        {"a/testdata/invalid_a.yaml", "d?", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("opa", two, denied, "");
    /* Nobody's own: any policy will do. */
    const struct line far[] = {{"c/invalid_a.yaml", "ad", 0, NULL},
        {"c/invalid_b.yaml", "aa", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("opa", two, far, "c/invalid_b.yaml fixture-not-denied error\n");
    /* A policy that asks for more than it was given may decide otherwise elsewhere. */
    const char *const more[] = {"a/unseen.yaml", "b/q.yaml", NULL};
    const struct line asked[] = {{"a/invalid_a.yaml", "aa", 0, NULL},
        {"a/invalid_b.yaml", "-d", 0, NULL}, {"b/invalid_c.yaml", "aa", 0, NULL},
        {"a/valid_d.yaml", "da", 0, NULL}, {"a/valid_e.yaml", "ad", 0, NULL},
        {"b/valid_f.yaml", "da", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("kyverno", more, asked,
        "a/valid_e.yaml fixture-denied warning\nb/invalid_c.yaml fixture-not-denied error\n");
}

static void fixtures_as_tests_say(void **state)
{
    (void)state;
    /* What a test of Chainsaw's expects comes before the name. */
    const struct line documents[] = {{"a/t/bad.yaml", "aa", CHAINSAW_ADMITS, NULL},
        {"a/t/web-bad.yaml", "aa", CHAINSAW_REFUSES, NULL},
        {"a/t/web-denied.yaml", "da", CHAINSAW_REFUSES, NULL},
        {"a/t/invalid.yaml", "aa", CHAINSAW_ADMITS | CHAINSAW_REFUSES, NULL},
        {"a/t/good.yaml", "da", CHAINSAW_REFUSES, NULL},
        {"a/t/valid.yaml", "da", CHAINSAW_ADMITS, NULL}, {NULL, NULL, 0, NULL}};
    expect("opa", two, documents,
        "a/t/valid.yaml fixture-denied error\na/t/web-bad.yaml fixture-not-denied error\n");
    /* Several documents in a file: what none of its policies is for was set up for the others. */
    const struct line set_up[] = {{"a/t/bad.yaml", "-a", 0, "1"}, {"a/t/bad.yaml", "da", 0, "2"},
        {"a/t/bad.yaml", "aa", 0, "3"}, {"a/u/bad.yaml", "--", 0, "4"}, {NULL, NULL, 0, NULL}};
    expect("opa", two, set_up,
        "a/t/bad.yaml fixture-not-denied error\na/u/bad.yaml fixture-not-denied error\n");
}

static void policies_for_nothing(void **state)
{
    (void)state;
    const struct line documents[] = {
        {"x/pod.yaml", "-a", 0, NULL}, {"x/job.yaml", "--", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("kyverno", two, documents, "a/p.rego rule-unreached warning\n");
    const struct line unknown[] = {
        {"x/job.yaml", "-?", 0, NULL}, {"x/pod.yaml", "!a", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect("kyverno", two, unknown, "1 policy could not be asked what it is for: not there\n");
    expect("opa", two, documents, "");
    expect("opa", two, unknown, "");
}

static void tests_for_nothing(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct result rows[] = {
        {.name = "a", .file = "t.yaml", .at = {3, 1}, .message = "excluded"},
        {.name = "b", .file = "t.yaml", .status = RESULT_PASS, .message = "x"},
        {.name = "c", .message = "not a file's"},
        {.name = "d", .file = "t.yaml", .unasked = true, .message = "not on PATH"},
    };
    struct results results = {.items = rows, .len = ARRAY_LEN(rows)};
    evidence_of_results(&results, &findings);
    assert_int_equal(findings.len, 1);
    assert_string_equal(findings.items[0].rule, "test-not-evaluated");
    assert_string_equal(findings.items[0].message, "a: excluded");
    char *unasked = evidence_unasked_tests(&results);
    assert_string_equal(unasked, "1 test could not be run: not on PATH");
    free(unasked);
    results.len--;
    assert_null(evidence_unasked_tests(&results));
    findings_free(&findings);
}

/* As bylaw guards --decide, check and the apply view leave them out. */
static void silenced_where_they_stand(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "t.yaml",
        "# bylaw:ignore test-not-evaluated the cluster decides\nname: a\nb: 1\n"
        "# bylaw:ignore test-not-evaluated\nc: 1\n");
    struct findings findings = {0};
    struct result rows[] = {{.name = "a", .file = "t.yaml", .at = {2, 1}, .message = "excluded"},
        {.name = "b", .file = "t.yaml", .at = {3, 1}, .message = "excluded"},
        {.name = "c", .file = "t.yaml", .at = {5, 1}, .message = "no reason was given"}};
    struct results results = {.items = rows, .len = ARRAY_LEN(rows)};
    evidence_of_results(&results, &findings);
    guards_drop_silenced(dir, &findings);
    assert_int_equal(findings.len, 2);
    assert_string_equal(findings.items[0].message, "b: excluded");
    assert_string_equal(findings.items[1].message, "c: no reason was given");
    findings_free(&findings);
    test_dir_remove(dir);
}

#define POLICY                                                                                     \
    "package p\n\ndeny contains \"a\" if input.x\n\ndeny contains \"b\" if "                       \
    "{\n\tinput.y\n}\n\nallow if input.z\n"

static void rules_for_nothing(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct policy_index *index = policy_index_new();
    struct coverage coverage = {0};
    struct findings findings = {0};
    struct err err;
    test_write(dir, "p.rego", POLICY);
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    coverage_add(&coverage, STR_LIT("p.rego"), (struct coverage_range){3, 1, 3, 18}, true);
    coverage_add(&coverage, STR_LIT("p.rego"), (struct coverage_range){5, 1, 5, 18}, false);
    coverage_add(&coverage, STR_LIT("p.rego"), (struct coverage_range){9, 1, 9, 6}, false);
    coverage_finish(&coverage);
    struct findings awaited = {0};
    evidence_await_coverage(index, &awaited);
    assert_int_equal(awaited.len, 2);
    assert_int_equal(awaited.items[0].at.row, 3);
    /* A file that something else loads, which gave no report, makes no difference to this one. */
    coverage.incomplete = true;
    coverage_add_unknown(&coverage, "q.rego");
    coverage_finish(&coverage);
    assert_null(evidence_of_coverage(&awaited, &coverage, &findings));
    assert_int_equal(awaited.len, 0);
    assert_int_equal(findings.len, 1);
    assert_string_equal(findings.items[0].rule, "rule-unreached");
    assert_int_equal(findings.items[0].at.row, 5);
    struct coverage picked = {0};
    struct findings same = {0};
    evidence_pick_coverage(&coverage, &picked);
    evidence_of_picked(dir, &picked, &same);
    assert_int_equal(same.len, 1);
    assert_string_equal(same.items[0].message, findings.items[0].message);
    findings_free(&same);
    coverage_free(&picked);
    /* Silenced where it stands; what is about another line is not. */
    test_write(dir, "p.rego",
        "package p\n\ndeny contains \"a\" if input.x\n"
        "# bylaw:ignore rule-unreached only the webhook knows y\n"
        "deny contains \"b\" if {\n\tinput.y\n}\n");
    guards_drop_silenced(dir, &findings);
    assert_int_equal(findings.len, 0);
    coverage_add_unknown(&coverage, "p.rego");
    coverage_finish(&coverage);
    evidence_pick_coverage(&coverage, &picked);
    assert_int_equal(picked.len, 0);
    evidence_await_coverage(index, &awaited);
    char *unknown = evidence_of_coverage(&awaited, &coverage, &findings);
    assert_string_equal(unknown, "coverage is not complete for 2 rules that deny, the first at "
                                 "p.rego:3: not everything that loads them could be loaded");
    free(unknown);
    assert_int_equal(findings.len, 0);
    struct coverage nothing = {.anything = true};
    assert_false(coverage_knows(&nothing, "p.rego"));
    findings_free(&findings);
    coverage_free(&coverage);
    policy_index_free(index);
    test_dir_remove(dir);
}

static void silenced_elsewhere(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct findings findings = {0};
    static const char *const rules[] = {"fixture-denied", "fixture-not-denied", "no-guard"};
    test_write(dir, "a.yaml",
        "# bylaw:ignore fixture-denied the other cluster has no such rule\nkind: Pod\n");
    for (size_t i = 0; i < 2 * ARRAY_LEN(rules); i++) {
        VEC_PUSH(&findings, (struct finding){.rule = mem_strdup(rules[i / 2]),
                                .file = i % 2 == 0 ? mem_strdup("a.yaml") : NULL,
                                .at = {2, 1},
                                .message = mem_strdup("m")});
    }
    guards_drop_silenced(dir, &findings);
    assert_int_equal(findings.len, 5);
    VEC_FOREACH (const struct finding, finding, &findings) {
        assert_non_null(finding->message);
        assert_true(finding->file == NULL || strcmp(finding->rule, "fixture-denied") != 0);
    }
    findings_free(&findings);
    test_dir_remove(dir);
}

/* ---- what is needed ---- */

static unsigned chance(unsigned long long *state, unsigned below)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*state >> 33) % below;
}

enum { POLICIES = 6, DOCUMENTS = 12 };

/* Whatever engines decide: as much is found where only what is needed was asked. */
static void needed_is_enough(void **state)
{
    static const char *const files[] = {
        "a/p.rego", "a/b/q.rego", "a/b/r.yaml", "c/s.yaml", "t.rego"};
    static const char *const names[] = {"a/valid.yaml", "a/b/invalid.yaml", "a/b/bad/x.yaml",
        "a/b/good.yaml", "c/testdata/pod.yaml", "d/invalid_a.yaml", "valid.yaml", "c/denied.yaml"};
    (void)state;
    unsigned long long seed = 7;
    size_t asked = 0;
    size_t all = 0;
    for (unsigned round = 0; round < 600; round++) {
        const char *policies[POLICIES + 1] = {NULL};
        struct line documents[DOCUMENTS + 1] = {{NULL, NULL, 0, NULL}};
        char verdicts[DOCUMENTS][POLICIES + 1] = {{0}};
        unsigned count = 1 + chance(&seed, POLICIES);
        unsigned says[ARRAY_LEN(names)];
        for (size_t n = 0; n < ARRAY_LEN(names); n++) {
            says[n] = (unsigned[]){0, 0, 0, CHAINSAW_REFUSES, CHAINSAW_ADMITS}[chance(&seed, 5)];
        }
        for (unsigned p = 0; p < count; p++) {
            policies[p] = files[chance(&seed, ARRAY_LEN(files))];
        }
        for (unsigned f = 0; f < DOCUMENTS; f++) {
            for (unsigned p = 0; p < count; p++) {
                verdicts[f][p] = "---aaad?ew"[chance(&seed, round % 2 == 0 ? 10 : 4)];
            }
            unsigned name = chance(&seed, ARRAY_LEN(names));
            documents[f] = (struct line){names[name], verdicts[f], says[name], NULL};
        }
        const char *engine = round % 3 == 0 ? "gator" : round % 3 == 1 ? "kyverno" : "opa";
        struct wish *wish = wish_new(NULL, NULL, WISH_DECISIONS_MAX);
        size_t now = 0;
        char *want = say(engine, policies, documents);
        char *got = say_needed(engine, policies, documents, wish, &now);
        assert_string_equal(got, want);
        asked += now;
        all += (size_t)count * DOCUMENTS;
        free(got);
        free(want);
        wish_free(wish);
    }
    assert_in_range(asked, 1, all - all / 10); /* and it is less */
}

/* More decisions than are made: each document by its own policies only, and it is said; with 0 it
 * is wanted so. */
static void needed_within_a_bound(void **state)
{
    (void)state;
    const struct line documents[] = {{"a/valid.yaml", "ad", 0, NULL},
        {"b/valid.yaml", "da", 0, NULL}, {"valid.yaml", "dd", 0, NULL}, {NULL, NULL, 0, NULL}};
    static const struct {
        size_t decisions, asked;
        const char *said, *left_out;
    } rows[] = {{6, 6,
                    "a/valid.yaml fixture-denied warning\nb/valid.yaml fixture-denied warning\n"
                    "valid.yaml fixture-denied warning\n",
                    NULL},
        {5, 2, "",
            "3 documents called valid and 0 called invalid were held against the policies beside "
            "them only"},
        {0, 2, "", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct wish *wish = wish_new(NULL, NULL, rows[i].decisions);
        size_t asked = 0;
        char *said = say_needed("opa", two, documents, wish, &asked);
        const char *left_out = wish_left_out(wish);
        assert_string_equal(said, rows[i].said);
        assert_int_equal(asked, rows[i].asked);
        assert_int_equal(left_out == NULL, rows[i].left_out == NULL);
        assert_true(left_out == NULL || strstr(left_out, rows[i].left_out) == left_out);
        free(said);
        wish_free(wish);
    }
}

static struct wish *after(const char *changed, const char *affected)
{
    struct wish_paths differ = {0};
    struct wish_paths reached = {0};
    wish_paths_add(&differ, changed);
    wish_paths_add(&reached, affected);
    return wish_new(&differ, &reached, WISH_DECISIONS_MAX);
}

static void expect_after(struct wish *wish, const char *engine, const struct line *documents,
    size_t asked, const char *said)
{
    size_t now = 0;
    char *got = say_needed(engine, two, documents, wish, &now);
    assert_string_equal(got, said);
    assert_int_equal(now, asked);
    free(got);
    wish_free(wish);
}

/* After a change nothing is asked that it cannot have made otherwise, and all that it can. */
static void needed_after_a_change(void **state)
{
    (void)state;
    const struct line documents[] = {{"a/invalid.yaml", "aa", 0, NULL},
        {"b/valid.yaml", "dd", 0, NULL}, {"b/invalid.yaml", "aa", 0, NULL},
        {"a/pod.yaml", "--", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect_after(after("README.md", NULL), "gator", documents, 0, "");
    /* The policy: its own invalid one (also by the other, for it lets it pass), the other's valid
     * one. */
    expect_after(after("a/p.rego", NULL), "opa", documents, 3,
        "a/invalid.yaml fixture-not-denied error\nb/valid.yaml fixture-denied warning\n");
    expect_after(after("lib/l.rego", "a/p.rego"), "opa", documents, 3,
        "a/invalid.yaml fixture-not-denied error\nb/valid.yaml fixture-denied warning\n");
    /* A document: by all policies. */
    expect_after(after("b/invalid.yaml", NULL), "opa", documents, 2,
        "b/invalid.yaml fixture-not-denied error\n");
    /* What a policy is for is looked for again when it is another. */
    const struct line none[] = {
        {"a/pod.yaml", "--", 0, NULL}, {"b/pod.yaml", "--", 0, NULL}, {NULL, NULL, 0, NULL}};
    expect_after(after("b/q.rego", NULL), "gator", none, 2, "b/q.rego rule-unreached warning\n");
}

/* A suite that evaluated the policy has reached it; one that left it out has not. */
static void needed_after_tests(void **state)
{
    static char policy_file[] = "a/b/r.yaml";
    static char got[] = "fail";
    static char left_out[] = "skip";
    const struct line none[] = {
        {"a/b/pod.yaml", "-", 0, NULL}, {"b/pod.yaml", "-", 0, NULL}, {NULL, NULL, 0, NULL}};
    const char *const policies[] = {policy_file, NULL};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct result row = {.engine = i == 2 ? "opa" : "kyverno",
            .status = i == 3 ? RESULT_ERROR : RESULT_PASS,
            .policy_file = policy_file,
            .policy_at = {9, 5},
            .got = i == 1 ? left_out : got};
        const struct results results = {.items = &row, .len = 1};
        struct wish *wish = wish_new(NULL, NULL, WISH_DECISIONS_MAX);
        size_t asked = 0;
        wish_tested(wish, &results);
        char *said = say_needed("kyverno", policies, none, wish, &asked);
        assert_int_equal(asked, i == 0 ? 0 : 2);
        assert_string_equal(said, i == 0 ? "" : "a/b/r.yaml rule-unreached warning\n");
        free(said);
        wish_free(wish);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims),
        cmocka_unit_test(chainsaw_tests),
        cmocka_unit_test(fixtures_as_tests_say),
        cmocka_unit_test(fixtures_as_they_say),
        cmocka_unit_test(policies_for_nothing),
        cmocka_unit_test(tests_for_nothing),
        cmocka_unit_test(silenced_where_they_stand),
        cmocka_unit_test(rules_for_nothing),
        cmocka_unit_test(silenced_elsewhere),
        cmocka_unit_test(needed_is_enough),
        cmocka_unit_test(needed_within_a_bound),
        cmocka_unit_test(needed_after_a_change),
        cmocka_unit_test(needed_after_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
