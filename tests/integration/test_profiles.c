/* Profiles, routing, prices and bounds on the real thing: a workbench without a screen whose model
 * is a server of the test's, and the real Codex CLI with the same server behind it. */
#include "test.h"

#include "agent/workbench.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "fault_server.h"
#include "sandbox/confined.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As it stands in the article, and its hook. */
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
static const char article_hook[] = "[[hooks]]\n"
                                   "event = \"Stop\"\n"
                                   "command = \"echo 'POLICY REVIEW'\"\n";

struct fixture {
    char *dir;
    char *home;
    char *codex;
    struct loop *loop;
    struct workbench *wb;
    struct fault_server *server;
};

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    f->home = test_dir_make();
    f->dir = test_dir_make();
    f->codex = path_join(f->home, "codex");
    f->server = fault_server_start();
    char *path = mem_printf("%s/.bin:%s", getenv("BYLAW_NODE_MODULES"), getenv("PATH"));
    setenv("HOME", f->home, 1);
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("CODEX_HOME", f->codex, 1);
    setenv("LAB_ACCESS", "x", 1);
    setenv("PATH", path, 1);
    free(path);
    test_write(f->dir, "p/p.rego", "package p\n\nallowed := true\n");
    f->loop = loop_new(&err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->wb != NULL) {
        workbench_free(f->wb);
    }
    loop_free(f->loop);
    fault_server_stop(f->server);
    test_dir_remove(f->dir);
    test_dir_remove(f->home);
    free(f->codex);
    free(f);
    return 0;
}

static void dump(struct fixture *f)
{
    print_message("state %d, %zu queued, %zu requests\n", session_state(workbench_session(f->wb)),
        session_queue_count(workbench_session(f->wb)), fault_server_count(f->server));
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        print_message("%d/%d %s: %s\n", e->kind, e->status, e->name == NULL ? "" : e->name,
            e->text.len > 0 ? e->text.ptr : "");
    }
    for (size_t i = 0; workbench_notice(f->wb, i) != NULL; i++) {
        print_message("notice: %s\n", workbench_notice(f->wb, i));
    }
}

