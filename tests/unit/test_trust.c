/* What a repository brings for the agent: found in both forms, used only once it was trusted, asked
 * about again when it changes. */
#include "test.h"

#include "agent/skills.h"
#include "hooks/handlers.h"
#include "hooks/matcher.h"
#include "trust/vetting.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char *dir, *repo, *home, *config, *state;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->repo = mem_printf("%s/repo", f->dir);
    f->home = mem_printf("%s/home", f->dir);
    f->config = mem_printf("%s/config", f->dir);
    f->state = mem_printf("%s/state", f->dir);
    test_write(f->repo, "a.rego", "package a\n");
    setenv("HOME", f->home, 1);
    setenv("CODEX_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->config, 1);
    setenv("XDG_STATE_HOME", f->state, 1);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    test_dir_remove(f->dir);
    free(f->repo);
    free(f->home);
    free(f->config);
    free(f->state);
    free(f);
    return 0;
}

/* As the article has them. */
static const char article[] =
    "[[hooks]]\nevent = \"PostToolUse\"\ntool = \"apply_patch\"\n"
    "command = \"bash -c 'if [[ \\\"$CODEX_FILE_PATH\\\" == *.yaml ]]; then kyverno validate "
    "./policies/ 2>&1 | tail -5; fi'\"\ntimeout_ms = 10000\n\n"
    "[[hooks]]\nevent = \"Stop\"\ncommand = \"echo '⚠️ POLICY REVIEW: Verify (1)'\"\n";

static const char present[] =
    "[[hooks.PostToolUse]]\nmatcher = \"apply_patch\"\n"
    "[[hooks.PostToolUse.hooks]]\ntype = \"command\"\ncommand = \"./check.sh\"\ntimeout = 30\n"
    "[[hooks.PostToolUse.hooks]]\ntype = \"mcp_tool\"\n"
    "[hooks.state]\n\"x\" = { trusted_hash = \"sha256:0\" }\n"
    "[[hooks.SessionEnd]]\n[[hooks.Nonsense]]\n";

static void both_forms_are_read(void **state)
{
    const struct fixture *f = *state;
    struct handlers handlers;
    struct buf problems = BUF_INIT;
    test_write(f->repo, ".codex/config.toml", article);
    test_write(f->repo, ".bylaw/config.toml", present);
    test_write(f->home, "hooks.json",
        "{\"hooks\":{\"PreToolUse\":[{\"matcher\":\"Edit|Bash\",\"hooks\":[{\"type\":\"command\","
        "\"command\":\"true\"}]}]}}");
    handlers_read(f->repo, f->repo, &handlers, &problems);
    assert_int_equal(handlers.len, 4);
    const struct handler *users = &handlers.items[0];
    assert_true(users->is_users && users->of_codex && !users->short_form);
    assert_int_equal(users->timeout_ms, 600000);
    assert_true(handler_applies(users, MOMENT_BEFORE_TOOL, "apply_patch"));
    assert_true(handler_applies(users, MOMENT_BEFORE_TOOL, "run_command"));
    assert_false(handler_applies(users, MOMENT_BEFORE_TOOL, "read_file"));
    assert_false(handler_applies(users, MOMENT_AFTER_TOOL, "apply_patch"));
    const struct handler *ours = &handlers.items[1];
    assert_int_equal(ours->timeout_ms, 30000);
    assert_string_equal(ours->file, ".bylaw/config.toml");
    assert_false(handler_applies(ours, MOMENT_AFTER_TOOL, "apply_patch")); /* nobody trusted it */
    const struct handler *theirs = &handlers.items[2];
    assert_true(theirs->short_form && theirs->of_codex);
    assert_int_equal(theirs->timeout_ms, 10000);
    assert_non_null(strstr(theirs->command, "\"$CODEX_FILE_PATH\" == *.yaml"));
    assert_int_equal(handlers.items[3].moment, MOMENT_STOP);
    assert_non_null(strstr(problems.ptr, "\"mcp_tool\" is left out"));
    assert_non_null(strstr(problems.ptr, "Nonsense"));
    assert_null(strstr(problems.ptr, "SessionEnd"));
    buf_free(&problems);
    handlers_free(&handlers);
}

