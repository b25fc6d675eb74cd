; On one node the later pattern wins.
[
  (double_quote_scalar)
  (single_quote_scalar)
  (block_scalar)
  (string_scalar)
] @string

[
  (integer_scalar)
  (float_scalar)
] @number

(timestamp_scalar) @string.special

(boolean_scalar) @boolean

(null_scalar) @constant.builtin

(escape_sequence) @string.escape

(comment) @comment

[
  (anchor_name)
  (alias_name)
] @label

(tag) @type

[
  (yaml_directive)
  (tag_directive)
  (reserved_directive)
] @attribute

; A key as a whole, over the scalar inside: patterns of one level compile in a tenth of the time.
((block_mapping_pair
  key: (flow_node) @property)
  (#set! highlight.whole))

((flow_pair
  key: (flow_node) @property)
  (#set! highlight.whole))

[
  ","
  "-"
  ":"
  ">"
  "?"
  "|"
] @punctuation.delimiter

[
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

[
  "*"
  "&"
  "---"
  "..."
] @punctuation.special
