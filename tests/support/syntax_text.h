/* A text with a place marked in it, and its syntax, for tests of core/syntax. */
#ifndef BYLAW_TEST_SYNTAX_TEXT_H
#define BYLAW_TEST_SYNTAX_TEXT_H

#include "test.h"

#include "syntax/syntax.h"

struct syntax_text {
    struct str text; /* without the marks */
    char *bytes;     /* owned */
    struct syntax *syntax;
    size_t marks[8]; /* offsets at which a "§" stood */
    size_t mark_count;
};

/* Parsed whole. `language` NULL: plain text. */
void syntax_text_open(struct syntax_text *text, const char *language, const char *marked);
void syntax_text_close(struct syntax_text *text);
/* The row and column of an offset. */
TSPoint syntax_text_point(struct str text, size_t offset);
/* Replaces [from, to) and tells the syntax. */
void syntax_text_replace(struct syntax_text *text, size_t from, size_t to, struct str with);
/* Some other text made of this one's bytes and of `alphabet`, edited at random; *seed not 0. */
void syntax_text_edit_at_random(struct syntax_text *text, const char *alphabet, uint64_t *seed);

/* "capture|text" lines of the whole text; a line feed in the text is shown as "\n". The caller
 * frees. */
char *syntax_text_dump(struct syntax *syntax, struct str text) MUST_USE;
void syntax_text_expect_dump(const char *language, const char *text, const char *expected);

#endif
