#include "model/recorder.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "model/recording.h"
#include "model/sse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

struct piece {
    uint64_t at_ms;
    size_t end; /* offset in `bytes` after it */
};

/* An answer on its way. */
struct take {
    const void *id;
    char *wire;
    char *prompt;
    size_t step;
    uint64_t start_ms;
    int status;
    cJSON *headers;
    struct buf bytes;
    struct {
        struct piece *items;
        size_t len, cap;
    } pieces;
};

struct recorder {
    int fd;
    char *path;
    bool headed; /* the first line is written */
    bool held;   /* an answer is written: else the file goes again */
    bool failed;
    struct err error;
    struct {
        struct take *items;
        size_t len, cap;
    } takes;
};

/* Values of variables whose names say that they are secret must not be in a file that is made to be
 * sent to others, whether or not this program uses them. */
static void register_environment(void)
{
    static const char *const words[] = {"KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"};
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        char *equals = strchr(*entry, '=');
        for (size_t i = 0; equals != NULL && i < ARRAY_LEN(words); i++) {
            struct str name = str_make(*entry, (size_t)(equals - *entry));
            if (str_find(name, str_of(words[i]), 0) != SIZE_MAX && strlen(equals + 1) >= 8) {
                secret_register(str_of(equals + 1));
            }
        }
    }
}

struct recorder *recorder_open(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_set_errno(err, errno, "cannot create the recording %s", path);
        return NULL;
    }
    register_environment();
    struct recorder *recorder = MEM_NEW(struct recorder);
    recorder->fd = fd;
    recorder->path = mem_strdup(path);
    return recorder;
}

static void clear_take(struct take *take)
{
    free(take->wire);
    free(take->prompt);
    cJSON_Delete(take->headers);
    buf_free(&take->bytes);
    VEC_FREE(&take->pieces);
}

bool recorder_close(struct recorder *recorder, struct err *err)
{
    bool ok = !recorder->failed;
    if (!ok && err != NULL) {
        *err = recorder->error;
    }
    if (close(recorder->fd) != 0 && ok) {
        ok = err_set_errno(err, errno, "cannot write the recording %s", recorder->path);
    }
    if (!recorder->held) {
        unlink(recorder->path);
    }
    VEC_FOREACH (struct take, take, &recorder->takes) {
        clear_take(take);
    }
    VEC_FREE(&recorder->takes);
    free(recorder->path);
    free(recorder);
    return ok;
}

static struct take *find_take(struct recorder *recorder, const void *id)
{
    VEC_FOREACH (struct take, take, &recorder->takes) {
        if (take->id == id) {
            return take;
        }
    }
    return NULL;
}

void recorder_begin(
    struct recorder *recorder, const void *id, const char *wire, const struct request *request)
{
    struct recording_place place = recording_locate(request->items);
    struct take take = {.id = id,
        .wire = mem_strdup(wire),
        .prompt = mem_strdup(place.prompt == NULL ? "" : place.prompt),
        .step = place.step,
        .start_ms = loop_now_ms(),
        .headers = mem_require(cJSON_CreateObject())};
    VEC_PUSH(&recorder->takes, take);
    if (!recorder->headed) {
        recorder->headed = true;
        struct buf line = BUF_INIT;
        buf_append_c(&line, "{\"bylaw_recording\":1,\"model\":");
        json_append_quoted(&line, str_of(request->model == NULL ? "" : request->model));
        buf_append_c(&line, "}\n");
        recorder->failed = !file_write_all(recorder->fd, buf_str(&line), &recorder->error);
        buf_free(&line);
    }
}

void recorder_head(
    struct recorder *recorder, const void *id, int status, const struct http_fields *fields)
{
    static const char *const kept[] = {"content-type", "retry-after"};
    struct take *take = find_take(recorder, id);
    if (take == NULL) {
        return;
    }
    take->status = status;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const char *value = http_field(fields, kept[i]);
        if (value != NULL) {
            json_set_string(take->headers, kept[i], value);
        }
    }
}

void recorder_bytes(struct recorder *recorder, const void *id, struct str bytes)
{
    struct take *take = find_take(recorder, id);
    if (take != NULL && take->bytes.len + bytes.len <= RECORDING_FILE_MAX / 4) {
        buf_append_str(&take->bytes, bytes);
        VEC_PUSH(&take->pieces, (struct piece){loop_now_ms() - take->start_ms, take->bytes.len});
    }
}

static void remove_take(struct recorder *recorder, struct take *take)
{
    clear_take(take);
    VEC_REMOVE(&recorder->takes, (size_t)(take - recorder->takes.items));
}

void recorder_drop(struct recorder *recorder, const void *id)
{
    struct take *take = find_take(recorder, id);
    if (take != NULL) {
        /* The same request goes out again: only what is from now on counts. */
        buf_clear(&take->bytes);
        take->pieces.len = 0;
        take->status = 0;
        cJSON_Delete(take->headers);
        take->headers = mem_require(cJSON_CreateObject());
        take->start_ms = loop_now_ms();
    }
}

