/* The symbols of one file: what it defines, and every place that names something, with positions.
 * Read from the syntax tree, so a file with errors still yields what its intact parts say. A Rego
 * policy inside a ConstraintTemplate is read as Rego, with the positions of the YAML file.
 *
 * A thing that can be named from elsewhere has a key, a path of parts:
 *
 *     data/k8s/privileged              a package; data/k8s/privileged/deny a rule or function of it
 *     kyverno/require-limits           a Kyverno policy; kyverno/require-limits/memory-limit a rule
 *     gatekeeper/K8sRequiredLabels     the kind that a ConstraintTemplate defines
 *
 * Positions are bytes, rows and byte columns of the file, all from 0. Never changed once made, and
 * counted: any thread may read and release. */
#ifndef BYLAW_POLICY_SYMBOLS_H
#define BYLAW_POLICY_SYMBOLS_H

#include "base/str.h"
#include "policy/facts.h"
#include "policy/names.h"
#include "workspace/files.h"

#include <stdatomic.h>
#include <stdint.h>

#define SYMBOL_NONE SIZE_MAX

enum symbol_kind {
    SYMBOL_PACKAGE,
    SYMBOL_RULE,
    SYMBOL_FUNCTION,
    SYMBOL_TEST,
    SYMBOL_TEMPLATE,    /* a Gatekeeper ConstraintTemplate */
    SYMBOL_CONSTRAINT,  /* a constraint of one */
    SYMBOL_POLICY,      /* a Kyverno policy, of an old or a new kind */
    SYMBOL_POLICY_RULE, /* a rule (or validation, mutation, …) of one */
    SYMBOL_SUITE,       /* a Kyverno Test or a gator Suite */
    SYMBOL_OBJECT,      /* any other Kubernetes object */
    SYMBOL_VARIABLE,    /* only in answers: a variable of a rule */
    SYMBOL_BUILTIN      /* only in answers: a function of the engine */
};
/* One word for people: "rule", "constraint", … */
const char *symbol_kind_name(enum symbol_kind kind);

struct symbol_range {
    uint32_t start, end; /* bytes */
    uint32_t row, col;
    uint32_t end_row, end_col;
};

struct symbol_definition {
    enum symbol_kind kind;
    enum policy_rule_kind rule_kind; /* SYMBOL_RULE, _FUNCTION, _TEST */
    uint32_t key;                    /* into keys; NAME_NONE: cannot be named (objects) */
    char *name;                      /* as written: "k8s.privileged", "deny", "require-limits" */
    char *detail;                    /* a rule's head, an object's apiVersion, … */
    char *doc;                       /* comments above it, or a description; may be NULL */
    char *type;                      /* an object's kind ("Deployment"); else NULL */
    char *space;                     /* an object's namespace; else NULL */
    char *value; /* of a rule: the text of what it is or contains, where that is short; or NULL */
    struct symbol_range at;    /* the name */
    struct symbol_range whole; /* all of it */
    size_t parent; /* the package of a rule, the policy of a Kyverno rule; or SYMBOL_NONE */
};

enum symbol_use_flags {
    USE_DEFINES = 1, /* the name in a definition */
    USE_IMPORT = 2,  /* in an import line */
    USE_ALIAS = 4,   /* the text is an import's name */
    USE_IMPLIED = 8, /* with USE_ALIAS: the last part of the import's path is the name */
    USE_LAST = 16,   /* the constant part of the reference ends here */
    USE_CALL = 32,
    USE_FREE = 64, /* a bare name: a rule of the package if there is one, else the variable `local`,
                      else (with USE_CALL) a built-in function */
    USE_QUOTED = 128 /* written as ["name"]; the range is the name */
};

struct symbol_use {
    uint32_t start, len; /* bytes */
    uint32_t row, col;
    uint32_t key;   /* NAME_NONE: only a variable */
    uint32_t local; /* into locals; NAME_NONE: none */
    uint32_t owner; /* the definition it stands in; NAME_NONE: none */
    uint32_t chain; /* the first use of its reference: `data.a.b` is three */
    uint32_t flags;
};

enum symbol_local_kind {
    LOCAL_PARAMETER,
    LOCAL_SOME,     /* some x, some x in xs */
    LOCAL_EVERY,    /* every x in xs */
    LOCAL_ASSIGNED, /* x := */
    LOCAL_IMPLICIT  /* never declared: bound where it stands */
};

