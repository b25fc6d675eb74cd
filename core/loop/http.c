#include "loop/http.h"

#include "base/log.h"
#include "base/vec.h"
#include "loop/curl_lazy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 10000
#define IDLE_TIMEOUT_MS    300000
#define MAX_BODY           ((size_t)64 << 20)
#define MAX_FIELDS         256

struct field {
    char *name;
    char *value;
};

struct http_fields {
    struct field *items;
    size_t len, cap;
};

struct http {
    struct loop *loop;
    CURLM *multi; /* made for the first request */
    struct loop_timer *timer;
    /* curl_multi_remove_handle must not be called from inside curl's callbacks: while `driving`,
     * requests that are cancelled are marked and freed afterwards (settle). */
    int driving;
    bool freed;
    struct {
        struct http_request **items;
        size_t len, cap;
    } requests;
};

struct http_request {
    struct http *http;
    CURL *easy;
    struct curl_slist *headers;
    struct buf body;
    struct loop_timer *idle;
    struct http_fields fields;
    char *host;
    uint64_t last_ms; /* of the last byte in either direction */
    uint64_t idle_ms;
    uint64_t total_ms;
    curl_off_t uploaded;
    size_t received;
    size_t max_body;
    int status;
    bool head_told;
    bool dead; /* cancelled: no more callbacks, freed by settle */
    bool idle_timed_out;
    char error_text[CURL_ERROR_SIZE];
    void (*on_head)(void *data, const struct http_head *head);
    void (*on_body)(void *data, struct str bytes);
    void (*on_done)(void *data, const struct http_result *result);
    void *data;
};

struct socket_watch {
    struct http *http;
    struct loop_poll *poll;
    curl_socket_t fd;
};

/* --- header fields ------------------------------------------------------------------------------
 */

struct http_fields *http_fields_new(void)
{
    return MEM_NEW(struct http_fields);
}

void http_fields_add(struct http_fields *fields, const char *name, const char *value)
{
    if (fields->len < MAX_FIELDS) {
        VEC_PUSH(fields, (struct field){mem_strdup(name), mem_strdup(value)});
    }
}

static void clear_fields(struct http_fields *fields)
{
    VEC_FOREACH (struct field, f, fields) {
        free(f->name);
        free(f->value);
    }
    VEC_FREE(fields);
}

void http_fields_free(struct http_fields *fields)
{
    if (fields != NULL) {
        clear_fields(fields);
        free(fields);
    }
}

const char *http_field(const struct http_fields *fields, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; fields != NULL && i < fields->len; i++) {
        if (strcasecmp(fields->items[i].name, name) == 0) {
            value = fields->items[i].value;
        }
    }
    return value;
}

size_t http_fields_count(const struct http_fields *fields)
{
    return fields == NULL ? 0 : fields->len;
}

void http_fields_get(
    const struct http_fields *fields, size_t at, const char **name, const char **value)
{
    *name = fields->items[at].name;
    *value = fields->items[at].value;
}

