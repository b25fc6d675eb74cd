package lib.kubernetes

containers(object) := object.spec.containers if object.kind == "Pod"

containers(object) := object.spec.template.spec.containers if object.kind == "Deployment"
