/* Reads what opa prints. Everything here is untrusted: sizes are bounded by the caller, nesting and
 * counts here. */
#include "engine/opa.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/opa_builtins.h"
#include "engine/opa_columns.h"

#include <math.h>
#include <stdlib.h>

enum { SUB_DEPTH_MAX = 16, ROWS_MAX = 500000, MESSAGE_MAX = 400 };
#define TEXT_MAX ((size_t)1 << 20)

static unsigned number_at(const cJSON *obj, const char *key)
{
    double value = json_number_or(obj, key, 0);
    return value >= 1 && value < 4e9 ? (unsigned)value : 0;
}

static struct position position_of(const cJSON *location)
{
    return (struct position){number_at(location, "row"), number_at(location, "col")};
}

static char *first_line(const char *text)
{
    return safe_dup(str_make(text, strcspn(text, "\n")), SAFE_ONE_LINE, MESSAGE_MAX);
}

/* Standard alphabet, as Go writes it. False: not base64. */
static bool decode_base64(const char *text, struct buf *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    unsigned have = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(alphabet, *text);
        if (at == NULL) {
            return false;
        }
        bits = (bits << 6 | (unsigned)(at - alphabet)) & 0xffffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_append_char(out, (char)(bits >> have & 0xff));
        }
    }
    return true;
}

static char *print_output(const cJSON *test)
{
    const char *encoded = json_string(test, "output");
    struct buf raw = BUF_INIT;
    char *shown = NULL;
    if (encoded != NULL && decode_base64(encoded, &raw) && raw.len > 0) {
        shown = safe_dup(str_trim_right(buf_str(&raw)), SAFE_KEEP_LINES, TEXT_MAX);
    }
    buf_free(&raw);
    return shown;
}

/* `first` is a line before all others, or NULL. */
static char *error_detail(const cJSON *error, const char *first)
{
    struct buf detail = BUF_INIT;
    buf_printf(&detail, "%s%s", first == NULL ? "" : first, first == NULL ? "" : "\n");
    const cJSON *at = json_get(error, "location");
    if (json_string(at, "file") != NULL && json_string(at, "file")[0] != '\0') {
        buf_printf(&detail, "%s:%u: ", json_string(at, "file"), number_at(at, "row"));
    }
    buf_printf(&detail, "%s: %s", json_string_or(error, "code", "error"),
        json_string_or(error, "message", ""));
    const cJSON *frame = NULL;
    cJSON_ArrayForEach(frame, json_get(error, "stack_trace"))
    {
        const cJSON *place = json_get(frame, "location");
        const char *file = json_string_or(place, "file", "");
        if (file[0] != '\0') {
            buf_printf(&detail, "\n  called at %s:%u:%u", file, number_at(place, "row"),
                number_at(place, "col"));
        }
    }
    char *shown = safe_dup(buf_str(&detail), SAFE_KEEP_LINES, TEXT_MAX);
    buf_free(&detail);
    return shown;
}

static char *name_of(const cJSON *obj, const char *fallback)
{
    return safe_dup(str_of(json_string_or(obj, "name", fallback)), SAFE_ONE_LINE, TEXT_MAX);
}

/* Sub-tests keep the order in which opa writes them (by name). */
static void add_subs(const cJSON *parent, const struct result *test, const char *prefix,
    unsigned depth, struct results *results)
{
    const cJSON *sub = NULL;
    cJSON_ArrayForEach(sub, json_get(parent, "sub_results"))
    {
        if (depth > SUB_DEPTH_MAX || results->len >= ROWS_MAX) {
            return;
        }
        char *own = name_of(sub, sub->string == NULL ? "" : sub->string);
        struct result row = {.engine = "opa",
            .suite = mem_strdup(test->suite),
            .name = mem_printf("%s/%s", prefix, own),
            .status = json_bool_or(sub, "fail", false) ? RESULT_FAIL : RESULT_PASS,
            .depth = depth,
            .file = mem_strdup(test->file),
            .at = test->at};
        free(own);
        char *name = mem_strdup(row.name);
        VEC_PUSH(results, row);
        add_subs(sub, test, name, depth + 1, results);
        free(name);
    }
}

