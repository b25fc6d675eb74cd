/* Inside of the desk, shared by desk.c (life, header), desk_actions.c (what works everywhere),
 * desk_review.c (the review and the road to a commit) and desk_tests.c (test runs and what they
 * mark). Nobody else includes it. */
#ifndef BYLAW_DESK_PRIVATE_H
#define BYLAW_DESK_PRIVATE_H

#include "agent/workbench.h"
#include "app.h"
#include "desk.h"
#include "desk_apply.h"
#include "desk_assist.h"
#include "desk_changes.h"
#include "desk_diagnose.h"
#include "desk_evaluate.h"
#include "desk_find.h"
#include "desk_init.h"
#include "desk_inspect.h"
#include "desk_reach.h"
#include "desk_rollout.h"
#include "desk_slash.h"
#include "desk_trace.h"
#include "pane/chat.h"
#include "pane/commit.h"
#include "pane/editor.h"
#include "pane/review.h"
#include "pane/status.h"
#include "repo/repo.h"

/* What waits for a review in the sessions of this workspace is read, and then: */
enum queue_want {
    QUEUE_COUNT, /* said how much it is, when there is more than what is shown */
    QUEUE_NEXT,  /* the next one is opened */
    QUEUE_AFTER, /* one was finished: the next is opened where both came from a run nobody watched
                  */
    QUEUE_LIST,  /* one is chosen from a list */
    QUEUE_NEWS   /* said what others have proposed since */
};

struct desk {
    struct loop *loop;
    struct app *app;
    struct workbench *workbench;
    struct chat *chat;
    struct editor *editor;
    struct status *status;
    struct desk_find *find;
    struct desk_evaluate *evaluate;
    struct desk_apply *apply;
    struct desk_init *init;
    struct desk_rollout *rollout;
    struct diagnose *diagnose;
    struct desk_decided *decided; /* NULL: the desk is going */
    struct desk_changes *changes;
    struct assist *assist;
    size_t notices_shown;
    size_t hook_lines_shown;
    char *problem; /* as it is on the message line, with how many more there are */
    char *first_problem;
    enum message_level first_level;
    size_t more_problems;

    /* What the repository says, for the header. */
    char *branch; /* NULL: none */
    size_t changed;
    bool repo_asked, repo_again;

    bool closing;          /* parts of it are freed while the loop still turns for a save */
    const char *warm_path; /* for the worker that compiles queries; NULL: none */
    bool warming;
    bool was_busy, was_asked; /* the agent, when it was looked at last; see desk_notify.c */
    uint64_t busy_since;      /* ms */
    unsigned exporting;       /* files being written and diffs being read on workers */
    bool listing;             /* sessions are listed on a worker */
    bool queue_asked;         /* what waits for a review is read on a worker, for: */
    enum queue_want queue_want;
    struct queue_watch *queue_watch;

    struct review_pane *review;  /* NULL: not open */
    unsigned review_generation;  /* of the proposals, when it was opened */
    bool trying;                 /* the evidence shown is of a tried selection */
    struct loop_timer *evidence; /* until what the tests said is shown again; NULL: none yet */
    bool evidence_moved;         /* they said more meanwhile */

    struct outcome outcome;        /* while the commit dialog is open */
    struct commit_pane *finishing; /* the dialog while tests of the outcome run; else NULL */

    char *reach_path; /* which tests reach this line is being asked; NULL: nothing is */
    unsigned reach_row;
    struct desk_trace *trace;           /* being made or shown; NULL: neither */
    struct desk_inspection *inspection; /* opa inspect is being asked; NULL: it is not */
    struct {
        struct tested_text {
            char *path;
            uint64_t version;
        } * items;
        size_t len, cap;
    } tested; /* texts that tests were asked for, or that were as on disk when they were shown */
    unsigned tested_proposal; /* what the status pane's results are of; 0: the workspace */
    char *tested_root;
};

extern const struct action_set desk_action_set;

/* desk_mention.c */
void desk_mention(void *data);

/* desk_notify.c */
/* The session changed: tells somebody who is elsewhere what they wait for. */
void desk_notify(struct desk *desk);

/* desk_sessions.c */
/* The session with this id; empty: one chosen from a list. */
bool desk_resume(struct desk *desk, struct str id, struct err *err);
/* See workbench_fork. */
bool desk_fork(struct desk *desk, unsigned before, struct err *err);
/* The workbench shows another session. */
void desk_switched(struct desk *desk);
/* "2026-01-31 12:00", local time; the caller frees. */
char *desk_when(int64_t wall_ms) MUST_USE;

/* desk_queue.c */
void desk_queue(struct desk *desk, enum queue_want want);
/* Says how many wait, and from then on when another program proposes something. */
void desk_queue_watch(struct desk *desk);
void desk_queue_unwatch(struct desk *desk);

/* desk.c */
/* On the message line and in the log. Of what stands until a key is pressed the first is shown,
 * with how many more there are. */
void desk_say(struct desk *desk, enum message_level level, const char *text);

/* desk_evaluate.c */
/* Appends the files with unsaved edits and their texts. */
struct eval_sources;
void desk_gather_unsaved(const struct desk *desk, struct eval_sources *texts);

/* desk_keys.c */
/* The user's keys from the configuration; what is wrong with them is said. */
void desk_remap_keys(struct desk *desk);

/* desk_trust.c */
/* What the repository brings waits for an answer: says so, and with which key. */
void desk_say_trust(struct desk *desk);
void desk_open_trust(struct desk *desk);

/* desk_skills.c */
void desk_open_skills(struct desk *desk);

/* desk_search.c */
struct grep_pane;
struct preview;
struct grep_pane *desk_search_new(struct desk *desk, struct preview *preview) MUST_USE;

/* desk_review.c */
/* Opens the review of the open proposal; says so when there is none. */
void desk_open_review(struct desk *desk);
/* The proposal is another than the one shown, or its evidence moved on. */
void desk_review_changed(struct desk *desk);
void desk_review_evidence(struct desk *desk);

/* Undoes the last commit made here by another commit, after asking. */
void desk_undo_commit(struct desk *desk);
/* Asks in which form and in which file the last results are wanted. */
void desk_ask_report(struct desk *desk);

/* desk_tests.c */
/* Runs the tests where they should run now (the laid-out proposal, else the workspace), but for
 * those whose results are known; all of them. */
void desk_run_tests(struct desk *desk);
void desk_run_all_tests(struct desk *desk);
/* Files of the workspace changed: what they affect runs, while the status pane watches. */
void desk_tests_files_changed(struct desk *desk);
/* The same for a text that is being typed: tested as it is. */
void desk_tests_text_changed(void *data, const char *path);
void desk_tests_unsaved(void *data, struct status_texts *texts);
void desk_tests_changed(void *data);
void desk_tests_free(struct desk *desk);
/* Opens a file at a place (from 1): in the editor, or in the review where only the proposal has it.
 */
void desk_show(void *data, const char *path, unsigned row, unsigned col);
/* The rule that a test is about, and the input it takes; false: not known. */
bool desk_open_rule(void *data, const char *path, struct position at);
bool desk_open_fixture(void *data, const char *path, struct position at);
const char *desk_current_file(void *data);
const char *desk_cursor(void *data, struct position *at);

#endif
