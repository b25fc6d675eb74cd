/* Which cells are asked about together: of random policies and documents, whether the jobs hold all
 * that is needed, and nothing that Kyverno would decide otherwise in that company. */
#include "test.h"

#include "apply/apply_jobs.h"
#include "apply/fixtures.h"
#include "base/vec.h"
#include "engine/kyverno_scope.h"

#include <stdlib.h>

enum { ROUNDS = 4, FOLDERS = 12, FILES = 4 };

static unsigned long long seed = 11;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % below;
}

static const char *const kinds[] = {"Pod", "Service", "Ingress", "Deployment"};

static void write_policy(const char *dir, unsigned folder)
{
    static const char *const rules[] = {"validate: {message: m, pattern: {a: b}}", "mutate: {}",
        "validate: {message: m, pattern: {a: b}}\n    context: [{name: c, apiCall: {}}]"};
    struct buf text = BUF_INIT;
    unsigned what = chance(5);
    if (what < 3) {
        buf_printf(&text,
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p%u}\nspec:\n"
            "  rules:\n  - name: r\n    match: {resources: {kinds: [%s]}}\n    %s\n",
            chance(FOLDERS), kinds[chance(4)], rules[what]);
    } else {
        buf_printf(&text,
            "apiVersion: policies.kyverno.io/v1\nkind: %sPolicy\nmetadata: {name: p%u}\nspec:\n"
            "  matchConstraints:\n    resourceRules:\n    - apiGroups: ['']\n"
            "      apiVersions: [v1]\n      operations: [CREATE]\n      resources: [pods]\n",
            what == 3 ? "Validating" : "Mutating", folder);
    }
    char *name = mem_printf("f%u/policy.yaml", folder);
    test_write(dir, name, text.ptr);
    free(name);
    buf_free(&text);
}

static void write_documents(const char *dir, unsigned folder, unsigned file)
{
    struct buf text = BUF_INIT;
    unsigned count = 1 + chance(4);
    for (unsigned i = 0; i < count; i++) {
        buf_printf(&text, "%sapiVersion: v1\nkind: %s\nmetadata: {name: n%u}\nx: %u\n",
            i > 0 ? "---\n" : "", kinds[chance(4)], chance(5), chance(3));
    }
    char *name = mem_printf("f%u/test/r%u.yaml", folder, file);
    test_write(dir, name, text.ptr);
    free(name);
    buf_free(&text);
}

/* A third of the cells of a folder's own, first; a tenth of the others, later. */
static enum apply_need need(void *data, const struct apply_set *set, size_t policy, size_t fixture)
{
    (void)data;
    const char *a = set->policies.items[policy].file;
    const char *b = set->fixtures.items[fixture].file;
    size_t at = (policy * 7919 + fixture * 104729) % 30;
    if (strncmp(a, b, strcspn(a, "/") + 1) == 0) {
        return at < 20 ? APPLY_NEEDED_FIRST : APPLY_NOT_NEEDED;
    }
    return at < 3 ? APPLY_NEEDED_LATER : APPLY_NOT_NEEDED;
}

static bool same_name(const struct apply_fixture *a, const struct apply_fixture *b)
{
    return strcmp(a->object_kind, b->object_kind) == 0 &&
           strcmp(a->object_name, b->object_name) == 0 && strcmp(a->space, b->space) == 0;
}

static void check_company(const struct apply_set *set, const struct apply_job *job, bool near)
{
    const struct apply_engine *engine = &apply_engine_kyverno;
    bool around = engine->looks_around(&set->policies.items[job->policies[0]]) && !job->probe;
    assert_int_equal(around, apply_job_looks_around(job));
    assert_true(!job->probe || (!near && job->policy_count == 1));
    for (size_t a = 0; a < job->policy_count; a++) {
        for (size_t b = a + 1; b < job->policy_count; b++) {
            assert_true(engine->together(
                &set->policies.items[job->policies[a]], &set->policies.items[job->policies[b]]));
        }
    }
    for (size_t a = 0; a < job->fixture_count; a++) {
        const struct apply_fixture *x = &set->fixtures.items[job->fixtures[a]];
        for (size_t b = a + 1; b < job->fixture_count; b++) {
            const struct apply_fixture *y = &set->fixtures.items[job->fixtures[b]];
            assert_true(around ? strcmp(x->file, y->file) == 0 : !near || !same_name(x, y));
        }
    }
    /* All of the file. */
    for (size_t f = 0; around && f < set->fixtures.len; f++) {
        bool same =
            strcmp(set->fixtures.items[f].file, set->fixtures.items[job->fixtures[0]].file) == 0;
        bool has = false;
        for (size_t a = 0; a < job->fixture_count; a++) {
            has = has || job->fixtures[a] == f;
        }
        assert_int_equal(has, same);
    }
}

