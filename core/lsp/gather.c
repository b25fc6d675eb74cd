#include "lsp/gather.h"

#include "base/vec.h"
#include "lsp/uri.h"
#include "workspace/beneath.h"

#include <unistd.h>

void lsp_gather_free(struct lsp_gather *gather)
{
    VEC_FOREACH (struct lsp_open_text, open, &gather->open) {
        free(open->path);
        buf_free(&open->text);
    }
    VEC_FREE(&gather->open);
    free(gather->root);
}

static const struct lsp_open_text *find_open(const struct lsp_gather *gather, const char *path)
{
    VEC_FOREACH (const struct lsp_open_text, open, &gather->open) {
        if (strcmp(open->path, path) == 0) {
            return open;
        }
    }
    return NULL;
}

/* The files of one answer, each read once. */
struct file {
    char *path;
    struct buf bytes; /* what was read; the open document's own bytes stay where they are */
    struct lsp_mapper mapper;
};

struct files {
    struct file **items; /* pointers: a mapper points into its file */
    size_t len, cap;
    int root;
};

static void files_free(struct files *files)
{
    VEC_FOREACH (struct file *, file, files) {
        lsp_mapper_free(&(*file)->mapper);
        buf_free(&(*file)->bytes);
        free((*file)->path);
        free(*file);
    }
    VEC_FREE(files);
    if (files->root >= 0) {
        close(files->root);
    }
}

/* The mapper of a file; one that cannot be read maps as an empty text. */
static struct lsp_mapper *file_mapper(
    const struct lsp_gather *gather, struct files *files, const char *path)
{
    VEC_FOREACH (struct file *, file, files) {
        if (strcmp((*file)->path, path) == 0) {
            return &(*file)->mapper;
        }
    }
    struct file *file = MEM_NEW(struct file);
    file->path = mem_strdup(path);
    const struct lsp_open_text *open = find_open(gather, path);
    if (open == NULL && files->len < LSP_FILES_MAX && files->root >= 0 &&
        !beneath_read(files->root, path, LSP_FILE_BYTES, &file->bytes, NULL, NULL)) {
        buf_clear(&file->bytes);
    }
    lsp_mapper_flat(&file->mapper, open != NULL ? buf_str(&open->text) : buf_str(&file->bytes),
        gather->encoding);
    VEC_PUSH(files, file);
    return &file->mapper;
}

/* Without the file's text the row is still known. */
static struct position row_only(const cJSON *position)
{
    long long line = json_int_or(position, "line", 0);
    return (struct position){
        .row = line < 0 || line > 100000000 ? 1 : (unsigned)line + 1, .col = 1};
}

static void add_place(const struct lsp_gather *gather, struct files *files, const cJSON *raw,
    struct lsp_places *places)
{
    const char *uri = json_string_or(raw, "uri", json_string(raw, "targetUri"));
    const cJSON *range = json_get(raw, "targetSelectionRange");
    range = range != NULL ? range : json_get(raw, "range");
    struct lsp_place place = {0};
    if (range == NULL || !uri_beneath(gather->root, uri, &place.path, NULL)) {
        places->refused++;
        return;
    }
    struct lsp_mapper *mapper = file_mapper(gather, files, place.path);
    if (mapper->flat.len > 0) {
        place.at = lsp_place_of(mapper, json_get(range, "start"));
        place.end = lsp_place_of(mapper, json_get(range, "end"));
    } else {
        place.at = row_only(json_get(range, "start"));
        place.end = row_only(json_get(range, "end"));
    }
    VEC_PUSH(places, place);
}

void lsp_gather_places(
    const struct lsp_gather *gather, const cJSON *result, struct lsp_places *places)
{
    struct files files = {.root = beneath_open_root(gather->root, NULL)};
    if (cJSON_IsObject(result)) {
        add_place(gather, &files, result, places);
    } else if (cJSON_IsArray(result)) {
        const cJSON *raw;
        cJSON_ArrayForEach(raw, result)
        {
            if (places->len >= LSP_PLACES_MAX) {
                break;
            }
            add_place(gather, &files, raw, places);
        }
    }
    files_free(&files);
}

bool lsp_gather_edits(struct str text, enum lsp_encoding encoding, const cJSON *edits,
    struct text_edits *out, struct err *err)
{
    struct lsp_mapper mapper;
    const cJSON *raw;
    size_t added = 0;
    bool ok = true;
    lsp_mapper_flat(&mapper, text, encoding);
    cJSON_ArrayForEach(raw, edits)
    {
        struct text_edit edit = {0};
        const char *with = json_string(raw, "newText");
        ok = ok && with != NULL &&
             lsp_range_of(&mapper, json_get(raw, "range"), &edit.from, &edit.to) &&
             !lsp_mapper_spent(&mapper) && (added += strlen(with)) <= TEXT_MAX;
        if (!ok) {
            break;
        }
        buf_append_c(&edit.with, with);
        VEC_PUSH(out, edit);
    }
    lsp_mapper_free(&mapper);
    if (!ok || !text_edits_sort(out, text.len)) {
        text_edits_free(out);
        return err_set(err, ERR_EXTERNAL, "the language server's edits make no sense");
    }
    return true;
}

