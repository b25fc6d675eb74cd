/* The vi key set in the editor: takes keys to the engine (vi/vi.h) and what it did to the view that
 * has the keys, and is the engine's host. One engine for all files, so that registers and macros
 * are everywhere. Loop thread only. */
#ifndef BYLAW_PANE_EDITOR_VI_H
#define BYLAW_PANE_EDITOR_VI_H

#include "help.h"
#include "pane/editor_private.h"

/* The key goes to the engine before any action: vi keys are on, a file has the keys and no bar is
 * open. Alt, function keys, Ctrl-P, Ctrl-Q, Ctrl-S and Ctrl-Z stay the program's, and so does Space
 * where it begins a command. */
bool editor_vi_takes(const struct editor *editor, const struct key *key);
unsigned editor_vi_key(struct editor *editor, const struct key *key);
unsigned editor_vi_paste(struct editor *editor, struct str text);
/* After others moved the cursor or selected text (the mouse, a jump). */
void editor_vi_follow(struct editor *editor);
/* The jump list of the engine. */
void editor_vi_note_jump(struct editor *editor);
bool editor_vi_jump(struct editor *editor, bool forward);
bool editor_vi_is_inserting(const struct editor *editor);
/* The bytes before the cursor become others; see vi_complete. */
bool editor_vi_complete(struct editor *editor, size_t len, struct str with, size_t cursor);
/* A text is about to be freed. NULL engine is fine. */
void editor_vi_forget(struct editor *editor, struct text *text);
void editor_vi_free(struct editor *editor);

/* editor_vi_host.c: what the engine asks of the program. */
struct vi_screen_row;
/* vi_host's screen_row. */
bool editor_vi_row(struct view *view, size_t at, int by, struct vi_screen_row *out);
/* The rule around [from, to), or its body. */
bool editor_vi_rule(
    struct view *view, bool around, size_t from, size_t to, size_t *start, size_t *end);
/* Files and folders that begin so, up to the next '/'; each ended by LF, appended. */
void editor_vi_paths(const struct editor *editor, struct str word, struct buf *out);
/* A row of the table of keys with the keys it has now, for the ? screen (help.h). */
bool editor_vi_help(const void *editor, size_t index, struct help_row *out);
/* 'scrolloff' as :set has it; 0 without the key set. */
size_t editor_vi_margin(const struct editor *editor);

/* The engine, or NULL: for what paints it. */
const struct vi *editor_vi_engine(const struct editor *editor);

/* What is painted. View `view` has the keys of a vi engine. */
bool editor_vi_shows(const struct view *view);
/* The selection in a line, as [start, end) with the line's ending one byte. */
bool editor_vi_selected(const struct view *view, size_t line, struct search_range *range);
bool editor_vi_match(const struct editor *editor, const struct text *text, size_t from, size_t to,
    struct search_range *range);
/* Rows of the command line and its menu at the pane's bottom; 0: none. */
int editor_vi_rows(const struct editor *editor);
void editor_vi_draw(struct editor *editor, struct region region, bool focused);
/* "-- INSERT --  2d": appended. */
void editor_vi_title(const struct editor *editor, struct buf *out);
enum cursor_shape editor_vi_shape(const struct editor *editor);

#endif
