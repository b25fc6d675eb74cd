package k8s.required_labels_test

import data.k8s.required_labels

deployment(labels) := {
	"kind": "Deployment",
	"metadata": {"name": "web", "labels": labels},
}

test_deny_one_missing if {
	required_labels.deny == {"Deployment/web has no label owner: add it under metadata.labels"} with input as deployment({"app": "web"})
}

test_deny_without_labels if {
	count(required_labels.deny) == 1 with input as {"kind": "Job", "metadata": {"name": "once"}}
}

test_allow_all_labels if {
	count(required_labels.deny) == 0 with input as deployment({"app": "web", "owner": "shop"})
}

test_allow_other_kinds if {
	count(required_labels.deny) == 0 with input as {"kind": "ConfigMap", "metadata": {"name": "c"}}
}
