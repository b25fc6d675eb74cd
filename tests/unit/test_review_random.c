/* The review model: random sequences of everything one can do to it, against a simple model of what
 * must come of them. REVIEW_RUNS says how many (60). */
#include "dice.h"
#include "test.h"

#include "base/vec.h"
#include "patch/review.h"
#include "patch/review_internal.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state = 88172645463325252u;

static size_t below(size_t bound)
{
    return (size_t)((dice_roll(&random_state) >> 11) % bound);
}

static size_t next_line_name;

/* With unique lines a line's text is its identity, and the model is sets and orders of texts. */
static void random_line(struct buf *out, bool unique, const char *ending)
{
    if (unique) {
        buf_printf(out, "line %zu%s", next_line_name++, ending);
    } else {
        buf_printf(out, "%c%s", (char)('a' + (char)below(4)), ending);
    }
}

/* A copy of `from` with some lines removed, replaced or added. */
static void mutate(struct str from, bool unique, size_t percent, struct buf *out)
{
    static const char *const endings[] = {"\n", "\r\n"};
    const char *ending = endings[below(8) == 0];
    struct lines lines = {0};
    lines_split(from, LINES_LF, &lines);
    for (size_t i = 0; i <= lines.len; i++) {
        while (below(100) < percent / 2) {
            random_line(out, unique, ending);
        }
        if (i < lines.len && below(100) >= percent) {
            if (out->len > 0 && out->ptr[out->len - 1] != '\n') {
                buf_append_char(out, '\n');
            }
            buf_append_str(out, line_whole(lines.items[i]));
        }
    }
    if (out->len > 0 && below(6) == 0 && out->ptr[out->len - 1] == '\n') {
        out->len--;
    }
    lines_free(&lines);
}

struct expected {
    bool del;
    struct str text;
    enum review_decision decision;
};

struct model {
    struct expected *items;
    size_t len, cap;
};

struct game {
    struct review *review;
    struct changes changes;
    struct buf log; /* what a journal would hold: one JSON a line */
    bool unique;
    size_t rebases;
    size_t resumes;
};

static bool keep(void *data, const cJSON *op, struct err *err)
{
    (void)err;
    struct game *game = data;
    char *text = json_print(op);
    buf_append_c(&game->log, text);
    buf_append_char(&game->log, '\n');
    free(text);
    return true;
}

static struct str item_text(const struct review_file *f, const struct review_item *item)
{
    return item->kind == REVIEW_DEL   ? line_whole(f->base->lines.items[item->a])
           : item->kind == REVIEW_ADD ? line_whole(f->proposed->lines.items[item->b])
                                      : STR_LIT("<whole>");
}

static void check_same(const struct review_file *x, const struct review_file *y)
{
    assert_true(str_equal(buf_str(&x->base->bytes), buf_str(&y->base->bytes)));
    assert_true(str_equal(buf_str(&x->proposed->bytes), buf_str(&y->proposed->bytes)));
    assert_int_equal(x->base_exists, y->base_exists);
    assert_int_equal(x->items.len, y->items.len);
    for (size_t i = 0; i < x->items.len; i++) {
        const struct review_item *p = &x->items.items[i];
        const struct review_item *q = &y->items.items[i];
        assert_true(p->kind == q->kind && p->decision == q->decision && p->a == q->a &&
                    p->b == q->b && p->reason == q->reason);
    }
    assert_int_equal(x->hunks.len, y->hunks.len);
    for (size_t i = 0; i < x->hunks.len; i++) {
        const struct review_hunk *p = &x->hunks.items[i];
        const struct review_hunk *q = &y->hunks.items[i];
        assert_true(p->first == q->first && p->count == q->count && p->drifted == q->drifted &&
                    p->conflict == q->conflict && p->edited == q->edited);
    }
    assert_int_equal(x->comments.len, y->comments.len);
    for (size_t i = 0; i < x->comments.len; i++) {
        const struct review_comment *p = &x->comments.items[i];
        const struct review_comment *q = &y->comments.items[i];
        assert_string_equal(p->text, q->text);
        assert_true(p->line == q->line && p->stale == q->stale && p->id == q->id);
    }
}

