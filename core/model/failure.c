#include "model/failure.h"

#include "base/json.h"
#include "base/log.h"
#include "base/safe.h"
#include "loop/curl_lazy.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define MESSAGE_MAX 300

static char *clean(const char *text)
{
    struct buf redacted = BUF_INIT;
    secret_redact(&redacted, str_of(text));
    char *out = safe_dup(buf_str(&redacted), SAFE_SENTENCE, MESSAGE_MAX);
    buf_free(&redacted);
    return out;
}

/* {"error":{"message":…,"code":…}}, {"error":"…"}, {"message":…}, {"detail":…} (FastAPI), and a
 * list of such in the first place. */
char *failure_message(struct str body, char **code)
{
    *code = NULL;
    cJSON *json = json_parse(body, NULL);
    const cJSON *obj = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, 0) : json;
    const cJSON *error = json_get(obj, "error");
    const char *message = cJSON_GetStringValue(error);
    if (message == NULL) {
        const cJSON *from = cJSON_IsObject(error) ? error : obj;
        message = json_string(from, "message");
        const char *found = json_string(from, "code");
        if (found == NULL) {
            found = json_string(from, "type");
        }
        *code = mem_strdup(found);
    }
    if (message == NULL) {
        message = json_string(obj, "detail");
    }
    char *out = NULL;
    if (message != NULL) {
        out = clean(message);
    } else if (json == NULL && body.len > 0 && body.ptr[0] != '<') {
        char *text = str_dup(body);
        out = clean(text);
        free(text);
    }
    cJSON_Delete(json);
    return out == NULL ? mem_strdup("") : out;
}

bool failure_retry_after(const struct http_fields *fields, uint64_t *wait_ms)
{
    const char *value = http_field(fields, "retry-after-ms");
    double scale = 1;
    if (value == NULL) {
        value = http_field(fields, "retry-after");
        scale = 1000;
    }
    if (value == NULL) {
        return false;
    }
    char *end;
    double number = strtod(value, &end);
    if (end != value && *end == '\0' && number >= 0 && number < 1e9) {
        *wait_ms = (uint64_t)(number * scale);
        return true;
    }
    time_t when = curl_lazy_load(NULL) ? curl_getdate(value, NULL) : -1;
    if (when < 0) {
        return false;
    }
    const char *date = http_field(fields, "date");
    time_t now = date == NULL ? -1 : curl_getdate(date, NULL);
    if (now < 0) {
        now = (time_t)(loop_wall_ms() / 1000);
    }
    *wait_ms = when > now ? (uint64_t)(when - now) * 1000 : 0;
    return true;
}

