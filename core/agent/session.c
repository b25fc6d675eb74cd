#include "agent/session_private.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { HISTORY_MAX = 1000 };

static struct session *allocate(const struct session_setup *setup)
{
    struct session *session = MEM_NEW(struct session);
    session->setup = *setup;
    session->setup.journal = NULL;
    session->setup.model = NULL;
    session->setup.effort = NULL;
    session->model = mem_strdup(setup->model);
    session->effort = mem_strdup(setup->effort);
    session->title = mem_strdup("");
    session->draft = mem_strdup("");
    session->next_entry = 1;
    return session;
}

static void run_later(void *data)
{
    turn_begin(data);
}

static void run_halt(void *data)
{
    turn_halt(data);
}

static void start_timer(struct session *session)
{
    session->halt = loop_timer_new(session->setup.loop, run_halt, session);
    session->later = loop_timer_new(session->setup.loop, run_later, session);
}

struct session *session_new(const struct session_setup *setup)
{
    struct session *session = allocate(setup);
    session->journal = setup->journal;
    start_timer(session);
    return session;
}

struct session *session_resume(
    const struct session_setup *setup, const char *workspace, const char *id, struct err *err)
{
    struct session *session = allocate(setup);
    start_timer(session);
    session->journal = journal_open(workspace, id, session_replay, session, err);
    if (session->journal == NULL) {
        session_free(session);
        return NULL;
    }
    session_settle(session);
    return session;
}

bool session_is_wanted(const struct session *session)
{
    return journal_is_wanted(session->journal);
}

bool session_is_saved(const struct session *session)
{
    return journal_is_saved(session->journal);
}

bool session_is_empty(const struct session *session)
{
    return session->transcript.len == 0 && session->items.len == 0 && session->queue.len == 0 &&
           session->draft[0] == '\0';
}

void session_discard(struct session *session)
{
    journal_discard(session->journal);
}

void session_free(struct session *session)
{
    if (session == NULL) {
        return;
    }
    session->on_change = NULL;
    if (session->journal != NULL && session->state != SESSION_IDLE) {
        turn_stop(session, ENTRY_STOPPED);
    }
    turn_clear_calls(session);
    loop_timer_free(session->halt);
    loop_timer_free(session->later);
    journal_free(session->journal);
    VEC_FOREACH (struct entry, entry, &session->transcript) {
        buf_free(&entry->text);
        free(entry->name);
        free(entry->detail);
    }
    VEC_FREE(&session->transcript);
    items_free(&session->items);
    items_free(&session->pending);
    buf_free(&session->notes);
    buf_free(&session->compact.text);
    VEC_FOREACH (struct queued, queued, &session->queue) {
        free(queued->text);
    }
    VEC_FREE(&session->queue);
    VEC_FOREACH (char *, text, &session->history) {
        free(*text);
    }
    buf_free(&session->hooks.start);
    VEC_FREE(&session->history);
    free(session->model);
    free(session->effort);
    free(session->title);
    free(session->draft);
    free(session);
}

void session_set_provider(
    struct session *session, struct provider *provider, const char *model, const char *effort)
{
    bool first = session->setup.provider == NULL;
    session->setup.provider = provider;
    free(session->model);
    free(session->effort);
    session->model = mem_strdup(model);
    session->effort = mem_strdup(effort);
    if (first && session->state == SESSION_IDLE && session->waits_for_provider) {
        turn_take_queued(session);
    }
    session->waits_for_provider = session->waits_for_provider && provider == NULL;
    session_changed(session);
}

const struct transcript *session_transcript(const struct session *session)
{
    return &session->transcript;
}

enum session_state session_state(const struct session *session)
{
    return session->state;
}

uint64_t session_retry_at_ms(const struct session *session)
{
    return session->retry_at_ms;
}

const char *session_id(const struct session *session)
{
    return journal_id(session->journal);
}

const char *session_title(const struct session *session)
{
    return session->title;
}

