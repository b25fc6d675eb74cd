/* The Rego grammar: its corpus (grammars/rego/test/corpus, tree-sitter's own format), its queries,
 * edits, and input that is meant to hurt. */
#include "test.h"

#include "base/file.h"
#include "grammar_corpus.h"

#include <time.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_rego(void);

static TSParser *parser;

static TSTree *parse(struct str text, const TSTree *old)
{
    TSTree *tree = ts_parser_parse_string(parser, old, text.ptr, (uint32_t)text.len);
    assert_non_null(tree);
    return tree;
}

static bool has_error(struct str text)
{
    TSTree *tree = parse(text, NULL);
    bool error = ts_node_has_error(ts_tree_root_node(tree));
    ts_tree_delete(tree);
    return error;
}

static int set_up(void **state)
{
    (void)state;
    parser = ts_parser_new();
    return ts_parser_set_language(parser, tree_sitter_rego()) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ts_parser_delete(parser);
    return 0;
}

/* Calls `check` on every example; returns how many there are. */
static size_t each_example(void (*check)(const struct grammar_example *example))
{
    return grammar_each_example("grammars/rego/test/corpus", check);
}

static void check_example(const struct grammar_example *example)
{
    grammar_check_example(parser, example);
}

static void test_corpus(void **state)
{
    (void)state;
    assert_in_range(each_example(check_example), 70, 1000);
}

static void check_query(const char *path)
{
    struct buf text = BUF_INIT;
    struct err err = {0};
    uint32_t offset;
    TSQueryError error;
    assert_ok(file_read(path, 1 << 20, &text, &err), err);
    TSQuery *query =
        ts_query_new(tree_sitter_rego(), text.ptr, (uint32_t)text.len, &offset, &error);
    if (query == NULL) {
        fail_msg("%s: error %d at byte %u", path, (int)error, offset);
    }
    ts_query_delete(query);
    buf_free(&text);
}

static void test_queries(void **state)
{
    (void)state;
    static const char *const names[] = {
        "highlights", "injections", "locals", "folds", "indents", "tags", "textobjects"};
    char *dir = test_source_path("grammars/rego/queries");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct buf name = BUF_INIT;
        buf_printf(&name, "%s/%s.scm", dir, names[i]);
        check_query(name.ptr);
        buf_free(&name);
    }
    free(dir);
}

static TSPoint point_at(struct str text, size_t at)
{
    TSPoint point = {0, 0};
    for (size_t i = 0; i < at; i++) {
        point.column = text.ptr[i] == '\n' ? 0 : point.column + 1;
        point.row += text.ptr[i] == '\n';
    }
    return point;
}

static TSTree *edited(TSTree *tree, struct buf *text, size_t at, size_t removed, const char *added)
{
    size_t len = strlen(added);
    TSInputEdit edit = {.start_byte = (uint32_t)at,
        .old_end_byte = (uint32_t)(at + removed),
        .new_end_byte = (uint32_t)(at + len),
        .start_point = point_at(buf_str(text), at),
        .old_end_point = point_at(buf_str(text), at + removed)};
    buf_remove(text, at, removed);
    buf_insert(text, at, added, len);
    edit.new_end_point = point_at(buf_str(text), at + len);
    ts_tree_edit(tree, &edit);
    TSTree *next = parse(buf_str(text), tree);
    ts_tree_delete(tree);
    return next;
}

/* Whatever was typed and taken back: a text without errors has the tree of a fresh parse. */
static void check_edits(const struct grammar_example *example)
{
    static const char *const typed[] = {"{", "}", "[", "\"", "`", "# ", "\n", ".", " ", "x", ":="};
    if (example->error) {
        return;
    }
    struct buf text = BUF_INIT;
    buf_append_str(&text, example->code);
    TSTree *tree = parse(buf_str(&text), NULL);
    char *expected = ts_node_string(ts_tree_root_node(tree));
    for (size_t at = 0; at <= example->code.len; at += 3) {
        const char *key = typed[at % ARRAY_LEN(typed)];
        tree = edited(tree, &text, at, 0, key);
        tree = edited(tree, &text, at, strlen(key), "");
        char *got = ts_node_string(ts_tree_root_node(tree));
        if (strcmp(got, expected) != 0) {
            fail_msg("%.*s, `%s` at %zu:\n%s\n%s", STR_FMT(example->name), key, at, expected, got);
        }
        free(got);
    }
    free(expected);
    ts_tree_delete(tree);
    buf_free(&text);
}

static void test_edits(void **state)
{
    (void)state;
    assert_in_range(each_example(check_edits), 70, 1000);
}

