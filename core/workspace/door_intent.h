/* Inside the door: the record that makes a set of switches whole. One small JSON file a workspace
 * in the state folder, replaced atomically as the write goes from phase to phase. */
#ifndef BYLAW_WORKSPACE_DOOR_INTENT_H
#define BYLAW_WORKSPACE_DOOR_INTENT_H

#include "workspace/door.h"
#include "workspace/door_plan.h"

enum door_phase {
    DOOR_PREPARING, /* temporary files are being written: nothing is switched */
    DOOR_DECIDED,   /* all are on disk, some may be switched */
    DOOR_SWITCHED   /* all are switched: only cleaning is left */
};

/* The lock and the record's name for this workspace; NULL on failure. Waits up to 10 s for another
 * process that writes. */
struct door_intent *door_intent_open(const struct workspace *workspace, struct err *err) MUST_USE;
void door_intent_close(struct door_intent *intent); /* releases the lock */
bool door_intent_write(struct door_intent *intent, const struct door_plan *plan,
    enum door_phase phase, struct err *err) MUST_USE;
void door_intent_remove(struct door_intent *intent);
/* Finishes or undoes what the record says, if there is one. */
bool door_intent_recover(
    struct door_intent *intent, int root, struct door_recovery *out, struct err *err) MUST_USE;

#endif
