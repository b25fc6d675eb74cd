package pods

deny contains msg if {
	input.kind == "Pod"
	input.spec.hostNetwork
	msg := sprintf("Pod %s uses the network of its node", [input.metadata.name])
}
