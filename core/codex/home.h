/* A Codex that does not start with its own config.toml, because that was written for an earlier one
 * (config/codex_check.h), or whose rules or PermissionRequest hooks allow in the engineer's place
 * what it would ask, is started with a folder of ours: all that is in $CODEX_HOME by links, so that
 * login and sessions are the same, but for rules, hooks.json and config.toml, which are copies
 * without what answers (codex/answers.h) and what it refuses. The engineer's files are not touched.
 */
#ifndef BYLAW_CODEX_HOME_H
#define BYLAW_CODEX_HOME_H

#include "config/config.h"

/* *home: the folder ($XDG_STATE_HOME/bylaw/codex-home), or NULL when Codex can use its own; *told:
 * one line about it. Both are the caller's. False: a folder is needed and could not be made. */
bool codex_home(const struct config *config, char **home, char **told, struct err *err) MUST_USE;

#endif
