/* Which agents there are that speak the Agent Client Protocol: one row each. One comes with the
 * program; the user's own config.toml adds to them or replaces it by name:
 *
 *     [agents.opencode]
 *     command = ["opencode", "acp"]
 *     folders = ["~/.config/opencode", "~/.local/share/opencode"]  # its own: it may write there
 *     env = ["ANTHROPIC_API_KEY"]   # handed on to it although they look like secrets
 *     network = false               # it needs none (default: true, for its model)
 *     reads_agents_md = true        # it reads the workspace's AGENTS.md by itself
 *     counts_last_request = true    # the tokens that it tells are those of a prompt's last request
 *
 * and `model_provider = "acp:opencode"` (or `--provider acp:opencode`) makes one the session's.
 * A folder that begins with ~/.config, ~/.local/share, ~/.local/state or ~/.cache lies where the
 * XDG variable of that name says, if it is set. Folders that do not exist are made.
 *
 * A repository's configuration may not name programs, so its table is ignored (config.h says so).
 */
#ifndef BYLAW_ACP_AGENTS_H
#define BYLAW_ACP_AGENTS_H

#include "config/config.h"

struct acp_words {
    char **items;
    size_t len, cap;
};

struct acp_agent {
    char *name;
    struct acp_words command; /* command.items[0] is the program */
    struct acp_words folders; /* as written */
    struct acp_words env;
    bool network;
    bool reads_agents_md;
    bool counts_last_request;
    const char *install; /* static: how to get it, or NULL */
};

/* The NAME of a provider "acp:NAME"; NULL: it is another kind, or none. Borrowed from it. */
const char *acp_agent_of(const char *provider);
/* The row of that name. False and why: there is none, or it is not of the shape above. Free with
 * acp_agent_free in any case. */
bool acp_agent_find(const struct config *config, const char *name, struct acp_agent *agent,
    struct err *err) MUST_USE;
void acp_agent_free(struct acp_agent *agent);
/* Where a folder of a row lies: absolute. NULL: there is no home, or it is not absolute. The caller
 * frees. */
char *acp_agent_folder(const char *written, struct err *err) MUST_USE;

#endif
