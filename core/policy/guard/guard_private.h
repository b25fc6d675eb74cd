/* What the guards share. A guard reads struct guard_file and adds findings with guard_find. */
#ifndef BYLAW_POLICY_GUARD_PRIVATE_H
#define BYLAW_POLICY_GUARD_PRIVATE_H

#include "policy/guard.h"

#include "base/vec.h"
#include "policy/manifests.h"
#include "policy/rego_tree.h"
#include "policy/yaml_tree.h"

/* How the workspace is written, as far as most of its files agree. */
struct guard_habits {
    bool v1; /* files that only v1 reads, none that only v0 reads */
    bool mostly_v1;
    bool folders;  /* packages are named for their folders */
    bool metadata; /* files have # METADATA annotations */
};

struct guard_file {
    const char *path;
    struct str text;
    TSNode root;
    const struct policy_facts *facts;  /* Rego; never NULL there */
    struct policy_index *index;        /* NULL: only this file is known */
    const struct manifests *manifests; /* NULL: only this file is known */
    struct guard_habits habits;
    bool is_rego;
    bool in_template; /* the Rego of a ConstraintTemplate: places are mapped back afterwards */
    struct {
        struct guard_ignore {
            TSNode comment;
            unsigned row; /* from 1; it is about this line and the next */
            struct str id;
            bool reasoned;
        } * items;
        size_t len, cap;
    } ignores;
    const struct guard *guard; /* the one that looks */
    struct findings *findings;
};

/* Adds a finding at a node (its first line, when it has several). Valid until the next one. */
struct finding *guard_find(struct guard_file *file, TSNode node, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
struct finding *guard_find_at(struct guard_file *file, struct position from, struct position to,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* What mends it: replaces the bytes [from, to) of the text. */
void guard_mend(const struct guard_file *file, struct finding *finding, size_t from, size_t to,
    const char *with, const char *title);

/* Rules of a Rego file, one after another; *at begins with 0. The caller frees head->path. */
bool guard_next_rule(
    const struct guard_file *file, uint32_t *at, TSNode *rule, struct rego_head *head);
/* True for a rule whose results deny: deny, violation, warn and deny_x, violation_x, warn_x. */
bool guard_is_deny(const struct rego_head *head);
/* True for a file that has tests. */
bool guard_is_test_file(const struct guard_file *file);
/* Calls visit for each named node below (and including) node, outer ones first; false: not into it.
 */
void guard_walk(TSNode node, bool (*visit)(void *data, TSNode node), void *data);
/* The literals of a rule's bodies and of queries in it are not told apart from here: the direct
 * ones of each body. *body and *at begin with 0. */
bool guard_next_literal(TSNode rule, uint32_t *body, uint32_t *at, TSNode *literal);
/* What a literal says: its first named child (no `with`). */
TSNode guard_statement(TSNode literal);
/* Appends the path below data that an identifier or ref stands for: a rule of this package, an
 * import, data.x. False: none of these, or not constant. */
bool guard_resolve(const struct guard_file *file, TSNode node, struct buf *path);
/* The message a deny rule gives: the expression, or the null node when it cannot be told. */
TSNode guard_message(const struct guard_file *file, TSNode rule);

extern const struct guard guard_constraint_without_template;
extern const struct guard guard_dead_rego;
extern const struct guard guard_deny_untested;
extern const struct guard guard_deny_without_message;
extern const struct guard guard_deprecated_import;
extern const struct guard guard_duplicate_name;
extern const struct guard guard_duplicate_test;
extern const struct guard guard_gatekeeper_input;
extern const struct guard guard_hidden_character;
extern const struct guard guard_ignore_reason;
extern const struct guard guard_kyverno_api;
extern const struct guard guard_kyverno_field;
extern const struct guard guard_match_too_broad;
extern const struct guard guard_message_without_resource;
extern const struct guard guard_missing_metadata;
extern const struct guard guard_mixed_script;
extern const struct guard guard_package_folder;
extern const struct guard guard_template_source;
extern const struct guard guard_template_without_constraint;
extern const struct guard guard_test_asserts_nothing;
extern const struct guard guard_test_set_always_true;
extern const struct guard guard_v0_syntax;

#endif
