package ports_test

import data.ports

test_high_port if count(ports.deny) == 0 with input.ports as [8080]

test_low_port if count(ports.deny) == 1 with input.ports as [80]

found(message, _) := {"msg": message}

test_low_port_mocked if {
	ports.deny == {{"msg": "port 80"}} with input.ports as [80] with result.new as found
}

team(name) := sprintf("team of %s", [name])

test_owner_wrong if ports.owner == "b" with input.name as "a" with acme.team as team
