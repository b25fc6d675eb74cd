[
  (section)
  (fenced_code_block)
  (list)
  (list_item)
  (pipe_table)
] @fold
