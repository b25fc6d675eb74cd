#include "patch/unified.h"

#include "patch/diff.h"
#include "repo/git.h"

#include <stdint.h>

static bool needs_quotes(const char *path)
{
    for (const char *p = path; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\' || (unsigned char)*p >= 0x7F) {
            return true;
        }
    }
    return false;
}

/* As git with core.quotePath. */
static void append_name(struct buf *out, const char *prefix, const char *path)
{
    if (!needs_quotes(path)) {
        buf_printf(out, "%s%s", prefix, path);
        return;
    }
    buf_printf(out, "\"%s", prefix);
    for (const char *p = path; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c >= 0x7F) {
            buf_printf(out, "\\%03o", c);
        } else {
            if (c == '"' || c == '\\') {
                buf_append_char(out, '\\');
            }
            buf_append_char(out, (char)c);
        }
    }
    buf_append_char(out, '"');
}

static void append_line(struct buf *out, char sign, struct line line)
{
    buf_append_char(out, sign);
    buf_append_str(out, line.text);
    buf_append_char(out, '\n');
    if (line.ending.len == 0) {
        buf_append_c(out, "\\ No newline at end of file\n");
    }
}

static void append_range(struct buf *out, char sign, size_t start, size_t count)
{
    buf_printf(out, "%c%zu", sign, count == 0 ? start : start + 1);
    if (count != 1) {
        buf_printf(out, ",%zu", count);
    }
}

/* Runs [first, last] with `context` lines around. */
static void append_hunk(struct buf *out, const struct lines *a, const struct lines *b,
    const struct diff *diff, size_t first, size_t last, size_t context)
{
    const struct diff_run *begin = &diff->items[first];
    const struct diff_run *end = &diff->items[last];
    size_t before = begin->a < context ? begin->a : context;
    size_t rest = a->len - end->a - end->a_len;
    size_t behind = rest < context ? rest : context;
    size_t a_from = begin->a - before;
    size_t b_from = begin->b - before;
    size_t a_to = end->a + end->a_len + behind;
    size_t b_to = end->b + end->b_len + behind;
    buf_append_c(out, "@@ ");
    append_range(out, '-', a_from, a_to - a_from);
    buf_append_char(out, ' ');
    append_range(out, '+', b_from, b_to - b_from);
    buf_append_c(out, " @@\n");
    size_t at = a_from;
    for (size_t r = first; r <= last; r++) {
        const struct diff_run *run = &diff->items[r];
        for (; at < run->a; at++) {
            append_line(out, ' ', a->items[at]);
        }
        for (; at < run->a + run->a_len; at++) {
            append_line(out, '-', a->items[at]);
        }
        for (size_t i = run->b; i < run->b + run->b_len; i++) {
            append_line(out, '+', b->items[i]);
        }
    }
    for (; at < a_to; at++) {
        append_line(out, ' ', a->items[at]);
    }
}

static void append_hunks(struct buf *out, struct str old, struct str new, size_t context)
{
    struct lines a = {0};
    struct lines b = {0};
    struct diff diff = {0};
    lines_split(old, LINES_LF, &a);
    lines_split(new, LINES_LF, &b);
    diff_lines(&a, &b, &diff);
    for (size_t first = 0; first < diff.len;) {
        size_t last = first;
        while (
            last + 1 < diff.len &&
            diff.items[last + 1].a - diff.items[last].a - diff.items[last].a_len <= 2 * context) {
            last++;
        }
        append_hunk(out, &a, &b, &diff, first, last, context);
        first = last + 1;
    }
    diff_free(&diff);
    lines_free(&a);
    lines_free(&b);
}

static void append_sides(struct buf *out, const struct change *change, const char *old_path)
{
    buf_append_c(out, "--- ");
    if (change->base_exists) {
        append_name(out, "a/", old_path);
    } else {
        buf_append_c(out, "/dev/null");
    }
    buf_append_c(out, "\n+++ ");
    if (change->kind == CHANGE_DELETE) {
        buf_append_c(out, "/dev/null");
    } else {
        append_name(out, "b/", change->path);
    }
    buf_append_char(out, '\n');
}

