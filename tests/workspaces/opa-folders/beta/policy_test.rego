package policy.beta_test

import data.policy.beta

test_exempt if beta.deny == {"other"} with input as {"names": ["beta", "other"]}
