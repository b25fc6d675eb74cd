(rule
  body: (_)? @function.inside) @function.around

((rule
  head: (rule_head
    name: (identifier) @_name)) @test.around
  (#match? @_name "^test_"))

((rule
  head: (rule_head
    name: (identifier) @_name)
  body: (body) @test.inside)
  (#match? @_name "^test_"))

(parameters (_) @parameter.inside) @parameter.around
(arguments (_) @parameter.inside) @parameter.around

(array (_) @entry.inside) @entry.around
(set (_) @entry.inside) @entry.around
(object (pair) @entry.around)
(pair value: (_) @entry.inside)

(else_clause
  body: (_)? @conditional.inside) @conditional.around

(comment) @comment.inside
(comment)+ @comment.around

(literal) @statement.around
