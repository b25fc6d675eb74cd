/* `cedar authorize`: what sets of policies decide on requests, and which policies decided, without
 * a test that expects it. Sets and their requests are found by cedar_set.h.
 *
 * All input is untrusted bytes. Loop thread. */
#ifndef BYLAW_ENGINE_CEDAR_APPLY_H
#define BYLAW_ENGINE_CEDAR_APPLY_H

#include "engine/result.h"
#include "loop/loop.h"

enum cedar_verdict { CEDAR_ALLOW, CEDAR_DENY, CEDAR_ERROR };
/* "allow", "deny", "error". */
const char *cedar_verdict_name(enum cedar_verdict verdict);

/* Of one set on one request. */
struct cedar_decision {
    size_t set, request; /* places in the options */
    enum cedar_verdict verdict;
    struct {
        char **items;
        size_t len, cap;
    } reason; /* ids of the policies that decided; none with CEDAR_DENY: denied by default */
    char *policy_file;         /* where the first of them stands, or NULL */
    struct position policy_at; /* row 0: not found */
    char *message; /* one line, never NULL: "permit policy3", "no policy applies", what is wrong */
    char *
        detail; /* policies that could not be evaluated and so took no part, a line each; or NULL */
};

struct cedar_decisions {
    struct cedar_decision *items;
    size_t len, cap;
};
void cedar_decisions_free(struct cedar_decisions *decisions);

/* Paths are relative to `dir`; those that may be NULL say so. */
struct cedar_apply_set {
    const char *const *policies;
    size_t policy_count;
    const char *schema;   /* or NULL: requests are not checked against one */
    const char *entities; /* or NULL: there are none */
    const char *links;    /* or NULL */
};

struct cedar_apply_options {
    const char *program; /* engine_find(&engine_cedar) */
    const char *dir;     /* absolute */
    const struct cedar_apply_set *sets;
    size_t set_count;
    const char *const *requests; /* JSON files: {principal, action, resource, context} */
    size_t request_count;
    bool offline; /* confined: no network */
};

struct cedar_apply;

/* Everything is copied. `decided` (may be NULL) is called for each cell as it comes, `done` once,
 * later, from the loop; what they get is borrowed for the call; then the application is gone. */
struct cedar_apply *cedar_apply_start(struct loop *loop, const struct cedar_apply_options *options,
    void (*decided)(void *data, const struct cedar_decision *decision),
    void (*done)(void *data, const struct cedar_decisions *decisions), void *data) MUST_USE;
/* Nothing is called any more; its processes are stopped. NULL is fine. */
void cedar_apply_cancel(struct cedar_apply *apply);

#endif
