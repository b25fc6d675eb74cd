/* Commands of the built-in agent, run for real: a recorded model calls run_command, the policy
 * judges, the sandbox confines, the engineer answers. */
#include "fault_server.h"
#include "recorded_run.h"

#include "agent/approvals.h"
#include "agent/journal.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One call of run_command in the answer that is being written. */
static void command(struct buf *out, const char *id, const char *line, bool network, int timeout_s)
{
    cJSON *args = cJSON_CreateObject();
    json_set_string(args, "command", line);
    json_set_bool(args, "network", network);
    json_set_string(args, "reason", "to see");
    json_set_int(args, "timeout_s", timeout_s);
    char *text = json_print(args);
    script_call(out, id, "run_command", text, false);
    free(text);
    cJSON_Delete(args);
}

/* A prompt "go" that is answered by the commands, then by a word. */
static void script(struct recorded_run *f, const char *const *lines, size_t count, bool network)
{
    script_begin(&f->recording, "go", 0);
    for (size_t i = 0; i < count; i++) {
        char *id = mem_printf("c%zu", i);
        command(&f->recording, id, lines[i], network, 60);
        free(id);
    }
    script_done(&f->recording);
    script_begin(&f->recording, "go", 1);
    script_say(&f->recording, "Done.");
    script_done(&f->recording);
}

static int set_up(void **state)
{
    recorded_run_set_up(state);
    struct recorded_run *f = *state;
    setenv("SOME_API_KEY", "hush", 1);
    test_write(f->dir, "p/p.rego", "package p\n\nallowed := true\n");
    return 0;
}

static void go(struct recorded_run *f)
{
    recorded_run_prompt(f, "Go.");
}

static const struct entry *ran(struct recorded_run *f, size_t nth)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        if (e->kind == ENTRY_TOOL && strcmp(e->name, "run_command") == 0 && nth-- == 0) {
            return e;
        }
    }
    recorded_run_dump(f);
    fail_msg("too few commands");
    return NULL;
}

static void assert_says(struct recorded_run *f, const struct entry *entry, const char *text)
{
    if (entry->text.len == 0 || strstr(entry->text.ptr, text) == NULL) {
        recorded_run_dump(f);
        fail_msg("it does not say: %s", text);
    }
}

static const struct question *question(struct recorded_run *f)
{
    return session_question(workbench_session(f->wb));
}

static void answer(struct recorded_run *f, enum approval approval, const char *text)
{
    struct err err;
    assert_ok(session_decide(workbench_session(f->wb), approval, str_of(text), &err), err);
}

static void a_command_runs_confined_and_says_what_it_did(void **state)
{
    struct recorded_run *f = *state;
    char *outside = path_join(f->home, "escaped");
    char *write_out = mem_printf(
        "echo x > %s/p/new.rego; echo x > %s; echo \"[$SOME_API_KEY]\"", f->dir, outside);
    const char *lines[] = {"cat p/p.rego", "sh -c 'exit 3'", write_out,
        "printf '\\033[2Jred\\nlast'", "touch here", "no-such-program", "sleep 1000"};
    script_begin(&f->recording, "go", 0);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char *id = mem_printf("c%zu", i);
        command(&f->recording, id, lines[i], false, i == 6 ? 1 : 60);
        free(id);
    }
    script_done(&f->recording);
    script_begin(&f->recording, "go", 1);
    script_say(&f->recording, "Done.");
    script_done(&f->recording);
    recorded_run_open(f, "");
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    assert_says(f, ran(f, 0), "Exit code 0.\npackage p\n");
    assert_says(f, ran(f, 1), "Exit code 3. It printed nothing.");
    assert_int_equal(ran(f, 1)->status, ENTRY_FAILED);
    assert_says(f, ran(f, 2), "[]");
    assert_int_equal(access(outside, F_OK), -1);
    assert_null(strchr(ran(f, 3)->text.ptr, '\033'));
    assert_says(f, ran(f, 3), "red\nlast");
    assert_int_equal(ran(f, 4)->status, ENTRY_FAILED); /* sandbox_mode is read-only */
    assert_says(f, ran(f, 5), "Exit code 127.");
    assert_says(f, ran(f, 6), "It was ended after 1 s.");
    char *left = path_join(f->dir, "p/new.rego");
    assert_int_equal(access(left, F_OK), -1);
    free(left);
    free(write_out);
    free(outside);
}

