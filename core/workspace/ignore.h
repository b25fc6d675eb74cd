/* Git's ignore patterns (gitignore(5)), as git itself decides them: the last matching pattern of
 * the deepest file wins, "!" takes back, "dir/" matches folders, "a/b" is anchored, "**" crosses
 * folders. Our own because libgit2 1.5 drops a "!" that takes back a pattern of another file.
 *
 * The patterns are kept as a stack, one level a file: first the user's and the repository's own
 * excludes, then one .gitignore a folder from the top down. A folder that is ignored is not
 * entered, so a pattern below it is never asked. Any thread, one at a time. */
#ifndef BYLAW_WORKSPACE_IGNORE_H
#define BYLAW_WORKSPACE_IGNORE_H

#include "base/str.h"

struct ignore;

struct ignore *ignore_new(bool fold_case) MUST_USE;
void ignore_free(struct ignore *ignore);
/* The patterns of one file, copied; `folder` is where it lies ("" for the top), relative to what
 * ignore_match's paths are relative to. */
void ignore_push(struct ignore *ignore, const char *folder, struct str text);
void ignore_pop(struct ignore *ignore);
bool ignore_match(const struct ignore *ignore, const char *path, bool is_folder);

/* Git's wildmatch with "/" special: "*" and "?" stop at it, "**" as a whole part does not. */
bool ignore_glob(struct str pattern, struct str text, bool fold_case);

#endif