/* The change of `path`, made with its content as it is now when it is not there yet. */
static struct change *change_of(
    const struct lsp_gather *gather, int root, const char *path, struct changes *changes)
{
    struct change *known = changes_find(changes, path);
    if (known != NULL) {
        return known;
    }
    struct change change = {.kind = CHANGE_UPDATE, .path = mem_strdup(path), .mode = 0644};
    struct file_stamp stamp = {0};
    const struct lsp_open_text *open = find_open(gather, path);
    change.base_exists = beneath_read(root, path, LSP_FILE_BYTES, &change.base, &stamp, NULL);
    if (change.base_exists) {
        change.mode = stamp.mode;
    }
    if (open != NULL) {
        buf_clear(&change.base);
        buf_append_str(&change.base, buf_str(&open->text));
        change.base_exists = true;
    }
    buf_append_str(&change.content, buf_str(&change.base));
    change.kind = change.base_exists ? CHANGE_UPDATE : CHANGE_ADD;
    VEC_PUSH(changes, change);
    return &changes->items[changes->len - 1];
}

struct edit_job {
    const struct lsp_gather *gather;
    int root;
    struct changes *changes;
    struct err *err;
};

static bool path_of(struct edit_job *job, const char *uri, char **path)
{
    if (job->changes->len >= LSP_FILES_MAX) {
        return err_set(
            job->err, ERR_LIMIT, "the language server's edit names over %d files", LSP_FILES_MAX);
    }
    return uri_beneath(job->gather->root, uri, path, job->err);
}

static bool edit_file(
    struct edit_job *job, const char *uri, const cJSON *version, const cJSON *edits)
{
    char *path = NULL;
    if (!path_of(job, uri, &path) || path == NULL) {
        return false;
    }
    bool ok = true;
    const struct lsp_open_text *open = find_open(job->gather, path);
    if (open != NULL && version != NULL && cJSON_IsNumber(version) &&
        version->valuedouble < (double)open->version) {
        ok = err_set(job->err, ERR_CONFLICT,
            "the language server's edit is for an older state of %s: try again", path);
    }
    if (ok) {
        struct change *change = change_of(job->gather, job->root, path, job->changes);
        struct text_edits list = {0};
        struct buf after = BUF_INIT;
        ok = lsp_gather_edits(
            buf_str(&change->content), job->gather->encoding, edits, &list, job->err);
        if (ok) {
            text_edits_apply(&list, buf_str(&change->content), &after);
            buf_free(&change->content);
            change->content = after;
        }
        text_edits_free(&list);
    }
    free(path);
    return ok;
}

static bool create_file(struct edit_job *job, const cJSON *raw)
{
    char *path = NULL;
    if (!path_of(job, json_string(raw, "uri"), &path) || path == NULL) {
        return false;
    }
    change_of(job->gather, job->root, path, job->changes);
    free(path);
    return true;
}

static bool delete_file(struct edit_job *job, const cJSON *raw)
{
    char *path = NULL;
    if (!path_of(job, json_string(raw, "uri"), &path) || path == NULL) {
        return false;
    }
    struct change *change = change_of(job->gather, job->root, path, job->changes);
    change->kind = CHANGE_DELETE;
    buf_clear(&change->content);
    free(path);
    return true;
}

static bool rename_file(struct edit_job *job, const cJSON *raw)
{
    char *from = NULL;
    char *to = NULL;
    bool ok = path_of(job, json_string(raw, "oldUri"), &from) &&
              path_of(job, json_string(raw, "newUri"), &to);
    if (ok && changes_find(job->changes, to) != NULL) {
        ok = err_set(job->err, ERR_UNSUPPORTED, "%s is renamed to and edited at once", to);
    }
    if (ok) {
        struct change *change = change_of(job->gather, job->root, from, job->changes);
        free(change->moved_from);
        change->moved_from = change->path;
        change->path = to;
        to = NULL;
    }
    free(from);
    free(to);
    return ok;
}

static bool document_change(struct edit_job *job, const cJSON *raw)
{
    const char *kind = json_string(raw, "kind");
    if (kind == NULL) {
        const cJSON *document = json_get(raw, "textDocument");
        return edit_file(job, json_string(document, "uri"), json_get(document, "version"),
            json_get(raw, "edits"));
    }
    if (strcmp(kind, "create") == 0) {
        return create_file(job, raw);
    }
    if (strcmp(kind, "rename") == 0) {
        return rename_file(job, raw);
    }
    if (strcmp(kind, "delete") == 0) {
        return delete_file(job, raw);
    }
    return err_set(job->err, ERR_UNSUPPORTED, "the language server asks for something unknown");
}

static void drop_unchanged(struct changes *changes)
{
    for (size_t i = changes->len; i-- > 0;) {
        struct change *change = &changes->items[i];
        if (change->kind == CHANGE_UPDATE && change->moved_from == NULL &&
            str_equal(buf_str(&change->base), buf_str(&change->content))) {
            change_free(change);
            VEC_REMOVE(changes, i);
        }
    }
}

bool lsp_gather_changes(
    const struct lsp_gather *gather, const cJSON *edit, struct changes *changes, struct err *err)
{
    struct edit_job job = {.gather = gather,
        .root = beneath_open_root(gather->root, err),
        .changes = changes,
        .err = err};
    if (job.root < 0) {
        return false;
    }
    bool ok = true;
    const cJSON *list = json_get(edit, "documentChanges");
    const cJSON *raw;
    if (cJSON_IsArray(list)) {
        cJSON_ArrayForEach(raw, list)
        {
            ok = ok && document_change(&job, raw);
        }
    } else {
        cJSON_ArrayForEach(raw, json_get(edit, "changes"))
        {
            ok = ok && edit_file(&job, raw->string, NULL, raw);
        }
    }
    close(job.root);
    if (!ok) {
        changes_free(changes);
    }
    drop_unchanged(changes);
    return ok;
}
