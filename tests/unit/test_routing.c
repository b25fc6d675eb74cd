#include "test.h"

#include "base/mem.h"
#include "model/prices.h"
#include "model/routing.h"

#include <stdlib.h>

static char *home;
static char *workspace;

static int set_up(void **state)
{
    (void)state;
    home = test_dir_make();
    workspace = test_dir_make();
    setenv("XDG_CONFIG_HOME", home, 1);
    setenv("CODEX_HOME", home, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(home);
    test_dir_remove(workspace);
    return 0;
}

static void expect_route(
    const struct routing *routing, enum task task, const char *model, const char *effort)
{
    assert_string_equal(routing->routes[task].model, model);
    assert_string_equal(routing->routes[task].effort, effort);
}

static void without_a_table_the_article_s_holds(void **state)
{
    (void)state;
    struct config *config = config_load(workspace);
    struct routing routing;
    struct buf problems = BUF_INIT;
    routing_load(config, &routing, &problems);
    assert_int_equal(problems.len, 0);
    assert_false(routing.is_own);
    expect_route(&routing, TASK_REGO, "gpt-5.5", "high");
    expect_route(&routing, TASK_KYVERNO, "gpt-5.5", "medium");
    expect_route(&routing, TASK_REVIEW, "o3", "high");
    expect_route(&routing, TASK_BULK, "gpt-5.4-mini", "medium");
    expect_route(&routing, TASK_MIGRATE, "gpt-5.4-mini", "medium");
    struct prices *prices = prices_parse((struct str){0}, "", &problems);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        assert_non_null(prices_find(prices, routing.routes[i].model));
    }
    prices_free(prices);
    routing_clear(&routing);
    config_free(config);
}

static void rows_replace_it_and_mistakes_are_said(void **state)
{
    (void)state;
    test_write(home, "bylaw/config.toml",
        "[profiles.mine]\nmodel = \"m\"\neffort = \"low\"\n[routing]\nrego = \"mine\"\n"
        "review = { model = \"r\", effort = \"xhigh\", reason = \"because\" }\n"
        "bulk = \"none such\"\nlint = \"mine\"\nmigrate = { model = \"x\", effort = \"huge\" }\n");
    test_write(workspace, ".bylaw/config.toml",
        "[routing]\nrego = \"mine\"\nkyverno = { model = \"k\" }\n");
    struct config *config = config_load(workspace);
    struct routing routing;
    struct buf problems = BUF_INIT;
    assert_int_equal(config_problem_count(config), 0);
    routing_load(config, &routing, &problems);
    assert_true(routing.is_own);
    expect_route(&routing, TASK_REGO, "m", "low");
    assert_string_equal(routing.routes[TASK_REGO].profile, "mine");
    expect_route(&routing, TASK_REVIEW, "r", "xhigh");
    assert_string_equal(routing.routes[TASK_REVIEW].reason, "because");
    expect_route(&routing, TASK_KYVERNO, "k", "medium");
    expect_route(&routing, TASK_MIGRATE, "gpt-5.4-mini", "medium");
    char *expected = mem_printf(
        "%s/bylaw/config.toml:7: there is no profile \"none such\"\n"
        "%s/bylaw/config.toml:8: \"lint\" is no task; accepted: rego, kyverno, review, bulk, "
        "migrate\n"
        "%s/bylaw/config.toml:9: effort = \"huge\" is not known; accepted: "
        "none|minimal|low|medium|high|xhigh|max|ultra\n"
        ".bylaw/config.toml:2: a workspace's [routing] may name models, not profiles\n",
        home, home, home);
    assert_string_equal(problems.ptr, expected);
    free(expected);
    buf_free(&problems);
    routing_clear(&routing);
    config_free(config);
}

static void a_prompt_says_what_it_wants(void **state)
{
    static const struct {
        const char *prompt;
        int task; /* -1: nothing */
    } cases[] = {
        {"Write an OPA Gatekeeper constraint template that denies any Deployment", TASK_REGO},
        {"Write a Conftest Rego policy (package terraform.aws)", TASK_REGO},
        {"Generate a Kyverno ClusterPolicy that validates all Pods", TASK_KYVERNO},
        {"Please REVIEW the rego in policies/", TASK_REVIEW},
        {"Audit the Kyverno policies", TASK_REVIEW},
        {"Migrate all Rego to v1 syntax", TASK_MIGRATE},
        {"Read the CSV and write Rego for each control", TASK_BULK},
        {"Use input.review.object, and tell me.", -1},
        {"Look at this. Review.", TASK_REVIEW},
        {"open docs/review.md", -1},
        {"Make it shorter", -1},
        {"previewed auditorium regolith", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum task task;
        bool found = routing_guess(str_of(cases[i].prompt), &task);
        assert_int_equal(found ? (int)task : -1, cases[i].task);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_table_the_article_s_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_replace_it_and_mistakes_are_said, set_up, tear_down),
        cmocka_unit_test(a_prompt_says_what_it_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
