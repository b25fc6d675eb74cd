/* Which profile and which model, as the engineer chooses and as [routing] has it for the task. */
#include "agent/workbench_private.h"

#include "base/safe.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { LOOK_BACK = 40, MODE_SHOWN = 40, ABOUT_SHOWN = 200 };

void workbench_load_routing(struct workbench *wb)
{
    struct buf problems = BUF_INIT;
    struct str line;
    routing_load(wb->config, &wb->routing, &problems);
    struct str rest = buf_str(&problems);
    while (str_next_line(&rest, &line)) {
        workbench_problem(wb, "%.*s", STR_FMT(line));
    }
    buf_free(&problems);
}

/* ---- the task at hand ---- */

static bool is_set(const struct workbench *wb, const char *key)
{
    return strcmp(config_origin(wb->config, key), "default") != 0;
}

/* Names of models mean something to who has them: the default table is for OpenAI's own server. */
static bool routes(const struct workbench *wb)
{
    bool can =
        wb->answers == ANSWERS_OPENAI ||
        (wb->routing.is_own && (wb->answers == ANSWERS_SERVER || wb->answers == ANSWERS_CODEX));
    return can && config_bool(wb->config, "auto_routing") && config_profile(wb->config) == NULL &&
           !is_set(wb, "model");
}

/* Of the last prompt that says what it wants. */
static const struct route *find_route(const struct workbench *wb)
{
    enum task task;
    const struct transcript *transcript = session_transcript(wb->session);
    size_t seen = 0;
    for (size_t i = transcript->len; i > 0 && seen < LOOK_BACK; i--) {
        const struct entry *entry = &transcript->items[i - 1];
        if (entry->kind == ENTRY_USER) {
            seen++;
            if (routing_guess(buf_str(&entry->text), &task)) {
                return &wb->routing.routes[task];
            }
        }
    }
    return NULL;
}

/* What is being typed has no say in a turn: a queued prompt, a mending. */
static const struct route *turn_route(const struct workbench *wb)
{
    return wb->session != NULL && routes(wb) ? find_route(wb) : NULL;
}

const struct route *workbench_route(const struct workbench *wb)
{
    enum task task;
    if (wb->session != NULL && session_state(wb->session) == SESSION_IDLE && routes(wb) &&
        routing_guess(str_of(session_draft(wb->session)), &task)) {
        return &wb->routing.routes[task];
    }
    return turn_route(wb);
}

const struct routing *workbench_routing(const struct workbench *wb)
{
    return &wb->routing;
}

/* ---- the names in force ---- */

/* Chosen for the agents that have a model of their own: not by what only Codex is set up with. */
static bool is_set_for_agent(const struct workbench *wb, const char *key)
{
    const char *origin = config_origin(wb->config, key);
    bool of_codex = false;
    for (size_t i = 0; config_profile(wb->config) == NULL && i < config_source_count(wb->config);
         i++) {
        struct config_source source = config_source_at(wb->config, i);
        size_t len = strlen(source.path);
        of_codex = of_codex || (source.whose == CONFIG_CODEX &&
                                   strncmp(origin, source.path, len) == 0 && origin[len] == ':');
    }
    return is_set(wb, key) && !of_codex;
}

struct spoken {
    const char *model, *effort; /* borrowed */
};

static struct spoken names_now(const struct workbench *wb, const struct route *route)
{
    const struct config *config = wb->config;
    struct spoken names = {wb->model, wb->effort};
    if (wb->answers == ANSWERS_NOBODY) {
        return names;
    }
    if (wb->answers == ANSWERS_AGENT) {
        names.model = is_set_for_agent(wb, "model") ? config_string(config, "model") : NULL;
        names.effort = is_set_for_agent(wb, "model_reasoning_effort")
                           ? config_string(config, "model_reasoning_effort")
                           : NULL;
        return names;
    }
    if (route != NULL) {
        return (struct spoken){route->model, route->effort != NULL ? route->effort : names.effort};
    }
    if (wb->answers != ANSWERS_FOUND && (wb->answers != ANSWERS_CODEX || is_set(wb, "model"))) {
        names.model = config_string(config, "model");
    }
    if (wb->answers == ANSWERS_OPENAI || is_set(wb, "model_reasoning_effort")) {
        names.effort = config_string(config, "model_reasoning_effort");
    }
    return names;
}

bool workbench_offered(
    const struct workbench *wb, enum offer_kind kind, size_t index, struct offer *out)
{
    *out = (struct offer){0};
    return wb->provider != NULL && provider_offered(wb->provider, kind, index, out);
}

