/* The workbench without its screen: one workspace, its session, the proposal under review, and the
 * road from a decision to a commit. The screen shows what it holds and calls its verbs; tests and
 * commands use it without a terminal. Loop thread only. */
#ifndef BYLAW_AGENT_WORKBENCH_H
#define BYLAW_AGENT_WORKBENCH_H

#include "agent/checks.h"
#include "agent/instructions.h"
#include "agent/proposals.h"
#include "agent/session.h"
#include "agent/skills.h"
#include "catalog/indexer.h"
#include "config/config.h"
#include "model/routing.h"
#include "trust/vetting.h"
#include "workspace/workspace.h"

struct workbench;

enum workbench_change {
    WORKBENCH_SESSION,  /* transcript, state or queue */
    WORKBENCH_PROPOSAL, /* another proposal, revision, rebase or decision */
    WORKBENCH_LAID_OUT, /* workbench_checked_root holds the newest state: run the tests there */
    WORKBENCH_EVIDENCE, /* checks of the proposal or of a try moved on */
    WORKBENCH_FILES,    /* files of the workspace changed on disk */
    WORKBENCH_SWITCHED, /* workbench_session and workbench_proposals are others; the old are freed
                         * when the callback returns */
    WORKBENCH_PROVIDER, /* a model was found, or none */
    WORKBENCH_CATALOG,  /* more of the workspace's symbols are known, or others */
    WORKBENCH_TRUST,    /* workbench_waiting says something else */
    WORKBENCH_HOOKS     /* workbench_hook_line has one more */
};

struct workbench_options {
    struct loop *loop;
    const char *folder;
    const char
        *session; /* id to go on with; NULL: the last one where something is pending, else new */
    bool fresh;   /* always a new session */
    bool last;    /* always the last one, whatever is pending in it */
    const char *provider;  /* overrides the config: "recording", or NULL */
    const char *profile;   /* overrides the config's; there must be one of that name. NULL: none */
    const char *recording; /* the file it replays; NULL: config's, else the workspace's own */
    const char *record_to; /* `bylaw record`: where a live session is recorded, or NULL */
    const char *sandbox;   /* overrides sandbox_mode, or NULL */
    bool has_budget; /* `spent` bounds the money alone; else max_cost bounds each prompt, too */
    bool (*spent)(
        void *data); /* of a budget for all prompts nothing is left; NULL: there is none */
    const char *output_schema; /* of answers, for servers that take one; borrowed; or NULL */
    bool is_program;    /* this process is bylaw itself: Codex is given the tools of `bylaw mcp` */
    bool without_model; /* none is looked for: somebody else's agent uses the tools */
    void (*changed)(void *data, enum workbench_change what);
    void *data;
};

/* Opens the folder, reads the config, restores or begins the session, and starts looking for a
 * model. NULL: the folder cannot be used. */
struct workbench *workbench_new(const struct workbench_options *options, struct err *err) MUST_USE;
/* Stops everything; the loop must turn once more afterwards (loop_free does). */
void workbench_free(struct workbench *wb);

/* Shows another session: the one with this id, or a new one (NULL). False: everything is as it was.
 * Not while a turn runs or an outcome is being written. */
bool workbench_open_session(struct workbench *wb, const char *id, struct err *err) MUST_USE;
/* Goes on in a session that begins as this one did, up to the prompt that is the entry `before` of
 * its transcript, which is then the new one's draft; 0: all of it. Proposals stay where they are.
 */
bool workbench_fork(struct workbench *wb, unsigned before, struct err *err) MUST_USE;

struct workspace *workbench_workspace(struct workbench *wb);
/* The symbols of all files, read in the background from the first listing on. An editor's unsaved
 * buffers are handed to it (indexer_set_buffer). */
struct indexer *workbench_indexer(struct workbench *wb);
/* What changed, while WORKBENCH_FILES is being told; else NULL. Borrowed until the callback
 * returns.
 */
const struct workspace_event *workbench_files_event(const struct workbench *wb);
struct session *workbench_session(struct workbench *wb);
const struct config *workbench_config(struct workbench *wb);
struct proposals *workbench_proposals(struct workbench *wb);

/* What the next turn tells the model before the conversation. Free with instructions_free. */
void workbench_instructions(struct workbench *wb, struct instructions *out);
/* What the header says of the model: "gpt-5.5 high", "recording", "no model". Borrowed. */
const char *workbench_model(struct workbench *wb);
/* Why that one: "profile policy, FILE:3", "to generate Rego: complex logic needs …". The caller
 * frees. */
