#include "engine/board_internal.h"

#include "base/vec.h"
#include "engine/opa_compare.h"

#include <stdlib.h>

struct board *board_new(void)
{
    struct board *board = MEM_NEW(struct board);
    board_tree_begin(&board->tree);
    return board;
}

static void free_rows(struct board_test *test)
{
    for (size_t i = 0; i < test->count; i++) {
        result_free(&test->rows[i]);
    }
    free(test->rows);
    test->rows = NULL;
    test->count = 0;
}

void board_forget_text(struct board_test *test)
{
    free(test->text);
    test->text = NULL;
    if (test->diff != NULL) {
        value_diff_free(test->diff);
        free(test->diff);
        test->diff = NULL;
    }
}

static void forget_explanation(struct board_test *test)
{
    free(test->message);
    free(test->detail);
    free(test->expected);
    free(test->got);
    test->message = test->detail = test->expected = test->got = NULL;
    test->explaining = false;
    board_forget_text(test);
}

static void test_free(struct board_test *test)
{
    free_rows(test);
    forget_explanation(test);
    free(test->suite);
    free(test->name);
    free(test->file);
    free(test->input);
}

static void tests_free(struct tests *tests)
{
    VEC_FOREACH (struct board_test, test, tests) {
        test_free(test);
    }
    VEC_FREE(tests);
}

static void forget_lookup(struct board *board)
{
    free(board->lookup.heads);
    free(board->lookup.next);
    board->lookup = (struct lookup){0};
}

void board_free(struct board *board)
{
    if (board == NULL) {
        return;
    }
    tests_free(&board->tests);
    forget_lookup(board);
    board_tree_free(&board->tree);
    VEC_FREE(&board->of_plan);
    VEC_FREE(&board->inputs);
    VEC_FREE(&board->programs);
    findings_free(&board->findings);
    coverage_free(&board->coverage);
    for (size_t i = 0; i < BOARD_LOG_MAX; i++) {
        free(board->log[i]);
    }
    free(board->trouble);
    free(board);
}

void board_on_change(struct board *board, void (*callback)(void *data), void *data)
{
    board->on_change = callback;
    board->data = data;
}

static void changed(struct board *board)
{
    board->version++;
    if (board->on_change != NULL) {
        board->on_change(board->data);
    }
}

uint64_t board_version(const struct board *board)
{
    return board->version;
}

size_t board_count(const struct board *board)
{
    return board->tests.len;
}

struct board_test *board_at(struct board *board, size_t index)
{
    return index < board->tests.len ? &board->tests.items[index] : NULL;
}

struct board_tree *board_tree(struct board *board)
{
    return &board->tree;
}

unsigned board_plans(const struct board *board)
{
    return board->plans;
}

void board_touch(struct board *board, size_t index)
{
    if (index < board->tests.len) {
        board_tree_touch(&board->tree, board->tests.items[index].group);
        board->version++;
    }
}

enum result_status board_status(const struct board_test *test)
{
    return test->count == 0 ? RESULT_NOT_EVALUATED : test->rows[0].status;
}

size_t board_of_plan(const struct board *board, size_t plan)
{
    return plan < board->of_plan.len ? board->of_plan.items[plan] : (size_t)-1;
}

void board_explaining(struct board *board, size_t index)
{
    if (index < board->tests.len) {
        board->tests.items[index].explaining = true;
        board_forget_text(&board->tests.items[index]);
        board_touch(board, index);
        changed(board);
    }
}

/* Tallies */

/* What an engineer should look at, also while it runs again. */
static bool wants_attention(const struct board_test *test)
{
    enum result_status status = board_status(test);
    return test->count > 0 && status != RESULT_PASS && status != RESULT_SKIPPED;
}

