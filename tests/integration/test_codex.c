/* The real Codex CLI as the agent: its patches become a proposal, nothing that it does reaches the
 * workspace but through the review, and it hears what became of it. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "codex_run.h"
#include "sandbox/confined.h"

#define SECOND "*** Update File: q/r/new.rego\\n@@\\n package q.r\\n+# more\\n"

static void its_patches_become_a_proposal(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        /* Not the failure last: of a command that ends at once with one Codex tells the model only.
         */
        {.body = SAY("I look first.") RUN("c1", "touch p/mine; cat p/p.rego") END},
        {.body = PATCH("c2", UPDATE) END},
        {.body = PATCH("c3", SECOND) END},
        {.body = SAY("Done.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    const struct entry *command = agent_must_find(f, ENTRY_TOOL, "touch p/mine");
    assert_string_equal(command->name, "shell");
    assert_non_null(strstr(command->text.ptr, "input.bad"));
    assert_non_null(strstr(command->text.ptr, "Read-only file system"));
    agent_must_find(f, ENTRY_ASSISTANT, "I look first.");
    agent_must_find(f, ENTRY_ASSISTANT, "Done.");
    assert_int_equal(agent_must_find(f, ENTRY_PROPOSAL, "new.rego")->files, 2);
    /* Codex goes on from what it proposed: its own write to the scratch copy went well. */
    agent_expect_request(f, 2, "Success. Updated the following files");
    agent_expect_request(f, 3, "Success. Updated the following files");
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    const struct change *added = changes_find(&open->changes, "q/r/new.rego");
    assert_true(str_equal(buf_str(&added->content), STR_LIT("package q.r\n# more\n")));
    assert_true(session_usage(workbench_session(f->wb)).input_tokens >= 28);
    struct buf spent = BUF_INIT;
    workbench_describe_spend(f->wb, &spent);
    assert_null(strstr(spent.ptr, "unknown")); /* each is counted once its patch is answered */
    buf_free(&spent);
    char *text = test_read(f->dir, "p/p.rego"); /* the workspace */
    assert_string_equal(text, agent_policy);
    free(text);
    char *made = path_join(f->dir, "q");
    assert_int_not_equal(access(made, F_OK), 0);
    free(made);
}

static void what_leaves_the_workspace_is_declined(void **state)
{
    struct agent_run *f = *state;
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
    agent_ask(f, "Leave.");
    agent_must_find(f, ENTRY_NOTICE, "lies outside of the workspace");
    agent_must_find(f, ENTRY_ASSISTANT, "I could not.");
    agent_expect_request(f, 1, "lies outside of the workspace");
    agent_expect_request(f, 1, "patch rejected by user");
    assert_int_not_equal(access(outside, F_OK), 0);
    assert_null(proposals_open(workbench_proposals(f->wb)));
    free(outside);
    free(patch);
    free(both);
}

/* What Codex would do to its own copy otherwise than the proposal says, the copy does not keep. */
static void odd_patches_leave_what_is_proposed(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", "*** Add File: p/p.rego\\n+package whole\\n") END},
        {.body = PATCH("c2", "*** Update File: p/p.rego\\n*** Move to: p/p.rego\\n@@\\n package "
                             "whole\\n+# more\\n") END},
        /* Twice: what Codex is told cuts off the answer that comes just then, and it asks anew. */
        {.body = RUN("c3", "until test -s p/p.rego; do sleep 0.01; done; cat p/p.rego") END},
        {.body = RUN("c4", "until test -s p/p.rego; do sleep 0.01; done; cat p/p.rego") END},
        {.body = SAY("Done.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Replace it.");
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_int_equal(open->changes.len, 1);
    const struct change *changed = changes_find(&open->changes, "p/p.rego");
    assert_true(str_equal(buf_str(&changed->content), STR_LIT("package whole\n# more\n")));
    assert_int_equal(changed->kind, CHANGE_UPDATE);
    agent_expect_a_request(f, "its files are as it says now");
    const struct entry *seen = agent_must_find(f, ENTRY_TOOL, "done; cat p/p.rego");
    assert_non_null(strstr(seen->text.ptr, "package whole\n# more"));
}

static void expect_proposed(struct agent_run *f, const char *path, const char *text)
{
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_non_null(open);
    const struct change *change = changes_find(&open->changes, path);
    assert_non_null(change);
    assert_string_equal(change->content.ptr, text);
}

/* Whatever ends its lines. A NUL, which no text has, is replaced and said. */
static void files_are_proposed_to_the_byte(void **state)
{
    struct agent_run *f = *state;
    static const char lines[] = "@@\\n a\\n-b\\n+B\\n+BB\\n c\\n";
    char *patches[] = {mem_printf(PATCH("c1", "*** Update File: cr.txt\\n%s") END, lines),
        mem_printf(PATCH("c2", "*** Update File: crlf.txt\\n%s") END, lines),
        mem_printf(PATCH("c3", "*** Update File: mixed.txt\\n%s") END, lines)};
    const struct fault_step steps[] = {{.body = patches[0]}, {.body = patches[1]},
        {.body = patches[2]}, {.body = SAY("Done.") END},
        {.body = PATCH("c4", "*** Add File: nul.txt\\n+a\\u0000b\\n+c\\n") END},
        {.body = SAY("Done.") END}};
    test_write(f->dir, "cr.txt", "a\rb\rc");
    test_write(f->dir, "crlf.txt", "a\r\nb\r\nc\r\n");
    test_write(f->dir, "mixed.txt", "a\r\nb\rc\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Change them.");
    expect_proposed(f, "cr.txt", "a\rB\rBB\rc\r"); /* Codex ends the last line, too */
    expect_proposed(f, "crlf.txt", "a\r\nB\r\nBB\r\nc\r\n");
    expect_proposed(f, "mixed.txt", "a\r\nB\r\nBB\r\nc\n");
    for (size_t i = 0; i < fault_server_count(f->server); i++) { /* and so has Codex written it */
        agent_expect_no_request(f, i, "its files are as it says now");
    }
    agent_ask(f, "Add one.");
    expect_proposed(f, "nul.txt",
        "a\xef\xbf\xbd"
        "b\nc\n");
    agent_must_find(f, ENTRY_NOTICE, "wrote NUL bytes to nul.txt; the proposal has U+FFFD");
    for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
        free(patches[i]);
    }
}

/* What a command that the engineer let out of the sandbox changed in the scratch copy is part of
 * the proposal, so that the checks are of what is proposed and a patch made after it fits. */
static void what_a_command_writes_is_proposed(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = ESCALATE("c1", "echo '# by hand' >> p/p.rego") END},
        {.body = PATCH("c2", "*** Update File: p/p.rego\\n@@\\n-# by hand\\n+# by patch\\n") END},
        {.body = ESCALATE("c3", "echo package made > p/made.rego") END},
        {.body = SAY("Done.") END},
        {.body = SAY("I see.") END},
    };
    struct session *session = workbench_session(f->wb);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "Write.");
    WAIT_UNTIL(f, agent_asks(f, "by hand"));
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "made.rego"));
    agent_must_find(f, ENTRY_NOTICE, "let a command write: what it had changed until then is in");
    agent_expect_request(f, 2, "Success. Updated the following files");
    agent_expect_request(f, 2, "What your commands changed is in the proposal, too.");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_int_equal(open->changes.len, 2);
    assert_true(str_equal(
        buf_str(&changes_find(&open->changes, "p/made.rego")->content), STR_LIT("package made\n")));
    const struct change *changed = changes_find(&open->changes, "p/p.rego");
    assert_non_null(strstr(changed->content.ptr, "# by patch"));
    agent_expect_file(f, "p/p.rego", agent_policy);
    agent_expect_file(f, "p/made.rego", NULL);
    agent_ask(f, "And?");
    agent_expect_a_request(f, "What your commands changed is in the proposal, too.");
}

