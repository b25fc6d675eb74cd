/* What a failed comparison compared, from an explanation of `opa test --var-values` (as
 * opa_parse_trace leaves it):
 *
 *     policies/p_test.rego:10:
 *       messages == {"too much"}
 *       |
 *       {"too little"}
 *
 * Under an expression opa draws a bar below each variable and its value at the same column, and
 * what has no room there follows after "Where:" as "name: value". Untrusted text; any thread. */
#ifndef BYLAW_ENGINE_OPA_COMPARE_H
#define BYLAW_ENGINE_OPA_COMPARE_H

#include "base/str.h"

/* The first comparison by `==` whose sides are both known; a literal is what was expected, of two
 * variables one that is named so (expected, want), else the right one. The texts are the caller's.
 * False: there is none. */
bool opa_compare_read(struct str detail, char **expected, char **got) MUST_USE;

#endif
