/* The beginning of a test of a rule that has none: what a person would type before the part that
 * needs thought. Any thread. */
#ifndef BYLAW_POLICY_TEST_BEGIN_H
#define BYLAW_POLICY_TEST_BEGIN_H

#include "base/str.h"

/* The rule at a row (from 1) of a Rego file, as "deny"; NULL when there is none, it is a test, or
 * the file has no package. The caller frees. */
char *policy_test_subject(struct str policy, unsigned row) MUST_USE;
/* Where tests of a policy file stand: "a/b.rego" has "a/b_test.rego"; NULL when it is no Rego file
 * or one of tests itself. The caller frees. */
char *policy_test_path(const char *policy_path) MUST_USE;
/* Appends to `out` what comes at the end of a file of tests (`tests`, empty: it is new and gets its
 * package and imports, too) to begin a test of the rule at the row. It is written in the dialect of
 * the policy: for Rego v0 a new file is of the policy's own package, as Gatekeeper has them, else
 * of one named after it. *cursor: the offset in what was appended where the input goes. False: no
 * such rule; nothing is appended. */
bool policy_test_begin(
    struct str policy, unsigned row, struct str tests, struct buf *out, size_t *cursor) MUST_USE;

#endif
