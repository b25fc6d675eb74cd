/* The text an editor edits: a balanced tree of pieces over memory that is only ever added to.
 *
 * Bytes are kept as they came: LF, CRLF, a mix of them, a missing last newline and invalid UTF-8
 * survive untouched; nothing is converted on the way in or out. Offsets and columns are in bytes,
 * lines and columns count from 0, and a line ends with LF (a CR before it belongs to the line's
 * ending). There is always one line more than there are LFs, so a text that ends with LF has an
 * empty last line, which is where a cursor can stand.
 *
 * Every operation costs O(log pieces) and at most one piece (4 KiB) of scanning, whatever the
 * file's size. An offset past the end counts as the end.
 *
 * Threads: one thread edits. The bytes that a text_chunk or a text_snapshot points to never move or
 * change while the text lives, so a worker may read a snapshot while this thread goes on editing.
 */
#ifndef BYLAW_TEXT_TEXT_H
#define BYLAW_TEXT_TEXT_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* The largest file an editor opens, and the largest that edits can make of it. */
#define TEXT_FILE_MAX ((size_t)64 << 20)
#define TEXT_MAX      ((size_t)512 << 20)

struct text;

struct text_point {
    size_t row;    /* line, from 0 */
    size_t column; /* bytes from the line's start */
};

/* One replaced range, in the terms of tree-sitter's TSInputEdit. */
struct text_change {
    size_t start;   /* offset, the same before and after */
    size_t old_end; /* where the replaced bytes ended, in the old text */
    size_t new_end; /* where the new bytes end, in the new text */
    struct text_point start_point, old_end_point, new_end_point;
};

/* Where the person was: head moves, anchor is the other end of the selection (or equal). */
struct text_cursor {
    size_t anchor, head;
};

enum text_ending {
    TEXT_ENDING_NONE, /* no line ending at all */
    TEXT_ENDING_LF,
    TEXT_ENDING_CRLF,
    TEXT_ENDING_MIXED
};

/* Copies bytes. */
struct text *text_new(struct str bytes) MUST_USE;
/* Takes the buffer over without a copy and leaves it empty. */
struct text *text_new_take(struct buf *bytes) MUST_USE;
/* text_new with another piece size (default 4 KiB) and size of the blocks that typed text goes to
 * (default 64 KiB): tests use tiny ones so that every boundary is met. */
struct text *text_new_sized(struct str bytes, size_t piece_max, size_t block_size) MUST_USE;
void text_free(struct text *text);

size_t text_length(const struct text *text);
/* At least 1. */
size_t text_line_count(const struct text *text);
/* Offset of the line's first byte; past the last line: the length. */
size_t text_line_start(const struct text *text, size_t line);
/* Offset just after the line's last byte before its LF or CR LF. */
size_t text_line_end(const struct text *text, size_t line);
size_t text_line_of(const struct text *text, size_t offset);
struct text_point text_point_of(const struct text *text, size_t offset);
/* A column past the line's end gives the line's end. */
size_t text_offset_of(const struct text *text, struct text_point point);
/* Offset of the first LF at or after `offset`, or the length: for walking lines one after another,
 * which is quicker than asking for each by its number. */
size_t text_find_newline(const struct text *text, size_t offset);
/* The byte at offset, or -1 at the end. */
int text_byte(const struct text *text, size_t offset);

/* A run of bytes from `offset` on that lies together in memory (empty only at the end);
 * what tree-sitter's TSInput.read wants. Borrowed: stays readable until text_free. */
struct str text_chunk(const struct text *text, size_t offset);
/* The same, for who needs no more than `enough` bytes: longer only if it costs nothing. */
struct str text_chunk_upto(const struct text *text, size_t offset, size_t enough);
/* The same, ending at `offset` (empty only at 0). */
struct str text_chunk_before(const struct text *text, size_t offset);
/* Appends the bytes from `from` up to `to`. */
void text_copy(const struct text *text, size_t from, size_t to, struct buf *out);
bool text_equals(const struct text *text, struct str bytes);

/* The whole text as it is now, as runs of memory: O(pieces), no bytes are copied. Usable, also on
 * another thread, until text_free; free with text_snapshot_free. */
struct text_snapshot {
    struct str *items;
    size_t len;
    size_t bytes;
};
struct text_snapshot text_snapshot(const struct text *text);
void text_snapshot_free(struct text_snapshot *snapshot);

/* Line endings of the first MiB when it was made: what a new line gets where its neighbours do not
 * tell. */
enum text_ending text_ending(const struct text *text);
/* "\r\n" or "\n": what the line itself ends with, else the line before, else text_ending (LF for
 * none and mixed). */
struct str text_line_ending(const struct text *text, size_t line);
bool text_has_final_newline(const struct text *text);

