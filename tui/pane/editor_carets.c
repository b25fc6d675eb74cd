#include "pane/editor_carets.h"

#include "base/slow.h"

#include <assert.h>
#include <stdlib.h>

#define LOG_MAX        256 /* steps whose carets are remembered, */
#define LOG_CARETS_MAX ((size_t)200000)

bool view_any_selection(const struct view *view)
{
    VEC_FOREACH (struct caret, caret, &view->carets) {
        if (caret_has_selection(caret)) {
            return true;
        }
    }
    return false;
}

/* ---- order ---- */

struct ranked {
    struct caret caret;
    bool primary, newest;
};

static int compare(const void *a, const void *b)
{
    struct search_range one = caret_range(&((const struct ranked *)a)->caret);
    struct search_range two = caret_range(&((const struct ranked *)b)->caret);
    if (one.start != two.start) {
        return one.start < two.start ? -1 : 1;
    }
    return one.end == two.end ? 0 : one.end < two.end ? -1 : 1;
}

/* Two selections that touch stay apart; a caret that touches anything does not. */
static bool meet(const struct caret *a, const struct caret *b)
{
    struct search_range one = caret_range(a), two = caret_range(b);
    return one.end > two.start ||
           (one.end == two.start && (one.start == one.end || two.start == two.end));
}

static bool in_order(const struct view *view)
{
    for (size_t i = 1; i < view->carets.len; i++) {
        const struct caret *before = &view->carets.items[i - 1];
        if (caret_range(before).start > caret_range(before + 1).start || meet(before, before + 1)) {
            return false;
        }
    }
    return true;
}

static void unite(struct ranked *into, const struct ranked *other)
{
    struct search_range one = caret_range(&into->caret), two = caret_range(&other->caret);
    struct search_range all = {
        one.start < two.start ? one.start : two.start, one.end > two.end ? one.end : two.end};
    const struct caret *from = other->primary ? &other->caret : &into->caret;
    bool backward = from->at.head < from->at.anchor;
    into->caret = (struct caret){
        {backward ? all.end : all.start, backward ? all.start : all.end}, from->goal};
    into->primary |= other->primary;
    into->newest |= other->newest;
}

void view_settle_carets(struct view *view)
{
    size_t count = view->carets.len;
    view->newest = view->newest < count ? view->newest : view->primary;
    if (in_order(view)) {
        return;
    }
    struct ranked *all = mem_zalloc(sizeof *all * count);
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct ranked){view->carets.items[i], i == view->primary, i == view->newest};
    }
    qsort(all, count, sizeof *all, compare);
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        if (meet(&all[kept].caret, &all[i].caret)) {
            unite(&all[kept], &all[i]);
        } else {
            all[++kept] = all[i];
        }
    }
    view->carets.len = kept + 1;
    for (size_t i = 0; i <= kept; i++) {
        view->carets.items[i] = all[i].caret;
        view->primary = all[i].primary ? i : view->primary;
        view->newest = all[i].newest ? i : view->newest;
    }
    free(all);
}

bool view_add_caret(struct view *view, size_t anchor, size_t head)
{
    size_t count = view->carets.len;
    if (count >= CARETS_MAX) {
        app_message(
            view->editor->app, MESSAGE_WARNING, "there are no more than %d cursors", CARETS_MAX);
        return false;
    }
    VEC_PUSH(&view->carets, ((struct caret){{anchor, head}, SIZE_MAX}));
    view->newest = count;
    text_break(view->doc->text);
    view_settle_carets(view);
    return view->carets.len > count;
}

void view_bring_newest(struct view *view)
{
    size_t primary = view->primary;
    if (view->rows <= 0) {
        return;
    }
    view->primary = view->newest;
    view_reveal(view);
    view_follow_rows(view, view_margin(view), view_margin(view));
    view->primary = primary;
    view->follow = false;
}

void view_each_caret(struct view *view, void (*move)(struct view *view, void *data), void *data)
{
    size_t primary = view->primary;
    for (size_t i = 0; i < view->carets.len; i++) {
        view->primary = i;
        move(view, data);
    }
    view->primary = primary;
    view_settle_carets(view);
}

/* ---- changing the text ---- */

enum { JOIN_MIN = 1000 };

size_t plan_put(struct plan *plan, size_t from, size_t to, struct str with)
{
    plan->stopped = plan->stopped || !slow_breathe(0, 0);
    if (plan->stopped) {
        return 0;
    }
    size_t least = plan->parts.len > 0 ? plan->parts.items[plan->parts.len - 1].to : 0;
    from = from < least ? least : from;
    to = to < from ? from : to;
    VEC_PUSH(
        &plan->parts, ((struct plan_part){
                          .from = from, .to = to, .with = plan->bytes.len, .with_len = with.len}));
    buf_append_str(&plan->bytes, with);
    return plan->parts.len - 1;
}

