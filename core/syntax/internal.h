/* What the files of core/syntax share; not for others. */
#ifndef BYLAW_SYNTAX_INTERNAL_H
#define BYLAW_SYNTAX_INTERNAL_H

#include "syntax/query.h"
#include "syntax/syntax.h"

#define SYNTAX_TEXT_MAX   ((size_t)1 << 30)
#define SYNTAX_ERRORS_MAX 1000

/* Ranges and tree in bytes and rows of the piece. */
struct injection {
    const struct language *language;
    uint32_t start, end;
    bool exact;      /* see syntax.h */
    bool blank_gaps; /* what lies between the ranges is indentation */
    bool stale;      /* edited since `tree` was made */
    bool seen;       /* found again by the refresh that is running */
    struct ranges {
        TSRange *items;
        size_t len, cap;
    } ranges;
    TSTree *tree; /* NULL: not parsed yet */
};

struct piece_injections {
    struct injection *items;
    size_t len, cap;
};

/* One document of a stream; the whole text in other languages. Its tree is in bytes and rows from
 * the piece's own beginning, which is the beginning of a line. */
struct piece {
    size_t start, len;
    size_t row, rows; /* rows: line feeds in it */
    bool continued;   /* not a document of its own: the one before it was too long */
    bool stale;       /* edited since `tree` was made */
    bool indexed;     /* outline and errors below are up to date */
    TSTree *tree;
    uint64_t used;     /* when it was last asked for */
    uint64_t spent_us; /* on a parse that has no end yet; more than PARSING_MOST_US: given up */
    struct piece_injections injections;
    uint32_t injected_from, injected_to; /* where injections are up to date */
    struct outline outline;              /* positions of the piece */
    struct syntax_errors errors;
};

struct pieces {
    struct piece *items;
    size_t len, cap;
};

/* Spans of [from, to) of the whole text; see shown.c. */
struct shown {
    size_t from, to;
    bool dirty; /* what is in [dirty_from, dirty_to] is to be looked up again */
    size_t dirty_from, dirty_to;
    struct syntax_spans spans;
    unsigned edits; /* since they were asked for */
    uint64_t used;
};
#define SHOWN_MAX 4 /* parts of the text that are looked at in turn (split views, folds) */

struct syntax {
    const struct language *language;
    struct syntax_source source;
    struct pieces pieces;
    TSParser *parser;
    /* A parse that ran out of time and goes on where it was: which piece, and which injection of it
     * (SIZE_MAX: the piece itself). pending_piece is SIZE_MAX when there is none. */
    size_t pending_piece, pending_injection;
    uint64_t clock;
    size_t tree_bytes;    /* text that trees stand for */
    uint64_t deadline_us; /* of the call that runs; 0: none */
    uint64_t asked_us;    /* what layer.c has parsed since syntax_parse */
    TSQueryCursor *cursor;
    bool held; /* see syntax_hold */
    bool changed;
    size_t changed_from, changed_to; /* rows */
    struct shown shown[SHOWN_MAX];
    uint64_t shown_clock;
};

void piece_free(struct piece *piece);
void injections_clear(struct piece *piece);
struct source_window piece_window(const struct syntax *syntax, const struct piece *piece);
/* Index of the piece that holds the byte (the last one past the end). */
size_t piece_at(const struct syntax *syntax, size_t offset);
bool syntax_out_of_time(const struct syntax *syntax);

/* split.c: cuts [start, end) of the source into pieces; `row` is start's. */
void split_text(const struct language *language, const struct syntax_source *source, size_t start,
    size_t end, size_t row, struct pieces *out);

/* Parses with the included ranges given (none: all), going on with a pending parse of the same
 * target. NULL: out of time, or the grammar refused. */
TSTree *syntax_run_parser(struct syntax *syntax, size_t piece, size_t injection,
    const struct language *language, const struct ranges *ranges, const TSTree *old);
/* Gives up a parse that was to go on. */
void syntax_forget_pending(struct syntax *syntax);
/* Brings the piece's tree up to date; false: out of time. */
bool syntax_parse_piece(struct syntax *syntax, size_t index);

/* Both for what [from, to) of the whole text needs; false: out of time. */
bool syntax_parse_range(struct syntax *syntax, size_t from, size_t to);

/* Where it begins with the indentation of its first line. */
uint32_t injection_begin(const struct injection *injection);
/* inject.c: finds and parses the injections of [from, to) (bytes of the piece); false: out of time.
 */
bool inject_refresh(struct syntax *syntax, size_t index, uint32_t from, uint32_t to);
void inject_edit(struct piece *piece, const TSInputEdit *edit);

/* Inner text beyond this stays in the host's colours. */
#define INJECT_TEXT_MAX ((uint32_t)1 << 20)
/* Takes over what was found (its ranges, which may be none), with the tree it had before. */
void inject_add(struct piece *piece, struct injection *found);
/* Adds [from, to) with its points: `line_start` is the byte its line (of that row) begins at, and
 * the range ends in the same line or with its line feed. */
void inject_add_line(
    struct injection *inj, uint32_t row, size_t line_start, size_t from, size_t to, bool with_lf);
/* Offset just past the line that `at` is in; *lf tells whether a line feed ended it. */
size_t inject_line_end(const struct source_window *text, size_t at, bool *lf);
size_t inject_count_blanks(const struct source_window *text, size_t at);

/* inject_yaml.c: the expressions and policies inside a YAML document, those that touch [from, to).
 */
void inject_yaml(struct syntax *syntax, struct piece *piece, uint32_t from, uint32_t to);

/* highlight.c: appends the spans of [from, to) that the trees tell now. */
void highlight_look_up(struct syntax *syntax, size_t from, size_t to, struct syntax_spans *out);
/* shown.c: the text was edited; what is in [from, to] may look different; all is different. */
void shown_edit(struct syntax *syntax, const TSInputEdit *edit);
void shown_mark(struct syntax *syntax, size_t from, size_t to);
void shown_clear(struct syntax *syntax);

/* outline.c: fills outline and errors of a piece whose tree is up to date. */
void outline_index(struct syntax *syntax, struct piece *piece);

#endif
