#include "workspace/replace.h"

#include "base/vec.h"

#include <stdlib.h>

struct replacing {
    const struct workspace *workspace;
    struct grep_options options;
    char *pattern, *with;
    struct {
        struct replace_file *items;
        size_t len, cap;
    } files;
    struct changes changes;
    bool ok;
    struct err err;
    void (*done)(void *data, struct changes *changes, const struct err *err);
    void *data;
};

static bool replace_one(struct replacing *replacing, const struct replace_file *file)
{
    struct change change = {
        .kind = CHANGE_UPDATE, .path = mem_strdup(file->path), .base_exists = true};
    struct file_stamp stamp = {0};
    struct err *err = &replacing->err;
    bool ok = workspace_read(replacing->workspace, file->path, &change.base, &stamp, err);
    if (ok && str_hash(buf_str(&change.base)) != file->hash) {
        ok = err_set(
            err, ERR_CONFLICT, "%s changed since it was searched: search again", file->path);
    }
    ok = ok && grep_replace(buf_str(&change.base), &replacing->options, file->keep,
                   file->keep_count, &change.content, err);
    change.mode = stamp.mode;
    if (ok && !str_equal(buf_str(&change.base), buf_str(&change.content))) {
        VEC_PUSH(&replacing->changes, change);
    } else {
        change_free(&change);
    }
    return ok;
}

static void run(void *data)
{
    struct replacing *replacing = data;
    replacing->ok = true;
    VEC_FOREACH (struct replace_file, file, &replacing->files) {
        replacing->ok = replacing->ok && replace_one(replacing, file);
    }
}

static void finish(void *data, bool cancelled)
{
    struct replacing *replacing = data;
    if (cancelled) {
        replacing->ok = err_set(&replacing->err, ERR_CANCELLED, "the replacement was cancelled");
    }
    replacing->done(replacing->data, replacing->ok ? &replacing->changes : NULL,
        replacing->ok ? NULL : &replacing->err);
    changes_free(&replacing->changes);
    VEC_FOREACH (struct replace_file, file, &replacing->files) {
        free(file->path);
        free(file->keep);
    }
    VEC_FREE(&replacing->files);
    free(replacing->pattern);
    free(replacing->with);
    free(replacing);
}

void replace_start(struct loop *loop, const struct workspace *workspace,
    const struct grep_options *options, const struct replace_file *files, size_t count,
    void (*done)(void *data, struct changes *changes, const struct err *err), void *data)
{
    struct replacing *replacing = MEM_NEW(struct replacing);
    replacing->workspace = workspace;
    replacing->pattern = mem_strdup(options->pattern);
    replacing->with = mem_strdup(options->with);
    replacing->options = *options;
    replacing->options.pattern = replacing->pattern;
    replacing->options.with = replacing->with;
    replacing->options.glob = NULL; /* which files is settled */
    replacing->options.unsaved_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct replace_file copy = {.path = mem_strdup(files[i].path),
            .hash = files[i].hash,
            .keep = mem_dup(files[i].keep, files[i].keep_count * sizeof *files[i].keep),
            .keep_count = files[i].keep_count};
        VEC_PUSH(&replacing->files, copy);
    }
    replacing->done = done;
    replacing->data = data;
    loop_work_start(loop, run, finish, replacing);
}
