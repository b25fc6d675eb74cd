[
  (arguments)
  (multi_select_list)
  (multi_select_hash)
  (parenthesized_expression)
  (variable)
] @fold
