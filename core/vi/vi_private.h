/* What the files of the vi engine share. Nothing else includes this. */
#ifndef BYLAW_VI_VI_PRIVATE_H
#define BYLAW_VI_VI_PRIVATE_H

#include "base/slow.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "text/search.h"
#include "vi/vi.h"

#define VI_ESC     27
#define VI_ENTER   13
#define VI_TAB     9
#define VI_BS      8
#define VI_DEL     127
#define VI_CTRL(c) ((c)&0x1f)
#define VI_LAST    SIZE_MAX /* as a column: the end of the line, wherever that is */

/* A place in Vim's terms: line from 0, column in bytes. */
struct vi_pos {
    size_t line, col;
};

enum vi_kind { VI_CHARS, VI_LINES, VI_BLOCK };

enum vi_op {
    OP_NONE,
    OP_DELETE,
    OP_CHANGE,
    OP_YANK,
    OP_LEFT,
    OP_RIGHT,
    OP_INDENT,
    OP_LOWER,
    OP_UPPER,
    OP_SWAP,
    OP_ROT13,
    OP_COMMENT,
    OP_FORMAT,
    OP_FORMAT_KEEP, /* gw: the cursor stays */
    OP_JOIN,
    OP_JOIN_TIGHT,
    OP_REPLACE,
    OP_INSERT, /* visual I */
    OP_APPEND, /* visual A */
    OP_ADD,
    OP_SUBTRACT,
    OP_ADD_MORE,
    OP_SUBTRACT_MORE,
    OP_FILTER,
    OP_FOLD
};

/* What an operator works on. */
struct vi_range {
    struct vi_pos start, end;
    enum vi_kind kind;
    bool inclusive; /* of the character at end (kind VI_CHARS) */
    bool empty;
    bool visual;
    bool reg_one; /* a delete goes to register 1 whatever its size */
    bool end_adjusted;
    size_t left, right; /* display columns of a block, both in it */
    bool to_end;        /* a block that reaches every line's end */
    int force;          /* v, V or Ctrl-V after the operator */
};

/* How a row of the screen is asked for: gj gk g0 g^ g$ gm. */
enum vi_screen {
    VI_SCREEN_DOWN,
    VI_SCREEN_UP,
    VI_SCREEN_START,
    VI_SCREEN_NONBLANK,
    VI_SCREEN_MIDDLE,
    VI_SCREEN_END
};

struct vi_cmd;
struct vi_row {
    const char *group, *id, *keys, *help;
    unsigned flags;
    bool (*run)(struct vi *vi, struct vi_cmd *cmd);
    int arg;
};

enum {
    ROW_NORMAL = 1,
    ROW_VISUAL = 2,
    ROW_MOTION = 4, /* everywhere: moves, and what an operator works on */
    ROW_OBJECT = 8, /* after an operator and in visual mode */
    ROW_OPERATOR = 16,
    ROW_CHAR = 32,      /* one more key belongs to it */
    ROW_LINE = 64,      /* a typed line belongs to it */
    ROW_LINEWISE = 128, /* of a motion */
    ROW_INCLUSIVE = 256,
    ROW_JUMP = 512,    /* leaves a mark where it began */
    ROW_KEEP = 1024,   /* keeps the column that up and down aim at */
    ROW_REPEAT = 2048, /* . repeats it */
    ROW_INSERT = 4096  /* a key of insert mode, for the table of keys only */
};

/* A command being put together, and what . does again. */
struct vi_cmd {
    int reg;      /* 0: none given */
    size_t count; /* at least 1 */
    bool has_count;
    const struct vi_row *op, *row;
    int force;
    int32_t ch; /* of ROW_CHAR */
    bool doubled;
    struct buf line; /* of ROW_LINE */
};

/* How the last visual operation was shaped, for . */
struct vi_shape {
    enum vi_mode mode;
    size_t lines, columns; /* columns VI_LAST: to the line's end */
};

struct vi_repeat {
    struct vi_cmd cmd;
    bool visual;
    struct vi_shape shape;
    struct buf inserted; /* keys typed in the insert mode it led to */
    bool set;
};

