/**
 * CEL, the Common Expression Language, as cel-spec's langdef.md and cel-go's parser have it, with the
 * optional syntax (`a.?b`, `a[?b]`, `[?x]`, `{?k: v}`) and quoted field names (a.`b-c`) that Kubernetes and
 * Kyverno turn on. Macros (has, all, exists, ...) are calls here, as in the source.
 */
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = {
  conditional: 1,
  or: 2,
  and: 3,
  relation: 4,
  addition: 5,
  multiplication: 6,
  unary: 7,
  member: 8,
};

const list1 = (rule) => seq(rule, repeat(seq(',', rule)));

/** A string in one kind of quotes: what begins it (with a bytes prefix or none), what may be in it. */
const quoted = ($, quote, content) =>
  seq(
    choice(quote, alias(token(seq(/[bB]/, quote)), quote)),
    repeat(choice(alias(token.immediate(prec(1, content)), $.string_content), $.escape_sequence)),
    token.immediate(quote),
  );

module.exports = grammar({
  name: 'cel',

  word: ($) => $.identifier,

  extras: ($) => [/[ \t\r\n\f]/, $.comment],

  supertypes: ($) => [$._expression],

  rules: {
    // Nothing at all is what one begins to type in.
    source_file: ($) => optional($._expression),

    _expression: ($) =>
      choice(
        $.conditional_expression,
        $.binary_expression,
        $.unary_expression,
        $.select_expression,
        $.index_expression,
        $.call_expression,
        $.message,
        $.parenthesized_expression,
        $.list,
        $.map,
        $.identifier,
        $.absolute_name,
        $.string,
        $.raw_string,
        $.int,
        $.float,
        $.boolean,
        $.null,
      ),

    conditional_expression: ($) =>
      prec.right(
        PREC.conditional,
        seq(
          field('condition', $._expression),
          '?',
          field('consequence', $._expression),
          ':',
          field('alternative', $._expression),
        ),
      ),

    binary_expression: ($) =>
      choice(
        ...[
          [PREC.or, '||'],
          [PREC.and, '&&'],
          [PREC.relation, choice('<', '<=', '>', '>=', '==', '!=', 'in')],
          [PREC.addition, choice('+', '-')],
          [PREC.multiplication, choice('*', '/', '%')],
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

    unary_expression: ($) =>
      prec(
        PREC.unary,
        seq(field('operator', choice('!', '-')), field('operand', $._expression)),
      ),

    select_expression: ($) =>
      prec.left(
        PREC.member,
        seq(
          field('operand', $._expression),
          choice('.', '.?'),
          field('field', choice(alias($.identifier, $.property), $.quoted_property)),
        ),
      ),

    index_expression: ($) =>
      prec.left(
        PREC.member,
        seq(field('operand', $._expression), choice('[', '[?'), field('index', $._expression), ']'),
      ),

    call_expression: ($) =>
      prec.left(
        PREC.member,
        seq(
          field('function', choice($.identifier, $.absolute_name, $.select_expression)),
          field('arguments', $.arguments),
        ),
      ),

    arguments: ($) => seq('(', optional(list1($._expression)), ')'),

    message: ($) =>
      prec.left(
        PREC.member,
        seq(
          field('type', choice($.identifier, $.absolute_name, $.select_expression)),
          field('fields', $.message_fields),
        ),
      ),

    message_fields: ($) =>
      seq('{', optional(seq(list1($.message_field), optional(','))), '}'),

    message_field: ($) =>
      seq(
        optional('?'),
        field('name', choice(alias($.identifier, $.property), $.quoted_property)),
        ':',
        field('value', $._expression),
      ),

    parenthesized_expression: ($) => seq('(', $._expression, ')'),

    list: ($) => seq('[', optional(seq(list1($._element), optional(','))), ']'),
    _element: ($) => seq(optional('?'), $._expression),

    map: ($) => seq('{', optional(seq(list1($.entry), optional(','))), '}'),
    entry: ($) =>
      seq(optional('?'), field('key', $._expression), ':', field('value', $._expression)),

    absolute_name: ($) => seq('.', field('name', $.identifier)),

    identifier: (_) => /[_a-zA-Z][_a-zA-Z0-9]*/,
    quoted_property: (_) => /`[a-zA-Z0-9_.\/ -]+`/,

    boolean: (_) => choice('true', 'false'),
    null: (_) => 'null',

    int: (_) => /([0-9]+|0x[0-9a-fA-F]+)[uU]?/,
    float: (_) => token(choice(/[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?/, /[0-9]+[eE][+-]?[0-9]+/)),

    string: ($) =>
      choice(
        quoted($, '"', /[^"\\\r\n]+/),
        quoted($, "'", /[^'\\\r\n]+/),
        quoted($, '"""', /("{0,2}[^"\\])+/),
        quoted($, "'''", /('{0,2}[^'\\])+/),
      ),

    raw_string: (_) =>
      token(
        seq(
          /[bB]?[rR]/,
          choice(
            /"[^"\r\n]*"/,
            /'[^'\r\n]*'/,
            /"""("{0,2}[^"])*"""/,
            /'''('{0,2}[^'])*'''/,
          ),
        ),
      ),

    escape_sequence: (_) =>
      token.immediate(
        seq(
          '\\',
          choice(
            /[abfnrtv\\?"'`]/,
            /[xX][0-9a-fA-F]{2}/,
            /u[0-9a-fA-F]{4}/,
            /U[0-9a-fA-F]{8}/,
            /[0-3][0-7]{2}/,
          ),
        ),
      ),

    comment: (_) => /\/\/[^\n]*/,
  },
});
