/* Which cells are asked about together: policies and documents become jobs, and those of a job that
 * nobody needs any more are taken out of it before it begins. */
#include "apply/apply_jobs.h"

#include "apply/apply_names.h"
#include "base/vec.h"

#include <stdlib.h>

/* Cells of a job, by the weight of its policies: so many of what stands side by side cost about as
 * much as a process to begin; so many at most, for a process to end within seconds. */
enum { NEAR_CELLS = 1000, JOB_CELLS = 20000 };

/* ---- which are needed ---- */

bool apply_set_wants(const struct apply_set *set, const struct engine *engine, const char *file)
{
    return set->needs == NULL || set->needs->policy(set->needs->data, set, engine, file);
}

/* Of what is asked for, few cells are needed: that is looked at before what the policy is for. */
static enum apply_need need_of(const struct apply_set *set, size_t policy, size_t fixture)
{
    return set->needs == NULL ? APPLY_NEEDED_FIRST
                              : set->needs->cell(set->needs->data, set, policy, fixture);
}

static bool is_taken(
    const struct apply_set *set, const struct apply_engine *engine, size_t policy, size_t fixture)
{
    return apply_takes(engine, &set->policies.items[policy], &set->fixtures.items[fixture]);
}

static size_t keep(size_t *places, size_t count, const bool *kept)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept[i]) {
            places[len++] = places[i];
        }
    }
    return len;
}

bool apply_job_narrow(struct apply_job *job, const unsigned char *known)
{
    bool *policies = mem_zalloc(job->policy_count + 1);
    bool *fixtures = mem_zalloc(job->fixture_count + 1);
    for (size_t p = 0; p < job->policy_count; p++) {
        for (size_t f = 0; f < job->fixture_count; f++) {
            size_t cell = job->policies[p] * job->set->fixtures.len + job->fixtures[f];
            if (!known[cell] &&
                need_of(job->set, job->policies[p], job->fixtures[f]) != APPLY_NOT_NEEDED &&
                is_taken(job->set, job->engine, job->policies[p], job->fixtures[f])) {
                policies[p] = fixtures[f] = true;
            }
        }
    }
    bool whole = apply_job_looks_around(job);
    job->policy_count = keep(job->policies, job->policy_count, policies);
    if (!whole) {
        job->fixture_count = keep(job->fixtures, job->fixture_count, fixtures);
    }
    free(policies);
    free(fixtures);
    return job->policy_count > 0 && job->fixture_count > 0;
}

/* ---- jobs of a set ---- */

/* Jobs of the policies are being made. */
struct making {
    const struct apply_set *set;
    const struct apply_engine *engine;
    const char *program;
    const struct policy_set *policies;
    size_t weight; /* of the policies; 0: as many documents as the engine takes */
    enum apply_need need;
    bool probe;
    struct job_list *jobs;
};

/* Jobs of as many documents as the engine takes. */
static void add_slices(const struct making *m, const struct policy_set *fixtures)
{
    size_t most = m->engine->fixtures_max;
    if (m->weight > 0 && JOB_CELLS / m->weight < most) {
        most = m->weight < JOB_CELLS ? JOB_CELLS / m->weight : 1;
    }
    for (size_t at = 0; at < fixtures->len; at += most) {
        size_t left = fixtures->len - at;
        struct apply_job *job = apply_job_new(m->set, m->engine, m->program, m->policies->items,
            m->policies->len, fixtures->items + at, left < most ? left : most);
        job->probe = m->probe;
        VEC_PUSH(m->jobs, job);
    }
}

static bool is_asked(const struct making *m, size_t fixture)
{
    for (size_t i = 0; i < m->policies->len; i++) {
        if (need_of(m->set, m->policies->items[i], fixture) == m->need &&
            is_taken(m->set, m->engine, m->policies->items[i], fixture)) {
            return true;
        }
    }
    return false;
}

/* The documents that any of the policies is asked about. */
static void add_jobs(const struct making *m)
{
    struct policy_set fixtures = {0};
    for (size_t f = 0; f < m->set->fixtures.len; f++) {
        if (is_asked(m, f)) {
            VEC_PUSH(&fixtures, f);
        }
    }
    add_slices(m, &fixtures);
    VEC_FREE(&fixtures);
}