static struct board_sum sum_of(const struct board_test *test)
{
    struct board_sum sum = {.tests = 1,
        .pending = test->pending,
        .attention = wants_attention(test),
        .flaky = test->flaky,
        .duration_us = test->count == 0 ? 0 : test->rows[0].duration_us};
    if (!test->pending && test->count == 0) {
        sum.tally.count[RESULT_NOT_EVALUATED] = 1;
    } else if (!test->pending) {
        sum.tally = results_tally(&(struct results){.items = test->rows, .len = test->count});
    }
    return sum;
}

static void count_rows(struct board *board, const struct board_test *test, bool add)
{
    struct board_sum sum = sum_of(test);
    board_tree_count(&board->tree, test->group, &sum, add);
}

/* Most tests are in the group of the one before them. */
static size_t group_of(struct board *board, const struct board_test *test)
{
    const char *file = test->file == NULL ? "" : test->file;
    const struct board_test *before =
        board->tests.len == 0 ? NULL : &board->tests.items[board->tests.len - 1];
    bool same = before != NULL && before->engine == test->engine && before->file != NULL &&
                strcmp(before->suite, test->suite) == 0 && strcmp(before->file, file) == 0;
    return same ? before->group : board_tree_place(&board->tree, test->engine, file, test->suite);
}

/* A test at the end of the list, in its group. */
static void push_test(struct board *board, struct board_test test)
{
    test.group = group_of(board, &test);
    test.id = test.id == 0 ? ++board->last_id : test.id;
    board_tree_add(&board->tree, test.group, board->tests.len);
    VEC_PUSH(&board->tests, test);
    forget_lookup(board);
    count_rows(board, &test, true);
}

struct tally board_tally(const struct board *board)
{
    return board->tree.items[0].sum.tally;
}

enum result_status board_verdict(const struct board *board)
{
    if (board_error_count(board) > 0) {
        return RESULT_ERROR;
    }
    struct tally tally = board_tally(board);
    if (board->running || board->trouble != NULL) {
        tally.count[RESULT_NOT_EVALUATED]++;
    }
    return tally_verdict(&tally);
}

bool board_is_running(const struct board *board)
{
    return board->running;
}

bool board_is_busy(const struct board *board)
{
    return board->busy;
}

void board_progress(const struct board *board, size_t *done, size_t *total)
{
    *done = board->done;
    *total = board->total;
}

const char *board_trouble(const struct board *board)
{
    return board->trouble;
}

uint64_t board_wall_us(const struct board *board)
{
    return board->wall_us;
}

const struct findings *board_findings(const struct board *board)
{
    return &board->findings;
}

size_t board_error_count(const struct board *board)
{
    size_t errors = 0;
    VEC_FOREACH (struct finding, finding, &board->findings) {
        errors += finding->severity == SEVERITY_ERROR;
    }
    return errors;
}

const struct coverage *board_coverage(const struct board *board)
{
    bool counts = board->coverage.covered_rows + board->coverage.missed_rows > 0;
    return board->has_coverage && counts && board_count(board) > 0 ? &board->coverage : NULL;
}

bool board_coverage_is_empty(const struct board *board)
{
    return board->has_coverage && coverage_is_empty(&board->coverage);
}

bool board_coverage_is_old(const struct board *board)
{
    return board->coverage_old;
}

/* A new plan: the tests it knows, with what earlier runs said of them */

static uint64_t key_of(const char *file, const char *suite, const char *name)
{
    uint64_t hash = str_hash(str_of(file));
    hash = hash * 31 + str_hash(str_of(suite));
    return hash * 31 + str_hash(str_of(name));
}

static bool same_test(const struct board_test *test, const char *file, const struct plan_test *plan)
{
    return test->name != NULL && test->file != NULL && strcmp(test->name, plan->name) == 0 &&
           strcmp(test->suite, plan->suite) == 0 && strcmp(test->file, file) == 0;
}