char *workbench_why(const struct workbench *wb) MUST_USE;
/* The profile in force, or NULL. Borrowed. */
const char *workbench_profile(const struct workbench *wb);
/* The one whose hooks run: that, or the one that [routing] named for the turn. */
const char *workbench_hooks_profile(const struct workbench *wb);
/* What [routing] has for what is being typed, else for what was asked last; NULL: it is not asked,
 * for a profile or a model was chosen, or has nothing for it. Borrowed. */
const struct route *workbench_route(const struct workbench *wb);
const struct routing *workbench_routing(const struct workbench *wb);
/* From the next request on; another server once the turn has ended. NULL: no profile. */
bool workbench_use_profile(struct workbench *wb, const char *name, struct err *err) MUST_USE;
/* Why no model can be chosen now, a sentence; NULL: it can. */
const char *workbench_why_no_choice(const struct workbench *wb);
/* The same with a model; effort NULL: as it is. model NULL: as the configuration has it. */
bool workbench_use_model(
    struct workbench *wb, const char *model, const char *effort, struct err *err) MUST_USE;
/* Tokens, money, the window and the bounds, a line each. */
void workbench_describe_spend(const struct workbench *wb, struct buf *out);
/* What an agent of its own lets one choose among, by its place, as provider_offered. False: no
 * more, or it has not said. */
bool workbench_offered(
    const struct workbench *wb, enum offer_kind kind, size_t index, struct offer *out);
/* The mode it works in, as it calls it for people, safe to show; the caller frees. NULL: it has
 * none, or has not said. */
char *workbench_mode(const struct workbench *wb) MUST_USE;
/* And what else it says of it: "plan (Read-only mode)", "YOLO (…), may not ask you". */
char *workbench_describe_mode(const struct workbench *wb) MUST_USE;
/* Works in another of its modes, by id or name: at once, or from the next prompt on. */
bool workbench_use_mode(struct workbench *wb, const char *mode, struct err *err) MUST_USE;
/* What commands of the agent may do, and which ask: one line. */
void workbench_describe_commands(const struct workbench *wb, struct buf *out);
/* "62% left (78.1k of 200k)"; nothing before the first answer. */
void workbench_describe_context(const struct workbench *wb, struct buf *out);
/* The table of prices. Borrowed. */
const struct prices *workbench_prices(const struct workbench *wb);
/* "gpt-5.5 high": two names, the second NULL when it is not there. The caller frees. */
void model_words(struct str text, char **model, char **effort);
bool workbench_is_recording(const struct workbench *wb);
/* A server or an agent answers: not a recording, and not the text that says no model is set up. */
bool workbench_has_model(const struct workbench *wb);
/* It is known who answers, also where that is nobody (WORKBENCH_PROVIDER told it). */
bool workbench_has_chosen(const struct workbench *wb);
/* The prompts the recording knows, in order; NULL past the end, and without a recording. Borrowed.
 */
const char *workbench_recorded_prompt(const struct workbench *wb, size_t index);
/* Its answers are being written to options.record_to. */
bool workbench_is_recorded(const struct workbench *wb);
/* One line when there is something to say about how the workbench was opened (a resumed session, a
 * mended write, config mistakes), NULL past the end. Borrowed. */
const char *workbench_notice(const struct workbench *wb, size_t index);
/* It says that something is wrong, not only how things are. */
bool workbench_notice_is_problem(const struct workbench *wb, size_t index);

/* "2 hooks and 1 skill of this repository wait for your trust", NULL when none does. Borrowed until
 * the next change. */
const char *workbench_waiting(const struct workbench *wb);
/* All that the repository brings for the agent, as it is now. Free with vetting_free. */
void workbench_vetting(struct workbench *wb, struct vetting *out);
/* The skills there are now, trusted or not. Borrowed until the next turn or call. */
const struct skills *workbench_skills(struct workbench *wb);
/* Sends a prompt that has the agent use a skill for a task (which may be empty). */
bool workbench_use_skill(
    struct workbench *wb, struct str name, struct str task, struct err *err) MUST_USE;
/* The prompt files there are now, trusted or not. Borrowed until the next call. */
const struct skills *workbench_prompts(struct workbench *wb);
/* Sends what a prompt file makes of the arguments. ERR_NOT_FOUND: there is none of this name. */
bool workbench_use_prompt(
    struct workbench *wb, struct str name, struct str args, struct err *err) MUST_USE;
