/* The beginning of a place in a file, in its colours, beside a list of places. Files are read on a
 * worker; one that is asked for while another is being read comes after it. Loop thread only. */
#ifndef BYLAW_PREVIEW_H
#define BYLAW_PREVIEW_H

#include "app.h"

struct preview;
struct workspace;

struct preview_options {
    struct app *app;
    struct workspace *workspace;
    /* Appends the content as it is being edited; false: as on disk. May be NULL. */
    bool (*unsaved)(void *data, const char *path, struct buf *out);
    void *data;
};

struct preview *preview_new(const struct preview_options *options) MUST_USE;
/* Waits for a read under way. */
void preview_free(struct preview *preview);

struct preview_place {
    const char *path;
    bool head;       /* the whole path stands above: the list has less room for it */
    size_t row;      /* from 0: shown in the upper third, and marked */
    bool mark;       /* the row is what it is about (not for a file as a whole) */
    size_t from, to; /* bytes of the row that match; equal: none */
};
/* Paints what there is of it now; app_redraw is called when there is more. */
void preview_draw(struct preview *preview, const struct preview_place *place, struct region region);
/* What was read may be old: forgets it. */
void preview_forget(struct preview *preview);

#endif
