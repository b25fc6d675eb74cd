/* Guards that are about what engines decided and measured (GUARD_DECIDED in policy/guard.h): of
 * fixtures whose name says that they are valid or invalid, of rules that nothing reaches, of tests
 * that evaluated nothing. They ask nobody: apply/matrix.h, engine/runner.h and policy/coverage.h
 * have the answers. Not for two threads.
 *
 * What is not known (an engine that is missing, an error, a run that was cut short) is no finding:
 * the functions called "unsettled" and "unasked" count it, so that nobody takes silence for a yes.
 * Findings are not silenced yet: guards_drop_silenced. */
#ifndef BYLAW_EVIDENCE_EVIDENCE_H
#define BYLAW_EVIDENCE_EVIDENCE_H

#include "apply/matrix.h"
#include "policy/coverage.h"
#include "policy/fixture_claim.h"

/* How deep the policy's folder is, if the document lies in it: 1 the top; 0: it does not. The
 * policies that are nearest to a document are its own. */
size_t evidence_nearness(const char *policy, const char *fixture);
/* What a document says that it is: by what tests say of its file (enum chainsaw_says, or-ed), then
 * by its name. */
enum fixture_claim evidence_claim(unsigned says, const char *file);
/* Policies of this engine say what they are for: nothing else is matched. */
bool evidence_has_match(const char *engine, const char *file);
/* Appends "fixture-denied", "fixture-not-denied", and "rule-unreached" of Gatekeeper's constraints
 * and Kyverno's policies. For a matrix whose cells are all known, or those that wish.h needs: of a
 * policy or document with a cell that is waiting nothing is said that this cell could change. */
void evidence_of_matrix(
    const struct matrix *matrix, enum matrix_side side, struct findings *findings);
/* Appends "test-not-evaluated": rows that passed for their engine and evaluated nothing. */
void evidence_of_results(const struct results *results, struct findings *findings);
/* How much of what these guards look at an engine gave no answer to, and the first reason: "2
 * documents … could not be decided about: kyverno is not on PATH", for the fixture guards
 * (a document that a test of `tested` evaluated is answered; may be NULL); of policies that say
 * what they match, for "rule-unreached"; of tests, for "test-not-evaluated". The caller frees;
 * NULL: nothing. */
char *evidence_unsettled_fixtures(
    const struct matrix *matrix, enum matrix_side side, const struct results *tested);
char *evidence_unsettled_policies(const struct matrix *matrix, enum matrix_side side);
char *evidence_unasked_tests(const struct results *results);
/* Appends "rule-unreached" of every rule of Rego in the index that denies: what is to be said of it
 * if no test makes it hold, which coverage tells. */
void evidence_await_coverage(const struct policy_index *index, struct findings *awaited);
/* Moves those of them over that it shows to be so, of files as they were measured; `awaited` is
 * empty then. Of files that something loads which gave no report nothing is known: the sentence
 * that says of how many rules, and where the first is, or NULL; the caller frees. */
char *evidence_of_coverage(
    struct findings *awaited, const struct coverage *coverage, struct findings *findings) MUST_USE;
/* The same without an index, in two steps: adds to `out` (unfinished before) the files of which
 * something could be said; then, on a worker, reads these below the root and appends what is. */
void evidence_pick_coverage(const struct coverage *coverage, struct coverage *out);
void evidence_of_picked(const char *root, const struct coverage *picked, struct findings *findings);

#endif
