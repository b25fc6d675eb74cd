/* The undo steps of a text as bytes, so that they outlive the program: undo goes on where it was
 * when a file is opened again, as long as nobody else changed it. Pure functions; the files are
 * history_file.h's.
 *
 * The bytes are the line "bylaw undo 1\n", then records (record.h):
 *   H  once, first: length of the content (8), its FNV-1a 64 hash (8), the step it stands after
 * (4), how many steps there are (4) S  one for each step but step 0: parent (4), time in ms (8),
 * the cursor before (anchor, head: 8 each) and after, how many edits (4), and for each edit: offset
 * (8), bytes removed (4), bytes put there (4), then these bytes */
#ifndef BYLAW_TEXT_HISTORY_H
#define BYLAW_TEXT_HISTORY_H

#include "text/text.h"

/* What is written at most: of a longer history the branches go first, then the oldest steps. */
#define HISTORY_BYTES_MAX ((size_t)4 << 20)
#define HISTORY_STEPS_MAX 20000

/* The steps, without the head: appended. False when there are none. Copies, so that the rest can be
 * done on a worker. *current is the number that the text's own step has in them. */
bool history_put_steps(
    const struct text *text, size_t bytes_max, struct buf *steps, size_t *count, size_t *current);
/* The head for a content: `length` and `hash` (str_hash, run over run) of the text that stands
 * after step `current`. Goes in front of the steps. */
void history_put_head(struct buf *out, size_t length, uint64_t hash, size_t count, size_t current);
/* The hash of all runs put together. */
uint64_t history_hash(const struct text_snapshot *content);

/* Takes the history over into a text that was just opened and has none yet. False with the text as
 * it was: damaged, or of another content (ERR_CONFLICT: somebody else changed the file). */
bool history_read(struct text *text, struct str file, struct err *err) MUST_USE;

#endif
