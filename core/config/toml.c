#include "config/toml.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_toml(void);

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 64 };

struct reader {
    struct str text;
    const char *name;
    struct err *err;
};

bool toml_is_words(const struct toml *toml)
{
    bool ok = toml->kind == TOML_ARRAY;
    for (size_t i = 0; ok && i < toml->len; i++) {
        ok = toml->items[i]->kind == TOML_STRING && toml->items[i]->text[0] != '\0';
    }
    return ok;
}

const char *toml_kind_name(enum toml_kind kind)
{
    static const char *const names[] = {
        "a string", "a whole number", "a number", "true or false", "a date", "an array", "a table"};
    return names[kind];
}

void toml_free(struct toml *toml)
{
    if (toml == NULL) {
        return;
    }
    for (size_t i = 0; i < toml->len; i++) {
        toml_free(toml->items[i]);
    }
    free(toml->items);
    free(toml->key);
    free(toml->text);
    free(toml);
}

static bool fail_at(const struct reader *reader, TSNode node, const char *what)
{
    TSPoint at = ts_node_start_point(node);
    return err_set(
        reader->err, ERR_INVALID, "%s:%u:%u: %s", reader->name, at.row + 1, at.column + 1, what);
}

static struct str text_of(const struct reader *reader, TSNode node)
{
    return str_slice(reader->text, ts_node_start_byte(node), ts_node_end_byte(node));
}

static struct toml *make(enum toml_kind kind, TSNode node)
{
    struct toml *toml = MEM_NEW(struct toml);
    TSPoint at = ts_node_start_point(node);
    toml->kind = kind;
    toml->row = at.row + 1;
    toml->col = at.column + 1;
    return toml;
}

static struct toml *find(const struct toml *table, struct str key)
{
    for (size_t i = 0; table != NULL && table->kind == TOML_TABLE && i < table->len; i++) {
        if (str_equal_c(key, table->items[i]->key)) {
            return table->items[i];
        }
    }
    return NULL;
}

const struct toml *toml_get(const struct toml *table, const char *key)
{
    return find(table, str_of(key));
}

const struct toml *toml_get_path(const struct toml *table, const char *dotted)
{
    struct str rest = str_of(dotted);
    while (table != NULL && rest.len > 0) {
        size_t dot = str_find_char(rest, '.', 0);
        size_t end = dot == (size_t)-1 ? rest.len : dot;
        table = find(table, str_slice(rest, 0, end));
        rest = str_from(rest, end + 1);
    }
    return table;
}

const char *toml_string_or(const struct toml *table, const char *key, const char *fallback)
{
    const struct toml *value = toml_get(table, key);
    return value != NULL && value->kind == TOML_STRING ? value->text : fallback;
}

long long toml_integer_or(const struct toml *table, const char *key, long long fallback)
{
    const struct toml *value = toml_get(table, key);
    return value != NULL && value->kind == TOML_INTEGER ? value->integer : fallback;
}

bool toml_bool_or(const struct toml *table, const char *key, bool fallback)
{
    const struct toml *value = toml_get(table, key);
    return value != NULL && value->kind == TOML_BOOL ? value->boolean : fallback;
}

/* ---- scalars ---- */

/* Appends what the escape at text[*at] (after the backslash) stands for. */
static bool unescape(struct buf *out, struct str text, size_t *at, bool multiline)
{
    static const char letters[] = "btnfre\"\\";
    static const char values[] = "\b\t\n\f\r\x1b\"\\";
    char c = text.ptr[*at];
    const char *hit = strchr(letters, c);
    if (c != '\0' && hit != NULL) {
        buf_append_char(out, values[hit - letters]);
        ++*at;
        return true;
    }
    if (c == 'u' || c == 'U') {
        size_t digits = c == 'u' ? 4 : 8;
        char hex[9] = "";
        if (*at + 1 + digits > text.len) {
            return false;
        }
        memcpy(hex, text.ptr + *at + 1, digits);
        char *end;
        unsigned long cp = strtoul(hex, &end, 16);
        if (*end != '\0' || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000) || cp == 0) {
            return false;
        }
        char bytes[4];
        buf_append(out, bytes, utf8_encode((int32_t)cp, bytes));
        *at += 1 + digits;
        return true;
    }
    if (!multiline) {
        return false;
    }
    /* A backslash at the end of a line joins it with the next non-blank. */
    while (*at < text.len && strchr(" \t\r\n", text.ptr[*at]) != NULL) {
        ++*at;
    }
    return true;
}

