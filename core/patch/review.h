/* The review of a proposal: which of its lines are taken. The model behind the review pane; no
 * terminal, no clock, no files.
 *
 * Each file of the proposal is cut into items: one removed or added line each, or the whole of it
 * where lines make no sense (binary or very large content, a rename, an empty file that comes or
 * goes). An item is open, accepted or declined. Hunks are runs of neighbouring items; they are a
 * way to show and to decide, not a limit: any range of items can be decided on.
 *
 * Everything that changes a review is a struct review_op. Each op that succeeds is handed to the
 * log (the session's journal) as JSON; replaying the log over the same changes gives the same
 * review, undo history included. Ops address items by number: the log holds a check of the text
 * they were meant for, and a replayed op that does not fit is dropped and counted, not misapplied.
 *
 * Accepting everything yields the proposed bytes, declining everything the base's, to the byte;
 * an item that is open counts as not taken. Loop thread, or any one thread at a time. */
#ifndef BYLAW_PATCH_REVIEW_H
#define BYLAW_PATCH_REVIEW_H

#include "base/json.h"
#include "patch/change.h"
#include "patch/lines.h"

/* Content larger than this on one side is taken or left whole. */
enum { REVIEW_MAX_BYTES = 8 * 1024 * 1024 };

enum review_decision { REVIEW_OPEN, REVIEW_ACCEPTED, REVIEW_DECLINED };
/* Of several items together. */
enum review_mark { REVIEW_MARK_OPEN, REVIEW_MARK_PART, REVIEW_MARK_ACCEPTED, REVIEW_MARK_DECLINED };

enum review_item_kind {
    REVIEW_WHOLE, /* the file as a unit, or its new name */
    REVIEW_DEL,   /* a line of the base goes */
    REVIEW_ADD    /* a line comes */
};

struct review_item {
    enum review_item_kind kind;
    enum review_decision decision;
    size_t a;   /* DEL: the base's line (from 0). ADD: the base's line it comes before */
    size_t b;   /* ADD: the proposal's line. DEL: the proposal's line it would stand before */
    int reason; /* index into the file's reasons + 1; 0: none given */
};

struct review_hunk {
    size_t first, count; /* items */
    bool drifted;        /* the base changed in or near it since the proposal was made */
    bool conflict;       /* both changed the same lines: accepting it overwrites the newer base */
    bool edited;         /* its proposed text is (partly) the engineer's */
};

enum review_side { REVIEW_BASE, REVIEW_PROPOSED };

struct review_comment {
    int id;
    bool question; /* to be answered, not an order */
    bool stale;    /* its line changed since: shown, marked, not moved to a guess */
    enum review_side side;
    size_t line;   /* from 0; SIZE_MAX: the file as a whole */
    char *text;    /* UTF-8 */
    char *excerpt; /* the line as it was */
};

struct review_edit {
    size_t line; /* of the proposal, from 0, when the edit was made */
    char *before;
    char *after;
};

/* Shared, never changed once made. */
struct review_text {
    unsigned refs;
    unsigned long long hash;
    struct buf bytes;
    struct lines lines; /* LINES_LF */
};

/* Read it, change it only through review_do. */
struct review_file {
    const struct change *change; /* as proposed at first; borrowed from the review */
    bool base_exists;            /* now; the base may have changed since */
    struct review_text *base;
    struct review_text *proposed;
    const char *whole_because; /* why it is a unit ("binary"), or NULL. Static text */
    const char *conflict_note; /* "deleted since the proposal was made", or NULL. Static text */
    struct {
        struct review_item *items;
        size_t len, cap;
    } items;
    struct {
        struct review_hunk *items;
        size_t len, cap;
    } hunks;
    struct {
        struct review_comment *items;
        size_t len, cap;
    } comments;
    struct {
        struct review_edit *items;
        size_t len, cap;
    } edits;
    struct {
        char **items;
        size_t len, cap;
    } reasons;
};

enum review_verb {
    REVIEW_DECIDE,    /* items [from, to) get `decision` (and `text` as the reason) */
    REVIEW_SPLIT,     /* the hunk of item `from` is cut before it */
    REVIEW_EDIT,      /* hunk `from`: its proposed lines become `text`; it counts as accepted */
    REVIEW_COMMENT,   /* `text` on line `from` of `side` */
    REVIEW_UNCOMMENT, /* comment with id `from` goes */
    REVIEW_REBASE,    /* the file's base is now `text` (exists: whether there is one) */
    REVIEW_UNDO,
    REVIEW_REDO
};

