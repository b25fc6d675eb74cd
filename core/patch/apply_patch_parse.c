#include "patch/apply_patch_parse.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "patch/apply_patch.h"
#include "patch/match.h"

struct texts {
    struct str *items;
    size_t len, cap;
};

struct parser {
    struct texts lines;
    size_t first; /* lines of a wrapper before the patch, for line numbers */
    struct ap_patch *out;
    struct err *err;
};

void ap_patch_free(struct ap_patch *patch)
{
    VEC_FOREACH (struct ap_file, file, patch) {
        VEC_FOREACH (struct ap_chunk, chunk, file) {
            VEC_FREE(chunk);
        }
        VEC_FREE(file);
        buf_free(&file->content);
    }
    VEC_FREE(patch);
}

static bool fail_at(struct parser *p, size_t line, const char *what)
{
    struct str text = p->lines.items[line];
    text.len = text.len > 160 ? 160 : text.len;
    return err_set(p->err, ERR_INVALID, "patch line %zu: %s: \"%.*s\"", p->first + line + 1, what,
        STR_FMT(text));
}

static void split(struct str text, struct texts *out)
{
    size_t at = 0;
    while (at <= text.len) {
        size_t end = str_find_char(text, '\n', at);
        struct str line = str_slice(text, at, end == (size_t)-1 ? text.len : end);
        at = end == (size_t)-1 ? text.len + 1 : end + 1;
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        VEC_PUSH(out, line);
    }
}

/* What follows `prefix` in line; false when it does not begin so. */
static bool after(struct str line, const char *prefix, struct str *rest)
{
    if (!str_starts(line, prefix)) {
        return false;
    }
    *rest = str_from(line, strlen(prefix));
    return true;
}

static struct ap_file *push_file(struct parser *p, enum ap_kind kind, struct str path, size_t line)
{
    struct ap_file file = {.kind = kind, .path = path, .line = p->first + line + 1};
    VEC_PUSH(p->out, file);
    return &p->out->items[p->out->len - 1];
}

/* A header or the end of the patch. 0: neither. */
static int take_header(struct parser *p, struct str line, size_t at)
{
    struct str path;
    if (str_equal_c(line, "*** End Patch")) {
        return 'E';
    }
    if (after(line, "*** Add File: ", &path)) {
        push_file(p, AP_ADD, path, at);
        return 'A';
    }
    if (after(line, "*** Delete File: ", &path)) {
        push_file(p, AP_DELETE, path, at);
        return 'D';
    }
    if (after(line, "*** Update File: ", &path)) {
        push_file(p, AP_UPDATE, path, at);
        return 'U';
    }
    return 0;
}

static struct ap_chunk *push_chunk(struct parser *p, struct ap_file *file, size_t at)
{
    struct ap_chunk chunk = {.line = p->first + at + 1};
    VEC_PUSH(file, chunk);
    return &file->items[file->len - 1];
}

/* A chunk that is over must have had lines. */
static bool check_chunk(struct parser *p, const struct ap_file *file, size_t at)
{
    if (file->len > 0 && file->items[file->len - 1].len == 0) {
        return fail_at(p, at, "the chunk before this line has no lines");
    }
    return true;
}

static bool take_chunk_line(struct parser *p, struct ap_file *file, struct str line, size_t at)
{
    struct ap_chunk *chunk = file->len > 0 ? &file->items[file->len - 1] : NULL;
    if (chunk != NULL && chunk->at_end) {
        if (line.len == 0) {
            return true;
        }
        return fail_at(p, at, "expected \"@@\" or a file header after \"*** End of File\"");
    }
    if (line.len > 0 && strchr(" +-", line.ptr[0]) == NULL) {
        return fail_at(
            p, at, "a line of an update begins with ' ' (context), '+' (added) or '-' (removed)");
    }
    if (chunk == NULL) {
        chunk = push_chunk(p, file, at);
    }
    struct ap_line entry = {line.len == 0 ? ' ' : line.ptr[0], str_from(line, 1)};
    VEC_PUSH(chunk, entry);
    return true;
}

