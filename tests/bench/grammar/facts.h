/* What two parsers say about one Rego file, in a form that can be compared: a list of small facts
 * ("a call at 6:21"), from our tree and from `opa parse --format json --json-include locations`. */
#ifndef BYLAW_BENCH_FACTS_H
#define BYLAW_BENCH_FACTS_H

#include "base/str.h"

#include <cjson/cJSON.h>
#include <tree_sitter/api.h>

struct fact {
    unsigned row, col; /* from 1; columns count characters, as OPA does */
    const char *kind;  /* static */
    char *text;        /* owned; NULL where the position says all */
};

struct facts {
    struct fact *items;
    size_t len, cap;
};

void facts_add(struct facts *facts, unsigned row, unsigned col, const char *kind, struct str text);
void facts_free(struct facts *facts);

void facts_from_tree(struct facts *facts, const TSTree *tree, struct str source);
void facts_from_opa(struct facts *facts, const cJSON *module);

/* Sorts both and prints what only one of them has, at most `show` lines ("- " only OPA's, "+ " only
 * ours, each after `name`). Returns how many differ. */
size_t facts_compare(struct facts *opa, struct facts *ours, const char *name, size_t show);

#endif
