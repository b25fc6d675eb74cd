/* The status pane: tests as they finish, problems, coverage, log. It owns the runner of the
 * workspace's tests and the board that holds what they said; what it does with a file (open it) is
 * the owner's. */
#ifndef BYLAW_PANE_STATUS_H
#define BYLAW_PANE_STATUS_H

#include "app.h"
#include "check/problems.h"
#include "engine/board.h"
#include "pane/pane.h"

struct status;

/* A text that is not saved yet. */
struct status_text {
    char *path;
    struct buf text;
};
struct status_texts {
    struct status_text *items;
    size_t len, cap;
};

struct status_options {
    struct app *app;
    const char *root; /* the folder the tests run in; copied */
    double threshold; /* of coverage, percent: 90 */
    bool coverage;    /* taken after each run */
    bool history;     /* results of the root are kept in the state folder */
    bool watch;       /* files that change run at once, see status_set_watch */
    /* Opens a file of the root at a place (row from 1; col from 1 in bytes, 0: none). */
    void (*open)(void *data, const char *path, unsigned row, unsigned col);
    /* Path and row where the editor is, for "run this file"; NULL path: nowhere. May be NULL. */
    const char *(*current_file)(void *data);
    /* The same path with the place of the cursor, for "next problem"; NULL: nowhere. May be NULL.
     */
    const char *(*cursor)(void *data, struct position *at);
    /* Opens the rule that the test at a place tests, or the file that it takes its input from.
     * False: not known. May be NULL. */
    bool (*open_rule)(void *data, const char *path, struct position at);
    bool (*open_fixture)(void *data, const char *path, struct position at);
    /* Steps through the test at a place (row from 1). May be NULL. */
    void (*step)(void *data, const char *path, unsigned row);
    /* Adds the texts of the root's files that are not saved: they are tested as they are. The pane
     * frees them. May be NULL. */
    void (*unsaved)(void *data, struct status_texts *texts);
    /* After any change: new results, coverage. May be NULL. */
    void (*changed)(void *data);
    void *data;
};

/* The pane to be given to app_set_pane; *status stays valid as long as the pane lives. */
struct pane status_pane_new(const struct status_options *options, struct status **status);

/* Another folder (an overlay): results of the old one go. NULL: the one of the options. `of` is
 * shown beside the results: what they are results of ("proposal 3"); NULL for the folder itself.
 * Copied. */
void status_set_root(struct status *status, const char *root, const char *of);
/* What the Problems tab lists; borrowed, outlives the pane. */
void status_set_problems(struct status *status, struct problems *problems);
/* How far the list can be believed: shown when it is empty ("no problems in …", "checking…") and,
 * when `brief` is not empty, in the title ("not checked"). Copied. NULL: no file is checked, only
 * the test run tells. */
void status_set_check(struct status *status, const char *brief, const char *text, bool is_trouble);
/* How many guards have not been evaluated, and of each why and what does it: shown with the list,
 * whose emptiness says nothing of them. 0: none. Copied. */
void status_set_waiting(struct status *status, size_t count, const char *text);
/* Files changed and the tests that they affect did not run yet. */
bool status_has_unrun(const struct status *status);
/* Starts a run, which cancels one that runs. */
void status_run(
    struct status *status, enum run_scope scope, const char *const *wanted, size_t count);
/* The same of all tests, but for those whose result is known and nothing they depend on has
 * changed: their rows say "cached". */
void status_run_changed(struct status *status);
/* Files that changed run as soon as they do; else they are kept for `status.run-affected`. */
void status_set_watch(struct status *status, bool watch);
bool status_is_watching(const struct status *status);
/* As RUN_AFFECTED after a save, while watching; waits 100 ms for more of them. */
void status_file_changed(struct status *status, const char *path);
/* The same for a text that is being typed; waits for a pause of 150 ms. */
void status_text_changed(struct status *status, const char *path);
void status_stop(struct status *status);
struct board *status_board(struct status *status);
struct runner *status_runner(struct status *status);
void status_log(struct status *status, const char *line);
/* To the next (1) or previous (-1) failure, opened in the editor; false: there is none. */
bool status_next_failure(struct status *status, int step);
bool status_next_finding(struct status *status, int step);

/* "✓ 42 ✗ 1 ! 0 ○ 2 — 3   cov 93.10 % ≥ 90", for the header; returns its columns. With cols 0
 * nothing is painted: to measure. */
int status_draw_counts(struct status *status, struct region region, int row, int col, int cols);

/* ]t [t ]d [d, which work everywhere: for app_add_actions with the status as data. */
extern const struct action_set status_global_actions;
/* What the pane's own keys do. */
extern const struct action_set status_actions;

#endif