static bool take_update_line(struct parser *p, struct str line, size_t at)
{
    struct ap_file *file = &p->out->items[p->out->len - 1];
    struct str trimmed = match_trim_right(line);
    struct str rest;
    if (file->len == 0 && !file->has_move && after(trimmed, "*** Move to: ", &rest)) {
        file->has_move = true;
        file->move_to = rest;
        return true;
    }
    bool anchored = after(trimmed, "@@ ", &rest);
    if (anchored || str_equal_c(trimmed, "@@")) {
        if (!check_chunk(p, file, at)) {
            return false;
        }
        struct ap_chunk *chunk = push_chunk(p, file, at);
        chunk->has_anchor = anchored;
        chunk->anchor = anchored ? rest : (struct str){"", 0};
        return true;
    }
    if (str_equal_c(trimmed, "*** End of File")) {
        if (file->len == 0) {
            return true; /* as the real one: before any chunk the marker means nothing */
        }
        if (file->items[file->len - 1].len == 0) {
            return fail_at(p, at, "a chunk with no lines cannot stand at the end of the file");
        }
        file->items[file->len - 1].at_end = true;
        return true;
    }
    return take_chunk_line(p, file, line, at);
}

/* An update that is over has at least one chunk, and its last chunk has lines. */
static bool close_update(struct parser *p, size_t files, size_t at)
{
    const struct ap_file *file = &p->out->items[files - 1];
    if (file->kind != AP_UPDATE) {
        return true;
    }
    if (file->len == 0) {
        return err_set(p->err, ERR_INVALID,
            "patch line %zu: the update of %.*s has no chunks: give the lines to change, or use "
            "Delete File and Add File",
            file->line, STR_FMT(file->path));
    }
    return check_chunk(p, file, at);
}

static bool parse_line(struct parser *p, int *state, size_t at)
{
    struct str line = p->lines.items[at];
    struct str trimmed = *state == 'U' ? match_trim_right(line) : match_trim(line);
    size_t files = p->out->len;
    struct str environment;
    if (*state == 'B' && at == 1 && after(trimmed, "*** Environment ID: ", &environment)) {
        return true;
    }
    if (*state == 'E') {
        return fail_at(p, at, "text after \"*** End Patch\"");
    }
    int next = take_header(p, trimmed, at);
    if (next != 0) {
        *state = next;
        return files == 0 || close_update(p, files, at);
    }
    switch (*state) {
    case 'A':
        if (line.len > 0 && line.ptr[0] == '+') {
            struct buf *content = &p->out->items[files - 1].content;
            buf_append_str(content, str_from(line, 1));
            buf_append_char(content, '\n');
            return true;
        }
        return fail_at(p, at, "each line of an added file begins with '+'");
    case 'U':
        return take_update_line(p, line, at);
    default:
        return fail_at(p, at,
            "expected \"*** Add File: PATH\", \"*** Delete File: PATH\" or "
            "\"*** Update File: PATH\"");
    }
}

/* Models wrap a patch the way a shell would read it. */
static void strip_heredoc(struct parser *p)
{
    struct texts *lines = &p->lines;
    if (lines->len >= 4 &&
        (str_equal_c(lines->items[0], "<<EOF") || str_equal_c(lines->items[0], "<<'EOF'") ||
            str_equal_c(lines->items[0], "<<\"EOF\"")) &&
        str_ends(lines->items[lines->len - 1], "EOF")) {
        VEC_REMOVE(lines, 0);
        lines->len--;
        p->first = 1;
    }
}

static bool check_frame(struct parser *p)
{
    if (!str_equal_c(match_trim(p->lines.items[0]), "*** Begin Patch")) {
        return fail_at(p, 0, "a patch begins with the line \"*** Begin Patch\"");
    }
    if (!str_equal_c(match_trim(p->lines.items[p->lines.len - 1]), "*** End Patch")) {
        return fail_at(p, p->lines.len - 1, "a patch ends with the line \"*** End Patch\"");
    }
    return true;
}

bool ap_parse(struct str text, struct ap_patch *out, struct err *err)
{
    *out = (struct ap_patch){0};
    if (text.len > APPLY_PATCH_MAX_BYTES) {
        return err_set(
            err, ERR_LIMIT, "the patch is larger than %d MiB", APPLY_PATCH_MAX_BYTES / 1024 / 1024);
    }
    if (!utf8_is_valid(text)) {
        return err_set(err, ERR_INVALID, "the patch is not valid UTF-8");
    }
    struct parser p = {.out = out, .err = err};
    split(match_trim(text), &p.lines);
    strip_heredoc(&p);
    bool ok = check_frame(&p);
    int state = 'B';
    /* The last line ends the patch however it is indented. */
    for (size_t at = 1; ok && at + 1 < p.lines.len; at++) {
        ok = parse_line(&p, &state, at);
    }
    ok = ok && (out->len == 0 || close_update(&p, out->len, p.lines.len - 1));
    if (ok && out->len == 0) {
        ok = err_set(err, ERR_INVALID, "the patch is empty: it names no file");
    }
    VEC_FREE(&p.lines);
    if (!ok) {
        ap_patch_free(out);
    }
    return ok;
}
