/* JSON-RPC 2.0 with a child program over its standard input and output, on the loop: requests with
 * answers, timeouts and cancellation, notifications both ways, requests of the peer answered.
 *
 * The peer is a program we do not trust to behave. Whatever it does, the loop is not held up: bytes
 * are read only as fast as messages are handled (a few milliseconds of them a turn, large ones are
 * parsed and freed on a worker, in order), so a flood waits in the pipe; what it does not read is
 * bounded too. Noise and unknown answers are logged and counted; a peer that speaks mostly nonsense
 * or stops reading is ended, with its whole process group. Its standard error goes to the log,
 * bounded, and its last line into the reason for its end.
 *
 * Loop thread only. */
#ifndef BYLAW_RPC_RPC_H
#define BYLAW_RPC_RPC_H

#include "base/json.h"
#include "loop/loop.h"
#include "rpc/frame.h"

struct rpc;

enum rpc_status {
    RPC_ANSWERED,
    RPC_REFUSED, /* the peer answered with an error */
    RPC_TIMEOUT,
    RPC_GONE /* the peer ended before it answered */
};

struct rpc_answer {
    enum rpc_status status;
    cJSON *result;  /* RPC_ANSWERED (may be a JSON null); take it by setting it to NULL */
    long long code; /* RPC_REFUSED: the error's code */
    /* One sentence for the others: what became of it, made safe to show. Borrowed. */
    const char *message;
};

/* How it ended. Borrowed. */
struct rpc_end {
    int exit_code; /* -1 when a signal ended it */
    int signal;
    bool wanted; /* we ended it (rpc_kill without a reason, or rpc_close and it went with code 0) */
    const char *why; /* one sentence that names it, safe to show */
};

struct rpc_options {
    const char *name;        /* for messages and the log: "regal"; copied */
    const char *const *argv; /* as process_options */
    const char *cwd;
    const char *const *env;
    int nice; /* as process_options */
    enum framing framing;
    size_t max_message; /* 0: FRAME_MESSAGE_MAX */
    bool bare;          /* leave "jsonrpc":"2.0" out (the Codex app-server wants it so) */
    /* Each may be NULL. Every rpc function may be called from them, also rpc_free. *params may be
     * NULL; the callee may take it by setting it to NULL. */
    void (*on_notification)(void *data, const char *method, cJSON **params);
    /* Answer with rpc_answer or rpc_refuse, now or later (then keep a cJSON_Duplicate of id).
     * Without this callback every request is refused as unknown. */
    void (*on_request)(void *data, const cJSON *id, const char *method, cJSON **params);
    /* Exactly once, after the answers of all open calls (RPC_GONE), unless rpc_free came first. */
    void (*on_end)(void *data, const struct rpc_end *end);
    void *data;
};

/* NULL: the program could not be started; no callback comes. */
struct rpc *rpc_start(
    struct loop *loop, const struct rpc_options *options, struct err *err) MUST_USE;
/* No callback comes after this. The child, if it still lives, is killed with its group; what is
 * left is freed by the loop once it is gone (loop_free waits for it). */
void rpc_free(struct rpc *rpc);

/* Sends a request; `params` (may be NULL) is taken over. on_answer comes exactly once, never from
 * inside this call, unless the call is cancelled. timeout_ms 0: 30 s. Returns the call's number,
 * never 0. */
uint64_t rpc_call(struct rpc *rpc, const char *method, cJSON *params, uint64_t timeout_ms,
    void (*on_answer)(void *data, struct rpc_answer *answer), void *data);
/* Its callback does not come any more; a late answer is dropped. In FRAMING_HEADERS the peer is
 * told with $/cancelRequest. A number that is not open is fine. */
void rpc_cancel(struct rpc *rpc, uint64_t call);
void rpc_notify(struct rpc *rpc, const char *method, cJSON *params);
/* A notification whose params are JSON text already, for large ones: `make` writes them on a worker
 * (data is its own until `done`, on the loop thread); what is sent later waits its turn. */
void rpc_notify_made(struct rpc *rpc, const char *method,
    void (*make)(void *data, struct buf *params), void (*done)(void *data), void *data);
void rpc_answer(struct rpc *rpc, const cJSON *id, cJSON *result);
void rpc_refuse(struct rpc *rpc, const cJSON *id, int code, const char *text);

/* The end of its input: a polite peer exits. */
void rpc_close(struct rpc *rpc);
/* Ends it and its group: TERM, 2 s later KILL. `why` (may be NULL) becomes the reason told. */
void rpc_kill(struct rpc *rpc, const char *why);
int rpc_pid(const struct rpc *rpc);
/* Open calls, for tests. */
size_t rpc_pending(const struct rpc *rpc);

enum {
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_CANCELLED = -32800
};

#endif
