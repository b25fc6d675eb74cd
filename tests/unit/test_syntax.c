/* core/syntax: queries, highlight dumps, documents, random edits, injections, outline, errors. */
#include "dice.h"
#include "test.h"

#include "base/vec.h"
#include "embedded.h"
#include "syntax/internal.h"
#include "syntax_text.h"

#include <stdio.h>
#include <stdlib.h>

/* A string as a source that hands out at most `chunk` bytes at a time. */
struct text {
    struct buf bytes;
    size_t chunk;
};

static struct str text_read(void *data, size_t offset)
{
    struct text *text = data;
    struct str rest = str_from(buf_str(&text->bytes), offset);
    return rest.len > text->chunk ? str_slice(rest, 0, text->chunk) : rest;
}

static size_t text_size(void *data)
{
    return ((struct text *)data)->bytes.len;
}

static struct syntax_source text_source(struct text *text)
{
    return (struct syntax_source){text_read, text_size, text};
}

/* "capture|text" lines of the whole text; a line feed in the text is shown as "\n". */
static char *dump(struct syntax *syntax, struct str text)
{
    struct syntax_spans spans = {0};
    struct buf out = BUF_INIT;
    assert_true(syntax_parse(syntax, 0, text.len, 0));
    syntax_highlight(syntax, 0, text.len, &spans);
    size_t last = 0;
    VEC_FOREACH (struct syntax_span, s, &spans) {
        assert_true(s->start >= last && s->end > s->start && s->end <= text.len);
        assert_true(s->capture > CAPTURE_NONE && s->capture < CAPTURE_COUNT);
        last = s->end;
        buf_printf(&out, "%s|", syntax_capture_name(s->capture));
        for (size_t i = s->start; i < s->end; i++) {
            if (text.ptr[i] == '\n') {
                buf_append_c(&out, "\\n");
            } else {
                buf_append_char(&out, text.ptr[i]);
            }
        }
        buf_append_char(&out, '\n');
    }
    VEC_FREE(&spans);
    return buf_take(&out);
}

static void expect_dump(const char *language, const char *text, const char *expected)
{
    struct str str = str_of(text);
    const struct language *l = language_by_name(str_of(language));
    assert_non_null(l);
    struct syntax *syntax = syntax_new(l, syntax_source_str(&str));
    char *got = dump(syntax, str);
    assert_string_equal(got, expected);
    free(got);
    syntax_free(syntax);
}

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

static void test_highlight_rego(void **state)
{
    (void)state;
    expect_dump("rego",
        "package a.b\n"
        "import data.lib as l\n"
        "deny contains msg if {\n"
        "\tinput.x == \"a\\n\" # why\n"
        "\tcount(l.f(1)) > 2\n"
        "}\n",
        "keyword.import|package\n"
        "module|a\n"
        "punctuation.delimiter|.\n"
        "module|b\n"
        "keyword.import|import\n"
        "module|data\n"
        "punctuation.delimiter|.\n"
        "module|lib\n"
        "keyword.import|as\n"
        "module|l\n"
        "function|deny\n"
        "keyword|contains\n"
        "variable|msg\n"
        "keyword|if\n"
        "punctuation.bracket|{\n"
        "variable.builtin|input\n"
        "punctuation.delimiter|.\n"
        "property|x\n"
        "operator|==\n"
        "string|\"a\n"
        "string.escape|\\n\n"
        "string|\"\n"
        "comment|# why\n"
        "function.builtin|count\n"
        "punctuation.bracket|(\n"
        "variable|l\n"
        "punctuation.delimiter|.\n"
        "function|f\n"
        "punctuation.bracket|(\n"
        "number|1\n"
        "punctuation.bracket|))\n"
        "operator|>\n"
        "number|2\n"
        "punctuation.bracket|}\n");
}

