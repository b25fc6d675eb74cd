/**
 * Rego as OPA 1.22 parses it: v0, v1, and the `not {}`, `and`, `or` of future.keywords and rego.v2.
 * Every rule here was written against OPA's parser (v1/ast/parser.go); README.md says what each node is.
 *
 * Whitespace matters in two ways. `.`, `[` and `(` continue a term only when they touch it
 * (token.immediate). Literals of a body are separated by `;` or by a line break that the next token
 * does not continue; src/scanner.c decides that and yields $._newline.
 */
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = {
  membership: 1,
  key_membership: 2,
  relation: 3,
  union: 4,
  intersection: 5,
  sum: 6,
  product: 7,
  unary: 8,
};

const list1 = (rule) => seq(rule, repeat(seq(',', rule)));
/** Items as OPA's parseTermList reads them: a trailing comma is fine. */
const items1 = (rule) => seq(list1(rule), optional(','));

module.exports = grammar({
  name: 'rego',

  word: ($) => $.identifier,

  extras: ($) => [/[ \t\r\n]/, $.comment],

  externals: ($) => [
    $._end, // of a rule
    $._path_end, // of a package or import
    $._newline, // between two literals
    $._rule_name,
    $._keyword_identifier, // a keyword used as a name, as in `every.x`
    $._never, // see reserved_word
    $._error_sentinel,
  ],

  inline: ($) => [$._operand, $._identifier, $._name, $._import_root, $._path_part],

  supertypes: ($) => [$._term, $._expression],

  conflicts: ($) => [
    [$._expression, $.array_comprehension],
    [$._expression, $.set_comprehension],
    [$._value, $.set],
    [$.some_declaration, $._primary],
    [$._expression, $.object_comprehension],
    [$.membership, $._key_membership],
  ],

  rules: {
    source_file: ($) =>
      seq(optional(field('package', $.package)), repeat(choice($.import, $.rule))),

    package: ($) =>
      seq('package', field('path', choice($.identifier, alias($._package_path, $.ref))), $._path_end),

    import: ($) =>
      seq(
        'import',
        field('path', choice($._import_root, alias($._import_path, $.ref))),
        optional(seq('as', field('alias', $.identifier))),
        $._path_end,
      ),

    _package_path: ($) => seq(field('head', $.identifier), repeat1($._path_part)),
    _import_path: ($) => seq(field('head', $._import_root), repeat1($._path_part)),
    _path_part: ($) => choice($._field, seq(token.immediate('['), field('index', $._string), ']')),
    _import_root: ($) => alias(choice('data', 'input', 'future', 'rego'), $.identifier),

    // Rules

    rule: ($) =>
      seq(
        choice(
          seq('default', field('head', alias($._default_head, $.rule_head))),
          field('head', alias($._bare_head, $.rule_head)),
          field('head', alias($._value_head, $.rule_head)),
          seq(
            field('head', alias(choice($._bare_head, $._value_head, $._name_head), $.rule_head)),
            choice(seq('if', $._if_body), field('body', $.body)),
            choice(repeat(field('else', $.else_clause)), repeat1(field('body', $.body))),
          ),
        ),
        $._end,
      ),

    _if_body: ($) => choice(field('body', $.body), field('body', $.literal)),

    // `default p` without a value is true to OPA.
    _default_head: ($) =>
      seq($._rule_start, optional(seq(choice(':=', '='), field('value', $._value)))),
    _value_head: ($) =>
      seq(
        $._rule_start,
        choice(
          seq('contains', field('key', $._value)),
          seq(choice(':=', '='), field('value', $._value)),
        ),
      ),
    _name_head: ($) => field('name', alias($._rule_name, $.identifier)),
    _bare_head: ($) =>
      choice(
        field('name', alias($._head_ref, $.ref)),
        seq($._name, field('parameters', $.parameters)),
      ),
    _rule_start: ($) => seq($._name, optional(field('parameters', $.parameters))),
    _name: ($) =>
      field('name', choice(alias($._rule_name, $.identifier), alias($._head_ref, $.ref))),

    _head_ref: ($) =>
      seq(
        field('head', alias($._rule_name, $.identifier)),
        choice(
          seq('.', field('field', $.property)),
          seq('[', field('index', $._value), ']'),
        ),
        repeat(choice($._field, $._index)),
      ),

    parameters: ($) => seq('(', optional(items1($._expression)), ')'),

    else_clause: ($) =>
      prec.right(seq(
        'else',
        choice(
          seq(
            choice(':=', '='),
            field('value', $._value),
            optional($._else_body),
          ),
          $._else_body,
        ),
      )),
    // After `else`, braces are always a body: `{a | b}` is a union there.
    _else_body: ($) =>
      choice(
        prec.dynamic(5, seq('if', field('body', $.body))),
        seq('if', field('body', $.literal)),
        field('body', $.body),
      ),

    // Bodies

    body: ($) => prec.dynamic(1, seq('{', $._query, '}')),

    _query: ($) =>
      seq($.literal, repeat(seq(choice(';', $._newline), $.literal)), optional($._newline)),

    literal: ($) =>
      prec.right(seq(
        choice(
          $.some_declaration,
          $.some_in,
          $.every,
          $._logical,
        ),
        repeat($.with_modifier),
      )),

    with_modifier: ($) =>
      seq(
        'with',
        field('target', choice($.identifier, $.ref)),
        'as',
        field('value', $._value),
      ),

    some_declaration: ($) => seq('some', list1(field('symbol', $.identifier))),

    some_in: ($) =>
      prec.left(
        PREC.key_membership,
        seq(
          'some',
          optional(seq(field('key', $._expression), ',')),
          field('value', $._expression),
          'in',
          field('collection', $._expression),
        ),
      ),

    every: ($) =>
      seq(
        'every',
        optional(seq(field('key', $.identifier), ',')),
        field('value', $.identifier),
        'in',
        field('domain', $._expression),
        field('body', $.body),
      ),

    _logical: ($) =>
      choice($._statement, $.negation, $.conjunction, $.disjunction, $.logical_group),

    _statement: ($) => choice($._value, $.assignment, $.unification),

    negation: ($) => seq('not', field('operand', choice($._statement, $.body, $.logical_group))),

    conjunction: ($) =>
      prec.left(2, seq(field('left', $._operand), 'and', field('right', $._operand))),

    disjunction: ($) =>
      prec.left(1, seq(field('left', $._operand), 'or', field('right', $._operand))),

    _operand: ($) => choice($._logical, $.body),

    // Parentheses around what is no expression: `(a or b)`, `(not a)`, `(a with input as 1)`.
    logical_group: ($) =>
      seq(
        '(',
        choice(
          seq(choice($.negation, $.conjunction, $.disjunction, $.logical_group), repeat($.with_modifier)),
          seq($._statement, repeat1($.with_modifier)),
        ),
        ')',
      ),

    assignment: ($) => seq(field('left', $._value), ':=', field('right', $._value)),
    unification: ($) => seq(field('left', $._value), '=', field('right', $._value)),

    // Expressions

    // Outside lists a membership may have a key: `k, v in xs`.
    _value: ($) => choice($._expression, alias($._key_membership, $.membership)),

    _expression: ($) =>
      choice($._term, $.unary_expression, $.binary_expression, $.membership),

    membership: ($) =>
      prec.left(
        PREC.membership,
        seq(field('value', $._expression), 'in', field('collection', $._expression)),
      ),

    _key_membership: ($) =>
      prec.left(
        PREC.membership,
        seq(
          choice(
            seq(field('key', $._expression), ',', field('value', $._expression)),
            field('value', alias($._key_membership, $.membership)),
          ),
          'in',
          field('collection', $._expression),
        ),
      ),

    binary_expression: ($) => {
      const table = [
        [PREC.relation, choice('==', '!=', '<', '>', '<=', '>=')],
        [PREC.union, '|'],
        [PREC.intersection, '&'],
        [PREC.sum, choice('+', '-')],
        [PREC.product, choice('*', '/', '%')],
      ];
      return choice(
        ...table.map(([precedence, operator]) =>
          prec.left(
            precedence,
            seq(
              field('left', $._expression),
              field('operator', operator),
              field('right', $._expression),
            ),
          ),
        ),
      );
    },

    unary_expression: ($) =>
      prec(
        PREC.unary,
        seq(field('operator', '-'), field('operand', choice($.number, $.identifier, $.ref, $.call))),
      ),

    // Terms

    _term: ($) =>
      choice($._primary, $.null, $.boolean, $.number, $._string, $.template_string, $.reserved_word),

    // Never complete, so always an error: no term begins with these words. Being expected here keeps
    // the lexer from taking them for identifiers, as in `p :=` before a line `import data.x`.
    reserved_word: ($) =>
      seq(choice('as', 'default', 'else', 'import', 'package', 'with'), $._never),

    // What a reference or a call may start with.
    _primary: ($) =>
      choice(
        $._identifier,
        $.ref,
        $.call,
        $.array,
        $.object,
        $.set,
        $.array_comprehension,
        $.object_comprehension,
        $.set_comprehension,
        $.parenthesized_expression,
      ),

    ref: ($) => seq(field('head', $._ref_head), repeat1(choice($._field, $._index))),

    _ref_head: ($) =>
      choice(
        $._identifier,
        $.call,
        $.array,
        $.object,
        $.set,
        $.array_comprehension,
        $.object_comprehension,
        $.set_comprehension,
        $.parenthesized_expression,
      ),

    _field: ($) => seq(token.immediate('.'), field('field', $.property)),

    _index: ($) => seq(token.immediate('['), field('index', $._value), ']'),

    call: ($) =>
      seq(field('function', choice($.identifier, $.ref)), field('arguments', $.arguments)),

    arguments: ($) => seq(token.immediate('('), optional(items1($._expression)), ')'),

    parenthesized_expression: ($) => seq('(', $._value, ')'),

    array: ($) => seq('[', optional(','), optional(items1($._expression)), ']'),

    object: ($) => seq('{', optional(','), optional(items1($.pair)), '}'),

    pair: ($) => seq(field('key', $._expression), ':', field('value', $._expression)),

    set: ($) => seq('{', optional(','), items1($._expression), '}'),

    array_comprehension: ($) =>
      prec.dynamic(2, seq('[', field('head', $._term), '|', field('body', alias($._query, $.query)), ']')),

    set_comprehension: ($) =>
      prec.dynamic(2, seq('{', field('head', $._term), '|', field('body', alias($._query, $.query)), '}')),

    object_comprehension: ($) =>
      prec.dynamic(
        2,
        seq(
          '{',
          field('key', $._expression),
          ':',
          field('value', $._term),
          '|',
          field('body', alias($._query, $.query)),
          '}',
        ),
      ),

    // Scalars

    null: (_) => 'null',
    boolean: (_) => choice('true', 'false'),
    number: (_) =>
      token(
        choice(
          /(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/,
          /\.[ \t\r\n]*[0-9]+([eE][+-]?[0-9]+)?/,
        ),
      ),

    _string: ($) => choice($.string, $.raw_string),

    string: ($) =>
      choice(
        token(/"[^"\\\n]*"/),
        seq(
          '"',
          repeat(choice($.string_content, $.escape_sequence)),
          token.immediate('"'),
        ),
      ),
    string_content: (_) => token.immediate(prec(1, /[^"\\\n]+/)),
    escape_sequence: (_) => token.immediate(prec(1, /\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/)),

    raw_string: ($) => seq('`', optional($.raw_string_content), token.immediate('`')),
    raw_string_content: (_) => token.immediate(prec(1, /[^`]+/)),

    template_string: ($) =>
      choice(
        seq(
          '$"',
          repeat(
            choice(
              alias($.template_content, $.string_content),
              alias($.template_escape, $.escape_sequence),
              $.interpolation,
            ),
          ),
          token.immediate('"'),
        ),
        seq(
          '$`',
          repeat(
            choice(
              alias($.raw_template_content, $.string_content),
              alias($.raw_template_escape, $.escape_sequence),
              $.interpolation,
            ),
          ),
          token.immediate('`'),
        ),
      ),
    template_content: (_) => token.immediate(prec(1, /[^"\\{\n]+/)),
    template_escape: (_) => token.immediate(prec(1, /\\(["\\/bfnrt{]|u[0-9a-fA-F]{4})/)),
    raw_template_content: (_) => token.immediate(prec(1, /([^`\\{]|\\[^`{])+|\\/)),
    raw_template_escape: (_) => token.immediate(prec(2, '\\{')),

    interpolation: ($) =>
      seq(token.immediate('{'), field('expression', alias($._template_literal, $.literal)), '}'),

    // No assignment, unification, `some` or `every`.
    _template_literal: ($) =>
      seq(
        choice($._value, $.negation, $.conjunction, $.disjunction, $.logical_group),
        repeat($.with_modifier),
      ),


    _identifier: ($) => choice($.identifier, alias($._keyword_identifier, $.identifier)),

    // Touches the dot before it, and may be a keyword.
    property: (_) => token.immediate(/[A-Za-z_][A-Za-z0-9_]*/),

    identifier: (_) => /[A-Za-z_][A-Za-z0-9_]*/,

    comment: (_) => token(/#([^\r\n]|\r+[^\r\n])*/),
  },
});
