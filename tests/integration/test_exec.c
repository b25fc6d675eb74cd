/* bylaw exec: one prompt without a screen, against a server that misbehaves: what comes out of
 * which end, how it exits, what is kept. */
#include "test.h"

#include "agent/review_queue.h"
#include "agent_run.h"
#include "agent_setup.h"
#include "base/json.h"
#include "base/path.h"
#include "model_wires.h"

#include <stdlib.h>

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{\"control_id\":{\"type\":\"string\"}},\"required\":"
    "[\"control_id\"],\"additionalProperties\":false}";

#define PATCH(text) "{\\\"input\\\":\\\"*** Begin Patch\\\\n" text "*** End Patch\\\\n\\\"}"
#define ADD_POLICY                                                                                 \
    "*** Add File: q/q.rego\\\\n+package q\\\\n+\\\\n+deny contains msg if "                       \
    "{\\\\n+\\\\tinput.bad\\\\n+"                                                                  \
    "\\\\tmsg := \\\\\\\"bad\\\\\\\"\\\\n+}\\\\n"
#define ADD_TEST(body)                                                                             \
    "*** Add File: q/q_test.rego\\\\n+package q_test\\\\n+\\\\n+import "                           \
    "data.q\\\\n+\\\\n+test_deny if " body "\\\\n"
#define ADD_FIXTURE                                                                                \
    "*** Add File: q/testdata/invalid_a.json\\\\n+{\\\\\\\"kind\\\\\\\": "                         \
    "\\\\\\\"Pod\\\\\\\"}\\\\n"
#define GREEN                                                                                      \
    PATCH(ADD_POLICY ADD_TEST("count(q.deny) == 1 with input as {\\\\\\\"bad\\\\\\\": true}"))
#define LOOSE                                                                                      \
    PATCH(ADD_POLICY ADD_TEST("count(q.deny) == 1 with input as {\\\\\\\"bad\\\\\\\": true}")      \
            ADD_FIXTURE)
#define RED                                                                                        \
    PATCH(ADD_POLICY ADD_TEST("count(q.deny) == 7 with input as {\\\\\\\"bad\\\\\\\": true}"))

static int set_up(void **state)
{
    struct agent_run *run = agent_run_new();
    agent_setup_builtin(run, "chat");
    test_write(run->home, "schema.json", schema);
    *state = run;
    return 0;
}

static int tear_down(void **state)
{
    agent_run_free(*state);
    return 0;
}

static int run_exec(struct agent_run *run, const char *arguments)
{
    return agent_run_command(run, "exec", arguments);
}

static void expect_exactly(struct agent_run *run, const char *file, const char *text)
{
    char *now = test_read(run->home, file);
    assert_string_equal(now, text);
    free(now);
}

/* The last line of the output, which is the result. */
static cJSON *result_of(struct agent_run *run)
{
    char *out = test_read(run->home, "out");
    struct str rest = str_of(out);
    struct str line;
    struct err err;
    cJSON *value = NULL;
    while (str_next_line(&rest, &line)) {
        cJSON_Delete(value);
        value = json_parse(line, &err);
        assert_non_null(value);
    }
    free(out);
    assert_string_equal(json_string(value, "type"), "result");
    return value;
}

static void the_answer_is_the_output(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {{.body = C_SAY("Well.") C_STOP}};
    fault_server_script(run->server, steps, 1);
    assert_int_equal(run_exec(run, "'Say something.'"), 0);
    expect_exactly(run, "out", "Well.\n");
    agent_expect_output(run, "err", "you: Say something.\nagent: Well.\n10 tokens");
    assert_int_equal(run_exec(run, "--json 'Say something.'"), 0);
    cJSON *result = result_of(run);
    assert_string_equal(json_string(result, "status"), "done");
    assert_string_equal(json_string(result, "answer"), "Well.");
    cJSON_Delete(result);
    /* The prompt by a pipe. */
    static const char *const argv[] = {"sh", "-c",
        "printf 'Say something.' | \"$BYLAW_BINARY_DIR/bylaw\" exec - 2>/dev/null", NULL};
    char *out = test_run(run->dir, argv);
    assert_string_equal(out, "Well.\n");
    free(out);
}

/* Nothing was asked: that is no green end. */
static void a_prompt_that_a_hook_holds_back_has_failed(void **state)
{
    struct agent_run *run = *state;
    test_write(run->home, "bylaw/hooks.json",
        "{\"hooks\":[{\"event\":\"UserPromptSubmit\",\"command\":\"echo not today >/dev/stderr; "
        "exit 2\"}]}");
    assert_int_equal(run_exec(run, "'Say something.'"), 2);
    agent_expect_output(run, "err", "a UserPromptSubmit hook says: not today");
    expect_exactly(run, "out", "");
    assert_int_equal(fault_server_count(run->server), 0);
}

static void a_mismatch_goes_back(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {{.body = C_SAY("It is 5.2.1.") C_STOP},
        {.body = C_SAY("{\\\"control_id\\\":5}") C_STOP},
        {.body = C_SAY("{\\\"control_id\\\":\\\"5.2.1\\\"}") C_STOP}};
    fault_server_script(run->server, steps, 3);
    assert_int_equal(run_exec(run, "--output-schema ../schema.json Which?"), 2); /* not there */
    char *line = mem_printf("--output-schema '%s/schema.json' Which?", run->home);
    assert_int_equal(run_exec(run, line), 0);
    expect_exactly(run, "out", "{\"control_id\":\"5.2.1\"}\n");
    agent_expect_request(run, 0, "\"response_format\":{\"type\":\"json_schema\"");
    agent_expect_request(run, 1, "the answer is no JSON value");
    agent_expect_request(run, 2, "/control_id: is of type number, must be string");
    /* It never matches: three answers, then the end. */
    fault_server_script(run->server, steps, 1);
    assert_int_equal(run_exec(run, line), 1);
    assert_int_equal(fault_server_count(run->server), 3);
    expect_exactly(run, "out", "");
    agent_expect_output(run, "err", "what was received is kept: bylaw --session ");
    agent_expect_output(run, "err", "still does not match the JSON Schema: ");
    free(line);
}

static void a_bad_schema_sends_nothing(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {{.body = C_SAY("x") C_STOP}};
    fault_server_script(run->server, steps, 1);
    test_write(run->home, "schema.json", "{\"type\":\"object\",\"propertys\":{}}");
    char *line = mem_printf("--output-schema '%s/schema.json' Which?", run->home);
    assert_int_equal(run_exec(run, line), 2);
    agent_expect_output(run, "err", "the keyword \"propertys\" is not known");
    assert_int_equal(fault_server_count(run->server), 0);
    free(line);
}

static const struct fault_step green[] = {
    {.body = C_CALL("0", "c1", "apply_patch", GREEN) C_CALLING},
    {.body = C_SAY("Done.") C_STOP},
};

static bool has_opa(void)
{
    char *opa = path_find_program("opa");
    bool has = opa != NULL;
    free(opa);
    if (!has) {
        print_message("skipped: no opa on this machine\n");
    }
    return has;
}

static void a_proposal_waits_for_its_review(void **state)
{
    struct agent_run *run = *state;
    if (!has_opa()) {
        skip();
    }
    fault_server_script(run->server, green, 2);
    assert_int_equal(run_exec(run, "--json 'Write q.'"), 0);
    agent_expect_file(run, "q/q.rego", NULL);
    cJSON *result = result_of(run);
    assert_int_equal(json_int_or(json_get_path(result, "proposal.tests"), "pass", 0), 1);
    assert_false(json_bool_or(result, "written", true));
    agent_run_open(run, NULL, json_string(result, "session"));
    assert_non_null(proposals_open(workbench_proposals(run->wb)));
    cJSON_Delete(result);
}

static size_t read_queue(struct agent_run *run, struct review_queue *queue)
{
    struct err err;
    review_queue_free(queue);
    assert_ok(review_queue_read(run->dir, queue, &err), err);
    return queue->len;
}

static void proposals_wait_in_one_queue(void **state)
{
    struct agent_run *run = *state;
    struct review_queue queue = {0};
    if (!has_opa()) {
        skip();
    }
    assert_int_equal(read_queue(run, &queue), 0);
    static const char *const prompts[] = {"'First of all.'", "'Second.'"};
    for (size_t i = 0; i < ARRAY_LEN(prompts); i++) {
        fault_server_script(run->server, green, 2);
        assert_int_equal(run_exec(run, prompts[i]), 0);
    }
    assert_int_equal(read_queue(run, &queue), 2);
    size_t first = strcmp(queue.items[0].title, "First of all.") == 0 ? 0 : 1;
    assert_string_equal(queue.items[1 - first].title, "Second.");
    assert_int_equal(queue.items[first].files, 2);
    assert_int_equal(review_queue_next(&queue, queue.items[0].session), 1);
    assert_int_equal(review_queue_next(&queue, queue.items[1].session), 0);
    assert_int_equal(review_queue_next(&queue, "another"), 0);
    /* Open in this process: it is no place to go to from another. */
    agent_run_open(run, NULL, queue.items[first].session);
    assert_int_equal(read_queue(run, &queue), 2);
    assert_true(queue.items[first].open);
    assert_int_equal(review_queue_next(&queue, queue.items[1 - first].session), SIZE_MAX);
    struct session *session = workbench_session(run->wb);
    review_queue_mark(session, QUEUE_READY, "5.2.1", "tests: 1 failed");
    assert_int_equal(read_queue(run, &queue), 2);
    assert_string_equal(queue.items[first].why, "tests: 1 failed");
    assert_string_equal(queue.items[first].control, "5.2.1");
    review_queue_mark(session, QUEUE_RUNS, "5.2.1", NULL);
    assert_int_equal(read_queue(run, &queue), 1);
    review_queue_mark(session, QUEUE_READY, NULL, NULL);
    agent_finish_review(run);
    assert_int_equal(read_queue(run, &queue), 1);
    assert_string_equal(queue.items[0].title, "Second.");
    review_queue_free(&queue);
}

static void apply_asks_for_green_and_the_setting(void **state)
{
    struct agent_run *run = *state;
    if (!has_opa()) {
        skip();
    }
    fault_server_script(run->server, green, 2);
    assert_int_equal(run_exec(run, "--apply 'Write q.'"), 1);
    agent_expect_output(run, "err", "apply_without_review is \"never\"");
    agent_expect_file(run, "q/q.rego", NULL);
    test_write(
        run->dir, ".bylaw/config.toml", "apply_without_review = \"green\"\nmend_attempts = 1\n");
    fault_server_script(run->server, green, 2);
    assert_int_equal(run_exec(run, "--apply 'Write q.'"), 0);
    agent_expect_file(
        run, "q/q.rego", "package q\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n");
    /* Red: told once more, then not written. */
    struct fault_step red[] = {{.body = C_CALL("0", "c1", "apply_patch", RED) C_CALLING},
        {.body = C_SAY("Done.") C_STOP}, {.body = C_SAY("I cannot.") C_STOP}};
    const char *argv[] = {"rm", "-r", "q", NULL};
    free(test_run(run->dir, argv));
    fault_server_script(run->server, red, 3);
    assert_int_equal(run_exec(run, "--apply 'Write q.'"), 1);
    agent_expect_output(run, "err", "tests: fail (1 failed)");
    agent_expect_file(run, "q/q.rego", NULL);
    agent_expect_request(run, 2, "Tests failed; the agent mends, 1 of 1");
}

/* Its tests pass, and `bylaw check` would be red all the same: the agent hears of it, and nothing
 * is written. */
static void what_check_fails_is_red(void **state)
{
    struct agent_run *run = *state;
    if (!has_opa()) {
        skip();
    }
    struct fault_step steps[] = {{.body = C_CALL("0", "c1", "apply_patch", LOOSE) C_CALLING},
        green[1], {.body = C_SAY("I cannot.") C_STOP}};
    test_write(run->dir, ".bylaw/config.toml", "apply_without_review = \"green\"\n");
    fault_server_script(run->server, steps, 3);
    assert_int_equal(run_exec(run, "--apply 'Write q.'"), 1);
    agent_expect_request(run, 2, "The gate does not pass your proposal");
    agent_expect_output(run, "err", "fixture-not-denied, q/testdata/invalid_a.json: ");
    agent_expect_file(run, "q/q.rego", NULL);
}

static void what_fails_is_said_and_kept(void **state)
{
    struct agent_run *run = *state;
    struct fault_step refused[] = {{.status = 401,
        .headers = "Content-Type: application/json\r\n",
        .body = "{\"error\":{\"message\":\"bad key\"}}"}};
    fault_server_script(run->server, refused, 1);
    assert_int_equal(run_exec(run, "--json 'Say.'"), 2);
    cJSON *result = result_of(run);
    assert_string_equal(json_string(result, "status"), "failed");
    assert_non_null(strstr(json_string(result, "message"), "bad key"));
    agent_run_open(run, NULL, json_string(result, "session"));
    agent_must_find(run, ENTRY_USER, "Say.");
    agent_must_find(run, ENTRY_ERROR, "bad key");
    cJSON_Delete(result);
    assert_int_equal(run_exec(run, "''"), 2);
    agent_expect_output(run, "err", "the prompt is empty");
    assert_int_equal(run_exec(run, "--max-cost much x"), 2);
    agent_expect_output(run, "err", "--max-cost is an amount of US dollars");
    assert_int_equal(run_exec(run, "--sandbox workspace-write x"), 2);
    agent_expect_output(run, "err", "--sandbox takes read-only alone");
    assert_int_equal(run_exec(run, "-p none x"), 2);
    agent_expect_output(run, "err", "none");
}

static void without_a_model_nothing_is_answered(void **state)
{
    struct agent_run *run = *state;
    test_write(run->home, "bylaw/config.toml",
        "detect_local_servers = false\napi_key_env = \"BYLAW_TEST_NO_SUCH_KEY\"\n");
    assert_int_equal(run_exec(run, "--json 'Say.'"), 2);
    cJSON *result = result_of(run);
    assert_string_equal(json_string(result, "status"), "failed");
    assert_string_equal(json_string(result, "answer"), "");
    assert_non_null(strstr(json_string(result, "message"), "no model is set up"));
    cJSON_Delete(result);
    assert_int_equal(run_exec(run, "'Say.'"), 2);
    char *told = test_read(run->home, "err");
    assert_null(strstr(told, "is kept")); /* for nothing was received */
    free(told);
}

static void use_agent(struct agent_run *run, const char *mode)
{
    char *config = mem_printf("model_provider = \"acp:fault\"\n[agents.fault]\ncommand = "
                              "[\"%s/tests/fault-acp\", \"%s\"]\n",
        getenv("BYLAW_BINARY_DIR"), mode);
    test_write(run->home, "bylaw/config.toml", config);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* of the agent: the sandbox lets nobody trace */
    free(config);
}

/* An agent of its own talks to its model by itself: neither requests nor tokens bound it. */
static void what_never_ends_is_ended(void **state)
{
    struct agent_run *run = *state;
    use_agent(run, "gush");
    assert_int_equal(run_exec(run, "--json 'Go.'"), 2);
    cJSON *result = result_of(run);
    assert_non_null(strstr(json_string(result, "message"), "said more than 8 MiB in one turn"));
    agent_run_open(run, NULL, json_string(result, "session"));
    agent_must_find(run, ENTRY_ASSISTANT, "and again");
    agent_must_find(run, ENTRY_PROPOSAL, "half.rego"); /* what it wrote until then */
    assert_non_null(proposals_open(workbench_proposals(run->wb)));
    cJSON_Delete(result);
    static const char *const modes[] = {"drip", "silent"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        use_agent(run, modes[i]);
        assert_int_equal(run_exec(run, "--max-time 0.02 'Go.'"), 2);
        agent_expect_output(
            run, "err", "it did not end within 0.02 minutes and was stopped (--max-time)");
    }
    /* It said something, and nothing of what that cost: that is not nothing. */
    use_agent(run, "drip");
    assert_int_equal(run_exec(run, "--max-time 0.02 --max-cost 1 'Go.'"), 2);
    agent_expect_output(run, "err", "what it cost was not told\nwhat it costs is not known");
    assert_int_equal(run_exec(run, "--max-time long x"), 2);
    agent_expect_output(run, "err", "--max-time is a number of minutes");
    assert_int_equal(run_exec(run, "--max-time inf x"), 2);
    assert_int_equal(run_exec(run, "--max-time 0 x"), 2);
}

/* By Ctrl-C, or by whoever ran it. */
static void stopped_it_keeps_what_came(void **state)
{
    struct agent_run *run = *state;
    use_agent(run, "drip");
    char *line = mem_printf(
        "\"$BYLAW_BINARY_DIR/bylaw\" exec --json 'Go.' >'%s/out' 2>'%s/err' </dev/null & p=$!\n"
        "until grep -rqs '\"and ' \"$XDG_STATE_HOME/bylaw/sessions\"; do kill -0 $p || exit 9; "
        "sleep 0.05; "
        "done\n"
        "kill -TERM $p; wait $p; printf %%s $?",
        run->home, run->home);
    const char *argv[] = {"sh", "-c", line, NULL};
    char *code = test_run(run->dir, argv);
    assert_string_equal(code, "143");
    free(code);
    free(line);
    cJSON *result = result_of(run);
    assert_string_equal(json_string(result, "message"), "it was stopped");
    agent_run_open(run, NULL, json_string(result, "session"));
    agent_must_find(run, ENTRY_ASSISTANT, "and ");
    agent_must_find(run, ENTRY_PROPOSAL, "half.rego");
    cJSON_Delete(result);
}

static void a_budget_ends_it(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {{.body = C_CALL("0", "c1", "read_file",
                                      "{\\\"path\\\":\\\"p/p.rego\\\",\\\"from_line\\\":"
                                      "null,\\\"to_line\\\":null}") C_CALLING}};
    test_write(run->home, "bylaw/prices.toml", "[models.m]\ninput = 1000000\noutput = 1000000\n");
    fault_server_script(run->server, steps, 1);
    assert_int_equal(run_exec(run, "--max-cost 25 'Read.'"), 2);
    agent_expect_output(run, "err",
        "Stopped at --max-cost: this session has taken $20.00, a request about $10.00.");
    assert_int_equal(fault_server_count(run->server), 2); /* a third would be more than $25 */
}

static void nobody_is_asked(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {{.body = C_CALL("0", "c1", "run_command",
                                      "{\\\"command\\\":\\\"true\\\",\\\"reason\\\":\\\"try\\\","
                                      "\\\"network\\\":true}") C_CALLING},
        {.body = C_SAY("I did without.") C_STOP}};
    fault_server_script(run->server, steps, 2);
    assert_int_equal(run_exec(run, "--json 'Run it.'"), 0);
    agent_expect_request(run, 1, "Nobody is there to be asked");
    cJSON *result = result_of(run);
    assert_int_equal(json_int_or(result, "declined", 0), 1);
    cJSON_Delete(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_answer_is_the_output, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_prompt_that_a_hook_holds_back_has_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mismatch_goes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_schema_sends_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_proposal_waits_for_its_review, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proposals_wait_in_one_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(apply_asks_for_green_and_the_setting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_check_fails_is_red, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_fails_is_said_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_model_nothing_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_never_ends_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_it_keeps_what_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_budget_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_asked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
