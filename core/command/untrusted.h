/* What a repository brings for agents and the engineer has not trusted yet (trust/vetting.h), for
 * commands: nobody is there to be asked, and what was left out must be said. */
#ifndef BYLAW_COMMAND_UNTRUSTED_H
#define BYLAW_COMMAND_UNTRUSTED_H

#include "config/config.h"
#include "trust/vetting.h"

/* All there is in the folder (absolute). Settings for agents are in it where model_provider is such
 * an agent ("acp:NAME"); config NULL: in any case. Free with vetting_free in any case. */
bool untrusted_read(
    const char *folder, const struct config *config, struct vetting *out, struct err *err) MUST_USE;
/* One line on the standard error where something waits for trust. */
void untrusted_say(const char *folder, const struct config *config);

#endif
