; Rego in a ConstraintTemplate: `rego: |` and the items of `libs:`.
((block_mapping_pair
  key: (flow_node) @_key
  value: (block_node
    (block_scalar) @injection.content))
  (#eq? @_key "rego")
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

; Data of a ConfigMap is often a file: its name tells the language.
((block_mapping_pair
  key: (flow_node) @_key
  value: (block_node
    (block_scalar) @injection.content))
  (#match? @_key "\\.rego\"?$")
  (#set! injection.language "rego")
  (#set! injection.lines "block-scalar"))

((block_mapping_pair
  key: (flow_node) @_key
  value: (block_node
    (block_scalar) @injection.content))
  (#match? @_key "\\.json\"?$")
  (#set! injection.language "json")
  (#set! injection.lines "block-scalar"))

((block_mapping_pair
  key: (flow_node) @_key
  value: (block_node
    (block_scalar) @injection.content))
  (#match? @_key "\\.toml\"?$")
  (#set! injection.language "toml")
  (#set! injection.lines "block-scalar"))
