/* Text search over the files below a folder (the workspace or an overlay), for the agent's search
 * tool and for the engineer; and replacing what it found, as bytes to be proposed. Binary files,
 * large files and names that path_check_relative refuses are skipped; hits, their length and the
 * work of the pattern are bounded. */
#ifndef BYLAW_WORKSPACE_GREP_H
#define BYLAW_WORKSPACE_GREP_H

#include "loop/loop.h"
#include "workspace/files.h"

/* A file as it is being edited: looked at in place of the one on disk. */
struct grep_unsaved {
    char *path;
    struct buf bytes;
};

struct grep_options {
    const char *pattern;
    bool is_literal; /* else a PCRE2 regular expression, "^" and "$" matching at lines */
    bool ignore_case;
    bool whole_word;
    bool every_match; /* else the first of each line */
    const char *with; /* what each match would become (replacement.h; a literal pattern takes it as
                         it is), or NULL */
    /* Only paths (or last parts, when it has no '/') that match; NULL: all but recorded sessions,
     * in which nothing is replaced anyhow. */
    const char *glob;
    size_t max_hits; /* 0: 200 */
    size_t max_line; /* bytes of a line that are kept; 0: 300 */
    size_t max_file; /* bytes of a file; 0: 4 MiB */
    const struct grep_unsaved *unsaved;
    size_t unsaved_count;
};

struct grep_hit {
    char *path;
    size_t line;   /* from 1 */
    size_t column; /* of the match's first byte, from 1, in bytes */
    size_t offset; /* of it in the file, from 0 */
    char *text;    /* the line without its end, cut around the match; may hold any bytes but NUL */
    size_t from, to;         /* the match in text, cut at its end */
    char *with;              /* what it would become, or NULL; any bytes but NUL */
    unsigned long long hash; /* of the file's bytes */
};

struct grep_result {
    struct grep_hit *items;
    size_t len, cap;
    size_t files;    /* searched */
    size_t skipped;  /* binary, too large, unreadable */
    size_t too_hard; /* files in which the pattern took too much work: their hits may be partial */
    bool truncated;  /* max_hits was reached, or the listing was bounded */
};

/* Blocks: from a worker. ERR_INVALID with the place in the pattern when it does not compile, or
 * when `with` is wrong; ERR_CANCELLED. `root` is absolute, `fd` open on it; `cancel` may be NULL.
 */
bool grep_run(int fd, const char *root, const struct grep_options *options,
    const atomic_bool *cancel, struct grep_result *out, struct err *err) MUST_USE;
void grep_hit_free(struct grep_hit *hit);
void grep_result_free(struct grep_result *result);

struct grep;

struct grep_events {
    /* Hits as they come, in the order of the paths, some times a second; the callee may take their
     * strings over (and sets the pointers to NULL). `files` were searched so far. May be NULL: then
     * all are in the result. */
    void (*hits)(void *data, struct grep_hit *hits, size_t count, size_t files);
    /* Once, also after grep_cancel. The result is borrowed (without the hits told already), NULL
     * with an err on failure. */
    void (*done)(void *data, const struct grep_result *result, const struct err *err);
    void *data;
};

/* On a worker, called back on the loop thread; options are copied. `fd` and root must live until
 * `done` was called. */
struct grep *grep_start(struct loop *loop, int fd, const char *root,
    const struct grep_options *options, const struct grep_events *events);
void grep_cancel(struct grep *grep);

/* Replaces every match whose offset is not in `keep` (ascending): appends the new content to out.
 * The pattern must have compiled before. */
bool grep_replace(struct str content, const struct grep_options *options, const size_t *keep,
    size_t keep_count, struct buf *out, struct err *err) MUST_USE;

#endif
