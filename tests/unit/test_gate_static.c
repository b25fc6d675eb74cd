/* With a base, what of an unchanged file its text alone shows is not looked for: that nothing comes
 * out otherwise. Guards that say they read their own file are asked of it alone and in its
 * workspace; and what is new in folders that changed by chance is the same found the long way. */
#include "test.h"

#include "base/vec.h"
#include "gate/gate_static.h"
#include "policy/guard.h"

#include <stdlib.h>

#define DENY "package a\n\ndeny contains msg if {\n\tinput.x\n\tmsg := \"no\"\n}\n"
#define KYVERNO                                                                                    \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"                \
    "  validationFailureAction: enforce\n  rules:\n  - name: r\n"                                  \
    "    match: {any: [{resources: {kinds: ['*']}}]}\n"                                            \
    "    validate:\n      pattern: {spec: {x: "
#define CHAINSAW(rest)                                                                             \
    "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nspec:\n  steps:\n  - try:\n"            \
    "    - assert: {file: ../p.yaml}\n" rest
#define TEMPLATE(rego)                                                                             \
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: k}\n"      \
    "spec:\n  crd: {spec: {names: {kind: K}}}\n  targets:\n  - target: "                           \
    "admission.k8s.gatekeeper.sh\n    code:\n    - engine: K8sNativeValidation\n"                  \
    "      source: {}\n    - engine: Rego\n      source:\n        rego: |\n"                       \
    "          package k\n          violation[{\"msg\": \"\"}] { " rego " }\n"
#define SUITE(tests)                                                                               \
    "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\nmetadata: {name: s}\ntests: " tests "\n"

/* What a path can hold: each file is another of its texts, or is not there (NULL). */
enum { TEXTS = 4 };
static const struct place {
    const char *path;
    const char *texts[TEXTS];
} places[] = {
    {"a/a.rego", {DENY, DENY "# bylaw:ignore\n", "package a\n\ndeny if input.x\n",
                     "package a\n\ndeny contains \"x\" if {\n\tsome c in input.cs\n\tc.y\n}\n"}},
    {"a/a_test.rego",
        {"package a_test\n\nimport data.a\n\ntest_a if a.deny with input as {}\n",
            "package a_test\n\ntest_a if x := 1\n",
            "package a_test\n\nimport data.a\n\ntest_b if count(a.deny) == 0\n", NULL}},
    {"b/b.rego", {"package b\n\ndeny[m] { input.x; m := \"kube-syst\xD0\xB5m\" }\n",
                     "package b\n\nimport rego.v1\n\nb if input.review.x == input.request.x\n",
                     "package a\n\ndeny contains \"b\" if not input.x\n", NULL}},
    {"b/c.rego", {"# METADATA\n# title: c\npackage b.c\n\ndeny contains \"a\xE2\x80\xAE\" if 1\n",
                     "package c\n\nallow if input.x\n", "package b\n\nx := 1\n", NULL}},
    {"p.yaml", {KYVERNO "a}}\n", KYVERNO "'?*'}}\n      message: m\n",
                   "a: p\xCE\xBF"
                   "d\n",
                   NULL}},
    {"q.yaml", {KYVERNO "b}}\n", KYVERNO "'X'}}\n", "kind: K\n", NULL}},
    {"t/test.yaml", {CHAINSAW(""), CHAINSAW("    - apply: {file: ../p.yaml}\n"), "a: 1\n", NULL}},
    {"k/template.yaml",
        {TEMPLATE("input.request.x"), TEMPLATE("input.review.x"), "kind: Other\n", NULL}},
    {"k/c.yaml", {"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K\nmetadata: {name: c}\n",
                     "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: L\nspec: {match: {}}\n",
                     "a: 1\n", NULL}},
    {"k/suite.yaml", {SUITE("[]"), SUITE("[{name: t, template: template.yaml}]"), "a: 1\n", NULL}},
    {".bylaw/config.toml",
        {"[guards]\nfixtures = 2\n", "[guards]\nkyverno = \"1.20\"\n", "", NULL}},
};

static bool is_own(const struct finding *finding)
{
    const struct guard *guard = guard_by_id(str_of(finding->rule));
    return guard != NULL && guard->reads == GUARD_READS_OWN_FILE;
}

/* Everything in them that can be told, in one text. */
static char *say(const struct findings *findings, bool (*which)(const struct finding *finding))
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct finding, f, findings) {
        if (which == NULL || which(f)) {
            buf_printf(&out, "%s:%u:%u-%u:%u %s %d %s [%s]\n", f->file == NULL ? "" : f->file,
                f->at.row, f->at.col, f->end.row, f->end.col, f->rule, (int)f->severity, f->message,
                f->edit.with == NULL ? "" : f->edit.with);
        }
    }
    return out.ptr == NULL ? mem_strdup("") : buf_take(&out);
}

/* ---- alone and in a workspace ---- */

