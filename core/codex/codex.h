/* The Codex CLI as the model of a session: `codex app-server` (JSON-RPC, one JSON text a line)
 * behind the interface of a provider. Measured on codex-cli 0.171.0, whose own definitions `codex
 * app-server generate-ts` prints.
 *
 * Codex works in a scratch copy of its own (workspace/lent.h), in neither the workspace nor the
 * copy that the checks run in, with approval policy "on-request" or "untrusted" (which asks before
 * each command, too) and the read-only sandbox: so every patch of its asks. One that asks ends the
 * stream as a call of apply_patch, which joins the proposal like any other; the tool's result, in
 * the next request, is the answer: what joined the proposal is accepted, and Codex writes it to its
 * copy, so that its idea of the files stays true; what did not is declined, and Codex is told why
 * before. A patch that names a path outside the scratch copy is declined without being asked about
 * (patch.c). What changed in the copy otherwise (by a command that the engineer let out of the
 * sandbox, by a patch that a hook of the user's allowed) joins the proposal too, before the next
 * patch or when the turn ends (copy.c). What the engineer takes, changes and refuses afterwards
 * reaches Codex as the review's feedback does any model, and the copy is laid out anew before each
 * turn.
 *
 * Commands run in Codex's own read-only sandbox; one that wants out of it waits for the engineer
 * (EVENT_APPROVAL), not for the reviewer that Codex's own configuration may name. Codex begins no
 * further agents here: what a thread of theirs asks, nobody would be asked about. A
 * session goes on with the same Codex thread after a restart ($XDG_STATE_HOME/bylaw/codex/SESSION).
 * Loop thread only. */
#ifndef BYLAW_CODEX_CODEX_H
#define BYLAW_CODEX_CODEX_H

#include "model/provider.h"
#include "patch/change.h"

struct workspace;

#define CODEX_LEAST_VERSION "0.160.0"

/* What the workbench does for it. */
struct codex_host {
    void *data;
    const struct workspace *workspace; /* no permission to write there is given. Borrowed */
    /* The open proposal's, or NULL. Borrowed until the loop goes on. */
    const struct changes *(*changes)(void *data);
    /* Its commands wrote this, and its turn goes on or is over otherwise than well: `why` in a few
     * words. False: it did not join the proposal, and the engineer was told. */
    bool (*take)(void *data, struct str patch, const char *why);
    /* Codex's word for the approval policy in force, "on-request" or "untrusted"; asked before each
     * turn. NULL: on-request. */
    const char *(*approval)(void *data);
    const char
        *tools; /* the bylaw program, whose read-only tools Codex is given; NULL: none. Borrowed */
};

struct codex_options {
    struct loop *loop;
    const struct codex_host *host; /* copied */
    const char *program;           /* "codex", or a path */
    const char *const *env;        /* "NAME=value" it is given beside ours; ended by NULL; copied */
};

/* NULL: there is no such program. It is started with the first request. */
struct provider *codex_new(const struct codex_options *options, struct err *err) MUST_USE;

#endif
