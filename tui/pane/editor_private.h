/* What the editor_*.c files share. */
#ifndef BYLAW_PANE_EDITOR_PRIVATE_H
#define BYLAW_PANE_EDITOR_PRIVATE_H

#include "pane/editor.h"

#include "base/vec.h"
#include "pane/editor_column.h"
#include "pane/editor_hints.h"
#include "pane/editor_marks.h"
#include "pane/editor_split.h"
#include "pane/editor_wrap.h"
#include "syntax/syntax.h"
#include "text/foldset.h"
#include "text/search.h"
#include "text/swap.h"
#include "widget/dialog.h"
#include "widget/edit.h"
#include "workspace/workspace.h"

/* A place in the text where keys act: a cursor with its selection. */
struct caret {
    struct text_cursor at;
    size_t goal; /* display column that up and down aim at; SIZE_MAX: where the head is */
};

/* Where the carets were before and after an undo step. */
struct caret_log {
    size_t step;
    struct caret *before, *after;
    size_t before_len, after_len, before_primary, after_primary;
};

/* One open file: what belongs to it, whoever looks at it. */
struct doc {
    struct editor *editor;
    char *path;
    char *full_path; /* absolute: names its swap file */
    struct text *text;
    struct syntax *syntax;
    struct swap *swap; /* NULL without a swap folder */
    struct file_stamp stamp;
    /* What was on disk when it was read or saved last, for a merge: runs of the text's own memory,
     * or bytes (after a merge). */
    size_t kept_steps, kept_step; /* of the text, as its history file has them */
    struct text_snapshot base;
    struct buf base_bytes;
    unsigned tab_width;
    unsigned indent; /* blanks a level; 0: a tab */
    uint64_t last_edit_ms;
    struct {
        struct caret_log *items;
        size_t len, cap;
    } caret_logs; /* of steps made with several carets, the oldest first */
    size_t logged_carets;
    uint64_t used; /* counts showings: the least is closed first when many are open */
    struct {
        struct view **items; /* its views, owned; [0] is there from the first showing on */
        size_t len, cap;
    } views;

    bool saving, save_again;
    bool held;            /* saving, but somebody wants to change the text before */
    bool drop_when_saved; /* closed while a save was under way */
    bool disk_changed;    /* another content on disk, not answered yet */
    bool disk_gone;
    bool was_saved;          /* before it was gone, and */
    uint64_t gone_version;   /* the text as it was then: nobody's edits */
    bool keep_mine;          /* asked already; a save asks again */
    bool overwrite;          /* the next save writes over whatever is there */
    struct swap_found found; /* what a crash left, not answered yet; file NULL: nothing */
};

#define STUCK_MAX 3

/* A look at a file: where its cursors stand and what part of it is shown. A file has several when
 * it is shown in several places. An edit, whoever makes it, moves the carets and the top of every
 * view of that file along (view_changed), before the call that edited returns. */
struct view {
    struct editor *editor;
    struct doc *doc; /* never NULL, never another */
    struct {
        struct caret *items; /* at least one; in order after view_settle_carets */
        size_t len, cap;
    } carets;
    size_t newest;    /* index of the caret added last */
    bool words;       /* that one was made by a whole word: the next is one, too */
    size_t shrink_to; /* where the cursor was before the selection grew */
    /* The block of columns that is selected, until anything else moves a caret. Lines, and display
     * columns that may lie past a line's end. */
    struct {
        bool on;
        size_t from_line, from_column, line, column;
    } block;
    size_t primary; /* index of the caret that the view follows and that single-caret actions use */
    size_t top;     /* offset in the first row shown; see view_row_at for where that begins */
    size_t left;    /* first display column shown; 0 with wrapping */
    bool wrap;      /* long lines go on in the next row */
    struct foldset *folds;
    size_t fold_level; /* folds within so many others are open; SIZE_MAX: all */
    struct column_cache columns;
    struct wrap_cache wraps[2]; /* of the two long lines looked at last */
    int rows, cols, gutter;     /* of the text at the last draw */
    int row, col;               /* where its text area (gutter first) is in the pane */
    size_t stuck[STUCK_MAX];    /* header lines that the last draw kept at the top, */
    int stuck_count;            /* over this many rows */
    bool follow;                /* the next draw brings the primary caret into view, */
    bool jumped;                /* in the middle, with what is around it, if it was not there */
    uint64_t drawn_version;     /* of the text at the last draw */
    uint64_t parse_by; /* ms; until then draws may show the trees of before the last edits */
};

