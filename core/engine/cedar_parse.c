#include "engine/cedar_parse.h"

#include "base/json.h"
#include "base/json_scan.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum {
    DIAGNOSTICS_MAX = 1000,
    NESTING_MAX = 4, /* of reports in reports */
    TESTS_MAX = 100000,
    IDS_MAX = 10000,
    NAME_MAX_BYTES = 1000,
    MESSAGE_MAX = 600
};

/* Digits at the beginning; what is too large is cut. */
static long read_number(struct str text)
{
    long number = 0;
    for (size_t i = 0; i < text.len && i < 9 && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        number = number * 10 + (text.ptr[i] - '0');
    }
    return number;
}

/* ---- diagnostics ---- */

void cedar_diagnostics_free(struct cedar_diagnostics *diagnostics)
{
    VEC_FOREACH (struct cedar_diagnostic, diagnostic, diagnostics) {
        free(diagnostic->message);
        free(diagnostic->help);
    }
    VEC_FREE(diagnostics);
}

static void append_part(struct buf *out, const char *part)
{
    if (part != NULL && part[0] != '\0') {
        buf_printf(out, "%s%s", out->len == 0 ? "" : ": ", part);
    }
}

/* "… at line 3 column 7": what serde says of JSON that it cannot read. */
static void read_line_column(struct cedar_diagnostic *diagnostic)
{
    const char *at = strstr(diagnostic->message, " at line ");
    const char *column = at == NULL ? NULL : strstr(at, " column ");
    if (column != NULL) {
        diagnostic->row = (unsigned)strtoul(at + strlen(" at line "), NULL, 10);
        diagnostic->col = (unsigned)strtoul(column + strlen(" column "), NULL, 10);
    }
}

/* The first label has the place, and may say what was expected there. */
static void read_label(const cJSON *report, struct cedar_diagnostic *diagnostic, struct buf *text)
{
    const cJSON *label = cJSON_GetArrayItem(json_get(report, "labels"), 0);
    const cJSON *span = json_get(label, "span");
    double offset = json_number_or(span, "offset", -1);
    double length = json_number_or(span, "length", 0);
    if (offset >= 0 && offset < 1e12 && length >= 0 && length < 1e12) {
        diagnostic->has_span = true;
        diagnostic->offset = (size_t)offset;
        diagnostic->length = (size_t)length;
    }
    const char *said = json_string(label, "label");
    if (said != NULL && said[0] != '\0') {
        buf_printf(text, " (%s)", said);
    }
}

static void add_report(
    const cJSON *report, bool in_schema, unsigned depth, struct cedar_diagnostics *out);

static void add_related(
    const cJSON *report, bool in_schema, unsigned depth, struct cedar_diagnostics *out)
{
    const cJSON *related;
    cJSON_ArrayForEach(related, json_get(report, "related"))
    {
        if (depth < NESTING_MAX) {
            add_report(related, in_schema, depth + 1, out);
        }
    }
}

static void add_report(
    const cJSON *report, bool in_schema, unsigned depth, struct cedar_diagnostics *out)
{
    const char *message = json_string_or(report, "message", "");
    bool schema = in_schema || strncmp(message, "failed to parse schema", 22) == 0;
    bool parts = cJSON_GetArraySize(json_get(report, "related")) > 0;
    bool labels = cJSON_GetArraySize(json_get(report, "labels")) > 0;
    bool wraps = strncmp(message, "policy set validation ", 22) == 0; /* the first that it found */
    bool nothing = wraps && strcmp(json_string_or(report, "severity", ""), "advice") == 0;
    if (out->len < DIAGNOSTICS_MAX && (labels || !parts) && !nothing) {
        struct buf text = BUF_INIT;
        struct cedar_diagnostic diagnostic = {.in_schema = schema, .severity = SEVERITY_ERROR};
        const char *severity = json_string_or(report, "severity", "error");
        if (strcmp(severity, "error") != 0) {
            diagnostic.severity =
                strcmp(severity, "warning") == 0 ? SEVERITY_WARNING : SEVERITY_NOTE;
        }
        append_part(&text, wraps ? NULL : message);
        const cJSON *cause;
        cJSON_ArrayForEach(cause, json_get(report, "causes"))
        {
            append_part(&text, cJSON_GetStringValue(cause));
        }
        read_label(report, &diagnostic, &text);
        const char *help = json_string(report, "help");
        diagnostic.message = safe_dup(buf_str(&text), SAFE_ONE_LINE, MESSAGE_MAX);
        diagnostic.help = help == NULL ? NULL : safe_dup(str_of(help), SAFE_ONE_LINE, MESSAGE_MAX);
        read_line_column(&diagnostic);
        VEC_PUSH(out, diagnostic);
        buf_free(&text);
    }
    add_related(report, schema, depth, out);
}

