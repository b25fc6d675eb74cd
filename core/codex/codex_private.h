/* Inside of the Codex provider: codex.c (requests and turns), thread.c (from no process to a
 * thread), copy.c (the scratch copy, and what was changed there), items.c (what Codex says, as
 * events), asks.c (what waits for the engineer), command.c (its commands as they are), patch.c (its
 * changes as one patch). Nobody else includes it. */
#ifndef BYLAW_CODEX_CODEX_PRIVATE_H
#define BYLAW_CODEX_CODEX_PRIVATE_H

#include "base/json.h"
#include "codex/codex.h"
#include "model/outside.h"
#include "rpc/rpc.h"

/* In the place of a thread's id: the session goes on from a fork of that one. */
#define CODEX_FORK_OF "fork "

enum codex_step {
    STEP_DOWN,      /* no process */
    STEP_HANDSHAKE, /* initialize is asked */
    STEP_IDLE,      /* a process, no thread */
    STEP_THREAD,    /* a thread is asked for */
    STEP_READY      /* turns may start */
};

/* A patch that waits for its answer. */
struct codex_asked {
    cJSON *id; /* the request's; NULL: none waits */
    char *call_id;
};

/* What waits for the engineer (asks.c). */
enum codex_question { ASKS_COMMAND, ASKS_PERMISSIONS, ASKS_TOOL, ASKS_WORDS };
struct codex_ask {
    enum codex_question kind;
    cJSON *id; /* the request's */
    char *call_id;
    cJSON *params;  /* of permissions and words */
    cJSON *answers; /* so far, by the question's id */
    int at;         /* the question that is asked now */
};

struct codex_item {
    char *id;
    cJSON *item;   /* of file changes: asked about later by the id alone */
    bool started;  /* its beginning was told */
    bool runs;     /* a command */
    bool accepted; /* a patch that Codex may write */
    bool agreed;   /* and wrote */
    bool said;     /* a message that came in pieces */
};

/* How a turn ended, until what it changed is collected. */
struct codex_ending {
    enum stop_reason stop;
    enum err_kind kind;
    char *failure; /* what went wrong; NULL: nothing */
    bool wanted;   /* somebody waits for it */
};

struct codex {
    struct provider provider; /* first */
    struct loop *loop;
    struct codex_host host;
    char *program;
    struct {
        char **items; /* ended by NULL */
        size_t len, cap;
    } env;
    struct rpc *rpc;
    enum codex_step step;
    struct lent *lent; /* the scratch copy; NULL: none yet */
    char *root;        /* its folder */
    char *session;     /* ours: where the thread's id is kept */
    char *thread;      /* Codex's id; NULL: not known yet */
    char *turn;        /* of the turn that runs; NULL: none */
    char *instructions;
    char *model;
    char *effort;
    char *schema; /* of the answer, JSON; or NULL */
    char *input;  /* what the next turn begins with; NULL: nothing waits */
    size_t said;  /* items of the conversation that are told with it */
    size_t heard; /* and those the thread was told in turns that began */
    bool laying_out;
    bool laid;       /* the copy is as the next turn has to find it */
    bool laid_late;  /* the one that is laid out is wanted otherwise since */
    bool mending;    /* what Codex could not write itself is laid out */
    bool looking;    /* what it changed is looked for before a patch is shown */
    bool collecting; /* its turn is over: what it changed is looked for */
    struct codex_ending ending;
    char *late_call; /* the patch that a turn ended with; NULL: none */
    unsigned late_calls;
    struct buf note;          /* what Codex has to hear before its next prompt */
    bool nothing;             /* the stream has nothing to say */
    struct loop_timer *later; /* goes on */
    bool compacts;            /* what waits is no prompt: it is to sum up what was said */
    bool compacted;           /* and did */
    long long counted;        /* tokens of the thread until now, as Codex counts them */
    bool asking;              /* turn/start is out, turn/started not yet in */
    bool unwanted;            /* and nobody waits for that turn any more */
    bool stopping; /* the turn that runs is not wanted any more: what it still says is dropped */
    struct codex_asked asked; /* a patch */
    struct {
        struct codex_ask **items;
        size_t len, cap;
    } asks;
    unsigned asked_so_far;
    char *files; /* what AGENTS.md says now */
    char *told;  /* our own instructions as the thread heard them; NULL: not known */
    char *told_files;
    char *kept; /* the same of when it was loaded, which it does not forget */
    char *kept_files;
    char *history; /* what was said before a thread that does not know it; NULL: nothing */
    cJSON *limits; /* as Codex said last; NULL: it did not */
    struct outside outside;
    struct {
        struct codex_item *items;
        size_t len, cap;
    } items;
};

