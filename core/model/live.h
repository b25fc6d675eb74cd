/* A model behind HTTP, over either wire protocol: sends the request, reads the stream, and sends
 * again by itself, after an EVENT_RETRY, when the server was busy, away or broke off. A new try
 * begins the answer anew: whoever listens drops what came of the one before. */
#ifndef BYLAW_MODEL_LIVE_H
#define BYLAW_MODEL_LIVE_H

#include "loop/http.h"
#include "model/provider.h"
#include "model/wire.h"

struct recorder;

struct live_options {
    struct loop *loop; /* outlives the provider, as does http */
    struct http *http;
    const struct wire_ops *wire;
    /* All text is copied. */
    const char *base_url;       /* "https://api.openai.com/v1"; a "/" at its end does not matter */
    const char *query;          /* "api-version=…", added to the URL; or NULL */
    const char *api_key;        /* NULL: none is sent */
    const char *api_key_name;   /* for messages: "OPENAI_API_KEY", or the command */
    const char *const *headers; /* more "Name: value", NULL-terminated, or NULL */
    const char *unix_socket;
    bool allow_plain_http;
    struct wire_quirks quirks;
    int max_retries;        /* < 0: none; 0: 4 */
    uint64_t retry_base_ms; /* first wait, doubled each time; 0: 500 */
    uint64_t max_wait_ms;   /* a server that asks for more is not waited for; 0: 60 s */
    uint64_t connect_timeout_ms;
    uint64_t idle_timeout_ms;
};

/* NULL: the URL cannot be used (see http.h). */
struct provider *live_new(const struct live_options *options, struct err *err) MUST_USE;
/* Every answer from now on also goes to the recorder (borrowed, NULL: no more). False: this
 * provider is not a live one. */
bool live_record(struct provider *provider, struct recorder *recorder);

#endif
