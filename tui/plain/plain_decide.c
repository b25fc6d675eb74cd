/* Decisions, edits and comments by typed numbers. */
#include "plain/plain_private.h"

#include "base/path.h"

#include <stdint.h>
#include <stdlib.h>

/* The hunk one is at; NULL with a sentence. */
static const struct review_hunk *hunk_of(
    struct plain *plain, const struct review_file **file, struct err *err)
{
    *file = plain_review_file(plain, err);
    if (*file == NULL) {
        return NULL;
    }
    if ((*file)->hunks.len == 0) {
        err_set(err, ERR_NOT_FOUND, "There is no hunk in this file.");
        return NULL;
    }
    return &(*file)->hunks.items[plain->hunk];
}

/* Takes "3" or "3-5" off the front: changes of the hunk; else all of it. */
static bool take_changes(struct str *args, const struct review_hunk *hunk, size_t *from, size_t *to,
    bool *all, struct err *err)
{
    struct str rest = *args;
    struct str word = plain_word(&rest);
    size_t dash = str_find_char(word, '-', 0);
    size_t first = plain_number(str_slice(word, 0, dash == SIZE_MAX ? word.len : dash));
    size_t last = dash == SIZE_MAX ? first : plain_number(str_from(word, dash + 1));
    *all = first == 0 || last == 0;
    *from = hunk->first;
    *to = hunk->first + hunk->count;
    if (*all) {
        return true;
    }
    *args = rest;
    if (first > last || last > hunk->count) {
        return err_set(err, ERR_INVALID, "This hunk has the changes 1 to %zu.", hunk->count);
    }
    *from = hunk->first + first - 1;
    *to = hunk->first + last;
    return true;
}

bool plain_find_open(struct plain *plain)
{
    struct review *review = plain_review_of(plain, NULL);
    size_t files = review == NULL ? 0 : review_file_count(review);
    for (size_t i = 0; files > 0 && i <= files; i++) {
        size_t at = (plain->file + i) % files;
        const struct review_file *file = review_file(review, at);
        for (size_t h = i == 0 ? plain->hunk : 0; h < file->hunks.len; h++) {
            const struct review_hunk *hunk = &file->hunks.items[h];
            if (review_count(file, hunk->first, hunk->first + hunk->count).open > 0) {
                plain->file = at;
                plain->hunk = h;
                return true;
            }
        }
    }
    return false;
}

static void go_on(struct plain *plain)
{
    if (plain_find_open(plain)) {
        plain_show_hunk(plain);
    } else {
        plain_say(plain, "All is decided; type finish to see what would be written.");
    }
}

static bool decide(
    struct plain *plain, struct str args, enum review_decision decision, struct err *err)
{
    const struct review_file *file;
    const struct review_hunk *hunk = hunk_of(plain, &file, err);
    size_t from;
    size_t to;
    bool all;
    if (hunk == NULL || !take_changes(&args, hunk, &from, &to, &all, err)) {
        return false;
    }
    if (args.len > 0 && decision != REVIEW_DECLINED) {
        return err_set(err, ERR_INVALID,
            "Nothing was done: a change is named by its number, as in accept 3-5.");
    }
    size_t first = from - hunk->first + 1;
    size_t last = to - hunk->first;
    if (!review_decide(plain_review_of(plain, err), plain->file, from, to, decision,
            str_make(args.ptr == NULL ? "" : args.ptr, args.len), err)) {
        return false;
    }
    char *what = all             ? mem_strdup("The hunk is")
                 : first == last ? mem_printf("Change %zu is", first)
                                 : mem_printf("Changes %zu to %zu are", first, last);
    plain_say(plain, "%s %s%s%.*s.", what, plain_decision(decision), args.len > 0 ? ": " : "",
        STR_FMT(args));
    free(what);
    plain_say_counts(plain);
    if (all && decision != REVIEW_OPEN) {
        go_on(plain);
    }
    return true;
}

bool plain_accept(struct plain *plain, struct str args, struct err *err)
{
    return decide(plain, args, REVIEW_ACCEPTED, err);
}

bool plain_decline(struct plain *plain, struct str args, struct err *err)
{
    return decide(plain, args, REVIEW_DECLINED, err);
}

bool plain_reopen(struct plain *plain, struct str args, struct err *err)
{
    return decide(plain, args, REVIEW_OPEN, err);
}

static bool decide_rest(
    struct plain *plain, struct str reason, enum review_decision decision, struct err *err)
{
    struct review *review = plain_review_of(plain, err);
    if (review == NULL || !review_decide_rest(review, plain->file, decision,
                              str_make(reason.ptr == NULL ? "" : reason.ptr, reason.len), err)) {
        return false;
    }
    plain_say(plain, "What was open in %s is %s.", review_file(review, plain->file)->change->path,
        plain_decision(decision));
    plain_say_counts(plain);
    go_on(plain);
    return true;
}

bool plain_accept_rest(struct plain *plain, struct str args, struct err *err)
{
    return decide_rest(plain, args, REVIEW_ACCEPTED, err);
}

bool plain_decline_rest(struct plain *plain, struct str args, struct err *err)
{
    return decide_rest(plain, args, REVIEW_DECLINED, err);
}

