/* Random sequences against a simple model of one file: the engineer edits it on disk, decides,
 * undoes and redoes, the workbench merges, is killed at any moment and goes on, and in the end what
 * was accepted is written. The engineer's own edits are never lost, the file is nobody else's until
 * then, and what is written is what was decided, to the byte.
 *
 * The file is BLOCKS blocks of LINES lines (far enough apart for a hunk each). The proposal
 * replaces, removes or adds to the third line of a block (or leaves the block alone); the
 * engineer's edits are in the first, and sometimes in the third line too: that is a conflict, which
 * opens what was decided about the block. */
#include "dice.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/path.h"
#include "base/vec.h"
#include "workspace/door.h"

#include <stdlib.h>

enum { BLOCKS = 9, LINES = 11, RUNS = 8, STEPS = 45 };

enum what { LEAVE, REPLACE, REMOVE, ADD, WHAT_COUNT };

/* What was done to the review, in order; undo takes the last decision away. */
struct model_op {
    bool rebase;
    bool reopened[BLOCKS]; /* rebase: conflicts */
    size_t block;          /* decision */
    bool part[2];          /* on the line that goes, on the line that comes */
    enum review_decision decision;
    size_t place; /* in undone: where it stood */
};

struct model {
    enum what what[BLOCKS];
    char *first[BLOCKS];  /* the engineer's, one or two lines */
    char *target[BLOCKS]; /* the engineer's, or as at first */
    bool dirty;           /* edited since the last rebase */
    bool collided[BLOCKS];
    struct {
        struct model_op *items;
        size_t len, cap;
    } ops;
    struct {
        struct model_op *items;
        size_t len, cap;
    } undone;
    unsigned edits; /* makes each line unique */
};

struct bench {
    char *dir, *home, *state, *copy;
    struct loop *loop;
    struct workbench *wb;
    struct model model;
    uint64_t random;
};

static size_t pick(struct bench *b, size_t below)
{
    return (size_t)(dice_roll(&b->random) % below);
}

/* ---- the model ---- */

static bool has_del(enum what what)
{
    return what == REPLACE || what == REMOVE;
}

static bool has_add(enum what what)
{
    return what == REPLACE || what == ADD;
}

static void decisions(const struct model *model, enum review_decision now[BLOCKS][2])
{
    memset(now, 0, sizeof(enum review_decision) * BLOCKS * 2);
    VEC_FOREACH (struct model_op, op, &model->ops) {
        for (size_t i = 0; op->rebase && i < BLOCKS; i++) {
            if (op->reopened[i]) {
                now[i][0] = now[i][1] = REVIEW_OPEN;
            }
        }
        for (int part = 0; !op->rebase && part < 2; part++) {
            if (op->part[part]) {
                now[op->block][part] = op->decision;
            }
        }
    }
}

/* The file on disk (nothing taken), or with what is accepted. */
static char *model_text(const struct model *model, bool taken)
{
    enum review_decision now[BLOCKS][2];
    struct buf out = BUF_INIT;
    decisions(model, now);
    for (size_t i = 0; i < BLOCKS; i++) {
        enum what what = model->what[i];
        buf_printf(&out, "%ssecond %zu\n", model->first[i], i);
        if (!taken || !has_del(what) || now[i][0] != REVIEW_ACCEPTED) {
            buf_printf(&out, "%s\n", model->target[i]);
        }
        if (taken && has_add(what) && now[i][1] == REVIEW_ACCEPTED) {
            buf_printf(&out, "proposed %zu\n", i);
        }
        for (int k = 4; k <= LINES; k++) {
            buf_printf(&out, "line %d of %zu\n", k, i);
        }
    }
    return buf_take(&out);
}

static void model_init(struct bench *b)
{
    struct model *model = &b->model;
    for (size_t i = 0; i < BLOCKS; i++) {
        model->what[i] = i == 0 ? REPLACE : (enum what)pick(b, WHAT_COUNT);
        model->first[i] = mem_printf("first %zu\n", i);
        model->target[i] = mem_printf("third %zu", i);
    }
}

static void model_free(struct model *model)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        free(model->first[i]);
        free(model->target[i]);
    }
    VEC_FREE(&model->ops);
    VEC_FREE(&model->undone);
    *model = (struct model){0};
}

/* ---- the workbench ---- */

static void open_workbench(struct bench *b)
{
    struct err err;
    struct workbench_options options = {.loop = b->loop, .folder = b->dir, .provider = "recording"};
    b->wb = workbench_new(&options, &err);
    assert_ok(b->wb != NULL, err);
}

static void write_model(struct bench *b)
{
    char *text = model_text(&b->model, false);
    test_write(b->dir, "list.txt", text);
    free(text);
}

