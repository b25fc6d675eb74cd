/* Reads what Conftest prints. Untrusted: sizes are bounded by the caller, counts here. */
#include "engine/conftest.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 100000, FINDINGS_MAX = 2000, MESSAGE_MAX = 400, NAME_MAX_BYTES = 200 };
#define DETAIL_MAX ((size_t)64 << 10)

static void entry_free(struct conftest_entry *entry)
{
    VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
        free(finding->rule);
        free(finding->message);
        free(finding->detail);
        free(finding->file);
    }
    VEC_FREE(&entry->findings);
    free(entry->file);
    free(entry->space);
}

void conftest_report_free(struct conftest_report *report)
{
    VEC_FOREACH (struct conftest_entry, entry, report) {
        entry_free(entry);
    }
    VEC_FREE(report);
}

static char *shown(const char *text, size_t max)
{
    return safe_dup(str_of(text), SAFE_ONE_LINE, max);
}

/* "data.main.deny_latest" is main.deny_latest; the query of an exception (its message) is
 * `data.main.exception[_][_] == "latest"`. */
static char *rule_name(const char *query, const char *space, bool exception)
{
    const char *name = query == NULL ? "" : query;
    if (strncmp(name, "data.", 5) == 0) {
        name += 5;
    }
    char *quote = exception && query != NULL ? strchr(name, '"') : NULL;
    char *text = quote == NULL ? mem_printf("%s%s", exception ? "exception " : "", name)
                               : mem_printf("exception %s.%.*s", space,
                                     (int)strcspn(quote + 1, "\""), quote + 1);
    char *made = shown(text[0] == '\0' ? space : text, NAME_MAX_BYTES);
    free(text);
    return made;
}

static char *detail_of(const cJSON *item)
{
    struct buf detail = BUF_INIT;
    const cJSON *metadata = json_get(item, "metadata");
    const cJSON *member;
    cJSON_ArrayForEach(member, metadata)
    {
        if (member->string == NULL || strcmp(member->string, "query") == 0) {
            continue;
        }
        char *value = json_print(member);
        buf_printf(&detail, "%s: %s\n", member->string, value);
        free(value);
    }
    const cJSON *outputs = json_get(item, "outputs");
    const cJSON *line;
    cJSON_ArrayForEach(line, outputs)
    {
        if (cJSON_IsString(line)) {
            buf_printf(&detail, "print: %s\n", line->valuestring);
        }
    }
    char *made = detail.len == 0
                     ? NULL
                     : safe_dup(str_trim_right(buf_str(&detail)), SAFE_KEEP_LINES, DETAIL_MAX);
    buf_free(&detail);
    return made;
}

/* A line is a JSON number (json.Number); the guards against others cost nothing. */
static unsigned row_of(const cJSON *place)
{
    double row = json_number_or(place, "line", 0);
    return row >= 1 && row < 4e9 ? (unsigned)row : 0;
}

static void take_findings(
    struct conftest_entry *entry, const cJSON *list, enum result_status status, bool exception)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (entry->findings.len >= FINDINGS_MAX) {
            return;
        }
        const char *message = json_string_or(item, "msg", "");
        const cJSON *place = json_get(item, "loc");
        const char *file = json_string(place, "file");
        struct conftest_finding finding = {
            .rule =
                rule_name(exception ? message : json_string(json_get(item, "metadata"), "query"),
                    entry->space, exception),
            .message = shown(message, MESSAGE_MAX),
            .detail = detail_of(item),
            .file = file == NULL ? NULL : shown(file, 4096),
            .row = row_of(place),
            .status = status};
        VEC_PUSH(&entry->findings, finding);
    }
}

