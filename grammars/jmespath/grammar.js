/**
 * JMESPath as the jmespath-community Go parser reads it (jmespath.org's, arithmetic, `$`, let), with
 * Kyverno's variables: `{{ expression }}` around it all, and inside wherever Kyverno would put the value of
 * an inner variable before the outer one is parsed.
 */
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = {
  expression_type: 0,
  pipe: 1,
  or: 2,
  and: 3,
  comparator: 5,
  addition: 6,
  multiplication: 7,
  flatten: 9,
  filter: 21,
  dot: 40,
  not: 45,
  bracket: 55,
};

const list1 = (rule) => seq(rule, repeat(seq(',', rule)));

/** Kyverno replaces a variable wherever it stands, in quotes too. */
const quoted = ($, quote, content) =>
  seq(
    quote,
    repeat(choice(token.immediate(prec(1, content)), token.immediate('{'), $.variable)),
    token.immediate(quote),
  );

module.exports = grammar({
  name: 'jmespath',

  word: ($) => $.identifier,

  extras: (_) => [/[ \t\r\n]/],

  supertypes: ($) => [$._expression],

  conflicts: ($) => [[$._expression, $._projected_list]],

  rules: {
    source_file: ($) => optional($._expression),

    _expression: ($) =>
      choice(
        $.identifier,
        $.quoted_identifier,
        $.variable,
        $.literal,
        $.raw_string,
        $.current_node,
        $.root_node,
        $.wildcard,
        $.sub_expression,
        alias($._projected_list, $.sub_expression),
        $.index_expression,
        alias($._projected_index, $.index_expression),
        $.flatten_expression,
        $.filter_expression,
        $.function_call,
        $.multi_select_list,
        $.multi_select_hash,
        $.parenthesized_expression,
        $.not_expression,
        $.unary_expression,
        $.binary_expression,
        $.expression_type,
        $.let_expression,
        $.let_reference,
      ),

    // Kyverno's
    variable: ($) => seq('{{', field('expression', $._expression), '}}'),

    sub_expression: ($) =>
      prec.left(
        PREC.dot,
        seq(
          field('operand', $._expression),
          '.',
          field(
            'member',
            choice(
              alias($.identifier, $.property),
              alias($.quoted_identifier, $.quoted_property),
              $.variable,
              $.wildcard,
              $.multi_select_list,
              $.multi_select_hash,
              alias($._member_call, $.function_call),
            ),
          ),
        ),
      ),

    // What the Go parsers take behind a projection without a dot: `a[][b, c]`.
    _projected_list: ($) =>
      seq(
        field('operand', choice($.flatten_expression, $.filter_expression, alias($._projected_index, $.index_expression))),
        field('member', $.multi_select_list),
      ),

    _member_call: ($) =>
      seq(field('function', $.identifier), field('arguments', $.arguments)),

    index_expression: ($) =>
      prec.left(
        PREC.bracket,
        seq(
          optional(field('operand', $._expression)),
          '[',
          field('index', choice($.number, $.variable)),
          ']',
        ),
      ),

    // `[*]` and slices: projections, unlike `[0]`.
    _projected_index: ($) =>
      prec.dynamic(
        1, // rather than a list of one wildcard
        prec.left(
          PREC.bracket,
          seq(optional(field('operand', $._expression)), '[', choice($.slice, $.wildcard), ']'),
        ),
      ),

    slice: ($) => {
      const bound = optional(choice($.number, $.variable));
      return seq(bound, ':', bound, optional(seq(':', bound)));
    },

    flatten_expression: ($) =>
      prec.left(PREC.flatten, seq(optional(field('operand', $._expression)), '[]')),

    filter_expression: ($) =>
      prec.left(
        PREC.filter,
        seq(optional(field('operand', $._expression)), '[?', field('condition', $._expression), ']'),
      ),

    function_call: ($) =>
      prec(
        PREC.bracket,
        seq(field('function', $.identifier), field('arguments', $.arguments)),
      ),

    arguments: ($) => seq('(', optional(list1($._expression)), ')'),

    multi_select_list: ($) => seq('[', list1($._expression), ']'),

    multi_select_hash: ($) => seq('{', list1($.pair), '}'),

    pair: ($) =>
      seq(
        field('key', choice(
          alias($.identifier, $.property),
          alias($.quoted_identifier, $.quoted_property),
          $.variable,
        )),
        ':',
        field('value', $._expression),
      ),

    parenthesized_expression: ($) => seq('(', $._expression, ')'),

    not_expression: ($) => prec(PREC.not, seq('!', field('operand', $._expression))),

    unary_expression: ($) =>
      prec.left(
        PREC.addition,
        seq(field('operator', choice('+', '-', '−')), field('operand', $._expression)),
      ),

    binary_expression: ($) =>
      choice(
        ...[
          [PREC.pipe, '|'],
          [PREC.or, '||'],
          [PREC.and, '&&'],
          [PREC.comparator, choice('<', '<=', '>', '>=', '==', '!=')],
          [PREC.addition, choice('+', '-', '−')],
          [PREC.multiplication, choice('*', '/', '%', '//', '×', '÷')],
        ].map(([level, operator]) =>
          prec.left(
            level,
            seq(
              field('left', $._expression),
              field('operator', operator),
              field('right', $._expression),
            ),
          ),
        ),
      ),

    expression_type: ($) => prec(PREC.expression_type, seq('&', $._expression)),

    let_expression: ($) =>
      prec.right(
        seq('let', list1($.let_binding), 'in', field('body', $._expression)),
      ),
    let_binding: ($) => seq(field('name', $.let_reference), '=', field('value', $._expression)),
    let_reference: (_) => /\$[A-Za-z_][A-Za-z0-9_]*/,

    current_node: (_) => '@',
    root_node: (_) => '$',
    wildcard: (_) => '*',

    number: (_) => /-?[0-9]+/,
    identifier: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
    quoted_identifier: ($) => quoted($, '"', /([^"\\{]|\\.)+/),
    raw_string: ($) => quoted($, "'", /([^'\\{]|\\.)+/),
    literal: ($) => quoted($, '`', /([^`\\{]|\\.)+/),
  },
});
