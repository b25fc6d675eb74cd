/* Replacing by :s, what its files share: substitute.c makes the new text, ex_substitute.c reads the
 * command, ex_ask.c asks at each match. */
#ifndef BYLAW_VI_SUBSTITUTE_H
#define BYLAW_VI_SUBSTITUTE_H

#include "vi/vi_private.h"

struct vi_sub {
    struct vi *vi;
    struct search *search;
    struct buf with;
    bool all, count_only, quiet;
    struct buf out; /* what [from, copied) of the old text became */
    size_t from, copied;
    size_t found, lines, last_offset;
    bool any;
};

/* The replacement for a match, appended to out. */
void vi_sub_expand(struct vi_sub *sub, const struct search_match *match);
/* The matches of one line; *next is the line to go on with. */
bool vi_sub_line(struct vi_sub *sub, size_t number, size_t *next);
/* The line of the text that the last replacement will end in, once `out` is in the text. */
size_t vi_sub_last_line(const struct vi_sub *sub);
/* Asks at each match: the question stands in the command line. */
bool vi_ask_begin(struct vi *vi, const struct vi_ex *ex, struct str pattern, bool all);

#endif
