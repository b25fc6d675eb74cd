/* Reading a Rego syntax tree: what facts.c and symbols_rego.c share. Nodes and text belong to the
 * caller; a text handed in is the one the tree was parsed from. Any thread. */
#ifndef BYLAW_POLICY_REGO_TREE_H
#define BYLAW_POLICY_REGO_TREE_H

#include "base/str.h"
#include "policy/facts.h"

#include <tree_sitter/api.h>

/* The caller deletes the tree; NULL: the grammar does not load, or the text is 1 GiB or more. */
TSTree *rego_tree_parse(struct str text) MUST_USE;

/* "" of the null node. */
struct str rego_node_text(struct str text, TSNode node);
/* False for the null node. */
bool rego_node_is(TSNode node, const char *type);
/* The null node when there is none (also of a null node). */
TSNode rego_node_field(TSNode node, const char *name);
/* True when the node has this keyword or sign as a child of its own. */
bool rego_node_has_token(TSNode node, const char *token);
/* Appends the value of a string literal; false for anything that is not one. */
bool rego_string_value(struct str text, TSNode node, struct buf *out);
/* Appends "/part" (or "part" to an empty path). */
void rego_path_add(struct buf *path, struct str part);
/* Appends the ground parts of a ref after its head; stops at the first that is not a constant. True
 * when all were ground. */
bool rego_path_add_fields(struct str text, TSNode ref, struct buf *path);
/* The path of a package or import node's `path` field, its head included. */
void rego_path_read(struct str text, TSNode path, struct buf *out);

/* What a rule node says with its head. */
struct rego_head {
    char *path; /* ground beginning of its name: "deny", "a/b". The caller frees. */
    enum policy_rule_kind kind;
    bool is_default, has_if, has_contains;
};
/* False: the node has no name (a syntax error); then nothing is to be freed. */
bool rego_head_read(struct str text, TSNode rule, struct rego_head *head) MUST_USE;
/* The length of the beginning of a rule's path that names a test ("test_x", "a/test_x"); 0: it is
 * none. *todo: opa skips it. */
size_t rego_test_length(const char *path, bool *todo);

#endif
