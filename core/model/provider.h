/* A model behind one interface: a request with the whole conversation in, one stream of typed
 * events out. The turn loop (agent/turn) runs the tools and makes the next request; a provider
 * knows nothing of tools, proposals or the workspace. Nothing downstream of the events may know
 * which provider is in use: the Responses API, Chat Completions and the recording differ only in
 * where bytes come from.
 *
 * Loop thread only. All text is UTF-8 (invalid bytes were replaced by U+FFFD) but otherwise
 * untrusted. */
#ifndef BYLAW_MODEL_PROVIDER_H
#define BYLAW_MODEL_PROVIDER_H

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

#include <cjson/cJSON.h>

enum item_kind {
    ITEM_USER,       /* text */
    ITEM_ASSISTANT,  /* text */
    ITEM_REASONING,  /* text: the summary shown; opaque: what the provider wants back, or NULL */
    ITEM_TOOL_CALL,  /* call_id, name, text: the arguments as the model wrote them (may be bad JSON)
                      */
    ITEM_TOOL_RESULT /* call_id, text: the output; failed */
};

/* One item of a conversation. */
struct item {
    enum item_kind kind;
    char *text;
    char *call_id;
    char *name;
    char *opaque;
    bool failed;
};

struct items {
    struct item *items;
    size_t len, cap;
};

void item_free(struct item *item);
void items_free(struct items *items);

/* A tool as told to the model. `schema` is a JSON Schema object fit for strict mode (each property
 * required, additionalProperties false). `freeform` tools (apply_patch) take plain text; a provider
 * whose wire has no such tools wraps it as {"input": text} on the way and unwraps it again, so that
 * items and EVENT_TOOL_CALL hold the plain text always. */
struct tool_spec {
    const char *name;
    const char *description;
    const char *schema; /* JSON text; NULL for a freeform tool */
    bool freeform;
    const char *grammar; /* of a freeform tool's text, in Lark, or NULL */
};

struct request {
    const char *instructions;  /* system / developer text */
    const char *files;         /* what the workspace's AGENTS.md files say now, which instructions
                                  leaves out for an agent that reads them by itself; or NULL */
    const struct items *items; /* borrowed until provider_start returns */
    const struct tool_spec *tools;
    size_t tool_count;
    const char *model;
    const char *effort;        /* "low", "medium", "high", … or NULL */
    const char *output_schema; /* JSON Schema text for structured output, or NULL */
    const char *cache_key;     /* the session's id, or NULL */
    bool compacts;             /* no turn: what the agent itself remembers is to be summed up */
};

enum event_kind {
    EVENT_STARTED,   /* the server answered; text: the model's name as the server says, or NULL */
    EVENT_TEXT,      /* text: a piece of the answer */
    EVENT_REASONING, /* text: a piece of the reasoning summary */
    EVENT_REASONING_DONE, /* text: whole summary; opaque */
    EVENT_TOOL_CALL_PART, /* call_id, name, text: a piece of the arguments, for live display only */
    EVENT_TOOL_CALL,      /* call_id, name, text: the whole arguments, joined */
    EVENT_ACTIVITY, /* call_id, name, text: an agent that runs tools of its own began with one */
    EVENT_ACTIVITY_PART, /* call_id, text: a piece of its output */
    EVENT_ACTIVITY_DONE, /* call_id, text: all of its output; failed */
    EVENT_APPROVAL, /* call_id, text: what an agent with tools of its own wants to do that it may
                     * not do by itself; opaque: its reason, or NULL. It waits for provider_decide
                     */
    EVENT_UNASK,    /* call_id: of an EVENT_APPROVAL that the agent took back */
    EVENT_USAGE,    /* usage */
    EVENT_WARNING,  /* text: something the user should see; the stream goes on */
    EVENT_RETRY,    /* text: what went wrong; retry_ms until the next try, which begins the
                     * answer anew */
    EVENT_ERROR,    /* last event: error, retryable, http_status */
    EVENT_DONE      /* last event: stop */
};

enum stop_reason { STOP_END, STOP_TOOL_CALLS, STOP_LENGTH, STOP_FILTER, STOP_OTHER };

struct usage {
    long long input_tokens;
    long long cached_tokens;
    long long output_tokens;
    long long reasoning_tokens;
    long long written_tokens; /* of the input: put into the server's cache, which may cost more */
    /* What an agent says of itself, where it does: */
    bool has_cost; /* `dollars` is what it cost, whatever the table of prices says */
    double dollars;
    bool again;       /* more of a request that was counted before */
    bool partial;     /* the tokens are those of its last request to the model, of several */
    long long held;   /* what its window holds now, and */
    long long window; /* could; 0: it does not say */
};

