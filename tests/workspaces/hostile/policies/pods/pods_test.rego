package pods_test

import data.pods

pod := {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"hostNetwork": true}}

test_deny_host_network if {
	pods.deny == {"Pod web uses the network of its node"} with input as pod
}
