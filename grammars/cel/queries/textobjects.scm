(arguments
  (_) @parameter.inside)
(list
  (_) @parameter.inside)
(entry) @parameter.inside
(message_field) @parameter.inside

[
  (arguments)
  (list)
  (map)
  (message_fields)
  (parenthesized_expression)
] @block.inside @block.around

(comment) @comment.inside

(binary_expression
  [
    "&&"
    "||"
  ]) @statement.around
(source_file
  (_) @statement.around)
