; Only flow collections: block structure is the indentation itself (core/syntax/indent_yaml.h).
[
  (flow_mapping)
  (flow_sequence)
] @indent.begin

["}" "]"] @indent.branch @indent.end

[
  (double_quote_scalar)
  (single_quote_scalar)
] @indent.ignore
