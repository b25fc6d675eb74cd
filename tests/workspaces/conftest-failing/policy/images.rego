package main

deny_latest contains {"msg": msg, "image": c.image, "_loc": {"file": "deploy/latest.yaml", "line": 5}} if {
	some c in input.spec.containers
	endswith(c.image, ":latest")
	msg := sprintf("%s uses the tag latest", [c.name])
}

warn contains "no owner" if not input.metadata.labels.owner

exception contains ["latest"] if input.metadata.name == "excused"
