/* A review told to a program: what differs, the evidence, and why one would object. */
#include "command/review.h"

#include "base/vec.h"

#include <stdlib.h>

static void set_mode(cJSON *object, const char *key, unsigned mode)
{
    if (mode != 0) {
        char *text = mem_printf("%06o", mode);
        json_set_string(object, key, text);
        free(text);
    }
}

static void push_line(cJSON *lines, char sign, struct line line)
{
    struct buf text = BUF_INIT;
    buf_append_char(&text, sign);
    buf_append_str(&text, line.text);
    /* Bad UTF-8 is made good on the way. */
    cJSON *holder = mem_require(cJSON_CreateObject());
    json_set_str(holder, "x", buf_str(&text));
    cJSON_AddItemToArray(lines, cJSON_DetachItemFromObjectCaseSensitive(holder, "x"));
    cJSON_Delete(holder);
    buf_free(&text);
}

static cJSON *hunk_json(const struct review_file *file, size_t h)
{
    const struct review_hunk *hunk = &file->hunks.items[h];
    struct review_span span = review_hunk_span(file, h);
    cJSON *json = mem_require(cJSON_CreateObject());
    if (file->items.items[hunk->first].kind != REVIEW_WHOLE) {
        json_set_int(json, "old_start", (long long)span.a_from + 1);
        json_set_int(json, "old_lines", (long long)(span.a_to - span.a_from));
        json_set_int(json, "new_start", (long long)span.b_from + 1);
        json_set_int(json, "new_lines", (long long)(span.b_to - span.b_from));
    }
    cJSON *lines = json_set_array(json, "lines");
    for (size_t i = hunk->first; i < hunk->first + hunk->count; i++) {
        const struct review_item *item = &file->items.items[i];
        if (item->kind == REVIEW_DEL) {
            push_line(lines, '-', file->base->lines.items[item->a]);
        } else if (item->kind == REVIEW_ADD) {
            push_line(lines, '+', file->proposed->lines.items[item->b]);
        }
    }
    return json;
}

static cJSON *file_json(const struct review_file *file)
{
    const struct change *change = file->change;
    struct review_counts counts = review_count(file, 0, file->items.len);
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_string(json, "path", change->path);
    json_set_optional(json, "moved_from", change->moved_from);
    json_set_string(json, "kind",
        change->kind == CHANGE_DELETE ? "deleted"
        : change->moved_from != NULL  ? "renamed"
        : change->base_exists         ? "modified"
                                      : "added");
    set_mode(json, "old_mode", change_git_mode(change, false));
    set_mode(json, "new_mode", change_git_mode(change, true));
    json_set_optional(json, "whole", file->whole_because);
    json_set_int(json, "added", (long long)counts.added);
    json_set_int(json, "removed", (long long)counts.removed);
    cJSON *hunks = json_set_array(json, "hunks");
    for (size_t h = 0; h < file->hunks.len; h++) {
        cJSON_AddItemToArray(hunks, hunk_json(file, h));
    }
    return json;
}

static void set_tally(cJSON *json, const char *key, const struct checks *checks)
{
    cJSON *object = json_set_object(json, key);
    struct tally tally = checks_tally(checks);
    json_set_string(object, "verdict", result_status_name(checks_verdict(checks)));
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        json_set_int(object, result_status_name((enum result_status)i), (long long)tally.count[i]);
    }
}

/* Of the files that changed: all tests that load them run. */
static void set_coverage(cJSON *json, const struct evidence *evidence)
{
    const struct coverage *now = checks_coverage(evidence_checks(evidence));
    const struct checks *old = evidence_before(evidence);
    const struct coverage *before = old == NULL ? NULL : checks_coverage(old);
    cJSON *files = json_set_object(json, "coverage");
    VEC_FOREACH (const struct change, change, evidence_changes(evidence)) {
        const struct coverage_file *is = now == NULL ? NULL : coverage_find(now, change->path);
        const struct coverage_file *was =
            before == NULL ? NULL : coverage_find(before, change->path);
        if (is == NULL && was == NULL) {
            continue;
        }
        cJSON *file = json_set_object(files, change->path);
        if (is != NULL) {
            json_set_number(file, "now", coverage_file_percent(is));
        }
        if (was != NULL) {
            json_set_number(file, "before", coverage_file_percent(was));
        }
    }
}

static cJSON *flip_json(const struct evidence_flip *flip)
{
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_string(json, "before", flip->is_new ? "absent" : result_status_name(flip->before));
    json_set_string(
        json, "now", flip->now == NULL ? "absent" : result_status_name(flip->now->status));
    if (flip->now != NULL) {
        json_set_string(json, "engine", flip->now->engine);
        json_set_optional(json, "suite", flip->now->suite);
        json_set_optional(json, "name", flip->now->name);
        json_set_optional(json, "file", flip->now->file);
        json_set_int(json, "row", flip->now->at.row);
        json_set_optional(json, "message", flip->now->message);
    }
    return json;
}

