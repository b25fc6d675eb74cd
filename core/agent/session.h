/* A session: what the engineer and the model said to each other, what was proposed, decided and
 * committed. It owns the transcript (what a screen shows), the conversation (what the model is
 * sent) and the journal (what survives kill -9), and runs one turn at a time.
 *
 * Every step is in the journal before it is in the transcript. Loop thread only. */
#ifndef BYLAW_AGENT_SESSION_H
#define BYLAW_AGENT_SESSION_H

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"
#include "model/prices.h"
#include "model/provider.h"

enum entry_kind {
    ENTRY_USER,      /* a prompt: text as typed (a folded paste is whole here) */
    ENTRY_ASSISTANT, /* Markdown from the model; grows while open */
    ENTRY_REASONING, /* reasoning summary, Markdown; grows while open; folded by default */
    ENTRY_TOOL,      /* a tool call: name, detail (one line of arguments), text (its output) */
    ENTRY_PROPOSAL,  /* proposal: number, files, added, removed; text: one line a file */
    ENTRY_NOTICE,    /* one line from the program: interrupted, resumed, retrying, retitled */
    ENTRY_ERROR,     /* one line: what went wrong; can_retry */
    ENTRY_FEEDBACK,  /* what was sent back to the agent after a review */
    ENTRY_COMMIT     /* text: subject; detail: short id */
};

/* The name of the ENTRY_NOTICE that a forked session goes on behind. */
#define SESSION_FORK_NOTICE "fork"

enum entry_status { ENTRY_OPEN, ENTRY_DONE, ENTRY_FAILED, ENTRY_STOPPED };

/* One block of the transcript. All text is untrusted: paint it through safe.h / the grid. */
struct entry {
    unsigned id; /* grows, never reused within a session */
    enum entry_kind kind;
    enum entry_status status; /* ENTRY_OPEN while it grows; ENTRY_STOPPED: interrupted, half */
    struct buf text;
    char *name; /* ENTRY_TOOL: "apply_patch" */
    char *detail;
    unsigned proposal; /* ENTRY_PROPOSAL: its number, from 1 */
    unsigned files, added, removed;
    bool can_retry;       /* ENTRY_ERROR: session_retry sends the same request again */
    int64_t wall_ms;      /* when it began, ms since 1970 */
    bool is_output;       /* ENTRY_TOOL: text is what it printed so far, no longer its arguments */
    uint64_t duration_us; /* ENTRY_TOOL, ENTRY_REASONING: how long it took; 0 while open */
    unsigned version;     /* grows with every change of this entry: key of render caches */
};

/* What an ENTRY_COMMIT says of itself before its text; a review can also end without a commit. */
const char *entry_commit_word(const struct entry *entry);

struct transcript {
    struct entry *items;
    size_t len, cap;
};

enum session_state {
    SESSION_IDLE,
    SESSION_WAITING, /* request sent, nothing came yet */
    SESSION_STREAMING,
    SESSION_TOOLS,     /* tools run */
    SESSION_RETRYING,  /* waiting before another try; retry_at_ms on the loop_now_ms clock */
    SESSION_COMPACTING /* the model writes a summary of the conversation */
};

struct session;
struct workbench;

const struct transcript *session_transcript(const struct session *session);
enum session_state session_state(const struct session *session);
uint64_t session_retry_at_ms(const struct session *session);
/* What the status line and the header show. Borrowed until the session changes. */
const char *session_id(const struct session *session);
const char *session_title(
    const struct session *session); /* first line of the first prompt, or "" */
/* The first line of the prompt that a proposal (by its number) was the answer to; the title when it
 * is not known. The caller frees. */
char *session_asked_for(const struct session *session, unsigned proposal) MUST_USE;
/* Another program wants to go on with it (journal_want): a look at one file. */
bool session_is_wanted(const struct session *session);
struct usage session_usage(const struct session *session); /* sum over all turns */
/* The same with its cost; and that of the prompt that runs, or ran last, alone. Borrowed. */
const struct spend *session_spend(const struct session *session);
const struct spend *session_turn_spend(const struct session *session);
/* The first of a session that is not open here, as its file has it; nothing where there is none.
 * Any thread. */
struct spend session_read_spend(const char *workspace, const char *id);
/* How many tokens the last request and its answer were: what the model's window holds now; 0: not
 * known. */
long long session_context_tokens(const struct session *session);

/* What the next request would hold, counted or guessed, and what the model's window holds; 0: not
 * known. */
long long session_held_tokens(const struct session *session);
/* The server counts; else it is guessed from its length. */
bool session_held_is_counted(const struct session *session);
long long session_window_tokens(const struct session *session);
/* Has the model write a summary of the conversation and goes on with that and the last prompts; by
 * itself too, before a request that would come near the window's size. The transcript stays whole;
 * a failure or an interrupt leaves everything as it was. False: not now. */
bool session_compact(struct session *session, struct err *err) MUST_USE;
bool session_can_compact(const struct session *session, struct err *err) MUST_USE;

