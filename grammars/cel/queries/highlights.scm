; Where two patterns capture the same node, the later one wins.
(comment) @comment

(identifier) @variable
(property) @property
(quoted_property) @property

; What Kubernetes and Kyverno bind.
((identifier) @variable.builtin
  (#any-of? @variable.builtin
    "object" "oldObject" "request" "params" "namespaceObject" "variables" "authorizer" "self"
    "oldSelf" "anyObject" "images" "resource" "attestors" "attestations" "http" "globalContext"
    "generator" "exceptions" "image" "user" "json" "time" "hash" "x509" "random" "math" "yaml"))

(call_expression function: (identifier) @function.call)
(call_expression function: (select_expression field: (property) @function.call))

((call_expression function: (identifier) @function.builtin)
  (#any-of? @function.builtin
    "has" "size" "type" "int" "uint" "double" "string" "bytes" "bool" "dyn" "duration" "timestamp"
    "url" "isURL" "quantity" "isQuantity" "ip" "isIP" "cidr" "isCIDR" "semver" "isSemver" "image"
    "parseServiceAccount" "verifyImageSignatures" "verifyAttestationSignatures" "getImageData"
    "extractPayload"))

; Macros: they bind their first argument.
((call_expression function: (select_expression field: (property) @keyword))
  (#any-of? @keyword
    "all" "exists" "exists_one" "existsOne" "filter" "map" "transformList" "transformMap"
    "transformMapEntry" "bind" "optMap" "optFlatMap" "orValue" "or"))
((call_expression function: (identifier) @keyword)
  (#eq? @keyword "has"))

(message type: (identifier) @type)
(message type: (select_expression field: (property) @type))

(int) @number
(float) @number
(boolean) @boolean
(null) @constant.builtin
(string) @string
(raw_string) @string
(escape_sequence) @string.escape

"in" @keyword.operator
["?" ":" "||" "&&" "<" "<=" ">" ">=" "==" "!=" "+" "-" "*" "/" "%" "!"] @operator
["." ".?" ","] @punctuation.delimiter
["(" ")" "[" "[?" "]" "{" "}"] @punctuation.bracket