static void propose(struct bench *b)
{
    struct buf patch = BUF_INIT;
    struct buf answer = BUF_INIT;
    buf_append_c(&patch, "*** Begin Patch\n*** Update File: list.txt\n");
    for (size_t i = 0; i < BLOCKS; i++) {
        enum what what = b->model.what[i];
        if (what == LEAVE) {
            continue;
        }
        buf_printf(
            &patch, "@@\n second %zu\n%c%s\n", i, has_del(what) ? '-' : ' ', b->model.target[i]);
        if (has_add(what)) {
            buf_printf(&patch, "+proposed %zu\n", i);
        }
        buf_printf(&patch, " line 4 of %zu\n", i);
    }
    buf_append_c(&patch, "*** End Patch\n");
    if (!proposals_patch(workbench_proposals(b->wb), buf_str(&patch), &answer)) {
        fail_msg("%s", answer.ptr);
    }
    buf_free(&patch);
    buf_free(&answer);
}

static struct review *review_of(struct bench *b)
{
    struct review *review = proposals_review(workbench_proposals(b->wb));
    assert_non_null(review);
    return review;
}

/* What would be written now; the base's text when nothing is accepted. */
static char *selected(struct bench *b)
{
    struct changes out = {0};
    review_selected(review_of(b), SIZE_MAX, SIZE_MAX, &out);
    assert_true(out.len <= 1);
    char *text = out.len == 1 ? str_dup(buf_str(&out.items[0].content))
                              : str_dup(buf_str(&review_file(review_of(b), 0)->base->bytes));
    changes_free(&out);
    return text;
}

static void check(struct bench *b)
{
    char *want = model_text(&b->model, false);
    char *disk = test_read(b->dir, "list.txt");
    assert_string_equal(disk, want);
    free(disk);
    free(want);
    if (!b->model.dirty) {
        want = model_text(&b->model, true);
        char *got = selected(b);
        assert_string_equal(got, want);
        free(got);
        free(want);
    }
}

/* ---- steps ---- */

static void merge(struct bench *b)
{
    workbench_hold(b->wb, true);
    workbench_hold(b->wb, false);
}

static void note_merge(struct bench *b)
{
    struct model *model = &b->model;
    if (!model->dirty) {
        return;
    }
    struct model_op op = {.rebase = true};
    memcpy(op.reopened, model->collided, sizeof op.reopened);
    VEC_PUSH(&model->ops, op);
    model->undone.len = 0;
    model->dirty = false;
    memset(model->collided, 0, sizeof model->collided);
}

static void edit(struct bench *b)
{
    struct model *model = &b->model;
    size_t i = pick(b, BLOCKS);
    model->edits++;
    if (has_del(model->what[i]) && pick(b, 4) == 0) {
        free(model->target[i]);
        model->target[i] = mem_printf("mine too %u", model->edits);
        model->collided[i] = true;
    } else {
        free(model->first[i]);
        model->first[i] = pick(b, 2) == 0
                              ? mem_printf("mine %u\n", model->edits)
                              : mem_printf("mine %u\nmore %u\n", model->edits, model->edits);
    }
    model->dirty = true;
    write_model(b);
}

static size_t item_with(
    const struct review_file *file, enum review_item_kind kind, const char *text)
{
    for (size_t i = 0; i < file->items.len; i++) {
        const struct review_item *item = &file->items.items[i];
        if (item->kind == kind) {
            const struct review_text *side = kind == REVIEW_DEL ? file->base : file->proposed;
            size_t line = kind == REVIEW_DEL ? item->a : item->b;
            if (str_equal_c(str_trim(side->lines.items[line].text), text)) {
                return i;
            }
        }
    }
    fail_msg("no item \"%s\"", text);
    return 0;
}

static void decide(struct bench *b)
{
    struct model *model = &b->model;
    size_t block = pick(b, BLOCKS);
    enum what what = model->what[block];
    if (what == LEAVE || model->dirty) {
        return;
    }
    struct model_op op = {.block = block, .decision = (enum review_decision)pick(b, 3)};
    op.part[0] = has_del(what) && (!has_add(what) || pick(b, 3) > 0);
    op.part[1] = has_add(what) && (!op.part[0] || pick(b, 3) > 0);
    const struct review_file *file = review_file(review_of(b), 0);
    char *comes = mem_printf("proposed %zu", block);
    size_t from = op.part[0] ? item_with(file, REVIEW_DEL, model->target[block])
                             : item_with(file, REVIEW_ADD, comes);
    size_t to = op.part[1] ? item_with(file, REVIEW_ADD, comes) : from;
    struct err err;
    assert_ok(review_decide(review_of(b), 0, from, to + 1, op.decision,
                  op.decision == REVIEW_DECLINED ? STR_LIT("no") : (struct str){0}, &err),
        err);
    VEC_PUSH(&model->ops, op);
    model->undone.len = 0;
    free(comes);
}

