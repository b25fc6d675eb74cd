/* One turn: requests to the model, its events, the tools it calls, until it has nothing more to
 * call. */
#include "agent/session_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum { CALLS_MAX = 64, SIDE_BY_SIDE_MAX = 8 };

static void on_event(void *data, const struct event *event);

static void free_call(struct call *call)
{
    free(call->call_id);
    free(call->given_id);
    free(call->name);
    free(call->arguments);
    buf_free(&call->result);
    buf_free(&call->hook_says);
    free(call);
}

void turn_clear_calls(struct session *session)
{
    VEC_FOREACH (struct call *, at, &session->calls) {
        struct call *call = *at;
        if (call->run != NULL && session->setup.toolbox != NULL) {
            session->setup.toolbox->ops->cancel(call->run);
        }
        if (call->hook != NULL) {
            hook_run_cancel(call->hook);
        }
        free_call(call);
    }
    VEC_FREE(&session->calls);
}

static void close_open_entries(struct session *session, enum entry_status status)
{
    if (status == ENTRY_STOPPED) {
        turn_stop_activities(session);
    }
    if (session->open_reasoning != 0) {
        session_end_entry(session, session->open_reasoning, status);
        session->open_reasoning = 0;
    }
    if (session->open_text != 0) {
        struct entry *entry = session_entry(session, session->open_text);
        VEC_PUSH(&session->pending,
            (struct item){.kind = ITEM_ASSISTANT, .text = str_dup(buf_str(&entry->text))});
        session_end_entry(session, session->open_text, status);
        session->open_text = 0;
    }
}

/* The text of the answer so far belongs to the conversation also when the rest never came. */
static void keep_half_answer(struct session *session)
{
    struct entry *entry = session_entry(session, session->open_text);
    if (entry != NULL && entry->text.len > 0) {
        struct item item = {.kind = ITEM_ASSISTANT, .text = str_dup(buf_str(&entry->text))};
        session_add_item(session, item);
        session_add_item(session,
            (struct item){.kind = ITEM_USER,
                .text = mem_strdup(
                    "[The engineer interrupted the answer above before it was complete.]")});
    }
}

/* Results join the conversation in the order of the calls, whichever ended first. */
static void answer_call(struct session *session, struct call *call)
{
    call->answered = true;
    session_add_item(session, (struct item){.kind = ITEM_TOOL_RESULT,
                                  .failed = call->failed,
                                  .call_id = mem_strdup(call->call_id),
                                  .text = str_dup(buf_str(&call->result))});
}

static void answer_finished_calls(struct session *session)
{
    VEC_FOREACH (struct call *, at, &session->calls) {
        if (!(*at)->finished) {
            return;
        }
        if (!(*at)->answered) {
            answer_call(session, *at);
        }
    }
}

/* A conversation with a call and no result is refused by both protocols. */
static void answer_unfinished_calls(struct session *session, const char *text)
{
    VEC_FOREACH (struct call *, at, &session->calls) {
        struct call *call = *at;
        if (!call->finished) {
            call->finished = call->failed = true;
            buf_append_c(&call->result, text);
            session_end_entry(session, call->entry, ENTRY_STOPPED);
        }
    }
    answer_finished_calls(session);
}

void turn_stop(struct session *session, enum entry_status status)
{
    loop_timer_stop(session->later);
    turn_hooks_cancel(session);
    compact_stop(session);
    if (session->stream != NULL) {
        provider_cancel(session->stream_provider, session->stream);
        session->stream = NULL;
        turn_end_usage(session, false);
        if (status == ENTRY_STOPPED) {
            keep_half_answer(session);
        }
        VEC_FOREACH (struct call *, at, &session->calls) {
            session_end_entry(session, (*at)->entry, ENTRY_STOPPED);
        }
    } else {
        answer_unfinished_calls(session, "Interrupted by the engineer before this call had run.");
    }
    close_open_entries(session, status);
    items_free(&session->pending);
    turn_clear_calls(session);
}

bool turn_take_queued(struct session *session)
{
    if (session->queue.len == 0) {
        return false;
    }
    struct queued next = session->queue.items[0];
    VEC_REMOVE(&session->queue, 0);
    session_queue_record(session);
    session_take_prompt(session, str_of(next.text), next.feedback);
    free(next.text);
    session_set_state(session, SESSION_WAITING);
    loop_timer_start(session->later, 0, 0);
    return true;
}

static void record_turn(struct session *session, bool running)
{
    cJSON *record = cJSON_CreateObject();
    json_set_bool(record, "running", running);
    if (running && session->goes_on) {
        json_set_bool(record, "goes_on", true);
    }
    session_record(session, "turn", record, false);
}