static void mistakes_are_said(void **state)
{
    const struct fixture *f = *state;
    struct handlers handlers;
    struct buf problems = BUF_INIT;
    test_write(f->repo, ".codex/config.toml", "[[hooks]\n");
    test_write(f->repo, ".codex/hooks.json", "{\"hooks\": 3}");
    test_write(f->repo, ".bylaw/hooks.json",
        "{\"hooks\":[{\"event\":\"Later\",\"command\":\"x\"},{\"event\":\"Stop\"},"
        "{\"event\":\"PreToolUse\",\"tool\":\"(\",\"command\":\"x\"},3]}");
    handlers_read(NULL, f->repo, &handlers, &problems);
    assert_int_equal(handlers.len, 0);
    assert_non_null(strstr(problems.ptr, ".codex/config.toml"));
    assert_non_null(strstr(problems.ptr, "hooks are neither a list nor a table"));
    assert_non_null(strstr(problems.ptr, "its event \"Later\" is not known"));
    assert_non_null(strstr(problems.ptr, "a Stop hook has no command"));
    assert_non_null(strstr(problems.ptr, "its matcher is no regular expression"));
    buf_free(&problems);
    handlers_free(&handlers);
}

static void matchers_are_names_or_expressions(void **state)
{
    (void)state;
    assert_true(matcher_fits("apply_patch", "apply_patch"));
    assert_true(matcher_fits("Write", "apply_patch"));
    assert_false(matcher_fits("apply", "apply_patch"));
    assert_true(matcher_fits("read_file|Edit", "apply_patch"));
    assert_true(matcher_fits("^app.*", "apply_patch"));
    assert_true(matcher_fits("ly_.", "apply_patch"));
    assert_false(matcher_fits("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    assert_false(matcher_fits("apply_patch", NULL));
}

static size_t waiting(const struct fixture *f)
{
    struct vetting vetting;
    vetting_read(f->repo, f->repo, &vetting);
    size_t count = vetting_waiting(&vetting);
    vetting_free(&vetting);
    return count;
}

static void answer_all(const struct fixture *f, enum trust_answer answer)
{
    struct vetting vetting;
    struct err err;
    vetting_read(f->repo, f->repo, &vetting);
    for (size_t i = 0; i < vetting.len; i++) {
        assert_ok(vetting_answer(&vetting, i, answer, &err), err);
    }
    vetting_free(&vetting);
}

static void a_change_is_asked_about_again(void **state)
{
    const struct fixture *f = *state;
    struct vetting vetting;
    test_write(f->repo, ".codex/config.toml", article);
    test_write(f->repo, ".codex/skills/policy-gen.md", "# Policy\nWhen asked:\n1. Write\n");
    vetting_read(f->repo, f->repo, &vetting);
    char *line = vetting_line(&vetting);
    assert_string_equal(line, "2 hooks and 1 skill of this repository wait for your trust");
    free(line);
    vetting_free(&vetting);
    answer_all(f, TRUST_YES);
    assert_int_equal(waiting(f), 0);
    /* The hook below another keeps its answer: it is the content that counts. */
    char *longer = mem_printf("[[hooks]]\nevent = \"Stop\"\ncommand = \"true\"\n%s", article);
    test_write(f->repo, ".codex/config.toml", longer);
    free(longer);
    assert_int_equal(waiting(f), 1);
    test_write(f->repo, ".codex/skills/policy-gen.md", "# Policy\nWhen asked:\n1. Read\n");
    vetting_read(f->repo, f->repo, &vetting);
    assert_int_equal(vetting_waiting(&vetting), 2);
    assert_string_equal(vetted_state(&vetting.items[3]), "changed since you trusted it");
    vetting_free(&vetting);
    answer_all(f, TRUST_NO);
    assert_int_equal(waiting(f), 0);
    struct handlers handlers;
    handlers_read(f->repo, f->repo, &handlers, NULL);
    assert_false(handler_applies(&handlers.items[0], MOMENT_STOP, NULL));
    handlers_free(&handlers);
    answer_all(f, TRUST_UNKNOWN);
    assert_int_equal(waiting(f), 4);
    /* Nothing of it lies in the repository. */
    char *trust = mem_printf("%s/.bylaw", f->repo);
    struct stat st;
    assert_int_not_equal(stat(trust, &st), 0);
    free(trust);
}

static void another_folder_is_asked_about_by_itself(void **state)
{
    const struct fixture *f = *state;
    struct vetting vetting;
    char *copy = mem_printf("%s/copy", f->dir);
    test_write(f->repo, ".codex/config.toml", article);
    test_write(copy, ".codex/config.toml", article);
    answer_all(f, TRUST_YES);
    vetting_read(NULL, copy, &vetting);
    assert_int_equal(vetting_waiting(&vetting), 2);
    vetting_free(&vetting);
    free(copy);
}

/* What a script does belongs to what is trusted. */
static void scripts_are_part_of_it(void **state)
{
    const struct fixture *f = *state;
    struct vetting vetting;
    test_write(f->repo, ".codex/hooks.json",
        "{\"hooks\":[{\"event\":\"Stop\",\"command\":\"bash -c 'sh ./tools/check.sh; true'\"}]}");
    test_write(f->repo, "tools/check.sh", "echo fine\n");
    answer_all(f, TRUST_YES);
    assert_int_equal(waiting(f), 0);
    test_write(f->repo, "tools/check.sh", "rm -rf .\n");
    vetting_read(f->repo, f->repo, &vetting);
    assert_int_equal(vetting_waiting(&vetting), 1);
    assert_true(vetting.items[0].changed);
    assert_non_null(strstr(vetting.items[0].shown, "rm -rf ."));
    vetting_free(&vetting);
}

/* So does what a script names in turn, and what a program obeys. */
static void what_scripts_run_is_part_of_it(void **state)
{
    const struct fixture *f = *state;
    test_write(f->repo, ".codex/hooks.json",
        "{\"hooks\":[{\"event\":\"Stop\",\"command\":\"tools/check && make -s lint\"}]}");
    test_write(f->repo, "tools/check",
        "#!/bin/sh\nhere=$(dirname \"$0\")\n. \"$here/lib\"\npython3.12 -B \"$here\"/deep/run\n"
        "cat policies/a.rego\n");
    test_write(f->repo, "tools/lib", "x=1\n");
    test_write(f->repo, "tools/deep/run", "print(1)\n");
    test_write(f->repo, "policies/a.rego", "package a\n");
    test_write(f->repo, "Makefile", "lint:\n\tsh ci/lint\n");
    test_write(f->repo, "ci/lint", "echo\n");
    answer_all(f, TRUST_YES);
    assert_int_equal(waiting(f), 0);
    test_write(f->repo, "policies/a.rego", "package b\n");
    assert_int_equal(waiting(f), 0);
    static const char *const parts[] = {
        "tools/lib", "tools/deep/run", "Makefile", "ci/lint", "tools/check"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *was = test_read(f->repo, parts[i]);
        char *other = mem_printf("%s\ntrue\n", was);
        test_write(f->repo, parts[i], other);
        if (waiting(f) != 1) {
            fail_msg("%s changed unseen", parts[i]);
        }
        test_write(f->repo, parts[i], was);
        assert_int_equal(waiting(f), 0);
        free(other);
        free(was);
    }
    assert_true(scripts_may_have("ci/Taskfile.yml"));
    assert_true(scripts_may_have("tools/lib"));
    assert_false(scripts_may_have("policies/pod.yml"));
    test_write(f->repo, "makefile", "lint:\n"); /* which make would take first */
    assert_int_equal(waiting(f), 1);
}

/* Too large to be shown is not too large to be held to; past that bound nothing runs. */
static void large_scripts_are_held_to(void **state)
{
    const struct fixture *f = *state;
    struct vetting vetting;
    struct buf big = BUF_INIT;
    buf_append_c(&big, "#!/bin/sh\n");
    while (big.len < (100 << 10)) {
        buf_append_c(&big, "# again and again\n");
    }
    test_write(
        f->repo, ".codex/hooks.json", "{\"hooks\":[{\"event\":\"Stop\",\"command\":\"./big\"}]}");
    test_write(f->repo, "big", big.ptr);
    vetting_read(f->repo, f->repo, &vetting);
    assert_non_null(strstr(vetting.items[0].shown, "bytes, not shown, SHA-256 "));
    vetting_free(&vetting);
    answer_all(f, TRUST_YES);
    buf_append_c(&big, "true\n");
    test_write(f->repo, "big", big.ptr);
    assert_int_equal(waiting(f), 1);
    while (big.len < (5 << 20)) {
        buf_append_c(&big, "# again and again and again and again and again and again\n");
    }
    test_write(f->repo, "big", big.ptr);
    vetting_read(f->repo, f->repo, &vetting);
    assert_int_equal(vetting.len, 0);
    assert_non_null(strstr(vetting.problems.ptr, "big is larger than 4 MiB"));
    vetting_free(&vetting);
    buf_free(&big);
}

/* What a hook looks at is what the agent works on: it may change. */
static void what_a_hook_looks_at_is_no_part_of_it(void **state)
{
    const struct fixture *f = *state;
    test_write(f->repo, ".codex/hooks.json",
        "{\"hooks\":[{\"event\":\"Stop\",\"command\":\"opa check a.rego ./bin/tool\"}]}");
    test_write(f->repo, "bin/tool", "#!/bin/sh\n");
    answer_all(f, TRUST_YES);
    test_write(f->repo, "a.rego", "package b\n");
    assert_int_equal(waiting(f), 0);
    test_write(f->repo, "bin/tool", "#!/bin/bash\n");
    assert_int_equal(waiting(f), 1);
}

static void skills_of_both_forms(void **state)
{
    const struct fixture *f = *state;
    struct skills skills;
    struct buf problems = BUF_INIT;
    struct err err;
    char *deep = mem_printf("%s/sub", f->repo);
    test_write(f->repo, ".codex/skills/policy-gen.md",
        "# Policy Generation Skill\n\nWhen asked to generate a policy:\n1. Identify\n");
    test_write(f->repo, ".agents/skills/review/SKILL.md",
        "---\nname: policy-review\ndescription: >\n  Reviews a\n  policy.\n---\nDo it.\n");
    test_write(f->repo, "sub/.bylaw/skills/deep.md", "no \x1b[31mheading\n");
    test_write(f->repo, ".codex/skills/bad name.md", "x\n");
    test_write(f->repo, ".codex/skills/notes.txt", "no skill\n");
    test_write(f->home, "skills/mine/SKILL.md", "---\nname: mine\n---\n# Mine\n");
    test_write(f->home, "skills/policy-gen.md", "# My own\n");
    skills_read(f->repo, deep, &skills, &problems);
    free(deep);
    assert_int_equal(skills.len, 5);
    assert_string_equal(skills.items[0].name, "deep");
    assert_string_equal(skills.items[0].file, ".bylaw/skills/deep.md");
    assert_string_equal(skills.items[0].description, "no ^[[31mheading");
    assert_string_equal(skills.items[1].name, "mine");
    /* The engineer's own is not pushed aside by one that nobody has trusted. */
    assert_string_equal(skills.items[2].name, "policy-gen");
    assert_true(skills.items[2].is_users);
    assert_false(skills.items[3].is_users);
    assert_string_equal(
        skills.items[3].description, "Policy Generation Skill. When asked to generate a policy:");
    assert_string_equal(skills.items[4].name, "policy-review");
    assert_string_equal(skills.items[4].description, "Reviews a policy.");
    assert_non_null(strstr(problems.ptr, "bad name"));
    assert_non_null(skills_find(&skills, STR_LIT("mine"), &err));
    assert_null(skills_find(&skills, STR_LIT("policy-review"), &err));
    assert_non_null(strstr(err.text, "not trusted"));
    assert_null(skills_find(&skills, STR_LIT("none"), &err));
    struct buf told = BUF_INIT;
    skills_tell(&skills, true, &told);
    assert_non_null(strstr(told.ptr, "- mine: Mine\n"));
    assert_null(strstr(told.ptr, "policy-review"));
    buf_free(&told);
    buf_free(&problems);
    skills_free(&skills);
}

static void links_are_not_followed(void **state)
{
    const struct fixture *f = *state;
    test_write(f->dir, "outside/skills/evil.md", "# Evil\n");
    test_write(f->repo, ".codex/keep", "");
    char *to = mem_printf("%s/outside/skills", f->dir);
    char *link_path = mem_printf("%s/.codex/skills", f->repo);
    assert_int_equal(symlink(to, link_path), 0);
    struct skills skills;
    struct buf problems = BUF_INIT;
    skills_read(f->repo, f->repo, &skills, &problems);
    assert_int_equal(skills.len, 0);
    assert_non_null(strstr(problems.ptr, "symbolic link")); /* and said */
    buf_free(&problems);
    skills_free(&skills);
    free(to);
    free(link_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_forms_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_said, set_up, tear_down),
        cmocka_unit_test(matchers_are_names_or_expressions),
        cmocka_unit_test_setup_teardown(a_change_is_asked_about_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_folder_is_asked_about_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scripts_are_part_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_scripts_run_is_part_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_scripts_are_held_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_hook_looks_at_is_no_part_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(skills_of_both_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
