/* Where the policies of a Cedar text stand, and the ids that the cedar program gives them:
 * `@id("x")`, else policy0, policy1, … by their order, templates counted too. Only names and places
 * are read here; what a policy means, cedar says. Any thread; untrusted bytes. */
#ifndef BYLAW_ENGINE_CEDAR_TEXT_H
#define BYLAW_ENGINE_CEDAR_TEXT_H

#include "engine/plan.h"

struct cedar_policy {
    char *id;
    bool forbid;
    size_t offset; /* of `permit` or `forbid`, in bytes */
};

struct cedar_policies {
    struct cedar_policy *items;
    size_t len, cap;
};

void cedar_text_policies(struct str text, struct cedar_policies *out);
void cedar_policies_free(struct cedar_policies *policies);

/* The files of a set, one behind the other as cedar is given them. */
struct cedar_source {
    struct buf text;
    struct cedar_source_file {
        const char *path; /* borrowed */
        size_t from;      /* its first byte */
    } * files;
    size_t count;
};

#define CEDAR_SOURCE_MAX ((size_t)8 << 20)

/* Files that cannot be read, or beyond CEDAR_SOURCE_MAX, are left out; false: some was. `paths`
 * must outlive it. */
bool cedar_source_read(
    const char *root, char *const *paths, size_t count, struct cedar_source *out) MUST_USE;
/* The same where some are not saved: those are as `texts` has them (by path). */
bool cedar_source_read_laid(const char *root, char *const *paths, size_t count,
    const struct policy_text *texts, size_t text_count, struct cedar_source *out) MUST_USE;
void cedar_source_free(struct cedar_source *source);
/* Row and column of a byte, in the file that it belongs to (*path, borrowed; NULL without files).
 */
struct position cedar_source_place(
    const struct cedar_source *source, size_t offset, const char **path);
/* Where a policy stands; false: there is none of that id. `forbid` may be NULL. */
bool cedar_source_policy(const struct cedar_source *source, const char *id, const char **path,
    struct position *at, bool *forbid);

#endif
