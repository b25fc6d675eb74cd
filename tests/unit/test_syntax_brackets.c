/* core/syntax/brackets: pairs at and around a place. */
#include "syntax_text.h"

#include "base/vec.h"
#include "syntax/brackets.h"

/* Marks: the place, and where its partner is; one mark only: there is none. */
static void expect_at(const char *language, const char *marked)
{
    struct syntax_text text;
    struct bracket_pair pair;
    syntax_text_open(&text, language, marked);
    for (size_t i = 0; i < text.mark_count; i++) {
        bool found = syntax_bracket_at(text.syntax, text.marks[i], &pair);
        if (found != (text.mark_count == 2)) {
            fail_msg("%s: found %d", marked, found);
        }
        if (found && (pair.open != text.marks[0] || pair.close != text.marks[1])) {
            fail_msg("%s: %zu and %zu", marked, pair.open, pair.close);
        }
    }
    syntax_text_close(&text);
}

/* Marks: opening bracket, place, closing bracket; one mark: none around it. */
static void expect_around(const char *language, bool quotes, const char *marked)
{
    struct syntax_text text;
    struct bracket_pair pair;
    syntax_text_open(&text, language, marked);
    bool three = text.mark_count == 3;
    bool found = syntax_bracket_around(text.syntax, text.marks[three], quotes, &pair);
    if (found != three || (found && (pair.open != text.marks[0] || pair.close != text.marks[2]))) {
        fail_msg("%s: %d %zu %zu", marked, found, found ? pair.open : 0, found ? pair.close : 0);
    }
    syntax_text_close(&text);
}

static void test_at(void **state)
{
    (void)state;
    expect_at("rego", "package a\nx if §{ y == \"}\" # }\n\t[1]\n§}\n");
    expect_at("rego", "package a\nx := f§([1, {\"a\": 2}]§)\n");
    expect_at("rego", "package a\nx := a§[b[c]§]\n");
    expect_at("rego", "package a\nx := §\"a(§\"\n");
    expect_at("rego", "package a\nx := §`a\nb§`\n");
    expect_at("rego", "package a\nx := \"a§(b§)\"\n");
    expect_at("rego", "package a\nx := \"a§(b\" # )\n");
    expect_at("rego", "package a\nx §:= 1\n");
    expect_at("rego", "package a\nx if §{ y == (1 §} \n"); /* a scan through the error */
    expect_at("yaml", "a: §{b: [1, \"}\"]§}\n");
    expect_at("yaml", "a: §'it''s§'\n");
    expect_at("json", "{\"a\": §[1, [2]§]}");
    expect_at("markdown", "some §(text [a](b)§) here\n");
    expect_at(NULL, "a §( b ( ) §) c");
    expect_at(NULL, "a §( b");
    expect_at(
        "yaml", "a:\n  rego: |\n    package a\n    x = 1 §{\n      y == \"}\"\n    §}\nb: 1\n");
}

static void test_around(void **state)
{
    (void)state;
    expect_around("rego", false, "package a\nx if §{ y§ == \"}\" \n§}\n");
    expect_around("rego", false, "package a\nx if { y == f§(1, §[2]§) }\n");
    expect_around("rego", false, "package a\nx if { y == f(1, §[§2§]) }\n");
    expect_around("rego", true, "package a\nx := [§\"a§b§\"]\n");
    expect_around("rego", true, "package a\nx := [§\"§§\"]\n");
    expect_around("rego", false, "package a\nx := §[\"a§b\"§]\n");
    expect_around("rego", false, "package a\nx§ := [1]\n");
    expect_around("rego", false, "package a\nx if §{ y == (1 §§}\n");
    expect_around("json", false, "§{\"a\"§: 1§}");
    expect_around(NULL, false, "a §( b ( ) §c §) d");
    expect_around("yaml", false, "a:\n  rego: |\n    package a\n    x = 1 §{\n      §y\n    §}\n");
    expect_around("yaml", false, "a: §{b: §1§}\n");
}

static void test_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct syntax_text text;
    struct bracket_pair pair;
    syntax_text_open(&text, "rego", "package a\nx if { y := [1, {\"a\": f(2)}] }\nz := `(`\n");
    for (int i = 0; i < 60; i++) {
        syntax_text_edit_at_random(&text, "(){}[]\"`# \n\n=a", &seed);
        for (size_t at = 0; at <= text.text.len; at += 3) {
            if (syntax_bracket_at(text.syntax, at, &pair)) {
                assert_true(pair.open < pair.close && pair.close < text.text.len);
                assert_true(at >= pair.open && at < pair.close + pair.close_len);
            }
            if (syntax_bracket_around(text.syntax, at, true, &pair)) {
                assert_true(pair.open < at && at <= pair.close);
            }
        }
    }
    syntax_text_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at),
        cmocka_unit_test(test_around),
        cmocka_unit_test(test_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
