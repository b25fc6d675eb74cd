/* The real Codex CLI as the agent of a workbench without a screen; its model is a server of the
 * test's. Nothing that Codex does reaches the workspace but through the review, and Codex hears
 * what became of it. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/workbench.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "fault_server.h"
#include "workspace/door.h"

static const char policy[] =
    "package p\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n";

struct fixture {
    char *dir;
    char *home;
    struct loop *loop;
    struct workbench *wb;
    struct fault_server *server;
};

static struct workbench *open_workbench(struct fixture *f, const char *session)
{
    struct err err;
    struct workbench_options options = {
        .loop = f->loop, .folder = f->dir, .provider = "codex", .session = session};
    struct workbench *wb = workbench_new(&options, &err);
    if (wb == NULL) {
        fail_msg("%s", err.text);
    }
    return wb;
}

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    f->home = test_dir_make();
    f->dir = test_dir_make();
    f->server = fault_server_start();
    char *codex = mem_printf("%s/codex", f->home);
    char *path = mem_printf("%s/.bin:%s", getenv("BYLAW_NODE_MODULES"), getenv("PATH"));
    char *config = mem_printf(
        "model = \"gpt-5.5\"\nmodel_provider = \"own\"\n[model_providers.own]\nname = \"own\"\n"
        "base_url = \"%s/v1\"\nwire_api = \"responses\"\nenv_key = \"LAB_ACCESS\"\n"
        "request_max_retries = 0\nstream_max_retries = 0\n",
        fault_server_url(f->server));
    /* Codex's login shells read no profile of the tester's, whose locks a killed one would leave
     * behind. */
    setenv("HOME", f->home, 1);
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("CODEX_HOME", codex, 1);
    setenv("LAB_ACCESS", "x", 1);
    setenv("PATH", path, 1);
    test_write(codex, "config.toml", config);
    test_write(f->dir, "p/p.rego", policy);
    free(config);
    free(path);
    free(codex);
    f->loop = loop_new(&err);
    f->wb = open_workbench(f, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workbench_free(f->wb);
    loop_free(f->loop);
    fault_server_stop(f->server);
    test_dir_remove(f->dir);
    test_dir_remove(f->home);
    free(f);
    return 0;
}

static void dump(struct fixture *f)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        print_message("%d/%d %s %s: %s\n", e->kind, e->status, e->name == NULL ? "" : e->name,
            e->detail == NULL ? "" : e->detail, e->text.len > 0 ? e->text.ptr : "");
    }
    for (size_t i = 0; workbench_notice(f->wb, i) != NULL; i++) {
        print_message("notice: %s\n", workbench_notice(f->wb, i));
    }
}

#define WAIT_UNTIL(f, condition)                                                                   \
    do {                                                                                           \
        uint64_t end_ = loop_now_ms() + 90000;                                                     \
        while (!(condition)) {                                                                     \
            if (loop_now_ms() > end_) {                                                            \
                dump(f);                                                                           \
                fail_msg("never came: %s", #condition);                                            \
            }                                                                                      \
            loop_run_once((f)->loop, 100);                                                         \
        }                                                                                          \
    } while (0)

static const struct entry *find(struct fixture *f, enum entry_kind kind, const char *text)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        bool in_text = e->text.len > 0 && strstr(e->text.ptr, text) != NULL;
        bool in_detail = e->detail != NULL && strstr(e->detail, text) != NULL;
        if (e->kind == kind && (in_text || in_detail)) {
            return e;
        }
    }
    return NULL;
}

static const struct entry *must_find(struct fixture *f, enum entry_kind kind, const char *text)
{
    const struct entry *entry = find(f, kind, text);
    if (entry == NULL) {
        dump(f);
        fail_msg("the transcript has no entry with \"%s\"", text);
    }
    return entry;
}

static void say(struct fixture *f, const char *prompt)
{
    struct err err;
    assert_ok(session_prompt(workbench_session(f->wb), str_of(prompt), &err), err);
}

/* Sends and waits for the end of the turn. */
static void ask(struct fixture *f, const char *prompt)
{
    size_t before = session_transcript(workbench_session(f->wb))->len;
    say(f, prompt);
    WAIT_UNTIL(f, session_transcript(workbench_session(f->wb))->len > before + 1 &&
                      session_state(workbench_session(f->wb)) == SESSION_IDLE &&
                      session_queue_count(workbench_session(f->wb)) == 0);
}

