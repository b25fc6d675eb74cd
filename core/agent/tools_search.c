/* search: a regular expression over the workspace's files with the proposal on top, on a worker. */
#include "agent/tools_private.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/safe.h"
#include "base/vec.h"
#include "workspace/workspace.h"

#include <fnmatch.h>
#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    HITS_MAX = 300,
    FILE_HITS_MAX = 50,
    FILE_MAX = 4 << 20,
    LINE_SHOWN = 300,
    MATCH_LIMIT = 200000
};

struct searched {
    char *path;
    bool proposed; /* content is the proposal's, else the file is read */
    struct buf content;
};

struct search {
    struct tool_run *run; /* NULL once nobody waits */
    struct loop_work *work;
    atomic_bool cancel;
    char *root; /* the workspace outlives the worker only as long as the loop turns: its own
                   descriptor */
    char *pattern;
    struct {
        struct searched *items;
        size_t len, cap;
    } files;
    struct buf out;
    size_t hits;
    bool failed;
};

static void free_search(struct search *search)
{
    VEC_FOREACH (struct searched, file, &search->files) {
        free(file->path);
        buf_free(&file->content);
    }
    VEC_FREE(&search->files);
    buf_free(&search->out);
    free(search->root);
    free(search->pattern);
    free(search);
}

static void search_text(struct search *search, const char *path, struct str text, pcre2_code *code,
    pcre2_match_data *match, pcre2_match_context *context)
{
    struct str line;
    size_t number = 0;
    size_t in_file = 0;
    while (str_next_line(&text, &line) && search->hits < HITS_MAX && in_file < FILE_HITS_MAX) {
        number++;
        int rc = pcre2_match(code, (PCRE2_SPTR)line.ptr, line.len, 0, 0, match, context);
        if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT) {
            buf_printf(
                &search->out, "%s:%zu: [the pattern takes too long on this line]\n", path, number);
            in_file++;
        }
        if (rc < 0) {
            continue;
        }
        char *shown = safe_dup(line, SAFE_KEEP_LINES, LINE_SHOWN);
        buf_printf(&search->out, "%s:%zu: %s\n", path, number, shown);
        free(shown);
        search->hits++;
        in_file++;
    }
    if (in_file == FILE_HITS_MAX) {
        buf_printf(&search->out, "%s: [more hits in this file]\n", path);
    }
}

static void search_files(struct search *search, pcre2_code *code)
{
    pcre2_match_data *match = mem_require(pcre2_match_data_create_from_pattern(code, NULL));
    pcre2_match_context *context = mem_require(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(context, MATCH_LIMIT);
    struct err err;
    int fd = beneath_open_root(search->root, &err);
    VEC_FOREACH (struct searched, file, &search->files) {
        if (atomic_load(&search->cancel) || search->hits >= HITS_MAX) {
            break;
        }
        if (!file->proposed &&
            (fd < 0 || !beneath_read(fd, file->path, FILE_MAX, &file->content, NULL, &err))) {
            continue; /* gone meanwhile, a link, or too large: read_file says which */
        }
        struct str text = buf_str(&file->content);
        if (text.len > 0 && memchr(text.ptr, 0, text.len < 8000 ? text.len : 8000) == NULL) {
            search_text(search, file->path, text, code, match, context);
        }
        buf_free(&file->content);
    }
    if (fd >= 0) {
        close(fd);
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
}

static void work(void *data)
{
    struct search *search = data;
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)search->pattern, PCRE2_ZERO_TERMINATED,
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &at, NULL);
    if (code == NULL) {
        PCRE2_UCHAR message[200] = "";
        pcre2_get_error_message(error, message, sizeof message);
        buf_printf(&search->out, "The pattern is no regular expression: %s at character %zu.",
            (char *)message, at);
        search->failed = true;
        return;
    }
    search_files(search, code);
    pcre2_code_free(code);
    if (search->hits == 0) {
        buf_append_c(&search->out, "Nothing matches.\n");
    } else if (search->hits >= HITS_MAX) {
        buf_printf(&search->out, "[stopped after %d hits: narrow the pattern]\n", HITS_MAX);
    }
}

static void done(void *data, bool cancelled)
{
    struct search *search = data;
    struct tool_run *run = search->run;
    search->work = NULL;
    if (run == NULL) {
        free_search(search);
        return;
    }
    buf_append_str(&run->output, buf_str(&search->out));
    tool_finish(run, search->failed || cancelled);
}

static void stop(struct tool_run *run)
{
    struct search *search = run->state;
    search->run = NULL;
    atomic_store(&search->cancel, true);
    if (search->work != NULL) {
        loop_work_cancel(search->work);
    } else {
        free_search(search);
    }
}

/* What is searched: the proposal's content by copy, the rest by name. */
static void gather(struct search *search, const struct tools_setup *setup, const char *glob)
{
    const struct proposal *proposal = setup->proposal(setup->data);
    const struct files *files = workspace_files(setup->workspace);
    if (proposal != NULL) {
        VEC_FOREACH (struct change, c, &proposal->changes) {
            if (c->kind != CHANGE_DELETE && (glob == NULL || fnmatch(glob, c->path, 0) == 0)) {
                struct searched file = {.path = mem_strdup(c->path), .proposed = true};
                buf_append_str(&file.content, buf_str(&c->content));
                VEC_PUSH(&search->files, file);
            }
        }
    }
    VEC_FOREACH (struct file_entry, entry, files) {
        bool said = false;
        if (proposal != NULL) {
            VEC_FOREACH (struct change, c, &proposal->changes) {
                said = said || strcmp(c->path, entry->path) == 0 ||
                       (c->moved_from != NULL && strcmp(c->moved_from, entry->path) == 0);
            }
        }
        if (!said && !entry->odd_name && !entry->is_link &&
            (glob == NULL || fnmatch(glob, entry->path, 0) == 0)) {
            struct searched file = {.path = mem_strdup(entry->path)};
            VEC_PUSH(&search->files, file);
        }
    }
}

void tool_search_start(struct tool_run *run, const cJSON *args)
{
    const char *pattern;
    const char *glob;
    if (!tool_text(run, args, "pattern", &pattern) || !tool_text(run, args, "path", &glob)) {
        return;
    }
    if (pattern == NULL || pattern[0] == '\0' || strlen(pattern) > 2000) {
        tool_fail(run, "search needs a pattern of at most 2000 bytes.");
        return;
    }
    struct search *search = MEM_NEW(struct search);
    search->run = run;
    search->pattern = mem_strdup(pattern);
    search->root = mem_strdup(workspace_root(run->tools->setup.workspace));
    gather(search, &run->tools->setup, glob);
    run->state = search;
    run->stop = stop;
    search->work = loop_work_start(run->tools->setup.loop, work, done, search);
}
