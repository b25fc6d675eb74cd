/* Reads what `gator verify -v` prints. */
#include "engine/gator.h"

#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

enum { OUTCOMES_MAX = 100000, NAME_MAX_BYTES = 1000, MESSAGE_MAX = 600 };

void gator_report_free(struct gator_report *report)
{
    VEC_FOREACH (struct gator_outcome, outcome, report) {
        free(outcome->test);
        free(outcome->name);
        free(outcome->message);
    }
    VEC_FREE(report);
}

static size_t indent_of(struct str line)
{
    size_t blanks = 0;
    while (blanks < line.len && line.ptr[blanks] == ' ') {
        blanks++;
    }
    return blanks;
}

/* "NAME	(0.038s)": cuts the duration off. */
static uint64_t cut_duration(struct str *name)
{
    size_t tab = name->len;
    while (tab > 0 && name->ptr[tab - 1] != '\t') {
        tab--;
    }
    if (tab == 0 || tab >= name->len || name->ptr[tab] != '(') {
        return 0;
    }
    uint64_t us = 0;
    uint64_t unit = 0;
    for (size_t i = tab + 1; i < name->len && us < 1000000000000; i++) {
        char c = name->ptr[i];
        if (isdigit((unsigned char)c) && unit != 1) {
            us = us * 10 + (uint64_t)(c - '0');
            unit /= 10;
        } else if (c == '.' && unit == 0) {
            unit = 1000000;
        }
    }
    *name = str_slice(*name, 0, tab - 1);
    return unit == 0 ? us * 1000000 : us * unit;
}

/* A failure says its reason in the lines after it. Only what gator expected otherwise is a failure;
 * the rest could not be evaluated. */
static void add_message(struct gator_outcome *outcome, struct str line)
{
    if (outcome->status != RESULT_FAIL && outcome->status != RESULT_ERROR) {
        return;
    }
    char *text = safe_dup(str_trim(line), SAFE_ONE_LINE, MESSAGE_MAX);
    if (outcome->message == NULL) {
        bool failed = strncmp(text, "unexpected number of violations", 31) == 0;
        outcome->status = failed ? RESULT_FAIL : RESULT_ERROR;
        outcome->message = text;
    } else {
        char *longer = strlen(outcome->message) < MESSAGE_MAX
                           ? mem_printf("%s%s%s", outcome->message,
                                 str_ends(str_of(outcome->message), ":") ? " " : "; ", text)
                           : mem_strdup(outcome->message);
        free(outcome->message);
        free(text);
        outcome->message = longer;
    }
}

/* A reason's first line is indented; the errors of a template's Rego go on at the margin, each with
 * its place, and show the line with a mark below it. */
static bool goes_on(const struct gator_outcome *outcome, struct str line)
{
    if (str_equal_c(str_trim(line), "^")) {
        return false;
    }
    return (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) ||
           (outcome->message != NULL &&
               (str_starts(line, "template:") || str_starts(line, "libs[")));
}

static bool read_head(struct str line, struct str *name, enum result_status *status)
{
    static const struct {
        const char *head;
        enum result_status status;
    } heads[] = {{"--- PASS: ", RESULT_PASS}, {"--- FAIL: ", RESULT_FAIL},
        {"=== SKIP  ", RESULT_SKIPPED}, {"=== RUN   ", RESULT_NOT_EVALUATED}};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (str_starts(line, heads[i].head)) {
            *name = str_from(line, strlen(heads[i].head));
            *status = heads[i].status;
            return true;
        }
    }
    return false;
}

void gator_parse(struct str text, struct gator_report *report)
{
    struct str line;
    char *test = mem_strdup(""); /* whose cases come now */
    bool after = false;          /* the last outcome's reason may follow */
    while (str_next_line(&text, &line) && report->len < OUTCOMES_MAX) {
        size_t indent = indent_of(line);
        struct str name;
        enum result_status status;
        if (!read_head(str_from(line, indent), &name, &status) || (indent != 0 && indent != 4)) {
            if (after && report->len > 0 && goes_on(&report->items[report->len - 1], line)) {
                add_message(&report->items[report->len - 1], line);
            }
            continue;
        }
        uint64_t us = cut_duration(&name);
        char *shown = safe_dup(str_trim_right(name), SAFE_ONE_LINE, NAME_MAX_BYTES);
        after = status != RESULT_NOT_EVALUATED;
        if (indent == 0) {
            free(test);
            test = mem_strdup(shown);
        }
        if (after) {
            VEC_PUSH(report, (struct gator_outcome){.test = mem_strdup(test),
                                 .name = indent == 0 ? NULL : mem_strdup(shown),
                                 .status = status,
                                 .duration_us = us});
        }
        free(shown);
    }
    free(test);
}

bool gator_is_whole(struct str text)
{
    struct str whole = str_trim(text);
    size_t start = whole.len;
    while (start > 0 && whole.ptr[start - 1] != '\n') {
        start--;
    }
    struct str last = str_from(whole, start);
    return str_equal_c(last, "PASS") || str_equal_c(last, "FAIL");
}
