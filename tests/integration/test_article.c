/* What an article on Codex CLI for policy-as-code has its readers write down, pasted as it stands:
 * the profile in ~/.codex/config.toml; AGENTS.md, a skill and two hooks in the repository. */
#include "recording_script.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/kyverno.h"
#include "sandbox/confined.h"

#include <stdlib.h>

static const char profile[] = "[profiles.policy]\n"
                              "model = \"gpt-5.5\"\n"
                              "model_reasoning_effort = \"high\"\n"
                              "approval_policy = \"unless-allow-listed\"\n"
                              "sandbox_permissions = \"read-only\"\n";

static const char hooks[] =
    "[[hooks]]\n"
    "event = \"PostToolUse\"\n"
    "tool = \"apply_patch\"\n"
    "command = \"bash -c 'if [[ \\\"$CODEX_FILE_PATH\\\" == *.yaml ]] && grep -q \\\"kind: "
    "ClusterPolicy\\\" \\\"$CODEX_FILE_PATH\\\" 2>/dev/null; then kyverno validate ./policies/ "
    "2>&1 | tail -5; fi'\"\n"
    "timeout_ms = 10000\n"
    "[[hooks]]\n"
    "event = \"Stop\"\n"
    "command = \"echo '⚠️ POLICY REVIEW: Verify (1) test coverage ≥90%, (2) deny messages "
    "are "
    "actionable, (3) no overly broad resource matching'\"\n";

static const char conventions[] =
    "# Policy Repository Conventions\n"
    "## Rego Style\n"
    "- Use `package` declarations matching directory structure\n"
    "- Every `deny` rule MUST have a corresponding `test_deny_*` in `*_test.rego`\n";

static const char skill[] = "# Policy Generation Skill\n"
                            "When asked to generate a policy:\n"
                            "1. Identify the target framework (OPA/Gatekeeper, Kyverno, Conftest)\n"
                            "2. Write the policy with descriptive deny messages\n";

#define PATCH                                                                                      \
    "*** Begin Patch\n*** Add File: policies/team.yaml\n+apiVersion: kyverno.io/v1\n+kind: "       \
    "ClusterPolicy\n*** Add File: policies/other.yaml\n+kind: ConfigMap\n*** Add File: "           \
    "policies/p.rego\n+package p\n*** End Patch"

struct fixture {
    char *home;
    char *dir;
    struct loop *loop;
    struct workbench *wb;
};

static void write_recording(const struct fixture *f)
{
    struct buf out = BUF_INIT;
    script_head(&out);
    script_begin(&out, "require a team", 0);
    script_call(&out, "c1", "read_skill", "{\"name\":\"policy-gen\"}", false);
    script_call(&out, "c2", "apply_patch", PATCH, true);
    script_done(&out);
    script_begin(&out, "require a team", 1);
    script_say(&out, "The policy is ready.");
    script_done(&out);
    test_write(f->dir, ".bylaw/recordings/team.jsonl", out.ptr);
    buf_free(&out);
}

/* As it is where there is no kyverno. The caller frees. */
static char *path_with_kyverno(void)
{
    struct err err;
    char *kyverno = engine_find(&engine_kyverno, &err);
    if (kyverno == NULL) {
        return mem_strdup(getenv("PATH"));
    }
    char *folder = path_dir(kyverno);
    char *path = mem_printf("%s:%s", folder, getenv("PATH"));
    free(folder);
    free(kyverno);
    return path;
}

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    f->home = test_dir_make();
    f->dir = mem_printf("%s/work", f->home);
    char *codex = mem_printf("%s/.codex", f->home);
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *path = path_with_kyverno();
    confined_use_program(program);
    setenv("HOME", f->home, 1);
    setenv("PATH", path, 1);
    unsetenv("CODEX_HOME");
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    test_write(codex, "config.toml", profile);
    test_write(f->dir, ".codex/config.toml", hooks);
    test_write(f->dir, ".codex/skills/policy-gen.md", skill);
    test_write(f->dir, "AGENTS.md", conventions);
    write_recording(f);
    free(codex);
    free(program);
    free(path);
    f->loop = loop_new(&err);
    struct workbench_options options = {
        .loop = f->loop, .folder = f->dir, .provider = "recording", .profile = "policy"};
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

