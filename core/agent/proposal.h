/* A proposal: what is to be changed, gathered over one or more patches, never in the workspace. The
 * model makes it, or a command of the engineer's that changes many files (then it has an origin).
 * The model goes on from what it proposed, so a patch is read against the proposal first and the
 * workspace below it. */
#ifndef BYLAW_AGENT_PROPOSAL_H
#define BYLAW_AGENT_PROPOSAL_H

#include "base/err.h"
#include "base/json.h"
#include "patch/change.h"
#include "patch/source.h"

enum proposal_state {
    PROPOSAL_OPEN,     /* to be reviewed */
    PROPOSAL_DECIDED,  /* what was accepted is in the workspace, the rest is not */
    PROPOSAL_WITHDRAWN /* a later patch took everything back */
};

struct proposal {
    unsigned number; /* from 1 within a session */
    enum proposal_state state;
    struct changes changes; /* against the workspace, one a file */
    unsigned revision;      /* grows with each patch */
    char *origin;           /* "replace foo with bar": the engineer's own; NULL: the model's */
};

void proposal_free(struct proposal *proposal);

/* Reads and applies `patch` (apply_patch or unified, whichever it is) to the proposal over
 * `workspace` and folds it in. On failure the proposal is as it was, and *report (several lines for
 * the model) says what failed. *touched gets the paths this patch changed, one a line; both may be
 * NULL. */
bool proposal_patch(struct proposal *proposal, struct str patch,
    const struct patch_source *workspace, struct buf *touched, struct buf *report,
    struct err *err) MUST_USE;

/* Folds changes of the engineer's own in, made against what the proposal and the workspace hold. */
void proposal_add(struct proposal *proposal, const struct changes *changes);

/* The files as the model sees them: the proposal's where it has them, else the workspace's. */
struct proposal_view {
    const struct proposal *proposal; /* may be NULL */
    const struct patch_source *workspace;
};
bool proposal_view_read(void *view, const char *path, struct patch_file *file, struct err *err);

/* Added and removed lines, for the counts beside a file. */
void change_count_lines(const struct change *change, unsigned *added, unsigned *removed);

/* For the journal. From JSON: NULL members and unknown states are refused. */
cJSON *proposal_to_json(const struct proposal *proposal);
bool proposal_from_json(const cJSON *json, struct proposal *out) MUST_USE;

#endif
