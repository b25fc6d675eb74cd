package main

test_x if count(deny) == 0
