/* Documents that stand in no file: what a Helm chart or a Kustomize folder renders to, what a
 * Terraform plan file says as JSON. Each by the real tool, confined (it reads the folder, writes
 * nowhere and has no network). A tool that is not there is said once, with how to get it: what it
 * would render is not evaluated, which is no error.
 *
 * Which those are: engine/renderer.h. Loop thread only. */
#ifndef BYLAW_APPLY_RENDER_H
#define BYLAW_APPLY_RENDER_H

#include "apply/apply.h"

/* More of them are left out, and said so. */
enum { RENDER_MAX = 64 };

struct render;

/* Adds documents and notes to the set, which nobody else touches meanwhile; then calls `done` once,
 * in a later turn. */
struct render *render_start(
    struct loop *loop, struct apply_set *set, void (*done)(void *data), void *data) MUST_USE;
/* Stops it; `done` is not called any more. Also from `done`, and needed after it. NULL is fine. */
void render_free(struct render *render);

#endif
