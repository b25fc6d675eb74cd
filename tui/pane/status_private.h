/* What the status pane's files share. */
#ifndef BYLAW_PANE_STATUS_PRIVATE_H
#define BYLAW_PANE_STATUS_PRIVATE_H

#include "engine/board_view.h"
#include "pane/status.h"
#include "widget/edit.h"
#include "widget/list.h"

enum { STATUS_WIDE_COLS = 70 }; /* a row has a place and a message */

enum status_tab { TAB_TESTS, TAB_PROBLEMS, TAB_COVERAGE, TAB_LOG, TAB_COUNT };

struct status_words {
    char **items;
    size_t len, cap;
};

struct status {
    struct app *app;
    struct status_options options;
    char *root; /* of the options */
    char *now;  /* where tests run now, when that is another folder */
    char *of;   /* what the results are of; NULL: the folder of the options */
    struct board *board;
    struct history_store *history; /* of the options' root; NULL: none is kept */
    struct runner *runner;
    enum status_tab tab;
    struct list lists[TAB_COUNT];
    struct board_view view;
    struct board_row here; /* what the cursor was on when rows were made last */
    size_t here_at;
    struct status_question *questions; /* see status_input.c */
    struct loop_timer *slice_timer;    /* the rest of a filter is looked for */
    struct {
        size_t *items; /* into the coverage's files, worst first */
        size_t len, cap;
    } cover_rows;
    uint64_t cover_version;
    struct edit *filter; /* while it is typed */
    int tab_starts[TAB_COUNT];
    /* The last run asked for. */
    enum run_scope scope;
    bool take_known; /* what is known as it is now does not run */
    struct status_words wanted;
    struct status_words saved; /* paths that changed and did not run yet */
    bool watch;                /* they run at once */
    struct loop_timer *save_timer;
    struct loop_timer *spinner;
    uint64_t told_ms; /* when `changed` was called last */
    bool untold;      /* something changed since */
    bool follow_log;
    struct problems *problems;
    char *check_brief, *check_text; /* how far they can be believed; NULL: not told */
    bool check_trouble;
    size_t waiting; /* guards that are not evaluated, and why: */
    char *waiting_text;
    char *none; /* what is said when the list is empty */
};

/* status_draw.c */
void status_draw(void *data, struct region region, bool focused);
void status_draw_title(void *data, struct region region, bool focused);
void status_fold(const void *data, struct buf *out);
/* The cursor of the tests was moved: what it is on now. */
void status_remember(struct status *status);
/* Brings rows and list lengths up to date. */
void status_refresh(struct status *status);

/* What can be said when the list is empty. Borrowed until the next call. */
const char *status_no_problems(struct status *status);
/* Appends "3 guards not evaluated: …"; nothing when all are. */
void status_append_waiting(const struct status *status, struct buf *out);
/* The findings listed. */
const struct findings *status_findings(const struct status *status);

/* status_draw_tests.c */
void status_draw_test_row(void *data, size_t index, struct region row, bool cursor);
/* Where the text of a row begins that tells of a test. */
int status_text_indent(const struct board_row *row);
int status_put_none(struct region region, int row, int col);
int status_put_tally(struct region region, int row, int col, const struct tally *tally, bool dim);
/* The same as words: "3 pass, 1 fail". */
void status_append_tally(struct buf *out, const struct tally *tally, size_t pending);
/* "fail, error"; "" when all are shown. */
void status_append_statuses(struct buf *out, unsigned bits);

/* status.c */
void status_words_free(struct status_words *words);
void status_run_last(struct status *status);
unsigned status_show_tab(struct status *status, enum status_tab tab);

/* status_actions.c */
unsigned status_open_row(struct status *status);
unsigned status_toggle_failed(void *data);

/* status_input.c */
/* Has the test's input told on the board, soon. */
void status_ask_input(struct status *status, const struct board_test *test);
void status_forget_questions(struct status *status);

/* status_tests.c */
/* The row under the cursor; false: there is none, or another tab. */
bool status_current_row(struct status *status, struct board_row *row);
/* Its test; NULL for a group's row. */
struct board_test *status_current_test(struct status *status);
/* To the next failed test, where the cursor is on a group; no-op where none has failed. */
void status_go_to_failure(struct status *status);
unsigned status_open_place(struct status *status, const char *path, struct position at);
unsigned status_open_test_row(struct status *status);
unsigned status_open_rule(void *data);
unsigned status_open_fixture(void *data);
unsigned status_toggle_row(void *data);
unsigned status_expand_row(void *data);
unsigned status_collapse_row(void *data);
unsigned status_expand_all(void *data);
unsigned status_collapse_all(void *data);
unsigned status_rerun_one(void *data);
unsigned status_rerun_group(void *data);
unsigned status_rerun_file(void *data);
unsigned status_rerun_affected(void *data);
unsigned status_rerun_failed(void *data);

#endif