char *session_asked_for(const struct session *session, unsigned proposal)
{
    const struct entry *prompt = NULL;
    VEC_FOREACH (const struct entry, entry, &session->transcript) {
        if (entry->kind == ENTRY_USER) {
            prompt = entry;
        } else if (entry->kind == ENTRY_PROPOSAL && entry->proposal == proposal) {
            break;
        }
    }
    return prompt == NULL ? mem_strdup(session->title) : journal_title(buf_str(&prompt->text), 0);
}

const char *session_model(const struct session *session)
{
    return session->model == NULL ? "" : session->model;
}

const char *entry_commit_word(const struct entry *entry)
{
    return entry->detail != NULL ? "committed"
           : entry->files > 0    ? "written, not committed"
                                 : "not committed";
}

bool session_ended_well(const struct session *session)
{
    return session->ended_well;
}

bool session_is_at_bound(const struct session *session)
{
    return session->at_bound;
}

unsigned session_prompts(const struct session *session)
{
    return session->prompts;
}

struct usage session_usage(const struct session *session)
{
    return session->spend.usage;
}

const struct spend *session_spend(const struct session *session)
{
    return &session->spend;
}

const struct spend *session_turn_spend(const struct session *session)
{
    return &session->turn_spend;
}

long long session_context_tokens(const struct session *session)
{
    return session->context_tokens;
}

size_t session_history_count(const struct session *session)
{
    return session->history.len;
}

const char *session_history_at(const struct session *session, size_t index)
{
    return session->history.items[index];
}

void session_on_change(struct session *session, void (*callback)(void *data), void *data)
{
    session->on_change = callback;
    session->on_change_data = data;
}

void session_changed(struct session *session)
{
    if (session->on_change != NULL) {
        session->on_change(session->on_change_data);
    }
}

void session_set_state(struct session *session, enum session_state state)
{
    session->state = state;
    session_changed(session);
}

/* ---- transcript and journal ---- */

static unsigned push_entry(struct session *session, struct entry entry)
{
    entry.id = session->next_entry++;
    entry.version = 1;
    VEC_PUSH(&session->transcript, entry);
    session_changed(session);
    return entry.id;
}

void session_record(struct session *session, const char *kind, cJSON *record, bool sync)
{
    struct err err;
    if (journal_append(session->journal, kind, record, sync, &err)) {
        if (session->journal_failed) {
            session->journal_failed = false;
            struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
            buf_append_c(&entry.text, "The session is saved again, all of it.");
            session_begin_entry(session, entry);
        }
        return;
    }
    if (session->journal_failed) {
        return;
    }
    session->journal_failed = true;
    struct entry entry = {.kind = ENTRY_ERROR, .status = ENTRY_FAILED, .wall_ms = loop_wall_ms()};
    buf_printf(&entry.text,
        "This session is not being saved: %s. All of it is saved as soon as that works again.",
        err.text);
    push_entry(session, entry);
}

const struct entry *session_entry_at(const struct session *session, unsigned id)
{
    /* The entry meant is nearly always one of the last. */
    for (size_t i = session->transcript.len; i > 0; i--) {
        if (session->transcript.items[i - 1].id == id) {
            return &session->transcript.items[i - 1];
        }
    }
    return NULL;
}

struct entry *session_entry(struct session *session, unsigned id)
{
    const struct entry *entry = session_entry_at(session, id);
    return entry == NULL ? NULL : &session->transcript.items[entry - session->transcript.items];
}

static void record_entry(struct session *session, const struct entry *entry, unsigned id)
{
    cJSON *record = cJSON_CreateObject();
    json_set_int(record, "id", id);
    json_set_int(record, "kind", entry->kind);
    json_set_int(record, "status", entry->status);
    json_set_str(record, "text", buf_str(&entry->text));
    if (entry->name != NULL) {
        json_set_string(record, "name", entry->name);
    }
    if (entry->detail != NULL) {
        json_set_string(record, "detail", entry->detail);
    }
    if (entry->proposal != 0) {
        json_set_int(record, "proposal", entry->proposal);
        json_set_int(record, "files", entry->files);
        json_set_int(record, "added", entry->added);
        json_set_int(record, "removed", entry->removed);
    }
    if (entry->can_retry) {
        json_set_bool(record, "retry", true);
    }
    session_record(session, "entry", record, false);
}

