/* Inside of the workbench, shared by workbench.c (opening, the session's questions),
 * workbench_layout.c (overlays and checks), workbench_command.c (what the agent runs),
 * workbench_mend.c (failed checks back to the agent),
 * workbench_decide.c (from decisions to a commit), workbench_model.c (which model),
 * workbench_hooks.c (hooks of a turn), workbench_skills.c and workbench_trust.c (what waits for an
 * answer). Nobody else includes it. */
#ifndef BYLAW_AGENT_WORKBENCH_PRIVATE_H
#define BYLAW_AGENT_WORKBENCH_PRIVATE_H

#include "acp/acp.h"
#include "agent/before.h"
#include "agent/instructions.h"
#include "agent/journal.h"
#include "agent/tools.h"
#include "agent/workbench.h"
#include "codex/codex.h"
#include "hooks/hook_run.h"
#include "loop/http.h"
#include "model/select.h"
#include "sandbox/confined.h"
#include "workspace/lent.h"
#include "workspace/overlay.h"

/* A tool that waits for the proposal to be laid out. */
struct layout_want {
    void (*ready)(void *tool, const char *root, const struct err *err);
    void *tool;
};

/* A scratch copy for commands that may write. */
struct lent_use {
    struct workbench *wb;
    struct lent *lent;
    bool out;      /* one runs in it */
    bool given_up; /* what comes of it is nobody's concern */
};

struct mending;
struct recorder;

/* A file of the proposal, as it was when hooks ran for it last. */
struct hook_seen {
    char *path;
    unsigned long long hash;
};

struct notice {
    char *text;
    bool is_problem;
};

struct workbench {
    struct workbench_options options;
    struct workspace *workspace;
    struct indexer *indexer;
    const struct workspace_event *files_event; /* while it is being told */
    char *git_root;                            /* NULL: no repository */
    struct config *config;
    struct session *session;
    struct proposals *proposals;
    struct patch_source source;
    struct toolbox *toolbox;
    struct {
        struct notice *items;
        size_t len, cap;
    } notices;
    bool held;             /* an outcome is being written */
    bool closing;          /* nothing new is begun */
    bool resuming;         /* a session is being read, and is not there yet */
    bool listed;           /* the first listing of the files is there */
    bool was_closed;       /* while replaying: the last record says the program ended well */
    unsigned shown_number; /* the proposal the transcript shows last */
    unsigned shown_revision;

    struct hook_runner *hooks;
    struct {
        struct hook_seen *items;
        size_t len, cap;
    } hook_seen; /* what hooks have looked at of the proposal */
    struct {
        char **items;
        size_t len, cap;
    } hook_lines; /* what hooks did, a line each */
    struct skills prompts;
    struct skills skills; /* as they were told to the model */
    char *waiting;        /* what of the repository's waits for the engineer's trust, or NULL */

    /* layout */
    struct overlay *overlay;
    struct overlay *try_overlay;
    struct err overlay_err; /* why there is none */
    bool overlay_failed;    /* else one is made when it is first needed */
    unsigned stamp;         /* grows with every change of the proposal or the workspace */
    unsigned laid_stamp;    /* what the overlay holds; 0: nothing yet */
    unsigned laying_stamp;
    bool wanted; /* lay out again once the running one has ended */
    struct {
        struct layout_want *items;
        size_t len, cap;
    } wants;
    struct loop_timer *deliver;
    struct checks *evidence;
    struct checks *tried;
    unsigned long long tried_hash; /* what the tried overlay holds */
    unsigned long long trying_hash;
    bool try_again;
    struct changes try_changes;
    bool try_preparing;   /* what is laid out is for later: nothing runs on it */
    unsigned files_stamp; /* grows with every change of the workspace */
    unsigned try_stamp;   /* that of the workspace's files in the tried overlay; 0: none */
    struct {
        char **items;
        size_t len, cap;
    } try_moved; /* what was laid out otherwise since the tests were last told */

    /* commands of the agent, one at a time */
    struct approvals *approvals;
    struct {
        struct workbench *wb; /* first: what a layout is asked for with */
        void *tool;           /* NULL: none */
        char *line;           /* while the engineer is asked */
        bool network;
        void (*answered)(void *tool, bool allowed, struct str reason);
        void (*ready)(void *tool, const struct command_place *place);
        void (*took)(void *tool, struct str told);
        struct lent_use *use; /* what may write runs in it; NULL: nothing did */
        struct {
            struct lent_use **items;
            size_t len, cap;
        } given_up; /* copies that something may still work in */
    } command;

    /* a command of the engineer's own */
    struct {
        struct workbench *wb; /* first: what a layout is asked for with */
        char *line;           /* NULL: none runs */
        bool over_proposal;
        bool laying_out;
        struct confined *confined;
        struct output_shown *output;
    } shell;

