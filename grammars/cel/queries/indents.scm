[
  (arguments)
  (list)
  (map)
  (message_fields)
  (parenthesized_expression)
  (index_expression)
] @indent.begin

["}" "]" ")"] @indent.branch @indent.end

[
  (string)
  (raw_string)
] @indent.ignore
