/* What changes the text under review: editing a hunk, a new base, and the comments that hang on
 * its lines. */
#include "patch/review_internal.h"

#include "base/vec.h"
#include "patch/diff.h"
#include "patch/merge.h"

#include <stdint.h>

enum { DRIFT_NEAR = 3 }; /* lines around a hunk that count as its own */

static struct str line_text(const struct review_file *file, enum review_side side, size_t line)
{
    const struct lines *lines = side == REVIEW_BASE ? &file->base->lines : &file->proposed->lines;
    return line < lines->len ? lines->items[line].text : STR_LIT("");
}

bool review_file_comment(
    struct review_file *file, const struct review_op *op, int id, struct err *err)
{
    const struct lines *lines =
        op->side == REVIEW_BASE ? &file->base->lines : &file->proposed->lines;
    struct str text = str_trim(op->text);
    if (text.len == 0) {
        return err_set(err, ERR_INVALID, "the comment is empty");
    }
    if (op->from != SIZE_MAX && op->from >= lines->len) {
        return err_set(err, ERR_INVALID, "there is no such line to comment on");
    }
    struct review_comment comment = {
        .id = id,
        .question = op->question,
        .side = op->side,
        .line = op->from,
        .text = str_dup(text),
        .excerpt = str_dup(line_text(file, op->side, op->from)),
    };
    VEC_PUSH(&file->comments, comment);
    return true;
}