static void the_network_is_asked_for_and_the_answer_holds(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"echo one", "echo one", "echo two"};
    script(f, lines, ARRAY_LEN(lines), true);
    recorded_run_open(f, "");
    go(f);
    RUN_UNTIL(f, question(f) != NULL);
    assert_string_equal(question(f)->what, "echo one");
    assert_string_equal(question(f)->why, "to see");
    assert_non_null(strstr(question(f)->terms, "on-request"));
    assert_non_null(strstr(question(f)->terms, "NETWORK"));
    assert_null(question(f)->rule);
    struct err err;
    assert_false(session_decide(workbench_session(f->wb), APPROVAL_ALWAYS, STR_LIT("echo"), &err));
    answer(f, APPROVAL_SESSION, "");
    RUN_UNTIL(f, question(f) != NULL); /* the second is the same, the third is not */
    assert_string_equal(question(f)->what, "echo two");
    answer(f, APPROVAL_DECLINED, "no need of it");
    RUN_UNTIL(f, recorded_run_is_over(f));
    assert_says(f, ran(f, 1), "Exit code 0.\none");
    assert_says(f, ran(f, 2), "The engineer declined it: no need of it");
}

/* What a shell prints in the workspace. The caller frees. */
static char *printed(struct recorded_run *f, const char *line)
{
    struct buf out = BUF_INIT;
    char bytes[4096];
    char *whole = mem_printf("cd '%s' && (%s) 2>&1", f->dir, line);
    // NOLINTNEXTLINE(cert-env33-c): a test\'s own words for a shell
    FILE *pipe = popen(whole, "re");
    assert_non_null(pipe);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, pipe)) > 0;) {
        buf_append(&out, bytes, got);
    }
    assert_int_equal(pclose(pipe), 0);
    free(whole);
    return buf_take(&out);
}

/* A repository whose own configuration and hooks would run something. */
static void make_repository(struct recorded_run *f)
{
    free(printed(f, "git init -q -b main && git config user.name N && git config user.email n@x && "
                    "echo '*.rego filter=evil' > .gitattributes && git add -A && "
                    "git commit -qm First-of-all && git branch second && "
                    "git config core.fsmonitor 'echo EVIL-MONITOR >&2; false' && "
                    "git config filter.evil.clean 'echo EVIL-FILTER >&2; cat' && "
                    "git config diff.external 'echo EVIL-DIFF' && "
                    "git config alias.st '!echo EVIL-ALIAS' && "
                    "for h in pre-commit post-index-change reference-transaction; do "
                    "printf '#!/bin/sh\\necho EVIL-HOOK >&2\\n' > .git/hooks/$h; "
                    "chmod +x .git/hooks/$h; done"));
    test_write(f->dir, "p/p.rego", "package p\n\nallowed := false\n");
}

/* Everything in .git, byte by byte. */
static char *hash_of_git(struct recorded_run *f)
{
    return printed(f, "find .git -printf '%p %m %s\\n' | sort; find .git -type f | sort | "
                      "xargs sha256sum");
}

static void look_with_git(struct recorded_run *f, const char *config)
{
    const char *lines[] = {"git status --short && git log --oneline && git diff && git branch",
        "git add -A; git commit -m no; git branch third; git st; git config core.fsmonitor x; "
        "git stash; git update-ref refs/heads/second HEAD; git gc -q; echo over",
        "rm -rf .git && mkdir .git && git init -q && git commit -q --allow-empty -m mine",
        "git log --oneline && git status --short"};
    make_repository(f);
    script(f, lines, ARRAY_LEN(lines), false);
    char *before = hash_of_git(f);
    recorded_run_open(f, config);
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    static const char *const shown[] = {
        " M p/p.rego\n", " First-of-all\n", "+allowed := false\n", "* main\n  second\n"};
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        assert_says(f, ran(f, 0), shown[i]);
    }
    assert_says(f, ran(f, 1), "over\n");
    assert_says(f, ran(f, 3), "First-of-all\n");
    assert_says(f, ran(f, 3), " M p/p.rego\n");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_null(strstr(ran(f, i)->text.ptr, "EVIL-"));
    }
    assert_null(proposals_open(workbench_proposals(f->wb)));
    char *after = hash_of_git(f);
    assert_string_equal(before, after);
    free(after);
    free(before);
}

