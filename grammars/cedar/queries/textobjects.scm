(policy) @function.around
(policy (condition) @function.inside)
(namespace) @block.around

(condition
  body: (_) @block.inside) @block.around
(conditional_expression) @conditional.around

(arguments
  (_) @parameter.inside)
(set
  (_) @parameter.inside)
(entities
  (_) @parameter.inside)
(entry
  value: (_) @entry.inside) @entry.around
(member
  type: (_) @entry.inside) @entry.around

(comment) @comment.inside
(comment)+ @comment.around

(binary_expression
  [
    "&&"
    "||"
  ]) @statement.around
(policy) @statement.around
