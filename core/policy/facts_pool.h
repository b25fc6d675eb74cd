/* The facts that somebody holds, by what was read, so that a text that several indexes of one
 * process come across (a folder and what it was before a change, a check and the runs that it
 * starts) is parsed once. It keeps nothing alive: facts go when their last holder lets go. Any
 * thread. */
#ifndef BYLAW_POLICY_FACTS_POOL_H
#define BYLAW_POLICY_FACTS_POOL_H

#include "policy/facts.h"

/* Another reference to the facts of the text with this digest, or NULL: nobody has them. */
struct policy_facts *facts_pool_find(const char digest[SHA256_HEX_SIZE]) MUST_USE;
/* Adds facts with one reference. Where another thread was first with the same text, its facts come
 * back with a reference, and the caller frees its own. */
struct policy_facts *facts_pool_add(struct policy_facts *facts) MUST_USE;
void facts_pool_share(struct policy_facts *facts);
/* True: it was the last reference, the pool has the facts no more, and the caller frees them. */
bool facts_pool_release(struct policy_facts *facts) MUST_USE;

#endif
