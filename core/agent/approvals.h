/* Which commands of an agent may run, and which wait for the engineer: the setting approval_policy,
 * what the engineer approved for this session, and the allow-list.
 *
 * The allow-list is a file of the user's own ($XDG_CONFIG_HOME/bylaw/allowed-commands), never of a
 * workspace: a line is the first words of commands that may run ("opa fmt"), in the strict form of
 * command_words.h; # begins a comment. A command that is not plainly one program and its arguments
 * is on no list, nor is one that wants the network. Whatever is allowed is confined all the same.
 * Loop thread only. */
#ifndef BYLAW_AGENT_APPROVALS_H
#define BYLAW_AGENT_APPROVALS_H

#include "base/err.h"
#include "base/str.h"

struct approvals;
struct config;

enum verdict { VERDICT_RUN, VERDICT_ASK, VERDICT_REFUSE };

/* `config` is borrowed. */
struct approvals *approvals_new(const struct config *config) MUST_USE;
void approvals_free(struct approvals *approvals);

/* `line` as the agent wrote it. VERDICT_REFUSE: *why (a sentence, static) is told to the agent. */
enum verdict approvals_judge(
    struct approvals *approvals, struct str line, bool network, const char **why);
/* What the engineer is offered as an entry of the allow-list: the program and the word after it
 * where that looks like a verb. NULL: this command cannot be allowed always, and *why_not (static)
 * says why. The caller frees. */
char *approvals_rule(const struct approvals *approvals, struct str line, bool network,
    const char **why_not) MUST_USE;

/* Exactly this line, as long as the program runs and neither a stricter approval_policy nor a
 * looser sandbox_mode is chosen: that is asked about again. */
void approvals_allow_session(struct approvals *approvals, struct str line, bool network);
bool approvals_has_session(const struct approvals *approvals, struct str line, bool network);
/* Adds a line to the allow-list (atomically, mode 0600 when it is new). False: it is no plain
 * command, or would allow any program whatever ("sh", "env"). */
bool approvals_allow_always(struct str rule, struct err *err) MUST_USE;
/* The list's file, or NULL without a home. The caller frees. */
char *approvals_file(void) MUST_USE;
/* What is wrong in it, one line each; nothing is appended when all is well. */
void approvals_check_file(struct buf *problems);

/* One line: the policy, and what a command is confined to. The caller frees. */
char *approvals_terms(const struct approvals *approvals, bool network) MUST_USE;
/* sandbox_mode: a command may write to its scratch copy of the workspace. */
bool approvals_may_write(const struct approvals *approvals);

#endif