static bool is_code(const char *code, const char *const *list)
{
    for (size_t i = 0; code != NULL && list[i] != NULL; i++) {
        if (strcasecmp(code, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *const too_long_codes[] = {"context_length_exceeded", NULL};
static const char *const quota_codes[] = {
    "insufficient_quota", "usage_not_included", "billing_hard_limit_reached", NULL};
static const char *const busy_codes[] = {"rate_limit_exceeded", "rate_limit_error",
    "server_is_overloaded", "overloaded_error", "slow_down", "server_error", "internal_error",
    "internal_server_error", "api_error", "timeout", "InternalServerError", "vector_store_timeout",
    NULL};
static const char *const model_codes[] = {"model_not_found", "model_not_available", NULL};

static bool is_about_model(const char *code, const char *message)
{
    return is_code(code, model_codes) || strcasestr(message, "model") != NULL;
}

static bool is_too_long(const char *code, const char *message)
{
    return is_code(code, too_long_codes) || strcasestr(message, "context length") != NULL ||
           strcasestr(message, "context window") != NULL ||
           strcasestr(message, "exceeds the available context size") != NULL;
}

static void set_too_long(struct failure *out, const struct endpoint_names *names, const char *said)
{
    err_set(&out->error, ERR_LIMIT,
        "the conversation is too long for the model %s: start a new session or name fewer "
        "files%s",
        names->model == NULL ? "" : names->model, said);
}

static void set_quota(struct failure *out, const struct endpoint_names *names, const char *said)
{
    err_set(&out->error, ERR_DENIED,
        "the account at %s has no credit left for this: check its plan and billing%s", names->host,
        said);
}

static void describe_key(struct failure *out, const struct endpoint_names *names, const char *said)
{
    if (names->has_key) {
        err_set(&out->error, ERR_DENIED,
            "%s does not accept the key from %s (401): set it to a valid key%s", names->host,
            names->key_name == NULL ? "the configuration" : names->key_name, said);
    } else if (names->key_name != NULL) {
        err_set(&out->error, ERR_DENIED, "%s wants a key (401): set %s in the environment%s",
            names->host, names->key_name, said);
    } else {
        err_set(&out->error, ERR_DENIED,
            "%s wants a key (401): name the variable that holds it as api_key_env in the "
            "configuration%s",
            names->host, said);
    }
}

static void describe_missing(
    struct failure *out, const struct endpoint_names *names, bool about_model, const char *said)
{
    if (about_model) {
        err_set(&out->error, ERR_NOT_FOUND,
            "%s does not know the model %s (404): set `model` to one it serves%s", names->host,
            names->model == NULL ? "asked for" : names->model, said);
    } else {
        err_set(&out->error, ERR_NOT_FOUND,
            "there is no %s (404): check base_url (it usually ends in /v1) and wire_api%s",
            names->url == NULL ? names->host : names->url, said);
    }
}

static void describe_redirect(
    struct failure *out, const struct endpoint_names *names, const struct http_fields *fields)
{
    const char *where = http_field(fields, "location");
    char *shown = clean(where == NULL ? "another address" : where);
    err_set(&out->error, ERR_NETWORK,
        "%s redirects to %s (%d): redirects are not followed, set base_url to where the API is",
        names->host, shown, out->status);
    free(shown);
}

static void describe_status(struct failure *out, const struct endpoint_names *names,
    const struct http_fields *fields, const char *code, const char *message, const char *said)
{
    int status = out->status;
    if (is_too_long(code, message) && status < 500) {
        set_too_long(out, names, said);
    } else if (status >= 300 && status < 400) {
        describe_redirect(out, names, fields);
    } else if (status == 401) {
        describe_key(out, names, said);
    } else if (status == 403) {
        err_set(&out->error, ERR_DENIED,
            "%s does not allow this (403): the key may have no access to the model %s%s",
            names->host, names->model == NULL ? "" : names->model, said);
    } else if (status == 404) {
        describe_missing(out, names, is_about_model(code, message), said);
    } else if (status == 429 && is_code(code, quota_codes)) {
        set_quota(out, names, said);
    } else if (status == 429) {
        out->retryable = true;
        err_set(&out->error, ERR_LIMIT, "%s is limiting the rate of requests (429)%s", names->host,
            said);
    } else if (status == 408 || status == 409 || status == 425 || status >= 500) {
        /* 501 and 505 say that the server will never do it. */
        out->retryable = status != 501 && status != 505;
        err_set(&out->error, ERR_EXTERNAL, "%s failed (%d): it may work again in a while%s",
            names->host, status, said);
    } else {
        err_set(
            &out->error, ERR_EXTERNAL, "%s refused the request (%d)%s", names->host, status, said);
    }
}

void failure_from_status(struct failure *out, const struct endpoint_names *names, int status,
    const struct http_fields *fields, struct str body)
{
    *out = (struct failure){.status = status};
    char *code = NULL;
    char *message = failure_message(body, &code);
    char *said = message[0] == '\0' ? mem_strdup("") : mem_printf(". It says: %s", message);
    describe_status(out, names, fields, code, message, said);
    out->has_wait = failure_retry_after(fields, &out->wait_ms);
    const char *should = http_field(fields, "x-should-retry");
    if (should != NULL) {
        out->retryable = out->retryable && strcasecmp(should, "false") != 0;
    }
    free(said);
    free(message);
    free(code);
}

void failure_from_transport(
    struct failure *out, const struct endpoint_names *names, const struct http_result *result)
{
    *out = (struct failure){.status = result->status, .error = result->error};
    switch (result->failure) {
    case HTTP_DNS:
        err_set(&out->error, ERR_NETWORK, "%s. Check base_url and the network", result->error.text);
        break;
    case HTTP_CONNECT:
        /* A server that is not there yet may come; a user who waits sees the tries. */
        out->retryable = true;
        err_set(&out->error, ERR_NETWORK, "%s. Is the server running, and base_url right?",
            result->error.text);
        break;
    case HTTP_TIMEOUT:
    case HTTP_CUT:
        out->retryable = true;
        break;
    case HTTP_TLS:
    case HTTP_TOO_LARGE:
    case HTTP_OTHER:
    case HTTP_OK:
        break;
    }
    if (result->failure == HTTP_OK) {
        out->retryable = true;
        err_set(&out->error, ERR_NETWORK,
            "the answer of %s broke off before its end: what came is kept, send again to go on",
            names->host);
    }
}

/* "Please try again in 1.2s", "… in 350ms". */
static bool wait_in_message(const char *message, uint64_t *wait_ms)
{
    const char *at = strcasestr(message, "try again in ");
    if (at == NULL) {
        return false;
    }
    at += strlen("try again in ");
    char *end;
    double number = strtod(at, &end);
    if (end == at || number < 0 || number > 1e6) {
        return false;
    }
    *wait_ms = (uint64_t)(strncmp(end, "ms", 2) == 0 ? number : number * 1000);
    return true;
}

void failure_from_code(
    struct failure *out, const struct endpoint_names *names, const char *code, const char *message)
{
    *out = (struct failure){0};
    char *shown = clean(message == NULL ? "" : message);
    char *shown_code = clean(code == NULL ? "" : code);
    char *said = shown[0] == '\0' ? mem_strdup("") : mem_printf(". It says: %s", shown);
    if (is_too_long(code, shown)) {
        set_too_long(out, names, said);
    } else if (is_code(code, quota_codes)) {
        set_quota(out, names, said);
    } else if (is_code(code, model_codes)) {
        describe_missing(out, names, true, said);
    } else if (is_code(code, busy_codes)) {
        out->retryable = true;
        out->has_wait = wait_in_message(shown, &out->wait_ms);
        err_set(&out->error, ERR_EXTERNAL, "%s could not finish the answer (%s)%s", names->host,
            shown_code, said);
    } else {
        err_set(&out->error, ERR_EXTERNAL, "%s ended the answer with an error%s%s%s%s", names->host,
            shown_code[0] == '\0' ? "" : " (", shown_code, shown_code[0] == '\0' ? "" : ")", said);
    }
    free(said);
    free(shown_code);
    free(shown);
}
