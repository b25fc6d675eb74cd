/* Compaction: when the conversation comes near what the model's window holds, or when the engineer
 * says so, the model writes a summary of it in a request of its own, and from then on is sent the
 * summary and the last prompts in place of it. An agent that remembers by itself does so when its
 * window is full; when the engineer says so it is asked to, where it can be. What is shown and what
 * is in the journal stays whole. Whatever goes wrong on the way, the conversation is as it was. */
#include "agent/session_private.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <stdlib.h>

enum {
    FULL_PERCENT = 80,  /* of the window: then there is room for the summary */
    TIGHT_PERCENT = 95, /* there is none */
    WORTH_PERCENT = 20, /* a conversation this small is not what fills it */
    RESULT_BYTES = 1500,
    BYTES_PER_TOKEN = 4,   /* where nobody has counted yet */
    PROMPTS_MAX = 10,      /* kept word for word */
    PROMPTS_BYTES = 24000, /* of all of them */
    PROMPT_BYTES = 8000,   /* of one */
    SUMMARY_BYTES = 200 * 1024
};

static const char ask[] = "[bylaw] The conversation is about to be replaced by a summary, because "
                          "it comes near what your "
                          "window holds. Write that summary now, for yourself: you will go on with "
                          "nothing but it and the "
                          "engineer's last prompts. Say what the engineer wants and what limits "
                          "they set; what was decided "
                          "in reviews, what was declined and why; which files matter, with their "
                          "paths and what you learned "
                          "of them; how far the work is, what the open proposal holds, how its "
                          "tests stand; what is left to "
                          "do next. Be exact about names, paths and messages, leave out what no "
                          "longer matters. Answer with "
                          "the summary alone: call no tool, propose nothing.";

/* ---- how full ---- */

static size_t item_bytes(const struct item *item)
{
    return strlen(item->text) + (item->opaque == NULL ? 0 : strlen(item->opaque));
}

/* What the next request is about to hold: as counted at the last one, with what came since. */
static long long tokens_now(const struct session *session)
{
    if (session->agent_window > 0) { /* its conversation is not the one we keep */
        return session->context_tokens;
    }
    size_t all = 0;
    size_t since = 0;
    for (size_t i = session->items.len; i > 0; i--) {
        const struct item *item = &session->items.items[i - 1];
        bool is_counted = item->kind != ITEM_USER && item->kind != ITEM_TOOL_RESULT;
        since = is_counted && since == 0 ? all + 1 : since;
        all += item_bytes(item);
    }
    since = since == 0 ? all : since - 1;
    long long counted = session->context_tokens == 0
                            ? 0
                            : session->context_tokens + (long long)(since / BYTES_PER_TOKEN);
    long long guessed = (long long)((all + session->told_bytes) / BYTES_PER_TOKEN);
    return counted > guessed ? counted : guessed;
}

long long session_window_tokens(const struct session *session)
{
    const struct session_setup *setup = &session->setup;
    if (session->agent_window > 0) {
        return session->agent_window;
    }
    return setup->window == NULL ? 0 : setup->window(setup->data, session->model);
}

long long session_held_tokens(const struct session *session)
{
    return session->items.len == 0 ? 0 : tokens_now(session);
}

bool session_held_is_counted(const struct session *session)
{
    return session->context_tokens > 0 && !session->context_is_old;
}

/* An agent of its own has the conversation, and compacts it by itself. */
static bool is_own_agent(const struct provider *provider)
{
    return provider->ops->decide != NULL;
}

static size_t text_bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

void compact_note_request(struct session *session, const struct request *request)
{
    session->told_bytes = 0;
    if (is_own_agent(session->setup.provider)) {
        return; /* it has its own */
    }
    session->told_bytes = text_bytes(request->instructions) + text_bytes(request->files);
    for (size_t i = 0; i < request->tool_count; i++) {
        const struct tool_spec *tool = &request->tools[i];
        session->told_bytes += text_bytes(tool->name) + text_bytes(tool->description) +
                               text_bytes(tool->schema) + text_bytes(tool->grammar);
    }
}

static bool is_full(const struct session *session)
{
    long long window = session_window_tokens(session);
    long long held = tokens_now(session);
    long long said = held - (long long)(session->told_bytes / BYTES_PER_TOKEN);
    return window > 0 && held > window * FULL_PERCENT / 100 && said > window * WORTH_PERCENT / 100;
}

bool compact_is_due(struct session *session)
{
    bool again = session->compact.asked_for; /* for this very request */
    const struct provider *provider = session->setup.provider;
    session->compact.asked_for = false;
    return !again && provider != NULL && !provider->is_recording && !is_own_agent(provider) &&
           session->items.len > 2 && is_full(session);
}

/* ---- what the model is sent from then on ---- */

