/* The tests by group, filtered, as lines; their last runs, how each is run by hand, and parts of
 * them run again. */
#include "plain/plain_private.h"

#include "engine/board_view.h"
#include "engine/reproduce.h"

#include <stdlib.h>

static void append_tally(struct buf *out, const struct board_sum *sum)
{
    static const enum result_status told[] = {RESULT_PASS, RESULT_FAIL, RESULT_ERROR,
        RESULT_WARNING, RESULT_SKIPPED, RESULT_NOT_EVALUATED};
    const char *between = "";
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        if (sum->tally.count[told[i]] > 0) {
            buf_printf(
                out, "%s%zu %s", between, sum->tally.count[told[i]], result_status_name(told[i]));
            between = ", ";
        }
    }
    if (sum->pending > 0) {
        buf_printf(out, "%s%zu running", between, sum->pending);
        between = ", ";
    }
    if (sum->flaky > 0) {
        buf_printf(out, "%s%zu flaky", between, sum->flaky);
    }
}

static void say_group(struct plain *plain, size_t group)
{
    const struct board_sum *sum = &board_tree(plain->board)->items[group].sum;
    const char *labels[3];
    size_t count = board_view_labels(plain->board, group, labels);
    struct buf line = BUF_INIT;
    buf_append_c(&line, "group");
    for (size_t i = 0; i < count; i++) {
        buf_printf(&line, " %s", labels[i]);
    }
    buf_append_c(&line, ": ");
    append_tally(&line, sum);
    buf_printf(&line, "; %.1f ms", (double)sum->duration_us / 1000);
    plain_line(plain, buf_str(&line));
    buf_free(&line);
}

static void say_test(struct plain *plain, const struct board_test *test)
{
    const char *message = test->message != NULL ? test->message
                          : test->count > 0     ? test->rows[0].message
                                                : NULL;
    plain_say(plain, "%s: %s.%s%s%s%s",
        test->pending ? "running" : result_status_name(board_status(test)), test->suite, test->name,
        test->flaky ? ", flaky" : "", message == NULL ? "" : "; ", message == NULL ? "" : message);
}

/* Without words the groups only. */
static void say_rows(struct plain *plain, struct board_view *view)
{
    size_t said = 0;
    for (size_t i = 0; i < board_view_count(view) && said < PLAIN_LIST_MAX; i++) {
        struct board_row row = board_view_row(view, plain->board, i);
        if (row.kind == BOARD_ROW_GROUP) {
            say_group(plain, row.group);
            said++;
        } else if (row.kind == BOARD_ROW_TEST && board_view_is_filtered(view)) {
            say_test(plain, board_at(plain->board, row.test));
            said++;
        }
    }
    if (said == PLAIN_LIST_MAX) {
        plain_say(plain, "And more: give groups more words.");
    }
}

bool plain_groups(struct plain *plain, struct str args, struct err *err)
{
    if (board_count(plain->board) == 0) {
        return err_set(err, ERR_NOT_FOUND, "No test has run yet; type tests.");
    }
    struct board_view view = {0};
    board_view_set_filter(&view, args);
    for (size_t i = 1; i < board_tree(plain->board)->len; i++) {
        board_tree(plain->board)->items[i].open = 1;
    }
    board_view_refresh(&view, plain->board);
    say_rows(plain, &view);
    char *count = plain_count(view.matched, "test");
    plain_say(
        plain, "%s%s.", count, board_view_is_filtered(&view) ? " with these words" : " in all");
    free(count);
    board_view_free(&view);
    return true;
}

bool plain_history(struct plain *plain, struct str args, struct err *err)
{
    const struct board_test *test = plain_test_named(plain, args, err);
    if (test == NULL) {
        return false;
    }
    const struct test_past *past = board_past(plain->board, test);
    if (past == NULL || past->count == 0) {
        plain_say(plain, "No run of %s.%s is known%s.", test->suite, test->name,
            plain->tested_proposal > 0 ? ": those of a proposal are not kept" : "");
        return true;
    }
    struct buf runs = BUF_INIT;
    test_past_say(past, &runs);
    plain_say(plain, "Last runs of %s.%s, the newest last: %s.", test->suite, test->name, runs.ptr);
    double trend = test_past_trend(past);
    if (trend > 0) {
        plain_say(plain, "The last took %.1f ms, %.1f times as long as before.",
            (double)past->runs[past->count - 1].duration_us / 1000, trend);
    }
    plain_say(plain, "%s",
        test->flaky ? "It is flaky: its result changed and none of its inputs did."
                    : "It is not flaky, as far as these runs tell.");
    buf_free(&runs);
    return true;
}

