/* The grammars of the languages inside YAML, CEL and JMESPath, and of Cedar: their corpora, random
 * bytes, deep nesting. Their queries are compiled by unit/syntax. */
#include "grammar_corpus.h"

const TSLanguage *tree_sitter_cedar(void);
const TSLanguage *tree_sitter_cel(void);
const TSLanguage *tree_sitter_jmespath(void);

static TSParser *parser;

static void check_example(const struct grammar_example *example)
{
    grammar_check_example(parser, example);
}

static void test_corpora(void **state)
{
    (void)state;
    parser = ts_parser_new();
    assert_true(ts_parser_set_language(parser, tree_sitter_cel()));
    assert_in_range(grammar_each_example("grammars/cel/test/corpus", check_example), 7, 1000);
    assert_true(ts_parser_set_language(parser, tree_sitter_jmespath()));
    assert_in_range(grammar_each_example("grammars/jmespath/test/corpus", check_example), 7, 1000);
    assert_true(ts_parser_set_language(parser, tree_sitter_cedar()));
    assert_in_range(grammar_each_example("grammars/cedar/test/corpus", check_example), 6, 1000);
    ts_parser_delete(parser);
}

/* Whatever the bytes, a tree comes back that spans them. */
static void parse_bytes(const TSLanguage *language, struct str text)
{
    assert_true(ts_parser_set_language(parser, language));
    TSTree *tree = ts_parser_parse_string(parser, NULL, text.ptr, (uint32_t)text.len);
    assert_non_null(tree);
    assert_true(ts_node_end_byte(ts_tree_root_node(tree)) <= text.len);
    ts_tree_delete(tree);
}

static void test_hostile(void **state)
{
    (void)state;
    static const char alphabet[] = "a.[]{}()?:'\"`\\&|!@*0, \n";
    uint64_t seed = 17;
    parser = ts_parser_new();
    for (int round = 0; round < 300; round++) {
        char bytes[64];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = alphabet[(seed >> 33) % (sizeof alphabet - 1)];
        }
        parse_bytes(tree_sitter_cel(), str_make(bytes, sizeof bytes));
        parse_bytes(tree_sitter_jmespath(), str_make(bytes, sizeof bytes));
        parse_bytes(tree_sitter_cedar(), str_make(bytes, sizeof bytes));
    }
    static const char *const openers[] = {"(", "[", "{{", "a[?", "!", "f(", "'"};
    for (size_t i = 0; i < ARRAY_LEN(openers); i++) {
        struct buf deep = BUF_INIT;
        for (int k = 0; k < 2000; k++) {
            buf_append_c(&deep, openers[i]);
        }
        parse_bytes(tree_sitter_cel(), buf_str(&deep));
        parse_bytes(tree_sitter_jmespath(), buf_str(&deep));
        parse_bytes(tree_sitter_cedar(), buf_str(&deep));
        buf_free(&deep);
    }
    ts_parser_delete(parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpora),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
