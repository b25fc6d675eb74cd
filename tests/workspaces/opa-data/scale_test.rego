package scale_test

import data.scale

test_few if count(scale.deny) == 0 with input as {"replicas": 3, "region": "eu"}

test_many if scale.deny == {"too many replicas"} with input as {"replicas": 4, "region": "eu"}

test_region if scale.deny == {"wrong region"} with input as {"replicas": 1, "region": "us"}
