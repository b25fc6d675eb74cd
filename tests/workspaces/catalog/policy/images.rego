# METADATA
# title: Images are pinned
# custom:
#   controls:
#     cis-k8s 1.9: 5.5.1
package policy.images

import data.lib.images.tag
import data.lib.objects as workload

default allow := false

allow if count(deny) == 0

deny contains msg if {
	some container in workload.containers
	tag(container.image) == "latest"
	msg := sprintf("%s is not pinned", [container.name])
}

deny contains msg if {
	some c in workload.untrusted
	msg := message(c, data.lib.images["trusted"])
}

# Every container has a limit below ours.
modest if {
	every c in workload.containers {
		c.cpu <= data.lib.images.limits.cpu
	}
}

message(c, known) := msg if {
	listed := concat(", ", sort([name | some name in known]))
	msg := sprintf("%s is not from %s", [c.name, listed])
}
