#include "patch/review.h"

#include "base/vec.h"
#include "patch/review_internal.h"

#include <stdint.h>

struct steps {
    struct review_step **items;
    size_t len, cap;
};

struct files {
    struct review_file *items;
    size_t len, cap;
};

struct review {
    struct changes changes;
    struct files initial; /* as proposed: undo starts again from here */
    struct files files;
    struct steps done;
    struct steps undone;
    int next_comment;
    unsigned generation;
    bool (*append)(void *data, const cJSON *op, struct err *err);
    void *append_data;
};

static void step_free(struct review_step *step)
{
    buf_free(&step->text);
    free(step);
}

static void steps_clear(struct steps *steps)
{
    VEC_FOREACH (struct review_step *, step, steps) {
        step_free(*step);
    }
    steps->len = 0;
}

static void files_clear(struct files *files)
{
    VEC_FOREACH (struct review_file, file, files) {
        review_file_free(file);
    }
    files->len = 0;
}

struct review *review_new(const struct changes *changes)
{
    struct review *review = MEM_NEW(struct review);
    review->changes = changes_copy(changes);
    VEC_FOREACH (struct change, change, &review->changes) {
        VEC_PUSH(&review->initial, review_file_new(change));
    }
    VEC_FOREACH (struct review_file, file, &review->initial) {
        VEC_PUSH(&review->files, review_file_copy(file));
    }
    return review;
}

void review_free(struct review *review)
{
    if (review == NULL) {
        return;
    }
    steps_clear(&review->done);
    steps_clear(&review->undone);
    VEC_FREE(&review->done);
    VEC_FREE(&review->undone);
    files_clear(&review->files);
    files_clear(&review->initial);
    VEC_FREE(&review->files);
    VEC_FREE(&review->initial);
    changes_free(&review->changes);
    free(review);
}

void review_set_log(
    struct review *review, bool (*append)(void *data, const cJSON *op, struct err *err), void *data)
{
    review->append = append;
    review->append_data = data;
}

static bool apply(struct review *review, const struct review_op *op, struct err *err)
{
    struct review_file *file = &review->files.items[op->file];
    switch (op->verb) {
    case REVIEW_DECIDE:
        return review_file_decide(file, op, err);
    case REVIEW_SPLIT:
        return review_file_split(file, op, err);
    case REVIEW_EDIT:
        return review_file_edit(file, op, err);
    case REVIEW_COMMENT:
        if (!review_file_comment(file, op, review->next_comment + 1, err)) {
            return false;
        }
        review->next_comment++;
        return true;
    case REVIEW_UNCOMMENT:
        return review_file_uncomment(file, op, err);
    case REVIEW_REBASE:
        return review_file_rebase(file, op, err);
    default:
        return err_set(err, ERR_INVALID, "not a step");
    }
}

/* A rebase says what the file is now, whatever was decided before it. */
static bool fits(const struct review *review, const struct review_step *step)
{
    return step->op.verb == REVIEW_REBASE ||
           step->check == review_file_check(&review->files.items[step->op.file]);
}

/* From the proposal through every step done; steps that do not fit are dropped and counted. */
static size_t rebuild(struct review *review)
{
    files_clear(&review->files);
    review->generation++;
    VEC_FOREACH (struct review_file, file, &review->initial) {
        VEC_PUSH(&review->files, review_file_copy(file));
    }
    review->next_comment = 0;
    size_t kept = 0;
    for (size_t i = 0; i < review->done.len; i++) {
        struct review_step *step = review->done.items[i];
        if (step->op.file < review->files.len && fits(review, step) &&
            apply(review, &step->op, NULL)) {
            review->done.items[kept++] = step;
        } else {
            step_free(step);
        }
    }
    size_t dropped = review->done.len - kept;
    review->done.len = kept;
    return dropped;
}

/* The place of the last step that can be undone, + 1. */
static size_t last_undoable(const struct review *review)
{
    size_t at = review->done.len;
    while (at > 0 && review->done.items[at - 1]->op.verb == REVIEW_REBASE) {
        at--;
    }
    return at;
}

size_t review_undo_count(const struct review *review)
{
    size_t count = 0;
    for (size_t i = 0; i < review->done.len; i++) {
        count += review->done.items[i]->op.verb != REVIEW_REBASE;
    }
    return count;
}

size_t review_redo_count(const struct review *review)
{
    return review->undone.len;
}

static bool can_shift(const struct review *review, enum review_verb verb, struct err *err)
{
    if (verb == REVIEW_UNDO) {
        return last_undoable(review) > 0 || err_set(err, ERR_NOT_FOUND, "nothing to undo");
    }
    return review->undone.len > 0 || err_set(err, ERR_NOT_FOUND, "nothing to redo");
}