/* Past prompts, oldest first, for the prompt line's history (this session's and earlier ones'). */
size_t session_history_count(const struct session *session);
const char *session_history_at(const struct session *session, size_t index);

/* Sends a prompt and starts a turn. While a turn runs the prompt is queued and sent when it ends;
 * queued prompts can be seen and taken back. False: nothing was sent, the text stays the caller's.
 */
bool session_prompt(struct session *session, struct str text, struct err *err) MUST_USE;
size_t session_queue_count(const struct session *session);
const char *session_queue_at(const struct session *session, size_t index);
/* Stays with the prompt whatever is done to the others. */
unsigned session_queue_id(const struct session *session, size_t index);
/* A review's outcome: it can be moved, not taken back. */
bool session_queue_is_feedback(const struct session *session, size_t index);
/* Goes on with what an interrupt or a crash left waiting. False: nothing waits, a turn runs, or
 * there is no model. */
bool session_queue_send(struct session *session);
/* Takes a queued prompt back, the last one (the caller frees it); NULL: there is none. */
char *session_queue_take(struct session *session, size_t index) MUST_USE;
char *session_queue_pop(struct session *session) MUST_USE;
/* Puts one at another place; the others move up. False: there are not so many. */
bool session_queue_move(struct session *session, size_t from, size_t to);
/* The hooks of the turn itself run; the model waits for them. */
bool session_runs_hooks(const struct session *session);
/* Stops the running turn; what came of the answer stays, marked ENTRY_STOPPED. When idle the
 * engineer's own command, if one runs. */
void session_interrupt(struct session *session);

/* What the agent wants to do and may not without the engineer. */
struct question {
    char *what;   /* the command as it would run ("touch /etc/x") */
    char *why;    /* the agent's reason, or NULL */
    char *terms;  /* one line: the policy, and what it would be confined to; NULL: not known */
    char *folder; /* where it would run, if not where the agent works; or NULL */
    char *rule;   /* an entry of the allow-list that would cover it, to be edited; NULL: none can */
    char *no_rule; /* why none can, or NULL */
    char *answer;  /* it wants words: what a plain approval answers; a refusal's are the answer */
    char *choices; /* which words: a line each, with what is said of them after a tab; or NULL */
    bool kept;     /* who approves it for the session tells the host (keep), not the agent */
    bool granted;  /* that was done before: it is not asked */
};
/* One of the choices by its place: the words, and what is said of them. False: no more. */
bool question_choice(
    const struct question *question, size_t index, struct str *words, struct str *about);
/* NULL: nothing waits. Borrowed until the session changes. It is an open ENTRY_TOOL of the
 * transcript, called "asks", whose text says all of the above. */
const struct question *session_question(const struct session *session);
/* Its `what`, or NULL. */
const char *session_approval(const struct session *session);
/* Answers it. `text` is the reason of a refusal (may be empty), which is told to the agent; with
 * APPROVAL_ALWAYS the entry of the allow-list. False: nothing waits (any more), or the entry was
 * not taken: then it still waits. */
bool session_decide(
    struct session *session, enum approval approval, struct str text, struct err *err) MUST_USE;
/* Sends the last failed request again, nothing lost. */
bool session_retry(struct session *session, struct err *err) MUST_USE;

/* An unsent prompt survives a crash: the prompt line hands its text over whenever it changed. */
void session_set_draft(struct session *session, struct str text);
const char *session_draft(const struct session *session); /* "" when none */

/* False: the disk did not take what was appended last (see journal_append); it would be lost. */
bool session_is_saved(const struct session *session);

/* ---- For whoever wires a session (the workbench), not for panes ---- */

struct hook_runner;
struct journal;
struct toolbox;

/* What one prompt may take before the turn stops. */
struct turn_bounds {
    unsigned requests;
    long long tokens; /* read and written; 0: any */
    double dollars;   /* of requests whose price is known; below 0: any */
    bool spent;       /* of a budget that holds for more than this prompt nothing is left */
};

struct session_setup {
    struct loop *loop;
    struct journal *journal;   /* becomes the session's */
    struct provider *provider; /* borrowed; may be replaced between turns by session_set_provider */
    struct toolbox *toolbox;   /* borrowed */
    struct hook_runner *hooks; /* borrowed; NULL: none run */
    const char *output_schema; /* of answers, JSON Schema; borrowed; or NULL */
    const char *model;         /* copied */
    const char *effort;        /* copied; may be NULL */
    /* The instructions of the next turn (AGENTS.md and ours), read anew each turn; the caller
     * frees. */
    char *(*instructions)(void *data, char **files);
    /* A turn begins; may set the provider and add entries. May be NULL. */
    void (*before_turn)(void *data);
    /* What a prompt names, for the model alone: appends its content to `out`, and to `said` a line
     * for people. May be NULL. */
    void (*mentioned)(void *data, struct str prompt, struct buf *out, struct buf *said);
    /* Asked before each request; NULL: 60 requests. */
    void (*bounds)(void *data, struct turn_bounds *out);
    /* Tokens that the model's window holds, 0: not known; NULL: never. */
    long long (*window)(void *data, const char *model);
    /* What the model costs; NULL: not known. Borrowed until the next request. */
    const struct price *(*price)(void *data, const char *model);
    /* A turn has ended and nothing is queued: the proposal, if any, is whole. */
    void (*on_turn_end)(void *data);
    /* Why it is refused without being asked about (static), else NULL after this:
     * Puts what the workbench knows of a command that an agent with tools of its own asks about:
     * terms, rule, no_rule, kept, granted. May be NULL. */
    const char *(*complete)(void *data, struct question *question);
    /* One that is `kept` was approved for the session. May be NULL where none is. */
    void (*keep)(void *data, const struct question *question);
    /* A journal record that is not the session's own (kinds it does not know), while resuming. */
    void (*on_record)(void *data, const char *kind, const cJSON *record);
    void *data;
};

