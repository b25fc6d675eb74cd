/* What prompts may take, what they take, and what is left. */
#include "agent/workbench_private.h"

#include "base/path.h"

#include <stdlib.h>

/* A replay costs nothing. */
static const struct price replayed = {.known = true};

void workbench_load_prices(struct workbench *wb)
{
    struct buf problems = BUF_INIT;
    struct str line;
    wb->prices = prices_of(wb->config, &problems);
    struct str rest = buf_str(&problems);
    while (str_next_line(&rest, &line)) {
        workbench_problem(wb, "%.*s", STR_FMT(line));
    }
    buf_free(&problems);
}

void workbench_bounds(void *data, struct turn_bounds *out)
{
    const struct workbench *wb = data;
    out->requests = (unsigned)config_integer(wb->config, "max_turns");
    out->tokens = config_integer(wb->config, "max_tokens");
    out->dollars = config_number(wb->config, "max_cost");
    if (wb->options.has_budget) {
        out->dollars = -1;
    }
    out->spent = wb->options.spent != NULL && wb->options.spent(wb->options.data);
}

const struct price *workbench_price(void *data, const char *model)
{
    const struct workbench *wb = data;
    return workbench_is_recording(wb) ? &replayed : prices_find(wb->prices, model);
}

long long workbench_window(void *data, const char *model)
{
    const struct workbench *wb = data;
    const struct price *price = prices_find(wb->prices, model);
    bool is_default = strcmp(config_origin(wb->config, "context_window"), "default") == 0;
    return is_default && price != NULL && price->context > 0
               ? price->context
               : config_integer(wb->config, "context_window");
}

const struct prices *workbench_prices(const struct workbench *wb)
{
    return wb->prices;
}

void workbench_describe_spend(const struct workbench *wb, struct buf *out)
{
    const struct price *price = workbench_price((void *)wb, session_model(wb->session));
    const struct spend *turn = session_turn_spend(wb->session);
    const struct spend *all = session_spend(wb->session);
    buf_append_c(out, "This prompt  ");
    spend_describe(turn, out);
    buf_append_c(out, "\nIn all       ");
    spend_describe(all, out);
    if (all->requests > 0) {
        buf_printf(out, "\nTokens       %lld in (%lld cached), %lld out (%lld reasoning)",
            all->usage.input_tokens, all->usage.cached_tokens, all->usage.output_tokens,
            all->usage.reasoning_tokens);
    }
    if (all->partial > 0) {
        buf_printf(out,
            "\n             of %u answer%s the agent told those of its last request only",
            all->partial, all->partial == 1 ? "" : "s");
    }
    buf_append_c(out, "\nPrice        ");
    if (price == &replayed) {
        buf_append_c(out, "nothing: a recording is replayed");
    } else if ((price == NULL || !price->known) && all->requests > 0 && all->unpriced == 0) {
        buf_append_c(out, "as the agent says what it cost");
    } else {
        price_describe(price, out);
        if (price != NULL && price->known && price->as_of != NULL) {
            buf_printf(out, " a million tokens%s, as of %s", price->is_own ? " (yours)" : "",
                price->as_of);
        }
    }
    buf_append_c(out, "\nContext      ");
    workbench_describe_context(wb, out);
    if (session_held_tokens(wb->session) == 0) {
        buf_append_c(out, "nothing was sent yet");
    }
    char *limits = wb->provider == NULL ? NULL : provider_limits(wb->provider);
    if (limits != NULL) {
        buf_printf(out, "\nIts limits   %s", limits);
        free(limits);
    }
    buf_printf(out, "\nBounds       ");
    struct turn_bounds bounds;
    workbench_bounds((void *)wb, &bounds);
    tokens_append(out, bounds.tokens);
    buf_append_c(out, " tokens, ");
    money_append(out, bounds.dollars);
    buf_printf(out, ", %u requests a prompt\n", bounds.requests);
}

void workbench_describe_context(const struct workbench *wb, struct buf *out)
{
    long long window = session_window_tokens(wb->session);
    long long held = session_held_tokens(wb->session);
    if (held == 0) {
        return;
    }
    if (workbench_is_recording(wb)) { /* whatever it was recorded from */
        tokens_append(out, held);
        buf_append_c(out, " tokens held");
        return;
    }
    buf_printf(out, "%s%lld%% left (", session_held_is_counted(wb->session) ? "" : "about ",
        (window > held ? window - held : 0) * 100 / window);
    tokens_append(out, held);
    buf_append_c(out, " of ");
    tokens_append(out, window);
    buf_append_c(out, ")");
}