#define WAIT_UNTIL(f, condition)                                                                   \
    do {                                                                                           \
        uint64_t end_ = loop_now_ms() + 240000;                                                    \
        while (!(condition)) {                                                                     \
            if (loop_now_ms() > end_) {                                                            \
                dump(f);                                                                           \
                fail_msg("never came: %s", #condition);                                            \
            }                                                                                      \
            loop_run_once((f)->loop, 100);                                                         \
        }                                                                                          \
    } while (0)

static void open_workbench(struct fixture *f, const char *provider, const char *profile)
{
    struct err err;
    struct workbench_options options = {
        .loop = f->loop, .folder = f->dir, .provider = provider, .profile = profile};
    f->wb = workbench_new(&options, &err);
    assert_ok(f->wb != NULL, err);
}

static bool is_over(struct fixture *f, size_t before)
{
    struct session *session = workbench_session(f->wb);
    return session_transcript(session)->len > before + 1 &&
           session_state(session) == SESSION_IDLE && session_queue_count(session) == 0;
}

static void ask(struct fixture *f, const char *prompt)
{
    struct err err;
    size_t before = session_transcript(workbench_session(f->wb))->len;
    assert_ok(session_prompt(workbench_session(f->wb), str_of(prompt), &err), err);
    WAIT_UNTIL(f, is_over(f, before));
}

static bool has(struct fixture *f, enum entry_kind kind, const char *text)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        if (e->kind == kind && e->text.len > 0 && strstr(e->text.ptr, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void must_have(struct fixture *f, enum entry_kind kind, const char *text)
{
    if (!has(f, kind, text)) {
        dump(f);
        fail_msg("the transcript has no entry with \"%s\"", text);
    }
}

static void must_notice(struct fixture *f, const char *text)
{
    for (size_t i = 0; workbench_notice(f->wb, i) != NULL; i++) {
        if (strstr(workbench_notice(f->wb, i), text) != NULL) {
            return;
        }
    }
    dump(f);
    fail_msg("no notice has \"%s\"", text);
}

static void expect_request(struct fixture *f, size_t at, const char *text)
{
    char *request = fault_server_request(f->server, at);
    if (strstr(request, text) == NULL) {
        fail_msg("request %zu has no \"%s\": %s", at, text, request);
    }
    free(request);
}

/* One of them has it, whichever: Codex may ask its model before it has heard what we tell it. */
static void expect_a_request(struct fixture *f, const char *text)
{
    for (size_t i = 0; i < fault_server_count(f->server); i++) {
        char *request = fault_server_request(f->server, i);
        bool found = strstr(request, text) != NULL;
        free(request);
        if (found) {
            return;
        }
    }
    fail_msg("no request has \"%s\"", text);
}

#define EVENT(json) "data: " json "\n\n"
#define END(tokens)                                                                                \
    EVENT("{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\","  \
          "\"usage\":{\"input_tokens\":" tokens ",\"output_tokens\":0,\"total_tokens\":" tokens    \
          "}}}")
#define SAY(text)                                                                                  \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"role\":"       \
          "\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"" text "\"}]}}")
#define CALL(id, name, arguments)                                                                  \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"call_"   \
          "id\":\"" id "\",\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}")
#define LIST(id) CALL(id, "list_files", "{\\\"pattern\\\":null}")

static const struct fault_step says[] = {{.body = SAY("Well.") END("100000")}};

/* ---- the built-in agent ---- */

static void write_own(struct fixture *f, const char *more)
{
    char *config = mem_printf("base_url = \"%s/v1\"\n%s", fault_server_url(f->server), more);
    test_write(f->home, "bylaw/config.toml", config);
    free(config);
}

static void a_profile_is_followed_at_the_next_request(void **state)
{
    struct fixture *f = *state;
    struct err err;
    write_own(f, article);
    fault_server_script(f->server, says, 1);
    open_workbench(f, NULL, "policy");
    must_notice(f, "Profile policy (");
    must_notice(f, "gpt-5.5, high, approval unless-allow-listed, sandbox read-only");
    ask(f, "One.");
    expect_request(f, 0, "\"model\":\"gpt-5.5\"");
    expect_request(f, 0, "\"effort\":\"high\"");
    assert_string_equal(workbench_profile(f->wb), "policy");
    assert_string_equal(workbench_model(f->wb), "gpt-5.5 high");
    assert_ok(workbench_use_profile(f->wb, "policy-bulk", &err), err);
    assert_string_equal(workbench_model(f->wb), "gpt-5.4-mini medium");
    ask(f, "Two.");
    expect_request(f, 1, "\"model\":\"gpt-5.4-mini\"");
    expect_request(f, 1, "\"effort\":\"medium\"");
    struct buf cost = BUF_INIT;
    workbench_describe_spend(f->wb, &cost);
    assert_non_null(strstr(cost.ptr, "This prompt  100k tokens, $0.07")); /* 0.075 */
    assert_non_null(strstr(cost.ptr, "In all       200k tokens, $0.5"));  /* 0.50 + 0.075 */
    buf_free(&cost);
    assert_ok(workbench_use_model(f->wb, "my-own", "low", &err), err);
    ask(f, "Three.");
    expect_request(f, 2, "\"model\":\"my-own\"");
    workbench_describe_spend(f->wb, &cost);
    assert_non_null(strstr(cost.ptr, "This prompt  100k tokens, price unknown"));
    buf_free(&cost);
    assert_false(workbench_use_profile(f->wb, "none such", &err));
    assert_false(workbench_use_model(f->wb, "x", "huge", &err));
}

static void another_server_is_asked_between_turns(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct fault_server *other = fault_server_start();
    char *more = mem_printf("[model_providers.two]\nbase_url = \"%s/v1\"\n"
                            "[profiles.two]\nprovider = \"two\"\nmodel = \"m2\"\n",
        fault_server_url(other));
    write_own(f, more);
    free(more);
    fault_server_script(f->server, says, 1);
    fault_server_script(other, says, 1);
    open_workbench(f, NULL, NULL);
    ask(f, "One.");
    assert_ok(session_prompt(workbench_session(f->wb), STR_LIT("Two."), &err), err);
    assert_ok(workbench_use_profile(f->wb, "two", &err), err); /* the turn runs: after it */
    WAIT_UNTIL(f, fault_server_count(f->server) == 2 && is_over(f, 2));
    ask(f, "Three.");
    assert_int_equal(fault_server_count(f->server), 2);
    assert_int_equal(fault_server_count(other), 1);
    char *request = fault_server_request(other, 0);
    assert_non_null(strstr(request, "\"model\":\"m2\""));
    free(request);
    assert_ok(workbench_use_profile(f->wb, NULL, &err), err);
    ask(f, "Four.");
    assert_int_equal(fault_server_count(f->server), 3);
    fault_server_stop(other);
}

static void a_prompt_s_task_picks_the_model(void **state)
{
    struct fixture *f = *state;
    struct err err;
    write_own(
        f, "[routing]\nreview = { model = \"deep\", effort = \"xhigh\", reason = \"it digs\" }\n");
    fault_server_script(f->server, says, 1);
    open_workbench(f, NULL, NULL);
    WAIT_UNTIL(f, strcmp(workbench_model(f->wb), "gpt-5.5") == 0);
    session_set_draft(workbench_session(f->wb), STR_LIT("Please review p"));
    assert_string_equal(workbench_model(f->wb), "deep xhigh"); /* before it is sent */
    session_set_draft(workbench_session(f->wb), (struct str){0});
    ask(f, "Please review p.");
    expect_request(f, 0, "\"model\":\"deep\"");
    must_have(f, ENTRY_NOTICE, "deep xhigh, to review and audit: it digs.");
    ask(f, "And the rest?"); /* still the same task */
    expect_request(f, 1, "\"model\":\"deep\"");
    ask(f, "Migrate it to v1.");
    expect_request(f, 2, "\"model\":\"gpt-5.4-mini\"");
    assert_ok(workbench_use_model(f->wb, "mine", NULL, &err), err);
    ask(f, "Review it again.");
    expect_request(f, 3, "\"model\":\"mine\""); /* whoever chose one has it */
}

/* Words of a prompt never loosen what bounds an agent, and what is typed while a turn runs or waits
 * is no part of it. */
static void a_route_s_profile_only_tightens(void **state)
{
    struct fixture *f = *state;
    struct err err;
    write_own(f, "max_turns = 20\n[routing]\nreview = \"careful\"\n[profiles.careful]\n"
                 "model = \"deep\"\napproval_policy = \"untrusted\"\nmax_turns = 100\n"
                 "max_cost = 1\nsandbox_mode = \"workspace-write\"\n"
                 "[[profiles.careful.hooks]]\nevent = \"Stop\"\ncommand = \"echo LOOK TWICE\"\n");
    fault_server_script(f->server, says, 1);
    open_workbench(f, NULL, NULL);
    const struct config *config = workbench_config(f->wb);
    ask(f, "Migrate p.");
    assert_string_equal(config_string(config, "approval_policy"), "on-request");
    assert_false(has(f, ENTRY_NOTICE, "LOOK TWICE"));
    assert_ok(session_prompt(workbench_session(f->wb), STR_LIT("Please review p."), &err), err);
    session_set_draft(workbench_session(f->wb), STR_LIT("and now migrate it"));
    assert_string_equal(workbench_model(f->wb), "deep high"); /* what runs, not what is typed */
    WAIT_UNTIL(f, has(f, ENTRY_NOTICE, "LOOK TWICE"));
    WAIT_UNTIL(f, session_state(workbench_session(f->wb)) == SESSION_IDLE);
    expect_request(f, 1, "\"model\":\"deep\"");
    must_have(f, ENTRY_NOTICE,
        "to review and audit: your profile careful, of its limits what is stricter.");
    assert_string_equal(config_string(config, "approval_policy"), "untrusted");
    assert_string_equal(config_string(config, "sandbox_mode"), "read-only");
    assert_int_equal(config_integer(config, "max_turns"), 20);
    assert_true(config_number(config, "max_cost") < 1.1);
    assert_string_equal(workbench_model(f->wb), "gpt-5.4-mini medium"); /* what would be sent now */
    ask(f, "Migrate it.");
    assert_string_equal(config_string(config, "approval_policy"), "on-request");
    assert_true(config_number(config, "max_cost") > 9.9);
    ask(f, "Review it.");
    assert_ok(workbench_use_model(f->wb, "mine", NULL, &err), err);
    assert_string_equal(config_string(config, "approval_policy"), "on-request");
}

static void the_default_table_is_for_openai_only(void **state)
{
    struct fixture *f = *state;
    write_own(f, "");
    fault_server_script(f->server, says, 1);
    open_workbench(f, NULL, NULL);
    ask(f, "Review it.");
    expect_request(f, 0, "\"model\":\"gpt-5.5\"");
}

static void a_profile_bounds_what_a_prompt_costs(void **state)
{
    struct fixture *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = LIST("c1") END("100000")},
        {.body = LIST("c2") END("100000")},
        {.body = SAY("Done.") END("100")},
    };
    write_own(f, "[profiles.thrifty]\nmodel = \"gpt-5.5\"\nmax_cost = 0.75\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    open_workbench(f, NULL, "thrifty");
    ask(f, "Look.");
    must_have(f, ENTRY_ERROR, "Stopped: this prompt has taken $1.00 and max_cost is $0.75.");
    assert_int_equal(fault_server_count(f->server), 2);
    assert_ok(session_retry(workbench_session(f->wb), &err), err);
    WAIT_UNTIL(f, has(f, ENTRY_ASSISTANT, "Done."));
}

