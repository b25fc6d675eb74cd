/* Which profile and which model answer, and why. */
#include "plain/plain_private.h"

#include <stdlib.h>

void plain_say_model(struct plain *plain)
{
    const char *profile = workbench_profile(plain->wb);
    if (workbench_is_recording(plain->wb)) {
        plain_say(plain, "Model: recording; what it says is a replayed session, type prompts for "
                         "what it knows.");
    } else {
        char *why = workbench_why(plain->wb);
        plain_say(plain, "Model: %s, %s.", workbench_model(plain->wb), why);
        free(why);
    }
    char *mode = workbench_describe_mode(plain->wb);
    if (mode != NULL) {
        plain_say(plain, "Mode: %s.", mode);
    }
    free(mode);
    if (profile != NULL) {
        char *says = config_describe_profile(workbench_config(plain->wb), profile);
        plain_say(plain, "Profile: %s: %s.", profile, says);
        free(says);
    }
}

static void append_price(const struct plain *plain, const char *model, struct buf *out)
{
    price_describe(prices_find(workbench_prices(plain->wb), model), out);
}

static void list_profiles(struct plain *plain)
{
    const struct config *config = workbench_config(plain->wb);
    for (size_t i = 0; i < config_profile_count(config); i++) {
        const char *name = config_profile_at(config, i);
        char *says = config_describe_profile(config, name);
        struct buf price = BUF_INIT;
        append_price(plain, config_profile_value(config, name, "model"), &price);
        plain_say(plain, "%s%s: %s; a million tokens %s.", name,
            name == workbench_profile(plain->wb) ? ", in force" : "", says, price.ptr);
        buf_free(&price);
        free(says);
    }
    if (config_profile_count(config) == 0) {
        plain_say(plain, "There is no profile: write [profiles.NAME] in config.toml.");
    } else {
        plain_say(plain, "Type profile and a name, or profile none.");
    }
}

bool plain_profile(struct plain *plain, struct str args, struct err *err)
{
    if (args.len == 0) {
        list_profiles(plain);
        return true;
    }
    char *name = str_dup(args);
    bool ok = workbench_use_profile(plain->wb, str_equal_c(args, "none") ? NULL : name, err);
    free(name);
    if (ok) {
        plain_say(plain, "From the next request on:");
        plain_say_model(plain);
    }
    return ok;
}

static void list_models(struct plain *plain)
{
    const struct routing *routing = workbench_routing(plain->wb);
    plain_say_model(plain);
    struct offer model;
    for (size_t i = 0; workbench_offered(plain->wb, OFFER_MODEL, i, &model); i++) {
        plain_say(plain, "The agent offers: %s%s%s%s.", model.id, model.name == NULL ? "" : ", ",
            model.name == NULL ? "" : model.name, model.now ? ", in force" : "");
    }
    if (workbench_offered(plain->wb, OFFER_MODEL, 0, &model)) { /* no others can be had there */
        return;
    }
    for (size_t i = 0; i < TASK_COUNT; i++) {
        const struct route *route = &routing->routes[i];
        struct buf price = BUF_INIT;
        append_price(plain, route->model, &price);
        plain_say(plain, "To %s: %s%s%s, %s; a million tokens %s.", route->title, route->model,
            route->effort == NULL ? "" : " ", route->effort == NULL ? "" : route->effort,
            route->reason, price.ptr);
        buf_free(&price);
    }
}

bool plain_model(struct plain *plain, struct str args, struct err *err)
{
    if (args.len == 0) {
        list_models(plain);
        return true;
    }
    char *model;
    char *effort;
    model_words(args, &model, &effort);
    bool ok = workbench_use_model(plain->wb, model, effort, err);
    free(model);
    free(effort);
    if (ok) {
        plain_say(plain, "From the next request on:");
        plain_say_model(plain);
    }
    return ok;
}

static bool list_modes(struct plain *plain, struct err *err)
{
    struct offer mode;
    for (size_t i = 0; workbench_offered(plain->wb, OFFER_MODE, i, &mode); i++) {
        struct str about = str_of(mode.about == NULL ? "" : mode.about);
        about.len -= str_ends(about, "."); /* the line ends with its own */
        plain_say(plain, "Mode %s: %s%s%.*s%s%s.", mode.id, mode.name == NULL ? mode.id : mode.name,
            about.len == 0 ? "" : ", ", STR_FMT(about),
            mode.may_not_ask ? "; it may act without asking you" : "",
            mode.now ? "; in force" : "");
    }
    if (!workbench_offered(plain->wb, OFFER_MODE, 0, &mode)) {
        return err_set(err, ERR_NOT_FOUND,
            "No modes are known: an agent that speaks ACP may have some, and says which with the "
            "first prompt.");
    }
    plain_say(plain, "In each it is confined, and what it changes waits for review. Type mode and "
                     "a name.");
    return true;
}

bool plain_mode(struct plain *plain, struct str args, struct err *err)
{
    if (args.len == 0) {
        return list_modes(plain, err);
    }
    char *name = str_dup(args);
    bool ok = workbench_use_mode(plain->wb, name, err);
    char *mode = ok ? workbench_describe_mode(plain->wb) : NULL;
    free(name);
    if (ok) {
        plain_say(plain, "The agent goes on in its mode %s.", mode == NULL ? "" : mode);
    }
    free(mode);
    return ok;
}
