/* `bylaw mcp` with clients that others wrote: the protocol's own inspector and the real Codex CLI,
 * whose model is a server of the test's. What they propose is kept for review; the workspace stays
 * as it is. */
#include "test.h"

#include <stdlib.h>

#include "base/json.h"
#include "fault_server.h"
#include "sample_run.h"

static int set_up(void **state)
{
    struct sample_run *run = sample_run_new();
    sample_run_init(run);
    *state = run;
    return 0;
}

static int tear_down(void **state)
{
    sample_run_free(*state);
    return 0;
}

/* A line of shell in the copy; the caller frees what it printed. */
static char *shell(struct sample_run *run, const char *script)
{
    char *whole = mem_printf("export %s BYLAW=\"$BYLAW_BINARY_DIR/bylaw\" SAMPLE='%s'\n"
                             "BIN=\"$BYLAW_NODE_MODULES/.bin\" STATE=\"$XDG_STATE_HOME\"\n%s",
        run->xdg_state, run->dir, script);
    const char *argv[] = {"bash", "-ec", whole, NULL};
    char *out = test_run(run->dir, argv);
    free(whole);
    return out;
}

static void expect_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no \"%s\" in: %s", part, text);
    }
}

static void expect_untouched(struct sample_run *run)
{
    sample_run_sh(run, "git status --short", "");
}

#define INSPECT                                                                                    \
    "\"$BIN/mcp-inspector\" --cli \"$BYLAW\" "                                                     \
    "mcp \"$SAMPLE\" "

static void test_inspector(void **state)
{
    struct sample_run *run = *state;
    char *tools = shell(run, INSPECT "--method tools/list");
    cJSON *json = json_parse(str_of(tools), NULL);
    assert_true(cJSON_GetArraySize(json_get(json, "tools")) >= 9);
    cJSON_Delete(json);
    free(tools);
    char *answer = shell(run, INSPECT "--method tools/call --tool-name run_tests");
    expect_in(answer, "0 failed, 0 errors");
    expect_in(answer, "coverage");
    free(answer);
    answer = shell(run, INSPECT
        "--method tools/call --tool-name find_symbol --tool-arg name=data.k8s.privileged.deny");
    expect_in(answer, "rule k8s.privileged.deny  policies/k8s/privileged/privileged.rego:10");
    free(answer);
    answer = shell(run, INSPECT "--method tools/call --tool-name guards");
    expect_in(answer, "kyverno-api");
    free(answer);
    answer = shell(
        run, INSPECT "--method tools/call --tool-name read_file --tool-arg path=../../etc/passwd");
    expect_in(answer, "\"isError\": true");
    free(answer);
    expect_untouched(run);
}

/* Calls of tools, given as a file; the caller frees the answers, a line each. */
static char *call(struct sample_run *run, const char *option, const char *calls)
{
    char *script =
        mem_printf("cat >\"$STATE/calls\" <<'END'\n{\"id\":0,\"method\":\"initialize\"}\n%sEND\n"
                   "\"$BYLAW\" mcp %s \"$SAMPLE\" <\"$STATE/calls\"",
            calls, option);
    char *out = shell(run, script);
    free(script);
    return out;
}

#define RPC_CALL(tool, arguments)                                                                  \
    "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"" tool                             \
    "\",\"arguments\":" arguments "}}\n"

/* Where nothing was looked at, nothing is good. */
static void test_nothing_is_no_news(void **state)
{
    struct sample_run *run = *state;
    static const char *const cases[][2] = {
        {RPC_CALL("run_tests", "{\"paths\":[\"nope\"]}"), "nope: there is no such file or folder"},
        {RPC_CALL("check", "{\"paths\":[\"--help\"]}"), "--help: there is no such file or folder"},
        {RPC_CALL("check", "{\"paths\":[\"kyverno\"]}"),
            "There is no Rego and no suite in these files or folders: nothing was checked."},
        {RPC_CALL("check", "{\"paths\":[\"policies\"]}"), "No errors."},
        {RPC_CALL("guards", "{\"paths\":[\"nope\"]}"), "nope: there is no such file or folder"},
        {RPC_CALL("run_tests", "{\"paths\":[\"policies/k8s/privileged/privileged.rego\"]}"),
            "not evaluated\\nThere is no test in these files or folders: nothing was tested."},
        {RPC_CALL("evaluate", "{\"query\":\"1\",\"input\":\"{}\",\"input_file\":\"x\"}"),
            "Give input or input_file, not both."},
        {RPC_CALL("evaluate", "{\"query\":\"[1,{}]\"}"), "\"text\":\"[\\n  1,\\n  {}\\n]\\n\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *out = call(run, "", cases[i][0]);
        expect_in(out, cases[i][1]);
        free(out);
    }
    expect_untouched(run);
}

/* What the client's model is told is true of what it gets. */
static void test_read_only_says_so(void **state)
{
    struct sample_run *run = *state;
    char *out = call(run, "--read-only", "{\"id\":1,\"method\":\"tools/list\"}\n");
    expect_in(out, "None of them changes anything.");
    expect_in(out, "\"name\":\"run_tests\"");
    assert_null(strstr(out, "apply_patch"));
    free(out);
    out = call(run, "", "{\"id\":1,\"method\":\"tools/list\"}\n");
    expect_in(out, "apply_patch proposes a change");
    expect_in(out, "\"name\":\"apply_patch\"");
    free(out);
}

#define EVENT(json) "data: " json "\n\n"
#define CALL(id, tool, arguments)                                                                  \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"call_"   \
          "id\":\"" id "\",\"namespace\":\"mcp__bylaw\",\"name\":\"" tool                          \
          "\",\"arguments\":\"" arguments "\"}}")