/* What a probe has found has a job of its file, once. */
static void check_probe(const struct apply_set *set, struct apply_job *probe)
{
    struct job_list jobs = {0};
    for (size_t f = 0; f < probe->fixture_count; f++) {
        probe->cells[f].verdict = chance(4) == 0 ? APPLY_DENY : APPLY_NO_MATCH;
    }
    apply_jobs_after_probe(probe, &jobs);
    for (size_t f = 0; f < probe->fixture_count; f++) {
        size_t times = 0;
        bool beside = false; /* another of the file is found */
        for (size_t k = 0; k < probe->fixture_count; k++) {
            beside = beside || (probe->cells[k].verdict == APPLY_DENY &&
                                   strcmp(set->fixtures.items[probe->fixtures[k]].file,
                                       set->fixtures.items[probe->fixtures[f]].file) == 0);
        }
        VEC_FOREACH (struct apply_job *, job, &jobs) {
            for (size_t i = 0; i < (*job)->fixture_count; i++) {
                times += (*job)->fixtures[i] == probe->fixtures[f];
            }
        }
        assert_int_equal(times, beside);
    }
    VEC_FOREACH (struct apply_job *, job, &jobs) {
        check_company(set, *job, false);
        apply_job_free(*job);
    }
    VEC_FREE(&jobs);
}

static void check_jobs(const struct apply_set *set, enum apply_need wanted)
{
    struct job_list jobs = {0};
    struct apply_programs programs = {0};
    char program[] = "/bin/true";
    size_t cells = set->policies.len * set->fixtures.len;
    unsigned char *asked = mem_zalloc(cells + 1);
    programs.path[apply_engine_place("kyverno")] = program;
    apply_jobs_make(set, &programs, wanted, &jobs);
    VEC_FOREACH (struct apply_job *, job, &jobs) {
        check_company(set, *job, wanted == APPLY_NEEDED_FIRST && set->needs != NULL);
        for (size_t i = 0; i < (*job)->policy_count * (*job)->fixture_count; i++) {
            asked[(*job)->policies[i / (*job)->fixture_count] * set->fixtures.len +
                  (*job)->fixtures[i % (*job)->fixture_count]] = 1;
        }
    }
    for (size_t i = 0; i < cells; i++) {
        size_t p = i / set->fixtures.len;
        size_t f = i % set->fixtures.len;
        bool needed = set->needs == NULL || need(NULL, set, p, f) == wanted;
        if (needed &&
            apply_takes(&apply_engine_kyverno, &set->policies.items[p], &set->fixtures.items[f])) {
            assert_int_equal(asked[i], 1);
        }
    }
    VEC_FOREACH (struct apply_job *, job, &jobs) {
        if ((*job)->probe) {
            check_probe(set, *job);
        }
        /* Once all is known nothing is left of a job. */
        memset(asked, 1, cells);
        assert_false(set->needs != NULL && apply_job_narrow(*job, asked));
        apply_job_free(*job);
    }
    VEC_FREE(&jobs);
    free(asked);
}

static void jobs_of_random_sets(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct err err;
        char *dir = test_dir_make();
        struct policy_index *index = policy_index_new();
        struct apply_set *set = MEM_NEW(struct apply_set);
        const struct apply_needs needs = {.cell = need};
        for (unsigned folder = 0; folder < FOLDERS; folder++) {
            write_policy(dir, folder);
            for (unsigned file = 0; file < FILES; file++) {
                write_documents(dir, folder, file);
            }
        }
        assert_ok(policy_index_scan(index, dir, NULL, &err), err);
        set->root = mem_strdup(dir);
        set->index = index;
        atomic_bool cancel = false;
        fixtures_find(set, &cancel);
        apply_engine_kyverno.find(set, &cancel);
        fixtures_sort(set);
        assert_int_equal(set->policies.len, FOLDERS);
        assert_true(set->fixtures.len >= FOLDERS * FILES);
        check_jobs(set, APPLY_NEEDED_FIRST);
        set->needs = &needs;
        check_jobs(set, APPLY_NEEDED_FIRST);
        check_jobs(set, APPLY_NEEDED_LATER);
        apply_set_free(set);
        policy_index_free(index);
        test_dir_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(jobs_of_random_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
