#include "apply/apply_jobs.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/offline.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 60000, WATCH_MS = 100, LOG_MAX = 400 };
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

struct apply_job *apply_job_new(const struct apply_set *set, const struct apply_engine *engine,
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

bool apply_job_looks_around(const struct apply_job *job)
{
    return job->engine->looks_around != NULL && !job->probe && job->policy_count == 1 &&
           job->engine->looks_around(&job->set->policies.items[job->policies[0]]);
}

static void push_part(const struct apply_job *job, size_t from_policy, size_t policies,
    size_t from_fixture, size_t fixtures, struct job_list *jobs)
{
    struct apply_job *part = apply_job_new(job->set, job->engine, job->program,
        job->policies + from_policy, policies, job->fixtures + from_fixture, fixtures);
    part->probe = job->probe;
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
    if (apply_job_looks_around(job)) {
        return false; /* a part of it is another question */
    }
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
