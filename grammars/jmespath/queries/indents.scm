[
  (arguments)
  (multi_select_list)
  (multi_select_hash)
  (parenthesized_expression)
  (filter_expression)
  (variable)
] @indent.begin

["}" "]" ")" "}}"] @indent.branch @indent.end
