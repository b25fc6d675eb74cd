#include "control/gap.h"

#include "base/find.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "control/csv.h"

#include <stdint.h>
#include <stdlib.h>

const char *gap_status_name(enum gap_status status)
{
    static const char *const names[] = {"gap", "partly", "covered", "not checkable"};
    return names[status];
}

const char *gap_unknown_says(void)
{
    return "nothing says of these whether an admission policy can check them (a column admission "
           "does: yes, partial, no or host)";
}

/* ---- suggestions ---- */

static bool has_any(struct str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (find_smart(text, str_of(words[i]), 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

const char *gap_suggest_type(const struct requirement *requirement, const struct cover_map *map)
{
    static const char *const code[] = {"terraform", "bucket", "s3", "aws", "azure", "gcp",
        "cloudformation", "dockerfile", "iam ", "security group", "load balancer"};
    static const char *const makes[] = {"signature", "signed", "provenance", "generate",
        "every namespace has", "mutate", "is added"};
    const char *given = requirement->policy_type;
    bool needs_kyverno =
        strcmp(given, "kyverno") == 0 && strcmp(requirement->complexity, "high") == 0;
    if (*given != '\0' &&
        (needs_kyverno || (strcmp(given, "kyverno") != 0 && strcmp(given, "gatekeeper") != 0))) {
        return given;
    }
    char *words = requirement_words(requirement);
    const char *type = NULL;
    if (*given == '\0' && has_any(str_of(words), code, ARRAY_LEN(code))) {
        type = "conftest";
    } else if (*given == '\0' && has_any(str_of(words), makes, ARRAY_LEN(makes))) {
        type = "kyverno";
    } else if (map->gatekeeper != map->kyverno) {
        type = map->gatekeeper > map->kyverno ? "gatekeeper" : "kyverno";
    }
    free(words);
    return type != NULL ? type : *given != '\0' ? given : "gatekeeper";
}

const char *gap_suggest_complexity(const struct requirement *requirement)
{
    static const char *const high[] = {"except", "unless", "allow-list", "allowlist", "signature",
        "signed", "provenance", "every namespace has", "cluster-admin", "external",
        "where required", "where necessary", "only used"};
    static const char *const medium[] = {" or ", " all ", "each ", "label", "registr", "role",
        "production", "capabilit", "version", "pinned", "limits"};
    if (*requirement->complexity != '\0') {
        return requirement->complexity;
    }
    char *words = requirement_words(requirement);
    bool is_high = has_any(str_of(words), high, ARRAY_LEN(high));
    bool is_medium = has_any(str_of(words), medium, ARRAY_LEN(medium)) || strlen(words) > 400;
    free(words);
    return is_high ? "high" : is_medium ? "medium" : "low";
}

/* ---- statuses ---- */

static void judge(struct gap *gap)
{
    enum admission admission = admission_of(gap->requirement->admission);
    enum cover_sure best = gap->cover_count == 0 ? COVER_WORDS : gap->covers[0].sure;
    bool named = gap->cover_count > 0 && best <= COVER_NUMBER;
    bool only_words = gap->cover_count > 0 && best == COVER_WORDS;
    if (!admission_is_checkable(admission) && (gap->cover_count == 0 || only_words)) {
        gap->status = GAP_NOT_CHECKABLE;
        gap->reason = admission == ADMISSION_HOST
                          ? "a file or a flag of a node: no admission request shows it"
                          : "a decision of the organisation, or a fact about the cluster";
        gap->cover_count = 0;
    } else if (gap->cover_count == 0) {
        gap->status = GAP_OPEN;
        gap->reason = "no policy names it, and none reads like it";
    } else {
        gap->status = GAP_PARTLY;
        gap->only_words = only_words;
        gap->reason = only_words              ? "nothing names it: a policy only reads like it"
                      : best == COVER_VERSION ? "numbered as in another version of the framework"
                      : best == COVER_IN_NAME ? "only a name has the number in it"
                      : admission == ADMISSION_PARTIAL ? "a policy sees only a part of it"
                                                       : "seen in manifests, not at admission";
    }
    if (named && admission_is_checkable(admission) && admission != ADMISSION_PARTIAL) {
        gap->status = GAP_COVERED;
        gap->reason = NULL;
    }
}

struct gap gap_of(
    const struct requirements *requirements, const struct cover_map *map, size_t control)
{
    struct gap gap = {.requirement = &requirements->items[control],
        .control = control,
        .type = "",
        .complexity = ""};
    gap.covers = cover_map_of(map, control, &gap.cover_count);
    judge(&gap);
    return gap;
}

void gaps_find(
    const struct requirements *requirements, const struct cover_map *map, struct gaps *out)
{
    *out = (struct gaps){0};
    for (size_t i = 0; i < requirements->len; i++) {
        struct gap gap = gap_of(requirements, map, i);
        if (gap.status != GAP_NOT_CHECKABLE) {
            gap.type = gap_suggest_type(gap.requirement, map);
            gap.complexity = gap_suggest_complexity(gap.requirement);
        }
        out->counts[gap.status]++;
        bool unknown = admission_of(gap.requirement->admission) == ADMISSION_UNKNOWN;
        out->unknown[gap.status] += unknown;
        out->unknown_words += unknown && gap.only_words;
        out->only_words += gap.only_words;
        out->flagged += gap.requirement->note != NULL;
        VEC_PUSH(out, gap);
    }
}

void gaps_free(struct gaps *gaps)
{
    VEC_FREE(gaps);
}

/* ---- writing ---- */

void gap_append_evidence(const struct gap *gap, size_t max, struct buf *out)
{
    const char *between = "";
    if (gap->reason != NULL) {
        buf_append_c(out, gap->reason);
        between = gap->cover_count > 0 ? ": " : "";
    }
    for (size_t i = 0; i < gap->cover_count && i < max; i++) {
        buf_append_c(out, between);
        cover_append(&gap->covers[i], out);
        between = "; ";
    }
    if (gap->cover_count > max) {
        buf_printf(out, "; and %zu more", gap->cover_count - max);
    }
    if (gap->why != NULL) {
        buf_printf(out, "%sthe model: %s", gap->reason != NULL || gap->cover_count > 0 ? "; " : "",
            gap->why);
    }
}

void gaps_write_csv(const struct gaps *gaps, struct buf *out)
{
    const struct str header[] = {STR_LIT("control_id"), STR_LIT("control_description"),
        STR_LIT("suggested_policy_type"), STR_LIT("complexity"), STR_LIT("evidence"),
        STR_LIT("status"), STR_LIT("framework"), STR_LIT("version"), STR_LIT("note")};
    csv_append_row(out, header, ARRAY_LEN(header));
    VEC_FOREACH (const struct gap, gap, gaps) {
        const struct requirement *requirement = gap->requirement;
        struct buf evidence = BUF_INIT;
        char *words = requirement_words(requirement);
        gap_append_evidence(gap, 10, &evidence);
        const struct str row[] = {str_of(requirement->id), str_of(words), str_of(gap->type),
            str_of(gap->complexity), buf_str(&evidence), str_of(gap_status_name(gap->status)),
            str_of(requirement->framework), str_of(requirement->version),
            str_of(requirement->note)};
        csv_append_row(out, row, ARRAY_LEN(row));
        free(words);
        buf_free(&evidence);
    }
}

static cJSON *gap_json(const struct gap *gap)
{
    const struct requirement *requirement = gap->requirement;
    cJSON *object = mem_require(cJSON_CreateObject());
    char *words = requirement_words(requirement);
    json_set_string(object, "control_id", requirement->id);
    json_set_string(object, "control_description", words);
    json_set_string(object, "suggested_policy_type", gap->type);
    json_set_string(object, "complexity", gap->complexity);
    cJSON *evidence = json_set_array(object, "evidence");
    for (size_t i = 0; i < gap->cover_count; i++) {
        struct buf text = BUF_INIT;
        cover_append(&gap->covers[i], &text);
        json_push_string(evidence, text.ptr);
        buf_free(&text);
    }
    json_set_string(object, "status", gap_status_name(gap->status));
    json_set_optional(object, "reason", gap->reason);
    json_set_optional(object, "suggested_why", gap->why);
    json_set_string(object, "framework", requirement->framework);
    json_set_string(object, "version", requirement->version);
    json_set_optional(object, "note", requirement->note);
    free(words);
    return object;
}

void gaps_write_json(const struct gaps *gaps, struct buf *out)
{
    buf_append_char(out, '[');
    VEC_FOREACH (const struct gap, gap, gaps) {
        cJSON *object = gap_json(gap);
        char *text = json_print(object);
        buf_append_c(out, gap == gaps->items ? "\n" : ",\n");
        buf_append_c(out, text);
        free(text);
        cJSON_Delete(object);
    }
    buf_append_c(out, "\n]\n");
}

/* Untrusted text on one line, cut and filled up to a width. */
static void append_cell(struct buf *out, const char *text, size_t width, bool last)
{
    char *shown = safe_dup(str_trim(str_of(text)), SAFE_ONE_LINE, 2000);
    struct str fits = utf8_fit(str_of(shown), width);
    bool cut = fits.len < strlen(shown) && width > 1;
    fits = cut ? utf8_fit(fits, width - 1) : fits;
    buf_append_str(out, fits);
    buf_append_c(out, cut ? "…" : "");
    size_t used = utf8_width(fits) + cut;
    if (!last) {
        buf_append_repeat(out, ' ', (used < width ? width - used : 0) + 2);
    }
    free(shown);
}

void gaps_write_table(const struct gaps *gaps, size_t columns, struct buf *out)
{
    size_t id = 10;
    VEC_FOREACH (const struct gap, gap, gaps) {
        size_t width = utf8_width(str_of(gap->requirement->id));
        id = width > id ? width : id;
    }
    id = id > 24 ? 24 : id;
    size_t fixed = id + 2 + 13 + 2 + 10 + 2 + 10 + 2;
    size_t rest = columns > fixed + 30 ? columns - fixed : 30;
    static const char *const heads[] = {"CONTROL", "STATUS", "TYPE", "COMPLEXITY"};
    const size_t widths[] = {id, 13, 10, 10};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        append_cell(out, heads[i], widths[i], false);
    }
    buf_append_c(out, "DESCRIPTION, EVIDENCE\n");
    VEC_FOREACH (const struct gap, gap, gaps) {
        char *words = requirement_words(gap->requirement);
        append_cell(out, gap->requirement->id, id, false);
        append_cell(out, gap_status_name(gap->status), 13, false);
        append_cell(out, gap->type, 10, false);
        append_cell(out, gap->complexity, 10, false);
        append_cell(out, words, rest, true);
        buf_append_char(out, '\n');
        struct buf evidence = BUF_INIT;
        gap_append_evidence(gap, 3, &evidence);
        if (gap->status != GAP_NOT_CHECKABLE && evidence.len > 0) {
            buf_append_repeat(out, ' ', id + 2);
            append_cell(out, evidence.ptr, columns > id + 32 ? columns - id - 2 : 30, true);
            buf_append_char(out, '\n');
        }
        if (gap->requirement->note != NULL) {
            buf_append_repeat(out, ' ', id + 2);
            append_cell(
                out, gap->requirement->note, columns > id + 32 ? columns - id - 2 : 30, true);
            buf_append_char(out, '\n');
        }
        buf_free(&evidence);
        free(words);
    }
}
