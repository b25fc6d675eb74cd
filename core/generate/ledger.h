/* What a run of `bylaw generate` has done so far, control by control, so that it goes on after a
 * kill -9: one JSON file in the state folder, for the workspace and the requirements (by their
 * digest), replaced whole after each step (temporary file, fsync, rename). One process at a time
 * (flock). */
#ifndef BYLAW_GENERATE_LEDGER_H
#define BYLAW_GENERATE_LEDGER_H

#include "base/err.h"
#include "base/str.h"

enum ledger_state {
    LEDGER_WAITS,    /* not begun */
    LEDGER_RUNS,     /* begun: its session is `session` */
    LEDGER_PROPOSED, /* a proposal waits in its session, or was decided since */
    LEDGER_FAILED    /* none, and `why` */
};
const char *ledger_state_name(enum ledger_state state);

struct ledger_item {
    char *key;     /* framework, version and id of the control: what tells it from others */
    char *id;      /* its number */
    char *session; /* NULL: none yet */
    char *why;     /* of a failure, or what is red about a proposal; NULL */
    enum ledger_state state;
    bool red; /* a proposal whose checks are not green */
    double dollars;
    long long tokens;
    bool priced; /* dollars is all of it */
    long long ms;
};

struct ledger;

/* Opens or begins it. `digest` names the requirements (hex). ERR_CONFLICT: another process works on
 * it. ERR_INVALID: the file is damaged, with what to do. */
struct ledger *ledger_open(const char *workspace, const char *digest, struct err *err) MUST_USE;
void ledger_free(struct ledger *ledger);

/* Where it is kept. Borrowed. */
const char *ledger_path(const struct ledger *ledger);
size_t ledger_count(const struct ledger *ledger);
/* Change it, then save. Pointers hold until the next ledger_add. */
struct ledger_item *ledger_at(const struct ledger *ledger, size_t index);
struct ledger_item *ledger_find(const struct ledger *ledger, const char *key);
/* Adds one that waits, or gives the one there is. */
struct ledger_item *ledger_add(struct ledger *ledger, const char *key, const char *id);
/* It waits again, as if it had never been begun; its session stays known. */
void ledger_item_reset(struct ledger_item *item);
/* Forgets all. */
void ledger_clear(struct ledger *ledger);
bool ledger_save(struct ledger *ledger, struct err *err) MUST_USE;

#endif
