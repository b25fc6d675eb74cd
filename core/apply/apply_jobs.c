#include "apply/apply_jobs.h"

#include "apply/apply_names.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/offline.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 60000, WATCH_MS = 100, LOG_MAX = 400, NEAR_POLICIES = 25 };
#define OUTPUT_MAX_BYTES ((size_t)128 << 20)
#define ERROUT_MAX_BYTES ((size_t)256 << 10)
#define MEMORY_MAX_BYTES ((uint64_t)2 << 30)

/* ---- which jobs ---- */

size_t apply_engine_place(const char *name)
{
    size_t place = 0;
    while (apply_engines[place] != NULL && strcmp(apply_engines[place]->engine->name, name) != 0) {
        place++;
    }
    return place;
}

bool apply_takes(const struct apply_engine *engine, const struct apply_policy *policy,
    const struct apply_fixture *fixture)
{
    if (fixture->only != NULL && strcmp(fixture->only, engine->engine->name) != 0) {
        return false;
    }
    return engine->takes == NULL || engine->takes(policy, fixture);
}

static int by_text(const void *a, const void *b)
{
    char **x = *(char **const *)a;
    char **y = *(char **const *)b;
    int order = strcmp(*x, *y);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static void number(char ***ids, size_t count)
{
    size_t first = 0;
    if (count > 1) {
        qsort(ids, count, sizeof *ids, by_text);
    }
    for (size_t i = 1; i < count; i++) {
        if (strcmp(*ids[i], *ids[first]) != 0) {
            first = i;
            continue;
        }
        char *longer = mem_printf("%s (%zu)", *ids[i], i - first + 1);
        free(*ids[i]);
        *ids[i] = longer;
    }
}

void apply_jobs_name(struct apply_set *set)
{
    size_t most = set->policies.len > set->fixtures.len ? set->policies.len : set->fixtures.len;
    char ***ids = mem_zalloc((most + 1) * sizeof *ids);
    for (size_t i = 0; i < set->policies.len; i++) {
        ids[i] = &set->policies.items[i].id;
    }
    number(ids, set->policies.len);
    for (size_t i = 0; i < set->fixtures.len; i++) {
        ids[i] = &set->fixtures.items[i].id;
    }
    number(ids, set->fixtures.len);
    free(ids);
}

static struct apply_job *new_job(const struct apply_set *set, const struct apply_engine *engine,
    const char *program, const size_t *policies, size_t policy_count, const size_t *fixtures,
    size_t fixture_count)
{
    struct apply_job *job = MEM_NEW(struct apply_job);
    job->set = set;
    job->engine = engine;
    job->program = program;
    job->policies = mem_dup(policies, policy_count * sizeof *policies);
    job->policy_count = policy_count;
    job->fixtures = mem_dup(fixtures, fixture_count * sizeof *fixtures);
    job->fixture_count = fixture_count;
    job->suspect = SIZE_MAX;
    job->cells = mem_zalloc(policy_count * fixture_count * sizeof *job->cells);
    return job;
}

static void clear_cells(struct apply_job *job)
{
    for (size_t i = 0; i < job->policy_count * job->fixture_count; i++) {
        apply_cell_free(&job->cells[i]);
    }
}

void apply_job_free(struct apply_job *job)
{
    if (job == NULL) {
        return;
    }
    clear_cells(job);
    if (job->own_free != NULL) {
        job->own_free(job->own);
    }
    scratch_remove(&job->scratch);
    free(job->policies);
    free(job->fixtures);
    free(job->cells);
    free(job);
}

/* ---- which are needed ---- */

bool apply_set_wants(const struct apply_set *set, const struct engine *engine, const char *file)
{
    return set->needs == NULL || set->needs->policy(set->needs->data, set, engine, file);
}

static enum apply_need need_of(
    const struct apply_set *set, const struct apply_engine *engine, size_t policy, size_t fixture)
{
    if (!apply_takes(engine, &set->policies.items[policy], &set->fixtures.items[fixture])) {
        return APPLY_NOT_NEEDED;
    }
    return set->needs == NULL ? APPLY_NEEDED_FIRST
                              : set->needs->cell(set->needs->data, set, policy, fixture);
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
            if (!known[cell] && need_of(job->set, job->engine, job->policies[p],
                                    job->fixtures[f]) != APPLY_NOT_NEEDED) {
                policies[p] = fixtures[f] = true;
            }
        }
    }
    job->policy_count = keep(job->policies, job->policy_count, policies);
    job->fixture_count = keep(job->fixtures, job->fixture_count, fixtures);
    free(policies);
    free(fixtures);
    return job->policy_count > 0 && job->fixture_count > 0;
}

