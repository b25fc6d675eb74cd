/* Test runs as lines: what fails in full and at once, what passes as a number. */
#include "plain/plain_private.h"

#include <stdlib.h>

enum { EXPLAIN_FIRST = 10, NAMED_MAX = 20 };

void plain_say_finding(struct plain *plain, size_t number, const struct finding *finding)
{
    struct buf line = BUF_INIT;
    if (number > 0) {
        buf_printf(&line, "problem %zu: ", number);
    }
    if (finding->file != NULL) {
        buf_printf(&line, "%s, ", finding->file);
    }
    if (finding->at.row > 0) {
        buf_printf(&line, "line %u, ", finding->at.row);
    }
    buf_printf(
        &line, "%s, %s: %s", severity_name(finding->severity), finding->rule, finding->message);
    if (finding->fix != NULL) {
        buf_printf(&line, "; to mend it: %s", finding->fix);
    }
    plain_line(plain, buf_str(&line));
    buf_free(&line);
}

/* ---- what the runner tells, on its way to the board ---- */

static bool is_red(enum result_status status)
{
    return status == RESULT_FAIL || status == RESULT_ERROR;
}

/* Anything but a pass and what was left out on purpose. */
static bool is_told(enum result_status status)
{
    return status != RESULT_PASS && status != RESULT_SKIPPED;
}

static void say_row(struct plain *plain, const struct result *row)
{
    plain_say(plain, "%s: %s.%s%s%s", result_status_name(row->status), row->suite, row->name,
        row->message == NULL ? "" : "; ", row->message == NULL ? "" : row->message);
    if (row->output != NULL) {
        plain_lines(plain, "printed: ", str_of(row->output));
    }
}

static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    struct plain *plain = data;
    plain->to_board.planned(plain->to_board.data, generation, plan);
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    struct plain *plain = data;
    plain->to_board.result(plain->to_board.data, generation, test, rows, count);
    for (size_t i = 0; plain->asked_run && i < count; i++) {
        if (plain->say_passes || is_told(rows[i].status)) {
            say_row(plain, &rows[i]);
        }
    }
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    struct plain *plain = data;
    plain->to_board.finding(plain->to_board.data, generation, finding);
    if (plain->asked_run) {
        plain_say_finding(plain, 0, finding);
    }
}

static void on_progress(void *data, unsigned generation, size_t done, size_t total)
{
    struct plain *plain = data;
    plain->to_board.progress(plain->to_board.data, generation, done, total);
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    struct plain *plain = data;
    plain->to_board.done(plain->to_board.data, generation, summary);
    struct tally tally = board_tally(plain->board);
    struct buf words = BUF_INIT;
    if (summary->trouble != NULL) {
        plain_say(plain, "The tests could not run: %s", summary->trouble);
        return;
    }
    tally_append(&tally, plain->asked_run, &words);
    char *text = plain->tested_proposal > 0
                     ? mem_printf("Tests of proposal %u: %s.", plain->tested_proposal, words.ptr)
                     : mem_printf("Tests of the workspace: %s.", words.ptr);
    /* A run that nobody asked for is told when it comes to something else than the last. */
    if (plain->asked_run || plain->told == NULL || strcmp(plain->told, text) != 0) {
        plain_say(plain, "%s", text);
        free(plain->told);
        plain->told = text;
    } else {
        free(text);
    }
    buf_free(&words);
}

static void say_explanation(struct plain *plain, struct board_test *test)
{
    plain_say(plain, "Why %s.%s did not pass:", test->suite, test->name);
    if (test->message != NULL) {
        plain_lines(plain, "", str_of(test->message));
    }
    plain_say_diff(plain, test);
    plain_lines(plain, "", str_of(test->detail == NULL ? "" : test->detail));
}

static void on_explained(
    void *data, unsigned generation, size_t test, const char *message, const char *detail)
{
    struct plain *plain = data;
    plain->to_board.explained(plain->to_board.data, generation, test, message, detail);
    size_t index = board_of_plan(plain->board, test);
    if (index == (size_t)-1 || (!plain->asked_run && plain->explaining != index)) {
        return;
    }
    say_explanation(plain, board_at(plain->board, index));
    if (plain->explaining == index) {
        plain->explaining = (size_t)-1;
        plain->doing = NULL;
    }
}

static void on_coverage(void *data, unsigned generation, const struct coverage *coverage)
{
    struct plain *plain = data;
    plain->to_board.coverage(plain->to_board.data, generation, coverage);
}

static void tell_problems(struct plain *plain)
{
    problems_set(plain->problems, "tests", NULL, 0, board_findings(plain->board));
}

static void on_settled(void *data, unsigned generation)
{
    struct plain *plain = data;
    plain->to_board.settled(plain->to_board.data, generation);
    const struct coverage *coverage = board_coverage(plain->board);
    if (plain->asked_run && coverage != NULL) {
        char *percent = coverage_show(coverage_percent(coverage));
        plain_say(plain, "Coverage is %s percent%s.", percent,
            coverage->incomplete ? ", not of all files" : "");
        free(percent);
    }
    if (plain->asked_run) {
        plain->asked_run = false;
        plain->doing = NULL;
    }
    tell_problems(plain);
}