static void expect_request(struct fixture *f, size_t at, const char *text)
{
    char *request = fault_server_request(f->server, at);
    if (strstr(request, text) == NULL) {
        fail_msg("request %zu has no \"%s\": %s", at, text, request);
    }
    free(request);
}

#define EVENT(json) "data: " json "\n\n"
#define END                                                                                        \
    EVENT("{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{\"input_"        \
          "tokens\":7,\"output_tokens\":3,\"total_tokens\":10}}}")
#define SAY(text)                                                                                  \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"role\":"       \
          "\"assistant\",\"content\":"                                                             \
          "[{\"type\":\"output_text\",\"text\":\"" text "\"}]}}")
#define RUN(id, command)                                                                           \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"call_"   \
          "id\":\"" id "\",\"name\":\"exec_command\",\"arguments\":\"{\\\"cmd\\\":\\\"" command    \
          "\\\"}\"}}")
#define ESCALATE(id, command)                                                                      \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"call_"   \
          "id\":\"" id "\",\"name\":\"exec_command\",\"arguments\":\"{\\\"cmd\\\":\\\"" command    \
          "\\\",\\\"sandbox_permissions\\\":\\\"require_escalated\\\",\\\"justification\\\":"      \
          "\\\"I want to\\\"}\"}}")
#define PATCH(id, text)                                                                            \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"custom_tool_call\","       \
          "\"call_id\":\"" id "\",\"name\":\"apply_patch\",\"input\":\"*** Begin Patch\\n" text    \
          "*** End Patch\"}}")

#define UPDATE                                                                                     \
    "*** Update File: p/p.rego\\n@@\\n \\tinput.bad\\n-\\tmsg := \\\"bad\\\"\\n+\\tmsg := "        \
    "\\\"bad: mend it\\\"\\n }\\n"                                                                 \
    "*** Add File: q/r/new.rego\\n+package q.r\\n"
#define SECOND "*** Update File: q/r/new.rego\\n@@\\n package q.r\\n+# more\\n"

