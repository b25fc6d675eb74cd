(document) @class.around

(block_mapping_pair
  value: (_)? @block.inside) @block.around

(block_sequence_item
  (_)? @parameter.inside)
(flow_sequence
  (flow_node) @parameter.inside)
(flow_pair) @parameter.inside

(comment) @comment.inside

(block_mapping_pair) @statement.around
