; Scopes

(source_file) @local.scope
(rule) @local.scope
(else_clause) @local.scope
(every) @local.scope
(array_comprehension) @local.scope
(set_comprehension) @local.scope
(object_comprehension) @local.scope

; Definitions

(rule_head name: (identifier) @local.definition.function)
(rule_head name: (ref head: (identifier) @local.definition.function))
(import alias: (identifier) @local.definition.import)
(import !alias path: (ref field: (property) @local.definition.import .))
(parameters (identifier) @local.definition.parameter)
(parameters (array (identifier) @local.definition.parameter))
(parameters (object (pair value: (identifier) @local.definition.parameter)))
(some_declaration symbol: (identifier) @local.definition.var)
(some_in key: (identifier) @local.definition.var)
(some_in value: (identifier) @local.definition.var)
(some_in value: (array (identifier) @local.definition.var))
(some_in value: (object (pair value: (identifier) @local.definition.var)))
(every key: (identifier) @local.definition.var)
(every value: (identifier) @local.definition.var)
(assignment left: (identifier) @local.definition.var)
(assignment left: (array (identifier) @local.definition.var))
(assignment left: (object (pair value: (identifier) @local.definition.var)))

; References

(identifier) @local.reference