static void its_patches_become_a_proposal(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        /* Not the failure last: of a command that ends at once with one Codex tells the model only.
         */
        {.body = SAY("I look first.") RUN("c1", "touch p/mine; cat p/p.rego") END},
        {.body = PATCH("c2", UPDATE) END},
        {.body = PATCH("c3", SECOND) END},
        {.body = SAY("Done.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    ask(f, "Mend it.");
    const struct entry *command = must_find(f, ENTRY_TOOL, "touch p/mine");
    assert_string_equal(command->name, "shell");
    assert_non_null(strstr(command->text.ptr, "input.bad"));
    assert_non_null(strstr(command->text.ptr, "Read-only file system"));
    must_find(f, ENTRY_ASSISTANT, "I look first.");
    must_find(f, ENTRY_ASSISTANT, "Done.");
    assert_int_equal(must_find(f, ENTRY_PROPOSAL, "new.rego")->files, 2);
    /* Codex goes on from what it proposed: its own write to the scratch copy went well. */
    expect_request(f, 2, "Success. Updated the following files");
    expect_request(f, 3, "Success. Updated the following files");
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    const struct change *added = changes_find(&open->changes, "q/r/new.rego");
    assert_true(str_equal(buf_str(&added->content), STR_LIT("package q.r\n# more\n")));
    assert_true(session_usage(workbench_session(f->wb)).input_tokens >= 28);
    char *text = test_read(f->dir, "p/p.rego"); /* the workspace */
    assert_string_equal(text, policy);
    free(text);
    char *made = path_join(f->dir, "q");
    assert_int_not_equal(access(made, F_OK), 0);
    free(made);
}

static void what_leaves_the_workspace_is_declined(void **state)
{
    struct fixture *f = *state;
    char *outside = mem_printf("%s/outside", f->home);
    char *patch = mem_printf(PATCH("c1", "*** Add File: %s\\n+x\\n") END, outside);
    char *both = mem_printf(PATCH("c2",
        "*** Add File: a.rego\\n+package a\\n*** Add File: .git/hooks/pre-commit\\n+x\\n") END);
    const struct fault_step steps[] = {
        {.body = patch},
        {.body = both},
        {.body = SAY("I could not.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    ask(f, "Leave.");
    must_find(f, ENTRY_NOTICE, "lies outside of the workspace");
    must_find(f, ENTRY_ASSISTANT, "I could not.");
    expect_request(f, 1, "lies outside of the workspace");
    expect_request(f, 1, "patch rejected by user");
    assert_int_not_equal(access(outside, F_OK), 0);
    assert_null(proposals_open(workbench_proposals(f->wb)));
    free(outside);
    free(patch);
    free(both);
}

static bool asks(struct fixture *f, const char *text)
{
    const char *what = session_approval(workbench_session(f->wb));
    return what != NULL && strstr(what, text) != NULL;
}

static void a_command_outside_its_sandbox_waits(void **state)
{
    struct fixture *f = *state;
    struct err err;
    char *first = mem_printf(ESCALATE("c1", "touch %s/one") END, f->home);
    char *second = mem_printf(ESCALATE("c2", "touch %s/two") END, f->home);
    char *third = mem_printf(ESCALATE("c3", "touch %s/three") END, f->home);
    const struct fault_step steps[] = {
        {.body = first}, {.body = second}, {.body = third}, {.body = SAY("Well.") END}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    struct session *session = workbench_session(f->wb);
    say(f, "Leave.");
    WAIT_UNTIL(f, asks(f, "/one"));
    assert_string_equal(must_find(f, ENTRY_TOOL, "I want to")->name, "asks");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    assert_false(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err));
    WAIT_UNTIL(f, asks(f, "/two"));
    char *made = path_join(f->home, "one");
    WAIT_UNTIL(f, access(made, F_OK) == 0); /* Codex does not wait for a command's end to go on */
    free(made);
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("not there"), &err), err);
    WAIT_UNTIL(f, asks(f, "/three"));
    expect_request(f, 2, "declined to run it outside the sandbox: not there");
    must_find(f, ENTRY_NOTICE, "Declined: touch");
    session_interrupt(session);
    assert_null(session_approval(session));
    ask(f, "And now?");
    must_find(f, ENTRY_ASSISTANT, "Well.");
    const char *const never[] = {"two", "three"};
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        char *path = path_join(f->home, never[i]);
        assert_int_not_equal(access(path, F_OK), 0);
        free(path);
    }
    free(first);
    free(second);
    free(third);
}

static void written(void *data, const struct err *err)
{
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    *(bool *)data = true;
}

static void it_hears_what_was_taken(void **state)
{
    struct fixture *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", UPDATE) END},
        {.body = SAY("Proposed.") END},
        {.body = RUN("c2", "cat p/p.rego; ls q/r") END},
        {.body = SAY("I see.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    ask(f, "Mend it.");
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_ok(review_decide_rest(review, review_find(review, "p/p.rego"), REVIEW_DECLINED,
                  STR_LIT("too chatty"), &err),
        err);
    assert_ok(review_decide_rest(review, review_find(review, "q/r/new.rego"), REVIEW_ACCEPTED,
                  (struct str){0}, &err),
        err);
    struct outcome outcome;
    assert_ok(workbench_outcome(f->wb, &outcome, &err), err);
    bool ready = false;
    door_start(workbench_workspace(f->wb), f->loop, &outcome.accepted, written, &ready);
    WAIT_UNTIL(f, ready);
    workbench_decided(f->wb, &outcome, "Mend it", "abc1234", false);
    outcome_free(&outcome);
    ask(f, "And now?");
    expect_request(f, 2, "too chatty");
    expect_request(f, 2, "And now?");
    /* What it sees is what stands: the one change that was taken, and not the other. */
    const struct entry *seen = must_find(f, ENTRY_TOOL, "cat p/p.rego; ls q/r");
    assert_non_null(strstr(seen->text.ptr, "msg := \"bad\""));
    assert_null(strstr(seen->text.ptr, "mend it"));
    assert_non_null(strstr(seen->text.ptr, "new.rego"));
}

static void it_is_interrupted(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        {.body = SAY("Half") END, .stall = true, .stall_after = 5},
        {.body = SAY("Whole.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    say(f, "One.");
    WAIT_UNTIL(f, fault_server_count(f->server) == 1);
    session_interrupt(workbench_session(f->wb));
    assert_int_equal(session_state(workbench_session(f->wb)), SESSION_IDLE);
    ask(f, "Two.");
    must_find(f, ENTRY_ASSISTANT, "Whole.");
    assert_null(find(f, ENTRY_ERROR, ""));
    assert_true(fault_server_wait_gone(f->server, 1));
}

/* Ends the Codex of this test, which has its home in the environment. */
static void kill_codex(struct fixture *f)
{
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    char *mark = mem_printf("CODEX_HOME=%s/codex", f->home);
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        char text[65536];
        char *path = mem_printf("/proc/%s/environ", entry->d_name);
        long pid = strtol(entry->d_name, NULL, 10);
        int fd = pid > 0 && pid != getpid() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
        if (fd >= 0) {
            close(fd);
        }
        free(path);
        if (got > 0 && memmem(text, (size_t)got, mark, strlen(mark)) != NULL) {
            kill((pid_t)pid, SIGKILL);
        }
    }
    closedir(proc);
    free(mark);
}

static void it_is_killed_and_goes_on(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        {.body = SAY("First.") END},
        {.body = SAY("Half") END, .stall = true, .stall_after = 5},
        {.body = SAY("Third.") END},
        {.body = SAY("Fourth.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    ask(f, "The number is 4711.");
    say(f, "Two.");
    WAIT_UNTIL(f, fault_server_count(f->server) == 2);
    kill_codex(f);
    WAIT_UNTIL(f, session_state(workbench_session(f->wb)) == SESSION_IDLE);
    must_find(f, ENTRY_ERROR, "the next prompt starts it again");
    ask(f, "Three.");
    must_find(f, ENTRY_ASSISTANT, "Third.");
    expect_request(f, 2, "The number is 4711.");
    /* Also after the workbench itself was closed. */
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    workbench_free(f->wb);
    f->wb = open_workbench(f, id);
    free(id);
    ask(f, "Four.");
    must_find(f, ENTRY_ASSISTANT, "Fourth.");
    expect_request(f, 3, "The number is 4711.");
}

static void errors_are_one_clear_line(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {
        {.status = 401, .body = "{\"error\":{\"message\":\"bad key\"}}"},
        {.status = 500, .body = "{}"},
        {.body = SAY("Cut") END, .cut = true, .cut_after = 10},
        {.body = SAY("Well.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    ask(f, "One.");
    must_find(f, ENTRY_ERROR, "run codex login");
    ask(f, "Two.");
    must_find(f, ENTRY_ERROR, "high demand");
    ask(f, "Three.");
    must_find(f, ENTRY_ERROR, "stream disconnected");
    ask(f, "Four.");
    must_find(f, ENTRY_ASSISTANT, "Well.");
}

/* A program of this name that is none. */
static void expect_useless(struct fixture *f, const char *script, const char *said)
{
    test_write(f->home, "bin/codex", script);
    const char *mode[] = {"chmod", "+x", "bin/codex", NULL};
    free(test_run(f->home, mode));
    char *path = mem_printf("%s/bin:%s", f->home, getenv("PATH"));
    setenv("PATH", path, 1);
    free(path);
    workbench_free(f->wb);
    f->wb = open_workbench(f, NULL);
    ask(f, "Hello.");
    must_find(f, ENTRY_ERROR, said);
}

static void others_of_its_name_are_told_apart(void **state)
{
    struct fixture *f = *state;
    expect_useless(f, "#!/bin/sh\necho no such option >&2\nexit 2\n", "no such option");
    expect_useless(f,
        "#!/bin/sh\nread line\necho '{\"id\":1,\"result\":{\"userAgent\":\"bylaw/0.20.1 "
        "(x)\"}}'\ncat >/dev/null\n",
        "Codex is version 0.20.1; 0.160.0 or newer is needed");
    setenv("PATH", "/nowhere", 1);
    workbench_free(f->wb);
    f->wb = open_workbench(f, NULL);
    WAIT_UNTIL(f, workbench_notice(f->wb, 0) != NULL);
    assert_non_null(strstr(workbench_notice(f->wb, 0), "npm install -g @openai/codex"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_patches_become_a_proposal),
        TEST(what_leaves_the_workspace_is_declined),
        TEST(a_command_outside_its_sandbox_waits),
        TEST(it_hears_what_was_taken),
        TEST(it_is_interrupted),
        TEST(it_is_killed_and_goes_on),
        TEST(errors_are_one_clear_line),
        TEST(others_of_its_name_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