    /* failed checks that go back to the agent */
    struct {
        bool armed;              /* a turn changed the proposal: its checks are looked at */
        unsigned tries;          /* for this prompt and proposal */
        unsigned prompts;        /* session_prompts, then */
        unsigned number;         /* the proposal that was looked at last, */
        unsigned long long hash; /* and its changes */
        struct mending *running; /* what is found out about them, or NULL */
        struct before *before;   /* what fails without the proposal; NULL: not asked yet */
    } mend;

    /* model */
    struct http *http;
    struct provider *provider;
    char *model;
    char *effort;
    struct loop_timer *starter; /* of what waits for the first turn of the loop */
    struct select *select;      /* while it is chosen */
    struct codex_host codex;
    struct acp_host acp;
    char *program;             /* bylaw itself, for other agents; NULL: none */
    struct recorder *recorder; /* `bylaw record` */
    struct prices *prices;
    char *model_shown;
    enum answers answers;
    char *label;           /* of the selection */
    char *provider_wanted; /* model_provider, when it was chosen */
    bool choose_again;     /* another server is wanted once the turn has ended */
    struct routing routing;
    const struct route *route_said; /* that of the last turn */
    char *unbounded_said; /* the model whose price is not known, as was said; NULL: none yet */
};

void workbench_tell(struct workbench *wb, enum workbench_change what);
/* Merges what changed on disk into the open proposal. */
void workbench_rebase(struct workbench *wb);
void workbench_note(struct workbench *wb, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A notice that must not go by unseen. */
void workbench_problem(struct workbench *wb, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* workbench_skills.c */
const struct skills *workbench_known_skills(void *data);

/* workbench_hooks.c */
void workbench_make_hooks(struct workbench *wb);
void workbench_free_hooks(struct workbench *wb);

/* Files have changed: looks again where hooks or skills may be among them. */
void workbench_trust_files(struct workbench *wb, const struct workspace_event *event);

/* Reads a patch into the proposal; *answer is what the model is told. False: refused. */
bool workbench_take_patch(void *data, struct str patch, struct buf *answer);
/* The proposal or the workspace is not what it was: what was laid out and tested is out of date. */
void workbench_changed(struct workbench *wb);
void workbench_make_layout(struct workbench *wb);
void workbench_free_layout(struct workbench *wb);
/* Lays out and tests the open proposal, if there is one and it is not laid out already. */
void workbench_lay_out(struct workbench *wb);
void workbench_want_layout(
    void *data, void (*ready)(void *tool, const char *root, const struct err *err), void *tool);
void workbench_unwant_layout(void *data, void *tool);
/* What a set of changes comes down to, for "exactly this was tested". */
unsigned long long changes_hash(const struct changes *changes);

/* workbench_mend.c: a turn is over; the checks of the proposal moved on; nothing is sent any more.
 */
void workbench_mend_arm(struct workbench *wb);
void workbench_mend_look(struct workbench *wb);
void workbench_mend_stop(struct workbench *wb);
void workbench_free_mending(struct workbench *wb);

/* workbench_shell.c */
void workbench_stop_shell(struct workbench *wb);

/* workbench_command.c */
extern const struct command_host workbench_commands;
void workbench_free_commands(struct workbench *wb);
/* Says what is wrong in the allow-list. */
void workbench_check_commands(struct workbench *wb);
const char *workbench_complete_question(void *data, struct question *question);
void workbench_keep_approval(void *data, const struct question *question);
const char *workbench_codex_approval(void *data);
/* Goes on with a session; false when it cannot be read, or nothing in it is pending and `needed` is
 * not. */
bool workbench_resume(struct workbench *wb, const char *id, bool needed, struct err *err) MUST_USE;
bool workbench_begin(struct workbench *wb, struct err *err) MUST_USE;
/* Of a session that is left: nothing is pending unless something is. */
void workbench_leave_session(struct session *session, const struct proposals *proposals);
void workbench_on_session_change(void *data);

/* The session may ask now: the model is chosen and the files are listed. */
void workbench_give_provider(struct workbench *wb);
void workbench_choose_provider(struct workbench *wb);
/* No model is chosen any more: before what it would be given to is freed. */
void workbench_stop_choosing(struct workbench *wb);
void workbench_free_provider(struct workbench *wb);

/* The server in force is left and one chosen as the configuration has it now; no turn runs. */
void workbench_choose_again(struct workbench *wb);

/* workbench_choice.c */
void workbench_load_routing(struct workbench *wb);
void workbench_use_bounds(const struct workbench *wb);
void workbench_before_turn(void *data);

/* workbench_mention.c */
void workbench_mentioned(void *data, struct str prompt, struct buf *out, struct buf *said);
/* workbench_spend.c; the two as session_setup wants them */
void workbench_load_prices(struct workbench *wb);
long long workbench_window(void *data, const char *model);
void workbench_bounds(void *data, struct turn_bounds *out);
const struct price *workbench_price(void *data, const char *model);

#endif
