/* What the lines of Kyverno's output mean for the tests of a suite: verdicts that a pass has to
 * earn, and where what they speak of stands. */
#include "engine/kyverno.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "patch/diff.h"

#include <stdlib.h>

enum { MESSAGE_MAX = 600, PLACES_MAX = 200 /* files read in one answer to find a field in them */ };
#define FILE_MAX_BYTES ((size_t)1 << 20)

struct rows {
    const struct engine_question *q;
    const struct kyverno_suite *suite;
    const struct kyverno_entry *entry;
    const char *resource; /* or NULL */
    struct results *out;
    struct kyverno_diffs *diffs;
    unsigned *places;
};

/* "v1/Pod/default/web": its parts, from the end; each "" where there is none. */
struct subject {
    char *kind, *space, *name;
};

static char *cut_last(struct str *rest)
{
    size_t slash = rest->len;
    while (slash > 0 && rest->ptr[slash - 1] != '/') {
        slash--;
    }
    char *part = str_dup(str_from(*rest, slash));
    *rest = str_slice(*rest, 0, slash == 0 ? 0 : slash - 1);
    return part;
}

static struct subject subject_of(const struct kyverno_line *line)
{
    struct str rest = str_of(line->resource);
    char *name = cut_last(&rest);
    char *space = cut_last(&rest);
    return (struct subject){.kind = cut_last(&rest), .space = space, .name = name};
}

static void subject_free(struct subject *subject)
{
    free(subject->kind);
    free(subject->space);
    free(subject->name);
}

/* ---- verdicts ---- */

static bool is_excluded(const struct kyverno_line *line)
{
    return strcmp(line->reason, "Excluded") == 0;
}

/* "Want fail, got pass": the second word in *got. */
static bool read_want(const char *reason, struct str *got)
{
    struct str text = str_of(reason);
    size_t at = str_find(text, STR_LIT(", got "), 0);
    if (!str_starts(text, "Want ") || at == SIZE_MAX) {
        return false;
    }
    *got = str_from(text, at + strlen(", got "));
    return true;
}

static bool rule_is_known(const struct rows *rows)
{
    const struct kyverno_rule *rule =
        kyverno_find_rule(rows->suite, rows->entry->policy, rows->entry->rule);
    return rule == NULL || rows->entry->rule[0] == '\0' || rule->rule[0] != '\0';
}

/* The policy's rules by name, for somebody who wrote one that is not there. */
static void list_rules(const struct rows *rows, struct buf *out)
{
    const char *policy = kyverno_base_name(rows->entry->policy);
    size_t count = 0;
    VEC_FOREACH (struct kyverno_rule, rule, &rows->suite->rules) {
        if (rule->rule[0] != '\0' && strcmp(rule->policy, policy) == 0) {
            buf_printf(out, "%s%s", count++ == 0 ? "" : ", ", rule->rule);
        }
    }
}

static bool is_ruleless(const struct rows *rows)
{
    const char *policy = kyverno_base_name(rows->entry->policy);
    VEC_FOREACH (struct kyverno_rule, rule, &rows->suite->rules) {
        if (rule->rule[0] != '\0' && strcmp(rule->policy, policy) == 0) {
            return false;
        }
    }
    return true;
}

/* Passed as excluded: nothing of the policy was evaluated. Kyverno takes that for a pass whatever
 * the suite expects. */
static enum result_status judge_excluded(
    const struct rows *rows, const struct kyverno_line *line, struct buf *message)
{
    const struct kyverno_entry *entry = rows->entry;
    struct subject subject = subject_of(line);
    enum result_status status = RESULT_NOT_EVALUATED;
    if (!rule_is_known(rows) && !is_ruleless(rows)) {
        buf_printf(message, "policy %s has no rule %s (it has ", entry->policy, entry->rule);
        list_rules(rows, message);
        buf_append_c(message, "), so nothing was evaluated; kyverno passes it as excluded");
    } else if (rows->resource == NULL) {
        status = RESULT_SKIPPED;
        buf_printf(message, "does not apply to %s %s", subject.kind, subject.name);
    } else if (entry->kind[0] != '\0' && subject.kind[0] != '\0' &&
               strcmp(entry->kind, subject.kind) != 0) {
        status = RESULT_SKIPPED;
        buf_printf(message, "does not apply to %s %s, which bears the same name as the %s",
            subject.kind, subject.name, entry->kind);
    } else if (strcmp(entry->expected, "skip") == 0) {
        status = RESULT_PASS;
        buf_append_c(message, "excluded, as the suite expects (skip)");
    } else {
        buf_printf(message,
            "%s does not apply to %s %s: %s was expected, nothing was evaluated, and kyverno "
            "passes it as excluded",
            entry->rule[0] == '\0' ? entry->policy : entry->rule, subject.kind, subject.name,
            entry->expected);
    }
    subject_free(&subject);
    return status;
}

