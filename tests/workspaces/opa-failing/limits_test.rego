package limits_test

import data.limits

test_allows_small if count(limits.deny) == 0 with input as {"memory": 1024}

# Wrong on purpose: the message says MiB.
test_message if {
	messages := limits.deny with input as {"memory": 8192}
	messages == {"8192 MB is too much"}
}

# Wrong on purpose: a division by zero, which opa test takes for undefined.
test_share if limits.share == 0 with input as {"memory": 1024, "pods": 0}

# Ends with an error: two values for one rule.
test_conflict if both == 1

both := 1

both := 2 if true

todo_test_later if limits.deny

test_prints if {
	print("memory is", 1024)
	count(limits.deny) == 0 with input as {"memory": 1024}
}
