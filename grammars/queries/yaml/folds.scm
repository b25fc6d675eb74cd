; Everything of more than one row that a key or a dash begins; the documents of a stream.
(document) @fold.document
[
  (block_mapping_pair)
  (block_sequence_item)
  (flow_mapping)
  (flow_sequence)
] @fold
(comment) @fold.comment
