/* Which input a rule is evaluated with: a file (a document of it), what a test gives, none; where
 * candidates are found, and which one was used last for a file. */
#ifndef BYLAW_ENGINE_EVAL_INPUT_H
#define BYLAW_ENGINE_EVAL_INPUT_H

#include "base/err.h"
#include "policy/index.h"

enum eval_input_kind {
    EVAL_INPUT_NONE,
    EVAL_INPUT_FILE, /* JSON or YAML below the root */
    EVAL_INPUT_TEST, /* `with input as …` of a test */
    EVAL_INPUT_TEXT  /* JSON text */
};

struct eval_input {
    enum eval_input_kind kind;
    char *path;        /* FILE: it; TEST: the test's file */
    unsigned document; /* FILE: from 1, of a YAML stream; 0: the file is one */
    char *test;        /* TEST: the test's name */
    unsigned row;      /* TEST: of the expression, from 1 */
    char *text;        /* TEXT */
};

struct eval_input eval_input_copy(const struct eval_input *input) MUST_USE;
void eval_input_free(struct eval_input *input);
/* One line of text that eval_input_parse reads back: "none", "file PATH", "file PATH#2",
 * "test PATH:ROW NAME". TEXT is not kept: "none". The caller frees. */
char *eval_input_print(const struct eval_input *input) MUST_USE;
bool eval_input_parse(struct str line, struct eval_input *input) MUST_USE;
/* As a person reads it: "testdata/pods.yaml, document 2", "test_deny (p_test.rego:12)". */
char *eval_input_show(const struct eval_input *input) MUST_USE;

struct eval_candidate {
    struct eval_input input;
    char *detail; /* "Deployment web", the expression; safe to show */
};

struct eval_candidates {
    struct eval_candidate *items;
    size_t len, cap;
};

/* The content of a file below the index' root: laid over, else on disk (at most max_bytes). */
bool eval_read(const char *root, const struct policy_text *texts, size_t count, const char *path,
    size_t max_bytes, struct buf *out, struct err *err) MUST_USE;

/* What could be the input of a policy file: what tests of its package give, then JSON and YAML
 * files, each document, the nearest first; at most 1,000. Reads files: on a worker. */
void eval_candidates_find(const struct policy_index *index, const struct policy_text *texts,
    size_t count, const char *file, struct eval_candidates *candidates);
void eval_candidates_free(struct eval_candidates *candidates);

/* Cuts the next document with something in it off *rest; false: none is left. */
bool eval_next_document(struct str *rest, struct str *document);
/* The document (from 1) of a YAML stream; empty when there are fewer. */
struct str eval_document(struct str yaml, unsigned number);

/* The last input of each policy file of a workspace, in
 * $XDG_STATE_HOME/bylaw/inputs/HASH-OF-ROOT: a line each, "FILE<tab>INPUT", the last used first, at
 * most 500. Reading and writing a few kilobytes: any thread, one at a time. */
bool eval_memory_get(const char *root, const char *file, struct eval_input *input);
void eval_memory_set(const char *root, const char *file, const struct eval_input *input);

#endif
