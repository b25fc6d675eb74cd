/* The model and the effort that the engineer chose, told to an agent that lets them be chosen:
 * `configOptions` of its session and session/set_config_option, of protocol version 1 (the option's
 * category is "model" or "thought_level"; the older session/set_model is no part of it any more).
 * What cannot be chosen is said in one line, and the agent goes on with what it has. */
#include "acp/acp_private.h"
#include "base/vec.h"

#include <stdlib.h>
#include <strings.h>

enum { SET_MS = 60000, OFFERED_MAX = 300 };

static const struct {
    const char *category, *word;
} kinds[ACP_CHOICES] = {{"model", "model"}, {"thought_level", "effort"}};

static void set(char **into, const char *text)
{
    char *copy = mem_strdup(text);
    free(*into);
    *into = copy;
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- what it offers ---- */

static const cJSON *find_option(const struct acp *acp, const char *category)
{
    const cJSON *option;
    cJSON_ArrayForEach(option, acp->offers)
    {
        if (same(json_string(option, "category"), category) &&
            same(json_string(option, "type"), "select") && json_string(option, "id") != NULL) {
            return option;
        }
    }
    return NULL;
}

/* "gpt-5.5" is also openai/gpt-5.5, and a name as people read it. */
static bool is_meant(const cJSON *value, const char *wanted)
{
    const char *id = json_string_or(value, "value", "");
    const char *last = strrchr(id, '/');
    return strcmp(id, wanted) == 0 || (last != NULL && strcmp(last + 1, wanted) == 0) ||
           strcasecmp(json_string_or(value, "name", ""), wanted) == 0;
}

/* The id of the value that is meant; an exact one goes before. Values may stand in groups. NULL:
 * none. `offered` gets the ids. */
static const char *find_value(const cJSON *values, const char *wanted, struct buf *offered)
{
    const char *found = NULL;
    const cJSON *value;
    cJSON_ArrayForEach(value, values)
    {
        const cJSON *group = json_get(value, "options");
        const char *id = json_string(value, "value");
        const char *here = NULL;
        if (cJSON_IsArray(group)) {
            here = find_value(group, wanted, offered);
        } else if (id != NULL) {
            here = is_meant(value, wanted) ? id : NULL;
            buf_printf(offered, "%s%s", offered->len > 0 ? ", " : "", id);
        }
        if (here != NULL && (found == NULL || strcmp(here, wanted) == 0)) {
            found = here;
        }
    }
    return found;
}

/* Counts `index` down; groups are taken apart. */
static const cJSON *value_at(const cJSON *values, size_t *index)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, values)
    {
        const cJSON *group = json_get(value, "options");
        const cJSON *found = cJSON_IsArray(group) ? value_at(group, index) : NULL;
        if (found != NULL) {
            return found;
        }
        if (!cJSON_IsArray(group) && json_string(value, "value") != NULL && (*index)-- == 0) {
            return value;
        }
    }
    return NULL;
}

const char *acp_offered(const struct acp *acp, size_t index, const char **name)
{
    const cJSON *option = find_option(acp, kinds[ACP_MODEL].category);
    const cJSON *value = value_at(json_get(option, "options"), &index);
    *name = json_string(value, "name");
    return json_string(value, "value");
}

void acp_take_offers(struct acp *acp, const cJSON *from)
{
    const cJSON *offers = json_get(from, "configOptions");
    if (cJSON_IsArray(offers)) {
        cJSON_Delete(acp->offers);
        acp->offers = mem_require(cJSON_Duplicate(offers, true));
    }
}

void acp_forget_choices(struct acp *acp)
{
    for (size_t i = 0; i < ACP_CHOICES; i++) {
        set(&acp->choices[i].asked, NULL);
        set(&acp->choices[i].first, NULL);
    }
}

void acp_free_choices(struct acp *acp)
{
    acp_forget_choices(acp);
    for (size_t i = 0; i < ACP_CHOICES; i++) {
        set(&acp->choices[i].wanted, NULL);
    }
    cJSON_Delete(acp->offers);
}

void acp_want(struct acp *acp, const char *model, const char *effort)
{
    set(&acp->choices[ACP_MODEL].wanted, model);
    set(&acp->choices[ACP_EFFORT].wanted, effort);
}

/* ---- asking for it ---- */

static void on_set(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    if (answer->status == RPC_GONE) { /* on_end says it */
        return;
    }
    acp->step = ACP_READY;
    if (answer->status == RPC_ANSWERED) {
        acp_take_offers(acp, answer->result);
    } else {
        outside_warn(&acp->outside, "%s goes on as it was: %s", acp->agent.name, answer->message);
    }
    acp_go_on(acp);
}

static void ask(struct acp *acp, const cJSON *option, const char *value)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "sessionId", acp->session);
    json_set_string(params, "configId", json_string(option, "id"));
    json_set_string(params, "value", value);
    acp->step = ACP_CHOOSING;
    rpc_call(acp->rpc, "session/set_config_option", params, SET_MS, on_set, acp);
}

/* True: it was asked for. */
static bool choose(struct acp *acp, enum acp_choice_kind kind)
{
    struct acp_choice *choice = &acp->choices[kind];
    const char *wanted = choice->wanted != NULL ? choice->wanted : choice->first;
    if (wanted == NULL || same(wanted, choice->asked)) {
        return false;
    }
    set(&choice->asked, wanted);
    const cJSON *option = find_option(acp, kinds[kind].category);
    const char *current = json_string(option, "currentValue");
    struct buf offered = BUF_INIT;
    const char *value = find_value(json_get(option, "options"), wanted, &offered);
    bool asks = value != NULL && !same(value, current);
    if (option == NULL) {
        outside_warn(&acp->outside, "%s does not let its %s be chosen here (%s): choose it there",
            acp->agent.name, kinds[kind].word, wanted);
    } else if (value == NULL) {
        bool cut = offered.len > OFFERED_MAX;
        outside_warn(&acp->outside, "%s has no %s \"%s\" and goes on with %s; it has: %.*s%s",
            acp->agent.name, kinds[kind].word, wanted, current == NULL ? "its own" : current,
            STR_FMT(str_slice(buf_str(&offered), 0, cut ? OFFERED_MAX : offered.len)),
            cut ? " …" : "");
    }
    if (asks) {
        if (choice->first == NULL) {
            set(&choice->first, current);
        }
        if (kind == ACP_MODEL) { /* each model has efforts of its own */
            set(&acp->choices[ACP_EFFORT].asked, NULL);
        }
        ask(acp, option, value);
    }
    buf_free(&offered);
    return asks;
}

bool acp_choose(struct acp *acp)
{
    return choose(acp, ACP_MODEL) || choose(acp, ACP_EFFORT);
}
