/* What the board's files share; not for others. */
#ifndef BYLAW_ENGINE_BOARD_INTERNAL_H
#define BYLAW_ENGINE_BOARD_INTERNAL_H

#include "engine/board.h"

struct tests {
    struct board_test *items;
    size_t len, cap;
};

/* Old tests by key: chains of equal keys in their old order, so that tests of one name keep apart.
 */
struct lookup {
    size_t *heads;
    size_t *next;
    size_t mask;
};

struct board {
    struct tests tests;
    struct lookup lookup;   /* of the tests, for plans of a part; heads NULL: not made */
    struct board_tree tree; /* its sums are of all tests */
    uint64_t last_id;
    unsigned plans;
    struct policy_set of_plan; /* by place in the plan: place in tests */
    struct findings findings;
    struct coverage coverage;
    bool has_coverage, coverage_old;
    bool running, busy;
    size_t done, total;
    char *trouble;
    uint64_t wall_us;
    uint64_t version;
    char *log[BOARD_LOG_MAX];
    size_t log_from, log_len;
    /* What is recorded of each result. */
    struct history_store *history; /* borrowed; NULL: nothing */
    const struct run_plan *plan;   /* of the run whose results come; only while they do */
    struct board_inputs {
        uint64_t *items; /* by unit of the plan; 0: not asked yet */
        size_t len, cap;
    } inputs;
    struct board_programs {
        struct board_program {
            const struct engine *engine;
            uint64_t hash;
        } * items;
        size_t len, cap;
    } programs; /* engines of this plan, as inputs */
    void (*on_change)(void *data);
    void *data;
};

/* board.c: it is made again when it is asked for. */
void board_forget_text(struct board_test *test);

/* board_history.c */
/* A plan is there: its units' inputs are not known yet. */
void board_history_plan(struct board *board, const struct run_plan *plan);
/* A test ended: remembers how, and whether that makes it flaky. `plan` is its
 * place in the plan, or SIZE_MAX. */
void board_history_record(struct board *board, struct board_test *test, size_t plan);
/* A line of its last runs, where there are some. */
void board_append_past(const struct board *board, const struct board_test *test, struct buf *out);
/* What is known of a test that is new on the board. */
void board_history_look_up(const struct board *board, struct board_test *test);

#endif
