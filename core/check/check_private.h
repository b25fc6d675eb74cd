/* What the checker's files share; not for others. */
#ifndef BYLAW_CHECK_CHECK_PRIVATE_H
#define BYLAW_CHECK_CHECK_PRIVATE_H

#include "check/check.h"

#include "base/vec.h"
#include "engine/engine.h"
#include "loop/process.h"
#include "policy/index.h"
#include "policy/manifests.h"
#include "syntax/syntax.h"
#include "workspace/scratch.h"

/* A file that opa is given in place of one of the workspace, or of a piece of one. */
struct stand_in {
    char *load;                        /* what opa calls it */
    char *path;                        /* what it stands for */
    struct buf text;                   /* what it holds */
    struct syntax_injection injection; /* where in `path` the piece is; range_count 0: all of it */
};

/* One question to opa: a unit of a plan. */
struct check_run {
    const struct run_plan *plan;
    size_t unit;
    bool other_tried; /* the other version of Rego */
    bool plain_asked;
    unsigned pending; /* processes */
    bool failed;
    struct findings plain, strict;
    /* The plain check of the version tried first, while the other one is tried. */
    struct findings first;
    bool loaded; /* the last answer */
};

struct cedar_check;

/* One check, from gathering to the last answer. Worker threads have it to themselves while
 * `working`. */
struct check_job {
    struct checker *checker;
    struct check_request request;
    atomic_bool cancelled;
    unsigned references; /* the checker, the worker, each process */
    uint64_t started_us;
    size_t asking; /* runs that have not ended */
    struct {
        struct running {
            const void *ask;
            struct process *process;
        } * items;
        size_t len, cap;
    } processes;
    size_t asked; /* runs begun so far */

    /* Made by check_prepare. */
    bool prepared;
    bool nothing; /* a document too large to be a policy */
    struct findings guards;
    struct {
        struct run_plan **items;
        size_t len, cap;
    } plans;
    struct {
        struct check_run *items;
        size_t len, cap;
    } runs; /* the first `focus_runs` are about the focus itself */
    size_t focus_runs;
    struct {
        struct stand_in *items;
        size_t len, cap;
    } stand_ins;
    size_t unchecked;
    unsigned evidence; /* guards_evidence */
    char *trouble;

    struct {
        struct cedar_check **items;
        size_t len, cap;
    } cedar; /* the sets of policies that the focus belongs to, where it is Cedar's */

    /* What the answers came to, before the places are mapped back. */
    struct findings answers;
    struct {
        char **items;
        size_t len, cap;
    } covered; /* paths the answers are about */
};

struct checker {
    struct loop *loop;
    char *root;
    struct check_events events;
    unsigned references;
    bool closing;
    struct loop_timer *timer;

    enum check_state state;
    char *trouble;
    size_t unchecked;
    unsigned evidence;
    uint64_t wall_us;

    struct check_job *job; /* the last one started; NULL: none */
    bool working;          /* a worker has the index and the scratch folder */
    bool again;            /* gather and start when it is done */

    /* A worker's while `working`. */
    struct policy_index *index;
    struct manifests manifests;
    bool scanned;
    struct {
        char **items;
        size_t len, cap;
    } laid; /* paths whose text in the index is not that of the disk */
    struct scratch scratch;
    bool has_scratch;
    unsigned written; /* numbers the files in it */
    atomic_bool disk_changed;

    char *program;
    char *offline;     /* the engine's file for running without the network */
    bool settings_old; /* it may have to declare other functions */
    bool probing;
};

/* check.c: the request has none then. */
void check_free_texts(struct check_request *request);

/* check_prepare.c: on a worker. Brings the index up to date, runs the guards, lays out the texts,
 * which the request has no more then, and plans what to ask. False: job->trouble says why, or it
 * was cancelled. */
void check_prepare(struct check_job *job);
bool check_bring_up_to_date(struct check_job *job) MUST_USE;
/* The text is in a file of the scratch folder with this ending, for as long as the job lives; its
 * name (the job's), or NULL: job->trouble says why. */
const char *check_lay(
    struct check_job *job, const char *path, const char *ext, struct str text) MUST_USE;
/* The answers will be about this file too. */
void check_cover(struct check_job *job, const char *path);

/* check_cedar.c: the policies that the focus belongs to, or that its schema is for, as cedar
 * validates them (without a schema: parses). */
bool check_is_cedar(const char *path);
/* On a worker. */
void check_cedar_prepare(struct check_job *job);
/* Asks cedar of each set, then tells and finishes. */
void check_cedar_ask(struct check_job *job);
void check_cedar_free(struct cedar_check *check);
/* check_place.c: on a worker. Maps the answers' places back to the workspace and gives each its
 * end.
 */
void check_place(struct check_job *job);

/* check_ask.c */
/* Starts the runs [from, to) and calls check_answered when all have ended. */
void check_ask(struct check_job *job, size_t from, size_t to);
/* check.c */
void check_answered(struct check_job *job);
/* Tells what a source finds in the covered files; ends the check. */
void check_tell(struct check_job *job, const char *source, const struct findings *findings);
void check_finish(struct check_job *job);
void check_process_began(struct check_job *job, const void *ask, struct process *process);
void check_process_ended(struct check_job *job, const void *ask);
void check_release(struct check_job *job);

#endif
