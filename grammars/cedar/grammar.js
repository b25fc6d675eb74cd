/**
 * Cedar, as its reference has the grammar of policies and of schemas (docs.cedarpolicy.com, "Grammar specification"
 * of both; Cedar 4). One grammar for the two, whose files have no word in common to begin with.
 */
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = { conditional: 1, or: 2, and: 3, relation: 4, addition: 5, multiplication: 6, unary: 7, member: 8 };

const list1 = (rule) => seq(rule, repeat(seq(',', rule)));
/** Items apart by commas, one more comma is fine, none too. */
const list = (rule) => optional(seq(list1(rule), optional(',')));

module.exports = grammar({
  name: 'cedar',

  word: ($) => $.identifier,

  extras: ($) => [/[ \t\r\n\f]/, $.comment],

  supertypes: ($) => [$._expression, $._declaration, $._type],

  rules: {
    source_file: ($) => repeat(choice($.policy, $.namespace, $._declaration)),

    // ---- policies ----

    policy: ($) =>
      seq(
        optional($._annotations),
        field('effect', $.effect),
        '(',
        field('principal', $.principal_scope),
        ',',
        field('action', $.action_scope),
        ',',
        field('resource', $.resource_scope),
        optional(','),
        ')',
        repeat($.condition),
        ';',
      ),

    _annotations: ($) => repeat1(choice(field('id', $.id_annotation), $.annotation)),
    id_annotation: ($) =>
      seq('@', field('name', alias('id', $.identifier)), '(', field('value', $.string), ')'),
    annotation: ($) =>
      seq(
        '@',
        choice(
          field('name', alias('id', $.identifier)),
          seq(field('name', $.identifier), optional(seq('(', field('value', $.string), ')'))),
        ),
      ),

    effect: (_) => choice('permit', 'forbid'),

    principal_scope: ($) => seq('principal', optional($._entity_scope)),
    resource_scope: ($) => seq('resource', optional($._entity_scope)),
    _entity_scope: ($) =>
      choice(
        seq(field('operator', choice('==', 'in')), field('entity', choice($.entity, $.slot))),
        seq(
          field('operator', 'is'),
          field('type', $.path),
          optional(seq(field('operator', 'in'), field('entity', choice($.entity, $.slot)))),
        ),
      ),
    action_scope: ($) =>
      seq(
        'action',
        optional(
          choice(
            seq(field('operator', '=='), field('entity', $.entity)),
            seq(field('operator', 'in'), field('entity', choice($.entity, $.entities))),
          ),
        ),
      ),
    entities: ($) => seq('[', list($.entity), ']'),

    condition: ($) => seq(field('kind', choice('when', 'unless')), '{', field('body', $._expression), '}'),

    // ---- expressions ----

    _expression: ($) =>
      choice(
        $.conditional_expression,
        $.binary_expression,
        $.has_expression,
        $.like_expression,
        $.is_expression,
        $.unary_expression,
        $.attribute_expression,
        $.method_call,
        $.index_expression,
        $.call_expression,
        $.entity,
        $.variable,
        $.slot,
        $.parenthesized_expression,
        $.set,
        $.record,
        $.string,
        $.integer,
        $.boolean,
      ),

    conditional_expression: ($) =>
      prec.right(
        PREC.conditional,
        seq(
          'if',
          field('condition', $._expression),
          'then',
          field('consequence', $._expression),
          'else',
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
          [PREC.multiplication, '*'],
        ].map(([level, operator]) =>
          prec.left(
            level,
            seq(field('left', $._expression), field('operator', operator), field('right', $._expression)),
          ),
        ),
      ),

    has_expression: ($) =>
      prec.left(
        PREC.relation,
        seq(field('operand', $._expression), 'has', field('attribute', choice($.attribute_path, $.string))),
      ),
    attribute_path: ($) =>
      prec.left(
        PREC.member,
        seq(alias($.identifier, $.attribute), repeat(seq('.', alias($.identifier, $.attribute)))),
      ),
    like_expression: ($) =>
      prec.left(PREC.relation, seq(field('operand', $._expression), 'like', field('pattern', $.string))),
    is_expression: ($) =>
      prec.left(
        PREC.relation,
        seq(
          field('operand', $._expression),
          'is',
          field('type', $.path),
          optional(prec(PREC.relation + 1, seq('in', field('entity', $._expression)))),
        ),
      ),

    unary_expression: ($) =>
      prec(PREC.unary, seq(field('operator', choice('!', '-')), field('operand', $._expression))),

    attribute_expression: ($) =>
      prec.left(PREC.member, seq(field('operand', $._expression), '.', field('attribute', alias($.identifier, $.attribute)))),
    method_call: ($) =>
      prec.left(
        PREC.member + 1,
        seq(
          field('operand', $._expression),
          '.',
          field('method', alias($.identifier, $.method)),
          field('arguments', $.arguments),
        ),
      ),
    index_expression: ($) =>
      prec.left(PREC.member, seq(field('operand', $._expression), '[', field('attribute', $.string), ']')),
    call_expression: ($) => prec(PREC.member, seq(field('function', $.path), field('arguments', $.arguments))),
    arguments: ($) => seq('(', list($._expression), ')'),

    parenthesized_expression: ($) => seq('(', $._expression, ')'),
    set: ($) => seq('[', list($._expression), ']'),
    record: ($) => seq('{', list($.entry), '}'),
    entry: ($) =>
      seq(field('key', choice(alias($.identifier, $.attribute), $.string)), ':', field('value', $._expression)),

    variable: (_) => choice('principal', 'action', 'resource', 'context'),
    slot: (_) => /\?[a-z]+/,

    // ---- schemas ----

    namespace: ($) =>
      seq(optional($._annotations), 'namespace', field('name', $.path), '{', repeat($._declaration), '}'),

    _declaration: ($) => choice($.entity_declaration, $.action_declaration, $.type_declaration),

    entity_declaration: ($) =>
      seq(
        optional($._annotations),
        'entity',
        list1(field('name', $.identifier)),
        choice(
          seq(
            optional(seq('in', field('parents', choice($.path, $.paths)))),
            optional(seq(optional('='), field('shape', $.record_type))),
            optional(seq('tags', field('tags', $._type))),
          ),
          seq('enum', field('members', $.strings)),
        ),
        ';',
      ),
    strings: ($) => seq('[', list($.string), ']'),
    paths: ($) => seq('[', list($.path), ']'),

    action_declaration: ($) =>
      seq(
        optional($._annotations),
        'action',
        list1(field('name', $._name)),
        optional(seq('in', field('groups', choice($._reference, $.references)))),
        optional($.applies_to),
        optional(seq('attributes', '{', '}')),
        ';',
      ),
    references: ($) => seq('[', list($._reference), ']'),
    _reference: ($) => choice($.entity, $._name),
    applies_to: ($) => seq('appliesTo', '{', list($.application), '}'),
    application: ($) =>
      choice(
        seq(field('kind', choice('principal', 'resource')), ':', field('types', choice($.path, $.paths))),
        seq(field('kind', 'context'), ':', field('type', $._type)),
      ),

    type_declaration: ($) =>
      seq(
        optional($._annotations),
        'type',
        field('name', $.identifier),
        '=',
        field('type', $._type),
        ';',
      ),

    _type: ($) => choice($.path, $.set_type, $.record_type),
    set_type: ($) => seq('Set', '<', $._type, '>'),
    record_type: ($) => seq('{', list($.member), '}'),
    member: ($) =>
      seq(
        optional($._annotations),
        field('name', choice(alias($.identifier, $.attribute), $.string)),
        optional('?'),
        ':',
        field('type', $._type),
      ),

    // ---- words ----

    entity: ($) => seq(field('type', $.path), token.immediate('::'), field('id', $.string)),
    // A name in namespaces is one word: what follows its last `::` tells an entity from a type.
    path: ($) => choice($.identifier, $.qualified),
    qualified: (_) => token(seq(/[_a-zA-Z][_a-zA-Z0-9]*/, repeat1(seq('::', /[_a-zA-Z][_a-zA-Z0-9]*/)))),
    _name: ($) => choice($.identifier, $.string),

    identifier: (_) => /[_a-zA-Z][_a-zA-Z0-9]*/,
    boolean: (_) => choice('true', 'false'),
    integer: (_) => /[0-9]+/,

    string: ($) =>
      seq(
        '"',
        repeat(choice(alias(token.immediate(prec(1, /[^"\\]+/)), $.string_content), $.escape_sequence)),
        token.immediate('"'),
      ),
    escape_sequence: (_) =>
      token.immediate(seq('\\', choice(/[nrt0\\'"*]/, /x[0-7][0-9a-fA-F]/, /u\{[0-9a-fA-F_]{1,8}\}/))),

    comment: (_) => /\/\/[^\n]*/,
  },
});