struct symbol_local {
    char *name;
    enum symbol_local_kind kind;
    uint32_t use;      /* where it is declared (implicit: where it first stands) */
    uint32_t from, to; /* bytes in which the name means this */
    char *bound;       /* the text of what it is or is one of, where that is short; or NULL */
    bool element;      /* one of it: `some x in bound` */
};

struct symbol_import {
    uint32_t key;   /* NAME_NONE: not below data (input.x, rego.v1) */
    char *path;     /* as written: "data.lib.k8s" */
    char *name;     /* what it is called in this file */
    bool has_alias; /* written with `as` */
    size_t module;  /* the package definition of its module, or SYMBOL_NONE */
    uint32_t row;
};

/* A METADATA block. */
struct symbol_note {
    char *scope;  /* "package", "subpackages", "rule", "document" */
    uint32_t key; /* what it is about */
    char *title;  /* may be NULL, as those that follow */
    char *description;
    char *custom; /* YAML as written, dedented: shown, never read again */
    bool entrypoint;
    uint32_t row;
};

enum symbol_control_source {
    CONTROL_METADATA,   /* `custom` of a METADATA block */
    CONTROL_ANNOTATION, /* metadata.annotations of an object */
    CONTROL_NAME        /* "cis-5.2.1-privileged" */
};

struct symbol_control {
    char *framework; /* "cis-k8s", "nist-800-53", or the key it was found under ("control") */
    char *id;        /* "5.2.1", "K8S-01" */
    size_t definition;
    uint32_t row; /* where it is written */
    enum symbol_control_source source;
};

/* A file that a suite names. */
struct symbol_link {
    char *path; /* relative to the workspace, not checked to be there */
    size_t definition;
    uint32_t row, col;
};

enum symbol_field_type {
    FIELD_OBJECT,
    FIELD_ARRAY,
    FIELD_STRING,
    FIELD_NUMBER,
    FIELD_BOOLEAN,
    FIELD_NULL
};
const char *symbol_field_type_name(enum symbol_field_type type);

/* Fields of documents as a tree, parents before children. Those without a parent are where paths
 * begin: "object" (a Kubernetes object), "input" (any other document that is an input),
 * "parameters/KIND" (of the constraints of a kind; "parameters/(tests)": those that tests give).
 * Elements of an array are one child "[]". */
struct symbol_field {
    uint32_t parent; /* NAME_NONE: none */
    char *name;
    enum symbol_field_type type;
    char *sample; /* a scalar's value, safe to show, or NULL */
};

struct policy_symbols {
    atomic_uint references;
    uint64_t hash; /* str_hash of the text */
    enum file_kind kind;
    bool has_errors;
    struct names keys;
    struct symbol_definitions {
        struct symbol_definition *items;
        size_t len, cap;
    } definitions;
    struct symbol_uses {
        struct symbol_use *items;
        size_t len, cap;
    } uses; /* in no certain order */
    struct symbol_locals {
        struct symbol_local *items;
        size_t len, cap;
    } locals;
    struct symbol_imports {
        struct symbol_import *items;
        size_t len, cap;
    } imports;
    struct symbol_notes {
        struct symbol_note *items;
        size_t len, cap;
    } notes;
    struct symbol_controls {
        struct symbol_control *items;
        size_t len, cap;
    } controls;
    struct symbol_links {
        struct symbol_link *items;
        size_t len, cap;
    } links;
    struct symbol_fields {
        struct symbol_field *items;
        size_t len, cap;
    } fields;
};

/* Never NULL; holds one reference. `path` (relative to the workspace) tells the language and what a
 * document is for. Files of other languages have no symbols. Texts over SYMBOLS_MAX_BYTES have
 * none either. */
#define SYMBOLS_MAX_BYTES ((size_t)16 << 20)
struct policy_symbols *policy_symbols_parse(const char *path, struct str text) MUST_USE;
struct policy_symbols *policy_symbols_share(struct policy_symbols *symbols) MUST_USE;
/* NULL is fine. */
void policy_symbols_release(struct policy_symbols *symbols);

/* The key's text; "" for NAME_NONE. Borrowed. */
const char *policy_symbols_key(const struct policy_symbols *symbols, uint32_t key);
#endif
