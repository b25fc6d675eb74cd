package api.access_test

import data.api.access

request(method, roles) := {"method": method, "path": "/orders/7", "user": {"name": "ann", "roles": roles}}

test_deny_nobody if {
	access.deny == {"GET /orders/7: nobody is signed in; send a token"} with input as {"method": "GET", "path": "/orders/7"}
}

test_deny_reader_writes if {
	access.deny == {"POST /orders/7: ann has none of the roles admin, editor"} with input as request("POST", ["reader"])
}

test_deny_editor_deletes if {
	access.deny == {"DELETE /orders/7: ann has none of the roles admin"} with input as request("DELETE", ["editor"])
}

test_deny_no_role if {
	not access.allow with input as request("GET", [])
}

test_allow_reader_reads if {
	access.allow with input as request("GET", ["reader"])
	count(access.deny) == 0 with input as request("HEAD", ["reader"])
}

test_allow_editor_writes if {
	access.allow with input as request("PUT", ["editor"])
}

test_allow_admin_deletes if {
	access.allow with input as request("DELETE", ["admin"])
}
