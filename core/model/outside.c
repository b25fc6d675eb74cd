#include "model/outside.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { PATIENCE_MS = 60000, ID_MAX = 200, LINE_MAX_BYTES = 800, HISTORY_MAX = 64 * 1024 };

static uint64_t patience = PATIENCE_MS;

uint64_t outside_patience(void)
{
    return patience;
}

void outside_use_patience(uint64_t ms)
{
    patience = ms == 0 ? PATIENCE_MS : ms;
}

static void on_silence(void *data)
{
    struct outside *outside = data;
    outside_tell(outside, "%s has said nothing for %g s: Esc interrupts it", outside->name,
        (double)patience / 1000);
}

void outside_init(struct outside *outside, struct loop *loop, const char *name)
{
    *outside = (struct outside){.name = name};
    outside->silence = loop_timer_new(loop, on_silence, outside);
}

void outside_free(struct outside *outside)
{
    outside_leave(outside);
    VEC_FOREACH (char *, text, &outside->warned) {
        free(*text);
    }
    VEC_FREE(&outside->warned);
    loop_timer_free(outside->silence);
}

/* ---- the stream ---- */

struct stream *outside_begin(
    struct outside *outside, void *agent, event_fn on_event, void *data, struct err *err)
{
    if (outside->stream != NULL) {
        err_set(err, ERR_CONFLICT, "%s is still at work on the last request", outside->name);
        return NULL;
    }
    struct stream *stream = MEM_NEW(struct stream);
    *stream = (struct stream){.agent = agent, .on_event = on_event, .data = data};
    outside->stream = stream;
    return stream;
}

void outside_leave(struct outside *outside)
{
    free(outside->stream);
    outside->stream = NULL;
    outside->message_before = false;
    loop_timer_stop(outside->silence);
}

static void end_stream(struct outside *outside, const struct event *event)
{
    struct stream *stream = outside->stream;
    outside->stream = NULL;
    outside_leave(outside);
    if (stream != NULL) {
        stream->on_event(stream->data, event);
        free(stream);
    }
}

void outside_emit(struct outside *outside, const struct event *event)
{
    if (event->kind == EVENT_APPROVAL) { /* it is the engineer's turn */
        loop_timer_stop(outside->silence);
    }
    if (outside->stream != NULL) {
        outside->stream->on_event(outside->stream->data, event);
    }
}

void outside_text(struct outside *outside, enum event_kind kind, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        outside_emit(outside, &(struct event){.kind = kind, .text = str_of(text)});
    }
}

void outside_activity(struct outside *outside, enum event_kind kind, const char *id,
    const char *name, const char *text, bool failed)
{
    outside_emit(outside, &(struct event){.kind = kind,
                              .call_id = id,
                              .name = name,
                              .text = str_of(text == NULL ? "" : text),
                              .failed = failed});
}

static const char *mark_of(const char *status)
{
    if (strcmp(status, "completed") == 0) {
        return "[x]";
    }
    bool begun = strcmp(status, "inProgress") == 0 || strcmp(status, "in_progress") == 0;
    return begun ? "[>]" : "[ ]";
}

/* "How: 1 of 3 done, now Mend": what is seen of it while it is folded. The caller frees. */
static char *plan_line(const char *explanation, const cJSON *steps, const char *key)
{
    struct buf line = BUF_INIT;
    const char *now = NULL;
    int done = 0;
    const cJSON *step;
    cJSON_ArrayForEach(step, steps)
    {
        const char *mark = mark_of(json_string_or(step, "status", ""));
        done += mark[1] == 'x';
        now = now == NULL && mark[1] == '>' ? json_string_or(step, key, "") : now;
    }
    buf_printf(&line, "%s%s%d of %d done", explanation, explanation[0] == '\0' ? "" : ": ", done,
        cJSON_GetArraySize(steps));
    if (now != NULL) {
        buf_printf(&line, ", now %s", now);
    }
    return buf_take(&line);
}

void outside_plan(
    struct outside *outside, const char *explanation, const cJSON *steps, const char *key)
{
    struct buf text = BUF_INIT;
    const cJSON *step;
    cJSON_ArrayForEach(step, steps)
    {
        buf_printf(&text, "%s %s\n", mark_of(json_string_or(step, "status", "")),
            json_string_or(step, key, ""));
    }
    char *id = mem_printf("plan-%u", ++outside->plans);
    char *line = plan_line(explanation == NULL ? "" : explanation, steps, key);
    outside_activity(outside, EVENT_ACTIVITY, id, "plan", line, false);
    outside_activity(outside, EVENT_ACTIVITY_DONE, id, NULL, text.ptr, false);
    free(line);
    free(id);
    buf_free(&text);
}

/* One line that is safe to show; the caller frees. */
static char *make_line(const char *fmt, va_list args) PRINTF_LIKE(1, 0);

static char *make_line(const char *fmt, va_list args)
{
    struct buf text = BUF_INIT;
    buf_vprintf(&text, fmt, args);
    char *shown = safe_dup(buf_str(&text), SAFE_SENTENCE, LINE_MAX_BYTES);
    buf_free(&text);
    return shown;
}

