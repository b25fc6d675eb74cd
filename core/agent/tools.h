/* The tools the model is given, over a workspace with the proposal on top: list_files, read_file,
 * search, apply_patch, run_tests, check, guards, evaluate, find_symbol, read_skill, run_command.
 * Only the proposal is ever changed, by apply_patch, and by run_command where sandbox_mode lets it
 * write.
 *
 * Arguments are JSON by the schemas told to the model (strict: each property present, null for "not
 * given"); what does not fit is answered with a sentence the model can act on. Output is capped at
 * TOOLS_OUTPUT_MAX bytes, with a note of what was cut. Loop thread only. */
#ifndef BYLAW_AGENT_TOOLS_H
#define BYLAW_AGENT_TOOLS_H

#include "agent/proposal.h"
#include "agent/toolbox.h"
#include "loop/loop.h"

struct catalog;
struct skills;
struct workspace;

enum { TOOLS_OUTPUT_MAX = 48 * 1024 };

struct command_wish {
    const char *line;   /* as the agent wrote it */
    const char *reason; /* or NULL */
    bool network;
};

/* What a command may do to the folder it runs in, as the session decided. */
struct command_place {
    const char *root; /* absolute: the workspace with the proposal; NULL: err says why not */
    bool may_write;   /* what it writes there is looked at afterwards (took) */
    const struct err *err;
};

/* For run_command: confined by sandbox/confined.h, as the engineer's policy has it. */
struct command_host {
    /* May it run? Calls answered once, at once or later (and never after drop); `reason` is told to
     * the agent when it may not. */
    void (*ask)(void *data, const struct command_wish *wish,
        void (*answered)(void *tool, bool allowed, struct str reason), void *tool);
    /* A folder to run it in; ready comes later, and never after drop. The folder is the tool's
     * alone until took, or drop. */
    void (*place)(
        void *data, void (*ready)(void *tool, const struct command_place *place), void *tool);
    /* It has ended in a folder it may write to: what it changed joins the proposal. Calls done
     * later with what the agent is told (borrowed), and never after drop. */
    void (*took)(void *data, void (*done)(void *tool, struct str told), void *tool);
    /* None of the above is wanted any more. */
    void (*drop)(void *data, void *tool);
};

/* What the tools stand on; the workbench's. */
struct tools_setup {
    struct loop *loop;
    const struct workspace *workspace;
    void *data;
    /* The proposal that patches go on with, or NULL when there is none. */
    const struct proposal *(*proposal)(void *data);
    /* Reads a patch into the proposal; *answer is what the model is told. False: refused. */
    bool (*patch)(void *data, struct str patch, struct buf *answer);
    /* A folder with the proposal laid out, for engines: calls ready (later, never from inside) with
     * its absolute root, or NULL and why. The folder stays as it is until the next call of patch.
     */
    void (*lay_out)(
        void *data, void (*ready)(void *tool, const char *root, const struct err *err), void *tool);
    /* A ready that was asked for is not wanted any more. */
    void (*lay_out_cancel)(void *data, void *tool);
    /* The symbols of the workspace, without the proposal; NULL: none. */
    struct catalog *(*catalog)(void *data);
    /* All files have been read into it. */
    bool (*catalog_is_whole)(void *data);
    const struct command_host *commands; /* NULL: there is no run_command, and no read_skill */
    /* Those told to the model; NULL: none. */
    const struct skills *(*skills)(void *data);
};

struct toolbox *tools_new(const struct tools_setup *setup) MUST_USE;
/* Cancels what runs. */
void tools_free(struct toolbox *toolbox);

#endif
