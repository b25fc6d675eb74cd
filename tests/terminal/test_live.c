/* The whole program on a model that speaks the real protocols over loopback: a third party's fake
 * of the API from a prompt to a commit, and a server that misbehaves in each way a real one does.
 * The key is looked for in everything the program wrote, showed or handed on. */
#include "test.h"

#include "fault_server.h"
#include "loop/process.h"
#include "term.h"

#include <signal.h>
#include <stdlib.h>

#define KEY "sk-live-Zq81vTn4CkWd0oXe"

/* ---- a workspace and the program on it ---- */

struct fixture {
    char *dir;
    char *state;
    struct term *term;
    struct fault_server *server;
    struct loop *loop;
    struct process *mock;
    char *mock_url;
    bool ready, over;
};

static char *run(const struct fixture *f, const char *script)
{
    const char *argv[] = {"bash", "-ec", script, "bash", f->state, NULL};
    return test_run(f->dir, argv);
}

static void sh(const struct fixture *f, const char *script)
{
    free(run(f, script));
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct err err;
    f->loop = loop_new(&err);
    f->dir = test_dir_make();
    f->state = test_dir_make();
    test_write(f->dir, "a.rego", "package a\n\nallow if input.x == 1\n");
    test_write(f->dir, "a_test.rego",
        "package a_test\n\nimport data.a\n\ntest_allow if a.allow with input as {\"x\": 1}\n");
    /* A name that nothing but the configuration knows to be a key's. */
    test_write(f->state, "config/bylaw/config.toml", "api_key_env = \"MY_MODEL\"\n");
    /* What a program started by us sees of the environment is grepped for the key too. */
    sh(f, "mkdir \"$1\"/bin; { echo '#!/bin/sh'; echo \"env >> '$1/environment'\"; "
          "echo \"exec '$(command -v opa)' \\\"\\$@\\\"\"; } > \"$1\"/bin/opa; chmod +x "
          "\"$1\"/bin/opa");
    sh(f, "git init -q -b main; git config user.name Engineer; "
          "git config user.email e@example.invalid; git config core.hooksPath /nonexistent; "
          "git add -A; git commit -q -m start");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    if (f->server != NULL) {
        fault_server_stop(f->server);
    }
    if (f->mock != NULL) {
        process_cancel(f->mock);
        assert_true(loop_run_until(f->loop, &f->over, 240000));
    }
    loop_free(f->loop);
    test_dir_remove(f->dir);
    test_dir_remove(f->state);
    free(f->mock_url);
    free(f);
    return 0;
}

static void start(struct fixture *f, const char *url, const char *wire, const char *option)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *log = mem_printf("%s/log", f->state);
    char *file = mem_printf("%s/recording.jsonl", f->state);
    const char *argv[] = {
        program, f->dir, "--log", log, option, option == NULL ? NULL : file, NULL};
    char *env[] = {mem_printf("XDG_STATE_HOME=%s", f->state),
        mem_printf("XDG_CACHE_HOME=%s/cache", f->state), mem_printf("BYLAW_BASE_URL=%s", url),
        mem_printf("BYLAW_WIRE_API=%s", wire), mem_strdup("BYLAW_MODEL=gpt-4o"),
        mem_printf("PATH=%s/bin:%s", f->state, getenv("PATH")),
        mem_printf("XDG_CONFIG_HOME=%s/config", f->state), mem_strdup("MY_MODEL=" KEY), NULL};
    struct term_options options = {
        .argv = argv, .env = (const char *const *)env, .rows = 40, .cols = 120};
    f->term = term_start(&options);
    for (size_t i = 0; env[i] != NULL; i++) {
        free(env[i]);
    }
    free(program);
    free(log);
    free(file);
    term_expect(f->term, "✓ 1");
}

static void quit(struct fixture *f)
{
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
    struct str seen = term_bytes(f->term);
    assert_true(str_find(seen, STR_LIT(KEY), 0) == SIZE_MAX);
    sh(f, "test -s \"$1\"/environment; test -f \"$1\"/log");
    /* Journal, log, recording, caches, and the repository itself. */
    char *found = run(f, "grep -rlF -e " KEY " \"$1\" . || true");
    assert_string_equal(found, "");
    free(found);
}