/* Borrowed from the provider for the length of the callback. */
struct event {
    enum event_kind kind;
    struct str text;
    const char *call_id;
    const char *name;
    const char *opaque;
    const char *terms;   /* EVENT_APPROVAL: what an approval would mean, in one line, or NULL */
    const char *folder;  /* and where a command would run, if not where the agent works; or NULL */
    const char *answer;  /* and for a question that wants words: what a plain approval answers */
    const char *choices; /* and if only some words are answers: a line each, the words and, after a
                          * tab, what is said of them; or NULL */
    struct usage usage;
    enum stop_reason stop;
    struct err error;
    bool failed;
    bool retryable;  /* sending the same request again may work */
    int http_status; /* 0: none */
    uint64_t retry_ms;
};

/* What an agent with settings of its own lets one choose among. */
enum offer_kind { OFFER_MODEL, OFFER_EFFORT, OFFER_MODE, OFFER_KINDS };
/* Borrowed until the loop goes on, and not safe to show. */
struct offer {
    const char *id;
    const char *name;  /* how it calls it for people, or NULL */
    const char *about; /* what it says of it, or NULL */
    bool now;          /* it is the one in force */
    bool may_not_ask;  /* a mode whose words say that it acts without asking the engineer */
};

struct provider;
struct stream; /* one running request */

typedef void (*event_fn)(void *data, const struct event *event);

enum approval {
    APPROVAL_ONCE,
    APPROVAL_SESSION, /* and all that is like it, as the agent understands that, as long as it runs
                       */
    APPROVAL_DECLINED,
    APPROVAL_ALWAYS /* from now on, also in other sessions: an entry of the engineer's allow-list */
};

/* One implementation a file (responses.c, chat.c, recording.c), one row of the table in provider.c.
 */
struct provider_ops {
    const char *name; /* "responses", "chat", "recording" */
    /* Begins; events come later, from the loop, never from inside start. NULL: could not begin. */
    struct stream *(*start)(struct provider *provider, const struct request *request,
        event_fn on_event, void *data, struct err *err);
    /* Stops the stream: no event comes after this call, not even EVENT_DONE. */
    void (*cancel)(struct stream *stream);
    void (*free)(struct provider *provider);
    /* Answers an EVENT_APPROVAL; the reason (may be empty) is told to the agent. NULL: it never
     * asks. */
    void (*decide)(
        struct stream *stream, const char *call_id, enum approval approval, struct str reason);
    /* Our session `to` goes on from all that `from` said; its first request follows. NULL: it knows
     * what was said by the request's items alone. */
    void (*fork)(struct provider *provider, const char *from, const char *to);
    /* Our session `session` is the one at work from now on. What the agent had written for it when
     * we ended too early is taken now. NULL: it keeps nothing. */
    void (*show)(struct provider *provider, const char *session);
    /* What it lets one choose among, as far as it has said, by their place. NULL, or false: no
     * more. */
    bool (*offered)(
        const struct provider *provider, enum offer_kind kind, size_t index, struct offer *out);
    /* Works in this mode of its own, of those it offers (its id or its name), in the session at
     * work. NULL: it has none. */
    bool (*use_mode)(struct provider *provider, const char *mode, struct err *err);
    /* The id of the mode it is in or will be with the next prompt. NULL, also as a result: not
     * known. Borrowed until the loop goes on. */
    const char *(*mode)(const struct provider *provider);
    /* How much of its limits is spent, as one line for people; the caller frees. NULL, also as a
     * result: it does not say. */
    char *(*limits)(const struct provider *provider);
    /* What was cancelled or has failed is not over yet: what it wrote may still come. NULL: never.
     */
    bool (*is_ending)(const struct provider *provider);
};

struct provider {
    const struct provider_ops *ops;
    /* For the header line: "recording" is shown at all times. */
    bool is_recording;
    bool counts_later;       /* what an answer took is told once what it asked for is answered */
    bool reads_instructions; /* the agent reads the workspace's AGENTS.md by itself */
    bool tells_itself;     /* it says by itself how one works here: instructions leaves that out */
    bool takes_compaction; /* it takes a request that compacts */
};

struct stream *provider_start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err) MUST_USE;
/* The stream is freed by itself after its last event (EVENT_DONE or EVENT_ERROR) or by this call.
 */
void provider_cancel(struct provider *provider, struct stream *stream);
void provider_free(struct provider *provider);
void provider_decide(struct provider *provider, struct stream *stream, const char *call_id,
    enum approval approval, struct str reason);
void provider_fork(struct provider *provider, const char *from, const char *to);
void provider_show(struct provider *provider, const char *session);
bool provider_offered(
    const struct provider *provider, enum offer_kind kind, size_t index, struct offer *out);
bool provider_use_mode(struct provider *provider, const char *mode, struct err *err) MUST_USE;
const char *provider_mode(const struct provider *provider);
char *provider_limits(const struct provider *provider) MUST_USE;
bool provider_is_ending(const struct provider *provider);

#endif
