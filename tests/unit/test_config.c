#include "test.h"

#include "config/config.h"
#include "config/toml.h"

#include <stdlib.h>

static char *home;
static char *workspace;

static int set_up(void **state)
{
    (void)state;
    home = test_dir_make();
    workspace = test_dir_make();
    setenv("XDG_CONFIG_HOME", home, 1);
    unsetenv("BYLAW_MODEL");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(home);
    test_dir_remove(workspace);
    return 0;
}

static void the_later_layer_wins(void **state)
{
    (void)state;
    test_write(home, "bylaw/config.toml",
        "model = \"a\"\ncoverage_threshold = 80\napi_key_command = [\"pass\", "
        "\"k\"]\n[keys]\n\"app.quit\" = \"ctrl-x\"\n");
    test_write(workspace, ".bylaw/config.toml", "coverage_threshold = 95\n");
    struct config *c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 0);
    assert_string_equal(config_string(c, "model"), "a");
    assert_int_equal(config_integer(c, "coverage_threshold"), 95);
    assert_string_equal(config_origin(c, "coverage_threshold"), ".bylaw/config.toml:1");
    assert_string_equal(config_origin(c, "mouse"), "default");
    assert_true(config_bool(c, "mouse"));
    assert_int_equal(config_list_count(c, "api_key_command"), 2);
    assert_string_equal(toml_string_or(config_table(c, "keys"), "app.quit", ""), "ctrl-x");
    config_free(c);
    setenv("BYLAW_MODEL", "b", 1);
    c = config_load(workspace);
    assert_string_equal(config_string(c, "model"), "b");
    assert_string_equal(config_origin(c, "model"), "$BYLAW_MODEL");
    config_free(c);
}

static void mistakes_are_said_and_the_rest_holds(void **state)
{
    (void)state;
    test_write(home, "bylaw/config.toml",
        "model = 3\nwire_api = \"soap\"\ncoverage_threshold = 900\nmodle = \"x\"\nmouse = false\n");
    test_write(workspace, ".bylaw/config.toml",
        "approval_policy = \"never\"\nsandbox_mode = \"read-only\"\nmax_cost = 11\nmax_tokens = 9\n"
        "base_url = \"http://evil\"\napi_key_command = [\"rm\"]\n[http_headers]\na = \"b\"\n");
    struct config *c = config_load(workspace);
    static const char *const expected[] = {
        ":1: model takes a string, not a whole number",
        ":2: wire_api = \"soap\" is not known; accepted: responses|chat",
        ":3: coverage_threshold takes a whole number from 0 to 100",
        ":4: \"modle\" is no setting; `bylaw config` lists them",
        ".bylaw/config.toml:1: approval_policy = never is looser than your own on-request; ignored "
        "here",
        ".bylaw/config.toml:3: max_cost = 11 is looser than your own 10; ignored here",
        ".bylaw/config.toml:5: base_url may only be set in your own config.toml; ignored here",
        ".bylaw/config.toml:6: api_key_command may only be set in your own config.toml; ignored "
        "here",
        ".bylaw/config.toml:7: [http_headers] may only stand in your own config.toml; ignored here",
    };
    assert_int_equal(config_problem_count(c), ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        if (!str_ends(str_of(config_problem_at(c, i)), expected[i])) {
            fail_msg("got: %s", config_problem_at(c, i));
        }
    }
    assert_string_equal(config_string(c, "model"), "gpt-5.5");
    assert_null(config_string(c, "base_url"));
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    assert_int_equal(config_integer(c, "max_tokens"), 9);
    assert_false(config_bool(c, "mouse"));
    assert_null(config_table(c, "http_headers"));
    config_free(c);
}

static void a_broken_file_is_one_problem(void **state)
{
    (void)state;
    test_write(home, "bylaw/config.toml", "model = \n");
    struct config *c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 1);
    assert_non_null(strstr(config_problem_at(c, 0), "config.toml:1:1: not valid TOML here"));
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_later_layer_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_said_and_the_rest_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_file_is_one_problem, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
