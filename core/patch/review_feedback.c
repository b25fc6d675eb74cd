/* What goes back to the agent. */
#include "patch/review_internal.h"

#include "base/vec.h"

#include <stdint.h>

enum { EXCERPT_CONTEXT = 2, EXCERPT_MAX_LINES = 60 };

struct excerpt {
    struct buf *out;
    size_t lines;
    size_t cut;
};

static void put(struct excerpt *e, char sign, struct str text)
{
    if (e->lines++ >= EXCERPT_MAX_LINES) {
        e->cut++;
        return;
    }
    buf_append_char(e->out, sign);
    buf_append_str(e->out, text.len > 400 ? str_slice(text, 0, 400) : text);
    buf_append_char(e->out, '\n');
}

struct row {
    char sign;
    struct str text;
};

struct rows {
    struct row *items;
    size_t len, cap;
    size_t first, last; /* those that are no context; SIZE_MAX: none yet */
};

/* How an item stands in a diff from the file as it is now to what was proposed: 0: not at all. */
static char sign_of(const struct review_item *item, bool shown)
{
    if (item->kind == REVIEW_DEL) {
        return shown ? '-' : item->decision == REVIEW_ACCEPTED ? 0 : ' ';
    }
    return shown ? '+' : item->decision == REVIEW_ACCEPTED ? ' ' : 0;
}

static void add_row(struct rows *rows, char sign, struct str text)
{
    if (sign == 0) {
        return;
    }
    if (sign != ' ') {
        rows->first = rows->first == SIZE_MAX ? rows->len : rows->first;
        rows->last = rows->len;
    }
    VEC_PUSH(rows, (struct row){sign, text});
}

static bool has_all(const struct rows *rows)
{
    return rows->first != SIZE_MAX && rows->len > rows->last + EXCERPT_CONTEXT;
}

/* The file up to the end of items [from, to) and its context. */
static void collect_rows(const struct review_file *file, size_t from, size_t to, struct rows *rows)
{
    const struct lines *base = &file->base->lines;
    const struct lines *proposed = &file->proposed->lines;
    size_t at = 0;
    for (size_t i = 0; i < file->items.len && (i < to || !has_all(rows)); i++) {
        const struct review_item *item = &file->items.items[i];
        if (item->kind == REVIEW_WHOLE) {
            continue;
        }
        for (; at < item->a; at++) {
            add_row(rows, ' ', base->items[at].text);
        }
        struct str text =
            item->kind == REVIEW_DEL ? base->items[at++].text : proposed->items[item->b].text;
        add_row(rows, sign_of(item, i >= from && i < to), text);
    }
    for (; at < base->len && !has_all(rows); at++) {
        add_row(rows, ' ', base->items[at].text);
    }
}

/* Items [from, to) as a diff; its context is the file as it is now. */
static void put_items(const struct review_file *file, size_t from, size_t to, struct buf *out)
{
    struct excerpt e = {.out = out};
    struct rows rows = {.first = SIZE_MAX};
    collect_rows(file, from, to, &rows);
    buf_append_c(out, "```diff\n");
    size_t begin = rows.first > EXCERPT_CONTEXT ? rows.first - EXCERPT_CONTEXT : 0;
    for (size_t i = begin; i < rows.len && i <= rows.last + EXCERPT_CONTEXT; i++) {
        put(&e, rows.items[i].sign, rows.items[i].text);
    }
    VEC_FREE(&rows);
    if (e.cut > 0) {
        buf_printf(out, "(%zu more lines)\n", e.cut);
    }
    buf_append_c(out, "```\n");
}

static const char *what_is(const struct review_file *file)
{
    return file->change->kind == CHANGE_DELETE ? "deletion of"
           : file->change->moved_from != NULL  ? "move to"
           : !file->change->base_exists        ? "new file"
                                               : "change of";
}

static void put_summary(const struct review_file *file, struct buf *out)
{
    struct review_counts counts = review_count(file, 0, file->items.len);
    size_t all = counts.accepted + counts.declined + counts.open;
    buf_printf(out, "- %s `%s`: ", what_is(file), file->change->path);
    if (all == 0) {
        buf_append_c(out, "nothing left to change, the file is already so\n");
    } else if (counts.accepted == all) {
        buf_append_c(out, "taken\n");
    } else if (counts.declined == all) {
        buf_append_c(out, "declined\n");
    } else if (counts.open == all) {
        buf_append_c(out, "not decided, not taken\n");
    } else {
        buf_printf(out, "taken in part: %zu of %zu changed lines taken, %zu declined",
            counts.accepted, all, counts.declined);
        if (counts.open > 0) {
            buf_printf(out, ", %zu not decided", counts.open);
        }
        buf_append_char(out, '\n');
    }
}

