/* What the files of opa_eval share: opa_eval.c (life and processes), opa_eval_prepare.c (what opa
 * is asked, on a worker). */
#ifndef BYLAW_ENGINE_OPA_EVAL_INTERNAL_H
#define BYLAW_ENGINE_OPA_EVAL_INTERNAL_H

#include "base/vec.h"
#include "engine/engine.h"
#include "engine/opa_eval.h"
#include "engine/opa_stream.h"
#include "loop/process.h"
#include "policy/target.h"

#include <stdatomic.h>

struct eval_args {
    char **items;
    size_t len, cap;
};

/* A file that opa reads from the scratch folder instead of the workspace. */
struct eval_laid {
    char *scratch;                    /* as opa is given it */
    char *path;                       /* below the root */
    const struct target_piece *piece; /* it is only this piece of the file; NULL: all of it */
};

/* One evaluation. Kept until its last worker or process has ended. */
struct evaluation {
    struct evaluator *owner;
    struct evaluator *evaluator; /* the same; NULL: nobody waits any more */
    unsigned generation;
    unsigned holds;
    /* The request. */
    char *root, *file, *selection, *query;
    size_t row;
    bool offline, want_trace, want_bench;
    struct eval_sources texts; /* laid over */
    struct eval_input input;

    /* Made by the worker. */
    struct policy_index *index; /* the evaluator's, lent */
    atomic_bool cancel;
    struct target_pieces pieces;
    struct target target;
    struct {
        struct eval_laid *items;
        size_t len, cap;
    } laid;
    char *scratch; /* folder, or NULL: none needed yet */
    unsigned scratch_files;
    struct eval_args files; /* "-d", "x.rego", … */
    bool v0, may_be_other, tried_other;
    struct eval_args input_args; /* of the value's run */
    struct eval_args find_args;  /* a run that finds the input first; empty: none */
    bool find_set;               /* its value is a set of inputs, of which the first is taken */
    bool find_wrapped;           /* its value is {"how": …, "input": …} */
    struct buf stdin_text;
    struct eval_sources sources;
    bool prepared;
    struct err err;

    /* Of the process that runs. */
    char *program;
    char *offline_path;
    struct process *process;
    struct loop_timer *watch; /* its memory */
    enum eval_run {
        EVAL_RUN_INPUT,
        EVAL_RUN_VALUE,
        EVAL_RUN_TRACE,
        EVAL_RUN_FAILS,
        EVAL_RUN_BENCH
    } run;
    struct opa_stream stream;
    struct buf raw_result, raw_errors, raw_metrics, errout;
    const char *killed; /* why we ended it */
    struct trace *trace;
    struct eval_result result;
    char *trace_trouble;
};

void eval_push(struct eval_args *args, char *arg);
void eval_args_free(struct eval_args *args);
/* On a worker: fills what opa is asked; e->prepared, else e->err. */
void eval_prepare(struct evaluation *e);
/* A scratch file with this content; its path, the caller's, or NULL. */
char *eval_scratch(struct evaluation *e, const char *name, struct str text);
/* Where a place that opa names really is; for trace_relocate. */
const char *eval_place(void *data, const char *file, struct position *at);

#endif
