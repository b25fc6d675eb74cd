/* What the status pane's files share. */
#ifndef BYLAW_PANE_STATUS_PRIVATE_H
#define BYLAW_PANE_STATUS_PRIVATE_H

#include "pane/status.h"
#include "widget/edit.h"
#include "widget/list.h"

enum status_tab { TAB_TESTS, TAB_PROBLEMS, TAB_COVERAGE, TAB_LOG, TAB_COUNT };

struct status {
    struct app *app;
    struct status_options options;
    char *root; /* of the options */
    char *now;  /* where tests run now, when that is another folder */
    char *of;   /* what the results are of; NULL: the folder of the options */
    struct board *board;
    struct runner *runner;
    enum status_tab tab;
    struct list lists[TAB_COUNT];
    struct board_view view;
    struct {
        size_t *items; /* into the coverage's files, worst first */
        size_t len, cap;
    } cover_rows;
    uint64_t cover_version;
    struct edit *filter; /* while it is typed */
    int tab_starts[TAB_COUNT];
    /* The last run asked for. */
    enum run_scope scope;
    struct {
        char **items;
        size_t len, cap;
    } wanted;
    /* Saves not run yet. */
    struct {
        char **items;
        size_t len, cap;
    } saved;
    struct loop_timer *save_timer;
    struct loop_timer *spinner;
    bool follow_log;
    struct problems *problems;
    char *check_brief, *check_text; /* how far they can be believed; NULL: not told */
    bool check_trouble;
};

/* status_draw.c */
void status_draw(void *data, struct region region, bool focused);
void status_draw_title(void *data, struct region region, bool focused);
void status_fold(const void *data, struct buf *out);
/* Brings rows and list lengths up to date. */
void status_refresh(struct status *status);

/* What can be said when the list is empty. */
const char *status_no_problems(const struct status *status);
/* The findings listed. */
const struct findings *status_findings(const struct status *status);

/* status.c */
unsigned status_open_row(struct status *status);

#endif
