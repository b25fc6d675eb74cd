/* Every error of a model's server at every point of a turn, for each agent: our own on both wires,
 * the real Codex CLI and the real opencode. Whatever happens, one clear line is said, nothing that
 * was typed is lost (prompt, queued prompt, draft), and the same session goes on. */
#include "test.h"

#include <stdlib.h>

#include "agent_setup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "model_wires.h"
#include "sandbox/confined.h"

/* An agent whose server speaks so. */
struct agent {
    const char *name;
    const char *provider; /* NULL: ours */
    const char *wire;     /* ours only */
    const char *tool;     /* an answer that calls one */
    const char *well;     /* one that says "Well." and ends */
    const char *half;     /* one that says "Half" and does not end */
};

static const struct agent agents[] = {
    {"ours over responses", NULL, "responses",
        R_CALL("c1", "read_file",
            "{\\\"path\\\":\\\"p/p.rego\\\",\\\"from_line\\\":null,"
            "\\\"to_line\\\":null}") R_END,
        R_SAY("Well.") R_END, R_SAY("Half")},
    {"ours over chat", NULL, "chat",
        C_CALL("0", "c1", "read_file",
            "{\\\"path\\\":\\\"p/p.rego\\\",\\\"from_line\\\":null,"
            "\\\"to_line\\\":null}") C_CALLING,
        C_SAY("Well.") C_STOP, C_SAY("Half")},
    {"codex", "codex", NULL, R_CALL("c1", "exec_command", "{\\\"cmd\\\":\\\"true\\\"}") R_END,
        R_SAY("Well.") R_END, R_SAY("Half")},
    {"opencode", "acp:opencode", NULL,
        C_CALL("0", "c1", "read", "{\\\"filePath\\\":\\\"p/p.rego\\\"}") C_CALLING,
        C_SAY("Well.") C_STOP, C_SAY("Half")},
};

enum fault {
    REFUSE,
    UNAUTHORIZED,
    BUSY,
    FAILED,
    GARBAGE,
    NO_HTTP,
    CUT,
    CUT_IN_EVENT,
    STALL,
    FAULTS
};

static const char *const fault_names[FAULTS] = {"refused", "401", "429", "500", "garbage",
    "no HTTP", "cut between events", "cut in an event", "stall"};

static struct fault_step step_of(const struct agent *agent, enum fault fault)
{
    static const char json[] = "Content-Type: application/json\r\n";
    switch (fault) {
    case REFUSE:
        return (struct fault_step){.refuse = true};
    case UNAUTHORIZED:
        return (struct fault_step){
            .status = 401, .headers = json, .body = "{\"error\":{\"message\":\"bad key\"}}"};
    case BUSY:
        return (struct fault_step){.status = 429,
            .headers = "Content-Type: application/json\r\nRetry-After: 0\r\n",
            .body = "{\"error\":{\"message\":\"slow down\"}}"};
    case FAILED:
        return (struct fault_step){
            .status = 500, .headers = json, .body = "{\"error\":{\"message\":\"oh\"}}"};
    case GARBAGE:
        return (struct fault_step){.body = "data: {{{{ this is no event\n\n"};
    case NO_HTTP:
        return (struct fault_step){.raw = "\x01\x02 hello\r\n\r\n"};
    case CUT:
        return (struct fault_step){
            .body = agent->well, .cut = true, .cut_after = strlen(agent->half)};
    case CUT_IN_EVENT:
        return (struct fault_step){
            .body = agent->well, .cut = true, .cut_after = strlen(agent->half) - 9};
    case STALL:
    default:
        return (struct fault_step){
            .body = agent->well, .stall = true, .stall_after = strlen(agent->half)};
    }
}

static size_t count_text(struct agent_run *f, enum entry_kind kind, const char *text)
{
    size_t count = 0;
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        count += e->kind == kind && e->text.len > 0 && strcmp(e->text.ptr, text) == 0;
    }
    return count;
}

static void check(struct agent_run *f, bool holds, const char *what, const char *where)
{
    if (!holds) {
        agent_run_dump(f);
        fail_msg("%s: %s", where, what);
    }
}

static bool is_idle(struct agent_run *f)
{
    return session_state(workbench_session(f->wb)) == SESSION_IDLE;
}

