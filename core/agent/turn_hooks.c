/* The engineer's hooks in a turn: before its first request, around each tool, at its end. */
#include "agent/session_private.h"

#include "base/vec.h"

#include <stdlib.h>

/* A Stop hook that is never content would spend without end. */
enum { SENT_ON_MAX = 3 };

/* An agent with tools of its own hears of hooks when its turn is over, as a message. */
static bool has_own_tools(const struct session *session)
{
    const struct provider *provider = session->setup.provider;
    return provider != NULL && (provider->reads_instructions || provider->tells_itself);
}

/* ---- what is shown ---- */

static void add_notices(struct session *session, struct str text)
{
    struct str line;
    while (str_next_line(&text, &line)) {
        if (str_trim(line).len > 0) {
            struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
            buf_append_str(&entry.text, line);
            session_begin_entry(session, entry);
        }
    }
}

static void show(struct session *session, enum moment moment, struct str text, bool failed)
{
    if (text.len == 0) {
        return;
    }
    struct entry entry = {.kind = ENTRY_TOOL,
        .status = failed ? ENTRY_FAILED : ENTRY_DONE,
        .name = mem_strdup("hook"),
        .detail =
            mem_printf("%s%s", moment_name(moment), failed ? " says no" : " tells the agent")};
    buf_append_str(&entry.text, text);
    session_begin_entry(session, entry);
}

static void show_all(
    struct session *session, enum moment moment, const struct hook_outcome *outcome)
{
    add_notices(session, buf_str(&outcome->failures));
    add_notices(session, buf_str(&outcome->shown));
    show(session, moment, buf_str(&outcome->context), false);
    show(session, moment, buf_str(&outcome->reason), true);
}

/* What hooks tell the agent joins the conversation as a message of its own. */
static void tell(struct session *session, enum moment moment, struct str text)
{
    if (text.len == 0) {
        return;
    }
    struct item item = {.kind = ITEM_USER,
        .text = mem_printf(
            "[A %s hook of the engineer's says:]\n%.*s", moment_name(moment), STR_FMT(text))};
    if (moment == MOMENT_SESSION_START || moment == MOMENT_PROMPT) {
        session_add_item_before(session, item); /* what was asked comes last */
    } else {
        session_add_item(session, item);
    }
}

/* ---- before the first request ---- */

/* The prompt never reaches the model: it leaves the conversation again. */
void turn_hold_prompt(struct session *session)
{
    size_t len = session->items.len;
    if (len > 0 && session->items.items[len - 1].kind == ITEM_USER) {
        item_free(&session->items.items[len - 1]);
        session->items.len--;
    }
}

static void hold_back(struct session *session, enum moment moment, struct str reason)
{
    turn_hold_prompt(session);
    session_record(session, "held", cJSON_CreateObject(), true);
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    buf_append_c(&entry.text, "The prompt was not sent");
    if (reason.len > 0) {
        buf_printf(&entry.text, ": a %s hook says: %.*s", moment_name(moment), STR_FMT(reason));
    } else {
        buf_append_char(&entry.text, '.');
    }
    session_begin_entry(session, entry);
}

/* What was told at the start waits until the prompt is known to stay. */
static void send_prompt(struct session *session, struct str context)
{
    tell(session, MOMENT_SESSION_START, buf_str(&session->hooks.start));
    tell(session, MOMENT_PROMPT, context);
    buf_clear(&session->hooks.start);
    turn_request(session);
}

static bool start(struct session *session, const struct hook_event *event,
    void (*done)(void *data, struct hook_outcome *outcome))
{
    session->hooks.run = hook_run_start(session->setup.hooks, event, done, session);
    return session->hooks.run != NULL;
}

static void on_prompt(void *data, struct hook_outcome *outcome);

static bool start_prompt(struct session *session)
{
    const struct items *items = &session->items;
    bool fresh = session->hooks.fresh && items->len > 0;
    session->hooks.fresh = false;
    struct hook_event event = {.moment = MOMENT_PROMPT,
        .text = fresh ? str_of(items->items[items->len - 1].text) : (struct str){0}};
    session->hooks.holds_prompt = fresh && start(session, &event, on_prompt);
    return session->hooks.holds_prompt;
}

