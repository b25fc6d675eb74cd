/* The rows of the diff: what stands under each other for the file under the cursor. */
#include "pane/review_private.h"

#include "base/vec.h"

#include <stdint.h>

/* A larger text is shown without colours: parsing to its end would be waited for at each jump. */
enum { COLOURED_MAX = 512 * 1024 };

const struct review_file *review_pane_file(const struct review_pane *pane)
{
    return review_file(pane->review, pane->file);
}

static struct review_row row_of(enum row_kind kind, size_t hunk)
{
    return (struct review_row){.kind = kind,
        .hunk = hunk,
        .del = NONE,
        .add = NONE,
        .a = NONE,
        .b = NONE,
        .a_twin = NONE,
        .b_twin = NONE,
        .comment = NONE};
}

static size_t line_count(const char *text)
{
    size_t count = 1;
    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

static void push_comment(struct review_pane *pane, size_t index, size_t hunk)
{
    const struct review_comment *comment = &review_pane_file(pane)->comments.items[index];
    for (size_t i = 0; i < line_count(comment->text); i++) {
        struct review_row row = row_of(ROW_COMMENT, hunk);
        row.comment = index;
        row.count = i;
        VEC_PUSH(&pane->rows, row);
    }
}

/* Comments on the lines of the row just pushed. */
static void push_comments(struct review_pane *pane, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    struct review_row row = pane->rows.items[pane->rows.len - 1];
    for (size_t i = 0; i < file->comments.len; i++) {
        const struct review_comment *comment = &file->comments.items[i];
        size_t line = comment->side == REVIEW_BASE ? row.a : row.b;
        if (!shown[i] && line != NONE && comment->line == line) {
            shown[i] = true;
            push_comment(pane, i, row.hunk);
        }
    }
}

static void push_same(
    struct review_pane *pane, size_t hunk, size_t a, size_t b, size_t count, bool *shown)
{
    for (size_t i = 0; i < count; i++) {
        struct review_row row = row_of(ROW_SAME, hunk);
        row.a = a + i;
        row.b = b + i;
        VEC_PUSH(&pane->rows, row);
        push_comments(pane, shown);
    }
}

static void push_gap(struct review_pane *pane, size_t count)
{
    if (count > 0) {
        struct review_row row = row_of(ROW_GAP, NONE);
        row.count = count;
        VEC_PUSH(&pane->rows, row);
    }
}

/* A run of removed lines and the added ones that take their place. */
struct block {
    size_t hunk;
    size_t del, dels; /* items */
    size_t add, adds;
    size_t *partner; /* of each removed line: place among the added, or NONE */
};

static struct review_row change_row(
    const struct review_file *file, const struct block *block, size_t del, size_t add)
{
    struct review_row row = row_of(ROW_CHANGE, block->hunk);
    if (del != NONE) {
        row.del = block->del + del;
        row.a = file->items.items[row.del].a;
    }
    if (add != NONE) {
        row.add = block->add + add;
        row.b = file->items.items[row.add].b;
    }
    return row;
}

static void push_unified(struct review_pane *pane, const struct block *block, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    for (size_t i = 0; i < block->dels; i++) {
        struct review_row row = change_row(file, block, i, NONE);
        if (block->partner[i] != NONE) {
            row.b_twin = file->items.items[block->add + block->partner[i]].b;
        }
        VEC_PUSH(&pane->rows, row);
        push_comments(pane, shown);
    }
    /* Partners are in order: one walk along both finds each. */
    size_t i = 0;
    for (size_t j = 0; j < block->adds; j++) {
        struct review_row row = change_row(file, block, NONE, j);
        while (i < block->dels && (block->partner[i] == NONE || block->partner[i] < j)) {
            i++;
        }
        if (i < block->dels && block->partner[i] == j) {
            row.a_twin = file->items.items[block->del + i].a;
        }
        VEC_PUSH(&pane->rows, row);
        push_comments(pane, shown);
    }
}

static void push_paired(struct review_pane *pane, const struct block *block, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    size_t j = 0;
    size_t i = 0;
    size_t ahead = 0; /* the next removed line that has a partner */
    while (i < block->dels || j < block->adds) {
        size_t to = i < block->dels ? block->partner[i] : NONE;
        struct review_row row;
        if (i < block->dels && to == NONE) {
            /* Unlike lines stand beside each other as well, without word marks. */
            while (ahead < block->dels && (ahead < i || block->partner[ahead] == NONE)) {
                ahead++;
            }
            size_t next = ahead < block->dels ? block->partner[ahead] : NONE;
            size_t limit = next == NONE ? block->adds : next;
            row = change_row(file, block, i++, j < limit ? j : NONE);
            j += row.add != NONE;
        } else if (i < block->dels && to == j) {
            row = change_row(file, block, i++, j++);
            row.a_twin = row.a;
            row.b_twin = row.b;
        } else {
            row = change_row(file, block, NONE, j++);
        }
        VEC_PUSH(&pane->rows, row);
        push_comments(pane, shown);
    }
}

static void push_block(struct review_pane *pane, struct block *block, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    block->partner = mem_alloc((block->dels + 1) * sizeof *block->partner);
    for (size_t i = 0; i < block->dels; i++) {
        block->partner[i] = NONE;
    }
    if (block->dels > 0 && block->adds > 0) {
        diff_pair(&file->base->lines.items[file->items.items[block->del].a], block->dels,
            &file->proposed->lines.items[file->items.items[block->add].b], block->adds,
            block->partner);
    }
    if (pane->paired) {
        push_paired(pane, block, shown);
    } else {
        push_unified(pane, block, shown);
    }
    free(block->partner);
}

static void split_without_blanks(
    const struct line *items, size_t count, struct buf *bytes, struct lines *out)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < items[i].text.len; at++) {
            char c = items[i].text.ptr[at];
            buf_append(bytes, &c, c == ' ' || c == '\t' || c == '\r' ? 0 : 1);
        }
        buf_append_char(bytes, '\n');
    }
    lines_split(buf_str(bytes), LINES_LF, out);
}