static bool read_string(const struct reader *reader, TSNode node, struct buf *out)
{
    struct str text = text_of(reader, node);
    bool multiline = str_starts(text, "\"\"\"") || str_starts(text, "'''");
    size_t quote = multiline ? 3 : 1;
    if (text.len < 2 * quote) {
        return fail_at(reader, node, "this string has no end");
    }
    bool literal = text.ptr[0] == '\'';
    text = str_slice(text, quote, text.len - quote);
    if (multiline && str_starts(text, "\r\n")) {
        text = str_from(text, 2);
    } else if (multiline && str_starts(text, "\n")) {
        text = str_from(text, 1);
    }
    buf_append_c(out, "");
    for (size_t at = 0; at < text.len;) {
        if (literal || text.ptr[at] != '\\' || at + 1 >= text.len) {
            buf_append_char(out, text.ptr[at++]);
            continue;
        }
        at++;
        if (!unescape(out, text, &at, multiline)) {
            return fail_at(reader, node, "this string has a bad escape");
        }
    }
    return true;
}

static bool read_number(const struct reader *reader, TSNode node, struct toml *value)
{
    char digits[64];
    size_t n = 0;
    struct str text = text_of(reader, node);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '_') {
            continue;
        }
        if (n + 1 >= sizeof digits) {
            return fail_at(reader, node, "this number is too long");
        }
        digits[n++] = text.ptr[i];
    }
    digits[n] = '\0';
    char *end;
    errno = 0;
    if (value->kind == TOML_FLOAT) {
        value->number = strtod(digits, &end);
        return *end == '\0' || fail_at(reader, node, "this is no number");
    }
    int base = 10;
    const char *start = digits;
    if (digits[0] == '0' && n > 2) {
        base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 10;
        start += base == 10 ? 0 : 2;
    }
    value->integer = strtoll(start, &end, base);
    value->number = (double)value->integer;
    if (*end != '\0' || errno == ERANGE) {
        return fail_at(reader, node, "this number does not fit 64 bits");
    }
    return true;
}

/* ---- values ---- */

static struct toml *read_value(const struct reader *reader, TSNode node, unsigned depth);
static bool read_pair(const struct reader *reader, TSNode node, struct toml *table, unsigned depth);

static bool read_children(
    const struct reader *reader, TSNode node, struct toml *into, unsigned depth)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (strcmp(ts_node_type(child), "comment") == 0) {
            continue;
        }
        if (into->kind == TOML_TABLE) {
            if (!read_pair(reader, child, into, depth)) {
                return false;
            }
            continue;
        }
        struct toml *value = read_value(reader, child, depth);
        if (value == NULL) {
            return false;
        }
        VEC_PUSH(into, value);
    }
    return true;
}

