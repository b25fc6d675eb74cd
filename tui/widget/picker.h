/* A list that narrows while one types: the palette, files, sessions, `@` and `/` completion. */
#ifndef BYLAW_WIDGET_PICKER_H
#define BYLAW_WIDGET_PICKER_H

#include "app.h"

/* Fuzzy score of text for needle: the needle's characters in order, more for runs and beginnings
 * of words and for a match in the last path part; < 0: no match. Case folded unless needle has
 * capitals. Marks matched bytes in `marks` (text.len flags) when not NULL. Blanks in the needle
 * part words that must all match. */
int fuzzy_score(struct str text, struct str needle, bool *marks);

struct picker_item {
    struct str text;   /* what is matched and shown */
    struct str detail; /* dim, at the right: keys, date; may be empty */
    bool is_path;      /* cut at its front when it is too long */
    bool detail_first; /* the detail is whole before the text is, in up to half of the row: a price
                        */
    bool disabled;     /* shown dim; choosing it only calls `chosen`, which says why */
};

/* In place of an index: nothing matches; the entry made from what was typed ("go to line 12"). */
#define PICKER_NONE   SIZE_MAX
#define PICKER_DIRECT (SIZE_MAX - 1)

struct picker;

struct picker_options {
    const char *title;
    const char *hint;  /* in the empty field; may be NULL */
    const char *keys;  /* for the key line, as pane_ops.key_line; NULL: Enter chooses */
    const char *query; /* typed already; may be NULL */
    size_t count;
    int cols;     /* 0: a good width; less where the terminal is narrower */
    bool is_low;  /* no higher than its items: what is behind it is to be seen */
    bool is_word; /* of a text that goes on: a blank ends it, which `chosen` is told with
                   * PICKER_NONE, and so does Backspace with nothing typed, as Esc */
    size_t first; /* where the cursor is before anything is typed */
    /* Item number `index`; the strings are borrowed until the picker is asked again. */
    void (*item)(void *data, size_t index, struct picker_item *item);
    /* See narrow.h; may be NULL. */
    int (*bonus)(void *data, size_t index);
    /* What is typed became `query` (called for the first one too): what of it is to be matched.
     * May call the picker_set functions. NULL: all of it. */
    struct str (*needle)(void *data, struct picker *picker, struct str query);
    /* The cursor is on another item now, or on PICKER_NONE; may be NULL. */
    void (*moved)(void *data, size_t index);
    /* Paints what an item stands for, at the right where there is room; may be NULL. */
    void (*preview)(void *data, size_t index, struct region region);
    /* After it closed: the index, or PICKER_NONE when Enter was pressed with no match (`query` then
     * holds what was typed). */
    void (*chosen)(void *data, size_t index, struct str query);
    void (*closed)(void *data);  /* Esc; may be NULL */
    void (*destroy)(void *data); /* frees data; after chosen or closed; may be NULL */
    void *data;
};
/* Borrowed until it closes; only the owner of `data` has a use for it. */
struct picker *picker_open(struct app *app, const struct picker_options *options);
/* Other items, or more of them. */
void picker_set_count(struct picker *picker, size_t count);
/* More items are on their way: nothing is chosen yet when none matches. */
void picker_set_waiting(struct picker *picker, bool waiting);
/* item(PICKER_DIRECT) stands before them or after them, or not any more. Called by `needle` only.
 */
enum picker_direct { PICKER_DIRECT_NONE, PICKER_DIRECT_FIRST, PICKER_DIRECT_LAST };
void picker_set_direct(struct picker *picker, enum picker_direct direct);
/* Whether these items have one. */
void picker_show_preview(struct picker *picker, bool show);
void picker_set_title(struct picker *picker, const char *title, const char *hint);

#endif
