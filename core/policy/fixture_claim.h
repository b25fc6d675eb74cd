/* What a fixture says by its name: that policies let it pass, or that one denies it. Any thread. */
#ifndef BYLAW_POLICY_FIXTURE_CLAIM_H
#define BYLAW_POLICY_FIXTURE_CLAIM_H

enum fixture_claim { FIXTURE_CLAIMS_NOTHING, FIXTURE_CLAIMS_VALID, FIXTURE_CLAIMS_INVALID };

/* By the word that its file name begins with ("valid_web.yaml", "invalid-root.yaml",
 * "invalid.yaml", "good-pod.yaml", "bad…", "allowed…", "denied…"), else by the folder it lies in
 * ("valid/web.yaml"). In any case. */
enum fixture_claim fixture_claim(const char *path);

#endif
