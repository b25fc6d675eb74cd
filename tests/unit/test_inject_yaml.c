/* core/syntax/inject_yaml: which scalars hold which language, as which text; their errors. */
#include "syntax_text.h"

#include "base/vec.h"
#include "syntax/context.h"

#include <stdlib.h>

/* "language|inner text" lines; "~" before what is not as written. */
static char *injections_of(struct syntax_text *text)
{
    struct syntax_injections injections = {0};
    struct syntax_source source = syntax_source_str(&text->text);
    struct buf out = BUF_INIT;
    syntax_injections(text->syntax, 0, text->text.len, &injections);
    VEC_FOREACH (const struct syntax_injection, i, &injections) {
        buf_printf(&out, "%s%s|", i->exact ? "" : "~", i->language->name);
        syntax_injection_text(i, &source, &out);
        buf_append_char(&out, '\n');
    }
    syntax_injections_free(&injections);
    return buf_take(&out);
}

static void expect_injections(const char *yaml, const char *expected)
{
    struct syntax_text text;
    syntax_text_open(&text, "yaml", yaml);
    char *got = injections_of(&text);
    assert_string_equal(got, expected);
    free(got);
    syntax_text_close(&text);
}

static void test_cel(void **state)
{
    (void)state;
    expect_injections("apiVersion: policies.kyverno.io/v1\n"
                      "kind: ValidatingPolicy\n"
                      "spec:\n"
                      "  matchConditions:\n"
                      "    - name: x\n"
                      "      expression: object.a == 'b'\n"
                      "  variables:\n"
                      "    - {name: v, expression: \"a == \\\"b\\\"\"}\n"
                      "  validations:\n"
                      "    - expression: >-\n"
                      "        a &&\n"
                      "        b\n"
                      "      messageExpression: |\n"
                      "        'a' +\n"
                      "          b\n"
                      "    - expression: 'a == ''b'''\n"
                      "      message: not {{ this }}\n",
        "cel|object.a == 'b'\n"
        "~cel|a == \"b\"\n"
        "~cel|a && b\n"
        "cel|'a' +\n  b\n\n"
        "~cel|a == 'b'\n");
    const char *body = "  validations:\n  - expression: a.b\n";
    static const struct {
        const char *head;
        bool cel;
    } kinds[] = {
        {"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nspec:\n",
            true},
        {"apiVersion: \"policies.kyverno.io/v1alpha1\"\nkind: DeletingPolicy\nspec:\n", true},
        {"apiVersion: v1\nkind: ConfigMap\nspec:\n", false},
        {"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec:\n", false},
        {"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec:\n cel:\n", true},
        {"apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nspec:\n", false},
        {"apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nspec:\n source:\n",
            true},
        {"spec:\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char *yaml = mem_printf("%s%s", kinds[i].head, body);
        expect_injections(yaml, kinds[i].cel ? "cel|a.b\n" : "");
        free(yaml);
    }
    expect_injections("apiVersion: apiextensions.k8s.io/v1\nx-kubernetes-validations:\n"
                      "- rule: self.a\n  message: b\nrule: c\n",
        "cel|self.a\n");
}

static void test_jmespath(void **state)
{
    (void)state;
    expect_injections("apiVersion: kyverno.io/v1\n"
                      "kind: ClusterPolicy\n"
                      "metadata: {name: '{{ no }}'}\n"
                      "spec:\n"
                      "  rules:\n"
                      "  - context:\n"
                      "    - apiCall: {jmesPath: \"items[?a=='{{ b }}']\"}\n"
                      "    preconditions:\n"
                      "      all:\n"
                      "      - key: \"{{ request.object.\\\"a-b\\\" }} and {{c}}\"\n"
                      "        value: '{{ x || '''' }}'\n"
                      "    validate:\n"
                      "      foreach:\n"
                      "      - list: request.object.spec.containers\n"
                      "      message: >-\n"
                      "        A {{ a.{b: {{c}}} }} or \\{{ d }}\n"
                      "        {{ e }} {{ open\n",
        "jmespath|items[?a=='{{ b }}']\n"
        "~jmespath|{{ request.object.\"a-b\" }}\n"
        "jmespath|{{c}}\n"
        "~jmespath|{{ x || '' }}\n"
        "jmespath|request.object.spec.containers\n"
        "jmespath|{{ a.{b: {{c}}} }}\n"
        "jmespath|{{ e }}\n");
    expect_injections("apiVersion: v1\nkind: X\nspec: '{{ a }}'\n", "");
    /* A chart that makes policies: who reads what is not known. */
    expect_injections(
        "apiVersion: kyverno.io/v1\nspec:\n  a: '{{ .Values.x }}'\n  b: '{{ c }}'\n", "");
    expect_injections("apiVersion: policies.kyverno.io/v1\nspec:\n  a: '{{ .Values.x }}'\n"
                      "  expression: 'a == {{ .Values.b }}'\n",
        "");
}

static void test_rego(void **state)
{
    (void)state;
    expect_injections("targets:\n- rego: |\n    package a\n\n    b = 1\n  libs:\n  - |\n    c\n"
                      "data:\n  x.rego: |\n    d\n  note: |\n    e\n",
        "rego|package a\n\nb = 1\n\nrego|c\n\nrego|d\n\n");
    expect_injections("apiVersion: templates.gatekeeper.sh/v1\nspec:\n targets:\n - code:\n"
                      "   - engine: Rego\n     source:\n       rego: |\n         package a\n",
        "rego|package a\n\n");
}

static void expect_errors(const char *yaml, const char *expected)
{
    struct syntax_text text;
    struct syntax_errors errors = {0};
    struct buf out = BUF_INIT;
    syntax_text_open(&text, "yaml", yaml);
    assert_true(syntax_index(text.syntax, 0));
    syntax_errors(text.syntax, &errors);
    VEC_FOREACH (const struct syntax_error, e, &errors) {
        buf_printf(&out, "%zu:%zu %s\n", e->row, e->column, e->text);
    }
    char *got = buf_take(&out);
    assert_string_equal(got, expected);
    free(got);
    VEC_FREE(&errors);
    syntax_text_close(&text);
}

static void test_errors(void **state)
{
    (void)state;
    expect_errors("a: 1\n---\napiVersion: policies.kyverno.io/v1\nspec:\n"
                  "  - expression: \"a == \\\"b\\\")\"\n"
                  "  - expression: a.b(\n"
                  "  - expression: |\n"
                  "      a &&\n"
                  "      (b\n",
        "4:27 CEL: unexpected `)`\n"
        "5:19 CEL: unexpected `(`\n"
        "8:8 CEL: missing `)`\n");
    expect_errors("apiVersion: kyverno.io/v1\nspec:\n  message: 'a {{ b. }}'\n",
        "2:21 JMESPath: unexpected `}`\n");
    expect_errors("rego: |\n  package a\n  b {\n    c ==\n  }\n", "3:6 Rego: unexpected `==`\n");
    /* Strings that YAML folds or escapes are whole for CEL. */
    expect_errors("apiVersion: policies.kyverno.io/v1\nspec:\n  expression: >-\n    'a\n    b' in\n"
                  "    c\n  x:\n    expression: \"a.matches('\\\\\\\\d')\\n && \\\n      b\"\n",
        "");
}

static void test_edits(void **state)
{
    (void)state;
    uint64_t seed = 23;
    struct syntax_text text;
    syntax_text_open(&text, "yaml",
        "apiVersion: kyverno.io/v1\nspec:\n  a: \"{{ b.\\\"c\\\" }}\"\n  m: >\n    x {{ y }}\n"
        "  cel:\n    expression: 'a == ''b'''\n  rego: |\n    package a\n    b { c }\n");
    for (int i = 0; i < 200; i++) {
        /* Around the expressions, so that the document stays one most of the time. */
        syntax_text_edit_at_random(&text, "{{}}'\" \\ab\n  ", &seed);
        assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
        if (i % 4 != 0) {
            continue;
        }
        struct syntax_text fresh;
        syntax_text_open(&fresh, "yaml", text.bytes);
        char *got = injections_of(&text);
        char *expected = injections_of(&fresh);
        assert_string_equal(got, expected);
        free(got);
        free(expected);
        syntax_text_close(&fresh);
    }
    syntax_text_close(&text);
}

static void test_part_equals_whole(void **state)
{
    (void)state;
    const char *yaml = "apiVersion: kyverno.io/v1\nspec:\n  a: \"{{ b }}\"\n  m: >\n    x {{ y }}\n"
                       "  cel:\n    expression: |\n      a &&\n      b\n";
    for (size_t from = 0; from < strlen(yaml); from += 3) {
        struct syntax_text text;
        syntax_text_open(&text, NULL, yaml);
        syntax_set_language(text.syntax, language_by_name(STR_LIT("yaml")));
        assert_true(syntax_parse(text.syntax, from, from + 1, 0));
        const struct language *part = syntax_language_at(text.syntax, from);
        assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
        const struct language *whole = syntax_language_at(text.syntax, from);
        if (part != whole) {
            fail_msg("at %zu: %s, then %s", from, part->name, whole->name);
        }
        syntax_text_close(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel),
        cmocka_unit_test(test_jmespath),
        cmocka_unit_test(test_rego),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_part_equals_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
