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
    bool disabled;     /* shown dim; choosing it only calls `chosen`, which says why */
};

struct picker_options {
    const char *title;
    const char *hint; /* in the empty field */
    size_t count;
    /* Item number `index`; the strings are borrowed until the picker is asked again. */
    void (*item)(void *data, size_t index, struct picker_item *item);
    /* After it closed: the index, or SIZE_MAX when Enter was pressed with no match (`query` then
     * holds what was typed). */
    void (*chosen)(void *data, size_t index, struct str query);
    void (*closed)(void *data);  /* Esc; may be NULL */
    void (*destroy)(void *data); /* frees data; after chosen or closed; may be NULL */
    void *data;
};
void picker_open(struct app *app, const struct picker_options *options);

#endif
