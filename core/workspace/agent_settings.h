/* What a repository brings that agents take for their own settings: opencode.json, .opencode/,
 * .claude/settings.json, .mcp.json, .env. Such files start programs, name servers and change what
 * an agent may do, with the engineer's keys and a network. A copy lent to an agent is without them
 * until the engineer has seen and trusted them (workspace/lent.h, trust/vetting.h).
 *
 * Nobody knows the names of all agents' files. So each file or folder whose name begins with a dot
 * counts, wherever it lies, but for those that are known to be somebody else's (.gitignore,
 * .regal/, .kyverno-test/); and of the others a few that are known to be agents'. Instructions that
 * are only read (AGENTS.md) do not count. Any thread. */
#ifndef BYLAW_WORKSPACE_AGENT_SETTINGS_H
#define BYLAW_WORKSPACE_AGENT_SETTINGS_H

#include "workspace/files.h"

/* The kind of thing that workspace/trust.h keeps an answer about. */
#define AGENT_SETTINGS_KIND "agent setting"

enum { AGENT_SETTINGS_FILES_MAX = 200, AGENT_SETTINGS_BYTES_MAX = 512 * 1024 };

struct agent_setting {
    char *root;   /* the file or folder whose name says it: "opencode.json", "sub/.claude" */
    size_t files; /* how many there are in it */
    char *shown;  /* all of it, for people; as it is */
    char *digest; /* paths and hashes: what an answer belongs to */
    /* Why nobody can have seen all of it, and so it cannot be trusted; NULL: it can. Static. */
    const char *problem;
};

struct agent_settings {
    struct agent_setting *items; /* by root, bytewise */
    size_t len, cap;
};

/* How many bytes of the path are the root of one; 0: it is of none. */
size_t agent_setting_root(const char *path);
/* Those among the files, which lie below `fd`. Reads them: not for large trees on the loop's
 * thread, but there are few of them. */
void agent_settings_read(int fd, const struct files *files, struct agent_settings *out);
void agent_settings_free(struct agent_settings *settings);

#endif
