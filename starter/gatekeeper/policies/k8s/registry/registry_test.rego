package k8s.registry_test

import data.k8s.registry

review(spec) := {
	"parameters": {"registry": "registry.example.com/"},
	"review": {"object": {"kind": "Pod", "metadata": {"name": "web"}, "spec": spec}},
}

container(image) := {"name": "app", "image": image}

test_deny_other_registry if {
	want := "Pod web: container app runs docker.io/nginx:1.27; take the image from registry.example.com/"
	registry.violation == {{"msg": want}} with input as review({"containers": [container("docker.io/nginx:1.27")]})
}

test_deny_similar_name if {
	spec := {"containers": [container("registry.example.com.evil.org/nginx:1.27")]}
	count(registry.violation) == 1 with input as review(spec)
}

test_deny_init_container if {
	spec := {"containers": [container("registry.example.com/web:1")], "initContainers": [container("busybox")]}
	count(registry.violation) == 1 with input as review(spec)
}

test_allow_own_registry if {
	count(registry.violation) == 0 with input as review({"containers": [container("registry.example.com/web:1.4.2")]})
}

test_allow_no_container if {
	count(registry.violation) == 0 with input as review({"containers": []})
}
