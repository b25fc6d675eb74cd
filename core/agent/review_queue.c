#include "agent/review_queue.h"

#include "agent/journal.h"
#include "agent/proposal.h"
#include "base/vec.h"

#include <stdlib.h>

static const char *const names[] = {
    [QUEUE_RUNS] = "runs", [QUEUE_READY] = "ready", [QUEUE_FAILED] = "failed"};

void review_queue_mark(
    struct session *session, enum queue_state state, const char *control, const char *why)
{
    cJSON *record = mem_require(cJSON_CreateObject());
    json_set_string(record, "state", names[state]);
    json_set_optional(record, "control", control);
    json_set_optional(record, "why", why);
    session_record(session, "errand", record, true);
}

void queue_mark_free(struct queue_mark *mark)
{
    free(mark->control);
    free(mark->why);
    *mark = (struct queue_mark){0};
}

static bool mark_from_json(const cJSON *record, struct queue_mark *out)
{
    const char *state = json_string_or(record, "state", "");
    *out = (struct queue_mark){.state = QUEUE_RUNS};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], state) == 0) {
            out->state = (enum queue_state)i;
            out->control = mem_strdup(json_string(record, "control"));
            out->why = mem_strdup(json_string(record, "why"));
            return true;
        }
    }
    return false;
}

bool review_queue_read_mark(const char *workspace, const char *session, struct queue_mark *out)
{
    cJSON *record = journal_last(workspace, session, "errand");
    bool ok = record != NULL && mark_from_json(record, out);
    cJSON_Delete(record);
    return ok;
}

/* ---- the queue ---- */

static void clear(struct waiting_review *waiting)
{
    free(waiting->session);
    free(waiting->title);
    free(waiting->control);
    free(waiting->why);
}

/* Whether what the session proposed last is open, and for whom. */
static bool read_waiting(
    const char *workspace, const struct session_info *info, struct waiting_review *out)
{
    struct queue_mark mark = {0};
    cJSON *proposal = journal_last(workspace, info->id, "proposal");
    bool open = proposal != NULL && json_int_or(proposal, "state", -1) == PROPOSAL_OPEN;
    bool marked = open && review_queue_read_mark(workspace, info->id, &mark);
    bool waits = open && (!marked || mark.state == QUEUE_READY);
    if (waits) {
        *out = (struct waiting_review){.session = mem_strdup(info->id),
            .title = mem_strdup(info->title),
            .control = mark.control,
            .why = mark.why,
            .number = (unsigned)json_int_or(proposal, "number", 1),
            .files = (size_t)cJSON_GetArraySize(json_get(proposal, "changes")),
            .open = info->open,
            .started = info->started};
    } else {
        queue_mark_free(&mark);
    }
    cJSON_Delete(proposal);
    return waits;
}

static int oldest_first(const void *a, const void *b)
{
    const struct waiting_review *x = a;
    const struct waiting_review *y = b;
    return x->started < y->started   ? -1
           : x->started > y->started ? 1
                                     : strcmp(x->session, y->session);
}

bool review_queue_read(const char *workspace, struct review_queue *out, struct err *err)
{
    struct session_infos infos = {0};
    if (!journal_list(workspace, &infos, err)) {
        return false;
    }
    VEC_FOREACH (const struct session_info, info, &infos) {
        struct waiting_review waiting;
        if (read_waiting(workspace, info, &waiting)) {
            VEC_PUSH(out, waiting);
        }
    }
    session_infos_free(&infos);
    if (out->len > 0) {
        qsort(out->items, out->len, sizeof *out->items, oldest_first);
    }
    return true;
}

void review_queue_free(struct review_queue *queue)
{
    VEC_FOREACH (struct waiting_review, waiting, queue) {
        clear(waiting);
    }
    VEC_FREE(queue);
}

size_t review_queue_next(const struct review_queue *queue, const char *here)
{
    size_t at = 0;
    while (at < queue->len && strcmp(queue->items[at].session, here) != 0) {
        at++;
    }
    size_t first = at < queue->len ? at + 1 : 0;
    for (size_t i = 0; i < queue->len; i++) {
        size_t index = (first + i) % queue->len;
        if (!queue->items[index].open && strcmp(queue->items[index].session, here) != 0) {
            return index;
        }
    }
    return SIZE_MAX;
}
