#include "rpc/rpc_private.h"

#include "base/log.h"
#include "base/safe.h"

#include <stdio.h>

enum {
    TURN_BYTES = 256 << 10,  /* read in one turn of the loop */
    TURN_BUDGET_US = 3000,   /* messages handled in one turn of the loop */
    BIG_MESSAGE = 512 << 10, /* parsed and freed on a worker */
    QUEUE_BYTES = 512 << 10, /* more waiting than this: reading stops */
    QUEUE_COUNT = 1024,
    NONSENSE_MAX = 100,
    ERROUT_LINE = 1000,
    ERROUT_LOGGED = 1 << 20
};

static void pump_soon(struct rpc *rpc)
{
    if (!loop_timer_is_active(rpc->pump)) {
        loop_timer_start(rpc->pump, 0, 0);
    }
}

static void clear_input(struct rpc *rpc)
{
    /* The first message may be with a worker. */
    for (size_t i = rpc->parsing ? 1 : 0; i < rpc->in.len; i++) {
        rpc->in_bytes -= rpc->in.items[i].len;
        buf_free(&rpc->in.items[i]);
    }
    rpc->in.len = rpc->parsing ? 1 : 0;
}

static void free_call(struct rpc_open_call *call)
{
    free(call->method);
}

void rpc_release(struct rpc *rpc)
{
    if (!rpc->freed || rpc->process != NULL || rpc->workers > 0 || rpc->busy > 0) {
        return;
    }
    clear_input(rpc);
    VEC_FREE(&rpc->in);
    rpc_send_clear(rpc);
    VEC_FOREACH (struct rpc_open_call, call, &rpc->calls) {
        free_call(call);
    }
    VEC_FREE(&rpc->calls);
    loop_timer_free(rpc->pump);
    loop_timer_free(rpc->deadline);
    frames_free(rpc->frames);
    buf_free(&rpc->errout);
    free(rpc->why);
    free(rpc->name);
    free(rpc);
}

void rpc_kill(struct rpc *rpc, const char *why)
{
    if (rpc->process == NULL || rpc->killed) {
        return;
    }
    rpc->killed = true;
    if (why != NULL) {
        rpc->why = mem_printf("%s %s", rpc->name, why);
        log_write("rpc", "%s; it is ended", rpc->why);
    }
    clear_input(rpc);
    rpc_send_clear(rpc);
    process_pause(rpc->process, false);
    process_cancel(rpc->process);
}

static void add_nonsense(struct rpc *rpc, const char *what)
{
    if (rpc->nonsense < 10) {
        log_write("rpc", "%s: %s", rpc->name, what);
    }
    if (++rpc->nonsense > NONSENSE_MAX) {
        rpc_kill(rpc, "speaks nonsense");
    }
}

static void call_back(
    struct rpc *rpc, struct rpc_open_call call, enum rpc_status status, struct rpc_answer *answer)
{
    char text[600];
    answer->status = status;
    char *method = safe_dup(str_of(call.method), SAFE_ONE_LINE, 80);
    if (status == RPC_TIMEOUT) {
        snprintf(text, sizeof text, "%s did not answer %s in time", rpc->name, method);
    } else if (status == RPC_GONE) {
        snprintf(text, sizeof text, "%s ended before it answered %s", rpc->name, method);
    } else if (status == RPC_REFUSED) {
        char *theirs = safe_dup(str_of(answer->message), SAFE_SENTENCE, 400);
        snprintf(text, sizeof text, "%s: %s", rpc->name, theirs);
        free(theirs);
    } else {
        text[0] = '\0';
    }
    answer->message = text;
    free(method);
    free_call(&call);
    if (!rpc->freed) {
        call.on_answer(call.data, answer);
    }
}

/* Many peers say only "Internal error" and what it was in the error's data, which JSON-RPC leaves
 * to them: a sentence, or an object with one. */
static char *refusal_text(const cJSON *error)
{
    static const char *const members[] = {"details", "message", "reason", "error"};
    const char *message = json_string_or(error, "message", "refused without a reason");
    const cJSON *data = json_get(error, "data");
    const char *more = cJSON_GetStringValue(data);
    for (size_t i = 0; more == NULL && i < sizeof members / sizeof *members; i++) {
        more = json_string(data, members[i]);
    }
    return more == NULL || strstr(message, more) != NULL ? mem_strdup(message)
                                                         : mem_printf("%s: %s", message, more);
}

