[
  (arguments)
  (list)
  (map)
  (message_fields)
  (parenthesized_expression)
] @fold
(comment) @fold.comment