static void ask(struct fixture *f, const char *prompt)
{
    term_type(f->term, prompt);
    term_key(f->term, "enter");
}

/* ---- from a prompt to a commit ---- */

static const char fixtures[] =
    "{\"fixtures\":["
    "{\"match\":{\"userMessage\":\"Review of\"},\"response\":{\"content\":\"Understood.\"}},"
    "{\"match\":{\"userMessage\":\"two\",\"hasToolResult\":true},\"chunkSize\":3,\"response\":"
    "{\"content\":\"It is **proposed**, and tested.\"}},"
    "{\"match\":{\"userMessage\":\"two\"},\"chunkSize\":7,\"response\":{\"content\":"
    "\"One more rule.\",\"toolCalls\":[{\"name\":\"apply_patch\",\"arguments\":"
    "\"{\\\"input\\\":\\\"*** Begin Patch\\\\n*** Update File: a.rego\\\\n@@\\\\n allow if input.x "
    "== 1\\\\n+\\\\n+allow if input.x == 2\\\\n*** Update File: a_test.rego\\\\n@@\\\\n test_allow "
    "if a.allow with input as {\\\\\\\"x\\\\\\\": 1}\\\\n+\\\\n+test_two if a.allow with input as "
    "{\\\\\\\"x\\\\\\\": 2}\\\\n*** End Patch\\\"}\"},"
    "{\"name\":\"run_tests\",\"arguments\":\"{\\\"paths\\\":null}\"}]}}"
    "]}";

static void on_line(void *data, enum process_stream stream, struct str line)
{
    struct fixture *f = data;
    (void)stream;
    static const char marker[] = "listening on http://";
    size_t at = str_find(line, str_of(marker), 0);
    if (at != SIZE_MAX && !f->ready) {
        struct str address = str_trim(str_from(line, at + strlen(marker)));
        f->mock_url = mem_printf("http://%.*s/v1", STR_FMT(address));
        f->ready = true;
    }
}

static void on_exit_seen(void *data, const struct process_result *result)
{
    struct fixture *f = data;
    (void)result;
    f->over = true;
}

static void start_mock(struct fixture *f)
{
    struct err err;
    char *source = test_source_path("");
    const char *find[] = {"bash", "-c",
        ". scripts/lib.sh && printf %s \"$(fetch_node_modules tests/node)/.bin/llmock\"", NULL};
    char *mock = test_run(source, find);
    test_write(f->state, "fixtures.json", fixtures);
    char *file = mem_printf("%s/fixtures.json", f->state);
    const char *argv[] = {"node", mock, "-p", "0", "-f", file, NULL};
    struct process_options options = {
        .argv = argv, .on_line = on_line, .on_exit = on_exit_seen, .data = f};
    f->mock = process_start(f->loop, &options, &err);
    if (f->mock == NULL) {
        fail_msg("%s", err.text);
    }
    assert_true(loop_run_until(f->loop, &f->ready, 240000));
    free(file);
    free(mock);
    free(source);
}