/* ---- jobs of a set ---- */

/* The documents that any of the policies is asked about, in jobs of as many as the engine takes. */
static void add_jobs(const struct apply_set *set, const struct apply_programs *programs,
    size_t place, const struct policy_set *policies, enum apply_need need, struct job_list *jobs)
{
    const struct apply_engine *engine = apply_engines[place];
    struct policy_set fixtures = {0};
    for (size_t f = 0; f < set->fixtures.len; f++) {
        bool taken = false;
        for (size_t i = 0; !taken && i < policies->len; i++) {
            taken = need_of(set, engine, policies->items[i], f) == need;
        }
        if (taken) {
            VEC_PUSH(&fixtures, f);
        }
    }
    for (size_t at = 0; at < fixtures.len; at += engine->fixtures_max) {
        size_t left = fixtures.len - at;
        struct apply_job *job =
            new_job(set, engine, programs->path[place], policies->items, policies->len,
                fixtures.items + at, left < engine->fixtures_max ? left : engine->fixtures_max);
        job->later = need == APPLY_NEEDED_LATER;
        VEC_PUSH(jobs, job);
    }
    VEC_FREE(&fixtures);
}

static bool may_join(
    const struct apply_set *set, const struct apply_engine *engine, size_t a, size_t b)
{
    const struct apply_policy *x = &set->policies.items[a];
    const struct apply_policy *y = &set->policies.items[b];
    return strcmp(x->engine, y->engine) == 0 && y->trouble == NULL &&
           (engine->together == NULL || engine->together(x, y));
}

/* How jobs are put together. */
struct gathering {
    const struct apply_set *set;
    enum apply_need need;
    struct apply_names *names;
    bool *taken;              /* by policy: it is in a job, or in none */
    struct policy_set *asked; /* by policy: the documents that are needed so, where that counts */
};

/* Where only some cells are needed they are mostly those of policies with the documents beside
 * them. */
static bool is_near(const struct gathering *g)
{
    return g->set->needs != NULL && g->need == APPLY_NEEDED_FIRST;
}

/* False: no cell of the policy is needed so. */
static bool look_at_policy(struct gathering *g, const struct apply_engine *engine, size_t policy)
{
    bool asked = g->set->needs == NULL;
    bool all = is_near(g) && engine->names_once;
    for (size_t f = 0; (!asked || all) && f < g->set->fixtures.len; f++) {
        if (need_of(g->set, engine, policy, f) == g->need) {
            asked = true;
            if (all) {
                VEC_PUSH(&g->asked[policy], f);
            }
        }
    }
    return asked;
}

static bool joins(const struct gathering *g, const struct apply_engine *engine,
    const struct policy_set *group, size_t policy)
{
    const struct policy_set *asked = &g->asked[policy];
    bool may = !g->taken[policy];
    for (size_t m = 0; may && m < group->len; m++) {
        may = may_join(g->set, engine, group->items[m], policy);
    }
    return may && (!engine->names_once || apply_names_fit(g->names, asked->items, asked->len));
}