static const struct entry *find(struct fixture *f, enum entry_kind kind, const char *text)
{
    VEC_FOREACH (const struct entry, e, session_transcript(workbench_session(f->wb))) {
        if (e->kind == kind && e->text.len > 0 && strstr(e->text.ptr, text) != NULL) {
            return e;
        }
    }
    return NULL;
}

static void ask(struct fixture *f)
{
    struct err err;
    uint64_t end = loop_now_ms() + 240000;
    assert_ok(session_prompt(workbench_session(f->wb), STR_LIT("Require a team."), &err), err);
    while (session_state(workbench_session(f->wb)) != SESSION_IDLE ||
           session_queue_count(workbench_session(f->wb)) > 0) {
        assert_true(loop_now_ms() < end);
        loop_run_once(f->loop, 100);
    }
    assert_non_null(find(f, ENTRY_ASSISTANT, "The policy is ready."));
}

static void trust_all(struct fixture *f)
{
    struct vetting vetting;
    struct err err;
    workbench_vetting(f->wb, &vetting);
    assert_int_equal(vetting.len, 3);
    for (size_t i = 0; i < vetting.len; i++) {
        assert_ok(vetting_answer(&vetting, i, TRUST_YES, &err), err);
    }
    vetting_free(&vetting);
}

static void the_profile_is_in_force(void **state)
{
    struct fixture *f = *state;
    const struct config *config = workbench_config(f->wb);
    assert_string_equal(config_string(config, "model"), "gpt-5.5");
    assert_string_equal(config_string(config, "model_reasoning_effort"), "high");
    assert_string_equal(config_string(config, "approval_policy"), "unless-allow-listed");
    assert_string_equal(config_string(config, "sandbox_mode"), "read-only");
}

static void hooks_and_skill_wait(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        workbench_waiting(f->wb), "2 hooks and 1 skill of this repository wait for your trust");
    ask(f);
    assert_null(find(f, ENTRY_NOTICE, "POLICY REVIEW"));
    assert_null(find(f, ENTRY_TOOL, "unknown command"));
    assert_null(find(f, ENTRY_TOOL, "Identify the target framework"));
}

static void once_trusted_they_work(void **state)
{
    struct fixture *f = *state;
    struct instructions told;
    struct err err;
    char *kyverno = engine_find(&engine_kyverno, &err);
    if (kyverno == NULL) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    free(kyverno);
    trust_all(f);
    ask(f);
    assert_non_null(find(f, ENTRY_TOOL, "1. Identify the target framework"));
    const struct entry *patch = find(f, ENTRY_TOOL, "Applied to the proposal");
    assert_non_null(patch);
    /* Of the one file that is a ClusterPolicy. Today's kyverno has no "validate"; what it says of
     * that goes to the agent as anything would. */
    static const char answer[] = "unknown command \"validate\" for \"kyverno\"";
    const char *said = strstr(patch->text.ptr, answer);
    assert_non_null(said);
    assert_null(strstr(said + 1, answer));
    const struct entry *review = find(f, ENTRY_NOTICE, "POLICY REVIEW: Verify (1)");
    assert_non_null(review);
    assert_non_null(strstr(review->text.ptr, "(3) no overly broad resource matching"));
    workbench_instructions(f->wb, &told);
    assert_non_null(strstr(told.text.ptr, "Every `deny` rule MUST have"));
    assert_non_null(strstr(told.text.ptr, "- policy-gen: Policy Generation Skill."));
    instructions_free(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_profile_is_in_force, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hooks_and_skill_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(once_trusted_they_work, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