/* The part of a block that begins with so many of its removed and added lines. */
static void push_part(
    struct review_pane *pane, const struct block *block, const struct diff_run *run, bool *shown)
{
    struct block part = {.hunk = block->hunk,
        .del = block->del + run->a,
        .dels = run->a_len,
        .add = block->add + run->b,
        .adds = run->b_len};
    if (part.dels > 0 || part.adds > 0) {
        push_block(pane, &part, shown);
    }
}

/* Lines that are the same but for blanks are one row, which stands for both items. */
static void push_block_without_blanks(struct review_pane *pane, struct block *block, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    struct buf old_bytes = BUF_INIT, new_bytes = BUF_INIT;
    struct lines old = {0}, new = {0};
    struct diff diff = {0};
    if (block->dels == 0 || block->adds == 0) {
        push_block(pane, block, shown);
        return;
    }
    split_without_blanks(
        &file->base->lines.items[file->items.items[block->del].a], block->dels, &old_bytes, &old);
    split_without_blanks(&file->proposed->lines.items[file->items.items[block->add].b], block->adds,
        &new_bytes, &new);
    diff_lines(&old, &new, &diff);
    size_t i = 0, j = 0;
    for (size_t at = 0; at <= diff.len; at++) {
        struct diff_run end = {block->dels, 0, block->adds, 0};
        const struct diff_run *run = at < diff.len ? &diff.items[at] : &end;
        for (; i < run->a; i++, j++) {
            struct review_row row = change_row(file, block, i, j);
            row.kind = ROW_SAME;
            VEC_PUSH(&pane->rows, row);
            push_comments(pane, shown);
        }
        push_part(pane, block, run, shown);
        i = run->a + run->a_len;
        j = run->b + run->b_len;
    }
    diff_free(&diff);
    lines_free(&old);
    lines_free(&new);
    buf_free(&old_bytes);
    buf_free(&new_bytes);
}

