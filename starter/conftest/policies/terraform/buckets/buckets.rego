# METADATA
# title: Buckets are encrypted
# description: Each S3 bucket of a Terraform plan has a server side encryption configuration.
# custom:
#   control: TF-01
package terraform.buckets

kept contains resource if {
	some resource in input.resource_changes
	some action in resource.change.actions
	action in {"create", "update", "no-op"}
}

# A resource of its own since version 4 of the provider; it names its bucket.
encrypted contains resource.change.after.bucket if {
	some resource in kept
	resource.type == "aws_s3_bucket_server_side_encryption_configuration"
}

deny contains msg if {
	some resource in kept
	resource.type == "aws_s3_bucket"
	not resource.change.after.bucket in encrypted
	msg := sprintf(
		"%s: the bucket is not encrypted; add an aws_s3_bucket_server_side_encryption_configuration",
		[resource.address],
	)
}
