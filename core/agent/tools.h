/* The tools the model is given, over a workspace with the proposal on top: list_files, read_file,
 * search, apply_patch, run_tests, check, guards, evaluate, find_symbol. Only apply_patch changes
 * anything, and what it changes is the proposal.
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
struct workspace;

enum { TOOLS_OUTPUT_MAX = 48 * 1024 };

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
};

struct toolbox *tools_new(const struct tools_setup *setup) MUST_USE;
/* Cancels what runs. */
void tools_free(struct toolbox *toolbox);

#endif