static void push_hunk(struct review_pane *pane, size_t hunk, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    const struct review_hunk *h = &file->hunks.items[hunk];
    struct review_span span = review_hunk_span(file, hunk);
    size_t a = span.a_from;
    size_t b = span.b_from;
    size_t i = h->first;
    size_t end = h->first + h->count;
    while (i < end) {
        const struct review_item *item = &file->items.items[i];
        if (item->kind == REVIEW_WHOLE) {
            struct review_row row = row_of(ROW_WHOLE, hunk);
            row.del = i++;
            VEC_PUSH(&pane->rows, row);
            continue;
        }
        push_same(pane, hunk, a, b, item->a - a, shown);
        b += item->a - a;
        a = item->a;
        struct block block = {.hunk = hunk, .del = i, .add = i};
        while (i < end && file->items.items[i].kind == REVIEW_DEL && file->items.items[i].a == a) {
            block.dels++;
            i++;
            a++;
        }
        block.add = i;
        while (i < end && file->items.items[i].kind == REVIEW_ADD && file->items.items[i].a == a) {
            block.adds++;
            i++;
            b++;
        }
        if (pane->no_blanks) {
            push_block_without_blanks(pane, &block, shown);
        } else {
            push_block(pane, &block, shown);
        }
    }
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void push_hunks(struct review_pane *pane, bool *shown)
{
    const struct review_file *file = review_pane_file(pane);
    size_t a = 0; /* where the hunk before ends */
    size_t b = 0;
    for (size_t h = 0; h < file->hunks.len; h++) {
        struct review_span span = review_hunk_span(file, h);
        size_t gap = span.a_from - a;
        /* A heading without lines has no context of its own. */
        bool lines = a > 0 || b > 0;
        size_t after = h == 0 || !lines ? 0 : min_size(pane->context, gap);
        size_t before = min_size(pane->context, gap - after);
        push_same(pane, h == 0 ? NONE : h - 1, a, b, after, shown);
        push_gap(pane, gap - after - before);
        VEC_PUSH(&pane->rows, row_of(ROW_HUNK, h));
        push_same(pane, h, span.a_from - before, span.b_from - before, before, shown);
        push_hunk(pane, h, shown);
        a = span.a_to;
        b = span.b_to;
    }
    if (file->whole_because == NULL && file->hunks.len > 0) {
        size_t rest = file->base->lines.len - a;
        size_t after = min_size(pane->context, rest);
        push_same(pane, file->hunks.len - 1, a, b, after, shown);
        push_gap(pane, rest - after);
    }
}

static void push_note(struct review_pane *pane, const char *note)
{
    struct review_row row = row_of(ROW_NOTE, NONE);
    row.note = note;
    VEC_PUSH(&pane->rows, row);
}

static void build(struct review_pane *pane)
{
    const struct review_file *file = review_pane_file(pane);
    pane->rows.len = 0;
    if (file == NULL) {
        push_note(pane, "the proposal is empty");
        return;
    }
    bool *shown = mem_zalloc(file->comments.len + 1);
    if (file->conflict_note != NULL) {
        push_note(pane, file->conflict_note);
    }
    const char *note;
    for (size_t i = 0; pane->options.note != NULL && (note = pane->options.note(pane->options.data,
                                                          file->change->path, i)) != NULL;
         i++) {
        push_note(pane, note);
    }
    for (size_t i = 0; i < file->comments.len; i++) {
        if (file->comments.items[i].line == SIZE_MAX) {
            shown[i] = true;
            push_comment(pane, i, NONE);
        }
    }
    if (file->items.len == 0) {
        push_note(pane, "nothing is left to change here: the file is already as proposed");
    }
    push_hunks(pane, shown);
    for (size_t i = 0; i < file->comments.len; i++) {
        if (!shown[i]) {
            push_comment(pane, i, NONE);
        }
    }
    free(shown);
}

static void view_set(
    struct review_text_view *view, const struct review_text *text, const struct language *language)
{
    if (view->syntax != NULL && view->bytes.ptr == text->bytes.ptr &&
        view->bytes.len == text->bytes.len && view->hash == text->hash) {
        view->text = text; /* only decisions changed */
        return;
    }
    syntax_free(view->syntax);
    view->text = text;
    view->hash = text->hash;
    view->bytes = buf_str(&text->bytes);
    view->syntax = syntax_new(language, syntax_source_str(&view->bytes));
}

static void refresh_syntax(struct review_pane *pane)
{
    const struct review_file *file = review_pane_file(pane);
    struct str first = {"", 0};
    if (file->proposed->lines.len > 0) {
        first = file->proposed->lines.items[0].text;
    }
    bool plain = file->whole_because != NULL || file->base->bytes.len > COLOURED_MAX ||
                 file->proposed->bytes.len > COLOURED_MAX;
    const struct language *language = plain ? NULL : language_of(file->change->path, first);
    view_set(&pane->sides[REVIEW_BASE], file->base, language);
    view_set(&pane->sides[REVIEW_PROPOSED], file->proposed, language);
    if (pane->outline_hash != file->proposed->hash) {
        outline_free(&pane->outline);
        pane->outlined = false;
        pane->outline_hash = file->proposed->hash;
    }
}

/* The row that shows what `was` showed, or the nearest there is. */
static size_t find_row(const struct review_pane *pane, const struct review_row *was)
{
    size_t best = NONE;
    for (size_t i = 0; i < pane->rows.len; i++) {
        const struct review_row *row = &pane->rows.items[i];
        bool same_a = was->a != NONE && row->a == was->a;
        bool same_b = was->b != NONE && row->b == was->b;
        if (row->kind == was->kind && row->a == was->a && row->b == was->b &&
            row->hunk == was->hunk) {
            return i;
        }
        if (same_a || same_b) {
            best = i;
        }
    }
    return best;
}

void review_pane_refresh(struct review_pane *pane)
{
    struct review_row was = row_of(ROW_NOTE, NONE);
    size_t above = pane->cursor - min_size(pane->top, pane->cursor);
    if (pane->cursor < pane->rows.len) {
        was = pane->rows.items[pane->cursor];
    }
    pane->seen = review_generation(pane->review);
    if (review_pane_file(pane) != NULL) {
        refresh_syntax(pane);
    }
    build(pane);
    size_t found = find_row(pane, &was);
    if (found != NONE) {
        pane->cursor = found;
    }
    if (pane->cursor >= pane->rows.len) {
        pane->cursor = pane->rows.len == 0 ? 0 : pane->rows.len - 1;
    }
    pane->top = pane->cursor - min_size(above, pane->cursor);
    if (pane->anchor != NONE && pane->anchor >= pane->rows.len) {
        pane->anchor = NONE;
    }
}

static size_t hunk_row(const struct review_pane *pane, size_t hunk)
{
    size_t heading = 0;
    for (size_t i = 0; i < pane->rows.len; i++) {
        const struct review_row *row = &pane->rows.items[i];
        bool items = row->del != NONE || row->add != NONE;
        if (row->hunk == hunk && (items || row->kind == ROW_WHOLE)) {
            return i;
        }
        if (row->hunk == hunk && row->kind == ROW_HUNK) {
            heading = i;
        }
    }
    return heading;
}

void review_pane_go_to_hunk(struct review_pane *pane, size_t hunk)
{
    pane->cursor = hunk_row(pane, hunk);
    pane->reveal = true;
}

void review_pane_show_file(struct review_pane *pane, size_t file)
{
    pane->file = file;
    pane->rows.len = 0;
    pane->cursor = pane->top = 0;
    pane->anchor = NONE;
    pane->shift = 0;
    review_pane_refresh(pane);
    review_pane_go_to_hunk(pane, 0);
}

const struct outline_entry *review_pane_outline_at(struct review_pane *pane, size_t line)
{
    enum { OUTLINE_BUDGET_US = 3000 };
    struct review_text_view *view = &pane->sides[REVIEW_PROPOSED];
    if (view->syntax == NULL) {
        return NULL;
    }
    if (!pane->outlined) {
        pane->outlined = syntax_index(view->syntax, OUTLINE_BUDGET_US);
        if (!pane->outlined) {
            app_redraw(pane->app);
            return NULL;
        }
        outline_free(&pane->outline);
        syntax_outline(view->syntax, &pane->outline);
    }
    return outline_at(&pane->outline, line);
}

bool review_pane_show(struct review_pane *pane, const char *path, unsigned row)
{
    size_t file = review_find(pane->review, path);
    if (file == SIZE_MAX) {
        return false;
    }
    review_pane_show_file(pane, file);
    size_t wanted = row > 0 ? row - 1 : 0;
    for (size_t i = 0; i < pane->rows.len; i++) {
        size_t line = pane->rows.items[i].b;
        if (line != NONE && line <= wanted) {
            pane->cursor = i;
        }
    }
    app_redraw(pane->app);
    return true;
}
