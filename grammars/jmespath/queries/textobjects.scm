(arguments
  (_) @parameter.inside)
(multi_select_list
  (_) @parameter.inside)
(pair) @parameter.inside

[
  (arguments)
  (multi_select_list)
  (multi_select_hash)
  (parenthesized_expression)
] @block.inside @block.around

(variable
  (_) @statement.around)