static void gather(const struct gathering *g, const struct apply_engine *engine, size_t first,
    struct policy_set *group)
{
    bool small = is_near(g) && engine->policies_max > NEAR_POLICIES; /* asks for little else */
    size_t most = small ? NEAR_POLICIES : engine->policies_max;
    apply_names_begin(g->names);
    for (size_t k = first; k < g->set->policies.len && group->len < most; k++) {
        if (joins(g, engine, group, k)) {
            VEC_PUSH(group, k);
            g->taken[k] = true;
            apply_names_take(g->names, g->asked[k].items, g->asked[k].len);
        }
    }
}

/* The policies whose cells are needed so, in groups that an engine can be asked about together. */
static void make_jobs(const struct apply_set *set, const struct apply_programs *programs,
    enum apply_need need, struct job_list *jobs)
{
    struct gathering g = {.set = set,
        .need = need,
        .names = apply_names_new(set),
        .taken = mem_zalloc(set->policies.len + 1),
        .asked = mem_zalloc((set->policies.len + 1) * sizeof *g.asked)};
    for (size_t i = 0; i < set->policies.len; i++) {
        const struct apply_policy *policy = &set->policies.items[i];
        size_t place = apply_engine_place(policy->engine);
        g.taken[i] = policy->trouble != NULL || programs->path[place] == NULL ||
                     !look_at_policy(&g, apply_engines[place], i);
    }
    for (size_t i = 0; i < set->policies.len; i++) {
        if (!g.taken[i]) {
            struct policy_set group = {0};
            size_t place = apply_engine_place(set->policies.items[i].engine);
            gather(&g, apply_engines[place], i, &group);
            add_jobs(set, programs, place, &group, need, jobs);
            VEC_FREE(&group);
        }
    }
    for (size_t i = 0; i < set->policies.len; i++) {
        VEC_FREE(&g.asked[i]);
    }
    apply_names_free(g.names);
    free(g.asked);
    free(g.taken);
}

void apply_jobs_make(
    const struct apply_set *set, const struct apply_programs *programs, struct job_list *jobs)
{
    make_jobs(set, programs, APPLY_NEEDED_FIRST, jobs);
    if (set->needs != NULL) {
        make_jobs(set, programs, APPLY_NEEDED_LATER, jobs);
    }
}

static void push_part(const struct apply_job *job, size_t from_policy, size_t policies,
    size_t from_fixture, size_t fixtures, struct job_list *jobs)
{
    struct apply_job *part = new_job(job->set, job->engine, job->program,
        job->policies + from_policy, policies, job->fixtures + from_fixture, fixtures);
    part->later = job->later;
    VEC_PUSH(jobs, part);
}

static void push_suspect(const struct apply_job *job, struct job_list *jobs)
{
    size_t last = job->policy_count - 1;
    push_part(job, job->suspect, 1, 0, job->fixture_count, jobs);
    push_part(job, 0, last, 0, job->fixture_count, jobs);
    if (job->suspect < last) { /* the last one is in its place */
        struct apply_job *others = jobs->items[jobs->len - 1];
        others->policies[job->suspect] = job->policies[last];
    }
}

/* Documents first: one of them is what spoils it, more often than a policy. */
bool apply_job_split(const struct apply_job *job, struct job_list *jobs)
{
    size_t p = job->policy_count / 2;
    size_t f = job->fixture_count / 2;
    if (job->suspect < job->policy_count && job->policy_count > 1) {
        push_suspect(job, jobs);
        return true;
    }
    if (f > 0) {
        push_part(job, 0, job->policy_count, 0, f, jobs);
        push_part(job, 0, job->policy_count, f, job->fixture_count - f, jobs);
    } else if (p > 0) {
        push_part(job, 0, p, 0, job->fixture_count, jobs);
        push_part(job, p, job->policy_count - p, 0, job->fixture_count, jobs);
    }
    return f > 0 || p > 0;
}

void apply_job_fill(struct apply_job *job, enum apply_verdict verdict, const char *message)
{
    clear_cells(job);
    for (size_t i = 0; i < job->policy_count * job->fixture_count; i++) {
        job->cells[i] = (struct apply_cell){.verdict = verdict, .message = mem_strdup(message)};
    }
}

/* ---- one job ---- */

