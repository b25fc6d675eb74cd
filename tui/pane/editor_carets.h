/* Several carets in one view: keeping them in order, moving them together, and changing the text at
 * all of them in one step. With one caret it costs what one caret costs. */
#ifndef BYLAW_PANE_EDITOR_CARETS_H
#define BYLAW_PANE_EDITOR_CARETS_H

#include "pane/editor_private.h"

/* More are not made: each key does its work at every one of them. */
#define CARETS_MAX 10000

static inline struct search_range caret_range(const struct caret *caret)
{
    size_t a = caret->at.anchor, b = caret->at.head;
    return a < b ? (struct search_range){a, b} : (struct search_range){b, a};
}
static inline bool caret_has_selection(const struct caret *caret)
{
    return caret->at.anchor != caret->at.head;
}
bool view_any_selection(const struct view *view);
/* In the order of the text; those that meet become one. Keeps the primary and the newest. */
void view_settle_carets(struct view *view);
/* Adds one and settles; false: there is one already that it met, or there are too many. It is the
 * newest then. */
bool view_add_caret(struct view *view, size_t anchor, size_t head);
/* Scrolls so that the newest caret can be seen, without moving any. */
void view_bring_newest(struct view *view);
/* Calls `move` with each caret as the primary one, then settles. `move` may move that caret only.
 */
void view_each_caret(struct view *view, void (*move)(struct view *view, void *data), void *data);

/* What is going to happen to the text, gathered before any of it does. */
struct plan_part {
    size_t from, to;       /* of the old text */
    size_t with, with_len; /* in plan.bytes */
    size_t shift_before;   /* filled in when it is carried out: bytes by which parts before it grew
                              the text (modulo SIZE_MAX + 1) */
};
#define PLAN_MOVED SIZE_MAX
struct plan_goal {
    size_t part;         /* whose place the two are counted from, or PLAN_MOVED: offsets of the old
                            text, which move along (behind what is put just there) */
    size_t anchor, head; /* may lie behind what the part puts there */
};
struct plan {
    struct {
        struct plan_part *items;
        size_t len, cap;
    } parts; /* in the order of the text, apart */
    struct {
        struct plan_goal *items;
        size_t len, cap;
    } goals; /* where each caret goes; none: all move along */
    struct buf bytes;
    bool stopped;      /* by the person, within slow work (base/slow.h) */
    struct buf joined; /* many parts as one: the bytes from the first one's begin to the last's end
                        */
};
/* Replaces [from, to), cut so that it begins where the part before ends at the earliest. Returns
 * its number. Slow work may be held here; once it was stopped nothing more is put, and nothing is
 * carried out. */
size_t plan_put(struct plan *plan, size_t from, size_t to, struct str with);
/* The same, and the next caret goes behind it. */
void plan_put_at_caret(struct plan *plan, size_t from, size_t to, struct str with);
void plan_goal(struct plan *plan, size_t part, size_t anchor, size_t head);
void plan_free(struct plan *plan);

enum plan_kind {
    PLAN_STEP, /* an undo step of its own */
    PLAN_TYPE, /* goes on with a run of typing */
    PLAN_ERASE
};
/* Carries it out and frees it: one undo step, which gives all carets back. False, with nothing
 * changed and the reason shown: the text would be too large. */
bool view_carry_out(struct view *view, struct plan *plan, enum plan_kind kind);

/* Undo and redo tell where the carets were: call before (with the step that is undone) and after.
 */
struct caret_log;
/* The carets of the view as they were before (or after) the step. False: it had but one. */
bool doc_recall_carets(const struct doc *doc, size_t step, bool before, struct view *view);
void doc_forget_carets(struct doc *doc);

#endif
