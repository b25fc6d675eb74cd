#include "engine/value_tree.h"

#include "base/json.h"
#include "base/json_scan.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

struct reader {
    struct str text;
    size_t at;
    size_t nodes;
};

void value_free(struct value *value)
{
    VEC_FOREACH (struct value, child, &value->children) {
        value_free(child);
    }
    VEC_FREE(&value->children);
    free(value->key);
    free(value->text);
    *value = (struct value){0};
}

/* Sets and objects in any order are equal: their children's hashes are added. */
static void finish(struct value *value)
{
    uint64_t sum = (uint64_t)value->kind * 0x9e3779b97f4a7c15u;
    VEC_FOREACH (struct value, child, &value->children) {
        uint64_t hash = child->hash * 31 + str_hash(str_of(child->key == NULL ? "" : child->key));
        hash ^= hash >> 29;
        hash *= 0xbf58476d1ce4e5b9u;
        sum = value->kind == VALUE_ARRAY ? sum * 31 + hash : sum + hash;
    }
    value->hash = value->kind == VALUE_SCALAR ? str_hash(str_of(value->text)) : sum;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->text.len && strchr(" \t\r\n", r->text.ptr[r->at]) != NULL &&
           r->text.ptr[r->at] != '\0') {
        r->at++;
    }
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->at < r->text.len && r->text.ptr[r->at] == c) {
        r->at++;
        return true;
    }
    return false;
}

static bool ends_word(char c)
{
    return c == '\0' || strchr(" \t\r\n,:]})", c) != NULL;
}

/* A string with its quotes, or a word: a number, true, null. */
static bool read_scalar(struct reader *r, char **text)
{
    size_t from = r->at;
    const char *ptr = r->text.ptr;
    if (r->at < r->text.len && ptr[r->at] == '"') {
        for (r->at++; r->at < r->text.len && ptr[r->at] != '"'; r->at++) {
            r->at += ptr[r->at] == '\\' ? 1 : 0;
        }
        if (r->at >= r->text.len) {
            return false;
        }
        /* Escapes may be written in several ways. */
        struct buf plain = BUF_INIT;
        struct buf shown = BUF_INIT;
        json_unescape(str_slice(r->text, from + 1, r->at++), &plain);
        json_append_quoted(&shown, buf_str(&plain));
        buf_free(&plain);
        *text = buf_take(&shown);
        return true;
    }
    while (r->at < r->text.len && !ends_word(ptr[r->at])) {
        r->at++;
    }
    struct str word = str_slice(r->text, from, r->at);
    if (word.len == 0 || strchr("-0123456789tfn", word.ptr[0]) == NULL) {
        return false;
    }
    *text = str_dup(word);
    return true;
}

static bool read_term(struct reader *r, unsigned depth, struct value *value);

