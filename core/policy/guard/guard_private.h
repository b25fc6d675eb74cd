/* What the guards share. A guard reads struct guard_file and adds findings with guard_find. */
#ifndef BYLAW_POLICY_GUARD_PRIVATE_H
#define BYLAW_POLICY_GUARD_PRIVATE_H

#include "policy/guard.h"

#include "base/vec.h"
#include "policy/chainsaw.h"
#include "policy/manifests.h"
#include "policy/rego_tree.h"
#include "policy/yaml_tree.h"

/* How the workspace is written, as far as most of its files agree. */
struct guard_habits {
    bool v1; /* files that only v1 reads, none that only v0 reads; a few of many were forgotten */
    bool mostly_v1;
    bool folders;  /* packages are named for their folders */
    bool metadata; /* most policies have # METADATA annotations */
    bool titles;   /* most policies of Kyverno's have a title or description */
};

/* What the workspace asks of its policies ([guards] in .bylaw/config.toml). */
struct guard_asks {
    unsigned kyverno; /* the version they must run on: 1020 for 1.20; 0: it does not say */
    char *kyverno_shown;
    size_t fixtures; /* valid ones, and as many invalid ones; 0: it does not say */
};

/* Names in order, each once; borrowed or own. */
struct guard_names {
    char **items;
    size_t len, cap;
};
void guard_names_sort(struct guard_names *names);
bool guard_names_have(const struct guard_names *names, const char *name);
void guard_names_free(struct guard_names *names);

struct guard_world {
    struct policy_index *index;
    const struct manifests *manifests;
    struct guard_habits habits;
    struct guard_asks asks;
    /* Of all suites, made when first asked for: guard_suites. */
    struct guard_suites {
        bool made;
        size_t count;
        struct guard_names files, folders; /* they name; below the root */
        struct guard_names policies;       /* whose results they expect, without namespaces */
        /* By Chainsaw's: what they compare objects with; what they apply, patch or delete. */
        struct guard_names expected, applied;
        size_t kyverno; /* how many are Kyverno's */
    } suites;
    /* Made when first asked for (guard_controls). */
    struct controls *controls;
    bool has_matrix; /* its list is the workspace's */
    /* What the rules of all files want, for guard_finish; NULL: it is not gathered (demand.h). */
    struct guard_demands *demands;
    /* Of up to so many files, where it is not: made when first asked for (rules_conflict.c). */
    struct guard_demands *gathered;
    /* Of folders with policies, made when first asked for (fixtures_few.c). */
    struct guard_fixtures *fixtures;
    /* What the test files refer to, made when a run over all files first asks (deny_untested.c);
     * both borrowed, in order. */
    struct guard_tested {
        bool made;
        struct guard_names packages, refs;
    } tested;
    /* Of all manifests, made when first asked for (kinds.h). */
    struct guard_kinds *kinds;
};
const struct guard_suites *guard_suites(struct guard_world *world);
/* The workspace's requirements (has_matrix) and what numbers are judged by; without requirements
 * the benchmark that is compiled in. */
const struct controls *guard_controls(struct guard_world *world);
/* A test of Chainsaw's only compares objects with it: it looks like a policy and is none. NULL:
 * nothing is known. */
bool guard_is_expected(struct guard_world *world, const char *path);
/* A suite names the file, or a folder that it lies in. */
bool guard_suites_name(const struct guard_suites *suites, const char *path);
/* Appends the file's text: unsaved, else from the disk. False: it is not there, or too large. */
bool guard_read(const struct guard_world *world, const char *path, struct buf *out) MUST_USE;

struct guard_file {
    const char *path;
    struct str text;
    TSNode root;
    const struct policy_facts *facts;  /* Rego; never NULL there */
    struct guard_world *world;         /* NULL: only this file is known */
    struct policy_index *index;        /* the world's, or NULL */
    const struct manifests *manifests; /* the world's, or NULL */
    struct guard_habits habits;
    bool is_rego;
    bool in_template; /* the Rego of a ConstraintTemplate: places are mapped back afterwards */
    bool told;        /* what it says itself needs no telling (struct guards_wish) */
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

/* The same in several places (of the text; taken over): one edit, from the first to the last. */
struct text_edits;
void guard_mend_all(const struct guard_file *file, struct finding *finding,
    struct text_edits *edits, const char *title);

/* A document that is a policy of Kyverno's. */
bool guard_is_kyverno_policy(const struct guard_file *file, TSNode document);
/* In a folder whose name begins with a dot, or called a fixture: none of the workspace's policies.
 */
bool guard_is_aside(const char *path);

/* Rules of a Rego file, one after another; *at begins with 0. The caller frees head->path. */
bool guard_next_rule(
    const struct guard_file *file, uint32_t *at, TSNode *rule, struct rego_head *head);
/* True for a rule whose results deny: deny, violation, warn and deny_x, violation_x, warn_x. */
bool guard_is_deny(const struct rego_head *head);
/* The same by a name. */
bool guard_name_denies(const char *name);
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
/* True when the path (as of guard_resolve) names a rule that the index knows only as a set or
 * object built up by parts: such a rule is always defined, if need be as an empty one. */
bool guard_is_set(const struct guard_file *file, const char *path);
/* What a deny rule adds to its set: the expression (a string, an object); the null node when it
 * cannot be told. */
TSNode guard_result(const struct guard_file *file, TSNode rule);
/* The message in it; an object that has no msg itself. */
TSNode guard_message(const struct guard_file *file, TSNode rule);

extern const struct guard guard_constraint_without_template;
extern const struct guard guard_control_number;
extern const struct guard guard_dead_rego;
extern const struct guard guard_deny_untested;
extern const struct guard guard_deny_without_message;
extern const struct guard guard_deprecated_import;
extern const struct guard guard_duplicate_name;
extern const struct guard guard_duplicate_test;
extern const struct guard guard_fixture_denied;
extern const struct guard guard_fixture_not_denied;
extern const struct guard guard_fixture_unused;
extern const struct guard guard_fixtures_few;
extern const struct guard guard_gatekeeper_input;
extern const struct guard guard_hidden_character;
extern const struct guard guard_ignore_reason;
extern const struct guard guard_kyverno_api;
extern const struct guard guard_kyverno_field;
extern const struct guard guard_match_requirement;
extern const struct guard guard_match_too_broad;
extern const struct guard guard_message_without_resource;
extern const struct guard guard_missing_metadata;
extern const struct guard guard_mixed_script;
extern const struct guard guard_package_folder;
extern const struct guard guard_rule_unreached;
extern const struct guard guard_rules_conflict;
extern const struct guard guard_suite_empty;
extern const struct guard guard_suite_unknown_name;
extern const struct guard guard_template_source;
extern const struct guard guard_template_without_constraint;
extern const struct guard guard_test_asserts_nothing;
extern const struct guard guard_test_no_deny_case;
extern const struct guard guard_test_not_evaluated;
extern const struct guard guard_test_set_always_true;
extern const struct guard guard_test_unknown_name;
extern const struct guard guard_v0_syntax;

#endif
