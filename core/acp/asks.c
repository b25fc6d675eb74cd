/* What the agent asks of us: permission, and files of its scratch copy. */
#include "acp/acp_private.h"
#include "base/log.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { NAME_SHOWN = 80 };

/* ---- permission ---- */

static void free_ask(struct acp_ask *ask)
{
    cJSON_Delete(ask->id);
    cJSON_Delete(ask->options);
    free(ask->call_id);
    free(ask->what);
    free(ask->reason);
    free(ask->means);
}

static void answer_cancelled(struct acp *acp, const cJSON *id)
{
    cJSON *result = mem_require(cJSON_CreateObject());
    json_set_string(json_set_object(result, "outcome"), "outcome", "cancelled");
    rpc_answer(acp->rpc, id, result);
}

void acp_drop_asks(struct acp *acp)
{
    VEC_FOREACH (struct acp_ask, ask, &acp->asks) {
        if (acp->rpc != NULL) {
            answer_cancelled(acp, ask->id);
        }
        free_ask(ask);
    }
    VEC_FREE(&acp->asks);
}

static const cJSON *find_option(const cJSON *options, const char *kind)
{
    const cJSON *option;
    cJSON_ArrayForEach(option, options)
    {
        if (strcmp(json_string_or(option, "kind", ""), kind) == 0) {
            return option;
        }
    }
    return NULL;
}

static const char *option_of(const cJSON *options, const char *kind)
{
    return json_string(find_option(options, kind), "optionId");
}

/* A yes to another mode is a yes to what the agent may do in it: in the words of its options. */
static char *meaning_of(const struct acp_tool *tool, const cJSON *options)
{
    static const char *const ways[][2] = {{"allow_once", "once"}, {"allow_always", "this session"}};
    struct buf out = BUF_INIT;
    if (tool == NULL || strcmp(tool->kind, "switch_mode") != 0) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const char *name = json_string(find_option(options, ways[i][0]), "name");
        if (name != NULL) {
            char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, NAME_SHOWN);
            buf_printf(
                &out, "%s approved %s means \"%s\"", out.len == 0 ? "" : ",", ways[i][1], shown);
            free(shown);
        }
    }
    return buf_take(&out);
}

/* By the options it offers, the narrower first; none that fits is a refusal. */
static void answer(struct acp *acp, const cJSON *id, const cJSON *options, enum approval approval)
{
    static const char *const kinds[][2] = {{"allow_once", "allow_once"},
        {"allow_always", "allow_once"}, {"reject_once", "reject_always"}};
    const char *option = option_of(options, kinds[approval][0]);
    if (option == NULL) {
        option = option_of(options, kinds[approval][1]);
    }
    if (option == NULL) {
        answer_cancelled(acp, id);
        return;
    }
    cJSON *result = mem_require(cJSON_CreateObject());
    cJSON *outcome = json_set_object(result, "outcome");
    json_set_string(outcome, "outcome", "selected");
    json_set_string(outcome, "optionId", option);
    rpc_answer(acp->rpc, id, result);
    outside_listen(&acp->outside);
}

/* All that an approval allows: what is run shares the cage of the agent itself. */
static char *terms_of(const struct acp_agent *agent)
{
    struct buf keys = BUF_INIT;
    VEC_FOREACH (char *const, name, &agent->env) {
        if (getenv(*name) != NULL) {
            buf_printf(&keys, "%s%s", keys.len == 0 ? " (" : ", ", *name);
        }
    }
    buf_append_c(&keys, keys.len == 0 ? "" : ")");
    char *terms = mem_printf(
        "confined, as all of this agent: reads files but no keys beyond its own%s, writes its "
        "scratch copy of the workspace (for your review) and its own folders only, %s",
        keys.len == 0 ? "" : keys.ptr, agent->network ? "AND REACHES THE NETWORK" : "no network");
    buf_free(&keys);
    return terms;
}

static void show_first(struct acp *acp)
{
    if (acp->asks.len > 0) {
        const struct acp_ask *ask = &acp->asks.items[0];
        char *general = terms_of(&acp->agent);
        bool means = ask->means != NULL && ask->means[0] != '\0';
        char *terms = mem_printf("%s%s%s", means ? ask->means + 1 : "", means ? "; " : "", general);
        free(general);
        outside_emit(&acp->outside, &(struct event){.kind = EVENT_APPROVAL,
                                        .call_id = ask->call_id,
                                        .text = str_of(ask->what),
                                        .terms = terms,
                                        .opaque = ask->reason});
        free(terms);
    }
}

