/* An agent that speaks the Agent Client Protocol as the model of a session: JSON-RPC 2.0, one JSON
 * text a line, over its standard input and output, behind the interface of a provider. Source: the
 * schema of protocol version 1 (agentclientprotocol.com, npm @agentclientprotocol/sdk); tried with
 * opencode 1.18.33, claude-agent-acp 0.101.0, codex-acp 2.6.0 and gemini 0.61.0.
 *
 * The agent works in a scratch copy of its own (workspace/lent.h), and its process is confined by
 * the operating system (sandbox/sandbox.h): it writes to that copy, to the folders that the user
 * names as its own, and to a temporary one, and nowhere else. So it may write as it likes, by
 * itself, through us (fs/write_text_file) or with a command: what differs afterwards ends the turn
 * as a call of apply_patch, which joins the proposal like any other. Permission to edit, move or
 * read below the scratch copy is therefore given at once; every other waits for the engineer
 * (EVENT_APPROVAL). A reason for a refusal is told to the agent as the next prompt, for the
 * protocol's own answer carries no words.
 *
 * What the engineer takes, changes and refuses afterwards reaches it as the review's feedback does
 * any model, and the copy is laid out anew before each prompt. What it had written when it was
 * interrupted, or when it died, joins the proposal too. A session goes on with the agent's own
 * after a restart, where the agent can load one; else it is told what was said so far. Loop thread
 * only. */
#ifndef BYLAW_ACP_ACP_H
#define BYLAW_ACP_ACP_H

#include "acp/agents.h"
#include "model/provider.h"
#include "patch/change.h"

struct workspace;

enum { ACP_PROTOCOL_VERSION = 1 };

/* What the workbench does for it. */
struct acp_host {
    void *data;
    const struct workspace *workspace;
    /* The open proposal's, or NULL. Borrowed until the loop goes on. */
    const struct changes *(*changes)(void *data);
    /* The agent wrote this, and its turn is over otherwise than well: `why` in a few words. False:
     * it did not join the proposal, and the engineer was told. */
    bool (*take)(void *data, struct str patch, const char *why);
    const char *tools; /* the bylaw program, whose read-only tools it is given; NULL: none */
};

struct acp_options {
    struct loop *loop;
    const struct acp_host *host; /* copied */
    struct acp_agent *agent;     /* taken over, and left empty */
};

/* NULL: there is no such program. It is started with the first request. */
struct provider *acp_new(const struct acp_options *options, struct err *err) MUST_USE;

#endif
