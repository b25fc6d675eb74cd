/* Guards that read what engines decided: their words. Who looks is evidence/evidence.c. */
#include "policy/guard/guard_private.h"

#include "policy/fixture_claim.h"

static unsigned evidence_of(const struct manifest *manifest)
{
    if (manifest_is_suite(manifest)) {
        return GUARD_BY_TESTS;
    }
    bool matches = manifest_is_kyverno_policy(manifest) ||
                   manifest_in_group(manifest->api_version, "constraints.gatekeeper.sh");
    return matches ? GUARD_BY_FIXTURES : 0;
}

unsigned guards_evidence(const struct policy_index *index, const struct manifests *manifests)
{
    unsigned evidence = index->tests > 0 ? GUARD_BY_TESTS : 0;
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        bool claims = fixture_claim(file->path) != FIXTURE_CLAIMS_NOTHING;
        evidence |= file->kind == POLICY_DATA && claims ? GUARD_BY_FIXTURES : 0;
    }
    VEC_FOREACH (const struct manifest_file, file, &manifests->files) {
        VEC_FOREACH (const struct manifest, manifest, &file->list) {
            evidence |= evidence_of(manifest);
        }
    }
    return evidence;
}

size_t guards_by_evidence(unsigned evidence, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; guards[i] != NULL; i++) {
        if ((guards[i]->evidence & evidence) != 0) {
            buf_printf(out, "%s%s", count++ > 0 ? ", " : "", guards[i]->id);
        }
    }
    return count;
}

const struct guard guard_fixture_denied = {
    .id = "fixture-denied",
    .no_fix = "the fixture or the policy is wrong: which, is what must be found out.",
    .languages = GUARD_DECIDED,
    .evidence = GUARD_BY_FIXTURES,
    .severity = SEVERITY_ERROR,
    .summary = "a fixture that is called valid is denied",
    .explanation =
        "Every policy of the workspace is applied to every fixture by its real engine. One called "
        "valid… (good…, allowed…, in a folder of that name) that its own policy denies is an "
        "error; one that another policy denies is a warning: on a cluster with both it does not "
        "pass, so that nobody can do what the first policy asks for as its fixture shows it. "
        "Warnings and dry runs do not count, nor does a Kyverno policy that asks for more than the "
        "document: other objects of a cluster, a registry, who asks, the object as it was.",
};

const struct guard guard_fixture_not_denied = {
    .id = "fixture-not-denied",
    .no_fix = "the fixture or the policy is wrong: which, is what must be found out.",
    .languages = GUARD_DECIDED,
    .evidence = GUARD_BY_FIXTURES,
    .severity = SEVERITY_ERROR,
    .summary = "a fixture that is called invalid is not denied",
    .explanation =
        "A fixture called invalid… (bad…, denied…) that no policy of the nearest folder with "
        "policies denies or warns of: the policy does not do what its fixture says, or is not for "
        "such a document. Nothing is said where one of them is an error or was not evaluated, "
        "where a policy changes the document before, or where a Kyverno policy asks for more than "
        "the document: other objects of a cluster, a registry, who asks, the object as it was. A "
        "test of Chainsaw's that applies it, or "
        "expects an error, is believed before the name.",
};

const struct guard guard_rule_unreached = {
    .id = "rule-unreached",
    .no_fix = "a test that is made up to be there shows nothing.",
    .languages = GUARD_DECIDED,
    .evidence = GUARD_BY_TESTS | GUARD_BY_FIXTURES,
    .severity = SEVERITY_WARNING,
    .summary = "a rule that no test and no fixture reaches",
    .explanation =
        "A deny, violation or warn rule of Rego whose body holds in no test (by opa's coverage), a "
        "Gatekeeper constraint or a Kyverno policy that matches no document of the workspace. A "
        "mistake in it is seen by nobody before it is in force.",
};

const struct guard guard_test_not_evaluated = {
    .id = "test-not-evaluated",
    .no_fix = "why it is not evaluated, its message says; what was meant, only you know.",
    .languages = GUARD_DECIDED,
    .evidence = GUARD_BY_TESTS,
    .severity = SEVERITY_ERROR,
    .summary = "a test that its engine passes without evaluating anything",
    .explanation =
        "Kyverno's \"Excluded\", whatever the row expects; a gator case whose constraint cannot "
        "match its object; Rego that Gatekeeper does not run because CEL wins; a suite without "
        "cases. The engine ends well, and the test could not have failed.",
};
