/* What can go wrong between us and a model, as one sentence for the engineer (what, where, what to
 * do) and the answer to "may the same request work if it is sent again?". Used by every provider,
 * for an HTTP status, for a broken connection and for an error event inside a stream. */
#ifndef BYLAW_MODEL_FAILURE_H
#define BYLAW_MODEL_FAILURE_H

#include "loop/http.h"

struct failure {
    struct err error;
    bool retryable;
    int status; /* HTTP; 0: none */
    bool has_wait;
    uint64_t wait_ms; /* what the server asked for, when has_wait */
};

/* What the sentences name. Borrowed; each but host may be NULL. */
struct endpoint_names {
    const char *host;
    const char *url;
    const char *model;
    const char *key_name; /* the variable or command the key comes from */
    bool has_key;
};

/* An answer with a status other than 2xx; body as far as it was read. */
void failure_from_status(struct failure *out, const struct endpoint_names *names, int status,
    const struct http_fields *fields, struct str body);
/* A request that did not bring a whole answer. */
void failure_from_transport(
    struct failure *out, const struct endpoint_names *names, const struct http_result *result);
/* An error told inside a stream: code and message as the server says them, either may be NULL. */
void failure_from_code(
    struct failure *out, const struct endpoint_names *names, const char *code, const char *message);

/* Retry-After (RFC 9110, 10.2.3: seconds or a date, taken against the answer's own Date) and the
 * retry-after-ms of some servers. False: neither is there. */
bool failure_retry_after(const struct http_fields *fields, uint64_t *wait_ms);
/* The message inside an error body of any of the shapes servers use, made visible and without
 * secrets; "" when there is none. The caller frees. */
char *failure_message(struct str body, char **code) MUST_USE;

#endif
