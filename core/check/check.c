/* The life of a check: gathered, prepared on a worker, asked, placed on a worker, told. */
#include "check/check_private.h"

#include "base/path.h"
#include "engine/offline.h"
#include "engine/probe.h"

#include <stdlib.h>
#include <unistd.h>

static void start_job(struct checker *checker);
static void ask_next(struct check_job *job);

static void checker_release(struct checker *checker)
{
    if (--checker->references > 0) {
        return;
    }
    policy_index_free(checker->index);
    manifests_free(&checker->manifests);
    VEC_FOREACH (char *, path, &checker->laid) {
        free(*path);
    }
    VEC_FREE(&checker->laid);
    scratch_remove(&checker->scratch);
    free(checker->trouble);
    free(checker->program);
    free(checker->offline);
    free(checker->root);
    free(checker);
}

void check_free_texts(struct check_request *request)
{
    VEC_FOREACH (struct check_text, text, &request->texts) {
        free(text->path);
        buf_free(&text->text);
    }
    VEC_FREE(&request->texts);
}

static void run_free(struct check_run *run)
{
    findings_free(&run->plain);
    findings_free(&run->strict);
    findings_free(&run->first);
}

static void job_free_plans(struct check_job *job)
{
    VEC_FOREACH (struct check_run, run, &job->runs) {
        run_free(run);
    }
    VEC_FREE(&job->runs);
    VEC_FOREACH (struct run_plan *, plan, &job->plans) {
        run_plan_free(*plan);
    }
    VEC_FREE(&job->plans);
    VEC_FOREACH (struct stand_in, stand_in, &job->stand_ins) {
        (void)unlink(stand_in->load);
        free(stand_in->load);
        free(stand_in->path);
        buf_free(&stand_in->text);
        free(stand_in->injection.ranges);
    }
    VEC_FREE(&job->stand_ins);
}

void check_release(struct check_job *job)
{
    if (--job->references > 0) {
        return;
    }
    struct checker *checker = job->checker;
    job_free_plans(job);
    free(job->request.focus);
    check_free_texts(&job->request);
    findings_free(&job->guards);
    findings_free(&job->answers);
    VEC_FOREACH (char *, path, &job->covered) {
        free(*path);
    }
    VEC_FREE(&job->covered);
    VEC_FOREACH (struct cedar_check *, check, &job->cedar) {
        check_cedar_free(*check);
    }
    VEC_FREE(&job->cedar);
    VEC_FREE(&job->processes);
    free(job->trouble);
    free(job);
    checker_release(checker);
}

void check_process_began(struct check_job *job, const void *ask, struct process *process)
{
    VEC_PUSH(&job->processes, (struct running){ask, process});
}

void check_process_ended(struct check_job *job, const void *ask)
{
    for (size_t i = 0; i < job->processes.len; i++) {
        if (job->processes.items[i].ask == ask) {
            VEC_REMOVE(&job->processes, i);
            return;
        }
    }
}

static void cancel_job(struct checker *checker)
{
    struct check_job *job = checker->job;
    if (job == NULL) {
        return;
    }
    checker->job = NULL;
    atomic_store(&job->cancelled, true);
    VEC_FOREACH (struct running, running, &job->processes) {
        process_cancel(running->process);
    }
    check_release(job);
}

static void set_state(struct checker *checker, enum check_state state)
{
    checker->state = state;
    if (checker->events.changed != NULL && !checker->closing) {
        checker->events.changed(checker->events.data);
    }
}

void check_tell(struct check_job *job, const char *source, const struct findings *findings)
{
    const struct check_events *events = &job->checker->events;
    events->found(
        events->data, source, (const char *const *)job->covered.items, job->covered.len, findings);
}

void check_finish(struct check_job *job)
{
    struct checker *checker = job->checker;
    free(checker->trouble);
    checker->trouble = mem_strdup(job->trouble);
    checker->unchecked = job->unchecked;
    checker->evidence = job->evidence;
    checker->wall_us = loop_now_us() - job->started_us;
    set_state(checker, job->trouble != NULL ? CHECK_TROUBLED : CHECK_DONE);
}

/* Places, on a worker */

static void place_work(void *data)
{
    check_place(data);
}

static bool has_error(const struct findings *findings)
{
    VEC_FOREACH (struct finding, finding, findings) {
        if (finding->severity == SEVERITY_ERROR) {
            return true;
        }
    }
    return false;
}

static void placed(void *data, bool cancelled)
{
    (void)cancelled;
    struct check_job *job = data;
    if (!atomic_load(&job->cancelled)) {
        check_tell(job, "opa", &job->answers);
        bool broken = has_error(&job->answers);
        if (job->trouble == NULL && !broken && job->asked < job->runs.len) {
            ask_next(job);
        } else {
            check_finish(job);
        }
    }
    check_release(job);
}

static void cover_run(struct check_job *job, const struct check_run *run)
{
    VEC_FOREACH (size_t, place, &run->plan->units.items[run->unit].files) {
        const struct plan_file *file = &run->plan->files.items[*place];
        bool known = file->is_data;
        for (size_t i = 0; i < job->covered.len && !known; i++) {
            known = strcmp(job->covered.items[i], file->path) == 0;
        }
        if (!known) {
            VEC_PUSH(&job->covered, mem_strdup(file->path));
        }
    }
}

void check_answered(struct check_job *job)
{
    if (job->trouble != NULL) {
        check_finish(job); /* what was told before stands, with the state that says it is old */
        return;
    }
    job->references++;
    loop_work_start(job->checker->loop, place_work, placed, job);
}