static void git_is_there_to_look_at_and_out_of_reach(void **state)
{
    look_with_git(*state, "");
}

static void also_where_commands_may_write(void **state)
{
    look_with_git(*state, "sandbox_mode = \"workspace-write\"\n");
}

static void never_refuses_what_would_leave_the_sandbox(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"echo one"};
    script(f, lines, 1, true);
    recorded_run_open(f, "approval_policy = \"never\"\n");
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    assert_says(f, ran(f, 0), "approval_policy is \"never\"");
}

static void the_list_allows_what_begins_with_its_words(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"echo one", "echo two", "echo three; echo four", "echo $(echo five)"};
    script(f, lines, ARRAY_LEN(lines), false);
    recorded_run_open(f, "approval_policy = \"unless-allow-listed\"\n");
    go(f);
    RUN_UNTIL(f, question(f) != NULL);
    assert_string_equal(question(f)->rule, "echo one");
    struct err err;
    assert_false(session_decide(workbench_session(f->wb), APPROVAL_ALWAYS, STR_LIT("env"), &err));
    assert_non_null(question(f)); /* it still waits */
    answer(f, APPROVAL_ALWAYS, "echo");
    RUN_UNTIL(f, question(f) != NULL); /* the second ran by itself */
    assert_string_equal(question(f)->what, "echo three; echo four");
    assert_null(question(f)->rule);
    assert_non_null(question(f)->no_rule);
    answer(f, APPROVAL_ONCE, "");
    RUN_UNTIL(f, question(f) != NULL);
    assert_string_equal(question(f)->what, "echo $(echo five)");
    session_interrupt(workbench_session(f->wb));
    assert_null(question(f));
    assert_says(f, ran(f, 1), "two");
    assert_says(f, ran(f, 2), "three\nfour");
    assert_int_equal(ran(f, 3)->status, ENTRY_STOPPED);
    char *list = test_read(f->home, "bylaw/allowed-commands");
    assert_non_null(strstr(list, "\necho\n"));
    free(list);
}

/* sandbox_mode workspace-write: its copy is its own, and what it changed there is proposed. */
static void what_it_writes_is_proposed_and_nothing_more(void **state)
{
    struct recorded_run *f = *state;
    char *reach = mem_printf("sh -c 'echo x > %s/p/p.rego'", f->dir);
    const char *lines[] = {
        "sh -c 'echo more := 1 >> p/p.rego; echo new > p/new.txt; ln -s /etc out'",
        "cat p/p.rego p/new.txt", "rm p/new.txt", "ls p", reach};
    script(f, lines, ARRAY_LEN(lines), false);
    recorded_run_open(f, "sandbox_mode = \"workspace-write\"\nmend_attempts = 0\n");
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    assert_says(f, ran(f, 0), "It changed files.");
    assert_says(f, ran(f, 0), "p/p.rego");
    assert_says(f, ran(f, 0), "not proposed:");
    assert_says(f, ran(f, 1), "more := 1\nnew\n"); /* it goes on from what it did */
    assert_null(strstr(ran(f, 3)->text.ptr, "new.txt"));
    assert_int_equal(ran(f, 4)->status, ENTRY_FAILED);
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_non_null(open);
    assert_int_equal(open->changes.len, 1);
    assert_string_equal(open->changes.items[0].path, "p/p.rego");
    char *text = test_read(f->dir, "p/p.rego");
    assert_string_equal(text, "package p\n\nallowed := true\n");
    free(text);
    free(reach);
}

