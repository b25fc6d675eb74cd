/* Life of an evaluation: prepared on a worker, then up to three processes one after another: one
 * that finds the input, one for the value, one for the trace. */
#include "engine/opa_eval_internal.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/path.h"
#include "engine/offline.h"
#include "engine/opa.h"
#include "engine/opa_bench.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
    VALUE_TIMEOUT_MS = 10000,
    TRACE_TIMEOUT_MS = 3000,
    BENCH_TIMEOUT_MS = 60000, /* it measures for a second, and longer on a machine that is busy */
    GRACE_MS = 3000,
    WATCH_MS = 50
};
#define MEMORY_MAX_BYTES ((uint64_t)1 << 30)
#define OUTPUT_MAX_BYTES ((size_t)512 << 20)
#define VALUE_MAX_BYTES  OPA_STREAM_MEMBER_MAX
#define ERROUT_MAX_BYTES ((size_t)64 << 10)

struct evaluator {
    struct loop *loop;
    struct eval_events events;
    unsigned generation;
    struct policy_index *index;
    bool index_lent;            /* a worker has it */
    struct evaluation *now;     /* started last, or NULL */
    struct evaluation *waiting; /* begins when the worker has given the index back */
    bool closing;
};

static void begin(struct evaluation *e);
static void run(struct evaluation *e, enum eval_run what);

/* ---- life ---- */

void eval_result_free(struct eval_result *result)
{
    free(result->query);
    free(result->label);
    free(result->input);
    free(result->note);
    free(result->bench);
    free(result->trouble);
    buf_free(&result->value);
    findings_free(&result->errors);
}

static void evaluation_free(struct evaluation *e)
{
    if (e->scratch != NULL) {
        (void)!path_remove_tree(e->scratch, NULL);
    }
    VEC_FOREACH (struct eval_laid, laid, &e->laid) {
        free(laid->scratch);
        free(laid->path);
    }
    VEC_FREE(&e->laid);
    target_pieces_free(&e->pieces);
    target_free(&e->target);
    eval_sources_free(&e->texts);
    eval_sources_free(&e->sources);
    eval_args_free(&e->files);
    eval_args_free(&e->input_args);
    eval_args_free(&e->find_args);
    eval_input_free(&e->input);
    buf_free(&e->stdin_text);
    opa_stream_free(&e->stream);
    buf_free(&e->raw_result);
    buf_free(&e->raw_errors);
    buf_free(&e->raw_metrics);
    buf_free(&e->errout);
    trace_free(e->trace);
    eval_result_free(&e->result);
    loop_timer_free(e->watch);
    free(e->scratch);
    free(e->root);
    free(e->file);
    free(e->selection);
    free(e->query);
    free(e->program);
    free(e->offline_path);
    free(e->trace_trouble);
    free(e);
}

static void release(struct evaluation *e)
{
    if (--e->holds == 0) {
        evaluation_free(e);
    }
}

/* Nobody waits for it any more. */
static void let_go(struct evaluation *e)
{
    e->evaluator = NULL;
    atomic_store(&e->cancel, true);
    if (e->process != NULL) {
        process_cancel(e->process);
    }
    release(e);
}

/* Folders of processes that are gone. */
static void sweep(void)
{
    char *cache = path_home_dir(PATH_CACHE, NULL);
    char *folder = cache == NULL ? NULL : path_join(cache, "evaluate");
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            char *old = path_join(folder, entry->d_name);
            (void)!path_remove_tree(old, NULL);
            free(old);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(folder);
    free(cache);
}

struct evaluator *evaluator_new(struct loop *loop, const struct eval_events *events)
{
    struct evaluator *evaluator = MEM_NEW(struct evaluator);
    evaluator->loop = loop;
    evaluator->events = *events;
    evaluator->index = policy_index_new();
    sweep();
    return evaluator;
}

static void evaluator_destroy(struct evaluator *evaluator)
{
    policy_index_free(evaluator->index);
    free(evaluator);
}

