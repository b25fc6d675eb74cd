package hidden

# v0 only, though no keyword says so: in v1 two imports may not have one name.
import data.lib.names
import data.lib.other.names

test_known = true