bool conftest_parse(struct str json, struct conftest_report *report, struct err *err)
{
    struct err why;
    cJSON *root = json_parse(json, &why);
    if (root == NULL) {
        return err_set(err, ERR_EXTERNAL,
            "conftest printed something else than its JSON (%zu bytes): %s", json.len, why.text);
    }
    if (!cJSON_IsArray(root) && !cJSON_IsNull(root)) {
        cJSON_Delete(root);
        return err_set(err, ERR_EXTERNAL, "conftest printed JSON that is no list of results");
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, root)
    {
        const char *file = json_string(item, "filename");
        if (file == NULL || report->len >= ENTRIES_MAX) {
            cJSON_Delete(root);
            return err_set(err, ERR_EXTERNAL,
                file == NULL ? "conftest printed a result without a file name"
                             : "conftest printed more results than we take");
        }
        double successes = json_number_or(item, "successes", 0);
        struct conftest_entry entry = {.file = mem_strdup(file),
            .space = shown(json_string_or(item, "namespace", ""), NAME_MAX_BYTES),
            .successes = successes >= 1 && successes < 4e9 ? (unsigned)successes : 0};
        take_findings(&entry, json_get(item, "failures"), RESULT_FAIL, false);
        take_findings(&entry, json_get(item, "warnings"), RESULT_WARNING, false);
        take_findings(&entry, json_get(item, "exceptions"), RESULT_SKIPPED, true);
        take_findings(&entry, json_get(item, "skipped"), RESULT_SKIPPED, false);
        VEC_PUSH(report, entry);
    }
    cJSON_Delete(root);
    return true;
}

/* ---- what it says when it runs nothing ---- */

/* "policy/x.rego:2: rego_parse_error: unexpected eof token", somewhere in a line. */
static bool place_in(struct str line, const char *dir, struct finding *finding)
{
    size_t ext = str_find(line, STR_LIT(".rego:"), 0);
    if (ext == SIZE_MAX) {
        return false;
    }
    size_t from = ext;
    while (from > 0 && !isspace((unsigned char)line.ptr[from - 1])) {
        from--;
    }
    size_t at = ext + strlen(".rego:");
    unsigned row = 0;
    while (at < line.len && isdigit((unsigned char)line.ptr[at]) && row < 100000000) {
        row = row * 10 + (unsigned)(line.ptr[at++] - '0');
    }
    struct str rest = str_from(line, at);
    if (row == 0 || !str_starts(rest, ": ")) {
        return false;
    }
    rest = str_from(rest, 2);
    size_t colon = str_find_char(rest, ':', 0);
    char *path = str_dup(str_slice(line, from, ext + strlen(".rego")));
    bool code = colon != SIZE_MAX && colon < 60 && str_find_char(rest, ' ', 0) > colon;
    *finding = (struct finding){
        .rule = code ? safe_dup(str_slice(rest, 0, colon), SAFE_ONE_LINE, NAME_MAX_BYTES)
                     : mem_strdup("conftest"),
        .severity = SEVERITY_ERROR,
        .file = dir[0] == '\0' ? mem_strdup(path) : path_join(dir, path),
        .at = {row, 1},
        .message =
            safe_dup(str_trim(str_from(rest, code ? colon + 1 : 0)), SAFE_ONE_LINE, MESSAGE_MAX),
        .source = mem_strdup("conftest")};
    free(path);
    return true;
}

void conftest_parse_refusal(
    struct str text, const char *dir, struct findings *findings, char **message)
{
    struct str rest = text;
    struct str line;
    struct str said = {0};
    while (str_next_line(&rest, &line) && findings->len < FINDINGS_MAX) {
        struct finding finding;
        if (place_in(line, dir, &finding)) {
            (void)findings_add(findings, &finding);
            finding_free(&finding);
        }
        if (said.len == 0 && str_starts(line, "Error: ")) {
            said = str_from(line, strlen("Error: "));
        }
    }
    if (findings->len > 0) {
        const struct finding *first = &findings->items[0];
        *message = mem_printf("conftest stopped at %s:%u: %s: %s", first->file, first->at.row,
            first->rule, first->message);
        return;
    }
    said = said.len == 0 ? str_trim(text) : said;
    char *one = safe_dup(said, SAFE_ONE_LINE, MESSAGE_MAX);
    *message = one[0] == '\0' ? mem_strdup("conftest ran nothing and did not say why")
                              : mem_printf("conftest: %s", one);
    free(one);
}