/* The program is killed and started again: the journal is all there is. */
static void resume(struct game *game)
{
    cJSON *ops = cJSON_CreateArray();
    struct str rest = buf_str(&game->log);
    struct str line;
    struct err err = {0};
    while (str_next_line(&rest, &line)) {
        cJSON *op = json_parse(line, &err);
        assert_non_null(op);
        cJSON_AddItemToArray(ops, op);
    }
    struct review *again = review_new(&game->changes);
    assert_int_equal(review_replay(again, ops), 0);
    cJSON_Delete(ops);
    for (size_t i = 0; i < review_file_count(again); i++) {
        check_same(review_file(game->review, i), review_file(again, i));
    }
    assert_int_equal(review_undo_count(game->review), review_undo_count(again));
    assert_int_equal(review_redo_count(game->review), review_redo_count(again));
    review_free(game->review);
    game->review = again;
    review_set_log(again, keep, game);
    game->resumes++;
}

static void composed(const struct review_file *file, enum review_decision all, struct str expected)
{
    struct review_file copy = review_file_copy(file);
    for (size_t i = 0; i < copy.items.len; i++) {
        copy.items.items[i].decision = all;
    }
    struct buf out = BUF_INIT;
    review_file_compose(&copy, SIZE_MAX, &out);
    assert_true(str_equal(buf_str(&out), expected));
    buf_free(&out);
    review_file_free(&copy);
}

