#include "agent/errand.h"

#include "base/vec.h"
#include "workspace/door.h"

#include <stdlib.h>

struct errand {
    struct errand_setup setup;
    struct workbench *workbench;
    struct loop_timer *step;
    struct loop_timer *limit; /* of its time; then of how long it may take to stop */
    char *prompt;
    enum errand_end end;
    struct buf trouble;
    struct proposal_gate *gate; /* of what is proposed, or of what was; NULL: not asked */
    bool gate_told;             /* what it finds has gone back: the agent left it as it is */
    bool chosen;                /* a model was found, or none */
    bool sent;
    bool shut_out; /* of what it shares nothing was left when it was asked last */
    bool late;     /* its time is over, or it was told to stop: it is being stopped */
    bool told_to_stop;
    bool closing;  /* freeing turns the loop */
    unsigned told; /* times that the judge had the agent go on */
    unsigned declined;
};

/* An agent that asks on and on, though nobody is there, would never end. */
enum { DECLINED_MAX = 60 };

/* An agent with a process of its own is asked to stop, killed where it does not, and what it wrote
 * is looked for: it takes longer than that in no case that we know of. */
enum { STOP_MS = 30000, LOOK_MS = 50 };

static const char alone[] =
    "Nobody is there to be asked: this runs without an engineer. Do without it.";

static void end(struct errand *errand, enum errand_end how)
{
    errand->end = how;
    loop_timer_stop(errand->step);
    loop_timer_stop(errand->limit);
    errand->setup.done(errand->setup.data);
}

