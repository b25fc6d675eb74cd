/* What its session lets be chosen, by kind: `configOptions` of protocol version 1, where an option
 * says by its category (or, without one, by its id) what it is; and what went before them, `modes`
 * and `models`, which are kept in the same shape and asked for with a method of their own. An
 * agent may give both: configOptions go before, kind by kind. */
#include "acp/acp_private.h"
#include "base/safe.h"

#include <stdlib.h>
#include <strings.h>

enum { SHOWN = 200 };

/* The names of a kind: `category` and an `id` of configOptions; of what went before them the member
 * with the list, and the members of that. */
static const struct {
    const char *category, *id;
    const char *member, *list, *now, *key;
} kinds[OFFER_KINDS] = {
    [OFFER_MODEL] = {"model", "model", "models", "availableModels", "currentModelId", "modelId"},
    [OFFER_EFFORT] = {"thought_level", "effort", NULL, NULL, NULL, NULL},
    [OFFER_MODE] = {"mode", "mode", "modes", "availableModes", "currentModeId", "id"},
};

static bool is_kind(const cJSON *option, enum offer_kind kind)
{
    const char *category = json_string(option, "category");
    const char *id = json_string(option, "id");
    return id != NULL && strcmp(json_string_or(option, "type", ""), "select") == 0 &&
           (category != NULL ? strcmp(category, kinds[kind].category) == 0
                             : strcmp(id, kinds[kind].id) == 0);
}

const cJSON *acp_find_offer(const struct acp *acp, enum offer_kind kind, bool *older)
{
    const cJSON *const lists[] = {acp->offers, acp->older};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const cJSON *option;
        cJSON_ArrayForEach(option, lists[i])
        {
            if (is_kind(option, kind)) {
                *older = i > 0;
                return option;
            }
        }
    }
    *older = false;
    return NULL;
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

/* That an agent's mode may let it act without asking is in its words only: no member says so. */
static bool may_not_ask(const struct offer *offer)
{
    static const char *const words[] = {"bypass", "yolo", "full access", "full-access",
        "auto-approve", "auto-accept", "automatically", "auto review", "without asking",
        "without permission", "don't ask", "dontask", "never ask", "only ask", "skip",
        "unrestricted", "dangerous", "handles permission"};
    const char *const texts[] = {offer->id, offer->name, offer->about};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (size_t k = 0; texts[i] != NULL && k < ARRAY_LEN(words); k++) {
            if (strcasestr(texts[i], words[k]) != NULL) {
                return true;
            }
        }
    }
    return false;
}

bool acp_offered(const struct acp *acp, enum offer_kind kind, size_t index, struct offer *out)
{
    bool older;
    const cJSON *option = acp_find_offer(acp, kind, &older);
    const cJSON *value = value_at(json_get(option, "options"), &index);
    const char *now = json_string(option, "currentValue");
    *out = (struct offer){.id = json_string(value, "value"),
        .name = json_string(value, "name"),
        .about = json_string(value, "description")};
    if (out->id == NULL) {
        return false;
    }
    out->now = now != NULL && strcmp(now, out->id) == 0;
    out->may_not_ask = kind == OFFER_MODE && may_not_ask(out);
    return true;
}

/* ---- modes ---- */

/* Of the mode in force. */
static bool mode_now(const struct acp *acp, struct offer *out)
{
    for (size_t i = 0; acp_offered(acp, OFFER_MODE, i, out); i++) {
        if (out->now) {
            return true;
        }
    }
    return false;
}

/* What the engineer did not choose, and has to know of: a mode that may not ask, and each into
 * which the agent goes by itself. */
