/* The policies of one file beside those that are to replace them (apply_pairs.h), applied to the
 * same documents: only they are asked, each by its engine. Loop thread only. */
#ifndef BYLAW_APPLY_COMPARISON_RUN_H
#define BYLAW_APPLY_COMPARISON_RUN_H

#include "apply/comparison.h"

struct comparison_events {
    void *data;
    /* What was left out, and why; before anything is decided. May be NULL. */
    void (*note)(void *data, const struct finding *note);
    /* Questions that engines have answered, of how many; may be NULL. */
    void (*progress)(void *data, size_t done, size_t total);
    /* Once for each start that is not cancelled. `trouble`: what there is not to compare, for the
     * user; NULL: all is known, and can be told. */
    void (*done)(void *data, const char *trouble);
};

struct comparison_run;

/* Copies the events. */
struct comparison_run *comparison_run_new(
    struct loop *loop, const struct comparison_events *events) MUST_USE;
/* Cancels; NULL is fine. */
void comparison_run_free(struct comparison_run *run);
struct comparison_request {
    const char *root;     /* absolute */
    bool offline;         /* as struct apply_options' */
    const char *old_file; /* below the root */
    const char *new_file; /* NULL: the policies of the same name, wherever they are */
};
/* Cancels what runs and starts; the request is copied. False: OLD and NEW are one file. */
bool comparison_run_start(
    struct comparison_run *run, const struct comparison_request *request, struct err *err) MUST_USE;
/* `done` comes no more. False: nothing ran. */
bool comparison_run_cancel(struct comparison_run *run);

/* ---- after `done` without trouble ---- */

struct comparison_totals {
    size_t counts[APPLY_DIFFERENCES];
    size_t compared; /* old policies that something replaces */
    size_t alone;    /* policies that nothing replaces, or that replace nothing */
    size_t fixtures;
};

struct comparison_teller {
    void *data;
    /* Documents of one policy, those that differ first; all borrowed until it returns. */
    void (*row)(void *data, const struct apply_policy *policy, const struct apply_fixture *fixture,
        const struct comparison_row *row);
    /* Nothing replaces it (`old`), or it replaces nothing. */
    void (*alone)(void *data, const struct apply_policy *policy, bool old);
};
/* Tells everything, policy by policy. */
void comparison_run_tell(const struct comparison_run *run, const struct comparison_teller *teller,
    struct comparison_totals *totals);
/* Something was decided, by both and alike, and no policy is alone. */
bool comparison_totals_agree(const struct comparison_totals *totals);
/* "1 policy compared, 0 alone, 9 documents: 7 the same, …"; no line end. */
void comparison_append_totals(const struct comparison_totals *totals, struct buf *out);

#endif
