/* Brackets and quotes that come in pairs: what is typed for an opening one, a closing one, and
 * between them. Not inside strings and comments, and not before a word. Which quotes pair is the
 * language's affair: an apostrophe is none in Rego. */
#ifndef BYLAW_PANE_EDITOR_PAIRS_H
#define BYLAW_PANE_EDITOR_PAIRS_H

#include "pane/editor_carets.h"

/* What typing `text` at the caret does beside putting it there: puts a pair, wraps the selection,
 * or goes over a closing character that is there. False: nothing beside, and nothing was added. */
bool pairs_plan_typed(
    const struct view *view, const struct caret *caret, struct str text, struct plan *plan);
/* Whether the offset is between the two characters of an empty pair; `brackets`: not of quotes. */
bool pairs_between(const struct view *view, size_t at, bool brackets);

#endif