void acp_decide(struct acp *acp, const char *call_id, enum approval approval, struct str reason)
{
    if (acp->asks.len == 0 || acp->rpc == NULL ||
        strcmp(acp->asks.items[0].call_id, call_id) != 0) {
        return;
    }
    struct acp_ask ask = acp->asks.items[0];
    VEC_REMOVE(&acp->asks, 0);
    if (approval == APPROVAL_DECLINED && reason.len > 0) {
        acp_note(acp, "The engineer declined \"%s\": %.*s", ask.what, STR_FMT(reason));
        acp->speak = true; /* the answer itself carries no words */
    }
    answer(acp, ask.id, ask.options, approval);
    free_ask(&ask);
    show_first(acp);
}

/* $/cancel_request: it does not wait any more. Its protocol wants an answer all the same. */
void acp_withdraw(struct acp *acp, const cJSON *id)
{
    for (size_t i = 0; id != NULL && i < acp->asks.len; i++) {
        struct acp_ask ask = acp->asks.items[i];
        if (!cJSON_Compare(ask.id, id, true)) {
            continue;
        }
        VEC_REMOVE(&acp->asks, i);
        rpc_refuse(acp->rpc, ask.id, RPC_CANCELLED, "it was taken back");
        if (i == 0) {
            outside_emit(
                &acp->outside, &(struct event){.kind = EVENT_UNASK, .call_id = ask.call_id});
            show_first(acp);
        }
        free_ask(&ask);
        return;
    }
}

/* In the scratch copy, or the copy itself. */
static bool is_inside(const struct acp *acp, const char *path)
{
    struct err err;
    char *relative = lent_relative(acp->lent, path, &err);
    bool inside = relative != NULL || strcmp(path, lent_root(acp->lent)) == 0;
    free(relative);
    return inside;
}

/* Whether all it touches lies in the scratch copy, where it may write anyway. */
static bool stays_inside(const struct acp *acp, const struct acp_tool *tool)
{
    static const char *const kinds[] = {"edit", "delete", "move", "read", "search"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        known = known || strcmp(tool->kind, kinds[i]) == 0;
    }
    const cJSON *place;
    int count = 0;
    const cJSON *const lists[] = {tool->locations, tool->content};
    for (size_t i = 0; known && i < ARRAY_LEN(lists); i++) {
        cJSON_ArrayForEach(place, lists[i])
        {
            const char *path = json_string(place, "path");
            if (path != NULL && !is_inside(acp, path)) {
                return false;
            }
            count += path != NULL;
        }
    }
    return known && count > 0;
}

/* What is asked, whole: an agent may ask for a command, and before it for the folders outside that
 * the command reaches, and show the command both times. */
static char *describe_ask(const struct acp *acp, const struct acp_tool *tool, const cJSON *call)
{
    if (tool == NULL) {
        return mem_strdup("something it does not name");
    }
    struct buf out = BUF_INIT;
    char *what = acp_describe_tool(acp, tool);
    bool plain = strcmp(tool->kind, "execute") == 0 || strcmp(tool->kind, "other") == 0;
    buf_printf(&out, "%s%s%s", plain ? "" : tool->kind, plain ? "" : " ", what);
    const char *before = "\nreaching outside of its scratch copy: ";
    const cJSON *place;
    cJSON_ArrayForEach(place, json_get(call, "locations"))
    {
        const char *path = json_string(place, "path");
        if (path != NULL && !is_inside(acp, path) && strcmp(path, what) != 0) {
            buf_printf(&out, "%s%s", before, path);
            before = ", ";
        }
    }
    free(what);
    return buf_take(&out);
}

static void ask_permission(struct acp *acp, const cJSON *id, const cJSON *params)
{
    const cJSON *call = json_get(params, "toolCall");
    const cJSON *options = json_get(params, "options");
    const char *call_id = json_string(call, "toolCallId");
    if (!acp->prompting || acp->stopping || acp->outside.stream == NULL) {
        answer_cancelled(acp, id);
        return;
    }
    acp_take_tool(acp, call);
    const struct acp_tool *tool = acp_find_tool(acp, call_id);
    if (tool != NULL && stays_inside(acp, tool)) {
        answer(acp, id, options, APPROVAL_ONCE);
        return;
    }
    struct acp_ask ask = {.id = mem_require(cJSON_Duplicate(id, true)),
        .options = options == NULL ? NULL : mem_require(cJSON_Duplicate(options, true)),
        .call_id = mem_printf("ask-%u", ++acp->asked),
        .what = describe_ask(acp, tool, call),
        .reason = tool == NULL ? NULL : mem_strdup(json_string(tool->input, "description")),
        .means = meaning_of(tool, options)};
    VEC_PUSH(&acp->asks, ask);
    if (acp->asks.len == 1) {
        show_first(acp);
    }
}