/* ---- Codex ---- */

static void write_codex(struct fixture *f, const char *more)
{
    char *config = mem_printf(
        "model = \"gpt-5.5\"\nmodel_provider = \"own\"\n[model_providers.own]\nname = \"own\"\n"
        "base_url = \"%s/v1\"\nwire_api = \"responses\"\nenv_key = \"LAB_ACCESS\"\n"
        "request_max_retries = 0\nstream_max_retries = 0\n%s",
        fault_server_url(f->server), more);
    test_write(f->codex, "config.toml", config);
    free(config);
}

#define RUN(id, command) CALL(id, "exec_command", "{\\\"cmd\\\":\\\"" command "\\\"}")
#define ESCALATE(id, command)                                                                      \
    CALL(id, "exec_command",                                                                       \
        "{\\\"cmd\\\":\\\"" command "\\\",\\\"sandbox_permissions\\\":\\\"require_escalated\\\","  \
        "\\\"justification\\\":\\\"I want to\\\"}")

static void codex_takes_the_article_s_config_as_it_stands(void **state)
{
    struct fixture *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = RUN("c1", "touch p/made; cat p/p.rego") END("10")},
        {.body = SAY("Seen.") END("10")},
        {.body = SAY("Bulk.") END("10")},
    };
    char *all = mem_printf("%s%s", article, article_hook);
    write_codex(f, all);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    open_workbench(f, "codex", "policy");
    struct session *session = workbench_session(f->wb);
    assert_ok(session_prompt(session, STR_LIT("Look."), &err), err);
    /* unless-allow-listed: Codex asks before each command, and runs it in its sandbox. */
    WAIT_UNTIL(f, session_approval(session) != NULL || is_over(f, 0));
    if (session_approval(session) == NULL) {
        dump(f);
        fail_msg("nothing was asked");
    }
    assert_non_null(strstr(session_approval(session), "touch p/made"));
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, is_over(f, 0));
    must_notice(f, "Codex is given a copy of its config.toml without ");
    must_notice(f, "hooks (line 21), approval_policy (line 13)");
    must_have(f, ENTRY_TOOL, "Read-only file system");
    must_have(f, ENTRY_ASSISTANT, "Seen.");
    expect_request(f, 0, "\"model\":\"gpt-5.5\"");
    expect_request(f, 0, "\"effort\":\"high\"");
    assert_string_equal(workbench_model(f->wb), "Codex gpt-5.5 high");
    assert_ok(workbench_use_profile(f->wb, "policy-bulk", &err), err);
    ask(f, "Go on.");
    expect_request(f, 2, "\"model\":\"gpt-5.4-mini\"");
    expect_request(f, 2, "\"effort\":\"medium\"");
    char *whole = test_read(f->codex, "config.toml"); /* theirs is as it was */
    assert_non_null(strstr(whole, article_hook));
    free(whole);
    free(all);
}

