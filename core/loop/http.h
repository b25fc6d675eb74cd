/* HTTP requests on the loop: libcurl's multi interface driven by uv polls and one timer, so that
 * nothing here waits. The answer is streamed to callbacks as it arrives.
 *
 * What holds for every request, whoever makes it:
 * - certificates and host names are always checked (CURL_CA_BUNDLE or SSL_CERT_FILE add a company's
 *   own authority); there is no switch to turn that off;
 * - plain http is refused unless it stays on this machine (localhost, 127.0.0.0/8, ::1, a Unix
 *   socket) or the caller allows it;
 * - redirects are not followed, so a key never travels to a host the user did not name: the answer
 *   is a 3xx whose Location the caller may show;
 * - http_proxy, https_proxy, all_proxy and no_proxy are honoured, but never for this machine;
 * - header values are never logged.
 *
 * Loop thread only. */
#ifndef BYLAW_LOOP_HTTP_H
#define BYLAW_LOOP_HTTP_H

#include "loop/loop.h"

struct http;         /* connections kept open between requests; one per loop is enough */
struct http_request; /* one running request */

/* The answer's head. Borrowed for the length of the callback. */
struct http_head {
    int status;
    const struct http_fields *fields;
};

enum http_failure {
    HTTP_OK = 0, /* a whole answer came, whatever its status */
    HTTP_DNS,    /* the host's name is not known */
    HTTP_CONNECT,
    HTTP_TLS,
    HTTP_TIMEOUT,
    HTTP_CUT,       /* the connection ended in the middle of the answer */
    HTTP_TOO_LARGE, /* more than max_body */
    HTTP_OTHER
};

struct http_result {
    enum http_failure failure;
    int status;       /* 0 when no answer's head came */
    size_t body_size; /* bytes that came */
    struct err error; /* set unless failure is HTTP_OK: one sentence that names the host */
};

struct http_options {
    const char *method; /* NULL: GET, or POST when there is a body */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL; copied */
    struct str body;            /* copied */
    const char *unix_socket;    /* path, or NULL */
    bool allow_plain_http;
    uint64_t connect_timeout_ms; /* 0: 10 s */
    uint64_t idle_timeout_ms;    /* no byte in either direction for so long; 0: 300 s */
    uint64_t total_timeout_ms;   /* 0: none: a long answer is not an error */
    size_t max_body;             /* 0: 64 MiB */
    /* Each may be NULL. on_head comes once, before the first byte of the body. http_cancel may be
     * called from any of them. */
    void (*on_head)(void *data, const struct http_head *head);
    void (*on_body)(void *data, struct str bytes);
    /* Exactly once, unless cancelled; never from inside http_start. */
    void (*on_done)(void *data, const struct http_result *result);
    void *data;
};

struct http *http_new(struct loop *loop);
/* Cancels what still runs. Before loop_free. */
void http_free(struct http *http);

/* NULL: refused (bad URL, plain http, a password in the URL); no callback comes. */
struct http_request *http_start(
    struct http *http, const struct http_options *options, struct err *err) MUST_USE;
/* No callback comes after this; the request is gone. */
void http_cancel(struct http_request *request);

/* The value of a header (name without case), or NULL. Of several the last. */
const char *http_field(const struct http_fields *fields, const char *name);
/* A set of header fields that did not come over the wire (a recording). Copies. */
struct http_fields *http_fields_new(void) MUST_USE;
void http_fields_add(struct http_fields *fields, const char *name, const char *value);
void http_fields_free(struct http_fields *fields);
size_t http_fields_count(const struct http_fields *fields);
void http_fields_get(
    const struct http_fields *fields, size_t at, const char **name, const char **value);

/* Checks that a request to `url` may be made (http or https, no user name or password in it, plain
 * http only to this machine, over a Unix socket, or when allowed) and returns what it names for
 * messages, "host" or "host:port", which the caller frees; *is_local (may be NULL): this machine.
 */
char *http_check_url(const char *url, const char *unix_socket, bool allow_plain_http,
    bool *is_local, struct err *err) MUST_USE;

#endif