void evaluator_cancel(struct evaluator *evaluator)
{
    if (evaluator->waiting != NULL) {
        release(evaluator->waiting);
        evaluator->waiting = NULL;
    }
    if (evaluator->now != NULL) {
        let_go(evaluator->now);
        evaluator->now = NULL;
    }
}

void evaluator_free(struct evaluator *evaluator)
{
    if (evaluator == NULL) {
        return;
    }
    evaluator_cancel(evaluator);
    evaluator->closing = true;
    if (!evaluator->index_lent) {
        evaluator_destroy(evaluator);
    }
}

bool evaluator_is_running(const struct evaluator *evaluator)
{
    return evaluator->now != NULL || evaluator->waiting != NULL;
}

/* ---- telling ---- */

static void finish(struct evaluation *e)
{
    struct evaluator *evaluator = e->evaluator;
    if (evaluator != NULL && evaluator->now == e) {
        evaluator->now = NULL;
        let_go(e);
    }
}

static void tell_result(struct evaluation *e)
{
    struct evaluator *evaluator = e->evaluator;
    if (evaluator != NULL && evaluator->events.result != NULL) {
        evaluator->events.result(evaluator->events.data, e->generation, &e->result);
    }
}

static void fail(struct evaluation *e, char *why)
{
    e->result.status = EVAL_ERROR;
    free(e->result.trouble);
    e->result.trouble = why;
    tell_result(e);
    finish(e);
}

static void tell_trace(struct evaluation *e)
{
    struct evaluator *evaluator = e->evaluator;
    if (evaluator == NULL || evaluator->events.trace == NULL) {
        return;
    }
    struct eval_trace *told = MEM_NEW(struct eval_trace);
    *told = (struct eval_trace){e->trace, e->sources, e->trace_trouble};
    e->trace = NULL;
    e->sources = (struct eval_sources){0};
    e->trace_trouble = NULL;
    evaluator->events.trace(evaluator->events.data, e->generation, told);
}

void eval_trace_free(struct eval_trace *trace)
{
    if (trace != NULL) {
        trace_free(trace->trace);
        eval_sources_free(&trace->sources);
        free(trace->trouble);
        free(trace);
    }
}

/* ---- reading answers ---- */

static void on_member(void *data, struct str key, struct str value)
{
    struct evaluation *e = data;
    if (e->run == EVAL_RUN_BENCH && !str_equal_c(key, "errors")) {
        buf_printf(&e->raw_result, "%s\"%.*s\": %.*s", e->raw_result.len > 0 ? ", " : "",
            STR_FMT(key), STR_FMT(value));
        return;
    }
    struct buf *to = str_equal_c(key, "result")    ? &e->raw_result
                     : str_equal_c(key, "errors")  ? &e->raw_errors
                     : str_equal_c(key, "metrics") ? &e->raw_metrics
                                                   : NULL;
    if (to != NULL) {
        buf_clear(to);
        buf_append_str(to, value);
    }
}

static void on_event(void *data, struct str event)
{
    struct evaluation *e = data;
    if (e->trace != NULL && !trace_add(e->trace, event) && e->killed == NULL &&
        e->process != NULL) {
        e->killed = "";
        process_cancel(e->process);
    }
}

/* The values of {"expressions": [{"value": …}]} rows: one as it is, several as an array. */
static bool read_values(struct str rows, struct buf *out)
{
    struct json_scan scan;
    struct str inner;
    size_t count = 0;
    json_scan_init(&scan, rows);
    for (enum json_token token; (token = json_scan_next(&scan)) != JSON_END;) {
        if (token == JSON_BAD) {
            return false;
        }
        bool value = token == JSON_KEY && scan.depth == 4 && str_equal_c(scan.raw, "value");
        if (value && json_scan_value(&scan, &inner)) {
            buf_append_c(out, count++ > 0 ? ", " : "");
            buf_append_str(out, inner);
        }
    }
    if (count > 1) {
        buf_insert(out, 0, "[", 1);
        buf_append_char(out, ']');
    }
    return count > 0;
}