/* --- secrets ------------------------------------------------------------------------------------
 */

/* All text of an answer, joined: a secret may be spread over several events. */
static void join_strings(struct buf *out, const cJSON *json)
{
    const cJSON *child;
    cJSON_ArrayForEach(child, json)
    {
        if (cJSON_IsString(child) && child->string != NULL &&
            (strcmp(child->string, "delta") == 0 || strcmp(child->string, "content") == 0 ||
                strcmp(child->string, "arguments") == 0)) {
            buf_append_c(out, child->valuestring);
        } else if (cJSON_IsObject(child) || cJSON_IsArray(child)) {
            join_strings(out, child);
        }
    }
}

static void join_event(void *data, const struct sse_event *event)
{
    cJSON *json = json_parse(event->data, NULL);
    join_strings(data, json);
    cJSON_Delete(json);
}

static bool is_secret_spread(const struct take *take)
{
    struct buf text = BUF_INIT;
    struct buf redacted = BUF_INIT;
    struct sse *sse = sse_new(join_event, &text);
    sse_feed(sse, buf_str(&take->bytes));
    sse_end(sse);
    sse_free(sse);
    secret_redact(&redacted, buf_str(&text));
    bool spread = !str_equal(buf_str(&redacted), buf_str(&text));
    buf_free(&redacted);
    buf_free(&text);
    return spread;
}

/* Replaces secrets in the bytes of the whole answer, then cuts them where they had been cut, in
 * proportion. */
static void redact(struct take *take)
{
    struct buf redacted = BUF_INIT;
    secret_redact(&redacted, buf_str(&take->bytes));
    if (!str_equal(buf_str(&redacted), buf_str(&take->bytes))) {
        size_t before = take->bytes.len;
        VEC_FOREACH (struct piece, piece, &take->pieces) {
            piece->end = (size_t)((double)piece->end / (double)before * (double)redacted.len);
        }
        take->pieces.items[take->pieces.len - 1].end = redacted.len;
        buf_free(&take->bytes);
        take->bytes = redacted;
    } else {
        buf_free(&redacted);
    }
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void append_base64(struct buf *out, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        unsigned b[3] = {0, 0, 0};
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        for (size_t k = 0; k < have; k++) {
            b[k] = (unsigned char)bytes.ptr[i + k];
        }
        unsigned bits = b[0] << 16 | b[1] << 8 | b[2];
        buf_append_char(out, digits[bits >> 18 & 63u]);
        buf_append_char(out, digits[bits >> 12 & 63u]);
        buf_append_char(out, have > 1 ? digits[bits >> 6 & 63u] : '=');
        buf_append_char(out, have > 2 ? digits[bits & 63u] : '=');
    }
}

static void append_piece(struct buf *out, uint64_t at_ms, struct str bytes)
{
    buf_printf(out, "{\"at\":%llu,", (unsigned long long)at_ms);
    if (utf8_is_valid(bytes) && memchr(bytes.ptr, '\0', bytes.len) == NULL) {
        buf_append_c(out, "\"data\":");
        json_append_quoted(out, bytes);
    } else {
        buf_append_c(out, "\"base64\":\"");
        append_base64(out, bytes);
        buf_append_char(out, '"');
    }
    buf_append_c(out, "}\n");
}

static void append_take(struct buf *out, struct take *take, bool cut)
{
    struct buf prompt = BUF_INIT;
    secret_redact(&prompt, str_of(take->prompt));
    char *headers = json_print(take->headers);
    buf_append_c(out, "{\"answer\":{\"prompt\":");
    json_append_quoted(out, buf_str(&prompt));
    buf_printf(out, ",\"step\":%zu,\"wire\":\"%s\",\"status\":%d,\"headers\":%s}}\n", take->step,
        take->wire, take->status, headers);
    free(headers);
    buf_free(&prompt);
    size_t from = 0;
    uint64_t last_ms = 0;
    VEC_FOREACH (struct piece, piece, &take->pieces) {
        if (piece->end > from) {
            append_piece(out, piece->at_ms, str_slice(buf_str(&take->bytes), from, piece->end));
            from = piece->end;
        }
        last_ms = piece->at_ms;
    }
    buf_printf(out, "{\"%s\":%llu}\n", cut ? "cut" : "end", (unsigned long long)last_ms);
}

void recorder_end(struct recorder *recorder, const void *id, bool cut)
{
    struct take *take = find_take(recorder, id);
    if (take == NULL) {
        return;
    }
    if (take->status != 0 && !recorder->failed) {
        struct buf out = BUF_INIT;
        if (take->bytes.len > 0) {
            redact(take);
        }
        if (is_secret_spread(take)) {
            log_write("record", "an answer was left out: a secret is spread over its events");
        } else {
            append_take(&out, take, cut);
            recorder->failed = !file_write_all(recorder->fd, buf_str(&out), &recorder->error);
            recorder->held = true;
        }
        buf_free(&out);
    }
    remove_take(recorder, take);
}
