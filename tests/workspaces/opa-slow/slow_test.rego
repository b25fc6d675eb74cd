package slow_test

test_first if true

# Runs into opa's own limit of five seconds for a test.
test_endless if {
	some x in numbers.range(1, 1000000)
	some y in numbers.range(1, 1000000)
	x * y == -1
}

test_last if true
