; As the grammar's own, without what a run of siblings would cost in a file of many rules: the lines
; of a comment are joined by core/syntax/objects.c, arguments get their comma there.
(rule
  body: (_)? @function.inside) @function.around

(parameters
  (_) @parameter.inside)
(arguments
  (_) @parameter.inside)
(array
  (_) @entry.inside)
(set
  (_) @entry.inside)
(object
  (pair) @entry.inside)

(comment) @comment.inside

(literal) @statement.around

(body) @block.inside @block.around
[
  (array)
  (object)
  (set)
  (array_comprehension)
  (set_comprehension)
  (object_comprehension)
] @block.inside @block.around