void plan_goal(struct plan *plan, size_t part, size_t anchor, size_t head)
{
    VEC_PUSH(&plan->goals, ((struct plan_goal){part, anchor, head}));
}

void plan_put_at_caret(struct plan *plan, size_t from, size_t to, struct str with)
{
    plan_goal(plan, plan_put(plan, from, to, with), with.len, with.len);
}

void plan_free(struct plan *plan)
{
    VEC_FREE(&plan->parts);
    VEC_FREE(&plan->goals);
    buf_free(&plan->bytes);
    buf_free(&plan->joined);
}

/* Where an offset of the old text is in the new one. */
static size_t moved(const struct plan *plan, size_t at)
{
    size_t low = 0, high = plan->parts.len; /* the first part that begins behind `at` */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (plan->parts.items[mid].from <= at) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low == 0) {
        return at;
    }
    const struct plan_part *part = &plan->parts.items[low - 1];
    if (at >= part->to) {
        return at + part->shift_before + part->with_len - (part->to - part->from);
    }
    size_t within = at - part->from < part->with_len ? at - part->from : part->with_len;
    return part->from + part->shift_before + within;
}

static size_t reached(
    const struct plan *plan, const struct plan_goal *goal, size_t offset, size_t length)
{
    size_t at = moved(plan, offset);
    if (goal->part != PLAN_MOVED) {
        const struct plan_part *part = &plan->parts.items[goal->part];
        at = part->from + part->shift_before + offset;
    }
    return at < length ? at : length;
}

static void place_carets(
    struct view *view, struct plan *plan, const struct caret *before, size_t count)
{
    size_t length = text_length(view->doc->text);
    view->carets.len = 0;
    for (size_t i = 0; i < count; i++) {
        struct plan_goal goal = {PLAN_MOVED, before[i].at.anchor, before[i].at.head};
        if (i < plan->goals.len) {
            goal = plan->goals.items[i];
        }
        VEC_PUSH(&view->carets, ((struct caret){{reached(plan, &goal, goal.anchor, length),
                                                    reached(plan, &goal, goal.head, length)},
                                    SIZE_MAX}));
    }
    view->follow = true;
}

/* The sum of what the parts add is kept in each; returns the greatest length on the way. */
static size_t measure(const struct text *text, struct plan *plan)
{
    size_t shift = 0, most = text_length(text);
    VEC_FOREACH (struct plan_part, part, &plan->parts) {
        part->shift_before = shift;
        shift += part->with_len - (part->to - part->from);
        most += part->with_len;
    }
    return most;
}

static void drop_oldest(struct doc *doc)
{
    struct caret_log *oldest = &doc->caret_logs.items[0];
    doc->logged_carets -= oldest->before_len + oldest->after_len;
    free(oldest->before);
    free(oldest->after);
    VEC_REMOVE(&doc->caret_logs, 0);
}

void doc_forget_carets(struct doc *doc)
{
    while (doc->caret_logs.len > 0) {
        drop_oldest(doc);
    }
    VEC_FREE(&doc->caret_logs);
}

static void remember(
    struct view *view, const struct caret *before, size_t before_len, size_t primary)
{
    struct doc *doc = view->doc;
    size_t step = text_step(doc->text), after_len = view->carets.len;
    struct caret_log *last =
        doc->caret_logs.len > 0 ? &doc->caret_logs.items[doc->caret_logs.len - 1] : NULL;
    if (before_len == 1 && after_len == 1) {
        return;
    }
    if (last != NULL && last->step == step) { /* the run goes on */
        doc->logged_carets -= last->after_len;
        free(last->after);
    } else {
        VEC_PUSH(&doc->caret_logs, ((struct caret_log){.step = step,
                                       .before = mem_dup(before, before_len * sizeof *before),
                                       .before_len = before_len,
                                       .before_primary = primary}));
        last = &doc->caret_logs.items[doc->caret_logs.len - 1];
        doc->logged_carets += before_len;
    }
    last->after = mem_dup(view->carets.items, after_len * sizeof *last->after);
    last->after_len = after_len;
    last->after_primary = view->primary;
    doc->logged_carets += after_len;
    while (doc->caret_logs.len > LOG_MAX ||
           (doc->caret_logs.len > 1 && doc->logged_carets > LOG_CARETS_MAX)) {
        drop_oldest(doc);
    }
}

