/* The documents that policies are applied to: which files of a folder hold some, and what each
 * document says of itself. Worker threads. */
#ifndef BYLAW_APPLY_FIXTURES_H
#define BYLAW_APPLY_FIXTURES_H

#include "apply/apply.h"

/* More is left out, and said so in the set's notes. */
enum {
    FIXTURES_MAX = 5000,
    FIXTURES_NEEDED_MAX = 50000, /* where only some cells are needed (apply_needs) */
};
#define FIXTURE_MAX_BYTES  ((size_t)16 << 20)
#define FIXTURES_MAX_BYTES ((size_t)128 << 20)

/* Appends those of set->index:
 *  - every document of YAML and JSON files in folders of test data (testdata, fixtures, examples,
 *    samples, inputs, manifests, resources, and what is said in .bylaw/config.toml:
 *    [apply] fixtures = ["deploy/"]);
 *  - Kubernetes objects, AdmissionReviews and Terraform plans (JSON) wherever they stand.
 * What an engine takes for policy is none: templates and constraints, Kyverno's policies and tests,
 * suites, kustomizations. */
void fixtures_find(struct apply_set *set, const atomic_bool *cancel);
/* Appends the documents of a YAML stream or JSON text: `file` is where they come from, `origin` how
 * (NULL: they are written there), `any`: also those that are no Kubernetes object. Sorts nothing.
 */
void fixtures_add(
    struct apply_set *set, const char *file, const char *origin, struct str text, bool any);
/* Notes that documents from this file on were left out, for there are too many; takes the message
 * over. */
void fixtures_note_bound(struct apply_set *set, const char *file, char *message);
/* By file and document; places in the set change. */
void fixtures_sort(struct apply_set *set);
/* What a YAML document says of itself: "" where it says nothing. */
struct fixture_head {
    char *api_version, *kind, *name, *space;
    char *makes; /* the kind that a ConstraintTemplate makes */
};
struct fixture_head fixtures_head(struct str document) MUST_USE;
void fixtures_head_free(struct fixture_head *head);
/* Calls back for each YAML document of the set's index that says its apiVersion; `row` (from 1) is
 * where it begins. */
void fixtures_each(struct apply_set *set, const atomic_bool *cancel,
    void (*found)(void *data, const char *path, unsigned row, const struct fixture_head *head,
        struct str document),
    void *data);
/* A path in a folder of test data. */
bool fixtures_in_folder(const char *path);

#endif
