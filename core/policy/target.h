/* What can be evaluated at a place of a policy: the rule there, its package, a selected expression;
 * and the inputs its tests give. Taken from the syntax tree, for Rego files and for the Rego inside
 * a YAML file (a ConstraintTemplate). Any thread. */
#ifndef BYLAW_POLICY_TARGET_H
#define BYLAW_POLICY_TARGET_H

#include "base/err.h"
#include "policy/facts.h"
#include "syntax/syntax.h"

/* Rego inside another file. */
struct target_piece {
    struct buf text;
    struct syntax_injection injection; /* maps its rows to the host's */
};

/* A file as far as it is Rego: itself, or the pieces in it. */
struct target_pieces {
    struct target_piece *items;
    size_t len, cap;
    char *kind; /* of the objects a ConstraintTemplate defines, or NULL */
};

/* The Rego in a YAML text that an engine would read as it stands. */
void target_pieces_find(const char *path, struct str text, struct target_pieces *pieces);
void target_pieces_free(struct target_pieces *pieces);
/* The piece that has the host's row (from 0), and the row inside; NULL: none. */
const struct target_piece *target_piece_at(
    const struct target_pieces *pieces, size_t row, size_t *inner_row);

struct target {
    char *query;   /* "data.k8s.deny", or the selected expression */
    char *label;   /* "deny", "package k8s", "the selection" */
    char *package; /* "k8s/latest_tag" */
    char *rule;    /* its name, or NULL */
    bool is_test;
    bool is_selection;
    struct target_imports {
        char **items; /* "data.lib as l" of the file, for a selected expression */
        size_t len, cap;
    } imports;
    unsigned row, end_row; /* of the rule in the Rego text, from 1; 0: the package */
};

/* `row` from 0, in the Rego text. `selection` (may be empty) is evaluated inside the package. A
 * function has no value of its own, and a text without a package has nothing to ask for: err says
 * what to do. */
bool target_at(struct str text, size_t row, struct str selection, struct target *target,
    struct err *err) MUST_USE;
void target_free(struct target *target);

/* An input that a test gives (`with input as …`). */
struct target_input {
    char *test;   /* its name */
    unsigned row; /* from 1, of the expression */
    char *shown;  /* the expression, on one line, cut */
};

struct target_inputs {
    struct target_input *items;
    size_t len, cap;
};

/* Of all tests in a Rego text, in order. */
void target_inputs_find(struct str text, struct target_inputs *inputs);
void target_inputs_free(struct target_inputs *inputs);
/* Appends a copy of the text with a rule more, whose value is the set of inputs that the expression
 * at `row` (from 1) of the test gives: what the test assigns before it is assigned there too. `v0`:
 * it will be read as v0. The rule's reference below data is *query, the caller's. False: no such
 * expression. */
bool target_input_module(struct str text, const char *test, unsigned row, bool v0,
    struct buf *module, char **query, struct err *err) MUST_USE;

#endif
