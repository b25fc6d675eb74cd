/* `kyverno apply`: what policies decide on resources, without a suite that expects it. The verdicts
 * of Kyverno's report, the patched and generated resources it prints, and the policies that it
 * leaves out without a word, in one answer.
 *
 * A policy is a file (all documents in it), as is a resource. All input is untrusted bytes. */
#ifndef BYLAW_ENGINE_KYVERNO_APPLY_H
#define BYLAW_ENGINE_KYVERNO_APPLY_H

#include "engine/result.h"
#include "loop/loop.h"

enum kyverno_verdict {
    KYVERNO_NOT_EVALUATED, /* a precondition or an exception skipped it (message) */
    KYVERNO_ALLOW,
    KYVERNO_DENY,
    KYVERNO_WARN,     /* broken, but the policy only audits or warns */
    KYVERNO_MUTATE,   /* `text` is the resource after it */
    KYVERNO_GENERATE, /* `text` is what it generates */
    KYVERNO_DELETE,   /* a DeletingPolicy selects it */
    KYVERNO_ERROR
};
/* "not evaluated", "allow", "deny", … */
const char *kyverno_verdict_name(enum kyverno_verdict verdict);

/* Of one rule on one resource. A policy that does not match a resource makes none. Strings are
 * never NULL unless said so. */
struct kyverno_decision {
    char *policy; /* its metadata.name */
    char *rule;   /* with Kyverno's autogen- prefix; "" in the kinds whose rules have no names */
    char *policy_file; /* as given, NULL: not found there */
    struct position policy_at;
    char *kind, *space, *name;   /* of the resource; space "" where it has none */
    char *resource_file;         /* as given, NULL: not found there */
    struct position resource_at; /* the field that the message names, else the resource */
    enum kyverno_verdict verdict;
    char *message; /* one line; "" */
    char *text;    /* YAML, or NULL */
};

struct kyverno_application {
    struct {
        struct kyverno_decision *items;
        size_t len, cap;
    } decisions;              /* by policy as Kyverno reports them */
    struct findings findings; /* policies that do not load or compile, and so decide nothing: file,
                                 place and why */
    char *trouble;            /* why nothing was decided at all, one line; or NULL */
    char *suspect; /* with trouble: the name of the policy that Kyverno was busy with when
                      it panicked, by its log; or NULL */
};
void kyverno_application_free(struct kyverno_application *application);

struct kyverno_apply_options {
    const char *program; /* engine_find(&engine_kyverno) */
    const char *dir;     /* paths are relative to it */
    const char *const *policies;
    size_t policy_count;
    const char *const *resources;
    size_t resource_count;
    const char *values;   /* a file of the kind Values (variables), or NULL */
    const char *userinfo; /* a file of the kind UserInfo, or NULL */
    bool offline;         /* confined: no network */
    /* Files of resources with one text are asked about once, and the answer is told of each: for
     * policies that look at the resource alone. */
    bool alike_once;
};

struct kyverno_apply;

/* Everything is copied. `done` is called once, later, from the loop, with an answer that is
 * borrowed for the call; then the application is gone. A policy that makes Kyverno give up is taken
 * out (a finding says why) and the others are applied again. */
struct kyverno_apply *kyverno_apply_start(struct loop *loop,
    const struct kyverno_apply_options *options,
    void (*done)(void *data, const struct kyverno_application *application), void *data) MUST_USE;
/* `done` is not called any more; its processes are stopped. NULL is fine. */
void kyverno_apply_cancel(struct kyverno_apply *apply);

#endif
