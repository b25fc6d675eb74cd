package images

import data.lib.kubernetes

# METADATA
# title: images must name a version
deny contains msg if {
	some container in kubernetes.containers(input)
	endswith(container.image, ":latest")
	msg := sprintf("%s uses %s", [container.name, container.image])
}

deny contains msg if {
	some container in kubernetes.containers(input)
	not contains(container.image, ":")
	msg := sprintf("%s has no tag", [container.name])
}
