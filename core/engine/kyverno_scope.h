/* Which objects a Kyverno policy can be for at all, and which company it can stand when it is
 * applied: read from its syntax tree, so that `kyverno apply` is asked only what it must be asked,
 * and says of a policy and a document what it says of the two alone.
 *
 * Everything errs on one side: what is not understood (an alias, a merge key, a variable) is for
 * every object. As Kyverno 1.19 matches: a rule of the old kinds by `kinds`
 * ("[group/][version/]Kind[/subresource]" with * and ?; a rule for Pods is also one for what makes
 * Pods), a policy of the new kinds by `matchConstraints.resourceRules`, in which the group is that
 * of the object and the resource is the plural of its kind. A plural is trusted only in the groups
 * that Kubernetes itself defines: a CustomResourceDefinition may call its own as it likes. */
#ifndef BYLAW_ENGINE_KYVERNO_SCOPE_H
#define BYLAW_ENGINE_KYVERNO_SCOPE_H

#include "base/str.h"

enum kyverno_company {
    /* It only looks at each object: as many policies and objects in one process as one likes. */
    KYVERNO_ANY_COMPANY,
    /* The same for a ValidatingPolicy among others, but Kyverno compiles each of them anew for
     * each object: some 20 times dearer than the old kind. */
    KYVERNO_OF_ITS_KIND,
    /* Other policies of the process would see what it makes of an object, or it stops at one that
     * is nothing to them. */
    KYVERNO_NO_POLICIES,
    /* It asks for other objects (apiCall, configMap, resource.List, clone, …), and Kyverno's
     * command line finds those that it was given in the same process. */
    KYVERNO_NO_OBJECTS
};

struct kyverno_scope;

/* Of a document that is a policy. */
struct kyverno_scope *kyverno_scope_read(struct str policy) MUST_USE;
void kyverno_scope_free(struct kyverno_scope *scope); /* NULL is fine */
enum kyverno_company kyverno_scope_company(const struct kyverno_scope *scope);
/* False: no rule of it can match an object of this apiVersion and kind. */
bool kyverno_scope_takes(
    const struct kyverno_scope *scope, const char *api_version, const char *kind);

#endif
