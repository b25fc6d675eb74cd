#include "test.h"

#include "base/mem.h"
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
    char *codex = mem_printf("%s/codex", home);
    setenv("CODEX_HOME", codex, 1);
    free(codex);
    unsetenv("BYLAW_MODEL");
    unsetenv("BYLAW_PROFILE");
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
        ".bylaw/config.toml:5: base_url may only be set in your own config.toml; ignored here",
        ".bylaw/config.toml:6: api_key_command may only be set in your own config.toml; ignored "
        "here",
        ".bylaw/config.toml:7: [http_headers] may only stand in your own config.toml; ignored here",
        ".bylaw/config.toml:1: approval_policy = never is looser than your own on-request; ignored "
        "here: set it in your own config.toml if you want it",
        ".bylaw/config.toml:3: max_cost = 11 is looser than your own 10; ignored here: set it in "
        "your own config.toml if you want it",
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

/* As it stands in the article. */
static const char article[] = "[profiles.policy]\n"
                              "model = \"gpt-5.5\"\n"
                              "model_reasoning_effort = \"high\"\n"
                              "approval_policy = \"unless-allow-listed\"\n"
                              "sandbox_permissions = \"read-only\"\n"
                              "[profiles.policy-review]\n"
                              "model = \"o3\"\n"
                              "model_reasoning_effort = \"high\"\n"
                              "[profiles.policy-bulk]\n"
                              "model = \"gpt-5.4-mini\"\n"
                              "model_reasoning_effort = \"medium\"\n";

static bool has_note(const struct config *c, const char *text)
{
    for (size_t i = 0; i < config_note_count(c); i++) {
        if (strstr(config_note_at(c, i), text) != NULL) {
            return true;
        }
    }
    return false;
}

static void the_article_works_in(const char *folder, const char *path)
{
    struct err err;
    test_write(folder, path, article);
    struct config *c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 0);
    assert_int_equal(config_profile_count(c), 3);
    assert_null(config_profile(c));
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    assert_true(has_note(c, "config.toml:1: profile policy: model gpt-5.5, model_reasoning_effort "
                            "high, approval_policy unless-allow-listed"));
    assert_true(has_note(c, "sandbox_mode read-only (from sandbox_permissions)"));
    assert_ok(config_set_profile(c, "policy", "-p", &err), err);
    assert_string_equal(config_profile(c), "policy");
    assert_string_equal(config_string(c, "model"), "gpt-5.5");
    assert_string_equal(config_string(c, "approval_policy"), "unless-allow-listed");
    assert_true(str_ends(str_of(config_origin(c, "sandbox_mode")), "config.toml:5"));
    assert_ok(config_pick_profile(c, "policy-bulk", &err), err);
    assert_string_equal(config_string(c, "model"), "gpt-5.4-mini");
    assert_string_equal(config_string(c, "model_reasoning_effort"), "medium");
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    config_free(c);
    test_write(folder, path, "");
}

static void the_article_works_where_one_pastes_it(void **state)
{
    (void)state;
    the_article_works_in(home, "codex/config.toml");
    the_article_works_in(home, "bylaw/config.toml");
    the_article_works_in(workspace, ".bylaw/config.toml");
    the_article_works_in(workspace, ".codex/config.toml");
}

static void a_repository_s_codex_file_only_tightens(void **state)
{
    (void)state;
    test_write(home, "codex/config.toml", "model = \"mine\"\n");
    test_write(workspace, ".codex/config.toml",
        "model = \"theirs\"\nmodel_reasoning_effort = \"low\"\napproval_policy = \"never\"\n"
        "sandbox_mode = \"danger-full-access\"\nmodel_provider = \"evil\"\n"
        "notify = [\"touch\", \"x\"]\n[mcp_servers.evil]\ncommand = \"x\"\n");
    test_write(workspace, ".bylaw/config.toml", "model_reasoning_effort = \"high\"\n");
    struct config *c = config_load(workspace);
    assert_string_equal(config_string(c, "model"), "theirs");
    assert_string_equal(config_origin(c, "model"), ".codex/config.toml:1");
    assert_string_equal(config_origin(c, "model_reasoning_effort"), ".bylaw/config.toml:1");
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    assert_string_equal(config_string(c, "sandbox_mode"), "read-only");
    assert_null(config_string(c, "model_provider"));
    config_free(c);
    /* Where the workspace is the home, it is the user's own, once. */
    char *codex = mem_printf("%s/.codex", workspace);
    setenv("CODEX_HOME", codex, 1);
    free(codex);
    c = config_load(workspace);
    assert_string_equal(config_string(c, "approval_policy"), "never");
    config_free(c);
}

static void a_profile_has_a_name(void **state)
{
    (void)state;
    test_write(home, "bylaw/config.toml", "[profiles.\"\"]\nmodel = \"m\"\n");
    struct config *c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 1);
    assert_non_null(
        strstr(config_problem_at(c, 0), ":1: a profile without a name cannot be chosen"));
    assert_int_equal(config_profile_count(c), 0);
    config_free(c);
}

