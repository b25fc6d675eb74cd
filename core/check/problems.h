/* What is wrong with the files of the workspace, whoever says so: the checker, the guards, test
 * runs, language servers. One list for the Problems tab, the marks and the quick fixes. Loop
 * thread. */
#ifndef BYLAW_CHECK_PROBLEMS_H
#define BYLAW_CHECK_PROBLEMS_H

#include "engine/result.h"

struct problems;

struct problems *problems_new(void) MUST_USE;
void problems_free(struct problems *problems);
/* Replaces all that `owner` ("opa", "guard", "tests", a server's name) said of these paths, and
 * what it said of no file. With paths NULL: all it ever said. The findings are copied; one whose
 * source is not told gets the owner's name. */
void problems_set(struct problems *problems, const char *owner, const char *const *paths,
    size_t path_count, const struct findings *findings);
/* Counts changes. */
uint64_t problems_version(const struct problems *problems);

/* The same thing said twice is one: by its line and message, an error of "syntax" (our own tree)
 * also when another says an error of the same line. Grouped by file (files with errors first, then
 * by name), the weightiest of a file first, then by place. Borrowed until the next change. */
const struct findings *problems_all(struct problems *problems);
struct problem_counts {
    size_t count[SEVERITY_ERROR + 1]; /* by enum severity */
};
struct problem_counts problems_count(struct problems *problems);
/* The finding after (step 1) or before (-1) a place, as a reader goes: by place in its file, then
 * on to the next file of the list, round its ends; with `path` NULL the first or last of the list.
 * `all` is in the order of problems_all. (size_t)-1: there is none. */
size_t problems_beside(const struct findings *all, const char *path, struct position at, int step);
/* The first with an edit in this line (from 1), or NULL. Borrowed. */
const struct finding *problems_fix_at(struct problems *problems, const char *path, unsigned row);

#endif