/* The turn is over, well or not: the workbench looks at what it proposed. */
void turn_over(struct session *session)
{
    record_turn(session, false);
    session_set_state(session, SESSION_IDLE);
    if (session->setup.on_turn_end != NULL) {
        session->setup.on_turn_end(session->setup.data);
    }
}

void turn_end(struct session *session)
{
    if (!turn_take_queued(session)) {
        session->ended_well = true;
        turn_over(session);
    }
}

void turn_end_held(struct session *session)
{
    session->ended_well = false;
    if (!turn_take_queued(session)) {
        turn_over(session);
    }
}

static void fail(struct session *session, const struct err *err, bool retryable)
{
    close_open_entries(session, ENTRY_STOPPED);
    VEC_FOREACH (struct call *, at, &session->calls) {
        session_end_entry(session, (*at)->entry, ENTRY_STOPPED);
    }
    items_free(&session->pending);
    turn_clear_calls(session);
    struct entry entry = {.kind = ENTRY_ERROR, .status = ENTRY_FAILED, .can_retry = retryable};
    buf_append_c(&entry.text, err->text);
    session_begin_entry(session, entry);
    turn_over(session);
}

void turn_halt(struct session *session)
{
    struct err err;
    if (session->stream != NULL && !turn_may_go_on(session, &err)) {
        session->at_bound = true;
        turn_stop(session, ENTRY_STOPPED);
        fail(session, &err, false);
    }
}

void turn_begin(struct session *session)
{
    session->ended_well = session->at_bound = false;
    session_forget_failures(session);
    record_turn(session, true);
    if (session->setup.before_turn != NULL) {
        session->setup.before_turn(session->setup.data);
    }
    if (!session->goes_on) {
        session->requests = 0;
        session->turn_spend = (struct spend){0};
    }
    if (!turn_hooks_begin(session)) {
        turn_request(session);
    }
}

void turn_request(struct session *session)
{
    struct err err;
    if (!turn_within_bounds(session, &err)) {
        session->at_bound = true;
        fail(session, &err, true);
        return;
    }
    if (compact_is_due(session)) {
        compact_begin(session, true); /* and comes back here */
        return;
    }
    session->requests++;
    const struct session_setup *setup = &session->setup;
    char *files = NULL;
    char *instructions =
        setup->instructions == NULL ? NULL : setup->instructions(setup->data, &files);
    struct request request = {
        .instructions = instructions,
        .files = files,
        .items = &session->items,
        .model = session->model,
        .effort = session->effort,
        .output_schema = setup->output_schema,
        .cache_key = session_id(session),
    };
    if (setup->toolbox != NULL) {
        request.tools = setup->toolbox->ops->specs(setup->toolbox, &request.tool_count);
    }
    session->stream_provider = setup->provider;
    compact_note_request(session, &request);
    turn_expect_usage(session);
    session->stream = provider_start(setup->provider, &request, on_event, session, &err);
    free(instructions);
    free(files);
    if (session->stream == NULL) {
        fail(session, &err, true);
    } else {
        session_set_state(session, SESSION_WAITING);
    }
}

/* ---- tools ---- */

static void pump_calls(struct session *session);

static void on_tool_done(void *data, struct str output, bool failed)
{
    struct call *call = data;
    call->run = NULL;
    call->failed = failed;
    buf_append_str(&call->result, output);
    if (!turn_hooks_after(call)) {
        turn_finish_call(call);
    }
}

void turn_finish_call(struct call *call)
{
    struct session *session = call->session;
    call->finished = true;
    turn_hooks_say(call);
    struct entry *entry = session_entry(session, call->entry);
    if (entry != NULL) {
        entry->duration_us = loop_now_us() - call->started_us;
    }
    session_reset_entry(session, call->entry, buf_str(&call->result));
    session_end_entry(session, call->entry, call->failed ? ENTRY_FAILED : ENTRY_DONE);
    answer_finished_calls(session);
    pump_calls(session);
}

/* For the eyes: what the model is told comes at the end. */
static void on_tool_part(void *data, struct str text)
{
    struct call *call = data;
    if (call->streamed) {
        session_grow_entry(call->session, call->entry, text);
    } else {
        call->streamed = true;
        session_reset_entry(call->session, call->entry, text);
        session_entry(call->session, call->entry)->is_output = true;
    }
}

void turn_run_call(struct call *call)
{
    struct toolbox *toolbox = call->session->setup.toolbox;
    call->run =
        toolbox->ops->start(toolbox, call->name, str_of(call->arguments), on_tool_done, call);
    if (toolbox->ops->listen != NULL) {
        toolbox->ops->listen(call->run, on_tool_part);
    }
}

