(section) @class.around
(paragraph) @statement.around
(list_item) @parameter.inside
(fenced_code_block
  (code_fence_content) @block.inside) @block.around
