/* What the readers of symbols share; not for others. */
#ifndef BYLAW_POLICY_SYMBOLS_INTERNAL_H
#define BYLAW_POLICY_SYMBOLS_INTERNAL_H

#include "policy/symbols.h"
#include "syntax/syntax.h"

#include <libfyaml.h>
#include <tree_sitter/api.h>

/* Where an inner text (a Rego module in YAML) stands in its file; all NULL: it is the file. */
struct symbol_host {
    const struct syntax_injection *injection;
    const size_t *lines; /* byte at which each row of the file begins */
    size_t line_count;
};

void symbol_host_point(
    const struct symbol_host *host, uint32_t *byte, uint32_t *row, uint32_t *col);
struct symbol_range symbol_host_range(const struct symbol_host *host, TSNode node);

/* The number of a key; the text is copied. */
uint32_t symbols_key(struct policy_symbols *symbols, struct str text);

/* symbols_module.c */
void symbols_read_rego(
    struct policy_symbols *symbols, struct str text, const struct symbol_host *host);
/* symbols_notes.c: comments above definitions, METADATA blocks and their controls. Called when the
 * definitions of the module (from `first` on) are there. */
void symbols_read_notes(struct policy_symbols *symbols, struct str text, TSNode root,
    const struct symbol_host *host, size_t first);
/* symbols_yaml.c */
void symbols_read_documents(struct policy_symbols *symbols, const char *path, struct str text);
/* symbols_fields.c: adds the fields of `value` below `parent`. */
void symbols_read_fields(struct policy_symbols *symbols, uint32_t parent, struct fy_node *value);
/* symbols_inputs.c: the fields of the inputs that tests of a Rego module give. */
void symbols_read_inputs(struct policy_symbols *symbols, struct str text, TSNode root);
/* The field of a name below another, made at the first call; NAME_NONE: there are too many. */
uint32_t symbols_field(
    struct policy_symbols *symbols, uint32_t parent, struct str name, enum symbol_field_type type);
/* What a field holds somewhere; the first stays. */
void symbols_field_sample(struct policy_symbols *symbols, uint32_t field, struct str text);
/* A root of fields, made at the first call. */
uint32_t symbols_field_root(struct policy_symbols *symbols, const char *name);
/* Finds control ids in the value of an annotation or a `custom` member, for a definition. `row` is
 * the file's of the first line of the YAML it is in. */
void symbols_read_controls(struct policy_symbols *symbols, size_t definition, uint32_t row,
    enum symbol_control_source source, struct fy_node *value);

/* Finds a control id in the name of a definition. */
void symbols_read_control_name(struct policy_symbols *symbols, size_t definition);

/* YAML access, and the two above (symbols_document.c). */
struct fy_document *symbols_document(struct str text, bool json);
/* The member's value; NULL when `map` is no mapping or has no such member. Walks "a.b". */
struct fy_node *symbols_member(struct fy_node *map, const char *dotted);
/* A scalar's value; empty for anything else. Borrowed. */
struct str symbols_scalar(struct fy_node *node);
/* The same as a copy, NULL when there is none. */
char *symbols_scalar_dup(struct fy_node *node);

#endif