static void fail(struct errand *errand, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void fail(struct errand *errand, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_clear(&errand->trouble);
    buf_vprintf(&errand->trouble, fmt, args);
    va_end(args);
    end(errand, ERRAND_FAILED);
}

/* ---- the steps ---- */

/* A recording answers what it knows: only where it is asked for by name. */
static bool may_answer(const struct errand *errand)
{
    const struct config *config = workbench_config(errand->workbench);
    const char *provider = config_string(config, "model_provider");
    bool asked_for = config_string(config, "recording") != NULL ||
                     (provider != NULL && strcmp(provider, "recording") == 0);
    return workbench_has_model(errand->workbench) ||
           (asked_for && workbench_is_recording(errand->workbench));
}

static void fail_without_model(struct errand *errand)
{
    struct buf said = BUF_INIT;
    const char *notice;
    for (size_t i = 0; (notice = workbench_notice(errand->workbench, i)) != NULL; i++) {
        if (workbench_notice_is_problem(errand->workbench, i)) {
            buf_printf(&said, "\n%s", notice);
        }
    }
    fail(errand, "%s%s",
        workbench_is_recording(errand->workbench)
            ? "no model answers, only the workspace's recording; see bylaw doctor"
            : "no model is set up: set base_url and model in config.toml, or a key in the "
              "environment variable that api_key_env names; see bylaw doctor",
        said.len > 0 ? said.ptr : "");
    buf_free(&said);
}

static void send_prompt(struct errand *errand)
{
    struct err err;
    errand->sent = true;
    if (!may_answer(errand)) {
        fail_without_model(errand);
    } else if (!session_prompt(
                   workbench_session(errand->workbench), str_of(errand->prompt), &err)) {
        fail(errand, "%s", err.text);
    }
}

static void decline(struct errand *errand)
{
    struct err err;
    if (++errand->declined > DECLINED_MAX) {
        fail(errand,
            "the agent asked %d times for what nobody is there to allow: let it work "
            "without asking (approval_policy, sandbox_mode), or prompt it from bylaw",
            DECLINED_MAX);
        return;
    }
    if (!session_decide(
            workbench_session(errand->workbench), APPROVAL_DECLINED, str_of(alone), &err)) {
        session_interrupt(workbench_session(errand->workbench));
    }
}

/* A request that takes what they took so far would pass it; what costs nothing never does. */
static bool passes_budget(const struct errand *errand)
{
    const double rounding = 1e-9;
    const struct spend *spend = session_spend(workbench_session(errand->workbench));
    double usual = spend->requests == 0 ? 0 : spend->dollars / spend->requests;
    return errand->setup.budget >= 0 && usual > 0 &&
           spend->dollars + usual > errand->setup.budget + rounding;
}

static bool is_spent(void *data)
{
    struct errand *errand = data;
    errand->shut_out = errand->setup.spent != NULL && errand->setup.spent(errand->setup.data);
    return errand->shut_out || passes_budget(errand);
}

/* The last turn's error; an errand's turns end well, or with one. */
static void fail_with_turn(struct errand *errand)
{
    if (session_is_at_bound(workbench_session(errand->workbench)) && errand->shut_out) {
        end(errand, ERRAND_SPENT);
        return;
    }
    const struct transcript *all = session_transcript(workbench_session(errand->workbench));
    for (size_t i = all->len; i > 0; i--) {
        const struct entry *entry = &all->items[i - 1];
        bool held = i == all->len && entry->kind == ENTRY_NOTICE; /* by a hook, which says why */
        if ((entry->kind == ENTRY_ERROR || held) && entry->text.len > 0) {
            fail(errand, "%s", entry->text.ptr);
            return;
        }
    }
    fail(errand, "the turn was interrupted");
}

static void fail_late(struct errand *errand)
{
    if (errand->told_to_stop) {
        fail(errand, "it was stopped");
        return;
    }
    fail(errand, "it did not end within %g minutes and was stopped (--max-time)",
        errand->setup.minutes);
}

static void on_limit(void *data)
{
    struct errand *errand = data;
    if (errand->closing || errand->end != ERRAND_RUNS) {
        return;
    }
    if (errand->late) { /* it does not stop, either */
        fail_late(errand);
        return;
    }
    errand->late = true;
    loop_timer_start(errand->limit, STOP_MS, 0);
    loop_timer_start(errand->step, 0, 0);
}

void errand_stop(struct errand *errand)
{
    if (!errand->late) {
        errand->told_to_stop = true;
        on_limit(errand);
    }
}

/* What is wrong goes back to the agent, or ends it `how` once it has been told often enough. */
static void tell(struct errand *errand, const struct buf *told, enum errand_end how)
{
    struct err err;
    buf_clear(&errand->trouble);
    if (errand->told >= errand->setup.tries || is_spent(errand)) {
        if (how == ERRAND_REFUSED) {
            buf_append_str(&errand->trouble, buf_str(told));
        }
        end(errand, how);
        return;
    }
    errand->told++;
    if (!session_go_on(workbench_session(errand->workbench), buf_str(told), &err)) {
        fail(errand, "%s", err.text);
    }
}

static void on_gate(void *data)
{
    struct errand *errand = data;
    loop_timer_start(errand->step, 0, 0);
}

/* It is asked once the rest is well; false: it has said what there is to say, or is not wanted. */
static bool asks_gate(struct errand *errand)
{
    struct workbench *wb = errand->workbench;
    bool wanted = errand->setup.gated && proposals_open(workbench_proposals(wb)) != NULL &&
                  checks_trouble(workbench_evidence(wb)) == NULL;
    if (!wanted || (errand->gate != NULL && proposal_gate_holds(errand->gate))) {
        return false;
    }
    proposal_gate_free(errand->gate);
    errand->gate = proposal_gate_start(wb, errand->setup.loop, on_gate, errand);
    return errand->gate != NULL;
}

/* Tests that failed went back to it before (mend_attempts): what only the gate sees goes here. */
static bool gate_has_news(const struct errand *errand, struct buf *told)
{
    return errand->gate != NULL && !errand->gate_told && proposal_gate_holds(errand->gate) &&
           !proposal_gate_passed(errand->gate) &&
           checks_verdict(workbench_evidence(errand->workbench)) == RESULT_PASS &&
           proposal_gate_tell(errand->gate, told);
}

static void judge(struct errand *errand)
{
    struct buf told = BUF_INIT;
    if (errand->setup.judge != NULL && !errand->setup.judge(errand->setup.data, errand, &told)) {
        tell(errand, &told, ERRAND_REFUSED);
    } else if (asks_gate(errand)) {
        buf_clear(&errand->trouble); /* on_gate goes on */
    } else if (gate_has_news(errand, &told)) {
        errand->gate_told = true;
        tell(errand, &told, ERRAND_DONE);
    } else {
        buf_clear(&errand->trouble);
        end(errand, ERRAND_DONE);
    }
    buf_free(&told);
}

/* About what is proposed now. */
static bool gate_runs(const struct errand *errand)
{
    return errand->gate != NULL && proposal_gate_runs(errand->gate);
}

static void step(void *data)
{
    struct errand *errand = data;
    if (errand->closing || errand->end != ERRAND_RUNS || (!errand->chosen && !errand->late)) {
        return;
    }
    struct session *session = workbench_session(errand->workbench);
    if (errand->late && session_state(session) != SESSION_IDLE) {
        session_interrupt(session);
    }
    if (errand->sent && workbench_is_ending(errand->workbench)) {
        loop_timer_start(errand->step, LOOK_MS, 0); /* what it wrote until then is kept, too */
    } else if (errand->late) {
        fail_late(errand);
    } else if (!errand->sent) {
        send_prompt(errand);
    } else if (session_question(session) != NULL) {
        decline(errand);
    } else if (session_state(session) == SESSION_IDLE && session_queue_count(session) == 0 &&
               !session_ended_well(session)) {
        fail_with_turn(errand);
    } else if (workbench_is_at_rest(errand->workbench) && !gate_runs(errand)) {
        judge(errand);
    }
}

/* Never from inside of what changes. */
static void on_change(void *data, enum workbench_change what)
{
    struct errand *errand = data;
    errand->chosen = errand->chosen || what == WORKBENCH_PROVIDER;
    if (errand->end == ERRAND_RUNS) {
        loop_timer_start(errand->step, 0, 0);
    }
    if (what == WORKBENCH_SESSION && errand->setup.changed != NULL) {
        errand->setup.changed(errand->setup.data);
    }
}

/* ---- the errand ---- */

struct errand *errand_start(const struct errand_setup *setup, struct err *err)
{
    struct errand *errand = MEM_NEW(struct errand);
    errand->setup = *setup;
    errand->prompt = mem_strdup(setup->prompt);
    errand->step = loop_timer_new(setup->loop, step, errand);
    errand->limit = loop_timer_new(setup->loop, on_limit, errand);
    struct workbench_options options = {.loop = setup->loop,
        .folder = setup->folder,
        .session = setup->session,
        .fresh = setup->session == NULL,
        .provider = setup->provider,
        .profile = setup->profile,
        .sandbox = setup->sandbox,
        .has_budget = setup->budget >= 0,
        .spent = is_spent,
        .output_schema = setup->schema,
        .is_program = setup->is_program,
        .changed = on_change,
        .data = errand};
    errand->workbench = workbench_new(&options, err);
    if (errand->workbench == NULL) {
        errand_free(errand);
        return NULL;
    }
    if (setup->minutes > 0) {
        loop_timer_start(errand->limit, (uint64_t)(setup->minutes * 60000), 0);
    }
    return errand;
}

void errand_free(struct errand *errand)
{
    if (errand == NULL) {
        return;
    }
    errand->setup.changed = NULL;
    errand->closing = true;
    proposal_gate_free(errand->gate);
    workbench_free(errand->workbench);
    loop_timer_free(errand->step);
    loop_timer_free(errand->limit);
    buf_free(&errand->trouble);
    free(errand->prompt);
    free(errand);
}

enum errand_end errand_end(const struct errand *errand)
{
    return errand->end;
}

const char *errand_trouble(const struct errand *errand)
{
    return errand->trouble.len > 0 ? errand->trouble.ptr : NULL;
}

struct workbench *errand_workbench(struct errand *errand)
{
    return errand->workbench;
}

unsigned errand_declined(const struct errand *errand)
{
    return errand->declined;
}

struct str errand_answer(struct errand *errand)
{
    struct str answer = {0};
    VEC_FOREACH (struct entry, entry, session_transcript(workbench_session(errand->workbench))) {
        if (entry->kind == ENTRY_ASSISTANT && entry->status == ENTRY_DONE) {
            answer = buf_str(&entry->text);
        } else if (entry->kind == ENTRY_USER || entry->kind == ENTRY_FEEDBACK) {
            answer = (struct str){0};
        }
    }
    return answer;
}

bool errand_has_received(const struct errand *errand)
{
    VEC_FOREACH (
        const struct entry, entry, session_transcript(workbench_session(errand->workbench))) {
        if (entry->kind == ENTRY_TOOL || entry->kind == ENTRY_PROPOSAL ||
            ((entry->kind == ENTRY_ASSISTANT || entry->kind == ENTRY_REASONING) &&
                entry->text.len > 0)) {
            return true;
        }
    }
    return false;
}

bool errand_cost_is_known(const struct errand *errand)
{
    const struct spend *spend = session_spend(workbench_session(errand->workbench));
    bool told = spend->requests + spend->uncounted > 0 || !errand_has_received(errand) ||
                workbench_is_recording(errand->workbench);
    return told && spend->unpriced + spend->uncounted == 0;
}

/* ---- what was proposed ---- */

bool errand_checks_passed(struct errand *errand, struct buf *why)
{
    const struct checks *checks = workbench_evidence(errand->workbench);
    if (proposals_open(workbench_proposals(errand->workbench)) == NULL) {
        buf_append_c(why, "nothing is proposed");
        return false;
    }
    if (errand->gate != NULL && proposal_gate_holds(errand->gate)) {
        proposal_gate_describe(errand->gate, why);
        return proposal_gate_passed(errand->gate);
    }
    buf_printf(why, "not evaluated: %s",
        checks_trouble(checks) == NULL ? "it changed while it was looked at"
                                       : checks_trouble(checks));
    return false;
}

bool errand_apply(struct errand *errand, struct err *err)
{
    struct review *review = proposals_review(workbench_proposals(errand->workbench));
    struct outcome outcome;
    for (size_t i = 0; review != NULL && i < review_file_count(review); i++) {
        if (!review_decide_rest(review, i, REVIEW_ACCEPTED, (struct str){0}, err)) {
            return false;
        }
    }
    if (!workbench_outcome(errand->workbench, &outcome, err)) {
        return false;
    }
    workbench_hold(errand->workbench, true);
    bool ok = door_write(workbench_workspace(errand->workbench), &outcome.accepted, err);
    if (ok) {
        workbench_decided(
            errand->workbench, &outcome, "Written without a review, by --apply", NULL, false);
    } else {
        workbench_hold(errand->workbench, false);
    }
    outcome_free(&outcome);
    return ok;
}