static bool start_call(struct session *session, struct call *call)
{
    struct toolbox *toolbox = session->setup.toolbox;
    call->started = true;
    call->started_us = loop_now_us();
    if (!turn_hooks_before(call)) {
        turn_run_call(call);
    }
    return toolbox->ops->is_exclusive(toolbox, call->name);
}

/* Starts what may run now: read-only calls side by side, an exclusive one alone. */
static void pump_calls(struct session *session)
{
    struct toolbox *toolbox = session->setup.toolbox;
    bool all_finished = true;
    size_t running = 0;
    for (size_t i = 0; i < session->calls.len; i++) {
        struct call *call = session->calls.items[i];
        if (call->finished) {
            continue;
        }
        bool exclusive = toolbox->ops->is_exclusive(toolbox, call->name);
        if ((exclusive && !all_finished) || running == SIDE_BY_SIDE_MAX) {
            return;
        }
        all_finished = false;
        running++;
        if (!call->started && start_call(session, call)) {
            return;
        }
        if (exclusive) {
            return;
        }
    }
    if (all_finished) {
        turn_clear_calls(session);
        turn_request(session);
    }
}

/* The one that is being written. */
static struct call *find_call(struct session *session, const char *call_id)
{
    VEC_FOREACH (struct call *, at, &session->calls) {
        if ((*at)->arguments == NULL && strcmp((*at)->given_id, call_id) == 0) {
            return *at;
        }
    }
    return NULL;
}

/* Each result must find its call. The caller frees. */
static char *own_id(const struct session *session, const char *call_id)
{
    VEC_FOREACH (struct call *, at, &session->calls) {
        if (strcmp((*at)->given_id, call_id) == 0) {
            return mem_printf("%s_%zu", call_id, session->calls.len + 1);
        }
    }
    return mem_strdup(call_id);
}

static struct call *add_call(struct session *session, const struct event *event)
{
    close_open_entries(session, ENTRY_DONE);
    struct call *call = MEM_NEW(struct call);
    call->session = session;
    call->call_id = own_id(session, event->call_id);
    call->given_id = mem_strdup(event->call_id);
    call->name = mem_strdup(event->name == NULL ? "" : event->name);
    struct entry entry = {.kind = ENTRY_TOOL, .status = ENTRY_OPEN, .name = mem_strdup(call->name)};
    call->entry = session_begin_entry(session, entry);
    VEC_PUSH(&session->calls, call);
    return call;
}

static void on_call_part(struct session *session, const struct event *event)
{
    struct call *call = find_call(session, event->call_id);
    if (call == NULL && session->calls.len < CALLS_MAX) {
        call = add_call(session, event);
    }
    if (call != NULL && event->text.len > 0) {
        session_grow_entry(session, call->entry, event->text);
    }
}

static void on_call(struct session *session, const struct event *event)
{
    struct call *call = find_call(session, event->call_id);
    if (call == NULL && session->calls.len < CALLS_MAX) {
        call = add_call(session, event);
    }
    if (call == NULL) {
        return; /* past the bound: never joins the conversation, so the model repeats it or not */
    }
    struct toolbox *toolbox = session->setup.toolbox;
    close_open_entries(session, ENTRY_DONE);
    call->arguments = str_dup(event->text);
    struct entry *entry = session_entry(session, call->entry);
    if (toolbox != NULL && entry != NULL) {
        free(entry->detail);
        entry->detail = toolbox->ops->describe(toolbox, call->name, event->text);
        cJSON *record = cJSON_CreateObject();
        json_set_int(record, "id", call->entry);
        json_set_string(record, "detail", entry->detail);
        session_record(session, "detail", record, false);
    }
    session_reset_entry(session, call->entry, event->text);
    VEC_PUSH(&session->pending, (struct item){.kind = ITEM_TOOL_CALL,
                                    .call_id = mem_strdup(call->call_id),
                                    .name = mem_strdup(call->name),
                                    .text = str_dup(event->text)});
}

/* ---- events ---- */

static void on_text(struct session *session, struct str text)
{
    if (session->open_reasoning != 0) {
        close_open_entries(session, ENTRY_DONE);
    }
    if (session->open_text == 0) {
        struct entry entry = {.kind = ENTRY_ASSISTANT, .status = ENTRY_OPEN};
        session->open_text = session_begin_entry(session, entry);
    }
    session_grow_entry(session, session->open_text, text);
}

static void on_reasoning(struct session *session, struct str text)
{
    if (session->open_text != 0) {
        close_open_entries(session, ENTRY_DONE);
    }
    if (session->open_reasoning == 0) {
        struct entry entry = {.kind = ENTRY_REASONING, .status = ENTRY_OPEN};
        session->open_reasoning = session_begin_entry(session, entry);
    }
    session_grow_entry(session, session->open_reasoning, text);
}

