package unsafe

allow if user == input.admin
