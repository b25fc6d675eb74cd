/* What `opa inspect` says of a Rego file, or of a folder as a bundle: packages, data, manifest,
 * METADATA annotations, and which built-in functions and features of Rego it asks of an opa.
 *
 * Format as of opa 1.22 (`opa inspect --annotations --format json`): {manifest, signatures_config,
 * namespaces: {"data.p": [file]}, annotations: [{annotations: {scope, title, description, custom,
 * …}, location: {file, row}, path: [{value}]}], capabilities: {builtins: [{name}], features,
 * future_keywords}}. Untrusted bytes. Loop thread only. */
#ifndef BYLAW_ENGINE_OPA_INSPECT_H
#define BYLAW_ENGINE_OPA_INSPECT_H

#include "base/err.h"
#include "loop/loop.h"

struct opa_inspect;

struct opa_inspect_request {
    const char *root; /* absolute: where opa is called; copied */
    const char *path; /* a Rego file or a folder below it, "." the root; copied */
    struct str text;  /* what the file holds, where that is not saved; ptr NULL: as on disk */
};

/* Calls `done` once, in a later turn: `json` as opa printed it (borrowed), or an empty one and why.
 * A file that one version of Rego does not read is tried with the other. */
struct opa_inspect *opa_inspect_start(struct loop *loop, const struct opa_inspect_request *request,
    void (*done)(void *data, struct str json, const struct err *err), void *data) MUST_USE;
/* Stops it; `done` is not called any more. Also from `done`, and needed after it. NULL is fine. */
void opa_inspect_free(struct opa_inspect *inspect);

/* The same for people, in lines. `path` is what was inspected. NULL: it is no such object. The
 * caller frees. */
char *opa_inspect_show(struct str json, const char *path) MUST_USE;

#endif