unsigned session_begin_entry(struct session *session, struct entry entry)
{
    entry.wall_ms = loop_wall_ms();
    record_entry(session, &entry, session->next_entry);
    return push_entry(session, entry);
}

unsigned session_add_entry(struct session *session, struct entry entry)
{
    if (entry.status == ENTRY_OPEN) {
        entry.status = ENTRY_DONE;
    }
    return session_begin_entry(session, entry);
}

static cJSON *entry_record(unsigned id)
{
    cJSON *record = cJSON_CreateObject();
    json_set_int(record, "id", id);
    return record;
}

void session_grow_entry(struct session *session, unsigned id, struct str text)
{
    cJSON *record = entry_record(id);
    json_set_str(record, "text", text);
    session_record(session, "grow", record, false);
    struct entry *entry = session_entry(session, id);
    if (entry != NULL) {
        buf_append_str(&entry->text, text);
        entry->version++;
    }
    session_changed(session);
}

void session_reset_entry(struct session *session, unsigned id, struct str text)
{
    cJSON *record = entry_record(id);
    json_set_str(record, "text", text);
    session_record(session, "reset", record, false);
    struct entry *entry = session_entry(session, id);
    if (entry != NULL) {
        buf_clear(&entry->text);
        buf_append_str(&entry->text, text);
        entry->version++;
    }
    session_changed(session);
}

void session_end_entry(struct session *session, unsigned id, enum entry_status status)
{
    struct entry *entry = session_entry(session, id);
    if (entry == NULL || entry->status != ENTRY_OPEN) {
        return;
    }
    cJSON *record = entry_record(id);
    json_set_int(record, "status", status);
    json_set_int(record, "us", (long long)entry->duration_us);
    session_record(session, "end", record, false);
    entry = session_entry(session, id);
    entry->status = status;
    entry->version++;
    session_changed(session);
}

void session_add_item(struct session *session, struct item item)
{
    session_record(session, "item", item_to_json(&item), false);
    VEC_PUSH(&session->items, item);
}

void session_add_item_before(struct session *session, struct item item)
{
    cJSON *record = item_to_json(&item);
    json_set_bool(record, "before", true);
    session_record(session, "item", record, false);
    VEC_INSERT(&session->items, session->items.len - 1, item);
}

void session_remember_line(struct session *session, struct str text)
{
    size_t len = session->history.len;
    if (len > 0 && str_equal_c(text, session->history.items[len - 1])) {
        return;
    }
    if (len >= HISTORY_MAX) {
        free(session->history.items[0]);
        VEC_REMOVE(&session->history, 0);
    }
    VEC_PUSH(&session->history, str_dup(text));
}

void session_forget_failures(struct session *session)
{
    VEC_FOREACH (struct entry, entry, &session->transcript) {
        if (entry->can_retry) {
            entry->can_retry = false;
            entry->version++;
        }
    }
}

void session_remember_prompt(struct session *session, struct str text)
{
    session_forget_failures(session);
    if (session->title[0] == '\0') {
        free(session->title);
        session->title = journal_title(text, session->fork);
    }
    session_remember_line(session, text);
}

/* What the prompt names goes with it to the model; what that is, is shown. */
static void append_mentioned(struct session *session, struct str text, struct buf *sent)
{
    struct buf content = BUF_INIT;
    struct buf said = BUF_INIT;
    session->setup.mentioned(session->setup.data, text, &content, &said);
    if (content.len > 0) {
        buf_printf(sent, "\n\n%s", content.ptr);
    }
    if (said.len > 0) {
        struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
        buf_append_str(&entry.text, buf_str(&said));
        session_begin_entry(session, entry);
    }
    buf_free(&content);
    buf_free(&said);
}

