/* Text search over the files below a folder (the workspace or an overlay), for the agent's search
 * tool and for the engineer. Blocks: from a worker. Binary files, files over 4 MiB and names that
 * path_check_relative refuses are skipped; hits, their length and the work of the pattern are
 * bounded. */
#ifndef BYLAW_WORKSPACE_SEARCH_H
#define BYLAW_WORKSPACE_SEARCH_H

#include "loop/loop.h"
#include "workspace/files.h"

struct search_options {
    const char *pattern;
    bool is_literal; /* else a PCRE2 regular expression, "^" and "$" matching at lines */
    bool ignore_case;
    const char *glob; /* only paths (or last parts, when it has no '/') that match; NULL: all */
    size_t max_hits;  /* 0: 200 */
    size_t max_line;  /* bytes of a line that are kept; 0: 300 */
};

struct search_hit {
    char *path;
    size_t line;   /* from 1 */
    size_t column; /* of the match's first byte, from 1, in bytes */
    char *text;    /* the line without its end, cut around the match; may hold any bytes but NUL */
};

struct search_result {
    struct search_hit *items;
    size_t len, cap;
    size_t files;    /* searched */
    size_t skipped;  /* binary, too large, unreadable */
    size_t too_hard; /* files in which the pattern took too much work: their hits may be partial */
    bool truncated;  /* max_hits was reached, or the listing was bounded */
};

/* ERR_INVALID with the place in the pattern when it does not compile; ERR_CANCELLED. `root` is
 * absolute, `fd` open on it; `cancel` may be NULL. */
bool search_run(int fd, const char *root, const struct search_options *options,
    const atomic_bool *cancel, struct search_result *out, struct err *err) MUST_USE;
void search_result_free(struct search_result *result);

struct search;

/* On a worker; options are copied. `fd` and root must live until `done` was called: once, on the
 * loop thread, also after search_cancel; result is borrowed, NULL with an err on failure. */
struct search *search_start(struct loop *loop, int fd, const char *root,
    const struct search_options *options,
    void (*done)(void *data, const struct search_result *result, const struct err *err),
    void *data);
void search_cancel(struct search *search);

#endif
