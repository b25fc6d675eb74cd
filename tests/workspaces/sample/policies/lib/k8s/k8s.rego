# METADATA
# title: Kubernetes helpers
# description: What several policies ask of a workload.
package lib.k8s

workload_kinds := {"Deployment", "StatefulSet", "DaemonSet", "Job"}

# The pod template of a workload, or the pod itself.
pod_spec := input.spec if input.kind == "Pod"

pod_spec := input.spec.template.spec if input.kind in workload_kinds

containers contains c if some c in pod_spec.containers

containers contains c if some c in pod_spec.initContainers

resource := sprintf("%s/%s", [input.kind, input.metadata.name])

namespace := object.get(input.metadata, "namespace", "default")

is_production if namespace == "production"
