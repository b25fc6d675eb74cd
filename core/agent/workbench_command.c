/* Commands of the agent: whether one may run, and where. */
#include "agent/workbench_private.h"

#include "agent/approvals.h"
#include "base/vec.h"

#include <stdlib.h>

/* ---- may it run ---- */

static void forget_wish(struct workbench *wb)
{
    free(wb->command.line);
    wb->command.line = NULL;
    wb->command.answered = NULL;
}

static bool on_decided(void *data, enum approval approval, struct str text, struct err *err)
{
    struct workbench *wb = data;
    struct str line = str_of(wb->command.line);
    if (approval == APPROVAL_ALWAYS && !approvals_allow_always(text, err)) {
        return false;
    }
    if (approval == APPROVAL_SESSION) {
        approvals_allow_session(wb->approvals, line, wb->command.network);
    }
    char *reason = text.len > 0 ? mem_printf("The engineer declined it: %.*s", STR_FMT(text))
                                : mem_strdup("The engineer declined it, without a reason.");
    void (*answered)(void *tool, bool allowed, struct str why) = wb->command.answered;
    forget_wish(wb);
    answered(wb->command.tool, approval != APPROVAL_DECLINED, str_of(reason));
    free(reason);
    return true;
}

static void ask_engineer(struct workbench *wb, const struct command_wish *wish)
{
    struct str line = str_of(wish->line);
    const char *why_not = NULL;
    struct question question = {.what = mem_strdup(wish->line),
        .why = mem_strdup(wish->reason),
        .terms = approvals_terms(wb->approvals, wish->network)};
    question.rule = approvals_rule(wb->approvals, line, wish->network, &why_not);
    question.no_rule = mem_strdup(why_not);
    struct question_face face = {on_decided, wb};
    if (!session_ask(wb->session, &question, &face)) {
        free(question.what);
        free(question.why);
        free(question.terms);
        free(question.rule);
        free(question.no_rule);
        void (*answered)(void *tool, bool allowed, struct str why) = wb->command.answered;
        forget_wish(wb);
        answered(wb->command.tool, false, STR_LIT("Another question waits: ask again."));
    }
}

static void ask(void *data, const struct command_wish *wish,
    void (*answered)(void *tool, bool allowed, struct str reason), void *tool)
{
    struct workbench *wb = data;
    const char *why = "";
    wb->command.tool = tool;
    switch (approvals_judge(wb->approvals, str_of(wish->line), wish->network, &why)) {
    case VERDICT_RUN:
        answered(tool, true, (struct str){0});
        return;
    case VERDICT_REFUSE:
        answered(tool, false, str_of(why));
        return;
    case VERDICT_ASK:
    default:
        wb->command.line = mem_strdup(wish->line);
        wb->command.network = wish->network;
        wb->command.answered = answered;
        ask_engineer(wb, wish);
    }
}

/* ---- where ---- */

static void on_laid(void *data, const char *root, const struct err *err)
{
    struct workbench *wb = *(struct workbench **)data;
    struct command_place place = {.root = root, .err = err};
    wb->command.ready(wb->command.tool, &place);
}

static void free_use(struct lent_use *use)
{
    if (use != NULL) {
        lent_free(use->lent);
        free(use);
    }
}

/* One that was ended may still be about to write for a moment, or be looked at: its copy is given
 * up with it, and removed once nothing works in it. */
static void give_up_copy(struct workbench *wb)
{
    struct lent_use *use = wb->command.use;
    if (use != NULL && (use->out || lent_is_busy(use->lent))) {
        use->given_up = true;
        VEC_PUSH(&wb->command.given_up, use);
        wb->command.use = NULL;
    }
}

static void sweep_copies(struct workbench *wb)
{
    for (size_t i = wb->command.given_up.len; i > 0; i--) {
        struct lent_use *use = wb->command.given_up.items[i - 1];
        if (!lent_is_busy(use->lent)) {
            VEC_REMOVE(&wb->command.given_up, i - 1);
            free_use(use);
        }
    }
}

static struct lent_use *make_copy(struct workbench *wb, struct err *err)
{
    struct lent *lent = lent_new(wb->workspace, wb->options.loop, LENT_TO_COMMAND, err);
    if (lent == NULL) {
        return NULL;
    }
    struct lent_use *use = MEM_NEW(struct lent_use);
    *use = (struct lent_use){.wb = wb, .lent = lent};
    return use;
}

static void on_lent(void *data, const struct err *err)
{
    struct lent_use *use = data;
    struct workbench *wb = use->wb;
    if (use->given_up) {
        return;
    }
    struct command_place place = {.may_write = true, .err = err};
    if (err == NULL) {
        place.root = lent_root(use->lent);
        use->out = true;
    }
    wb->command.ready(wb->command.tool, &place);
}

/* What may not write runs where the tests do; what may, in a copy of its own. */
static void place(
    void *data, void (*ready)(void *tool, const struct command_place *place), void *tool)
{
    struct workbench *wb = data;
    struct err err;
    wb->command.tool = tool;
    wb->command.ready = ready;
    wb->command.wb = wb;
    if (!approvals_may_write(wb->approvals)) {
        workbench_want_layout(wb, on_laid, &wb->command);
        return;
    }
    sweep_copies(wb);
    if (wb->command.use == NULL) {
        wb->command.use = make_copy(wb, &err);
    }
    if (wb->command.use == NULL) {
        struct command_place none = {.err = &err};
        ready(tool, &none);
        return;
    }
    const struct proposal *open = proposals_open(wb->proposals);
    lent_lay_out(
        wb->command.use->lent, open == NULL ? NULL : &open->changes, on_lent, wb->command.use);
}