/* Moves a step between the two stacks; the state is rebuilt by the caller. A step goes back to the
 * place it had: a rebase may have come after it. */
static void shift(struct review *review, enum review_verb verb)
{
    if (verb == REVIEW_UNDO) {
        size_t at = last_undoable(review) - 1;
        struct review_step *step = review->done.items[at];
        step->place = at;
        VEC_REMOVE(&review->done, at);
        VEC_PUSH(&review->undone, step);
    } else {
        struct review_step *step = review->undone.items[--review->undone.len];
        VEC_INSERT(&review->done, step->place, step);
    }
}

static void push_step(struct review *review, struct review_step *step)
{
    steps_clear(&review->undone);
    VEC_PUSH(&review->done, step);
}

static bool log_op(
    struct review *review, const struct review_op *op, unsigned long long check, struct err *err)
{
    if (review->append == NULL) {
        return true;
    }
    const struct review_file *file =
        op->file < review->files.len ? &review->files.items[op->file] : NULL;
    cJSON *json = review_op_to_json(op, check, file);
    bool ok = review->append(review->append_data, json, err);
    cJSON_Delete(json);
    return ok;
}

static bool do_shift(struct review *review, const struct review_op *op, struct err *err)
{
    if (!can_shift(review, op->verb, err) || !log_op(review, op, 0, err)) {
        return false;
    }
    shift(review, op->verb);
    rebuild(review);
    return true;
}

bool review_do(struct review *review, const struct review_op *op, struct err *err)
{
    if (op->verb == REVIEW_UNDO || op->verb == REVIEW_REDO) {
        return do_shift(review, op, err);
    }
    if (op->file >= review->files.len) {
        return err_set(err, ERR_INVALID, "there is no such file in the proposal");
    }
    unsigned long long check = review_file_check(&review->files.items[op->file]);
    if (!apply(review, op, err)) {
        return false;
    }
    review->generation++;
    struct review_step *step = MEM_NEW(struct review_step);
    step->op = *op;
    step->check = check;
    buf_append_str(&step->text, op->text);
    step->op.text = buf_str(&step->text);
    if (!log_op(review, op, check, err)) {
        step_free(step);
        rebuild(review);
        return false;
    }
    push_step(review, step);
    return true;
}

static void replay_one(struct review *review, const cJSON *json, size_t *dropped)
{
    struct review_step *step = MEM_NEW(struct review_step);
    if (!review_op_from_json(json, step)) {
        (*dropped)++;
        step_free(step);
    } else if (step->op.verb == REVIEW_UNDO || step->op.verb == REVIEW_REDO) {
        if (can_shift(review, step->op.verb, NULL)) {
            shift(review, step->op.verb);
        } else {
            (*dropped)++;
        }
        step_free(step);
    } else {
        push_step(review, step);
    }
}

size_t review_replay(struct review *review, const cJSON *ops)
{
    size_t dropped = 0;
    if (cJSON_IsArray(ops)) {
        const cJSON *op;
        cJSON_ArrayForEach(op, ops)
        {
            replay_one(review, op, &dropped);
        }
    } else {
        replay_one(review, ops, &dropped);
    }
    return dropped + rebuild(review);
}

unsigned review_generation(const struct review *review)
{
    return review->generation;
}

size_t review_file_count(const struct review *review)
{
    return review->files.len;
}

const struct review_file *review_file(const struct review *review, size_t file)
{
    return file < review->files.len ? &review->files.items[file] : NULL;
}

