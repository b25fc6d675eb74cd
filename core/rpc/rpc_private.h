/* What rpc.c (its life and what it reads) and rpc_send.c (what it sends) share. */
#ifndef BYLAW_RPC_RPC_PRIVATE_H
#define BYLAW_RPC_RPC_PRIVATE_H

#include "base/vec.h"
#include "loop/process.h"
#include "rpc/rpc.h"

struct rpc_open_call {
    uint64_t id;
    uint64_t deadline_ms;
    char *method;
    void (*on_answer)(void *data, struct rpc_answer *answer);
    void *data;
};

/* One message on its way out. */
struct rpc_outgoing {
    struct buf bytes; /* framed, when make is NULL or has run */
    char *method;
    void (*make)(void *data, struct buf *params);
    void (*done)(void *data);
    void *data;
};

struct rpc {
    struct loop *loop;
    struct process *process; /* NULL once it is gone */
    struct rpc_options options;
    char *name;
    struct frames *frames;
    struct {
        struct buf *items;
        size_t len, cap;
    } in; /* whole messages not handled yet, oldest first */
    size_t in_bytes;
    size_t turn_bytes; /* read since messages were last handled */
    struct {
        struct rpc_open_call *items;
        size_t len, cap;
    } calls;
    struct {
        struct rpc_outgoing **items;
        size_t len, cap;
    } out; /* behind one that is being made */
    size_t out_bytes;
    struct loop_timer *pump;
    struct loop_timer *deadline;
    uint64_t next_id;
    unsigned workers; /* jobs that point here */
    bool parsing;     /* one of them parses in's first message */
    bool making;
    bool freed;
    bool ended;
    bool killed;
    unsigned busy;     /* callbacks under way: not freed before they return */
    unsigned nonsense; /* more of it than of good messages by so many */
    char *why;
    struct buf errout; /* its last line of standard error */
    size_t logged;
    struct process_result result;
};

/* rpc_send.c */
void rpc_send(struct rpc *rpc, struct buf *message);
void rpc_send_clear(struct rpc *rpc);
/* rpc.c: frees when nothing points here any more. */
void rpc_release(struct rpc *rpc);

#endif
