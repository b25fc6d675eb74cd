/* The model, the effort and the mode that the engineer chose, told to an agent that lets them be
 * chosen (offers.c). What cannot be chosen is said in one line, and the agent goes on with what it
 * has. No mode is ever asked for but the one that the engineer named. */
#include "acp/acp_private.h"

#include <stdlib.h>
#include <strings.h>

enum { SET_MS = 60000, OFFERED_MAX = 300 };

static const char *const words[OFFER_KINDS] = {
    [OFFER_MODEL] = "model", [OFFER_EFFORT] = "effort", [OFFER_MODE] = "mode"};

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* "gpt-5.5" is also openai/gpt-5.5, and a name as people read it. */
static bool is_meant(const struct offer *offer, const char *wanted)
{
    const char *last = strrchr(offer->id, '/');
    return strcmp(offer->id, wanted) == 0 || (last != NULL && strcmp(last + 1, wanted) == 0) ||
           (offer->name != NULL && strcasecmp(offer->name, wanted) == 0);
}

/* The id of the one that is meant; an exact one goes before. NULL: none. `offered` gets the ids. */
static const char *find_value(
    const struct acp *acp, enum offer_kind kind, const char *wanted, struct buf *offered)
{
    const char *found = NULL;
    struct offer offer;
    for (size_t i = 0; acp_offered(acp, kind, i, &offer); i++) {
        buf_printf(offered, "%s%s", offered->len > 0 ? ", " : "", offer.id);
        if (is_meant(&offer, wanted) && (found == NULL || strcmp(offer.id, wanted) == 0)) {
            found = offer.id;
        }
    }
    return found;
}

static void clear_choice(struct acp_choice *choice)
{
    mem_replace(&choice->asked, NULL);
    mem_replace(&choice->value, NULL);
    mem_replace(&choice->first, NULL);
}

void acp_forget_choices(struct acp *acp)
{
    for (size_t i = 0; i < OFFER_KINDS; i++) {
        clear_choice(&acp->choices[i]);
    }
}

void acp_forget_mode(struct acp *acp)
{
    mem_replace(&acp->choices[OFFER_MODE].wanted, NULL);
    clear_choice(&acp->choices[OFFER_MODE]);
}

void acp_free_choices(struct acp *acp)
{
    acp_forget_choices(acp);
    for (size_t i = 0; i < OFFER_KINDS; i++) {
        mem_replace(&acp->choices[i].wanted, NULL);
    }
}

void acp_want(struct acp *acp, const char *model, const char *effort)
{
    mem_replace(&acp->choices[OFFER_MODEL].wanted, model);
    mem_replace(&acp->choices[OFFER_EFFORT].wanted, effort);
}

/* ---- asking for it ---- */

static void take_set(struct acp *acp, const struct rpc_answer *answer)
{
    struct acp_choice *choice = &acp->choices[acp->asking];
    if (answer->status != RPC_ANSWERED) {
        mem_replace(&choice->value, NULL);
        outside_warn(&acp->outside, "%s goes on as it was: %s", acp->agent.name, answer->message);
        return;
    }
    acp_take_set(acp, acp->asking, choice->value);
    acp_take_offers(acp, answer->result);
}

static void on_set(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    if (answer->status != RPC_GONE) { /* else on_end says it */
        acp->step = ACP_READY;
        take_set(acp, answer);
        acp_go_on(acp);
    }
}

/* While a prompt runs. */
static void on_set_meanwhile(void *data, struct rpc_answer *answer)
{
    if (answer->status != RPC_GONE) {
        take_set(data, answer);
    }
}

static void ask(struct acp *acp, enum offer_kind kind, const char *value,
    void (*answered)(void *data, struct rpc_answer *answer))
{
    bool older;
    const cJSON *option = acp_find_offer(acp, kind, &older);
    acp->asking = kind;
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "sessionId", acp->session);
    if (!older) {
        json_set_string(params, "configId", json_string(option, "id"));
    }
    json_set_string(params, !older ? "value" : kind == OFFER_MODE ? "modeId" : "modelId", value);
    rpc_call(acp->rpc,
        !older               ? "session/set_config_option"
        : kind == OFFER_MODE ? "session/set_mode"
                             : "session/set_model",
        params, SET_MS, answered, acp);
}

