/* Commands of the engineer's own: prompt files. NAME.md in the folder commands/ beside the user's
 * config.toml or in $CODEX_HOME/prompts is /NAME everywhere; in .bylaw/commands of a workspace it
 * is /NAME there, once the engineer has trusted exactly this text (trust/vetting.h). YAML between
 * "---" lines at the beginning may say its description.
 *
 * In the text $1 to $9 are the words behind the name, $ARGUMENTS is all of it, and $$ a dollar
 * sign, as in Codex CLI's custom prompts; what is given and named nowhere is added at the end. Loop
 * thread only. */
#ifndef BYLAW_AGENT_PROMPTS_H
#define BYLAW_AGENT_PROMPTS_H

#include "agent/skills.h"

/* By name, read as skills are: the workspace's first. Free with skills_free. */
void prompts_read(const char *root, struct skills *out, struct buf *problems);
/* The trusted one of this name. ERR_NOT_FOUND: there is none; ERR_DENIED: it is not trusted. */
const struct skill *prompts_find(const struct skills *prompts, struct str name, struct err *err);
/* Appends what is sent for it. */
void prompt_expand(const struct skill *prompt, struct str args, struct buf *out);

#endif
