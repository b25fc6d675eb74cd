[
  (table)
  (table_array_element)
] @class.around

(pair) @statement.around
(array
  (_) @parameter.inside)
(comment) @comment.inside
