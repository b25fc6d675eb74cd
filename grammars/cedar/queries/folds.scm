[
  (policy)
  (condition)
  (namespace)
  (record)
  (record_type)
  (set)
  (entities)
  (arguments)
  (applies_to)
  (parenthesized_expression)
] @fold
(comment) @fold.comment
