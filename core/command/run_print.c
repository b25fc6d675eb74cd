#include "command/run_print.h"

#include "base/safe.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = 4096 };

void run_print_object(cJSON *object)
{
    char *line = json_print(object);
    puts(line);
    fflush(stdout);
    free(line);
    cJSON_Delete(object);
}

cJSON *run_print_event(const char *type)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "type", type);
    return object;
}

static void set_place(cJSON *object, const char *file, struct position at)
{
    json_set_optional(object, "file", file);
    if (at.row > 0) {
        json_set_int(object, "row", at.row);
        json_set_int(object, "col", at.col);
    }
}

/* A name or a path: a file may be called anything. */
static void put_name(const char *name)
{
    char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, NAME_MAX_BYTES);
    fputs(shown, stdout);
    free(shown);
}

void run_print_text(const char *indent, const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, (size_t)1 << 20);
    struct str rest = str_of(shown);
    struct str line;
    while (str_next_line(&rest, &line)) {
        printf("%s%.*s\n", indent, STR_FMT(line));
    }
    free(shown);
}

void run_print_plan(struct run_print *print, const struct run_plan *plan)
{
    print->plan = plan;
    if (print->json && !print->quiet) {
        cJSON *event = run_print_event("plan");
        json_set_int(event, "tests", (long long)plan->included);
        json_set_int(event, "known", (long long)plan->tests.len);
        run_print_object(event);
    }
}

static void row_json(const struct run_print *print, size_t test, const struct result *row)
{
    cJSON *event = run_print_event("result");
    json_set_string(event, "engine", row->engine);
    if (test < print->plan->tests.len) {
        const struct plan_unit *unit =
            &print->plan->units.items[print->plan->tests.items[test].unit];
        json_set_string(event, "rego", policy_dialect_name(unit->dialect));
    }
    json_set_string(event, "suite", row->suite);
    json_set_string(event, "name", row->name);
    json_set_string(event, "status", result_status_name(row->status));
    json_set_int(event, "depth", row->depth);
    json_set_int(event, "duration_us", (long long)row->duration_us);
    if (row->cached) {
        json_set_bool(event, "cached", true);
    }
    set_place(event, row->file, row->at);
    json_set_optional(event, "message", row->message);
    json_set_optional(event, "detail", row->detail);
    json_set_optional(event, "output", row->output);
    run_print_object(event);
}

static void row_text(const struct run_print *print, const struct result *row)
{
    static const char *const words[RESULT_STATUSES] = {
        [RESULT_NOT_EVALUATED] = "none ",
        [RESULT_PASS] = "pass ",
        [RESULT_FAIL] = "FAIL ",
        [RESULT_ERROR] = "ERROR",
        [RESULT_SKIPPED] = "skip ",
        [RESULT_WARNING] = "warn ",
    };
    if (row->depth > 0) {
        const char *last = strrchr(row->name, '/');
        char *message = safe_dup(str_of(row->message), SAFE_ONE_LINE, 1000);
        printf("%s  %*s", words[row->status], (int)(2 * row->depth), "");
        put_name(last == NULL ? row->name : last + 1);
        printf("%s%s\n", message[0] == '\0' ? "" : ": ", message);
        free(message);
        return;
    }
    bool other = strcmp(row->engine, engine_opa.name) != 0;
    printf("%s  %s%s", words[row->status], other ? row->engine : "", other ? " " : "");
    put_name(row->suite);
    putchar('.');
    put_name(row->name);
    if (row->cached) {
        printf("  cached");
    } else if (row->duration_us > 0) {
        printf("  %.1f ms", (double)row->duration_us / 1000);
    }
    if (row->file != NULL) {
        fputs("  ", stdout);
        put_name(row->file);
        printf(":%u", row->at.row);
    }
    putchar('\n');
    if (row->message != NULL && row->detail == NULL) {
        run_print_text("         ", row->message);
    }
    if (row->detail != NULL && (print->verbose || row->status != RESULT_PASS)) {
        run_print_text("         ", row->detail);
    }
    if (row->output != NULL && (print->verbose || row->status != RESULT_PASS)) {
        run_print_text("       | ", row->output);
    }
}

void run_print_row(const struct run_print *print, size_t test, const struct result *row)
{
    if (print->quiet) {
        return;
    }
    if (print->json) {
        row_json(print, test, row);
    } else {
        row_text(print, row);
    }
}

void run_print_finding(struct run_print *print, const struct finding *found)
{
    if (print->quiet) {
        return;
    }
    if (print->json) {
        cJSON *event = run_print_event("finding");
        json_set_string(event, "rule", found->rule);
        json_set_string(event, "severity", severity_name(found->severity));
        set_place(event, found->file, found->at);
        json_set_string(event, "message", found->message);
        json_set_optional(event, "fix", found->fix);
        run_print_object(event);
        return;
    }
    static const char *const marks[] = {
        [SEVERITY_NOTE] = "note ", [SEVERITY_WARNING] = "warn ", [SEVERITY_ERROR] = "ERROR"};
    printf("%s  ", marks[found->severity]);
    if (found->file != NULL) {
        put_name(found->file);
        if (found->at.row > 0) {
            printf(":%u:%u", found->at.row, found->at.col);
        }
        fputs(": ", stdout);
    }
    size_t first = strcspn(found->message, "\n");
    char *message = safe_dup((struct str){found->message, first}, SAFE_ONE_LINE, (size_t)1 << 20);
    printf("%s: %s\n", found->rule, message);
    free(message);
    if (found->message[first] != '\0') {
        run_print_text("         ", found->message + first + 1);
    }
    /* Hundreds of files may lack one thing: said once. */
    unsigned long long fix = found->fix == NULL ? 0 : str_hash(str_of(found->fix));
    if (fix != 0 && fix != print->last_fix) {
        run_print_text("         ", found->fix);
        print->last_fix = fix;
    }
}

void run_print_explanation(
    const struct run_print *print, size_t test, const char *message, const char *detail)
{
    const struct plan_test *known = &print->plan->tests.items[test];
    if (print->quiet) {
        return;
    }
    if (print->json) {
        cJSON *event = run_print_event("explanation");
        json_set_string(event, "suite", known->suite);
        json_set_string(event, "name", known->name);
        set_place(event, print->plan->files.items[known->file].path, known->at);
        json_set_optional(event, "message", message);
        json_set_string(event, "detail", detail);
        run_print_object(event);
        return;
    }
    printf("\nwhy %s.%s failed:\n", known->suite, known->name);
    run_print_text("  ", detail);
}
