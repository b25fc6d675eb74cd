#include "model/recording.h"

#include "base/file.h"
#include "base/json.h"
#include "base/vec.h"
#include "model/reply.h"

#include <ctype.h>
#include <stdlib.h>
#include <uv.h>

#define GAP_MAX_MS 2000
#define BATCH_MS   4

struct chunk {
    uint64_t at_ms;
    char *bytes;
    size_t len;
};

struct answer {
    char *prompt;
    struct {
        char **items;
        size_t len, cap;
    } contains;
    size_t step;
    const struct wire_ops *wire;
    int status;
    struct http_fields *fields;
    struct {
        struct chunk *items;
        size_t len, cap;
    } chunks;
    uint64_t end_ms;
    bool cut;
    bool ended;
};

struct recording {
    struct provider base;
    struct loop *loop;
    double speed;
    char *title;
    char *model;
    char *empty_text; /* said to everything, when there are no answers */
    struct {
        struct answer *items;
        size_t len, cap;
    } answers;
    struct {
        char **items;
        size_t len, cap;
    } prompts; /* distinct, in order */
    struct {
        struct stream **items;
        size_t len, cap;
    } streams;
    int refs;
};

struct stream {
    struct recording *recording;
    event_fn on_event;
    void *data;
    const struct answer *answer; /* NULL: `text` is all there is to say */
    char *text;
    struct reply *reply;
    struct loop_timer *timer;
    size_t next; /* chunk */
    bool head_given;
    int depth;
    bool over;
};

/* --- finding an answer --------------------------------------------------------------------------
 */

/* Lower case, runs of blanks as one, no blanks or punctuation at the ends. The caller frees. */
static char *normal(const char *text)
{
    struct buf out = BUF_INIT;
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (isspace(c)) {
            if (out.len > 0 && out.ptr[out.len - 1] != ' ') {
                buf_append_char(&out, ' ');
            }
        } else {
            buf_append_char(&out, (char)tolower(c));
        }
    }
    while (out.len > 0 && strchr(" .!?", out.ptr[out.len - 1]) != NULL) {
        out.len--;
    }
    return buf_take(&out);
}

static bool is_same_prompt(const char *a, const char *b)
{
    char *left = normal(a);
    char *right = normal(b);
    bool same = strcmp(left, right) == 0;
    free(left);
    free(right);
    return same;
}

static bool holds_any(const struct answer *answer, const char *prompt)
{
    char *text = normal(prompt);
    bool found = false;
    VEC_FOREACH (char *const, part, &answer->contains) {
        char *piece = normal(*part);
        found = found || (piece[0] != '\0' && strstr(text, piece) != NULL);
        free(piece);
    }
    free(text);
    return found;
}

struct recording_place recording_locate(const struct items *items)
{
    struct recording_place place = {0};
    bool in_results = false;
    for (size_t i = 0; items != NULL && i < items->len; i++) {
        const struct item *item = &items->items[i];
        if (item->kind == ITEM_USER && item->text != NULL) {
            place.prompt = item->text;
            place.step = 0;
        }
        bool is_result = item->kind == ITEM_TOOL_RESULT;
        place.step += is_result && !in_results ? 1 : 0;
        in_results = is_result;
    }
    for (size_t i = 0; place.prompt != NULL && i < items->len; i++) {
        const struct item *item = &items->items[i];
        if (item->kind == ITEM_USER && item->text != NULL && item->text != place.prompt &&
            is_same_prompt(item->text, place.prompt)) {
            place.nth++;
        }
    }
    return place;
}

static bool is_for(const struct answer *answer, const char *prompt, bool exact)
{
    return exact ? is_same_prompt(answer->prompt, prompt) : holds_any(answer, prompt);
}