static void on_log(void *data, const char *line)
{
    struct plain *plain = data;
    plain->to_board.log(plain->to_board.data, line);
}

/* ---- life ---- */

static void history_ready(void *data)
{
    board_history_ready(((struct plain *)data)->board);
}

void plain_tests_make(struct plain *plain)
{
    plain->board = board_new();
    plain->to_board = board_events(plain->board);
    struct runner_events events = {.data = plain,
        .planned = on_planned,
        .result = on_result,
        .finding = on_finding,
        .progress = on_progress,
        .done = on_done,
        .explained = on_explained,
        .coverage = on_coverage,
        .settled = on_settled,
        .log = on_log};
    plain->runner = runner_new(plain->loop, &engine_opa, &events);
    plain->explaining = (size_t)-1;
    if (plain->history == NULL) {
        plain->history = history_store_new(plain->loop,
            workspace_root(workbench_workspace(plain->wb)), history_ready, NULL, plain);
    }
    board_keep_history(plain->board, plain->tested_proposal == 0 ? plain->history : NULL);
}

void plain_tests_free(struct plain *plain)
{
    runner_free(plain->runner);
    board_free(plain->board);
    plain->runner = NULL;
    plain->board = NULL;
}

/* Where the tests run now; another folder begins another board. */
bool plain_tests_choose_root(struct plain *plain, struct err *err)
{
    unsigned proposal;
    const char *root = workbench_checked_root(plain->wb, &proposal);
    if (root == NULL) {
        return err_set(err, ERR_INVALID, "The proposal is being laid out: try again in a moment.");
    }
    if (plain->tested_root == NULL || plain->tested_proposal != proposal ||
        strcmp(plain->tested_root, root) != 0) {
        free(plain->tested_root);
        plain->tested_root = mem_strdup(root);
        plain->tested_proposal = proposal;
        plain_tests_free(plain);
        plain_tests_make(plain);
    }
    return true;
}

void plain_tests_start(
    struct plain *plain, enum run_scope scope, const char *const *wanted, size_t count, bool asked)
{
    struct run_options options = {.root = plain->tested_root,
        .offline = plain->tested_proposal != 0, /* nobody has read it yet */
        .scope = scope,
        .wanted = wanted,
        .wanted_count = count,
        .coverage = true,
        .explain_max = EXPLAIN_FIRST};
    plain->asked_run = asked;
    plain->say_passes = false;
    runner_start(plain->runner, &options);
}

void plain_tests_run_all(struct plain *plain, bool asked)
{
    struct err err;
    plain->run_later = !asked && plain->asked_run && runner_is_running(plain->runner);
    if (plain->run_later) {
        return;
    }
    if (plain_tests_choose_root(plain, &err)) { /* else it is told again when it is there */
        plain_tests_start(plain, RUN_ALL, NULL, 0, asked);
    }
}

void plain_tests_run_later(struct plain *plain)
{
    if (plain->run_later) {
        plain_tests_run_all(plain, false);
    }
}

/* ---- commands ---- */

bool plain_tests(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (!plain_tests_choose_root(plain, err)) {
        return false;
    }
    plain_say(plain, "The tests run; type stop to stop them.");
    plain->doing = "the tests run";
    plain_tests_start(plain, RUN_ALL, NULL, 0, true);
    return true;
}

/* By its whole name or a part that only one has. */
struct board_test *plain_test_named(struct plain *plain, struct str name, struct err *err)
{
    struct board_test *part = NULL;
    size_t count = 0;
    for (size_t i = 0; i < board_count(plain->board); i++) {
        struct board_test *test = board_at(plain->board, i);
        char *full = mem_printf("%s.%s", test->suite, test->name);
        bool same = str_equal_c(name, full) || str_equal_c(name, test->name);
        bool inside = str_find(str_of(full), name, 0) != SIZE_MAX;
        if (inside && !same && count++ < NAMED_MAX) {
            plain_say(plain, "test %s", full);
        }
        free(full);
        if (same) {
            return test;
        }
        part = inside ? test : part;
    }
    if (count != 1) {
        err_set(err, ERR_NOT_FOUND,
            count == 0 ? "No test is named %.*s; type tests to run all."
                       : "More than one test has %.*s in its name: type all of one.",
            STR_FMT(name));
        return NULL;
    }
    return part;
}

bool plain_test(struct plain *plain, struct str args, struct err *err)
{
    if (!plain_tests_choose_root(plain, err)) {
        return false;
    }
    const struct board_test *test = plain_test_named(plain, args, err);
    if (test == NULL) {
        return false;
    }
    char *place = test->file == NULL || test->at.row == 0
                      ? mem_printf("%s.%s", test->suite, test->name)
                      : mem_printf("%s:%u", test->file, test->at.row);
    plain_say(plain, "The test %s.%s runs.", test->suite, test->name);
    plain->doing = "the test runs";
    const char *wanted = place;
    plain_tests_start(plain, RUN_TESTS, &wanted, 1, true);
    plain->say_passes = true;
    free(place);
    return true;
}