/* True: the prompt stays. */
static bool take_opening(
    struct session *session, enum moment moment, const struct hook_outcome *outcome)
{
    session->hooks.run = NULL;
    session->hooks.holds_prompt = false;
    show_all(session, moment, outcome);
    if (outcome->blocked) {
        hold_back(session, moment, buf_str(&outcome->reason));
        turn_end_held(session);
    }
    return !outcome->blocked;
}

static void on_prompt(void *data, struct hook_outcome *outcome)
{
    struct session *session = data;
    if (take_opening(session, MOMENT_PROMPT, outcome)) {
        send_prompt(session, buf_str(&outcome->context));
    }
}

static void on_session_start(void *data, struct hook_outcome *outcome)
{
    struct session *session = data;
    session->hooks.started = !outcome->blocked;
    if (take_opening(session, MOMENT_SESSION_START, outcome)) {
        buf_append_str(&session->hooks.start, buf_str(&outcome->context));
        if (!start_prompt(session)) {
            send_prompt(session, (struct str){0});
        }
    }
}

bool turn_hooks_begin(struct session *session)
{
    if (session->setup.hooks == NULL) {
        return false;
    }
    hook_runner_reload(session->setup.hooks);
    session->hooks.sent_on = 0;
    size_t len = session->items.len;
    bool prompt = len > 0 && session->items.items[len - 1].kind == ITEM_USER;
    struct hook_event event = {
        .moment = MOMENT_SESSION_START, .source = len > 1 ? "resume" : "startup"};
    bool runs = false;
    if (!session->hooks.started && prompt) {
        session->hooks.started = true;
        runs = start(session, &event, on_session_start);
        session->hooks.holds_prompt = runs;
    }
    runs = runs || start_prompt(session);
    if (runs) {
        session_set_state(session, SESSION_WAITING);
    }
    return runs;
}

/* ---- around a tool ---- */

static char *with_command(const char *arguments, struct str command)
{
    cJSON *json = json_parse(str_of(arguments), NULL);
    static const char *const keys[] = {"command", "input"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (json_string(json, keys[i]) != NULL) {
            cJSON_DeleteItemFromObjectCaseSensitive(json, keys[i]);
            json_set_str(json, keys[i], command);
            char *text = json_print(json);
            cJSON_Delete(json);
            return text;
        }
    }
    cJSON_Delete(json);
    return str_dup(command);
}

static void on_before(void *data, struct hook_outcome *outcome)
{
    struct call *call = data;
    struct session *session = call->session;
    call->hook = NULL;
    add_notices(session, buf_str(&outcome->failures));
    add_notices(session, buf_str(&outcome->shown));
    show(session, MOMENT_BEFORE_TOOL, buf_str(&outcome->context), false);
    buf_append_str(&call->hook_says, buf_str(&outcome->context));
    if (outcome->blocked) {
        call->failed = true;
        buf_printf(&call->result, "Blocked by a PreToolUse hook of the engineer's: %.*s",
            STR_FMT(buf_str(&outcome->reason)));
        turn_finish_call(call);
        return;
    }
    if (outcome->has_input) {
        char *changed = with_command(call->arguments, buf_str(&outcome->input));
        free(call->arguments);
        call->arguments = changed;
        add_notices(session, STR_LIT("A PreToolUse hook changed what the agent asked for."));
    }
    turn_run_call(call);
}

bool turn_hooks_before(struct call *call)
{
    struct session *session = call->session;
    struct hook_event event = {.moment = MOMENT_BEFORE_TOOL,
        .tool = call->name,
        .call_id = call->call_id,
        .input = str_of(call->arguments)};
    call->hook = session->setup.hooks == NULL
                     ? NULL
                     : hook_run_start(session->setup.hooks, &event, on_before, call);
    return call->hook != NULL;
}

static void on_after(void *data, struct hook_outcome *outcome)
{
    struct call *call = data;
    struct session *session = call->session;
    call->hook = NULL;
    show_all(session, MOMENT_AFTER_TOOL, outcome);
    if (outcome->blocked) {
        buf_clear(&call->result);
        buf_append_str(&call->result, buf_str(&outcome->reason));
    }
    buf_append_c(&call->hook_says, call->hook_says.len > 0 ? "\n" : "");
    buf_append_str(&call->hook_says, buf_str(&outcome->context));
    turn_finish_call(call);
}

