/* The end of a review in repositories as they are met: none, unborn, detached, in the middle of a
 * merge, with staged work, with hooks that refuse or change things. The whole program; what is in
 * the repository and in the files is looked at with git itself. */
#include "test.h"

#include "base/path.h"
#include "sample_run.h"

#include <stdlib.h>

#define POLICY  "policies/k8s/latest_tag/latest_tag.rego"
#define HELPERS "policies/lib/k8s/k8s.rego"

static int set_up(void **state)
{
    *state = sample_run_new();
    return 0;
}

static int tear_down(void **state)
{
    sample_run_free(*state);
    return 0;
}

/* Accepts the whole first file and opens the dialog; all else stays open. */
static void finish_with_one_file(struct sample_run *run)
{
    sample_run_start(run, 40, 120);
    sample_run_propose(run);
    term_key(run->term, "alt-r");
    term_expect(run->term, "○ 124 open");
    term_type(run->term, "A");
    term_expect(run->term, "✓ 27 accepted");
    term_key(run->term, "enter");
    term_expect(run->term, "Finish proposal 1");
    /* What is tested is what would be written, not the whole proposal. */
    term_expect(run->term, "16 passed, 0 failed");
}

static void quit(struct sample_run *run)
{
    term_key(run->term, "ctrl-q");
    assert_int_equal(term_wait_exit(run->term), 0);
}

static void without_a_repository_the_files_are_written(void **state)
{
    struct sample_run *run = *state;
    finish_with_one_file(run);
    term_expect(run->term, "Will not be committed");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "written");
    term_expect(run->term, "review sent to the agent");
    char *text = test_read(run->dir, POLICY);
    assert_non_null(strstr(text, "package k8s.latest_tag\n"));
    free(text);
    sample_run_sh(run, "ls policies/k8s/latest_tag; test ! -e .git", "latest_tag.rego\n");
    term_key(run->term, "alt-u");
    term_expect(run->term, "repository");
    term_key(run->term, "esc");
    quit(run);
}

static void an_unborn_branch_gets_its_first_commit(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(run,
        "git init -q -b trunk; git config user.name E; git config user.email e@x.invalid", NULL);
    finish_with_one_file(run);
    term_expect(run->term, "on trunk");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "● committed");
    sample_run_sh(run,
        "git log --format=%D%x20%an trunk; git show --name-only --format= HEAD\n"
        "git log -1 --format=%B | grep Bylaw-Tests",
        "HEAD -> trunk E\n" POLICY "\n"
        "Bylaw-Tests: 16 passed, 0 failed, 0 errors, 0 skipped, 0 not evaluated\n");
    quit(run);
}

static void a_detached_head_moves_and_no_branch_does(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    sample_run_sh(run, "git checkout -q --detach", NULL);
    finish_with_one_file(run);
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "● committed");
    sample_run_sh(run,
        "git log --format=%s main; git rev-list --count HEAD; git status --porcelain",
        "start\n2\n");
    quit(run);
}

static void in_a_merge_the_files_are_written_and_nothing_is_committed(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    sample_run_sh(run,
        "git checkout -qb other; git commit -q --allow-empty -m other; git checkout -q main\n"
        "git commit -q --allow-empty -m mine; git merge -q --no-commit --no-ff other",
        NULL);
    finish_with_one_file(run);
    term_expect(run->term, "Will not be committed");
    term_expect(run->term, "merge");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "review sent to the agent");
    sample_run_sh(run,
        "git log --format=%s -1; test -e .git/MERGE_HEAD; git status --porcelain -uall",
        "mine\n?? " POLICY "\n");
    quit(run);
}

static void staged_work_stays_staged(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    /* Staged in another file and, with a later edit, in one the proposal changes too. */
    sample_run_sh(run,
        "echo '# staged' >>AGENTS.md; git add AGENTS.md; echo '# not staged' >>AGENTS.md\n"
        "echo '# new' >new.txt; git add new.txt",
        NULL);
    finish_with_one_file(run);
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "● committed");
    sample_run_sh(run,
        "git show --name-only --format= HEAD; git status --porcelain\n"
        "git diff --cached --unified=0 | grep '^+#'; git diff --unified=0 | grep '^+#'",
        POLICY "\nMM AGENTS.md\nA  new.txt\n+# staged\n+# new\n+# not staged\n");
    quit(run);
}

static void a_hook_that_refuses_is_asked_about_once_and_can_be_tried_again(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    sample_run_sh(run,
        "cat >.git/hooks/pre-commit <<'END'\n#!/bin/sh\n"
        "echo run >>.git/runs; echo 'the gate is shut'; test -e .git/open\nEND\n"
        "chmod +x .git/hooks/pre-commit",
        NULL);
    finish_with_one_file(run);
    term_expect(run->term, "asked about before anything is done");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "hooks of its own");
    sample_run_sh(run, "git status --porcelain; test ! -e .git/runs", "");
    term_type(run->term, "r");
    term_expect(run->term, "the gate is shut");
    term_expect(run->term, "not committed");
    sample_run_sh(run, "git log --format=%s; touch .git/open", "start\n");
    term_key(run->term, "enter");
    term_expect(run->term, "● committed");
    sample_run_sh(run, "git log --format=%an -1; git status --porcelain; cat .git/runs",
        "Engineer\nrun\nrun\n");
    /* The undo is a commit too: the hook runs, and is not asked about again. */
    term_key(run->term, "alt-u");
    term_expect(run->term, "Undo commit");
    term_expect(run->term, "allowed before");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "Revert");
    term_expect_gone(run->term, "Undo commit");
    sample_run_sh(
        run, "git diff --stat HEAD~2 HEAD; git status --porcelain; wc -l <.git/runs", "3\n");
    /* The file that the undo took away is not shown any more, and nobody's edits. */
    term_expect(run->term, "No file is open");
    quit(run);
}