static struct toml *read_value(const struct reader *reader, TSNode node, unsigned depth)
{
    static const struct {
        const char *type;
        enum toml_kind kind;
    } kinds[] = {{"string", TOML_STRING}, {"integer", TOML_INTEGER}, {"float", TOML_FLOAT},
        {"boolean", TOML_BOOL}, {"array", TOML_ARRAY}, {"inline_table", TOML_TABLE},
        {"offset_date_time", TOML_DATE}, {"local_date_time", TOML_DATE}, {"local_date", TOML_DATE},
        {"local_time", TOML_DATE}};
    size_t k = 0;
    while (k < ARRAY_LEN(kinds) && strcmp(kinds[k].type, ts_node_type(node)) != 0) {
        k++;
    }
    if (k == ARRAY_LEN(kinds) || depth > MAX_DEPTH) {
        fail_at(reader, node, depth > MAX_DEPTH ? "nested too deep" : "this is no value");
        return NULL;
    }
    struct toml *value = make(kinds[k].kind, node);
    bool ok = true;
    struct buf text = BUF_INIT;
    switch (value->kind) {
    case TOML_STRING:
        ok = read_string(reader, node, &text);
        value->text = buf_take(&text);
        break;
    case TOML_DATE:
        value->text = str_dup(text_of(reader, node));
        break;
    case TOML_BOOL:
        value->boolean = str_equal_c(text_of(reader, node), "true");
        break;
    case TOML_INTEGER:
    case TOML_FLOAT:
        ok = read_number(reader, node, value);
        break;
    case TOML_ARRAY:
    case TOML_TABLE:
        value->closed = true;
        ok = read_children(reader, node, value, depth + 1);
        break;
    }
    if (!ok) {
        toml_free(value);
        return NULL;
    }
    return value;
}

/* ---- keys and tables ---- */

static bool read_key(const struct reader *reader, TSNode node, struct buf *out)
{
    if (strcmp(ts_node_type(node), "quoted_key") == 0) {
        return read_string(reader, node, out);
    }
    buf_append_str(out, text_of(reader, node));
    return true;
}

static bool is_dotted(TSNode node)
{
    return strcmp(ts_node_type(node), "dotted_key") == 0;
}

/* What part of a header's path may do with a table that is there already. */
static struct toml *step_into(
    const struct reader *reader, TSNode node, struct toml *table, const char *key)
{
    struct toml *next = find(table, str_of(key));
    if (next == NULL) {
        next = make(TOML_TABLE, node);
        next->key = mem_strdup(key);
        VEC_PUSH(table, next);
        return next;
    }
    if (next->kind == TOML_ARRAY && !next->closed && next->len > 0) {
        return next->items[next->len - 1];
    }
    if (next->kind != TOML_TABLE || next->closed) {
        fail_at(reader, node, "this key has a value already");
        return NULL;
    }
    return next;
}

/* Walks all parts but the last, making tables on the way; *last is the last part's name. */
static struct toml *walk_key(
    const struct reader *reader, TSNode node, struct toml *table, struct buf *last)
{
    if (is_dotted(node)) {
        TSNode left = ts_node_named_child(node, 0);
        TSNode right = ts_node_named_child(node, 1);
        struct buf name = BUF_INIT;
        table = walk_key(reader, left, table, &name);
        if (table != NULL) {
            table = step_into(reader, left, table, name.ptr);
        }
        buf_free(&name);
        return table != NULL && read_key(reader, right, last) ? table : NULL;
    }
    return read_key(reader, node, last) ? table : NULL;
}

static bool read_pair(const struct reader *reader, TSNode node, struct toml *table, unsigned depth)
{
    TSNode key = ts_node_named_child(node, 0);
    TSNode value_node = ts_node_named_child(node, 1);
    struct buf name = BUF_INIT;
    bool ok = false;
    table = walk_key(reader, key, table, &name);
    if (table == NULL) {
        goto out;
    }
    if (find(table, buf_str(&name)) != NULL) {
        fail_at(reader, key, "this key stands here twice");
        goto out;
    }
    struct toml *value = read_value(reader, value_node, depth);
    if (value == NULL) {
        goto out;
    }
    TSPoint at = ts_node_start_point(key);
    value->row = at.row + 1;
    value->col = at.column + 1;
    value->key = mem_strdup(name.ptr);
    VEC_PUSH(table, value);
    ok = true;
out:
    buf_free(&name);
    return ok;
}

