; Annotations are YAML in the comments that follow `# METADATA`.
((comment) @_start
  .
  (comment)+ @injection.content
  (#match? @_start "^# *METADATA *$")
  (#offset! @injection.content 0 1 0 0)
  (#set! injection.language "yaml")
  (#set! injection.combined))

; Patterns of the regex built-ins. Their position among the arguments: the first, but for replace.
((call
  function: (ref
    head: (identifier) @_module
    field: (property) @_function)
  arguments: (arguments
    .
    (raw_string
      (raw_string_content) @injection.content)))
  (#eq? @_module "regex")
  (#any-of? @_function
    "match" "is_valid" "split" "find_n" "find_all_string_submatch_n" "globs_match")
  (#set! injection.language "regex"))

((call
  function: (ref
    head: (identifier) @_module
    field: (property) @_function)
  arguments: (arguments
    .
    (_)
    .
    (raw_string
      (raw_string_content) @injection.content)))
  (#eq? @_module "regex")
  (#any-of? @_function "replace" "globs_match")
  (#set! injection.language "regex"))

((call
  function: (identifier) @_function
  arguments: (arguments
    .
    (raw_string
      (raw_string_content) @injection.content)))
  (#eq? @_function "re_match")
  (#set! injection.language "regex"))
