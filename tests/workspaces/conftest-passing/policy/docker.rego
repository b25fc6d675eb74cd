package docker

deny contains "use a tag" if {
	some line in input
	line.Cmd == "from"
	not contains(line.Value[0], ":")
}
