package limits

deny contains msg if {
	input.memory > 4096
	msg := sprintf("%d MiB is too much", [input.memory])
}

share := input.memory / input.pods