static const struct answer *find_answer(
    const struct recording *recording, const struct recording_place *place, bool *prompt_known)
{
    *prompt_known = false;
    for (int exact = 1; place->prompt != NULL && exact >= 0 && !*prompt_known; exact--) {
        const struct answer *found = NULL;
        size_t seen = 0;
        VEC_FOREACH (const struct answer, answer, &recording->answers) {
            if (!is_for(answer, place->prompt, exact != 0)) {
                continue;
            }
            *prompt_known = true;
            if (answer->step == place->step && seen++ <= place->nth) {
                found = answer;
            }
        }
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static char *explain(const struct recording *recording, bool prompt_known)
{
    struct buf out = BUF_INIT;
    if (recording->empty_text != NULL) {
        return mem_strdup(recording->empty_text);
    }
    if (prompt_known) {
        buf_append_c(&out, "This is a recording, not a live model, and it ends here. ");
    } else {
        buf_append_c(&out, "This is a recording, not a live model: it has no answer to that. ");
    }
    buf_append_c(&out, "It knows these prompts:\n\n");
    VEC_FOREACH (char *const, prompt, &recording->prompts) {
        buf_append_c(&out, "- ");
        for (const char *at = *prompt; *at != '\0'; at++) {
            buf_append_char(&out, *at == '\n' ? ' ' : *at);
        }
        buf_append_char(&out, '\n');
    }
    buf_append_c(&out, "\nFor a live model set `base_url`, `model` and `api_key_env` in the "
                       "configuration (`bylaw config` shows where).\n");
    return buf_take(&out);
}

/* --- a stream -----------------------------------------------------------------------------------
 */

static void clear_answer(struct answer *answer)
{
    free(answer->prompt);
    VEC_FOREACH (char *, part, &answer->contains) {
        free(*part);
    }
    VEC_FREE(&answer->contains);
    VEC_FOREACH (struct chunk, chunk, &answer->chunks) {
        free(chunk->bytes);
    }
    VEC_FREE(&answer->chunks);
    http_fields_free(answer->fields);
}

static void drop_ref(struct recording *recording)
{
    if (--recording->refs > 0) {
        return;
    }
    VEC_FOREACH (struct answer, answer, &recording->answers) {
        clear_answer(answer);
    }
    VEC_FREE(&recording->answers);
    VEC_FOREACH (char *, prompt, &recording->prompts) {
        free(*prompt);
    }
    VEC_FREE(&recording->prompts);
    VEC_FREE(&recording->streams);
    free(recording->title);
    free(recording->model);
    free(recording->empty_text);
    free(recording);
}

static void free_stream(struct stream *stream)
{
    struct recording *recording = stream->recording;
    for (size_t i = 0; i < recording->streams.len; i++) {
        if (recording->streams.items[i] == stream) {
            VEC_REMOVE(&recording->streams, i);
            break;
        }
    }
    reply_free(stream->reply);
    loop_timer_free(stream->timer);
    free(stream->text);
    free(stream);
    drop_ref(recording);
}

static void stop(struct stream *stream)
{
    stream->over = true;
    loop_timer_stop(stream->timer);
    if (stream->reply != NULL) {
        reply_stop(stream->reply);
    }
}

static void on_reply_event(void *data, const struct event *event)
{
    struct stream *stream = data;
    if (stream->over) {
        return;
    }
    if (event->kind == EVENT_DONE) {
        stop(stream);
    }
    stream->on_event(stream->data, event);
}

static void on_reply_failed(void *data, const struct failure *failure)
{
    struct stream *stream = data;
    struct event event = {.kind = EVENT_ERROR,
        .error = failure->error,
        .retryable = failure->retryable,
        .http_status = failure->status};
    if (!stream->over) {
        stop(stream);
        stream->on_event(stream->data, &event);
    }
}

static void say_all(struct stream *stream)
{
    struct event started = {.kind = EVENT_STARTED};
    struct event text = {.kind = EVENT_TEXT, .text = str_of(stream->text)};
    struct event done = {.kind = EVENT_DONE, .stop = STOP_END};
    on_reply_event(stream, &started);
    on_reply_event(stream, &text);
    on_reply_event(stream, &done);
}

static uint64_t time_of(const struct answer *answer, size_t chunk)
{
    return chunk < answer->chunks.len ? answer->chunks.items[chunk].at_ms : answer->end_ms;
}

/* How long the next chunk waits for its turn; 0: not at all. */
static uint64_t next_delay(const struct stream *stream)
{
    uint64_t before = stream->next == 0 ? 0 : time_of(stream->answer, stream->next - 1);
    uint64_t at = time_of(stream->answer, stream->next);
    uint64_t gap = at > before ? at - before : 0;
    gap = gap > GAP_MAX_MS ? GAP_MAX_MS : gap;
    return (uint64_t)((double)gap * stream->recording->speed);
}

static void play(struct stream *stream)
{
    const struct answer *answer = stream->answer;
    if (!stream->head_given) {
        stream->head_given = true;
        reply_head(stream->reply, answer->status, answer->fields);
    }
    if (stream->next < answer->chunks.len) {
        /* What comes at once is given at once, but no longer than the screen and the keys can wait:
         * a timer of 0 ms would run again before anybody else's turn. */
        uint64_t end = loop_now_ms() + BATCH_MS;
        uint64_t delay = 0;
        while (delay == 0 && stream->next < answer->chunks.len && loop_now_ms() < end) {
            const struct chunk *chunk = &answer->chunks.items[stream->next++];
            reply_bytes(stream->reply, str_make(chunk->bytes, chunk->len));
            if (stream->over) {
                return;
            }
            delay = next_delay(stream);
        }
        loop_timer_start(stream->timer, delay == 0 ? 1 : delay, 0);
        return;
    }
    struct http_result result = {.failure = HTTP_OK, .status = answer->status};
    if (answer->cut) {
        result.failure = HTTP_CUT;
        err_set(&result.error, ERR_NETWORK, "the recorded answer broke off here");
    }
    reply_end(stream->reply, &result);
}

static void on_timer(void *data)
{
    struct stream *stream = data;
    stream->depth++;
    if (stream->answer == NULL) {
        say_all(stream);
    } else {
        play(stream);
    }
    if (--stream->depth == 0 && stream->over) {
        free_stream(stream);
    }
}

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    (void)err; /* what is wrong with a recording was said when it was opened */
    struct recording *recording = (struct recording *)provider;
    struct stream *stream = MEM_NEW(struct stream);
    stream->recording = recording;
    stream->on_event = on_event;
    stream->data = data;
    stream->timer = loop_timer_new(recording->loop, on_timer, stream);
    VEC_PUSH(&recording->streams, stream);
    recording->refs++;
    struct recording_place place = recording_locate(request->items);
    bool prompt_known;
    stream->answer = find_answer(recording, &place, &prompt_known);
    if (stream->answer == NULL) {
        stream->text = explain(recording, prompt_known);
        loop_timer_start(stream->timer, 0, 0);
        return stream;
    }
    struct wire_out out = {.event = on_reply_event,
        .failed = on_reply_failed,
        .data = stream,
        .names = {.host = "the recording", .model = recording->model}};
    stream->reply = reply_new(stream->answer->wire, request, &out);
    loop_timer_start(stream->timer, next_delay(stream), 0);
    return stream;
}

static void cancel(struct stream *stream)
{
    if (!stream->over) {
        stop(stream);
        if (stream->depth == 0) {
            free_stream(stream);
        }
    }
}

static void free_provider(struct provider *provider)
{
    struct recording *recording = (struct recording *)provider;
    for (size_t i = recording->streams.len; i > 0; i--) {
        cancel(recording->streams.items[i - 1]);
    }
    drop_ref(recording);
}

/* --- reading the file ---------------------------------------------------------------------------
 */

static bool decode_base64(const char *text, struct chunk *chunk)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf out = BUF_INIT;
    unsigned bits = 0;
    int have = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        if (digit == NULL) {
            buf_free(&out);
            return false;
        }
        bits = (bits << 6 | (unsigned)(digit - digits)) & 0xFFFFFFu;
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_append_char(&out, (char)(bits >> have & 0xFFu));
        }
    }
    chunk->len = out.len;
    chunk->bytes = buf_take(&out);
    return true;
}

