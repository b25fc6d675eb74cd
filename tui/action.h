/* Actions: everything a key, the palette or the mouse can ask for, in one table. The dispatcher,
 * the key line, the `?` screen, the palette and the README's key table are made from it.
 *
 * Each pane brings its own rows in its own file, as one action_set. */
#ifndef BYLAW_ACTION_H
#define BYLAW_ACTION_H

#include "base/str.h"

/* What a handler did; or-ed together. Nobody paints in a handler. */
enum {
    UI_IGNORED = 0,
    UI_HANDLED = 1, /* the key is used up */
    UI_REDRAW = 2,  /* something on the screen changed */
    UI_CLOSE = 4,   /* this overlay is done: pop it */
    UI_PASS_ON = 8, /* with UI_CLOSE: what was typed is for what lies below */
    UI_DONE = UI_HANDLED | UI_REDRAW
};

enum action_flag {
    ACTION_KEY_LINE = 1,   /* shown in the key line while its pane has the focus */
    ACTION_NO_PALETTE = 2, /* movement and the like: not worth a palette row */
    ACTION_URGENT = 4 /* something waits for it: in the key line before what works everywhere */
};

struct action {
    const char *id;    /* "review.accept": config's [keys] and docs name it; unique */
    const char *label; /* one or two words for the key line and the palette: "accept" */
    const char *help;  /* one sentence for the ? screen, without a full stop */
    /* Default keys: alternatives apart by spaces, a sequence's keys run together when each is one
     * character ("]t"), else by commas ("ctrl-x,ctrl-s"); see key_parse. "" for none. */
    const char *keys;
    const char *keys_vi; /* in the vi key set; NULL: the same */
    unsigned flags;
    /* `pane` is the data of the pane that brought the set. Returns UI_ flags. */
    unsigned (*run)(void *pane);
    /* Why it cannot be done now, one sentence; NULL (or no function): it can. */
    const char *(*why_not)(void *pane);
};

struct action_set {
    const char *context; /* "review": the part of each id before the dot, as a rule */
    const char *title;   /* "Review", a heading in the ? screen */
    const struct action *actions;
    size_t count;
};

#define ACTION_SET(context_, title_, array)                                                        \
    {                                                                                              \
        context_, title_, array, ARRAY_LEN(array)                                                  \
    }

/* NULL when it can be run. */
const char *action_why_not(const struct action *action, void *pane);

#endif
