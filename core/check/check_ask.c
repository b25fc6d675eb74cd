/* Asks opa: for each unit strict first. What is content with that, or does not parse, needs no
 * second question; else the plain check tells which errors are strict mode's alone, and finds those
 * that strict mode's hide. */
#include "check/check_private.h"

#include "base/path.h"
#include "engine/offline.h"
#include "loop/process.h"

#include <stdlib.h>

enum { ANSWER_TIMEOUT_MS = 10000 };

struct ask {
    struct check_job *job;
    size_t run;
    enum engine_ask what;
    struct batch batch;
    struct buf out, errout;
};

static struct engine_question question_of(const struct ask *ask)
{
    return (struct engine_question){
        .ask = ask->what, .plan = ask->job->runs.items[ask->run].plan, .batch = &ask->batch};
}

static void ask_free(struct ask *ask)
{
    batch_free(&ask->batch);
    buf_free(&ask->out);
    buf_free(&ask->errout);
    free(ask);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct ask *ask = data;
    buf_append_str(stream == PROCESS_STDOUT ? &ask->out : &ask->errout, bytes);
}

static void set_trouble(struct check_job *job, const char *text)
{
    if (job->trouble == NULL) {
        job->trouble = mem_strdup(text);
    }
}

static void take(struct ask *ask, const struct process_result *result)
{
    struct check_job *job = ask->job;
    struct check_run *run = &job->runs.items[ask->run];
    struct err err = {0};
    struct engine_answer answer = {0};
    struct engine_question question = question_of(ask);
    if (result->timed_out) {
        err_set(&err, ERR_TIMEOUT, "opa did not answer within %d s and was stopped",
            ANSWER_TIMEOUT_MS / 1000);
    } else if (result->signal != 0 || result->truncated) {
        err_set(&err, ERR_EXTERNAL, "opa was ended before it had answered");
    } else if (engine_opa.parse(&question, buf_str(&ask->out), buf_str(&ask->errout),
                   result->exit_code, &answer, &err)) {
        struct findings *into = ask->what == ENGINE_CHECK ? &run->plain : &run->strict;
        findings_free(into);
        *into = answer.findings;
        answer.findings = (struct findings){0};
        run->loaded = answer.loaded;
    }
    if (err.kind != ERR_NONE) {
        set_trouble(job, err.text);
        run->failed = true;
    }
    engine_answer_free(&answer);
}

static void run_ended(struct check_job *job, size_t place);

static void on_exit_(void *data, const struct process_result *result)
{
    struct ask *ask = data;
    struct check_job *job = ask->job;
    size_t place = ask->run;
    check_process_ended(job, ask);
    if (!atomic_load(&job->cancelled)) {
        take(ask, result);
    }
    ask_free(ask);
    job->runs.items[place].pending--;
    run_ended(job, place);
    check_release(job);
}

static void start(struct check_job *job, size_t place, enum engine_ask what)
{
    struct check_run *run = &job->runs.items[place];
    struct checker *checker = job->checker;
    struct ask *ask = MEM_NEW(struct ask);
    *ask = (struct ask){
        .job = job, .run = place, .what = what, .batch = batch_of(run->plan, run->unit)};
    struct engine_question question = question_of(ask);
    struct engine_command command = {0};
    struct err err = {0};
    char **environment = NULL;
    struct process *process = NULL;
    if (engine_opa.command(&question, checker->program, &command, &err)) {
        environment = offline_environment(&engine_opa, checker->offline, command.env);
        struct process_options options = {.argv = (const char *const *)command.argv.items,
            .cwd = checker->root,
            .env = (const char *const *)environment,
            .nice = 5, /* keys first */
            .timeout_ms = ANSWER_TIMEOUT_MS,
            .on_data = on_data,
            .on_exit = on_exit_,
            .data = ask};
        process = process_start(checker->loop, &options, &err);
    }
    if (process == NULL) {
        set_trouble(job, err.text);
        run->failed = true;
        ask_free(ask);
    } else {
        job->references++;
        run->pending++;
        check_process_began(job, ask, process);
    }
    offline_environment_free(environment);
    engine_command_free(&command);
}

