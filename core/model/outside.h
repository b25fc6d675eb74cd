/* What the agents with a process of their own (codex/, acp/) have in common as providers: one
 * stream at a time, warnings that are said once, a word when nothing is heard for long, what
 * the engineer said since the agent's last word, and which of the agent's own sessions belongs to
 * which of ours.
 *
 * Loop thread only. */
#ifndef BYLAW_MODEL_OUTSIDE_H
#define BYLAW_MODEL_OUTSIDE_H

#include "base/json.h"
#include "model/provider.h"

/* The stream of such a provider. */
struct stream {
    void *agent; /* whoever it belongs to */
    event_fn on_event;
    void *data;
};

struct outside {
    const char *name;      /* for messages: "Codex"; borrowed */
    struct stream *stream; /* who listens; NULL: nobody */
    bool message_before;   /* text of this stream came: the next message begins a paragraph */
    unsigned plans;
    struct {
        char **items;
        size_t len, cap;
    } warned; /* each is said once */
    struct loop_timer *silence;
};

void outside_init(struct outside *outside, struct loop *loop, const char *name);
void outside_free(struct outside *outside);

/* A stream for `agent`; NULL and why while another runs. */
struct stream *outside_begin(
    struct outside *outside, void *agent, event_fn on_event, void *data, struct err *err) MUST_USE;
/* Nobody listens any more: no event comes. */
void outside_leave(struct outside *outside);

void outside_emit(struct outside *outside, const struct event *event);
/* EVENT_TEXT or EVENT_REASONING; nothing for an empty text. */
void outside_text(struct outside *outside, enum event_kind kind, const char *text);
/* One of the EVENT_ACTIVITY kinds. */
void outside_activity(struct outside *outside, enum event_kind kind, const char *id,
    const char *name, const char *text, bool failed);
/* A plan, as an activity that is over: each step has a status and, under `key`, its text. */
void outside_plan(
    struct outside *outside, const char *explanation, const cJSON *steps, const char *key);
/* One line, made safe to show, that is said once. */
void outside_warn(struct outside *outside, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same of what may happen again, and is said each time. */
void outside_tell(struct outside *outside, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The last event of the stream. The stream is gone before it is told: what hears of it may begin
 * the next. */
void outside_fail(struct outside *outside, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void outside_fail_args(struct outside *outside, enum err_kind kind, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);
void outside_done(struct outside *outside, enum stop_reason stop);

/* How long an agent may be silent, in milliseconds: then it is said, or while it starts it is given
 * up. A test may make it shorter; 0: as it was. */
uint64_t outside_patience(void);
void outside_use_patience(uint64_t ms);
/* It is its turn to speak; it has spoken. */
void outside_listen(struct outside *outside);
void outside_heard(struct outside *outside);

/* The result of a call in the last request's items, after the model's last word; ptr is NULL where
 * there is none. */
struct str outside_result(const struct items *items, const char *call_id, bool *failed);
/* What the engineer and the review said since. The caller frees; may be "". */
char *outside_input(const struct items *items) MUST_USE;
/* The same without the first `heard` items, which the agent was told in a turn that was interrupted
 * or failed, and remembers; all of it where that is everything: then it is asked again. */
char *outside_input_since(const struct items *items, size_t heard) MUST_USE;

/* The conversation before that, for an agent that does not remember it; NULL: there is none. The
 * caller frees. */
char *outside_history(const struct items *items) MUST_USE;

/* Which session of the agent's goes on with `session` of ours ($XDG_STATE_HOME/bylaw/KIND/SESSION).
 * NULL: none is known. The caller frees. */
char *outside_known(const char *kind, const char *session) MUST_USE;
bool outside_remember(
    const char *kind, const char *session, const char *id, struct err *err) MUST_USE;

#endif