static uint64_t read_metric(struct str metrics, const char *name)
{
    struct json_scan scan;
    struct str key;
    struct str value;
    json_scan_init(&scan, metrics);
    if (metrics.len == 0 || json_scan_next(&scan) != JSON_OBJECT) {
        return 0;
    }
    while (json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        if (str_equal_c(key, name) && value.len < 19) {
            char number[20] = {0};
            memcpy(number, value.ptr, value.len);
            return strtoull(number, NULL, 10) / 1000;
        }
    }
    return 0;
}

static void read_errors(struct evaluation *e)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "{\"errors\": %s}", e->raw_errors.len == 0 ? "[]" : e->raw_errors.ptr);
    (void)!opa_parse_errors(buf_str(&text), e->root, &e->result.errors, NULL);
    buf_free(&text);
    VEC_FOREACH (struct finding, finding, &e->result.errors) {
        if (finding->file != NULL) {
            char *path = mem_strdup(eval_place(e, finding->file, &finding->at));
            free(finding->file);
            finding->file = path;
        }
    }
}

/* ---- what the processes answered ---- */

/* The first element of a set of inputs; the input out of a wrapping. */
static bool take_input(struct evaluation *e, struct str value)
{
    struct json_scan scan;
    struct str key;
    struct str inner = {0};
    size_t count = 0;
    json_scan_init(&scan, value);
    if (e->find_set) {
        (void)json_scan_next(&scan);
        for (struct str item; json_scan_value(&scan, &item); count++) {
            inner = count == 0 ? item : inner;
        }
        if (count > 1) {
            e->result.note = mem_printf("the first of the %zu inputs that the test gives", count);
        }
    } else if (json_scan_next(&scan) == JSON_OBJECT) {
        struct str item;
        while (json_scan_key(&scan, &key) && json_scan_value(&scan, &item)) {
            inner = str_equal_c(key, "input") ? item : inner;
            char *parameters = e->result.note;
            if (str_equal_c(key, "how") && str_equal_c(item, "\"object\"")) {
                e->result.note = mem_printf("as input.review.object, CREATE; %s", parameters);
                free(parameters);
            } else if (str_equal_c(key, "how") && str_equal_c(item, "\"request\"")) {
                e->result.note = mem_printf("its request as input.review; %s", parameters);
                free(parameters);
            } else if (str_equal_c(key, "how")) {
                e->result.note = NULL;
                free(parameters);
            }
        }
    }
    buf_append_str(&e->stdin_text, inner);
    eval_push(&e->input_args, mem_strdup("--stdin-input"));
    return inner.len > 0;
}

static void input_answered(struct evaluation *e)
{
    struct buf value = BUF_INIT;
    bool ok = read_values(buf_str(&e->raw_result), &value) && take_input(e, buf_str(&value));
    buf_free(&value);
    if (ok) {
        run(e, EVAL_RUN_VALUE);
        return;
    }
    read_errors(e);
    struct str said = str_trim(buf_str(&e->errout));
    const char *why = e->result.errors.len > 0 ? e->result.errors.items[0].message
                      : said.len > 0           ? e->errout.ptr
                                               : "it gives none";
    fail(e, mem_printf("The input could not be read: %s", why));
}

static bool should_try_other(struct evaluation *e)
{
    bool loading = false;
    VEC_FOREACH (const struct finding, finding, &e->result.errors) {
        loading = loading || strncmp(finding->rule, "rego_", 5) == 0;
    }
    return loading && e->may_be_other && !e->tried_other;
}

