/* What one Rego file says about itself: package, rules, tests, what it refers to below `data`, and
 * which Rego version it can be. Taken from the syntax tree, so a file with errors still yields what
 * its intact parts say; meaning is the engine's business.
 *
 * Paths below `data` are written with '/' between the parts: `data.lib["k8s"].pods` is
 * "lib/k8s/pods"; "" is all of `data`. Any thread. */
#ifndef BYLAW_POLICY_FACTS_H
#define BYLAW_POLICY_FACTS_H

#include "base/sha256.h"
#include "base/str.h"

#include <stdint.h>

enum policy_dialect {
    DIALECT_EITHER, /* nothing in it that only one version reads */
    DIALECT_V0,     /* rule bodies without `if`, `p[x] { … }` */
    DIALECT_V1      /* `if`, `contains`, `in`, `every` without an import that allows them in v0 */
};

/* "v0", "v1", "v0 or v1". */
const char *policy_dialect_name(enum policy_dialect dialect);

enum policy_rule_kind { RULE_COMPLETE, RULE_PARTIAL, RULE_FUNCTION, RULE_DEFAULT };

struct policy_rule {
    char *name; /* ground beginning of the head: "deny", "a/b" */
    enum policy_rule_kind kind;
    unsigned row, end_row; /* from 1 */
};

struct policy_test {
    char *name; /* as opa prints it: "test_x", "a.test_x" */
    unsigned row, col;
    bool todo; /* todo_test_…: opa skips it */
};

struct policy_ref {
    char *path;
};

struct policy_facts {
    unsigned references;          /* shared by all that hold this content (facts_pool.h) */
    struct policy_facts *next;    /* the pool's */
    uint64_t hash;                /* str_hash of the text */
    char digest[SHA256_HEX_SIZE]; /* of the text: what a result is kept under */
    char *package;                /* "k8s/latest_tag", or NULL when there is no package line */
    struct {
        struct policy_rule *items;
        size_t len, cap;
    } rules;
    struct {
        struct policy_test *items;
        size_t len, cap;
    } tests;
    struct {
        struct policy_ref *items;
        size_t len, cap;
    } refs; /* each path once */
    enum policy_dialect dialect;
    bool imports_v1;   /* rego.v1 or future.keywords as a whole */
    bool has_errors;   /* the tree has error nodes */
    bool has_metadata; /* a # METADATA annotation */
    /* It names a built-in function whose value depends on more than its arguments (the time, the
     * network, chance, the machine): what comes of it is not kept. */
    bool is_volatile;
};

/* The text has a word of a built-in function of Rego whose value depends on more than its
 * arguments. */
bool policy_text_is_volatile(struct str text);

/* Never NULL; holds one reference. Of a text whose facts somebody has, the same: they never change.
 */
struct policy_facts *policy_facts_parse(struct str text) MUST_USE;
struct policy_facts *policy_facts_share(struct policy_facts *facts) MUST_USE;
/* NULL is fine. */
void policy_facts_release(struct policy_facts *facts);

/* "a/b-c" as Rego writes it: `a["b-c"]`. The caller frees. */
char *policy_path_show(const char *path) MUST_USE;
/* True when `path` is `prefix` or lies below it. */
bool policy_path_below(const char *path, const char *prefix);

#endif
