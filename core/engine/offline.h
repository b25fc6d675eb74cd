/* What an engine is told that it is capable of: opa's capabilities file.
 *
 * Policies nobody has read yet run without the network. A model's Rego may call http.send; its
 * tests run before the engineer has seen them, so in a proposal's scratch copy the engine is told
 * that no host may be reached (an empty "allow_net"). A call then fails inside the policy, as it
 * would where the host is down.
 *
 * Built-in functions that the folder's settings declare (opa_builtins.h) are in it, so that
 * policies written for another program compile.
 *
 * The file is made once for each engine binary and set of declarations, in
 * $XDG_CACHE_HOME/bylaw/engines. Loop thread only. */
#ifndef BYLAW_ENGINE_OFFLINE_H
#define BYLAW_ENGINE_OFFLINE_H

#include "engine/engine.h"
#include "loop/loop.h"

/* Makes sure that the file is there: calls `done` once, in a later loop turn, with its path
 * (borrowed) or NULL and why. The path is "" where nothing need be said: with `network`, in a
 * folder whose settings declare nothing. `root` (copied) is the folder. `data` must live until
 * then. */
void offline_start(struct loop *loop, const struct engine *engine, const char *program,
    const char *root, bool network,
    void (*done)(void *data, const char *path, const struct err *err), void *data);

/* Where that file is or will be: another binary, or other declarations (opa_builtins_hash), are
 * another file. NULL: there is no such program or no place for it. Any thread; the caller frees. */
char *offline_path(const struct engine *engine, const char *program, unsigned long long declared,
    bool network, struct err *err) MUST_USE;

/* Ends the asking that is under way (`done` is called all the same, soon): when the program ends it
 * must not wait for an engine that hangs. */
void offline_cancel_all(void);

/* The environment that makes the engine use the file (none: "" or NULL), added to `base` (may be
 * NULL): an array ended by NULL. Free with offline_environment_free. */
char **offline_environment(
    const struct engine *engine, const char *path, const char *const *base) MUST_USE;
void offline_environment_free(char **environment);

#endif
