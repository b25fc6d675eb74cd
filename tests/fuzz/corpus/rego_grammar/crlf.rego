package a
p if { x

# c
+ 1 }