/* A save under way on a worker. */
struct saving {
    struct doc *doc;
    uint64_t state; /* of the text that is being written */
    struct text_snapshot content;
};

enum bar_mode { BAR_NONE, BAR_FIND, BAR_REPLACE, BAR_GOTO };

struct find {
    enum bar_mode mode;
    struct edit *pattern, *with, *line;
    bool in_with;    /* the replacement has the keys */
    bool asking;     /* whether the match that is selected is to be replaced */
    size_t replaced; /* since it asks */
    size_t asked_at; /* the match asked about last */
    size_t from;     /* all matches from here on are being replaced; what came of it: */
    size_t count;
    struct err failed;
    struct search_options options;
    struct search *search;     /* of the pattern; NULL: none or a bad one */
    char *problem;             /* why, or NULL */
    struct text_cursor origin; /* where the cursor was when the bar opened */
    size_t origin_top;
    /* A search that goes on in later turns. */
    struct loop_timer *timer;
    bool running, backward, wrapped;
    size_t at, start;
    /* Where the matches are, for "3 of 17": gathered in later turns, at most FIND_COUNT_MAX. */
    struct loop_timer *counter;
    struct {
        size_t *items;
        size_t len, cap;
    } starts;
    size_t count_at;
    uint64_t count_version; /* of the text they were gathered in */
    bool count_done;
};

#define FIND_COUNT_MAX 10000

/* A place gone away from; moved along with the text while its file is open. */
struct jump {
    char *path;
    struct text_point at;
};

struct saved_listener {
    void (*callback)(void *data, const char *path);
    void *data;
};

enum line_numbers { LINE_NUMBERS_ABSOLUTE, LINE_NUMBERS_RELATIVE, LINE_NUMBERS_OFF };
enum whitespace_marks { WHITESPACE_NONE, WHITESPACE_TRAILING, WHITESPACE_ALL };

/* How files are shown: from the settings, some changed by actions. */
struct editor_look {
    enum line_numbers line_numbers;
    enum whitespace_marks whitespace;
    bool sticky; /* enclosing headers stay at the top */
    bool wrap_all, wrap_prose;
    struct {
        char **items; /* names of languages that are wrapped */
        size_t len, cap;
    } wrapped;
};

/* How the text that was copied last came about, for pasting it the same way. */
struct copied {
    struct {
        size_t *items;
        size_t len, cap;
    } lens;     /* of the pieces, a line ending between two of them where the first has none */
    bool lines; /* whole lines: nothing was selected */
    size_t len; /* of it all, */
    uint64_t hash;
};

/* What a drag that goes on does. */
enum selecting {
    SELECTING_NOTHING,
    SELECTING_TEXT,
    SELECTING_WORDS, /* dragging goes on as it began: after a double click by words, */
    SELECTING_LINES, /* after a triple click by lines */
    SELECTING_BLOCK
};

enum question { ASK_NOTHING, ASK_RECOVER, ASK_DISK, ASK_CLOSE };

struct editor {
    struct app *app;
    struct loop *loop;
    struct workspace *workspace;
    char *swap_dir;
    char *undo_dir; /* NULL: undo ends with the program */
    struct {
        struct doc **items;
        size_t len, cap;
    } docs;
    struct view *view;   /* has the keys; NULL: no file is open */
    struct split *split; /* where the views shown are; NULL: no file is open */
    struct split *drag;  /* whose dividing line the mouse holds, or NULL */
    struct rect area;    /* for them all, at the last draw */
    bool splits_fit;     /* at the last draw; else only the view with the keys is shown */
    uint64_t uses;
    struct file_marks *marks;
    struct editor_look look;
    struct file_hints *hints;
    struct find find;
    struct {
        struct saved_listener *items;
        size_t len, cap;
    } listeners, watchers;                          /* of saves; of changes */
    bool no_messages;                               /* behind the lines */
    void (*on_shown)(void *data, const char *path); /* may be NULL */
    void *on_shown_data;
    struct {
        struct jump *items;
        size_t len, cap;
    } jumps;
    size_t jump_at; /* where back and forward are in them; len: at none */
    struct {
        struct search_range *items; /* ascending */
        size_t len, cap;
    } occurrences;
    const struct doc *occurrences_of; /* and of this version of its text */
    uint64_t occurrences_version;
    char *crumb; /* NULL: none */
    const struct doc *crumb_of;
    const struct editor_listener *listener; /* NULL: none */
    void *listener_data;
    enum question question; /* a dialog is open about question_path */
    char *question_path;
    char *asked_for_path;      /* shown before edits of another file were offered, or NULL */
    struct loop_timer *watch;  /* looks at the disk */
    struct loop_timer *parser; /* goes on with a long parse */
    struct syntax_spans spans;
    struct buf scratch;
    struct editor_vi *vi;     /* the vi key set; NULL: the standard one */
    struct editor_slow *slow; /* see editor_slow.h; made when needed */
    bool auto_pairs, auto_indent;
    struct copied copied;
    enum selecting selecting;
    struct search_range unit; /* the word or line the mouse began with */
    bool swap_warned;
    struct loop_timer *external; /* waits for the save before $EDITOR; made when needed */
    char *external_path;
};