static void on_answer(struct rpc *rpc, const cJSON *id, cJSON *message)
{
    double number = cJSON_IsNumber(id) ? id->valuedouble : 0;
    for (size_t i = 0; i < rpc->calls.len; i++) {
        if ((double)rpc->calls.items[i].id != number) {
            continue;
        }
        struct rpc_open_call call = rpc->calls.items[i];
        VEC_REMOVE(&rpc->calls, i);
        struct rpc_answer answer = {0};
        const cJSON *error = json_get(message, "error");
        if (cJSON_IsObject(error)) {
            char *why = refusal_text(error);
            answer.code = json_int_or(error, "code", 0);
            answer.message = why;
            call_back(rpc, call, RPC_REFUSED, &answer);
            free(why);
        } else {
            answer.result = cJSON_DetachItemFromObjectCaseSensitive(message, "result");
            call_back(rpc, call, RPC_ANSWERED, &answer);
            if (answer.result != NULL) { /* not taken: freed with the message */
                cJSON_AddItemToObject(message, "result", answer.result);
            }
        }
        return;
    }
    if (number < 1 || number > (double)rpc->next_id) {
        add_nonsense(rpc, "answered a question nobody asked");
    } /* else it was cancelled, timed out, or answered before */
}

static void on_method(struct rpc *rpc, const char *method, const cJSON *id, cJSON *message)
{
    cJSON *params = cJSON_DetachItemFromObjectCaseSensitive(message, "params");
    if (id == NULL) {
        if (rpc->options.on_notification != NULL) {
            rpc->options.on_notification(rpc->options.data, method, &params);
        }
    } else if (rpc->options.on_request != NULL) {
        rpc->options.on_request(rpc->options.data, id, method, &params);
    } else {
        rpc_refuse(rpc, id, RPC_METHOD_NOT_FOUND, "unknown method");
    }
    if (params != NULL) {
        cJSON_AddItemToObject(message, "params", params);
    }
}

static void handle(struct rpc *rpc, cJSON *message)
{
    const char *method = json_string(message, "method");
    const cJSON *id = json_get(message, "id");
    bool id_fits = cJSON_IsNumber(id) || cJSON_IsString(id);
    rpc->busy++;
    if (method != NULL && (id == NULL || id_fits)) {
        rpc->nonsense -= rpc->nonsense > 0 ? 1 : 0;
        on_method(rpc, method, id, message);
    } else if (id_fits &&
               (json_get(message, "result") != NULL || json_get(message, "error") != NULL)) {
        on_answer(rpc, id, message);
    } else if (!rpc->freed) {
        add_nonsense(rpc, "sent a message that is no request, answer or notification");
    }
    rpc->busy--;
}

struct parse {
    struct rpc *rpc;
    struct buf text;
    cJSON *message;
    struct err err;
};

static void parse_work(void *data)
{
    struct parse *parse = data;
    parse->message = json_parse(buf_str(&parse->text), &parse->err);
    buf_free(&parse->text);
}

static void free_work(void *data)
{
    cJSON_Delete(data);
}

static void free_done(void *data, bool cancelled)
{
    (void)data;
    (void)cancelled;
}

static void parse_done(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels it */
    struct parse *parse = data;
    struct rpc *rpc = parse->rpc;
    rpc->parsing = false;
    rpc->workers--;
    VEC_REMOVE(&rpc->in, 0); /* its bytes went with the job */
    if (parse->message == NULL) {
        if (!rpc->freed) {
            add_nonsense(rpc, parse->err.text);
        }
    } else {
        if (!rpc->freed && !rpc->killed) {
            handle(rpc, parse->message);
        }
        loop_work_start(rpc->loop, free_work, free_done, parse->message);
    }
    free(parse);
    if (rpc->freed) {
        rpc_release(rpc);
    } else {
        pump_soon(rpc);
    }
}

static void start_parse(struct rpc *rpc)
{
    struct parse *parse = MEM_NEW(struct parse);
    parse->rpc = rpc;
    parse->text = rpc->in.items[0];
    rpc->in_bytes -= parse->text.len;
    rpc->in.items[0] = BUF_INIT;
    rpc->parsing = true;
    rpc->workers++;
    loop_work_start(rpc->loop, parse_work, parse_done, parse);
}

