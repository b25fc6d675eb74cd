package pods_test

import data.pods

test_deny if count(pods.deny) == 1 with input as {"kind": "Pod", "metadata": {"name": "one"}}