void cedar_parse_diagnostics(struct str text, struct cedar_diagnostics *out)
{
    struct str line;
    while (str_next_line(&text, &line) && out->len < DIAGNOSTICS_MAX) {
        struct str trimmed = str_trim(line);
        cJSON *report = str_starts(trimmed, "{") ? json_parse(trimmed, NULL) : NULL;
        if (json_string(report, "message") != NULL) {
            add_report(report, false, 0, out);
        }
        cJSON_Delete(report);
    }
}

/* ---- the file of tests ---- */

void cedar_tests_free(struct cedar_tests *tests)
{
    VEC_FOREACH (struct cedar_test, test, tests) {
        free(test->name);
        free(test->expected);
        free(test->reason);
        free(test->entities);
    }
    VEC_FREE(tests);
}

/* A string's text, made visible; NULL when it is none. */
static char *shown_string(struct str value)
{
    if (value.len < 2 || value.ptr[0] != '"') {
        return NULL;
    }
    char *text = json_unescape_dup(str_slice(value, 1, value.len - 1));
    char *shown = safe_dup(str_of(text), SAFE_ONE_LINE, NAME_MAX_BYTES);
    free(text);
    return shown;
}

static void read_reason(struct str value, struct cedar_test *test, struct buf *expected)
{
    struct json_scan scan;
    struct str id;
    json_scan_init(&scan, value);
    if (json_scan_next(&scan) != JSON_ARRAY) {
        return;
    }
    while (json_scan_value(&scan, &id)) {
        char *shown = shown_string(id);
        if (shown != NULL) {
            buf_printf(expected, "%s%s", test->reason == NULL ? "reason: " : ", ", shown);
            if (test->reason == NULL) {
                test->reason = mem_strdup(shown);
            }
        }
        free(shown);
    }
}

static struct cedar_test read_test(struct str object, size_t place)
{
    struct cedar_test test = {0};
    struct buf reason = BUF_INIT;
    char *decision = NULL;
    long errors = 0;
    struct json_scan scan;
    struct str key;
    struct str value;
    json_scan_init(&scan, object);
    bool is_object = json_scan_next(&scan) == JSON_OBJECT;
    while (is_object && json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        if (str_equal_c(key, "name") && test.name == NULL) {
            test.name = shown_string(value);
        } else if (str_equal_c(key, "decision") && decision == NULL) {
            decision = shown_string(value);
        } else if (str_equal_c(key, "entities") && test.entities == NULL) {
            test.entities = shown_string(value);
        } else if (str_equal_c(key, "reason") && reason.len == 0) {
            read_reason(value, &test, &reason);
        } else if (str_equal_c(key, "num_errors")) {
            errors = read_number(value);
        }
    }
    if (test.name == NULL || test.name[0] == '\0') {
        free(test.name);
        test.name = mem_printf("unnamed %zu", place + 1);
    }
    struct buf expected = BUF_INIT;
    buf_printf(&expected, "%s%s%s", decision == NULL ? "" : decision, reason.len > 0 ? "\n" : "",
        reason.len > 0 ? reason.ptr : "");
    if (errors > 0) {
        buf_printf(&expected, "\n%ld error%s", errors, errors == 1 ? "" : "s");
    }
    test.expected = buf_take(&expected);
    buf_free(&reason);
    free(decision);
    return test;
}

bool cedar_parse_tests(struct str json, struct cedar_tests *out)
{
    struct json_scan scan;
    struct str object;
    json_scan_init(&scan, json);
    if (json_scan_next(&scan) != JSON_ARRAY) {
        return false;
    }
    while (out->len < TESTS_MAX && json_scan_value(&scan, &object)) {
        struct cedar_test test = read_test(object, out->len);
        test.offset = (size_t)(object.ptr - json.ptr);
        VEC_PUSH(out, test);
    }
    return out->len < TESTS_MAX && json_scan_next(&scan) == JSON_END;
}