void outside_warn(struct outside *outside, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *shown = make_line(fmt, args);
    va_end(args);
    VEC_FOREACH (char *, known, &outside->warned) {
        if (strcmp(*known, shown) == 0) {
            free(shown);
            return;
        }
    }
    if (outside->stream == NULL) { /* nobody hears it now: it is said when it comes again */
        free(shown);
        return;
    }
    outside_emit(outside, &(struct event){.kind = EVENT_WARNING, .text = str_of(shown)});
    VEC_PUSH(&outside->warned, shown);
}

void outside_tell(struct outside *outside, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *shown = make_line(fmt, args);
    va_end(args);
    outside_emit(outside, &(struct event){.kind = EVENT_WARNING, .text = str_of(shown)});
    free(shown);
}

void outside_fail_args(struct outside *outside, enum err_kind kind, const char *fmt, va_list args)
{
    struct event event = {.kind = EVENT_ERROR, .retryable = true};
    char *shown = make_line(fmt, args);
    err_set(&event.error, kind, "%s", shown);
    free(shown);
    end_stream(outside, &event);
}

void outside_fail(struct outside *outside, enum err_kind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    outside_fail_args(outside, kind, fmt, args);
    va_end(args);
}

void outside_done(struct outside *outside, enum stop_reason stop)
{
    end_stream(outside, &(struct event){.kind = EVENT_DONE, .stop = stop});
}

void outside_listen(struct outside *outside)
{
    loop_timer_start(outside->silence, patience, 0);
}

void outside_heard(struct outside *outside)
{
    if (outside->stream != NULL) {
        outside_listen(outside); /* it may fall silent in the middle, too */
    } else {
        loop_timer_stop(outside->silence);
    }
}

/* ---- what a request says ---- */

struct str outside_result(const struct items *items, const char *call_id, bool *failed)
{
    for (size_t i = items->len; i > 0; i--) {
        const struct item *item = &items->items[i - 1];
        if (item->kind == ITEM_TOOL_RESULT && item->call_id != NULL &&
            strcmp(item->call_id, call_id) == 0) {
            *failed = item->failed;
            return str_of(item->text);
        }
        if (item->kind != ITEM_TOOL_RESULT && item->kind != ITEM_USER) {
            break;
        }
    }
    return (struct str){0};
}

char *outside_input(const struct items *items)
{
    return outside_input_since(items, 0);
}

char *outside_input_since(const struct items *items, size_t heard)
{
    size_t from = items->len;
    while (from > 0 && items->items[from - 1].kind == ITEM_USER) {
        from--;
    }
    from = heard > from && heard < items->len ? heard : from;
    struct buf text = BUF_INIT;
    for (size_t i = from; i < items->len; i++) {
        buf_append_c(&text, text.len > 0 ? "\n\n" : "");
        buf_append_c(&text, items->items[i].text);
    }
    return buf_take(&text);
}

char *outside_history(const struct items *items)
{
    size_t end = items->len;
    while (end > 0 && items->items[end - 1].kind == ITEM_USER) {
        end--;
    }
    size_t from = end;
    size_t bytes = 0;
    while (from > 0 && bytes < HISTORY_MAX) {
        bytes += strlen(items->items[--from].text == NULL ? "" : items->items[from].text);
    }
    struct buf text = BUF_INIT;
    for (size_t i = from; i < end; i++) {
        const struct item *item = &items->items[i];
        if (item->kind == ITEM_USER || item->kind == ITEM_ASSISTANT) {
            buf_printf(&text, "%s: %s\n", item->kind == ITEM_USER ? "Engineer" : "You",
                item->text == NULL ? "" : item->text);
        }
    }
    if (text.len == 0) {
        buf_free(&text);
        return NULL;
    }
    char *out =
        mem_printf("[bylaw] You do not remember it, but this was said so far:\n%s", text.ptr);
    buf_free(&text);
    return out;
}

/* ---- which session is whose ---- */

static char *session_file(const char *kind, const char *session)
{
    char *state = path_home_dir(PATH_STATE, NULL);
    char *clean = NULL;
    char *file = NULL;
    if (state != NULL && session != NULL && path_check_relative(str_of(session), &clean, NULL)) {
        file = mem_printf("%s/%s/%s", state, kind, clean);
    }
    free(clean);
    free(state);
    return file;
}

char *outside_known(const char *kind, const char *session)
{
    struct buf id = BUF_INIT;
    char *file = session_file(kind, session);
    bool known = file != NULL && file_read(file, ID_MAX, &id, NULL) && id.len > 0;
    free(file);
    if (!known) {
        buf_free(&id);
        return NULL;
    }
    return buf_take(&id);
}

bool outside_remember(const char *kind, const char *session, const char *id, struct err *err)
{
    char *file = session_file(kind, session);
    if (file == NULL) {
        return true; /* without a session or a home there is nothing to remember it by */
    }
    char *folder = path_dir(file);
    bool ok = path_make_dirs(folder, err) && file_write(file, str_of(id), 0600, err);
    free(folder);
    free(file);
    return ok;
}
