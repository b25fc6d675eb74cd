/* Inside of a run, shared by apply_run.c (its life, what it tells), apply_gather.c (which jobs
 * there are) and apply_jobs.c (one job from its command line to its cells). */
#ifndef BYLAW_APPLY_APPLY_JOBS_H
#define BYLAW_APPLY_APPLY_JOBS_H

#include "apply/apply.h"
#include "engine/opa_eval.h"
#include "loop/process.h"

enum { APPLY_ENGINES_MAX = 8 };

struct apply_programs {
    char *path[APPLY_ENGINES_MAX]; /* by place in apply_engines; NULL: not there */
    char *why[APPLY_ENGINES_MAX];
};

struct job_list {
    struct apply_job **items;
    size_t len, cap;
};

/* Place of the engine in apply_engines. */
size_t apply_engine_place(const char *name);
/* The engine takes the document, and no other engine made it for itself. */
bool apply_takes(const struct apply_engine *engine, const struct apply_policy *policy,
    const struct apply_fixture *fixture);
/* No two policies, and no two documents, have the same id: the later are numbered. */
void apply_jobs_name(struct apply_set *set);
/* The jobs of the cells that are needed so, the first to be done first. Worker; nothing becomes
 * known meanwhile. */
void apply_jobs_make(const struct apply_set *set, const struct apply_programs *programs,
    enum apply_need need, struct job_list *jobs);
/* Copies both lists. */
struct apply_job *apply_job_new(const struct apply_set *set, const struct apply_engine *engine,
    const char *program, const size_t *policies, size_t policy_count, const size_t *fixtures,
    size_t fixture_count) MUST_USE;
void apply_job_free(struct apply_job *job);
/* Which documents it has is part of what is asked. */
bool apply_job_looks_around(const struct apply_job *job);
/* The jobs that say what is decided about the documents that a probe has found the policy to be
 * for, or could not be asked about: one for each file. */
void apply_jobs_after_probe(const struct apply_job *probe, struct job_list *jobs);
/* Two of it, with all of its documents or policies between them; false: it is only one cell. */
bool apply_job_split(const struct apply_job *job, struct job_list *jobs);
/* Takes out of it the policies and documents of which no cell is needed and still unknown (`known`:
 * a byte for each cell of the set, policy by policy); false: none is left. */
bool apply_job_narrow(struct apply_job *job, const unsigned char *known);
/* All its cells say this. */
void apply_job_fill(struct apply_job *job, enum apply_verdict verdict, const char *message);

/* A job under way. */
struct apply_task;
struct apply_tasks {
    struct loop *loop;
    const char *offline_path; /* for engines that are told what they are capable of, or NULL */
    bool offline;
    /* The job has its cells, or (APPLY_READ_APART) must be split. Exactly once, also after a stop
     * (then they are worth nothing); the job is handed back. The task is gone afterwards. */
    void (*ended)(void *data, struct apply_task *task, struct apply_job *job, enum apply_read read,
        const struct err *err);
    void (*log)(void *data, const char *line); /* may be NULL */
    void *data;
};
/* Takes the job until `ended`. */
struct apply_task *apply_task_start(
    const struct apply_tasks *tasks, struct apply_job *job) MUST_USE;
/* `ended` comes soon: at once where nothing of it runs on a worker. */
void apply_task_stop(struct apply_task *task);

#endif
