/* What the engineer does beside the turns, a command of theirs: shown in the transcript as it goes
 * on, and told to the agent with the next prompt. */
#include "agent/session_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum { NOTES_MAX = 64 * 1024 };

unsigned session_begin_aside(struct session *session, const char *name, struct str detail,
    void (*stop)(void *data), void *data)
{
    struct entry entry = {.kind = ENTRY_TOOL,
        .status = ENTRY_OPEN,
        .name = mem_strdup(name),
        .detail = str_dup(detail)};
    char *typed = mem_printf("%s%.*s", name, STR_FMT(detail));
    session_remember_line(session, str_of(typed));
    free(typed);
    session->aside.stop = stop;
    session->aside.data = data;
    session->aside.started_us = loop_now_us();
    session->aside.entry = session_begin_entry(session, entry);
    return session->aside.entry;
}

void session_grow_aside(struct session *session, struct str text)
{
    session_grow_entry(session, session->aside.entry, text);
}

void session_end_aside(struct session *session, enum entry_status status)
{
    struct entry *entry = session_entry(session, session->aside.entry);
    session->aside.stop = NULL;
    if (entry != NULL) {
        entry->duration_us = loop_now_us() - session->aside.started_us;
    }
    session_end_entry(session, session->aside.entry, status);
    session->aside.entry = 0;
    session_changed(session);
}

bool session_has_aside(const struct session *session)
{
    return session->aside.stop != NULL;
}

bool session_stop_aside(struct session *session)
{
    if (session->aside.stop == NULL) {
        return false;
    }
    session->aside.stop(session->aside.data);
    return true;
}

static void record_notes(struct session *session)
{
    cJSON *record = cJSON_CreateObject();
    json_set_str(record, "text", buf_str(&session->notes));
    session_record(session, "notes", record, false);
}

/* The newest say most: what does not fit goes from the front. */
void session_add_note(struct session *session, struct str text)
{
    text = str_slice(text, 0, NOTES_MAX);
    if (session->notes.len + text.len > NOTES_MAX) {
        buf_clear(&session->notes);
    }
    buf_append_str(&session->notes, text);
    record_notes(session);
}

void session_tell_notes(struct session *session)
{
    if (session->notes.len == 0) {
        return;
    }
    struct item item = {.kind = ITEM_USER, .text = str_dup(buf_str(&session->notes))};
    buf_clear(&session->notes);
    session_add_item(session, item);
    record_notes(session);
}

void session_replay_notes(struct session *session, const cJSON *record)
{
    buf_clear(&session->notes);
    buf_append_c(&session->notes, json_string_or(record, "text", ""));
}
