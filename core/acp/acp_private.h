/* Inside of the ACP provider: acp.c (requests and turns), session.c (from no process to a session),
 * login.c, offers.c (what it lets be chosen), choice.c (what is chosen of it), updates.c (what the
 * agent says, as events), spending.c (tokens and money), half.c (what it has written until now),
 * asks.c (what it asks of us). Nobody else includes it. */
#ifndef BYLAW_ACP_ACP_PRIVATE_H
#define BYLAW_ACP_ACP_PRIVATE_H

#include "acp/acp.h"
#include "base/json.h"
#include "model/outside.h"
#include "rpc/rpc.h"
#include "workspace/lent.h"

/* Codes of its own. */
enum { ACP_AUTH_REQUIRED = -32000, ACP_NOT_FOUND = -32002 };

enum acp_step {
    ACP_DOWN,      /* no process */
    ACP_HANDSHAKE, /* initialize is asked */
    ACP_IDLE,      /* a process, no session */
    ACP_SESSION,   /* a session is asked for */
    ACP_READY,     /* prompts may be sent */
    ACP_CHOOSING   /* but its model, effort or mode is asked for first */
};

/* What the engineer chose of it. */
struct acp_choice {
    char *wanted; /* NULL: as the agent has it */
    char *asked;  /* of this session: looked for, and set where there is such a one */
    char *value;  /* which it was set to */
    char *first;  /* what it had before we set any; NULL: we did not */
};

/* A tool call of the agent's. */
struct acp_tool {
    char *id;
    char *kind;
    char *title;
    cJSON *content; /* the newest */
    cJSON *input;
    cJSON *locations;
    bool begun; /* told */
    bool over;
    size_t shown; /* bytes of its text that were told */
};

/* A permission that waits for the engineer; the first of the list is shown. */
struct acp_ask {
    cJSON *id; /* the request's */
    cJSON *options;
    char *call_id;
    char *what;
    char *reason; /* the agent's, or NULL */
    char *means;  /* what the answers stand for, where that is more than yes; or NULL */
};

/* A way to log in. */
struct acp_login {
    char *id;
    char *name, *about; /* safe to show */
    bool terminal;      /* the engineer does it, in a terminal */
};

/* How a prompt ended. */
struct acp_ending {
    enum stop_reason stop;
    char *failure; /* it failed: one line; NULL: it did not */
    enum err_kind kind;
};

struct acp {
    struct provider provider; /* first */
    struct loop *loop;
    struct acp_host host;
    struct acp_agent agent;
    char *program;
    struct outside outside;
    struct rpc *rpc;
    struct lent *lent;
    enum acp_step step;
    bool can_load, can_resume;
    unsigned settings;      /* lent_settings when it began */
    cJSON *offers;          /* configOptions of its session, the newest */
    cJSON *older;           /* its models and modes, in the same shape */
    char *mode;             /* the one in force that we know of */
    enum offer_kind asking; /* what is asked to be set */
    struct {
        bool says;      /* it says what it costs */
        bool known;     /* what its session had cost when we last heard, which is */
        double dollars; /* this */
        double unsaid;  /* of it, what nobody was told yet: an interrupted turn costs money too */
        bool counted;   /* in this prompt some was told */
        long long held; /* what its window holds */
        long long window;
    } spent;
    struct acp_choice choices[OFFER_KINDS];
    char *login; /* how one logs in, as the agent says; NULL: it does not */
    struct {
        struct acp_login *items;
        size_t len, cap;
    } logins;         /* of which the engineer chooses */
    char *login_call; /* the question that waits for that; NULL: none */
    bool logging_in;  /* what was chosen is under way */
    char *ours;       /* our session */
    char *session;    /* the agent's; NULL: not known yet */
    char *instructions;
    bool unknown;     /* no session of its own goes on: a new one is asked for */
    bool resumed;     /* its first prompt since then has not gone well yet */
    char *again;      /* and what that one says */
    char *told;       /* the instructions this session of the agent's has heard */
    char *input;      /* what the next prompt says; NULL: nothing waits */
    char *sent;       /* what the one that runs says, for when somebody has to log in first */
    char *history;    /* what was said before it, for a session that does not remember */
    struct buf note;  /* what the agent has to hear before the next prompt */
    bool speak;       /* the note itself is worth a prompt */
    unsigned spoken;  /* prompts that were nothing but notes, since the engineer's last */
    char *call;       /* of the patch whose result is waited for; NULL: none */
    unsigned patches; /* calls so far, which names them */
    bool nothing;     /* the request asks nothing: its stream ends at once */
    bool laying_out;
    bool laid;       /* and nothing was prompted since */
    bool prompting;  /* session/prompt is out */
    bool stopping;   /* and is to end: what still comes is dropped */
    bool collecting; /* what it wrote is looked for */
    struct acp_ending ending;
    struct {
        char *session; /* of ours, whose prompt runs or ran last */
        struct loop_timer *timer;
        bool waits;   /* the timer does */
        bool looking; /* the lent tree is read for it */
    } half;
    char *shown; /* our session that is at work now, which may be another than the prompt's */
    bool closing;
    struct loop_timer *later;
    struct loop_timer *grace; /* how long it may take to stop */
    char *message;            /* the id of the message that grows */
    size_t said;              /* bytes of text in this prompt */
    size_t output;            /* and of what its tools and plans say */
    size_t updates;           /* notifications in it */
    struct {
        struct acp_tool *items;
        size_t len, cap;
    } tools;
    struct {
        struct acp_ask *items;
        size_t len, cap;
    } asks;
    unsigned asked; /* names them */
    unsigned files; /* reads and writes under way on workers */
};