/* What was ended in the middle leaves nothing, and the next one has a clean copy. */
static void what_was_ended_proposes_nothing(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"sh -c 'echo half > p/half.txt; echo begun; sleep 1000'"};
    script(f, lines, 1, false);
    recorded_run_open(f, "sandbox_mode = \"workspace-write\"\n");
    go(f);
    RUN_UNTIL(f, session_transcript(workbench_session(f->wb))->len > 1 &&
                     strcmp(ran(f, 0)->text.ptr, "begun\n") == 0);
    session_interrupt(workbench_session(f->wb));
    assert_null(proposals_open(workbench_proposals(f->wb)));
    char *left = path_join(f->dir, "p/half.txt");
    assert_int_equal(access(left, F_OK), -1);
    free(left);
}

static const struct entry *last_tool(struct recorded_run *f, const char *name)
{
    const struct transcript *transcript = session_transcript(workbench_session(f->wb));
    for (size_t i = transcript->len; i > 0; i--) {
        const struct entry *entry = &transcript->items[i - 1];
        if (entry->kind == ENTRY_TOOL && strcmp(entry->name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

static bool shell_over(struct recorded_run *f)
{
    return !session_has_aside(workbench_session(f->wb));
}

static void shell(struct recorded_run *f, const char *line)
{
    struct err err;
    assert_ok(workbench_shell(f->wb, str_of(line), &err), err);
    RUN_UNTIL(f, shell_over(f));
}

/* The engineer's own: in the workspace, confined, told to the agent. */
static void a_command_of_the_engineers_runs_beside(void **state)
{
    struct recorded_run *f = *state;
    struct err err;
    script_begin(&f->recording, "go", 0);
    script_call(&f->recording, "c", "apply_patch",
        "*** Begin Patch\n*** Add File: new.txt\n+proposed\n*** End Patch\n", true);
    script_done(&f->recording);
    script_begin(&f->recording, "go", 1);
    script_say(&f->recording, "Done.");
    script_done(&f->recording);
    recorded_run_open(f, "mend_attempts = 0\n");
    assert_false(workbench_shell(f->wb, STR_LIT(" "), &err));
    shell(f, "pwd; cat p/p.rego; printf '\\033[31m'");
    assert_says(f, last_tool(f, "!"), f->dir);
    assert_says(f, last_tool(f, "!"), "allowed := true");
    assert_null(strchr(last_tool(f, "!")->text.ptr, '\033'));
    assert_int_equal(last_tool(f, "!")->status, ENTRY_DONE);
    char *line = mem_printf("echo x > %s/p/mine; exit 4", f->dir);
    shell(f, line);
    free(line);
    assert_says(f, last_tool(f, "!"), "Exit code 4.");
    assert_int_equal(last_tool(f, "!")->status, ENTRY_FAILED);
    char *left = path_join(f->dir, "p/mine");
    assert_int_equal(access(left, F_OK), -1);
    free(left);
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    size_t typed = session_history_count(workbench_session(f->wb));
    shell(f, "!cat new.txt");
    assert_string_equal(session_history_at(workbench_session(f->wb), typed), "!!cat new.txt");
    assert_string_equal(session_title(workbench_session(f->wb)), "Go.");
    assert_says(f, last_tool(f, "!!"), "proposed");
    assert_ok(workbench_shell(f->wb, STR_LIT("echo begun; sleep 1000"), &err), err);
    assert_false(workbench_shell(f->wb, STR_LIT("echo"), &err));
    RUN_UNTIL(f,
        strcmp(last_tool(f, "!")->text.len > 0 ? last_tool(f, "!")->text.ptr : "", "begun\n") == 0);
    session_interrupt(workbench_session(f->wb));
    assert_true(shell_over(f));
    assert_int_equal(last_tool(f, "!")->status, ENTRY_STOPPED);
}

/* The conversation as it was kept: a letter a kind, then the call or the text. */
static void keep_item(void *data, const char *kind, const cJSON *record)
{
    static const char letters[] = "uarcR";
    if (strcmp(kind, "item") == 0) {
        buf_printf((struct buf *)data, "%c%s:%s|", letters[json_int_or(record, "kind", 0)],
            json_bool_or(record, "failed", false) ? "!" : "",
            json_string_or(record, "call", json_string_or(record, "text", "")));
    }
}

static char *conversation(struct recorded_run *f)
{
    struct err err;
    struct buf out = BUF_INIT;
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    char *root = mem_strdup(workspace_root(workbench_workspace(f->wb)));
    workbench_free(f->wb);
    f->wb = NULL;
    struct journal *journal = journal_open(root, id, keep_item, &out, &err);
    assert_ok(journal != NULL, err);
    journal_free(journal);
    free(id);
    free(root);
    return buf_take(&out);
}

/* The slow one first, one that fails in the middle. */
static void results_stand_in_the_order_of_the_calls(void **state)
{
    struct recorded_run *f = *state;
    script_begin(&f->recording, "go", 0);
    script_call(&f->recording, "slow", "run_tests", "{\"paths\":null}", false);
    script_call(&f->recording, "bad", "read_file",
        "{\"path\":\"none\",\"start_line\":null,\"end_line\":null}", false);
    script_call(&f->recording, "quick", "list_files", "{\"pattern\":null}", false);
    script_done(&f->recording);
    script_begin(&f->recording, "go", 1);
    script_say(&f->recording, "Done.");
    script_done(&f->recording);
    recorded_run_open(f, "");
    shell(f, "echo mine");
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    char *items = conversation(f);
    assert_string_equal(items,
        "u:[The engineer ran this command: echo mine]\nExit code 0.\nmine\n\n|u:Go.|"
        "c:slow|c:bad|c:quick|R:slow|R!:bad|R:quick|a:Done.|");
    free(items);
}

/* What is noted while tools run is told afterwards: a call and its result stay together. */
static void a_note_does_not_part_a_call_from_its_result(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"echo one"};
    script(f, lines, 1, true);
    script_begin(&f->recording, "more", 0);
    script_say(&f->recording, "Yes.");
    script_done(&f->recording);
    recorded_run_open(f, "");
    go(f);
    RUN_UNTIL(f, question(f) != NULL);
    session_note_feedback(workbench_session(f->wb), STR_LIT("## Outcome"));
    answer(f, APPROVAL_ONCE, "");
    RUN_UNTIL(f, recorded_run_is_over(f));
    struct err err;
    assert_ok(session_prompt(workbench_session(f->wb), STR_LIT("more"), &err), err);
    RUN_UNTIL(f, recorded_run_is_over(f));
    char *items = conversation(f);
    assert_string_equal(items, "u:Go.|c:c0|R:c0|a:Done.|u:## Outcome|u:more|a:Yes.|");
    free(items);
}

/* ---- a server that fails between a command and the answer to it ---- */

#define ARGUMENTS                                                                                  \
    "{\\\"command\\\":\\\"echo one; echo two\\\",\\\"network\\\":true,\\\"reason\\\":null,"        \
    "\\\"timeout_s\\\":null}"

static const char responses_call[] =
    "data: "
    "{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"id\":\"f\","
    "\"call_id\":\"c1\",\"name\":\"run_command\",\"arguments\":\"" ARGUMENTS "\"}}\n\n"
    "data: "
    "{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\"}}\n\n";
static const char responses_text[] =
    "data: "
    "{\"type\":\"response.output_item.added\",\"item\":{\"type\":\"message\",\"id\":\"m\"}}\n\n"
    "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"delta\":\"Heard.\"}\n\n"
    "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"id\":\"m\","
    "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Heard.\"}]}}\n\n"
    "data: "
    "{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\"}}\n\n";
static const char chat_call[] =
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":"
    "\"function\",\"function\":{\"name\":\"run_command\",\"arguments\":\"" ARGUMENTS "\"}}]}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: [DONE]\n\n";
static const char chat_text[] =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Heard.\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: "
    "[DONE]\n\n";

static bool was_answered(struct recorded_run *f)
{
    const struct transcript *transcript = session_transcript(workbench_session(f->wb));
    const struct entry *last = &transcript->items[transcript->len - 1];
    return last->kind == ENTRY_ASSISTANT && last->status == ENTRY_DONE;
}

/* Whatever comes instead of the answer, the command runs once, and its result is told. */
static void fail_after_a_command(
    struct recorded_run *f, const char *wire, const char *call, const char *text)
{
    const struct fault_step steps[] = {
        {.body = call},
        {.body = text, .cut = true, .cut_after = strlen(text) / 2},
        {.status = 400, .headers = "Content-Type: application/json\r\n", .body = "{}"},
        {.body = text, .split = 1},
    };
    struct fault_server *server = fault_server_start();
    fault_server_script(server, steps, ARRAY_LEN(steps));
    char *config = mem_printf(
        "base_url = \"%s/v1\"\nmodel = \"m\"\nwire_api = \"%s\"\n", fault_server_url(server), wire);
    f->live = true;
    recorded_run_open(f, config);
    free(config);
    go(f);
    RUN_UNTIL(f, question(f) != NULL);
    answer(f, APPROVAL_ONCE, "");
    RUN_UNTIL(f, recorded_run_is_over(f));
    for (int tries = 0; !was_answered(f) && tries < 5; tries++) {
        struct err err;
        assert_ok(session_retry(workbench_session(f->wb), &err), err);
        RUN_UNTIL(f, recorded_run_is_over(f));
    }
    assert_true(was_answered(f));
    assert_int_equal(recorded_run_count(f, ENTRY_TOOL, "Exit code 0.\none\ntwo\n"), 1);
    char *last = fault_server_request(server, fault_server_count(server) - 1);
    const char *told = strstr(last, "Exit code 0.");
    assert_non_null(told);
    assert_null(strstr(told + 1, "Exit code 0."));
    free(last);
    fault_server_stop(server);
}

static void a_failing_server_runs_nothing_twice(void **state)
{
    fail_after_a_command(*state, "responses", responses_call, responses_text);
}

static void nor_by_the_other_protocol(void **state)
{
    fail_after_a_command(*state, "chat", chat_call, chat_text);
}

static void an_interrupt_ends_what_runs(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"sh -c 'echo begun; sleep 1000'"};
    script(f, lines, 1, false);
    recorded_run_open(f, "");
    go(f);
    RUN_UNTIL(f, session_transcript(workbench_session(f->wb))->len > 1 &&
                     strcmp(ran(f, 0)->text.ptr, "begun\n") == 0);
    session_interrupt(workbench_session(f->wb));
    assert_int_equal(ran(f, 0)->status, ENTRY_STOPPED);
    assert_int_equal(session_state(workbench_session(f->wb)), SESSION_IDLE);
}

static void a_prompt_has_its_bound(void **state)
{
    struct recorded_run *f = *state;
    const char *lines[] = {"echo one"};
    script(f, lines, 1, false);
    recorded_run_open(f, "max_turns = 1\n");
    go(f);
    RUN_UNTIL(f, recorded_run_is_over(f));
    const struct transcript *transcript = session_transcript(workbench_session(f->wb));
    const struct entry *last = &transcript->items[transcript->len - 1];
    assert_int_equal(last->kind, ENTRY_ERROR);
    assert_true(last->can_retry);
    assert_says(f, last, "max_turns");
    struct err err;
    assert_ok(session_retry(workbench_session(f->wb), &err), err);
    RUN_UNTIL(f, recorded_run_is_over(f));
    last = &transcript->items[transcript->len - 1];
    assert_int_equal(last->kind, ENTRY_ASSISTANT);
}

int main(void)
{
    char *program = path_join(getenv("BYLAW_BINARY_DIR"), "bylaw");
    confined_use_program(program);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_command_runs_confined_and_says_what_it_did, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            the_network_is_asked_for_and_the_answer_holds, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            git_is_there_to_look_at_and_out_of_reach, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            also_where_commands_may_write, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            never_refuses_what_would_leave_the_sandbox, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            the_list_allows_what_begins_with_its_words, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            what_it_writes_is_proposed_and_nothing_more, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            what_was_ended_proposes_nothing, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            a_command_of_the_engineers_runs_beside, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            results_stand_in_the_order_of_the_calls, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            a_note_does_not_part_a_call_from_its_result, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            a_failing_server_runs_nothing_twice, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(nor_by_the_other_protocol, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            an_interrupt_ends_what_runs, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(a_prompt_has_its_bound, set_up, recorded_run_tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(program);
    return failed;
}
