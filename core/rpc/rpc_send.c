/* What goes out: messages are built here, framed, and handed to the process in order. */
#include "rpc/rpc_private.h"

enum { UNREAD_MAX = 64 << 20 };

static void begin_message(struct rpc *rpc, struct buf *out)
{
    buf_append_c(out, rpc->options.bare ? "{" : "{\"jsonrpc\":\"2.0\",");
}

static void append_value(struct buf *out, const cJSON *value)
{
    char *text = json_print(value);
    buf_append_c(out, text);
    free(text);
}

static void append_method(struct buf *out, const char *method)
{
    buf_append_c(out, "\"method\":");
    json_append_quoted(out, str_of(method));
}

static void free_outgoing(struct rpc_outgoing *item)
{
    buf_free(&item->bytes);
    free(item->method);
    free(item);
}

static void write_out(struct rpc *rpc, struct buf *framed)
{
    if (rpc->process == NULL) {
        buf_free(framed);
        return;
    }
    if (process_unwritten(rpc->process) + rpc->out_bytes + framed->len > UNREAD_MAX) {
        buf_free(framed);
        rpc_kill(rpc, "does not read what it is sent");
        return;
    }
    process_write(rpc->process, framed);
}

static void drain(struct rpc *rpc);

static void run_make(void *data)
{
    struct rpc_outgoing *item = data;
    struct buf params = BUF_INIT;
    item->make(item->data, &params);
    /* bytes holds the message's beginning. */
    buf_append_str(&item->bytes, buf_str(&params));
    buf_append_char(&item->bytes, '}');
    buf_free(&params);
}

struct making {
    struct rpc *rpc;
    struct rpc_outgoing *item;
};

static void make_work(void *data)
{
    run_make(((struct making *)data)->item);
}

static void make_done(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels it */
    struct making *making = data;
    struct rpc *rpc = making->rpc;
    struct rpc_outgoing *item = making->item;
    free(making);
    item->done(item->data);
    rpc->making = false;
    rpc->workers--;
    if (!rpc->freed && !rpc->ended) {
        struct buf framed = BUF_INIT;
        buf_reserve(&framed, item->bytes.len + 64);
        frame_append(&framed, rpc->options.framing, buf_str(&item->bytes));
        write_out(rpc, &framed);
        drain(rpc);
    }
    free_outgoing(item);
    rpc_release(rpc);
}

static void start_making(struct rpc *rpc, struct rpc_outgoing *item)
{
    struct making *making = MEM_NEW(struct making);
    making->rpc = rpc;
    making->item = item;
    rpc->making = true;
    rpc->workers++;
    begin_message(rpc, &item->bytes);
    append_method(&item->bytes, item->method);
    buf_append_c(&item->bytes, ",\"params\":");
    loop_work_start(rpc->loop, make_work, make_done, making);
}

static void drain(struct rpc *rpc)
{
    while (rpc->out.len > 0 && !rpc->making) {
        struct rpc_outgoing *item = rpc->out.items[0];
        VEC_REMOVE(&rpc->out, 0);
        rpc->out_bytes -= item->bytes.len;
        if (item->make != NULL) {
            start_making(rpc, item);
        } else {
            write_out(rpc, &item->bytes);
            free_outgoing(item);
        }
    }
}

void rpc_send(struct rpc *rpc, struct buf *message)
{
    struct buf framed = BUF_INIT;
    if (rpc->ended || rpc->killed) {
        buf_free(message);
        return;
    }
    frame_append(&framed, rpc->options.framing, buf_str(message));
    buf_free(message);
    if (!rpc->making) {
        write_out(rpc, &framed);
        return;
    }
    struct rpc_outgoing *item = MEM_NEW(struct rpc_outgoing);
    item->bytes = framed;
    rpc->out_bytes += framed.len;
    VEC_PUSH(&rpc->out, item);
}

void rpc_send_clear(struct rpc *rpc)
{
    VEC_FOREACH (struct rpc_outgoing *, item, &rpc->out) {
        if ((*item)->make != NULL) {
            (*item)->done((*item)->data);
        }
        free_outgoing(*item);
    }
    VEC_FREE(&rpc->out);
    rpc->out_bytes = 0;
}