/* acp.c */
/* The last event of the stream; what waited to be said goes with it. */
void acp_fail(struct acp *acp, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Does the next thing towards the prompt that waits. */
void acp_go_on(struct acp *acp);
/* Ends its process; the next prompt starts it again. */
void acp_end_process(struct acp *acp);
/* Another session, or a new one, is asked for with the next prompt. */
void acp_forget_session(struct acp *acp);
/* Tells the agent, before the next prompt. */
void acp_note(struct acp *acp, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Ends the prompt that runs, if one does. */
void acp_interrupt(struct acp *acp);
/* The prompt is over, however: what it wrote is looked for. Takes failure over. */
void acp_prompt_over(struct acp *acp, enum stop_reason stop, char *failure, enum err_kind kind);

/* What it said, without its name before it. */
const char *acp_words_of(const struct acp *acp, const struct rpc_answer *answer);
/* Why it refused to do `what` ("fault began no session"), in a sentence the caller frees; *kind is
 * ERR_DENIED where one has to log in first, which the sentence then says how to do. */
char *acp_refusal(const struct acp *acp, const struct rpc_answer *answer, const char *what,
    enum err_kind *kind) MUST_USE;

/* spending.c */
/* What its session is known to have cost when it is taken up again; of a new one nothing. */
void acp_begin_spending(struct acp *acp, bool resumed);
/* An update, or the result of a prompt, which may tell its tokens. */
void acp_take_spending(struct acp *acp, const cJSON *update);
void acp_take_usage(struct acp *acp, const cJSON *result);

/* The lent tree is read, for the end of the prompt. */
void acp_collect(struct acp *acp);

/* half.c */
void acp_half_init(struct acp *acp);
void acp_half_free(struct acp *acp);
/* The agent may have written something: it is looked for soon, or now. */
void acp_half_later(struct acp *acp);
void acp_half_look(struct acp *acp);
/* Keeps it; an empty patch: nothing is to be kept any more. */
void acp_half_write(struct acp *acp, struct str patch);
/* Into the proposal of `session`, what was kept of its last turn. */
void acp_half_take(struct acp *acp, const char *session);

/* session.c */
bool acp_start_process(struct acp *acp, struct err *err) MUST_USE;
void acp_ask_session(struct acp *acp);

/* login.c */
/* The ways it names, in the answer to initialize. */
void acp_take_logins(struct acp *acp, const cJSON *result);
/* True: the engineer is asked, and what waits is held until then. False: there is nothing to
 * choose, or nobody who could. */
bool acp_ask_login(struct acp *acp, const char *why);
/* False: the question was another. */
bool acp_decide_login(
    struct acp *acp, const char *call_id, enum approval approval, struct str reason);
/* Nobody waits for it any more. */
void acp_stop_login(struct acp *acp);
void acp_free_logins(struct acp *acp);

/* offers.c */
/* What its session lets be chosen: the result that it begins with; then what a request answers, or
 * an update. */
void acp_begin_offers(struct acp *acp, const cJSON *result);
void acp_take_offers(struct acp *acp, const cJSON *from);
/* The agent went into another mode by itself. */
void acp_take_mode(struct acp *acp, const cJSON *update);
/* It has set what it was asked to; the older methods answer nothing. */
void acp_take_set(struct acp *acp, enum offer_kind kind, const char *value);
/* The option of a kind, and whether it is one of the older shapes; NULL: there is none. */
const cJSON *acp_find_offer(const struct acp *acp, enum offer_kind kind, bool *older);
/* As the provider's `offered`. */
bool acp_offered(const struct acp *acp, enum offer_kind kind, size_t index, struct offer *out);
void acp_free_offers(struct acp *acp);

/* choice.c */
/* NULL: as the agent has it. */
void acp_want(struct acp *acp, const char *model, const char *effort);
/* True: something is asked for, and acp_go_on follows. False: all is as it can be. */
bool acp_choose(struct acp *acp);
/* At once where a prompt runs, else before the next one. */
bool acp_use_mode(struct acp *acp, const char *wanted, struct err *err) MUST_USE;
/* The mode it is in, or will be with the next prompt; NULL: not known. */
const char *acp_mode(const struct acp *acp);
/* Another session of the agent's: it knows of none of them. */
void acp_forget_choices(struct acp *acp);
/* None is asked for. */
void acp_forget_mode(struct acp *acp);
void acp_free_choices(struct acp *acp);

/* updates.c */
void acp_on_notification(void *data, const char *method, cJSON **params);
/* The tool call of a permission, told as begun. */
void acp_take_tool(struct acp *acp, const cJSON *update);
/* What the agent said is over; tools that were not told are dropped. */
void acp_clear_tools(struct acp *acp);
const struct acp_tool *acp_find_tool(const struct acp *acp, const char *id);
/* What a tool call does, in one line; the caller frees. */
char *acp_describe_tool(const struct acp *acp, const struct acp_tool *tool) MUST_USE;

/* asks.c */
void acp_on_request(void *data, const cJSON *id, const char *method, cJSON **params);
void acp_decide(struct acp *acp, const char *call_id, enum approval approval, struct str reason);
/* The agent takes a request of its own back. */
void acp_withdraw(struct acp *acp, const cJSON *id);
/* Answers all that wait as cancelled. */
void acp_drop_asks(struct acp *acp);

#endif
