/* Closed folds against a model that keeps, for each line, who it is. */
#include "test.h"

#include "text/foldset.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX  400
#define FOLDS_MAX 64

struct model {
    int lines[ROWS_MAX]; /* who stands in each row */
    size_t rows;
    int next;
    struct {
        int first, last; /* who; last < 0: the fold is gone */
    } folds[FOLDS_MAX];
    size_t fold_count;
};

static size_t row_of(const struct model *model, int who)
{
    for (size_t i = 0; i < model->rows; i++) {
        if (model->lines[i] == who) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool hides(const struct model *model, size_t fold, size_t row)
{
    return row > row_of(model, model->folds[fold].first) &&
           row <= row_of(model, model->folds[fold].last);
}

static void forget(struct model *model, size_t fold)
{
    model->folds[fold] = model->folds[--model->fold_count];
}

static void compare(const struct model *model, const struct foldset *set)
{
    size_t hidden = 0, head = 0;
    for (size_t row = 0; row < model->rows; row++) {
        bool is_hidden = false, closed = false;
        for (size_t i = 0; i < model->fold_count; i++) {
            is_hidden |= hides(model, i, row);
            closed |= row_of(model, model->folds[i].first) == row;
        }
        head = is_hidden ? head : row;
        assert_int_equal(foldset_is_hidden(set, row), is_hidden);
        assert_int_equal(foldset_is_closed(set, row), closed);
        assert_int_equal(foldset_head(set, row), head);
        assert_int_equal(foldset_hidden_before(set, row), hidden);
        if (!is_hidden) {
            assert_int_equal(foldset_row_at(set, row - hidden), row);
        }
        hidden += is_hidden;
        if (row + 1 == model->rows) {
            assert_int_equal(foldset_hidden_below(set, head), row - head);
        }
    }
    assert_int_equal(foldset_is_empty(set), model->fold_count == 0);
}

static void close_fold(struct model *model, struct foldset *set)
{
    size_t first = (size_t)rand() % (model->rows - 1);
    size_t most = model->rows - 1 - first;
    size_t last = first + 1 + (size_t)rand() % (most < 40 ? most : 40);
    for (size_t i = 0; i < model->fold_count; i++) {
        if (model->folds[i].first == model->lines[first]) {
            model->folds[i].last = model->lines[last];
            foldset_close(set, first, last);
            return;
        }
    }
    if (model->fold_count < FOLDS_MAX) {
        model->folds[model->fold_count].first = model->lines[first];
        model->folds[model->fold_count++].last = model->lines[last];
        foldset_close(set, first, last);
    }
}

static void open_fold(struct model *model, struct foldset *set)
{
    size_t row = (size_t)rand() % model->rows;
    if (rand() % 2 == 0) {
        bool any = false;
        for (size_t i = 0; i < model->fold_count; i++) {
            if (model->folds[i].first == model->lines[row]) {
                any = true;
                forget(model, i--);
            }
        }
        assert_int_equal(foldset_open(set, row), any);
        return;
    }
    bool hidden = false;
    for (size_t i = 0; i < model->fold_count; i++) {
        if (hides(model, i, row)) {
            hidden = true;
            forget(model, i--);
        }
    }
    assert_int_equal(foldset_reveal(set, row), hidden);
}

static void insert_lines(struct model *model, struct foldset *set)
{
    size_t at = (size_t)rand() % (model->rows + 1), count = 1 + (size_t)rand() % 5;
    if (model->rows + count > ROWS_MAX) {
        return;
    }
    memmove(
        model->lines + at + count, model->lines + at, (model->rows - at) * sizeof *model->lines);
    for (size_t i = 0; i < count; i++) {
        model->lines[at + i] = model->next++;
    }
    model->rows += count;
    struct text_change change = {
        .start_point = {at, 0}, .old_end_point = {at, 0}, .new_end_point = {at + count, 0}};
    foldset_changed(set, &change);
}

static void delete_lines(struct model *model, struct foldset *set)
{
    size_t at = (size_t)rand() % model->rows, count = 1 + (size_t)rand() % 8;
    if (model->rows - at <= count || model->rows < 20) {
        return;
    }
    /* A fold whose head goes opens; one whose end goes ends at the line before the cut. */
    for (size_t i = 0; i < model->fold_count; i++) {
        size_t first = row_of(model, model->folds[i].first);
        size_t last = row_of(model, model->folds[i].last);
        bool head_goes = first >= at && first < at + count;
        if (last >= at && last < at + count && !head_goes) {
            last = at - 1;
            model->folds[i].last = model->lines[last];
        }
        if (head_goes || last <= first) {
            forget(model, i--);
        }
    }
    memmove(model->lines + at, model->lines + at + count,
        (model->rows - at - count) * sizeof *model->lines);
    model->rows -= count;
    struct text_change change = {
        .start_point = {at, 0}, .old_end_point = {at + count, 0}, .new_end_point = {at, 0}};
    foldset_changed(set, &change);
}

static void test_random(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 20; round++) {
        struct model model = {.rows = 30 + (size_t)(rand() % 100)};
        struct foldset *set = foldset_new();
        for (size_t i = 0; i < model.rows; i++) {
            model.lines[i] = model.next++;
        }
        for (int i = 0; i < 150; i++) {
            switch (rand() % 6) {
            case 0:
            case 1:
                close_fold(&model, set);
                break;
            case 2:
                open_fold(&model, set);
                break;
            case 3:
                insert_lines(&model, set);
                break;
            case 4:
                delete_lines(&model, set);
                break;
            default: {
                struct foldset *copy = foldset_copy(set);
                foldset_free(set);
                set = copy;
            }
            }
            compare(&model, set);
        }
        foldset_open_all(set);
        model.fold_count = 0;
        compare(&model, set);
        foldset_free(set);
    }
}

/* Edits inside of lines. */
static void test_edits_in_lines(void **state)
{
    (void)state;
    struct foldset *set = foldset_new();
    foldset_close(set, 4, 8);
    /* In the head line without a new line: stays. */
    struct text_change change = {
        .start_point = {4, 2}, .old_end_point = {4, 2}, .new_end_point = {4, 9}};
    foldset_changed(set, &change);
    assert_int_equal(foldset_hidden_below(set, 4), 4);
    /* A line after its last: stays as it is. */
    change = (struct text_change){
        .start_point = {8, 5}, .old_end_point = {8, 5}, .new_end_point = {9, 0}};
    foldset_changed(set, &change);
    assert_int_equal(foldset_hidden_below(set, 4), 4);
    /* A line within: grows. */
    change = (struct text_change){
        .start_point = {6, 1}, .old_end_point = {6, 1}, .new_end_point = {7, 0}};
    foldset_changed(set, &change);
    assert_int_equal(foldset_hidden_below(set, 4), 5);
    /* The line before and the head become one: the fold goes with them. */
    change = (struct text_change){
        .start_point = {3, 7}, .old_end_point = {4, 0}, .new_end_point = {3, 7}};
    foldset_changed(set, &change);
    assert_int_equal(foldset_hidden_below(set, 3), 5);
    /* The head line is broken in two: opens. */
    change = (struct text_change){
        .start_point = {3, 7}, .old_end_point = {3, 7}, .new_end_point = {4, 0}};
    foldset_changed(set, &change);
    assert_true(foldset_is_empty(set));
    /* No range, no fold. */
    foldset_close(set, 3, 3);
    assert_true(foldset_is_empty(set));
    foldset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_edits_in_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