/* The last prompts, oldest first, as typed. */
static void append_prompts(const struct session *session, struct buf *out)
{
    const struct entry *prompts[PROMPTS_MAX];
    size_t count = 0;
    size_t bytes = 0;
    const struct transcript *transcript = &session->transcript;
    for (size_t i = transcript->len; i > 0 && count < PROMPTS_MAX; i--) {
        const struct entry *entry = &transcript->items[i - 1];
        size_t len = entry->text.len < PROMPT_BYTES ? entry->text.len : PROMPT_BYTES;
        if (entry->kind == ENTRY_USER && bytes + len <= PROMPTS_BYTES) {
            prompts[count++] = entry;
            bytes += len;
        }
    }
    buf_append_c(out, "\n\n[The engineer's last prompts, word for word, the oldest first]\n");
    for (size_t i = count; i > 0; i--) {
        struct str text = buf_str(&prompts[i - 1]->text);
        struct str shown = utf8_head(text, PROMPT_BYTES);
        buf_printf(out, "\n%zu. %.*s%s\n", count - i + 1, STR_FMT(shown),
            shown.len < text.len ? " [cut]" : "");
    }
}

static char *replacement(const struct session *session, struct str summary)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, "[The conversation before this was compacted. Your summary of it]\n\n");
    buf_append_str(&out, summary);
    append_prompts(session, &out);
    buf_append_c(
        &out, session->compact.in_turn
                  ? "\n[You are at work on the last of them: go on where the summary ends.]"
                  : "\n[All of them are answered.]");
    return buf_take(&out);
}

void compact_replace(struct session *session, const char *text)
{
    items_free(&session->items);
    VEC_PUSH(&session->items, (struct item){.kind = ITEM_USER, .text = mem_strdup(text)});
    session->context_tokens = 0;
}

/* ---- the request ---- */

static void go_on(struct session *session)
{
    bool in_turn = session->compact.in_turn;
    buf_free(&session->compact.text);
    session->compact.stream = NULL;
    session->compact.entry = 0;
    if (in_turn) {
        turn_request(session);
    } else if (!turn_take_queued(session)) {
        session_set_state(session, SESSION_IDLE);
    }
}

static void say(struct session *session, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(struct session *session, const char *fmt, ...)
{
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&entry.text, fmt, args);
    va_end(args);
    session_begin_entry(session, entry);
}

static void end_entry(struct session *session, enum entry_status status)
{
    struct entry *entry = session_entry(session, session->compact.entry);
    if (entry != NULL) {
        entry->duration_us = loop_now_us() - session->compact.started_us;
    }
    session_end_entry(session, session->compact.entry, status);
}

static void fail(struct session *session, const char *why)
{
    end_entry(session, ENTRY_FAILED);
    struct str said = str_of(why);
    bool ends = said.len > 0 && said.ptr[said.len - 1] == '.';
    say(session, "Not compacted: %.*s. The conversation is as it was.",
        STR_FMT(str_slice(said, 0, said.len - ends)));
    go_on(session);
}

/* What it remembers is its own: only how much that is now is told. */
static void agent_done(struct session *session, enum stop_reason stop)
{
    if (stop != STOP_END) {
        fail(session, "the agent stopped early");
        return;
    }
    struct buf sizes = BUF_INIT;
    if (session->context_tokens > 0) {
        buf_append_c(&sizes, ", which holds ");
        tokens_append(&sizes, session->context_tokens);
        buf_append_c(&sizes, " tokens with its instructions");
    }
    end_entry(session, ENTRY_DONE);
    say(session,
        "Compacted: the agent goes on from a summary of its own%s. What is shown here stays whole.",
        sizes.len > 0 ? sizes.ptr : "");
    buf_free(&sizes);
    go_on(session);
}

static void done(struct session *session, enum stop_reason stop)
{
    struct str summary = str_trim(buf_str(&session->compact.text));
    if (stop != STOP_END || session->compact.called || summary.len == 0) {
        fail(session, stop == STOP_LENGTH       ? "the summary was cut at the model's output limit"
                      : stop == STOP_FILTER     ? "the provider's filter cut the summary"
                      : session->compact.called ? "the model called a tool in place of a summary"
                                                : "the model wrote no summary");
        return;
    }
    struct buf saved = BUF_INIT;
    tokens_append(&saved, session->compact.before);
    char *text = replacement(session, summary);
    cJSON *record = cJSON_CreateObject();
    json_set_string(record, "text", text);
    session_reset_entry(session, session->compact.entry, summary);
    end_entry(session, ENTRY_DONE);
    session_record(session, "compact", record, true);
    compact_replace(session, text);
    free(text);
    say(session,
        "Compacted: in place of %s tokens the model is sent this summary and the last prompts. "
        "What "
        "is shown here stays whole.",
        saved.ptr);
    buf_free(&saved);
    go_on(session);
}

