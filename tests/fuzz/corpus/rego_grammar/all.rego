# METADATA
# title: everything
package a.b["c"]

import data.x.y as z
import future.keywords

default allow := false

allow if {
	some i, x in input.xs
	not x.y[i] == `raw`
	every k, v in {"a": -1.5e3} { k != v }
	count([y | y := x[_]; y > 2]) + 1 in {1, 2} with input as {"k": null}
	$"a {x.b + 1} \{ b" == "q\"\u00e9"
} else := {k: v | some k, v in data}

p[x] { x = 1 } { x = 2 }

deny contains msg if msg := sprintf("%v", [a.b[c] | d])

f(x, [_, y]) := set() if (x or y) and not { x; y }
in.x := 1 q.r["s"][t] = 2
