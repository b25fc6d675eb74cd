package policy.beta

import data.lib.exempt

deny contains name if {
	some name in input.names
	not exempt.is_exempt(name)
}