static void commits(struct fixture *f, const char *wire)
{
    start_mock(f);
    start(f, f->mock_url, wire, "--record");
    term_expect(f->term, "being recorded");
    term_expect(f->term, "gpt-4o");
    ask(f, "Allow two as well");
    term_expect(f->term, "One more rule.");
    term_expect(f->term, "run_tests");
    term_expect(f->term, "It is proposed, and tested.");
    term_expect(f->term, "proposal 1   2 files  +4 −0");
    term_expect(f->term, "✓ 2");
    term_key(f->term, "enter");
    term_expect(f->term, "○ 4 open");
    term_expect(f->term, "tests ✓ 2");
    term_type(f->term, "A");
    term_expect(f->term, "✓ 2 accepted");
    term_type(f->term, "}A");
    term_expect(f->term, "✓ 4 accepted");
    term_key(f->term, "enter");
    term_expect(f->term, "Finish proposal 1");
    term_expect(f->term, "Message  on main");
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "● committed");
    char *said = run(f, "git log -1 --format='%an <%ae>%n%B'; git status --porcelain; "
                        "git show HEAD:a.rego; git show HEAD:a_test.rego; cat a.rego");
    assert_non_null(strstr(said, "Engineer <e@example.invalid>\nAllow two as well\n"));
    assert_non_null(strstr(said, "Bylaw-Tests: 2 passed, 0 failed"));
    assert_non_null(strstr(said, "gpt-4o"));
    static const char files[] =
        "\npackage a\n\nallow if input.x == 1\n\nallow if input.x == 2\n"
        "package a_test\n\nimport data.a\n\ntest_allow if a.allow with input as {\"x\": 1}\n\n"
        "test_two if a.allow with input as {\"x\": 2}\n"
        "package a\n\nallow if input.x == 1\n\nallow if input.x == 2\n";
    assert_true(strlen(said) > strlen(files));
    assert_string_equal(said + strlen(said) - strlen(files), files);
    free(said);
    quit(f);
}

/* What was recorded is a session that can be replayed, without a server. */
static void replays(struct fixture *f)
{
    sh(f, "git reset -q --hard HEAD~1; rm -rf \"$1\"/bylaw");
    term_free(f->term);
    start(f, "http://127.0.0.1:9/v1", "responses", "--recording");
    term_expect(f->term, "RECORDING");
    ask(f, "Allow two as well");
    term_expect(f->term, "It is proposed, and tested.");
    term_expect(f->term, "proposal 1   2 files  +4 −0");
    quit(f);
}

static void commits_over_responses(void **state)
{
    commits(*state, "responses");
    replays(*state);
}

static void commits_over_chat(void **state)
{
    commits(*state, "chat");
    replays(*state);
}

/* ---- a server that misbehaves ---- */

#define TEXT(text)                                                                                 \
    "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"" text "\"}\n\n"
#define BEGIN "data: {\"type\":\"response.created\",\"response\":{\"model\":\"m1\"}}\n\n"
#define END   "data: {\"type\":\"response.completed\",\"response\":{}}\n\n"
#define CALL(name, arguments)                                                                      \
    "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"id\":"   \
    "\"f\",\"call_id\":\"c1\",\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}\n\n"
#define JSON "Content-Type: application/json\r\n"

static void serve(struct fixture *f, const struct fault_step *steps, size_t count)
{
    f->server = fault_server_start();
    fault_server_script(f->server, steps, count);
    char *url = mem_printf("%s/v1", fault_server_url(f->server));
    start(f, url, "responses", NULL);
    free(url);
}

static void a_refused_key_is_said_without_the_key(void **state)
{
    struct fixture *f = *state;
    /* The server repeats the key to us. */
    static const struct fault_step steps[] = {
        {.status = 401,
            .headers = JSON,
            .body = "{\"error\":{\"message\":\"Incorrect API key provided: " KEY "\"}}"},
        {.body = BEGIN TEXT("At last.") END}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "hello");
    term_expect(f->term, "MY_MODEL (401)");
    /* Nothing is lost: the same request again, with one key. */
    term_key(f->term, "enter");
    term_expect(f->term, "At last.");
    char *sent = fault_server_request(f->server, 1);
    assert_non_null(strstr(sent, "\"hello\""));
    free(sent);
    quit(f);
}

/* The seconds that are left until it asks again; -1: it does not wait. */
static int seconds_left(struct term *term)
{
    char *screen = term_text(term);
    const char *again = strstr(screen, "again in ");
    int left = again == NULL ? -1 : (int)strtol(again + strlen("again in "), NULL, 10);
    free(screen);
    return left;
}

static bool has_fewer_left(struct term *term, void *data)
{
    const int *before = data;
    int left = seconds_left(term);
    return left >= 0 && left < *before;
}

