(package
  path: (_) @name) @definition.package

(import
  path: (_) @name) @definition.import

((rule
  head: (rule_head
    name: (_) @name
    !parameters)) @definition.rule
  (#not-match? @name "^test_"))

((rule
  head: (rule_head
    name: (_) @name
    !parameters)) @definition.test
  (#match? @name "^test_"))

(rule
  head: (rule_head
    name: (_) @name
    parameters: (_))) @definition.function