static void a_message_hook_may_refuse_or_change_the_message(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    sample_run_sh(run,
        "cat >.git/hooks/commit-msg <<'END'\n#!/bin/sh\n"
        "head -n1 \"$1\" | grep -q ^POL-7 || { echo 'begin with POL-7'; exit 1; }\n"
        "echo 'Checked-by: hook' >>\"$1\"\nEND\nchmod +x .git/hooks/commit-msg",
        NULL);
    finish_with_one_file(run);
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "hooks of its own");
    term_type(run->term, "r");
    term_expect(run->term, "begin with POL-7");
    term_expect(run->term, "e message");
    term_type(run->term, "e");
    term_expect(run->term, "Written, not yet committed");
    term_key(run->term, "ctrl-home");
    term_type(run->term, "POL-7 ");
    term_expect(run->term, "POL-7 Deny");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "● committed");
    sample_run_sh(run,
        "git log -1 --format=%s | cut -c1-10; git log -1 --format=%B | grep Checked; git status -s",
        "POL-7 Deny\nChecked-by: hook\n");
    quit(run);
}

static void nothing_made_here_nothing_to_undo(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    sample_run_start(run, 24, 80);
    term_expect(run->term, "RECORDING");
    term_key(run->term, "alt-u");
    term_expect(run->term, "Nothing was written. Enter closes.");
    term_key(run->term, "enter");
    term_expect_gone(run->term, "Enter closes");
    sample_run_sh(run, "git log --format=%s", "start\n");
    quit(run);
}

static void a_read_only_file_is_said_and_modes_and_line_ends_are_kept(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(run, "sed -i 's/$/\\r/' " HELPERS "; chmod 0444 " HELPERS, NULL);
    sample_run_init(run);
    sample_run_start(run, 40, 120);
    sample_run_propose(run);
    term_key(run->term, "alt-r");
    term_expect(run->term, "○ 124 open");
    for (int i = 0; i < 6; i++) {
        term_type(run->term, "}");
    }
    term_expect(run->term, "hunk 1 of 3");
    term_type(run->term, "A");
    term_expect(run->term, "✓ 7 accepted");
    term_key(run->term, "enter");
    term_expect(run->term, "Finish proposal 1");
    term_expect(run->term, "on main");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "is read-only (mode 0444)");
    term_expect(run->term, "Nothing was written");
    sample_run_sh(run, "git status --porcelain; chmod 0664 " HELPERS, "");
    term_key(run->term, "enter");
    term_expect(run->term, "Will be written");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "● committed");
    sample_run_sh(run,
        "stat -c %a " HELPERS "; grep -c ephemeral " HELPERS "\n"
        "grep -vc \"$(printf '\\r')\\$\" " HELPERS " || true; git status --porcelain",
        "664\n1\n0\n");
    quit(run);
}

/* The gutter says what differs from HEAD while it is typed, and no more once it is committed. */
static void the_gutter_knows_head(void **state)
{
    struct sample_run *run = *state;
    sample_run_init(run);
    sample_run_start(run, 40, 120);
    term_expect(run->term, "RECORDING");
    term_key(run->term, "alt-p");
    term_type(run->term, "k8s.rego");
    term_expect(run->term, "policies/lib/k8s/k8s.rego");
    term_key(run->term, "enter");
    term_expect(run->term, "package lib.k8s");
    term_key(run->term, "ctrl-home enter down end");
    term_type(run->term, " # x");
    term_key(run->term, "down down ctrl-k");
    term_expect(run->term, "1 +");
    term_expect(run->term, "3 ~");
    term_key(run->term, "ctrl-home alt-f3");
    term_expect(run->term, " 3:");
    term_key(run->term, "ctrl-s");
    term_expect(run->term, "●1");
    sample_run_sh(run, "git commit -qam typed", NULL);
    term_expect_gone(run->term, "3 ~");
    term_expect_gone(run->term, "1 +");
    quit(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            without_a_repository_the_files_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unborn_branch_gets_its_first_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_detached_head_moves_and_no_branch_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            in_a_merge_the_files_are_written_and_nothing_is_committed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_gutter_knows_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(staged_work_stays_staged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_hook_that_refuses_is_asked_about_once_and_can_be_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_message_hook_may_refuse_or_change_the_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_made_here_nothing_to_undo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_read_only_file_is_said_and_modes_and_line_ends_are_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
