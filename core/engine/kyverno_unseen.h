/* Whether a Kyverno policy decides by more than the object that it is given: by other objects of a
 * cluster or a registry, by who asks, or by a change (UPDATE, the old object). `kyverno apply` has
 * none of these: that it refuses or lets pass what a cluster does not, says nothing of the policy.
 *
 * Read from the syntax tree: keys and expressions, never messages and metadata. */
#ifndef BYLAW_ENGINE_KYVERNO_UNSEEN_H
#define BYLAW_ENGINE_KYVERNO_UNSEEN_H

#include "base/str.h"

/* Of a document that is a policy. Any thread. */
bool kyverno_unseen_needs(struct str policy);

#endif