static void a_profile_hands_over_to_codex_and_back(void **state)
{
    struct fixture *f = *state;
    struct err err;
    write_codex(f, "");
    write_own(f, "model_provider = \"openai\"\nmodel = \"first\"\n"
                 "[profiles.cx]\nprovider = \"codex\"\nmodel = \"gpt-5.5\"\neffort = \"low\"\n");
    fault_server_script(f->server, says, 1);
    open_workbench(f, NULL, NULL);
    ask(f, "One.");
    expect_request(f, 0, "\"model\":\"first\"");
    assert_ok(workbench_use_profile(f->wb, "cx", &err), err);
    ask(f, "Two."); /* waits until Codex is chosen */
    assert_string_equal(workbench_model(f->wb), "Codex gpt-5.5 low");
    expect_request(f, 1, "originator: bylaw");
    expect_request(f, 1, "\"model\":\"gpt-5.5\"");
    expect_request(f, 1, "\"effort\":\"low\"");
    assert_ok(workbench_use_profile(f->wb, NULL, &err), err);
    ask(f, "Three.");
    expect_request(f, 2, "\"model\":\"first\"");
    expect_request(f, 2, "Two."); /* what was said stays said */
}

static void codex_is_refused_what_may_not_ask(void **state)
{
    struct fixture *f = *state;
    char *leave = mem_printf(ESCALATE("c1", "touch %s/one") END("10"), f->home);
    const struct fault_step steps[] = {{.body = leave}, {.body = SAY("I could not.") END("10")}};
    write_codex(f, "");
    test_write(f->home, "bylaw/config.toml", "approval_policy = \"never\"\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    open_workbench(f, "codex", NULL);
    ask(f, "Leave.");
    must_have(f, ENTRY_NOTICE, "approval_policy is never");
    must_have(f, ENTRY_ASSISTANT, "I could not.");
    expect_a_request(f, "approval_policy is never");
    char *made = path_join(f->home, "one");
    assert_int_not_equal(access(made, F_OK), 0);
    free(made);
    free(leave);
}

static void codex_stops_at_the_bounds_too(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        {.body = RUN("c1", "ls") END("400000")},
        {.body = RUN("c2", "ls p") END("400000")},
        {.body = SAY("Never said.") END("10")},
        {.body = SAY("Never said.") END("10")},
        {.body = SAY("Never said.") END("10")},
    };
    write_codex(f, "");
    test_write(f->home, "bylaw/config.toml", "max_tokens = 500000\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    open_workbench(f, "codex", NULL);
    ask(f, "Look for ever.");
    must_have(f, ENTRY_ERROR, "tokens and max_tokens is 500k.");
}

int main(void)
{
    char *program = path_join(getenv("BYLAW_BINARY_DIR"), "bylaw");
    confined_use_program(program); /* the article's hook runs confined */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_profile_is_followed_at_the_next_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_server_is_asked_between_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_prompt_s_task_picks_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_route_s_profile_only_tightens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_default_table_is_for_openai_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_profile_bounds_what_a_prompt_costs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            codex_takes_the_article_s_config_as_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_profile_hands_over_to_codex_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(codex_is_refused_what_may_not_ask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(codex_stops_at_the_bounds_too, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(program);
    return failed;
}