struct apply_task {
    struct apply_tasks tasks;
    bool stopped;
    struct apply_job *job;
    struct apply_command command;
    struct err err;
    bool ok; /* of the worker */
    enum apply_read read;
    struct process *process;
    struct loop_timer *watch;
    void *started;
    bool too_large; /* its memory */
    struct buf out, errout;
    struct process_result result;
};

static void command_free(struct apply_command *command)
{
    apply_words_free(&command->argv);
    free(command->dir);
    buf_free(&command->input);
    *command = (struct apply_command){0};
}

static void task_free(struct apply_task *task)
{
    command_free(&task->command);
    buf_free(&task->out);
    buf_free(&task->errout);
    loop_timer_free(task->watch);
    apply_job_free(task->job);
    free(task);
}

static void finish(struct apply_task *task, enum apply_read read, const struct err *err)
{
    struct apply_job *job = task->job;
    struct apply_tasks tasks = task->tasks;
    struct err why = *err;
    task->job = NULL;
    tasks.ended(tasks.data, task, job, read, &why);
    task_free(task);
}

static void begin(struct apply_task *task);

static void again_or_finish(struct apply_task *task, enum apply_read read)
{
    if (read == APPLY_READ_AGAIN && !task->stopped && task->job->attempt < 8) {
        task->job->attempt++;
        clear_cells(task->job);
        command_free(&task->command);
        buf_clear(&task->out);
        buf_clear(&task->errout);
        begin(task);
        return;
    }
    finish(task, read == APPLY_READ_AGAIN ? APPLY_READ_BROKEN : read, &task->err);
}

static void read_work(void *data)
{
    struct apply_task *task = data;
    struct apply_job *job = task->job;
    struct apply_answer answer = {
        buf_str(&task->out), buf_str(&task->errout), task->result.exit_code};
    task->read = job->engine->read(job, &answer, &task->err);
    size_t count = job->policy_count * job->fixture_count;
    for (size_t i = 0; i < count; i++) {
        job->cells[i].duration_us = task->result.wall_us / count;
    }
}

static void on_read(void *data, bool cancelled)
{
    struct apply_task *task = data;
    (void)cancelled;
    again_or_finish(task, task->read);
}

static void tell_log(const struct apply_task *task)
{
    struct buf line = BUF_INIT;
    if (task->tasks.log == NULL) {
        return;
    }
    VEC_FOREACH (char *, arg, &task->command.argv) {
        if (*arg != NULL && line.len < LOG_MAX) {
            buf_printf(&line, "%s%s", line.len == 0 ? "" : " ", *arg);
        }
    }
    char *shown = safe_dup(buf_str(&line), SAFE_ONE_LINE, LOG_MAX);
    char *told = mem_printf("apply: %s: exit %d after %.0f ms, %zu documents", shown,
        task->result.exit_code, (double)task->result.wall_us / 1000, task->job->fixture_count);
    task->tasks.log(task->tasks.data, told);
    free(told);
    free(shown);
    buf_free(&line);
}

static void on_exit_(void *data, const struct process_result *result)
{
    struct apply_task *task = data;
    const char *name = task->job->engine->engine->name;
    task->process = NULL;
    task->result = *result;
    loop_timer_stop(task->watch);
    if (task->stopped) {
        finish(task, APPLY_READ_BROKEN, &task->err);
        return;
    }
    tell_log(task);
    if (result->timed_out || task->too_large || result->truncated) {
        err_set(&task->err, ERR_LIMIT, "%s was ended: it %s", name,
            result->timed_out   ? "did not end in time"
            : result->truncated ? "printed more than is taken"
                                : "needed more than 2 GB of memory");
        finish(task, APPLY_READ_APART, &task->err);
    } else if (result->exit_code < 0) {
        err_set(&task->err, ERR_EXTERNAL, "%s was ended by signal %d", name, result->signal);
        finish(task, APPLY_READ_APART, &task->err);
    } else {
        loop_work_start(task->tasks.loop, read_work, on_read, task);
    }
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct apply_task *task = data;
    if (stream == PROCESS_STDOUT) {
        buf_append_str(&task->out, bytes);
    } else if (task->errout.len < ERROUT_MAX_BYTES) {
        buf_append_str(&task->errout, bytes);
    }
}

