/* How a Rego module is read: shared by symbols_module.c (definitions) and symbols_scope.c (what the
 * names in a body mean). */
#ifndef BYLAW_POLICY_SYMBOLS_REGO_H
#define BYLAW_POLICY_SYMBOLS_REGO_H

#include "policy/rego_tree.h"
#include "policy/symbols_internal.h"

struct scope {
    struct scope *parent;
    bool body; /* where undeclared variables live; not the arguments */
    uint32_t from, to;
    struct {
        uint32_t *items; /* into locals */
        size_t len, cap;
    } locals;
};

struct rego_reader {
    struct policy_symbols *symbols;
    struct str text;
    const struct symbol_host *host;
    const char *package; /* "k8s/x"; "?" when there is no package line */
    size_t package_definition;
    size_t first_import;
    uint32_t owner;
    unsigned depth;
};

/* The named children one after the other; ts_node_named_child counts from the first each time. */
struct rego_children {
    TSTreeCursor cursor;
    bool more;
    bool empty; /* of the null node: there is no cursor */
};
struct rego_children rego_children_begin(TSNode node);
/* False at the end; then the cursor is freed. *field may be NULL. */
bool rego_children_next(struct rego_children *children, TSNode *child, const char **field);

struct scope rego_scope(
    const struct rego_reader *r, struct scope *parent, TSNode extent, bool body) MUST_USE;
/* Declares the variables of a pattern: a name, or names in arrays and values of objects. */
void rego_declare(
    struct rego_reader *r, struct scope *scope, TSNode pattern, enum symbol_local_kind kind);
/* Declares what the literals of one body (the node's children) declare, before any name in it is
 * looked up. */
void rego_collect(struct rego_reader *r, struct scope *scope, TSNode node);
/* Adds the uses of a node, of its children. The null node is fine. */
void rego_resolve(struct rego_reader *r, TSNode node, struct scope *scope);
void rego_resolve_children(struct rego_reader *r, TSNode node, struct scope *scope);

/* The text of a name or reference, where it is short; else NULL. The caller frees. */
char *rego_short_text(const struct rego_reader *r, TSNode node) MUST_USE;

/* Returns the place of the new use. */
size_t rego_add_use(struct rego_reader *r, TSNode node, uint32_t key, uint32_t flags);
/* The parts of a reference after its head, whose key is in *key and whose use is `first`. */
void rego_use_parts(struct rego_reader *r, TSNode ref, struct scope *scope, uint32_t flags,
    struct buf *key, size_t first);
/* Puts "data/PACKAGE/NAME" into key. */
void rego_data_key(struct buf *key, const char *package, struct str name);

#endif