/* False: it has none, or has not said. */
static bool find_mode(const struct workbench *wb, struct offer *out)
{
    const char *id = wb->provider == NULL ? NULL : provider_mode(wb->provider);
    for (size_t i = 0; id != NULL && workbench_offered(wb, OFFER_MODE, i, out); i++) {
        if (strcmp(out->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static char *mode_name(const struct offer *mode)
{
    return safe_dup(str_of(mode->name == NULL ? mode->id : mode->name), SAFE_ONE_LINE, MODE_SHOWN);
}

char *workbench_mode(const struct workbench *wb)
{
    struct offer mode;
    return find_mode(wb, &mode) ? mode_name(&mode) : NULL;
}

char *workbench_describe_mode(const struct workbench *wb)
{
    struct offer mode;
    if (!find_mode(wb, &mode)) {
        return NULL;
    }
    char *name = mode_name(&mode);
    char *about =
        safe_dup(str_of(mode.about == NULL ? "" : mode.about), SAFE_ONE_LINE, ABOUT_SHOWN);
    char *text = mem_printf("%s%s%s%s%s", name, about[0] == '\0' ? "" : " (", about,
        about[0] == '\0' ? "" : ")", mode.may_not_ask ? ", may not ask you" : "");
    free(about);
    free(name);
    return text;
}

bool workbench_use_mode(struct workbench *wb, const char *mode, struct err *err)
{
    if (wb->provider == NULL) {
        return err_set(err, ERR_CONFLICT, "No model has been found yet: it has no modes.");
    }
    bool ok = provider_use_mode(wb->provider, mode, err);
    if (ok) {
        workbench_tell(wb, WORKBENCH_PROVIDER);
    }
    return ok;
}

void workbench_give_provider(struct workbench *wb)
{
    if (wb->provider != NULL && wb->listed) {
        struct spoken names = names_now(wb, turn_route(wb));
        provider_show(wb->provider, session_id(wb->session));
        session_set_provider(wb->session, wb->provider, names.model, names.effort);
    }
}

static void show_names(struct workbench *wb)
{
    struct spoken names = names_now(wb, workbench_route(wb));
    const char *agent = wb->answers == ANSWERS_CODEX   ? "Codex"
                        : wb->answers == ANSWERS_AGENT ? wb->label
                                                       : NULL;
    free(wb->model_shown);
    if (wb->provider->is_recording) {
        wb->model_shown = mem_strdup("recording");
    } else if (names.model == NULL) {
        wb->model_shown = mem_strdup(agent != NULL ? agent : "no model");
    } else {
        wb->model_shown = mem_printf("%s%s%s%s%s", agent == NULL ? "" : agent,
            agent == NULL ? "" : " ", names.model, names.effort == NULL ? "" : " ",
            names.effort == NULL ? "" : names.effort);
    }
}

const char *workbench_model(struct workbench *wb)
{
    if (wb->provider == NULL) {
        return "choosing a model";
    }
    show_names(wb);
    return wb->model_shown;
}

const char *workbench_profile(const struct workbench *wb)
{
    return config_profile(wb->config);
}

const char *workbench_hooks_profile(const struct workbench *wb)
{
    return wb->route_said == NULL ? config_profile(wb->config) : wb->route_said->profile;
}

char *workbench_why(const struct workbench *wb)
{
    const struct route *route = workbench_route(wb);
    const char *profile = config_profile(wb->config);
    if (wb->provider != NULL && wb->provider->is_recording) {
        return mem_strdup("a recorded session answers");
    }
    if (route != NULL) {
        return mem_printf("to %s: %s", route->title, route->reason);
    }
    const char *origin = config_origin(wb->config, "model");
    if (wb->answers == ANSWERS_AGENT && !is_set_for_agent(wb, "model")) {
        origin = "default"; /* what is set is for Codex */
    }
    bool by_hand = origin[0] == '$' || origin[0] == '-' || strcmp(origin, CONFIG_PICKED) == 0;
    if (profile != NULL && !by_hand) {
        return mem_printf("profile %s, %s", profile, config_profile_origin(wb->config, profile));
    }
    return strcmp(origin, "default") == 0 ? mem_strdup("nothing else was chosen")
                                          : mem_strdup(origin);
}

/* ---- choosing ---- */

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Another server is chosen between turns only: what Codex waits for is answered to Codex. */
static void follow(struct workbench *wb)
{
    bool other = wb->select != NULL || wb->answers == ANSWERS_FOUND ||
                 !same(wb->provider_wanted, config_string(wb->config, "model_provider"));
    if (other && session_state(wb->session) == SESSION_IDLE) {
        workbench_choose_again(wb);
    } else if (other) {
        wb->choose_again = true;
    } else {
        workbench_give_provider(wb);
    }
    workbench_tell(wb, WORKBENCH_PROVIDER);
}

/* What is confined from now on may have as much as the profile in force says. */
void workbench_use_bounds(const struct workbench *wb)
{
    confined_use_bounds(
        config_integer(wb->config, "sandbox_memory"), config_integer(wb->config, "sandbox_disk"));
}

/* Until the next turn asks for a task again. */
static void forget_route(struct workbench *wb)
{
    wb->route_said = NULL;
    config_tighten(wb->config, NULL);
    workbench_use_bounds(wb);
}

bool workbench_use_profile(struct workbench *wb, const char *name, struct err *err)
{
    if (!config_pick_profile(wb->config, name, err)) {
        return false;
    }
    forget_route(wb);
    follow(wb);
    return true;
}

const char *workbench_why_no_choice(const struct workbench *wb)
{
    return workbench_is_recording(wb) ? "A recorded session answers: it has no other model." : NULL;
}

bool workbench_use_model(
    struct workbench *wb, const char *model, const char *effort, struct err *err)
{
    if (effort != NULL && !config_accepts("model_reasoning_effort", effort)) {
        return err_set(err, ERR_INVALID, "the effort \"%s\" is not known; accepted: %s", effort,
            config_accepted("model_reasoning_effort"));
    }
    const char *fixed = workbench_why_no_choice(wb);
    if (fixed != NULL) {
        return err_set(err, ERR_CONFLICT, "%s", fixed);
    }
    forget_route(wb);
    config_pick(wb->config, "model", model);
    if (effort != NULL || model == NULL) {
        config_pick(wb->config, "model_reasoning_effort", effort);
    }
    follow(wb);
    return true;
}

void model_words(struct str text, char **model, char **effort)
{
    size_t blank = str_find_char(text, ' ', 0);
    *model = str_dup(str_slice(text, 0, blank == SIZE_MAX ? text.len : blank));
    *effort = blank == SIZE_MAX ? NULL : str_dup(str_trim(str_from(text, blank)));
}

/* ---- before a turn ---- */

/* What the turn will be answered by and why, when [routing] chose it anew. */
static void say_route(struct workbench *wb, const struct route *route)
{
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    buf_printf(&entry.text, "%s%s%s, to %s: %s.", route->model, route->effort == NULL ? "" : " ",
        route->effort == NULL ? "" : route->effort, route->title, route->reason);
    session_add_entry(wb->session, entry);
}

/* A bound that cannot hold is said once for each model, where somebody asked for it. */
static void say_unbounded(struct workbench *wb)
{
    const char *model = session_model(wb->session);
    const struct price *price = workbench_price(wb, model);
    bool is_priced = price != NULL && price->known;
    const struct spend *spend = session_spend(wb->session);
    bool is_counted = spend->uncounted + spend->partial == 0;
    bool can_hold = (is_priced && is_counted) || !is_set(wb, "max_cost");
    can_hold = can_hold && (is_counted || !is_set(wb, "max_tokens"));
    char *said = mem_printf("%s%s", is_counted ? "" : "uncounted ", model == NULL ? "" : model);
    if (can_hold || same(said, wb->unbounded_said)) {
        free(said);
        return;
    }
    free(wb->unbounded_said);
    wb->unbounded_said = said;
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    if (is_counted) {
        buf_printf(&entry.text,
            "The price of %s is not known: max_cost cannot hold this prompt, max_tokens does.",
            model == NULL ? "the model" : model);
    } else {
        buf_append_c(&entry.text,
            "Not every answer so far came with a count of its tokens: max_tokens and max_cost hold "
            "only those that do, max_turns holds all.");
    }
    session_add_entry(wb->session, entry);
}

void workbench_before_turn(void *data)
{
    struct workbench *wb = data;
    const struct route *route = turn_route(wb);
    config_tighten(wb->config, route == NULL ? NULL : route->profile);
    workbench_use_bounds(wb);
    workbench_give_provider(wb);
    say_unbounded(wb);
    if (route != NULL && route != wb->route_said) {
        say_route(wb, route);
    }
    wb->route_said = route;
}
