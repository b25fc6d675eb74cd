package new_test

import data.new

test_deny_without_name if "no name" in new.deny with input as {"metadata": {}}
