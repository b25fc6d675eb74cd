/* Questions in a box over the panes. Each calls back at most once, after it has closed; Esc is the
 * answer that changes nothing. `title` and `text` are copied. */
#ifndef BYLAW_WIDGET_DIALOG_H
#define BYLAW_WIDGET_DIALOG_H

#include "app.h"

/* Text to read, with a scroll position. */
void dialog_message(struct app *app, const char *title, struct str text);

/* Several answers, each with a letter of its own: the first is what Enter does. The index of the
 * chosen one, or -1 for Esc. */
struct dialog_choice {
    char key;
    const char *label; /* copied */
};
void dialog_choose(struct app *app, const char *title, struct str text,
    const struct dialog_choice *choices, size_t count, void (*done)(void *data, int choice),
    void *data);
/* Enter and y: yes; n and Esc: no. Labels say what happens: "Overwrite", "Keep mine". */
void dialog_confirm(struct app *app, const char *title, struct str text, const char *yes,
    const char *no, void (*done)(void *data, bool yes), void *data);

/* A text: one line (Enter sends) or many (^S or Alt-Enter sends, Enter breaks the line). `text` is
 * borrowed during the call; NULL ptr: cancelled with Esc. */
struct dialog_prompt {
    const char *title;
    const char *hint;   /* shown while empty; may be NULL */
    struct str initial; /* may be empty */
    bool multiline;
    int rows, cols; /* 0: a good size */
    void (*done)(void *data, struct str text);
    void *data;
};
void dialog_prompt(struct app *app, const struct dialog_prompt *options);

#endif
