package terraform.buckets

changed(type, name, actions) := {
	"address": sprintf("%s.%s", [type, name]),
	"type": type,
	"change": {"actions": actions, "after": {"bucket": name}},
}

bucket(name, actions) := changed("aws_s3_bucket", name, actions)

encryption(name, actions) := changed("aws_s3_bucket_server_side_encryption_configuration", name, actions)

test_deny_plain_bucket if {
	want := "aws_s3_bucket.logs: the bucket is not encrypted; add an aws_s3_bucket_server_side_encryption_configuration"
	deny == {want} with input as {"resource_changes": [bucket("logs", ["create"])]}
}

test_deny_other_bucket_encrypted if {
	plan := {"resource_changes": [bucket("logs", ["update"]), encryption("other", ["create"])]}
	count(deny) == 1 with input as plan
}

test_deny_encryption_taken_away if {
	plan := {"resource_changes": [bucket("logs", ["no-op"]), encryption("logs", ["delete"])]}
	count(deny) == 1 with input as plan
}

test_allow_encrypted_bucket if {
	plan := {"resource_changes": [bucket("logs", ["create"]), encryption("logs", ["create"])]}
	count(deny) == 0 with input as plan
}

test_allow_deleted_bucket if {
	count(deny) == 0 with input as {"resource_changes": [bucket("logs", ["delete"])]}
}
