/* The Kubernetes documents of a folder that have to do with policy: Kyverno policies, Gatekeeper
 * templates and constraints, and the suites that test them. Taken from the syntax trees of YAML
 * files that name one of their API groups; brought up to date by the stamps of the index. One
 * thread at a time. */
#ifndef BYLAW_POLICY_MANIFESTS_H
#define BYLAW_POLICY_MANIFESTS_H

#include "policy/index.h"

#include <tree_sitter/api.h>

/* What a suite names. */
struct manifest_use {
    bool is_file; /* a file or folder, as written: relative to the suite's own; else a policy */
    char *name;
    unsigned says;     /* of a test of Chainsaw's: enum chainsaw_says; else 0 */
    unsigned row, col; /* from 1 */
};

struct manifest {
    char *api_version; /* "kyverno.io/v1" */
    char *kind;
    char *name;
    char *space;    /* metadata.namespace, or "" */
    char *template; /* a ConstraintTemplate: the kind it makes; else "" */
    unsigned row;   /* of the document's first key, from 1 */
    bool titled;    /* its annotations have a title or a description (policies.kyverno.io/title) */
    struct manifest_uses {
        struct manifest_use *items;
        size_t len, cap;
    } uses; /* of a suite */
};

struct manifest_file {
    char *path;
    struct manifest_list {
        struct manifest *items;
        size_t len, cap;
    } list;
    int64_t mtime_ns;
    uint64_t size, inode;
};

struct manifests {
    struct {
        struct manifest_file *items; /* by path */
        size_t len, cap;
    } files;
};

void manifests_free(struct manifests *manifests);
/* Reads what changed since last time. Cancelled: what there is stays usable. */
void manifests_update(
    struct manifests *manifests, const struct policy_index *index, const atomic_bool *cancel);
/* Takes a text that is not saved as what the file holds, until the next update. */
void manifests_lay(struct manifests *manifests, const char *path, struct str text);
/* Appends what a text has. */
void manifests_read(struct str text, struct manifest_list *out);
void manifest_list_free(struct manifest_list *list);

/* "kyverno.io" of "kyverno.io/v1": true when the API version is of this group. */
bool manifest_in_group(const char *api_version, const char *group);
/* A Test of Kyverno's CLI or of Chainsaw, or a Suite of Gatekeeper's. */
bool manifest_is_suite(const struct manifest *manifest);
/* A policy of Kyverno's, of an old or a new kind. */
bool manifest_is_kyverno_policy(const struct manifest *manifest);
/* A title or a description among a document's annotations. */
bool manifest_is_titled(struct str text, TSNode document);

#endif
