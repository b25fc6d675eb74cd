/* What `bylaw review` hands to the screen, which core/ does not know. */
#ifndef BYLAW_COMMAND_REVIEW_H
#define BYLAW_COMMAND_REVIEW_H

#include "command/command.h"
#include "review/evidence.h"
#include "review/forge.h"
#include "review/kept.h"

struct review_job {
    const struct subject *subject;
    struct kept *kept;
    bool tests;           /* they may be run */
    const char *patch;    /* the file that accepted lines go to when it is finished; NULL: none */
    const char *comments; /* the same for comments */
    enum forge forge;
    const char *folder; /* for the configuration */
};

/* Set by main: shows the review and lets the engineer decide. *code: EXIT_YES when it was finished,
 * EXIT_NO when it was left for later. */
typedef bool review_screen(const struct review_job *job, int *code, struct err *err);
void command_review_use_screen(review_screen *show);

/* Works through it line by line on the standard streams. */
int review_plain_run(const struct args *args, const struct review_job *job);

/* What there is to decide and the evidence, as one JSON object. The caller frees it. */
cJSON *review_report(const struct subject *subject, const struct review *review,
    const struct evidence *evidence) MUST_USE;
/* Why one would object, a line each; nothing: there is nothing. `evidence` may be NULL. */
void review_objections(
    const struct subject *subject, const struct evidence *evidence, struct buf *out);

/* Writes it and says in one line what was done. */
bool review_write_patch(
    const struct review *review, const char *file, struct buf *said, struct err *err) MUST_USE;
bool review_write_comments(const struct review_job *job, const struct evidence *evidence,
    const char *file, struct buf *said, struct err *err) MUST_USE;

#endif