static void say_not_there(struct acp *acp, enum offer_kind kind, const char *wanted,
    const char *current, struct str offered)
{
    bool cut = offered.len > OFFERED_MAX;
    outside_warn(&acp->outside, "%s has no %s \"%s\" and goes on with %s; it has: %.*s%s",
        acp->agent.name, words[kind], wanted, current == NULL ? "its own" : current,
        STR_FMT(str_slice(offered, 0, cut ? OFFERED_MAX : offered.len)), cut ? " …" : "");
}

/* What it is to be set to; NULL: it is as it can be. */
static const char *next_value(struct acp *acp, enum offer_kind kind)
{
    bool older;
    struct acp_choice *choice = &acp->choices[kind];
    const char *wanted = choice->wanted != NULL ? choice->wanted : choice->first;
    if (wanted == NULL || same(wanted, choice->asked)) {
        return NULL;
    }
    mem_replace(&choice->asked, wanted);
    const cJSON *option = acp_find_offer(acp, kind, &older);
    const char *current = json_string(option, "currentValue");
    struct buf offered = BUF_INIT;
    const char *value = find_value(acp, kind, wanted, &offered);
    if (option == NULL) {
        outside_warn(&acp->outside, "%s does not let its %s be chosen here (%s): choose it there",
            acp->agent.name, words[kind], wanted);
    } else if (value == NULL) {
        say_not_there(acp, kind, wanted, current, buf_str(&offered));
    }
    buf_free(&offered);
    if (value == NULL || same(value, current)) {
        return NULL;
    }
    if (choice->first == NULL) {
        mem_replace(&choice->first, current);
    }
    mem_replace(&choice->value, value);
    if (kind == OFFER_MODEL) { /* each model has efforts of its own */
        mem_replace(&acp->choices[OFFER_EFFORT].asked, NULL);
    }
    return value;
}

bool acp_choose(struct acp *acp)
{
    for (size_t i = 0; i < OFFER_KINDS; i++) {
        const char *value = next_value(acp, (enum offer_kind)i);
        if (value != NULL) {
            acp->step = ACP_CHOOSING;
            ask(acp, (enum offer_kind)i, value, on_set);
            return true;
        }
    }
    return false;
}

bool acp_use_mode(struct acp *acp, const char *wanted, struct err *err)
{
    struct buf offered = BUF_INIT;
    const char *value = find_value(acp, OFFER_MODE, wanted, &offered);
    if (value == NULL && offered.len == 0) {
        err_set(err, ERR_NOT_FOUND,
            "%s offers no modes, or has not begun: it says which with the first prompt",
            acp->agent.name);
    } else if (value == NULL) {
        err_set(err, ERR_NOT_FOUND, "%s has no mode \"%s\"; it has: %s", acp->agent.name, wanted,
            offered.ptr);
    } else {
        mem_replace(&acp->choices[OFFER_MODE].wanted, value);
        mem_replace(&acp->choices[OFFER_MODE].asked, NULL);
        bool now = acp->prompting && acp->rpc != NULL && acp->step == ACP_READY;
        const char *next = now ? next_value(acp, OFFER_MODE) : NULL;
        if (next != NULL) {
            ask(acp, OFFER_MODE, next, on_set_meanwhile);
        }
    }
    buf_free(&offered);
    return value != NULL;
}

const char *acp_mode(const struct acp *acp)
{
    const struct acp_choice *choice = &acp->choices[OFFER_MODE];
    return choice->wanted == NULL  ? acp->mode
           : choice->asked == NULL ? choice->wanted
           : choice->value != NULL ? choice->value /* also while it is being set */
                                   : acp->mode;
}
