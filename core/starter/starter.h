/* What a policy repository begins with (`bylaw init`): for each file of the chosen frameworks what
 * it would hold, and whether something stands there already. Nothing is written here: what is
 * chosen becomes changes for the one door (workspace/door.h) or a proposal.
 *
 * The texts are those of starter/ in the source. In a common file
 *     @part NAME@     a line: parts/FRAMEWORK/NAME of each chosen framework that has it
 *     @first NAME@    a line: that of the first which has it
 *     @requirements@  a line: the setting of that name, where one was said
 *     @engines@       the programs the chosen frameworks are tested with: "opa gator"
 *     @frameworks@    their titles: "OPA Gatekeeper and Kyverno" */
#ifndef BYLAW_STARTER_STARTER_H
#define BYLAW_STARTER_STARTER_H

#include "patch/change.h"
#include "starter/choice.h"
#include "workspace/workspace.h"

enum starter_state {
    STARTER_NEW,
    STARTER_SAME,      /* it stands there, to the byte */
    STARTER_DIFFERS,   /* a file stands there that says something else */
    STARTER_IN_THE_WAY /* a link, a folder or something that cannot be read: left as it is */
};

struct starter_file {
    enum starter_state state;
    struct change change;    /* what writing it would be */
    unsigned added, removed; /* lines that differ */
    char *trouble;           /* of STARTER_IN_THE_WAY, else NULL */
};

struct starter_plan {
    struct starter_file *items; /* by path */
    size_t len, cap;
};

struct starter_wish {
    unsigned set;             /* of frameworks, 1 << enum framework each */
    bool no_policy;           /* without the first policy and its tests */
    const char *requirements; /* a matrix, or one that is compiled in; NULL: one of our own */
};

/* The files for a wish, compared with what is there. Reads files: a worker, or before a loop runs.
 */
void starter_read(
    const struct workspace *workspace, const struct starter_wish *wish, struct starter_plan *out);
void starter_plan_free(struct starter_plan *plan);
size_t starter_count(const struct starter_plan *plan, enum starter_state state);

/* Trusts the hooks and skills among what was written of the plan, for this user in this folder: the
 * engineer has asked for exactly these, and nobody else's text is trusted by it (a hook only when
 * all scripts are ours, too). */
bool starter_trust(const struct workspace *workspace, const struct starter_plan *plan,
    const struct changes *written, struct err *err) MUST_USE;

#endif
