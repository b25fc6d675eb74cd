/* Logging in: an agent says how that can be done (authMethods), and refuses a session or a prompt
 * until it is (error -32000). The engineer chooses the way, and the prompt that was held goes on.
 * The agent does it by itself (`authenticate`), or somebody runs its program in a terminal with
 * the arguments that it names, after which it is started anew. It is told the name of the way and
 * nothing more: a key reaches it by `env` of its row only. */
#include "acp/acp_private.h"
#include "base/safe.h"
#include "base/shell.h"
#include "base/vec.h"

#include <stdlib.h>
#include <strings.h>

/* A browser and a second factor take their time. */
enum { LOGIN_MS = 15 * 60 * 1000, SHOWN = 200, LOGINS_MAX = 50 };

static void free_login(struct acp_login *login)
{
    free(login->id);
    free(login->name);
    free(login->about);
}

void acp_free_logins(struct acp *acp)
{
    VEC_FOREACH (struct acp_login, login, &acp->logins) {
        free_login(login);
    }
    VEC_FREE(&acp->logins);
}

/* ---- what ways there are ---- */

static void append_word(struct buf *out, const char *word)
{
    buf_append_c(out, out->len > 0 ? " " : "");
    shell_append_word(out, word);
}

/* Its command with the method's variables and arguments, to be typed by a person. The caller frees.
 */
static char *terminal_line(const struct acp *acp, const cJSON *method)
{
    struct buf out = BUF_INIT;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(method, "env"))
    {
        if (cJSON_IsString(item)) {
            char *both = mem_printf("%s=%s", item->string, item->valuestring);
            append_word(&out, both);
            free(both);
        }
    }
    VEC_FOREACH (char *const, word, &acp->agent.command) {
        append_word(&out, *word);
    }
    cJSON_ArrayForEach(item, json_get(method, "args"))
    {
        if (cJSON_IsString(item)) {
            append_word(&out, item->valuestring);
        }
    }
    return buf_take(&out);
}

static void take_method(struct acp *acp, const cJSON *method)
{
    const char *id = json_string(method, "id");
    const char *type = json_string_or(method, "type", "agent");
    const char *about = json_string_or(method, "description", "");
    bool terminal = strcmp(type, "terminal") == 0;
    if (id == NULL || (!terminal && strcmp(type, "agent") != 0)) {
        return; /* of a kind that nobody knows */
    }
    char *line = terminal ? terminal_line(acp, method) : NULL;
    char *says = line == NULL
                     ? mem_strdup(about)
                     : mem_printf("type in another terminal: %s, and choose this then", line);
    struct acp_login login = {.id = mem_strdup(id),
        .name = safe_dup(str_of(json_string_or(method, "name", id)), SAFE_ONE_LINE, SHOWN),
        .about = safe_dup(str_of(says), SAFE_ONE_LINE, terminal ? 4 * SHOWN : SHOWN),
        .terminal = terminal};
    VEC_PUSH(&acp->logins, login);
    free(says);
    free(line);
}

void acp_take_logins(struct acp *acp, const cJSON *result)
{
    const cJSON *method;
    const cJSON *first = cJSON_GetArrayItem(json_get(result, "authMethods"), 0);
    const char *how = json_string(first, "description");
    how = how != NULL ? how : json_string(first, "name");
    free(acp->login);
    acp->login = how == NULL ? NULL : safe_dup(str_of(how), SAFE_ONE_LINE, SHOWN);
    acp_free_logins(acp);
    cJSON_ArrayForEach(method, json_get(result, "authMethods"))
    {
        if (acp->logins.len < LOGINS_MAX) {
            take_method(acp, method);
        }
    }
}

/* ---- asking for it ---- */

bool acp_ask_login(struct acp *acp, const char *why)
{
    if (acp->logins.len == 0 || acp->outside.stream == NULL || acp->stopping) {
        return false;
    }
    char *says = safe_dup(str_of(why), SAFE_ONE_LINE, SHOWN);
    char *what =
        mem_printf("%s is not logged in (%s). How is it to log in?", acp->agent.name, says);
    struct buf choices = BUF_INIT;
    VEC_FOREACH (const struct acp_login, login, &acp->logins) {
        buf_printf(&choices, "%s\t%s\n", login->name, login->about);
    }
    free(acp->login_call);
    acp->login_call = mem_printf("login-%u", ++acp->asked);
    outside_emit(&acp->outside,
        &(struct event){.kind = EVENT_APPROVAL,
            .call_id = acp->login_call,
            .text = str_of(what),
            .terms = "the agent does it by itself and is given no key of yours but those that env "
                     "of its [agents] row names; the prompt is held until then",
            .answer = acp->logins.items[0].name,
            .choices = choices.ptr});
    buf_free(&choices);
    free(what);
    free(says);
    return true;
}

static void on_authenticated(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    acp->logging_in = false;
    if (answer->status == RPC_GONE) { /* on_end says it */
        return;
    }
    outside_heard(&acp->outside);
    if (answer->status == RPC_ANSWERED) {
        acp_go_on(acp);
        return;
    }
    char *why = mem_printf("that did not work: %s", acp_words_of(acp, answer));
    if (!acp_ask_login(acp, why)) {
        acp_fail(acp, ERR_DENIED, "%s is not logged in: %s", acp->agent.name, why);
    }
    free(why);
}

/* By its name or its number, as it was shown. */
static const struct acp_login *find_login(const struct acp *acp, struct str text)
{
    char *word = str_dup(str_trim(text));
    const struct acp_login *found = NULL;
    VEC_FOREACH (const struct acp_login, login, &acp->logins) {
        if (found == NULL && (strcasecmp(login->name, word) == 0 || strcmp(login->id, word) == 0)) {
            found = login;
        }
    }
    free(word);
    return found;
}

static void log_in(struct acp *acp, const struct acp_login *login)
{
    if (login->terminal) { /* it was done there: the agent reads of it when it begins */
        acp_end_process(acp);
        acp_go_on(acp);
        return;
    }
    acp->logging_in = true;
    outside_tell(
        &acp->outside, "%s logs in with \"%s\"; Esc stops it", acp->agent.name, login->name);
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "methodId", login->id);
    rpc_call(acp->rpc, "authenticate", params, LOGIN_MS, on_authenticated, acp);
}

bool acp_decide_login(
    struct acp *acp, const char *call_id, enum approval approval, struct str reason)
{
    if (acp->login_call == NULL || strcmp(acp->login_call, call_id) != 0) {
        return false;
    }
    mem_replace(&acp->login_call, NULL);
    const struct acp_login *login =
        approval == APPROVAL_DECLINED ? find_login(acp, reason) : &acp->logins.items[0];
    if (login == NULL || acp->rpc == NULL) {
        acp_fail(acp, ERR_DENIED, "%s is not logged in%s%s", acp->agent.name,
            acp->login == NULL ? "" : ": ", acp->login == NULL ? "" : acp->login);
    } else {
        log_in(acp, login);
    }
    return true;
}

void acp_stop_login(struct acp *acp)
{
    mem_replace(&acp->login_call, NULL);
    if (acp->logging_in) { /* how far it has come, nobody knows */
        acp->logging_in = false;
        acp_end_process(acp);
    }
}
