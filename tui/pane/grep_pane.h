/* Searching the whole workspace: what is found comes while one types, file by file, with a preview;
 * Enter goes there. With a replacement each match shows what it would become; what is wanted of it
 * becomes a proposal to be reviewed, nothing is written. What was found stays when the view is
 * closed. Loop thread only. */
#ifndef BYLAW_PANE_GREP_PANE_H
#define BYLAW_PANE_GREP_PANE_H

#include "app.h"
#include "patch/change.h"
#include "preview.h"
#include "workspace/grep.h"
#include "workspace/workspace.h"

struct grep_pane;

struct grep_unsaved_list {
    struct grep_unsaved *items;
    size_t len, cap;
};

struct grep_pane_options {
    struct app *app;
    struct workspace *workspace;
    struct preview *preview;
    /* Goes to a place (row and column from 0, in bytes). */
    void (*open)(void *data, const char *path, size_t row, size_t col);
    /* Appends the files with unsaved edits; paths and bytes become the pane's. */
    void (*unsaved)(void *data, struct grep_unsaved_list *out);
    /* Makes a proposal of it; false with the reason. */
    bool (*propose)(void *data, const struct changes *changes, const char *origin, struct err *err);
    void *data;
};

struct grep_pane *grep_pane_new(const struct grep_pane_options *options) MUST_USE;
/* Waits for a search under way to stop. */
void grep_pane_free(struct grep_pane *pane);
/* `pattern`: NULL for what it was; `replace`: with the field for the replacement. */
void grep_pane_show(struct grep_pane *pane, const char *pattern, bool replace);
/* Goes to the next (1) or the previous (-1) hit without showing the list. */
void grep_pane_step(struct grep_pane *pane, int step);
size_t grep_pane_hits(const struct grep_pane *pane);

/* What its keys do. */
extern const struct action_set grep_action_set;

#endif