static void test_highlight_yaml(void **state)
{
    (void)state;
    expect_dump("yaml",
        "# c\n"
        "a: &x 1\n"
        "b: [true, \"q\", ~]\n"
        "---\n"
        "\"k\": *x\n"
        "t: |\n"
        "  text\n",
        "comment|# c\n"
        "property|a\n"
        "punctuation.delimiter|:\n"
        "punctuation.special|&\n"
        "label|x\n"
        "number|1\n"
        "property|b\n"
        "punctuation.delimiter|:\n"
        "punctuation.bracket|[\n"
        "boolean|true\n"
        "punctuation.delimiter|,\n"
        "string|\"q\"\n"
        "punctuation.delimiter|,\n"
        "constant.builtin|~\n"
        "punctuation.bracket|]\n"
        "punctuation.special|---\n"
        "property|\"k\"\n"
        "punctuation.delimiter|:\n"
        "punctuation.special|*\n"
        "label|x\n"
        "property|t\n"
        "punctuation.delimiter|:\n"
        "punctuation.delimiter||\n"
        "string|\\n  text\\n\n");
}

static void test_highlight_json(void **state)
{
    (void)state;
    expect_dump("json", "{\"a\": [1, \"x\\t\", null, true]}",
        "punctuation.bracket|{\n"
        "property|\"a\"\n"
        "punctuation.delimiter|:\n"
        "punctuation.bracket|[\n"
        "number|1\n"
        "punctuation.delimiter|,\n"
        "string|\"x\n"
        "string.escape|\\t\n"
        "string|\"\n"
        "punctuation.delimiter|,\n"
        "constant.builtin|null\n"
        "punctuation.delimiter|,\n"
        "boolean|true\n"
        "punctuation.bracket|]}\n");
}

static void test_highlight_toml(void **state)
{
    (void)state;
    expect_dump("toml", "[a.b]\nk = \"v\" # c\nn = 1\nt = true\n",
        "punctuation.bracket|[\n"
        "type|a\n"
        "punctuation.delimiter|.\n"
        "type|b\n"
        "punctuation.bracket|]\n"
        "property|k\n"
        "operator|=\n"
        "string|\"v\"\n"
        "comment|# c\n"
        "property|n\n"
        "operator|=\n"
        "number|1\n"
        "property|t\n"
        "operator|=\n"
        "boolean|true\n");
}