static size_t find_line(const struct lines *lines, struct str text)
{
    for (size_t i = 0; i < lines->len; i++) {
        if (str_equal(str_trim(line_whole(lines->items[i])), str_trim(text))) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Exactly the base's lines but those whose removal was accepted, and the accepted new lines, in the
 * order they have on their own side. */
static void check_content(const struct review_file *f)
{
    struct buf out = BUF_INIT;
    struct lines lines = {0};
    review_file_compose(f, SIZE_MAX, &out);
    lines_split(buf_str(&out), LINES_LF, &lines);
    size_t expected = f->base->lines.len;
    for (size_t i = 0; i < f->items.len; i++) {
        const struct review_item *item = &f->items.items[i];
        bool accepted = item->decision == REVIEW_ACCEPTED;
        expected += item->kind == REVIEW_ADD && accepted;
        expected -= item->kind == REVIEW_DEL && accepted;
    }
    assert_int_equal(lines.len, expected);
    size_t last = 0;
    for (size_t i = 0, item = 0; i < f->base->lines.len; i++) {
        while (item < f->items.len &&
               (f->items.items[item].kind != REVIEW_DEL || f->items.items[item].a < i)) {
            item++;
        }
        bool gone = item < f->items.len && f->items.items[item].a == i &&
                    f->items.items[item].decision == REVIEW_ACCEPTED;
        if (!gone) {
            size_t at = find_line(&lines, line_whole(f->base->lines.items[i]));
            assert_true(at != SIZE_MAX && at >= last);
            last = at;
        }
    }
    lines_free(&lines);
    buf_free(&out);
}

static void check_file(const struct game *game, const struct review_file *f)
{
    size_t count = 0;
    for (size_t h = 0; h < f->hunks.len; h++) {
        assert_int_equal(f->hunks.items[h].first, count);
        assert_true(f->hunks.items[h].count > 0);
        count += f->hunks.items[h].count;
    }
    assert_int_equal(count, f->items.len);
    if (f->whole_because == NULL) {
        composed(f, REVIEW_ACCEPTED, buf_str(&f->proposed->bytes));
        composed(f, REVIEW_DECLINED, buf_str(&f->base->bytes));
        composed(f, REVIEW_OPEN, buf_str(&f->base->bytes));
    }
    if (game->unique) {
        check_content(f);
    }
}

static void remember(const struct review_file *f, struct model *model)
{
    for (size_t i = 0; i < f->items.len; i++) {
        const struct review_item *item = &f->items.items[i];
        char *copy = str_dup(item_text(f, item));
        VEC_PUSH(model, (struct expected){item->kind == REVIEW_DEL, str_of(copy), item->decision});
    }
}

static void forget(struct model *model)
{
    VEC_FOREACH (struct expected, e, model) {
        free((char *)e->text.ptr);
    }
    VEC_FREE(model);
}

/* To the byte, or whatever its ending. */
static const struct expected *recall(
    const struct model *model, bool del, struct str text, bool exact)
{
    VEC_FOREACH (struct expected, e, model) {
        if (e->del == del &&
            (exact ? str_equal(e->text, text) : str_equal(str_trim(e->text), str_trim(text)))) {
            return e;
        }
    }
    return NULL;
}

/* Decisions after a rebase or an edit: what was decided stays, what is new is open (or, in the
 * edited hunk, accepted), and only a conflict opens a decision again. */
static void check_carried(const struct review_file *f, const struct model *before, bool edit)
{
    for (size_t i = 0; i < f->items.len; i++) {
        const struct review_item *item = &f->items.items[i];
        const struct review_hunk *hunk = &f->hunks.items[review_hunk_of(f, i)];
        const struct expected *old =
            recall(before, item->kind == REVIEW_DEL, item_text(f, item), !edit);
        enum review_decision expected = old != NULL ? old->decision : REVIEW_OPEN;
        bool excused = edit ? hunk->edited && item->decision == REVIEW_ACCEPTED
                            : hunk->conflict && item->decision == REVIEW_OPEN;
        /* A rename is not a line. */
        if (item->kind != REVIEW_WHOLE && item->decision != expected && !excused) {
            fail_msg("item %zu has decision %d instead of %d", i, item->decision, expected);
        }
    }
}

static void random_text(struct game *game, struct buf *out)
{
    for (size_t i = below(4); i > 0; i--) {
        random_line(out, game->unique, "\n");
    }
    if (out->len > 0 && below(5) == 0) {
        out->len--;
    }
}

static void play_decide(struct game *game, size_t file)
{
    const struct review_file *f = review_file(game->review, file);
    struct err err = {0};
    if (f->items.len == 0) {
        return;
    }
    size_t from = below(f->items.len);
    size_t to = from + 1 + below(f->items.len - from);
    enum review_decision decision = (enum review_decision)below(3);
    struct str reason = below(2) == 0 ? STR_LIT("because\xff") : STR_LIT("");
    struct model before = {0};
    remember(f, &before);
    assert_ok(review_decide(game->review, file, from, to, decision, reason, &err), err);
    for (size_t i = 0; i < f->items.len; i++) {
        assert_int_equal(
            f->items.items[i].decision, i >= from && i < to ? decision : before.items[i].decision);
    }
    forget(&before);
}

static void play_edit(struct game *game, size_t file)
{
    const struct review_file *f = review_file(game->review, file);
    struct err err = {0};
    if (f->hunks.len == 0) {
        return;
    }
    struct buf text = BUF_INIT;
    struct model before = {0};
    size_t hunk = below(f->hunks.len);
    if (below(2) == 0) {
        mutate(review_hunk_text(f, hunk), game->unique, 40, &text);
    } else {
        random_text(game, &text);
    }
    remember(f, &before);
    struct review_op op = {.verb = REVIEW_EDIT, .file = file, .from = hunk, .text = buf_str(&text)};
    if (review_do(game->review, &op, &err) && game->unique) {
        check_carried(f, &before, true);
    }
    forget(&before);
    buf_free(&text);
}

static void play_rebase(struct game *game, size_t file)
{
    const struct review_file *f = review_file(game->review, file);
    struct err err = {0};
    struct buf base = BUF_INIT;
    struct model before = {0};
    mutate(buf_str(&f->base->bytes), game->unique, 10, &base);
    bool exists = below(12) != 0;
    bool existed = f->base_exists;
    remember(f, &before);
    assert_ok(
        review_rebase(game->review, file, exists, exists ? buf_str(&base) : STR_LIT(""), &err),
        err);
    if (game->unique && exists && existed) {
        check_carried(f, &before, false);
    }
    game->rebases++;
    forget(&before);
    buf_free(&base);
}

static void play_undo(struct game *game, bool redo)
{
    struct review_op op = {.verb = redo ? REVIEW_REDO : REVIEW_UNDO};
    struct review_op back = {.verb = redo ? REVIEW_UNDO : REVIEW_REDO};
    struct err err = {0};
    struct review_file *before = mem_zalloc(sizeof *before * review_file_count(game->review));
    for (size_t i = 0; i < review_file_count(game->review); i++) {
        before[i] = review_file_copy(review_file(game->review, i));
    }
    if (review_do(game->review, &op, &err)) {
        if (below(2) == 0) {
            assert_ok(review_do(game->review, &back, &err), err);
            for (size_t i = 0; i < review_file_count(game->review); i++) {
                check_same(&before[i], review_file(game->review, i));
            }
        }
    } else {
        assert_int_equal(err.kind, ERR_NOT_FOUND);
    }
    for (size_t i = 0; i < review_file_count(game->review); i++) {
        review_file_free(&before[i]);
    }
    free(before);
}

static void play_small(struct game *game, size_t file)
{
    const struct review_file *f = review_file(game->review, file);
    struct err err = {0};
    struct review_op op = {.file = file};
    switch (below(4)) {
    case 0:
        op.verb = REVIEW_SPLIT;
        op.from = below(f->items.len + 1);
        break;
    case 1:
        op.verb = REVIEW_UNCOMMENT;
        op.from = below(8);
        break;
    default:
        op.verb = REVIEW_COMMENT;
        op.side = below(2) == 0 ? REVIEW_BASE : REVIEW_PROPOSED;
        op.from = below(10);
        op.question = below(2) == 0;
        op.text = STR_LIT("why?\nbecause");
    }
    bool done = review_do(game->review, &op, &err);
    assert_true(done || err.text[0] != '\0');
}

static void play(struct game *game)
{
    size_t file = below(review_file_count(game->review));
    switch (below(12)) {
    case 0:
    case 1:
        play_edit(game, file);
        break;
    case 2:
        play_rebase(game, file);
        break;
    case 3:
    case 4:
        play_undo(game, false);
        break;
    case 5:
        play_undo(game, true);
        break;
    case 6:
    case 7:
        play_small(game, file);
        break;
    case 8:
        if (below(3) == 0) {
            resume(game);
        }
        break;
    default:
        play_decide(game, file);
    }
    for (size_t i = 0; i < review_file_count(game->review); i++) {
        check_file(game, review_file(game->review, i));
    }
}

static struct change random_change(const char *path, bool unique)
{
    struct buf base = BUF_INIT;
    for (size_t i = below(25); i > 0; i--) {
        random_line(&base, unique, "\n");
    }
    struct change change = {.path = mem_strdup(path), .mode = 0644};
    size_t kind = below(6);
    change.kind = kind == 0 ? CHANGE_ADD : kind == 1 ? CHANGE_DELETE : CHANGE_UPDATE;
    change.base_exists = change.kind != CHANGE_ADD;
    if (change.kind != CHANGE_DELETE) {
        mutate(buf_str(&base), unique, 25, &change.content);
    }
    if (change.base_exists) {
        change.base = base;
    } else {
        buf_free(&base);
    }
    if (change.kind == CHANGE_UPDATE && below(6) == 0) {
        change.moved_from = mem_printf("old-%s", path);
    }
    return change;
}

static void random_sequences(void **state)
{
    (void)state;
    const char *runs_text = getenv("REVIEW_RUNS");
    size_t runs = runs_text != NULL ? strtoull(runs_text, NULL, 10) : 60;
    size_t rebases = 0;
    size_t resumes = 0;
    for (size_t run = 0; run < runs; run++) {
        struct game game = {.unique = run % 3 != 2};
        for (size_t i = 1 + below(3); i > 0; i--) {
            char name[2] = {(char)('a' + (char)i), '\0'};
            VEC_PUSH(&game.changes, random_change(name, game.unique));
        }
        game.review = review_new(&game.changes);
        review_set_log(game.review, keep, &game);
        for (size_t i = 20 + below(60); i > 0; i--) {
            play(&game);
        }
        resume(&game);
        struct buf feedback = BUF_INIT;
        review_feedback(game.review, &feedback);
        buf_free(&feedback);
        review_free(game.review);
        changes_free(&game.changes);
        buf_free(&game.log);
        rebases += game.rebases;
        resumes += game.resumes;
    }
    assert_true(rebases > runs && resumes > runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
