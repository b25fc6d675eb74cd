/* Inside of a session, shared by session.c (transcript, journal, queue), turn.c (requests, events,
 * tools) and session_replay.c (resume). Nobody else includes it. */
#ifndef BYLAW_AGENT_SESSION_PRIVATE_H
#define BYLAW_AGENT_SESSION_PRIVATE_H

#include "agent/journal.h"
#include "agent/session.h"
#include "agent/toolbox.h"
#include "hooks/hook_run.h"

/* One tool call of the request at hand. */
struct call {
    struct session *session;
    char *given_id; /* as the server has it: it may give several calls one */
    char *call_id;
    char *name;
    char *arguments;
    unsigned entry;       /* its ENTRY_TOOL */
    struct tool_run *run; /* while it runs */
    uint64_t started_us;
    bool started;
    bool finished;
    bool streamed; /* its entry holds output, no longer the arguments */
    bool failed;   /* of a finished one, whose result waits for those before it */
    bool answered; /* its result is in the conversation */
    struct buf result;
    struct hook_run *hook; /* while hooks run before or after it */
    struct buf hook_says;  /* what they tell the agent */
};

struct calls {
    struct call **items; /* pointers: a running tool holds one */
    size_t len, cap;
};

/* A tool that the agent runs by itself. */
struct activity {
    char *id;
    unsigned entry;
    uint64_t started_us;
};

struct waiting_question {
    struct waiting_question *next;
    struct question question;
    char *id;
};

struct queued {
    char *text;
    bool feedback;
    unsigned id;
};

struct session {
    struct session_setup setup;
    struct journal *journal;
    bool journal_failed; /* said once until it works again */
    char *model;
    char *effort;
    char *title;
    unsigned fork; /* which fork of another it is, from 1 on; 0: none */
    char *draft;
    struct transcript transcript;
    unsigned next_entry;
    struct items items;   /* the conversation the model was sent */
    struct items pending; /* of the running request: joins items when it is whole */
    struct calls calls;
    struct {
        struct question question;  /* what is NULL: none waits */
        char *id;                  /* of the provider's own; NULL: a tool's */
        struct question_face face; /* of a tool's */
        unsigned entry;
        struct waiting_question *waiting; /* the provider's, which come after this one */
    } asked;
    struct {
        unsigned entry;
        uint64_t started_us;
        void (*stop)(void *data); /* NULL: none runs */
        void *data;
    } aside;
    struct buf notes; /* told to the agent with the next prompt */
    struct {
        struct activity *items;
        size_t len, cap;
    } activities;
    struct stream *stream;
    struct provider *stream_provider;
    struct {
        struct stream *stream; /* NULL: none runs */
        struct buf text;       /* of the summary, so far */
        unsigned entry;        /* its ENTRY_TOOL */
        uint64_t started_us;
        long long before; /* tokens */
        bool in_turn;     /* a request waits for it */
        bool called;      /* a tool, or wrote without end: no summary */
        bool asked_for;   /* already, for the request that is next */
    } compact;
    enum session_state state;
    uint64_t retry_at_ms;
    unsigned open_text; /* entry ids while they grow; 0: none */
    unsigned open_reasoning;
    unsigned requests; /* of this prompt */
    bool goes_on;      /* the turn that begins is of the same prompt */
    bool ended_well;
    bool at_bound; /* it was stopped there */
    unsigned prompts;
    bool was_running;         /* while replaying: the turn had not ended */
    struct spend spend;       /* over all turns */
    struct spend turn_spend;  /* of the prompt that runs, or ran last */
    long long context_tokens; /* of the last request and its answer */
    long long agent_window;   /* what an agent of its own says that it could hold; 0: it does not */
    bool context_is_old;      /* an answer since then was not counted */
    size_t told_bytes;        /* of its instructions and tools */
    bool answer_began;        /* of the running request: something of it came */
    bool answer_counted;      /* and what it took was said */
    struct {
        struct hook_run *run; /* of the turn itself; a call has its own */
        bool started;         /* SessionStart was */
        bool fresh;           /* the last item is a prompt no hook has seen */
        bool holds_prompt;    /* it waits for what they say */
        unsigned sent_on;     /* times that hooks had the agent go on, in this turn */
        struct buf start;     /* what SessionStart told, until a prompt is sent */
    } hooks;
    struct {
        struct queued *items;
        size_t len, cap;
    } queue;
    unsigned next_queued;
    bool waits_for_provider; /* sent before there was one; what a stop or an end of the program left
                              * in the queue waits for the engineer */
    struct {
        char **items;
        size_t len, cap;
    } history;
    struct loop_timer *halt;  /* stops an agent of its own that is past the bounds */
    struct loop_timer *later; /* starts what must not start inside a callback */
    void (*on_change)(void *data);
    void *on_change_data;
};