static void test_highlight_markdown(void **state)
{
    (void)state;
    expect_dump("markdown",
        "# T *i*\n"
        "\n"
        "a **b** `c`\n"
        "\n"
        "```json\n"
        "{\"a\": 1}\n"
        "```\n",
        "markup.heading|#\n"
        "markup.heading|T \n"
        "punctuation.delimiter|*\n"
        "markup.italic|i\n"
        "punctuation.delimiter|*\n"
        "punctuation.delimiter|**\n"
        "markup.bold|b\n"
        "punctuation.delimiter|**\n"
        "punctuation.delimiter|`\n"
        "markup.raw|c\n"
        "punctuation.delimiter|`\n"
        "punctuation.delimiter|```\n"
        "label|json\n"
        "markup.raw|\\n\n"
        "punctuation.bracket|{\n"
        "property|\"a\"\n"
        "punctuation.delimiter|:\n"
        "number|1\n"
        "punctuation.bracket|}\n"
        "punctuation.delimiter|```\n"
        "markup.raw|\\n\n");
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

/* ---- edits ---- */

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static size_t below(size_t bound)
{
    return bound == 0 ? 0 : (size_t)(dice_roll(&random_state) % bound);
}

static void replace(
    struct text *text, struct syntax *syntax, size_t at, size_t removed, struct str with)
{
    TSInputEdit edit = {
        .start_byte = (uint32_t)at,
        .old_end_byte = (uint32_t)(at + removed),
        .new_end_byte = (uint32_t)(at + with.len),
        .start_point = syntax_text_point(buf_str(&text->bytes), at),
        .old_end_point = syntax_text_point(buf_str(&text->bytes), at + removed),
    };
    buf_remove(&text->bytes, at, removed);
    buf_insert(&text->bytes, at, with.ptr, with.len);
    edit.new_end_point = syntax_text_point(buf_str(&text->bytes), at + with.len);
    syntax_edit(syntax, &edit);
}

/* All that can be asked of it, as text. */
static char *everything(struct syntax *syntax, struct str text)
{
    struct buf out = BUF_INIT;
    char *spans = dump(syntax, text);
    buf_append_c(&out, spans);
    free(spans);
    syntax_print(syntax, SYNTAX_TREE_TEXT, &out);
    assert_true(syntax_index(syntax, 0));
    struct outline outline = {0};
    syntax_outline(syntax, &outline);
    VEC_FOREACH (struct outline_entry, e, &outline) {
        buf_printf(&out, "%s %s %zu-%zu %zu-%zu\n", e->kind, e->name, e->start, e->end,
            e->start_row, e->end_row);
    }
    outline_free(&outline);
    struct syntax_errors errors = {0};
    syntax_errors(syntax, &errors);
    VEC_FOREACH (struct syntax_error, e, &errors) {
        buf_printf(&out, "%zu:%zu %s\n", e->row, e->column, e->text);
    }
    VEC_FREE(&errors);
    struct syntax_injections injections = {0};
    syntax_injections(syntax, 0, text.len, &injections);
    VEC_FOREACH (struct syntax_injection, i, &injections) {
        buf_printf(&out, "%s %zu-%zu %zu\n", i->language->name, i->start, i->end, i->range_count);
    }
    syntax_injections_free(&injections);
    return buf_take(&out);
}

static void check_pieces(const struct syntax *syntax, struct str text)
{
    size_t at = 0;
    size_t row = 0;
    for (size_t i = 0; i < syntax->pieces.len; i++) {
        const struct piece *piece = &syntax->pieces.items[i];
        assert_int_equal(piece->start, at);
        assert_int_equal(piece->row, row);
        at += piece->len;
        row += piece->rows;
    }
    assert_int_equal(at, text.len);
    assert_int_equal(row, syntax_text_point(text, text.len).row);
}

static bool has_errors(struct syntax *syntax)
{
    struct syntax_errors errors = {0};
    syntax_index(syntax, 0);
    syntax_errors(syntax, &errors);
    bool found = errors.len > 0;
    VEC_FREE(&errors);
    return found;
}

/* A text without errors has one tree, however it came about. In a broken one tree-sitter's recovery
 * depends on what it could reuse: there it may differ, but seldom. */
static void edit_at_random(
    const char *language, const char *start, const char *const *words, size_t word_count)
{
    const struct language *l = language_by_name(str_of(language));
    int compared = 0, differed = 0;
    for (int round = 0; round < 12; round++) {
        struct text text = {BUF_INIT, 1 + below(40)};
        buf_append_c(&text.bytes, start);
        struct syntax *edited = syntax_new(l, text_source(&text));
        for (int step = 0; step < 40; step++) {
            size_t at = below(text.bytes.len + 1);
            size_t removed = below(3) == 0 ? below(text.bytes.len - at + 1) % 40 : 0;
            struct str with = str_of(words[below(word_count)]);
            replace(&text, edited, at, removed, removed > 0 && below(2) == 0 ? STR_LIT("") : with);
            check_pieces(edited, buf_str(&text.bytes));
            if (below(3) == 0) {
                syntax_parse(edited, below(text.bytes.len), text.bytes.len, below(2));
            }
            if (below(4) != 0) {
                continue;
            }
            struct syntax *fresh = syntax_new(l, text_source(&text));
            assert_int_equal(fresh->pieces.len, edited->pieces.len);
            char *expected = everything(fresh, buf_str(&text.bytes));
            char *got = everything(edited, buf_str(&text.bytes));
            compared++;
            if (strcmp(expected, got) != 0 && has_errors(fresh)) {
                differed++;
            } else if (strcmp(expected, got) != 0) {
                fprintf(stderr, "--- text\n%s\n--- whole\n%s\n--- by edits\n%s\n", text.bytes.ptr,
                    expected, got);
                fail_msg("%s, round %d, step %d", language, round, step);
            }
            free(expected);
            free(got);
            syntax_free(fresh);
        }
        syntax_free(edited);
        buf_free(&text.bytes);
    }
    assert_in_range(differed, 0, compared / 20);
}

static void test_edits_yaml(void **state)
{
    (void)state;
    static const char *const words[] = {"---\n", "\n---\n", "...\n", "a", "\n", ": ", "- x\n",
        "# c\n", "%YAML 1.2\n", "  ", "rego: |\n  package a\n  p := 1\n", "\"", "---", "-", "|\n",
        "kind: Pod\n", "metadata: {name: x}\n", "\r\n", "\xc3\xa9", "\xff"};
    edit_at_random("yaml",
        "# first\n---\na: 1\nkind: Pod\nmetadata:\n  name: web\n---\nrego: |\n  package b\n\n"
        "  deny := 1\nlibs:\n- |\n  package c\n...\nb: [1, 2]\n",
        words, ARRAY_LEN(words));
}

static void test_edits_rego(void **state)
{
    (void)state;
    static const char *const words[] = {"allow if { x }\n", "{", "}", "\n",
        "# METADATA\n# title: x\n", "#", "\"", "`", " := ", "a.b", "some x in y\n", "not ", "1",
        "package q\n", "\xe2\x82\xac"};
    edit_at_random("rego",
        "package a\n\n# METADATA\n# title: t\n# scope: rule\ndeny contains m if {\n\tm := "
        "\"x\"\n}\n",
        words, ARRAY_LEN(words));
}

static void test_edits_markdown(void **state)
{
    (void)state;
    static const char *const words[] = {"# h\n", "\n\n", "*", "**", "`", "```rego\n", "```\n", "- ",
        "> ", "a b", "\n", "| a | b |\n|---|---|\n", "[x](y)", "    "};
    edit_at_random("markdown",
        "# t\n\ntext *a* **b** `c`\n\n```rego\npackage a\np := 1\n```\n\n- one\n- two\n", words,
        ARRAY_LEN(words));
}

/* A marker ends a document inside a block scalar too, and comments belong to what follows. */
static void test_documents(void **state)
{
    (void)state;
    struct str str =
        STR_LIT("# licence\n%YAML 1.2\n---\na: |\n  x\n--- # next\nb: 1\n----\n...\nc: 1\n");
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    assert_int_equal(syntax->pieces.len, 3);
    assert_int_equal(syntax->pieces.items[0].row, 0);
    assert_int_equal(syntax->pieces.items[1].row, 5);
    assert_int_equal(syntax->pieces.items[2].row, 9);
    assert_true(syntax_parse(syntax, 0, 1, 0));
    assert_non_null(syntax->pieces.items[0].tree);
    assert_null(syntax->pieces.items[1].tree);
    syntax_free(syntax);
}

/* More rows than the grammar can count: cut, parsed apart, no made-up errors. */
static void test_long_document(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 70000; i++) {
        buf_append_c(&text, i % 50 == 0 ? "key:\n" : "  - 1\n");
    }
    struct str str = buf_str(&text);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    assert_true(syntax->pieces.len >= 3);
    size_t from = text.len - 600;
    assert_true(syntax_parse(syntax, from, text.len, 0));
    struct syntax_spans spans = {0};
    syntax_highlight(syntax, from, text.len, &spans);
    assert_true(spans.len > 50);
    assert_int_equal(spans.items[spans.len - 1].capture, CAPTURE_NUMBER);
    VEC_FREE(&spans);
    syntax_free(syntax);
    buf_free(&text);
}

