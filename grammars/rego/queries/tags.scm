(package path: (_) @name) @definition.module

(rule
  head: (rule_head
    name: (_) @name
    !parameters)) @definition.constant

(rule
  head: (rule_head
    name: (_) @name
    parameters: (parameters))) @definition.function

(call function: (_) @name) @reference.call
(import path: (_) @name) @reference.module