/* codex.c */
/* The last event of the stream; what waited to be said goes with it. */
void codex_fail(struct codex *codex, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Begins the turn that waits, if everything for it is there; else does the next thing towards it.
 */
void codex_go_on(struct codex *codex);
/* Codex said that the turn has begun. */
void codex_turn_begun(struct codex *codex, const char *id);
/* Ends a turn, of whatever thread. */
void codex_stop_turn(struct codex *codex, const char *thread, const char *turn);
/* Commands of the turn that still run in the background end with it. */
void codex_end_commands(struct codex *codex);
/* Ends the turn that runs, if one does. */
void codex_interrupt(struct codex *codex);
/* Answers an approval that Codex asks for. */
void codex_answer(struct codex *codex, const cJSON *id, const char *decision);
/* In the turn that runs, too: what the thread was told beside the conversation and does not keep
 * over a summary of it. */
void codex_tell_again(struct codex *codex);
/* Says something to the model in the turn that runs. */
void codex_steer(struct codex *codex, const char *text);
/* Answers the approval that waits with "decline", after telling the model why. */
void codex_refuse_patch(struct codex *codex, struct str why);
/* Nothing is known of the turn any more. */
void codex_turn_over(struct codex *codex);

/* copy.c */
void codex_lay_out(struct codex *codex);
/* An accepted patch could not be written to the scratch copy by Codex: it is laid out by us, and
 * Codex told. */
void codex_mend(struct codex *codex);
/* Codex wrote an accepted patch: that is no change which nobody was asked about. False: it is not
 * what the proposal has. */
bool codex_agree(struct codex *codex, struct codex_item *item);
bool codex_read_copy(void *codex, const char *relative, struct buf *out);
/* Takes what its commands changed into the proposal, and shows the patch that is asked about. */
void codex_look_first(struct codex *codex);
/* One line or more that its next turn begins with. */
void codex_note(struct codex *codex, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The turn is over; the stream ends when it is known what Codex changed. `failure` is taken over.
 */
void codex_end_turn(struct codex *codex, enum stop_reason stop, enum err_kind kind, char *failure);
/* The request answers what the last turn ended with. */
bool codex_take_late_result(struct codex *codex, const struct request *request);

/* thread.c */
/* Of what the thread was told only what it was loaded with is sure to be known to it. */
void codex_remember_kept(struct codex *codex);
const char *codex_approval(const struct codex *codex);
bool codex_start_process(struct codex *codex, struct err *err) MUST_USE;
void codex_ask_thread(struct codex *codex);

/* items.c */
char *codex_limits(const struct provider *provider);
struct codex_item *codex_find_item(const struct codex *codex, const char *id);
/* The patch that is asked about becomes a call of apply_patch. */
void codex_show_patch(struct codex *codex);
void codex_on_notification(void *data, const char *method, cJSON **params);
void codex_on_request(void *data, const cJSON *id, const char *method, cJSON **params);

/* asks.c: what waits for the engineer. */
void codex_ask_command(struct codex *codex, const cJSON *id, const cJSON *params);
void codex_ask_permissions(struct codex *codex, const cJSON *id, const cJSON *params);
void codex_ask_tool(struct codex *codex, const cJSON *id, const cJSON *params);
void codex_ask_words(struct codex *codex, const cJSON *id, const cJSON *params);
void codex_decide(
    struct codex *codex, const char *call_id, enum approval approval, struct str reason);
/* Answers what waits; true: that ends the turn. */
bool codex_cancel_asks(struct codex *codex);
void codex_forget_asks(struct codex *codex);

/* command.c: what would run, without the shell around it. The caller frees. */
char *codex_command(const cJSON *item) MUST_USE;

/* The files as Codex has them. */
struct codex_files {
    void *data;
    /* False: there is none at this path. */
    bool (*read)(void *data, const char *relative, struct buf *out);
};

/* patch.c. The changes of a fileChange item as a unified diff relative to root. False, with a
 * sentence for the model, when one lies outside of root, or is not of a shape we know. */
bool codex_patch(const cJSON *changes, const char *root, const struct codex_files *files,
    struct buf *out, struct err *err) MUST_USE;

#endif
