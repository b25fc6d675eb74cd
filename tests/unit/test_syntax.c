/* core/syntax: queries, the choice of a language, predicates, outline and errors. */
#include "test.h"

#include "base/vec.h"
#include "embedded.h"
#include "syntax/internal.h"
#include "syntax_text.h"

#include <stdlib.h>

static void test_queries_compile(void **state)
{
    (void)state;
    size_t seen = 0;
    for (const struct embedded *e = grammar_queries; e->name != NULL; e++) {
        const struct language *language = NULL;
        for (const struct language *l = languages; l->name != NULL; l++) {
            size_t len = strlen(l->queries);
            if (strncmp(e->name, l->queries, len) == 0 && e->name[len] == '/') {
                language = l;
            }
        }
        assert_non_null(language);
        struct err err = {0};
        struct query *query = query_new(language->grammar(), str_make(e->bytes, e->len), &err);
        if (query == NULL) {
            fail_msg("%s: %s", e->name, err.text);
        }
        if (query_unknown_predicate(query) != NULL) {
            fail_msg("%s: unknown predicate #%s", e->name, query_unknown_predicate(query));
        }
        bool highlights = strstr(e->name, "highlights.scm") != NULL;
        for (uint32_t i = 0; i < ts_query_capture_count(query_raw(query)) && highlights; i++) {
            const char *name = query_capture_name(query, i);
            if (name[0] != '_' && !syntax_capture_is_known(str_of(name))) {
                fail_msg("%s: unknown capture @%s", e->name, name);
            }
        }
        query_free(query);
        seen++;
    }
    assert_true(seen >= 10);
    for (const struct language *l = languages; l->name != NULL; l++) {
        assert_non_null(query_get(l, "highlights.scm"));
        assert_true(
            ts_language_version(l->grammar()) >= TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION);
    }
}

static void test_language_choice(void **state)
{
    (void)state;
    assert_string_equal(language_of("a/b.rego", STR_LIT(""))->name, "rego");
    assert_string_equal(language_of("a/b.YML", STR_LIT(""))->name, "yaml");
    assert_string_equal(language_of("README.md", STR_LIT(""))->name, "markdown");
    assert_string_equal(language_of("x", STR_LIT("package a.b"))->name, "rego");
    assert_string_equal(language_of("x", STR_LIT("{\"a\":1}"))->name, "json");
    assert_string_equal(language_of(NULL, STR_LIT("apiVersion: v1"))->name, "yaml");
    assert_null(language_of("x.c", STR_LIT("{")));
    assert_string_equal(language_of("photos.cedarschema", STR_LIT(""))->name, "cedar");
    assert_string_equal(language_comment(NULL, "a/main.go"), "//");
    assert_string_equal(language_comment(NULL, "a/Dockerfile"), "#");
    assert_null(language_comment(NULL, "a.bin"));
    assert_null(language_comment(NULL, NULL));
    assert_string_equal(language_comment(language_by_name(STR_LIT("rego")), "x.cedar"), "#");
    assert_null(language_of("x", STR_LIT("hello")));
    assert_string_equal(language_by_name(STR_LIT("YML"))->name, "yaml");
    assert_null(language_by_name(STR_LIT("")));
    assert_null(language_by_name(STR_LIT("cobol")));
}

/* ---- predicates ---- */

static size_t count_matches(const char *query_text, const char *json)
{
    const struct language *language = language_by_name(STR_LIT("json"));
    struct err err = {0};
    struct query *query = query_new(language->grammar(), str_of(query_text), &err);
    if (query == NULL) {
        fail_msg("%s: %s", query_text, err.text);
    }
    struct str str = str_of(json);
    struct syntax *syntax = syntax_new(language, syntax_source_str(&str));
    assert_true(syntax_parse(syntax, 0, str.len, 0));
    struct source_window window = piece_window(syntax, &syntax->pieces.items[0]);
    TSQueryCursor *cursor = ts_query_cursor_new();
    TSQueryMatch match;
    size_t count = 0;
    ts_query_cursor_exec(cursor, query_raw(query), ts_tree_root_node(syntax->pieces.items[0].tree));
    while (query_next(query, cursor, &window, &match)) {
        count++;
    }
    ts_query_cursor_delete(cursor);
    syntax_free(syntax);
    query_free(query);
    return count;
}

