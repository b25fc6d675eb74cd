/* Diagnostics as one types: the checker follows the editor; what it, the test runs and others say
 * is one list (check/problems.h), shown in the Problems tab, as marks and underlines in the text,
 * and mended by quick fixes. */
#ifndef BYLAW_DESK_DIAGNOSE_H
#define BYLAW_DESK_DIAGNOSE_H

#include "action.h"
#include "check/problems.h"

struct desk;
struct diagnose;

/* After the desk's panes are there. */
struct diagnose *diagnose_new(struct desk *desk) MUST_USE;
/* Before the panes go: no check begins or ends any more. */
void diagnose_stop(struct diagnose *diagnose);
/* After them: they may still call until they are gone. */
void diagnose_free(struct diagnose *diagnose);
/* For others that find things (a language server): problems_set with the owner's name on it, then
 * diagnose_show. */
struct problems *diagnose_problems(struct diagnose *diagnose);
void diagnose_show(struct diagnose *diagnose);
/* What guards could read here that somebody must run first: enum guard_evidence (policy/guard.h).
 */
unsigned diagnose_evidence(const struct diagnose *diagnose);
/* Files changed on disk. */
void diagnose_files_changed(struct diagnose *diagnose);
/* The board of the test runs changed. */
void diagnose_tests_changed(struct diagnose *diagnose);

extern const struct action_set diagnose_actions;

#endif
