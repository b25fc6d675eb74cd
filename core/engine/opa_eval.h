/* Evaluates one rule, package or expression with the real opa: its value first, then how it came
 * about (the trace). The files are those that it needs (policy_closure), read as v0 or v1 as a test
 * run reads them, with unsaved texts laid over; Rego inside a ConstraintTemplate too, then with the
 * input as Gatekeeper gives it.
 *
 * Everything is bounded: 10 s for the value, 3 s for the trace, the memory of opa (a full trace
 * takes hundreds of megabytes for a second of evaluation) and what it prints. Where the full trace
 * is too much, the part that failed is asked for, and the result says so.
 *
 * One evaluation at a time: starting another cancels it, and nothing of an older one is told. Loop
 * thread only. */
#ifndef BYLAW_ENGINE_OPA_EVAL_H
#define BYLAW_ENGINE_OPA_EVAL_H

#include "engine/eval_input.h"
#include "engine/opa_trace.h"
#include "engine/result.h"
#include "loop/loop.h"

enum eval_status {
    EVAL_VALUE,
    EVAL_UNDEFINED, /* opa gives no value: neither true nor false, and no error */
    EVAL_ERROR      /* does not load, compile or run; `errors` or `trouble` say why */
};

struct eval_request {
    const char *root; /* absolute */
    bool offline;     /* no host may be reached (offline.h): nobody has accepted what runs */
    /* What: the rule at a row (from 0) of a file below the root, or the expression `selection` in
     * its package. Or, with file NULL, `query` as it is, with the files that it names. */
    const char *file;
    size_t row;
    struct str selection;
    const char *query;
    const struct policy_text *texts; /* laid over the files; copied */
    size_t text_count;
    struct eval_input input;
    bool trace;
    /* Measured by `opa bench` after the value (seconds); then there is no trace. It cannot be kept
     * off the network, so not with `offline`, and cannot be told of declared functions. */
    bool bench;
};

struct eval_result {
    enum eval_status status;
    char *query;            /* what opa was asked */
    char *label;            /* "deny" */
    char *input;            /* "testdata/pod.yaml" */
    char *note;             /* how the input was put to it when not as it is, or NULL */
    struct buf value;       /* JSON as opa wrote it; of several results, an array of them */
    struct findings errors; /* of loading and compiling, or of built-in functions */
    bool builtin_errors;    /* `errors` are those that opa takes for undefined unless asked */
    char *bench;            /* what was measured, a line each; or NULL */
    char *trouble;          /* why it could not be asked or did not end, one sentence; or NULL */
    uint64_t eval_us;       /* of the query alone, as opa measured it */
    uint64_t wall_us;       /* of the whole process */
    enum policy_dialect dialect;
};

/* The text of a file that the trace passes through. */
struct eval_source {
    char *path;
    struct buf text;
};

struct eval_sources {
    struct eval_source *items;
    size_t len, cap;
};

void eval_sources_free(struct eval_sources *sources);
/* The same texts as others take them: borrowed, but for the array, which the caller frees. */
struct policy_text *eval_sources_view(const struct eval_sources *sources) MUST_USE;

/* How a value came about. */
struct eval_trace {
    struct trace *trace;         /* NULL: there is none */
    struct eval_sources sources; /* of the files it passes through */
    char *trouble;               /* why it is not the whole one, or NULL */
};

void eval_trace_free(struct eval_trace *trace); /* NULL is fine */
void eval_result_free(struct eval_result *result);

struct evaluator;

struct eval_events {
    void *data;
    /* Once for each evaluation. The receiver may take what the result holds by zeroing it. */
    void (*result)(void *data, unsigned generation, struct eval_result *result);
    /* Once after it, when a trace was asked for and the query could be evaluated. The trace is the
     * receiver's. */
    void (*trace)(void *data, unsigned generation, struct eval_trace *trace);
};

/* Copies the events. */
struct evaluator *evaluator_new(struct loop *loop, const struct eval_events *events) MUST_USE;
/* Cancels; nothing is told any more. What still ends in the background ends with the loop. */
void evaluator_free(struct evaluator *evaluator);
/* Never fails at once: what is wrong comes as a result. Returns the generation. */
unsigned evaluator_start(struct evaluator *evaluator, const struct eval_request *request);
void evaluator_cancel(struct evaluator *evaluator);
bool evaluator_is_running(const struct evaluator *evaluator);

#endif
