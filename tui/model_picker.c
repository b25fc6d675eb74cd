#include "model_picker.h"

#include "base/safe.h"
#include "base/vec.h"
#include "widget/picker.h"

#include <stdlib.h>

/* Values, price and reason in one line, where there is room. */
enum { LIST_COLS = 112, NAME_SHOWN = 80, ABOUT_SHOWN = 200 };

struct row {
    char *text;
    char *detail;
    char *model; /* or a profile; NULL: none, as the configuration has it */
    char *effort;
};

struct choosing {
    struct app *app;
    struct workbench *wb;
    struct {
        struct row *items;
        size_t len, cap;
    } rows;
};

static void item(void *data, size_t index, struct picker_item *out)
{
    struct choosing *choosing = data;
    out->text = str_of(choosing->rows.items[index].text);
    out->detail = str_of(choosing->rows.items[index].detail);
    out->detail_first = true;
}

static void destroy(void *data)
{
    struct choosing *choosing = data;
    VEC_FOREACH (struct row, row, &choosing->rows) {
        free(row->text);
        free(row->detail);
        free(row->model);
        free(row->effort);
    }
    VEC_FREE(&choosing->rows);
    free(choosing);
}

static char *price_text(const struct choosing *choosing, const char *model)
{
    struct buf out = BUF_INIT;
    price_describe_short(prices_find(workbench_prices(choosing->wb), model), &out);
    return buf_take(&out);
}

static void say_choice(struct choosing *choosing)
{
    char *why = workbench_why(choosing->wb);
    app_message(choosing->app, MESSAGE_INFO, "From the next request on: %s (%s)",
        workbench_model(choosing->wb), why);
    free(why);
}

static struct choosing *begin(struct app *app, struct workbench *wb)
{
    struct choosing *choosing = MEM_NEW(struct choosing);
    choosing->app = app;
    choosing->wb = wb;
    return choosing;
}

/* ---- profiles ---- */

static void profile_chosen(void *data, size_t index, struct str query)
{
    struct choosing *choosing = data;
    struct err err;
    if (index == PICKER_NONE) {
        app_message(choosing->app, MESSAGE_WARNING,
            "no profile is called \"%.*s\": write [profiles.%.*s] in config.toml", STR_FMT(query),
            STR_FMT(query));
    } else if (workbench_use_profile(choosing->wb, choosing->rows.items[index].model, &err)) {
        say_choice(choosing);
    } else {
        app_message(choosing->app, MESSAGE_ERROR, "%s", err.text);
    }
}

/* "policy  gpt-5.5, high, approval …, to generate Rego": what it says, and what [routing] has it
 * for. */
static char *profile_text(const struct choosing *choosing, const char *name)
{
    const struct routing *routing = workbench_routing(choosing->wb);
    struct buf out = BUF_INIT;
    char *says = config_describe_profile(workbench_config(choosing->wb), name);
    buf_printf(&out, "%s  %s", name, says);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        const struct route *route = &routing->routes[i];
        if (route->profile != NULL && strcmp(route->profile, name) == 0) {
            buf_printf(&out, ", to %s", route->title);
        }
    }
    free(says);
    return buf_take(&out);
}

void profile_picker_open(struct app *app, struct workbench *wb)
{
    struct choosing *choosing = begin(app, wb);
    const struct config *config = workbench_config(wb);
    const char *now = config_profile(config);
    size_t first = 0;
    struct row none = {.text = mem_strdup("no profile"),
        .detail = mem_strdup(now == NULL ? "now" : "as the settings have it")};
    VEC_PUSH(&choosing->rows, none);
    for (size_t i = 0; i < config_profile_count(config); i++) {
        const char *name = config_profile_at(config, i);
        char *price = price_text(choosing, config_profile_value(config, name, "model"));
        struct row row = {.text = profile_text(choosing, name),
            .detail = mem_printf("%s%s", now == name ? "now " : "", price),
            .model = mem_strdup(name)};
        VEC_PUSH(&choosing->rows, row);
        first = now == name ? choosing->rows.len - 1 : first;
        free(price);
    }
    struct picker_options options = {.title = "Profile; $ in/out a million tokens",
        .hint = "[profiles.NAME] of config.toml and of Codex",
        .count = choosing->rows.len,
        .cols = LIST_COLS,
        .first = first,
        .item = item,
        .chosen = profile_chosen,
        .destroy = destroy,
        .data = choosing};
    picker_open(app, &options);
}

/* ---- models ---- */

static void use_model(struct choosing *choosing, const char *model, const char *effort)
{
    struct err err;
    if (workbench_use_model(choosing->wb, model, effort, &err)) {
        say_choice(choosing);
    } else {
        app_message(choosing->app, MESSAGE_ERROR, "%s", err.text);
    }
}

static void model_chosen(void *data, size_t index, struct str query)
{
    struct choosing *choosing = data;
    if (index != PICKER_NONE) {
        use_model(choosing, choosing->rows.items[index].model, choosing->rows.items[index].effort);
    } else if (query.len > 0) { /* one that is in no table */
        char *name = str_dup(str_trim(query));
        use_model(choosing, name, NULL);
        free(name);
    }
}

