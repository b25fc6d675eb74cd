/* A run: found on a worker, rendered, then jobs a few at a time; what no job is needed for is told
 * in slices. */
#include "apply/apply_jobs.h"

#include "apply/fixtures.h"
#include "apply/render.h"
#include "base/vec.h"
#include "engine/offline.h"

#include <stdlib.h>
#include <unistd.h>

enum { SLICE = 4000, SLOTS_MAX = 8, CELLS_MAX = 1000000, NEEDED_CELLS_MAX = 12000000 };

struct attempt {
    struct apply_run *owner; /* NULL: nobody waits any more */
    struct loop *loop;
    unsigned generation, holds;
    bool offline;
    char *root;
    struct eval_sources texts;
    struct policy_text *view;
    bool (*wanted)(const void *wanted_data, const struct apply_policies *found, size_t policy);
    void *wanted_data;
    void (*wanted_free)(void *wanted_data);
    atomic_bool cancel;
    struct policy_index *index;
    struct apply_set *set;
    struct apply_programs programs;
    bool found;
    struct err err;
    struct render *render;
    char *offline_path;
    struct job_list jobs; /* not begun; the last is next */
    struct job_list made; /* a worker has made them; they become jobs on the loop thread */
    struct {
        struct apply_task **items;
        size_t len, cap;
    } tasks;
    size_t slots;
    struct loop_timer *slice;
    size_t next; /* cell of the next slice; SIZE_MAX: `done` was told */
    size_t known, total;
    unsigned char *is_known; /* by cell of the set, policy by policy */
    struct apply_needs needs;
    bool asks_later; /* what is needed later is still to be made jobs of */
    bool gathering;  /* a worker makes them */
    size_t jobs_done, jobs_total;
};

struct apply_run {
    struct loop *loop;
    struct apply_events events;
    unsigned generation;
    struct attempt *now;
};

static void go_on(struct attempt *a);

/* ---- life ---- */

static void attempt_free(struct attempt *a)
{
    VEC_FOREACH (struct apply_job *, job, &a->jobs) {
        apply_job_free(*job);
    }
    VEC_FOREACH (struct apply_job *, job, &a->made) {
        apply_job_free(*job);
    }
    VEC_FREE(&a->jobs);
    VEC_FREE(&a->made);
    VEC_FREE(&a->tasks);
    for (size_t i = 0; i < APPLY_ENGINES_MAX; i++) {
        free(a->programs.path[i]);
        free(a->programs.why[i]);
    }
    apply_set_free(a->set);
    policy_index_free(a->index);
    if (a->needs.free != NULL) {
        a->needs.free(a->needs.data);
    }
    free(a->is_known);
    eval_sources_free(&a->texts);
    loop_timer_free(a->slice);
    if (a->wanted_free != NULL) {
        a->wanted_free(a->wanted_data);
    }
    free(a->view);
    free(a->offline_path);
    free(a->root);
    free(a);
}

static void release(struct attempt *a)
{
    if (--a->holds == 0) {
        attempt_free(a);
    }
}

/* What it has running on workers and as processes ends by itself. */
static void let_go(struct attempt *a)
{
    a->owner = NULL;
    atomic_store(&a->cancel, true);
    loop_timer_stop(a->slice);
    if (a->render != NULL) {
        render_free(a->render);
        a->render = NULL;
        release(a);
    }
    VEC_FOREACH (struct apply_job *, job, &a->jobs) {
        apply_job_free(*job);
    }
    a->jobs.len = 0;
    for (size_t i = a->tasks.len; i > 0; i--) { /* it may end now, and go out of the list */
        apply_task_stop(a->tasks.items[i - 1]);
    }
    release(a);
}

struct apply_run *apply_run_new(struct loop *loop, const struct apply_events *events)
{
    struct apply_run *run = MEM_NEW(struct apply_run);
    run->loop = loop;
    run->events = *events;
    return run;
}

void apply_run_cancel(struct apply_run *run)
{
    if (run->now != NULL) {
        let_go(run->now);
        run->now = NULL;
    }
}

void apply_run_free(struct apply_run *run)
{
    if (run != NULL) {
        apply_run_cancel(run);
        free(run);
    }
}

static bool is_done(const struct attempt *a)
{
    return a->jobs.len == 0 && a->tasks.len == 0;
}

bool apply_run_is_running(const struct apply_run *run)
{
    return run->now != NULL && run->now->next != SIZE_MAX;
}

void apply_run_progress(const struct apply_run *run, size_t *known, size_t *total)
{
    *known = run->now == NULL ? 0 : run->now->known;
    *total = run->now == NULL ? 0 : run->now->total;
}

