# METADATA
# title: Required labels
# description: Workloads carry the labels that say whose they are.
# custom:
#   control: K8S-02
package k8s.required_labels

import data.lib.k8s

required := {"app", "owner"}

# METADATA
# title: Labels are there
deny contains msg if {
	input.kind in k8s.workload_kinds
	given := {label | some label, _ in object.get(input.metadata, "labels", {})}
	missing := required - given
	count(missing) > 0
	msg := sprintf("%s has no label %s: add it under metadata.labels", [
		k8s.resource,
		concat(", ", sort(missing)),
	])
}
