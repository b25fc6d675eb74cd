package a
p := [x |

q := "
ÿ