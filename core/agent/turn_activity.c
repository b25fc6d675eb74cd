/* The tools an agent of its own runs (Codex's commands, its plan): shown, not run by us, and no
 * part of the conversation, which is the agent's own. */
#include "agent/session_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum { OUTPUT_MAX = 256 * 1024 };

static size_t find(const struct session *session, const char *id)
{
    for (size_t i = 0; i < session->activities.len; i++) {
        if (id != NULL && strcmp(session->activities.items[i].id, id) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void end(struct session *session, size_t at, enum entry_status status)
{
    struct activity *activity = &session->activities.items[at];
    struct entry *entry = session_entry(session, activity->entry);
    if (entry != NULL) {
        entry->duration_us = loop_now_us() - activity->started_us;
    }
    session_end_entry(session, activity->entry, status);
    free(activity->id);
    VEC_REMOVE(&session->activities, at);
}

void turn_begin_activity(struct session *session, const struct event *event)
{
    if (find(session, event->call_id) != SIZE_MAX) {
        return;
    }
    struct entry entry = {
        .kind = ENTRY_TOOL, .status = ENTRY_OPEN, .name = mem_strdup(event->name)};
    entry.detail = str_dup(event->text);
    struct activity activity = {.id = mem_strdup(event->call_id), .started_us = loop_now_us()};
    activity.entry = session_begin_entry(session, entry);
    VEC_PUSH(&session->activities, activity);
}

void turn_grow_activity(struct session *session, const struct event *event)
{
    size_t at = find(session, event->call_id);
    struct entry *entry =
        at == SIZE_MAX ? NULL : session_entry(session, session->activities.items[at].entry);
    if (entry != NULL && entry->text.len < OUTPUT_MAX) {
        entry->is_output = true;
        session_grow_entry(
            session, entry->id, str_slice(event->text, 0, OUTPUT_MAX - entry->text.len));
    }
}

void turn_end_activity(struct session *session, const struct event *event)
{
    size_t at = find(session, event->call_id);
    if (at == SIZE_MAX) {
        return;
    }
    struct str output = str_slice(event->text, 0, OUTPUT_MAX);
    if (output.len > 0) {
        session_reset_entry(session, session->activities.items[at].entry, output);
    }
    end(session, at, event->failed ? ENTRY_FAILED : ENTRY_DONE);
}

void turn_stop_activities(struct session *session)
{
    turn_forget_questions(session, ENTRY_STOPPED);
    while (session->activities.len > 0) {
        end(session, session->activities.len - 1, ENTRY_STOPPED);
    }
    VEC_FREE(&session->activities);
}
