#include "policy/yaml_json.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

static enum yaml_likeness least(enum yaml_likeness a, enum yaml_likeness b)
{
    return a < b ? a : b;
}

static struct str raw_of(struct str text, TSNode node)
{
    return str_slice(text, ts_node_start_byte(node), ts_node_end_byte(node));
}

static bool is_plain(TSNode node)
{
    return strcmp(ts_node_type(node), "plain_scalar") == 0;
}

static bool is_tagged(TSNode node)
{
    for (TSNode before = ts_node_prev_named_sibling(node); !ts_node_is_null(before);
         before = ts_node_prev_named_sibling(before)) {
        if (strcmp(ts_node_type(before), "tag") == 0) {
            return true;
        }
    }
    return false;
}

/* ---- scalars ---- */

/* A word that one version of YAML or another reads as a boolean: 1, 0; -1: none. */
static int boolean_of(struct str word)
{
    static const char *const words[] = {
        "false", "true", "no", "yes", "off", "on", "n", "y"}; /* in turn */
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (word.len == strlen(words[i]) && strncasecmp(word.ptr, words[i], word.len) == 0) {
            return (int)(i % 2);
        }
    }
    return -1;
}

static bool is_null_word(struct str word)
{
    return word.len == 0 || str_equal_c(word, "~") ||
           (word.len == 4 && strncasecmp(word.ptr, "null", 4) == 0);
}

/* Folded, indented, ended by some line breaks: what stands between blanks has to be the same. */
static bool same_but_blanks(struct str a, struct str b)
{
    size_t i = 0;
    size_t k = 0;
    for (;;) {
        while (i < a.len && isspace((unsigned char)a.ptr[i])) {
            i++;
        }
        while (k < b.len && isspace((unsigned char)b.ptr[k])) {
            k++;
        }
        if (i == a.len || k == b.len) {
            return i == a.len && k == b.len;
        }
        if (a.ptr[i++] != b.ptr[k++]) {
            return false;
        }
    }
}

static enum yaml_likeness compare_string(struct str text, TSNode node, struct str value)
{
    struct str raw = raw_of(text, node);
    struct buf own = BUF_INIT;
    enum yaml_likeness likeness = YAML_JSON_OTHER;
    size_t line = str_find_char(raw, '\n', 0);
    bool block = strcmp(ts_node_type(node), "block_scalar") == 0;
    bool escapes = raw.len > 0 && raw.ptr[0] == '"' && str_find_char(raw, '\\', 0) != SIZE_MAX;
    (void)yaml_scalar(text, node, &own);
    if (!block && line == SIZE_MAX && str_equal(buf_str(&own), value)) {
        likeness = YAML_JSON_SAME;
    } else if (escapes) {
        likeness = YAML_JSON_MAYBE;
    } else if (block || line != SIZE_MAX) {
        struct str folded = !block             ? buf_str(&own)
                            : line == SIZE_MAX ? (struct str){0}
                                               : str_from(raw, line);
        likeness = same_but_blanks(folded, value) ? YAML_JSON_MAYBE : YAML_JSON_OTHER;
    }
    buf_free(&own);
    return likeness;
}

static enum yaml_likeness compare_number(struct str raw, double value)
{
    char *end;
    char *word = str_dup(raw);
    size_t sign = word[0] == '-' || word[0] == '+';
    bool other_base = word[sign] == '0' && isalnum((unsigned char)word[sign + 1]);
    double own = strtod(word, &end);
    bool read = end != word && *end == '\0' && !other_base && isfinite(own);
    free(word);
    return !read ? YAML_JSON_MAYBE : own < value || own > value ? YAML_JSON_OTHER : YAML_JSON_SAME;
}

static enum yaml_likeness compare_scalar(struct str text, TSNode node, const cJSON *value)
{
    struct str raw = raw_of(text, node);
    if (cJSON_IsString(value)) {
        return compare_string(text, node, str_of(value->valuestring));
    }
    if (!is_plain(node)) {
        return YAML_JSON_OTHER;
    }
    if (cJSON_IsNumber(value)) {
        return compare_number(raw, value->valuedouble);
    }
    bool same = cJSON_IsBool(value)   ? boolean_of(raw) == (cJSON_IsTrue(value) ? 1 : 0)
                : cJSON_IsNull(value) ? is_null_word(raw)
                                      : false;
    return same ? YAML_JSON_SAME : YAML_JSON_OTHER;
}

/* ---- mappings and lists ---- */

static size_t size_of(const cJSON *value)
{
    int count = cJSON_GetArraySize(value);
    return count < 0 ? 0 : (size_t)count;
}

/* Whether a key is other text in JSON than here: a number, a boolean, a quoted one with escapes. */
static bool is_odd_key(struct str text, TSNode key)
{
    if (ts_node_is_null(key)) {
        return true;
    }
    struct str raw = raw_of(text, key);
    return raw.len == 0 || isdigit((unsigned char)raw.ptr[0]) || boolean_of(raw) >= 0 ||
           is_null_word(raw) || strchr("<\"'-+.", raw.ptr[0]) != NULL;
}

static enum yaml_likeness compare_mapping(struct str text, TSNode node, const cJSON *value)
{
    TSNode key;
    TSNode own;
    enum yaml_likeness likeness = YAML_JSON_SAME;
    size_t count = 0;
    struct buf name = BUF_INIT;
    for (uint32_t at = 0; likeness != YAML_JSON_OTHER && yaml_next_pair(node, &at, &key, &own);) {
        buf_clear(&name);
        (void)yaml_scalar(text, key, &name);
        const cJSON *there =
            name.len == 0 ? NULL : cJSON_GetObjectItemCaseSensitive(value, name.ptr);
        enum yaml_likeness missing = is_odd_key(text, key) ? YAML_JSON_MAYBE : YAML_JSON_OTHER;
        likeness = least(likeness, there == NULL ? missing : yaml_json_compare(text, own, there));
        count++;
    }
    buf_free(&name);
    bool other = likeness == YAML_JSON_SAME && count != size_of(value);
    return other ? YAML_JSON_OTHER : likeness;
}

static enum yaml_likeness compare_sequence(struct str text, TSNode node, const cJSON *value)
{
    TSNode own;
    enum yaml_likeness likeness = YAML_JSON_SAME;
    const cJSON *item = value->child;
    uint32_t at = 0;
    while (likeness != YAML_JSON_OTHER && yaml_next_item(node, &at, &own)) {
        likeness =
            least(likeness, item == NULL ? YAML_JSON_OTHER : yaml_json_compare(text, own, item));
        item = item == NULL ? NULL : item->next;
    }
    return item != NULL ? YAML_JSON_OTHER : likeness;
}

enum yaml_likeness yaml_json_compare(struct str text, TSNode node, const cJSON *value)
{
    if (ts_node_is_null(node)) { /* nothing there, or an alias */
        return cJSON_IsNull(value) ? YAML_JSON_SAME : YAML_JSON_MAYBE;
    }
    if (is_tagged(node)) {
        return YAML_JSON_MAYBE;
    }
    if (yaml_is_mapping(node)) {
        return cJSON_IsObject(value) ? compare_mapping(text, node, value) : YAML_JSON_OTHER;
    }
    if (yaml_is_sequence(node)) {
        return cJSON_IsArray(value) ? compare_sequence(text, node, value) : YAML_JSON_OTHER;
    }
    return compare_scalar(text, node, value);
}
