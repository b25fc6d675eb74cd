; Annotations: YAML in the comments that follow `# METADATA`.
((comment) @injection.content
  (#match? @injection.content "^#\\s*METADATA\\s*$")
  (#set! injection.language "yaml")
  (#set! injection.lines "comments"))
