/* The profile in force, the model and why, and what it cost, in a real terminal: the model is a
 * server of the test's. */
#include "test.h"

#include "base/mem.h"
#include "fault_server.h"
#include "term.h"

#include <stdlib.h>

#define EVENT(json) "data: " json "\n\n"

static const struct fault_step says[] = {
    {.body = EVENT("{\"type\":\"response.output_text.delta\",\"delta\":\"So it is.\"}") EVENT(
         "{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\","
         "\"usage\":{\"input_tokens\":12000,\"output_tokens\":300,\"total_tokens\":12300}}}")}};

struct fixture {
    char *dir;
    char *home;
    struct fault_server *server;
    struct term *term;
    const char *more; /* one more variable, or NULL */
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->home = test_dir_make();
    f->server = fault_server_start();
    fault_server_script(f->server, says, 1);
    char *config = mem_printf("base_url = \"%s/v1\"\n"
                              "[routing]\n"
                              "review = { model = \"deep\", effort = \"xhigh\", reason = \"it "
                              "digs\" }\nrego = \"policy\"\n"
                              "[profiles.policy]\nmodel = \"gpt-5.5\"\neffort = \"high\"\n"
                              "approval_policy = \"untrusted\"\n",
        fault_server_url(f->server));
    test_write(f->home, "config/bylaw/config.toml", config);
    /* The other one is Codex's. */
    test_write(f->home, "codex/policy-bulk.config.toml",
        "model = \"gpt-5.4-mini\"\nmodel_reasoning_effort = \"medium\"\n");
    test_write(f->dir, "p/p.rego", "package p\n\nallowed := true\n");
    free(config);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    fault_server_stop(f->server);
    test_dir_remove(f->dir);
    test_dir_remove(f->home);
    free(f);
    return 0;
}

static void start(struct fixture *f, const char *const *more, int rows, int cols)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    char *config = mem_printf("XDG_CONFIG_HOME=%s/config", f->home);
    char *state = mem_printf("XDG_STATE_HOME=%s/state", f->home);
    char *codex = mem_printf("CODEX_HOME=%s/codex", f->home);
    const char *argv[8] = {program, f->dir};
    for (size_t i = 0; more[i] != NULL; i++) {
        argv[i + 2] = more[i];
    }
    const char *env[] = {path, config, state, codex, f->more, NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    term_free(f->term);
    f->term = term_start(&options);
    free(program);
    free(path);
    free(config);
    free(state);
    free(codex);
}

static const char *const with_policy[] = {"-p", "policy", NULL};
static const char *const alone[] = {NULL};

static void the_profile_in_force_is_on_every_screen(void **state)
{
    struct fixture *f = *state;
    static const int sizes[][2] = {{40, 120}, {24, 80}, {10, 40}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        const char *const options[] = {"-n", "-p", "policy", NULL};
        start(f, options, sizes[i][0], sizes[i][1]);
        term_expect_row(f->term, 0, " policy ");
        term_key(f->term, "alt-P");
        term_expect(f->term, "Profile; $ in/out");
        term_expect(f->term,
            sizes[i][1] > 100 ? "approval untrusted, to generate Rego" : "policy  gpt-5.5");
        term_type(f->term, "bulk");
        term_key(f->term, "enter");
        term_expect_row(f->term, 0, " policy-bulk ");
        term_expect(f->term, "gpt-5.4-mini medium");
        term_key(f->term, "ctrl-q");
        assert_int_equal(term_wait_exit(f->term), 0);
    }
}

static void a_model_is_chosen_by_price_and_reason(void **state)
{
    struct fixture *f = *state;
    start(f, with_policy, 24, 80);
    term_expect_row(f->term, 0, "gpt-5.5 high");
    term_type(f->term, "/model");
    term_key(f->term, "esc enter"); /* Esc closes what completes it */
    term_expect(f->term, "gpt-5.4-mini medium  to migrate policies");
    term_expect(f->term, "price unknown");
    term_expect(f->term, "$0.75/$4.50");
    term_type(f->term, "bulk");
    term_key(f->term, "enter");
    term_expect_row(f->term, 0, "gpt-5.4-mini medium");
    term_type(f->term, "Well?");
    term_key(f->term, "enter");
    term_expect(f->term, "So it is.");
    term_expect(f->term, "12.3k tokens, $0.010; 96% left");
    term_type(f->term, "/model own low");
    term_key(f->term, "enter");
    term_expect_row(f->term, 0, "own low");
    term_expect(f->term, "(chosen while running)");
    term_type(f->term, "And now?");
    term_key(f->term, "enter");
    term_expect(f->term, "12.3k tokens, price unknown; ");
    term_type(f->term, "/profile none such");
    term_key(f->term, "enter");
    term_expect(f->term, "there is no profile \"none such\"; known: policy-bulk, policy");
}

static void the_task_s_model_shows_while_one_types(void **state)
{
    struct fixture *f = *state;
    start(f, alone, 30, 120);
    term_expect_row(f->term, 0, "gpt-5.5");
    term_type(f->term, "Please review p");
    term_expect_row(f->term, 0, "deep xhigh, to review and audit");
    assert_int_equal(fault_server_count(f->server), 0);
    term_key(f->term, "enter");
    term_expect(f->term, "deep xhigh, to review and audit: it digs.");
    term_expect(f->term, "So it is.");
    char *request = fault_server_request(f->server, 0);
    assert_non_null(strstr(request, "\"model\":\"deep\""));
    free(request);
}

/* Nothing is sent: what would answer shows while one types. */
static void openai_is_asked_by_the_article_s_table(void **state)
{
    struct fixture *f = *state;
    test_write(f->home, "config/bylaw/config.toml", "");
    f->more = "OPENAI_API_KEY=none";
    start(f, alone, 30, 120);
    term_expect_row(f->term, 0, "gpt-5.5 high");
    term_type(f->term, "Please audit p");
    term_expect_row(f->term, 0, "o3 high, to review and audit");
    term_key(f->term, "ctrl-u");
    term_type(f->term, "Migrate it");
    term_expect_row(f->term, 0, "gpt-5.4-mini medium, to migrate policies");
}

static void plain_mode_says_it_before_each_line(void **state)
{
    struct fixture *f = *state;
    const char *const options[] = {"--plain", "-p", "policy", NULL};
    start(f, options, 40, 100);
    term_expect(f->term, "policy>");
    term_expect(f->term, "Profile: policy: gpt-5.5, high, approval untrusted.");
    term_type(f->term, "profile policy-bulk\n");
    term_expect(f->term, "policy-bulk>");
    term_expect(f->term, "Model: gpt-5.4-mini medium, profile policy-bulk,");
    term_type(f->term, "quit\n");
    assert_int_equal(term_wait_exit(f->term), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_profile_in_force_is_on_every_screen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_model_is_chosen_by_price_and_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_task_s_model_shows_while_one_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(openai_is_asked_by_the_article_s_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_mode_says_it_before_each_line, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
