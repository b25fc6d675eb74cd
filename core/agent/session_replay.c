/* A session from its journal: the records session.c and turn.c wrote, read back in order. */
#include "agent/session_private.h"

#include "base/vec.h"

#include <stdlib.h>

cJSON *item_to_json(const struct item *item)
{
    cJSON *record = cJSON_CreateObject();
    json_set_int(record, "kind", item->kind);
    json_set_string(record, "text", item->text);
    if (item->call_id != NULL) {
        json_set_string(record, "call", item->call_id);
    }
    if (item->name != NULL) {
        json_set_string(record, "name", item->name);
    }
    if (item->opaque != NULL) {
        json_set_string(record, "opaque", item->opaque);
    }
    if (item->failed) {
        json_set_bool(record, "failed", true);
    }
    return record;
}

static void replay_item(struct session *session, const cJSON *record)
{
    long long kind = json_int_or(record, "kind", -1);
    if (kind < ITEM_USER || kind > ITEM_TOOL_RESULT) {
        return;
    }
    bool before = json_bool_or(record, "before", false) && session->items.len > 0;
    VEC_INSERT(&session->items, session->items.len - before,
        (struct item){
            .kind = (enum item_kind)kind,
            .text = mem_strdup(json_string_or(record, "text", "")),
            .call_id = mem_strdup(json_string(record, "call")),
            .name = mem_strdup(json_string(record, "name")),
            .opaque = mem_strdup(json_string(record, "opaque")),
            .failed = json_bool_or(record, "failed", false),
        });
}

static void replay_entry(struct session *session, const cJSON *record)
{
    long long kind = json_int_or(record, "kind", -1);
    long long status = json_int_or(record, "status", ENTRY_DONE);
    unsigned id = (unsigned)json_int_or(record, "id", 0);
    if (kind < ENTRY_USER || kind > ENTRY_COMMIT || status < ENTRY_OPEN || status > ENTRY_STOPPED) {
        return;
    }
    struct entry entry = {
        .id = id,
        .kind = (enum entry_kind)kind,
        .status = (enum entry_status)status,
        .name = mem_strdup(json_string(record, "name")),
        .detail = mem_strdup(json_string(record, "detail")),
        .proposal = (unsigned)json_int_or(record, "proposal", 0),
        .files = (unsigned)json_int_or(record, "files", 0),
        .added = (unsigned)json_int_or(record, "added", 0),
        .removed = (unsigned)json_int_or(record, "removed", 0),
        .can_retry = json_bool_or(record, "retry", false),
        .wall_ms = json_int_or(record, "t", 0),
        .version = 1,
    };
    buf_append_c(&entry.text, json_string_or(record, "text", ""));
    VEC_PUSH(&session->transcript, entry);
    if (id >= session->next_entry) {
        session->next_entry = id + 1;
    }
}

static void replay_change(struct session *session, const char *kind, const cJSON *record)
{
    struct entry *entry = session_entry(session, (unsigned)json_int_or(record, "id", 0));
    if (entry == NULL) {
        return;
    }
    const char *text = json_string_or(record, "text", "");
    if (strcmp(kind, "grow") == 0) {
        buf_append_c(&entry->text, text);
    } else if (strcmp(kind, "reset") == 0) {
        buf_clear(&entry->text);
        buf_append_c(&entry->text, text);
    } else if (strcmp(kind, "detail") == 0) {
        free(entry->detail);
        entry->detail = mem_strdup(json_string(record, "detail"));
    } else {
        long long status = json_int_or(record, "status", ENTRY_DONE);
        if (status >= ENTRY_OPEN && status <= ENTRY_STOPPED) {
            entry->status = (enum entry_status)status;
        }
        entry->duration_us = (uint64_t)json_int_or(record, "us", 0);
    }
}

static void replay_queue(struct session *session, const cJSON *record)
{
    VEC_FOREACH (struct queued, queued, &session->queue) {
        free(queued->text);
    }
    session->queue.len = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(record, "prompts"))
    {
        session_queue_add(session, str_of(json_string_or(item, "text", "")),
            json_bool_or(item, "feedback", false));
    }
}

