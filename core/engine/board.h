/* What is known of a folder's tests now: the results of the last runs together, findings, coverage,
 * log. A run of a part replaces only that part. The status pane, the header and the agent's
 * feedback read it; a runner's events feed it.
 *
 * Never greener than earned: a test that runs again counts as running, one that has not run, or
 * whose run was stopped, as not evaluated. Loop thread only. */
#ifndef BYLAW_ENGINE_BOARD_H
#define BYLAW_ENGINE_BOARD_H

#include "engine/board_tree.h"
#include "engine/history_store.h"
#include "engine/runner.h"
#include "engine/value_diff.h"

struct board_test {
    uint64_t id;        /* the same as long as the test is known, whatever place it has */
    const char *engine; /* static */
    size_t group;       /* in the tree */
    char *suite, *name, *file;
    struct position at;
    size_t plan;          /* place in the last plan, SIZE_MAX: it is not in it */
    bool foreseen;        /* a plan named it: it can be asked for alone */
    bool pending;         /* runs now; rows are of the run before */
    struct result *rows;  /* the test and its sub-tests */
    size_t count;         /* 0: it never ran */
    char *message;        /* why it failed, one line; or NULL */
    char *detail;         /* the explanation; or NULL */
    char *expected, *got; /* taken from it, or NULL */
    char *input;          /* that it is evaluated with, as the test writes it; or NULL */
    bool explaining;
    bool flaky; /* see test_history.h */
    /* For views. */
    bool expanded;
    char *text;              /* what an expanded test shows; made by board_text */
    struct value_diff *diff; /* made by board_diff */
};

struct board;

struct board *board_new(void) MUST_USE;
void board_free(struct board *board);
/* To be handed to runner_new; the board must outlive the runner. */
struct runner_events board_events(struct board *board);
/* Results are recorded from now on, and told from what was recorded before. Borrowed; NULL: what
 * runs is not the workspace's own. */
void board_keep_history(struct board *board, struct history_store *history);
/* What was kept has come. */
void board_history_ready(struct board *board);
/* The last runs of a test, or NULL; borrowed until the next event. */
const struct test_past *board_past(const struct board *board, const struct board_test *test);
/* After any change; once for each event. */
void board_on_change(struct board *board, void (*callback)(void *data), void *data);
/* Grows with every change of tests (not of the log). */
uint64_t board_version(const struct board *board);

size_t board_count(const struct board *board);
struct board_test *board_at(struct board *board, size_t index); /* SIZE_MAX-safe: NULL */
/* RESULT_NOT_EVALUATED for one that never ran; look at `pending` first. */
enum result_status board_status(const struct board_test *test);
/* Lines for an expanded test: sub-tests are rows of their own and not in it. Borrowed; "" for
 * nothing to say. */
const char *board_text(const struct board *board, struct board_test *test);
/* What was expected and what came, compared; NULL: it does not tell both, or they are equal.
 * Borrowed until the next event. */
const struct value_diff *board_diff(struct board_test *test);
/* The input that the test writes itself, found by somebody who reads files. No-op for a test that
 * is gone. */
void board_set_input(struct board *board, uint64_t id, const char *input);
/* A place in a line of an explanation; the path is the caller's. False: none (free the path all the
 * same). */
bool board_place_in(struct str line, char **path, struct position *at) MUST_USE;
/* Where a failed test went wrong, as its explanation says; as above. */
bool board_culprit(const struct board_test *test, char **path, struct position *at) MUST_USE;
/* For who changes `expanded` or what its text is made of. */
void board_touch(struct board *board, size_t index);
/* The groups the tests are in; counts are kept as results come. */
struct board_tree *board_tree(struct board *board);
/* Grows with every plan: places of tests are new then. */
unsigned board_plans(const struct board *board);
/* Marks it as being explained (runner_explain was called). */
void board_explaining(struct board *board, size_t index);
/* The test at a place in the last plan, or SIZE_MAX. */
size_t board_of_plan(const struct board *board, size_t plan);

/* All tests that do not run now. */
struct tally board_tally(const struct board *board);
/* Of the whole board: findings count as errors; running is not evaluated. */
enum result_status board_verdict(const struct board *board);
bool board_is_running(const struct board *board); /* tests; explanations and coverage may follow */
bool board_is_busy(const struct board *board);    /* anything */
void board_progress(const struct board *board, size_t *done, size_t *total);
/* Why nothing could run, or NULL. */
const char *board_trouble(const struct board *board);
uint64_t board_wall_us(const struct board *board); /* of the last run */

const struct findings *board_findings(const struct board *board);
size_t board_error_count(const struct board *board); /* findings of severity error */
/* NULL until there is one, and where none is evaluated: no test, or no Rego that could be covered.
 */
const struct coverage *board_coverage(const struct board *board);
/* It was measured, and no Rego was found that could be covered. */
bool board_coverage_is_empty(const struct board *board);
/* True while the coverage shown is older than the last results. */
bool board_coverage_is_old(const struct board *board);

/* The last BOARD_LOG_MAX lines; 0 the oldest. */
enum { BOARD_LOG_MAX = 2000 };
void board_log(struct board *board, const char *line);
size_t board_log_count(const struct board *board);
const char *board_log_at(const struct board *board, size_t index);

#endif
