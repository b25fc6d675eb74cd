/* Which model for which task: the table [routing] of config.toml over a default one, and what a
 * prompt asks for, guessed from its words. Loop thread. */
#ifndef BYLAW_MODEL_ROUTING_H
#define BYLAW_MODEL_ROUTING_H

#include "config/config.h"

enum task { TASK_REGO, TASK_KYVERNO, TASK_REVIEW, TASK_BULK, TASK_MIGRATE, TASK_COUNT };

/* Strings are the routing's. */
struct route {
    const char *key;   /* "rego": its name in [routing] */
    const char *title; /* "generate Rego" */
    char *profile;     /* model and effort are this one's, or NULL */
    char *model;
    char *effort; /* NULL: as it is set */
    char *reason; /* one line: why this model for this task */
    char *origin; /* "default" or "FILE:LINE" */
};

struct routing {
    struct route routes[TASK_COUNT];
    bool is_own; /* a file has a [routing] */
};

/* Each row of [routing] is the name of a profile, or { model, effort, reason }:
 *
 *     [routing]
 *     rego = "policy"
 *     review = { model = "o3", effort = "high", reason = "finds what others overlook" }
 *
 * Of a profile the model, the effort and the hooks are used, and its limits where they are stricter
 * than those in force: a guess loosens nothing. A workspace's rows may name models, not profiles.
 * Mistakes are told in `problems`, a line each; the row before stays. Free with routing_clear. */
void routing_load(const struct config *config, struct routing *out, struct buf *problems);
void routing_clear(struct routing *routing);

/* What the prompt asks for; false: nothing the table has a row for. */
bool routing_guess(struct str prompt, enum task *task);

#endif
