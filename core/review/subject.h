/* What `bylaw review` is about: a change, whoever wrote it, from git, a patch file or a patch on
 * the standard input, as the changes that a review (patch/review.h) chooses among.
 *
 * Blocks: before there is a screen. */
#ifndef BYLAW_REVIEW_SUBJECT_H
#define BYLAW_REVIEW_SUBJECT_H

#include "patch/review.h"
#include "patch/unified.h"
#include "repo/compare.h"

struct subject_request {
    const char *folder; /* where to look from */
    /* NULL: the files against the index. A revision or a range (repo/compare.h), a patch file, or
     * "-": `patch` is it. */
    const char *what;
    bool staged;
    struct str patch;   /* what was read for "-"; borrowed */
    char *const *paths; /* only these (git's pathspecs); not for patches. Borrowed */
    size_t path_count;
};

struct subject {
    bool is_patch;
    bool has_git;
    enum compare_what what; /* unless it is a patch */
    char *root;             /* the repository's folder, or without one the folder: absolute */
    char *title;            /* "main...topic", "fix.patch" */
    char *explain;          /* one line: what is compared with what */
    char *key;              /* the same for the same change asked for again, moved on or not */
    char base_id[REPO_ID_SIZE], new_id[REPO_ID_SIZE]; /* commits; "" */
    struct changes changes;
    struct unified_problems problems; /* of a patch: what does not fit, and why */
    struct buf notes;                 /* what is left out of a comparison and why, a line each */
};

/* ERR_NOT_FOUND: no such revision or file, or no repository where one is needed. An empty
 * difference is no error: there are no changes then. *out is to be freed in any case. */
bool subject_read(
    const struct subject_request *request, struct subject *out, struct err *err) MUST_USE;
void subject_free(struct subject *subject);

/* Writes the files of its base side below an empty folder. */
bool subject_lay_out(const struct subject *subject, const char *folder, struct err *err) MUST_USE;

/* Why decisions cannot be put into the index, one sentence; NULL: they can. Static. */
const char *subject_why_no_index(const struct subject *subject);

/* Puts what is accepted into the index; of what is staged, what is declined leaves it and all else
 * stays. *said gets one line on what was done. */
bool subject_apply(const struct subject *subject, const struct review *review, struct buf *said,
    struct err *err) MUST_USE;
/* Appends what is accepted as a patch that git apply takes. */
void subject_patch(const struct review *review, struct buf *out);

#endif