/* A budget stops a parse, the next call goes on, and the result is the same. */
static void test_budget(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "package a\n");
    for (int i = 0; i < 4000; i++) {
        buf_printf(&text, "r%d := [x | some x in input.y; x > %d]\n", i, i);
    }
    struct str str = buf_str(&text);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("rego")), syntax_source_str(&str));
    int calls = 1;
    while (!syntax_parse(syntax, 0, 4096, 1000)) {
        calls++;
    }
    assert_true(calls > 2);
    size_t from;
    size_t to;
    assert_true(syntax_take_changed_rows(syntax, &from, &to));
    assert_false(syntax_take_changed_rows(syntax, &from, &to));
    struct syntax *whole = syntax_new(language_by_name(STR_LIT("rego")), syntax_source_str(&str));
    char *expected = everything(whole, str);
    char *got = everything(syntax, str);
    assert_string_equal(expected, got);
    free(expected);
    free(got);
    syntax_free(whole);
    syntax_free(syntax);
    buf_free(&text);
}

/* ---- injections ---- */

static const char template_yaml[] = "apiVersion: v1\n"                /* 0 */
                                    "---\n"                           /* 1 */
                                    "kind: ConstraintTemplate\n"      /* 2 */
                                    "spec:\n"                         /* 3 */
                                    "  targets:\n"                    /* 4 */
                                    "    - target: admission\n"       /* 5 */
                                    "      rego: |\n"                 /* 6 */
                                    "        package tmpl\n"          /* 7 */
                                    "\n"                              /* 8 */
                                    "        deny contains m if {\n"  /* 9 */
                                    "          m := `raw\n"           /* 10 */
                                    "        text`\n"                 /* 11 */
                                    "        }\n"                     /* 12 */
                                    "      libs:\n"                   /* 13 */
                                    "        - |-\n"                  /* 14 */
                                    "          package lib.x\n"       /* 15 */
                                    "        - >-\n"                  /* 16 */
                                    "          package lib.folded\n"; /* 17 */

