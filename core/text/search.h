/* Finding and replacing in a text: literal or PCRE2 regular expression, without a copy of the whole
 * text and without waiting for all of it.
 *
 * The text is looked at in windows of a few KiB that grow while a match might still go on past
 * their end, so a match may span lines and pieces. A call looks at no more than a budget of bytes
 * and then says SEARCH_MORE; the caller goes on in a later turn of the loop, or stops. Each attempt
 * is bounded (PCRE2's match, depth and heap limits), so no pattern can hang the program.
 *
 * Bytes that are not UTF-8 match nothing but themselves in a literal pattern that has them. ^ and $
 * match at every line; LF, CR LF and CR end a line. A match longer than 1 MiB is cut there. */
#ifndef BYLAW_TEXT_SEARCH_H
#define BYLAW_TEXT_SEARCH_H

#include "text/text.h"

enum search_case {
    SEARCH_SMART, /* ignores case unless the pattern has an upper-case letter */
    SEARCH_EXACT,
    SEARCH_IGNORE_CASE
};

struct search_options {
    bool regex;
    bool whole_word;
    enum search_case letter_case;
};

struct search;

#define SEARCH_GROUPS 10

struct search_range {
    size_t start, end; /* SIZE_MAX both: the group took no part in the match */
};

struct search_match {
    struct search_range groups[SEARCH_GROUPS]; /* [0] is the whole match */
};

enum search_status {
    SEARCH_FOUND,
    SEARCH_NONE,
    SEARCH_MORE,  /* budget used up: call again with the changed position */
    SEARCH_FAILED /* the pattern is too costly for this text: err says so */
};

/* NULL: ERR_INVALID with what is wrong and where. An empty pattern is invalid. */
struct search *search_new(
    struct str pattern, const struct search_options *options, struct err *err) MUST_USE;
void search_free(struct search *search);
/* Window size in bytes (default 32 KiB): tests use tiny ones. */
void search_set_window(struct search *search, size_t bytes);

/* The first match that starts in [*from, to). */
enum search_status search_next(struct search *search, const struct text *text, size_t *from,
    size_t to, size_t budget, struct search_match *match, struct err *err);
/* The match with the greatest start below *before (matches may overlap). */
enum search_status search_previous(struct search *search, const struct text *text, size_t *before,
    size_t budget, struct search_match *match, struct err *err);
/* Where to look for the match after this one: its end, or one character on when it is empty. */
size_t search_after(const struct text *text, const struct search_match *match);

/* What `with` stands for at this match, appended to out. A literal search takes it as it is; a
 * regular expression knows $0 … $9, ${1}, $$, \n, \t, \r and \\. ERR_INVALID for other uses of $.
 */
bool search_expand(const struct search *search, const struct text *text,
    const struct search_match *match, struct str with, struct buf *out, struct err *err) MUST_USE;
/* Replaces every match that starts in [from, to) as one undo step; *count is how many. On failure
 * nothing is changed. Takes as long as it takes: a few ns a byte plus about 1 us a match; within
 * slow work (base/slow.h) in slices, and stopped it changes nothing (ERR_CANCELLED). */
bool search_replace_all(struct search *search, struct text *text, size_t from, size_t to,
    struct str with, size_t *count, struct err *err) MUST_USE;

#endif
