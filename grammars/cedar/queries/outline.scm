; A policy is called by its @id, else by the actions it is about.
((policy
  id: (id_annotation
    value: (string
      (string_content) @name))
  effect: (effect) @_effect) @definition.permit
  (#eq? @_effect "permit"))

((policy
  id: (id_annotation
    value: (string
      (string_content) @name))
  effect: (effect) @_effect) @definition.forbid
  (#eq? @_effect "forbid"))

((policy
  !id
  effect: (effect) @_effect
  action: (action_scope) @name) @definition.permit
  (#eq? @_effect "permit"))

((policy
  !id
  effect: (effect) @_effect
  action: (action_scope) @name) @definition.forbid
  (#eq? @_effect "forbid"))

(namespace
  name: (path) @name) @definition.namespace

(entity_declaration
  name: (identifier) @name) @definition.entity

(action_declaration
  name: [
    (identifier) @name
    (string
      (string_content) @name)
  ]) @definition.action

(type_declaration
  name: (identifier) @name) @definition.type