static void too_many_requests_are_waited_for(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        {.status = 429,
            .headers = JSON "Retry-After: 60\r\n",
            .body = "{\"error\":{\"message\":\"Slow down\"}}"},
        {.status = 429,
            .headers = JSON "Retry-After: 1\r\n",
            .body = "{\"error\":{\"message\":\"Slow down\"}}"},
        {.body = BEGIN TEXT("At last.") END}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "hello");
    term_expect(f->term, "again in ");
    int before = seconds_left(f->term);
    term_wait(f->term, has_fewer_left, &before, "fewer seconds to wait");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "again in ");
    ask(f, "hello again");
    term_expect(f->term, "At last.");
    assert_int_equal(fault_server_count(f->server), 3);
    quit(f);
}

/* Prompts typed while the model answers are seen, put in another order, changed and removed. */
static void waiting_prompts_are_changed(void **state)
{
    struct fixture *f = *state;
    static const char body[] = BEGIN TEXT("It begins") TEXT(" and ends.") END;
    static const size_t half = sizeof BEGIN TEXT("It begins") - 1;
    const struct fault_step steps[] = {
        {.body = body, .stall = true, .stall_after = half}, {.body = BEGIN TEXT("Next.") END}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "one");
    term_expect(f->term, "It begins");
    ask(f, "second prompt");
    ask(f, "third prompt");
    ask(f, "fourth prompt");
    term_expect(f->term, "next: fourth prompt");
    term_key(f->term, "alt-w");
    term_expect(f->term, "Prompts that wait");
    term_expect(f->term, "3  fourth prompt");
    term_type(f->term, "GK"); /* the fourth before the third */
    term_expect(f->term, "2  fourth prompt");
    term_type(f->term, "gx"); /* the second is not sent at all */
    term_expect(f->term, "1  fourth prompt");
    term_type(f->term, "G\r"); /* the third is changed */
    term_expect_gone(f->term, "Prompts that wait");
    term_expect(f->term, "› third prompt");
    term_type(f->term, ", changed\r");
    term_expect(f->term, "next: third prompt, changed");
    term_key(f->term, "esc"); /* the turn ends here: what waits stays */
    term_expect(f->term, "Interrupted.");
    term_key(f->term, "alt-w");
    term_expect(f->term, "1  fourth prompt");
    term_expect(f->term, "2  third prompt, changed");
    term_key(f->term, "esc");
    ask(f, "fifth");
    term_expect(f->term, "  fifth"); /* in what was said: its turn has come */
    term_expect(f->term, "› say what the policy should do"); /* all are answered, in this order */
    static const char *const order[] = {"fourth prompt", "third prompt, changed", "fifth"};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        char *sent = fault_server_request(f->server, i + 1);
        assert_non_null(strstr(sent, order[i]));
        assert_null(strstr(sent, "second prompt"));
        assert_true(i + 1 == ARRAY_LEN(order) || strstr(sent, order[i + 1]) == NULL);
        free(sent);
    }
    quit(f);
}

/* The summary's connection breaks, then a server error: the conversation is as it was. The next one
 * takes its place, and is there after a kill. */