static void test_injection_template(void **state)
{
    (void)state;
    struct str str = str_of(template_yaml);
    struct syntax_source source = syntax_source_str(&str);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, str.len, &found);
    assert_int_equal(found.len, 3);
    assert_string_equal(found.items[0].language->name, "rego");
    struct buf inner = BUF_INIT;
    syntax_injection_text(&found.items[0], &source, &inner);
    assert_string_equal(inner.ptr, "package tmpl\n\ndeny contains m if {\n  m := `raw\ntext`\n}\n");
    buf_clear(&inner);
    syntax_injection_text(&found.items[1], &source, &inner);
    assert_string_equal(inner.ptr, "package lib.x\n");
    size_t row;
    size_t column;
    assert_true(syntax_injection_to_host(&found.items[0], 3, 2, &row, &column));
    assert_int_equal(row, 10);
    assert_int_equal(column, 10);
    assert_true(syntax_injection_from_host(&found.items[0], 10, 10, &row, &column));
    assert_int_equal(row, 3);
    assert_int_equal(column, 2);
    assert_false(syntax_injection_to_host(&found.items[0], 40, 0, &row, &column));
    assert_false(syntax_injection_from_host(&found.items[0], 5, 0, &row, &column));
    assert_true(found.items[0].exact);
    assert_false(found.items[2].exact);
    assert_false(syntax_injection_to_host(&found.items[2], 0, 0, &row, &column));
    buf_free(&inner);
    syntax_injections_free(&found);
    char *spans = dump(syntax, str);
    assert_non_null(strstr(spans, "keyword.import|package\nmodule|tmpl\nfunction|deny\n"));
    assert_non_null(strstr(spans, "keyword.import|package\nmodule|lib\n"));
    /* The indentation inside the raw string is not part of it. */
    assert_non_null(strstr(spans, "string|`raw\\n\nstring|text`\n"));
    free(spans);
    syntax_free(syntax);
}