static void handle_first(struct rpc *rpc)
{
    struct buf text = rpc->in.items[0];
    struct err err;
    VEC_REMOVE(&rpc->in, 0);
    rpc->in_bytes -= text.len;
    cJSON *message = json_parse(buf_str(&text), &err);
    buf_free(&text);
    if (message == NULL) {
        add_nonsense(rpc, err.text);
        return;
    }
    handle(rpc, message);
    cJSON_Delete(message);
}

static void end(struct rpc *rpc)
{
    rpc->ended = true;
    rpc_send_clear(rpc);
    loop_timer_stop(rpc->deadline);
    rpc->busy++;
    while (rpc->calls.len > 0 && !rpc->freed) {
        struct rpc_open_call call = rpc->calls.items[0];
        VEC_REMOVE(&rpc->calls, 0);
        struct rpc_answer answer = {0};
        call_back(rpc, call, RPC_GONE, &answer);
    }
    const struct process_result *result = &rpc->result;
    bool had_a_say = result->signal != SIGKILL; /* what it said before is not why */
    char *last = safe_dup(had_a_say ? buf_str(&rpc->errout) : (struct str){0}, SAFE_SENTENCE, 300);
    if (rpc->why == NULL) {
        rpc->why = result->signal != 0 ? mem_printf("%s was ended by signal %d%s%s", rpc->name,
                                             result->signal, last[0] == '\0' ? "" : ": ", last)
                                       : mem_printf("%s ended with exit code %d%s%s", rpc->name,
                                             result->exit_code, last[0] == '\0' ? "" : ": ", last);
        rpc->killed = rpc->killed || result->exit_code == 0;
    } else {
        rpc->killed = false; /* for a reason: not wanted */
    }
    free(last);
    log_write("rpc", "%s", rpc->why);
    struct rpc_end told = {.exit_code = result->exit_code,
        .signal = result->signal,
        .wanted = rpc->killed,
        .why = rpc->why};
    if (!rpc->freed && rpc->options.on_end != NULL) {
        rpc->options.on_end(rpc->options.data, &told);
    }
    rpc->busy--;
}

static void on_pump(void *data)
{
    struct rpc *rpc = data;
    uint64_t began = loop_now_us();
    rpc->turn_bytes = 0;
    rpc->busy++;
    while (rpc->in.len > 0 && !rpc->parsing && !rpc->freed && !rpc->killed &&
           loop_now_us() - began < TURN_BUDGET_US) {
        if (rpc->in.items[0].len > BIG_MESSAGE) {
            start_parse(rpc);
        } else {
            handle_first(rpc);
        }
    }
    if (!rpc->freed && !rpc->parsing) {
        if (rpc->in.len > 0 && !rpc->killed) {
            /* Not 0: libuv runs a timer that is due at once again in the same turn. */
            loop_timer_start(rpc->pump, 1, 0);
        } else if (rpc->process == NULL && !rpc->ended) {
            end(rpc);
        }
    }
    if (rpc->process != NULL && rpc->in_bytes < QUEUE_BYTES / 2 && rpc->in.len < QUEUE_COUNT / 2) {
        process_pause(rpc->process, false);
    }
    rpc->busy--;
    rpc_release(rpc);
}

static void on_message(void *data, struct buf *message)
{
    struct rpc *rpc = data;
    rpc->in_bytes += message->len;
    VEC_PUSH(&rpc->in, *message);
    *message = BUF_INIT;
    pump_soon(rpc);
    if (rpc->in_bytes > QUEUE_BYTES || rpc->in.len > QUEUE_COUNT) {
        process_pause(rpc->process, true);
    }
}

static void on_noise(void *data, const char *what)
{
    struct rpc *rpc = data;
    char text[100];
    snprintf(text, sizeof text, "sent %s", what);
    add_nonsense(rpc, text);
}

