#include "model/detect.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

#define MAX_SERVERS 8
#define MAX_ANSWER  ((size_t)1 << 20)
#define MAX_MODELS  512

const struct detect_server detect_servers[] = {
    {"Ollama", "http://127.0.0.1:11434/v1"},
    {"llama.cpp", "http://127.0.0.1:8080/v1"},
    {"LM Studio", "http://127.0.0.1:1234/v1"},
    {"vLLM", "http://127.0.0.1:8000/v1"},
    {NULL, NULL},
};

struct probe {
    struct detect *detect;
    struct http_request *request;
    struct buf body;
    struct detect_found found;
};

struct detect {
    struct probe probes[MAX_SERVERS];
    size_t count;
    size_t waiting;
    struct loop_timer *timer; /* tells the outcome from the loop, never from inside a start */
    detect_fn done;
    void *data;
};

static void release(struct detect *detect)
{
    for (size_t i = 0; i < detect->count; i++) {
        struct probe *probe = &detect->probes[i];
        http_cancel(probe->request);
        buf_free(&probe->body);
        VEC_FOREACH (char *, model, &probe->found.models) {
            free(*model);
        }
        VEC_FREE(&probe->found.models);
    }
    loop_timer_free(detect->timer);
    free(detect);
}

void detect_cancel(struct detect *detect)
{
    if (detect != NULL) {
        release(detect);
    }
}

static void on_over(void *data)
{
    struct detect *detect = data;
    struct detect_found found[MAX_SERVERS];
    size_t count = 0;
    for (size_t i = 0; i < detect->count; i++) {
        if (detect->probes[i].found.models.len > 0) {
            found[count++] = detect->probes[i].found;
        }
    }
    detect_fn done = detect->done;
    void *user = detect->data;
    done(user, found, count);
    release(detect);
}

static bool is_for_chat(const char *id)
{
    static const char *const others[] = {"embed", "rerank", "whisper", "tts", "bge-", "clip"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (strcasestr(id, others[i]) != NULL) {
            return false;
        }
    }
    return id[0] != '\0';
}

static bool is_plain(const char *id)
{
    char *shown = safe_dup(str_of(id), SAFE_ONE_LINE, 256);
    bool same = strcmp(shown, id) == 0;
    free(shown);
    return same;
}

static void read_models(struct probe *probe)
{
    cJSON *json = json_parse(buf_str(&probe->body), NULL);
    const cJSON *list = json_get(json, "data");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        const char *id = json_string(entry, "id");
        if (id != NULL && is_for_chat(id) && is_plain(id) && probe->found.models.len < MAX_MODELS) {
            VEC_PUSH(&probe->found.models, mem_strdup(id));
        }
    }
    cJSON_Delete(json);
}

static void on_body(void *data, struct str bytes)
{
    struct probe *probe = data;
    buf_append_str(&probe->body, bytes);
}

static void on_done(void *data, const struct http_result *result)
{
    struct probe *probe = data;
    probe->request = NULL;
    if (result->failure == HTTP_OK && result->status == 200) {
        read_models(probe);
    }
    if (--probe->detect->waiting == 0) {
        loop_timer_start(probe->detect->timer, 0, 0);
    }
}

struct detect *detect_start(struct loop *loop, struct http *http,
    const struct detect_server *servers, uint64_t timeout_ms, detect_fn done, void *data)
{
    struct detect *detect = MEM_NEW(struct detect);
    detect->done = done;
    detect->data = data;
    detect->timer = loop_timer_new(loop, on_over, detect);
    for (; servers[detect->count].name != NULL && detect->count < MAX_SERVERS; detect->count++) {
        const struct detect_server *server = &servers[detect->count];
        struct probe *probe = &detect->probes[detect->count];
        probe->detect = detect;
        probe->found.name = server->name;
        probe->found.base_url = server->base_url;
        char *url = mem_printf("%s/models", server->base_url);
        struct http_options options = {.url = url,
            .total_timeout_ms = timeout_ms,
            .max_body = MAX_ANSWER,
            .on_body = on_body,
            .on_done = on_done,
            .data = probe};
        probe->request = http_start(http, &options, NULL);
        detect->waiting += probe->request != NULL ? 1 : 0;
        free(url);
    }
    if (detect->waiting == 0) {
        loop_timer_start(detect->timer, 0, 0);
    }
    return detect;
}
