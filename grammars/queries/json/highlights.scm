; On one node the later pattern wins.
(string) @string

(escape_sequence) @string.escape

(pair
  key: (string) @property)

(number) @number

[
  (true)
  (false)
] @boolean

(null) @constant.builtin

(comment) @comment

[
  ","
  ":"
] @punctuation.delimiter

[
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket
