/* Documents of one kind, namespace and name: an engine that takes only one of them in a call
 * (apply_engine.names_once) is called again for each of the others, with all the policies of the
 * job. Jobs are therefore put together of policies whose documents have other names. Worker. */
#ifndef BYLAW_APPLY_APPLY_NAMES_H
#define BYLAW_APPLY_APPLY_NAMES_H

#include "apply/apply.h"

struct apply_names;

/* Of the set's documents; borrows nothing after. */
struct apply_names *apply_names_new(const struct apply_set *set) MUST_USE;
/* NULL is fine. */
void apply_names_free(struct apply_names *names);
/* Another group begins: no name is taken. */
void apply_names_begin(struct apply_names *names);
/* No document (a place in the set) has a name that another document of the group took. */
bool apply_names_fit(const struct apply_names *names, const size_t *fixtures, size_t count);
void apply_names_take(struct apply_names *names, const size_t *fixtures, size_t count);

#endif
