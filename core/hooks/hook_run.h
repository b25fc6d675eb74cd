/* Runs the hooks of a moment, one after another in the order they are written down: confined
 * (sandbox/confined.h), in the scratch copy of the workspace with the proposal on top, which they
 * may read but not change; they write to $TMPDIR only. A time-out ends a hook with all it has
 * started. Where the kernel cannot confine it, a hook does not run, and that is said.
 *
 * Each gets one JSON object on its standard input (session_id, cwd, hook_event_name, model and
 * turn_id, what the moment has: tool_name, tool_input, tool_use_id, tool_response, prompt, source,
 * stop_hook_active, last_assistant_message) and the environment without secrets, with
 * CODEX_HOOK_EVENT, CODEX_TOOL_NAME, BYLAW_WORKSPACE (the real workspace) and, of the short form
 * after a tool that changed files, CODEX_FILE_PATH (relative to where it runs), once for each file.
 * Loop thread only. */
#ifndef BYLAW_HOOKS_HOOK_RUN_H
#define BYLAW_HOOKS_HOOK_RUN_H

#include "hooks/hook_answer.h"
#include "loop/loop.h"

struct hook_runner;
struct hook_run;

struct hook_paths {
    char **items;
    size_t len, cap;
};

void hook_paths_free(struct hook_paths *paths);

/* A moment. All is borrowed for hook_run_start. */
struct hook_event {
    enum moment moment;
    const char *tool; /* our name of it; NULL: no tool */
    const char *call_id;
    struct str input;   /* its arguments as the model wrote them */
    struct str output;  /* after it: what it answered */
    struct str text;    /* the prompt; at the end the agent's last words */
    const char *source; /* at the start of a session: "startup", "resume" */
    bool again;         /* a Stop hook has sent the agent on before */
    bool late;          /* after an agent's own tools: nothing runs unless files have changed */
};

struct hook_runner_setup {
    struct loop *loop;
    const char *git_root; /* borrowed, may be NULL */
    const char *root;     /* the workspace's; borrowed */
    void *data;
    /* The folder to run in, as tools_setup.lay_out. */
    void (*lay_out)(
        void *data, void (*ready)(void *run, const char *root, const struct err *err), void *run);
    void (*lay_out_cancel)(void *data, void *run);
    /* Files of the proposal that are not as they were when it was asked last. Appends. */
    void (*touched)(void *data, struct hook_paths *out);
    const char *(*session_id)(void *data);
    const char *(*model)(void *data);
    const char *(*profile)(void *data); /* in force, or NULL */
    /* A codex provider runs its own hooks: those of its files and form are left to it. */
    bool (*of_codex)(void *data);
    /* One line about a hook that ran, or does not; control characters as they came. */
    void (*log)(void *data, struct str line);
};

struct hook_runner *hook_runner_new(const struct hook_runner_setup *setup) MUST_USE;
/* Nothing runs any more. */
void hook_runner_free(struct hook_runner *runner);
/* Reads the files again: with the beginning of a turn. What the proposal holds counts as seen. */
void hook_runner_reload(struct hook_runner *runner);

/* Some hook that may run is for this moment. */
bool hook_runner_wants(const struct hook_runner *runner, enum moment moment);
/* NULL: no hook is for this moment. Else `done` is called later, once, never from inside; the
 * outcome is borrowed. */
struct hook_run *hook_run_start(struct hook_runner *runner, const struct hook_event *event,
    void (*done)(void *data, struct hook_outcome *outcome), void *data);
/* Ends what runs; `done` is not called. */
void hook_run_cancel(struct hook_run *run);

#endif
