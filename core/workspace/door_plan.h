/* Inside the door: what a set of changes does to files, one step a file, each of which can be done,
 * undone and recognised on disk after a crash. Used by door.c and door_intent.c only. */
#ifndef BYLAW_WORKSPACE_DOOR_PLAN_H
#define BYLAW_WORKSPACE_DOOR_PLAN_H

#include "base/sha256.h"
#include "workspace/beneath.h"

/* old without new: a delete; new without old: a new file; both: a replacement. */
struct door_op {
    char *path;
    char *temp;   /* beside path: the new content before the switch, the old one after */
    char *backup; /* beside path: the old content where the system cannot exchange two names */
    bool has_old;
    bool has_new;
    char old_hash[SHA256_HEX_SIZE];
    char new_hash[SHA256_HEX_SIZE];
    struct str content; /* borrowed; only while writing */
    unsigned mode;      /* for a new file, less umask; a moved file's own otherwise */
    char *like;         /* the file whose mode and owner the new one takes; NULL: `mode` */
    bool switched;
};

struct door_plan {
    struct door_op *items;
    size_t len, cap;
    struct {
        char **items;
        size_t len, cap;
    } folders; /* that do not exist yet, outermost first */
};

void door_plan_free(struct door_plan *plan);
/* Adds an op with temporary names of its own. */
struct door_op *door_plan_add(struct door_plan *plan, const char *path);

enum door_state {
    DOOR_OP_BEFORE,  /* the old content is in place */
    DOOR_OP_AFTER,   /* the new content is in place */
    DOOR_OP_FOREIGN, /* neither: somebody else wrote it */
    DOOR_OP_UNKNOWN  /* cannot be read */
};

enum door_state door_op_state(int root, const struct door_op *op);
/* Writes and syncs the temporary file. */
bool door_op_prepare(int root, const struct door_op *op, struct err *err) MUST_USE;
/* Puts the new content in place, and makes sure that what it displaced was the base. */
bool door_op_switch(int root, struct door_op *op, struct err *err) MUST_USE;
/* After a crash: is the new content still ready; is what the switch displaced not the base; and
 * undo of a replacement that stopped between its two renames. */
bool door_op_can_switch(int root, const struct door_op *op);
bool door_op_displaced_foreign(int root, const struct door_op *op);
void door_op_repair(int root, const struct door_op *op);
/* Puts the old content back. */
bool door_op_undo(int root, struct door_op *op, struct err *err) MUST_USE;
/* Removes what the op left beside its path, unless it is content that is neither old nor new: that
 * is told in *note and kept. */
void door_op_clean(int root, const struct door_op *op, struct buf *note);
void door_sync_folders(int root, const struct door_plan *plan);
/* Removes the plan's folders that are empty, innermost first. */
void door_remove_folders(int root, const struct door_plan *plan);

/* The test hook's call. */
void door_step(const char *step);

#endif