/* ---- telling ---- */

static void tell_done(struct attempt *a, const char *trouble)
{
    struct apply_run *run = a->owner;
    if (run != NULL && run->events.done != NULL) {
        run->events.done(run->events.data, a->generation, trouble);
    }
}

static void tell_cell(struct attempt *a, size_t policy, size_t fixture, struct apply_cell *cell)
{
    struct apply_run *run = a->owner;
    a->known++;
    a->is_known[policy * a->set->fixtures.len + fixture] = 1;
    if (run != NULL) {
        run->events.cell(run->events.data, a->generation, policy, fixture, cell);
    }
    apply_cell_free(cell);
}

/* What is known without asking: true, and its cell. */
static bool known_at_once(
    const struct attempt *a, size_t policy, size_t fixture, struct apply_cell *cell)
{
    const struct apply_policy *p = &a->set->policies.items[policy];
    const struct apply_fixture *f = &a->set->fixtures.items[fixture];
    size_t place = apply_engine_place(p->engine);
    const char *why = p->trouble != NULL ? p->trouble : a->programs.why[place];
    if (!apply_takes(apply_engines[place], p, f)) {
        *cell = (struct apply_cell){.verdict = APPLY_NO_MATCH};
        return true;
    }
    if (why != NULL) {
        *cell = (struct apply_cell){.verdict = APPLY_NOT_EVALUATED,
            .message = mem_strdup(why),
            .unasked = p->trouble == NULL};
        return true;
    }
    return false;
}

static void on_slice(void *data)
{
    struct attempt *a = data;
    size_t end = a->next + SLICE < a->total ? a->next + SLICE : a->total;
    for (; a->next < end && a->owner != NULL; a->next++) {
        size_t policy = a->next / a->set->fixtures.len;
        size_t fixture = a->next % a->set->fixtures.len;
        struct apply_cell cell;
        if (known_at_once(a, policy, fixture, &cell)) {
            tell_cell(a, policy, fixture, &cell);
        }
    }
    if (a->owner == NULL) {
        return;
    }
    if (a->next < a->total) {
        loop_timer_start(a->slice, 0, 0);
    }
    go_on(a);
}

/* ---- jobs ---- */

static void tell_job(struct attempt *a, struct apply_job *job)
{
    const struct apply_engine *engine = job->engine;
    for (size_t p = 0; p < job->policy_count; p++) {
        for (size_t f = 0; f < job->fixture_count && a->owner != NULL; f++) {
            struct apply_cell *cell = apply_job_cell(job, p, f);
            const struct apply_policy *policy = &a->set->policies.items[job->policies[p]];
            const struct apply_fixture *fixture = &a->set->fixtures.items[job->fixtures[f]];
            size_t place = job->policies[p] * a->set->fixtures.len + job->fixtures[f];
            if (!apply_takes(engine, policy, fixture) || a->is_known[place]) {
                continue; /* told already */
            }
            if (cell->verdict == APPLY_WAITING) {
                apply_cell_add(cell, APPLY_NOT_EVALUATED,
                    mem_printf("%s said nothing of it", engine->engine->name));
            }
            tell_cell(a, job->policies[p], job->fixtures[f], cell);
        }
    }
}

/* What it is for is asked about by its files; the rest is told. */
static void take_probe(struct attempt *a, struct apply_job *job)
{
    size_t waiting = a->jobs.len;
    apply_jobs_after_probe(job, &a->jobs);
    a->jobs_total += a->jobs.len - waiting;
    for (size_t f = 0; f < job->fixture_count && a->owner != NULL; f++) {
        size_t place = job->policies[0] * a->set->fixtures.len + job->fixtures[f];
        if (job->cells[f].verdict == APPLY_NO_MATCH && !a->is_known[place] &&
            apply_takes(job->engine, &a->set->policies.items[job->policies[0]],
                &a->set->fixtures.items[job->fixtures[f]])) {
            tell_cell(a, job->policies[0], job->fixtures[f], &job->cells[f]);
        }
    }
}

static void on_ended(void *data, struct apply_task *task, struct apply_job *job,
    enum apply_read read, const struct err *err)
{
    struct attempt *a = data;
    for (size_t i = 0; i < a->tasks.len; i++) {
        if (a->tasks.items[i] == task) {
            VEC_REMOVE(&a->tasks, i);
            break;
        }
    }
    size_t waiting = a->jobs.len;
    bool split = read == APPLY_READ_APART && a->owner != NULL && apply_job_split(job, &a->jobs);
    size_t parts = a->jobs.len - waiting;
    a->jobs_total += parts;
    a->jobs_done++;
    if (a->owner != NULL && !split) {
        if (read != APPLY_READ_DONE) {
            apply_job_fill(job, APPLY_ERROR, err->text);
        }
        (job->probe ? take_probe : tell_job)(a, job);
    }
    apply_job_free(job);
    if (a->owner != NULL) {
        go_on(a);
    }
    release(a);
}

