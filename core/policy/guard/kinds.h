/* The manifests of a workspace in order, for guards that look for one of them from each file:
 * templates and constraints by the kind they make or are of, documents by where and what they are.
 */
#ifndef BYLAW_POLICY_GUARD_KINDS_H
#define BYLAW_POLICY_GUARD_KINDS_H

#include "policy/guard/guard_private.h"

struct guard_kinds {
    struct guard_names templates, constraints; /* kinds; own */
    size_t template_count, constraint_count;   /* documents */
    size_t bare;                               /* templates of whose kind no constraint is */
    /* All that has a name, by folder, kind, name, space, path. Borrowed from the manifests. */
    struct guard_documents {
        struct guard_document {
            const char *path;
            size_t folder; /* length of it in the path */
            const struct manifest *manifest;
        } * items;
        size_t len, cap;
    } documents;
};

/* Made when first asked for. NULL: nothing is known beside the file. */
const struct guard_kinds *guard_kinds(struct guard_world *world);
/* NULL is fine. */
void guard_kinds_free(struct guard_kinds *kinds);
/* Those that are in this file's folder what `manifest` is (kind, name, space): [*from, returned).
 */
size_t guard_kinds_same(const struct guard_kinds *kinds, const char *path,
    const struct manifest *manifest, size_t *from);

#endif
