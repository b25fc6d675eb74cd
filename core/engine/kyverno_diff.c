/* What a policy made of a resource against what the suite says it makes. `kyverno test` prints the
 * two run together; its log (-v 4) has each by itself, on one line:
 *
 *     … TRC …/compare.go:37 > Resource diff actual={"Object":{…}} expected={…} logger=… v=4
 *
 * with colours, fields in alphabetical order. */
#include "engine/kyverno.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <strings.h>

enum { DIFFS_MAX = 1000, TEXT_MAX = 64 << 10 };

void kyverno_diffs_free(struct kyverno_diffs *diffs)
{
    VEC_FOREACH (struct kyverno_diff, diff, diffs) {
        free(diff->kind);
        free(diff->name);
        free(diff->expected);
        free(diff->got);
    }
    VEC_FREE(diffs);
}

void kyverno_strip_colours(struct str text, struct buf *out)
{
    size_t at = 0;
    while (at < text.len) {
        size_t escape = str_find_char(text, '\033', at);
        buf_append_str(out, str_slice(text, at, escape == SIZE_MAX ? text.len : escape));
        size_t end = escape == SIZE_MAX ? SIZE_MAX : str_find_char(text, 'm', escape);
        at = end == SIZE_MAX ? text.len : end + 1;
    }
}

/* The JSON value that begins a text; empty: none does. */
static struct str first_value(struct str text)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (--depth == 0) {
                return str_slice(text, 0, i + 1);
            }
        }
        if (depth == 0) {
            break;
        }
    }
    return str_make("", 0);
}

static struct str field_of(struct str line, const char *key)
{
    size_t at = str_find(line, str_of(key), 0);
    return at == SIZE_MAX ? str_make("", 0) : first_value(str_from(line, at + strlen(key)));
}

/* A word that YAML reads as just that without its quotes. */
static bool is_plain(struct str word)
{
    static const char *const other[] = {
        "true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    bool plain = word.len > 0 && isalpha((unsigned char)word.ptr[0]);
    for (size_t i = 0; i < word.len && plain; i++) {
        char c = word.ptr[i];
        plain = isalnum((unsigned char)c) || (c != '\0' && strchr("_./-", c) != NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(other) && plain; i++) {
        plain = word.len != strlen(other[i]) || strncasecmp(word.ptr, other[i], word.len) != 0;
    }
    return plain;
}

/* Without the quotes that JSON has around every key and string: of `"a": "b"` on each line. */
static void without_quotes(struct str yaml, struct buf *out)
{
    size_t at = 0;
    while (at < yaml.len) {
        size_t end = yaml.ptr[at] == '"' ? str_find_char(yaml, '"', at + 1) : SIZE_MAX;
        struct str word = end == SIZE_MAX ? str_make("", 0) : str_slice(yaml, at + 1, end);
        if (is_plain(word)) {
            buf_append_str(out, word);
            at = end + 1;
            continue;
        }
        /* To the end of a string that keeps its quotes, or of one other character. */
        bool quoted = yaml.ptr[at] == '"';
        buf_append_char(out, yaml.ptr[at++]);
        while (quoted && at < yaml.len) {
            quoted = yaml.ptr[at] != '"';
            if (yaml.ptr[at] == '\\' && at + 1 < yaml.len) {
                buf_append_char(out, yaml.ptr[at++]);
            }
            buf_append_char(out, yaml.ptr[at++]);
        }
    }
}

/* JSON as the YAML one would write by hand; "" when it is none. */
static char *as_yaml(struct str json)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_JSON_FORCE};
    struct fy_document *document = fy_document_build_from_string(&config, json.ptr, json.len);
    struct fy_node *root = document == NULL ? NULL : fy_document_root(document);
    struct fy_node *object =
        root == NULL ? NULL : fy_node_by_path(root, "/Object", FY_NT, FYNWF_DONT_FOLLOW);
    char *yaml = root == NULL ? NULL
                              : fy_emit_node_to_string(object != NULL ? object : root,
                                    FYECF_MODE_BLOCK | FYECF_WIDTH_INF | FYECF_INDENT_2);
    struct buf bare = BUF_INIT;
    without_quotes(str_of(yaml == NULL ? "" : yaml), &bare);
    char *shown = safe_dup(buf_str(&bare), SAFE_KEEP_LINES, TEXT_MAX);
    buf_free(&bare);
    free(yaml);
    fy_document_destroy(document);
    return shown;
}

void kyverno_read_diffs(struct str log, struct kyverno_diffs *diffs)
{
    struct buf plain = BUF_INIT;
    struct str line;
    kyverno_strip_colours(log, &plain);
    struct str rest = buf_str(&plain);
    while (str_next_line(&rest, &line) && diffs->len < DIFFS_MAX) {
        size_t at = str_find(line, STR_LIT("Resource diff "), 0);
        struct str said = at == SIZE_MAX ? str_make("", 0) : str_from(line, at);
        struct str got = field_of(said, "actual=");
        struct str expected = field_of(str_from(said, got.len), "expected=");
        if (got.len == 0 || expected.len == 0) {
            continue;
        }
        cJSON *object = json_parse(expected, NULL);
        struct kyverno_diff diff = {.kind = mem_strdup(json_string_or(object, "kind", "")),
            .name = mem_strdup(json_string_or(json_get(object, "metadata"), "name", "")),
            .expected = as_yaml(expected),
            .got = as_yaml(got)};
        VEC_PUSH(diffs, diff);
        cJSON_Delete(object);
    }
    buf_free(&plain);
}

const struct kyverno_diff *kyverno_find_diff(
    struct kyverno_diffs *diffs, const char *kind, const char *name)
{
    VEC_FOREACH (struct kyverno_diff, diff, diffs) {
        if (!diff->taken && strcmp(diff->name, name) == 0 &&
            (kind[0] == '\0' || strcmp(diff->kind, kind) == 0)) {
            diff->taken = true;
            return diff;
        }
    }
    return NULL;
}
