/* What the review pane's own files share. */
#ifndef BYLAW_PANE_REVIEW_PRIVATE_H
#define BYLAW_PANE_REVIEW_PRIVATE_H

#include "pane/review.h"
#include "patch/diff.h"
#include "syntax/syntax.h"

enum row_kind {
    ROW_HUNK,   /* a hunk's heading */
    ROW_SAME,   /* a line both sides have, or with items: both but for its blanks */
    ROW_CHANGE, /* a removed line, an added one, or (side by side) both */
    ROW_WHOLE,  /* an item without lines */
    ROW_GAP,    /* lines that are not shown */
    ROW_COMMENT,
    ROW_NOTE
};

#define NONE SIZE_MAX

struct review_row {
    enum row_kind kind;
    size_t hunk;           /* it belongs to; NONE for none */
    size_t del, add;       /* items; NONE */
    size_t a, b;           /* lines of base and proposal shown; NONE */
    size_t a_twin, b_twin; /* the line of the other side to mark words against; NONE */
    size_t comment;        /* ROW_COMMENT: which */
    size_t count;          /* ROW_GAP: hidden lines. ROW_COMMENT: line of the comment's text */
    const char *note;      /* ROW_NOTE: static text */
};

struct review_rows {
    struct review_row *items;
    size_t len, cap;
};

/* One side's text with its syntax. */
struct review_text_view {
    const struct review_text *text;
    struct str bytes;
    unsigned long long hash;
    struct syntax *syntax;
};

struct review_pane {
    struct app *app;
    struct review *review;
    struct review_pane_options options;
    char *title;
    char *reason_hint; /* of the prompt for a reason */

    size_t file;
    unsigned seen;           /* review_generation the rows were made for */
    bool side_by_side, wrap; /* as wished */
    bool no_blanks;          /* lines that differ in blanks only are shown once, as they become */
    bool paired;             /* the rows are made for side by side: there is room */
    size_t context;
    struct review_rows rows;
    struct review_text_view sides[2]; /* by enum review_side */
    struct outline outline;           /* of the proposal */
    unsigned long long outline_hash;
    bool outlined;

    size_t cursor, top;
    bool reveal;                       /* the cursor jumped to a hunk: show all of it */
    size_t anchor;                     /* other end of the range; NONE: no range */
    int shift;                         /* columns scrolled to the right */
    int page;                          /* rows of the body at the last draw */
    struct rect files_rect, body_rect; /* of the last draw, in the pane */
    size_t files_top;
    char *needle; /* of the search; NULL */
    struct {
        unsigned generation; /* of the review when it was opened */
        size_t hunk;
        enum review_side side;
        size_t line;
        struct review_endings endings; /* of the text being edited */
        char *text;                    /* as it was offered */
    } prompt;                          /* what the open prompt is about */

    struct {
        char *of, *trouble;
        bool known, running, first;
        struct results results;
        struct findings findings;
        struct coverage coverage;
    } evidence;
};

/* review_rows.c */
const struct review_file *review_pane_file(const struct review_pane *pane);
/* Makes rows, syntax and cursor fit the review as it is now. */
void review_pane_refresh(struct review_pane *pane);
void review_pane_show_file(struct review_pane *pane, size_t file);
/* The cursor goes to the first row of the hunk that there is to decide on. */
void review_pane_go_to_hunk(struct review_pane *pane, size_t hunk);
/* Name of the rule, test or key the proposal's line is in; NULL. */
const struct outline_entry *review_pane_outline_at(struct review_pane *pane, size_t line);

/* review_decide.c: action functions and their guards (action.h) */
unsigned review_act_accept_chosen(void *data);
unsigned review_act_decline_chosen(void *data);
unsigned review_act_accept_rest(void *data);
unsigned review_act_decline_rest(void *data);
unsigned review_act_toggle(void *data);
unsigned review_act_toggle_range(void *data);
unsigned review_act_split(void *data);
unsigned review_act_edit(void *data);
unsigned review_act_comment(void *data);
unsigned review_act_uncomment(void *data);
unsigned review_act_try_selection(void *data);
unsigned review_act_undo(void *data);
unsigned review_act_redo(void *data);
const char *review_act_no_comment(void *data);
const char *review_act_cannot_try(void *data);
const char *review_act_no_undo(void *data);
const char *review_act_no_redo(void *data);
const char *review_act_no_hunk(void *data);
const char *review_act_nothing_chosen(void *data);
/* NULL when there is no row. */
const struct review_row *review_pane_row(const struct review_pane *pane);
/* NONE when the cursor is in no hunk. */
size_t review_pane_cursor_hunk(const struct review_pane *pane);
/* The rows of the range, or only the cursor's. */
void review_pane_range(const struct review_pane *pane, size_t *from, size_t *to);

/* review_draw.c */
void review_pane_draw(void *data, struct region region, bool focused);
const char *review_mark_text(enum review_mark mark);
struct style review_mark_style(enum review_mark mark);

/* review_line.c */
struct review_code {
    struct str text;
    const struct review_text_view *view;
    size_t offset; /* of the line in its text */
    struct diff_spans words;
    enum style_id under, word_under; /* STYLE_NONE: plain */
    const char *tail;                /* shown dim after the text ("no newline"); NULL */
};
/* Columns the line takes, tabs expanded. */
int review_code_width(const struct review_code *code);
/* Paints from column `shift` on; with `rows` > 1 it wraps. */
void review_code_draw(
    const struct review_code *code, struct region region, int shift, struct review_pane *pane);

/* review_evidence.c */
void review_evidence_free(struct review_pane *pane);
/* "tests ✓ 7": appended; returns its style. */
struct style review_evidence_summary(const struct review_pane *pane, struct buf *out);
/* Rows it wants, at most `most`. */
int review_evidence_rows(const struct review_pane *pane, int most);
void review_evidence_draw(struct review_pane *pane, struct region region);

#endif
