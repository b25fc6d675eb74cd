/* One control to write a policy for: what the model is asked, and whether what it proposes is what
 * was asked for. All words of a control are anybody's: they reach the model as text in a fence, and
 * never a file's name but as a slug. Pure functions, loop thread. */
#ifndef BYLAW_GENERATE_TASK_H
#define BYLAW_GENERATE_TASK_H

#include "base/str.h"
#include "patch/change.h"

struct generate_task {
    char *key; /* framework, version, id */
    char *id;
    char *words; /* what is asked for */
    char *framework, *version;
    char *type;     /* gatekeeper, kyverno, conftest, opa; "" : the model's choice */
    char *evidence; /* what is there of it already, one line; "" */
};
void generate_task_free(struct generate_task *task);

enum { TASK_FIXTURES = 2 }; /* valid ones, and as many invalid */

/* A name for files and packages: "control_5_2_1", of lower-case letters, digits and '_', at most 48
 * of them; two controls have two. The caller frees. */
char *task_slug(const struct generate_task *task) MUST_USE;
/* The first line is what sessions and commits are called by. */
void task_ask(const struct generate_task *task, struct buf *out);
/* Appends a line for each thing that lacks: a policy, its tests, fixtures of both kinds, metadata
 * that names the control. True: none does. */
bool task_is_met(
    const struct generate_task *task, const struct changes *changes, struct buf *lacks) MUST_USE;

#endif
