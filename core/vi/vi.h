/* The vi key set as an engine: keys in, changes of a struct text and of a cursor out. It knows no
 * screen; what only a screen, a workspace or a terminal can do is asked of a host.
 *
 * Behaviour is that of Vim (the reference: `vim -u NONE -N`, checked by integration/vi_vim with
 * random commands; the wanted differences are in tests/integration/vi_differences.txt). Lines here
 * are Vim's: a last newline ends the last line and begins none.
 *
 * A key is a code point. Control keys are their C0 code (Ctrl-R is 18, Esc 27, Enter 13, Tab 9),
 * keys without a code are in a private area (enum vi_special), so every key is also UTF-8, which is
 * how a register holds a macro.
 *
 * Loop thread only. What takes long on a large text breathes (base/slow.h): run within slow work it
 * is done in slices and can be stopped; until it is done only what takes a const engine is asked.
 */
#ifndef BYLAW_VI_VI_H
#define BYLAW_VI_VI_H

#include "text/text.h"

enum vi_special {
    VI_KEY_UP = 0x10FF00,
    VI_KEY_DOWN,
    VI_KEY_LEFT,
    VI_KEY_RIGHT,
    VI_KEY_HOME,
    VI_KEY_END,
    VI_KEY_PAGE_UP,
    VI_KEY_PAGE_DOWN,
    VI_KEY_DELETE,
    VI_KEY_INSERT
};

enum vi_mode {
    VI_NORMAL,
    VI_INSERT,
    VI_REPLACE,
    VI_VISUAL,
    VI_VISUAL_LINE,
    VI_VISUAL_BLOCK,
    VI_COMMAND /* a `:`, `/` or `?` line is being typed */
};

struct vi_window {
    size_t top;     /* first line shown */
    size_t rows;    /* lines that fit */
    size_t margin;  /* lines the cursor is kept from the first and the last of them */
    size_t left;    /* first display column shown */
    size_t columns; /* that are shown; 0: all, in as many rows as it takes */
    size_t side;    /* columns the cursor is kept from the first and the last of them */
};

/* A row of the screen: with wrapping a line takes several, without it is what of the line is shown.
 * Columns are those of the line in one piece, but for the indent. */
struct vi_screen_row {
    size_t start, end; /* offsets; the last one ends where the line does */
    size_t column;     /* where `start` is */
    size_t indent;     /* columns left empty before it */
    size_t width;      /* columns of a row, the indent's too; at least 1 */
};

/* What the engine cannot know. Any function may be NULL: then the thing cannot be done and the
 * person is told. Called on the loop thread from within vi_key. */
struct vi_host {
    /* One line for the person. */
    void (*message)(void *data, bool error, const char *text);
    void (*window)(void *data, struct vi_window *out);
    /* Makes `top` the first line shown. */
    void (*scroll)(void *data, size_t top);
    /* Makes `left` the first display column shown, where lines are not wrapped. */
    void (*sideways)(void *data, size_t left);
    /* The row that holds an offset, or with `by` 1 or -1 the one below or above that; false: there
     * is none. */
    bool (*screen_row)(void *data, size_t at, int by, struct vi_screen_row *out);
    /* The clipboard ('+') or the primary selection ('*'). */
    void (*clipboard_set)(void *data, char which, struct str text);
    struct str (*clipboard_get)(void *data, char which);
    /* Columns of indent for a new line below or above `line` (the line as it is now); false: as
     * that line. */
    bool (*indent)(void *data, size_t line, bool below, size_t *columns);
    /* What begins a comment in this file ("#"), or NULL. */
    const char *(*comment)(void *data);
    /* Path of the file, for marks A-Z, the jump list and the register %; or NULL. */
    const char *(*path)(void *data);
    /* Shows another file (the engine is attached to its text before this returns) and goes to an
     * offset of it. */
    bool (*open)(void *data, const char *path, size_t line, size_t column, struct err *err);
    /* The object of the grammar around [from, to): 'r' a rule (inside: its body). The next one
     * around it when it is just that. */
    bool (*object)(
        void *data, char which, bool around, size_t from, size_t to, size_t *start, size_t *end);
    /* The bytes of a file, for :r. */
    bool (*read)(void *data, struct str path, struct buf *out, struct err *err);
    /* Everything else, by name: an ex command that leaves the text ("write", "quit", ...) or what
     * a key asks for ("definition", "hover", "fold-open", "test-next", ...); see vi_host_actions.
     */
    bool (*act)(void *data, const char *what, struct str argument, bool bang, size_t count,
        struct err *err);
    /* An option was set. */
    void (*option)(void *data, const char *name);
    /* Completions of the word before the cursor (whole words, each ended by LF), appended. */
    void (*complete)(void *data, struct str word, struct buf *out);
    /* The same for paths of files, for the command line. */
    void (*complete_path)(void *data, struct str word, struct buf *out);
};