static void value_answered(struct evaluation *e, const struct process_result *process)
{
    struct eval_result *result = &e->result;
    bool has_value = read_values(buf_str(&e->raw_result), &result->value);
    read_errors(e);
    result->wall_us = process->wall_us;
    result->eval_us = read_metric(buf_str(&e->raw_metrics), "timer_rego_query_eval_ns");
    result->dialect = e->v0 ? DIALECT_V0 : DIALECT_V1;
    if (process->exit_code != 0 && should_try_other(e)) {
        e->v0 = !e->v0;
        e->tried_other = true;
        findings_free(&result->errors);
        run(e, EVAL_RUN_VALUE);
        return;
    }
    if (process->exit_code != 0 && result->errors.len == 0) {
        struct str said = str_trim(buf_str(&e->errout));
        fail(e, mem_printf("opa eval ended with %d: %.*s", process->exit_code,
                    said.len > 600 ? 600 : (int)said.len, said.len == 0 ? "" : said.ptr));
        return;
    }
    result->status = process->exit_code != 0 ? EVAL_ERROR : has_value ? EVAL_VALUE : EVAL_UNDEFINED;
    result->builtin_errors = process->exit_code == 0 && result->errors.len > 0;
    if (e->want_bench && result->status != EVAL_ERROR) {
        run(e, EVAL_RUN_BENCH);
        return;
    }
    bool trace = e->want_trace && result->status != EVAL_ERROR;
    tell_result(e);
    if (e->evaluator == NULL) {
        return; /* started anew, or let go, by who was told */
    }
    if (trace) {
        run(e, EVAL_RUN_TRACE);
    } else {
        finish(e);
    }
}

static void bench_answered(struct evaluation *e, const struct process_result *process)
{
    struct buf members = BUF_INIT;
    buf_printf(&members, "{%s}", e->raw_result.len == 0 ? "" : e->raw_result.ptr);
    e->result.bench = opa_bench_show(buf_str(&members));
    buf_free(&members);
    if (e->result.bench == NULL) {
        read_errors(e);
        const char *why = e->result.errors.len > 0 ? e->result.errors.items[0].message
                          : process->timed_out     ? "it did not end in time"
                          : e->killed != NULL      ? e->killed
                          : e->errout.len > 0      ? e->errout.ptr
                                                   : "it says nothing";
        fail(e, mem_printf("opa bench could not measure it: %.*s", (int)strcspn(why, "\n"), why));
        return;
    }
    tell_result(e);
    finish(e);
}

static void trace_answered(struct evaluation *e, const struct process_result *process)
{
    const char *limit = e->killed != NULL && e->killed[0] != '\0' ? e->killed
                        : process->timed_out ? "the traced evaluation did not end within 3 seconds"
                        : process->truncated ? "opa printed more than 512 MiB of trace"
                                             : NULL;
    bool none = e->trace == NULL || e->trace->steps.len == 0;
    if (limit != NULL && none && e->run == EVAL_RUN_TRACE) {
        e->trace_trouble = mem_printf("%s: only what failed is shown", limit);
        run(e, EVAL_RUN_FAILS);
        return;
    }
    if (limit != NULL && e->trace_trouble == NULL) {
        e->trace_trouble = mem_printf("%s: the trace ends there", limit);
    } else if (limit != NULL) {
        free(e->trace_trouble);
        e->trace_trouble = mem_printf("%s: there is no trace", limit);
    } else if (e->trace != NULL && e->trace->cut && e->trace_trouble == NULL) {
        e->trace_trouble = mem_printf(
            "the trace is longer than %zu events: it ends there", (size_t)TRACE_EVENTS_MAX);
    }
    if (e->trace != NULL) {
        trace_relocate(e->trace, eval_place, e);
        trace_finish(e->trace);
    }
    tell_trace(e);
    finish(e);
}

/* ---- processes ---- */

static void on_watch(void *data)
{
    struct evaluation *e = data;
    if (e->process != NULL && e->killed == NULL &&
        process_resident_bytes(e->process) > MEMORY_MAX_BYTES) {
        e->killed = "opa needed more than 1 GB of memory";
        process_cancel(e->process);
    }
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct evaluation *e = data;
    if (stream == PROCESS_STDOUT) {
        opa_stream_feed(&e->stream, bytes);
    } else if (e->errout.len < ERROUT_MAX_BYTES) {
        buf_append_str(&e->errout, bytes);
    }
}

