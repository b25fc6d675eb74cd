/* What the files of kyverno_apply.h share; not for others. */
#ifndef BYLAW_ENGINE_KYVERNO_APPLY_INTERNAL_H
#define BYLAW_ENGINE_KYVERNO_APPLY_INTERNAL_H

#include "engine/kyverno_apply.h"

/* A resource that a policy changed or made. */
struct kyverno_made {
    char *policy;
    char *resource; /* what it was applied to: "default/ConfigMap/plain" */
    char *text;     /* YAML */
    bool generated;
    bool taken;
};

/* What a run of `kyverno apply` printed beside its report. */
struct kyverno_applied {
    struct {
        struct kyverno_made *items;
        size_t len, cap;
    } made;
    struct {
        char **items; /* what is wrong with policies it left out, for kyverno_diagnose */
        size_t len, cap;
    } errors;
    char *fatal;   /* what made it give up, or NULL */
    bool reported; /* there is a report: it got to its end */
};

/* Fills both; decisions have what the report says and no places. */
void kyverno_apply_parse(struct str out, struct str errout, struct kyverno_applied *applied,
    struct kyverno_application *application);
void kyverno_applied_free(struct kyverno_applied *applied);
struct kyverno_decision kyverno_decision_copy(const struct kyverno_decision *of) MUST_USE;

#endif
