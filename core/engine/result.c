#include "engine/result.h"

#include "base/vec.h"

const char *result_status_name(enum result_status status)
{
    static const char *const names[RESULT_STATUSES] = {
        [RESULT_NOT_EVALUATED] = "not evaluated",
        [RESULT_PASS] = "pass",
        [RESULT_FAIL] = "fail",
        [RESULT_ERROR] = "error",
        [RESULT_SKIPPED] = "skipped",
        [RESULT_WARNING] = "warning",
    };
    return names[status];
}

void result_free(struct result *result)
{
    free(result->suite);
    free(result->name);
    free(result->file);
    free(result->message);
    free(result->detail);
    free(result->output);
    free(result->policy_file);
    free(result->input_file);
    free(result->expected);
    free(result->got);
    *result = (struct result){0};
}

void results_free(struct results *results)
{
    VEC_FOREACH (struct result, r, results) {
        result_free(r);
    }
    VEC_FREE(results);
}

struct result result_copy(const struct result *result)
{
    struct result copy = *result;
    copy.suite = mem_strdup(result->suite);
    copy.name = mem_strdup(result->name);
    copy.file = mem_strdup(result->file);
    copy.message = mem_strdup(result->message);
    copy.detail = mem_strdup(result->detail);
    copy.output = mem_strdup(result->output);
    copy.policy_file = mem_strdup(result->policy_file);
    copy.input_file = mem_strdup(result->input_file);
    copy.expected = mem_strdup(result->expected);
    copy.got = mem_strdup(result->got);
    return copy;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    return names[severity];
}

void finding_free(struct finding *finding)
{
    free(finding->rule);
    free(finding->file);
    free(finding->message);
    free(finding->fix);
    free(finding->source);
    free(finding->edit.with);
    free(finding->edit.title);
    *finding = (struct finding){0};
}

struct finding finding_copy(const struct finding *finding)
{
    struct finding copy = *finding;
    copy.rule = mem_strdup(finding->rule);
    copy.file = mem_strdup(finding->file);
    copy.message = mem_strdup(finding->message);
    copy.fix = mem_strdup(finding->fix);
    copy.source = mem_strdup(finding->source);
    copy.edit.with = mem_strdup(finding->edit.with);
    copy.edit.title = mem_strdup(finding->edit.title);
    return copy;
}

bool findings_add(struct findings *findings, const struct finding *finding)
{
    VEC_FOREACH (struct finding, known, findings) {
        const char *a = known->file == NULL ? "" : known->file;
        const char *b = finding->file == NULL ? "" : finding->file;
        if (known->at.row == finding->at.row && known->at.col == finding->at.col &&
            strcmp(a, b) == 0 && strcmp(known->message, finding->message) == 0) {
            return false;
        }
    }
    VEC_PUSH(findings, finding_copy(finding));
    return true;
}

void findings_free(struct findings *findings)
{
    VEC_FOREACH (struct finding, f, findings) {
        finding_free(f);
    }
    VEC_FREE(findings);
}

/* True when a leaf below row `at` (up to `end`) has the status. */
static bool leaf_has(
    const struct results *results, size_t at, size_t end, enum result_status status)
{
    for (size_t i = at + 1; i < end; i++) {
        bool leaf = i + 1 >= end || results->items[i + 1].depth <= results->items[i].depth;
        if (leaf && results->items[i].status == status) {
            return true;
        }
    }
    return false;
}

bool results_row_counts(const struct results *results, size_t at, size_t *next)
{
    const struct result *row = &results->items[at];
    size_t end = at + 1;
    while (end < results->len && results->items[end].depth > row->depth) {
        end++;
    }
    bool bad = row->status == RESULT_FAIL || row->status == RESULT_ERROR;
    /* An error of the test itself speaks for all of it, as does a failure no sub-test has. */
    bool whole = end == at + 1 || row->status == RESULT_ERROR ||
                 (bad && !leaf_has(results, at, end, row->status));
    *next = whole ? end : at + 1;
    return whole;
}

struct tally results_tally(const struct results *results)
{
    struct tally tally = {0};
    for (size_t i = 0, next; i < results->len; i = next) {
        const struct result *row = &results->items[i];
        if (results_row_counts(results, i, &next)) {
            tally.count[row->status] += row->count > 1 ? row->count : 1;
        }
    }
    return tally;
}

enum result_status tally_verdict(const struct tally *tally)
{
    if (tally->count[RESULT_ERROR] > 0) {
        return RESULT_ERROR;
    }
    if (tally->count[RESULT_FAIL] > 0) {
        return RESULT_FAIL;
    }
    if (tally->count[RESULT_NOT_EVALUATED] > 0 ||
        tally->count[RESULT_PASS] + tally->count[RESULT_WARNING] == 0) {
        return RESULT_NOT_EVALUATED;
    }
    return RESULT_PASS;
}