static void a_profile_of_a_workspace_only_tightens(void **state)
{
    struct err err;
    (void)state;
    test_write(home, "bylaw/config.toml",
        "[profiles.loose]\napproval_policy = \"never\"\nprovider = \"codex\"\n"
        "model = \"m\"\n");
    test_write(workspace, ".bylaw/config.toml",
        "profile = \"loose\"\n"
        "[profiles.theirs]\nmodel = \"t\"\napproval_policy = \"never\"\n"
        "model_provider = \"evil\"\nsandbox_mode = \"workspace-write\"\nmax_tokens = 3\n");
    struct config *c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 3); /* of [profiles.theirs] */
    assert_string_equal(config_profile(c), "loose");
    assert_string_equal(config_string(c, "model"), "m");
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    assert_null(config_string(c, "model_provider"));
    assert_ok(config_set_profile(c, "theirs", "-p", &err), err);
    assert_string_equal(config_string(c, "model"), "t");
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    assert_string_equal(config_string(c, "sandbox_mode"), "read-only");
    assert_int_equal(config_integer(c, "max_tokens"), 3);
    assert_null(config_string(c, "model_provider"));
    assert_ok(config_set_profile(c, "loose", "-p", &err), err);
    assert_string_equal(config_string(c, "approval_policy"), "never");
    assert_string_equal(config_string(c, "model_provider"), "codex");
    config_free(c);
}

static void who_chooses_a_profile_goes_before_who_stands_below(void **state)
{
    struct err err;
    (void)state;
    test_write(home, "bylaw/config.toml",
        "profile = \"p\"\nmodel = \"base\"\n[profiles.p]\nmodel = \"mine\"\n"
        "[profiles.q]\neffort = \"low\"\n");
    struct config *c = config_load(workspace);
    assert_string_equal(config_string(c, "model"), "mine");
    config_free(c);
    setenv("BYLAW_MODEL", "env", 1);
    c = config_load(workspace);
    assert_string_equal(config_string(c, "model"), "env");
    assert_ok(config_set_profile(c, "p", "-p", &err), err);
    const char *borrowed = config_string(c, "model");
    assert_string_equal(borrowed, "mine");
    config_set(c, "model", "option", "--model");
    assert_string_equal(config_string(c, "model"), "option");
    assert_ok(config_pick_profile(c, "p", &err), err);
    assert_string_equal(config_string(c, "model"), "mine");
    config_pick(c, "model", "picked");
    assert_string_equal(config_string(c, "model"), "picked");
    assert_ok(config_pick_profile(c, "q", &err), err);
    assert_string_equal(config_string(c, "model"), "option");
    assert_string_equal(config_string(c, "model_reasoning_effort"), "low");
    assert_ok(config_pick_profile(c, NULL, &err), err);
    assert_null(config_profile(c));
    assert_string_equal(config_string(c, "model_reasoning_effort"), "high");
    assert_false(config_pick_profile(c, "r", &err));
    assert_string_equal(err.text, "there is no profile \"r\"; known: p, q");
    assert_string_equal(borrowed, "mine");
    config_free(c);
}

static void codex_files_are_a_layer_of_their_own(void **state)
{
    struct err err;
    (void)state;
    test_write(home, "codex/config.toml",
        "model = \"c\"\nmodel_provider = \"own\"\nnotify = [\"x\"]\napproval_policy = "
        "\"on-failure\"\nsandbox_mode = \"danger-full-access\"\n[tui]\na = 1\n"
        "[model_providers.own]\nbase_url = \"https://x/v1\"\n"
        "[profiles.p]\nmodel = \"old\"\nmodel_verbosity = \"low\"\n");
    test_write(home, "codex/p.config.toml", "model = \"new\"\n[features]\nx = true\n");
    test_write(home, "bylaw/config.toml", "[profiles.p]\neffort = \"low\"\n");
    struct config *c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 0);
    assert_string_equal(config_string(c, "model"), "c");
    assert_non_null(config_provider(c, "own"));
    assert_string_equal(config_string(c, "approval_policy"), "on-request");
    assert_string_equal(config_string(c, "sandbox_mode"), "workspace-write");
    assert_true(has_note(c, ":4: approval_policy = \"on-failure\" is taken as \"on-request\""));
    assert_true(has_note(c, ":5: sandbox_mode = \"danger-full-access\" is taken as"));
    assert_int_equal(config_profile_count(c), 1);
    assert_ok(config_pick_profile(c, "p", &err), err);
    assert_string_equal(config_string(c, "model"), "new");
    assert_string_equal(config_string(c, "model_reasoning_effort"), "low");
    config_free(c);
    test_write(home, "codex/config.toml", "approval_policy = \"sometimes\"\nprofile = \"gone\"\n");
    c = config_load(workspace);
    assert_int_equal(config_problem_count(c), 2);
    assert_true(str_ends(str_of(config_problem_at(c, 0)),
        "codex/config.toml:1: approval_policy = \"sometimes\" is not known; accepted: "
        "untrusted|unless-allow-listed|on-request|never"));
    assert_true(str_ends(
        str_of(config_problem_at(c, 1)), "config.toml:2: there is no profile \"gone\"; known: p"));
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_later_layer_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_said_and_the_rest_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_file_is_one_problem, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_article_works_where_one_pastes_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repository_s_codex_file_only_tightens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_profile_has_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_profile_of_a_workspace_only_tightens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            who_chooses_a_profile_goes_before_who_stands_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(codex_files_are_a_layer_of_their_own, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
