/* Reads what `kyverno apply -p --output-format json -v 3` prints: texts of resources, Kyverno's
 * report, the policies it skipped; and from the error stream those that it did not even load. */
#include "engine/kyverno.h"
#include "engine/kyverno_apply_internal.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { DECISIONS_MAX = 100000, NAME_MAX_BYTES = 1000, MESSAGE_MAX = 4000, TEXT_MAX = 256 << 10 };

const char *kyverno_verdict_name(enum kyverno_verdict verdict)
{
    static const char *const names[] = {[KYVERNO_NOT_EVALUATED] = "not evaluated",
        [KYVERNO_ALLOW] = "allow",
        [KYVERNO_DENY] = "deny",
        [KYVERNO_WARN] = "warn",
        [KYVERNO_MUTATE] = "mutate",
        [KYVERNO_GENERATE] = "generate",
        [KYVERNO_DELETE] = "delete",
        [KYVERNO_ERROR] = "error"};
    return names[verdict];
}

void kyverno_application_free(struct kyverno_application *application)
{
    VEC_FOREACH (struct kyverno_decision, decision, &application->decisions) {
        free(decision->policy);
        free(decision->rule);
        free(decision->policy_file);
        free(decision->kind);
        free(decision->space);
        free(decision->name);
        free(decision->resource_file);
        free(decision->message);
        free(decision->text);
    }
    VEC_FREE(&application->decisions);
    findings_free(&application->findings);
    free(application->trouble);
    free(application->suspect);
    application->trouble = application->suspect = NULL;
}

struct kyverno_decision kyverno_decision_copy(const struct kyverno_decision *of)
{
    struct kyverno_decision copy = *of;
    copy.policy = mem_strdup(of->policy);
    copy.rule = mem_strdup(of->rule);
    copy.policy_file = mem_strdup(of->policy_file);
    copy.kind = mem_strdup(of->kind);
    copy.space = mem_strdup(of->space);
    copy.name = mem_strdup(of->name);
    copy.resource_file = mem_strdup(of->resource_file);
    copy.message = mem_strdup(of->message);
    copy.text = mem_strdup(of->text);
    return copy;
}

void kyverno_applied_free(struct kyverno_applied *applied)
{
    VEC_FOREACH (struct kyverno_made, made, &applied->made) {
        free(made->policy);
        free(made->resource);
        free(made->text);
    }
    VEC_FOREACH (char *, error, &applied->errors) {
        free(*error);
    }
    VEC_FREE(&applied->made);
    VEC_FREE(&applied->errors);
    free(applied->fatal);
    applied->fatal = NULL;
}

/* ---- the report ---- */

static enum kyverno_verdict verdict_of(const char *result)
{
    static const struct {
        const char *word;
        enum kyverno_verdict verdict;
    } words[] = {{"pass", KYVERNO_ALLOW}, {"fail", KYVERNO_DENY}, {"warn", KYVERNO_WARN},
        {"error", KYVERNO_ERROR}, {"skip", KYVERNO_NOT_EVALUATED}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(result, words[i].word) == 0) {
            return words[i].verdict;
        }
    }
    return KYVERNO_ERROR;
}

static char *member(const cJSON *object, const char *key, size_t max)
{
    return safe_dup(str_of(json_string_or(object, key, "")), SAFE_ONE_LINE, max);
}

static bool same_decision(const struct kyverno_decision *a, const struct kyverno_decision *b)
{
    return strcmp(a->policy, b->policy) == 0 && strcmp(a->rule, b->rule) == 0 &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->space, b->space) == 0 &&
           strcmp(a->name, b->name) == 0 && a->verdict == b->verdict;
}

/* Kyverno reports some policies twice for each resource, one after the other. */
static void push_decision(struct kyverno_application *out, struct kyverno_decision decision)
{
    size_t from = out->decisions.len > 64 ? out->decisions.len - 64 : 0;
    bool known = out->decisions.len >= DECISIONS_MAX;
    for (size_t i = from; i < out->decisions.len && !known; i++) {
        known = same_decision(&out->decisions.items[i], &decision);
    }
    VEC_PUSH(&out->decisions, decision);
    if (known) {
        struct kyverno_application last = {0};
        VEC_PUSH(&last.decisions, decision);
        out->decisions.len--;
        kyverno_application_free(&last);
    }
}

static void read_result(const cJSON *result, struct kyverno_application *out)
{
    const cJSON *resource;
    char *policy = member(result, "policy", NAME_MAX_BYTES);
    cJSON_ArrayForEach(resource, json_get(result, "resources"))
    {
        push_decision(
            out, (struct kyverno_decision){.policy = mem_strdup(kyverno_base_name(policy)),
                     .rule = member(result, "rule", NAME_MAX_BYTES),
                     .kind = member(resource, "kind", NAME_MAX_BYTES),
                     .space = member(resource, "namespace", NAME_MAX_BYTES),
                     .name = member(resource, "name", NAME_MAX_BYTES),
                     .verdict = verdict_of(json_string_or(result, "result", "")),
                     .message = member(result, "message", MESSAGE_MAX)});
    }
    free(policy);
}

