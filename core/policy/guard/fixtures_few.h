#ifndef BYLAW_POLICY_GUARD_FIXTURES_FEW_H
#define BYLAW_POLICY_GUARD_FIXTURES_FEW_H

struct guard_fixtures;

/* NULL is fine. */
void guard_fixtures_free(struct guard_fixtures *fixtures);

#endif