/* --- URLs ---------------------------------------------------------------------------------------
 */

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[256];
    snprintf(bare, sizeof bare, "%s", host[0] == '[' ? host + 1 : host);
    bare[strcspn(bare, "]%")] = '\0';
    if (inet_pton(AF_INET, bare, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    if (inet_pton(AF_INET6, bare, &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return strcasecmp(bare, "localhost") == 0;
}

static char *url_part(CURLU *parsed, CURLUPart part)
{
    char *value = NULL;
    if (curl_url_get(parsed, part, &value, 0) != CURLUE_OK) {
        return NULL;
    }
    char *copy = mem_strdup(value);
    curl_free(value);
    return copy;
}

char *http_check_url(const char *url, const char *unix_socket, bool allow_plain_http,
    bool *is_local, struct err *err)
{
    char *host = NULL;
    char *scheme = NULL;
    char *port = NULL;
    char *user = NULL;
    char *password = NULL;
    char *out = NULL;
    if (!curl_lazy_load(err)) {
        return NULL;
    }
    CURLU *parsed = mem_require(curl_url());
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, 0);
    if (code != CURLUE_OK) {
        err_set(err, ERR_INVALID, "\"%s\" is not a URL: %s", url, curl_url_strerror(code));
        goto out;
    }
    host = url_part(parsed, CURLUPART_HOST);
    scheme = url_part(parsed, CURLUPART_SCHEME);
    port = url_part(parsed, CURLUPART_PORT);
    user = url_part(parsed, CURLUPART_USER);
    password = url_part(parsed, CURLUPART_PASSWORD);
    if (host == NULL || scheme == NULL ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        err_set(err, ERR_INVALID, "\"%s\" is not a URL that begins with http:// or https://", url);
        goto out;
    }
    if (user != NULL || password != NULL) {
        err_set(err, ERR_DENIED,
            "the URL for %s has a user name or password in it: give keys through the environment",
            host);
        goto out;
    }
    bool local = unix_socket != NULL || is_loopback(host);
    char *named = port == NULL ? mem_strdup(host) : mem_printf("%s:%s", host, port);
    if (strcmp(scheme, "http") == 0 && !local && !allow_plain_http) {
        err_set(err, ERR_DENIED,
            "plain http to %s would send prompts and keys unprotected: use https, or set "
            "allow_plain_http = true in the configuration",
            named);
        free(named);
        goto out;
    }
    if (is_local != NULL) {
        *is_local = local;
    }
    out = named;
out:
    free(host);
    free(scheme);
    free(port);
    free(user);
    free(password);
    curl_url_cleanup(parsed);
    return out;
}

/* --- ends of a request --------------------------------------------------------------------------
 */

static void forget(struct http_request *request)
{
    struct http *http = request->http;
    for (size_t i = 0; i < http->requests.len; i++) {
        if (http->requests.items[i] == request) {
            VEC_REMOVE(&http->requests, i);
            break;
        }
    }
}

static void free_request(struct http_request *request)
{
    forget(request);
    curl_multi_remove_handle(request->http->multi, request->easy);
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    loop_timer_free(request->idle);
    clear_fields(&request->fields);
    buf_free(&request->body);
    free(request->host);
    free(request);
}

static void describe(struct http_request *request, CURLcode code, struct http_result *result)
{
    const char *host = request->host;
    const char *why =
        request->error_text[0] != '\0' ? request->error_text : curl_easy_strerror(code);
    struct err *err = &result->error;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        result->failure = HTTP_DNS;
        err_set(err, ERR_NETWORK, "the name of %s is not known here (DNS): %s", host, why);
        break;
    case CURLE_COULDNT_CONNECT:
        result->failure = HTTP_CONNECT;
        err_set(err, ERR_NETWORK, "cannot connect to %s: %s", host, why);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        result->failure = HTTP_TIMEOUT;
        err_set(err, ERR_TIMEOUT, "%s did not answer in time: %s", host, why);
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        result->failure = HTTP_TLS;
        err_set(err, ERR_NETWORK,
            "the TLS connection to %s is not trusted or failed: %s (an own certificate authority "
            "goes into SSL_CERT_FILE)",
            host, why);
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        result->failure = HTTP_CUT;
        err_set(err, ERR_NETWORK, "the connection to %s broke off%s: %s", host,
            request->head_told ? " in the middle of the answer" : " before an answer came", why);
        break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a status line, too */
    case CURLE_WEIRD_SERVER_REPLY:
        result->failure = HTTP_OTHER;
        err_set(err, ERR_NETWORK,
            "what answers at %s does not speak HTTP: check the address, and whether it begins with "
            "https (%s)",
            host, why);
        break;
    default:
        result->failure = HTTP_OTHER;
        err_set(err, ERR_NETWORK, "the request to %s failed: %s", host, why);
    }
}

static void finish(struct http_request *request, CURLcode code)
{
    struct http_result result = {
        .failure = HTTP_OK, .status = request->status, .body_size = request->received};
    if (request->received > request->max_body) {
        result.failure = HTTP_TOO_LARGE;
        err_set(&result.error, ERR_LIMIT, "the answer of %s is larger than %zu bytes",
            request->host, request->max_body);
    } else if (request->idle_timed_out) {
        result.failure = HTTP_TIMEOUT;
        err_set(&result.error, ERR_TIMEOUT, "%s sent nothing for %.1f s", request->host,
            (double)request->idle_ms / 1000.0);
    } else if (code != CURLE_OK) {
        describe(request, code, &result);
    }
    log_write("http", "%s: status %d, %zu bytes%s%s", request->host, result.status,
        result.body_size, result.failure == HTTP_OK ? "" : ", ", result.error.text);
    void (*on_done)(void *, const struct http_result *) = request->on_done;
    void *data = request->data;
    free_request(request);
    if (on_done != NULL) {
        on_done(data, &result);
    }
}

static struct http_request *request_of(CURL *easy)
{
    char *pointer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
    return (struct http_request *)(void *)pointer;
}

static void release(struct http *http)
{
    while (http->requests.len > 0) {
        free_request(http->requests.items[http->requests.len - 1]);
    }
    VEC_FREE(&http->requests);
    if (http->multi != NULL) {
        curl_multi_cleanup(http->multi);
    }
    loop_timer_free(http->timer);
    free(http);
}

/* Frees one that was cancelled or ends one that is over; false when there is none. */
static bool settle_one(struct http *http)
{
    for (size_t i = 0; i < http->requests.len; i++) {
        struct http_request *request = http->requests.items[i];
        if (request->dead || request->idle_timed_out) {
            VEC_REMOVE(&http->requests, i);
            if (request->dead) {
                free_request(request);
            } else {
                finish(request, CURLE_OPERATION_TIMEDOUT);
            }
            return true;
        }
    }
    int left;
    CURLMsg *message = curl_multi_info_read(http->multi, &left);
    if (message != NULL && message->msg == CURLMSG_DONE) {
        finish(request_of(message->easy_handle), message->data.result);
    }
    return message != NULL;
}

/* After curl was called. The callbacks may start, cancel, or free the whole http: the lists are
 * read anew after each. */
static void settle(struct http *http)
{
    http->driving++;
    while (settle_one(http)) {
    }
    http->driving--;
    if (http->freed) {
        release(http);
    }
}

static void drive(struct http *http, curl_socket_t fd, int events)
{
    int running;
    http->driving++;
    curl_multi_socket_action(http->multi, fd, events, &running);
    http->driving--;
    settle(http);
}

/* --- what curl and the loop call ----------------------------------------------------------------
 */

static void on_timer(void *data)
{
    drive(data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timeout(CURLM *multi, long timeout_ms, void *data)
{
    (void)multi;
    struct http *http = data;
    if (timeout_ms < 0) {
        loop_timer_stop(http->timer);
    } else {
        loop_timer_start(http->timer, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static void on_socket_ready(void *data, int events)
{
    struct socket_watch *watch = data;
    int flags = ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    drive(watch->http, watch->fd, flags);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
    (void)easy;
    struct http *http = data;
    struct socket_watch *watch = socket_data;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            curl_multi_assign(http->multi, fd, NULL);
            loop_poll_free(watch->poll);
            free(watch);
        }
        return 0;
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    if (watch != NULL) {
        loop_poll_set(watch->poll, events);
        return 0;
    }
    struct err err;
    watch = MEM_NEW(struct socket_watch);
    watch->http = http;
    watch->fd = fd;
    watch->poll = loop_poll_new(http->loop, fd, events, on_socket_ready, watch, &err);
    if (watch->poll == NULL) {
        log_write("http", "%s", err.text);
        free(watch);
        return -1; /* curl ends the transfer */
    }
    curl_multi_assign(http->multi, fd, watch);
    return 0;
}

static void tell_head(struct http_request *request)
{
    if (!request->head_told) {
        request->head_told = true;
        struct http_head head = {.status = request->status, .fields = &request->fields};
        if (request->on_head != NULL) {
            request->on_head(request->data, &head);
        }
    }
}

/* Of "HTTP/1.1 200 OK"; 0 when there is none. */
static int status_of(struct str line)
{
    int status = 0;
    size_t at = str_find_char(line, ' ', 0);
    for (size_t i = 0; i < 3 && at != SIZE_MAX; i++) {
        char digit = at + 1 + i < line.len ? line.ptr[at + 1 + i] : ' ';
        if (digit < '0' || digit > '9') {
            return 0;
        }
        status = status * 10 + (digit - '0');
    }
    return status;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
    struct http_request *request = data;
    struct str line = str_trim_right(str_make(bytes, size * count));
    if (request->dead) {
        return 0;
    }
    request->last_ms = loop_now_ms();
    if (str_starts(line, "HTTP/")) {
        /* A new head: the one before was a 1xx. */
        clear_fields(&request->fields);
        request->status = status_of(line);
        return size * count;
    }
    size_t colon = str_find_char(line, ':', 0);
    if (colon != SIZE_MAX) {
        char *name = str_dup(str_slice(line, 0, colon));
        char *value = str_dup(str_trim(str_from(line, colon + 1)));
        http_fields_add(&request->fields, name, value);
        free(name);
        free(value);
    } else if (line.len == 0 && request->status >= 200) {
        tell_head(request);
    }
    return request->dead ? 0 : size * count;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *data)
{
    struct http_request *request = data;
    size_t len = size * count;
    if (request->dead) {
        return 0;
    }
    request->last_ms = loop_now_ms();
    request->received += len;
    if (request->received > request->max_body) {
        return 0; /* ends the transfer; finish() sees why */
    }
    tell_head(request);
    if (!request->dead && request->on_body != NULL && len > 0) {
        request->on_body(request->data, str_make(bytes, len));
    }
    return request->dead ? 0 : len;
}

static int on_progress(
    void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    struct http_request *request = data;
    if (up != request->uploaded) {
        request->uploaded = up;
        request->last_ms = loop_now_ms();
    }
    return request->dead ? 1 : 0;
}

static void on_idle(void *data)
{
    struct http_request *request = data;
    uint64_t quiet = loop_now_ms() - request->last_ms;
    if (quiet < request->idle_ms) {
        loop_timer_start(request->idle, request->idle_ms - quiet, 0);
        return;
    }
    request->idle_timed_out = true;
    settle(request->http);
}

/* --- the public face ----------------------------------------------------------------------------
 */

struct http *http_new(struct loop *loop)
{
    struct http *http = MEM_NEW(struct http);
    http->loop = loop;
    http->timer = loop_timer_new(loop, on_timer, http);
    return http;
}

static void make_multi(struct http *http)
{
    http->multi = mem_require(curl_multi_init());
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timeout);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
}

void http_free(struct http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->driving > 0) {
        http->freed = true;
        for (size_t i = 0; i < http->requests.len; i++) {
            http->requests.items[i]->dead = true;
        }
    } else {
        release(http);
    }
}

static void set_security(CURL *easy, bool is_local)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    const char *bundle = getenv("CURL_CA_BUNDLE");
    if (bundle == NULL || bundle[0] == '\0') {
        bundle = getenv("SSL_CERT_FILE");
    }
    if (bundle != NULL && bundle[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
    }
    if (is_local) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
}

static void set_callbacks(struct http_request *request)
{
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error_text);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, request);
}

static void set_request(struct http_request *request, const struct http_options *options)
{
    CURL *easy = request->easy;
    for (size_t i = 0; options->headers != NULL && options->headers[i] != NULL; i++) {
        request->headers = mem_require(curl_slist_append(request->headers, options->headers[i]));
    }
    /* Without it a large prompt would wait for "100 Continue" first. */
    request->headers = mem_require(curl_slist_append(request->headers, "Expect:"));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_URL, options->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "bylaw/" BYLAW_VERSION);
    buf_append_str(&request->body, options->body);
    bool has_body = options->body.len > 0;
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.ptr);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    }
    if (options->method != NULL && strcmp(options->method, has_body ? "POST" : "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, options->method);
    }
    if (options->unix_socket != NULL) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
    }
}