static uint64_t time_in(const cJSON *line, const char *key)
{
    long long ms = json_int_or(line, key, 0);
    return ms < 0 ? 0 : (uint64_t)ms;
}

static bool read_chunk(struct answer *answer, const cJSON *line, struct err *err)
{
    struct chunk chunk = {.at_ms = time_in(line, "at")};
    const char *data = json_string(line, "data");
    const char *base64 = json_string(line, "base64");
    if (data != NULL) {
        chunk.len = strlen(data);
        chunk.bytes = mem_strdup(data);
    } else if (base64 == NULL || !decode_base64(base64, &chunk)) {
        return err_set(err, ERR_INVALID, "bytes without \"data\" or valid \"base64\"");
    }
    VEC_PUSH(&answer->chunks, chunk);
    return true;
}

static void add_prompt(struct recording *recording, const char *prompt)
{
    VEC_FOREACH (char *const, known, &recording->prompts) {
        if (is_same_prompt(*known, prompt)) {
            return;
        }
    }
    VEC_PUSH(&recording->prompts, mem_strdup(prompt));
}

static bool read_answer(struct recording *recording, const cJSON *head, struct err *err)
{
    const char *prompt = json_string(head, "prompt");
    const char *wire = json_string_or(head, "wire", "");
    if (prompt == NULL) {
        return err_set(err, ERR_INVALID, "an answer without its \"prompt\"");
    }
    if (wire_find(wire) == NULL) {
        return err_set(
            err, ERR_INVALID, "\"wire\" is \"%s\": accepted are responses and chat", wire);
    }
    struct answer answer = {.prompt = mem_strdup(prompt),
        .step = (size_t)time_in(head, "step"),
        .wire = wire_find(wire),
        .status = (int)json_int_or(head, "status", 200),
        .fields = http_fields_new()};
    const cJSON *headers = json_get(head, "headers");
    const cJSON *contains = json_get(head, "prompt_contains");
    const cJSON *member;
    cJSON_ArrayForEach(member, headers)
    {
        if (cJSON_IsString(member) && member->string != NULL) {
            http_fields_add(answer.fields, member->string, member->valuestring);
        }
    }
    cJSON_ArrayForEach(member, contains)
    {
        if (cJSON_IsString(member)) {
            VEC_PUSH(&answer.contains, mem_strdup(member->valuestring));
        }
    }
    VEC_PUSH(&recording->answers, answer);
    if (answer.contains.len == 0) {
        add_prompt(recording, prompt);
    }
    return true;
}