/* editor_file.c: opening, saving, the disk, swap files. */
struct doc *doc_open(struct editor *editor, const char *path, struct err *err);
void doc_free(struct doc *doc, bool remove_swap);
/* Tells the undo history where the file's first view has its cursor. */
void doc_note_cursor(struct doc *doc);
/* Takes selections and further carets away in all its views (the text was replaced). */
void doc_deselect(struct doc *doc);
void editor_tell_opened(const struct doc *doc);
void editor_tell_changed(struct editor *editor, const char *path);
struct doc *editor_find_doc(const struct editor *editor, const char *path);
void doc_save(struct doc *doc);
/* Saves the text shown as another file of the workspace, which `show` then shows. One that is there
 * already, or has unsaved edits, is left alone without `overwrite`. */
void editor_save_as(struct editor *editor, const char *path, bool overwrite, bool show);
/* Closes it with its unsaved edits, or as soon as a save under way is done. */
void editor_drop(struct editor *editor, struct doc *doc);
/* Closes it, or asks when it has unsaved edits. */
void editor_close(struct editor *editor, struct doc *doc);
/* Appends the file's bytes; one that is not there is empty, with a stamp that says so. */
bool editor_read_file(const struct editor *editor, const char *path, struct buf *bytes,
    struct file_stamp *stamp, struct err *err);
/* A dialog whose answer comes to the file's question. */
void editor_ask_choice(struct editor *editor, const struct doc *doc, enum question question,
    const char *title, const char *text, const struct dialog_choice *choices, size_t count);
/* Asks the next open question about the file shown, if no dialog is open. */
void editor_ask(struct editor *editor);
void editor_warn_swap(struct editor *editor);

/* editor_panes.c: which views are shown, and where. */
/* Shows the file in the place of the view that has the keys. */
void editor_show(struct editor *editor, struct doc *doc);
bool doc_is_shown(const struct doc *doc);
/* A view of the file that is on the screen, or NULL. */
struct view *editor_shown_view(const struct editor *editor, const struct doc *doc);
/* Gives a view that is shown the keys. */
void editor_focus_view(struct editor *editor, struct view *view);
/* Takes a view off the screen; not the last. */
void editor_close_view(struct editor *editor, struct view *view);
/* Takes all views of the file off the screen; another file is shown when they were the last. */
void editor_hide_doc(struct editor *editor, struct doc *doc);
unsigned editor_split(struct editor *editor, bool beside);
unsigned editor_next_view(struct editor *editor, bool backward);
unsigned editor_view_beside(struct editor *editor, enum split_way way);
unsigned editor_only_view(struct editor *editor);
const char *editor_why_no_split_below(void *pane);
const char *editor_why_no_split_right(void *pane);
const char *editor_why_one_view(void *pane);

/* editor_disk.c: changes by others. */
/* Takes the snapshot over as what is on disk. */
void doc_set_base(struct doc *doc, struct text_snapshot content);
/* Stores the undo steps for the next program, where the text is what stands on disk: they fit. */
void doc_keep_history(struct doc *doc);
void doc_note_gone(struct doc *doc);
/* Text that is to be seen in place of what is on disk. */
bool doc_has_edits(const struct doc *doc);
/* What stands on disk now; false: it cannot be told at the moment (a save will say why). */
bool doc_look_at_disk(const struct doc *doc, struct file_stamp *now);
void doc_ask_disk(struct editor *editor, const struct doc *doc);
void doc_answer_disk(struct doc *doc, int choice);