#define END EVENT("{\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}")

#define CODEX                                                                                      \
    "export CODEX_HOME=\"$STATE/codex\" DUMMY_KEY=x; mkdir -p \"$CODEX_HOME\"\n"                   \
    "\"$BIN/codex\" exec --json --skip-git-repo-check -s read-only -c 'model=\"local\"' -c "       \
    "'model_provider=\"own\"'"                                                                     \
    " -c "                                                                                         \
    "\"model_providers.own={name=\\\"own\\\",base_url=\\\"$URL/"                                   \
    "v1\\\",wire_api=\\\"responses\\\",env_key="                                                   \
    "\\\"DUMMY_KEY\\\"}\" -c "                                                                     \
    "\"mcp_servers.bylaw={command=\\\"$BYLAW\\\",args=[\\\"mcp\\\",\\\"$SAMPLE\\\"],env={PATH="    \
    "\\\"$PATH\\\",HOME=\\\"$HOME\\\",XDG_STATE_HOME=\\\"$STATE\\\"}}\" 'Forbid it.' </dev/null "  \
    "2>&1"

static void test_codex(void **state)
{
    struct sample_run *run = *state;
    struct fault_server *server = fault_server_start();
    static const struct fault_step steps[] = {
        {.body = CALL("c1", "find_symbol", "{\\\"name\\\":\\\"deny\\\",\\\"references\\\":true}")
                END},
        {.body = CALL("c2", "apply_patch",
             "{\\\"input\\\":\\\"*** Begin Patch\\\\n*** Add File: "
             "policies/new/new.rego\\\\n+package new\\\\n*** End "
             "Patch\\\"}") END},
        {.body = EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\","
                       "\"role\":\"assistant\","
                       "\"content\":[{\"type\":\"output_text\",\"text\":\"Proposed.\"}]}}") END},
    };
    fault_server_script(server, steps, ARRAY_LEN(steps));
    setenv("URL", fault_server_url(server), 1);
    char *out = shell(run, CODEX);
    expect_in(out, "\"type\":\"mcp_tool_call\",\"server\":\"bylaw\",\"tool\":\"find_symbol\"");
    expect_in(out, "\"text\":\"Proposed.\"");
    free(out);
    assert_int_equal(fault_server_count(server), 3);
    char *request = fault_server_request(server, 1);
    expect_in(request, "rule k8s.privileged.deny");
    expect_in(request, "test k8s.privileged_test.test_deny_privileged");
    free(request);
    request = fault_server_request(server, 2);
    expect_in(request, "the engineer will review it");
    free(request);
    fault_server_stop(server);
    expect_untouched(run);
    /* It waits for the engineer. */
    sample_run_start(run, 40, 120);
    term_expect(run->term, "new.rego");
    term_expect(run->term, "through bylaw mcp");
    expect_untouched(run);
}

/* A workbench beside takes what the client has proposed so far, while the client goes on: it is
 * told so, and what it proposes afterwards is another proposal. One that starts when it has just
 * been handed over begins with it. */
static void test_what_is_proposed_is_handed_over(void **state)
{
    struct sample_run *run = *state;
    char *out = shell(run,
        "mkfifo \"$STATE/in\"; \"$BYLAW\" mcp \"$SAMPLE\" <\"$STATE/in\" >\"$STATE/out\" &\n"
        "exec 8>\"$STATE/in\"\n"
        "say() { printf '%s\\n' \"$1\" >&8; until grep -q \"$2\" \"$STATE/out\"; do sleep 0.1; "
        "done; }\n"
        "patch() { printf "
        "'{\"id\":%s,\"method\":\"tools/call\",\"params\":{\"name\":\"apply_patch\","
        "\"arguments\":{\"input\":\"*** Begin Patch\\\\n*** Add File: %s\\\\n+package x\\\\n"
        "*** End Patch\"}}}' $1 $2; }\n"
        "say '{\"id\":0,\"method\":\"initialize\"}' '\"id\":0'\n"
        "say \"$(patch 1 one.rego)\" 'added  one.rego'\n"
        "until printf 'reviews next\\nquit\\n' | \"$BYLAW\" --plain \"$SAMPLE\" >\"$STATE/said\" "
        "2>&1 && "
        "grep -q -e 'Proposal 1 of 1' -e 'Proposal 1 is open' \"$STATE/said\"; do "
        "grep -q 'asked to hand it over' \"$STATE/said\" || { cat \"$STATE/said\" >&2; exit 1; }; "
        "sleep 0.2; done\n"
        "say \"$(patch 2 two.rego)\" 'added  two.rego'\n"
        "exec 8>&-; wait\n"
        "printf 'reviews\\nquit\\n' | \"$BYLAW\" --plain \"$SAMPLE\"\ncat \"$STATE/out\"\n");
    expect_in(out, "2 wait for review");
    expect_in(out, "The engineer has taken what you proposed so far for review.");
    free(out);
    expect_untouched(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_inspector, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_no_news, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_only_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_codex, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_proposed_is_handed_over, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
