/* bylaw gap with a model: what it suggests is taken when it is about each control once, and nothing
 * else is. */
#include "test.h"

#include "agent_run.h"
#include "agent_setup.h"
#include "base/json.h"
#include "model_wires.h"

#include <stdlib.h>

#define ONE(id, type)                                                                              \
    "{\\\"id\\\":\\\"" id "\\\",\\\"policy_type\\\":\\\"" type                                     \
    "\\\",\\\"complexity\\\":\\\"high\\\",\\\"why\\\":\\\"Because of " id ".\\\"}"
#define ANSWER(controls) C_SAY("{\\\"controls\\\":[" controls "]}") C_STOP

static int set_up(void **state)
{
    struct agent_run *run = agent_run_new();
    agent_setup_builtin(run, "chat");
    test_write(run->dir, "requirements.csv",
        "control_id,control_description\nX-1,Pods name an owner\nX-2,Images are signed\n");
    *state = run;
    return 0;
}

static int tear_down(void **state)
{
    agent_run_free(*state);
    return 0;
}

static int run_gap(struct agent_run *run, const char *arguments)
{
    char *line = mem_printf("\"$BYLAW_BINARY_DIR/bylaw\" gap %s >'%s/out' 2>'%s/err' </dev/null; "
                            "printf %%s $?",
        arguments, run->home, run->home);
    const char *argv[] = {"sh", "-c", line, NULL};
    char *code = test_run(run->dir, argv);
    int number = (int)strtol(code, NULL, 10);
    free(code);
    free(line);
    return number;
}

static void expect(struct agent_run *run, const char *file, const char *text)
{
    char *now = test_read(run->home, file);
    if (strstr(now, text) == NULL) {
        char *said = test_read(run->home, "err");
        fail_msg("\"%s\" is not in %s:\n%s\n%s", text, file, now, said);
    }
    free(now);
}

static void it_suggests(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {
        {.body = ANSWER(ONE("X-1", "gatekeeper") "," ONE("X-2", "cedar"))}};
    fault_server_script(run->server, steps, 1);
    assert_int_equal(run_gap(run, "--model"), 1); /* still gaps */
    expect(run, "out", "X-1,Pods name an owner,gatekeeper,high,");
    expect(run, "out", "X-2,Images are signed,cedar,high,");
    expect(run, "out", "the model: Because of X-2.");
    expect(run, "err", "asking about 1 to 2 of 2 controls");
    assert_int_equal(fault_server_count(run->server), 1);
    agent_expect_request(run, 0, "Images are signed");
    agent_expect_request(run, 0, "\"response_format\":{\"type\":\"json_schema\"");
    assert_int_equal(run_gap(run, "--model --json"), 1);
    expect(run, "out", "\"suggested_why\":\"Because of X-1.\"");
}

/* One is missing, one is there twice, one is nobody's: it goes back each time with what is wrong.
 */
static void it_must_be_about_each_once(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {{.body = ANSWER(ONE("X-1", "kyverno"))},
        {.body = ANSWER(ONE("X-1", "kyverno") "," ONE("X-2", "kyverno") "," ONE("X-3", "kyverno"))},
        {.body = ANSWER(ONE("X-1", "kyverno") "," ONE("X-2", "kyverno"))}};
    fault_server_script(run->server, steps, 3);
    assert_int_equal(run_gap(run, "--model"), 1);
    agent_expect_request(run, 1, "control X-2 is there 0 times, must be once");
    agent_expect_request(run, 2, "there are controls that nobody asked about");
    expect(run, "out", "X-2,Images are signed,kyverno,high,");
}

/* What is known without it is printed, and the exit code says that it is not all. */
static void it_cannot(void **state)
{
    struct agent_run *run = *state;
    struct fault_step refused[] = {{.status = 401,
        .headers = "Content-Type: application/json\r\n",
        .body = "{\"error\":{\"message\":\"bad key\"}}"}};
    fault_server_script(run->server, refused, 1);
    assert_int_equal(run_gap(run, "--model"), 2);
    expect(run, "out", "X-2,Images are signed,kyverno,high,\"no policy names it");
    expect(run, "err", "bad key");
    struct fault_step wrong[] = {{.body = ANSWER(ONE("X-1", "opa"))}};
    fault_server_script(run->server, wrong, 1);
    assert_int_equal(run_gap(run, "--model"), 2);
    expect(run, "err", "what was received is kept: bylaw --session ");
    assert_int_equal(fault_server_count(run->server), 3);
    assert_int_equal(run_gap(run, "--model --max-cost much"), 2);
    expect(run, "err", "--max-cost is an amount of US dollars");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_suggests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_must_be_about_each_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_cannot, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
