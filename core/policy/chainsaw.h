/* What the tests of Chainsaw (chainsaw.kyverno.io) say of the files they name: which a cluster is
 * to take, which it is to refuse, which are only what objects are compared with. A file of the last
 * kind looks like a policy or an object and is neither: Kyverno's own tests compare the policy they
 * have applied with half a ClusterPolicy and its status.
 *
 * Read from the syntax tree; the form is that of Chainsaw's v1alpha1 and v1alpha2: steps (in them
 * `try`, `catch`, `finally`) of operations with a `file`, and `expect` with checks on `$error`.
 * What a script does is not read. Any thread. */
#ifndef BYLAW_POLICY_CHAINSAW_H
#define BYLAW_POLICY_CHAINSAW_H

#include "base/str.h"

#include <tree_sitter/api.h>

enum chainsaw_says {
    CHAINSAW_NAMES = 1,   /* it is named: deleted, patched, of a script */
    CHAINSAW_ADMITS = 2,  /* applied or created, and nothing is said of an error */
    CHAINSAW_REFUSES = 4, /* applied or created, and an error is expected */
    CHAINSAW_EXPECTS = 8  /* compared with: assert, error */
};

/* A Test document's files, as it writes them. */
void chainsaw_each(struct str text, TSNode document,
    void (*found)(void *data, TSNode file, enum chainsaw_says says), void *data);

/* The files of several tests. */
struct chainsaw {
    struct chainsaw_file {
        char *path;    /* below the root */
        unsigned says; /* enum chainsaw_says, or-ed */
    } * items;
    size_t len, cap;
    bool sorted;
};

/* "chainsaw-test.yaml", the name that Chainsaw looks for. */
bool chainsaw_is_test(const char *path);
/* Adds what a test says; its path is below the root, what it names is relative to it. */
void chainsaw_add(struct chainsaw *chainsaw, const char *path, struct str text);
/* 0: no test names it. */
unsigned chainsaw_says(struct chainsaw *chainsaw, const char *path);
/* Only compared with: neither a policy nor a fixture. */
bool chainsaw_only_expects(unsigned says);
void chainsaw_free(struct chainsaw *chainsaw);

#endif