struct vi_options {
    bool number, relativenumber, wrap, list, ignorecase, smartcase, wrapscan, hlsearch, incsearch;
    bool autoindent, expandtab, shiftround, gdefault, startofline;
    size_t tabstop, shiftwidth, softtabstop, scrolloff, scroll;
};

struct vi;

/* The host's table and data outlive the engine. */
struct vi *vi_new(const struct vi_host *host, void *data) MUST_USE;
void vi_free(struct vi *vi);
/* Works on this text from now on, with the cursor at `offset`; modes end. Marks and the change list
 * of each text are kept. The text outlives the engine or is given to vi_forget before it is freed.
 */
void vi_attach(struct vi *vi, struct text *text, size_t offset);
void vi_forget(struct vi *vi, struct text *text);

void vi_key(struct vi *vi, int32_t key);
/* All keys of a UTF-8 string. */
void vi_keys(struct vi *vi, struct str keys);
/* Text from outside (a paste of the terminal): inserted as it is in every mode. */
void vi_paste(struct vi *vi, struct str text);
/* The cursor is about to be taken far away by others: the jump list gets this place. */
void vi_note_jump(struct vi *vi);
/* In insert mode: the `len` bytes before the cursor become `with`, as Ctrl-N does it, with the
 * cursor behind the first `cursor` bytes. False: not in insert mode, or so much is not before it in
 * the line. */
bool vi_complete(struct vi *vi, size_t len, struct str with, size_t cursor);
/* Back to normal mode, as if Esc were pressed until it is. */
void vi_reset(struct vi *vi);
/* A click: the cursor, or with `select` the other end of a (new) visual selection. */
void vi_click(struct vi *vi, size_t offset, bool select);

struct vi_options *vi_options(struct vi *vi);
enum vi_mode vi_mode(const struct vi *vi);
/* An operator or a part of a command waits for more keys. */
bool vi_is_pending(const struct vi *vi);
/* Offset of the cursor. */
size_t vi_cursor(const struct vi *vi);
/* "-- INSERT --", "-- VISUAL LINE --", "recording @q"; "" for plain normal mode. Appends. */
void vi_append_mode(const struct vi *vi, struct buf *out);
/* The keys of the command so far ("2d", "\"a3"), as people write them. Appends. */
void vi_append_pending(const struct vi *vi, struct buf *out);
/* The line being typed, its first byte `:`, `/` or `?`; *cursor is a byte offset in it. Borrowed
 * until the next key. */
struct str vi_command_line(const struct vi *vi, size_t *cursor);
/* The word under completion and what it can be; for a menu. Empty when there is none. */
struct str vi_completions(const struct vi *vi, size_t *chosen);

/* The selection of visual mode in one line: display columns are not needed for the kinds but block.
 * False when the line has none. [*from, *to) are offsets; *newline: the line's end is selected too.
 */
bool vi_selected(struct vi *vi, size_t line, size_t *from, size_t *to, bool *newline);
/* The anchor and the head of the selection, for copying and the like. */
bool vi_selection(const struct vi *vi, size_t *anchor, size_t *head);

/* What is highlighted: the pattern being typed, or the last one while 'hlsearch' is on. The first
 * match that ends after `from` and starts before `to`. */
bool vi_highlight(struct vi *vi, size_t from, size_t to, size_t *start, size_t *end);

/* One command of the table that dispatches, that :help shows, and that the README prints. */
struct vi_entry {
    const char *group; /* "Motions", ... */
    const char *id;    /* names it in the configuration: "vi.word-forward" */
    const char *keys;  /* "w", "<C-r>", "g~" */
    const char *help;
};
/* All rows, in the table's order: keys, then ex commands (keys begins with ":"), then options
 * (id begins with "set."). False past the end. */
bool vi_entry(size_t index, struct vi_entry *out);
/* Other keys for a row ("" for none); space-separated alternatives in the notation above.
 * ERR_NOT_FOUND for an id that is none, ERR_INVALID for keys that cannot be read. */
bool vi_remap(struct vi *vi, struct str id, struct str keys, struct err *err) MUST_USE;

/* The keys a row has now, as vi_remap takes them; nothing for rows that are no keys. Appends. */
void vi_append_bound(const struct vi *vi, const char *id, struct buf *out);

/* The names act() may be asked for, NULL-terminated. */
extern const char *const vi_host_actions[];

/* "a", "<C-r>", "<Esc>", "<lt>": the name people write. Appends. */
void vi_append_key_name(struct buf *out, int32_t key);
/* Keys in that notation as UTF-8. */
bool vi_parse_keys(struct str spec, struct buf *out);

#endif
