/* The corpus of a grammar, in tree-sitter's own format: examples of code and the tree each must
 * give.
 */
#ifndef BYLAW_TEST_GRAMMAR_CORPUS_H
#define BYLAW_TEST_GRAMMAR_CORPUS_H

#include "test.h"

#include <tree_sitter/api.h>

/* Borrowed from the file, for the length of the call. */
struct grammar_example {
    struct str name, code, tree;
    bool error; /* marked ":error": must have one */
};

/* Calls `check` on every example below the folder of the source tree; returns how many there are.
 */
size_t grammar_each_example(
    const char *folder, void (*check)(const struct grammar_example *example));
/* Fails the test when the parser's tree is another. */
void grammar_check_example(TSParser *parser, const struct grammar_example *example);

#endif
