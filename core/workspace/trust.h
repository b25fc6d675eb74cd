/* What the engineer has said may run: git hooks of the repository now, hooks of the agent later. An
 * answer belongs to content, not to a name: a hook that changes in one byte is asked about again.
 * What a hook calls in turn is not part of its content. Kept in $XDG_STATE_HOME/bylaw/trust.json.
 * Loop thread only; other running copies of the program are taken into account at each call. */
#ifndef BYLAW_WORKSPACE_TRUST_H
#define BYLAW_WORKSPACE_TRUST_H

#include "base/err.h"
#include "base/str.h"

enum trust_answer { TRUST_UNKNOWN, TRUST_YES, TRUST_NO };

/* `kind` is what it is ("git-hook"), `scope` where (the repository's folder), `name` which one. A
 * store that cannot be read counts as empty: then everything is asked about. */
enum trust_answer trust_get(
    const char *kind, const char *scope, const char *name, struct str content);
bool trust_set(const char *kind, const char *scope, const char *name, struct str content,
    enum trust_answer answer, struct err *err) MUST_USE;

#endif
