/* Requests and turns. */
#include "acp/acp.h"

#include "acp/acp_private.h"
#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

enum {
    PROMPT_MS = 24 * 60 * 60 * 1000, /* a prompt takes as long as it takes: Esc ends it */
    STOP_MS = 10000,
    /* An agent that asks again for what was declined would be told so, and ask, for ever: after so
     * many the note waits for the engineer's next prompt. */
    SPOKEN_MAX = 3
};

void acp_fail(struct acp *acp, enum err_kind kind, const char *fmt, ...)
{
    va_list args;
    mem_replace(&acp->input, NULL);
    va_start(args, fmt);
    outside_fail_args(&acp->outside, kind, fmt, args);
    va_end(args);
}

void acp_note(struct acp *acp, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_append_c(&acp->note, "[bylaw] ");
    buf_vprintf(&acp->note, fmt, args);
    buf_append_c(&acp->note, "\n");
    va_end(args);
}

void acp_end_process(struct acp *acp)
{
    rpc_free(acp->rpc);
    acp->rpc = NULL;
    acp->step = ACP_DOWN;
}

void acp_forget_session(struct acp *acp)
{
    mem_replace(&acp->session, NULL);
    mem_replace(&acp->told, NULL);
    acp->resumed = false;
    acp->unknown = true;
    if (acp->step == ACP_READY) {
        acp->step = ACP_IDLE;
    } else if (acp->step == ACP_SESSION ||
               acp->step == ACP_CHOOSING) { /* its answer is another session's */
        acp_end_process(acp);
    }
}

/* ---- prompts ---- */

static enum stop_reason stop_of(const cJSON *result)
{
    const char *word = json_string_or(result, "stopReason", "end_turn");
    return strcmp(word, "max_tokens") == 0 ? STOP_LENGTH
           : strcmp(word, "refusal") == 0  ? STOP_FILTER
           : strcmp(word, "end_turn") == 0 ? STOP_END
                                           : STOP_OTHER;
}

const char *acp_words_of(const struct acp *acp, const struct rpc_answer *answer)
{
    size_t name = strlen(acp->agent.name) + strlen(": "); /* which rpc.c puts before it */
    return answer->status == RPC_REFUSED && strlen(answer->message) > name ? answer->message + name
                                                                           : answer->message;
}

char *acp_refusal(
    const struct acp *acp, const struct rpc_answer *answer, const char *what, enum err_kind *kind)
{
    *kind = ERR_EXTERNAL;
    if (answer->status == RPC_REFUSED && answer->code == ACP_AUTH_REQUIRED) {
        *kind = ERR_DENIED;
        return mem_printf("%s is not logged in%s%s (%s)", acp->agent.name,
            acp->login == NULL ? "" : ": ", acp->login == NULL ? "" : acp->login, answer->message);
    }
    return mem_printf("%s: %s", what, acp_words_of(acp, answer));
}

/* A session that it took up and cannot go on with is as good as none. */
static void begin_anew(struct acp *acp, const char *why)
{
    outside_warn(&acp->outside,
        "%s could not go on with this session and begins anew, told what was said so far (%s)",
        acp->agent.name, why);
    mem_replace(&acp->input, acp->again);
    mem_replace(&acp->again, NULL);
    acp_forget_session(acp);
    acp->prompting = acp->laid = false;
    acp_go_on(acp);
}

/* Somebody has to log in before this prompt goes on: it is said again then. */
static bool hold(struct acp *acp, const struct rpc_answer *answer)
{
    bool asked = acp_ask_login(acp, acp_words_of(acp, answer));
    if (asked) {
        mem_replace(&acp->input, acp->sent);
        mem_replace(&acp->told, NULL);
        acp->prompting = acp->laid = false;
        acp_drop_asks(acp);
        acp_clear_tools(acp);
    }
    return asked;
}

static void on_prompted(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    char *failure = NULL;
    enum err_kind kind = ERR_EXTERNAL;
    if (answer->status == RPC_GONE) { /* on_end says it */
        return;
    }
    outside_heard(&acp->outside);
    if (acp->resumed && answer->status == RPC_REFUSED && answer->code != ACP_AUTH_REQUIRED &&
        acp->outside.stream != NULL && !acp->stopping) {
        begin_anew(acp, answer->message);
        return;
    }
    if (answer->status == RPC_REFUSED && answer->code == ACP_AUTH_REQUIRED && hold(acp, answer)) {
        return;
    }
    acp->resumed = false;
    mem_replace(&acp->again, NULL);
    mem_replace(&acp->history, NULL);
    if (answer->status == RPC_ANSWERED) {
        acp_take_usage(acp, answer->result);
    } else {
        char *what = mem_printf("%s's turn failed", acp->agent.name);
        failure = acp_refusal(acp, answer, what, &kind);
        free(what);
    }
    acp_prompt_over(acp, stop_of(answer->result), failure, kind);
}

