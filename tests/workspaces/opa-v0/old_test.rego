package old_test

import data.old

test_deny_without_owner {
	old.deny["no owner"] with input as {"kind": "Pod", "metadata": {}}
}

test_allow_with_owner {
	count(old.deny) == 0 with input as {"kind": "Pod", "metadata": {"labels": {"owner": "me"}}}
}