/* Journal first, then the transcript; each calls session_changed. */
struct entry *session_entry(struct session *session, unsigned id); /* NULL when unknown */
unsigned session_begin_entry(struct session *session, struct entry entry);
void session_grow_entry(struct session *session, unsigned id, struct str text);
/* Replaces the text (a tool's arguments by its output). */
void session_reset_entry(struct session *session, unsigned id, struct str text);
void session_end_entry(struct session *session, unsigned id, enum entry_status status);
void session_changed(struct session *session);
void session_set_state(struct session *session, enum session_state state);
/* Journals and appends to the conversation; takes the item. */
void session_add_item(struct session *session, struct item item);
/* The same, in front of the last one. */
void session_add_item_before(struct session *session, struct item item);
/* For the prompt's history alone. */
void session_remember_line(struct session *session, struct str text);
void session_remember_prompt(struct session *session, struct str text);
/* Adds a prompt or feedback to transcript and conversation. */
void session_take_prompt(struct session *session, struct str text, bool feedback);
void session_queue_record(struct session *session);
void session_queue_add(struct session *session, struct str text, bool feedback);

/* turn.c */
void turn_halt(struct session *session);    /* stops a request that is past the bounds */
void turn_begin(struct session *session);   /* the conversation ends with something to answer */
void turn_request(struct session *session); /* one more request of the turn */
void turn_stop(struct session *session, enum entry_status status);
bool turn_take_queued(struct session *session); /* false: none waits */
void turn_over(struct session *session);
void turn_clear_calls(struct session *session);

void turn_end(struct session *session);      /* well: takes what is queued, or is over */
void turn_end_held(struct session *session); /* its prompt was not sent */
/* A call's two ends, which hooks may put off: it starts; its result is there. */
void turn_run_call(struct call *call);
void turn_finish_call(struct call *call);

/* turn_hooks.c: true when hooks run, and what follows waits for them. */
bool turn_hooks_begin(struct session *session); /* then turn_request */
bool turn_hooks_before(struct call *call);      /* then turn_run_call */
bool turn_hooks_after(struct call *call);       /* then turn_finish_call */
bool turn_hooks_end(struct session *session);   /* then turn_end */
/* What they told about the call goes behind its result. */
void turn_hooks_say(struct call *call);
void turn_hooks_cancel(struct session *session);
/* While replaying too: the last prompt was not sent. */
void turn_hold_prompt(struct session *session);
/* compact.c */
/* The next request would come near what the window holds. Once for each request. */
bool compact_is_due(struct session *session);
void compact_begin(struct session *session, bool in_turn);
/* What a request tells beside the conversation takes room, too. */
void compact_note_request(struct session *session, const struct request *request);
void compact_stop(struct session *session);
/* The conversation is this text from now on; while replaying too. */
void compact_replace(struct session *session, const char *text);

/* session_aside.c */
void session_tell_notes(struct session *session);
void session_replay_notes(struct session *session, const cJSON *record);

/* turn_question.c */
/* What failed before is not tried again any more: something else follows. */
void session_forget_failures(struct session *session);
void turn_ask(struct session *session, const struct event *event);
/* The agent does not want the answer any more. */
void turn_unask(struct session *session, const char *id);
void turn_forget_questions(struct session *session, enum entry_status status);

/* turn_spend.c */
/* A request is about to begin; its count came; it has ended, and an answer nobody counted is kept
 * as that (`whole`: an empty one, too). */
void turn_expect_usage(struct session *session);
void turn_take_usage(struct session *session, const struct usage *usage);
void turn_end_usage(struct session *session, bool whole);
/* An answer of which nobody said what it took. */
void turn_note_uncounted(struct session *session);
void turn_replay_usage(struct session *session, const cJSON *record);
/* One more request may be made; else what stops it. */
bool turn_within_bounds(struct session *session, struct err *err);
/* The running request may go on, of an agent that makes its own. */
bool turn_may_go_on(struct session *session, struct err *err);

/* turn_activity.c */
void turn_begin_activity(struct session *session, const struct event *event);
void turn_grow_activity(struct session *session, const struct event *event);
void turn_end_activity(struct session *session, const struct event *event);
/* Also an approval that waits. */
void turn_stop_activities(struct session *session);

/* session_replay.c */
cJSON *item_to_json(const struct item *item);
void session_replay(void *data, const char *kind, const cJSON *record);
/* Closes what a killed process left open. */
void session_settle(struct session *session);

#endif
