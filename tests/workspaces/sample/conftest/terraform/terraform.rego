# METADATA
# title: Terraform plans
# description: Run with `conftest test conftest/tfplan.json --policy conftest/terraform`.
# custom:
#   control: TF-01
package main

deny contains msg if {
	some change in input.resource_changes
	change.type == "aws_s3_bucket_acl"
	acl := change.change.after.acl
	startswith(acl, "public-")
	msg := sprintf("%s has the ACL %s: use private", [change.address, acl])
}
