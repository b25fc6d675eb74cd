/* What the commit dialog's own files share. */
#ifndef BYLAW_PANE_COMMIT_PRIVATE_H
#define BYLAW_PANE_COMMIT_PRIVATE_H

#include "base/vec.h"
#include "pane/commit.h"
#include "repo/commit.h"
#include "widget/edit.h"
#include "widget/textview.h"
#include "workspace/workspace.h"

enum phase {
    PHASE_PLAN,   /* looks for what can be undone */
    PHASE_EDIT,   /* nothing has been done */
    PHASE_ASK,    /* the hooks' question; nothing has been done */
    PHASE_WRITE,  /* the door is at work */
    PHASE_COMMIT, /* hooks, signing, the commit */
    PHASE_FAILED, /* see `written` */
    PHASE_DONE
};

/* One hidden or shown line of the progress. */
struct step {
    char *text;
    enum style_id style;
};

struct commit_pane {
    struct app *app;
    struct workspace *workspace;
    char *title;
    bool is_undo;
    struct changes changes;
    struct edit *edit;
    struct buf trailers; /* "Key: value" lines */
    struct buf feedback;
    struct buf evidence;
    enum style_id evidence_style;
    bool send;
    struct textview *view; /* details before, progress after */
    bool details_focus;
    enum phase phase;
    bool details_stale;

    bool confirm_wanted; /* ^S came before the repository had answered */
    bool previewed;
    bool possible;  /* a commit is */
    bool hooks_ask; /* before the first run */
    bool answered;  /* with yes; taken by the next question */
    char *problem;  /* why not; NULL */
    char *branch, *author, *sign_with;
    struct buf hook_names;
    struct buf notes;

    bool skip_hooks;
    bool commits; /* this run makes a commit, not only files */
    struct commit *commit;
    struct {
        struct step *items;
        size_t len, cap;
    } steps;
    struct err failed;
    bool written;
    bool cancelling;
    char id[REPO_ID_SIZE];
    bool idle; /* no write is under way */

    int jobs;    /* callbacks that will still come */
    bool closed; /* the screen part is gone */
    void (*done)(void *data, const struct commit_pane_result *result);
    void *data;
};

/* commit_view.c */
/* Fills the view with what the phase has to say. */
void commit_view_fill(struct commit_pane *pane);
void commit_view_draw(void *data, struct region region, bool focused);
void commit_view_title(const void *data, struct buf *left, struct buf *right);

#endif
