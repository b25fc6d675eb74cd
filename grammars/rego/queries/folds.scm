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

((import)+ @fold)
((comment)+ @fold)
