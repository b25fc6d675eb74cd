/* Codex shows a change in three shapes: an update as hunks without a header, with one line of
 * context; an added file as its raw content; a deleted one as its raw content. A move has the
 * sentence "Moved to: PATH" behind its hunks. To Codex a lone CR ends a line, too, also of its
 * hunks, which no other tool would read so: such a file is taken whole. */
#include "base/path.h"
#include "codex/codex_private.h"
#include "patch/lines.h"

#include <ctype.h>
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
            return str_slice(diff, 0, at);
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

/* ---- hunks of lines that a lone CR ends ---- */

static bool has_nul(struct str bytes)
{
    return str_find_char(bytes, '\0', 0) != SIZE_MAX;
}

static bool refuse_binary(const char *path, struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED,
        "%s holds NUL bytes: it is no text, and no patch changes it here", path);
}

/* What may have been a NUL in Codex's JSON. */
static bool has_replaced(struct str text)
{
    return str_find(text, STR_LIT("\xef\xbf\xbd"), 0) != SIZE_MAX;
}

static bool has_lone_cr(struct str text)
{
    for (size_t at = str_find_char(text, '\r', 0); at != SIZE_MAX;
         at = str_find_char(text, '\r', at + 1)) {
        if (at + 1 == text.len || text.ptr[at + 1] != '\n') {
            return true;
        }
    }
    return false;
}

struct hunk {
    size_t start, old, new; /* lines of the old file before it; how many of each it has */
};

/* "3,2"; without a count it is 1. */
static bool read_range(struct str *text, size_t *start, size_t *count)
{
    size_t *const parts[] = {start, count};
    *count = 1;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t digits = 0;
        size_t value = 0;
        while (digits < text->len && isdigit((unsigned char)text->ptr[digits]) && digits < 9) {
            value = value * 10 + (size_t)(text->ptr[digits++] - '0');
        }
        if (digits == 0) {
            return false;
        }
        *parts[i] = value;
        *text = str_from(*text, digits);
        if (i == 0 && !str_starts(*text, ",")) {
            return true;
        }
        *text = str_from(*text, i == 0);
    }
    return true;
}

static bool read_header(struct str line, struct hunk *hunk)
{
    size_t unused;
    if (!str_starts(line, "@@ -")) {
        return false;
    }
    line = str_from(line, strlen("@@ -"));
    if (!read_range(&line, &hunk->start, &hunk->old) || !str_starts(line, " +")) {
        return false;
    }
    line = str_from(line, strlen(" +"));
    hunk->start -= hunk->old > 0 && hunk->start > 0;
    return read_range(&line, &unused, &hunk->new) && str_starts(line, " @@");
}

/* The lines of one hunk from *at on; *from goes on in the old file. */
static bool take_hunk(const struct lines *diff, size_t *at, struct hunk hunk,
    const struct lines *old, size_t *from, struct buf *out)
{
    size_t ending = 0; /* of the line that was taken last, where it is the diff's */
    for (; *at < diff->len && (hunk.old > 0 || hunk.new > 0); (*at)++) {
        struct line line = diff->items[*at];
        char sign = line.text.len == 0 ? '?' : line.text.ptr[0];
        ending = 0;
        if (sign == '\\') {
            continue;
        }
        if ((sign != '+' && (hunk.old == 0 || *from == old->len)) ||
            (sign != '-' && hunk.new == 0) || strchr("+- ", sign) == NULL) {
            return false;
        }
        if (sign == ' ') {
            buf_append_str(out, line_whole(old->items[*from]));
        } else if (sign == '+') {
            buf_append_str(out, str_from(line_whole(line), 1));
            ending = line.ending.len;
        }
        *from += sign != '+';
        hunk.old -= sign != '+';
        hunk.new -= sign != '-';
    }
    if (*at < diff->len && str_starts(diff->items[*at].text, "\\")) { /* it has no ending */
        buf_remove(out, out->len - ending, ending);
        (*at)++;
    }
    return hunk.old == 0 && hunk.new == 0;
}

/* What the file is after the hunks. */
static bool apply_hunks(struct str before, struct str hunks, struct buf *out)
{
    struct lines old = {0};
    struct lines diff = {0};
    struct hunk hunk;
    size_t at = 0;
    size_t from = 0;
    bool ok = true;
    lines_split(before, LINES_ANY, &old);
    lines_split(hunks, LINES_ANY, &diff);
    while (ok && at < diff.len) {
        ok = read_header(diff.items[at++].text, &hunk) && hunk.start >= from &&
             hunk.start <= old.len;
        if (ok) {
            buf_append_str(out, lines_range(&old, from, hunk.start));
            from = hunk.start;
            ok = take_hunk(&diff, &at, hunk, &old, &from, out);
        }
    }
    buf_append_str(out, lines_range(&old, from, old.len));
    lines_free(&old);
    lines_free(&diff);
    return ok;
}

static bool append_as_whole(struct buf *out, const char *path, struct str hunks,
    const struct codex_files *files, struct err *err)
{
    struct buf old = BUF_INIT;
    struct buf new = BUF_INIT;
    bool ok = files->read(files->data, path, &old) && apply_hunks(buf_str(&old), hunks, &new);
    if (!ok) {
        err_set(err, ERR_CONFLICT, "what is to change in %s is not in the file", path);
    } else if (has_nul(buf_str(&old))) {
        ok = refuse_binary(path, err);
    } else {
        append_whole(out, buf_str(&old), buf_str(&new));
    }
    buf_free(&old);
    buf_free(&new);
    return ok;
}

/* ---- */

static bool append_update(struct buf *out, const cJSON *change, const char *path, const char *root,
    const struct codex_files *files, struct err *err)
{
    const char *move = json_string(json_get(change, "kind"), "move_path");
    struct str diff = str_of(json_string_or(change, "diff", ""));
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
    bool ok = true;
    if (hunks.len > 0) {
        append_names(out, path, to);
    }
    if (files != NULL && (has_lone_cr(hunks) || has_replaced(hunks))) {
        ok = append_as_whole(out, path, hunks, files, err);
    } else if (hunks.len > 0) {
        buf_append_str(out, hunks);
        buf_append_c(out, hunks.ptr[hunks.len - 1] == '\n' ? "" : "\n");
    }
    free(to);
    return ok;
}

/* To Codex a file that is there is added all the same: it takes the place of the other. */
static bool append_add(struct buf *out, const char *path, struct str text,
    const struct codex_files *files, struct err *err)
{
    struct buf old = BUF_INIT;
    bool ok = true;
    bool replaces = files != NULL && files->read(files->data, path, &old);
    if (has_nul(buf_str(&old))) {
        ok = refuse_binary(path, err);
    } else if (!replaces) {
        append_header(out, path, path, "new file mode 100644\n");
        append_names(out, NULL, path);
        append_whole(out, (struct str){0}, text);
    } else if (!str_equal(buf_str(&old), text)) {
        append_header(out, path, path, "");
        append_names(out, path, path);
        append_whole(out, buf_str(&old), text);
    }
    buf_free(&old);
    return ok;
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
        ok = append_add(out, path, text, files, err);
    } else if (strcmp(type, "delete") == 0) {
        append_header(out, path, path, "deleted file mode 100644\n");
        append_names(out, path, NULL);
        append_whole(out, has_replaced(text) ? (struct str){0} : text, (struct str){0});
    } else if (strcmp(type, "update") == 0) {
        ok = append_update(out, change, path, root, files, err);
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
