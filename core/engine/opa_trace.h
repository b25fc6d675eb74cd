/* The trace of one evaluation (opa eval --explain), as a model that can be walked: what was
 * evaluated where, in which rule, with which values, and how it ended.
 *
 * Filled event by event from opa's JSON and bounded: 200,000 events, 64 MiB of values; what comes
 * after is dropped and `cut` says so. Values are text as opa writes it (numbers are never read),
 * one longer than 64 KiB is cut. Untrusted bytes; any thread, one at a time. */
#ifndef BYLAW_ENGINE_OPA_TRACE_H
#define BYLAW_ENGINE_OPA_TRACE_H

#include "base/str.h"
#include "engine/result.h"

#define TRACE_EVENTS_MAX ((size_t)200000)
#define TRACE_VALUES_MAX ((size_t)64 << 20)
#define TRACE_VALUE_MAX  ((size_t)64 << 10)
#define TRACE_NONE       ((size_t)-1)

enum trace_op {
    TRACE_ENTER, /* a rule's body begins */
    TRACE_EVAL,  /* an expression */
    TRACE_REDO,  /* back at it, for another solution */
    TRACE_EXIT,  /* the body held */
    TRACE_FAIL,  /* the expression did not hold */
    TRACE_NOTE,  /* trace("…") */
    TRACE_INDEX, /* which rules the index leaves */
    TRACE_OTHER  /* Unify, Save, Duplicate, …: nothing to stop at */
};

/* How an expression (EVAL, and REDO: the next solution) ended. opa does not say whether one that
 * failed was false or undefined; where the expression shows it, we do. */
enum trace_outcome {
    TRACE_OPEN, /* the trace ends before, or it is not an expression */
    TRACE_TRUE,
    TRACE_FALSE,     /* a comparison or test of known values, or `not` of what holds */
    TRACE_UNDEFINED, /* looks into something that is not there */
    TRACE_NOT_TRUE,  /* false or undefined */
    TRACE_EXHAUSTED  /* of a REDO: no further solution */
};

/* "true", "false", "undefined", "false or undefined", "no more", "". */
const char *trace_outcome_name(enum trace_outcome outcome);

struct trace_binding {
    const char *name;  /* the variable as the source names it */
    const char *value; /* borrowed from the trace */
};

struct trace_step {
    enum trace_op op;
    enum trace_outcome outcome;
    bool negated;
    bool generated; /* a part that opa evaluates first; not worth a stop unless it fails */
    bool early;     /* EXIT: the other definitions were not needed */
    size_t frame;
    size_t next_same; /* the next step of the same frame, or TRACE_NONE */
    const char *file; /* as opa was given it; "" for the query itself; borrowed */
    struct position at;
    unsigned index;   /* of the expression in its body */
    const char *text; /* NOTE, INDEX: the message; ENTER, EXIT: the rule; else "" */
    size_t first_binding, binding_count;
};

/* One evaluation of a body (a "query" of opa's): of a rule, a comprehension, a `not`. */
struct trace_frame {
    uint64_t query;
    size_t parent; /* frame, or TRACE_NONE */
    unsigned depth;
    size_t enter;     /* its first step */
    size_t last;      /* its last step */
    const char *rule; /* its name, "" for what is no rule */
    bool exited;      /* held at least once */
};

struct trace {
    struct {
        struct trace_step *items;
        size_t len, cap;
    } steps;
    struct {
        struct trace_frame *items;
        size_t len, cap;
    } frames;
    struct {
        struct trace_binding *items;
        size_t len, cap;
    } bindings;
    size_t bad; /* events that could not be read */
    bool cut;   /* the trace goes on, but not here */
    struct trace_store *store;
};

struct trace *trace_new(void) MUST_USE;
void trace_free(struct trace *trace); /* NULL is fine */
/* One event as JSON text. False: the trace is full. */
bool trace_add(struct trace *trace, struct str event);
/* After the last event: outcomes become known. */
void trace_finish(struct trace *trace);
/* Gives each step the place that `place` says instead of its own (what opa read from a scratch
 * file stands somewhere else); the file it gives is copied. */
void trace_relocate(struct trace *trace,
    const char *(*place)(void *data, const char *file, struct position *at), void *data);

/* ---- walking (opa_trace_walk.c); all take and give places in steps ---- */

/* Somebody stepping stops here. */
bool trace_is_stop(const struct trace *trace, size_t step);
/* The first and the last stop; TRACE_NONE when there is none. */
size_t trace_first(const struct trace *trace);
size_t trace_last(const struct trace *trace);
/* These give `step` itself when there is nothing further that way. */
size_t trace_forward(const struct trace *trace, size_t step);
size_t trace_backward(const struct trace *trace, size_t step);
/* The next stop that is not inside what the step calls. */
size_t trace_over(const struct trace *trace, size_t step);
/* The next stop in a frame further out. */
size_t trace_out(const struct trace *trace, size_t step);
/* The next stop whose expression does not hold, but for those that a `not` asks and that make it
 * hold. */
size_t trace_next_failure(const struct trace *trace, size_t step);
/* The next stop at a row of a file. */
size_t trace_run_to(const struct trace *trace, size_t step, const char *file, unsigned row);
/* The expression that made the evaluation fail: the last one that did not hold in the outermost
 * rule, followed into what it asked; TRACE_NONE when nothing failed. */
size_t trace_culprit(const struct trace *trace);

/* The rules that are being evaluated at a step, innermost first; returns how many of at most `max`.
 */
size_t trace_stack(const struct trace *trace, size_t step, size_t *frames, size_t max);
/* The variables at a step, by name; with what the expression itself binds when it held. Borrowed
 * until trace_free. */
const struct trace_binding *trace_variables(const struct trace *trace, size_t step, size_t *count);

#endif
