/* A session as a Markdown file: what was said, which tools ran, what was proposed and committed.
 *
 * Control characters are made visible (base/safe.h) and registered secrets replaced. A file beneath
 * the workspace is written through the door, any other only where nothing is; neither is written
 * over unless that is asked for. */
#ifndef BYLAW_AGENT_EXPORT_H
#define BYLAW_AGENT_EXPORT_H

#include "agent/session.h"
#include "workspace/workspace.h"

/* Appends all of it. Loop thread. */
void export_markdown(const struct session *session, const char *workspace, struct buf *out);
/* "bylaw-20261126-171200-ab12.md": the caller frees. */
char *export_default_name(const struct session *session) MUST_USE;
/* Writes it; `target` is a path in the workspace, an absolute one, or one that begins with "~/".
 * The folder must be there. ERR_EXISTS: something is there, and not `over`. *written is the path as
 * it is said to people; the caller frees. Any thread; waits for the disk. */
bool export_write(const struct workspace *workspace, const char *target, struct str text, bool over,
    char **written, struct err *err) MUST_USE;

#endif
