/* Hooks of a turn: where they run, and which files of the proposal are new to them. */
#include "agent/workbench_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum { LINES_MAX = 2000 };

static struct hook_seen *find_seen(struct workbench *wb, const char *path)
{
    VEC_FOREACH (struct hook_seen, seen, &wb->hook_seen) {
        if (strcmp(seen->path, path) == 0) {
            return seen;
        }
    }
    return NULL;
}

static void forget_seen(struct workbench *wb)
{
    VEC_FOREACH (struct hook_seen, seen, &wb->hook_seen) {
        free(seen->path);
    }
    VEC_FREE(&wb->hook_seen);
}

static void touched(void *data, struct hook_paths *out)
{
    struct workbench *wb = data;
    const struct proposal *open = proposals_open(wb->proposals);
    if (open == NULL) {
        forget_seen(wb);
        return;
    }
    VEC_FOREACH (const struct change, change, &open->changes) {
        unsigned long long hash =
            change->kind == CHANGE_DELETE ? 0 : str_hash(buf_str(&change->content));
        struct hook_seen *seen = find_seen(wb, change->path);
        if (seen == NULL) {
            VEC_PUSH(&wb->hook_seen, (struct hook_seen){mem_strdup(change->path), ~hash});
            seen = &wb->hook_seen.items[wb->hook_seen.len - 1];
        }
        if (seen->hash != hash) {
            seen->hash = hash;
            VEC_PUSH(out, mem_strdup(change->path));
        }
    }
}

static const char *session_name(void *data)
{
    struct workbench *wb = data;
    return session_id(wb->session);
}

static const char *model_name(void *data)
{
    struct workbench *wb = data;
    return session_model(wb->session);
}

static const char *profile_name(void *data)
{
    struct workbench *wb = data;
    return workbench_hooks_profile(wb);
}

static bool of_codex(void *data)
{
    struct workbench *wb = data;
    return wb->provider != NULL && strcmp(wb->provider->ops->name, "codex") == 0;
}

static void log_line(void *data, struct str line)
{
    struct workbench *wb = data;
    if (wb->hook_lines.len < LINES_MAX) {
        VEC_PUSH(&wb->hook_lines, str_dup(line));
        workbench_tell(wb, WORKBENCH_HOOKS);
    }
}

const char *workbench_hook_line(const struct workbench *wb, size_t index)
{
    return index < wb->hook_lines.len ? wb->hook_lines.items[index] : NULL;
}

void workbench_make_hooks(struct workbench *wb)
{
    struct hook_runner_setup setup = {
        .loop = wb->options.loop,
        .git_root = wb->git_root,
        .root = workspace_root(wb->workspace),
        .data = wb,
        .lay_out = workbench_want_layout,
        .lay_out_cancel = workbench_unwant_layout,
        .touched = touched,
        .session_id = session_name,
        .model = model_name,
        .profile = profile_name,
        .of_codex = of_codex,
        .log = log_line,
    };
    wb->hooks = hook_runner_new(&setup);
}

void workbench_free_hooks(struct workbench *wb)
{
    hook_runner_free(wb->hooks);
    forget_seen(wb);
    VEC_FOREACH (char *, line, &wb->hook_lines) {
        free(*line);
    }
    VEC_FREE(&wb->hook_lines);
}