static void add_test(const cJSON *test, struct results *results)
{
    const cJSON *location = json_get(test, "location");
    const cJSON *error = json_get(test, "error");
    const char *package = json_string_or(test, "package", "");
    if (strncmp(package, "data.", 5) == 0) {
        package += 5;
    } else if (strncmp(package, "data[", 5) == 0) {
        package += 4;
    }
    double ns = json_number_or(test, "duration", 0);
    struct result row = {.engine = "opa",
        .suite = safe_dup(str_of(package), SAFE_ONE_LINE, TEXT_MAX),
        .name = name_of(test, "?"),
        .duration_us = ns > 0 && ns < 1e15 ? (uint64_t)(ns / 1000) : 0,
        .file = mem_strdup(json_string(location, "file")),
        .at = position_of(location),
        .output = print_output(test)};
    if (cJSON_IsObject(error)) {
        /* What another program has and opa has not: nothing was wrong with it, nor right. */
        char *foreign = opa_builtin_explain(json_string(error, "message"));
        row.status = foreign != NULL ? RESULT_NOT_EVALUATED : RESULT_ERROR;
        row.message = foreign != NULL ? first_line(foreign)
                                      : first_line(json_string_or(error, "message", "error"));
        row.detail = error_detail(error, foreign);
        free(foreign);
    } else if (json_bool_or(test, "skip", false)) {
        row.status = RESULT_SKIPPED;
    } else {
        row.status = json_bool_or(test, "fail", false) ? RESULT_FAIL : RESULT_PASS;
    }
    struct result key = {.suite = mem_strdup(row.suite),
        .name = mem_strdup(row.name),
        .file = mem_strdup(row.file),
        .at = row.at};
    VEC_PUSH(results, row);
    add_subs(test, &key, key.name, 1, results);
    result_free(&key);
}

bool opa_parse_tests(struct str json, struct results *results, struct err *err)
{
    cJSON *root = json_parse(json, err);
    if (root == NULL) {
        return err_prefix(err, "opa test printed something that is not JSON");
    }
    bool ok = cJSON_IsArray(root);
    if (!ok) {
        err_set(err, ERR_EXTERNAL, "opa test printed JSON that is not a list of results");
    }
    const cJSON *list = ok ? root : NULL;
    const cJSON *test = NULL;
    cJSON_ArrayForEach(test, list)
    {
        if (!cJSON_IsObject(test) || results->len >= ROWS_MAX) {
            ok = err_set(err, ERR_EXTERNAL, "opa test printed a result that is not an object");
            break;
        }
        add_test(test, results);
    }
    cJSON_Delete(root);
    return ok;
}

static bool same_finding(const struct finding *a, const struct finding *b)
{
    const char *x = a->file == NULL ? "" : a->file;
    const char *y = b->file == NULL ? "" : b->file;
    return a->at.row == b->at.row && a->at.col == b->at.col && strcmp(x, y) == 0 &&
           strcmp(a->message, b->message) == 0;
}

static void add_error(const cJSON *error, struct opa_columns *columns, struct findings *findings)
{
    const cJSON *location = json_get(error, "location");
    const char *file = json_string(location, "file");
    struct buf message = BUF_INIT;
    buf_append_c(&message, json_string_or(error, "message", "error"));
    const cJSON *details = json_get(error, "details");
    const char *line = json_string(details, "line");
    if (line != NULL) {
        buf_printf(&message, "\n%s", line);
    }
    struct finding finding = {.rule = safe_dup(str_of(json_string_or(error, "code", "opa_error")),
                                  SAFE_ONE_LINE, MESSAGE_MAX),
        .severity = SEVERITY_ERROR,
        .file = file == NULL || file[0] == '\0' ? NULL : mem_strdup(file),
        .at = position_of(location),
        .message = safe_dup(buf_str(&message), SAFE_KEEP_LINES, TEXT_MAX),
        .fix = opa_builtin_advise(json_string(error, "message"), line)};
    buf_free(&message);
    finding.at.col = line != NULL ? opa_column_in(str_of(line), finding.at.col)
                                  : opa_column_of(columns, file, finding.at.row, finding.at.col);
    VEC_FOREACH (struct finding, known, findings) {
        if (same_finding(known, &finding)) {
            finding_free(&finding);
            return;
        }
    }
    VEC_PUSH(findings, finding);
}

bool opa_parse_errors(struct str json, const char *root, struct findings *findings, struct err *err)
{
    cJSON *answer = json_parse(json, err);
    if (answer == NULL) {
        return err_prefix(err, "opa printed something that is not JSON");
    }
    struct opa_columns columns = {.root = root};
    const cJSON *error = NULL;
    cJSON_ArrayForEach(error, json_get(answer, "errors"))
    {
        if (findings->len < ROWS_MAX) {
            add_error(error, &columns, findings);
        }
    }
    opa_columns_end(&columns);
    cJSON_Delete(answer);
    return true;
}

bool opa_parse_builtin_errors(struct str json, const char *root, struct buf *detail, char **message)
{
    struct findings findings = {0};
    bool any = opa_parse_errors(json, root, &findings, NULL) && findings.len > 0;
    if (any) {
        VEC_FOREACH (struct finding, f, &findings) {
            buf_printf(detail, "%s%s:%u", detail->len > 0 ? "\n" : "",
                f->file == NULL ? "?" : f->file, f->at.row);
            if (f->at.col > 0) {
                buf_printf(detail, ":%u", f->at.col);
            }
            buf_append_c(detail, ": ");
            buf_append_c(detail, f->message);
        }
        *message = mem_printf("%s (%s:%u)", findings.items[0].message,
            findings.items[0].file == NULL ? "?" : findings.items[0].file,
            findings.items[0].at.row);
    }
    findings_free(&findings);
    return any;
}

