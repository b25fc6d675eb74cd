/* What the agent says of tokens and money: `usage_update` of protocol version 1 (how full its
 * window is, and what the whole session has cost so far), and the tokens that some agents give with
 * the end of a prompt. What the session had cost is remembered over a restart, for the next update
 * says it again. */
#include "acp/acp_private.h"

#include <stdlib.h>

/* Where the cost of its sessions is remembered. The caller frees. */
static char *kind_of(const struct acp *acp)
{
    return mem_printf("acp/%s/cost", acp->agent.name);
}

void acp_begin_spending(struct acp *acp, bool resumed)
{
    char *kind = kind_of(acp);
    char *known = resumed ? outside_known(kind, acp->ours) : NULL;
    acp->spent.says = false;
    acp->spent.known = !resumed || known != NULL;
    acp->spent.dollars = known == NULL ? 0 : strtod(known, NULL);
    acp->spent.held = acp->spent.window = 0;
    free(known);
    free(kind);
}

/* What the session has cost until now. */
static void take_cost(struct acp *acp, double dollars)
{
    acp->spent.says = true;
    if (acp->spent.known && dollars > acp->spent.dollars) {
        acp->spent.unsaid += dollars - acp->spent.dollars;
    }
    if (acp->spent.known && dollars == acp->spent.dollars) {
        return;
    }
    acp->spent.known = true;
    acp->spent.dollars = dollars;
    struct err err;
    char *kind = kind_of(acp);
    char *text = mem_printf("%.17g", dollars);
    if (!outside_remember(kind, acp->ours, text, &err)) {
        outside_warn(&acp->outside,
            "After a restart %s will not know what this session had cost: %s", acp->agent.name,
            err.text);
    }
    free(text);
    free(kind);
}

static void tell(struct acp *acp, struct usage usage)
{
    usage.has_cost = acp->spent.says;
    usage.dollars = acp->spent.unsaid;
    usage.held = acp->spent.held;
    usage.window = acp->spent.window;
    if (acp->outside.stream != NULL) {
        acp->spent.unsaid = 0;
        acp->spent.counted = acp->spent.counted || !usage.again;
        outside_emit(&acp->outside, &(struct event){.kind = EVENT_USAGE, .usage = usage});
    }
}

void acp_take_spending(struct acp *acp, const cJSON *update)
{
    const cJSON *cost = json_get(update, "cost");
    double dollars = json_number_or(cost, "amount", -1);
    if (dollars >= 0 && strcmp(json_string_or(cost, "currency", ""), "USD") == 0) {
        take_cost(acp, dollars);
    }
    long long window = json_int_or(update, "size", 0);
    if (window > 0) {
        acp->spent.held = json_int_or(update, "used", 0);
        acp->spent.window = window;
    }
    if (acp->prompting && !acp->stopping) { /* what it costs more is about a request */
        tell(acp, (struct usage){.again = !(acp->spent.unsaid > 0)});
    }
}

/* Ours count what was cached as a part of the input and reasoning as one of the output. Agents do,
 * or tell them beside these; which it is, their total says. */
static struct usage read_usage(const cJSON *usage)
{
    struct usage out = {.input_tokens = json_int_or(usage, "inputTokens", 0),
        .cached_tokens = json_int_or(usage, "cachedReadTokens", 0),
        .written_tokens = json_int_or(usage, "cachedWriteTokens", 0),
        .output_tokens = json_int_or(usage, "outputTokens", 0),
        .reasoning_tokens = json_int_or(usage, "thoughtTokens", 0)};
    long long beside = json_int_or(usage, "totalTokens", 0) - out.input_tokens - out.output_tokens;
    long long cache = out.cached_tokens + out.written_tokens;
    if (cache > 0 && beside >= cache) {
        out.input_tokens += cache;
        beside -= cache;
    }
    if (out.reasoning_tokens > 0 && beside >= out.reasoning_tokens) {
        out.output_tokens += out.reasoning_tokens;
    }
    return out;
}

void acp_take_usage(struct acp *acp, const cJSON *result)
{
    const cJSON *usage = json_get(result, "usage");
    const cJSON *quota = json_get_path(result, "_meta.quota.token_count"); /* Gemini's own */
    struct usage taken = {0};
    if (cJSON_IsObject(usage)) {
        taken = read_usage(usage);
    } else if (json_int_or(quota, "input_tokens", -1) >= 0) {
        taken.input_tokens = json_int_or(quota, "input_tokens", 0);
        taken.output_tokens = json_int_or(quota, "output_tokens", 0);
    } else {
        return;
    }
    taken.again = acp->spent.counted;
    /* A tool's result goes to the model with another request. */
    taken.partial = acp->agent.counts_last_request && acp->tools.len > 0;
    tell(acp, taken);
}
