package policy

allow if input.admin