static struct toml *open_header(
    const struct reader *reader, TSNode node, struct toml *root, bool array)
{
    TSNode key = ts_node_named_child(node, 0);
    struct buf name = BUF_INIT;
    struct toml *parent = walk_key(reader, key, root, &name);
    struct toml *table = NULL;
    if (parent == NULL) {
        goto out;
    }
    struct toml *there = find(parent, buf_str(&name));
    if (array) {
        if (there != NULL && (there->kind != TOML_ARRAY || there->closed)) {
            fail_at(reader, key, "this name has a value already");
            goto out;
        }
        if (there == NULL) {
            there = make(TOML_ARRAY, key);
            there->key = mem_strdup(name.ptr);
            VEC_PUSH(parent, there);
        }
        table = make(TOML_TABLE, key);
        VEC_PUSH(there, table);
        goto out;
    }
    if (there != NULL && there->kind == TOML_TABLE && there->header) {
        fail_at(reader, key, "this table stands here twice");
        goto out;
    }
    table = step_into(reader, key, parent, name.ptr);
    if (table != NULL) {
        table->header = true;
    }
out:
    buf_free(&name);
    return table;
}

static bool read_document(const struct reader *reader, TSNode root_node, struct toml *root)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(root_node); i++) {
        TSNode node = ts_node_named_child(root_node, i);
        const char *type = ts_node_type(node);
        if (strcmp(type, "comment") == 0) {
            continue;
        }
        if (strcmp(type, "pair") == 0) {
            if (!read_pair(reader, node, root, 0)) {
                return false;
            }
            continue;
        }
        struct toml *table =
            open_header(reader, node, root, strcmp(type, "table_array_element") == 0);
        if (table == NULL) {
            return false;
        }
        for (uint32_t j = 1; j < ts_node_named_child_count(node); j++) {
            TSNode pair = ts_node_named_child(node, j);
            if (strcmp(ts_node_type(pair), "pair") == 0 && !read_pair(reader, pair, table, 0)) {
                return false;
            }
        }
    }
    return true;
}

/* The first error or missing node, in the order of the text. */
static bool find_error(TSNode node, TSNode *found, unsigned depth)
{
    if (!ts_node_has_error(node) || depth > 2 * MAX_DEPTH) {
        return false;
    }
    if (strcmp(ts_node_type(node), "ERROR") == 0 || ts_node_is_missing(node)) {
        *found = node;
        return true;
    }
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        TSNode child = ts_node_child(node, i);
        if (ts_node_is_missing(child) || find_error(child, found, depth + 1)) {
            if (ts_node_is_missing(child)) {
                *found = child;
            }
            return true;
        }
    }
    *found = node;
    return true;
}

struct toml *toml_parse(struct str text, const char *name, struct err *err)
{
    struct reader reader = {text, name, err};
    if (text.len > MAX_BYTES) {
        err_set(err, ERR_LIMIT, "%s is larger than 1 MiB", name);
        return NULL;
    }
    if (!utf8_is_valid(text) || (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)) {
        err_set(err, ERR_INVALID, "%s is not UTF-8 text", name);
        return NULL;
    }
    TSParser *parser = mem_require(ts_parser_new());
    TSTree *tree = NULL;
    struct toml *root = NULL;
    if (!ts_parser_set_language(parser, tree_sitter_toml()) ||
        (tree = ts_parser_parse_string(
             parser, NULL, text.ptr == NULL ? "" : text.ptr, (uint32_t)text.len)) == NULL) {
        err_set(err, ERR_UNSUPPORTED, "the TOML grammar does not fit this tree-sitter library");
        goto out;
    }
    TSNode node = ts_tree_root_node(tree);
    TSNode bad = node;
    if (find_error(node, &bad, 0)) {
        fail_at(&reader, bad, "not valid TOML here");
        goto out;
    }
    root = make(TOML_TABLE, node);
    if (!read_document(&reader, node, root)) {
        toml_free(root);
        root = NULL;
    }
out:
    ts_tree_delete(tree);
    ts_parser_delete(parser);
    return root;
}