static void on_reasoning_done(struct session *session, const struct event *event)
{
    close_open_entries(session, ENTRY_DONE);
    if (event->opaque != NULL) {
        VEC_PUSH(&session->pending, (struct item){.kind = ITEM_REASONING,
                                        .text = str_dup(event->text),
                                        .opaque = mem_strdup(event->opaque)});
    }
}

static void add_notice(struct session *session, struct str text)
{
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    buf_append_str(&entry.text, text);
    session_begin_entry(session, entry);
}

/* A new try of the same request starts from nothing: what half came is marked as such. */
static void on_retry(struct session *session, const struct event *event)
{
    close_open_entries(session, ENTRY_STOPPED);
    VEC_FOREACH (struct call *, at, &session->calls) {
        session_end_entry(session, (*at)->entry, ENTRY_STOPPED);
    }
    turn_clear_calls(session);
    items_free(&session->pending);
    turn_end_usage(session, false);
    turn_expect_usage(session);
    add_notice(session, event->text);
    session->retry_at_ms = loop_now_ms() + event->retry_ms;
    session_set_state(session, SESSION_RETRYING);
}

static void on_done(struct session *session, enum stop_reason stop)
{
    session->stream = NULL;
    close_open_entries(session, ENTRY_DONE);
    turn_stop_activities(session);
    if (stop != STOP_TOOL_CALLS || !session->stream_provider->counts_later) {
        turn_end_usage(session, true);
    }
    VEC_FOREACH (struct item, item, &session->pending) {
        session_add_item(session, *item);
    }
    VEC_FREE(&session->pending);
    if (stop == STOP_LENGTH) {
        add_notice(session, STR_LIT("The answer was cut: the model reached its output limit."));
    } else if (stop == STOP_FILTER) {
        add_notice(session, STR_LIT("The answer was cut by the provider's content filter."));
    }
    /* A call announced but never completed has no arguments to run with. */
    for (size_t i = session->calls.len; i > 0; i--) {
        struct call *call = session->calls.items[i - 1];
        if (call->arguments == NULL) {
            session_end_entry(session, call->entry, ENTRY_STOPPED);
            free_call(call);
            VEC_REMOVE(&session->calls, i - 1);
        }
    }
    if (session->calls.len > 0 && session->setup.toolbox != NULL) {
        session_set_state(session, SESSION_TOOLS);
        pump_calls(session);
    } else {
        turn_clear_calls(session);
        if (!turn_hooks_end(session)) {
            turn_end(session);
        }
    }
}

static bool is_part_of_answer(const struct event *event)
{
    return event->kind == EVENT_TEXT || event->kind == EVENT_REASONING ||
           event->kind == EVENT_TOOL_CALL_PART || event->kind == EVENT_TOOL_CALL ||
           event->kind == EVENT_ACTIVITY;
}

static void on_event(void *data, const struct event *event)
{
    struct session *session = data;
    session->answer_began = session->answer_began || is_part_of_answer(event);
    if (event->kind != EVENT_ERROR && event->kind != EVENT_RETRY && event->kind != EVENT_DONE &&
        session->state != SESSION_STREAMING) {
        session_set_state(session, SESSION_STREAMING);
    }
    switch (event->kind) {
    case EVENT_STARTED:
        break;
    case EVENT_TEXT:
        on_text(session, event->text);
        break;
    case EVENT_REASONING:
        on_reasoning(session, event->text);
        break;
    case EVENT_REASONING_DONE:
        on_reasoning_done(session, event);
        break;
    case EVENT_TOOL_CALL_PART:
        on_call_part(session, event);
        break;
    case EVENT_TOOL_CALL:
        on_call(session, event);
        break;
    case EVENT_ACTIVITY:
        close_open_entries(session, ENTRY_DONE);
        turn_begin_activity(session, event);
        break;
    case EVENT_ACTIVITY_PART:
        turn_grow_activity(session, event);
        break;
    case EVENT_ACTIVITY_DONE:
        turn_end_activity(session, event);
        break;
    case EVENT_APPROVAL:
        close_open_entries(session, ENTRY_DONE);
        turn_ask(session, event);
        break;
    case EVENT_UNASK:
        turn_unask(session, event->call_id);
        break;
    case EVENT_USAGE:
        turn_take_usage(session, &event->usage);
        break;
    case EVENT_WARNING:
        add_notice(session, event->text);
        break;
    case EVENT_RETRY:
        on_retry(session, event);
        break;
    case EVENT_ERROR:
        session->stream = NULL;
        turn_end_usage(session, false);
        /* What no waiting mends (a key, a missing model) a person can mend, and then try again. */
        fail(session, &event->error, true);
        break;
    case EVENT_DONE:
        on_done(session, event->stop);
        break;
    }
}
