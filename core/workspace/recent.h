/* The files of one workspace that were opened last, kept from session to session in
 * $XDG_STATE_HOME/bylaw/recent/. Loop thread only; written on a worker. */
#ifndef BYLAW_WORKSPACE_RECENT_H
#define BYLAW_WORKSPACE_RECENT_H

#include "loop/loop.h"

enum { RECENT_MAX = 100 };

struct recent;

/* Reads what was kept for the workspace with this root. Never fails: what cannot be read is empty,
 * what cannot be written is not kept (a convenience, not worth a word). Copies root. */
struct recent *recent_new(struct loop *loop, const char *root) MUST_USE;
/* Waits for a write under way. */
void recent_free(struct recent *recent);
/* The file (relative path) is being looked at now: it comes first. */
void recent_note(struct recent *recent, const char *path);
/* Newest first. Borrowed until the next note. */
size_t recent_count(const struct recent *recent);
const char *recent_at(const struct recent *recent, size_t index);

#endif
