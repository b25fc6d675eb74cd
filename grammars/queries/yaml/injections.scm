; Rego in a ConstraintTemplate (`rego: |` and the items of `libs:`) and in a ConfigMap (`x.rego: |`).
; Few patterns: compiling a query costs milliseconds a pattern, and the first screen waits for it.
((block_mapping_pair
  key: (flow_node) @_key
  value: (block_node
    (block_scalar) @injection.content))
  (#match? @_key "^([\"']?.*[.])?rego[\"']?$")
  (#set! injection.language "rego")
  (#set! injection.lines "block-scalar"))

((block_mapping_pair
  key: (flow_node) @_key
  value: (block_node
    (block_sequence
      (block_sequence_item
        (block_node
          (block_scalar) @injection.content)))))
  (#eq? @_key "libs")
  (#set! injection.language "rego")
  (#set! injection.lines "block-scalar"))
