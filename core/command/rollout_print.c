#include "command/rollout_print.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>
#include <time.h>

static void print_object(cJSON *object, FILE *out)
{
    char *line = json_print(object);
    fprintf(out, "%s\n", line);
    free(line);
    cJSON_Delete(object);
}

static long long days_since(const struct rollout_since *since)
{
    int64_t now = (int64_t)time(NULL);
    return since->known && now > since->time ? (long long)((now - since->time) / 86400) : 0;
}

static void date_of(const struct rollout_since *since, char out[16])
{
    struct tm utc;
    time_t when = (time_t)since->time;
    out[0] = '\0';
    if (since->known && gmtime_r(&when, &utc) != NULL) {
        strftime(out, 16, "%Y-%m-%d", &utc);
    }
}

static void print_json(const struct rollout_policy *policy, const struct rollout_since *since)
{
    char date[16];
    cJSON *object = mem_require(cJSON_CreateObject());
    date_of(since, date);
    json_set_string(object, "engine", rollout_engine_name(policy->engine));
    json_set_string(object, "kind", policy->kind);
    json_set_string(object, "name", policy->name);
    if (policy->space[0] != '\0') {
        json_set_string(object, "namespace", policy->space);
    }
    json_set_string(object, "stage", rollout_stage_name(policy->stage));
    json_set_string(object, "written", policy->word);
    json_set_string(object, "file", policy->file);
    json_set_int(object, "row", policy->row);
    if (since->known) {
        json_set_string(object, "since", date);
        json_set_string(object, "commit", since->id);
        json_set_int(object, "days", days_since(since));
        json_set_bool(object, "at_least", since->at_least);
    } else {
        json_set_optional(object, "since_not_known", since->why);
    }
    print_object(object, stdout);
}

/* One cell as CSV: quoted where it must be, and never a formula for a spreadsheet. */
static void csv_cell(const char *text, bool last)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t", text[0]) != NULL;
    bool quoted = formula || strpbrk(text, ",\"\n\r;") != NULL;
    fputs(quoted ? "\"" : "", stdout);
    fputs(formula ? "'" : "", stdout);
    for (const char *c = text; *c != '\0'; c++) {
        fputs(*c == '"' ? "\"\"" : "", stdout);
        if (*c != '"') {
            putchar(*c);
        }
    }
    fputs(quoted ? "\"" : "", stdout);
    fputs(last ? "\n" : ",", stdout);
}

static void markdown_cell(const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_ONE_LINE, 400);
    fputs(" ", stdout);
    for (const char *c = shown; *c != '\0'; c++) {
        if (strchr("\\`*_[]|~#<>&", *c) != NULL) {
            putchar('\\');
        }
        putchar(*c);
    }
    fputs(" |", stdout);
    free(shown);
}

static void print_row(const struct rollout_policy *policy, const struct rollout_since *since,
    enum rollout_format format, int width)
{
    char date[16];
    char days[32] = "";
    date_of(since, date);
    if (since->known) {
        snprintf(days, sizeof days, "%s%lld", since->at_least ? ">=" : "", days_since(since));
    }
    char *name = mem_printf("%s/%s", policy->kind, policy->name);
    char *place = mem_printf("%s:%u", policy->file, policy->row);
    const char *const cells[] = {name, rollout_engine_name(policy->engine),
        rollout_stage_name(policy->stage), policy->word, days, date, place};
    if (format == ROLLOUT_TEXT) {
        char *shown = safe_dup(str_of(place), SAFE_ONE_LINE, 4096);
        printf("%-*s  %-10s %-8s %-5s %s", width, name, cells[1], cells[2],
            days[0] == '\0' ? "-" : days, shown);
        printf(policy->word[0] == '\0' ? "\n" : "  (%s)\n", policy->word);
        free(shown);
    }
    for (size_t i = 0; format == ROLLOUT_CSV && i < ARRAY_LEN(cells); i++) {
        csv_cell(cells[i], i + 1 == ARRAY_LEN(cells));
    }
    fputs(format == ROLLOUT_MARKDOWN ? "|" : "", stdout);
    for (size_t i = 0; format == ROLLOUT_MARKDOWN && i < ARRAY_LEN(cells); i++) {
        markdown_cell(cells[i]);
    }
    fputs(format == ROLLOUT_MARKDOWN ? "\n" : "", stdout);
    free(place);
    free(name);
}

static void print_head(enum rollout_format format, int width)
{
    if (format == ROLLOUT_CSV) {
        puts("policy,engine,stage,written,days,since,place");
    } else if (format == ROLLOUT_MARKDOWN) {
        puts("| Policy | Engine | Stage | Written | Days | Since | Place |\n"
             "| --- | --- | --- | --- | --- | --- | --- |");
    } else if (format == ROLLOUT_TEXT) {
        printf("%-*s  %-10s %-8s %-5s %s\n", width, "POLICY", "ENGINE", "STAGE", "DAYS", "PLACE");
    }
}

void rollout_print_table(
    const struct rollout *rollout, const struct rollout_since *since, enum rollout_format format)
{
    size_t width = 6;
    VEC_FOREACH (const struct rollout_policy, policy, rollout) {
        size_t len = strlen(policy->kind) + 1 + strlen(policy->name);
        width = len > width ? len : width;
    }
    if (rollout->len > 0) {
        print_head(format, (int)width);
    }
    for (size_t i = 0; i < rollout->len; i++) {
        if (format == ROLLOUT_JSON) {
            print_json(&rollout->items[i], &since[i]);
        } else {
            print_row(&rollout->items[i], &since[i], format, (int)width);
        }
    }
}

void rollout_print_case(const struct rollout_policy *policy, enum rollout_stage to,
    const struct rollout_case *evidence, bool json, FILE *out)
{
    if (!json) {
        fprintf(out, "%s/%s: %s to %s%s\n", policy->kind, policy->name,
            rollout_stage_name(policy->stage), rollout_stage_name(to),
            evidence == NULL ? ": a step back, which needs no evidence" : "");
    }
    for (size_t i = 0; evidence != NULL && i < evidence->len; i++) {
        const struct rollout_evidence *piece = &evidence->items[i];
        const char *state = evidence_state_name(piece->state);
        if (json) {
            cJSON *object = mem_require(cJSON_CreateObject());
            json_set_string(object, "type", "evidence");
            json_set_string(object, "what", piece->what);
            json_set_string(object, "state", state);
            json_set_string(object, "said", piece->said);
            print_object(object, out);
            continue;
        }
        char *said = safe_dup(str_of(piece->said), SAFE_ONE_LINE, 1000);
        fprintf(out, "  %-10s %-9s %s\n", piece->what, state, said);
        free(said);
    }
}
