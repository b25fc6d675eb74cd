#include "patch/stage.h"

#include "base/path.h"
#include "base/vec.h"

void stage_init(struct stage *stage, const struct patch_source *source)
{
    *stage = (struct stage){.source = source};
}

static void stage_file_free(struct stage_file *file)
{
    free(file->path);
    free(file->moved_from);
    buf_free(&file->base);
    buf_free(&file->now);
    free(file);
}

void stage_free(struct stage *stage)
{
    VEC_FOREACH (struct stage_file *, file, stage) {
        stage_file_free(*file);
    }
    VEC_FREE(stage);
}

static struct stage_file *find(struct stage *stage, const char *path)
{
    VEC_FOREACH (struct stage_file *, file, stage) {
        if (strcmp((*file)->path, path) == 0) {
            return *file;
        }
    }
    return NULL;
}

/* Takes the clean path over. */
static struct stage_file *look_up(struct stage *stage, char *path, struct err *err)
{
    struct stage_file *file = find(stage, path);
    if (file != NULL) {
        free(path);
        return file;
    }
    struct patch_file found = {0};
    if (stage->len >= STAGE_MAX_FILES) {
        err_set(err, ERR_LIMIT, "the patch names more than %d files", STAGE_MAX_FILES);
    } else if (!stage->source->read(stage->source->data, path, &found, err)) {
        buf_free(&found.bytes);
    } else if ((stage->bytes += found.bytes.len) > STAGE_MAX_BYTES) {
        buf_free(&found.bytes);
        err_set(err, ERR_LIMIT, "the files the patch names are together larger than %d MiB",
            STAGE_MAX_BYTES / 1024 / 1024);
    } else {
        file = MEM_NEW(struct stage_file);
        file->path = path;
        file->is_folder = found.found == PATCH_FOLDER;
        file->base_exists = file->exists = found.found == PATCH_FILE;
        file->base = found.bytes;
        file->base_mode = file->mode = file->exists ? found.mode : 0644;
        buf_append_str(&file->now, buf_str(&file->base));
        VEC_PUSH(stage, file);
        return file;
    }
    free(path);
    return NULL;
}

struct stage_file *stage_get(struct stage *stage, struct str path, struct err *err)
{
    char *clean;
    return path_check_relative(path, &clean, err) ? look_up(stage, clean, err) : NULL;
}

/* A new file's parents may be missing or folders, not files. */
static bool check_parents(struct stage *stage, const struct stage_file *file, struct err *err)
{
    for (const char *slash = strchr(file->path, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        char *parent = mem_strndup(file->path, (size_t)(slash - file->path));
        struct stage_file *at = look_up(stage, parent, err);
        if (at == NULL) {
            return false;
        }
        if (at->exists) {
            return err_set(err, ERR_EXISTS, "cannot create %s: %s is a file, not a folder",
                file->path, at->path);
        }
    }
    return true;
}

bool stage_write(struct stage *stage, struct stage_file *file, struct buf *bytes, struct err *err)
{
    if (file->is_folder) {
        return err_set(err, ERR_EXISTS, "%s is a folder, not a file", file->path);
    }
    if (!file->exists && !check_parents(stage, file, err)) {
        return false;
    }
    if ((stage->bytes += bytes->len) > STAGE_MAX_BYTES) {
        return err_set(
            err, ERR_LIMIT, "the patch makes more than %d MiB", STAGE_MAX_BYTES / 1024 / 1024);
    }
    if (!file->exists) {
        file->mode = file->base_exists ? file->base_mode : 0644;
    }
    buf_free(&file->now);
    file->now = *bytes;
    *bytes = BUF_INIT;
    file->exists = file->touched = true;
    return true;
}

bool stage_delete(struct stage *stage, struct stage_file *file, struct err *err)
{
    (void)stage;
    if (file->is_folder) {
        return err_set(err, ERR_INVALID, "cannot delete %s: it is a folder", file->path);
    }
    if (!file->exists) {
        return err_set(err, ERR_NOT_FOUND, "cannot delete %s: there is no such file", file->path);
    }
    file->exists = false;
    file->touched = true;
    buf_clear(&file->now);
    free(file->moved_from);
    file->moved_from = NULL;
    return true;
}

bool stage_move(struct stage *stage, struct stage_file *from, struct stage_file *to,
    struct buf *bytes, struct err *err)
{
    if (from == to) {
        return stage_write(stage, to, bytes, err);
    }
    unsigned mode = from->mode;
    char *origin = mem_strdup(from->moved_from != NULL ? from->moved_from : from->path);
    /* The source goes first: a move of `a` to `a/b` is possible then. */
    if (!stage_delete(stage, from, err) || !stage_write(stage, to, bytes, err)) {
        free(origin);
        return false;
    }
    if (!to->base_exists) {
        to->mode = mode;
    }
    free(to->moved_from);
    to->moved_from = origin;
    return true;
}

/* The file `origin` was moved away and nothing took its place, and `to` is new there. */
static struct stage_file *moved_source(struct stage *stage, const struct stage_file *to)
{
    struct stage_file *from = to->moved_from == NULL ? NULL : find(stage, to->moved_from);
    return from != NULL && from->base_exists && !from->exists && !to->base_exists ? from : NULL;
}

static bool check_folders(const struct stage *stage, struct err *err)
{
    VEC_FOREACH (struct stage_file *, file, stage) {
        size_t len = strlen((*file)->path);
        VEC_FOREACH (struct stage_file *, below, stage) {
            if ((*file)->exists && (*below)->exists &&
                strncmp((*below)->path, (*file)->path, len) == 0 && (*below)->path[len] == '/') {
                return err_set(err, ERR_EXISTS, "%s cannot be a file and the folder of %s",
                    (*file)->path, (*below)->path);
            }
        }
    }
    return true;
}

static void push_change(struct stage *stage, struct stage_file *file, struct changes *out)
{
    struct stage_file *from = moved_source(stage, file);
    const struct stage_file *old = from != NULL ? from : file;
    bool same = file->exists == file->base_exists && file->mode == file->base_mode &&
                str_equal(buf_str(&file->now), buf_str(&file->base));
    if (!file->touched || (same && from == NULL)) {
        return;
    }
    struct change change = {
        .kind = !file->exists      ? CHANGE_DELETE
                : old->base_exists ? CHANGE_UPDATE
                                   : CHANGE_ADD,
        .path = mem_strdup(file->path),
        .moved_from = from != NULL ? mem_strdup(from->path) : NULL,
        .base_exists = old->base_exists,
        .mode = file->mode,
        .git_to = file->git_mode,
    };
    buf_append_str(&change.base, buf_str(&old->base));
    buf_append_str(&change.content, buf_str(&file->now));
    VEC_PUSH(out, change);
}

bool stage_finish(struct stage *stage, struct changes *out, struct err *err)
{
    if (!check_folders(stage, err)) {
        return false;
    }
    /* A file whose content lives on under a new name is part of that change. Of two files that
     * claim one source, the first has it. */
    VEC_FOREACH (struct stage_file *, to, stage) {
        struct stage_file *from = moved_source(stage, *to);
        if (from == NULL || !(*to)->exists) {
            free((*to)->moved_from);
            (*to)->moved_from = NULL;
        } else if (!from->touched) {
            free((*to)->moved_from);
            (*to)->moved_from = NULL;
        } else {
            from->touched = false;
        }
    }
    VEC_FOREACH (struct stage_file *, file, stage) {
        push_change(stage, *file, out);
    }
    return true;
}