struct review_op {
    enum review_verb verb;
    size_t file;
    size_t from, to;
    enum review_decision decision;
    bool only_open; /* DECIDE: leaves decided items alone */
    enum review_side side;
    bool question;
    bool exists;
    struct str text; /* bytes; borrowed during the call */
};

struct review;

/* Copies the changes. */
struct review *review_new(const struct changes *changes) MUST_USE;
void review_free(struct review *review);

/* Called with each op that took effect, before review_do returns; false with a reason takes the op
 * back. NULL: none. The JSON stays the review's. */
void review_set_log(struct review *review,
    bool (*append)(void *data, const cJSON *op, struct err *err), void *data);
/* False with a reason when it does not fit (no such item, nothing to undo, an empty comment) or the
 * log refused it: then nothing changed. */
bool review_do(struct review *review, const struct review_op *op, struct err *err) MUST_USE;
/* Applies logged ops (an array, or one op) without logging them again; returns how many did not
 * fit and were dropped. */
size_t review_replay(struct review *review, const cJSON *ops);
/* How many steps can be undone and redone. Rebases are not undone, and end what can be redone. */
size_t review_undo_count(const struct review *review);
size_t review_redo_count(const struct review *review);

/* Changes with every step that took effect: whoever holds pointers into a file looks again. */
unsigned review_generation(const struct review *review);

size_t review_file_count(const struct review *review);
const struct review_file *review_file(const struct review *review, size_t file);
/* The file's place by path or old path; SIZE_MAX when it is not in the proposal. */
size_t review_find(const struct review *review, const char *path);

/* Short forms of review_do. */
bool review_decide(struct review *review, size_t file, size_t from, size_t to,
    enum review_decision decision, struct str reason, struct err *err) MUST_USE;
/* Open items of the file only. */
bool review_decide_rest(struct review *review, size_t file, enum review_decision decision,
    struct str reason, struct err *err) MUST_USE;
/* Accepts the range, or opens it again when all of it was accepted. */
bool review_toggle(
    struct review *review, size_t file, size_t from, size_t to, struct err *err) MUST_USE;
bool review_rebase(
    struct review *review, size_t file, bool exists, struct str base, struct err *err) MUST_USE;

struct review_counts {
    size_t accepted, declined, open; /* items */
    size_t added, removed;           /* lines proposed */
};
struct review_counts review_count(const struct review_file *file, size_t from, size_t to);
enum review_mark review_mark_of(struct review_counts counts);
enum review_mark review_file_mark(const struct review_file *file);
enum review_mark review_hunk_mark(const struct review_file *file, size_t hunk);
/* Over all files. */
struct review_counts review_count_all(const struct review *review);
/* What a file's whole item stands for, in a few words: "moved here from x", "binary: 3 bytes become
 * 5, taken or left as a whole". Appended. */
void review_file_describe(const struct review_file *file, struct buf *out);
/* Place of the hunk that holds the item. */
size_t review_hunk_of(const struct review_file *file, size_t item);
/* Lines of both sides that the hunk covers, without context. */
struct review_span {
    size_t a_from, a_to;
    size_t b_from, b_to;
};
struct review_span review_hunk_span(const struct review_file *file, size_t hunk);
/* What stands in the proposal there: what an edit begins with. */
struct str review_hunk_text(const struct review_file *file, size_t hunk);
/* The same as an editor has it: lines that end with LF, also the last one (the caller frees), and
 * back: the text of a REVIEW_EDIT with the endings the hunk has. */
struct review_endings {
    bool crlf, open_end;
};
char *review_hunk_lines(
    const struct review_file *file, size_t hunk, struct review_endings *endings) MUST_USE;
void review_lines_text(struct str lines, struct review_endings endings, struct buf *out);
/* The first item of the hunk behind a gap, where it splits by itself; SIZE_MAX: there is none. */
size_t review_hunk_gap(const struct review_file *file, size_t hunk);

/* What is accepted, as changes against the current base (files with nothing accepted are left out).
 * try_file and try_hunk name one hunk whose items count as accepted as well; SIZE_MAX: none. */
void review_selected(
    const struct review *review, size_t try_file, size_t try_hunk, struct changes *out);

/* What is left when the declined is taken away: open items count as accepted. */
void review_kept(const struct review *review, struct changes *out);

/* The outcome as one text for the agent: what was taken, what was declined and why, what the
 * engineer changed, questions and comments, each with the code it is about (line numbers go stale).
 * Nothing is appended when all was accepted and nothing was said. */
void review_feedback(const struct review *review, struct buf *out);

#endif
