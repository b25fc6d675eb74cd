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
    return agent_run_command(run, "gap", arguments);
}

static void it_suggests(void **state)
{
    struct agent_run *run = *state;
    struct fault_step steps[] = {
        {.body = ANSWER(ONE("X-1", "gatekeeper") "," ONE("X-2", "cedar"))}};
    fault_server_script(run->server, steps, 1);
    assert_int_equal(run_gap(run, "--model"), 1); /* still gaps */
    agent_expect_output(run, "out", "X-1,Pods name an owner,gatekeeper,high,");
    agent_expect_output(run, "out", "X-2,Images are signed,cedar,high,");
    agent_expect_output(run, "out", "the model: Because of X-2.");
    agent_expect_output(run, "err", "asking about 1 to 2 of 2 controls");
    assert_int_equal(fault_server_count(run->server), 1);
    agent_expect_request(run, 0, "Images are signed");
    agent_expect_request(run, 0, "\"response_format\":{\"type\":\"json_schema\"");
    assert_int_equal(run_gap(run, "--model --json"), 1);
    agent_expect_output(run, "out", "\"suggested_why\":\"Because of X-1.\"");
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
    agent_expect_output(run, "out", "X-2,Images are signed,kyverno,high,");
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
    agent_expect_output(run, "out", "X-2,Images are signed,kyverno,high,\"no policy names it");
    agent_expect_output(run, "err", "bad key");
    struct fault_step wrong[] = {{.body = ANSWER(ONE("X-1", "opa"))}};
    fault_server_script(run->server, wrong, 1);
    assert_int_equal(run_gap(run, "--model"), 2);
    agent_expect_output(run, "err", "not all there: the answer still is not what was asked for: ");
    agent_expect_output(run, "err", "; what was received is kept: bylaw --session ");
    assert_int_equal(fault_server_count(run->server), 3);
    assert_int_equal(run_gap(run, "--model --max-cost much"), 2);
    agent_expect_output(run, "err", "--max-cost is an amount of US dollars");
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
