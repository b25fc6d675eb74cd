/* The editor pane: the engineer's own hands on the files of the workspace.
 *
 * Files are opened below the workspace only (beneath.h) and written through the one door (door.h),
 * byte for byte: line endings, a missing last newline and bytes that are not UTF-8 stay. Several
 * files can be open; one is shown. Unsaved edits are kept in swap files (swap.h) and offered after
 * a crash. What a key costs depends on what is visible, not on the file.
 *
 * Paths are relative to the workspace. Loop thread only. */
#ifndef BYLAW_PANE_EDITOR_H
#define BYLAW_PANE_EDITOR_H

#include "app.h"
#include "syntax/syntax.h"

struct config;
struct editor;
struct workspace;

/* All three outlive the editor. `swap_dir`: where unsaved edits are kept (see swap_default_dir);
 * NULL: nowhere. Copies swap_dir. */
struct editor *editor_new(
    struct app *app, struct workspace *workspace, const char *swap_dir) MUST_USE;
/* Keeps undo steps of saved files in the folder (history_file.h), and takes up those kept there for
 * files opened from now on. Copies. */
void editor_keep_undo(struct editor *editor, const char *dir);
/* Takes over the settings of how files are shown (line_numbers, whitespace, wrap, …); for files
 * opened from now on where a setting is one of a file. */
void editor_configure(struct editor *editor, const struct config *config);
/* As a pane, which then owns it. */
struct pane editor_pane(struct editor *editor);
/* Keeps the swap files of unsaved files, and waits for a save under way. */
void editor_free(struct editor *editor);

/* Shows a file, opening it if need be; one that does not exist begins empty and is made by saving.
 * False with one sentence: a folder, a device, a binary file, larger than 64 MiB, unreadable. */
bool editor_open(struct editor *editor, const char *path, struct err *err);
/* Opens and goes to a line and a byte column (from 0; past the end means the end). A failure is
 * shown as a message. Does not take the focus. */
bool editor_jump(struct editor *editor, const char *path, size_t row, size_t col);
/* Offers what a crash left behind: opens each file of this workspace that has unsaved edits in the
 * swap folder, and asks. Returns how many there were. */
size_t editor_offer_recovery(struct editor *editor);

/* The file shown, or NULL; borrowed until the next call that opens or closes. */
const char *editor_path(const struct editor *editor);
/* Its cursor, from 0 (row, byte column). */
void editor_cursor(const struct editor *editor, size_t *row, size_t *col);
/* The content as the engineer sees it, when it differs from the file on disk: appends it and
 * returns true. */
bool editor_unsaved_content(const struct editor *editor, const char *path, struct buf *out);
/* Bytes of it; 0 when the file is not open or has no changes. */
size_t editor_unsaved_length(const struct editor *editor, const char *path);
/* Files with unsaved edits. */
size_t editor_unsaved_count(const struct editor *editor);
/* Saves in the background; the file shown, or all. Problems are shown as messages. */
void editor_save(struct editor *editor);
void editor_save_all(struct editor *editor);
/* Called after each save, on the loop thread. */
void editor_on_saved(
    struct editor *editor, void (*callback)(void *data, const char *path), void *data);
/* Called whenever a file is shown that may not have been before (for recent files); one callback,
 * NULL: none. */
void editor_on_shown(
    struct editor *editor, void (*callback)(void *data, const char *path), void *data);
/* Called after each change of an open file's text (of a place in it: not before the change is done)
 * and when another file is shown. Any number of callbacks; they must not edit. */
void editor_on_changed(
    struct editor *editor, void (*callback)(void *data, const char *path), void *data);
/* Replaces what stands between two places (rows and byte columns from 0) of an open file as one
 * undo step. False: the file is not open, the places are not in it, or it would grow too large. */
bool editor_replace_range(struct editor *editor, const char *path, size_t row, size_t col,
    size_t end_row, size_t end_col, struct str with);
/* Syntax errors of an open file (syntax.h), also of the languages inside of it. Parses a little
 * more each time; *all tells that these are all (of a large file: of what was shown). False: it is
 * not open. */
bool editor_syntax_errors(
    struct editor *editor, const char *path, struct syntax_errors *out, bool *all);
/* Looks whether open files changed on disk (after a write of our own or a workspace event): one
 * without unsaved edits is read again, for another the engineer is asked. Also done every two
 * seconds. */
void editor_check_disk(struct editor *editor);
/* We have removed this file ourselves (an undone commit, an accepted deletion): without unsaved
 * edits it is closed. What somebody else removed stays, and may be saved again. */
void editor_close_removed(struct editor *editor, const char *path);

/* Marks in the gutter: what HEAD, tests, coverage and checks know of a line. They move with the
 * text. */
