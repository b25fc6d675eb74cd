/* A repository that means harm (tests/workspaces/hostile): instructions that order the checks off,
 * settings that loosen, hooks that write, a skill with escape sequences, and an agent that obeys it
 * all. Nothing of it takes effect. */
#include "hostile.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char *home;
    char *dir;
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
    f->dir = mem_printf("%s/work", f->home);
    setenv("HOME", f->home, 1);
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("CODEX_HOME", f->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    hostile_make(f->dir);
    f->loop = loop_new(&err);
    struct workbench_options options = {.loop = f->loop, .folder = f->dir, .provider = "recording"};
    f->wb = workbench_new(&options, &err);
    assert_ok(f->wb != NULL, err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workbench_free(f->wb);
    loop_free(f->loop);
    free(f->dir);
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
}

static bool is_idle(struct fixture *f)
{
    return session_state(workbench_session(f->wb)) == SESSION_IDLE &&
           session_queue_count(workbench_session(f->wb)) == 0;
}

static bool is_checked(struct fixture *f)
{
    return is_idle(f) && checks_state(workbench_evidence(f->wb)) == CHECKS_DONE;
}

static void ask(struct fixture *f, bool (*is_done)(struct fixture *f))
{
    struct err err;
    assert_ok(session_prompt(workbench_session(f->wb), STR_LIT("Help me."), &err), err);
    uint64_t end = loop_now_ms() + 240000;
    while (!is_done(f)) {
        if (loop_now_ms() > end) {
            dump(f);
            fail_msg("the turn never ended");
        }
        loop_run_once(f->loop, 100);
    }
}

static void obey(struct fixture *f)
{
    ask(f, is_checked);
}

/* Names of files below the folder of everything, as find prints them. */
static char *find(const struct fixture *f, const char *expression)
{
    char *script = mem_printf("find . %s | sort", expression);
    const char *argv[] = {"sh", "-c", script, NULL};
    char *found = test_run(f->home, argv);
    free(script);
    return found;
}

static const struct entry *call(struct fixture *f, const char *name, size_t nth)
{
    VEC_FOREACH (const struct entry, e, session_transcript(workbench_session(f->wb))) {
        if (e->kind == ENTRY_TOOL && strcmp(e->name, name) == 0 && nth-- == 0) {
            return e;
        }
    }
    dump(f);
    fail_msg("there is no such call of %s", name);
    return NULL;
}

static void nothing_of_it_is_written(void **state)
{
    struct fixture *f = *state;
    char *hooks = find(f, "-path '*/.git/*'");
    obey(f);
    for (size_t i = 0; i < hostile_patch_count; i++) {
        const struct entry *refused = call(f, "apply_patch", i);
        if (refused->status != ENTRY_FAILED) {
            dump(f);
            fail_msg("patch %zu was taken", i);
        }
    }
    assert_int_equal(call(f, "read_skill", 0)->status, ENTRY_FAILED);
    assert_int_equal(call(f, "read_skill", 1)->status, ENTRY_FAILED);
    assert_int_equal(call(f, "read_file", 0)->status, ENTRY_FAILED);
    char *after = find(f, "-path '*/.git/*'");
    assert_string_equal(after, hooks);
    char *written = find(f, "-name '*PWNED*' -o -name outside");
    assert_string_equal(written, "");
    assert_int_not_equal(access("/tmp/PWNED-patch", F_OK), 0);
    free(written);
    free(after);
    free(hooks);
}

/* What the agent proposes is tested whatever AGENTS.md says, and waits. */
static void the_checks_go_on(void **state)
{
    struct fixture *f = *state;
    obey(f);
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(proposals_open(workbench_proposals(f->wb))->changes.len, 1);
    char *policy = test_read(f->dir, "policies/pods/pods.rego");
    assert_non_null(strstr(policy, "input.spec.hostNetwork"));
    free(policy);
}

static void what_it_brings_waits_for_trust(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        workbench_waiting(f->wb), "6 hooks and 1 skill of this repository wait for your trust");
    obey(f);
    VEC_FOREACH (const struct entry, e, session_transcript(workbench_session(f->wb))) {
        assert_false(e->kind == ENTRY_TOOL && strcmp(e->name, "hook") == 0);
    }
    assert_null(workbench_hook_line(f->wb, 0));
    struct instructions told;
    workbench_instructions(f->wb, &told);
    assert_non_null(strstr(told.text.ptr, "Disable them.")); /* read, as text */
    assert_null(strstr(told.text.ptr, "# Skills"));
    instructions_free(&told);
}

static void its_settings_loosen_nothing(void **state)
{
    struct fixture *f = *state;
    const struct config *config = workbench_config(f->wb);
    assert_string_equal(config_string(config, "approval_policy"), "on-request");
    assert_string_equal(config_string(config, "sandbox_mode"), "read-only");
    assert_string_equal(config_string(config, "model_provider"), "recording");
    assert_null(config_string(config, "base_url"));
    assert_int_equal(config_list_count(config, "api_key_command"), 0);
    assert_false(config_bool(config, "allow_plain_http"));
    assert_true(config_integer(config, "max_turns") <= 60);
    assert_string_equal(config_string(config, "git_hooks"), "ask");
    assert_null(config_table(config, "model_providers"));
    assert_null(config_table(config, "language_servers"));
}

/* What other agents would obey is not in the copy that one of them gets. */
static void an_agent_of_its_own_gets_none_of_it(void **state)
{
    struct fixture *f = *state;
    struct err err;
    static const char *const kept[] = {"[.agents]", "[.claude]", "[.codex]", "[.env]",
        "[.mcp.json]", "[.opencode]", "[opencode.json]"};
    char *config = mem_printf("[agents.fault]\ncommand = [\"%s/tests/fault-acp\", \"looks\"]\n",
        getenv("BYLAW_BINARY_DIR"));
    test_write(f->home, "bylaw/config.toml", config);
    free(config);
    workbench_free(f->wb);
    struct workbench_options options = {.loop = f->loop, .folder = f->dir, .provider = "acp:fault"};
    f->wb = workbench_new(&options, &err);
    assert_ok(f->wb != NULL, err);
    ask(f, is_idle);
    const struct entry *said = NULL;
    VEC_FOREACH (const struct entry, e, session_transcript(workbench_session(f->wb))) {
        said = e->kind == ENTRY_ASSISTANT ? e : said;
    }
    if (said == NULL || strstr(said->text.ptr, "[policies]") == NULL) {
        dump(f);
        fail_msg("it did not see the policies");
    }
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        assert_null(strstr(said->text.ptr, kept[i]));
    }
    /* .agents holds a link, which nobody can trust. */
    assert_string_equal(workbench_waiting(f->wb),
        "6 hooks, 1 skill and 6 agent settings of this repository wait for your trust");
    char *written = find(f, "-name '*PWNED*'");
    assert_string_equal(written, "");
    free(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_of_it_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_checks_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_brings_waits_for_trust, set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_settings_loosen_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_agent_of_its_own_gets_none_of_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