static void a_compaction_is_whole_or_nothing(void **state)
{
    struct fixture *f = *state;
    static const char summary[] = BEGIN TEXT("Half of it,") TEXT(" the summary.") END;
    static const size_t half = sizeof BEGIN TEXT("Half of it,") - 1;
    const struct fault_step steps[] = {{.body = BEGIN TEXT("First answer.") END},
        {.body = summary, .cut = true, .cut_after = half},
        {.status = 400,
            .headers = JSON,
            .body = "{\"error\":{\"message\":\"Something else broke\"}}"},
        {.body = BEGIN TEXT("Second answer.") END}, {.body = summary},
        {.body = BEGIN TEXT("Third answer.") END}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "hello one");
    term_expect(f->term, "First answer.");
    term_expect(f->term, "› say what the policy should do");
    ask(f, "/compact");
    term_expect(f->term, "Not compacted: ");
    ask(f, "hello two");
    term_expect(f->term, "Second answer.");
    char *sent = fault_server_request(f->server, 3);
    assert_non_null(strstr(sent, "hello one"));
    assert_non_null(strstr(sent, "First answer."));
    assert_null(strstr(sent, "Half of it"));
    free(sent);
    term_expect(f->term, "› say what the policy should do");
    ask(f, "/compact");
    term_expect(f->term, "Compacted: ");
    term_expect(f->term, "› say what the policy should do");
    term_signal(f->term, SIGKILL);
    (void)term_wait_exit(f->term);
    term_free(f->term);
    char *url = mem_printf("%s/v1", fault_server_url(f->server));
    start(f, url, "responses", NULL);
    free(url);
    term_expect(f->term, "Compacted: ");
    ask(f, "hello three");
    term_expect(f->term, "Third answer.");
    sent = fault_server_request(f->server, 5);
    assert_non_null(strstr(sent, "Half of it, the summary."));
    assert_non_null(strstr(sent, "1. hello one"));
    assert_non_null(strstr(sent, "2. hello two"));
    assert_null(strstr(sent, "First answer."));
    free(sent);
    quit(f);
}

static void half_an_answer_stays(void **state)
{
    struct fixture *f = *state;
    static const char body[] = BEGIN TEXT("The first half.") TEXT(" And the rest.") END;
    static const size_t half = sizeof BEGIN TEXT("The first half.") - 1;
    const struct fault_step steps[] = {{.body = body, .cut = true, .cut_after = half},
        {.body = body, .cut = true, .cut_after = half},
        {.body = body, .cut = true, .cut_after = half},
        {.body = body, .cut = true, .cut_after = half},
        {.body = body, .cut = true, .cut_after = half}, {.body = body}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "hello");
    term_expect(f->term, "The first half.");
    term_expect(f->term, "again in");
    term_expect(f->term, "Enter tries again");
    term_expect(f->term, "The first half.");
    /* What is typed meanwhile is kept too. */
    term_key(f->term, "alt-t");
    term_expect(f->term, "The first half. And the rest.");
    char *sent = fault_server_request(f->server, 5);
    char *before = fault_server_request(f->server, 0);
    assert_string_equal(strstr(sent, "\r\n\r\n"), strstr(before, "\r\n\r\n"));
    free(sent);
    free(before);
    quit(f);
}

static void broken_arguments_go_back_to_the_model(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        {.body = BEGIN CALL("read_file", "{\\\"path\\\": \\\"a.re") END},
        {.body = BEGIN TEXT("I read it wrongly.") END}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "hello");
    term_expect(f->term, "I read it wrongly.");
    term_expect(f->term, "read_file");
    char *sent = fault_server_request(f->server, 1);
    assert_non_null(strstr(sent, "function_call_output"));
    assert_non_null(strstr(sent, "JSON"));
    free(sent);
    quit(f);
}

static void a_stall_is_interrupted_and_the_queue_goes_on(void **state)
{
    struct fixture *f = *state;
    static const char body[] = BEGIN TEXT("So far so good.") END;
    const struct fault_step steps[] = {
        {.body = body, .stall = true, .stall_after = sizeof BEGIN TEXT("So far so good.") - 1},
        {.body = BEGIN TEXT("The second answer.") END}};
    serve(f, steps, ARRAY_LEN(steps));
    ask(f, "first");
    term_expect(f->term, "So far so good.");
    ask(f, "second prompt");
    ask(f, "third prompt");
    term_expect(f->term, "third prompt");
    term_key(f->term, "alt-q");
    term_expect(f->term, "› third prompt");
    term_key(f->term, "esc");
    term_expect(f->term, "Interrupted");
    assert_true(fault_server_wait_gone(f->server, 1));
    term_expect(f->term, "So far so good.");
    quit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits_over_responses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(commits_over_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_key_is_said_without_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_requests_are_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_prompts_are_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_compaction_is_whole_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_an_answer_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_arguments_go_back_to_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_stall_is_interrupted_and_the_queue_goes_on, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
