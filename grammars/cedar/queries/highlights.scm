; Where two patterns capture the same node, the later one wins.
(comment) @comment

(identifier) @variable
(path) @type
(qualified) @type
(path (identifier) @type)
(attribute) @property
(method) @function.call
(variable) @variable.builtin
(slot) @variable.parameter

(annotation "@" @attribute name: (identifier) @attribute)
(id_annotation "@" @attribute name: (identifier) @attribute)

(call_expression function: (path) @function.call)
(call_expression function: (path (identifier) @function.call))
((call_expression function: (path (identifier) @function.builtin))
  (#any-of? @function.builtin "ip" "decimal" "datetime" "duration"))
((method) @function.builtin
  (#any-of? @function.builtin
    "contains" "containsAll" "containsAny" "isEmpty" "hasTag" "getTag" "isInRange" "isIpv4" "isIpv6"
    "isLoopback" "isMulticast" "lessThan" "lessThanOrEqual" "greaterThan" "greaterThanOrEqual"
    "offset" "durationSince" "toDate" "toTime" "toMilliseconds" "toSeconds" "toMinutes" "toHours"
    "toDays"))

((path (identifier) @type.builtin)
  (#any-of? @type.builtin "Long" "String" "Bool" "Boolean" "ipaddr" "decimal" "datetime" "duration"))

(entity_declaration name: (identifier) @type)
(action_declaration name: (identifier) @constant)
(type_declaration name: (identifier) @type)

(integer) @number
(boolean) @boolean
(string) @string
(escape_sequence) @string.escape
(entity id: (string) @constant)

(effect) @keyword
(principal_scope "principal" @variable.builtin)
(action_scope "action" @variable.builtin)
(resource_scope "resource" @variable.builtin)
(application kind: _ @variable.builtin)
["when" "unless" "if" "then" "else"] @keyword
["namespace" "entity" "type" "appliesTo" "attributes" "tags" "enum" "Set"] @keyword
(action_declaration "action" @keyword)
["in" "has" "like" "is"] @keyword.operator
["||" "&&" "<" "<=" ">" ">=" "==" "!=" "+" "-" "*" "!" "=" "?"] @operator
["." "," ":" ";" "::"] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
