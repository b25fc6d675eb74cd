; Where two patterns capture the same node, the later one wins.
(identifier) @variable
(property) @property
[
  (quoted_identifier)
  (quoted_property)
] @property

; What Kyverno binds.
((identifier) @variable.builtin
  (#any-of? @variable.builtin
    "request" "element" "elementIndex" "images" "target" "serviceAccountName"
    "serviceAccountNamespace"))

(function_call function: (identifier) @function.builtin)

[
  (current_node)
  (root_node)
] @variable.builtin
(let_reference) @variable
["let" "in"] @keyword
(wildcard) @operator

(raw_string) @string
(literal) @constant
(number) @number

["|" "||" "&&" "<" "<=" ">" ">=" "==" "!=" "+" "-" "/" "%" "//" "!" "&" "="] @operator
["." "," ":"] @punctuation.delimiter
["(" ")" "[" "[]" "[?" "]" "{" "}"] @punctuation.bracket
["{{" "}}"] @punctuation.special