struct vi_register {
    struct buf text; /* lines apart by LF; a linewise one ends with LF */
    enum vi_kind kind;
    size_t width; /* of a block, display columns */
    bool set;
};

struct vi_mark {
    struct vi_pos pos;
    bool set;
    char *path; /* of A-Z and jumps; owned */
};

/* How an undo step changed lines, where its changes do not say it themselves. */
enum vi_lines {
    LINES_PLAIN,
    LINES_SPLIT, /* it broke or joined lines, also where they are empty */
    LINES_OPENED /* o: it added lines below one that stayed as it was */
};

/* Marks and the selection as they were before an undo step. */
struct vi_kept {
    size_t step;
    enum vi_lines lines;
    bool one;            /* all it did is one entry, of lines that it was about: */
    size_t first, count; /* these, as they were before */
    size_t put_below;    /* with something put it has one of nothing, behind this many lines */
    unsigned set;        /* a bit per mark */
    bool emptied;        /* all lines had been deleted: nothing was there */
    struct vi_pos marks[26];
    struct vi_pos anchor, head;
    enum vi_mode mode;
    size_t want;
};

struct vi_changes {
    struct vi_pos *items;
    size_t len, cap;
};

/* What is kept of each text. */
struct vi_file {
    struct text *text;
    struct vi *vi;
    struct vi_mark marks[26];
    struct vi_mark start, end;                /* '[ '] */
    struct vi_mark insert, change, jump;      /* '^ '. '' */
    struct vi_mark jump_before;               /* what '' was before this command's last jump */
    struct vi_pos visual_anchor, visual_head; /* the last selection */
    enum vi_mode visual_mode;                 /* VI_NORMAL: none yet */
    size_t visual_want;
    struct {
        struct vi_kept *items;
        size_t len, cap;
    } kept;
    struct vi_changes changes;
    size_t change_at;
    struct vi_pos cursor;
    uint64_t emptied;      /* version of the text after all lines were deleted: nothing is there */
    size_t line_undo_line; /* U: the line, and how it was; SIZE_MAX: none */
    struct buf line_undo;
    size_t line_undo_col;
};

struct vi_jumps {
    struct vi_mark *items;
    size_t len, cap;
};

struct vi_insert {
    bool open;
    bool replace;
    size_t count;
    struct vi_pos start;
    struct vi_pos stop; /* that as the key that is typed found it: where Ctrl-W and Ctrl-U stop */
    struct buf keys;    /* typed since it began, for . */
    struct vi_mark changed; /* where a character went in or out last */
    bool auto_indented;     /* indent put in by itself, taken away when nothing follows */
    bool spaced;            /* a blank was typed: Backspace takes one away, not up to the stop */
    int prefix;             /* Ctrl-V, Ctrl-R: waits for a key */
    struct buf code;        /* digits behind Ctrl-V, after x u U or o */
    bool moved;             /* the cursor went elsewhere: what is typed now is a new insertion */
    bool saved;             /* U has the line that it began in */
    bool checks_jump;       /* the command's jump is looked at when the insertion ends */
    bool once_at_end;       /* Ctrl-O was pressed behind the last character of once_line */
    size_t once_line;
    bool once;         /* Ctrl-O: back after one command */
    size_t once_depth; /* of the macro that pressed it */
    bool once_behind;  /* that put something in before the cursor, which goes on behind it */
    struct {
        struct str *items; /* what replace mode typed over; owned bytes */
        size_t len, cap;
    } over;
    /* Block I, A and c: the lines that get the same text. */
    enum vi_op block; /* OP_NONE: not that */
    struct vi_range range;
    size_t block_column, block_rest; /* where it is typed, bytes behind it */
    bool open_line;                  /* begun by o or O: a count repeats with new lines */
    struct buf complete;
    size_t complete_from, complete_at;
    bool completing;
};