static void test_bytes(void **state)
{
    (void)state;
    assert_false(
        has_error(STR_LIT("\xef\xbb\xbfpackage a\r\n\r\np if {\r\n\tx\r\n\ty # c\r\n}\r\n")));
    assert_false(has_error(STR_LIT("package a\np := \"\xe6\x97\xa5\" # \xe6\x97\xa5\n")));
    assert_true(has_error(STR_LIT("package a\np := 1\0\nq := 2\n")));
    assert_true(has_error(STR_LIT("package a\nq\xff := 2\n")));
    assert_true(has_error(STR_LIT("package a\np :=\xc2\xa0"
                                  "1\n")));
    assert_true(has_error(STR_LIT("package a\xc2")));
    assert_false(has_error(STR_LIT("")));
    assert_false(has_error(STR_LIT("\n# c")));
}

/* prefix, `open` so many times, middle, `close` so many times, suffix */
static struct buf repeated(
    const char *prefix, const char *open, size_t times, const char *middle, const char *close)
{
    struct buf text = BUF_INIT;
    buf_append_c(&text, prefix);
    for (size_t i = 0; i < times; i++) {
        buf_append_c(&text, open);
    }
    buf_append_c(&text, middle);
    for (size_t i = 0; i < times; i++) {
        buf_append_c(&text, close);
    }
    buf_append_char(&text, '\n');
    return text;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct {
    const char *prefix, *open, *middle, *close;
    size_t times;
    bool error;
} hostile[] = {
    /* 10,000 nested brackets, closed and open */
    {"package a\np := ", "[", "", "]", 10000, false},
    {"package a\np := ", "{", "", "}", 10000, false},
    {"package a\np := ", "[", "", "", 10000, true},
    {"package a\np := ", "{", "", "", 10000, true},
    {"package a\np if ", "(", "1", ")", 10000, false},
    {"package a\np if ", "not {", "1", "}", 10000, false},
    {"package a\np := ", "f(", "", ")", 10000, false},
    {"package a\np := ", "a[", "1", "]", 10000, false},
    {"package a\np := ", "[x | ", "1", "]", 2000, false},
    {"package a\np := ", "[x | ", "", "", 2000, true},
    {"package a\np := ", "$\"{", "1", "}\"", 5000, false},
    /* long lines */
    {"package a\np := 1", " + 1", "", "", 60000, false},
    {"package a\np := [", "{\"a\": 1, \"b\": [1, 2]}, ", "]", "", 12000, false},
    {"package a\np := \"", "xxxxxxxxxx", "\"", "", 100000, false},
    {"package a\np := ", "xxxxxxxxxx", "", "", 100000, false},
    {"package a\np := {", "x | ", "y}", "", 30000, false},
    {"package a\np := `", "xxxxxxxxx\n", "", "", 100000, true},
    {"package a\np := ", "\"", "", "", 100001, true},
    {"package a\n", "}{", "", "", 30000, true},
    {"package a\np := x", ".", "", "", 60000, true},
    {"package a\np := ", ":=", "", "", 60000, true},
    {"package a\n", "\"a\" ", "", "", 10000, true},
    {"package a\n", ".a", "", "", 20000, true},
    /* nodes of more than 65,535 children, which older libraries break on (tree-sitter #2134) */
    {"", "# c\n", "package a\n", "", 70000, false},
    {"package a\n", "p := 1\n", "", "", 70000, false},
    /* what the scanner looks over */
    {"package a\np if {\nx\n", "# c\n", "}", "", 30000, false},
    {"package a\np if {\nx }\n", "# c\n", "q := 1", "", 30000, false},
    {"package a\np if {\nx\n", "\n", "+ y }", "", 500000, false},
    {"package a\np if {\nx\n", "\n", "y }", "", 500000, false},
};

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double cost(size_t i, size_t times, bool expect)
{
    struct buf text =
        repeated(hostile[i].prefix, hostile[i].open, times, hostile[i].middle, hostile[i].close);
    double start = seconds();
    TSTree *tree = parse(buf_str(&text), NULL);
    double took = seconds() - start;
    if (expect && ts_node_has_error(ts_tree_root_node(tree)) != hostile[i].error) {
        fail_msg(
            "%zu x `%s`: %s", times, hostile[i].open, hostile[i].error ? "no error" : "an error");
    }
    ts_tree_delete(tree);
    buf_free(&text);
    return took;
}

/* Eight times the text may take about eight times the time, and takes 64 times where the work is
 * quadratic. A busy machine makes single figures wrong, in either direction: the best of some tries
 * counts. */
static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        double part = 1e9, whole = 1e9;
        for (int tries = 0; tries < 6 && whole > 0.4 && (tries == 0 || whole > 24 * part);
             tries++) {
            part = smaller(part, cost(i, hostile[i].times / 8, false));
            whole = smaller(whole, cost(i, hostile[i].times, true));
        }
        if (whole > 0.4 && whole > 24 * part) {
            fail_msg("%zu x `%s`: %.2f s, an eighth of it %.3f s", hostile[i].times,
                hostile[i].open, whole, part);
        }
    }
}

static void test_library_fits(void **state)
{
    (void)state;
    assert_in_range(ts_language_version(tree_sitter_rego()), 13, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_fits),
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
