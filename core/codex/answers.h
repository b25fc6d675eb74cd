/* What of a user's Codex files answers in the engineer's place (a rule that allows, a hook of
 * PermissionRequest), taken out of them: what forbids, asks or only looks on stays. */
#ifndef BYLAW_CODEX_ANSWERS_H
#define BYLAW_CODEX_ANSWERS_H

#include "base/str.h"

/* The event of its hooks that answers. */
#define CODEX_ANSWERING_HOOK "PermissionRequest"

/* A file of rules (Starlark) as one that makes the same rules but for those that allow, whatever it
 * makes them by: Codex itself decides which those are. */
void codex_answers_cut_rules(struct str text, struct buf *out);
/* A hooks.json. False: it is no JSON, which Codex would not take either. */
bool codex_answers_cut_hooks(struct str text, struct buf *out) MUST_USE;

#endif