static void look_alone(struct guard_world *world, const char *path, const char *text)
{
    struct findings alone = {0};
    struct findings within = {0};
    guards_check(NULL, path, str_of(text), &alone);
    guards_check(world, path, str_of(text), &within);
    char *said_alone = say(&alone, is_own);
    char *said_within = say(&within, is_own);
    assert_string_equal(said_alone, said_within);
    free(said_alone);
    free(said_within);
    findings_free(&alone);
    findings_free(&within);
}

/* Also of the samples of the tests, which are of all engines. */
static void look_at_workspace(const char *dir)
{
    struct policy_index *index = policy_index_new();
    struct manifests manifests = {0};
    struct err err;
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    manifests_update(&manifests, index, NULL);
    struct guard_world *world = guard_world_new(index, &manifests);
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        char *text = test_read(dir, file->path);
        look_alone(world, file->path, text);
        free(text);
    }
    guard_world_free(world);
    manifests_free(&manifests);
    policy_index_free(index);
}

static void own_file_is_all(void **state)
{
    (void)state;
    char *samples = test_source_path("tests/workspaces");
    char *dir = test_dir_make();
    bool spoke[64] = {false};
    look_at_workspace(samples);
    for (size_t text = 0; text < TEXTS; text++) {
        struct findings findings = {0};
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
            /* What is compared with is looked at for less. */
            if (places[i].texts[text] != NULL && strcmp(places[i].path, "t/test.yaml") != 0) {
                test_write(dir, places[i].path, places[i].texts[text]);
                guards_check(NULL, places[i].path, str_of(places[i].texts[text]), &findings);
            }
        }
        look_at_workspace(dir);
        VEC_FOREACH (const struct finding, finding, &findings) {
            for (size_t g = 0; guards[g] != NULL; g++) {
                spoke[g] = spoke[g] || strcmp(guards[g]->id, finding->rule) == 0;
            }
        }
        findings_free(&findings);
    }
    for (size_t g = 0; guards[g] != NULL; g++) {
        if (guards[g]->reads == GUARD_READS_OWN_FILE && !spoke[g]) {
            fail_msg("%s has said nothing here", guards[g]->id);
        }
    }
    test_dir_remove(dir);
    free(samples);
}

/* ---- what is new ---- */

struct pair {
    char *before, *after;
    bool changed[ARRAY_LEN(places)];
};

static bool is_changed(void *data, const char *path)
{
    const struct pair *pair = data;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (path != NULL && strcmp(path, places[i].path) == 0) {
            return pair->changed[i];
        }
    }
    return false;
}

/* Most files stay as they were. The first time only the test goes that compared with p.yaml: what
 * is said of that is new then. */
static void make_pair(struct pair *pair, unsigned *seed, bool first)
{
    *pair = (struct pair){.before = test_dir_make(), .after = test_dir_make()};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *was = places[i].texts[first ? 0 : (unsigned)rand_r(seed) % TEXTS];
        const char *is =
            rand_r(seed) % 4 == 0 ? places[i].texts[(unsigned)rand_r(seed) % TEXTS] : was;
        if (first) {
            is = strcmp(places[i].path, "t/test.yaml") == 0 ? NULL : was;
        }
        pair->changed[i] = was != is;
        if (was != NULL) {
            test_write(pair->before, places[i].path, was);
        }
        if (is != NULL) {
            test_write(pair->after, places[i].path, is);
        }
    }
    /* In no commit: it is not said to have changed, and was not there. */
    test_write(pair->after, "ignored.rego", "package ignored\n\ndeny if input.x\n");
}

/* `whole`: everything is looked at on both sides. */
static char *find_new(struct pair *pair, bool whole, size_t *looked)
{
    struct policy_index *index = policy_index_new();
    struct gate_static now = {0};
    struct gate_static then = {0};
    struct err err;
    assert_ok(
        gate_static_read(index, pair->after, whole ? NULL : pair->before, NULL, &now, &err), err);
    *looked += now.guards.len;
    assert_ok(gate_static_read_before(index, pair->before, whole ? "/nowhere" : pair->after, &now,
                  is_changed, pair, NULL, &then, &err),
        err);
    gate_static_subtract(&now.guards, &then.guards, is_changed, pair);
    char *said = say(&now.guards, NULL);
    gate_static_free(&now);
    gate_static_free(&then);
    policy_index_free(index);
    return said;
}

static void new_is_the_same(void **state)
{
    (void)state;
    enum { TURNS = 30 };
    unsigned seed = 20261127;
    size_t all = 0, less = 0, unknown = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        struct pair pair;
        make_pair(&pair, &seed, turn == 0);
        char *whole = find_new(&pair, true, &all);
        char *quick = find_new(&pair, false, &less);
        if (strcmp(whole, quick) != 0) {
            fail_msg(
                "turn %d: the whole says\n%s\nand without what is known\n%s", turn, whole, quick);
        }
        assert_true(turn > 0 || strstr(quick, "kyverno-field") != NULL);
        unknown += strstr(quick, "ignored.rego") != NULL;
        free(whole);
        free(quick);
        test_dir_remove(pair.before);
        test_dir_remove(pair.after);
    }
    assert_true(less < all);
    assert_int_equal(unknown, TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_file_is_all),
        cmocka_unit_test(new_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