/* run_ended follows, also when it cannot be started. */
static void ask(struct check_job *job, size_t place, enum engine_ask what)
{
    job->runs.items[place].pending++; /* until it is started */
    start(job, place, what);
    job->runs.items[place].pending--;
    run_ended(job, place);
}

static void begin(struct check_job *job, size_t place)
{
    job->asking++;
    job->runs.items[place].plain_asked = false;
    ask(job, place, ENGINE_CHECK_STRICT);
}

static bool needs_plain(const struct check_run *run)
{
    bool parsed = false;
    VEC_FOREACH (const struct finding, finding, &run->strict) {
        parsed = parsed || strcmp(finding->rule, "rego_parse_error") != 0;
    }
    return !run->failed && !run->loaded && !run->plain_asked && parsed;
}

static void add_all(struct check_job *job, struct findings *from, const struct findings *errors)
{
    VEC_FOREACH (struct finding, finding, from) {
        bool error = errors == NULL;
        for (size_t i = 0; !error && i < errors->len; i++) {
            const struct finding *known = &errors->items[i];
            error = known->at.row == finding->at.row && known->at.col == finding->at.col &&
                    strcmp(known->message, finding->message) == 0;
        }
        /* What only strict mode minds compiles and runs. */
        finding->severity = error ? SEVERITY_ERROR : SEVERITY_WARNING;
        findings_add(&job->answers, finding);
    }
}

/* Neither version of Rego was certain and the one taken does not load: the other gets its try. When
 * that fails too, what the first said is told. */
static bool try_other(struct check_run *run)
{
    struct plan_unit *unit = &run->plan->units.items[run->unit];
    bool load_failed = !run->failed && !run->loaded;
    if (load_failed && unit->may_be_other && !run->other_tried) {
        run->other_tried = true;
        unit->dialect = unit->dialect == DIALECT_V0 ? DIALECT_V1 : DIALECT_V0;
        findings_free(&run->first);
        run->first = run->plain;
        run->plain = (struct findings){0};
        findings_free(&run->strict);
        return true;
    }
    if (load_failed && run->other_tried) {
        findings_free(&run->plain);
        findings_free(&run->strict);
        run->plain = run->first;
        run->first = (struct findings){0};
    }
    return false;
}

static void run_ended(struct check_job *job, size_t place)
{
    struct check_run *run = &job->runs.items[place];
    if (run->pending > 0) {
        return;
    }
    bool cancelled = atomic_load(&job->cancelled);
    if (!cancelled && needs_plain(run)) {
        run->plain_asked = true;
        ask(job, place, ENGINE_CHECK);
        return;
    }
    job->asking--;
    if (!run->plain_asked && !run->loaded) { /* it does not parse: strict or not is the same */
        findings_free(&run->plain);
        run->plain = run->strict;
        run->strict = (struct findings){0};
    }
    if (!cancelled && try_other(run)) {
        begin(job, place);
        return;
    }
    if (!cancelled) {
        add_all(job, &run->plain, NULL);
        add_all(job, &run->strict, &run->plain);
    }
    if (job->asking == 0 && !cancelled) {
        check_answered(job);
    }
}

void check_ask(struct check_job *job, size_t from, size_t to)
{
    job->references++;
    job->asking++; /* until all are started */
    for (size_t i = from; i < to; i++) {
        const struct check_run *run = &job->runs.items[i];
        if (run->plan->units.items[run->unit].trouble == NULL) {
            begin(job, i);
        }
    }
    job->asking--;
    if (job->asking == 0 && !atomic_load(&job->cancelled)) {
        check_answered(job);
    }
    check_release(job);
}
