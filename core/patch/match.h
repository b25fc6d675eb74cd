/* Finding a block of lines in a file, as strictly as it can be found: the rules of Codex's
 * apply_patch (exact; without trailing blanks; without blanks on both sides; with typographic
 * punctuation made plain as well), and the nearest block when it is not there. */
#ifndef BYLAW_PATCH_MATCH_H
#define BYLAW_PATCH_MATCH_H

#include "patch/lines.h"

enum match_level { MATCH_EXACT, MATCH_TRIM_RIGHT, MATCH_TRIM, MATCH_PLAIN, MATCH_LEVELS };

/* Unicode white space (the White_Space property) off the end, or both ends. */
struct str match_trim_right(struct str s);
struct str match_trim(struct str s);

/* Whether two lines are the same at this level. */
bool match_lines_equal(struct str a, struct str b, enum match_level level);

/* The first place at or after `from` where all of `block` stands in `file`, the strictest level
 * first over the whole range; SIZE_MAX when none. With at_end only the very end of the file counts.
 * An empty block is found at `from`. */
size_t match_find(
    const struct lines *file, const struct str *block, size_t count, size_t from, bool at_end);

struct match_near {
    size_t at;    /* first line (0-based) of the most similar block */
    size_t count; /* its lines */
    size_t equal; /* how many of them match at MATCH_PLAIN */
};

/* The block of `count` lines most like `block` anywhere in the file; false when no line is alike
 * (equal, or half of it the same).
 * Bounded: a huge file is looked at only as far as the work limit goes. */
bool match_nearest(
    const struct lines *file, const struct str *block, size_t count, struct match_near *near);

/* Appends the nearest block with line numbers, two lines of context, and "!" before each line that
 * differs from what was asked for. */
void match_describe(struct buf *out, const struct lines *file, const struct str *block,
    size_t count, const struct match_near *near);

#endif
