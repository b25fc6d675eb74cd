package policy.alpha_test

import data.policy.alpha

test_exempt if alpha.deny == {"other"} with input as {"names": ["alpha", "other"]}