bool plain_reproduce(struct plain *plain, struct str args, struct err *err)
{
    const struct board_test *test = plain_test_named(plain, args, err);
    struct buf line = BUF_INIT;
    bool ok = test != NULL && reproduce_row(plain->runner, test, &line, err);
    if (ok) {
        plain_line(plain, buf_str(&line));
    }
    buf_free(&line);
    return ok;
}

static bool is_wanted(const struct board_test *test, bool failed)
{
    enum result_status status = board_status(test);
    return !failed || status == RESULT_FAIL || status == RESULT_ERROR;
}

struct places {
    char **items;
    size_t len, cap;
};

static void add_place(struct places *places, const struct board_test *test)
{
    VEC_PUSH(places, test->file == NULL ? mem_printf("%s.%s", test->suite, test->name)
                                        : mem_printf("%s:%u", test->file, test->at.row));
}

/* Those that match the words, or that failed. */
static void find_places(struct plain *plain, struct str words, struct places *places)
{
    bool failed = str_equal_c(words, "failed");
    struct board_view view = {.flat = true};
    board_view_set_filter(&view, failed ? STR_LIT("") : words);
    board_view_refresh(&view, plain->board);
    for (size_t i = 0; i < board_view_count(&view); i++) {
        struct board_row row = board_view_row(&view, plain->board, i);
        const struct board_test *test = board_at(plain->board, row.test);
        if (row.kind == BOARD_ROW_TEST && is_wanted(test, failed)) {
            add_place(places, test);
        }
    }
    board_view_free(&view);
}

static bool rerun_places(
    struct plain *plain, enum run_scope scope, const struct places *places, struct err *err)
{
    if (places->len == 0) {
        return err_set(err, ERR_NOT_FOUND, "No test is to run again.");
    }
    char *count = plain_count(places->len, scope == RUN_AFFECTED ? "file" : "test");
    plain_say(
        plain, scope == RUN_AFFECTED ? "What %s can reach runs." : "Running %s again.", count);
    free(count);
    plain->doing = "the tests run";
    plain_tests_start(plain, scope, (const char *const *)places->items, places->len, true);
    return true;
}

bool plain_rerun(struct plain *plain, struct str args, struct err *err)
{
    struct places places = {0};
    bool ok = plain_tests_choose_root(plain, err);
    if (ok && str_equal_c(args, "affected")) {
        if (plain->path != NULL) {
            VEC_PUSH(&places, mem_strdup(plain->path));
        }
        ok = plain->path != NULL
                 ? rerun_places(plain, RUN_AFFECTED, &places, err)
                 : err_set(err, ERR_NOT_FOUND, "No file is open whose tests could run.");
    } else if (ok) {
        find_places(plain, args, &places);
        ok = rerun_places(plain, RUN_TESTS, &places, err);
    }
    VEC_FOREACH (char *, place, &places) {
        free(*place);
    }
    VEC_FREE(&places);
    return ok;
}

void plain_say_diff(struct plain *plain, struct board_test *test)
{
    const struct value_diff *diff = board_diff(test);
    for (size_t i = 0; diff != NULL && i < diff->len; i++) {
        const struct value_diff_row *row = &diff->items[i];
        if (row->kind == VALUE_SAME) {
            plain_say(plain, "the same: %s", row->left);
        } else {
            plain_say(plain, "%s%s%s%s%s",
                row->left == NULL ? "" : "expected: ", row->left == NULL ? "" : row->left,
                row->left != NULL && row->right != NULL ? "; " : "",
                row->right == NULL ? "" : "got: ", row->right == NULL ? "" : row->right);
        }
    }
}
