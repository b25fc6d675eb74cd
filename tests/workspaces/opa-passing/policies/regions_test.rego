package regional_test

import data.regional

test_allow if regional.allow with input as {"region": "eu-west-1"}

test_other_region if not regional.allow with input as {"region": "us-east-1"}