/* editor_view.c: what a view is, its carets and selection. */
struct view *view_new(struct doc *doc);
/* Takes it out of its file; not one that is shown. */
void view_free(struct view *view);
/* The file's text changed. */
void view_changed(struct view *view, const struct text_change *change);
/* The primary caret; borrowed until carets come or go. */
static inline struct caret *view_caret(const struct view *view)
{
    return &view->carets.items[view->primary];
}
static inline size_t view_head(const struct view *view)
{
    return view_caret(view)->at.head;
}
static inline bool view_has_selection(const struct view *view)
{
    return view_caret(view)->at.anchor != view_caret(view)->at.head;
}
/* The primary caret's. */
struct search_range view_selection(const struct view *view);
/* Makes the primary caret the only one. */
void view_one_caret(struct view *view);
/* Puts the primary caret there (past the end: the end) and brings it into view; ends a run of
 * typing. Other carets stay. */
void view_select(struct view *view, size_t anchor, size_t head);
/* Moves the head, and the anchor with it unless `select`. */
void view_move(struct view *view, size_t at, bool select);
size_t view_column(struct view *view, size_t at); /* display column */
/* The offset in a line nearest to a display column, not past it. */
size_t view_at_column(struct view *view, size_t line, size_t column);
/* Moves the primary caret by visible lines, keeping its goal column. */
void view_move_lines(struct view *view, long lines, bool select);
/* By rows of the screen, with the view moving along by as much. */
void view_page(struct view *view, long rows, bool select);

/* editor_rows.c: the rows on the screen that the text takes in a view. */
struct view_row {
    size_t line;                 /* from 0 */
    size_t line_start, line_end; /* offsets; the end is before the line's ending */
    size_t start, end;           /* what of the line is in this row */
    size_t column;               /* display column of `start` in the line in one piece */
    size_t indent;               /* columns that this row, which goes on a line, is set in */
    size_t next_column;          /* as `column`, of the line's next row */
};
/* The row that shows an offset; one in a closed fold is shown by the fold's first line. */
void view_row_at(struct view *view, size_t at, struct view_row *row);
/* The row below, or above; false (row unchanged) when there is none. */
bool view_row_next(struct view *view, struct view_row *row);
bool view_row_previous(struct view *view, struct view_row *row);
/* Moves what is shown, not the carets; at most so that the last row is at the top. */
void view_scroll(struct view *view, long rows);
/* Scrolls back so that no row is left empty below the text. */
void view_fill_bottom(struct view *view);
/* Rows kept between the cursor and the edges: as many as header lines may cover. */
size_t view_margin(const struct view *view);
/* Columns the primary caret is kept from the first and the last shown. */
size_t view_side_margin(const struct view *view);
/* Scrolls so that the offset's row is at the top, in the middle, at the bottom (within the margin).
 */
enum view_place { VIEW_TOP, VIEW_MIDDLE, VIEW_BOTTOM };
void view_show(struct view *view, size_t at, enum view_place place);
/* Whether the primary caret's row was among the rows of the last draw. */
bool view_shows_caret(struct view *view);
/* Brings the primary caret's row into view, so many rows from the edges. */
void view_follow_rows(struct view *view, size_t above, size_t below);
/* Display column in its row of an offset, and the other way round. */
size_t view_row_column(struct view *view, const struct view_row *row, size_t at);
size_t view_row_offset(struct view *view, const struct view_row *row, size_t column);
/* Moves the primary caret by rows of the screen: as view_move_lines when lines are not wrapped. */
void view_move_rows(struct view *view, long rows, bool select);

/* editor_look.c: settings of how files are shown. */
/* Whether files of the language (NULL: plain text) are wrapped at first. */
bool editor_wraps(const struct editor *editor, const struct language *language);
/* Frees what it holds. */
void look_free(struct editor_look *look);
unsigned editor_toggle_wrap(struct editor *editor);
unsigned editor_next_line_numbers(struct editor *editor);
unsigned editor_next_whitespace(struct editor *editor);
unsigned editor_toggle_sticky(struct editor *editor);

/* editor_fold.c */
/* Opens what hides a caret. */
void view_reveal(struct view *view);
/* Closes the fold that begins in the line, or opens it; false: none begins there. */
bool view_toggle_fold_at(struct view *view, size_t line);
bool view_can_fold_at(struct view *view, size_t line);
enum fold_step { FOLD_ALL, FOLD_MORE, FOLD_LESS };
unsigned editor_fold_close(struct editor *editor);
unsigned editor_fold_open(struct editor *editor);
unsigned editor_fold_toggle(struct editor *editor);
unsigned editor_fold_open_all(struct editor *editor);
/* Closes all folds, or those of one more level, or opens those of one. */
unsigned editor_fold_step(struct editor *editor, enum fold_step step);

