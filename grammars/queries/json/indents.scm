[
  (object)
  (array)
] @indent.begin

["}" "]"] @indent.branch @indent.end