/* ---- run-tests ---- */

void cedar_outcomes_free(struct cedar_outcomes *outcomes)
{
    VEC_FOREACH (struct cedar_outcome, outcome, outcomes) {
        free(outcome->message);
    }
    VEC_FREE(outcomes);
}

/* The outcome stands behind the last " ... ": names may hold one too. */
static bool read_outcome(struct str line, struct cedar_outcome *outcome)
{
    static const struct {
        const char *word;
        enum result_status status;
        bool whole; /* nothing follows it */
    } words[] = {
        {"ok", RESULT_PASS, true}, {"fail: ", RESULT_FAIL, false}, {"error:", RESULT_ERROR, true}};
    size_t found = SIZE_MAX;
    size_t from = 0;
    for (;;) {
        size_t at = str_find(line, STR_LIT(" ... "), from);
        if (at == SIZE_MAX) {
            break;
        }
        struct str rest = str_from(line, at + 5);
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            if (words[i].whole ? str_equal_c(rest, words[i].word)
                               : str_starts(rest, words[i].word)) {
                found = at;
                outcome->status = words[i].status;
                free(outcome->message);
                outcome->message = words[i].whole ? NULL
                                                  : safe_dup(str_from(rest, strlen(words[i].word)),
                                                        SAFE_ONE_LINE, MESSAGE_MAX);
            }
        }
        from = at + 1;
    }
    return found != SIZE_MAX;
}

static void read_error(struct str line, struct cedar_outcome *outcome)
{
    struct cedar_diagnostics diagnostics = {0};
    cedar_parse_diagnostics(line, &diagnostics);
    outcome->message = diagnostics.len > 0 ? mem_strdup(diagnostics.items[0].message)
                                           : safe_dup(str_trim(line), SAFE_ONE_LINE, MESSAGE_MAX);
    cedar_diagnostics_free(&diagnostics);
}

bool cedar_parse_outcomes(struct str text, struct cedar_outcomes *out, struct err *err)
{
    struct str line;
    long said = -1;
    bool ended = false;
    while (str_next_line(&text, &line) && out->len <= TESTS_MAX) {
        struct cedar_outcome outcome = {0};
        struct cedar_outcome *last = out->len == 0 ? NULL : &out->items[out->len - 1];
        if (said < 0 && str_starts(line, "running ")) {
            said = read_number(str_from(line, strlen("running ")));
        } else if (str_starts(line, "  test ") && read_outcome(line, &outcome)) {
            VEC_PUSH(out, outcome);
        } else if (last != NULL && last->status == RESULT_ERROR && last->message == NULL) {
            read_error(line, last);
        } else if (str_starts(line, "results: ")) {
            ended = true;
        }
    }
    if (said < 0) {
        return err_set(err, ERR_EXTERNAL, "cedar run-tests did not say how many tests it runs");
    }
    if (!ended || (size_t)said != out->len) {
        return err_set(err, ERR_EXTERNAL,
            "cedar run-tests says that it runs %ld tests, and %zu outcomes can be read%s", said,
            out->len, ended ? "" : "; it stopped before its end");
    }
    return true;
}

/* ---- authorize ---- */

void cedar_answer_free(struct cedar_answer *answer)
{
    plan_words_free(&answer->reason);
    plan_words_free(&answer->errors);
}

void cedar_parse_answer(struct str text, struct cedar_answer *out)
{
    struct str line;
    bool reason = false;
    while (str_next_line(&text, &line)) {
        struct str said = str_trim(line);
        if (!out->decided) {
            out->allow = str_equal_c(said, "ALLOW");
            out->decided = out->allow || str_equal_c(said, "DENY");
        } else if (!reason && str_starts(line, "note: ")) {
            reason = true;
        } else if (said.len > 0) {
            struct plan_words *words = reason ? &out->reason : &out->errors;
            if (words->len < IDS_MAX) {
                VEC_PUSH(words, safe_dup(said, SAFE_ONE_LINE, MESSAGE_MAX));
            }
        }
    }
}

bool cedar_answer_holds(const struct cedar_answer *answer, int exit_code)
{
    return answer->decided && exit_code == (answer->allow ? 0 : 2) &&
           (!answer->allow || answer->reason.len > 0);
}