static void it_hears_what_was_taken(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", UPDATE) END},
        {.body = SAY("Proposed.") END},
        {.body = RUN("c2", "cat p/p.rego; ls q/r") END},
        {.body = SAY("I see.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_ok(review_decide_rest(review, review_find(review, "p/p.rego"), REVIEW_DECLINED,
                  STR_LIT("too chatty"), &err),
        err);
    assert_ok(review_decide_rest(review, review_find(review, "q/r/new.rego"), REVIEW_ACCEPTED,
                  (struct str){0}, &err),
        err);
    agent_finish_review(f);
    agent_ask(f, "And now?");
    agent_expect_request(f, 2, "too chatty");
    agent_expect_request(f, 2, "And now?");
    /* What it sees is what stands: the one change that was taken, and not the other. */
    const struct entry *seen = agent_must_find(f, ENTRY_TOOL, "cat p/p.rego; ls q/r");
    assert_non_null(strstr(seen->text.ptr, "msg := \"bad\""));
    assert_null(strstr(seen->text.ptr, "mend it"));
    assert_non_null(strstr(seen->text.ptr, "new.rego"));
}

/* Hooks of the form that Codex does not take, for what it proposed; of skills it is told the
 * trusted ones. */
static void hooks_and_skills_are_for_it_too(void **state)
{
    struct agent_run *f = *state;
    struct vetting vetting;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", UPDATE) END},
        {.body = SAY("Done.") END},
        {.body = SAY("I see.") END},
    };
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    confined_use_program(program);
    free(program);
    test_write(f->dir, ".codex/skills/good/SKILL.md",
        "---\nname: good\ndescription: the trusted one\n---\nDo good.\n");
    test_write(f->dir, ".codex/config.toml",
        "[[hooks]]\nevent = \"PostToolUse\"\ntool = \"apply_patch\"\ntimeout_ms = 20000\n"
        "command = \"grep -l 'mend it' $CODEX_FILE_PATH && echo is chatty; true\"\n"
        "[[hooks]]\nevent = \"Stop\"\ncommand = \"echo CHECKLIST\"\n");
    workbench_vetting(f->wb, &vetting);
    assert_int_equal(vetting.len, 3);
    for (size_t i = 0; i < vetting.len; i++) {
        assert_ok(vetting_answer(&vetting, i, TRUST_YES, &err), err);
    }
    vetting_free(&vetting);
    test_write(f->dir, ".agents/skills/bad/SKILL.md",
        "---\nname: bad\ndescription: the untrusted one\n---\nDo bad.\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    agent_must_find(f, ENTRY_ASSISTANT, "I see.");
    agent_must_find(f, ENTRY_NOTICE, "CHECKLIST");
    agent_expect_request(f, 0, "the trusted one");
    agent_expect_no_request(f, 0, "the untrusted one");
    agent_expect_request(f, 2, "p/p.rego\\nis chatty");
    assert_null(agent_find(f, ENTRY_NOTICE, "as a trusted project")); /* Codex's advice */
    assert_int_equal(agent_must_find(f, ENTRY_PROPOSAL, "new.rego")->files, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEX_TEST(its_patches_become_a_proposal),
        CODEX_TEST(what_leaves_the_workspace_is_declined),
        CODEX_TEST(odd_patches_leave_what_is_proposed),
        CODEX_TEST(files_are_proposed_to_the_byte),
        CODEX_TEST(what_a_command_writes_is_proposed),
        CODEX_TEST(it_hears_what_was_taken),
        CODEX_TEST(hooks_and_skills_are_for_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
