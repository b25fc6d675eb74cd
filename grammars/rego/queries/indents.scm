[
  (body)
  (array)
  (object)
  (set)
  (arguments)
  (parameters)
  (array_comprehension)
  (set_comprehension)
  (object_comprehension)
  (logical_group)
] @indent.begin

(with_modifier) @indent.begin

["}" "]" ")"] @indent.branch @indent.end

(comment) @indent.auto
(raw_string) @indent.ignore
(ERROR) @indent.auto