/* ---- files ---- */

struct file_job {
    struct acp *acp;
    struct rpc *rpc; /* whose question it is: another process answers to nobody */
    cJSON *id;
    char *relative;
    bool writes;
    long long line, limit; /* of a read; 0: all */
    struct buf text;
    bool ok;
    struct err err;
};

static void cut_lines(struct buf *text, long long line, long long limit)
{
    struct str rest = buf_str(text);
    struct str row;
    while (line > 1 && str_next_line(&rest, &row)) {
        line--;
    }
    struct buf out = BUF_INIT;
    for (long long i = 0; (limit == 0 || i < limit) && str_next_line(&rest, &row); i++) {
        buf_append_str(&out, row);
        buf_append_char(&out, '\n');
    }
    buf_free(text);
    *text = out;
}

static void run_file(void *data)
{
    struct file_job *job = data;
    const struct lent *lent = job->acp->lent;
    if (job->writes) {
        job->ok = lent_write(lent, job->relative, buf_str(&job->text), &job->err);
        return;
    }
    job->ok = lent_read(lent, job->relative, &job->text, &job->err);
    if (job->ok && (job->line > 1 || job->limit > 0)) {
        cut_lines(&job->text, job->line, job->limit);
    }
}

static void finish_file(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels it */
    struct file_job *job = data;
    struct acp *acp = job->acp;
    acp->files--;
    if (acp->rpc == NULL || acp->rpc != job->rpc) {
        /* it has gone */
    } else if (!job->ok) {
        rpc_refuse(acp->rpc, job->id, job->err.kind == ERR_NOT_FOUND ? ACP_NOT_FOUND : RPC_INTERNAL,
            job->err.text);
    } else {
        cJSON *result = mem_require(cJSON_CreateObject());
        if (job->writes) {
            acp_half_later(acp);
        } else {
            json_set_str(result, "content", buf_str(&job->text));
        }
        rpc_answer(acp->rpc, job->id, result);
    }
    cJSON_Delete(job->id);
    free(job->relative);
    buf_free(&job->text);
    free(job);
}

static void ask_file(struct acp *acp, const cJSON *id, const cJSON *params, bool writes)
{
    struct err err;
    const char *path = json_string(params, "path");
    const char *content = json_string(params, "content");
    char *relative = acp->prompting ? lent_relative(acp->lent, path, &err) : NULL;
    if (!acp->prompting) {
        rpc_refuse(acp->rpc, id, RPC_INVALID_PARAMS, "no prompt runs");
        return;
    }
    if (relative == NULL || (writes && content == NULL)) {
        const char *why = relative == NULL ? err.text : "there is no content";
        if (writes) {
            outside_warn(&acp->outside, "%s was not let write a file: %s", acp->agent.name, why);
        }
        rpc_refuse(acp->rpc, id, RPC_INVALID_PARAMS, why);
        free(relative);
        return;
    }
    struct file_job *job = MEM_NEW(struct file_job);
    *job = (struct file_job){.acp = acp,
        .rpc = acp->rpc,
        .id = mem_require(cJSON_Duplicate(id, true)),
        .relative = relative,
        .writes = writes,
        .line = json_int_or(params, "line", 0),
        .limit = json_int_or(params, "limit", 0)};
    buf_append_c(&job->text, writes ? content : "");
    acp->files++;
    loop_work_start(acp->loop, run_file, finish_file, job);
}

void acp_on_request(void *data, const cJSON *id, const char *method, cJSON **params)
{
    struct acp *acp = data;
    outside_heard(&acp->outside);
    if (strcmp(method, "session/request_permission") == 0) {
        ask_permission(acp, id, *params);
    } else if (strcmp(method, "fs/read_text_file") == 0) {
        ask_file(acp, id, *params, false);
    } else if (strcmp(method, "fs/write_text_file") == 0) {
        ask_file(acp, id, *params, true);
    } else {
        log_write("acp", "refused: %s", method);
        rpc_refuse(acp->rpc, id, RPC_METHOD_NOT_FOUND, "bylaw does not offer this");
    }
}
