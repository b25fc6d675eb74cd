/* Which version of Rego a file is read as, and who says so. The first that speaks decides:
 *
 * 1. the settings, in the workspace's .bylaw/config.toml (folders, files or git's globs):
 *        [engines.opa]
 *        v0 = ["legacy/"]
 *        v1 = ["legacy/new"]                # the longer of two patterns that match wins
 * 2. `file_rego_versions` of the nearest bundle manifest (.manifest) in its folder or above,
 * 3. the file: what only one version reads,
 * 4. that manifest's `rego_version`,
 * 5. nobody: v1, and v0 where v1 does not load.
 *
 * Any thread, one at a time; all input is anybody's. */
#ifndef BYLAW_ENGINE_REGO_VERSION_H
#define BYLAW_ENGINE_REGO_VERSION_H

#include "policy/facts.h"

struct rego_versions;

enum rego_says { REGO_SETTINGS, REGO_MANIFEST_FILE, REGO_SYNTAX, REGO_MANIFEST, REGO_NOBODY };

struct rego_version {
    enum policy_dialect dialect; /* DIALECT_EITHER with REGO_NOBODY */
    enum rego_says says;
    const char *where; /* the pattern, or the manifest's path; borrowed, "" with the others */
};

/* Reads the settings; manifests are read when a file asks for them. */
struct rego_versions *rego_versions_new(const char *root) MUST_USE;
void rego_versions_free(struct rego_versions *versions); /* NULL is fine */
/* `path` below the root, `syntax` what the file itself says (policy_facts.dialect). */
struct rego_version rego_version_of(
    struct rego_versions *versions, const char *path, enum policy_dialect syntax);
/* For people: "v0: legacy/ in .bylaw/config.toml", "v1: what it is written in". The caller frees.
 */
char *rego_version_show(const struct rego_version *version) MUST_USE;

#endif