static void append_modes(struct buf *out, const struct change *change)
{
    unsigned from = change_git_mode(change, false);
    unsigned to = change_git_mode(change, true);
    if (change->kind == CHANGE_DELETE) {
        buf_printf(out, "deleted file mode %o\n", from);
    } else if (!change->base_exists) {
        buf_printf(out, "new file mode %o\n", to);
    } else if (change_has_mode(change)) {
        buf_printf(out, "old mode %o\nnew mode %o\n", from, to);
    }
}

/* git's own form of binary content ("GIT binary patch"), which needs the full ids before it. */
static void append_binary(struct buf *out, const struct change *change)
{
    git_diff_options options;
    git_patch *patch = NULL;
    git_buf text = {0};
    git_start();
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_SHOW_BINARY | GIT_DIFF_FORCE_BINARY;
    const char *old = !change->base_exists ? NULL : change->base.len > 0 ? change->base.ptr : "";
    const char *new = change->kind == CHANGE_DELETE ? NULL
                      : change->content.len > 0     ? change->content.ptr
                                                    : "";
    if (git_patch_from_buffers(
            &patch, old, change->base.len, "a", new, change->content.len, "b", &options) == 0 &&
        git_patch_to_buf(&text, patch) == 0) {
        struct str whole = str_make(text.ptr, text.size);
        size_t at = str_find(whole, STR_LIT("\nindex "), 0);
        if (at != SIZE_MAX) {
            struct str rest = str_from(whole, at + 1);
            struct str line;
            str_next_line(&rest, &line);
            size_t mode = str_find_char(line, ' ', strlen("index "));
            buf_append_str(out, str_slice(line, 0, mode == SIZE_MAX ? line.len : mode));
            buf_append_char(out, '\n');
            buf_append_str(out, rest);
        }
    }
    git_buf_dispose(&text);
    git_patch_free(patch);
}

static void append_change(
    const struct change *change, size_t context, bool with_binary, struct buf *out)
{
    const char *old_path = change->moved_from != NULL ? change->moved_from : change->path;
    buf_append_c(out, "diff --git ");
    append_name(out, "a/", old_path);
    buf_append_char(out, ' ');
    append_name(out, "b/", change->path);
    buf_append_char(out, '\n');
    append_modes(out, change);
    if (change->moved_from != NULL) {
        buf_append_c(out, "rename from ");
        append_name(out, "", change->moved_from);
        buf_append_c(out, "\nrename to ");
        append_name(out, "", change->path);
        buf_append_char(out, '\n');
    }
    if (str_equal(buf_str(&change->base), buf_str(&change->content))) {
        return;
    }
    if (change_is_binary(change) && with_binary) {
        append_binary(out, change);
        return;
    }
    if (change_is_binary(change)) {
        buf_append_c(out, "Binary files ");
        append_name(out, "a/", old_path);
        buf_append_c(out, " and ");
        append_name(out, "b/", change->path);
        buf_append_c(out, " differ\n");
        return;
    }
    append_sides(out, change, old_path);
    append_hunks(out, buf_str(&change->base), buf_str(&change->content), context);
}

/* A file that becomes a link goes and comes again, as git has it. */
static bool changes_type(const struct change *change)
{
    unsigned from = change_git_mode(change, false);
    unsigned to = change_git_mode(change, true);
    return from != 0 && to != 0 && (from & 0170000) != (to & 0170000);
}

static void write_changes(
    const struct changes *changes, size_t context, bool with_binary, struct buf *out)
{
    for (size_t i = 0; i < changes->len; i++) {
        const struct change *change = &changes->items[i];
        if (!changes_type(change)) {
            append_change(change, context, with_binary, out);
            continue;
        }
        struct change goes = *change;
        struct change comes = *change;
        goes.kind = CHANGE_DELETE;
        goes.content = BUF_INIT;
        goes.path = change->moved_from != NULL ? change->moved_from : change->path;
        comes.kind = CHANGE_ADD;
        comes.base_exists = false;
        comes.base = BUF_INIT;
        goes.moved_from = comes.moved_from = NULL;
        append_change(&goes, context, with_binary, out);
        append_change(&comes, context, with_binary, out);
    }
}

void unified_write(const struct changes *changes, size_t context, struct buf *out)
{
    write_changes(changes, context, false, out);
}

void unified_write_all(const struct changes *changes, size_t context, struct buf *out)
{
    write_changes(changes, context, true, out);
}