/* Replaces `len` bytes at `at` by `with`. False (ERR_LIMIT, nothing changed) when the result would
 * be larger than TEXT_MAX. Replacing nothing by nothing is no change. */
bool text_replace(
    struct text *text, size_t at, size_t len, struct str with, struct err *err) MUST_USE;
bool text_insert(struct text *text, size_t at, struct str with, struct err *err) MUST_USE;
void text_delete(struct text *text, size_t at, size_t len);
/* Makes the text equal to `bytes` as one undo step that touches only what differs between the
 * common beginning and end (a reload, a recovery). */
bool text_set(struct text *text, struct str bytes, struct err *err) MUST_USE;

/* Called after each single change, also those of undo and redo, in the order they were added. A
 * callback must not edit the text. Adding the same pair twice is two calls. */
void text_add_listener(
    struct text *text, void (*callback)(void *data, const struct text_change *change), void *data);
void text_remove_listener(
    struct text *text, void (*callback)(void *data, const struct text_change *change), void *data);
/* Grows with every change; equal versions are equal texts. */
uint64_t text_version(const struct text *text);

/* Undo as a person thinks of it. Changes between text_begin and text_end (which nest) are one step.
 * Outside of them, small insertions that follow each other or go into each other (typing, also
 * between brackets that came as a pair), and small deletions next to
 * each other (Backspace or Delete held), run together into one step; a run ends with text_break,
 * begin/end, undo, redo, text_mark_saved, and before a newline (so that a typed line is a step).
 * The caller breaks the run when the cursor moves or the person pauses: this module has no clock.
 * After an undo, a new change starts a new branch; the old one is kept but redo follows the new. */
void text_begin(struct text *text);
void text_end(struct text *text);
/* As text_begin, but a run of such steps is one step: for keys that type (or erase) in several
 * places at a time. */
void text_begin_run(struct text *text, bool erasing);
void text_break(struct text *text);
/* Tells where the cursor stands before the next change; undoing that step gives it back. */
void text_note_cursor(struct text *text, struct text_cursor cursor);
/* One step back or forth; false when there is none (or between begin and end), or when it was told
 * to stop on the way (base/slow.h): then all is as it was. *cursor (may be NULL) is where to put
 * the cursor. */
bool text_undo(struct text *text, struct text_cursor *cursor);
bool text_redo(struct text *text, struct text_cursor *cursor);
/* Where the cursor was before the step that an undo (or redo) would take; false: there is none. */
bool text_step_cursor(const struct text *text, bool redo, struct text_cursor *cursor);
bool text_can_undo(const struct text *text);
bool text_can_redo(const struct text *text);

/* All steps, also those on branches that undo left: they are numbered in the order they were made;
 * 0 is the text as it was opened (or the oldest state its history file knew). */
size_t text_step_count(const struct text *text); /* at least 1 */
size_t text_step(const struct text *text);       /* the one the text stands after */
/* When it was made, ms of the clock given by text_note_time; 0: not known. */
int64_t text_step_time(const struct text *text, size_t step);
/* The step it was made from; 0 for step 0. */
size_t text_step_parent(const struct text *text, size_t step);
/* The step that text_redo would make again; 0: there is none. */
size_t text_redo_step(const struct text *text);
/* What a step did: its edits in the order they were made. Runs of memory, borrowed until the next
 * change of the text. */
struct text_step_edit {
    size_t at; /* in the text as it was when this edit was made */
    size_t removed_len, inserted_len;
    const struct str *removed, *inserted;
    size_t removed_count, inserted_count;
};
size_t text_step_edits(const struct text *text, size_t step);
bool text_step_edit(
    const struct text *text, size_t step, size_t index, struct text_step_edit *edit);
/* The clock for steps made from now on: this module has none. */
void text_note_time(struct text *text, int64_t time_ms);
/* Goes to any step, back to where its branch left ours and forth again; redo then follows the way
 * to it. False (nothing changed) when there is no such step, or between begin and end. */
bool text_go_to_step(struct text *text, size_t step, struct text_cursor *cursor);

/* What is on disk is what the text is now. */
void text_mark_saved(struct text *text);
/* The same for an earlier moment: a save on a worker takes the state (and the content) when it
 * begins and marks it when it is done, whatever was typed meanwhile. text_state breaks a run, so
 * that undo can come back to this very state. Long work on the text (base/slow.h) is stopped. */
uint64_t text_state(struct text *text);
void text_mark_saved_state(struct text *text, uint64_t state);
/* What is on disk is something else, whatever undo does (the file was deleted or replaced). */
void text_mark_unsaved(struct text *text);
/* True when it differs from the state marked as saved; undoing back to that state is not dirty. A
 * new text is saved. */
bool text_is_dirty(const struct text *text);

#endif