static void log_line(void *data, const char *line)
{
    struct attempt *a = data;
    if (a->owner != NULL && a->owner->events.log != NULL) {
        a->owner->events.log(a->owner->events.data, line);
    }
}

/* Those that a worker has made are next. */
static void take_made(struct attempt *a)
{
    for (size_t i = a->made.len; i > 0; i--) { /* the last is next */
        VEC_PUSH(&a->jobs, a->made.items[i - 1]);
    }
    a->jobs_total += a->made.len;
    a->made.len = 0;
}

static void gather_later(void *data)
{
    struct attempt *a = data;
    apply_jobs_make(a->set, &a->programs, APPLY_NEEDED_LATER, &a->made);
}

static void on_later(void *data, bool cancelled)
{
    struct attempt *a = data;
    (void)cancelled;
    a->gathering = false;
    if (a->owner != NULL) {
        take_made(a);
        go_on(a);
    }
    release(a);
}

/* What is needed once the rest is known, and the rest is: mostly that is little. */
static void begin_later(struct attempt *a)
{
    a->asks_later = false;
    a->gathering = true;
    a->holds++;
    loop_work_start(a->loop, gather_later, on_later, a);
}

static void go_on(struct attempt *a)
{
    struct apply_tasks tasks = {.loop = a->loop,
        .offline_path = a->offline_path,
        .offline = a->offline,
        .ended = on_ended,
        .log = log_line,
        .data = a};
    while (a->owner != NULL && a->jobs.len > 0 && a->tasks.len < a->slots) {
        struct apply_job *job = a->jobs.items[--a->jobs.len];
        if (a->set->needs != NULL && !apply_job_narrow(job, a->is_known)) {
            a->jobs_done++;
            apply_job_free(job);
            continue;
        }
        a->holds++;
        struct apply_task *task = apply_task_start(&tasks, job);
        VEC_PUSH(&a->tasks, task);
    }
    if (a->owner != NULL && a->owner->events.progress != NULL && a->jobs_total > 0) {
        a->owner->events.progress(a->owner->events.data, a->jobs_done, a->jobs_total);
    }
    if (a->owner == NULL || a->gathering || a->next < a->total || !is_done(a)) {
        return;
    }
    if (a->asks_later) {
        begin_later(a);
    } else {
        a->next = SIZE_MAX; /* told once */
        tell_done(a, NULL);
    }
}

static void make_jobs(void *data)
{
    struct attempt *a = data;
    fixtures_sort(a->set);
    apply_jobs_name(a->set);
    apply_jobs_make(a->set, &a->programs, APPLY_NEEDED_FIRST, &a->made);
    a->asks_later = a->set->needs != NULL;
    a->is_known = mem_zalloc(a->set->policies.len * a->set->fixtures.len + 1);
}

/* A matrix that nobody can look through is bounded before it is computed; where only some of its
 * cells are needed, by memory alone. */
static void bound(struct attempt *a)
{
    struct apply_set *set = a->set;
    size_t most = set->needs == NULL ? CELLS_MAX : NEEDED_CELLS_MAX;
    size_t kept = set->policies.len == 0 ? SIZE_MAX : most / set->policies.len;
    if (set->fixtures.len <= kept) {
        return;
    }
    fixtures_note_bound(set, set->fixtures.items[kept].file,
        mem_printf("%zu policies and %zu documents are too many decisions: policies are not "
                   "applied to the last %zu documents",
            set->policies.len, set->fixtures.len, set->fixtures.len - kept));
    while (set->fixtures.len > kept) {
        apply_fixture_free(&set->fixtures.items[--set->fixtures.len]);
    }
}

static void on_jobs(void *data, bool cancelled)
{
    struct attempt *a = data;
    struct apply_run *run = a->owner;
    (void)cancelled;
    if (run != NULL) {
        take_made(a);
        a->total = a->set->policies.len * a->set->fixtures.len;
        run->events.planned(run->events.data, a->generation, a->set);
    }
    if (a->owner != NULL) {
        on_slice(a);
    }
    release(a);
}

static void begin_jobs(struct attempt *a)
{
    bound(a);
    a->holds++;
    loop_work_start(a->loop, make_jobs, on_jobs, a);
}