/* The end of the documents that come from where this one does; they stand together. */
static size_t end_of_file(const struct apply_set *set, size_t first)
{
    const struct apply_fixture *head = &set->fixtures.items[first];
    size_t end = first + 1;
    while (end < set->fixtures.len) {
        const struct apply_fixture *next = &set->fixtures.items[end];
        bool same = head->file != NULL && next->file != NULL &&
                    strcmp(head->file, next->file) == 0 &&
                    strcmp(head->origin == NULL ? "" : head->origin,
                        next->origin == NULL ? "" : next->origin) == 0;
        if (!same) {
            break;
        }
        end++;
    }
    return end;
}

/* Those of a file that Kubernetes would know: what a policy looks for may be among those that it is
 * not asked about. */
static void add_job_of_file(const struct making *m, size_t from, size_t end)
{
    struct policy_set fixtures = {0};
    for (size_t f = from; f < end; f++) {
        const struct apply_fixture *fixture = &m->set->fixtures.items[f];
        if (fixture->kind == APPLY_OBJECT && fixture->only == NULL) {
            VEC_PUSH(&fixtures, f);
        }
    }
    add_slices(m, &fixtures);
    VEC_FREE(&fixtures);
}

/* A job for each file with a document that the policy is asked about. */
static void add_jobs_of_files(const struct making *m)
{
    for (size_t at = 0, end; at < m->set->fixtures.len; at = end) {
        bool asked = false;
        end = end_of_file(m->set, at);
        for (size_t f = at; f < end && !asked; f++) {
            asked = is_asked(m, f);
        }
        if (asked) {
            add_job_of_file(m, at, end);
        }
    }
}

void apply_jobs_after_probe(const struct apply_job *probe, struct job_list *jobs)
{
    size_t policy = probe->policies[0];
    const struct policy_set policies = {.items = &policy, .len = 1};
    const struct making m = {.set = probe->set,
        .engine = probe->engine,
        .program = probe->program,
        .policies = &policies,
        .jobs = jobs};
    size_t done = 0; /* documents before this one have their job */
    for (size_t f = 0; f < probe->fixture_count; f++) {
        size_t from = probe->fixtures[f];
        if (from < done || probe->cells[f].verdict == APPLY_NO_MATCH) {
            continue;
        }
        done = end_of_file(m.set, from);
        while (from > 0 && end_of_file(m.set, from - 1) == done) {
            from--;
        }
        add_job_of_file(&m, from, done);
    }
}

static bool may_join(
    const struct apply_set *set, const struct apply_engine *engine, size_t a, size_t b)
{
    const struct apply_policy *x = &set->policies.items[a];
    const struct apply_policy *y = &set->policies.items[b];
    return strcmp(x->engine, y->engine) == 0 && y->trouble == NULL &&
           (engine->together == NULL || engine->together(x, y));
}

/* A policy with the documents it is asked about (none where that is the same for all of a job). */
struct unit {
    size_t policy;
    struct policy_set documents;
    bool taken; /* it is in a job */
};

/* How jobs are put together. */
struct gathering {
    const struct apply_set *set;
    const struct apply_engine *engine;
    enum apply_need need;
    struct apply_names *names;
    struct {
        struct unit *items;
        size_t len, cap;
    } units; /* of the engine */
};

/* Where only some cells are needed they are mostly those of policies with the documents beside
 * them. */
static bool is_near(const struct gathering *g)
{
    return g->set->needs != NULL && g->need == APPLY_NEEDED_FIRST;
}

static bool is_needed(const struct gathering *g, size_t policy, size_t fixture)
{
    return need_of(g->set, policy, fixture) == g->need &&
           is_taken(g->set, g->engine, policy, fixture);
}

/* One for each time that the engine must be asked, for documents that have one name. */
static void add_rounds(struct gathering *g, size_t policy, struct policy_set *documents)
{
    while (documents->len > 0) {
        struct unit unit = {.policy = policy};
        size_t left = 0;
        apply_names_begin(g->names);
        for (size_t i = 0; i < documents->len; i++) {
            size_t document = documents->items[i];
            if (apply_names_fit(g->names, &document, 1)) {
                apply_names_take(g->names, &document, 1);
                VEC_PUSH(&unit.documents, document);
            } else {
                documents->items[left++] = document;
            }
        }
        documents->len = left;
        VEC_PUSH(&g->units, unit);
    }
}

