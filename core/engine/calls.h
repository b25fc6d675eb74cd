/* What a shell text (a hook, a script of one) calls of the engines, and whether the program that is
 * found has it: one that is gone ends in a message which a hook's "| tail" turns into a success. */
#ifndef BYLAW_ENGINE_CALLS_H
#define BYLAW_ENGINE_CALLS_H

#include "engine/engine.h"

struct loop;

struct engine_call {
    const struct engine *engine;
    char *word; /* "validate" of `kyverno validate` */
};

struct engine_calls {
    struct engine_call *items;
    size_t len, cap;
};

/* Adds those that stand where a shell takes a command's name, each once. It is a look at the text,
 * not a shell: a name that is put together only when it runs is not seen. */
void engine_calls_find(struct str text, struct engine_calls *out);
void engine_calls_free(struct engine_calls *calls);
/* True: its program is there and says that it has no such command (`kyverno help validate`). Runs
 * the loop. */
bool engine_call_is_unknown(struct loop *loop, const struct engine_call *call);

#endif