static void on_exit_(void *data, const struct process_result *process)
{
    struct evaluation *e = data;
    e->process = NULL;
    loop_timer_stop(e->watch);
    bool trace = e->run == EVAL_RUN_TRACE || e->run == EVAL_RUN_FAILS;
    if (e->evaluator == NULL) {
        /* superseded */
    } else if (trace) {
        trace_answered(e, process);
    } else if (e->run == EVAL_RUN_BENCH) {
        bench_answered(e, process);
    } else if (process->timed_out) {
        fail(
            e, mem_printf("The evaluation did not end within %d seconds", VALUE_TIMEOUT_MS / 1000));
    } else if (e->killed != NULL || process->truncated) {
        fail(e, mem_printf("The evaluation was ended: %s",
                    process->truncated ? "opa printed more than is taken" : e->killed));
    } else if (e->run == EVAL_RUN_INPUT) {
        input_answered(e);
    } else {
        value_answered(e, process);
    }
    release(e);
}

static void push_all(struct eval_args *args, const struct eval_args *from)
{
    VEC_FOREACH (char *, arg, from) {
        eval_push(args, mem_strdup(*arg));
    }
}

static void command_of(struct evaluation *e, struct eval_args *args)
{
    bool trace = e->run == EVAL_RUN_TRACE || e->run == EVAL_RUN_FAILS;
    bool bench = e->run == EVAL_RUN_BENCH;
    eval_push(args, mem_strdup(e->program));
    eval_push(args, mem_strdup(bench ? "bench" : "eval"));
    eval_push(args, mem_strdup("--format=json"));
    /* What is undefined is measured too. */
    eval_push(
        args, bench ? mem_strdup("--fail=false")
                    : mem_printf("--timeout=%dms", trace ? TRACE_TIMEOUT_MS : VALUE_TIMEOUT_MS));
    if (e->run == EVAL_RUN_INPUT) {
        push_all(args, &e->find_args);
        return;
    }
    if (trace) {
        eval_push(args, mem_printf("--explain=%s", e->run == EVAL_RUN_TRACE ? "full" : "fails"));
    } else if (!bench) {
        eval_push(args, mem_strdup("--show-builtin-errors"));
        eval_push(args, mem_strdup("--metrics"));
    }
    if (e->v0) {
        eval_push(args, mem_strdup("--v0-compatible"));
    }
    push_all(args, &e->files);
    push_all(args, &e->input_args);
    if (e->target.is_selection) {
        char *package = policy_path_show(e->target.package);
        eval_push(args, mem_printf("--package=%s", package));
        free(package);
        for (size_t i = 0; i < e->target.imports.len; i++) {
            eval_push(args, mem_printf("--import=%s", e->target.imports.items[i]));
        }
    }
    eval_push(args, mem_strdup("--"));
    eval_push(args, mem_strdup(e->query));
}

static void clear_answer(struct evaluation *e)
{
    opa_stream_free(&e->stream);
    e->stream = (struct opa_stream){.member = on_member, .event = on_event, .data = e};
    buf_clear(&e->raw_result);
    buf_clear(&e->raw_errors);
    buf_clear(&e->raw_metrics);
    buf_clear(&e->errout);
    e->killed = NULL;
}

static void run(struct evaluation *e, enum eval_run what)
{
    static const char *const base[] = {"NO_COLOR=1", "GOMAXPROCS=1", NULL};
    bool trace = what == EVAL_RUN_TRACE || what == EVAL_RUN_FAILS;
    struct eval_args args = {0};
    e->run = what;
    clear_answer(e);
    if (trace) {
        trace_free(e->trace);
        e->trace = trace_new();
    }
    command_of(e, &args);
    VEC_PUSH(&args, NULL);
    char **environment = offline_environment(&engine_opa, e->offline_path, base);
    struct process_options options = {
        .argv = (const char *const *)args.items,
        .cwd = e->root,
        .env = (const char *const *)environment,
        .input = what == EVAL_RUN_INPUT ? str_make(NULL, 0) : buf_str(&e->stdin_text),
        .timeout_ms = GRACE_MS + (trace                       ? TRACE_TIMEOUT_MS
                                     : what == EVAL_RUN_BENCH ? BENCH_TIMEOUT_MS
                                                              : VALUE_TIMEOUT_MS),
        .max_output = trace ? OUTPUT_MAX_BYTES : VALUE_MAX_BYTES,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = e,
    };
    e->holds++;
    e->process = process_start(e->evaluator->loop, &options, &e->err);
    offline_environment_free(environment);
    eval_args_free(&args);
    if (e->process == NULL) {
        e->holds--;
        fail(e, mem_strdup(e->err.text));
        return;
    }
    loop_timer_start(e->watch, WATCH_MS, WATCH_MS);
}