static cJSON *finding_json(const struct finding *finding)
{
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_string(json, "rule", finding->rule);
    json_set_string(json, "severity", severity_name(finding->severity));
    json_set_optional(json, "file", finding->file);
    json_set_int(json, "row", finding->at.row);
    json_set_int(json, "col", finding->at.col);
    json_set_optional(json, "message", finding->message);
    return json;
}

static void set_evidence(cJSON *json, const struct evidence *evidence)
{
    cJSON *object = json_set_object(json, "evidence");
    json_set_optional(object, "trouble", evidence_trouble(evidence));
    if (evidence_state(evidence) != EVIDENCE_DONE) {
        return;
    }
    set_tally(object, "now", evidence_checks(evidence));
    if (evidence_before(evidence) != NULL) {
        set_tally(object, "before", evidence_before(evidence));
    }
    json_set_int(object, "untouched_units", (long long)evidence_untouched(evidence));
    set_coverage(object, evidence);
    cJSON *flips = json_set_array(object, "flips");
    VEC_FOREACH (const struct evidence_flip, flip, evidence_flips(evidence)) {
        cJSON_AddItemToArray(flips, flip_json(flip));
    }
    cJSON *findings = json_set_array(object, "findings");
    VEC_FOREACH (const struct finding, finding, evidence_brought(evidence)) {
        cJSON_AddItemToArray(findings, finding_json(finding));
    }
    json_set_int(object, "findings_before", (long long)evidence_findings_before(evidence));
}

cJSON *review_report(
    const struct subject *subject, const struct review *review, const struct evidence *evidence)
{
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_string(json, "of", subject->title);
    json_set_string(json, "explain", subject->explain);
    json_set_string(json, "root", subject->root);
    json_set_optional(json, "base", subject->base_id[0] == '\0' ? NULL : subject->base_id);
    json_set_optional(json, "head", subject->new_id[0] == '\0' ? NULL : subject->new_id);
    cJSON *files = json_set_array(json, "files");
    for (size_t i = 0; review != NULL && i < review_file_count(review); i++) {
        cJSON_AddItemToArray(files, file_json(review_file(review, i)));
    }
    cJSON *problems = json_set_array(json, "problems");
    VEC_FOREACH (const struct unified_problem, problem, &subject->problems) {
        cJSON *item = mem_require(cJSON_CreateObject());
        json_set_optional(item, "path", problem->path);
        json_set_int(item, "patch_line", (long long)problem->line);
        json_set_string(item, "why", problem->text);
        cJSON_AddItemToArray(problems, item);
    }
    cJSON *notes = json_set_array(json, "notes");
    struct str rest = buf_str(&subject->notes);
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *text = str_dup(line);
        json_push_string(notes, text);
        free(text);
    }
    if (evidence != NULL) {
        set_evidence(json, evidence);
    }
    struct buf why = BUF_INIT;
    review_objections(subject, evidence, &why);
    cJSON *objections = json_set_array(json, "objections");
    rest = buf_str(&why);
    while (str_next_line(&rest, &line)) {
        char *text = str_dup(line);
        json_push_string(objections, text);
        free(text);
    }
    buf_free(&why);
    return json;
}

static void object(struct buf *out, size_t count, const char *one, const char *many)
{
    if (count > 0) {
        buf_printf(out, "%zu %s\n", count, count == 1 ? one : many);
    }
}

void review_objections(
    const struct subject *subject, const struct evidence *evidence, struct buf *out)
{
    object(out, subject->problems.len, "part of the patch does not fit",
        "parts of the patch do not fit");
    if (evidence == NULL) {
        return;
    }
    if (evidence_trouble(evidence) != NULL) {
        buf_printf(out, "the tests could not be run: %s\n", evidence_trouble(evidence));
        return;
    }
    struct tally tally = checks_tally(evidence_checks(evidence));
    object(out, tally.count[RESULT_FAIL], "test fails", "tests fail");
    object(out, tally.count[RESULT_ERROR], "test ends with an error", "tests end with an error");
    object(
        out, tally.count[RESULT_NOT_EVALUATED], "test is not evaluated", "tests are not evaluated");
    size_t all = 0;
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        all += tally.count[i];
    }
    if (all == 0 && evidence_untouched(evidence) == 0) {
        buf_append_c(out, "no test was found: nothing evaluated is not a pass\n");
    }
    size_t serious = 0;
    VEC_FOREACH (const struct finding, finding, evidence_brought(evidence)) {
        serious += finding->severity != SEVERITY_NOTE;
    }
    object(out, serious, "finding is new", "findings are new");
}