static void log_errout(struct rpc *rpc, struct str bytes)
{
    while (bytes.len > 0) {
        size_t end_of_line = str_find_char(bytes, '\n', 0);
        struct str part = str_slice(bytes, 0, end_of_line);
        if (rpc->errout.len > 0 && rpc->errout.ptr[rpc->errout.len - 1] == '\n') {
            buf_clear(&rpc->errout); /* the line before is told and a new one begins */
        }
        size_t room = ERROUT_LINE - rpc->errout.len;
        buf_append_str(&rpc->errout, str_slice(part, 0, room));
        if (end_of_line == (size_t)-1) {
            return;
        }
        if (rpc->logged < ERROUT_LOGGED) {
            rpc->logged += rpc->errout.len + 1;
            log_write(rpc->name, "%.*s", STR_FMT(buf_str(&rpc->errout)));
        }
        buf_append_char(&rpc->errout, '\n');
        bytes = str_from(bytes, end_of_line + 1);
    }
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct rpc *rpc = data;
    if (rpc->freed || (rpc->killed && stream == PROCESS_STDOUT)) {
        return;
    }
    if (stream == PROCESS_STDERR) {
        log_errout(rpc, bytes);
    } else {
        frames_feed(rpc->frames, bytes);
        rpc->turn_bytes += bytes.len;
        if (rpc->turn_bytes > TURN_BYTES && rpc->process != NULL) {
            process_pause(rpc->process, true); /* libuv would read on for 2 MiB */
            pump_soon(rpc);
        }
    }
}

static void on_gone(void *data, const struct process_result *result)
{
    struct rpc *rpc = data;
    if (!rpc->freed && !rpc->killed) {
        frames_end(rpc->frames);
    }
    rpc->process = NULL;
    rpc->result = *result;
    if (rpc->freed) {
        rpc_release(rpc);
    } else {
        pump_soon(rpc);
    }
}

static void on_deadline(void *data)
{
    struct rpc *rpc = data;
    uint64_t now = loop_now_ms();
    uint64_t next = UINT64_MAX;
    rpc->busy++;
    for (size_t i = 0; i < rpc->calls.len && !rpc->freed;) {
        struct rpc_open_call call = rpc->calls.items[i];
        if (call.deadline_ms > now) {
            next = call.deadline_ms < next ? call.deadline_ms : next;
            i++;
            continue;
        }
        VEC_REMOVE(&rpc->calls, i);
        struct rpc_answer answer = {0};
        bool gone = rpc->ended || rpc->killed;
        call_back(rpc, call, gone ? RPC_GONE : RPC_TIMEOUT, &answer);
        i = 0; /* the callback may have changed the list */
        next = UINT64_MAX;
    }
    if (next != UINT64_MAX && !rpc->freed) {
        loop_timer_start(rpc->deadline, next > now ? next - now : 0, 0);
    }
    rpc->busy--;
    rpc_release(rpc);
}

struct rpc *rpc_start(struct loop *loop, const struct rpc_options *options, struct err *err)
{
    struct rpc *rpc = MEM_NEW(struct rpc);
    rpc->loop = loop;
    rpc->options = *options;
    struct process_options process = {.argv = options->argv,
        .cwd = options->cwd,
        .env = options->env,
        .nice = options->nice,
        .keep_input = true,
        .max_output = SIZE_MAX,
        .on_data = on_data,
        .on_exit = on_gone,
        .data = rpc};
    rpc->process = process_start(loop, &process, err);
    if (rpc->process == NULL) {
        free(rpc);
        return NULL;
    }
    rpc->options.argv = NULL;
    rpc->options.env = NULL;
    rpc->options.cwd = NULL;
    rpc->name = safe_dup(str_of(options->name), SAFE_ONE_LINE, 60);
    struct frame_sink sink = {.on_message = on_message, .on_noise = on_noise, .data = rpc};
    rpc->frames = frames_new(options->framing, options->max_message, &sink);
    rpc->pump = loop_timer_new(loop, on_pump, rpc);
    rpc->deadline = loop_timer_new(loop, on_deadline, rpc);
    return rpc;
}

void rpc_close(struct rpc *rpc)
{
    if (rpc->process != NULL) {
        process_close_input(rpc->process);
    }
}

int rpc_pid(const struct rpc *rpc)
{
    return rpc->process == NULL ? -1 : process_pid(rpc->process);
}

size_t rpc_pending(const struct rpc *rpc)
{
    return rpc->calls.len;
}

void rpc_free(struct rpc *rpc)
{
    if (rpc == NULL) {
        return;
    }
    rpc->freed = true;
    loop_timer_stop(rpc->pump);
    loop_timer_stop(rpc->deadline);
    if (rpc->process != NULL) {
        process_pause(rpc->process, false);
        process_cancel(rpc->process);
    }
    rpc_release(rpc);
}
