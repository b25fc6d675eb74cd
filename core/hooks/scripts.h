/* The files of a folder that a command runs: the scripts that it names, those that these name, and
 * what its programs obey by themselves (make its Makefile, npm its package.json). They do what the
 * command says, so they are shown, trusted and held to with it (hooks/handlers.h).
 *
 * A file is one when it is executable, begins with "#!", has a script's extension, or stands after
 * an interpreter. A file that is only looked at (a policy, data) is none: an agent is to change
 * those. Words are found as a shell parts them; what a script makes up as it runs is not seen. Any
 * thread. */
#ifndef BYLAW_HOOKS_SCRIPTS_H
#define BYLAW_HOOKS_SCRIPTS_H

#include "base/err.h"
#include "base/str.h"

enum { SCRIPTS_MAX = 64, SCRIPT_MAX_BYTES = 4 << 20, SCRIPT_SHOWN_BYTES = 64 * 1024 };

struct script {
    char *path; /* relative to the folder */
    char hash[65];
};

struct scripts {
    struct script *items; /* as they are found */
    size_t len, cap;
};

/* `root` is a descriptor of the folder; `shown` (may be NULL) gets their texts for people. False:
 * one is too large, or there are too many, to be held to what they are now (*err says which). */
bool scripts_find(int root, const char *command, struct scripts *out, struct buf *shown,
    struct err *err) MUST_USE;
/* Borrowed: the first that is in one list and not the same in the other; NULL: they are the same.
 */
const char *scripts_differ(const struct scripts *a, const struct scripts *b);
void scripts_free(struct scripts *scripts);
/* False: whether this file changes is nothing to them (a policy). */
bool scripts_may_have(const char *path);

#endif
