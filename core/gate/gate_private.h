/* A gate while it works: gate.c runs it, gate_judge.c says what came of it. */
#ifndef BYLAW_GATE_GATE_PRIVATE_H
#define BYLAW_GATE_GATE_PRIVATE_H

#include "gate/gate.h"

#include "evidence/decide.h"
#include "gate/gate_scope.h"
#include "gate/gate_static.h"
#include "workspace/scratch.h"

#include <stdatomic.h>

struct gate {
    struct loop *loop;
    struct gate_events events;
    unsigned references; /* the owner, each job, the run */
    bool closing;
    char *root, *base, *before;
    double threshold;
    enum severity fails;
    bool offline;

    /* A job's until it is done: what the base is; which of it is affected; what is read. */
    struct scratch scratch;
    struct err base_err;
    bool base_ok;
    struct gate_scope scope;
    /* Of the folder. Kept to the end: what others read of it afterwards, and of the base, they find
     * here (policy/facts_pool.h). */
    struct policy_index *index;
    struct gate_static now, then;
    struct err err;
    bool ok;
    atomic_bool stop; /* nobody waits for what jobs read */
    bool laid, scanned;

    struct runner *runner;
    struct report report;
    struct decide *deciding;
    size_t decided, decided_failing;
    struct buf undecided; /* "GUARDS not evaluated in full: WHY; …" */
    bool run_ended, read_ended, decide_ended, told;
    struct {
        size_t count, failing;
    } strict, loading, other;
    bool strict_failed;
    uint64_t started_us;
};

bool gate_has_base(const struct gate *gate);
/* Appends that of the files whose every test was among those that ran. */
void gate_collect_coverage(const struct gate *gate, struct coverage *out);
/* Sets the parts of the report. */
void gate_judge(struct gate *gate);

#endif