/* Members up to `close`; with keys when `keyed`, told by the first for braces. */
static bool read_children(struct reader *r, unsigned depth, char close, struct value *value)
{
    while (!take(r, close)) {
        if (value->children.len > 0 && !take(r, ',')) {
            return false;
        }
        struct value child = {0};
        bool ok = read_term(r, depth + 1, &child);
        if (ok && close == '}') {
            bool keyed = take(r, ':');
            value->kind = value->children.len == 0 && !keyed ? VALUE_SET : value->kind;
            ok = keyed == (value->kind == VALUE_OBJECT);
            if (ok && keyed) {
                struct buf key = BUF_INIT;
                value_append(&child, 200, &key);
                value_free(&child);
                ok = read_term(r, depth + 1, &child);
                child.key = buf_take(&key);
            }
        }
        VEC_PUSH(&value->children, child);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool read_term(struct reader *r, unsigned depth, struct value *value)
{
    *value = (struct value){0};
    skip_blanks(r);
    if (depth > VALUE_DEPTH_MAX || ++r->nodes > VALUE_NODES_MAX) {
        return false;
    }
    bool ok = false;
    if (take(r, '[')) {
        value->kind = VALUE_ARRAY;
        ok = read_children(r, depth, ']', value);
    } else if (take(r, '{')) {
        value->kind = VALUE_OBJECT;
        ok = read_children(r, depth, '}', value);
    } else if (str_starts(str_from(r->text, r->at), "set()")) {
        value->kind = VALUE_SET;
        r->at += strlen("set()");
        ok = true;
    } else {
        ok = read_scalar(r, &value->text);
    }
    finish(value);
    return ok;
}

/* ---- YAML ---- */

/* As JSON would write it: a plain word that is no number, boolean or null is a string. */
static char *yaml_shown(struct reader *r, TSNode node)
{
    struct buf raw = BUF_INIT;
    struct buf shown = BUF_INIT;
    (void)yaml_scalar(r->text, node, &raw);
    struct str text = raw.ptr == NULL ? STR_LIT("") : buf_str(&raw);
    uint32_t from = ts_node_start_byte(node);
    char first = from < r->text.len ? r->text.ptr[from] : '\0';
    bool quoted = first == '"' || first == '\'' || first == '|' || first == '>';
    static const char *const words[] = {"true", "false", "null"};
    bool word = false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        word = word || str_equal_c(text, words[i]);
    }
    struct json_scan scan;
    json_scan_init(&scan, text);
    enum json_token only = json_scan_next(&scan);
    bool number = only == JSON_NUMBER && json_scan_next(&scan) == JSON_END;
    if (!quoted && (text.len == 0 || str_equal_c(text, "~"))) {
        buf_append_c(&shown, "null");
    } else if (!quoted && (word || number)) {
        buf_append_str(&shown, text);
    } else {
        json_append_quoted(&shown, text);
    }
    buf_free(&raw);
    return buf_take(&shown);
}

static bool read_yaml(struct reader *r, TSNode node, unsigned depth, struct value *value)
{
    *value = (struct value){0};
    if (depth > VALUE_DEPTH_MAX || ++r->nodes > VALUE_NODES_MAX) {
        return false;
    }
    uint32_t at = 0;
    TSNode key;
    TSNode item;
    bool ok = true;
    if (yaml_is_mapping(node)) {
        value->kind = VALUE_OBJECT;
        while (ok && yaml_next_pair(node, &at, &key, &item)) {
            struct value child;
            ok = read_yaml(r, item, depth + 1, &child);
            child.key = yaml_shown(r, key);
            VEC_PUSH(&value->children, child);
        }
    } else if (yaml_is_sequence(node)) {
        value->kind = VALUE_ARRAY;
        while (ok && yaml_next_item(node, &at, &item)) {
            struct value child;
            ok = read_yaml(r, item, depth + 1, &child);
            VEC_PUSH(&value->children, child);
        }
    } else {
        value->text = ts_node_is_null(node) ? mem_strdup("null") : yaml_shown(r, node);
    }
    finish(value);
    return ok;
}

static bool read_stream(struct reader *r, TSNode root, struct value *value)
{
    struct value all = {.kind = VALUE_ARRAY};
    uint32_t at = 0;
    TSNode document;
    bool ok = !ts_node_has_error(root);
    while (ok && yaml_next_document(root, &at, &document)) {
        struct value one;
        ok = read_yaml(r, document, 1, &one);
        VEC_PUSH(&all.children, one);
    }
    /* A word, or lines of text, are no document worth a comparison by structure. */
    bool structured = all.children.len > 1 ||
                      (all.children.len == 1 && all.children.items[0].kind != VALUE_SCALAR);
    if (!ok || !structured) {
        value_free(&all);
        return false;
    }
    if (all.children.len == 1) {
        *value = all.children.items[0];
        all.children.len = 0;
        value_free(&all);
    } else {
        finish(&all);
        *value = all;
    }
    return true;
}

bool value_read(struct str text, struct value *value)
{
    struct reader reader = {.text = str_trim(text)};
    *value = (struct value){0};
    if (reader.text.len == 0 || reader.text.len > VALUE_BYTES_MAX) {
        return false;
    }
    if (read_term(&reader, 0, value)) {
        skip_blanks(&reader);
        if (reader.at == reader.text.len) {
            return true;
        }
    }
    value_free(value);
    reader.nodes = 0;
    TSTree *tree = yaml_tree_parse(reader.text);
    bool ok = tree != NULL && read_stream(&reader, ts_tree_root_node(tree), value);
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    return ok;
}

void value_append(const struct value *value, size_t max, struct buf *out)
{
    if (value->kind == VALUE_SCALAR) {
        buf_append_c(out, value->text == NULL ? "" : value->text);
        return;
    }
    if (value->kind == VALUE_SET && value->children.len == 0) {
        buf_append_c(out, "set()");
        return;
    }
    size_t begin = out->len;
    buf_append_char(out, value->kind == VALUE_ARRAY ? '[' : '{');
    VEC_FOREACH (struct value, child, &value->children) {
        buf_append_c(out, child == value->children.items ? "" : ", ");
        if (out->len - begin > max) {
            buf_append_c(out, "…");
            break;
        }
        if (child->key != NULL) {
            buf_printf(out, "%s: ", child->key);
        }
        size_t used = out->len - begin;
        value_append(child, used < max ? max - used : 0, out);
    }
    buf_append_char(out, value->kind == VALUE_ARRAY ? ']' : '}');
}