static size_t indent_of(struct str line)
{
    size_t indent = 0;
    while (indent < line.len && line.ptr[indent] == ' ') {
        indent++;
    }
    return indent;
}

/* "  policies/p_test.rego:21:" */
static bool is_place(struct str line)
{
    line = str_trim(line);
    if (!str_ends(line, ":")) {
        return false;
    }
    size_t i = line.len - 1;
    while (i > 0 && line.ptr[i - 1] >= '0' && line.ptr[i - 1] <= '9') {
        i--;
    }
    return i < line.len - 1 && i > 0 && line.ptr[i - 1] == ':';
}

/* An expression with its pointer diagram is indented as deep as the expression is in its file:
 * takes away what all its lines share. */
static void flush_block(struct str block, struct buf *out)
{
    size_t least = (size_t)-1;
    struct str line;
    for (struct str rest = block; str_next_line(&rest, &line);) {
        if (str_trim(line).len > 0 && indent_of(line) < least) {
            least = indent_of(line);
        }
    }
    for (struct str rest = block; str_next_line(&rest, &line);) {
        line = str_trim_right(line);
        if (line.len > 0) {
            buf_printf(out, "%s  ", out->len > 0 ? "\n" : "");
            buf_append_str(out, str_from(line, least));
        }
    }
}

bool opa_parse_trace(struct str text, struct buf *detail, char **message)
{
    size_t at = str_find(text, STR_LIT("\nFAILURES\n"), 0);
    if (at == (size_t)-1) {
        return false;
    }
    struct str rest = str_from(text, at + strlen("\nFAILURES\n"));
    struct str line;
    str_next_line(&rest, &line); /* the rule under the title */
    size_t end = str_find(rest, STR_LIT("\n--------------------"), 0);
    rest = end == (size_t)-1 ? rest : str_slice(rest, 0, end + 1);
    struct buf out = BUF_INIT;
    struct buf block = BUF_INIT;
    char *place = NULL;
    while (str_next_line(&rest, &line) && out.len < TEXT_MAX) {
        struct str trimmed = str_trim(line);
        bool title = indent_of(line) == 0 && str_starts(line, "data");
        bool own_line = is_place(line) || str_ends(trimmed, ": FAIL") || trimmed.len == 0 || title;
        if (!own_line) {
            if (*message == NULL) {
                char *expression = safe_dup(trimmed, SAFE_ONE_LINE, MESSAGE_MAX);
                *message = mem_printf("%s  (%s)", expression, place == NULL ? "?" : place);
                free(expression);
            }
            buf_append_str(&block, line);
            buf_append_char(&block, '\n');
            continue;
        }
        flush_block(buf_str(&block), &out);
        buf_clear(&block);
        if (trimmed.len > 0 && !title) {
            buf_printf(&out, "%s%.*s", out.len > 0 ? "\n" : "", STR_FMT(trimmed));
            free(place);
            place = str_dup(str_slice(trimmed, 0, trimmed.len - 1));
        }
    }
    flush_block(buf_str(&block), &out);
    free(place);
    buf_free(&block);
    safe_append(detail, buf_str(&out), SAFE_KEEP_LINES);
    buf_free(&out);
    return detail->len > 0;
}

static bool take_ranges(
    struct coverage *coverage, const cJSON *ranges, const char *path, bool covered)
{
    const cJSON *range = NULL;
    cJSON_ArrayForEach(range, ranges)
    {
        const cJSON *from = json_get(range, "start");
        const cJSON *to = json_get(range, "end");
        struct coverage_range out = {.row = number_at(from, "row"),
            .col = number_at(from, "col"),
            .end_row = number_at(to, "row"),
            .end_col = number_at(to, "col")};
        /* A file of 10 million rows is not one we loaded: the counts below walk the rows. */
        if (out.row == 0 || out.end_row < out.row || out.end_row > 10000000) {
            return false;
        }
        coverage_add(coverage, str_of(path), out, covered);
    }
    return true;
}

bool opa_parse_coverage(struct str json, struct coverage *coverage, bool *failed, struct err *err)
{
    cJSON *root = json_parse(json, err);
    if (root == NULL) {
        return err_prefix(err, "opa eval printed something that is not JSON");
    }
    const cJSON *errors = json_get(root, "errors");
    *failed = cJSON_IsArray(errors) && cJSON_GetArraySize(errors) > 0;
    const cJSON *files = json_get_path(root, "coverage.files");
    bool ok = cJSON_IsObject(files);
    if (!ok) {
        err_set(err, ERR_EXTERNAL, "opa eval printed no coverage");
    }
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, files)
    {
        if (!ok || file->string == NULL || file->string[0] == '\0') {
            continue;
        }
        coverage_touch(coverage, str_of(file->string));
        if (!take_ranges(coverage, json_get(file, "covered"), file->string, true) ||
            !take_ranges(coverage, json_get(file, "not_covered"), file->string, false)) {
            ok = err_set(err, ERR_EXTERNAL, "opa eval printed a coverage range without rows");
        }
    }
    cJSON_Delete(root);
    return ok;
}