/* Codex writes an accepted patch to the scratch copy itself: its hooks run once the turn is over.
 */
bool turn_hooks_after(struct call *call)
{
    struct session *session = call->session;
    if (session->setup.hooks == NULL || has_own_tools(session) || call->failed) {
        return false;
    }
    struct hook_event event = {.moment = MOMENT_AFTER_TOOL,
        .tool = call->name,
        .call_id = call->call_id,
        .input = str_of(call->arguments),
        .output = buf_str(&call->result)};
    call->hook = hook_run_start(session->setup.hooks, &event, on_after, call);
    return call->hook != NULL;
}

void turn_hooks_say(struct call *call)
{
    struct str says = str_trim(buf_str(&call->hook_says));
    if (says.len > 0) {
        buf_printf(&call->result, "\n\n[A hook of the engineer's says:]\n%.*s", STR_FMT(says));
    }
}

/* ---- at the end ---- */

static struct str last_words(const struct session *session)
{
    const struct transcript *transcript = &session->transcript;
    for (size_t i = transcript->len; i > 0; i--) {
        const struct entry *entry = &transcript->items[i - 1];
        if (entry->kind == ENTRY_ASSISTANT) {
            return buf_str(&entry->text);
        }
        if (entry->kind == ENTRY_USER) {
            break;
        }
    }
    return (struct str){0};
}

/* The agent goes on with what a hook says, a few times. */
static bool send_on(struct session *session, enum moment moment, struct str text)
{
    if (text.len == 0) {
        return false;
    }
    if (session->hooks.sent_on >= SENT_ON_MAX) {
        char *line =
            mem_printf("A %s hook wants the agent to go on. It went on %d times and stops here.",
                moment_name(moment), SENT_ON_MAX);
        add_notices(session, str_of(line));
        free(line);
        return false;
    }
    session->hooks.sent_on++;
    tell(session, moment, text);
    turn_request(session);
    return true;
}

static void on_stop(void *data, struct hook_outcome *outcome)
{
    struct session *session = data;
    session->hooks.run = NULL;
    show_all(session, MOMENT_STOP, outcome);
    if (!outcome->blocked || !send_on(session, MOMENT_STOP, buf_str(&outcome->reason))) {
        turn_end(session);
    }
}

static bool start_stop(struct session *session)
{
    struct hook_event event = {
        .moment = MOMENT_STOP, .text = last_words(session), .again = session->hooks.sent_on > 0};
    return start(session, &event, on_stop);
}

static void on_late_after(void *data, struct hook_outcome *outcome)
{
    struct session *session = data;
    session->hooks.run = NULL;
    show_all(session, MOMENT_AFTER_TOOL, outcome);
    struct buf text = BUF_INIT;
    buf_append_str(&text, buf_str(&outcome->reason));
    buf_append_c(&text, text.len > 0 && outcome->context.len > 0 ? "\n" : "");
    buf_append_str(&text, buf_str(&outcome->context));
    if (!send_on(session, MOMENT_AFTER_TOOL, buf_str(&text)) && !start_stop(session)) {
        turn_end(session);
    }
    buf_free(&text);
}

bool turn_hooks_end(struct session *session)
{
    if (session->setup.hooks == NULL) {
        return false;
    }
    struct hook_event late = {.moment = MOMENT_AFTER_TOOL, .tool = "apply_patch", .late = true};
    bool runs = start(session, &late, on_late_after) || start_stop(session);
    if (runs) {
        session_set_state(session, SESSION_TOOLS);
    }
    return runs;
}

bool session_runs_hooks(const struct session *session)
{
    return session->hooks.run != NULL;
}

void turn_hooks_cancel(struct session *session)
{
    if (session->hooks.run != NULL) {
        hook_run_cancel(session->hooks.run);
        session->hooks.run = NULL;
    }
    /* Also one whose turn had not begun: with the next prompt it would go unseen. */
    bool unseen = session->hooks.fresh && session->setup.hooks != NULL;
    if (unseen) {
        hook_runner_reload(session->setup.hooks);
        unseen = hook_runner_wants(session->setup.hooks, MOMENT_PROMPT);
    }
    if (session->hooks.holds_prompt || unseen) {
        session->hooks.holds_prompt = session->hooks.fresh = false;
        hold_back(session, MOMENT_PROMPT, (struct str){0});
    }
}
