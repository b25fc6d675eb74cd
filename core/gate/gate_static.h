/* What is said of a folder without running a policy: by the guards, and by comparing templates with
 * the files that they are made of (in a folder that is only a part of a repository: those that lie
 * in it). Any thread; takes a while. */
#ifndef BYLAW_GATE_GATE_STATIC_H
#define BYLAW_GATE_GATE_STATIC_H

#include "base/err.h"
#include "engine/result.h"
#include "policy/index.h"

struct gate_static {
    struct findings guards, templates;
    struct gate_paths {
        char **items;
        size_t len, cap;
    } files, layouts;  /* looked at: those the guards are for, templates that are made of files */
    size_t uncompared; /* layouts of which it could not be told */
};

#define GATE_TEMPLATE_RULE "template-differs"

/* Brings the index up to date with the folder. `before`: the folder as it was, of which what was so
 * is subtracted; what is certain to be, because it depends on a file alone that is the same in
 * both, is left out at once. NULL: everything. Once `cancel` (may be NULL) is true nothing more is
 * looked at, and what is found is not whole. */
bool gate_static_read(struct policy_index *index, const char *root, const char *before,
    const atomic_bool *cancel, struct gate_static *out, struct err *err) MUST_USE;
/* What of `now`, which was read in the folder `after`, was so in the folder `root` before a change.
 * Looked at is only what can tell: files with a finding that did not change. */
bool gate_static_read_before(struct policy_index *index, const char *root, const char *after,
    const struct gate_static *now, bool (*changed)(void *data, const char *path), void *data,
    const atomic_bool *cancel, struct gate_static *out, struct err *err) MUST_USE;
void gate_static_free(struct gate_static *read);

/* Keeps of `findings` those of a file that `keep` says yes to. */
void gate_static_keep(
    struct findings *findings, bool (*keep)(void *data, const char *path), void *data);
/* Keeps what is about a changed file (by `changed`), or what `before` does not have: the same rule,
 * file and message. */
void gate_static_subtract(struct findings *findings, const struct findings *before,
    bool (*changed)(void *data, const char *path), void *data);

#endif