static void add_units(struct gathering *g, size_t policy)
{
    const struct apply_policy *what = &g->set->policies.items[policy];
    bool around = g->engine->looks_around != NULL && g->engine->looks_around(what);
    bool all = is_near(g) && g->engine->names_once && !around;
    bool asked = g->set->needs == NULL;
    struct policy_set documents = {0};
    for (size_t f = 0; (!asked || all) && f < g->set->fixtures.len; f++) {
        if (is_needed(g, policy, f)) {
            asked = true;
            VEC_PUSH(&documents, f);
        }
    }
    if (all) {
        add_rounds(g, policy, &documents);
    } else if (asked) {
        VEC_PUSH(&g->units, (struct unit){.policy = policy});
    }
    VEC_FREE(&documents);
}

/* What is asked together. */
struct group {
    struct policy_set policies, documents;
    size_t weight; /* of the policies */
};

static size_t weight_of(const struct gathering *g, size_t policy)
{
    return g->engine->weight == NULL ? 1 : g->engine->weight(&g->set->policies.items[policy]);
}

static bool joins(const struct gathering *g, const struct group *group, const struct unit *unit)
{
    size_t weight = group->weight + weight_of(g, unit->policy);
    bool may = !unit->taken && group->policies.len < g->engine->policies_max;
    if (may && is_near(g) && group->policies.len > 0) {
        may = weight * (group->documents.len + unit->documents.len) <= NEAR_CELLS;
    }
    for (size_t m = 0; may && m < group->policies.len; m++) {
        may = group->policies.items[m] != unit->policy &&
              may_join(g->set, g->engine, group->policies.items[m], unit->policy);
    }
    return may && apply_names_fit(g->names, unit->documents.items, unit->documents.len);
}

static void gather(struct gathering *g, size_t first, struct group *group)
{
    apply_names_begin(g->names);
    for (size_t k = first; k < g->units.len; k++) {
        struct unit *unit = &g->units.items[k];
        if (!joins(g, group, unit)) {
            continue;
        }
        unit->taken = true;
        group->weight += weight_of(g, unit->policy);
        apply_names_take(g->names, unit->documents.items, unit->documents.len);
        VEC_PUSH(&group->policies, unit->policy);
        VEC_FOREACH (size_t, document, &unit->documents) {
            VEC_PUSH(&group->documents, *document);
        }
    }
}

static void make_jobs_of(struct gathering *g, const char *program, struct job_list *jobs)
{
    for (size_t i = 0; i < g->units.len; i++) {
        const struct apply_policy *policy = &g->set->policies.items[g->units.items[i].policy];
        struct group group = {0};
        if (g->units.items[i].taken) {
            continue;
        }
        gather(g, i, &group);
        bool around = g->engine->looks_around != NULL && g->engine->looks_around(policy);
        const struct making m = {.set = g->set,
            .engine = g->engine,
            .program = program,
            .policies = &group.policies,
            .weight = around || g->engine->weight == NULL ? 0 : group.weight,
            .need = g->need,
            .probe = around && g->need == APPLY_NEEDED_LATER, /* mostly it is for none of them */
            .jobs = jobs};
        if (group.documents.len > 0) {
            add_slices(&m, &group.documents);
        } else if (around && !m.probe) {
            add_jobs_of_files(&m);
        } else {
            add_jobs(&m);
        }
        VEC_FREE(&group.policies);
        VEC_FREE(&group.documents);
    }
}

static void make_of_engine(
    struct gathering *g, size_t place, const struct apply_programs *programs, struct job_list *jobs)
{
    g->engine = apply_engines[place];
    for (size_t i = 0; i < g->set->policies.len && programs->path[place] != NULL; i++) {
        const struct apply_policy *policy = &g->set->policies.items[i];
        if (policy->trouble == NULL && strcmp(policy->engine, g->engine->engine->name) == 0) {
            add_units(g, i);
        }
    }
    make_jobs_of(g, programs->path[place], jobs);
    VEC_FOREACH (struct unit, unit, &g->units) {
        VEC_FREE(&unit->documents);
    }
    g->units.len = 0;
}

void apply_jobs_make(const struct apply_set *set, const struct apply_programs *programs,
    enum apply_need need, struct job_list *jobs)
{
    struct gathering g = {.set = set, .need = need, .names = apply_names_new(set)};
    for (size_t place = 0; apply_engines[place] != NULL; place++) {
        make_of_engine(&g, place, programs, jobs);
    }
    VEC_FREE(&g.units);
    apply_names_free(g.names);
}
