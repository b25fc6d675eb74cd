#include "policy/symbols_internal.h"

#include "base/vec.h"

#include <stdlib.h>

const char *symbol_kind_name(enum symbol_kind kind)
{
    static const char *const names[] = {
        [SYMBOL_PACKAGE] = "package",
        [SYMBOL_RULE] = "rule",
        [SYMBOL_FUNCTION] = "function",
        [SYMBOL_TEST] = "test",
        [SYMBOL_TEMPLATE] = "template",
        [SYMBOL_CONSTRAINT] = "constraint",
        [SYMBOL_POLICY] = "policy",
        [SYMBOL_POLICY_RULE] = "policy rule",
        [SYMBOL_SUITE] = "suite",
        [SYMBOL_OBJECT] = "object",
        [SYMBOL_VARIABLE] = "variable",
        [SYMBOL_BUILTIN] = "built-in",
    };
    return names[kind];
}

const char *symbol_field_type_name(enum symbol_field_type type)
{
    static const char *const names[] = {
        [FIELD_OBJECT] = "object",
        [FIELD_ARRAY] = "array",
        [FIELD_STRING] = "string",
        [FIELD_NUMBER] = "number",
        [FIELD_BOOLEAN] = "boolean",
        [FIELD_NULL] = "null",
    };
    return names[type];
}

struct policy_symbols *policy_symbols_share(struct policy_symbols *symbols)
{
    atomic_fetch_add(&symbols->references, 1);
    return symbols;
}

static void free_rego(struct policy_symbols *symbols)
{
    VEC_FOREACH (struct symbol_local, local, &symbols->locals) {
        free(local->name);
        free(local->bound);
    }
    VEC_FOREACH (struct symbol_import, import, &symbols->imports) {
        free(import->path);
        free(import->name);
    }
    VEC_FOREACH (struct symbol_note, note, &symbols->notes) {
        free(note->scope);
        free(note->title);
        free(note->description);
        free(note->custom);
    }
    VEC_FREE(&symbols->uses);
    VEC_FREE(&symbols->locals);
    VEC_FREE(&symbols->imports);
    VEC_FREE(&symbols->notes);
}

void policy_symbols_release(struct policy_symbols *symbols)
{
    if (symbols == NULL || atomic_fetch_sub(&symbols->references, 1) > 1) {
        return;
    }
    VEC_FOREACH (struct symbol_definition, definition, &symbols->definitions) {
        free(definition->name);
        free(definition->detail);
        free(definition->doc);
        free(definition->type);
        free(definition->space);
        free(definition->value);
    }
    VEC_FOREACH (struct symbol_control, control, &symbols->controls) {
        free(control->framework);
        free(control->id);
    }
    VEC_FOREACH (struct symbol_link, link, &symbols->links) {
        free(link->path);
    }
    VEC_FOREACH (struct symbol_field, field, &symbols->fields) {
        free(field->name);
        free(field->sample);
    }
    VEC_FREE(&symbols->definitions);
    VEC_FREE(&symbols->controls);
    VEC_FREE(&symbols->links);
    VEC_FREE(&symbols->fields);
    free_rego(symbols);
    names_free(&symbols->keys);
    free(symbols);
}

uint32_t symbols_key(struct policy_symbols *symbols, struct str text)
{
    return names_hold(&symbols->keys, text);
}

const char *policy_symbols_key(const struct policy_symbols *symbols, uint32_t key)
{
    return key == NAME_NONE ? "" : names_text(&symbols->keys, key);
}

void symbol_host_point(const struct symbol_host *host, uint32_t *byte, uint32_t *row, uint32_t *col)
{
    size_t host_row;
    size_t host_col;
    if (host->injection == NULL) {
        return;
    }
    if (!syntax_injection_to_host(host->injection, *row, *col, &host_row, &host_col) ||
        host_row >= host->line_count) {
        /* Past the last line: where the inner text ends. */
        const TSRange *last = &host->injection->ranges[host->injection->range_count - 1];
        *byte = last->end_byte;
        *row = last->end_point.row;
        *col = last->end_point.column;
        return;
    }
    *byte = (uint32_t)(host->lines[host_row] + host_col);
    *row = (uint32_t)host_row;
    *col = (uint32_t)host_col;
}

struct symbol_range symbol_host_range(const struct symbol_host *host, TSNode node)
{
    TSPoint from = ts_node_start_point(node);
    TSPoint to = ts_node_end_point(node);
    struct symbol_range range = {
        ts_node_start_byte(node), ts_node_end_byte(node), from.row, from.column, to.row, to.column};
    symbol_host_point(host, &range.start, &range.row, &range.col);
    symbol_host_point(host, &range.end, &range.end_row, &range.end_col);
    return range;
}

/* The Rego modules inside: `rego:` and `libs:` of a ConstraintTemplate. */
static void read_injected(struct policy_symbols *symbols, const char *path, struct str text)
{
    struct {
        size_t *items;
        size_t len, cap;
    } lines = {0};
    VEC_PUSH(&lines, 0);
    for (size_t at = 0; (at = str_find_char(text, '\n', at)) != SIZE_MAX; at++) {
        VEC_PUSH(&lines, at + 1);
    }
    struct syntax_source source = syntax_source_str(&text);
    struct syntax *syntax = syntax_new(language_of(path, str_make("", 0)), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, text.len, &found);
    VEC_FOREACH (struct syntax_injection, injection, &found) {
        if (!injection->exact || strcmp(injection->language->name, "rego") != 0) {
            continue;
        }
        struct buf inner = BUF_INIT;
        struct symbol_host host = {injection, lines.items, lines.len};
        syntax_injection_text(injection, &source, &inner);
        symbols_read_rego(symbols, buf_str(&inner), &host);
        buf_free(&inner);
    }
    syntax_injections_free(&found);
    syntax_free(syntax);
    VEC_FREE(&lines);
}

struct policy_symbols *policy_symbols_parse(const char *path, struct str text)
{
    struct policy_symbols *symbols = MEM_NEW(struct policy_symbols);
    symbols->references = 1;
    symbols->hash = str_hash(text);
    symbols->kind = file_kind_of(path);
    if (text.len > SYMBOLS_MAX_BYTES) {
        return symbols;
    }
    if (symbols->kind == FILE_REGO) {
        symbols_read_rego(symbols, text, &(struct symbol_host){0});
    } else if (symbols->kind == FILE_YAML || symbols->kind == FILE_JSON) {
        symbols_read_documents(symbols, path, text);
        if (symbols->kind == FILE_YAML &&
            str_find(text, STR_LIT("ConstraintTemplate"), 0) != SIZE_MAX) {
            read_injected(symbols, path, text);
        }
    }
    return symbols;
}
