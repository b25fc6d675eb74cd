/* Looks for model servers on this machine: Ollama, llama.cpp, LM Studio and vLLM at their default
 * ports, all at once, and asks each for its models (GET /v1/models, which all four have). Whatever
 * else may listen there is told apart by the form of the answer. Loop thread only. */
#ifndef BYLAW_MODEL_DETECT_H
#define BYLAW_MODEL_DETECT_H

#include "loop/http.h"

#define DETECT_TIMEOUT_MS 300

struct detect_server {
    const char *name;     /* "Ollama" */
    const char *base_url; /* "http://127.0.0.1:11434/v1" */
};

/* The four, in order of preference, ended by a NULL name. */
extern const struct detect_server detect_servers[];

/* One that answered. */
struct detect_found {
    const char *name;
    const char *base_url;
    struct {
        char **items; /* at least one; embedding and speech models left out */
        size_t len, cap;
    } models;
};

struct detect;
/* `found` is in the order of `servers`; borrowed for the length of the call. */
typedef void (*detect_fn)(void *data, const struct detect_found *found, size_t count);

/* Calls `done` once, from the loop, at the latest after timeout_ms. `servers` outlives it. */
struct detect *detect_start(struct loop *loop, struct http *http,
    const struct detect_server *servers, uint64_t timeout_ms, detect_fn done, void *data);
/* No callback comes after this. */
void detect_cancel(struct detect *detect);

#endif