/* Asking */

static void ask_next(struct check_job *job)
{
    size_t from = job->asked;
    job->asked = from < job->focus_runs ? job->focus_runs : job->runs.len;
    for (size_t i = from; i < job->asked; i++) {
        cover_run(job, &job->runs.items[i]);
    }
    check_ask(job, from, job->asked);
}

static void fail_probe(struct checker *checker, const char *why)
{
    free(checker->program);
    checker->program = NULL;
    if (checker->job != NULL && checker->job->prepared) {
        free(checker->job->trouble);
        checker->job->trouble = mem_strdup(why);
        check_finish(checker->job);
    }
}

static void on_offline(void *data, const char *path, const struct err *err)
{
    struct checker *checker = data;
    checker->probing = false;
    if (!checker->closing && path == NULL) {
        char *why = mem_printf("opa cannot be told what it is capable of: %s", err->text);
        fail_probe(checker, why);
        free(why);
    } else if (!checker->closing) {
        free(checker->offline);
        checker->offline = mem_strdup(path);
        if (checker->job != NULL && checker->job->prepared) {
            ask_next(checker->job);
        }
    }
    checker_release(checker);
}

static void ask_capabilities(struct checker *checker)
{
    checker->settings_old = false;
    offline_start(
        checker->loop, &engine_opa, checker->program, checker->root, false, on_offline, checker);
}

static void on_probed(void *data, const struct probe_result *result)
{
    struct checker *checker = data;
    if (checker->closing || result->program == NULL) {
        checker->probing = false;
        if (!checker->closing) {
            fail_probe(checker, result->err.text);
        }
        checker_release(checker);
        return;
    }
    free(checker->program);
    checker->program = mem_strdup(result->program);
    ask_capabilities(checker);
}

static void begin_asking(struct check_job *job)
{
    struct checker *checker = job->checker;
    bool found = checker->program != NULL && checker->offline != NULL &&
                 access(checker->program, X_OK) == 0 && access(checker->offline, R_OK) == 0;
    if (found && !checker->settings_old) {
        ask_next(job);
    } else if (!checker->probing) {
        checker->probing = true;
        checker->references++;
        if (found) {
            ask_capabilities(checker);
        } else {
            probe_start(checker->loop, &engine_opa, on_probed, checker);
        }
    } /* else it goes on when the probe ends */
}

/* Preparing, on a worker */

static void prepare_work(void *data)
{
    check_prepare(data);
}

static void prepared(void *data, bool cancelled)
{
    (void)cancelled;
    struct check_job *job = data;
    struct checker *checker = job->checker;
    checker->working = false;
    if (checker->again) {
        checker->again = false;
        start_job(checker);
    } else if (!atomic_load(&job->cancelled)) {
        check_tell(job, "guard", &job->guards);
        if (job->nothing) {
            set_state(checker, CHECK_NOTHING);
        } else if (job->prepared && job->cedar.len > 0) {
            check_cedar_ask(job);
        } else if (job->prepared && job->runs.len > 0) {
            begin_asking(job);
        } else {
            check_finish(job);
        }
    }
    check_release(job);
}

static bool is_checked(const char *path)
{
    const char *ext = path_ext(path);
    return strcmp(ext, ".rego") == 0 || strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0 ||
           check_is_cedar(path);
}

static void start_job(struct checker *checker)
{
    cancel_job(checker);
    if (checker->closing) {
        return;
    }
    if (checker->working) {
        checker->again = true;
        return;
    }
    struct check_job *job = MEM_NEW(struct check_job);
    job->checker = checker;
    job->references = 1;
    job->started_us = loop_now_us();
    checker->references++;
    checker->events.gather(checker->events.data, &job->request);
    if (job->request.focus == NULL || !is_checked(job->request.focus)) {
        check_release(job);
        set_state(checker, CHECK_NOTHING);
        return;
    }
    checker->job = job;
    checker->working = true;
    job->references++;
    loop_work_start(checker->loop, prepare_work, prepared, job);
    set_state(checker, CHECK_RUNNING);
}

static void on_timer(void *data)
{
    start_job(data);
}

struct checker *checker_new(struct loop *loop, const char *root, const struct check_events *events)
{
    struct checker *checker = MEM_NEW(struct checker);
    checker->loop = loop;
    checker->root = mem_strdup(root);
    checker->events = *events;
    checker->references = 1;
    checker->timer = loop_timer_new(loop, on_timer, checker);
    checker->index = policy_index_new();
    return checker;
}

void checker_free(struct checker *checker)
{
    if (checker == NULL) {
        return;
    }
    checker->closing = true;
    checker->again = false;
    loop_timer_free(checker->timer);
    cancel_job(checker);
    checker_release(checker);
}

void checker_touch(struct checker *checker, unsigned delay_ms)
{
    cancel_job(checker);
    loop_timer_start(checker->timer, delay_ms, 0);
    if (checker->state != CHECK_WAITING) {
        set_state(checker, CHECK_WAITING);
    }
}

void checker_disk_changed(struct checker *checker)
{
    atomic_store(&checker->disk_changed, true);
    checker->settings_old = true;
}

enum check_state checker_state(const struct checker *checker)
{
    return checker->state;
}

const char *checker_trouble(const struct checker *checker)
{
    return checker->trouble;
}

size_t checker_unchecked(const struct checker *checker)
{
    return checker->unchecked;
}

unsigned checker_evidence(const struct checker *checker)
{
    return checker->evidence;
}

uint64_t checker_wall_us(const struct checker *checker)
{
    return checker->wall_us;
}
