[
  (condition)
  (namespace)
  (record)
  (record_type)
  (set)
  (entities)
  (arguments)
  (applies_to)
  (paths)
  (references)
  (strings)
  (parenthesized_expression)
] @indent.begin

(policy "(") @indent.begin

["}" "]" ")"] @indent.branch @indent.end

(string) @indent.ignore
(ERROR) @indent.auto