static void push_text(cJSON *prompt, const char *text)
{
    cJSON *block = mem_require(cJSON_CreateObject());
    json_set_string(block, "type", "text");
    json_set_string(block, "text", text);
    cJSON_AddItemToArray(prompt, block);
}

static const char preface[] =
    "[bylaw] You work in a scratch copy of the workspace, inside a review workbench for "
    "policy-as-code. Change files there as you always do; do not commit. When your turn ends, what "
    "you changed becomes a proposal, which the engineer reads line by line and takes whole, in "
    "part or not at all; you are told what became of it, and the copy is made to agree before your "
    "next turn, so read a file again before you change it again.\n\n";

static void send_prompt(struct acp *acp)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "sessionId", acp->session);
    cJSON *prompt = json_set_array(params, "prompt");
    const char *instructions = acp->instructions == NULL ? "" : acp->instructions;
    if (acp->told == NULL || strcmp(acp->told, instructions) != 0) {
        char *text = mem_printf("%s%s", acp->told == NULL ? preface : "", instructions);
        push_text(
            prompt, text[0] == '\0' ? "[bylaw] The instructions of before hold no more." : text);
        free(text);
        mem_replace(&acp->told, instructions);
    }
    if (acp->history != NULL && !acp->resumed) {
        push_text(prompt, acp->history);
    }
    if (acp->resumed) {
        mem_replace(&acp->again, acp->input);
    }
    free(acp->sent);
    acp->sent = mem_printf("%s%s", acp->note.len > 0 ? acp->note.ptr : "", acp->input);
    if (acp->note.len > 0) {
        push_text(prompt, acp->note.ptr);
        buf_clear(&acp->note);
    }
    if (acp->input[0] != '\0') {
        push_text(prompt, acp->input);
    }
    mem_replace(&acp->input, NULL);
    acp->laid = acp->speak = false;
    acp->prompting = true;
    mem_replace(&acp->half.session, acp->ours);
    acp->spent.counted = false;
    acp->said = acp->output = acp->updates = 0;
    rpc_call(acp->rpc, "session/prompt", params, PROMPT_MS, on_prompted, acp);
    outside_listen(&acp->outside);
}

void acp_interrupt(struct acp *acp)
{
    if (!acp->prompting || acp->stopping || acp->rpc == NULL) {
        return;
    }
    acp->stopping = true;
    acp_drop_asks(acp);
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "sessionId", acp->session);
    rpc_notify(acp->rpc, "session/cancel", params);
    loop_timer_start(acp->grace, STOP_MS, 0);
}

static void on_grace(void *data)
{
    struct acp *acp = data;
    if (acp->rpc != NULL) {
        rpc_kill(acp->rpc, "does not stop when it is told to");
    }
}

/* ---- what it wrote ---- */

static void tell_left_out(struct acp *acp, const struct lent_found *found)
{
    struct str rest = found->left_out;
    struct str line;
    while (str_next_line(&rest, &line)) {
        outside_tell(&acp->outside, "Of what %s changed: %.*s", acp->agent.name, STR_FMT(line));
        acp_note(acp, "Of what you changed: %.*s.", STR_FMT(line));
    }
    if (found->err != NULL) {
        outside_tell(
            &acp->outside, "What %s changed was not taken: %s", acp->agent.name, found->err->text);
        acp_note(acp, "What you changed was not taken: %s.", found->err->text);
    }
}

/* The session whose prompt it was is not at work any more: it was interrupted, and left. */
static bool is_elsewhere(const struct acp *acp)
{
    return acp->shown != NULL && acp->half.session != NULL &&
           strcmp(acp->shown, acp->half.session) != 0;
}

static void end_prompt(struct acp *acp, struct str patch)
{
    struct acp_ending ending = acp->ending;
    bool wanted = acp->outside.stream != NULL && !acp->stopping;
    acp->ending = (struct acp_ending){0};
    acp->stopping = false;
    if (patch.len > 0 && is_elsewhere(acp)) {
        acp_half_write(acp, patch); /* it is for the proposal of a session that is not open now */
    } else {
        acp_half_write(acp, (struct str){0});
        if (patch.len > 0 && (!wanted || ending.failure != NULL)) {
            acp->host.take(acp->host.data, patch, wanted ? "failed" : "was interrupted");
            acp_note(
                acp, "What you had changed when your last turn ended early is in the proposal.");
        }
    }
    if (!wanted) {
        acp_go_on(acp); /* the next one may wait for the end of this */
    } else if (ending.failure != NULL) {
        acp_fail(acp, ending.kind, "%s", ending.failure);
    } else if (patch.len > 0) {
        free(acp->call);
        acp->call = mem_printf("acp-%u", ++acp->patches);
        outside_emit(&acp->outside, &(struct event){.kind = EVENT_TOOL_CALL,
                                        .call_id = acp->call,
                                        .name = "apply_patch",
                                        .text = patch});
        outside_done(&acp->outside, STOP_TOOL_CALLS);
    } else if (acp->speak && acp->spoken < SPOKEN_MAX) {
        acp->spoken++;
        mem_replace(&acp->input, "");
        acp_go_on(acp);
    } else {
        outside_done(&acp->outside, ending.stop);
    }
    free(ending.failure);
}

