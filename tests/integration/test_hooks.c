/* Hooks of a turn on real parts: a recorded model, real programs confined by the bylaw that was
 * built, in the scratch copy with the proposal. */
#include "recording_script.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATCH                                                                                      \
    "*** Begin Patch\n*** Add File: p/new.rego\n+package p\n+\n+limit := 4\n"                      \
    "*** Update File: tools/check.sh\n@@\n-echo checked\n+echo changed by the agent\n*** End "     \
    "Patch\n"

struct fixture {
    char *dir;
    char *home;
    struct loop *loop;
    struct workbench *wb;
};

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    confined_use_program(program);
    free(program);
    f->home = test_dir_make();
    f->dir = test_dir_make();
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("CODEX_HOME", f->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    struct buf out = BUF_INIT;
    script_head(&out);
    script_begin(&out, "patch it", 0);
    script_call(&out, "c1", "apply_patch", PATCH, true);
    script_done(&out);
    script_begin(&out, "patch it", 1);
    script_say(&out, "Patched.");
    script_done(&out);
    script_begin(&out, "use it", 0);
    script_call(&out, "s1", "read_skill", "{\"name\":\"policy-gen\"}", false);
    script_done(&out);
    script_begin(&out, "use it", 1);
    script_say(&out, "Used.");
    script_done(&out);
    script_begin(&out, "look", 0);
    script_call(&out, "c1", "list_files", "{\"pattern\":\"none\"}", false);
    script_done(&out);
    script_begin(&out, "look", 1);
    script_say(&out, "Looked.");
    script_done(&out);
    test_write(f->dir, ".bylaw/recordings/test.jsonl", out.ptr);
    buf_free(&out);
    test_write(f->dir, "p/p.rego", "package p\n");
    test_write(f->dir, "tools/check.sh", "echo checked\n");
    f->loop = loop_new(&err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workbench_free(f->wb);
    loop_free(f->loop);
    test_dir_remove(f->dir);
    test_dir_remove(f->home);
    free(f);
    return 0;
}

static void open_workbench(struct fixture *f)
{
    struct err err;
    struct workbench_options options = {.loop = f->loop, .folder = f->dir, .provider = "recording"};
    f->wb = workbench_new(&options, &err);
    assert_ok(f->wb != NULL, err);
}

static void dump(struct fixture *f)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        print_message("%d/%d %s %s: %s\n", e->kind, e->status, e->name == NULL ? "" : e->name,
            e->detail == NULL ? "" : e->detail, e->text.len > 0 ? e->text.ptr : "");
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

static bool is_idle(struct fixture *f)
{
    return session_state(workbench_session(f->wb)) == SESSION_IDLE &&
           session_queue_count(workbench_session(f->wb)) == 0;
}

static void say(struct fixture *f, const char *prompt)
{
    struct err err;
    assert_ok(session_prompt(workbench_session(f->wb), str_of(prompt), &err), err);
}

static void ask(struct fixture *f, const char *prompt)
{
    if (f->wb == NULL) {
        open_workbench(f);
    }
    say(f, prompt);
    WAIT_UNTIL(f, is_idle(f));
}

static size_t count(struct fixture *f, enum entry_kind kind, const char *text)
{
    size_t found = 0;
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        found += e->kind == kind && e->text.len > 0 && strstr(e->text.ptr, text) != NULL;
    }
    return found;
}

static void expect(struct fixture *f, enum entry_kind kind, const char *text, size_t times)
{
    if (count(f, kind, text) != times) {
        dump(f);
        fail_msg("not %zu times: %s", times, text);
    }
}

/* One hook of the engineer's, in the form of Codex. */
static void users_hook(struct fixture *f, const char *event, const char *matcher,
    const char *command, const char *timeout)
{
    char *json = mem_printf("{\"hooks\":{\"%s\":[{\"matcher\":\"%s\",\"hooks\":[{\"type\":"
                            "\"command\",\"command\":\"%s\",\"timeout\":%s}]}]}}",
        event, matcher, command, timeout);
    test_write(f->home, "bylaw/hooks.json", json);
    free(json);
}

static void after_each_patch_once_for_each_file(void **state)
{
    struct fixture *f = *state;
    test_write(f->home, "bylaw/config.toml",
        "[[hooks]]\nevent = \"PostToolUse\"\ntool = \"apply_patch\"\ntimeout_ms = 20000\n"
        "command = '''cat >\"$TMPDIR/in\"\n"
        "grep -o '\"tool_name\":\"apply_patch\"' \"$TMPDIR/in\"\n"
        "grep -c 'limit := 4' \"$TMPDIR/in\"\n"
        "echo \"file $CODEX_FILE_PATH\"; tail -1 \"$CODEX_FILE_PATH\"\n"
        "(echo no >p/written) 2>/dev/null || echo kept\n"
        "(echo no >\"$BYLAW_WORKSPACE/written\") 2>/dev/null || echo kept too\n'''\n");
    ask(f, "Patch it.");
    const char *said = "\"tool_name\":\"apply_patch\"\n1\nfile p/new.rego\nlimit := 4\nkept\nkept "
                       "too";
    expect(f, ENTRY_TOOL, said, 2); /* the hook's own entry, and the result that the agent gets */
    expect(f, ENTRY_TOOL, "file tools/check.sh\necho changed by the agent\nkept\nkept too", 2);
    expect(f, ENTRY_TOOL, "Applied to the proposal", 1);
    expect(f, ENTRY_ASSISTANT, "Patched.", 1);
    char *path = mem_printf("%s/written", f->dir);
    assert_int_not_equal(access(path, F_OK), 0);
    free(path);
}

