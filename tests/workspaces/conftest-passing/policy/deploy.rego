package main

deny_replicas contains msg if {
	input.kind == "Deployment"
	input.spec.replicas > data.limits.replicas
	msg := sprintf("%s has more than %d replicas", [input.metadata.name, data.limits.replicas])
}

violation contains {"msg": "no owner", "details": {"key": "owner"}} if {
	input.kind == "Deployment"
	not input.metadata.labels.owner
}
