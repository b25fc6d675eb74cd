package old

deny[msg] {
	input.kind == "Pod"
	not input.metadata.labels.owner
	msg = "no owner"
}