static void a_prompt_can_be_held_back(void **state)
{
    struct fixture *f = *state;
    users_hook(f, "UserPromptSubmit", "",
        "grep -q '[\\\"]prompt[\\\"]:[\\\"]Patch' && { echo it has a secret >&2; exit 2; }; echo "
        "be "
        "brief",
        "20");
    ask(f, "Patch it.");
    expect(f, ENTRY_NOTICE,
        "The prompt was not sent: a UserPromptSubmit hook says: it has a secret", 1);
    expect(f, ENTRY_ASSISTANT, "", 0);
    assert_null(proposals_open(workbench_proposals(f->wb)));
    ask(f, "Look.");
    expect(f, ENTRY_TOOL, "be brief", 1);
    expect(f, ENTRY_ASSISTANT, "Looked.", 1);
}

static void an_interrupted_hook_sends_nothing(void **state)
{
    struct fixture *f = *state;
    users_hook(f, "UserPromptSubmit", "", "sleep 60", "60");
    open_workbench(f);
    say(f, "Look.");
    WAIT_UNTIL(f, session_runs_hooks(workbench_session(f->wb)));
    assert_int_equal(session_state(workbench_session(f->wb)), SESSION_WAITING);
    session_interrupt(workbench_session(f->wb));
    assert_true(is_idle(f));
    assert_false(session_runs_hooks(workbench_session(f->wb)));
    expect(f, ENTRY_NOTICE, "The prompt was not sent.", 1);
    expect(f, ENTRY_ASSISTANT, "", 0);
}

static void a_call_can_be_refused(void **state)
{
    struct fixture *f = *state;
    users_hook(f, "PreToolUse", "Edit", "echo not today >&2; exit 2", "20");
    ask(f, "Patch it.");
    expect(f, ENTRY_TOOL, "Blocked by a PreToolUse hook of the engineer's: not today", 1);
    assert_null(proposals_open(workbench_proposals(f->wb)));
    expect(f, ENTRY_ASSISTANT, "Patched.", 1);
}

static void a_call_can_be_changed(void **state)
{
    struct fixture *f = *state;
    users_hook(f, "PreToolUse", "list_files",
        "echo '{\\\"hookSpecificOutput\\\":{\\\"permissionDecision\\\":\\\"allow\\\","
        "\\\"updatedInput\\\":{\\\"pattern\\\":\\\"p/*\\\"}}}'",
        "20");
    ask(f, "Look.");
    expect(f, ENTRY_TOOL, "p/p.rego", 1);
    expect(f, ENTRY_NOTICE, "A PreToolUse hook changed what the agent asked for.", 1);
}

static void the_end_is_put_off_a_few_times(void **state)
{
    struct fixture *f = *state;
    users_hook(f, "Stop", "", "grep -o 'stop_hook_active.:[a-z]*' >&2; exit 2", "20");
    ask(f, "Look.");
    expect(f, ENTRY_TOOL, "stop_hook_active\":false", 1);
    expect(f, ENTRY_TOOL, "stop_hook_active\":true", 3);
    expect(f, ENTRY_NOTICE, "It went on 3 times and stops here", 1);
}

/* With all it has started. */
static void a_timeout_ends_the_group(void **state)
{
    struct fixture *f = *state;
    users_hook(f, "Stop", "", "sleep 42171 & sleep 42171", "1");
    ask(f, "Look.");
    expect(f, ENTRY_NOTICE, "was ended after 1.0 s, as its timeout says", 1);
    const char *look[] = {"sh", "-c",
        "for i in 1 2 3 4 5 6 7 8 9 10; do\n"
        "n=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'sleep 4217[1] ')\n"
        "[ \"$n\" = 0 ] && break; sleep 0.5; done; echo $n",
        NULL};
    char *left = test_run(NULL, look);
    assert_string_equal(left, "0\n");
    free(left);
}

static void a_profile_has_hooks_of_its_own(void **state)
{
    struct fixture *f = *state;
    test_write(f->home, "bylaw/config.toml",
        "profile = \"one\"\n[profiles.one]\nmodel = \"m\"\n"
        "[[profiles.one.hooks]]\nevent = \"Stop\"\ncommand = \"echo OF ONE\"\n"
        "[profiles.two]\nmodel = \"m\"\n"
        "[[profiles.two.hooks]]\nevent = \"Stop\"\ncommand = \"echo OF TWO\"\n");
    ask(f, "Look.");
    expect(f, ENTRY_NOTICE, "OF ONE", 1);
    expect(f, ENTRY_NOTICE, "OF TWO", 0);
}