/* What hooks of a turn did: which one, how it ended, what it printed; NULL past the end. Of any
 * origin. Borrowed until the next change. */
const char *workbench_hook_line(const struct workbench *wb, size_t index);
/* Looks again: something was answered. */
void workbench_look_at_trust(struct workbench *wb);

/* Where tests should run now: the overlay while a proposal is open and laid out, else the
 * workspace. *proposal is its number or 0. NULL while it is being laid out. Borrowed until the next
 * change. */
const char *workbench_checked_root(const struct workbench *wb, unsigned *proposal);
/* The tests of the whole proposal, and of the last tried selection. */
const struct checks *workbench_evidence(const struct workbench *wb);
const struct checks *workbench_tried(const struct workbench *wb);
/* Lays out what is accepted so far plus one hunk (SIZE_MAX: none) beside the proposal and runs the
 * tests on it. Nothing is written to the workspace. */
void workbench_try(struct workbench *wb, size_t file, size_t hunk);
/* The same of what is accepted, after each decision: what it can reach is told first. False: there
 * is nothing to try, for nothing is accepted, or all that is proposed is (workbench_evidence has
 * its tests). */
bool workbench_try_accepted(struct workbench *wb);
/* Makes the first try as quick as those after it: the place for it is laid out in the background,
 * and what is there is found out. To be called when nothing else is under way; no-op when it is
 * ready. */
void workbench_prepare_try(struct workbench *wb);

/* No turn runs or waits, and what is proposed was checked as far as it ever will be. */
bool workbench_is_at_rest(const struct workbench *wb);
/* A turn that was stopped has not ended on the agent's side: what it wrote may join the proposal.
 * Nothing is told when it has: look again. */
bool workbench_is_ending(const struct workbench *wb);
/* The checks of what a turn proposed are being looked at: what failed goes back to the agent. */
bool workbench_is_mending(const struct workbench *wb);

/* Runs a command of the engineer's own (what was typed after the "!"), confined and writing
 * nowhere, in the workspace; with another "!" before it over the proposal. Its output is an
 * ENTRY_TOOL of the transcript called "!" or "!!", and told to the agent with the next prompt. */
bool workbench_shell(struct workbench *wb, struct str line, struct err *err) MUST_USE;

/* Makes a proposal of changes that a command of the engineer's wants (see proposals_add), lays it
 * out and tests it, as one of the model's. */
bool workbench_propose(struct workbench *wb, const struct changes *changes, const char *origin,
    struct err *err) MUST_USE;

/* For an agent that is not the session's (`bylaw mcp`): the tools, and what follows a call of one
 * that may have changed the proposal: the transcript shows it, it is laid out and tested. */
struct toolbox *workbench_toolbox(struct workbench *wb);
void workbench_show_proposal(struct workbench *wb);

/* What finishing the review would do now. Free with outcome_free. */
struct outcome {
    struct changes accepted; /* what will be written */
    struct buf feedback;     /* what goes back to the agent; empty: nothing to say */
    struct review_counts counts;
    unsigned long long hash; /* of accepted */
    bool tested;             /* exactly this was tested */
    struct tally tally;
    double coverage; /* percent, or -1 */
};
/* While an outcome is being written and committed, our own writes are no edits of the engineer's:
 * nothing is rebased until workbench_decided, or until this is taken back. */
void workbench_hold(struct workbench *wb, bool hold);
bool workbench_outcome(struct workbench *wb, struct outcome *out, struct err *err) MUST_USE;
/* Looks again for the evidence of exactly what was accepted (workbench_try without a hunk runs it).
 * True while it is being gathered. */
bool workbench_outcome_evidence(struct workbench *wb, struct outcome *out);
void outcome_free(struct outcome *outcome);
/* One line on the tests of exactly what is accepted; `running`: they are being run. The caller
 * frees. */
char *outcome_describe_evidence(const struct outcome *outcome, bool running) MUST_USE;

/* A commit message to begin with: subject from the session, trailers with where it came from. The
 * caller frees. */
char *workbench_message(struct workbench *wb, const struct outcome *outcome) MUST_USE;

/* What was accepted is in the workspace (and committed as `commit`, a short id, or NULL): the
 * proposal is closed, the transcript says so, and the feedback goes to the agent (`send`: as a turn
 * now; else with the next prompt). */
void workbench_decided(struct workbench *wb, const struct outcome *outcome, const char *subject,
    const char *commit, bool send);

#endif
