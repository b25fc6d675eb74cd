/* Every error of a model's server at every point of a turn, for each agent: our own on both wires,
 * the real Codex CLI and the real opencode. A point is each of a turn's two requests, and for a
 * stream that breaks off each of its events. Whatever happens, at most one clear line is said,
 * nothing that was typed is lost (prompt, queued prompt, draft), and the same session goes on. */
#include "test.h"

#include <stdlib.h>

#include "agent_setup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "model_wires.h"
#include "sandbox/confined.h"

#define R_BEGIN R_EVENT("{\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}")
#define R_DELTA(text)                                                                              \
    R_EVENT("{\"type\":\"response.output_text.delta\",\"item_id\":\"i\",\"output_index\":0,"       \
            "\"content_index\":0,\"delta\":\"" text "\"}")
#define R_ITEM(type, content)                                                                      \
    R_EVENT("{\"type\":\"response.output_item." type "\",\"output_index\":0,\"item\":{\"id\":"     \
            "\"i\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[" content "]}}")
#define R_WELL                                                                                     \
    R_BEGIN R_ITEM("added", "") R_DELTA("We") R_DELTA("ll.")                                       \
        R_ITEM("done", "{\"type\":\"output_text\",\"text\":\"Well.\"}") R_END
#define C_WELL C_THINK("Hm.") C_SAY("We") C_SAY("ll.") C_STOP

/* An agent whose server speaks so. */
struct agent {
    const char *name;
    const char *provider; /* NULL: ours */
    const char *wire;     /* ours only */
    const char *tool;     /* an answer that calls one */
    const char *well;     /* one that says "Well." and ends */
    const char *told;     /* what its server says in a stream when something went wrong */
};

#define R_TOLD                                                                                     \
    R_EVENT("{\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"error\":{\"code\":"        \
            "\"server_error\",\"message\":\"the model fell over\"}}}")
#define C_TOLD                                                                                     \
    R_EVENT("{\"error\":{\"message\":\"the model fell over\",\"type\":\"server_error\"}}")

static const struct agent agents[] = {
    {"ours over responses", NULL, "responses",
        R_BEGIN R_CALL("c1", "read_file",
            "{\\\"path\\\":\\\"p/p.rego\\\",\\\"from_line\\\":null,"
            "\\\"to_line\\\":null}") R_END,
        R_WELL, R_TOLD},
    {"ours over chat", NULL, "chat",
        C_SAY("I look.") C_CALL("0", "c1", "read_file",
            "{\\\"path\\\":\\\"p/p.rego\\\",\\\"from_line\\\":null,"
            "\\\"to_line\\\":null}") C_CALLING,
        C_WELL, C_TOLD},
    {"codex", "codex", NULL,
        R_BEGIN R_CALL("c1", "exec_command", "{\\\"cmd\\\":\\\"true\\\"}") R_END, R_WELL, R_TOLD},
    {"opencode", "acp:opencode", NULL,
        C_SAY("I look.") C_CALL("0", "c1", "read", "{\\\"filePath\\\":\\\"p/p.rego\\\"}") C_CALLING,
        C_WELL, C_TOLD},
};

enum fault {
    DEAD,
    CLOSE,
    TOO_LONG,
    UNAUTHORIZED,
    NO_ACCESS,
    NO_MODEL,
    BUSY,
    FAILED,
    OVERLOADED,
    NO_STREAM,
    PAGE,
    GARBAGE,
    NO_HTTP,
    CUT_IN_EVENT,
    STALL,
    SILENCE,
    FAULTS
};

static const char *const fault_names[FAULTS] = {"connection refused", "closed without a word",
    "400", "401", "403", "404", "429", "500", "503", "200 and an error", "a page of HTML",
    "garbage", "no HTTP", "cut in an event", "stall", "silence"};

/* Where a fault happens, and what it is. */
struct point {
    const char *what;
    bool second; /* at the second request, the one after the tool */
    bool dead;   /* nobody listens; `step` is not used */
    struct fault_step step;
};

/* "retry-after-ms": how long opencode waits. */
#define JSON "Content-Type: application/json\r\nRetry-After: 0\r\nretry-after-ms: 1\r\n"
#define ANSWER(code, json)                                                                         \
    {                                                                                              \
        .status = (code), .headers = JSON, .body = "{\"error\":" json "}"                          \
    }