/* What failed is said in one line, and what was typed waits. */
static void expect_one_line(
    struct agent_run *f, size_t errors, const char *queued, const char *where)
{
    struct session *session = workbench_session(f->wb);
    check(f, agent_count(f, ENTRY_ERROR) == errors + 1, "not one line", where);
    VEC_FOREACH (struct entry, e, session_transcript(session)) {
        check(f, e->kind != ENTRY_ERROR || (e->text.len > 20 && strchr(e->text.ptr, '\n') == NULL),
            "not one clear line", where);
    }
    check(f, session_queue_count(session) == 1 && strcmp(session_queue_at(session, 0), queued) == 0,
        "the queued prompt is gone", where);
}

/* One fault at the first or the second request of a turn. */
static void fail_once(struct agent_run *f, const struct agent *agent, enum fault fault, bool second)
{
    static unsigned number;
    struct err err;
    struct session *session = workbench_session(f->wb);
    char *first = mem_printf("First %u.", ++number);
    char *queued = mem_printf("Queued %u.", number);
    char *draft = mem_printf("Draft %u", number);
    char *where = mem_printf("%s, %s, request %d", agent->name, fault_names[fault], second ? 2 : 1);
    struct fault_step steps[3] = {{.body = agent->tool}};
    steps[second] = step_of(agent, fault);
    steps[second + 1] = (struct fault_step){.body = agent->well};
    fault_server_script(f->server, steps, second ? 3U : 2U);
    size_t errors = agent_count(f, ENTRY_ERROR);
    size_t answers = count_text(f, ENTRY_ASSISTANT, "Well.");
    agent_say(f, first);
    assert_ok(session_prompt(session, str_of(queued), &err), err);
    session_set_draft(session, str_of(draft));
    if (fault == STALL) {
        WAIT_UNTIL(f, fault_server_count(f->server) > (size_t)second);
        session_interrupt(session);
        check(f, session_queue_count(session) == 1, "the queued prompt is gone", where);
        agent_say(f, "Go on.");
    } else {
        WAIT_UNTIL(f, is_idle(f) && (agent_count(f, ENTRY_ERROR) > errors || agent_is_idle(f)));
        if (agent_count(f, ENTRY_ERROR) > errors) {
            expect_one_line(f, errors, queued, where);
            assert_ok(session_retry(session, &err), err);
        }
    }
    WAIT_UNTIL(f, agent_is_idle(f));
    check(f, strcmp(session_draft(session), draft) == 0, "the draft is gone", where);
    check(f, count_text(f, ENTRY_USER, first) == 1, "the prompt is gone", where);
    check(f, count_text(f, ENTRY_USER, queued) == 1, "the queued prompt was not sent", where);
    check(f, count_text(f, ENTRY_ASSISTANT, "Well.") >= answers + 2, "no answer", where);
    check(f, agent_count(f, ENTRY_ERROR) <= errors + 1, "more than one line", where);
    free(first);
    free(queued);
    free(draft);
    free(where);
}

static void run(const struct agent *agent)
{
    struct agent_run *f = agent_run_new();
    char *id;
    if (agent->provider == NULL) {
        agent_setup_builtin(f, agent->wire);
    } else if (strcmp(agent->provider, "codex") == 0) {
        agent_setup_codex(f);
    } else if (!agent_setup_opencode(f)) {
        agent_run_free(f);
        skip();
    }
    agent_run_open(f, agent->provider, NULL);
    for (enum fault fault = 0; fault < FAULTS; fault++) {
        /* The last of them waits for seconds before it tries again: it is tried at one of the two.
         */
        bool slow = agent == &agents[ARRAY_LEN(agents) - 1];
        if (!slow || fault % 2 == 0) {
            fail_once(f, agent, fault, false);
        }
        if (!slow || fault % 2 == 1) {
            fail_once(f, agent, fault, true);
        }
    }
    /* And all of it is there after a restart. */
    size_t entries = session_transcript(workbench_session(f->wb))->len;
    id = mem_strdup(session_id(workbench_session(f->wb)));
    agent_run_open(f, agent->provider, id);
    free(id);
    assert_true(session_transcript(workbench_session(f->wb))->len >= entries);
    assert_true(count_text(f, ENTRY_USER, "Go on.") > 0);
    agent_run_free(f);
    confined_use_program(NULL);
}

static void ours_over_responses(void **state)
{
    (void)state;
    run(&agents[0]);
}

static void ours_over_chat(void **state)
{
    (void)state;
    run(&agents[1]);
}

static void codex(void **state)
{
    (void)state;
    run(&agents[2]);
}

static void opencode(void **state)
{
    (void)state;
    run(&agents[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_over_responses),
        cmocka_unit_test(ours_over_chat),
        cmocka_unit_test(codex),
        cmocka_unit_test(opencode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