struct vi_line_edit {
    struct buf line; /* first byte : / ? */
    size_t cursor;
    struct vi_cmd cmd; /* what waits for it */
    struct vi_pos origin;
    bool prefix_register, prefix_literal;
    size_t history_at;
    struct buf kept; /* what was typed before the history was walked */
    enum vi_mode back;
    struct buf choices;
    size_t choice;
    size_t choice_from;
    bool choosing;
};

struct vi_history {
    struct {
        char **items;
        size_t len, cap;
    } lines;
};

struct vi_binding {
    int32_t keys[4];
    size_t len;
    const struct vi_row *row;
};

struct vi_motion {
    enum vi_kind kind;
    bool inclusive;
    bool has_start; /* a text object: start is where it begins */
    struct vi_pos start;
    bool reg_one, no_adjust, keep_want;
    bool aims;    /* up and down aim at where it is, also when it could not move */
    bool selects; /* gn: what an operator gets is a selection */
};

/* :s with c: the match that is asked about. The question stands in the command line. */
struct vi_ask {
    bool on;
    bool all;           /* matches of a line */
    struct buf pattern; /* with the case it is meant in */
    size_t below;       /* lines of the text behind the last to look at */
    struct search_match match;
    size_t last_end;      /* where the match before ended: an empty one there is none */
    size_t found, lines;  /* replaced, and in how many lines */
    size_t line;          /* of the last match asked about, SIZE_MAX: none */
    size_t replaced_line; /* the last one, SIZE_MAX: none */
};

struct vi {
    const struct vi_host *host;
    void *data;
    struct vi_options options;
    struct text *text;
    struct vi_file *file;
    struct {
        struct vi_file **items;
        size_t len, cap;
    } files;
    struct {
        struct vi_binding *items;
        size_t len, cap;
    } bindings;

    enum vi_mode mode;
    struct vi_pos cursor;
    size_t want; /* display column that up and down aim at, VI_LAST: the end */
    struct {
        struct vi_pos at;    /* the cursor where gj or gk left it (line SIZE_MAX: they did not), */
        size_t want, column; /* and the column of the row that it aims at: also before its text */
    } screen;
    struct vi_pos anchor;
    struct vi_motion motion;

    struct vi_cmd cmd; /* being typed */
    int32_t seq[4];
    size_t seq_len;
    bool want_char, want_register, counting;
    size_t op_count;
    bool op_has_count;
    struct buf pending; /* keys so far, as UTF-8 */

    struct vi_insert insert;
    struct vi_line_edit typing;
    struct vi_history commands, searches;
    struct vi_repeat repeat;
    bool repeating;

    struct vi_register registers[26 + 10 + 4]; /* a-z 0-9 - " * + */
    int unnamed;                               /* which one "" means */
    struct buf last_command, last_search, last_inserted;
    int recording; /* register letter, 0: none */
    struct buf recorded;
    int last_macro;
    size_t depth;
    size_t budget; /* keys left for macros of one typed key */
    bool failed;

    struct vi_jumps jumps;
    size_t jump_at;
    struct vi_mark globals[26];
    struct {
        int32_t ch;
        bool till, forward;
    } find;
    struct {
        bool forward;
        struct buf offset; /* "e+1" */
    } search;
    struct search *compiled;
    struct buf compiled_from;
    bool from_word; /* the last search was for the word under the cursor: no smart case */
    bool highlight;
    struct {
        struct buf with, flags, pattern;
        bool set;
    } substitute;

    struct vi_ask ask;

    struct {
        bool on;
        bool any;
        size_t from, copied; /* what [from, copied) of the text becomes: */
        struct buf out;
    } gather;
    bool changing;         /* a text_begin is open for the command that runs */
    struct vi_kept before; /* as the command found it; its step counts the steps */
    bool looks;            /* for a place, without going there */
    bool keeps_marks;      /* what changes the text sees to the marks itself, */
    bool keeps_line;       /* or to what U gives back */
    bool joins;            /* lines are put behind the first of them */
    bool undoing;          /* lines that come back are others than those that go */
    enum vi_lines undone;  /* what is undone or done again */
    bool in_global;
    bool global_line;         /* what :g ran leaves the cursor to it */
    bool splits_line;         /* a change within lines: what is in its first line stays there */
    size_t op_first, op_last; /* the lines of that: */
    bool many_lines;          /* what runs changes several lines: U has nothing to say about them */
    struct buf lines[4];      /* of vi_line */
    size_t lines_at;
    size_t visual_column; /* where a selection of lines began that . made */
    size_t block_width;   /* of a repeated block: display columns, 0: as the corners say */
    int last_macro_recorded;
    struct err compile_error;
    size_t ex_depth;
};

