package lib.exempt

is_exempt(name) if name == "alpha"