void session_replay(void *data, const char *kind, const cJSON *record)
{
    struct session *session = data;
    if (strcmp(kind, "entry") == 0) {
        replay_entry(session, record);
    } else if (strcmp(kind, "grow") == 0 || strcmp(kind, "reset") == 0 ||
               strcmp(kind, "end") == 0 || strcmp(kind, "detail") == 0) {
        replay_change(session, kind, record);
    } else if (strcmp(kind, "item") == 0) {
        replay_item(session, record);
    } else if (strcmp(kind, "prompt") == 0) {
        session_remember_prompt(session, str_of(json_string_or(record, "text", "")));
    } else if (strcmp(kind, "fork") == 0) {
        session->fork = (unsigned)json_int_or(record, "number", 0);
    } else if (strcmp(kind, "held") == 0) {
        turn_hold_prompt(session);
    } else if (strcmp(kind, "notes") == 0) {
        session_replay_notes(session, record);
    } else if (strcmp(kind, "queue") == 0) {
        replay_queue(session, record);
    } else if (strcmp(kind, "draft") == 0) {
        free(session->draft);
        session->draft = mem_strdup(json_string_or(record, "text", ""));
    } else if (strcmp(kind, "usage") == 0) {
        turn_replay_usage(session, record);
    } else if (strcmp(kind, "compact") == 0) {
        compact_replace(session, json_string_or(record, "text", ""));
    } else if (strcmp(kind, "turn") == 0) {
        session->was_running = json_bool_or(record, "running", false);
        if (session->was_running && !json_bool_or(record, "goes_on", false)) {
            session->turn_spend = (struct spend){0};
        }
    } else if (strcmp(kind, "session") != 0 && session->setup.on_record != NULL) {
        session->setup.on_record(session->setup.data, kind, record);
    }
}

/* Calls whose result never came would make every further request fail. */
static void answer_lost_calls(struct session *session)
{
    for (size_t i = 0; i < session->items.len; i++) {
        const struct item *call = &session->items.items[i];
        if (call->kind != ITEM_TOOL_CALL) {
            continue;
        }
        bool answered = false;
        for (size_t j = i + 1; j < session->items.len && !answered; j++) {
            const struct item *other = &session->items.items[j];
            answered =
                other->kind == ITEM_TOOL_RESULT && strcmp(other->call_id, call->call_id) == 0;
        }
        if (!answered) {
            char *id = mem_strdup(call->call_id);
            session_add_item(
                session, (struct item){.kind = ITEM_TOOL_RESULT,
                             .failed = true,
                             .call_id = id,
                             .text = mem_strdup("The program ended before this call had run.")});
        }
    }
}

void session_settle(struct session *session)
{
    bool was_answering = false;
    for (size_t i = 0; i < session->transcript.len; i++) {
        const struct entry *entry = &session->transcript.items[i];
        was_answering = was_answering ||
                        (entry->status == ENTRY_OPEN &&
                            (entry->kind == ENTRY_ASSISTANT || entry->kind == ENTRY_REASONING));
        if (entry->status == ENTRY_OPEN) {
            session_end_entry(session, entry->id, ENTRY_STOPPED);
        }
    }
    answer_lost_calls(session);
    if (session->was_running && was_answering) {
        turn_note_uncounted(session);
    }
    if (session->was_running) {
        size_t len = session->items.len;
        session->hooks.fresh = len > 0 && session->items.items[len - 1].kind == ITEM_USER;
        struct entry entry = {.kind = ENTRY_ERROR, .status = ENTRY_FAILED, .can_retry = true};
        buf_append_c(
            &entry.text, "The program ended while a turn was running. What had come is above.");
        session_begin_entry(session, entry);
        turn_over(session);
    }
}

/* ---- a session from a part of another ---- */

static enum journal_choice choose(void *data, const char *kind, const cJSON *record)
{
    static const char *const kept[] = {
        "entry", "grow", "reset", "end", "detail", "item", "held", "notes", "turn", "compact"};
    const unsigned *before = data;
    if (strcmp(kind, "prompt") == 0) { /* its entry is next */
        return JOURNAL_WITH_NEXT;
    }
    if (*before != 0 && strcmp(kind, "entry") == 0 && json_int_or(record, "id", 0) == *before) {
        return JOURNAL_STOP;
    }
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (strcmp(kind, kept[i]) == 0) {
            return JOURNAL_KEEP;
        }
    }
    return JOURNAL_SKIP;
}

char *session_fork(
    const struct session *session, const char *workspace, unsigned before, struct err *err)
{
    const struct entry *entry = before == 0 ? NULL : session_entry_at(session, before);
    if (before != 0 && (entry == NULL || entry->kind != ENTRY_USER)) {
        err_set(err, ERR_NOT_FOUND, "there is no such prompt in this session");
        return NULL;
    }
    return journal_fork(workspace, session->journal, choose, &before, err);
}

void session_note_fork(struct session *session, const char *from_id)
{
    struct entry entry = {
        .kind = ENTRY_NOTICE, .status = ENTRY_DONE, .name = mem_strdup(SESSION_FORK_NOTICE)};
    buf_printf(&entry.text, "Forked from session %s; its proposals stay there.", from_id);
    session_begin_entry(session, entry);
    if (session->items.len > 0) {
        struct item item = {.kind = ITEM_USER,
            .text = mem_strdup(
                "[The engineer goes on from here in another session. Proposals made above that "
                "were "
                "not accepted are not part of it: only what is in the workspace holds.]")};
        session_add_item(session, item);
    }
}
