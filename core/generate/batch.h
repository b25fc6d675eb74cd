/* What a run of `bylaw generate` has done so far, control by control, so that it goes on after a
 * kill -9: one JSON file in the state folder, for the workspace and the requirements (by their
 * digest), replaced whole after each step (temporary file, fsync, rename). One process at a time
 * (flock). */
#ifndef BYLAW_GENERATE_BATCH_H
#define BYLAW_GENERATE_BATCH_H

#include "base/err.h"
#include "base/str.h"

enum batch_state {
    BATCH_WAITS,    /* not begun */
    BATCH_RUNS,     /* begun: its session is `session` */
    BATCH_PROPOSED, /* a proposal waits in its session, or was decided since */
    BATCH_FAILED    /* none, and `why` */
};
const char *batch_state_name(enum batch_state state);

struct batch_item {
    char *key;     /* framework, version and id of the control: what tells it from others */
    char *id;      /* its number */
    char *session; /* NULL: none yet */
    char *why;     /* of a failure, or what is red about a proposal; NULL */
    enum batch_state state;
    bool red; /* a proposal whose checks are not green */
    double dollars;
    long long tokens;
    bool priced; /* dollars is all of it */
    long long ms;
};

struct batch;

/* Opens or begins it. `digest` names the requirements (hex). ERR_CONFLICT: another process works on
 * it. ERR_INVALID: the file is damaged, with what to do. */
struct batch *batch_open(
    const char *workspace, const char *digest, struct err *err) MUST_USE;
void batch_free(struct batch *batch);

/* Where it is kept. Borrowed. */
const char *batch_path(const struct batch *batch);
size_t batch_count(const struct batch *batch);
/* Change it, then save. Pointers hold until the next batch_add. */
struct batch_item *batch_at(const struct batch *batch, size_t index);
struct batch_item *batch_find(const struct batch *batch, const char *key);
/* Adds one that waits, or gives the one there is. */
struct batch_item *batch_add(struct batch *batch, const char *key, const char *id);
/* It waits again, as if it had never been begun; its session stays known. */
void batch_item_reset(struct batch_item *item);
/* Forgets all. */
void batch_clear(struct batch *batch);
bool batch_save(struct batch *batch, struct err *err) MUST_USE;

#endif
