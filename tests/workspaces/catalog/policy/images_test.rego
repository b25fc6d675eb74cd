package policy.images_test

import data.policy.images

pod(image) := {"spec": {"containers": [{"name": "web", "image": image, "cpu": 1}]}}

test_pinned if images.allow with input as pod("registry.example/web:1")

test_latest if {
	images.deny == {"web is not pinned"} with input as pod("registry.example/web:latest")
}

test_untrusted if {
	some msg in images.deny with input as pod("elsewhere.example/web:1")
	contains(msg, "mirror.example")
}

test_modest if images.modest with input as pod("registry.example/web:1")

test_mocked if {
	images.allow with input as pod("elsewhere.example/web:1")
		with data.lib.images.trusted as {"elsewhere.example"}
}

test_function_mocked if {
	images.deny == {"no"} with input as pod("elsewhere.example/web:1")
		with data.policy.images.message as mocked
}

mocked(_, _) := "no"