/* ---- beginning ---- */

static void begin_runs(struct evaluation *e)
{
    run(e, e->find_args.len > 0 ? EVAL_RUN_INPUT : EVAL_RUN_VALUE);
}

static void on_offline(void *data, const char *path, const struct err *err)
{
    struct evaluation *e = data;
    if (e->evaluator != NULL && path == NULL) {
        fail(e, mem_printf("opa cannot be told what it is capable of: %s", err->text));
    } else if (e->evaluator != NULL) {
        e->offline_path = mem_strdup(path);
        begin_runs(e);
    }
    release(e);
}

static void prepared(struct evaluation *e)
{
    e->result.query = mem_strdup(e->query);
    e->result.label = mem_strdup(e->target.label != NULL ? e->target.label : e->query);
    e->result.input = e->target.is_test && !e->target.is_selection
                          ? NULL /* a test brings its own */
                          : eval_input_show(&e->input);
    if (!e->prepared) {
        fail(e, mem_strdup(e->err.text));
    } else if (e->want_bench && e->offline) {
        fail(e, mem_strdup("opa bench cannot be kept off the network: what nobody has accepted yet "
                           "is not measured"));
    } else {
        e->holds++;
        offline_start(
            e->evaluator->loop, &engine_opa, e->program, e->root, !e->offline, on_offline, e);
    }
}

static void work(void *data)
{
    eval_prepare(data);
}

static void on_work(void *data, bool cancelled)
{
    struct evaluation *e = data;
    struct evaluator *owner = e->owner;
    (void)cancelled;
    owner->index_lent = false;
    if (owner->closing) {
        evaluator_destroy(owner);
    } else if (e->evaluator != NULL) {
        prepared(e);
    } else if (owner->waiting != NULL) {
        struct evaluation *next = owner->waiting;
        owner->waiting = NULL;
        begin(next);
    }
    release(e);
}

static void begin(struct evaluation *e)
{
    struct evaluator *evaluator = e->owner;
    evaluator->now = e;
    evaluator->index_lent = true;
    e->index = evaluator->index;
    e->holds++;
    loop_work_start(evaluator->loop, work, on_work, e);
}

unsigned evaluator_start(struct evaluator *evaluator, const struct eval_request *request)
{
    evaluator_cancel(evaluator);
    struct evaluation *e = MEM_NEW(struct evaluation);
    e->owner = e->evaluator = evaluator;
    e->generation = ++evaluator->generation;
    e->holds = 1;
    e->root = mem_strdup(request->root);
    e->file = mem_strdup(request->file);
    e->row = request->row;
    e->selection = str_dup(request->selection.ptr == NULL ? str_of("") : request->selection);
    e->query = request->file == NULL ? mem_strdup(request->query) : NULL;
    e->offline = request->offline;
    e->want_trace = request->trace && !request->bench;
    e->want_bench = request->bench;
    e->input = eval_input_copy(&request->input);
    for (size_t i = 0; i < request->text_count; i++) {
        struct eval_source text = {.path = mem_strdup(request->texts[i].path)};
        buf_append_str(&text.text, request->texts[i].text);
        VEC_PUSH(&e->texts, text);
    }
    e->watch = loop_timer_new(evaluator->loop, on_watch, e);
    if (evaluator->index_lent) {
        evaluator->waiting = e;
    } else {
        begin(e);
    }
    return e->generation;
}