/* ---- lines.c: the text in Vim's lines ---- */
size_t vi_line_count(const struct vi *vi);
/* Without its ending. Stays as it is for the next three calls and until the text changes. */
struct str vi_line(struct vi *vi, size_t line);
static inline struct str vi_here(struct vi *vi)
{
    return vi_line(vi, vi->cursor.line);
}
size_t vi_line_len(const struct vi *vi, size_t line);
size_t vi_offset(const struct vi *vi, struct vi_pos pos);
struct vi_pos vi_pos_of(const struct vi *vi, size_t offset);
/* Code point at a place, 0 at the line's end. */
int32_t vi_char_at(struct vi *vi, struct vi_pos pos);
static inline int32_t vi_char(struct vi *vi)
{
    return vi_char_at(vi, vi->cursor);
}
size_t vi_next_col(struct str line, size_t col);
size_t vi_prev_col(struct str line, size_t col);
/* Display column where the character at col begins; *width (may be NULL) is how wide it is. */
size_t vi_column(struct vi *vi, struct str line, size_t col, size_t *width);
/* The last character that begins at or before the display column; the line's length when the line
 * is shorter and past is true. */
size_t vi_at_column(struct vi *vi, struct str line, size_t column, bool past);
size_t vi_indent_len(struct str line); /* bytes of blanks it begins with */
size_t vi_indent_columns(struct vi *vi, struct str line);
void vi_append_indent(struct vi *vi, size_t columns, struct buf *out);
static inline bool vi_blank(int32_t c)
{
    return c == ' ' || c == '\t';
}
bool vi_is_before(struct vi_pos a, struct vi_pos b);
static inline bool vi_same(struct vi_pos a, struct vi_pos b)
{
    return a.line == b.line && a.col == b.col;
}
/* Word class: 0 blank or end of line, 1 punctuation, 2 word, more: other scripts. */
int vi_class(int32_t c, bool big);
/* Onto a character, in the text. */
void vi_clamp(struct vi *vi);
void vi_first_nonblank(struct vi *vi);
void vi_set_want(struct vi *vi);
/* To the column that up and down aim at. */
void vi_apply_want(struct vi *vi);
/* One character on, over line ends: 0 moved, 2 moved onto the line's end, 1 next line, -1 end of
 * the text; back: 0 moved, 1 the line before, -1 beginning. */
int vi_inc(struct vi *vi, struct vi_pos *pos);
int vi_dec(struct vi *vi, struct vi_pos *pos);
/* Back, but not onto a line's end. */
int vi_decl(struct vi *vi, struct vi_pos *pos);
int vi_incl(struct vi *vi, struct vi_pos *pos);

/* Changes; each opens the command's undo step. LF in `with` becomes the line's ending. */
bool vi_change(struct vi *vi, size_t from, size_t to, struct str with);
void vi_change_open(struct vi *vi);
void vi_change_close(struct vi *vi);
bool vi_set_line(struct vi *vi, size_t line, struct str with);
/* Between these, changes within lines, each behind the one before, are gathered where there are
 * many
 * (`lines` says) and made as one: the text stays as it is until the end, offsets are those of the
 * old one. What was stopped meanwhile (vi->failed) is not made at all. */
void vi_gather_begin(struct vi *vi, size_t lines);
bool vi_gather_end(struct vi *vi);
bool vi_delete_lines(struct vi *vi, size_t first, size_t count);
/* Lines (each ended by LF) that then begin at line `before`; the line count puts them last. */
bool vi_insert_lines(struct vi *vi, size_t before, struct str lines);
/* Between places, columns may be the line's length. */
bool vi_cut(struct vi *vi, struct vi_pos from, struct vi_pos to);
void vi_copy(struct vi *vi, struct vi_pos from, struct vi_pos to, struct buf *out);
/* The lines, each ended by LF. */
void vi_copy_lines(struct vi *vi, size_t first, size_t last, struct buf *out);