/* Takes over setup->journal in any case. */
struct session *session_new(const struct session_setup *setup);
/* Opens the journal `id` of the workspace and restores transcript, conversation, queue and draft; a
 * turn that was running is marked stopped. setup->journal is not used. */
struct session *session_resume(const struct session_setup *setup, const char *workspace,
    const char *id, struct err *err) MUST_USE;
/* Makes another session of the workspace with what was said here before the prompt that is the
 * entry `before` (0: all of it): transcript and conversation, not the proposals, the queue or what
 * it cost. The new id, which the caller frees; NULL: nothing was made. session_resume opens it, and
 * session_note_fork says there where it came from. */
char *session_fork(const struct session *session, const char *workspace, unsigned before,
    struct err *err) MUST_USE;
void session_note_fork(struct session *session, const char *from_id);
/* An entry of the transcript by its id; NULL: there is none. Borrowed until the session changes. */
const struct entry *session_entry_at(const struct session *session, unsigned id);
/* Nothing was said, typed or is waiting: its file may be removed. */
bool session_is_empty(const struct session *session);
void session_discard(struct session *session);
/* Interrupts what runs, then frees. */
void session_free(struct session *session);
/* The last turn ended by itself: neither interrupted nor failed. */
bool session_ended_well(const struct session *session);
/* It was stopped at a bound (struct turn_bounds). */
bool session_is_at_bound(const struct session *session);
/* Prompts of the engineer's that turns began with, since the session was opened. */
unsigned session_prompts(const struct session *session);
/* Takes effect with the next request. Names are copied; provider borrowed. */
void session_set_provider(
    struct session *session, struct provider *provider, const char *model, const char *effort);
const char *session_model(const struct session *session);

/* Appends a journal record that is not a transcript entry (a review operation, a proposal's
 * content); takes `record`. A journal that cannot be written is said once in the transcript. */
void session_record(struct session *session, const char *kind, cJSON *record, bool sync);
/* Adds a closed entry: journal first, then transcript. `entry` is taken over (id, version and time
 * are set here). Returns its id. */
unsigned session_add_entry(struct session *session, struct entry entry);
/* Sends text to the agent that the engineer did not type (review feedback) and starts a turn, or
 * joins the queue; shown as ENTRY_FEEDBACK. */
bool session_send_feedback(struct session *session, struct str text, struct err *err) MUST_USE;
/* The same for what the agent is told of its own work, unasked: the turn goes on within the bounds
 * of the prompt that was answered last, and what it takes is added to what that took. */
bool session_go_on(struct session *session, struct str text, struct err *err) MUST_USE;
/* As session_send_feedback, but only adds it to the conversation: the agent hears of it with the
 * next prompt. */
void session_note_feedback(struct session *session, struct str text);

/* A tool's question. `answer` is called once, later, or never after session_unask; false there: the
 * entry of the allow-list was not taken, and it goes on waiting. The question's strings become the
 * session's. False: another one waits. */
struct question_face {
    bool (*answer)(void *data, enum approval approval, struct str text, struct err *err);
    void *data;
};
bool session_ask(
    struct session *session, struct question *question, const struct question_face *face) MUST_USE;
/* It does not wait for an answer any more (it was cancelled). */
void session_unask(struct session *session, const void *data);

/* A command of the engineer's own, beside the turns: an ENTRY_TOOL that grows. One at a time;
 * `stop` is called when it is to end (it calls session_end_aside). */
unsigned session_begin_aside(struct session *session, const char *name, struct str detail,
    void (*stop)(void *data), void *data);
void session_grow_aside(struct session *session, struct str text);
void session_end_aside(struct session *session, enum entry_status status);
bool session_has_aside(const struct session *session);
bool session_stop_aside(struct session *session); /* false: none runs */
/* Told to the agent with the next prompt, before it. */
void session_add_note(struct session *session, struct str text);

/* Called after any change of the transcript, the state or the queue (once per loop turn or more).
 */
void session_on_change(struct session *session, void (*callback)(void *data), void *data);

#endif