static struct fault_step step_of(const struct agent *agent, enum fault fault)
{
    static const struct fault_step answers[FAULTS] = {
        [CLOSE] = {.close = true},
        [TOO_LONG] = ANSWER(400,
            "{\"code\":\"context_length_exceeded\",\"message\":\"maximum context length is 7\"}"),
        [UNAUTHORIZED] = ANSWER(401, "{\"message\":\"bad key\"}"),
        [NO_ACCESS] = ANSWER(403, "{\"message\":\"not for you\"}"),
        [NO_MODEL] = ANSWER(404, "{\"code\":\"model_not_found\",\"message\":\"no such model\"}"),
        [BUSY] = ANSWER(429, "{\"message\":\"slow down\"}"),
        [FAILED] = ANSWER(500, "{\"message\":\"oh\"}"),
        [OVERLOADED] = ANSWER(503, "{\"message\":\"overloaded\"}"),
        [NO_STREAM] = ANSWER(200, "{\"message\":\"oh\"}"),
        [PAGE] = {.headers = "Content-Type: text/html\r\n",
            .body = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"},
        [GARBAGE] = {.body = "data: {{{{ this is no event\n\n"},
        [NO_HTTP] = {.raw = "\x01\x02 hello\r\n\r\n"},
    };
    size_t half = strlen(agent->well) / 2;
    switch (fault) {
    case STALL:
        return (struct fault_step){.body = agent->well, .stall = true, .stall_after = half};
    case SILENCE:
        return (struct fault_step){.body = agent->well, .stall = true};
    case CUT_IN_EVENT:
        return (struct fault_step){.body = agent->well, .cut = true, .cut_after = half};
    default:
        return answers[fault];
    }
}

/* Entries that are this, or end with it as a paragraph. */
static size_t count_text(struct agent_run *f, enum entry_kind kind, const char *text)
{
    size_t count = 0;
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        struct str said = buf_str(&e->text);
        size_t before = said.len - strlen(text);
        count += e->kind == kind && str_ends(said, text) &&
                 (before == 0 || said.ptr[before - 1] == '\n');
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

/* Dead until the agent has found out. */
static void revive_when_refused(struct agent_run *f, unsigned long long before)
{
    unsigned long long now = before;
    WAIT_UNTIL(f, fault_server_refused(&now) && now > before);
    fault_server_revive(f->server);
}

/* One fault in a turn. */
static void fail_once(struct agent_run *f, const struct agent *agent, const struct point *point)
{
    static unsigned number;
    struct err err;
    unsigned long long refused = 0;
    struct session *session = workbench_session(f->wb);
    char *first = mem_printf("First %u.", ++number);
    char *queued = mem_printf("Queued %u.", number);
    char *draft = mem_printf("Draft %u", number);
    char *where = mem_printf("%s, %s, request %d", agent->name, point->what, point->second ? 2 : 1);
    struct fault_step steps[3] = {{.body = agent->tool, .dies = point->dead}};
    size_t count = point->second ? 1 : 0;
    if (!point->dead) {
        steps[count++] = point->step;
    } else {
        assert_true(fault_server_refused(&refused));
    }
    steps[count++] = (struct fault_step){.body = agent->well};
    fault_server_script(f->server, steps, count);
    if (point->dead && !point->second) {
        fault_server_die(f->server);
    }
    size_t errors = agent_count(f, ENTRY_ERROR);
    size_t answers = count_text(f, ENTRY_ASSISTANT, "Well.");
    agent_say(f, first);
    assert_ok(session_prompt(session, str_of(queued), &err), err);
    session_set_draft(session, str_of(draft));
    if (point->step.stall) {
        WAIT_UNTIL(f, fault_server_count(f->server) > (size_t)point->second);
        session_interrupt(session);
        check(f, session_queue_count(session) == 1, "the queued prompt is gone", where);
        agent_say(f, "Go on.");
    } else {
        if (point->dead) {
            revive_when_refused(f, refused);
        }
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

static void fail_at_both(struct agent_run *f, const struct agent *agent, enum fault fault)
{
    unsigned long long count;
    struct point point = {.what = fault_names[fault], .dead = fault == DEAD};
    if (fault == DEAD && !fault_server_refused(&count)) {
        print_message("not tried: this system does not count refused connections\n");
        return;
    }
    point.step = step_of(agent, fault);
    fail_once(f, agent, &point);
    point.second = true;
    fail_once(f, agent, &point);
}

/* Behind each of its events, and before the first, the stream breaks off, or says that something
 * went wrong. */
static void fail_everywhere(struct agent_run *f, const struct agent *agent, bool second, bool told)
{
    struct str body = str_of(second ? agent->well : agent->tool);
    unsigned events = 0;
    for (size_t at = 0; at != SIZE_MAX && at < body.len; events++) {
        char *what = mem_printf("%s behind event %u", told ? "an error" : "cut", events);
        char *until = mem_printf("%.*s%s", (int)at, body.ptr, agent->told);
        struct point point = {.what = what,
            .second = second,
            .step = {.body = body.ptr, .cut = true, .cut_after = at, .split = events % 2 * 64}};
        if (told) {
            point.step = (struct fault_step){.body = until};
        }
        fail_once(f, agent, &point);
        free(until);
        free(what);
        at = str_find(body, STR_LIT("\n\n"), at);
        at += at == SIZE_MAX ? 0 : 2;
    }
    assert_true(events >= 3);
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
        fail_at_both(f, agent, fault);
    }
    for (int way = 0; way < 4; way++) {
        fail_everywhere(f, agent, way % 2 == 1, way / 2 == 1);
    }
    /* And all of it is there after a restart. */
    size_t entries = session_transcript(workbench_session(f->wb))->len;
    id = mem_strdup(session_id(workbench_session(f->wb)));
    agent_run_open(f, agent->provider, id);
    free(id);
    assert_true(session_transcript(workbench_session(f->wb))->len >= entries);
    assert_true(count_text(f, ENTRY_USER, "Go on.") > 0);
    agent_run_free(f);
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