/* What it changed is a patch like any other, for the engineer to review. */
static void on_found(void *data, const struct lent_found *found)
{
    struct lent_use *use = data;
    struct workbench *wb = use->wb;
    struct buf told = BUF_INIT;
    if (use->given_up) {
        return;
    }
    if (found->err != NULL) {
        buf_printf(&told, "What it changed could not be read and is lost: %s.\n", found->err->text);
    } else if (found->patch.len > 0) {
        buf_append_c(&told, "It changed files. ");
        struct buf answer = BUF_INIT;
        bool ok = workbench_take_patch(wb, found->patch, &answer);
        buf_printf(&told, "%s%s\n", ok ? "" : "They did not join the proposal and are lost: ",
            answer.len > 0 ? answer.ptr : "");
        buf_free(&answer);
    }
    if (found->left_out.len > 0) {
        buf_printf(&told, "Changed too, but not proposed:\n%.*s\n", STR_FMT(found->left_out));
    }
    void (*done)(void *tool, struct str text) = wb->command.took;
    done(wb->command.tool, buf_str(&told));
    buf_free(&told);
}

static void took(void *data, void (*done)(void *tool, struct str told), void *tool)
{
    struct workbench *wb = data;
    wb->command.tool = tool;
    wb->command.took = done;
    wb->command.use->out = false;
    lent_collect(wb->command.use->lent, on_found, wb->command.use);
}

static void drop(void *data, void *tool)
{
    struct workbench *wb = data;
    if (wb->command.tool != tool) {
        return;
    }
    workbench_unwant_layout(wb, &wb->command);
    if (wb->command.answered != NULL) {
        session_unask(wb->session, wb);
        forget_wish(wb);
    }
    wb->command.tool = NULL;
    give_up_copy(wb);
}

void workbench_check_commands(struct workbench *wb)
{
    struct buf problems = BUF_INIT;
    approvals_check_file(&problems);
    struct str rest = buf_str(&problems);
    struct str line;
    while (str_next_line(&rest, &line)) {
        workbench_problem(wb, "%.*s", STR_FMT(line));
    }
    buf_free(&problems);
}

void workbench_describe_commands(const struct workbench *wb, struct buf *out)
{
    const char *policy = config_string(wb->config, "approval_policy");
    if (wb->answers != ANSWERS_AGENT) {
        buf_printf(
            out, "approval %s, sandbox %s", policy, config_string(wb->config, "sandbox_mode"));
        return;
    }
    /* An agent with rules of its own: when it asks is for it to say, where it writes is not. */
    bool never = strcmp(policy, "never") == 0;
    buf_printf(out,
        "%s asks by its own rules%s; all it runs is confined to its scratch copy and its "
        "own folders",
        wb->label, never ? " and is refused (approval never)" : "");
}

void workbench_free_commands(struct workbench *wb)
{
    give_up_copy(wb);
    free_use(wb->command.use);
    wb->command.use = NULL;
    VEC_FOREACH (struct lent_use *, use, &wb->command.given_up) {
        free_use(*use);
    }
    VEC_FREE(&wb->command.given_up);
    approvals_free(wb->approvals);
    wb->approvals = NULL;
}

const struct command_host workbench_commands = {ask, place, took, drop};

/* As approvals.h keeps it: no line of ours. The caller frees. */
static char *outside_line(const struct question *question)
{
    return mem_printf("outside the sandbox, in %s:\n%s",
        question->folder == NULL ? "." : question->folder, question->what);
}

/* Agents keep what they were told for a session whatever profile is chosen then: Codex is told once
 * each time. */
void workbench_keep_approval(void *data, const struct question *question)
{
    struct workbench *wb = data;
    char *line = outside_line(question);
    approvals_allow_session(wb->approvals, str_of(line), true);
    free(line);
}

const char *workbench_complete_question(void *data, struct question *question)
{
    struct workbench *wb = data;
    const char *policy = config_string(wb->config, "approval_policy");
    if (question->answer != NULL) { /* it wants words, not leave */
        return NULL;
    }
    if (strcmp(policy, "never") == 0) {
        return "approval_policy is never: what wants out of the sandbox is refused";
    }
    if (question->terms != NULL) { /* the agent's provider knows better */
        question->no_rule =
            mem_strdup("What this agent asks for is allowed once, or for this session.");
        return NULL;
    }
    /* Codex, told to ask before each command, does not say which of them want out. */
    const char *where = strcmp(policy, "on-request") == 0 ? "would" : "may";
    question->terms =
        mem_printf("approval_policy %s; it %s run OUTSIDE the agent's sandbox, as you%s%s", policy,
            where, question->folder == NULL ? "" : ", in the folder ",
            question->folder == NULL ? "" : question->folder);
    char *line = outside_line(question);
    question->kept = true;
    question->granted = approvals_has_session(wb->approvals, str_of(line), true);
    free(line);
    question->no_rule = mem_strdup("Outside a sandbox nothing is allowed always: approve it once, "
                                   "or for this session.");
    return NULL;
}

/* Codex has no allow-list of ours: it asks before each command. What may not ask is refused here.
 */
const char *workbench_codex_approval(void *data)
{
    struct workbench *wb = data;
    const char *policy = config_string(wb->config, "approval_policy");
    bool each = strcmp(policy, "untrusted") == 0 || strcmp(policy, "unless-allow-listed") == 0;
    return each ? "untrusted" : "on-request";
}
