/* The evidence beside a change: the tests and the guards on both of its sides, each laid out in a
 * scratch copy, and what differs. Tests run of what the other side has not exactly so: what a test
 * loads, how its engine is called (gate/gate_scope.h); all others end as they did. Neither the
 * files on disk nor the repository are touched. Loop thread only. */
#ifndef BYLAW_REVIEW_EVIDENCE_H
#define BYLAW_REVIEW_EVIDENCE_H

#include "agent/checks.h"
#include "review/subject.h"

struct evidence;

enum evidence_state {
    EVIDENCE_NONE,    /* not asked for */
    EVIDENCE_RUNNING, /* of the proposed side something may be known: evidence_checks */
    EVIDENCE_DONE,
    EVIDENCE_FAILED /* evidence_trouble says why */
};

/* A test that ended otherwise than before. */
struct evidence_flip {
    const struct result *now;  /* NULL: the test is gone */
    enum result_status before; /* unless it is new */
    bool is_new;
};

struct evidence_flips {
    struct evidence_flip *items; /* those that got worse first */
    size_t len, cap;
};

/* `subject` is borrowed. `changed` is called on every change, from the loop. */
struct evidence *evidence_new(struct loop *loop, const struct subject *subject,
    void (*changed)(void *data), void *data) MUST_USE;
/* Turns the loop until nothing works in the copies any more. NULL is allowed. */
void evidence_free(struct evidence *evidence);
void evidence_start(struct evidence *evidence);

enum evidence_state evidence_state(const struct evidence *evidence);
/* One sentence; NULL: none. Borrowed. */
const char *evidence_trouble(const struct evidence *evidence);
/* The changes that engines were given. Borrowed. */
const struct changes *evidence_changes(const struct evidence *evidence);
/* The tests on the proposed side. */
const struct checks *evidence_checks(const struct evidence *evidence);
/* The tests on the base side, when it is done; NULL: they could not be run. */
const struct checks *evidence_before(const struct evidence *evidence);
/* When it is done. Borrowed. */
const struct evidence_flips *evidence_flips(const struct evidence *evidence);
/* Findings of engines and guards that the base side does not have; so far. Borrowed. */
const struct findings *evidence_brought(const struct evidence *evidence);
/* How many units of tests there are of which none depends on what changed; 0: some do, or there are
 * none at all. */
size_t evidence_untouched(const struct evidence *evidence);
/* Findings that both sides have. */
size_t evidence_findings_before(const struct evidence *evidence);
/* "11 of 12 pass now, 12 of 12 pass before · 1 got worse · 3 findings brought": appended when it is
 * done. */
void evidence_describe(const struct evidence *evidence, struct buf *out);

/* Lays a selection of the change out beside them and runs the tests there. False: not yet, the base
 * side is not laid out. */
bool evidence_try(struct evidence *evidence, const struct changes *chosen) MUST_USE;
/* The tests of the last tried selection. */
const struct checks *evidence_tried(const struct evidence *evidence);

#endif
