/* The Model Context Protocol, server side: a toolbox offered to an agent that is not ours (Codex,
 * an editor, any MCP client). One JSON text a line in both directions; this module sees lines only,
 * `bylaw mcp` gives it standard input and output.
 *
 * Written to modelcontextprotocol.io/specification/2025-06-18 (lifecycle, ping, tools,
 * cancellation), and to the two before it, which differ in nothing that is used here but batches
 * (2025-03-26, taken apart). The client is not trusted: noise, unknown methods and bad parameters
 * are answered with an error and the session goes on.
 *
 * Calls run side by side but for those that change the proposal, each of which waits for all before
 * it and holds up all after it. Loop thread only. */
#ifndef BYLAW_MCP_MCP_H
#define BYLAW_MCP_MCP_H

#include "agent/toolbox.h"

struct mcp;

struct mcp_setup {
    struct toolbox *toolbox;  /* borrowed */
    bool read_only;           /* tools that change the proposal are not offered */
    const char *instructions; /* what the client's model is told of the server; borrowed */
    /* One message with its line feed, to be written out. Borrowed. */
    void (*write)(void *data, struct str line);
    /* A call has ended; may be NULL. For what follows a change of the proposal. */
    void (*called)(void *data, const char *name, bool failed);
    void *data;
};

struct mcp *mcp_new(const struct mcp_setup *setup) MUST_USE;
/* Cancels what runs. */
void mcp_free(struct mcp *mcp);

/* Bytes of the client, in any pieces. */
void mcp_feed(struct mcp *mcp, struct str bytes);
/* Calls are taken but not begun until this is set: the tools' ground is not ready yet. */
void mcp_set_ready(struct mcp *mcp, bool ready);
/* What the client's model is told with the result of the next call. */
void mcp_note(struct mcp *mcp, const char *text);
/* What the client calls itself, safe to show; "a client" before it has. Borrowed. */
const char *mcp_client(const struct mcp *mcp);
/* Calls that wait or run. */
size_t mcp_open_calls(const struct mcp *mcp);

#endif
