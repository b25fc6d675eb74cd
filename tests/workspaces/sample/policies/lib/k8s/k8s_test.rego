package lib.k8s_test

import data.lib.k8s

deployment := {
	"kind": "Deployment",
	"metadata": {"name": "web", "namespace": "production"},
	"spec": {"template": {"spec": {
		"containers": [{"name": "web"}],
		"initContainers": [{"name": "init"}],
	}}},
}

test_containers_of_a_deployment if {
	names := {c.name | some c in k8s.containers} with input as deployment
	names == {"web", "init"}
}

test_containers_of_a_pod if {
	names := {c.name | some c in k8s.containers} with input as {
		"kind": "Pod",
		"spec": {"containers": [{"name": "only"}]},
	}
	names == {"only"}
}

test_resource if {
	k8s.resource == "Deployment/web" with input as deployment
}

test_production if {
	k8s.is_production with input as deployment
}

test_not_production if {
	not k8s.is_production with input as {"kind": "Pod", "metadata": {"name": "p"}}
}
