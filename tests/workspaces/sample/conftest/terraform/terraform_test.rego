package main_test

import data.main

plan(acl) := {"resource_changes": [{
	"address": "aws_s3_bucket_acl.logs",
	"type": "aws_s3_bucket_acl",
	"change": {"after": {"acl": acl}},
}]}

test_deny_public if {
	main.deny == {"aws_s3_bucket_acl.logs has the ACL public-read: use private"} with input as plan("public-read")
}

test_allow_private if {
	count(main.deny) == 0 with input as plan("private")
}
