package k8s.privileged_test

import data.k8s.privileged

pod(namespace, image, privileged) := {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": namespace},
	"spec": {"containers": [{
		"name": "c",
		"image": image,
		"securityContext": {"privileged": privileged},
	}]},
}

test_deny_privileged if {
	privileged.deny == {"Pod/p: container c runs privileged: remove securityContext.privileged"} with input as pod("default", "nginx:1", true)
}

test_allow_unprivileged if {
	count(privileged.deny) == 0 with input as pod("default", "nginx:1", false)
}

test_allow_node_agent if {
	count(privileged.deny) == 0 with input as pod("kube-system", "registry.example/node-agent:3", true)
}

test_deny_by_image[note] if {
	some note, tc in {
		"agent outside kube-system": {"namespace": "default", "image": "registry.example/node-agent:3"},
		"other image in kube-system": {"namespace": "kube-system", "image": "nginx:1"},
	}
	count(privileged.deny) == 1 with input as pod(tc.namespace, tc.image, true)
}