static struct lookup lookup_make(const struct tests *tests)
{
    struct lookup lookup = {.mask = 15};
    while (lookup.mask < tests->len * 2) {
        lookup.mask = lookup.mask * 2 + 1;
    }
    lookup.heads = mem_alloc((lookup.mask + 1) * sizeof *lookup.heads);
    lookup.next = mem_alloc(tests->len * sizeof *lookup.next);
    for (size_t i = 0; i <= lookup.mask; i++) {
        lookup.heads[i] = (size_t)-1;
    }
    for (size_t i = tests->len; i > 0; i--) {
        const struct board_test *test = &tests->items[i - 1];
        if (test->name == NULL) {
            continue; /* handed over */
        }
        const char *file = test->file == NULL ? "" : test->file;
        size_t slot = key_of(file, test->suite, test->name) & lookup.mask;
        lookup.next[i - 1] = lookup.heads[slot];
        lookup.heads[slot] = i - 1;
    }
    return lookup;
}

/* The test that this one is, of those that no other of the plan is; SIZE_MAX: none. */
static size_t find_old(const struct tests *tests, const struct lookup *lookup, const char *file,
    const struct plan_test *plan)
{
    size_t at = lookup->heads[key_of(file, plan->suite, plan->name) & lookup->mask];
    while (at != (size_t)-1 &&
           (tests->items[at].plan != (size_t)-1 || !same_test(&tests->items[at], file, plan))) {
        at = lookup->next[at];
    }
    return at;
}

/* The tests before a plan, as they are handed over to it. */
struct old_tests {
    struct tests tests;
    size_t next;          /* where the next one stands if nothing changed */
    struct lookup lookup; /* made when something did */
};

/* Moves the old test that this one was over to it. */
static bool take_old(
    struct old_tests *old, const char *file, const struct plan_test *plan, struct board_test *out)
{
    struct tests *tests = &old->tests;
    size_t at = old->next; /* most plans are as the one before */
    if (at >= tests->len || !same_test(&tests->items[at], file, plan)) {
        if (old->lookup.heads == NULL) {
            old->lookup = lookup_make(tests);
        }
        at = old->lookup.heads[key_of(file, plan->suite, plan->name) & old->lookup.mask];
        while (at != (size_t)-1 && !same_test(&tests->items[at], file, plan)) {
            at = old->lookup.next[at];
        }
    }
    if (at == (size_t)-1) {
        return false;
    }
    *out = tests->items[at];
    tests->items[at] = (struct board_test){0}; /* no name: it is not found again */
    old->next = at + 1;
    return true;
}

/* True when every test that loads `file` runs again. */
static bool is_run_again(const struct run_plan *plan, const char *file)
{
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        bool loads = false;
        for (size_t i = 0; i < unit->files.len && !loads; i++) {
            loads = strcmp(plan->files.items[unit->files.items[i]].path, file) == 0;
        }
        bool all = unit->included && unit->tests.len > 0;
        for (size_t i = 0; i < unit->tests.len && all; i++) {
            all = plan->tests.items[unit->tests.items[i]].included;
        }
        if (loads && all) {
            return true;
        }
    }
    return false;
}

/* Tests the index does not foresee are told by whole runs only: between those they stay, or a red
 * one would be gone after a rerun of something else. */
static void keep_unforeseen(struct board *board, struct tests *old, const struct run_plan *plan)
{
    VEC_FOREACH (struct board_test, test, old) {
        if (test->name != NULL && !test->foreseen && test->file != NULL &&
            !is_run_again(plan, test->file)) {
            push_test(board, *test);
            *test = (struct board_test){0};
        }
    }
}

static void begin_run(struct board *board, const struct run_plan *plan)
{
    plan_drop_findings(plan, &board->findings);
    free(board->trouble);
    board->trouble = NULL;
    board->running = board->busy = true;
    board->coverage_old = true;
    board->done = 0;
    board->total = plan->included;
    changed(board);
}

static const char *engine_of(const struct run_plan *plan, const struct plan_test *test)
{
    const struct engine *engine = plan->units.items[test->unit].engine;
    return engine == NULL ? engine_opa.name : engine->name;
}

