(pair
  value: (_) @block.inside) @block.around

(pair) @parameter.inside
(array
  (_) @parameter.inside)
