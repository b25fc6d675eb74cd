package names

warn contains "two files have one name" if {
	some i, a in input
	some j, b in input
	i < j
	a.contents.name == b.contents.name
}