/* False: no report. */
static bool read_report(struct str json, struct kyverno_application *out)
{
    cJSON *report = json_parse(json, NULL);
    const cJSON *result;
    bool is_report = cJSON_IsArray(json_get(report, "results"));
    cJSON_ArrayForEach(result, json_get(report, "results"))
    {
        read_result(result, out);
    }
    cJSON_Delete(report);
    return is_report;
}

/* ---- texts ---- */

/* "policy add-owner applied to default/ConfigMap/plain:" */
static bool read_made(struct str line, struct kyverno_made *made)
{
    static const char head[] = "policy ";
    size_t applied = str_find(line, STR_LIT(" applied to "), 0);
    if (!str_starts(line, head) || applied == SIZE_MAX || !str_ends(line, ":")) {
        return false;
    }
    *made = (struct kyverno_made){.policy = str_dup(str_slice(line, strlen(head), applied)),
        .resource = str_dup(str_slice(line, applied + strlen(" applied to "), line.len - 1))};
    return true;
}

/* The lines up to "---". */
static void read_text(struct str *rest, struct kyverno_made *made)
{
    struct buf text = BUF_INIT;
    struct str line;
    while (str_next_line(rest, &line) && !str_equal_c(line, "---")) {
        if (text.len < TEXT_MAX) {
            safe_append(&text, line, SAFE_ONE_LINE);
            buf_append_char(&text, '\n');
        }
    }
    made->text = buf_take(&text);
}

/* What Kyverno prints without a line's end is before what comes next. */
static struct str without_success(struct str line, struct kyverno_applied *applied)
{
    static const char mutated[] = "Mutation has been applied successfully.";
    static const char generated[] = "Generation completed successfully.";
    if (str_starts(line, mutated)) {
        return str_from(line, strlen(mutated));
    }
    if (str_starts(line, generated)) {
        if (applied->made.len > 0) {
            applied->made.items[applied->made.len - 1].generated = true;
        }
        return str_from(line, strlen(generated));
    }
    return line;
}

/* "1. bad-query: policy contains invalid variables: …", below "Policies Skipped:". */
static bool read_skipped(struct str line, struct kyverno_applied *applied)
{
    size_t dot = str_find(line, STR_LIT(". "), 0);
    size_t colon = dot == SIZE_MAX ? SIZE_MAX : str_find(line, STR_LIT(": "), dot);
    if (dot == SIZE_MAX || dot > 6 || colon == SIZE_MAX) {
        return false;
    }
    VEC_PUSH(&applied->errors,
        mem_printf("compile policy %.*s (%.*s)", STR_FMT(str_slice(line, dot + 2, colon)),
            STR_FMT(str_from(line, colon + 2))));
    return true;
}

/* ---- the log ---- */

/* error="failed to load file x: …" with Go's escapes: what it says. */
static char *read_logged(struct str line)
{
    static const char key[] = "error=";
    struct buf said = BUF_INIT;
    size_t at = str_find(line, str_of(key), 0);
    at = at == SIZE_MAX ? line.len : at + strlen(key);
    bool quoted = at < line.len && line.ptr[at] == '"';
    for (at += quoted; at < line.len && line.ptr[at] != (quoted ? '"' : ' '); at++) {
        if (quoted && line.ptr[at] == '\\' && at + 1 < line.len) {
            at++;
            buf_append_char(&said, line.ptr[at] == 'n' ? '\n' : line.ptr[at]);
        } else {
            buf_append_char(&said, line.ptr[at]);
        }
    }
    return buf_take(&said);
}

static void read_log(struct str text, struct kyverno_applied *applied)
{
    static const char *const words[] = {
        "skipping invalid YAML file", "Non-fatal parsing error for single document"};
    struct str line;
    while (str_next_line(&text, &line)) {
        bool is_error = false;
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            is_error = is_error || str_find(line, str_of(words[i]), 0) != SIZE_MAX;
        }
        if (is_error) {
            VEC_PUSH(&applied->errors, read_logged(line));
        }
    }
}

/* "Error: failed to apply policies on resource …" and what follows it. */
static char *read_fatal(struct str text)
{
    size_t at = str_starts(text, "Error: ") ? 0 : str_find(text, STR_LIT("\nError: "), 0);
    if (at == SIZE_MAX) {
        return NULL;
    }
    struct str said = str_trim(str_from(text, at + (at == 0 ? 7 : 8)));
    return safe_dup(said, SAFE_KEEP_LINES, MESSAGE_MAX);
}

void kyverno_apply_parse(struct str out, struct str errout, struct kyverno_applied *applied,
    struct kyverno_application *application)
{
    struct buf plain = BUF_INIT;
    struct str line;
    bool skipped = false;
    kyverno_strip_colours(errout, &plain);
    read_log(buf_str(&plain), applied);
    applied->fatal = read_fatal(buf_str(&plain));
    while (str_next_line(&out, &line)) {
        struct kyverno_made made;
        line = without_success(line, applied);
        if (read_made(line, &made)) {
            read_text(&out, &made);
            VEC_PUSH(&applied->made, made);
        } else if (str_starts(line, "{")) {
            applied->reported = read_report(line, application) || applied->reported;
        } else if (str_equal_c(line, "Policies Skipped:") ||
                   str_equal_c(line, "Invalid Policies:")) {
            skipped = true;
        } else if (skipped && !str_starts(line, "---")) {
            skipped = read_skipped(line, applied);
        }
    }
    buf_free(&plain);
}