static void undo(struct bench *b)
{
    struct model *model = &b->model;
    struct err err;
    size_t at = model->ops.len;
    while (at > 0 && model->ops.items[at - 1].rebase) {
        at--;
    }
    bool did = review_do(review_of(b), &(struct review_op){.verb = REVIEW_UNDO}, &err);
    assert_int_equal(did, at > 0);
    if (did) {
        model->ops.items[at - 1].place = at - 1;
        VEC_PUSH(&model->undone, model->ops.items[at - 1]);
        VEC_REMOVE(&model->ops, at - 1);
    }
}

static void redo(struct bench *b)
{
    struct model *model = &b->model;
    struct err err;
    bool did = review_do(review_of(b), &(struct review_op){.verb = REVIEW_REDO}, &err);
    assert_int_equal(did, model->undone.len > 0);
    if (did) {
        struct model_op op = model->undone.items[--model->undone.len];
        VEC_INSERT(&model->ops, op.place, op);
    }
}

static void copy_folder(const char *from, const char *to)
{
    const char *remove[] = {"rm", "-rf", to, NULL};
    const char *copy[] = {"cp", "-Rp", from, to, NULL};
    free(test_run(NULL, remove));
    free(test_run(NULL, copy));
}

/* As after kill -9: of the state folder there is what was there at this moment, nothing of an
 * orderly end. */
static void kill_and_go_on(struct bench *b)
{
    size_t undo_count = review_undo_count(review_of(b));
    size_t redo_count = review_redo_count(review_of(b));
    copy_folder(b->state, b->copy);
    workbench_free(b->wb);
    copy_folder(b->copy, b->state);
    bool merges = b->model.dirty;
    open_workbench(b); /* merges what was edited meanwhile */
    if (proposals_open(workbench_proposals(b->wb)) == NULL) {
        for (size_t i = 0; workbench_notice(b->wb, i) != NULL; i++) {
            print_message("notice: %s\n", workbench_notice(b->wb, i));
        }
        fail_msg("the proposal did not come back");
    }
    note_merge(b);
    assert_int_equal(review_undo_count(review_of(b)), undo_count);
    assert_int_equal(review_redo_count(review_of(b)), merges ? 0 : redo_count);
}

static void step(struct bench *b)
{
    switch (pick(b, 12)) {
    case 0:
    case 1:
        edit(b);
        break;
    case 2:
        merge(b);
        note_merge(b);
        break;
    case 3:
        undo(b);
        break;
    case 4:
        redo(b);
        break;
    case 5:
        if (pick(b, 3) == 0) {
            kill_and_go_on(b);
        }
        break;
    case 6:
        loop_run_once(b->loop, 0); /* the watcher and the layout have their turn */
        merge(b);
        note_merge(b);
        break;
    default:
        decide(b);
        break;
    }
    check(b);
}

static void on_written(void *data, const struct err *err)
{
    bool *done = data;
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    *done = true;
}

static void finish(struct bench *b)
{
    struct err err;
    struct outcome outcome;
    merge(b);
    note_merge(b);
    check(b);
    char *want = model_text(&b->model, true);
    assert_ok(workbench_outcome(b->wb, &outcome, &err), err);
    workbench_hold(b->wb, true);
    bool done = outcome.accepted.len == 0;
    if (!done) {
        door_start(workbench_workspace(b->wb), b->loop, &outcome.accepted, on_written, &done);
    }
    assert_true(loop_run_until(b->loop, &done, 240000));
    workbench_decided(b->wb, &outcome, "All of it", NULL, false);
    outcome_free(&outcome);
    char *got = test_read(b->dir, "list.txt");
    assert_string_equal(got, want);
    free(got);
    free(want);
    assert_null(proposals_open(workbench_proposals(b->wb)));
}

/* ---- life ---- */

static int set_up(void **state)
{
    struct err err;
    struct bench *b = MEM_NEW(struct bench);
    b->dir = test_dir_make();
    b->home = test_dir_make();
    b->state = path_join(b->home, "state");
    b->copy = path_join(b->home, "copy");
    setenv("XDG_STATE_HOME", b->state, 1);
    setenv("XDG_CONFIG_HOME", b->home, 1);
    test_write(b->dir, ".bylaw/recordings/none.jsonl",
        "{\"bylaw_recording\":1,\"title\":\"none\",\"model\":\"recorded\"}\n");
    b->loop = loop_new(&err);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    workbench_free(b->wb);
    loop_free(b->loop);
    model_free(&b->model);
    test_dir_remove(b->dir);
    test_dir_remove(b->home);
    free(b->state);
    free(b->copy);
    free(b);
    return 0;
}

static void what_is_mine_stays_and_what_is_decided_is_written(void **state)
{
    struct bench *b = *state;
    for (unsigned run = 0; run < RUNS; run++) {
        b->random = 88172645463325252u + run * 7919u;
        model_init(b);
        write_model(b);
        open_workbench(b);
        propose(b);
        for (int i = 0; i < STEPS; i++) {
            step(b);
        }
        finish(b);
        workbench_free(b->wb);
        b->wb = NULL;
        model_free(&b->model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_mine_stays_and_what_is_decided_is_written, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