/* The kind in the suite does not count for Kyverno. */
static bool is_other_kind(const struct rows *rows, const struct kyverno_line *line)
{
    struct subject subject = subject_of(line);
    bool other = rows->resource != NULL && rows->entry->kind[0] != '\0' &&
                 subject.kind[0] != '\0' && strcmp(subject.kind, rows->entry->kind) != 0 &&
                 kyverno_find_object(
                     rows->suite, rows->entry->kind, "", kyverno_base_name(rows->resource)) == NULL;
    subject_free(&subject);
    return other;
}

bool kyverno_line_differs(const struct kyverno_line *line)
{
    return strcmp(line->reason, "Resource diff") == 0;
}

static enum result_status judge_failed(const struct kyverno_line *line, struct buf *message)
{
    struct str got;
    struct str first = str_of(line->message);
    struct str rest = first;
    str_next_line(&rest, &first);
    if (kyverno_line_differs(line)) {
        buf_append_c(message, "the resource is not what the suite says it becomes");
        return RESULT_FAIL;
    }
    if (strcmp(line->reason, "Resource error") == 0) {
        buf_append_str(message, first);
        return RESULT_ERROR;
    }
    buf_printf(message, "%s%s%.*s", line->reason, first.len == 0 ? "" : ": ", STR_FMT(first));
    bool is_error = read_want(line->reason, &got) && str_equal_c(got, "error");
    return is_error ? RESULT_ERROR : RESULT_FAIL;
}

static enum result_status judge(
    const struct rows *rows, const struct kyverno_line *line, struct buf *message)
{
    if (line->outcome == KYVERNO_SKIPPED) {
        buf_printf(message, "kyverno left the policy out: %s", line->message);
        return RESULT_ERROR;
    }
    if (strcmp(line->reason, "Not found") == 0) {
        buf_printf(message, "%s",
            kyverno_find_rule(rows->suite, rows->entry->policy, "") == NULL
                ? "no policy of this name is loaded by the suite"
                : "kyverno has no answer of this policy: it was not loaded");
        return RESULT_FAIL;
    }
    if (line->outcome == KYVERNO_FAILED) {
        return judge_failed(line, message);
    }
    if (is_excluded(line)) {
        return judge_excluded(rows, line, message);
    }
    if (is_other_kind(rows, line)) {
        buf_printf(message, "there is no %s %s: kyverno took %s for it, and passes",
            rows->entry->kind, rows->resource, line->resource);
        return RESULT_NOT_EVALUATED;
    }
    return RESULT_PASS;
}

/* ---- places ---- */

static void place_policy(const struct rows *rows, const char *rule, struct result *row)
{
    const struct kyverno_rule *known = kyverno_find_rule(rows->suite, rows->entry->policy, rule);
    if (known != NULL) {
        row->policy_file = mem_strdup(rows->q->plan->files.items[known->file].path);
        row->policy_at = known->at;
    }
}

/* The field that a message names, or the object's own place. */
static void place_object(
    const struct rows *rows, const struct kyverno_line *line, struct result *row)
{
    struct subject subject = subject_of(line);
    const struct run_plan *plan = rows->q->plan;
    const struct kyverno_object *object =
        kyverno_find_object(rows->suite, subject.kind, subject.space, subject.name);
    struct str pointer = kyverno_path_in(str_of(line->message));
    if (object != NULL) {
        row->input_file = mem_strdup(plan->files.items[object->file].path);
        row->input_at = object->at;
    }
    if (object != NULL && pointer.len > 0 && row->status == RESULT_FAIL &&
        *rows->places < PLACES_MAX) {
        struct buf text = BUF_INIT;
        char *full = path_join(plan->root, row->input_file);
        struct position at = {0};
        ++*rows->places;
        if (file_read(full, FILE_MAX_BYTES, &text, NULL)) {
            at = kyverno_place(buf_str(&text), subject.kind, subject.space, subject.name, pointer);
        }
        row->input_at = at.row > 0 ? at : row->input_at;
        buf_free(&text);
        free(full);
    }
    subject_free(&subject);
}

