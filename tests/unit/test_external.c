/* How each editor is told a line. */
#include "test.h"

#include "external.h"

#include <stdlib.h>

static void test_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *program, *first, *second;
    } table[] = {
        {"vi", "+12", "./a.rego"}, {"/usr/bin/nvim -u NONE", "+12", "./a.rego"},
        {"  vim ", "+12", "./a.rego"}, {"nano", "+12,3", "./a.rego"},
        {"micro", "+12:3", "./a.rego"}, {"emacsclient -t", "+12:3", "./a.rego"},
        {"hx", "./a.rego:12:3", NULL}, {"code --wait", "--goto", "./a.rego:12:3"},
        {"ed", "./a.rego", NULL}, {"/opt/my editor/x", "./a.rego", NULL},
        {"visual", "./a.rego", NULL}, /* not vi */
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char *got[2];
        external_arguments(table[i].program, "./a.rego", 12, 3, got);
        assert_string_equal(got[0], table[i].first);
        if (table[i].second == NULL) {
            assert_null(got[1]);
        } else {
            assert_string_equal(got[1], table[i].second);
        }
        free(got[0]);
        free(got[1]);
        external_arguments(table[i].program, "prompt.md", 0, 0, got); /* no place */
        assert_string_equal(got[0], "prompt.md");
        assert_null(got[1]);
        free(got[0]);
    }
}

static void test_program(void **state)
{
    (void)state;
    unsetenv("VISUAL");
    unsetenv("EDITOR");
    assert_string_equal(external_program(), "vi");
    setenv("EDITOR", "nano", 1);
    assert_string_equal(external_program(), "nano");
    setenv("VISUAL", " ", 1);
    assert_string_equal(external_program(), "nano");
    setenv("VISUAL", "hx", 1);
    assert_string_equal(external_program(), "hx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