bool plain_hunk_edit(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    const struct review_file *file;
    if (hunk_of(plain, &file, err) == NULL) {
        return false;
    }
    struct review *review = plain_review_of(plain, err);
    unsigned generation = review_generation(review);
    struct review_endings endings;
    char *text = review_hunk_lines(file, plain->hunk, &endings);
    struct buf edited = BUF_INIT;
    struct buf bytes = BUF_INIT;
    bool ok = plain_edit_text(plain, path_base(file->change->path), str_of(text), 1, &edited, err);
    if (ok && str_equal_c(buf_str(&edited), text)) {
        ok = err_set(err, ERR_CANCELLED, "The hunk is unchanged.");
    }
    if (ok && generation != review_generation(plain_review_of(plain, err))) {
        ok = err_set(err, ERR_CONFLICT, "The proposal changed meanwhile; nothing was done.");
    }
    if (ok) {
        review_lines_text(buf_str(&edited), endings, &bytes);
        struct review_op op = {.verb = REVIEW_EDIT,
            .file = plain->file,
            .from = plain->hunk,
            .text = str_make(bytes.ptr == NULL ? "" : bytes.ptr, bytes.len)};
        ok = review_do(review, &op, err);
    }
    if (ok) {
        plain_say(plain, "The hunk is edited and accepted.");
        plain_say_counts(plain);
        go_on(plain);
    }
    buf_free(&edited);
    buf_free(&bytes);
    free(text);
    return ok;
}

static bool comment(struct plain *plain, struct str args, bool question, struct err *err)
{
    const struct review_file *file = plain_review_file(plain, err);
    if (file == NULL) {
        return false;
    }
    struct str rest = args;
    size_t number = plain_number(plain_word(&rest));
    struct review_op op = {.verb = REVIEW_COMMENT,
        .file = plain->file,
        .from = SIZE_MAX,
        .side = REVIEW_PROPOSED,
        .question = question || str_ends(args, "?"),
        .text = args};
    if (number > 0 && file->hunks.len > 0) {
        const struct review_hunk *hunk = &file->hunks.items[plain->hunk];
        if (number > hunk->count) {
            return err_set(err, ERR_INVALID, "This hunk has the changes 1 to %zu.", hunk->count);
        }
        const struct review_item *item = &file->items.items[hunk->first + number - 1];
        op.text = rest;
        op.side = item->kind == REVIEW_DEL ? REVIEW_BASE : REVIEW_PROPOSED;
        op.from = item->kind == REVIEW_WHOLE ? SIZE_MAX
                  : item->kind == REVIEW_DEL ? item->a
                                             : item->b;
    }
    bool on_file = op.from == SIZE_MAX;
    if (!review_do(plain_review_of(plain, err), &op, err)) {
        return false;
    }
    plain_say(plain, "The %s is noted on %s; the model gets it when the review is finished.",
        op.question ? "question" : "comment", on_file ? "the file" : "the line");
    return true;
}

bool plain_comment(struct plain *plain, struct str args, struct err *err)
{
    return comment(plain, args, false, err);
}

bool plain_question(struct plain *plain, struct str args, struct err *err)
{
    return comment(plain, args, true, err);
}

static bool do_and_say(
    struct plain *plain, const struct review_op *op, const char *what, struct err *err)
{
    struct review *review = plain_review_of(plain, err);
    if (review == NULL || !review_do(review, op, err)) {
        return false;
    }
    plain_say(plain, "%s", what);
    plain_say_counts(plain);
    return true;
}

bool plain_uncomment(struct plain *plain, struct str args, struct err *err)
{
    struct review_op op = {
        .verb = REVIEW_UNCOMMENT, .file = plain->file, .from = plain_number(args)};
    return do_and_say(plain, &op, "The comment is deleted.", err);
}

bool plain_split(struct plain *plain, struct str args, struct err *err)
{
    const struct review_file *file;
    const struct review_hunk *hunk = hunk_of(plain, &file, err);
    if (hunk == NULL) {
        return false;
    }
    size_t number = plain_number(args);
    size_t at = args.len == 0                         ? review_hunk_gap(file, plain->hunk)
                : number > 1 && number <= hunk->count ? hunk->first + number - 1
                                                      : SIZE_MAX;
    if (at == SIZE_MAX) {
        return args.len == 0 ? err_set(err, ERR_INVALID,
                                   "The hunk has no gap: type split and the number of the change "
                                   "that begins the second part.")
                             : err_set(err, ERR_INVALID,
                                   "It can be split before the changes 2 to %zu.", hunk->count);
    }
    struct review_op op = {.verb = REVIEW_SPLIT, .file = plain->file, .from = at};
    if (!do_and_say(plain, &op, "The hunk is split; this is its first part.", err)) {
        return false;
    }
    plain_show_hunk(plain);
    return true;
}

bool plain_try(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (plain_review_file(plain, err) == NULL) {
        return false;
    }
    plain->trying = true;
    plain->try_told = false;
    plain->doing = "the tests of the selection run";
    plain_say(plain, "The tests run on what is accepted so far and this hunk.");
    workbench_try(plain->wb, plain->file, plain->hunk);
    return true;
}

bool plain_undo(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct review_op op = {.verb = REVIEW_UNDO};
    return do_and_say(plain, &op, "Undone.", err);
}

bool plain_redo(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct review_op op = {.verb = REVIEW_REDO};
    return do_and_say(plain, &op, "Redone.", err);
}