bool doc_recall_carets(const struct doc *doc, size_t step, bool before, struct view *view)
{
    for (size_t i = doc->caret_logs.len; i-- > 0;) {
        const struct caret_log *log = &doc->caret_logs.items[i];
        if (log->step != step) {
            continue;
        }
        size_t count = before ? log->before_len : log->after_len, length = text_length(doc->text);
        view->carets.len = 0;
        for (size_t c = 0; c < count; c++) {
            struct caret caret = before ? log->before[c] : log->after[c];
            caret.at.anchor = caret.at.anchor < length ? caret.at.anchor : length;
            caret.at.head = caret.at.head < length ? caret.at.head : length;
            VEC_PUSH(&view->carets, caret);
        }
        view->primary = before ? log->before_primary : log->after_primary;
        view_settle_carets(view);
        return true;
    }
    return false;
}

static bool changes(const struct plan *plan)
{
    VEC_FOREACH (const struct plan_part, part, &plan->parts) {
        if (part->to > part->from || part->with_len > 0) {
            return true;
        }
    }
    return false;
}

static void begin(struct view *view, const struct plan *plan, enum plan_kind kind)
{
    struct text *text = view->doc->text;
    text_note_cursor(text, view_caret(view)->at);
    if (kind == PLAN_STEP) {
        text_begin(text);
    } else if (plan->parts.len != 1) {
        text_begin_run(text, kind == PLAN_ERASE);
    }
}

static void replace_parts(struct view *view, const struct plan *plan)
{
    struct text *text = view->doc->text;
    if (plan->joined.ptr != NULL) {
        size_t from = plan->parts.items[0].from;
        size_t to = plan->parts.items[plan->parts.len - 1].to;
        bool fits = text_replace(text, from, to - from, buf_str(&plan->joined), NULL);
        assert(fits);
        (void)fits;
        return;
    }
    for (size_t i = plan->parts.len; i-- > 0;) {
        const struct plan_part *part = &plan->parts.items[i];
        struct str with = str_slice(buf_str(&plan->bytes), part->with, part->with + part->with_len);
        /* It fits: measured before. */
        bool fits = text_replace(text, part->from, part->to - part->from, with, NULL);
        assert(fits);
        (void)fits;
    }
}

/* So many parts are one to the text: each by itself would be told to all who follow it. */
static bool join_parts(const struct text *text, struct plan *plan)
{
    struct buf bytes = BUF_INIT;
    size_t from = plan->parts.items[0].from, at = from;
    VEC_FOREACH (const struct plan_part, part, &plan->parts) {
        if (!slow_breathe((size_t)(part - plan->parts.items), plan->parts.len)) {
            buf_free(&bytes);
            return false;
        }
        text_copy(text, at, part->from, &bytes);
        buf_append_str(
            &bytes, str_slice(buf_str(&plan->bytes), part->with, part->with + part->with_len));
        at = part->to;
    }
    plan->joined = bytes;
    return true;
}

/* False, with the reason shown, or because it was stopped: nothing is to be changed. */
static bool can_carry_out(const struct doc *doc, struct plan *plan, enum plan_kind kind)
{
    if (plan->stopped) {
        return false;
    }
    if (measure(doc->text, plan) > TEXT_MAX) {
        app_message(doc->editor->app, MESSAGE_ERROR, "%s would be larger than %zu MiB", doc->path,
            TEXT_MAX >> 20);
        return false;
    }
    return kind != PLAN_STEP || plan->parts.len < JOIN_MIN || join_parts(doc->text, plan);
}

bool view_carry_out(struct view *view, struct plan *plan, enum plan_kind kind)
{
    struct doc *doc = view->doc;
    if (!can_carry_out(doc, plan, kind)) {
        plan_free(plan);
        return false;
    }
    size_t count = view->carets.len, primary = view->primary;
    struct caret *before = mem_dup(view->carets.items, count * sizeof *before);
    bool change = changes(plan);
    if (change) {
        doc_note_edit(doc);
        begin(view, plan, kind);
        view_one_caret(view); /* else each part would move them all */
        replace_parts(view, plan);
        if (kind == PLAN_STEP || plan->parts.len != 1) {
            text_end(doc->text);
        }
    }
    place_carets(view, plan, before, count);
    view->primary = primary;
    view_settle_carets(view);
    if (change) {
        remember(view, before, count, primary);
        editor_warn_swap(doc->editor);
    }
    free(before);
    plan_free(plan);
    return true;
}