enum editor_mark_kind {
    EDITOR_MARK_ADDED,   /* HEAD does not have the line */
    EDITOR_MARK_CHANGED, /* HEAD has another in its place */
    EDITOR_MARK_REMOVED, /* HEAD has lines below it that are gone */
    EDITOR_MARK_COVERED,
    EDITOR_MARK_UNCOVERED,
    EDITOR_MARK_INFO,
    EDITOR_MARK_WARNING,
    EDITOR_MARK_ERROR
};

struct editor_mark {
    size_t line; /* from 0 */
    enum editor_mark_kind kind;
    size_t from, to;     /* bytes of the line that it is about, underlined; equal: none */
    const char *message; /* shown while the cursor is in the line; any bytes; NULL: none. Copied */
};

/* Replaces all marks that `owner` ("coverage", "problems", "head") has on a file, open or not. */
void editor_set_marks(struct editor *editor, const char *path, const char *owner,
    const struct editor_mark *marks, size_t count);
/* Removes the owner's marks from all files. */
void editor_clear_marks(struct editor *editor, const char *owner);
/* Whether messages of warnings and errors stand behind their lines, too (at first: yes). */
void editor_show_messages(struct editor *editor, bool on);

/* Text behind a line's end that is not in the file: what an evaluation knows of the line. Rows are
 * those of the text at the call; an edit does not move them. */
struct editor_hint {
    size_t line;      /* from 0 */
    const char *text; /* any bytes, may be empty; copied */
    bool current;     /* being executed: marked in the gutter too */
};

/* Replaces all hints that `owner` ("evaluate") has on a file. */
void editor_set_hints(struct editor *editor, const char *path, const char *owner,
    const struct editor_hint *hints, size_t count);
/* Removes the owner's hints from all files. */
void editor_clear_hints(struct editor *editor, const char *owner);
/* The selected text of the file shown, appended; false: nothing is selected. */
bool editor_selection(const struct editor *editor, struct buf *out);
/* Counts the changes of a file's text from EDITOR_VERSION_READ on; 0: it is not open. */
enum { EDITOR_VERSION_READ = 1 };
uint64_t editor_version(const struct editor *editor, const char *path);
/* Calls back with each open file that has unsaved edits. */
void editor_each_unsaved(
    const struct editor *editor, void (*each)(void *data, const char *path), void *data);

/* ---- for those who know what the text means (desk_assist.c) ---- */

/* Places gone far away from, across files; with vi keys the engine's jump list. editor_jump and the
 * like note the place they leave. False: there is none this way. */
bool editor_back(struct editor *editor);
bool editor_forward(struct editor *editor);
/* Appends the text of the file shown; false: no file is shown, or it is larger. */
bool editor_text(const struct editor *editor, size_t max, struct buf *out);
/* Appends what stands in the cursor's line before it; false: that is more than `max` bytes. */
bool editor_before_cursor(const struct editor *editor, size_t max, struct buf *out);
/* Text is being typed at one place: no selection, no bar; with vi keys, insert mode. */
bool editor_is_inserting(const struct editor *editor);
/* Replaces the bytes between two columns of the cursor's line, the cursor's being the second, as
 * one undo step; the cursor goes behind the first `cursor` bytes of what is new. */
bool editor_complete(struct editor *editor, size_t from, size_t to, struct str with, size_t cursor);
/* Small replacements of an open file's text as one undo step; false with why. */
struct text_edits;
bool editor_apply_edits(struct editor *editor, const char *path, const struct text_edits *edits,
    struct err *err) MUST_USE;
/* Other places of what is under the cursor: ranges of the file shown, marked until its text
 * changes. Copied. */
struct editor_range {
    size_t row, col, end_col; /* from 0, bytes */
};
void editor_set_occurrences(struct editor *editor, const struct editor_range *ranges, size_t count);
/* Behind the path in the title line, where there is room ("k8s.labels › deny"); NULL: nothing. */
void editor_set_crumb(struct editor *editor, const char *crumb);

/* Files as they are opened and closed: one listener. */
struct text;
struct editor_listener {
    /* The text lives until `closed`. language NULL: plain text. */
    void (*opened)(void *data, const char *path, const char *language, struct text *text);
    void (*closed)(void *data, struct text *text);
    /* Before a file is saved. True: not yet; editor_save_now(text) is called when it may be,
     * soon and in any case. */
    bool (*saving)(void *data, const char *path, struct text *text);
};
/* Files open already are told of at once. Borrowed for as long as the editor lives; NULL: none. */
void editor_listen(struct editor *editor, const struct editor_listener *listener, void *data);
/* A text that is gone meanwhile is fine. */
void editor_save_now(struct editor *editor, const struct text *text);

/* The vi key set, or (false) the standard one; what the engine remembers ends with it. */
void editor_set_vi(struct editor *editor, bool on);
bool editor_has_vi(const struct editor *editor);
/* Other keys for a command of the vi key set ("vi.word-forward"; see vi_remap). */
bool editor_vi_remap(
    struct editor *editor, const char *id, const char *keys, struct err *err) MUST_USE;

/* What its keys do. */
extern const struct action_set editor_actions;
extern const struct action_set editor_edit_actions;

#endif