void session_take_prompt(struct session *session, struct str text, bool feedback)
{
    if (!feedback) {
        cJSON *record = cJSON_CreateObject();
        json_set_str(record, "text", text);
        session_record(session, "prompt", record, true);
        session_remember_prompt(session, text);
        session->prompts++;
    }
    session->hooks.fresh = !feedback;
    session_tell_notes(session);
    struct entry entry = {.kind = feedback ? ENTRY_FEEDBACK : ENTRY_USER, .status = ENTRY_DONE};
    buf_append_str(&entry.text, text);
    session_begin_entry(session, entry);
    struct buf sent = BUF_INIT;
    buf_append_str(&sent, text);
    if (!feedback && session->setup.mentioned != NULL) {
        append_mentioned(session, text, &sent);
    }
    session_add_item(session, (struct item){.kind = ITEM_USER, .text = buf_take(&sent)});
}

/* ---- prompts and the queue ---- */

static bool send_or_queue(struct session *session, struct str text, bool feedback, struct err *err)
{
    if (str_trim(text).len == 0) {
        return err_set(err, ERR_INVALID, "the prompt is empty: type what the policy should do");
    }
    /* Prompts are answered in the order they were sent, also those a failed turn left waiting, or
     * those sent before a model was chosen. */
    if (session->state != SESSION_IDLE || session->queue.len > 0 ||
        session->setup.provider == NULL) {
        session->waits_for_provider =
            session->waits_for_provider || session->setup.provider == NULL;
        session_queue_add(session, text, feedback);
        session_queue_record(session);
        if (session->state == SESSION_IDLE && session->setup.provider != NULL) {
            turn_take_queued(session);
        }
        session_changed(session);
        return true;
    }
    session_take_prompt(session, text, feedback);
    turn_begin(session);
    return true;
}

bool session_prompt(struct session *session, struct str text, struct err *err)
{
    return send_or_queue(session, text, false, err);
}

bool session_send_feedback(struct session *session, struct str text, struct err *err)
{
    return send_or_queue(session, text, true, err);
}

bool session_go_on(struct session *session, struct str text, struct err *err)
{
    session->goes_on = true;
    bool sent = send_or_queue(session, text, true, err);
    session->goes_on = false; /* behind other prompts it is one of its own */
    return sent;
}

void session_note_feedback(struct session *session, struct str text)
{
    if (session->state != SESSION_IDLE) { /* not between a call and its result */
        struct entry entry = {.kind = ENTRY_FEEDBACK, .status = ENTRY_DONE};
        buf_append_str(&entry.text, text);
        session_begin_entry(session, entry);
        session_add_note(session, text);
        return;
    }
    session_take_prompt(session, text, true);
}

void session_interrupt(struct session *session)
{
    if (session->state == SESSION_IDLE) {
        (void)session_stop_aside(session);
        return;
    }
    turn_stop(session, ENTRY_STOPPED);
    struct entry notice = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    buf_append_c(&notice.text, "Interrupted. What came so far is kept.");
    session_begin_entry(session, notice);
    turn_over(session);
}

bool session_retry(struct session *session, struct err *err)
{
    if (session->state != SESSION_IDLE) {
        return err_set(err, ERR_CONFLICT, "a turn is running: press Esc to stop it first");
    }
    if (session->setup.provider == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no model is set: see bylaw doctor");
    }
    size_t len = session->items.len;
    if (len == 0 || (session->items.items[len - 1].kind != ITEM_USER &&
                        session->items.items[len - 1].kind != ITEM_TOOL_RESULT)) {
        return err_set(err, ERR_NOT_FOUND, "there is nothing to send again");
    }
    turn_begin(session);
    return true;
}

void session_set_draft(struct session *session, struct str text)
{
    if (str_equal_c(text, session->draft)) {
        return;
    }
    free(session->draft);
    session->draft = str_dup(text);
    cJSON *record = cJSON_CreateObject();
    json_set_str(record, "text", text);
    session_record(session, "draft", record, false);
    session_changed(session);
}

const char *session_draft(const struct session *session)
{
    return session->draft;
}