void rpc_notify_made(struct rpc *rpc, const char *method,
    void (*make)(void *data, struct buf *params), void (*done)(void *data), void *data)
{
    if (rpc->ended || rpc->killed) {
        done(data);
        return;
    }
    struct rpc_outgoing *item = MEM_NEW(struct rpc_outgoing);
    item->method = mem_strdup(method);
    item->make = make;
    item->done = done;
    item->data = data;
    VEC_PUSH(&rpc->out, item);
    drain(rpc);
}

/* Takes message and params over. */
static void end_request(struct rpc *rpc, struct buf *message, const char *method, cJSON *params)
{
    append_method(message, method);
    if (params != NULL) {
        buf_append_c(message, ",\"params\":");
        append_value(message, params);
    }
    buf_append_char(message, '}');
    cJSON_Delete(params);
    rpc_send(rpc, message);
}

void rpc_notify(struct rpc *rpc, const char *method, cJSON *params)
{
    struct buf message = BUF_INIT;
    begin_message(rpc, &message);
    end_request(rpc, &message, method, params);
}

static void start_deadline(struct rpc *rpc, uint64_t deadline_ms)
{
    uint64_t now = loop_now_ms();
    loop_timer_start(rpc->deadline, deadline_ms > now ? deadline_ms - now : 0, 0);
}

uint64_t rpc_call(struct rpc *rpc, const char *method, cJSON *params, uint64_t timeout_ms,
    void (*on_answer)(void *data, struct rpc_answer *answer), void *data)
{
    uint64_t id = ++rpc->next_id;
    struct rpc_open_call call = {.id = id,
        .deadline_ms = loop_now_ms() + (timeout_ms == 0 ? 30000 : timeout_ms),
        .method = mem_strdup(method),
        .on_answer = on_answer,
        .data = data};
    bool gone = rpc->ended || rpc->killed;
    if (gone) {
        call.deadline_ms = 0; /* told as gone in the next turn */
    }
    bool first = true;
    VEC_FOREACH (struct rpc_open_call, other, &rpc->calls) {
        first = first && call.deadline_ms < other->deadline_ms;
    }
    VEC_PUSH(&rpc->calls, call);
    if (first) {
        start_deadline(rpc, call.deadline_ms);
    }
    struct buf message = BUF_INIT;
    begin_message(rpc, &message);
    buf_printf(&message, "\"id\":%llu,", (unsigned long long)id);
    end_request(rpc, &message, method, params);
    return id;
}

void rpc_cancel(struct rpc *rpc, uint64_t call)
{
    for (size_t i = 0; i < rpc->calls.len; i++) {
        if (rpc->calls.items[i].id != call) {
            continue;
        }
        free(rpc->calls.items[i].method);
        VEC_REMOVE(&rpc->calls, i);
        if (rpc->options.framing == FRAMING_HEADERS) {
            cJSON *params = cJSON_CreateObject();
            json_set_int(params, "id", (long long)call);
            rpc_notify(rpc, "$/cancelRequest", params);
        }
        return;
    }
}

static void begin_answer(struct rpc *rpc, const cJSON *id, struct buf *message)
{
    begin_message(rpc, message);
    buf_append_c(message, "\"id\":");
    append_value(message, id);
}

void rpc_answer(struct rpc *rpc, const cJSON *id, cJSON *result)
{
    struct buf message = BUF_INIT;
    begin_answer(rpc, id, &message);
    buf_append_c(&message, ",\"result\":");
    if (result == NULL) {
        buf_append_c(&message, "null");
    } else {
        append_value(&message, result);
    }
    buf_append_char(&message, '}');
    cJSON_Delete(result);
    rpc_send(rpc, &message);
}

void rpc_refuse(struct rpc *rpc, const cJSON *id, int code, const char *text)
{
    struct buf message = BUF_INIT;
    begin_answer(rpc, id, &message);
    buf_printf(&message, ",\"error\":{\"code\":%d,\"message\":", code);
    json_append_quoted(&message, str_of(text));
    buf_append_c(&message, "}}");
    rpc_send(rpc, &message);
}
