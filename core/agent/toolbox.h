/* The tools a model is given: one interface for the turn loop, one row a tool (tools.c). All are
 * read-only on the workspace; apply_patch and run_command make or amend the proposal.
 *
 * Loop thread only. Output is text for the model, capped, with a note of what was cut. */
#ifndef BYLAW_AGENT_TOOLBOX_H
#define BYLAW_AGENT_TOOLBOX_H

#include "base/err.h"
#include "base/str.h"
#include "model/provider.h"

struct toolbox;
struct tool_run;

typedef void (*tool_done_fn)(void *data, struct str output, bool failed);

struct toolbox_ops {
    /* The specs told to the model; borrowed, fixed for the toolbox's life. */
    const struct tool_spec *(*specs)(struct toolbox *toolbox, size_t *count);
    /* A tool that changes the proposal runs alone, after all before it. */
    bool (*is_exclusive)(struct toolbox *toolbox, const char *name);
    /* One line that says what the call will do ("policies/a.rego:1-40"); the caller frees. */
    char *(*describe)(struct toolbox *toolbox, const char *name, struct str arguments);
    /* Starts a call. `done` comes later from the loop, exactly once, never from inside start and
     * never after cancel. Arguments that make no sense are a failed output, not a failure of start.
     */
    struct tool_run *(*start)(struct toolbox *toolbox, const char *name, struct str arguments,
        tool_done_fn done, void *data);
    void (*cancel)(struct tool_run *run);
    /* Hands over the output as it comes, for display: text, control characters visible, bounded.
     * Called once, behind start. NULL: none of the tools has any before its end. */
    void (*listen)(struct tool_run *run, void (*part)(void *data, struct str text));
};

struct toolbox {
    const struct toolbox_ops *ops;
};

#endif
