/* What the grep_*.c files share. */
#ifndef BYLAW_PANE_GREP_PRIVATE_H
#define BYLAW_PANE_GREP_PRIVATE_H

#include "pane/grep_list.h"
#include "pane/grep_pane.h"

#include "base/vec.h"
#include "widget/edit.h"
#include "widget/list.h"

enum grep_field { GREP_PATTERN, GREP_WITH, GREP_GLOB, GREP_LIST };

/* A search under way: its pane drops what comes when it is not the newest. */
struct grep_running {
    struct grep_pane *pane;
    struct grep *grep;
};

struct grep_pane {
    struct grep_pane_options options;
    struct edit *fields[3];
    enum grep_field field; /* has the keys */
    bool replace;          /* the replacement is shown */
    bool regex, exact_case, whole_word;
    struct grep_list list;
    struct list view;
    struct grep_running *running; /* the newest; NULL: none */
    size_t busy;                  /* workers that have not come back, searches and replacements */
    size_t files;                 /* searched so far */
    size_t skipped, too_hard;
    bool truncated;
    bool stale; /* what is shown is of another pattern: the first new hits take its place */
    char *problem;
    size_t at; /* the hit gone to last; SIZE_MAX: none */
    struct loop_timer *timer;
    int list_row; /* where the list began at the last draw */
};

/* grep_pane.c */
struct grep_hit *grep_pane_hit(struct grep_pane *pane);

/* grep_draw.c */
void grep_draw(void *data, struct region region, bool focused);

#endif