/* A screen that begins in the middle of a long policy still finds it. */
static void test_injection_from_the_middle(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "spec:\n  rego: |\n    package a\n");
    for (int i = 0; i < 3000; i++) {
        buf_printf(&text, "    r%d := 1\n", i);
    }
    struct str str = buf_str(&text);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    size_t from = text.len / 2;
    assert_true(syntax_parse(syntax, from, from + 500, 0));
    struct syntax_spans spans = {0};
    syntax_highlight(syntax, from, from + 500, &spans);
    assert_true(spans.len > 20);
    VEC_FOREACH (struct syntax_span, s, &spans) {
        assert_int_not_equal(s->capture, CAPTURE_STRING);
    }
    VEC_FREE(&spans);
    syntax_free(syntax);
    buf_free(&text);
}

static void test_injection_metadata(void **state)
{
    (void)state;
    struct str str =
        STR_LIT("package a\n\n# METADATA\n# title: Deny\n# custom:\n#   n: 1\np := 1\n");
    struct syntax_source source = syntax_source_str(&str);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("rego")), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, str.len, &found);
    assert_int_equal(found.len, 1);
    assert_string_equal(found.items[0].language->name, "yaml");
    struct buf inner = BUF_INIT;
    syntax_injection_text(&found.items[0], &source, &inner);
    assert_string_equal(inner.ptr, " title: Deny\n custom:\n   n: 1\n");
    size_t row;
    size_t column;
    assert_true(syntax_injection_to_host(&found.items[0], 2, 3, &row, &column));
    assert_int_equal(row, 5);
    assert_int_equal(column, 4);
    buf_free(&inner);
    syntax_injections_free(&found);
    char *spans = dump(syntax, str);
    assert_non_null(strstr(spans, "comment|#\nproperty|title\n"));
    free(spans);
    syntax_free(syntax);
}

static void test_injection_quoted_fence(void **state)
{
    (void)state;
    struct str str = STR_LIT("> ```rego\n> package a\n> p := 1\n> ```\n");
    struct syntax_source source = syntax_source_str(&str);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("markdown")), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, str.len, &found);
    assert_int_equal(found.len, 1);
    struct buf inner = BUF_INIT;
    syntax_injection_text(&found.items[0], &source, &inner);
    assert_string_equal(inner.ptr, "package a\np := 1\n");
    size_t row;
    size_t column;
    assert_true(syntax_injection_to_host(&found.items[0], 1, 0, &row, &column));
    assert_int_equal(row, 2);
    assert_int_equal(column, 2);
    buf_free(&inner);
    syntax_injections_free(&found);
    syntax_free(syntax);
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

/* No language: everything is empty, nothing fails. */
static void test_plain(void **state)
{
    (void)state;
    struct str str = STR_LIT("hello");
    struct syntax *syntax = syntax_new(NULL, syntax_source_str(&str));
    char *got = everything(syntax, str);
    assert_string_equal(got, "");
    free(got);
    syntax_edit(syntax, &(TSInputEdit){.new_end_byte = 5});
    syntax_free(syntax);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries_compile),
        cmocka_unit_test(test_language_choice),
        cmocka_unit_test(test_highlight_rego),
        cmocka_unit_test(test_highlight_yaml),
        cmocka_unit_test(test_highlight_json),
        cmocka_unit_test(test_highlight_toml),
        cmocka_unit_test(test_highlight_markdown),
        cmocka_unit_test(test_predicates),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_long_document),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_injection_template),
        cmocka_unit_test(test_injection_from_the_middle),
        cmocka_unit_test(test_injection_metadata),
        cmocka_unit_test(test_injection_quoted_fence),
        cmocka_unit_test(test_outline),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_edits_yaml),
        cmocka_unit_test(test_edits_rego),
        cmocka_unit_test(test_edits_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
