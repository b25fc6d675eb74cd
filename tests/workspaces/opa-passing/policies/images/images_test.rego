package images_test

import data.images

pod(image) := {"kind": "Pod", "spec": {"containers": [{"name": "c", "image": image}]}}

test_deny_latest if images.deny == {"c uses nginx:latest"} with input as pod("nginx:latest")

test_deny_no_tag if images.deny == {"c has no tag"} with input as pod("nginx")

test_allow_version if count(images.deny) == 0 with input as pod("nginx:1.27.1")
