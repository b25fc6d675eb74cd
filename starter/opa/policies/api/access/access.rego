# METADATA
# title: Only who may, reaches the API
# description: Readers read, editors also write, and nobody deletes without the role admin.
# custom:
#   control: API-01
package api.access

reading := {"GET", "HEAD"}

roles_for := {"DELETE": {"admin"}} # every other method that is no reading: editor or admin

default allow := false

allow if count(deny) == 0

user := object.get(input, ["user", "name"], "")

roles contains role if some role in object.get(input, ["user", "roles"], [])

needed := {"reader", "editor", "admin"} if input.method in reading

needed := object.get(roles_for, input.method, {"editor", "admin"}) if not input.method in reading

deny contains msg if {
	user == ""
	msg := sprintf("%s %s: nobody is signed in; send a token", [input.method, input.path])
}

deny contains msg if {
	user != ""
	count(needed & roles) == 0
	msg := sprintf(
		"%s %s: %s has none of the roles %s",
		[input.method, input.path, user, concat(", ", sort(needed))],
	)
}
