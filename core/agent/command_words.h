/* A command line that is plainly one program and its arguments, or none at all.
 *
 * Read strictly, for what is allowed by its first words must be what those words say: words apart
 * by blanks; 'single' and "double" quotes, the latter without $, ` and \; nothing else that a shell
 * gives a meaning to (; & | < > ( ) $ ` \ * ? [ ] { } ~ # ! and the end of a line), no assignment
 * before the program, no control characters, valid UTF-8. What is plain needs no shell and is run
 * without one. Any thread. */
#ifndef BYLAW_AGENT_COMMAND_WORDS_H
#define BYLAW_AGENT_COMMAND_WORDS_H

#include "base/err.h"
#include "base/str.h"

enum { COMMAND_WORDS_MAX = 1000 };

struct command_words {
    char **items; /* ended by NULL, which len does not count */
    size_t len, cap;
};

/* False: it is not plain (err says what is in the way), or empty. *out is then empty. */
bool command_words_read(struct str line, struct command_words *out, struct err *err) MUST_USE;
void command_words_free(struct command_words *words);
/* The words of `rule` are the first ones of `words`, each whole. An empty rule is none. */
bool command_words_begin(const struct command_words *words, const struct command_words *rule);
/* A line that is read as these words again, or NULL where quotes cannot say it. The caller frees.
 */
char *command_words_line(const struct command_words *words, size_t count) MUST_USE;

#endif
