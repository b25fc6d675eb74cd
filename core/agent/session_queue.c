/* Prompts that wait for the running turn to end: seen, taken back, put in another order. */
#include "agent/session_private.h"

#include "base/vec.h"

void session_queue_record(struct session *session)
{
    cJSON *record = cJSON_CreateObject();
    cJSON *list = json_set_array(record, "prompts");
    VEC_FOREACH (struct queued, queued, &session->queue) {
        cJSON *item = cJSON_CreateObject();
        json_set_string(item, "text", queued->text);
        json_set_bool(item, "feedback", queued->feedback);
        cJSON_AddItemToArray(list, item);
    }
    session_record(session, "queue", record, true);
}

void session_queue_add(struct session *session, struct str text, bool feedback)
{
    VEC_PUSH(&session->queue, ((struct queued){str_dup(text), feedback, ++session->next_queued}));
}

size_t session_queue_count(const struct session *session)
{
    return session->queue.len;
}

const char *session_queue_at(const struct session *session, size_t index)
{
    return session->queue.items[index].text;
}

unsigned session_queue_id(const struct session *session, size_t index)
{
    return session->queue.items[index].id;
}

bool session_queue_is_feedback(const struct session *session, size_t index)
{
    return session->queue.items[index].feedback;
}

bool session_queue_send(struct session *session)
{
    if (session->state != SESSION_IDLE || session->setup.provider == NULL ||
        !turn_take_queued(session)) {
        return false;
    }
    session_changed(session);
    return true;
}

char *session_queue_take(struct session *session, size_t index)
{
    if (index >= session->queue.len || session->queue.items[index].feedback) {
        return NULL;
    }
    char *text = session->queue.items[index].text;
    VEC_REMOVE(&session->queue, index);
    session_queue_record(session);
    session_changed(session);
    return text;
}

char *session_queue_pop(struct session *session)
{
    for (size_t i = session->queue.len; i > 0; i--) {
        if (!session->queue.items[i - 1].feedback) {
            return session_queue_take(session, i - 1);
        }
    }
    return NULL;
}

bool session_queue_move(struct session *session, size_t from, size_t to)
{
    size_t len = session->queue.len;
    if (from >= len || to >= len) {
        return false;
    }
    struct queued moved = session->queue.items[from];
    for (size_t i = from; i < to; i++) {
        session->queue.items[i] = session->queue.items[i + 1];
    }
    for (size_t i = from; i > to; i--) {
        session->queue.items[i] = session->queue.items[i - 1];
    }
    session->queue.items[to] = moved;
    session_queue_record(session);
    session_changed(session);
    return true;
}
