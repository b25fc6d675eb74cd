package main

deny contains "x is set" if input.x