size_t review_find(const struct review *review, const char *path)
{
    for (size_t i = 0; i < review->changes.len; i++) {
        const struct change *change = &review->changes.items[i];
        if (strcmp(change->path, path) == 0 ||
            (change->moved_from != NULL && strcmp(change->moved_from, path) == 0)) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool review_decide(struct review *review, size_t file, size_t from, size_t to,
    enum review_decision decision, struct str reason, struct err *err)
{
    struct review_op op = {.verb = REVIEW_DECIDE,
        .file = file,
        .from = from,
        .to = to,
        .decision = decision,
        .text = reason};
    return review_do(review, &op, err);
}

bool review_decide_rest(struct review *review, size_t file, enum review_decision decision,
    struct str reason, struct err *err)
{
    const struct review_file *f = review_file(review, file);
    struct review_op op = {.verb = REVIEW_DECIDE,
        .file = file,
        .to = f == NULL ? 0 : f->items.len,
        .decision = decision,
        .only_open = true,
        .text = reason};
    if (f != NULL && review_count(f, 0, f->items.len).open == 0) {
        return err_set(err, ERR_NOT_FOUND, "nothing in this file is open any more");
    }
    return review_do(review, &op, err);
}

bool review_toggle(struct review *review, size_t file, size_t from, size_t to, struct err *err)
{
    const struct review_file *f = review_file(review, file);
    struct review_counts counts = f == NULL ? (struct review_counts){0} : review_count(f, from, to);
    bool all = counts.accepted > 0 && counts.declined + counts.open == 0;
    return review_decide(
        review, file, from, to, all ? REVIEW_OPEN : REVIEW_ACCEPTED, (struct str){"", 0}, err);
}

bool review_rebase(
    struct review *review, size_t file, bool exists, struct str base, struct err *err)
{
    const struct review_file *f = review_file(review, file);
    if (f != NULL && f->base_exists == exists && str_equal(buf_str(&f->base->bytes), base)) {
        return true;
    }
    struct review_op op = {.verb = REVIEW_REBASE, .file = file, .exists = exists, .text = base};
    return review_do(review, &op, err);
}

struct review_counts review_count_all(const struct review *review)
{
    struct review_counts all = {0};
    VEC_FOREACH (struct review_file, file, &review->files) {
        struct review_counts counts = review_count(file, 0, file->items.len);
        all.accepted += counts.accepted;
        all.declined += counts.declined;
        all.open += counts.open;
        all.added += counts.added;
        all.removed += counts.removed;
    }
    return all;
}

static bool whole_taken(const struct review_file *file, bool also_first)
{
    return file->items.len > 0 && file->items.items[0].kind == REVIEW_WHOLE &&
           (file->items.items[0].decision == REVIEW_ACCEPTED || also_first);
}

static bool any_taken(const struct review_file *file, size_t also)
{
    return also < file->hunks.len || review_count(file, 0, file->items.len).accepted > 0;
}

static bool all_taken(const struct review_file *file, size_t also)
{
    size_t first = also < file->hunks.len ? file->hunks.items[also].first : 0;
    size_t end = also < file->hunks.len ? first + file->hunks.items[also].count : 0;
    for (size_t i = 0; i < file->items.len; i++) {
        if (file->items.items[i].decision != REVIEW_ACCEPTED && (i < first || i >= end)) {
            return false;
        }
    }
    return true;
}

static void select_file(const struct review_file *file, size_t also, struct changes *out)
{
    if (!any_taken(file, also)) {
        return;
    }
    const struct change *proposed = file->change;
    bool also_whole = also < file->hunks.len && file->hunks.items[also].first == 0;
    bool takes_whole = whole_taken(file, also_whole);
    bool moves = proposed->moved_from != NULL && takes_whole;
    bool changes_mode = change_has_mode(proposed) && takes_whole;
    bool deletes =
        proposed->kind == CHANGE_DELETE && file->proposed->bytes.len == 0 && all_taken(file, also);
    struct buf content = BUF_INIT;
    if (!deletes) {
        review_file_compose(file, also, &content);
    }
    bool same = file->base_exists && !deletes && !moves && !changes_mode &&
                str_equal(buf_str(&content), buf_str(&file->base->bytes));
    if (same) {
        buf_free(&content);
        return;
    }
    struct change change = {
        .kind = deletes             ? CHANGE_DELETE
                : file->base_exists ? CHANGE_UPDATE
                                    : CHANGE_ADD,
        .path = mem_strdup(
            proposed->moved_from != NULL && !moves ? proposed->moved_from : proposed->path),
        .moved_from = moves ? mem_strdup(proposed->moved_from) : NULL,
        .base_exists = file->base_exists,
        .content = content,
        .mode = proposed->mode,
        .git_from = proposed->git_from,
        .git_to = deletes                                   ? 0
                  : changes_mode || proposed->git_from == 0 ? proposed->git_to
                                                            : proposed->git_from,
    };
    buf_append_str(&change.base, buf_str(&file->base->bytes));
    VEC_PUSH(out, change);
}

void review_selected(
    const struct review *review, size_t try_file, size_t try_hunk, struct changes *out)
{
    for (size_t i = 0; i < review->files.len; i++) {
        select_file(&review->files.items[i], i == try_file ? try_hunk : SIZE_MAX, out);
    }
}

void review_kept(const struct review *review, struct changes *out)
{
    VEC_FOREACH (struct review_file, file, &review->files) {
        struct review_file copy = review_file_copy(file);
        VEC_FOREACH (struct review_item, item, &copy.items) {
            item->decision = item->decision == REVIEW_DECLINED ? REVIEW_DECLINED : REVIEW_ACCEPTED;
        }
        select_file(&copy, SIZE_MAX, out);
        review_file_free(&copy);
    }
}
