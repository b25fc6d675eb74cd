package cut_off

deny contains msg if {
	msg := "never closed"