static void append_lines(
    struct buf *out, char mark, const struct lines *lines, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++) {
        buf_printf(out, "\n%c %.*s", mark, STR_FMT(lines->items[i].text));
    }
}

/* Lines of both, as a unified diff has them, without its headers. */
static char *difference(const char *expected, const char *got)
{
    struct buf out = BUF_INIT;
    struct lines a = {0};
    struct lines b = {0};
    struct diff diff = {0};
    lines_split(str_of(expected), LINES_LF, &a);
    lines_split(str_of(got), LINES_LF, &b);
    diff_lines(&a, &b, &diff);
    buf_append_c(&out, "the resource is not what the suite says it becomes (- expected, + got):");
    size_t at = 0;
    VEC_FOREACH (struct diff_run, run, &diff) {
        append_lines(&out, ' ', &a, at, run->a - at);
        append_lines(&out, '-', &a, run->a, run->a_len);
        append_lines(&out, '+', &b, run->b, run->b_len);
        at = run->a + run->a_len;
    }
    append_lines(&out, ' ', &a, at, a.len - at);
    diff_free(&diff);
    lines_free(&a);
    lines_free(&b);
    return buf_take(&out);
}

/* What Kyverno's message runs together, each by itself. */
static bool show_difference(
    const struct rows *rows, const struct kyverno_line *line, struct result *row)
{
    struct subject subject = subject_of(line);
    const struct kyverno_diff *diff =
        kyverno_line_differs(line) ? kyverno_find_diff(rows->diffs, subject.kind, subject.name)
                                   : NULL;
    if (diff != NULL) {
        row->expected = mem_strdup(diff->expected);
        row->got = mem_strdup(diff->got);
        free(row->detail);
        row->detail = difference(diff->expected, diff->got);
    }
    subject_free(&subject);
    return diff != NULL;
}

/* ---- rows ---- */

static struct result new_row(const struct rows *rows, size_t test)
{
    const struct plan_test *known = &rows->q->plan->tests.items[test];
    return (struct result){.engine = engine_kyverno.name,
        .suite = mem_strdup(known->suite),
        .name = mem_strdup(known->name),
        .status = RESULT_NOT_EVALUATED,
        .file = mem_strdup(rows->q->plan->files.items[known->file].path),
        .at = known->at};
}

static void fill_row(const struct rows *rows, const struct kyverno_line *line, struct result *row)
{
    struct buf message = BUF_INIT;
    struct str got;
    row->status = judge(rows, line, &message);
    place_policy(rows, line->rule[0] != '\0' ? line->rule : rows->entry->rule, row);
    place_object(rows, line, row);
    if (message.len > 0) {
        row->message = safe_dup(buf_str(&message), SAFE_ONE_LINE, MESSAGE_MAX);
    }
    bool says_more = row->status == RESULT_PASS || strchr(line->message, '\n') != NULL;
    if (says_more && line->message[0] != '\0' && !is_excluded(line)) {
        row->detail = mem_strdup(line->message);
    }
    if (show_difference(rows, line, row)) {
        buf_free(&message);
        return;
    }
    row->expected = rows->entry->expected[0] == '\0' ? NULL : mem_strdup(rows->entry->expected);
    if (read_want(line->reason, &got)) {
        row->got = str_dup(got);
    } else if (row->status == RESULT_PASS && row->expected != NULL) {
        row->got = mem_strdup(row->expected);
    }
    buf_free(&message);
}

