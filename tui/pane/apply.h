/* What every policy decides about every document, as a matrix (documents down, policies across) or,
 * on a narrow screen, as a list of what is decided about one document. What the open proposal
 * decides otherwise is marked, and can be shown alone. It shows; computing and opening are the
 * owner's. Loop thread only. */
#ifndef BYLAW_PANE_APPLY_H
#define BYLAW_PANE_APPLY_H

#include "app.h"
#include "apply/matrix.h"

struct apply_pane;

/* Where the cursor is and what is shown: kept by the owner while the view is closed. */
struct apply_view {
    char *policy, *fixture; /* ids; NULL: the first */
    enum matrix_only only;
    char *filter; /* NULL: none */
    /* What is compared: a policy's id, and that of another or a file with all that replace it. */
    char *older, *newer; /* NULL: nothing */
    bool newer_is_file;
    bool differing; /* only what the two decide differently */
};
void apply_view_free(struct apply_view *view);

struct apply_pane_options {
    struct app *app;
    struct matrix *matrix;   /* the owner's; filled while the pane is there */
    struct apply_view *view; /* the owner's */
    /* Cells known, of how many; false: nothing is computed now. */
    bool (*progress)(void *data, size_t *known, size_t *total);
    /* Opens the decision: its rule evaluated with its trace. False: only what the cell says is
     * there to be shown. */
    bool (*decide)(void *data, size_t policy, size_t fixture);
    /* Opens a place (row from 1) in the editor. */
    void (*open)(void *data, const char *path, unsigned row);
    /* Appends the document's text. */
    void (*input)(void *data, size_t fixture, struct buf *out);
    /* What was left out and why, a line each; "": nothing. Borrowed until the next turn. */
    const char *(*notes)(void *data);
    void (*again)(void *data);
    void (*closed)(void *data); /* the pane is gone */
    void *data;
};

/* Over the whole screen, until it is closed. */
struct apply_pane *apply_pane_open(const struct apply_pane_options *options);
/* The matrix has other rows and columns; other cells. */
void apply_pane_planned(struct apply_pane *pane);
void apply_pane_changed(struct apply_pane *pane);
/* Takes it away; `closed` is called. */
void apply_pane_close(struct apply_pane *pane);

extern const struct action_set apply_pane_actions;

#endif