/* Where the kernel cannot confine it, it does not run, and that is said. */
static void what_cannot_be_confined_does_not_run(void **state)
{
    struct fixture *f = *state;
    char *none = mem_printf("%s/none", f->home);
    test_write(f->home, "none",
        "#!/bin/sh\necho 'bylaw sandbox: this kernel has no Landlock' >&2\nexit 125\n");
    assert_int_equal(chmod(none, 0755), 0);
    confined_use_program(none);
    users_hook(f, "Stop", "", "echo RAN", "20");
    ask(f, "Look.");
    expect(f, ENTRY_NOTICE, "RAN", 0);
    expect(f, ENTRY_NOTICE, "hooks.json did not run: this kernel has no Landlock", 1);
    expect(f, ENTRY_ASSISTANT, "Looked.", 1);
    free(none);
}

static void trust(struct fixture *f)
{
    struct vetting vetting;
    struct err err;
    workbench_vetting(f->wb, &vetting);
    assert_true(vetting.len > 0);
    for (size_t i = 0; i < vetting.len; i++) {
        assert_ok(vetting_answer(&vetting, i, TRUST_YES, &err), err);
    }
    vetting_free(&vetting);
    workbench_look_at_trust(f->wb);
}

static void what_the_repository_brings_waits_for_trust(void **state)
{
    struct fixture *f = *state;
    test_write(f->dir, ".codex/config.toml",
        "[[hooks]]\nevent = \"Stop\"\ncommand = \"echo CHECKLIST\"\n"
        "[[hooks]]\nevent = \"PostToolUse\"\ntool = \"apply_patch\"\n"
        "command = \"sh tools/check.sh\"\n");
    open_workbench(f);
    assert_string_equal(workbench_waiting(f->wb), "2 hooks of this repository wait for your trust");
    ask(f, "Look.");
    expect(f, ENTRY_NOTICE, "CHECKLIST", 0);
    trust(f);
    assert_null(workbench_waiting(f->wb));
    ask(f, "Look.");
    expect(f, ENTRY_NOTICE, "CHECKLIST", 1);
    /* The proposal changes a script that was trusted: it is not what runs. */
    ask(f, "Patch it.");
    expect(f, ENTRY_NOTICE, "tools/check.sh is not what it was when the hook was trusted", 1);
    expect(f, ENTRY_TOOL, "changed by the agent", 0);
    assert_non_null(proposals_open(workbench_proposals(f->wb)));
    /* Nor one that changes in the workspace. */
    test_write(
        f->dir, ".codex/config.toml", "[[hooks]]\nevent = \"Stop\"\ncommand = \"echo ANOTHER\"\n");
    workbench_look_at_trust(f->wb);
    assert_string_equal(workbench_waiting(f->wb), "1 hook of this repository waits for your trust");
    ask(f, "Look.");
    expect(f, ENTRY_NOTICE, "ANOTHER", 0);
    expect(f, ENTRY_NOTICE, "CHECKLIST", 2);
}

static bool is_told(struct fixture *f, const char *text)
{
    struct instructions told;
    workbench_instructions(f->wb, &told);
    bool found = strstr(told.text.ptr, text) != NULL;
    instructions_free(&told);
    return found;
}

static void a_skill_is_told_and_read_once_trusted(void **state)
{
    struct fixture *f = *state;
    struct err err;
    test_write(f->dir, ".codex/skills/policy-gen.md",
        "# Policy Generation Skill\nWhen asked to generate a policy:\n1. Identify the target\n");
    open_workbench(f);
    ask(f, "Use it.");
    expect(f, ENTRY_TOOL, "comes with the repository and is not trusted", 1);
    expect(f, ENTRY_TOOL, "1. Identify the target", 0);
    assert_false(is_told(f, "- policy-gen: "));
    assert_false(workbench_use_skill(f->wb, STR_LIT("policy-gen"), STR_LIT("x"), &err));
    trust(f);
    ask(f, "Use it.");
    expect(f, ENTRY_TOOL, "1. Identify the target", 1);
    assert_true(
        is_told(f, "- policy-gen: Policy Generation Skill. When asked to generate a policy:\n"));
    assert_ok(workbench_use_skill(f->wb, STR_LIT("policy-gen"), STR_LIT("Deny it."), &err), err);
    WAIT_UNTIL(f, is_idle(f));
    expect(f, ENTRY_USER, "Deny it.\n\nUse the skill policy-gen for this:", 1);
    /* AGENTS.md is read anew, too. */
    test_write(f->dir, "AGENTS.md", "Be brief.\n");
    assert_true(is_told(f, "Be brief."));
    test_write(f->dir, "AGENTS.md", "Be long.\n");
    assert_false(is_told(f, "Be brief."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(after_each_patch_once_for_each_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_prompt_can_be_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupted_hook_sends_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_can_be_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_can_be_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_is_put_off_a_few_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timeout_ends_the_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_profile_has_hooks_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_confined_does_not_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_skill_is_told_and_read_once_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_the_repository_brings_waits_for_trust, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