/* The n-th (from 1) that is red, or how many there are. */
static size_t red_test(const struct plain *plain, size_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < board_count(plain->board); i++) {
        const struct board_test *test = board_at(plain->board, i);
        count += !test->pending && is_red(board_status(test));
        if (number > 0 && count == number) {
            return i;
        }
    }
    return number > 0 ? (size_t)-1 : count;
}

bool plain_failures(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    size_t count = red_test(plain, 0);
    for (size_t i = 1; i <= count; i++) {
        const struct board_test *test = board_at(plain->board, red_test(plain, i));
        plain_say(plain, "failure %zu, %s: %s.%s, %s, line %u%s%s", i,
            result_status_name(board_status(test)), test->suite, test->name,
            test->file == NULL ? "no file" : test->file, test->at.row,
            test->message == NULL ? "" : "; ", test->message == NULL ? "" : test->message);
    }
    if (board_is_running(plain->board)) {
        plain_say(plain, "Tests still run.");
    } else if (board_count(plain->board) == 0) {
        plain_say(plain, "No test has run yet; type tests.");
    } else if (count == 0) {
        plain_say(plain, "No test failed.");
    }
    return true;
}

bool plain_explain(struct plain *plain, struct str args, struct err *err)
{
    size_t number = plain_number(args);
    size_t index = number == 0 ? (size_t)-1 : red_test(plain, number);
    if (index == (size_t)-1) {
        return err_set(err, ERR_NOT_FOUND,
            "There is no failure %.*s; type failures for their numbers.", STR_FMT(args));
    }
    struct board_test *test = board_at(plain->board, index);
    if (test->detail == NULL && board_status(test) == RESULT_FAIL &&
        runner_explain(plain->runner, test->plan)) {
        board_explaining(plain->board, index);
        plain->explaining = index;
        plain->doing = "opa is asked why";
        return true;
    }
    say_explanation(plain, test);
    return true;
}

bool plain_problems(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    const struct findings *all = problems_all(plain->problems);
    for (size_t i = 0; i < all->len && i < PLAIN_LIST_MAX; i++) {
        plain_say_finding(plain, i + 1, &all->items[i]);
    }
    const char *trouble = board_trouble(plain->board);
    bool running = board_is_running(plain->board);
    if (all->len == 0 && !running && (trouble != NULL || board_wall_us(plain->board) == 0)) {
        plain_say(plain, "Nothing was checked%s%s.", trouble == NULL ? " yet" : ": ",
            trouble == NULL ? "" : trouble);
        return true;
    }
    char *count = plain_count(all->len, "problem");
    plain_say(plain, "%s%s.%s", count, running ? "; tests still run" : "",
        all->len > 0 ? ""
                     : " opa check and the guards look at each file that is edited here, bylaw "
                       "check at all files.");
    free(count);
    return true;
}

static void say_file_coverage(struct plain *plain, const struct coverage_file *file)
{
    unsigned last = 0;
    struct buf rows = BUF_INIT;
    VEC_FOREACH (const struct coverage_range, range, &file->missed) {
        last = range->end_row > last ? range->end_row : last;
    }
    bool any = coverage_append_rows(&rows, file, 0, last, false);
    plain_say(plain,
        any ? "Lines that no test reaches in full: %s of %s." : "%s%s is covered whole.",
        any ? rows.ptr : "", file->path);
    buf_free(&rows);
}

bool plain_coverage(struct plain *plain, struct str args, struct err *err)
{
    const struct coverage *coverage = board_coverage(plain->board);
    if (coverage == NULL) {
        return err_set(err, ERR_NOT_FOUND, "Coverage is not evaluated: %s",
            board_coverage_is_empty(plain->board)
                ? "no rule of Rego could be covered; the threshold is not applied."
                : "no test of Rego has run; type tests.");
    }
    bool any = false;
    VEC_FOREACH (const struct coverage_file, file, coverage) {
        if (args.len > 0 && str_find(str_of(file->path), args, 0) != SIZE_MAX) {
            say_file_coverage(plain, file);
            any = true;
        } else if (args.len == 0) {
            char *percent = coverage_show(coverage_file_percent(file));
            plain_say(plain, "%s: %s percent", file->path, percent);
            free(percent);
            any = true;
        }
    }
    if (!any && args.len > 0) {
        return err_set(err, ERR_NOT_FOUND, "No coverage is known of %.*s.", STR_FMT(args));
    }
    char *percent = coverage_show(coverage_percent(coverage));
    plain_say(plain, "Coverage is %s percent in all%s%s.", percent,
        coverage->incomplete ? ", not of all files" : "",
        board_coverage_is_old(plain->board) ? ", of an older run" : "");
    free(percent);
    return true;
}