static void set_timeouts(struct http_request *request, const struct http_options *options)
{
    CURL *easy = request->easy;
    uint64_t connect_ms =
        options->connect_timeout_ms == 0 ? CONNECT_TIMEOUT_MS : options->connect_timeout_ms;
    request->idle_ms = options->idle_timeout_ms == 0 ? IDLE_TIMEOUT_MS : options->idle_timeout_ms;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    if (options->total_timeout_ms > 0) {
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->total_timeout_ms);
    }
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A cancel must not wait for a name look-up that still runs on curl's thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    request->last_ms = loop_now_ms();
    request->idle = loop_timer_new(request->http->loop, on_idle, request);
    loop_timer_start(request->idle, request->idle_ms, 0);
}

struct http_request *http_start(
    struct http *http, const struct http_options *options, struct err *err)
{
    bool is_local = false;
    char *host = http_check_url(
        options->url, options->unix_socket, options->allow_plain_http, &is_local, err);
    if (host == NULL) {
        return NULL;
    }
    if (http->multi == NULL) {
        make_multi(http);
    }
    struct http_request *request = MEM_NEW(struct http_request);
    request->http = http;
    request->host = host;
    request->easy = mem_require(curl_easy_init());
    request->max_body = options->max_body == 0 ? MAX_BODY : options->max_body;
    request->on_head = options->on_head;
    request->on_body = options->on_body;
    request->on_done = options->on_done;
    request->data = options->data;
    set_security(request->easy, is_local);
    set_callbacks(request);
    set_request(request, options);
    set_timeouts(request, options);
    VEC_PUSH(&http->requests, request);
    curl_multi_add_handle(http->multi, request->easy);
    return request;
}

void http_cancel(struct http_request *request)
{
    if (request == NULL) {
        return;
    }
    request->dead = true;
    if (request->http->driving == 0) {
        free_request(request);
    }
}