static void tell_mode(struct acp *acp)
{
    struct offer mode;
    if (!mode_now(acp, &mode)) {
        return;
    }
    bool begins = acp->mode == NULL;
    bool same = !begins && strcmp(acp->mode, mode.id) == 0;
    const struct acp_choice *choice = &acp->choices[OFFER_MODE];
    bool ours =
        choice->asked != NULL && choice->value != NULL && strcmp(choice->value, mode.id) == 0;
    char *kept = mem_strdup(mode.id);
    free(acp->mode);
    acp->mode = kept;
    if (same || ours || (begins && !mode.may_not_ask)) {
        return;
    }
    char *name = safe_dup(str_of(mode.name == NULL ? mode.id : mode.name), SAFE_ONE_LINE, SHOWN);
    char *about = safe_dup(str_of(mode.about == NULL ? "" : mode.about), SAFE_ONE_LINE, SHOWN);
    outside_tell(&acp->outside, "%s %s its mode \"%s\"%s%s%s%s", acp->agent.name,
        begins ? "works in" : "goes on in", name, about[0] == '\0' ? "" : " (", about,
        about[0] == '\0' ? "" : ")",
        mode.may_not_ask ? ", in which it may act without asking you, confined all the same; /mode "
                           "chooses another"
                         : "");
    free(about);
    free(name);
    if (!begins) { /* it is the agent's own choice now: none of before is asked for again */
        acp_forget_mode(acp);
    }
}

static void set_now(cJSON *list, enum offer_kind kind, const char *value)
{
    cJSON *option;
    cJSON_ArrayForEach(option, list)
    {
        if (is_kind(option, kind)) {
            cJSON_DeleteItemFromObjectCaseSensitive(option, "currentValue");
            json_set_string(option, "currentValue", value);
        }
    }
}

void acp_take_mode(struct acp *acp, const cJSON *update)
{
    const char *id = json_string(update, "currentModeId");
    id = id != NULL ? id : json_string(update, "modeId"); /* as its documentation has it */
    if (id != NULL) {
        set_now(acp->offers, OFFER_MODE, id);
        set_now(acp->older, OFFER_MODE, id);
        tell_mode(acp);
    }
}

void acp_take_set(struct acp *acp, enum offer_kind kind, const char *value)
{
    set_now(acp->older, kind, value);
}

/* ---- taking them ---- */

/* `models` and `modes` as options. */
static void take_older(struct acp *acp, const cJSON *from, enum offer_kind kind)
{
    const cJSON *list = json_get(json_get(from, kinds[kind].member), kinds[kind].list);
    const cJSON *item;
    if (!cJSON_IsArray(list)) {
        return;
    }
    cJSON *option = mem_require(cJSON_CreateObject());
    json_set_string(option, "id", kinds[kind].id);
    json_set_string(option, "type", "select");
    json_set_string(option, "currentValue",
        json_string_or(json_get(from, kinds[kind].member), kinds[kind].now, ""));
    cJSON *values = json_set_array(option, "options");
    cJSON_ArrayForEach(item, list)
    {
        const char *id = json_string(item, kinds[kind].key);
        if (id == NULL) {
            continue;
        }
        cJSON *value = mem_require(cJSON_CreateObject());
        json_set_string(value, "value", id);
        json_set_string(value, "name", json_string_or(item, "name", id));
        if (json_string(item, "description") != NULL) {
            json_set_string(value, "description", json_string(item, "description"));
        }
        cJSON_AddItemToArray(values, value);
    }
    if (acp->older == NULL) {
        acp->older = mem_require(cJSON_CreateArray());
    }
    cJSON_AddItemToArray(acp->older, option);
}

void acp_begin_offers(struct acp *acp, const cJSON *result)
{
    cJSON_Delete(acp->offers);
    cJSON_Delete(acp->older);
    acp->offers = acp->older = NULL;
    free(acp->mode);
    acp->mode = NULL;
    take_older(acp, result, OFFER_MODEL);
    take_older(acp, result, OFFER_MODE);
    acp_take_offers(acp, result);
}

void acp_take_offers(struct acp *acp, const cJSON *from)
{
    const cJSON *offers = json_get(from, "configOptions");
    if (cJSON_IsArray(offers)) {
        cJSON_Delete(acp->offers);
        acp->offers = mem_require(cJSON_Duplicate(offers, true));
    }
    tell_mode(acp);
}

void acp_free_offers(struct acp *acp)
{
    cJSON_Delete(acp->offers);
    cJSON_Delete(acp->older);
    free(acp->mode);
}
