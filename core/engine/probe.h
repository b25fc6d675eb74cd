/* Looking an engine up: is its program there, and is it new enough for us. Loop thread only. */
#ifndef BYLAW_ENGINE_PROBE_H
#define BYLAW_ENGINE_PROBE_H

#include "engine/engine.h"
#include "loop/loop.h"

/* What was found; program NULL: nothing that could be used, `err` says why and what to do. Borrowed
 * for the call. */
struct probe_result {
    const char *program; /* absolute */
    const char *version;
    struct err err;
};

/* Calls `done` once: before it returns when the program is not there, else when the program has
 * said its version (at most 10 s later). It cannot be cancelled: `data` must live until then. */
void probe_start(struct loop *loop, const struct engine *engine,
    void (*done)(void *data, const struct probe_result *result), void *data);

#endif