static struct board_test new_test(
    struct board *board, const struct run_plan *plan, const struct plan_test *known)
{
    struct board_test test = {.engine = engine_of(plan, known),
        .suite = mem_strdup(known->suite),
        .name = mem_strdup(known->name),
        .file = mem_strdup(plan->files.items[known->file].path)};
    board_history_look_up(board, &test);
    return test;
}

static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct board *board = data;
    struct old_tests old = {.tests = board->tests};
    forget_lookup(board);
    board->tests = (struct tests){0};
    board_tree_begin(&board->tree);
    board->plans++;
    board->of_plan.len = 0;
    board_history_plan(board, plan);
    VEC_RESERVE(&board->tests, plan->tests.len);
    for (size_t i = 0; i < plan->tests.len; i++) {
        const struct plan_test *known = &plan->tests.items[i];
        const char *file = plan->files.items[known->file].path;
        struct board_test test = {0};
        if (take_old(&old, file, known, &test)) {
            test.engine = engine_of(plan, known);
        } else {
            test = new_test(board, plan, known);
        }
        test.at = known->at;
        test.plan = i;
        test.foreseen = true;
        test.pending = known->included;
        if (test.pending) {
            forget_explanation(&test);
        }
        VEC_PUSH(&board->of_plan, board->tests.len);
        push_test(board, test);
    }
    keep_unforeseen(board, &old.tests, plan);
    tests_free(&old.tests);
    free(old.lookup.heads);
    free(old.lookup.next);
    begin_run(board, plan);
}

/* Kept from part to part: what comes after it was not in a plan. */
static const struct lookup *known_lookup(struct board *board)
{
    if (board->lookup.heads == NULL) {
        board->lookup = lookup_make(&board->tests);
    }
    return &board->lookup;
}

static bool is_gone(const struct run_plan *plan, const struct board_test *test)
{
    return test->plan == (size_t)-1 && test->file != NULL &&
           plan_words_have(&plan->replaced, test->file);
}

/* Tests that a part's files had and have no more. */
static void drop_gone(struct board *board, const struct run_plan *plan)
{
    bool any = false;
    VEC_FOREACH (const struct board_test, test, &board->tests) {
        any = any || is_gone(plan, test);
    }
    if (!any) {
        return;
    }
    struct tests old = board->tests;
    board->tests = (struct tests){0};
    board_tree_begin(&board->tree);
    board->plans++;
    VEC_FOREACH (struct board_test, test, &old) {
        if (is_gone(plan, test)) {
            test_free(test);
            continue;
        }
        if (test->plan != (size_t)-1) {
            board->of_plan.items[test->plan] = board->tests.len;
        }
        push_test(board, *test);
    }
    VEC_FREE(&old);
}

/* A part of the tests runs: those it names; nothing is said of the others, which stay where they
 * are. */
static void on_planned_part(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct board *board = data;
    board->of_plan.len = 0;
    board_history_plan(board, plan);
    VEC_FOREACH (struct board_test, test, &board->tests) {
        test->plan = (size_t)-1;
    }
    for (size_t i = 0; i < plan->tests.len; i++) {
        const struct plan_test *known = &plan->tests.items[i];
        const char *file = plan->files.items[known->file].path;
        size_t place = find_old(&board->tests, known_lookup(board), file, known);
        if (place == (size_t)-1) {
            place = board->tests.len;
            push_test(board, new_test(board, plan, known));
        }
        struct board_test *test = &board->tests.items[place];
        test->plan = i;
        test->foreseen = true;
        test->at = known->at;
        VEC_PUSH(&board->of_plan, place);
        if (known->included) {
            count_rows(board, test, false);
            test->pending = true;
            forget_explanation(test);
            count_rows(board, test, true);
        }
    }
    drop_gone(board, plan);
    begin_run(board, plan);
}

