# METADATA
# title: Images from our registry
# description: A Pod runs images from the registry that the constraint names, and from no other.
# custom:
#   control: K8S-01
package k8s.registry

lists := {"containers", "initContainers", "ephemeralContainers"}

violation contains {"msg": msg} if {
	some list in lists
	some container in input.review.object.spec[list]
	not startswith(container.image, input.parameters.registry)
	msg := sprintf(
		"Pod %s: container %s runs %s; take the image from %s",
		[input.review.object.metadata.name, container.name, container.image, input.parameters.registry],
	)
}
