package ports_test

is_low(port) if port < 1024

test_ports[name] if {
	some name, tc in {
		"http": {"port": 80, "want": true},
		"high": {"port": 8080, "want": true},
		"ssh": {"port": 22, "want": true},
	}
	is_low(tc.port) == tc.want
}

test_same_name if is_low(1)

test_same_name if is_low(2)