static void on_found(void *data, const struct lent_found *found)
{
    struct acp *acp = data;
    acp->collecting = false;
    if (acp->closing) {
        acp_half_write(acp, found->patch);
        return;
    }
    if (!is_elsewhere(acp)) {
        tell_left_out(acp, found);
    }
    end_prompt(acp, found->patch);
}

void acp_collect(struct acp *acp)
{
    lent_collect(acp->lent, on_found, acp);
}

void acp_prompt_over(struct acp *acp, enum stop_reason stop, char *failure, enum err_kind kind)
{
    acp->prompting = false;
    acp->ending = (struct acp_ending){stop, failure, kind};
    loop_timer_stop(acp->grace);
    acp_drop_asks(acp);
    acp_clear_tools(acp);
    acp->collecting = true;
    if (!acp->half.looking) { /* else it follows */
        acp_collect(acp);
    }
}

/* ---- towards a prompt ---- */

static void on_laid_out(void *data, const struct err *err)
{
    struct acp *acp = data;
    acp->laying_out = false;
    acp->laid = err == NULL;
    if (err != NULL) {
        acp_fail(
            acp, err->kind, "%s has no scratch copy to work in: %s", acp->agent.name, err->text);
        return;
    }
    if (acp->rpc != NULL && acp->settings != lent_settings(acp->lent)) {
        acp_end_process(acp); /* it reads settings when it begins */
    }
    acp->settings = lent_settings(acp->lent);
    acp_go_on(acp);
}

static void lay_out(struct acp *acp)
{
    struct err err;
    if (acp->lent == NULL) {
        acp->lent = lent_new(acp->host.workspace, acp->loop, LENT_TO_AGENT, &err);
    }
    if (acp->lent == NULL) {
        acp_fail(acp, err.kind, "%s has no scratch copy to work in: %s", acp->agent.name, err.text);
        return;
    }
    acp->laying_out = true;
    lent_lay_out(acp->lent, acp->host.changes(acp->host.data), on_laid_out, acp);
}

void acp_go_on(struct acp *acp)
{
    struct err err;
    if (acp->nothing) {
        acp->nothing = false;
        outside_done(&acp->outside, STOP_END);
        return;
    }
    if (acp->input == NULL || acp->prompting || acp->collecting || acp->laying_out ||
        acp->login_call != NULL || acp->logging_in) {
        return;
    }
    if (!acp->laid) {
        lay_out(acp);
    } else if (acp->step == ACP_DOWN) {
        if (!acp_start_process(acp, &err)) {
            acp_fail(acp, err.kind, "%s", err.text);
        }
    } else if (acp->step == ACP_IDLE) {
        acp_ask_session(acp);
    } else if (acp->step == ACP_READY && !acp_choose(acp)) {
        send_prompt(acp);
    }
}

static void on_later(void *data)
{
    acp_go_on(data);
}

/* ---- requests ---- */

/* The result of the patch that the last request ended with. */
static bool take_result(struct acp *acp, const struct request *request)
{
    bool failed = false;
    if (acp->call == NULL) {
        return false;
    }
    struct str result = outside_result(request->items, acp->call, &failed);
    free(acp->call);
    acp->call = NULL;
    if (result.ptr == NULL) {
        return false;
    }
    if (failed) {
        acp->speak = true;
        acp_note(acp, "What you changed was not taken into the proposal:\n%.*s", STR_FMT(result));
    }
    return true;
}

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    struct acp *acp = (struct acp *)provider;
    struct stream *stream = outside_begin(&acp->outside, acp, on_event, data, err);
    if (stream == NULL) {
        return NULL;
    }
    bool answered = take_result(acp, request);
    acp_interrupt(acp);
    if (acp->ours != NULL && request->cache_key != NULL &&
        strcmp(acp->ours, request->cache_key) != 0) {
        acp_forget_session(acp);
        acp->unknown = false;
    }
    mem_replace(&acp->ours, request->cache_key);
    mem_replace(&acp->instructions, request->instructions);
    acp_want(acp, request->model, request->effort);
    free(acp->history);
    acp->history = acp->step >= ACP_READY ? NULL : outside_history(request->items);
    free(acp->input);
    acp->input = outside_input(request->items);
    acp->spoken = acp->input[0] == '\0' ? acp->spoken : 0;
    acp->nothing = answered && !acp->speak && acp->input[0] == '\0';
    if (acp->nothing) {
        mem_replace(&acp->input, NULL);
    }
    acp->laid = false;
    loop_timer_start(acp->later, 0, 0);
    return stream;
}