static void on_result(
    void *data, unsigned generation, size_t plan, const struct result *rows, size_t count)
{
    (void)generation;
    struct board *board = data;
    size_t place = board_of_plan(board, plan);
    if (place == (size_t)-1) {
        place = board->tests.len;
        push_test(board, (struct board_test){.engine = rows[0].engine,
                             .suite = mem_strdup(rows[0].suite),
                             .name = mem_strdup(rows[0].name),
                             .file = mem_strdup(rows[0].file),
                             .at = rows[0].at,
                             .plan = (size_t)-1});
    }
    count_rows(board, &board->tests.items[place], false);
    struct board_test *test = &board->tests.items[place];
    free_rows(test);
    forget_explanation(test);
    test->pending = false;
    test->rows = mem_zalloc(count * sizeof *test->rows);
    test->count = count;
    for (size_t i = 0; i < count; i++) {
        test->rows[i] = result_copy(&rows[i]);
    }
    board_history_record(board, test, plan);
    count_rows(board, test, true);
    changed(board);
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    (void)generation;
    struct board *board = data;
    if (!findings_add(&board->findings, finding)) {
        return;
    }
    changed(board);
}

static void on_progress(void *data, unsigned generation, size_t done, size_t total)
{
    (void)generation;
    struct board *board = data;
    board->done = done;
    board->total = total;
    changed(board);
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct board *board = data;
    /* A run that never came to a plan says nothing of any test, and the folder is not what it was.
     */
    bool nothing_ran = summary->trouble != NULL && !board->running;
    board->running = false;
    board->coverage_old = board->coverage_old || nothing_ran;
    board->wall_us = summary->wall_us;
    free(board->trouble);
    board->trouble = mem_strdup(summary->trouble);
    /* What was stopped has no result, whatever the run before said. */
    VEC_FOREACH (struct board_test, test, &board->tests) {
        if (test->pending || nothing_ran) {
            count_rows(board, test, false);
            free_rows(test);
            forget_explanation(test);
            test->pending = false;
            count_rows(board, test, true);
        }
    }
    changed(board);
}

static void on_explained(
    void *data, unsigned generation, size_t plan, const char *message, const char *detail)
{
    (void)generation;
    struct board *board = data;
    struct board_test *test = board_at(board, board_of_plan(board, plan));
    if (test == NULL) {
        return;
    }
    forget_explanation(test);
    test->message = mem_strdup(message);
    test->detail = mem_strdup(detail);
    if (opa_compare_read(str_of(detail), &test->expected, &test->got)) {
        board_forget_text(test);
    }
    board_tree_touch(&board->tree, test->group);
    changed(board);
}

static void on_coverage(void *data, unsigned generation, const struct coverage *coverage)
{
    (void)generation;
    struct board *board = data;
    coverage_free(&board->coverage);
    coverage_merge(&board->coverage, coverage);
    coverage_finish(&board->coverage);
    board->has_coverage = true;
    board->coverage_old = false;
    changed(board);
}

static void on_reached(void *data, unsigned generation)
{
    (void)generation;
    changed(data);
}

static void on_settled(void *data, unsigned generation)
{
    (void)generation;
    struct board *board = data;
    board->busy = false;
    board->plan = NULL;
    if (board->history != NULL) {
        history_store_save(board->history);
    }
    VEC_FOREACH (struct board_test, test, &board->tests) {
        if (test->explaining) {
            test->explaining = false;
            board_forget_text(test);
            board_tree_touch(&board->tree, test->group);
        }
    }
    changed(board);
}

static void on_log(void *data, const char *line)
{
    board_log(data, line);
}

struct runner_events board_events(struct board *board)
{
    return (struct runner_events){.data = board,
        .planned = on_planned,
        .planned_part = on_planned_part,
        .result = on_result,
        .finding = on_finding,
        .progress = on_progress,
        .done = on_done,
        .explained = on_explained,
        .coverage = on_coverage,
        .reached = on_reached,
        .settled = on_settled,
        .log = on_log};
}
