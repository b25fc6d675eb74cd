/* Text in a Markdown code fence that nothing in it can end. */
#ifndef BYLAW_AGENT_FENCE_H
#define BYLAW_AGENT_FENCE_H

#include "base/str.h"

/* Appends the text, ended by a line feed, between two fences longer than any run of backticks in
 * it.
 */
void fence_append(struct buf *out, struct str text);

#endif