static void put_quoted(struct buf *out, const char *text)
{
    struct str rest = str_of(text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        buf_printf(out, "> %.*s\n", STR_FMT(line));
    }
}

/* One block for each run of declined items with the same reason in one hunk. */
static void put_declined(const struct review_file *file, struct buf *out)
{
    for (size_t i = 0; i < file->items.len;) {
        const struct review_item *item = &file->items.items[i];
        if (item->decision != REVIEW_DECLINED) {
            i++;
            continue;
        }
        size_t end = i + 1;
        size_t hunk = review_hunk_of(file, i);
        while (end < file->items.len && file->items.items[end].decision == REVIEW_DECLINED &&
               file->items.items[end].reason == item->reason && review_hunk_of(file, end) == hunk) {
            end++;
        }
        buf_printf(out, "\n### Declined in `%s`\n", file->change->path);
        if (item->kind == REVIEW_WHOLE) {
            buf_printf(out, "The %s `%s` as a whole.\n", what_is(file), file->change->path);
        } else {
            put_items(file, i, end, out);
        }
        if (item->reason > 0) {
            buf_append_c(out, "Reason:\n");
            put_quoted(out, file->reasons.items[item->reason - 1]);
        } else {
            buf_append_c(out, "No reason was given.\n");
        }
        i = end;
    }
}

static void put_lines(struct buf *out, char sign, const char *text)
{
    struct excerpt e = {.out = out};
    struct str rest = str_of(text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        put(&e, sign, line);
    }
    if (e.cut > 0) {
        buf_printf(out, "(%zu more lines)\n", e.cut);
    }
}

static void put_edits(const struct review_file *file, struct buf *out)
{
    VEC_FOREACH (struct review_edit, edit, &file->edits) {
        buf_printf(out, "\n### Changed by the engineer in `%s`\n```diff\n", file->change->path);
        put_lines(out, '-', edit->before);
        put_lines(out, '+', edit->after);
        buf_append_c(out, "```\n\"-\" is what you proposed, \"+\" what the engineer made of it.\n");
    }
}

static void put_comments(const struct review_file *file, struct buf *out)
{
    VEC_FOREACH (struct review_comment, comment, &file->comments) {
        buf_printf(out, "\n### %s on `%s`%s\n",
            comment->question ? "Question (answer it; it asks for no change)" : "Comment",
            file->change->path, comment->stale ? " (the line changed since)" : "");
        if (comment->line != SIZE_MAX) {
            buf_printf(out, "```\n%s\n```\n", comment->excerpt);
        }
        put_quoted(out, comment->text);
    }
}

static bool is_plain(const struct review_file *file)
{
    return review_file_mark(file) == REVIEW_MARK_ACCEPTED && file->edits.len == 0 &&
           file->comments.len == 0;
}

/* Neither a line of it, nor what the engineer made of one; nor is a file already as proposed. */
static bool takes_nothing(const struct review *review)
{
    bool nothing = review_count_all(review).accepted == 0;
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        nothing = nothing && file->items.len > 0 && file->edits.len == 0;
    }
    return nothing;
}

void review_feedback(const struct review *review, struct buf *out)
{
    bool plain = true;
    size_t count = review_file_count(review);
    for (size_t i = 0; i < count; i++) {
        plain = plain && is_plain(review_file(review, i));
    }
    if (plain) {
        return;
    }
    buf_append_c(out, "## Outcome of the review\n"
                      "A person reviewed your proposal. Only what is marked as taken is in the "
                      "files now.\n");
    if (takes_nothing(review)) {
        buf_append_c(out, "Nothing of it was taken: your turn changed nothing, the files are as "
                          "they were before it.\n");
    }
    for (size_t i = 0; i < count; i++) {
        put_summary(review_file(review, i), out);
    }
    for (size_t i = 0; i < count; i++) {
        const struct review_file *file = review_file(review, i);
        put_declined(file, out);
        put_edits(file, out);
        put_comments(file, out);
    }
}
