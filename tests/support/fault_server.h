/* A small HTTP server that misbehaves on request: cuts, stalls, splits its bytes, lies. It runs on
 * threads of the test's own process, listens on 127.0.0.1 and a Unix socket, and answers the n-th
 * request with the n-th step of its script (the last step repeats). */
#ifndef BYLAW_FAULT_SERVER_H
#define BYLAW_FAULT_SERVER_H

#include "base/str.h"

struct fault_server;

struct fault_step {
    int status;          /* 0: 200 */
    const char *headers; /* more header lines, each ended by "\r\n"; NULL: an event stream's type */
    const char *body;
    size_t split; /* bytes a write; 0: all at once; 1: every byte alone */
    bool cut;     /* the connection breaks off after cut_after bytes of the body */
    size_t cut_after;
    bool stall; /* nothing more comes after stall_after bytes, until the client goes */
    size_t stall_after;
    const char *raw; /* these bytes instead of an HTTP answer, then the end */
    bool close;      /* the connection is closed without a word */
    bool dies;       /* the port is dead before the answer begins, until fault_server_revive */
};

struct fault_server *fault_server_start(void);
/* Ends its threads, also those that stall. */
void fault_server_stop(struct fault_server *server);
/* Steps are borrowed. Also forgets the requests so far. */
void fault_server_script(struct fault_server *server, const struct fault_step *steps, size_t count);
/* "http://127.0.0.1:PORT", borrowed; and the socket's path. */
const char *fault_server_url(const struct fault_server *server);
const char *fault_server_socket(const struct fault_server *server);
/* How many requests came whole, and the n-th as it came (head and body; the caller frees). */
size_t fault_server_count(struct fault_server *server);
char *fault_server_request(struct fault_server *server, size_t at) MUST_USE;
/* The port is dead: connections that are open are closed, new ones are refused. And listens again.
 */
void fault_server_die(struct fault_server *server);
void fault_server_revive(struct fault_server *server);
/* How many connections were refused so far on this machine, as the kernel counts; it also counts
 * those of others. False: it does not tell. */
bool fault_server_refused(unsigned long long *count) MUST_USE;
/* How many connections the client closed while the server stalled: cancels that reached it. Waits
 * (bounded) until it is at least `want`. */
bool fault_server_wait_gone(struct fault_server *server, size_t want);

#endif