static void on_offline(void *data, const char *path, const struct err *err)
{
    struct attempt *a = data;
    size_t opa = apply_engine_place("opa");
    a->offline_path = mem_strdup(path);
    if (path == NULL) { /* then nothing of opa's is evaluated */
        free(a->programs.path[opa]);
        a->programs.path[opa] = NULL;
        a->programs.why[opa] =
            mem_printf("opa cannot be told what it is capable of: %s", err->text);
    }
    if (a->owner != NULL) {
        begin_jobs(a);
    }
    release(a);
}

static void on_rendered(void *data)
{
    struct attempt *a = data;
    size_t opa = apply_engine_place("opa");
    render_free(a->render);
    a->render = NULL;
    if (a->owner != NULL && a->programs.path[opa] != NULL) {
        a->holds++;
        offline_start(
            a->loop, &engine_opa, a->programs.path[opa], a->root, !a->offline, on_offline, a);
    } else if (a->owner != NULL) {
        begin_jobs(a);
    }
    release(a);
}

/* ---- finding ---- */

/* Takes out what nobody asked for. */
static void narrow(const struct attempt *a)
{
    struct apply_policies kept = {0};
    struct apply_policies *found = &a->set->policies;
    bool *wanted = mem_zalloc(found->len + 1);
    for (size_t i = 0; i < found->len; i++) {
        wanted[i] = a->wanted(a->wanted_data, found, i);
    }
    for (size_t i = 0; i < found->len; i++) {
        if (wanted[i]) {
            VEC_PUSH(&kept, found->items[i]);
        } else {
            apply_policy_free(&found->items[i]);
        }
    }
    VEC_FREE(found);
    *found = kept;
    free(wanted);
}

static void find_work(void *data)
{
    struct attempt *a = data;
    if (!policy_index_scan(a->index, a->root, &a->cancel, &a->err)) {
        return;
    }
    policy_index_lay(a->index, a->view, a->texts.len);
    fixtures_find(a->set, &a->cancel);
    for (size_t i = 0; apply_engines[i] != NULL && !atomic_load(&a->cancel); i++) {
        struct err err;
        size_t before = a->set->policies.len;
        if (apply_set_wants(a->set, apply_engines[i]->engine, NULL)) {
            apply_engines[i]->find(a->set, &a->cancel);
        }
        if (a->set->policies.len == before) {
            continue; /* nobody misses its program */
        }
        a->programs.path[i] = engine_find(apply_engines[i]->engine, &err);
        if (a->programs.path[i] == NULL) {
            a->programs.why[i] = mem_strdup(err.text);
        }
    }
    if (a->wanted != NULL) {
        narrow(a);
    }
    a->found = true;
}

static void on_found(void *data, bool cancelled)
{
    struct attempt *a = data;
    (void)cancelled;
    if (a->owner != NULL && !a->found) {
        a->next = SIZE_MAX;
        tell_done(a, a->err.text);
    } else if (a->owner != NULL) {
        a->holds++;
        a->render = render_start(a->loop, a->set, on_rendered, a);
    }
    release(a);
}

static size_t cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > SLOTS_MAX ? SLOTS_MAX : (size_t)count;
}

unsigned apply_run_start(struct apply_run *run, const struct apply_options *options)
{
    apply_run_cancel(run);
    struct attempt *a = MEM_NEW(struct attempt);
    a->owner = run;
    a->loop = run->loop;
    a->generation = ++run->generation;
    a->offline = options->offline;
    a->wanted = options->wanted;
    a->wanted_data = options->wanted_data;
    a->wanted_free = options->wanted_free;
    a->root = mem_strdup(options->root);
    for (size_t i = 0; i < options->text_count; i++) {
        struct eval_source text = {.path = mem_strdup(options->texts[i].path)};
        buf_append_str(&text.text, options->texts[i].text);
        VEC_PUSH(&a->texts, text);
    }
    a->view = eval_sources_view(&a->texts);
    a->index = policy_index_new();
    a->set = MEM_NEW(struct apply_set);
    a->set->root = mem_strdup(options->root);
    a->set->index = a->index;
    a->set->texts = a->view;
    a->set->text_count = a->texts.len;
    if (options->needs != NULL) {
        a->needs = *options->needs;
        a->set->needs = &a->needs;
    }
    a->slots = cores();
    a->slice = loop_timer_new(run->loop, on_slice, a);
    a->holds = 2; /* the run's and the worker's */
    run->now = a;
    loop_work_start(run->loop, find_work, on_found, a);
    return a->generation;
}
