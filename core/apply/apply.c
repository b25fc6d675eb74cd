/* What all engines of the apply view share. */
#include "apply/apply.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/eval_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct apply_engine *const apply_engines[] = {&apply_engine_opa, &apply_engine_conftest,
    &apply_engine_gator, &apply_engine_kyverno, &apply_engine_cedar, NULL};

static const struct {
    const char *name, *brief;
} verdicts[APPLY_VERDICTS] = {
    [APPLY_WAITING] = {"waiting", "..."},
    [APPLY_NO_MATCH] = {"no match", "-"},
    [APPLY_NOT_EVALUATED] = {"not evaluated", "none"},
    [APPLY_ALLOW] = {"allow", "allow"},
    [APPLY_EXCEPTED] = {"exception", "except"},
    [APPLY_GENERATE] = {"generate", "gener"},
    [APPLY_MUTATE] = {"mutate", "mutate"},
    [APPLY_WARN] = {"warn", "warn"},
    [APPLY_DENY] = {"deny", "deny"},
    [APPLY_ERROR] = {"error", "error"},
};

const char *apply_verdict_name(enum apply_verdict verdict)
{
    return verdicts[verdict].name;
}

const char *apply_verdict_short(enum apply_verdict verdict)
{
    return verdicts[verdict].brief;
}

void apply_cell_free(struct apply_cell *cell)
{
    free(cell->message);
    free(cell->detail);
    *cell = (struct apply_cell){0};
}

void apply_cell_add(struct apply_cell *cell, enum apply_verdict verdict, char *message)
{
    bool worse = verdict > cell->verdict;
    if (message != NULL && (cell->message == NULL || (worse && cell->verdict < APPLY_WARN))) {
        /* What a lesser verdict said is not said of this one. */
        free(cell->message);
        cell->message = message;
    } else if (message != NULL) {
        char *both = worse ? mem_printf("%s\n%s", message, cell->message)
                           : mem_printf("%s\n%s", cell->message, message);
        free(cell->message);
        free(message);
        cell->message = both;
    }
    cell->verdict = worse ? verdict : cell->verdict;
}

void apply_words_free(struct apply_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

void apply_policy_free(struct apply_policy *policy)
{
    if (policy->own_free != NULL) {
        policy->own_free(policy->own);
    }
    free(policy->id);
    free(policy->name);
    free(policy->file);
    free(policy->beside);
    free(policy->trouble);
}

void apply_fixture_free(struct apply_fixture *fixture)
{
    if (fixture->own_free != NULL) {
        fixture->own_free(fixture->own);
    }
    free(fixture->id);
    free(fixture->name);
    free(fixture->file);
    free(fixture->origin);
    free(fixture->api_version);
    free(fixture->object_kind);
    free(fixture->object_name);
    free(fixture->space);
    buf_free(&fixture->text);
}

void apply_set_free(struct apply_set *set)
{
    if (set == NULL) {
        return;
    }
    chainsaw_free(&set->chainsaw);
    VEC_FOREACH (struct apply_policy, policy, &set->policies) {
        apply_policy_free(policy);
    }
    VEC_FOREACH (struct apply_fixture, fixture, &set->fixtures) {
        apply_fixture_free(fixture);
    }
    VEC_FREE(&set->policies);
    VEC_FREE(&set->fixtures);
    findings_free(&set->notes);
    free(set->root);
    free(set);
}

bool apply_read(const struct apply_set *set, const char *path, size_t max_bytes, struct buf *out,
    struct err *err)
{
    return eval_read(set->root, set->texts, set->text_count, path, max_bytes, out, err);
}

struct apply_cell *apply_job_cell(const struct apply_job *job, size_t policy, size_t fixture)
{
    return &job->cells[policy * job->fixture_count + fixture];
}

static bool make_scratch(struct apply_job *job, struct err *err)
{
    return job->scratch.folder != NULL || scratch_make(&job->scratch, err);
}

char *apply_scratch(struct apply_job *job, const char *name, struct str text, struct err *err)
{
    if (!make_scratch(job, err)) {
        return NULL;
    }
    char *path = path_join(job->scratch.folder, name);
    char *dir = path_dir(path);
    bool ok = path_make_dirs(dir, err) && file_write_scratch(path, text, err);
    free(dir);
    if (!ok) {
        free(path);
        return NULL;
    }
    return path;
}

char *apply_scratch_fixture_name(const struct apply_job *job, size_t fixture)
{
    bool json = job->set->fixtures.items[job->fixtures[fixture]].json;
    return mem_printf("r%zu.%s", fixture, json ? "json" : "yaml");
}

char *apply_scratch_fixture(struct apply_job *job, size_t fixture, struct err *err)
{
    const struct apply_fixture *f = &job->set->fixtures.items[job->fixtures[fixture]];
    char *name = apply_scratch_fixture_name(job, fixture);
    char *path = apply_scratch(job, name, buf_str(&f->text), err);
    free(name);
    return path;
}

size_t apply_scratch_number(const char *name, char letter, size_t count)
{
    const char *base = name == NULL ? "" : path_base(name);
    char *end = NULL;
    if (base[0] != letter || base[1] < '0' || base[1] > '9') {
        return SIZE_MAX;
    }
    unsigned long number = strtoul(base + 1, &end, 10);
    return *end == '.' && number < count ? number : SIZE_MAX;
}
