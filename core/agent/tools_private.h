/* Inside of the tools, shared by tools.c (table, files, patches), tools_test.c (run_tests, check),
 * tools_eval.c, tools_search.c, tools_guards.c, tools_symbols.c, tools_skill.c and tools_command.c.
 * Nobody else includes it. */
#ifndef BYLAW_AGENT_TOOLS_PRIVATE_H
#define BYLAW_AGENT_TOOLS_PRIVATE_H

#include "agent/tools.h"
#include "base/json.h"

struct tools;

/* One call that runs. Freed by tool_finish's callback or by cancel. */
struct tool_run {
    struct tools *tools;
    tool_done_fn done;
    void *done_data;
    struct loop_timer *later; /* finishes outside of start */
    struct buf output;
    void (*part)(void *data, struct str text); /* listens to output as it comes, or NULL */
    bool failed;
    bool laying_out;
    /* Of a tool that goes on after start: lets go of all it holds; nothing may call back
     * afterwards. Called once, when the run is delivered or cancelled, never from inside the tool's
     * own callbacks. */
    void (*stop)(struct tool_run *run);
    void *state; /* that tool's own; freed by stop */
};

struct tools {
    struct toolbox toolbox; /* first: what the turn loop holds */
    struct tools_setup setup;
    struct {
        struct tool_run **items;
        size_t len, cap;
    } runs;
};

/* The answer is run->output, capped here; calls done in a later loop turn. */
void tool_finish(struct tool_run *run, bool failed);
/* One sentence as a failed answer. */
void tool_fail(struct tool_run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Asks for the folder with the proposal; `ready` gets the run. */
void tool_lay_out(
    struct tool_run *run, void (*ready)(void *run, const char *root, const struct err *err));

/* An optional member: NULL when absent or null; false (and answered) when of another type. */
bool tool_text(struct tool_run *run, const cJSON *args, const char *key, const char **out) MUST_USE;
bool tool_number(struct tool_run *run, const cJSON *args, const char *key, long long min,
    long long max, long long fallback, long long *out) MUST_USE;

/* Each begins its tool; args is borrowed for the call. */
void tool_search_start(struct tool_run *run, const cJSON *args);
void tool_tests_start(struct tool_run *run, const cJSON *args);
void tool_check_start(struct tool_run *run, const cJSON *args);
void tool_evaluate_start(struct tool_run *run, const cJSON *args);
void tool_guards_start(struct tool_run *run, const cJSON *args);
void tool_symbol_start(struct tool_run *run, const cJSON *args);
void tool_skill_start(struct tool_run *run, const cJSON *args);
void tool_command_start(struct tool_run *run, const cJSON *args);
/* The member "paths" (an array, null or absent) as clean relative paths, appended to out; false:
 * answered. */
struct tool_paths {
    char **items;
    size_t len, cap;
};
bool tool_paths(struct tool_run *run, const cJSON *args, struct tool_paths *out) MUST_USE;
/* False, and answered: one of them is not there; nothing was looked at is no good news. */
bool tool_paths_stand(
    struct tool_run *run, const char *root, const struct tool_paths *paths) MUST_USE;
void tool_paths_free(struct tool_paths *paths);

#endif
