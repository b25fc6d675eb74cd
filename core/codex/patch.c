/* Codex shows a change in three shapes: an update as hunks without a header, with one line of
 * context; an added file as its raw content; a deleted one as its raw content. A move has the
 * sentence "Moved to: PATH" behind its hunks. */
#include "base/path.h"
#include "codex/codex_private.h"

#include <stdlib.h>

/* The path below root, checked; NULL and why. The caller frees. */
static char *relative(const char *path, const char *root, struct err *err)
{
    size_t len = strlen(root);
    char *clean;
    if (path == NULL) {
        err_set(err, ERR_INVALID, "a change without a path");
        return NULL;
    }
    if (strncmp(path, root, len) != 0 || path[len] != '/') {
        err_set(err, ERR_DENIED, "%s lies outside of the workspace", path);
        return NULL;
    }
    return path_check_relative(str_of(path + len + 1), &clean, err) ? clean : NULL;
}

static size_t count_lines(struct str text)
{
    size_t count = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        count++;
    }
    return count;
}

static void append_lines(struct buf *out, struct str text, char sign)
{
    bool ends = text.len == 0 || text.ptr[text.len - 1] == '\n';
    struct str line;
    while (str_next_line(&text, &line)) {
        buf_append_char(out, sign);
        buf_append_str(out, line);
        buf_append_char(out, '\n');
    }
    if (!ends) {
        buf_append_c(out, "\\ No newline at end of file\n");
    }
}

/* All of the one in the place of all of the other, as one hunk. */
static void append_whole(struct buf *out, struct str old, struct str new)
{
    size_t removed = count_lines(old);
    size_t added = count_lines(new);
    if (removed == 0 && added == 0) {
        return;
    }
    buf_printf(out, "@@ -%d,%zu +%d,%zu @@\n", removed > 0, removed, added > 0, added);
    append_lines(out, old, '-');
    append_lines(out, new, '+');
}

static struct str without_move_note(struct str diff)
{
    static const char note[] = "\n\nMoved to: ";
    for (size_t at = str_find(diff, str_of(note), 0); at != SIZE_MAX;
         at = str_find(diff, str_of(note), at + 1)) {
        struct str rest = str_from(diff, at + strlen(note));
        if (str_find_char(rest, '\n', 0) == SIZE_MAX) {
            return str_slice(diff, 0, at + 1);
        }
    }
    return diff;
}

/* Names are quoted as git does where a plain header could not hold them; path_check_relative lets
 * no control character through, so only quotes and backslashes are left. */
static void append_name(struct buf *out, const char *before, const char *name)
{
    buf_append_c(out, "\"");
    for (const char *part = before; *part != '\0'; part++) {
        buf_append_char(out, *part);
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, *c);
    }
    buf_append_c(out, "\"");
}

static void append_header(struct buf *out, const char *from, const char *to, const char *extra)
{
    buf_append_c(out, "diff --git ");
    append_name(out, "a/", from);
    buf_append_c(out, " ");
    append_name(out, "b/", to);
    buf_append_c(out, "\n");
    buf_append_c(out, extra);
}

static void append_names(struct buf *out, const char *from, const char *to)
{
    buf_append_c(out, "--- ");
    from == NULL ? buf_append_c(out, "/dev/null") : append_name(out, "a/", from);
    buf_append_c(out, "\n+++ ");
    to == NULL ? buf_append_c(out, "/dev/null") : append_name(out, "b/", to);
    buf_append_c(out, "\n");
}

static bool append_update(struct buf *out, const char *path, const char *move, const char *root,
    struct str diff, struct err *err)
{
    char *to = move == NULL ? mem_strdup(path) : relative(move, root, err);
    if (to == NULL) {
        return false;
    }
    bool moves = strcmp(path, to) != 0;
    append_header(out, path, to, "");
    if (moves) {
        buf_append_c(out, "rename from ");
        append_name(out, "", path);
        buf_append_c(out, "\nrename to ");
        append_name(out, "", to);
        buf_append_c(out, "\n");
    }
    struct str hunks = without_move_note(diff);
    if (hunks.len > 0) {
        append_names(out, path, to);
        buf_append_str(out, hunks);
        if (hunks.ptr[hunks.len - 1] != '\n') {
            buf_append_char(out, '\n');
        }
    }
    free(to);
    return true;
}

/* To Codex a file that is there is added all the same: it takes the place of the other. */
static void append_add(
    struct buf *out, const char *path, struct str text, const struct codex_files *files)
{
    struct buf old = BUF_INIT;
    bool replaces = files != NULL && files->read(files->data, path, &old);
    if (!replaces) {
        append_header(out, path, path, "new file mode 100644\n");
        append_names(out, NULL, path);
        append_whole(out, (struct str){0}, text);
    } else if (!str_equal(buf_str(&old), text)) {
        append_header(out, path, path, "");
        append_names(out, path, path);
        append_whole(out, buf_str(&old), text);
    }
    buf_free(&old);
}

static bool append_change(struct buf *out, const cJSON *change, const char *root,
    const struct codex_files *files, struct err *err)
{
    const cJSON *kind = json_get(change, "kind");
    const char *type = json_string_or(kind, "type", "");
    struct str text = str_of(json_string_or(change, "diff", ""));
    char *path = relative(json_string(change, "path"), root, err);
    if (path == NULL) {
        return false;
    }
    bool ok = true;
    if (strcmp(type, "add") == 0) {
        append_add(out, path, text, files);
    } else if (strcmp(type, "delete") == 0) {
        append_header(out, path, path, "deleted file mode 100644\n");
        append_names(out, path, NULL);
        append_whole(out, text, (struct str){0});
    } else if (strcmp(type, "update") == 0) {
        ok = append_update(out, path, json_string(kind, "move_path"), root, text, err);
    } else {
        ok =
            err_set(err, ERR_UNSUPPORTED, "a change of the kind \"%.40s\" is not known here", type);
    }
    free(path);
    return ok;
}

bool codex_patch(const cJSON *changes, const char *root, const struct codex_files *files,
    struct buf *out, struct err *err)
{
    const cJSON *change;
    cJSON_ArrayForEach(change, changes)
    {
        if (!append_change(out, change, root, files, err)) {
            return false;
        }
    }
    return out->len > 0 || err_set(err, ERR_INVALID, "the patch changes nothing");
}