static void cancel(struct stream *stream)
{
    struct acp *acp = stream->agent;
    outside_leave(&acp->outside);
    mem_replace(&acp->input, NULL);
    acp_stop_login(acp);
    acp->nothing = acp->speak = false;
    acp->stopping = acp->stopping || acp->collecting;
    acp_interrupt(acp);
}

static void decide(
    struct stream *stream, const char *call_id, enum approval approval, struct str reason)
{
    struct acp *acp = stream->agent;
    if (!acp_decide_login(acp, call_id, approval, reason)) {
        acp_decide(acp, call_id, approval, reason);
    }
}

static void show(struct provider *provider, const char *session)
{
    struct acp *acp = (struct acp *)provider;
    if (acp->shown == NULL || strcmp(acp->shown, session) != 0) {
        mem_replace(&acp->shown, session);
        buf_clear(&acp->note);
        acp->speak = false;
        acp_forget_mode(acp); /* it was chosen for the other one */
        acp_half_take(acp, session);
    }
}

static bool offered(
    const struct provider *provider, enum offer_kind kind, size_t index, struct offer *out)
{
    return acp_offered((const struct acp *)provider, kind, index, out);
}

static bool use_mode(struct provider *provider, const char *mode, struct err *err)
{
    return acp_use_mode((struct acp *)provider, mode, err);
}

static const char *mode(const struct provider *provider)
{
    return acp_mode((const struct acp *)provider);
}

static bool is_ending(const struct provider *provider)
{
    const struct acp *acp = (const struct acp *)provider;
    return acp->outside.stream == NULL && (acp->prompting || acp->collecting);
}

/* We end before its turn does: what it wrote is kept for the next time. */
static void keep_half(struct acp *acp)
{
    bool early = acp->prompting || acp->collecting;
    acp->closing = true;
    while (acp->files > 0 || (early && lent_is_busy(acp->lent))) { /* they hold on to us */
        loop_run_once(acp->loop, 100);
    }
    if (acp->prompting) {
        acp_half_look(acp);
        while (acp->half.looking) {
            loop_run_once(acp->loop, 100);
        }
    }
}

static void free_acp(struct provider *provider)
{
    struct acp *acp = (struct acp *)provider;
    outside_leave(&acp->outside);
    acp_drop_asks(acp);
    rpc_free(acp->rpc);
    acp_clear_tools(acp);
    acp->rpc = NULL;
    keep_half(acp);
    lent_free(acp->lent);
    outside_free(&acp->outside);
    loop_timer_free(acp->later);
    loop_timer_free(acp->grace);
    acp_half_free(acp);
    free(acp->shown);
    acp_agent_free(&acp->agent);
    acp_free_choices(acp);
    acp_free_offers(acp);
    buf_free(&acp->note);
    free(acp->program);
    free(acp->login);
    acp_free_logins(acp);
    free(acp->login_call);
    free(acp->sent);
    free(acp->ours);
    free(acp->session);
    free(acp->instructions);
    free(acp->told);
    free(acp->again);
    free(acp->input);
    free(acp->history);
    free(acp->call);
    free(acp->message);
    free(acp->ending.failure);
    free(acp);
}

struct provider *acp_new(const struct acp_options *options, struct err *err)
{
    static const struct provider_ops ops = {.name = "acp",
        .start = start,
        .cancel = cancel,
        .free = free_acp,
        .decide = decide,
        .show = show,
        .offered = offered,
        .use_mode = use_mode,
        .mode = mode,
        .is_ending = is_ending};
    struct acp_agent agent = *options->agent;
    *options->agent = (struct acp_agent){0};
    char *program = path_find_program(agent.command.items[0]);
    if (program == NULL) {
        err_set(err, ERR_NOT_FOUND, "%s is not on PATH%s%s", agent.command.items[0],
            agent.install == NULL ? "" : ": ", agent.install == NULL ? "" : agent.install);
        acp_agent_free(&agent);
        return NULL;
    }
    struct acp *acp = MEM_NEW(struct acp);
    acp->provider.ops = &ops;
    acp->provider.reads_instructions = agent.reads_agents_md;
    acp->provider.tells_itself = true;
    acp->loop = options->loop;
    acp->host = *options->host;
    acp->agent = agent;
    acp->program = program;
    outside_init(&acp->outside, options->loop, acp->agent.name);
    acp->later = loop_timer_new(options->loop, on_later, acp);
    acp->grace = loop_timer_new(options->loop, on_grace, acp);
    acp_half_init(acp);
    return &acp->provider;
}
