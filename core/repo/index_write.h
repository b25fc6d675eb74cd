/* Decisions put into the index, as git apply --cached and git reset -p do: the files on disk are
 * not touched, index.lock is respected, and either all of it is done or nothing. Blocks. */
#ifndef BYLAW_REPO_INDEX_WRITE_H
#define BYLAW_REPO_INDEX_WRITE_H

#include "base/err.h"
#include "base/str.h"

struct index_side {
    bool exists;
    unsigned mode;    /* git's */
    struct str bytes; /* as git stores them; a submodule's is "Subproject commit ID"; borrowed */
};

/* One entry: what it should be now, and what it becomes. Where it is something else by now, text is
 * merged (to the line, as git apply finds a hunk that has moved). */
struct index_step {
    const char *path; /* from the repository's top; borrowed */
    struct index_side from, to;
};

struct index_steps {
    struct index_step *items;
    size_t len, cap;
};

struct index_written {
    size_t changed; /* entries */
    size_t already; /* entries that were as wanted */
};

/* ERR_CONFLICT: an entry has moved on and does not go together with the step (its name is said), or
 * another git holds the index; nothing was changed then. */
bool index_write_steps(const char *root, const struct index_steps *steps, struct index_written *out,
    struct err *err) MUST_USE;

#endif
