package lib.kubernetes_test

import data.lib.kubernetes

test_pod if kubernetes.containers({"kind": "Pod", "spec": {"containers": [1]}}) == [1]

test_deployment if {
	kubernetes.containers({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [2]}}}}) == [2]
}
