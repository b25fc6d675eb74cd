#include "patch/review_carry.h"

#include "base/vec.h"
#include "patch/diff.h"

#include <stdint.h>

/* A file of the new review beside what it was. */
struct carrying {
    struct review *review;
    size_t index;
    const struct review_file *old;
    const struct review_file *now;
    struct diff base; /* from the old base to the new one */
    bool same_base;
    size_t carried;
};

static struct str item_text(const struct review_file *file, const struct review_item *item)
{
    if (item->kind == REVIEW_WHOLE) {
        return (struct str){0};
    }
    const struct review_text *text = item->kind == REVIEW_DEL ? file->base : file->proposed;
    return text->lines.items[item->kind == REVIEW_DEL ? item->a : item->b].text;
}

/* Where the new base's line was in the old one; SIZE_MAX: it is new. The end is a line too. */
static size_t old_line(const struct carrying *c, size_t line)
{
    if (c->same_base) {
        return line;
    }
    return line < c->now->base->lines.len ? diff_map_back(&c->base, line) : c->old->base->lines.len;
}

/* The first item at that line of the base or behind it: items are in that order. */
static size_t first_at(const struct review_file *file, size_t line)
{
    size_t low = 0;
    size_t high = file->items.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct review_item *item = &file->items.items[middle];
        if (item->kind == REVIEW_WHOLE || item->a < line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The item of the old review that is this one, if it was decided; NULL. */
static const struct review_item *find_item(const struct carrying *c, const struct review_item *item)
{
    const struct review_file *old = c->old;
    if (item->kind == REVIEW_WHOLE) {
        const struct review_item *first = old->items.len > 0 ? old->items.items : NULL;
        return first != NULL && first->kind == REVIEW_WHOLE && first->decision != REVIEW_OPEN &&
                       (c->now->whole_because == NULL ||
                           (c->same_base && c->now->proposed->hash == old->proposed->hash))
                   ? first
                   : NULL;
    }
    size_t line = old_line(c, item->a);
    struct str text = item_text(c->now, item);
    for (size_t i = line == SIZE_MAX ? old->items.len : first_at(old, line);
         i < old->items.len && old->items.items[i].a == line; i++) {
        const struct review_item *other = &old->items.items[i];
        if (other->kind == item->kind && other->decision != REVIEW_OPEN &&
            str_equal(item_text(old, other), text)) {
            return other;
        }
    }
    return NULL;
}

/* Neighbours that were decided alike are one operation. */
static void carry_items(struct carrying *c)
{
    struct err err;
    for (size_t i = 0; i < c->now->items.len;) {
        const struct review_item *was = find_item(c, &c->now->items.items[i]);
        size_t end = i + 1;
        if (was != NULL) {
            const struct review_item *next;
            while (end < c->now->items.len &&
                   (next = find_item(c, &c->now->items.items[end])) != NULL &&
                   next->decision == was->decision && next->reason == was->reason) {
                end++;
            }
            struct str reason =
                was->reason == 0 ? (struct str){0} : str_of(c->old->reasons.items[was->reason - 1]);
            if (review_decide(c->review, c->index, i, end, was->decision, reason, &err)) {
                c->carried += end - i;
            }
        }
        i = end;
    }
}

static void carry_comments(struct carrying *c)
{
    struct err err;
    VEC_FOREACH (struct review_comment, comment, &c->old->comments) {
        struct review_op op = {.verb = REVIEW_COMMENT,
            .file = c->index,
            .from = comment->line,
            .side = comment->side,
            .question = comment->question,
            .text = str_of(comment->text)};
        const struct review_text *text =
            comment->side == REVIEW_BASE ? c->now->base : c->now->proposed;
        if (comment->line == SIZE_MAX ||
            (comment->line < text->lines.len &&
                str_equal_c(text->lines.items[comment->line].text, comment->excerpt))) {
            (void)!review_do(c->review, &op, &err);
        }
    }
}

/* An edit was of text that is not there any more: it is kept as a comment. */
static void carry_edits(struct carrying *c)
{
    struct err err;
    VEC_FOREACH (struct review_edit, edit, &c->old->edits) {
        char *text =
            mem_printf("an edit from before the change moved on: these lines were to be\n%s",
                edit->after[0] == '\0' ? "(nothing)" : edit->after);
        struct review_op op = {.verb = REVIEW_COMMENT,
            .file = c->index,
            .from = SIZE_MAX,
            .side = REVIEW_PROPOSED,
            .text = str_of(text)};
        (void)!review_do(c->review, &op, &err);
        free(text);
    }
}

size_t review_carry(struct review *review, const struct review *old)
{
    size_t carried = 0;
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *now = review_file(review, i);
        size_t was = review_find(old, now->change->path);
        if (was == SIZE_MAX) {
            continue;
        }
        struct carrying c = {
            .review = review, .index = i, .old = review_file(old, was), .now = now};
        c.same_base = str_equal(buf_str(&c.old->base->bytes), buf_str(&now->base->bytes));
        if (!c.same_base) {
            diff_lines(&c.old->base->lines, &now->base->lines, &c.base);
        }
        carry_items(&c);
        carry_comments(&c);
        carry_edits(&c);
        carried += c.carried;
        diff_free(&c.base);
    }
    return carried;
}
