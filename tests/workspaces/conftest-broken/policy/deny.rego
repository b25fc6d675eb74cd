package main

deny contains "x" if {
	input.x == nowhere.f(1)
}
