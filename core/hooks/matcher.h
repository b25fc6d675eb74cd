/* Which tools a hook is for, as Codex reads its matcher: letters, digits, "_" and "|" are exact
 * names, alternatives apart by "|"; anything else is a regular expression, found anywhere. The
 * matcher comes from a file of anybody's, so matching is bounded. */
#ifndef BYLAW_HOOKS_MATCHER_H
#define BYLAW_HOOKS_MATCHER_H

#include "base/err.h"

/* False: an expression that cannot be used, and why ("…" reads as a predicate). */
bool matcher_check(const char *matcher, struct err *err) MUST_USE;
/* The tool's own name or another that Codex has for it: apply_patch is Edit and Write,
 * run_command is Bash, exec_command and shell. What cannot be matched does not fit. */
bool matcher_fits(const char *matcher, const char *tool);

#endif