static void on_watch(void *data)
{
    struct apply_task *task = data;
    if (task->process != NULL && !task->too_large &&
        process_resident_bytes(task->process) > MEMORY_MAX_BYTES) {
        task->too_large = true;
        process_cancel(task->process);
    }
}

static bool start_process(struct apply_task *task, const char *const *argv, const char *const *env)
{
    struct process_options options = {.argv = argv,
        .cwd = task->command.dir != NULL ? task->command.dir : task->job->set->root,
        .env = env,
        .input = buf_str(&task->command.input),
        .nice = 5, /* keys first */
        .timeout_ms = task->command.timeout_ms > 0 ? task->command.timeout_ms : TIMEOUT_MS,
        .max_output = OUTPUT_MAX_BYTES,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = task};
    task->process = process_start(task->tasks.loop, &options, &task->err);
    return task->process != NULL;
}

/* What it is capable of is told, where the engine can be told; off the network, the others are
 * confined by the system. */
static bool start_offline(struct apply_task *task)
{
    const char *const *argv = (const char *const *)task->command.argv.items;
    const struct engine *engine = task->job->engine->engine;
    if (engine->offline_env != NULL) {
        char **env = offline_environment(engine, task->tasks.offline_path, task->command.env);
        bool ok = start_process(task, argv, (const char *const *)env);
        offline_environment_free(env);
        return ok;
    }
    struct confined_cage cage = {0};
    struct confined_words words = {0};
    bool ok = confined_wrap(&cage, argv, &words, &task->err) &&
              start_process(task, words.items, task->command.env);
    confined_words_free(&words);
    return ok;
}

static void on_started_done(void *data, enum apply_read read, const struct err *err)
{
    struct apply_task *task = data;
    task->started = NULL;
    if (err != NULL) {
        task->err = *err;
    }
    finish(task, read, &task->err);
}

static void on_command(void *data, bool cancelled)
{
    struct apply_task *task = data;
    const struct apply_engine *engine = task->job->engine;
    (void)cancelled;
    if (task->stopped || !task->ok) {
        finish(task, APPLY_READ_BROKEN, &task->err);
        return;
    }
    if (engine->start != NULL) {
        task->started =
            engine->start(task->job, task->tasks.loop, task->tasks.offline, on_started_done, task);
        return;
    }
    VEC_PUSH(&task->command.argv, NULL);
    bool ok =
        task->tasks.offline || engine->engine->offline_env != NULL
            ? start_offline(task)
            : start_process(task, (const char *const *)task->command.argv.items, task->command.env);
    task->command.argv.len--;
    if (!ok) {
        finish(task, APPLY_READ_BROKEN, &task->err);
        return;
    }
    loop_timer_start(task->watch, WATCH_MS, WATCH_MS);
}

static void command_work(void *data)
{
    struct apply_task *task = data;
    task->ok = task->job->engine->command(task->job, &task->command, &task->err);
}

static void begin(struct apply_task *task)
{
    loop_work_start(task->tasks.loop, command_work, on_command, task);
}

struct apply_task *apply_task_start(const struct apply_tasks *tasks, struct apply_job *job)
{
    struct apply_task *task = MEM_NEW(struct apply_task);
    task->tasks = *tasks;
    task->job = job;
    task->watch = loop_timer_new(tasks->loop, on_watch, task);
    begin(task);
    return task;
}

void apply_task_stop(struct apply_task *task)
{
    task->stopped = true;
    if (task->started != NULL) {
        task->job->engine->stop(task->started);
        task->started = NULL;
        finish(task, APPLY_READ_BROKEN, &task->err);
    } else if (task->process != NULL) {
        process_cancel(task->process);
    }
}
