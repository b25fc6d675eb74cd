/* What a framework is called in one file and in another: "cis-k8s", "k8s-cis-1.23" and "CIS
 * Kubernetes Benchmark v1.23" are one, of which version or other; "cis-aws-1.4" is not. Pure, any
 * thread. */
#ifndef BYLAW_CONTROL_FRAMEWORK_H
#define BYLAW_CONTROL_FRAMEWORK_H

#include "base/str.h"

enum framework_relation {
    FRAMEWORK_SAME,    /* also the version, or one of them says none */
    FRAMEWORK_UNSAID,  /* one of them names none, or less ("cis"): the ids must tell */
    FRAMEWORK_VERSION, /* the same framework, another version of it */
    FRAMEWORK_OTHER
};

/* A version may stand in the name, too. Names that only say that here is a control ("controls",
 * "policies.kyverno.io/control", "frameworks") name none. */
enum framework_relation framework_relate(
    struct str name, struct str version, struct str other_name, struct str other_version);
/* It names a framework at all. */
bool framework_is_named(struct str name);
/* "1.23" of "k8s-cis-1.23", or "". The caller frees. */
char *framework_version(struct str name) MUST_USE;

#endif
