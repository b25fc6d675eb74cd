#include "lsp/diagnostics.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdio.h>

enum { MESSAGE_MAX = 2000, RULE_MAX = 120 };

void lsp_diagnostics_clear(struct lsp_diagnostics *diagnostics)
{
    findings_free(&diagnostics->findings);
    VEC_FOREACH (cJSON *, raw, &diagnostics->raw) {
        cJSON_Delete(*raw);
    }
    VEC_FREE(&diagnostics->raw);
    diagnostics->is_cut = false;
}

static char *rule_of(const cJSON *raw, const char *server)
{
    const cJSON *code = json_get(raw, "code");
    const char *told = json_string_or(raw, "source", server);
    /* "yaml-schema: file:///…" names its schema too, which no rule's name needs. */
    struct str source = str_slice(str_of(told), 0, str_find(str_of(told), STR_LIT(": "), 0));
    source = str_slice(source, 0, 100);
    char number[32] = "";
    const char *text = cJSON_IsString(code) ? code->valuestring : number;
    if (cJSON_IsNumber(code) && code->valuedouble != 0) {
        snprintf(number, sizeof number, "%.0f", code->valuedouble);
    }
    char *whole =
        text[0] == '\0' ? str_dup(source) : mem_printf("%.*s/%.100s", STR_FMT(source), text);
    char *rule = safe_dup(str_of(whole), SAFE_ONE_LINE, RULE_MAX);
    free(whole);
    return rule;
}

static enum severity severity_of(const cJSON *raw)
{
    long long severity = json_int_or(raw, "severity", 1);
    return severity == 1 ? SEVERITY_ERROR : severity == 2 ? SEVERITY_WARNING : SEVERITY_NOTE;
}

static bool add(struct lsp_diagnostics *diagnostics, struct lsp_mapper *mapper, const cJSON *raw,
    const char *path, const char *server)
{
    const cJSON *message = json_get(raw, "message");
    const char *text =
        cJSON_IsString(message) ? message->valuestring : json_string(message, "value");
    struct position at = lsp_place_of(mapper, json_get_path(raw, "range.start"));
    struct position end = lsp_place_of(mapper, json_get_path(raw, "range.end"));
    if (text == NULL || at.row == 0 || end.row == 0) {
        return false;
    }
    if (end.row < at.row || (end.row == at.row && end.col < at.col)) {
        end = at;
    }
    struct finding finding = {.severity = severity_of(raw), .at = at, .end = end};
    finding.rule = rule_of(raw, server);
    finding.file = mem_strdup(path);
    finding.message = safe_dup(str_trim(str_of(text)), SAFE_KEEP_LINES, MESSAGE_MAX);
    VEC_PUSH(&diagnostics->findings, finding);
    return true;
}

void lsp_diagnostics_read(struct lsp_diagnostics *diagnostics, struct lsp_mapper *mapper,
    cJSON *list, const char *path, const char *server)
{
    lsp_diagnostics_clear(diagnostics);
    cJSON *raw = cJSON_IsArray(list) ? list->child : NULL;
    for (size_t seen = 0; raw != NULL; seen++) {
        cJSON *next = raw->next;
        if (seen >= LSP_DIAGNOSTICS_MAX) {
            diagnostics->is_cut = true; /* not counted: walking 100,000 costs two frames */
            break;
        }
        if (add(diagnostics, mapper, raw, path, server)) {
            VEC_PUSH(&diagnostics->raw, cJSON_DetachItemViaPointer(list, raw));
        }
        raw = next;
    }
}

static void move(struct position *at, const struct text_change *change)
{
    size_t row = at->row - 1;
    if (row > change->old_end_point.row) {
        at->row = (unsigned)(row - change->old_end_point.row + change->new_end_point.row) + 1;
    } else if (row == change->old_end_point.row && at->col > change->old_end_point.column) {
        at->row = (unsigned)change->new_end_point.row + 1;
        at->col = (unsigned)(at->col - change->old_end_point.column + change->new_end_point.column);
    } else if (row > change->start_point.row) {
        at->row = (unsigned)change->start_point.row + 1;
        at->col = (unsigned)change->start_point.column + 1;
    }
}

void lsp_diagnostics_shift(struct lsp_diagnostics *diagnostics, const struct text_change *change)
{
    VEC_FOREACH (struct finding, finding, &diagnostics->findings) {
        move(&finding->at, change);
        move(&finding->end, change);
    }
}

static cJSON *json_position(struct lsp_mapper *mapper, struct position at)
{
    struct text_point point = {.row = at.row - 1, .column = at.col - 1};
    return lsp_position_at(mapper, text_offset_of(mapper->text, point));
}

void lsp_diagnostics_within(const struct lsp_diagnostics *diagnostics, struct lsp_mapper *mapper,
    unsigned first, unsigned last, cJSON *array)
{
    for (size_t i = 0; i < diagnostics->findings.len; i++) {
        const struct finding *finding = &diagnostics->findings.items[i];
        if (finding->at.row > last || finding->end.row < first) {
            continue;
        }
        cJSON *copy = cJSON_Duplicate(diagnostics->raw.items[i], true);
        cJSON *range = cJSON_CreateObject();
        cJSON_AddItemToObject(range, "start", json_position(mapper, finding->at));
        cJSON_AddItemToObject(range, "end", json_position(mapper, finding->end));
        cJSON_ReplaceItemInObjectCaseSensitive(copy, "range", range);
        cJSON_AddItemToArray(array, copy);
    }
}