/* No line is about the test. */
static void fill_unreported(
    const struct rows *rows, const struct kyverno_claim *claim, struct result *row)
{
    const struct kyverno_entry *entry = rows->entry;
    const char *name = rows->resource == NULL ? NULL : kyverno_base_name(rows->resource);
    place_policy(rows, entry->rule, row);
    if (entry->document == (size_t)-1 || entry->policy[0] == '\0') {
        row->message = mem_strdup("the suite has no results: kyverno runs nothing of it");
    } else if (name != NULL && kyverno_find_object(rows->suite, "", "", name) == NULL) {
        struct buf message = BUF_INIT;
        buf_printf(&message, "no resource of the suite is named %s", rows->resource);
        if (claim->strays > 0) {
            buf_printf(&message, ": kyverno checked %s%zu of the others instead",
                claim->strays > 1 ? "all " : "", claim->strays);
        }
        row->message = buf_take(&message);
    } else if (entry->produces != NULL) {
        row->message = mem_printf(
            "kyverno says nothing of it: %s has no such resource (failOnMissingResources "
            "would make that a failure)",
            entry->produces);
    } else {
        row->message = mem_strdup("kyverno says nothing of it");
    }
}

static enum result_status worst(const struct results *rows, size_t from)
{
    static const enum result_status order[] = {
        RESULT_ERROR, RESULT_FAIL, RESULT_NOT_EVALUATED, RESULT_PASS, RESULT_SKIPPED};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        for (size_t k = from; k < rows->len; k++) {
            if (rows->items[k].status == order[i]) {
                return order[i];
            }
        }
    }
    return RESULT_NOT_EVALUATED;
}

/* Several lines: each is a row below the test's, which is as bad as the worst. */
static void push_many(const struct rows *rows, size_t test, const struct kyverno_claim *claim)
{
    size_t first = rows->out->len;
    VEC_PUSH(rows->out, new_row(rows, test));
    VEC_FOREACH (const struct kyverno_line *, line, &claim->lines) {
        struct result row = new_row(rows, test);
        free(row.name);
        struct subject subject = subject_of(*line);
        row.name = mem_printf("%s/%s%s%s %s", rows->out->items[first].name, (*line)->rule,
            (*line)->rule[0] == '\0' ? "" : " ", subject.kind, subject.name);
        subject_free(&subject);
        row.depth = 1;
        fill_row(rows, *line, &row);
        VEC_PUSH(rows->out, row);
    }
    struct result *whole = &rows->out->items[first];
    whole->status = worst(rows->out, first + 1);
    if (rows->resource == NULL && whole->status == RESULT_SKIPPED) {
        whole->status = RESULT_NOT_EVALUATED;
        whole->message = mem_strdup("nothing was evaluated: it applies to none of the resources");
    }
    for (size_t i = first + 1; i < rows->out->len && whole->message == NULL; i++) {
        const struct result *row = &rows->out->items[i];
        if (row->status == whole->status) {
            whole->message = mem_strdup(row->message);
            whole->input_file = mem_strdup(row->input_file);
            whole->input_at = row->input_at;
            whole->policy_file = mem_strdup(row->policy_file);
            whole->policy_at = row->policy_at;
            break;
        }
    }
}

static void push_test(const struct rows *rows, size_t test, const struct kyverno_claim *claim)
{
    if (claim->lines.len > 1) {
        push_many(rows, test, claim);
        return;
    }
    struct result row = new_row(rows, test);
    if (claim->lines.len == 1) {
        fill_row(rows, claim->lines.items[0], &row);
    } else {
        fill_unreported(rows, claim, &row);
    }
    VEC_PUSH(rows->out, row);
}

void kyverno_rows(const struct engine_question *q, size_t unit, const struct kyverno_report *report,
    struct kyverno_diffs *diffs, struct results *out)
{
    const struct plan_unit *planned = &q->plan->units.items[unit];
    const struct kyverno_suite *suite = planned->own;
    struct kyverno_claim *claims = kyverno_align(suite, report);
    unsigned places = 0;
    VEC_FOREACH (struct kyverno_entry, entry, &suite->entries) {
        for (size_t i = 0; i < entry->tests; i++) {
            size_t own = entry->first + i;
            struct rows rows = {.q = q,
                .suite = suite,
                .entry = entry,
                .resource = suite->resources.items[own],
                .out = out,
                .diffs = diffs,
                .places = &places};
            if (own < planned->tests.len) {
                push_test(&rows, planned->tests.items[own], &claims[own]);
            }
        }
    }
    kyverno_claims_free(claims, suite);
}