static void add_routes(struct choosing *choosing)
{
    const struct routing *routing = workbench_routing(choosing->wb);
    const struct route *now = workbench_route(choosing->wb);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        const struct route *route = &routing->routes[i];
        char *price = price_text(choosing, route->model);
        struct row row = {
            .text = mem_printf("%s %s  to %s: %s", route->model,
                route->effort == NULL ? "" : route->effort, route->title, route->reason),
            .detail = mem_printf("%s%s", now == route ? "now " : "", price),
            .model = mem_strdup(route->model),
            .effort = mem_strdup(route->effort)};
        VEC_PUSH(&choosing->rows, row);
        free(price);
    }
}

static void add_models(struct choosing *choosing)
{
    const struct prices *prices = workbench_prices(choosing->wb);
    for (size_t i = 0; i < prices_count(prices); i++) {
        const struct price *price = prices_at(prices, i);
        char *says = price_text(choosing, price->model);
        struct buf text = BUF_INIT;
        buf_printf(&text, "%s", price->model);
        if (price->context > 0) {
            buf_append_c(&text, "  holds ");
            tokens_append(&text, price->context);
            buf_append_c(&text, " tokens");
        }
        struct row row = {
            .text = buf_take(&text), .detail = says, .model = mem_strdup(price->model)};
        VEC_PUSH(&choosing->rows, row);
    }
}

/* The models that an agent of its own has said it has: no others can be had there. */
static void add_offered(struct choosing *choosing)
{
    struct offer model;
    for (size_t i = 0; workbench_offered(choosing->wb, OFFER_MODEL, i, &model); i++) {
        char *id = safe_dup(str_of(model.id), SAFE_ONE_LINE, NAME_SHOWN);
        char *called = safe_dup(
            str_of(model.name == NULL || strcmp(model.name, model.id) == 0 ? "" : model.name),
            SAFE_ONE_LINE, NAME_SHOWN);
        const char *last = strrchr(model.id, '/'); /* opencode's are PROVIDER/MODEL */
        char *price = price_text(choosing, last == NULL ? model.id : last + 1);
        struct row row = {.text = mem_printf("%s  %s", id, called),
            .detail = mem_printf("%s%s", model.now ? "now " : "", price),
            .model = mem_strdup(model.id)};
        free(price);
        VEC_PUSH(&choosing->rows, row);
        free(called);
        free(id);
    }
}

void model_picker_open(struct app *app, struct workbench *wb)
{
    struct choosing *choosing = begin(app, wb);
    char *why = workbench_why(wb);
    struct row configured = {.text = mem_strdup("as the configuration has it"),
        .detail = mem_printf("now %s: %s", workbench_model(wb), why)};
    VEC_PUSH(&choosing->rows, configured);
    struct offer first;
    bool offers = workbench_offered(wb, OFFER_MODEL, 0, &first);
    if (offers) {
        add_offered(choosing);
    } else {
        add_routes(choosing);
        add_models(choosing);
    }
    struct picker_options options = {.title = "Model; $ in/out a million tokens",
        .hint = offers ? "the models that the agent offers"
                       : "or the name of any other model your server has",
        .count = choosing->rows.len,
        .cols = LIST_COLS,
        .item = item,
        .chosen = model_chosen,
        .destroy = destroy,
        .data = choosing};
    picker_open(app, &options);
    free(why);
}

/* ---- modes ---- */

void mode_say(struct app *app, struct workbench *wb)
{
    char *mode = workbench_describe_mode(wb);
    app_message(app, MESSAGE_INFO, "The agent goes on in its mode %s", mode == NULL ? "" : mode);
    free(mode);
}

static void mode_chosen(void *data, size_t index, struct str query)
{
    struct choosing *choosing = data;
    struct err err;
    if (index == PICKER_NONE) {
        app_message(
            choosing->app, MESSAGE_WARNING, "the agent has no mode \"%.*s\"", STR_FMT(query));
    } else if (workbench_use_mode(choosing->wb, choosing->rows.items[index].model, &err)) {
        mode_say(choosing->app, choosing->wb);
    } else {
        app_message(choosing->app, MESSAGE_ERROR, "%s", err.text);
    }
}

void mode_picker_open(struct app *app, struct workbench *wb)
{
    struct choosing *choosing = begin(app, wb);
    struct offer mode;
    size_t first = 0;
    for (size_t i = 0; workbench_offered(wb, OFFER_MODE, i, &mode); i++) {
        char *name =
            safe_dup(str_of(mode.name == NULL ? mode.id : mode.name), SAFE_ONE_LINE, NAME_SHOWN);
        char *about =
            safe_dup(str_of(mode.about == NULL ? "" : mode.about), SAFE_ONE_LINE, ABOUT_SHOWN);
        struct row row = {.text = mem_printf("%s  %s", name, about),
            .detail = mem_printf(
                "%s%s", mode.now ? "now " : "", mode.may_not_ask ? "⚠ may not ask you" : ""),
            .model = mem_strdup(mode.id)};
        VEC_PUSH(&choosing->rows, row);
        first = mode.now ? i : first;
        free(about);
        free(name);
    }
    struct picker_options options = {.title = "Mode of the agent",
        .hint = "in the agent's words; confined and reviewed in each",
        .count = choosing->rows.len,
        .cols = LIST_COLS,
        .first = first,
        .item = item,
        .chosen = mode_chosen,
        .destroy = destroy,
        .data = choosing};
    picker_open(app, &options);
}
