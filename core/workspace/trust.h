/* What the engineer has said may run: git hooks of the repository, and what it brings for the agent
 * (trust/vetting.h). An answer belongs to content, not to a name: a hook that changes in one byte
 * is asked about again. What a git hook calls in turn is not part of its content. Kept in
 * $XDG_STATE_HOME/bylaw/trust.json. Loop thread only, but for questions to a loaded store; other
 * running copies of the program are taken into account at each call. */
#ifndef BYLAW_WORKSPACE_TRUST_H
#define BYLAW_WORKSPACE_TRUST_H

#include "base/err.h"
#include "base/str.h"

struct trust_store;
enum trust_answer { TRUST_UNKNOWN, TRUST_YES, TRUST_NO };

/* `kind` is what it is ("git-hook"), `scope` where (the repository's folder), `name` which one. A
 * store that cannot be read counts as empty: then everything is asked about. */
enum trust_answer trust_get(
    const char *kind, const char *scope, const char *name, struct str content);
bool trust_set(const char *kind, const char *scope, const char *name, struct str content,
    enum trust_answer answer, struct err *err) MUST_USE;

/* The store as it is now, for several questions. Never NULL. */
struct trust_store *trust_load(void) MUST_USE;
void trust_store_free(struct trust_store *store);
enum trust_answer trust_store_get(const struct trust_store *store, const char *kind,
    const char *scope, const char *name, struct str content);
/* Some content of that name was allowed once. */
bool trust_store_knows(
    const struct trust_store *store, const char *kind, const char *scope, const char *name);

#endif