static void on_event(void *data, const struct event *event)
{
    struct session *session = data;
    struct buf *text = &session->compact.text;
    switch (event->kind) {
    case EVENT_TEXT:
        session->answer_began = true;
        buf_append_str(text, str_slice(event->text, 0, SUMMARY_BYTES - text->len));
        session->compact.called = session->compact.called || text->len >= SUMMARY_BYTES;
        break;
    case EVENT_TOOL_CALL:
        session->compact.called = true;
        break;
    case EVENT_USAGE:
        turn_take_usage(session, &event->usage);
        break;
    case EVENT_WARNING:
        say(session, "%.*s", STR_FMT(event->text));
        break;
    case EVENT_RETRY:
        turn_end_usage(session, false);
        turn_expect_usage(session);
        buf_clear(text);
        session->compact.called = false;
        say(session, "%.*s", STR_FMT(event->text));
        break;
    case EVENT_ERROR:
        turn_end_usage(session, false);
        fail(session, event->error.text);
        break;
    case EVENT_DONE:
        turn_end_usage(session, true);
        is_own_agent(session->stream_provider) ? agent_done(session, event->stop)
                                               : done(session, event->stop);
        break;
    default:
        break;
    }
}

/* The conversation with the question behind it. One that does not fit any more is sent without most
 * of what tools printed: a summary can do without. */
static struct items question(const struct session *session)
{
    long long window = session_window_tokens(session);
    bool tight = window > 0 && tokens_now(session) > window * TIGHT_PERCENT / 100;
    struct items items = {0};
    VEC_FOREACH (const struct item, item, &session->items) {
        bool cut = tight && item->kind == ITEM_TOOL_RESULT && strlen(item->text) > RESULT_BYTES;
        struct item copy = {.kind = item->kind,
            .text = cut ? mem_printf(
                              "%.*s\n[cut]", STR_FMT(utf8_head(str_of(item->text), RESULT_BYTES)))
                        : mem_strdup(item->text),
            .call_id = mem_strdup(item->call_id),
            .name = mem_strdup(item->name),
            .opaque = mem_strdup(item->opaque),
            .failed = item->failed};
        VEC_PUSH(&items, copy);
    }
    VEC_PUSH(&items, (struct item){.kind = ITEM_USER, .text = mem_strdup(ask)});
    return items;
}

void compact_begin(struct session *session, bool in_turn)
{
    struct err err;
    const struct session_setup *setup = &session->setup;
    bool by_agent = is_own_agent(setup->provider);
    char *files = NULL;
    char *instructions =
        setup->instructions == NULL ? NULL : setup->instructions(setup->data, &files);
    struct items items = by_agent ? (struct items){0} : question(session);
    struct request request = {
        .instructions = instructions,
        .files = files,
        .items = by_agent ? &session->items : &items,
        .compacts = by_agent,
        .model = session->model,
        .effort = session->effort,
        .cache_key = session_id(session),
    };
    struct buf detail = BUF_INIT;
    session->compact.before = tokens_now(session);
    if (session->compact.before > 0) {
        tokens_append(&detail, session->compact.before);
        buf_append_c(&detail, " tokens ");
    }
    buf_append_c(&detail, "to a summary");
    struct entry entry = {.kind = ENTRY_TOOL,
        .status = ENTRY_OPEN,
        .name = mem_strdup("compact"),
        .detail = buf_take(&detail)};
    buf_clear(&session->compact.text);
    session->compact.in_turn = in_turn;
    session->compact.called = false;
    session->compact.asked_for = in_turn;
    session->compact.started_us = loop_now_us();
    session->compact.entry = session_begin_entry(session, entry);
    session->stream_provider = setup->provider;
    turn_expect_usage(session);
    session_set_state(session, SESSION_COMPACTING);
    session->compact.stream = provider_start(setup->provider, &request, on_event, session, &err);
    free(instructions);
    free(files);
    items_free(&items);
    if (session->compact.stream == NULL) {
        fail(session, err.text);
    }
}

void compact_stop(struct session *session)
{
    if (session->compact.stream != NULL) {
        provider_cancel(session->stream_provider, session->compact.stream);
        session->compact.stream = NULL;
        turn_end_usage(session, false);
        end_entry(session, ENTRY_STOPPED);
    }
    buf_free(&session->compact.text);
}

bool session_can_compact(const struct session *session, struct err *err)
{
    const struct provider *provider = session->setup.provider;
    if (session->state != SESSION_IDLE) {
        return err_set(
            err, ERR_CONFLICT, "The agent is at work: wait for it, or Esc interrupts it.");
    }
    if (provider != NULL && provider->is_recording) {
        return err_set(err, ERR_UNSUPPORTED, "A recording writes no summary.");
    }
    if (session->items.len < 2) {
        return err_set(err, ERR_NOT_FOUND, "There is nothing to compact yet.");
    }
    if (provider == NULL) {
        return err_set(err, ERR_NOT_FOUND, "There is no model to write a summary.");
    }
    if (is_own_agent(provider) && !provider->takes_compaction) {
        return err_set(err, ERR_UNSUPPORTED, "This agent compacts its conversation by itself.");
    }
    return true;
}

bool session_compact(struct session *session, struct err *err)
{
    if (!session_can_compact(session, err)) {
        return false;
    }
    compact_begin(session, false);
    return true;
}
