/* What the runner's files share; not for others. */
#ifndef BYLAW_ENGINE_RUNNER_INTERNAL_H
#define BYLAW_ENGINE_RUNNER_INTERNAL_H

#include "base/vec.h"
#include "engine/result_cache.h"
#include "engine/runner.h"
#include "loop/process.h"
#include "workspace/scratch.h"

/* In the order they are taken from the queues. */
enum task_queue {
    QUEUE_ASKED, /* explanations somebody waits for */
    QUEUE_BLAME, /* checks that say why a unit did not load: others may share the reason */
    QUEUE_TEST,
    QUEUE_CHECK,   /* files no test needs */
    QUEUE_STRICT,  /* what only strict mode minds, once it is known what loads */
    QUEUE_EXPLAIN, /* the first failures, unasked */
    QUEUE_COVERAGE,
    QUEUE_REACH,   /* which lines one test reaches */
    QUEUE_CONFIRM, /* everything once more, alone and after the run has settled */
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

/* An unsaved text, and the file in the scratch folder that opa is given for it. */
struct run_text {
    char *path;
    struct buf text;
    char *load; /* NULL: nothing needs it */
};

/* What is known of a unit from the last time its tests ended: what they depended on, and the rows.
 */
struct known {
    char *label;
    char key[SHA256_HEX_SIZE];
    bool is_volatile; /* not to be taken for a result of now */
    bool checked;     /* a unit without tests was loaded */
    bool broken;      /* it does not load */
    unsigned generation;
    size_t count, told;
    struct results *tests;   /* by place in the unit; empty: it has not ended */
    struct coverage **reach; /* by place: the lines it reaches; NULL: not asked for */
};

struct run {
    struct runner *runner;
    unsigned references;
    unsigned generation;
    bool cancelled; /* superseded or stopped: its tasks only wait for their processes */
    char *root;
    enum run_scope scope;
    struct plan_words wanted;
    struct {
        struct run_text *items;
        size_t len, cap;
    } texts;
    bool confirm;
    bool reuses;        /* what is known as it is now is told and not run */
    struct run *before; /* of the rest: the part, until the rest has a plan */
    bool resumes;       /* a run of all was cut short before it: it may include any unit */
    bool rest;          /* what follows a part: all that was not told of as it is now */
    struct policy_moves moves;
    char (*keys)[SHA256_HEX_SIZE];       /* by unit; "" where results are not kept */
    char *cache_of;                      /* NULL: no result is kept longer than the runner lives */
    char (*cache_keys)[SHA256_HEX_SIZE]; /* by unit, of contents; "" where it is not kept */
    struct result_cache *cache;          /* as the scan read it */
    size_t cached;                       /* tests told and not run */
    bool read_v0, read_v1;               /* what those are read as */
    int64_t started_ns;                  /* of the wall clock */
    size_t confirming;                   /* tests whose results were compared */
    size_t missed;                       /* of them: others than told */
    bool rest_begun, confirm_begun, confirm_ended;
    bool want_reach, reaching;
    bool offline;
    char *offline_path; /* once it is made */
    bool want_coverage;
    bool want_strict, strict_begun;
    struct findings strict;
    unsigned explain_max;
    void (*choose)(void *data, struct run_plan *plan);
    void (*choose_free)(void *data);
    void *choose_data;
    struct run_plan *plan; /* run_plan_made has it where a worker may be at it still */
    bool begun;            /* its scan; until then it waits for another's to end */
    bool scanning;         /* a worker makes the plan */
    bool after_whole;      /* a plan of all was there when that began */
    bool scanned_all;      /* the worker went through the whole folder */
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
    uint64_t memory_max;  /* 0: by the machine's */
    struct run *run;      /* the last one started, or NULL */
    struct run *scanning; /* whose scan has the index on a worker thread, or NULL */
    struct run *whole;    /* the last one with a plan of all, or NULL */
    struct policy_index *index;
    struct plan_words apart;  /* files with tests that other engines run, by path */
    struct policy_moves owed; /* of runs that ended before they were answered */
    struct plan_words unseen; /* what runs named that ended before they looked at it */
    struct loop_timer *rest;  /* until the rest of an affected run is begun */
    struct {
        struct known **items;
        size_t len, cap;
    } known;                    /* by label */
    struct result_cache *cache; /* of cache_path, as it was read first, and what came since */
    char *cache_path;
    struct scratch scratch;
    bool has_scratch;
    unsigned written; /* numbers the files in it */
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
    bool cut_short; /* a plan of all was made and not all of it told: the rest tells it */
    bool closing;
};

/* runner.c */
void run_release(struct run *run);
void run_pump(struct run *run);
void run_fail(struct run *run, const char *why);
/* NULL while it is being made. Loop thread. */
struct run_plan *run_plan_made(const struct run *run);
void run_log(const struct run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* runner_scan.c */
/* On a worker: the index and the plan; then run_detect_engine. */
void run_begin_scan(struct run *run);
void run_begin_tests(struct run *run);
/* Superseded: what it has not answered is owed by the next; while it is scanning, at its end. */
void run_owe(struct run *run);
/* The same of what it named, where its scan has not begun. */
void run_owe_unseen(struct run *run);
bool runner_is_slow_unit(const struct runner *runner, const char *label);

/* runner_texts.c */
/* Worker thread. Writes the texts that the plan needs for opa to read, and has the plan load them.
 */
bool run_lay_texts(struct run *run, struct err *err);
/* Worker thread. Engines beside opa read files as they are on disk: their units that load one of
 * the texts wait until it is saved. */
void run_hold_unsaved(struct run *run);
/* Puts the names of the files where those of the scratch folder stand. */
void run_place_back(const struct run *run, struct engine_answer *answer);
void run_free_texts(struct run *run);
/* Only their bytes, which may be many: opa has them. */
void run_forget_texts(struct run *run);

/* runner_known.c */
/* Worker thread: run->keys. */
void run_make_keys(struct run *run);
/* What the unit's tests say is told by what is digested of it. Those of other engines must be
 * closed, and read their files as they are on disk: not while the screen has another text. */
bool run_may_keep(const struct run *run, const struct plan_unit *unit);
/* All tests of the unit were told as they are now. */
bool run_knows(const struct run *run, size_t unit);
/* The same, and they passed or failed by what the unit depends on alone: see run_options.cached. */
bool run_may_reuse(const struct run *run, size_t unit);
const struct results *run_known_rows(const struct run *run, size_t test);
void run_keep_rows(struct run *run, size_t test, const struct result *rows, size_t count);
/* The batch's units were loaded (or could not be), or gave rows that the plan does not foresee. */
void run_keep_loaded(struct run *run, const struct batch *batch, bool loaded);
void run_keep_nothing(struct run *run, const struct batch *batch);
void runner_forget_known(struct runner *runner);
/* The lines a test reaches, as far as they were asked for since anything changed; or NULL. */
const struct coverage *run_known_reach(const struct run *run, size_t test);
/* Takes the coverage over. */
void run_keep_reach(struct run *run, size_t test, struct coverage *reached);

/* Takes rows of an earlier session for the unit's; they are as many as its tests. */
void run_adopt(struct run *run, size_t unit, const struct results *tests);

/* runner_cache.c */
/* Worker thread: run->cache_keys and, where the runner has none, run->cache. */
void run_read_cache(struct run *run);
/* Loop thread, after it. */
void run_take_cache(struct run *run);
/* What the cache knows of the unit is known as if it had been run. */
void run_adopt_cached(struct run *run, size_t unit);
/* What was run and may be kept goes to the cache on a worker. */
void run_write_cache(struct run *run);

/* runner_reach.c */
void run_begin_reach(struct run *run);
void reach_answer(struct task *task, const struct engine_answer *answer);
void run_finish_reach(struct run *run);

/* runner_rest.c */
/* The part has been answered: the rest follows after a while. */
void run_begin_rest_later(struct run *run);
/* What a plan of all includes of it: what was not told as it is now. */
void run_choose_rest(struct run *run);
void run_begin_confirm(struct run *run);
void confirm_answer(struct task *task, const struct engine_answer *answer);
void run_finish_confirm(struct run *run);

/* runner_task.c */
struct task *task_new(struct run *run, enum task_queue queue, enum engine_ask ask) MUST_USE;
void task_free(struct task *task);
void task_enqueue(struct task *task);
void task_start(struct task *task);
/* Bytes of memory that one process may have. */
uint64_t task_memory_max(const struct task *task);
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

/* A test's rows of the last time, as rows of now that were not run for. */
void run_tell_known(struct run *run, size_t test);
/* All the task's tests, with this status. */
void task_fail_tests(struct task *task, enum result_status status, const char *message);

/* runner_strict.c */
void run_begin_strict(struct run *run);
void strict_answer(struct task *task, const struct engine_answer *answer);
/* opa could not be asked. */
void strict_failed(struct task *task, const char *why);

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

#endif
