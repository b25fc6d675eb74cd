# METADATA
# title: No privileged containers
# description: A privileged container is root on its node.
# custom:
#   control: K8S-01
package k8s.privileged

import data.lib.k8s

deny contains msg if {
	some c in k8s.containers
	c.securityContext.privileged
	not exempt(c)
	msg := sprintf("%s: container %s runs privileged: remove securityContext.privileged", [k8s.resource, c.name])
}

exempt(container) if {
	k8s.namespace == "kube-system"
	startswith(container.image, "registry.example/node-agent")
}