/* editor_move.c: places in a text, and the mouse. Movements are offsets. */
/* The first in [start, end) that is no blank; end when there is none. */
size_t doc_first_text(const struct doc *doc, size_t start, size_t end);
size_t doc_before(const struct doc *doc, size_t at); /* start of the cluster before */
size_t doc_after(const struct doc *doc, size_t at);
size_t doc_word_left(const struct doc *doc, size_t at);
size_t doc_word_right(const struct doc *doc, size_t at);
enum word_class { CLASS_BLANK, CLASS_WORD, CLASS_OTHER };
enum word_class doc_class_at(const struct doc *doc, size_t at);
unsigned editor_mouse(void *pane, const struct mouse *mouse);

/* editor_edit.c: changing the text. */
/* Replaces [from, to) and puts the primary caret behind the new bytes; a refusal is shown. */
bool view_replace(struct view *view, size_t from, size_t to, struct str with);
/* A change by a key is coming: a pause ends the run of typing. */
void doc_note_edit(struct doc *doc);
unsigned editor_type(struct editor *editor, struct str text);
unsigned editor_edit_key(struct editor *editor, const struct key *key);
unsigned editor_undo(struct editor *editor, bool redo);
unsigned editor_erase_word(struct editor *editor, bool forward);
/* Blanks or a tab a level, by what the file does already. */
void doc_guess_indent(struct doc *doc);

/* editor_lines.c: commands on lines; more are in editor_commands.h. */
/* Tab: moves a selection of several lines in, else puts a level at each caret. */
unsigned editor_indent(struct editor *editor);
unsigned editor_indent_lines(struct editor *editor);
unsigned editor_dedent(struct editor *editor);
unsigned editor_toggle_comment(struct editor *editor);
unsigned editor_delete_line(struct editor *editor);
unsigned editor_duplicate_line(struct editor *editor);
unsigned editor_move_line(struct editor *editor, bool down);

/* editor_copy.c */
unsigned editor_paste(void *pane, struct str text);

/* editor_find.c: the bar at the pane's bottom. */
void find_init(struct editor *editor);
void find_free(struct editor *editor);
bool find_is_open(const struct editor *editor);
/* The bar names this key as its own: it does nothing else while the bar is open. */
bool find_takes(const struct editor *editor, const struct key *key);
void find_open(struct editor *editor, enum bar_mode mode);
void find_close(struct editor *editor);
unsigned find_key(struct editor *editor, const struct key *key);
unsigned find_paste(struct editor *editor, struct str text);
unsigned find_step(struct editor *editor, bool backward);
/* Looks for the next match from there, in later turns where it takes long. */
void find_begin(struct editor *editor, size_t from, bool backward);
void find_say(struct find *find, const char *text);
/* Replaces the match; false with what is wrong in the bar. */
bool find_replace(struct editor *editor, const struct search_match *match);
/* Every match from there to the end of the file; on a large one in slices (editor_slow.h). */
void find_replace_all(struct editor *editor, size_t from);
int find_rows(const struct editor *editor);
void find_draw(struct editor *editor, struct region region, bool focused);
/* The first match in a text that touches it from `from` on and starts before `to`. */
bool find_visible(struct editor *editor, const struct text *text, size_t from, size_t to,
    struct search_range *range);

/* editor_assist.c */
/* The cursor's place is left for one far away. */
void editor_note_jump(struct editor *editor);
void editor_jumps_changed(
    struct editor *editor, const char *path, const struct text_change *change);
void editor_assist_free(struct editor *editor);
/* As editor_jump, without noting where one was. */
bool editor_go(struct editor *editor, const char *path, size_t row, size_t col);

/* editor_draw.c: painting. */
void editor_draw(void *pane, struct region region, bool focused);
/* The offset under a cell of the last draw. */
size_t view_offset_at(struct view *view, int row, int col);

/* editor_replace.c: with a look at each match. */
bool find_selection_is_match(struct editor *editor, struct search_match *match);
void replace_ask(struct editor *editor);
void replace_found(struct editor *editor);
/* All the rest was replaced. */
void replace_rest_done(struct editor *editor, size_t count);
unsigned replace_key(struct editor *editor, const struct key *key);
void replace_draw(struct editor *editor, struct region region, int row);

/* editor_new.c: a new file, or the one shown, by a name that is asked for. */
unsigned editor_ask_new(struct editor *editor);
unsigned editor_ask_save_as(struct editor *editor);

/* editor_external.c: $EDITOR on the file shown. */
unsigned editor_external(struct editor *editor);

/* editor_actions.c */
unsigned editor_key(void *pane, const struct key *key);

#endif
