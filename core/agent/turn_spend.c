/* What a prompt takes in tokens and money, and where it stops. */
#include "agent/journal.h"
#include "agent/session_private.h"

static const struct price *price_now(const struct session *session)
{
    const struct session_setup *setup = &session->setup;
    return setup->price == NULL ? NULL : setup->price(setup->data, session->model);
}

static void record_usage(
    struct session *session, const struct usage *usage, const struct price *price)
{
    double dollars;
    cJSON *record = cJSON_CreateObject();
    json_set_int(record, "input", usage->input_tokens);
    json_set_int(record, "cached", usage->cached_tokens);
    json_set_int(record, "output", usage->output_tokens);
    json_set_int(record, "reasoning", usage->reasoning_tokens);
    if (usage->written_tokens > 0) {
        json_set_int(record, "written", usage->written_tokens);
    }
    if (usage->again) {
        json_set_bool(record, "again", true);
    }
    if (usage->partial) {
        json_set_bool(record, "partial", true);
    }
    if (usage->window > 0) {
        json_set_int(record, "held", usage->held);
        json_set_int(record, "window", usage->window);
    }
    if (session->model != NULL) {
        json_set_string(record, "model", session->model);
    }
    if (price_cost(price, usage, &dollars)) {
        json_set_number(record, "dollars", dollars);
    }
    session_record(session, "usage", record, false);
}

static void take_context(struct session *session, const struct usage *usage)
{
    session->context_tokens =
        usage->window > 0 ? usage->held : usage->input_tokens + usage->output_tokens;
    session->agent_window = usage->window;
    session->context_is_old = false;
}

void turn_expect_usage(struct session *session)
{
    session->answer_began = session->answer_counted = false;
}

void turn_take_usage(struct session *session, const struct usage *usage)
{
    bool counts = usage->input_tokens >= 0 && usage->output_tokens >= 0 &&
                  usage->input_tokens + usage->output_tokens > 0;
    if (!counts && !usage->has_cost && usage->window == 0) {
        return; /* no request takes nothing: the server has not counted */
    }
    const struct price *price = price_now(session);
    session->answer_counted = session->answer_counted || counts || usage->has_cost;
    spend_add(&session->spend, usage, price);
    spend_add(&session->turn_spend, usage, price);
    take_context(session, usage);
    record_usage(session, usage, price);
    struct err ignored;
    if (session->stream_provider->ops->decide != NULL && !turn_may_go_on(session, &ignored)) {
        loop_timer_start(session->halt, 0, 0);
    }
}

void turn_note_uncounted(struct session *session)
{
    cJSON *record = cJSON_CreateObject();
    session->answer_counted = true;
    session->spend.uncounted++;
    session->turn_spend.uncounted++;
    session->context_is_old = true;
    json_set_bool(record, "uncounted", true);
    session_record(session, "usage", record, false);
}

void turn_end_usage(struct session *session, bool whole)
{
    /* An agent that only hears what became of its patch answers nothing. */
    bool answers = whole && session->stream_provider->ops->decide == NULL;
    if ((answers || session->answer_began) && !session->answer_counted &&
        !session->stream_provider->is_recording) {
        turn_note_uncounted(session);
    }
}

static bool is_uncounted(const cJSON *record)
{
    return json_bool_or(record, "uncounted", false);
}

static struct usage add_recorded(struct spend *spend, const cJSON *record)
{
    double dollars = json_number_or(record, "dollars", -1);
    struct usage usage = {.input_tokens = json_int_or(record, "input", 0),
        .cached_tokens = json_int_or(record, "cached", 0),
        .output_tokens = json_int_or(record, "output", 0),
        .reasoning_tokens = json_int_or(record, "reasoning", 0),
        .written_tokens = json_int_or(record, "written", 0),
        .has_cost = dollars >= 0, /* what it cost then, whatever the table says today */
        .dollars = dollars,
        .again = json_bool_or(record, "again", false),
        .partial = json_bool_or(record, "partial", false),
        .held = json_int_or(record, "held", 0),
        .window = json_int_or(record, "window", 0)};
    if (is_uncounted(record)) {
        spend->uncounted++;
        return usage;
    }
    spend_add(spend, &usage, NULL);
    return usage;
}

void turn_replay_usage(struct session *session, const cJSON *record)
{
    struct usage usage = add_recorded(&session->spend, record);
    (void)add_recorded(&session->turn_spend, record);
    if (is_uncounted(record)) {
        session->context_is_old = true;
    } else {
        take_context(session, &usage);
    }
}

static void add_record(void *data, const cJSON *record)
{
    (void)add_recorded(data, record);
}

struct spend session_read_spend(const char *workspace, const char *id)
{
    struct spend spend = {0};
    journal_each(workspace, id, "usage", add_record, &spend);
    return spend;
}

/* Of a budget for more than this prompt. */
static void describe_spent(const struct spend *spend, struct err *err)
{
    struct buf used = BUF_INIT;
    money_append(&used, spend->dollars);
    if (spend->requests > 0) {
        buf_append_c(&used, ", a request about ");
        money_append(&used, spend->dollars / spend->requests);
    }
    err_set(err, ERR_LIMIT, "Stopped at --max-cost: this session has taken %s.", used.ptr);
    buf_free(&used);
}

static bool is_within(struct session *session, unsigned requests, struct err *err)
{
    const struct session_setup *setup = &session->setup;
    const struct spend *spend = &session->turn_spend;
    struct turn_bounds bounds = {.requests = 60, .dollars = -1};
    struct buf used = BUF_INIT;
    struct buf bound = BUF_INIT;
    const char *name = NULL;
    if (setup->bounds != NULL) {
        setup->bounds(setup->data, &bounds);
    }
    if (bounds.spent) {
        describe_spent(&session->spend, err);
        return false;
    }
    if (requests >= bounds.requests) {
        name = "max_turns";
        buf_printf(&used, "%u request%s to the model", requests, requests == 1 ? "" : "s");
        buf_printf(&bound, "%u", bounds.requests);
    } else if (bounds.tokens > 0 && spend_tokens(spend) >= bounds.tokens) {
        name = "max_tokens";
        tokens_append(&used, spend_tokens(spend));
        buf_append_c(&used, " tokens");
        tokens_append(&bound, bounds.tokens);
    } else if (bounds.dollars >= 0 && spend->dollars > 0 && spend->dollars >= bounds.dollars) {
        name = "max_cost";
        money_append(&used, spend->dollars);
        money_append(&bound, bounds.dollars);
    }
    if (name != NULL) {
        err_set(err, ERR_LIMIT,
            "Stopped: this prompt has taken %s and %s is %s. Trying again, or another prompt, goes "
            "on with as much again; config.toml or a profile sets %s.",
            used.ptr, name, bound.ptr, name);
    }
    buf_free(&used);
    buf_free(&bound);
    return name == NULL;
}

bool turn_within_bounds(struct session *session, struct err *err)
{
    return is_within(session, session->requests, err);
}

/* An agent with a loop of its own makes many requests of what is one for us. */
bool turn_may_go_on(struct session *session, struct err *err)
{
    return is_within(session, session->turn_spend.requests, err);
}
