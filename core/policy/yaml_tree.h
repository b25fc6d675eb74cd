/* Reading a YAML syntax tree as the mappings and lists it stands for, each value with its place.
 * The tree bears errors: what is intact can be read while the rest is being typed. Aliases are not
 * followed, merge keys not merged: what stands behind them counts as absent.
 *
 * Nodes handed out are contents: a mapping, a sequence or a scalar, never their wrappers; the null
 * node is "nothing there" and may be asked further. `text` is the one the tree was parsed from. Any
 * thread. */
#ifndef BYLAW_POLICY_YAML_TREE_H
#define BYLAW_POLICY_YAML_TREE_H

#include "base/str.h"

#include <tree_sitter/api.h>

/* Policies are written by hand: a larger stream is data, and not read here. */
#define YAML_TREE_MAX ((size_t)2 << 20)

/* The caller deletes the tree; NULL: larger than YAML_TREE_MAX. */
TSTree *yaml_tree_parse(struct str text) MUST_USE;

/* The content of the next document; *at begins with 0. False: there is none. */
bool yaml_next_document(TSNode stream, uint32_t *at, TSNode *content);

bool yaml_is_mapping(TSNode node);
bool yaml_is_sequence(TSNode node);
bool yaml_is_scalar(TSNode node);
/* The next pair of a mapping, or item of a sequence; *at begins with 0. False: none, or no mapping
 * (sequence). */
bool yaml_next_pair(TSNode mapping, uint32_t *at, TSNode *key, TSNode *value);
bool yaml_next_item(TSNode sequence, uint32_t *at, TSNode *item);
/* The value of a key; *key_node (may be NULL) is where the key stands. */
TSNode yaml_get(struct str text, TSNode mapping, const char *key, TSNode *key_node);
/* Keys parted by '/': "spec/match". */
TSNode yaml_get_path(struct str text, TSNode mapping, const char *path);
/* Appends a scalar's value: plain and quoted ones with their escapes read (\x and \u ones are left
 * as they stand), block scalars as written. False: no scalar. */
bool yaml_scalar(struct str text, TSNode node, struct buf *out);
bool yaml_equals(struct str text, TSNode node, const char *value);
/* The two are written alike, but for comments, blank lines and how far they are indented: they are
 * one value. */
bool yaml_same(struct str text, TSNode node, struct str other_text, TSNode other);
/* A copy of a scalar at a path, "" when there is none. The caller frees. */
char *yaml_string(struct str text, TSNode mapping, const char *path) MUST_USE;

#endif
