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

/* Every line with a sign before it, as one hunk. */
static void append_whole(struct buf *out, struct str text, char sign)
{
    size_t count = count_lines(text);
    bool ends = text.len > 0 && text.ptr[text.len - 1] == '\n';
    struct str line;
    if (count == 0) {
        return;
    }
    if (sign == '+') {
        buf_printf(out, "@@ -0,0 +1,%zu @@\n", count);
    } else {
        buf_printf(out, "@@ -1,%zu +0,0 @@\n", count);
    }
    while (str_next_line(&text, &line)) {
        buf_append_char(out, sign);
        buf_append_str(out, line);
        buf_append_char(out, '\n');
    }
    if (!ends) {
        buf_append_c(out, "\\ No newline at end of file\n");
    }
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

static bool append_change(struct buf *out, const cJSON *change, const char *root, struct err *err)
{
    const cJSON *kind = json_get(change, "kind");
    const char *type = json_string_or(kind, "type", "");
    const char *text = json_string_or(change, "diff", "");
    char *path = relative(json_string(change, "path"), root, err);
    if (path == NULL) {
        return false;
    }
    bool ok = true;
    if (strcmp(type, "add") == 0) {
        append_header(out, path, path, "new file mode 100644\n");
        append_names(out, NULL, path);
        append_whole(out, str_of(text), '+');
    } else if (strcmp(type, "delete") == 0) {
        append_header(out, path, path, "deleted file mode 100644\n");
        append_names(out, path, NULL);
        append_whole(out, str_of(text), '-');
    } else if (strcmp(type, "update") == 0) {
        ok = append_update(out, path, json_string(kind, "move_path"), root, str_of(text), err);
    } else {
        ok =
            err_set(err, ERR_UNSUPPORTED, "a change of the kind \"%.40s\" is not known here", type);
    }
    free(path);
    return ok;
}

bool codex_patch(const cJSON *changes, const char *root, struct buf *out, struct err *err)
{
    const cJSON *change;
    if (!cJSON_IsArray(changes) || cJSON_GetArraySize(changes) == 0) {
        return err_set(err, ERR_INVALID, "the patch changes nothing");
    }
    cJSON_ArrayForEach(change, changes)
    {
        if (!append_change(out, change, root, err)) {
            return false;
        }
    }
    return true;
}
