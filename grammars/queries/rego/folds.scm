; As the grammar's own, but a line of a run at a time: a run that is asked for in part (the screen)
; must be the same run (see core/syntax/folds.h).
[
  (rule)
  (body)
  (query)
  (array)
  (object)
  (set)
  (arguments)
  (parameters)
  (array_comprehension)
  (set_comprehension)
  (object_comprehension)
  (raw_string)
] @fold

(import) @fold.imports
(comment) @fold.comment
