; Where two patterns capture the same node, the later one wins.

(comment) @comment

; Names

(identifier) @variable
(property) @property

((identifier) @variable.builtin
  (#any-of? @variable.builtin "input" "data"))

(parameters (identifier) @variable.parameter)

(package path: (identifier) @module)
(package path: (ref head: (identifier) @module))
(package path: (ref field: (property) @module))
(import path: (identifier) @module)
(import path: (ref head: (identifier) @module))
(import path: (ref field: (property) @module))
(import alias: (identifier) @module)

(rule_head name: (identifier) @function)
(rule_head name: (ref head: (identifier) @function))
(rule_head name: (ref field: (property) @function))

; Calls

(call function: (identifier) @function.call)
(call function: (ref field: (property) @function.call .))

((call function: (identifier) @function.builtin)
  (#any-of? @function.builtin
    "abs" "all" "and" "any" "assign" "cast_array" "cast_boolean" "cast_null" "cast_object"
    "cast_set" "cast_string" "ceil" "concat" "contains" "count" "div" "endswith" "eq" "equal"
    "floor" "format_int" "gt" "gte" "indexof" "indexof_n" "intersection" "is_array" "is_boolean"
    "is_null" "is_number" "is_object" "is_set" "is_string" "lower" "lt" "lte" "max" "min" "minus"
    "mul" "neq" "or" "plus" "print" "product" "re_match" "rem" "replace" "round" "set" "set_diff"
    "sort" "split" "sprintf" "startswith" "substring" "sum" "to_number" "trace" "trim" "trim_left"
    "trim_prefix" "trim_right" "trim_space" "trim_suffix" "type_name" "union" "upper" "walk"))

((call function: (ref head: (identifier) @module field: (property) @function.builtin .))
  (#any-of? @module
    "array" "base64" "base64url" "bits" "crypto" "glob" "graph" "graphql" "hex" "http" "io" "json"
    "net" "numbers" "object" "opa" "providers" "rand" "regex" "rego" "semver" "strings" "time"
    "units" "uri" "urlquery" "uuid" "yaml"))

; Literals

(null) @constant.builtin
(boolean) @boolean
(number) @number
(string) @string
(raw_string) @string
(template_string) @string
(escape_sequence) @string.escape

; Keywords

["package" "import" "as"] @keyword.import
["default" "with" "some" "every" "contains"] @keyword
["if" "else"] @keyword.conditional
["in" "not" "and" "or"] @keyword.operator

; Operators and punctuation

[":=" "=" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" "&" "|"] @operator
["." "," ";" ":"] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
(interpolation ["{" "}"] @punctuation.special)