bool review_file_uncomment(struct review_file *file, const struct review_op *op, struct err *err)
{
    for (size_t i = 0; i < file->comments.len; i++) {
        struct review_comment *comment = &file->comments.items[i];
        if ((size_t)comment->id == op->from) {
            free(comment->text);
            free(comment->excerpt);
            VEC_REMOVE(&file->comments, i);
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "there is no such comment");
}

/* Follows comments through a change of one side's lines [from, from + diff's old lines). */
static void move_comments(struct review_file *file, enum review_side side, size_t offset,
    const struct diff *diff, size_t new_len)
{
    VEC_FOREACH (struct review_comment, comment, &file->comments) {
        if (comment->side != side || comment->line == SIZE_MAX || comment->line < offset) {
            continue;
        }
        size_t line = diff_map(diff, comment->line - offset);
        if (line == SIZE_MAX) {
            comment->stale = true;
            line = comment->line - offset;
            size_t last = new_len > offset ? new_len - offset - 1 : 0;
            line = line > last ? last : line;
        }
        comment->line = line + offset;
    }
}

/* The proposal with lines [from, to) replaced. */
static struct review_text *replace_lines(
    const struct review_file *file, struct review_span span, struct str text)
{
    const struct lines *lines = &file->proposed->lines;
    struct buf bytes = BUF_INIT;
    buf_append_str(&bytes, lines_range(lines, 0, span.b_from));
    if (bytes.len > 0 && text.len > 0 && bytes.ptr[bytes.len - 1] != '\n') {
        buf_append_char(&bytes, '\n');
    }
    buf_append_str(&bytes, text);
    bool more = span.b_to < lines->len;
    if (more && text.len > 0 && text.ptr[text.len - 1] != '\n') {
        buf_append_str(&bytes, lines->items[span.b_to].ending.len > 0
                                   ? lines->items[span.b_to].ending
                                   : STR_LIT("\n"));
    }
    buf_append_str(&bytes, lines_range(lines, span.b_to, lines->len));
    struct review_text *made = review_text_new(buf_str(&bytes));
    buf_free(&bytes);
    return made;
}

/* A view on lines [from, to), to be compared on their own. */
static struct lines part(const struct lines *lines, size_t from, size_t to)
{
    return (struct lines){from < to ? lines->items + from : NULL, from < to ? to - from : 0, 0};
}

/* Puts the items of the edited region in place of the hunk's. */
static void splice_items(struct review_file *file, size_t hunk, struct review_span span,
    const struct diff *diff, size_t new_lines)
{
    struct review_hunk *h = &file->hunks.items[hunk];
    size_t end = h->first + h->count;
    size_t old_lines = span.b_to - span.b_from;
    struct {
        struct review_item *items;
        size_t len, cap;
    } items = {0};
    for (size_t i = 0; i < h->first; i++) {
        VEC_PUSH(&items, file->items.items[i]);
    }
    VEC_FOREACH (struct diff_run, run, diff) {
        for (size_t i = 0; i < run->a_len; i++) {
            VEC_PUSH(&items, (struct review_item){REVIEW_DEL, REVIEW_ACCEPTED,
                                 span.a_from + run->a + i, span.b_from + run->b, 0});
        }
        for (size_t i = 0; i < run->b_len; i++) {
            VEC_PUSH(&items, (struct review_item){REVIEW_ADD, REVIEW_ACCEPTED,
                                 span.a_from + run->a + run->a_len, span.b_from + run->b + i, 0});
        }
    }
    size_t count = items.len - h->first;
    for (size_t i = end; i < file->items.len; i++) {
        struct review_item item = file->items.items[i];
        item.b = item.b - old_lines + new_lines;
        VEC_PUSH(&items, item);
    }
    VEC_FREE(&file->items);
    file->items.items = items.items;
    file->items.len = items.len;
    file->items.cap = items.cap;
    for (size_t i = hunk + 1; i < file->hunks.len; i++) {
        file->hunks.items[i].first = file->hunks.items[i].first - h->count + count;
    }
    h->count = count;
    h->edited = true;
    h->conflict = false;
    if (count == 0) {
        VEC_REMOVE(&file->hunks, hunk);
    }
}

bool review_file_edit(struct review_file *file, const struct review_op *op, struct err *err)
{
    if (op->from >= file->hunks.len) {
        return err_set(err, ERR_INVALID, "there is no such hunk to edit");
    }
    if (file->items.items[file->hunks.items[op->from].first].kind == REVIEW_WHOLE) {
        return err_set(err, ERR_UNSUPPORTED, "this is taken or left as a whole: it has no lines");
    }
    if (op->text.len > REVIEW_MAX_BYTES ||
        (op->text.len > 0 && memchr(op->text.ptr, '\0', op->text.len) != NULL)) {
        return err_set(err, ERR_INVALID, "the edited text is not text or too large");
    }
    struct review_span span = review_hunk_span(file, op->from);
    struct str before = review_hunk_text(file, op->from);
    struct review_edit edit = {span.b_from, str_dup(before), str_dup(op->text)};
    struct review_text *proposed = replace_lines(file, span, op->text);
    size_t new_to = span.b_to + proposed->lines.len - file->proposed->lines.len;
    struct lines a = part(&file->base->lines, span.a_from, span.a_to);
    struct lines b = part(&proposed->lines, span.b_from, new_to);
    struct lines old = part(&file->proposed->lines, span.b_from, file->proposed->lines.len);
    struct lines new = part(&proposed->lines, span.b_from, proposed->lines.len);
    struct diff diff = {0};
    struct diff moved = {0};
    diff_lines(&a, &b, &diff);
    diff_lines(&old, &new, &moved);
    move_comments(file, REVIEW_PROPOSED, span.b_from, &moved, proposed->lines.len);
    splice_items(file, op->from, span, &diff, new_to - span.b_from);
    review_text_unref(file->proposed);
    file->proposed = proposed;
    VEC_PUSH(&file->edits, edit);
    diff_free(&diff);
    diff_free(&moved);
    return true;
}

/* Lines of the merged proposal in which both sides had changed the same place. */
static bool merged_proposal(const struct review_file *file, struct str base, struct buf *out,
    struct diff *conflicts, struct err *err)
{
    struct str old = buf_str(&file->base->bytes);
    struct str theirs = buf_str(&file->proposed->bytes);
    bool clean;
    if (!merge_texts(old, base, theirs, MERGE_THEIRS, out, &clean, err)) {
        return false;
    }
    if (clean) {
        return true;
    }
    struct buf mine = BUF_INIT;
    bool ok = merge_texts(old, base, theirs, MERGE_MINE, &mine, &clean, err);
    if (ok) {
        struct lines a = {0};
        struct lines b = {0};
        lines_split(buf_str(&mine), LINES_LF, &a);
        lines_split(buf_str(out), LINES_LF, &b);
        diff_lines(&a, &b, conflicts);
        lines_free(&a);
        lines_free(&b);
    }
    buf_free(&mine);
    return ok;
}

/* The old items by line: place + 1, or 0. */
struct item_index {
    size_t *dels;
    size_t *adds;
};

static struct item_index index_items(const struct review_file *file)
{
    struct item_index index = {
        mem_zalloc((file->base->lines.len + 1) * sizeof(size_t)),
        mem_zalloc((file->proposed->lines.len + 1) * sizeof(size_t)),
    };
    for (size_t i = 0; i < file->items.len; i++) {
        const struct review_item *item = &file->items.items[i];
        if (item->kind == REVIEW_DEL) {
            index.dels[item->a] = i + 1;
        } else if (item->kind == REVIEW_ADD) {
            index.adds[item->b] = i + 1;
        }
    }
    return index;
}

static bool touches(const struct diff *diff, size_t from, size_t to, bool new_side)
{
    VEC_FOREACH (struct diff_run, run, diff) {
        size_t start = new_side ? run->b : run->a;
        size_t end = start + (new_side ? run->b_len : run->a_len);
        if (start <= to && end >= from) {
            return true;
        }
    }
    return false;
}

/* What the rebase needs to know about a new item: the old one it is, or SIZE_MAX. */
static size_t old_item(const struct item_index *index, const struct review_item *item,
    const struct diff *base_diff, const struct diff *proposed_diff)
{
    if (item->kind == REVIEW_WHOLE) {
        return SIZE_MAX;
    }
    bool del = item->kind == REVIEW_DEL;
    size_t line = del ? diff_map_back(base_diff, item->a) : diff_map_back(proposed_diff, item->b);
    size_t found = line == SIZE_MAX ? 0 : del ? index->dels[line] : index->adds[line];
    return found == 0 ? SIZE_MAX : found - 1;
}

/* Hunks that were split stay split where both sides of the cut are still there. */
static void carry_splits(
    struct review_file *now, const struct review_file *old, const size_t *origin)
{
    for (size_t i = 1; i < now->items.len; i++) {
        if (origin[i] == SIZE_MAX || origin[i - 1] == SIZE_MAX || origin[i] <= origin[i - 1]) {
            continue;
        }
        if (review_hunk_of(old, origin[i]) != review_hunk_of(old, origin[i - 1])) {
            struct review_op op = {.from = i};
            (void)!review_file_split(now, &op, NULL);
        }
    }
}

static void mark_hunks(struct review_file *now, const struct review_file *old, const size_t *origin,
    const struct diff *base_diff, const struct diff *conflicts, bool all_conflict)
{
    for (size_t h = 0; h < now->hunks.len; h++) {
        struct review_hunk *hunk = &now->hunks.items[h];
        struct review_span span = review_hunk_span(now, h);
        size_t from = span.a_from > DRIFT_NEAR ? span.a_from - DRIFT_NEAR : 0;
        hunk->drifted = touches(base_diff, from, span.a_to + DRIFT_NEAR, true);
        bool collides = all_conflict || touches(conflicts, span.b_from, span.b_to, true);
        hunk->conflict = collides;
        for (size_t i = hunk->first; i < hunk->first + hunk->count; i++) {
            if (origin[i] == SIZE_MAX) {
                hunk->drifted = true;
                continue;
            }
            const struct review_hunk *was = &old->hunks.items[review_hunk_of(old, origin[i])];
            hunk->drifted = hunk->drifted || was->drifted;
            hunk->conflict = hunk->conflict || was->conflict;
            hunk->edited = hunk->edited || was->edited;
        }
        for (size_t i = hunk->first; collides && i < hunk->first + hunk->count; i++) {
            /* What was decided was decided on other text. */
            now->items.items[i].decision = REVIEW_OPEN;
            now->items.items[i].reason = 0;
        }
    }
}

static void carry_decisions(struct review_file *now, const struct review_file *old,
    const struct diff *base_diff, const struct diff *conflicts, bool all_conflict)
{
    struct diff proposed_diff = {0};
    diff_lines(&old->proposed->lines, &now->proposed->lines, &proposed_diff);
    struct item_index index = index_items(old);
    size_t *origin = mem_zalloc((now->items.len + 1) * sizeof *origin);
    for (size_t i = 0; i < now->items.len; i++) {
        struct review_item *item = &now->items.items[i];
        origin[i] = old_item(&index, item, base_diff, &proposed_diff);
        if (item->kind == REVIEW_WHOLE && now->whole_because == NULL && old->items.len > 0 &&
            old->items.items[0].kind == REVIEW_WHOLE) {
            origin[i] = 0; /* a rename is still that rename */
        }
        if (origin[i] != SIZE_MAX) {
            item->decision = old->items.items[origin[i]].decision;
            item->reason = old->items.items[origin[i]].reason;
        }
    }
    carry_splits(now, old, origin);
    mark_hunks(now, old, origin, base_diff, conflicts, all_conflict);
    move_comments(now, REVIEW_PROPOSED, 0, &proposed_diff, now->proposed->lines.len);
    move_comments(now, REVIEW_BASE, 0, base_diff, now->base->lines.len);
    free(origin);
    free(index.dels);
    free(index.adds);
    diff_free(&proposed_diff);
}

bool review_file_rebase(struct review_file *file, const struct review_op *op, struct err *err)
{
    struct str base = op->exists ? op->text : (struct str){"", 0};
    struct buf merged = BUF_INIT;
    struct diff conflicts = {0};
    bool deletion = file->change->kind == CHANGE_DELETE && file->proposed->bytes.len == 0;
    bool same = str_equal(base, buf_str(&file->proposed->bytes)) && op->exists && !deletion;
    bool all_conflict = !same && (op->exists != file->base_exists || file->whole_because != NULL);
    bool large = base.len > REVIEW_MAX_BYTES;
    if (deletion) {
        all_conflict = file->whole_because != NULL;
    } else if (same || all_conflict || large) {
        buf_append_str(&merged, buf_str(&file->proposed->bytes));
    } else if (!merged_proposal(file, base, &merged, &conflicts, err)) {
        buf_free(&merged);
        return false;
    }
    struct review_file old = review_file_copy(file);
    review_text_unref(file->base);
    review_text_unref(file->proposed);
    file->base = review_text_new(base);
    file->proposed = review_text_new(buf_str(&merged));
    file->base_exists = op->exists;
    file->conflict_note = !all_conflict ? NULL
                          : !op->exists ? "deleted since the proposal was made"
                          : file->change->base_exists
                              ? "changed since the proposal was made"
                              : "created by somebody else since the proposal was made";
    review_file_build(file);
    struct diff base_diff = {0};
    diff_lines(&old.base->lines, &file->base->lines, &base_diff);
    carry_decisions(file, &old, &base_diff, &conflicts, all_conflict);
    diff_free(&base_diff);
    diff_free(&conflicts);
    buf_free(&merged);
    review_file_free(&old);
    return true;
}
