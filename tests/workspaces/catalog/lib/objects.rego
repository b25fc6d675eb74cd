package lib.objects

import data.lib.images

# METADATA
# title: Containers of a workload
# scope: document
containers contains container if some container in input.spec.containers

containers contains container if {
	some container in input.spec.template.spec.containers
}

names := [name | some container in containers; name := container.name]

untrusted contains container if {
	some container in containers
	not images.registry(container.image) in images.trusted
}
