package main

# parse_config is a function that only Conftest has.
manifest := parse_config("yaml", `
kind: Deployment
metadata: {name: web, labels: {owner: a}}
spec: {replicas: 9}
`)

test_replicas if count(deny_replicas) == 1 with input as manifest with data.limits.replicas as 3

test_owner if count(violation) == 0 with input as manifest
