/* What the runner's files share; not for others. */
#ifndef BYLAW_ENGINE_RUNNER_INTERNAL_H
#define BYLAW_ENGINE_RUNNER_INTERNAL_H

#include "base/vec.h"
#include "engine/runner.h"
#include "loop/process.h"

/* In the order they are taken from the queues. */
enum task_queue {
    QUEUE_ASKED, /* explanations somebody waits for */
    QUEUE_BLAME, /* checks that say why a unit did not load: others may share the reason */
    QUEUE_TEST,
    QUEUE_CHECK,   /* files no test needs */
    QUEUE_EXPLAIN, /* the first failures, unasked */
    QUEUE_COVERAGE,
    QUEUE_COUNT
};

struct explanation {
    size_t test;
    unsigned pending;
    struct buf trace, errors;
    char *trace_message, *errors_message;
};

/* Coverage of one batch, kept by the content of all it was made from. */
struct cover_entry {
    uint64_t key;
    struct coverage coverage;
    unsigned pending; /* tasks still running; not usable from the cache unless 0 */
    unsigned used;    /* last generation */
};

struct task {
    struct run *run;
    enum task_queue queue;
    enum engine_ask ask;
    struct batch batch;
    struct policy_set only; /* empty: all included tests of the batch */
    struct explanation *explanation;
    uint64_t cover_key;
    const struct engine *engine; /* who is asked */
    bool closer;                 /* asked to say more of what failed */
    char *loading;               /* QUEUE_BLAME: what the failed run said itself */
    struct process *process;
    struct loop_timer *timer;
    struct buf out, errout;
    bool slow;      /* does not count as one of the slots any more */
    bool abandoned; /* taken apart: its answer is not wanted */
};

struct tasks {
    struct task **items;
    size_t len, cap;
};

struct run {
    struct runner *runner;
    unsigned references;
    unsigned generation;
    bool cancelled; /* superseded or stopped: its tasks only wait for their processes */
    char *root;
    enum run_scope scope;
    struct wanted {
        char **items;
        size_t len, cap;
    } wanted;
    bool offline;
    char *offline_path; /* once it is made */
    bool want_coverage;
    unsigned explain_max;
    struct run_plan *plan;
    atomic_bool stop_scan;
    char *trouble;
    bool *reported; /* by test */
    size_t reported_count;
    struct findings findings;
    size_t *broken; /* by file: 1 + place in findings of why it does not compile; 0 fine */
    struct {
        char **items;
        size_t len, cap;
    } extra;                  /* tests the index did not foresee, "file:row:name" */
    struct policy_set failed; /* tests to explain */
    struct tally tally;
    struct tasks queues[QUEUE_COUNT];
    struct tasks active;
    bool done, settled, coverage_begun;
    uint64_t started_us;
};

/* An engine beside the runner's own, as last found. */
struct companion {
    const struct engine *engine;
    char *program; /* NULL: not there; `trouble` says why */
    char *version;
    char *trouble;
    unsigned generation; /* the run that looked */
};

struct runner {
    struct loop *loop;
    const struct engine *engine;
    struct {
        struct companion *items;
        size_t len, cap;
    } companions;
    struct runner_events events;
    unsigned references; /* runs that still exist, and the owner */
    unsigned generation;
    unsigned slots;
    struct run *run;      /* the last one started, or NULL */
    struct run *scanning; /* whose scan has the index on a worker thread, or NULL */
    struct policy_index *index;
    char *program;
    char *version;
    struct {
        char **items;
        size_t len, cap;
    } slow_units; /* labels: run on their own from the beginning */
    struct {
        struct cover_entry *items;
        size_t len, cap;
    } cover_cache;
    struct coverage coverage;
    bool has_coverage;
    bool closing;
};

/* runner.c */
void run_release(struct run *run);
void run_pump(struct run *run);
void run_log(const struct run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct task *task_new(struct run *run, enum task_queue queue, enum engine_ask ask) MUST_USE;
void task_free(struct task *task);
void task_enqueue(struct task *task);
/* One task for each unit of the batch, or (for one unit) for each test; the task is then of no more
 * use. False when it cannot be divided. */
bool task_split(struct task *task);

/* runner_answer.c */
/* The task's process has ended, or could not begin (`failure`). */
void task_answer(struct task *task, const struct process_result *result, const char *failure);
void run_report_trouble(struct run *run, size_t unit, const char *message);
/* Why one of the batch's files does not compile, as far as this run knows; or NULL. */
const struct finding *task_broken(const struct task *task);
void task_fail_broken(struct task *task, const struct finding *why);
void run_add_finding(struct run *run, const struct finding *finding);

/* All the task's tests, with this status. */
void task_fail_tests(struct task *task, enum result_status status, const char *message);

/* runner_coverage.c */
void run_begin_coverage(struct run *run);
void run_finish_coverage(struct run *run);
void cover_answer(struct task *task, const struct engine_answer *answer);
struct cover_entry *cover_find(struct runner *runner, uint64_t key);

/* runner_explain.c */
void run_begin_explanations(struct run *run);
void explain_test(struct run *run, size_t test, enum task_queue queue);
void explain_answer(struct task *task, struct engine_answer *answer);

/* runner_detect.c: looks the engine up (again, when it was not there last time), then begins the
 * tests or fails the run. */
void run_detect_engine(struct run *run);
void companion_free(struct companion *companion);
/* NULL: it was not looked up. */
const struct companion *runner_companion(const struct runner *runner, const struct engine *engine);
/* runner.c */
void run_begin_tests(struct run *run);
void run_fail(struct run *run, const char *why);

#endif