static void test_predicates(void **state)
{
    (void)state;
    const char *json = "{\"a\": \"a\", \"b\": \"c\", \"abc\": 1}";
    assert_int_equal(count_matches("(string_content) @s", json), 5);
    assert_int_equal(count_matches("((string_content) @s (#eq? @s \"a\"))", json), 2);
    assert_int_equal(count_matches("((string_content) @s (#not-eq? @s \"a\"))", json), 3);
    assert_int_equal(count_matches("((string_content) @s (#match? @s \"^[ab]\"))", json), 4);
    assert_int_equal(count_matches("((string_content) @s (#not-match? @s \"^[ab]\"))", json), 1);
    assert_int_equal(
        count_matches("((string_content) @s (#any-of? @s \"b\" \"abc\" \"x\"))", json), 2);
    assert_int_equal(
        count_matches("((string_content) @s (#not-any-of? @s \"b\" \"abc\"))", json), 3);
    assert_int_equal(count_matches("((pair key: (_) @k value: (_) @v) (#eq? @k @v))", json), 1);
    assert_int_equal(count_matches("((pair key: (_) @k value: (_) @v) (#not-eq? @k @v))", json), 2);
    assert_int_equal(count_matches("((string_content) @s (#is-not? local))", json), 5);
    assert_int_equal(count_matches("((string_content) @s (#strange? @s \"a\"))", json), 0);
    assert_int_equal(count_matches("(object (pair key: (_) @k)+)", json), 1);
    assert_int_equal(
        count_matches("((object (pair key: (_) @k)+) (#any-eq? @k \"\\\"a\\\"\"))", json), 1);
    struct err err = {0};
    const TSLanguage *grammar = language_by_name(STR_LIT("json"))->grammar();
    assert_null(query_new(grammar, STR_LIT("((string) @s (#match? @s \"(\"))"), &err));
    assert_null(query_new(grammar, STR_LIT("(no_such_node) @s"), &err));
    assert_null(query_new(grammar, STR_LIT("((string) @s (#eq? @s))"), &err));
    /* A pattern that would backtrack for ever counts as no match. */
    struct buf many = BUF_INIT;
    buf_append_char(&many, '"');
    buf_append_repeat(&many, 'a', 3000);
    buf_append_c(&many, "!\"");
    assert_int_equal(count_matches("((string_content) @s (#match? @s \"^(a+)+$\"))", many.ptr), 0);
    buf_free(&many);
}

/* ---- outline and errors ---- */

static char *outline_of(const char *language, const char *text)
{
    struct str str = str_of(text);
    struct syntax *syntax = syntax_new(language_by_name(str_of(language)), syntax_source_str(&str));
    struct outline outline = {0};
    struct buf out = BUF_INIT;
    assert_true(syntax_index(syntax, 0));
    syntax_outline(syntax, &outline);
    VEC_FOREACH (struct outline_entry, e, &outline) {
        buf_printf(&out, "%s|%s|%zu-%zu\n", e->kind, e->name, e->start_row, e->end_row);
    }
    outline_free(&outline);
    syntax_free(syntax);
    return buf_take(&out);
}

static void expect_outline(const char *language, const char *text, const char *expected)
{
    char *got = outline_of(language, text);
    assert_string_equal(got, expected);
    free(got);
}

static void test_outline(void **state)
{
    (void)state;
    expect_outline("rego",
        "package a.b\n"
        "import data.x\n"
        "default allow := false\n"
        "allow if {\n\tinput.x\n}\n"
        "f(x) := x + 1\n"
        "deny contains m if m := 1\n"
        "test_deny if { deny }\n",
        "package|a.b|0-0\n"
        "import|data.x|1-1\n"
        "rule|allow|2-2\n"
        "rule|allow|3-5\n"
        "function|f|6-6\n"
        "rule|deny|7-7\n"
        "test|test_deny|8-8\n");
    expect_outline("yaml",
        "kind: Pod\nmetadata:\n  name: web\n---\nmetadata: {}\nkind: Service\n---\na: 1\n",
        "document|Pod web|0-2\ndocument|Service|3-5\n");
    expect_outline("json", "{\"a\": 1,\n \"b\": {\"c\": 1}}", "key|a|0-0\nkey|b|1-1\n");
    expect_outline(
        "toml", "x = 1\n[a.b]\ny = 2\n[[c]]\nz = 3\n", "key|x|0-0\ntable|a.b|1-2\ntable|c|3-4\n");
    expect_outline(
        "markdown", "# One\n\ntext\n\n## Two\n\nmore\n", "heading|One|0-6\nheading|Two|4-6\n");
}

static void test_errors(void **state)
{
    (void)state;
    struct str str = STR_LIT("a: 1\n---\nb: [1, 2\n---\nc: 1\n");
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    struct syntax_errors errors = {0};
    assert_true(syntax_index(syntax, 0));
    syntax_errors(syntax, &errors);
    assert_true(errors.len >= 1);
    assert_true(errors.items[0].row >= 1 && errors.items[0].row <= 2);
    VEC_FREE(&errors);
    syntax_free(syntax);
    str = STR_LIT("package a\np := {\n");
    syntax = syntax_new(language_by_name(STR_LIT("rego")), syntax_source_str(&str));
    assert_true(syntax_index(syntax, 0));
    syntax_errors(syntax, &errors);
    assert_true(errors.len >= 1);
    VEC_FREE(&errors);
    syntax_free(syntax);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries_compile),
        cmocka_unit_test(test_language_choice),
        cmocka_unit_test(test_predicates),
        cmocka_unit_test(test_outline),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
