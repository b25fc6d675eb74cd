/* search: a regular expression over the workspace's files with the proposal on top. */
#include "agent/tools_private.h"

#include "base/safe.h"
#include "base/vec.h"
#include "workspace/beneath.h"
#include "workspace/grep.h"

#include <stdlib.h>
#include <unistd.h>

enum { HITS_MAX = 300, PATTERN_MAX = 2000 };

struct searching {
    struct tool_run *run; /* NULL once nobody waits: the search still holds root and fd */
    struct grep *grep;
    char *pattern;
    char *glob;
    char *root;
    int fd;
};

static void free_searching(struct searching *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    free(s->pattern);
    free(s->glob);
    free(s->root);
    free(s);
}

static void stop(struct tool_run *run)
{
    struct searching *s = run->state;
    s->run = NULL;
    if (s->grep != NULL) {
        grep_cancel(s->grep);
    } else {
        free_searching(s);
    }
}

static void print_hits(struct buf *out, const struct grep_result *result)
{
    VEC_FOREACH (struct grep_hit, hit, result) {
        char *line = safe_dup(str_of(hit->text), SAFE_KEEP_LINES, 400);
        buf_printf(out, "%s:%zu: %s\n", hit->path, hit->line, line);
        free(line);
    }
    if (result->len == 0) {
        buf_printf(out, "Nothing matches in %zu files.\n", result->files);
    }
    if (result->truncated) {
        buf_printf(out, "[stopped after %zu hits: narrow the pattern]\n", result->len);
    }
    if (result->too_hard > 0) {
        buf_printf(out, "[the pattern took too long in %zu files: their hits may be missing]\n",
            result->too_hard);
    }
}

static void done(void *data, const struct grep_result *result, const struct err *err)
{
    struct searching *s = data;
    s->grep = NULL;
    if (s->run == NULL) {
        free_searching(s);
    } else if (result == NULL) {
        tool_fail(s->run, "%s.", err->text);
    } else {
        print_hits(&s->run->output, result);
        tool_finish(s->run, false);
    }
}

static void on_ready(void *data, const char *root, const struct err *err)
{
    struct tool_run *run = data;
    struct searching *s = run->state;
    struct err reason;
    run->laying_out = false;
    if (root == NULL) {
        tool_fail(run, "The proposal could not be laid out for a search: %s.", err->text);
        return;
    }
    s->fd = beneath_open_root(root, &reason);
    if (s->fd < 0) {
        tool_fail(run, "%s.", reason.text);
        return;
    }
    s->root = mem_strdup(root);
    struct grep_options options = {.pattern = s->pattern, .glob = s->glob, .max_hits = HITS_MAX};
    struct grep_events events = {.done = done, .data = s};
    s->grep = grep_start(run->tools->setup.loop, s->fd, s->root, &options, &events);
}

void tool_search_start(struct tool_run *run, const cJSON *args)
{
    const char *pattern;
    const char *glob;
    if (!tool_text(run, args, "pattern", &pattern) || !tool_text(run, args, "path", &glob)) {
        return;
    }
    if (pattern == NULL || pattern[0] == '\0' || strlen(pattern) > PATTERN_MAX) {
        tool_fail(run, "search needs a pattern of at most %d bytes.", PATTERN_MAX);
        return;
    }
    struct searching *s = MEM_NEW(struct searching);
    s->run = run;
    s->fd = -1;
    s->pattern = mem_strdup(pattern);
    s->glob = mem_strdup(glob);
    run->state = s;
    run->stop = stop;
    tool_lay_out(run, on_ready);
}