static bool read_line(struct recording *recording, const cJSON *line, bool first, struct err *err)
{
    if (first) {
        if (json_int_or(line, "bylaw_recording", 0) != 1) {
            return err_set(err, ERR_INVALID, "this is no recording of version 1");
        }
        recording->title = mem_strdup(json_string(line, "title"));
        recording->model = mem_strdup(json_string(line, "model"));
        return true;
    }
    const cJSON *head = json_get(line, "answer");
    struct answer *last =
        recording->answers.len == 0 ? NULL : &recording->answers.items[recording->answers.len - 1];
    if (head != NULL) {
        return read_answer(recording, head, err);
    }
    if (last == NULL || last->ended) {
        return err_set(err, ERR_INVALID, "bytes that belong to no answer");
    }
    if (json_get(line, "at") != NULL) {
        return read_chunk(last, line, err);
    }
    last->cut = json_get(line, "cut") != NULL;
    if (!last->cut && json_get(line, "end") == NULL) {
        return err_set(err, ERR_INVALID, "neither \"answer\", \"at\", \"end\" nor \"cut\"");
    }
    last->end_ms = time_in(line, last->cut ? "cut" : "end");
    last->ended = true;
    return true;
}

static bool read_lines(struct recording *recording, struct str text, struct err *err)
{
    struct str line;
    for (size_t number = 1; str_next_line(&text, &line); number++) {
        if (str_trim(line).len == 0) {
            continue;
        }
        cJSON *json = json_parse(line, err);
        bool ok = json != NULL && read_line(recording, json, number == 1, err);
        cJSON_Delete(json);
        if (!ok) {
            return err_prefix(err, "line %zu", number);
        }
    }
    if (recording->answers.len == 0) {
        return err_set(err, ERR_INVALID, "it holds no answers");
    }
    VEC_FOREACH (struct answer, answer, &recording->answers) {
        if (!answer->ended) {
            answer->cut = true; /* the recorder was stopped in the middle */
            answer->end_ms = answer->chunks.len == 0 ? 0 : time_of(answer, answer->chunks.len - 1);
        }
    }
    return true;
}

static const struct provider_ops ops = {
    .name = "recording", .start = start, .cancel = cancel, .free = free_provider};

struct provider *recording_parse(
    struct loop *loop, struct str text, const char *name, double speed, struct err *err)
{
    struct recording *recording = MEM_NEW(struct recording);
    recording->base.ops = &ops;
    recording->base.is_recording = true;
    recording->refs = 1;
    recording->loop = loop;
    const char *env = getenv("BYLAW_RECORDING_SPEED");
    recording->speed = env != NULL && env[0] != '\0' ? strtod(env, NULL) : speed;
    if (!(recording->speed >= 0 && recording->speed <= 100)) {
        recording->speed = 1;
    }
    if (!read_lines(recording, text, err)) {
        err_prefix(err, "the recording %s", name);
        drop_ref(recording);
        return NULL;
    }
    return &recording->base;
}

struct provider *recording_new(struct loop *loop, const char *path, double speed, struct err *err)
{
    struct buf text = BUF_INIT;
    struct provider *provider = NULL;
    if (file_read(path, RECORDING_FILE_MAX, &text, err)) {
        provider = recording_parse(loop, buf_str(&text), path, speed, err);
    }
    buf_free(&text);
    return provider;
}

struct provider *recording_new_empty(struct loop *loop, const char *text)
{
    struct recording *recording = MEM_NEW(struct recording);
    recording->base.ops = &ops;
    recording->refs = 1;
    recording->loop = loop;
    recording->empty_text = mem_strdup(text);
    return &recording->base;
}

const char *recording_title(const struct provider *provider)
{
    return ((const struct recording *)provider)->title;
}

const char *recording_model(const struct provider *provider)
{
    return ((const struct recording *)provider)->model;
}

const char *recording_prompt(const struct provider *provider, size_t at)
{
    const struct recording *recording = (const struct recording *)provider;
    return at < recording->prompts.len ? recording->prompts.items[at] : NULL;
}

bool recording_answers(const struct provider *provider, const char *prompt)
{
    VEC_FOREACH (const struct answer, answer, &((const struct recording *)provider)->answers) {
        if (is_for(answer, prompt, true) || is_for(answer, prompt, false)) {
            return true;
        }
    }
    return false;
}
