/* The finder: one box to go anywhere from. What is typed picks the source by its first character
 * (">" commands, "@" symbols of this file, …; without one: files), the rest narrows it. "?" lists
 * the sources.
 *
 * Who knows something adds a source; the finder knows none but the list of them. */
#ifndef BYLAW_FINDER_H
#define BYLAW_FINDER_H

#include "app.h"

struct finder_item {
    char *text;       /* what is matched and shown; owned, any bytes (painted safely) */
    char *detail;     /* dim, at the right; owned, may be NULL */
    const char *note; /* the same, static, where detail is NULL; may be NULL */
    bool disabled;
    bool is_path;    /* the text is one: cut at its front */
    int bonus;       /* see narrow.h */
    char *path;      /* a place, for the preview; owned (may be `text` itself), may be NULL */
    size_t row, col; /* from 0; col in bytes */
    size_t number;   /* for the source */
    const void *what;
    void *with;
};

struct finder_items {
    struct finder_item *items;
    size_t len, cap;
};

struct finder_source {
    char prefix;      /* 0: what is found without a prefix */
    const char *name; /* "commands": its row in the list of sources */
    const char *title;
    const char *hint; /* in the empty field */
    void (*collect)(void *data, struct finder_items *out);
    /* What of the text after the prefix is matched ("a.rego:12": "a.rego"); NULL: all. */
    struct str (*needle)(void *data, struct str text);
    /* An item made from what is typed ("go to line 12"), shown first or last; may be NULL. */
    bool (*direct)(void *data, struct str text, struct finder_item *out);
    bool direct_last;
    /* After the finder closed. `item` is NULL when nothing matched; `text` is what was typed
     * after the prefix. Both borrowed. */
    void (*chosen)(void *data, const struct finder_item *item, struct str text);
    /* May be NULL. */
    void (*preview)(void *data, const struct finder_item *item, struct region region);
};

/* Borrowed for ever, as is data. */
void finder_add_source(struct app *app, const struct finder_source *source, void *data);
/* With something typed already (">" for the commands); "" for files. */
void finder_open(struct app *app, const char *query);
/* A source has other items than when it was collected: if it is being shown it is collected
 * again. */
void finder_changed(struct app *app, const struct finder_source *source);

/* The list of sources, added by the app itself. */
extern const struct finder_source finder_sources_source;

#endif
