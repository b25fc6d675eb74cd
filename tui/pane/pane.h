/* What is shown in a part of the screen and takes keys: the four panes of the main screen, and
 * overlays (review, dialogs, palette). A pane is a table of functions and its data.
 *
 * draw only paints; every other function changes state and answers with UI_ flags (action.h).
 * A pane that changes by itself (a stream, a test run) calls app_redraw. */
#ifndef BYLAW_PANE_PANE_H
#define BYLAW_PANE_PANE_H

#include "action.h"
#include "screen/grid.h"
#include "screen/input.h"

struct pane_ops {
    const char *name;                      /* "chat": also its context */
    const struct action_set *actions;      /* may be NULL */
    const struct action_set *more_actions; /* may be NULL */

    /* Paints the whole of region, which is blank. Sets the cursor when focused and it has one. */
    void (*draw)(void *pane, struct region region, bool focused);
    /* A key that no action took. While takes_text says yes, plain text (and Enter, Tab, Backspace,
     * Delete and unmodified movement keys) comes here first, and to the actions only when ignored.
     */
    unsigned (*key)(void *pane, const struct key *key);
    bool (*takes_text)(const void *pane);
    /* Keys that come to `key` before any action, whatever they are (a key set of the pane's own).
     */
    bool (*takes_key)(const void *pane, const struct key *key);
    /* Row and column relative to the pane's region. A drag that began here keeps coming here. */
    unsigned (*mouse)(void *pane, const struct mouse *mouse);
    /* Pasted text as it came, at most INPUT_PASTE_MAX bytes. */
    unsigned (*paste)(void *pane, struct str text);
    /* Esc: closes the pane's own top thing (a search, a selection). UI_IGNORED: nothing to close;
     * an overlay is then popped, in a pane the global action comes next (interrupt). */
    unsigned (*escape)(void *pane);
    void (*focus)(void *pane, bool focused);
    /* Texts in the pane's title line, left and right; appended. UTF-8 of any origin. */
    void (*title)(const void *pane, struct buf *left, struct buf *right);
    bool title_is_path; /* its left text begins with one: cut at the front when it is too long */
    /* Paints the title line itself, after its first two columns (tabs, coloured counts); the rest
     * of the line stays border. Then `title` is not asked for its left part. */
    void (*draw_title)(void *pane, struct region region, bool focused);
    /* Keys that are no actions, for the key line while the pane is an overlay: a key
     * and what it does, in turn: "Enter|choose|Esc|close". Static. */
    const char *(*key_line)(const void *pane);
    /* Rows it needs at a width, in place of those that app_push was told (the narrower the screen,
     * the more). */
    int (*height)(void *pane, int cols);
    /* One line for the folded form of the pane (below 24 rows); appended. */
    void (*status)(const void *pane, struct buf *out);
    /* Something would be lost by quitting: appends one sentence and returns true. */
    bool (*unsaved)(const void *pane, struct buf *why);
    void (*destroy)(void *pane);
};

/* Any function but draw may be NULL. */
struct pane {
    const struct pane_ops *ops;
    void *data; /* freed by ops->destroy */
};

#endif