/* ---- undo.c ---- */
/* Around the changes of a command: undoing them gives marks and selection back too. */
void vi_undo_begin(struct vi *vi);
void vi_undo_end(struct vi *vi);
/* What the step that is open does is about these lines, where nothing is known of it yet. */
void vi_undo_about(struct vi *vi, size_t first, size_t count);
/* A change within an undo or redo as Vim has it: from `top` on, `old` lines become `new` ones. */
struct vi_entry_lines {
    size_t top, old, new;
};
struct vi_entry_lines vi_undone_lines(const struct text_change *change, enum vi_lines lines);

/* ---- vi.c ---- */
bool vi_fail(struct vi *vi);
bool vi_say(struct vi *vi, bool error, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Keys that come from a register: vi_enter before the first (false: too deep, and the person is
 * told), vi_goes_on before each (false: something failed, or they were too many), depth-- at the
 * end. */
bool vi_enter(struct vi *vi);
bool vi_goes_on(struct vi *vi);
void vi_feed(struct vi *vi, struct str keys);
/* In a loop over many lines: the loop thread may look at keys now (base/slow.h). False: the person
 * stopped it. */
static inline bool vi_breathe(struct vi *vi, size_t done, size_t total)
{
    return slow_breathe(done, total) || vi_fail(vi);
}
void vi_dispatch(struct vi *vi, int32_t key);
static inline bool vi_is_visual(const struct vi *vi)
{
    return vi->mode == VI_VISUAL || vi->mode == VI_VISUAL_LINE || vi->mode == VI_VISUAL_BLOCK;
}
bool vi_act(struct vi *vi, const char *what, struct str argument, bool bang, size_t count);
void vi_append_key(struct buf *out, int32_t key);
int32_t vi_take_key(struct str *keys);

/* ---- command.c: keys put together to commands ---- */
void vi_normal_key(struct vi *vi, int32_t key);
void vi_cmd_clear(struct vi *vi);
void vi_cmd_free(struct vi_cmd *cmd);
void vi_cmd_copy(struct vi_cmd *to, const struct vi_cmd *from);
/* Runs what is complete. */
bool vi_run(struct vi *vi, struct vi_cmd *cmd);
void vi_remember(struct vi *vi, const struct vi_cmd *cmd);
bool vi_repeat_last(struct vi *vi, struct vi_cmd *cmd);
/* Runs an operator row over a motion row as if typed: x is dl. */
bool vi_cmd_record(struct vi *vi, struct vi_cmd *cmd);
bool vi_run_as(struct vi *vi, struct vi_cmd *cmd, const char *op, const char *motion);

/* ---- table.c ---- */
extern const struct vi_row vi_rows[];
extern const size_t vi_row_count;
const struct vi_row *vi_row_by_id(const char *id);
void vi_bind_all(struct vi *vi);
/* A row of the mask bound to exactly seq; NULL and *more: longer ones begin so. */
const struct vi_row *vi_lookup(
    const struct vi *vi, const int32_t *seq, size_t len, unsigned mask, bool *more);

/* ---- operator.c ---- */
bool vi_operate(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range);
bool vi_op_motion(struct vi *vi, struct vi_cmd *cmd, struct vi_pos begin);
bool vi_op_visual(struct vi *vi, struct vi_cmd *cmd);
/* The same without a note of it for . and gv. */
bool vi_op_visual_now(struct vi *vi, struct vi_cmd *cmd);
enum {
    VI_OP_LINES = 0x100,
    VI_OP_TO_END = 0x200,
    VI_OP_ALL_LINES = 0x400
}; /* beside a visual operator's arg */
bool vi_op_delete(struct vi *vi, int reg, struct vi_range *range, bool change);
void vi_yank(struct vi *vi, int reg, struct vi_range *range, bool delete);
bool vi_join(struct vi *vi, size_t first, size_t count, bool spaces);
void vi_shift(struct vi *vi, size_t first, size_t last, bool right, size_t amount);
void vi_set_indent(struct vi *vi, size_t line, size_t columns);

/* ---- block.c ---- */
/* One line's part of a block. */
struct vi_part {
    size_t from, to;      /* bytes of the characters in it */
    size_t before, after; /* blanks that stand for characters which are in it in part */
    bool is_short;        /* the line ends before the block does */
    bool is_one;          /* the block lies within one character */
    size_t start_column, end_column;
    size_t start_width, end_width; /* of the characters at its edges */
};
struct vi_part vi_block_part(
    struct vi *vi, const struct vi_range *range, size_t line, bool del, enum vi_op op);
void vi_block_range(struct vi *vi, struct vi_range *range, struct vi_pos a, struct vi_pos b);
bool vi_block_delete(struct vi *vi, struct vi_range *range);
void vi_block_copy(struct vi *vi, const struct vi_range *range, struct buf *out);
bool vi_block_insert(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range, enum vi_op op);
/* What was typed into the first line comes into the others. */
void vi_block_finish(struct vi *vi);
bool vi_block_replace(struct vi *vi, const struct vi_range *range, int32_t ch);
bool vi_block_shift(struct vi *vi, const struct vi_range *range, bool right, size_t amount);

/* ---- case.c: operators on characters ---- */
bool vi_op_case(struct vi *vi, const struct vi_range *range, enum vi_op op);
bool vi_op_replace(struct vi *vi, struct vi_range *range, int32_t ch);
bool vi_op_comment(struct vi *vi, size_t first, size_t last);
bool vi_op_format(struct vi *vi, size_t first, size_t last);
bool vi_op_add(struct vi *vi, const struct vi_range *range, enum vi_op op, size_t count);
bool vi_add_at(struct vi *vi, size_t line, size_t col, long long delta, bool visual, size_t end);

/* ---- register.c, put.c ---- */
struct vi_register *vi_register(struct vi *vi, int name); /* NULL: none of that name */
/* Content for p, Ctrl-R and @, also of read-only ones. False: nothing there. */
bool vi_register_read(struct vi *vi, int name, struct vi_register *out);
void vi_register_write(struct vi *vi, int name, struct str text, enum vi_kind kind, size_t width);
void vi_register_free(struct vi_register *reg);
bool vi_register_ok(int name, bool writing);
void vi_registers_shift(struct vi *vi);
/* A recorded macro: A-Z goes behind what is in the last line of a register of lines. */
void vi_register_record(struct vi *vi, int name, struct str keys);
enum { PUT_BEFORE = 1, PUT_CURSOR_END = 2, PUT_LINES = 4, PUT_SPLIT = 8, PUT_INDENT = 16 };
bool vi_put(struct vi *vi, const struct vi_register *reg, size_t count, unsigned flags);

/* ---- motion*.c, object.c ---- */
bool vi_match_open(struct vi *vi, struct vi_pos from, int32_t want, bool plain, struct vi_pos *to);
bool vi_match_ahead(struct vi *vi, struct vi_pos from, int32_t open, struct vi_pos *to);
bool vi_match_pair(struct vi *vi, struct vi_pos from, struct vi_pos *to);
bool vi_word_forward(struct vi *vi, size_t count, bool big, bool stop_at_end);
bool vi_word_back(struct vi *vi, size_t count, bool big, bool stop);
bool vi_word_end(struct vi *vi, size_t count, bool big, bool stop, bool empty);
bool vi_word_end_back(struct vi *vi, size_t count, bool big, bool eol);
bool vi_sentence(struct vi *vi, bool forward, size_t count);
bool vi_paragraph(struct vi *vi, bool forward, size_t count, int32_t what, bool both, bool *incl);
/* Where a long jump goes in its line: 'startofline'. */
void vi_land(struct vi *vi);
bool vi_down(struct vi *vi, size_t count);
bool vi_up(struct vi *vi, size_t count);

/* ---- insert.c ---- */
void vi_insert_begin(struct vi *vi, size_t count, bool replace);
void vi_insert_key(struct vi *vi, int32_t key);
/* A key that has nothing to erase or to copy here: it is none that is done again. */
bool vi_insert_does_nothing(struct vi *vi, int32_t key);
/* A key behind Ctrl-V: `code` gathers those of a code; its character is appended to `out` once it
 * is whole. False: the key is none of it, and stands for itself. */
bool vi_code_key(struct buf *code, int32_t key, struct buf *out);
void vi_insert_text(struct vi *vi, struct str text); /* as typed, at the cursor */
void vi_insert_end(struct vi *vi);
void vi_insert_pause(struct vi *vi); /* Ctrl-O */
bool vi_insert_newline(struct vi *vi);
/* Bytes at the cursor, which goes behind them; nothing is made of them. */
void vi_insert_raw(struct vi *vi, struct str text);
/* Here a character goes in or out: '. is here. */
void vi_insert_note(struct vi *vi);
void vi_strip_auto_indent(struct vi *vi);
void vi_complete_word(struct vi *vi, bool next);
/* The cursor goes elsewhere by other means than typing: what follows is a new insertion. */
void vi_insert_moved(struct vi *vi);
/* Before a key that changes the text: begins that new insertion, where there is one. */
void vi_insert_anew(struct vi *vi);
/* After Ctrl-O and its command; nothing otherwise. */
void vi_insert_resume(struct vi *vi);
/* insert_erase.c: Backspace, Ctrl-W, Ctrl-U; Ctrl-T and Ctrl-D. */
void vi_insert_erase(struct vi *vi);
void vi_insert_erase_word(struct vi *vi);
void vi_insert_erase_line(struct vi *vi);
void vi_insert_shift(struct vi *vi, bool right);
/* A jump that led nowhere leaves the mark of the one before. */
void vi_check_jump(struct vi *vi);
/* U gives this line back as it is now, if it is not one that it has already. */
void vi_note_line(struct vi *vi, size_t line);
/* U has nothing to give back any more. */
void vi_forget_line(struct vi *vi);
bool vi_open_line(struct vi *vi, bool below);
void vi_new_line_indent(struct vi *vi, size_t line, bool below, struct buf *out);

/* ---- scroll.c ---- */
/* What is shown; without a host that knows, the first 24 lines. */
struct vi_window vi_window_now(struct vi *vi);

/* ---- mark.c ---- */
/* Where a place is after a change of lines; false: its line is gone. */
bool vi_pos_moved(const struct text_change *change, struct vi_pos *pos);
/* The lines that had marks are all gone. */
void vi_marks_clear(struct vi_file *file);
/* The line `last` is about to stand behind the first `at` bytes of the line `to`, with `removed`
 * bytes of blanks at its beginning gone (less than 0: put in). Places in it go along; so do those
 * in the lines from `first` on that are never gone, such as the selection. */
void vi_marks_join(struct vi *vi, size_t first, size_t last, size_t to, size_t at, long removed);
/* Lines [first, first + count) were moved to be those from `to` on. The changes of the text were
 * made with keeps_marks set. */
void vi_marks_move(struct vi *vi, size_t first, size_t count, size_t to);
void vi_marks_changed(void *data, const struct text_change *change);
bool vi_mark_get(struct vi *vi, int32_t name, struct vi_pos *pos, const char **path);
bool vi_mark_set(struct vi *vi, int32_t name, struct vi_pos pos);
/* False: it is none that can be taken away. */
bool vi_mark_forget(struct vi *vi, int32_t name);
void vi_jump_mark(struct vi *vi); /* remembers the cursor before a jump */
void vi_note_change(struct vi *vi, struct vi_pos at);
struct vi_file *vi_file_of(struct vi *vi, struct text *text);
void vi_file_free(struct vi_file *file);
void vi_note_visual(struct vi *vi);
/* To normal mode, with the cursor where the selection begins. */
void vi_leave_visual(struct vi *vi);

/* ---- pattern.c, search.c ---- */
/* Vim's pattern as PCRE2; *case_of: 0 as the options say, 'c' or 'C' as the pattern says. */
bool vi_pattern(struct str vim, bool magic, struct buf *out, int *case_of, struct err *err);
/* The engine's compiled pattern (kept until it changes); empty: the last one. NULL and a message.
 */
struct search *vi_compile(struct vi *vi, struct str pattern, bool keep);
/* The same without a message. */
struct search *vi_compile_quietly(struct vi *vi, struct str pattern);
/* One step of / ? n N with the wanted offset; moves. */
bool vi_search_next(struct vi *vi, struct vi_cmd *cmd, bool forward, bool use_offset);
bool vi_find_from(struct vi *vi, struct search *search, bool forward, size_t from, size_t *start,
    size_t *end, bool wrap);

/* ---- typing.c: the command line ---- */
void vi_typing_begin(struct vi *vi, int first, const struct vi_cmd *cmd, struct str preset);
void vi_typing_key(struct vi *vi, int32_t key);
void vi_typing_paste(struct vi *vi, struct str text);
void vi_typing_free(struct vi *vi);

/* ---- ex*.c ---- */
bool vi_ex(struct vi *vi, struct str line);
struct vi_ex {
    size_t first, last; /* lines; first <= last */
    size_t given;       /* addresses given */
    bool bang, zero;    /* zero: line 0 was given */
    struct str arg;
    const struct vi_ex_row *row;
};
enum {
    EX_RANGE = 1, /* takes lines */
    EX_WHOLE = 2, /* without a range: all of them */
    EX_BANG = 4,
    EX_COUNT = 8, /* the argument may begin with a register and end with a count */
    EX_HOST = 16, /* the host does it: id is what */
    EX_BAR = 32,  /* the argument goes on over | */
    EX_ZERO = 64  /* line 0 is allowed */
};
struct vi_ex_row {
    const char *name, *shortest, *help;
    unsigned flags;
    bool (*run)(struct vi *vi, struct vi_ex *ex);
    const char *act;
};
extern const struct vi_ex_row vi_ex_rows[];
extern const size_t vi_ex_row_count;
/* Reads an address at the beginning of *s (from 0); *found is false when there is none. */
bool vi_ex_address(struct vi *vi, struct str *s, size_t from, size_t *line, bool *found);
/* A count behind a command: so many lines, from the last of its range on. */
void vi_ex_count(const struct vi *vi, struct vi_ex *ex, struct str digits);
/* Completions of a command line up to the cursor; returns where what they replace begins. */
size_t vi_ex_complete(struct vi *vi, struct str line, struct buf *out);
bool vi_ex_substitute(struct vi *vi, struct vi_ex *ex);
bool vi_ex_substitute_again(struct vi *vi, struct vi_ex *ex);
/* y n a q l while :s asks. */
void vi_ask_key(struct vi *vi, int32_t key);
bool vi_ex_global(struct vi *vi, struct vi_ex *ex);
bool vi_ex_global_not(struct vi *vi, struct vi_ex *ex);
bool vi_ex_set(struct vi *vi, struct vi_ex *ex);
bool vi_ex_sort(struct vi *vi, struct vi_ex *ex);
bool vi_ex_registers(struct vi *vi, struct vi_ex *ex);
bool vi_ex_marks(struct vi *vi, struct vi_ex *ex);
bool vi_ex_jumps(struct vi *vi, struct vi_ex *ex);
bool vi_ex_changes(struct vi *vi, struct vi_ex *ex);
bool vi_ex_delmarks(struct vi *vi, struct vi_ex *ex);
bool vi_ex_print(struct vi *vi, struct vi_ex *ex);
bool vi_ex_line(struct vi *vi, struct vi_ex *ex);
bool vi_ex_file(struct vi *vi, struct vi_ex *ex);
/* What to do in place of a command of Vim that is not here; NULL: that is no such one. */
const char *vi_ex_absent(struct str name);
/* Text up to an unescaped delimiter, which is taken away too. */
struct str vi_ex_delimited(struct str *s, char delimiter);
bool vi_set_entry(size_t index, struct vi_entry *out);

#endif
