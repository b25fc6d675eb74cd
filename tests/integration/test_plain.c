/* The plain mode on pipes: the same road from a prompt to a commit as on the screen, with the same
 * result to the byte; every command of the table once; nothing written but lines of text. */
#include "sample_run.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#define START                                                                                      \
    "export TERM=dumb LC_ALL=C.UTF-8 BYLAW_PROVIDER=recording BYLAW_RECORDING_SPEED=0\n"           \
    "export EDITOR=\"$XDG_STATE_HOME/editor\"; unset VISUAL\n"

static int set_up(void **state)
{
    struct sample_run *run = sample_run_new();
    sample_run_init(run);
    sample_run_sh(run, "git config core.hooksPath /nonexistent", NULL);
    test_write(run->state, "editor", "#!/bin/sh\nprintf '# Decided in review.\\n' >>\"$1\"\n");
    const char *mode[] = {"chmod", "+x", "editor", NULL};
    free(test_run(run->state, mode));
    *state = run;
    return 0;
}

static int tear_down(void **state)
{
    sample_run_free(*state);
    return 0;
}

/* Only lines: of the bytes below a blank there is LF alone, and no DEL. */
static void check_bytes(const char *out)
{
    for (const char *c = out; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
            fail_msg("byte %02x after: %.*s", byte, 60, c - out > 60 ? c - 60 : out);
        }
    }
}

/* Runs the program on the lines; the caller frees what it wrote. */
static char *plain_with(struct sample_run *run, const char *options, const char *lines)
{
    test_write(run->state, "lines", lines);
    char *script =
        mem_printf("export %s\n" START
                   "exec \"$BYLAW_BINARY_DIR/bylaw\" --plain %s . <\"$XDG_STATE_HOME/lines\"",
            run->xdg_state, options);
    const char *argv[] = {"sh", "-ec", script, NULL};
    char *out = test_run(run->dir, argv);
    free(script);
    check_bytes(out);
    return out;
}

static char *plain(struct sample_run *run, const char *lines)
{
    return plain_with(run, "", lines);
}

static void expect(const char *out, const char *text)
{
    if (strstr(out, text) == NULL) {
        fprintf(stderr, "%s\n", out);
        fail_msg("\"%s\" is not in what is printed above", text);
    }
}

#define ASK SAMPLE_PROMPT "\nwait\n"
#define ACCEPT                                                                                     \
    "review\naccept-rest\naccept-rest\naccept-rest\naccept-rest\naccept-rest\naccept-rest\n"
#define DECIDE "decline The old wording is clearer\naccept\nedit\naccept-rest\n"

static void check_commit(struct sample_run *run)
{
    const char *log[] = {"git", "log", "-1", "--format=%s%n%b", NULL};
    char *message = test_run(run->dir, log);
    expect(message, "Deny any Deployment in production whose image tag is latest or missing\n");
    expect(message, "Bylaw-Review: 123 lines accepted, 2 declined, 0 left open");
    expect(message, "Bylaw-Tests: 24 passed, 0 failed");
    free(message);
    const char *status[] = {"git", "status", "--porcelain", NULL};
    char *rest = test_run(run->dir, status);
    assert_string_equal(rest, "");
    free(rest);
    const char *show[] = {"git", "show", "HEAD:policies/lib/k8s/k8s.rego", NULL};
    char *committed = test_run(run->dir, show);
    assert_string_equal(committed, sample_helpers_decided);
    free(committed);
}

static void from_a_prompt_to_a_commit(void **state)
{
    struct sample_run *run = *state;
    char *out = plain(run, ASK ACCEPT DECIDE "try\nfinish\ncommit yes\nwait\n");
    expect(out, "proposal 1: 8 files, 123 lines added, 1 removed; type review\n");
    expect(out, "109 accepted, 0 declined, 15 open.\n");
    expect(out, "Hunk 1 of 3, 2 changes");
    expect(out, "The hunk is declined: The old wording is clearer.\n");
    expect(out, "The hunk is edited and accepted.\n");
    expect(out, "All is decided; type finish to see what would be written.\n");
    expect(out, "Tests of your selection: 24 passed.\n");
    expect(
        out, "message: Deny any Deployment in production whose image tag is latest or missing\n");
    expect(out, "feedback: ");
    expect(out, "8 files written.\n");
    expect(out, "on branch main.\n");
    expect(out, "Sent back to the model: the outcome of the review");
    free(out);
    check_commit(run);
    out = plain(run, "undo-commit\ncommit yes\n");
    expect(out, "message: Revert ");
    expect(out, "Committed ");
    free(out);
    sample_run_sh(run, "git diff --stat HEAD~2 HEAD; git status --porcelain", "");
}

static void a_kill_keeps_the_decisions(void **state)
{
    struct sample_run *run = *state;
    test_write(run->state, "lines", ASK ACCEPT "wait\n");
    char *script = mem_printf("export %s\n" START "cd \"$XDG_STATE_HOME\"; mkfifo in\n"
                              "\"$BYLAW_BINARY_DIR/bylaw\" --plain %s <in >out & pid=$!\n"
                              "exec 3>in; cat lines >&3\n"
                              "until grep -q '^109 accepted' out; do sleep 0.05; done\n"
                              "kill -9 $pid; wait $pid || true; cat out",
        run->xdg_state, run->dir);
    const char *argv[] = {"sh", "-ec", script, NULL};
    char *out = test_run(run->dir, argv);
    free(script);
    check_bytes(out);
    free(out);
    out = plain(run, "review\nlist\n" DECIDE "finish\ncommit yes\n");
    expect(out, "This session goes on, after ");
    expect(out, "Proposal 1 is open; type review.\n");
    expect(out, "109 accepted, 0 declined, 15 open.\n");
    expect(out, "Tests: 24 passed");
    free(out);
    check_commit(run);
}

/* What is typed in the test below, with its modes: a row of the table that is not here fails. */
static const char every[] =
    "help\nhelp accept\nstatus\nprompts\nfiles\nfiles k8s.rego\nopen k8s.rego:3\nnext\nprevious\n"
    "line 7\nfind container\nfind\nsymbols\nsymbols privileged\ndefinition containers\n"
    "references containers\nwait\neval k8s.privileged.deny none\neval is_production {\"x\": 1}\n"
    "bench no.such.rule\ninit nonsense\n"
    "wait\napply k8s.privileged testdata\nwait\ncompare policies/k8s/privileged/privileged.rego "
    "policies/k8s/required_labels/required_labels.rego\nwait\n"
    "profile\nprofile none\nmodel\nmode\ntests\nwait\ngroups\ngroups @pass privileged\nhistory "
    "test_deny_public\nreproduce test_deny_public\nrerun failed\nrerun affected\nrerun "
    "public\nwait\nfailures\nexplain 1\nproblems\ncoverage\ncoverage "
    "k8s.rego\ntrust\ntrust all\nskills\nskill none\n"
    "test test_deny\ntest test_deny_public\nedit "
    "lib/k8s/k8s.rego\nproblems\nwait\nstop\nallow\nrefuse "
    "it\nretry\nqueue\ntake-back\nreasoning\n"
    "answer\nundo-commit\nreviews\nreviews next\nsay " SAMPLE_PROMPT
    "\nsay And treat an empty tag as missing.\nqueue\nqueue send\n"
    "take-back\nwait\nanswer\nreasoning\nreview\nshow\nshow 2-3\nevidence\nnext\nback\nfile 7\n"
    "file latest_tag_test\nfile\nlist\naccept 1-2\naccept\nreopen 1\nreopen\n"
    "decline 2 not so\ndecline\nundo\nredo\nedit\ncomment 1 why here\n"
    "question is it right\nuncomment 1\nfile k8s.rego\nsplit\nsplit 2\naccept-rest\n"
    "decline-rest enough\ntry\nfinish\nmessage\nmessage Deny latest\nedit\nfeedback\n"
    "feedback later\nback\nfinish\ncommit no\nback\nleave\ntranscript\n"
    "transcript digest\ntranscript no-such-word\ndiff\nexport said.md\nexport said.md\nreport json "
    "all.json\nexport "
    "no/folder/x.md\nexport .git/x\nresume\nfork 2\nfork "
    "1\ntranscript\nfork\nnew\nfork\n"
    "resume no/such\ncompact\ncost\n! echo mine\nwait\nquit\n";

static bool is_typed(const char *name)
{
    size_t len = strlen(name);
    for (const char *at = every; at != NULL; at = strchr(at, '\n')) {
        at += at != every;
        if (strncmp(at, name, len) == 0 && (at[len] == '\n' || at[len] == ' ')) {
            return true;
        }
    }
    return false;
}

/* On its own: opa measures for seconds. */
static void a_rule_is_measured(void **state)
{
    struct sample_run *run = *state;
    char *out = plain(run, "bench k8s.privileged.deny none\nwait\nquit\n");
    expect(out, "opa bench: ");
    expect(out, " allocations each\n");
    free(out);
}

static void a_repository_is_begun_as_a_proposal(void **state)
{
    struct sample_run *run = *state;
    test_write(run->dir, "AGENTS.md", "Ours.\n");
    char *out = plain(run, "init nonsense\ninit\nmaybe\ny\nn\nreview\nlist\nleave\nquit\n");
    expect(out, "No framework is named nonsense: say opa, gatekeeper");
    expect(out, "Is it for Kubernetes only?");
    expect(out, "Say y for yes or n for no; an empty line leaves.");
    expect(out, "Kyverno: ");
    expect(out, " new files are proposed, and 2 that differ");
    expect(out, "AGENTS.md");
    char *agents = test_read(run->dir, "AGENTS.md");
    assert_string_equal(agents, "Ours.\n"); /* nothing is written before its review */
    free(agents);
    free(out);
}

static void every_command_does_something(void **state)
{
    struct sample_run *run = *state;
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, "--plain-help", NULL};
    char *table = test_run(NULL, argv);
    size_t count = 0;
    for (char *at = strstr(table, "| `"); at != NULL; at = strstr(at, "| `")) {
        at += 3;
        char name[32] = "";
        for (size_t i = 0; i < sizeof name - 1 && strchr(" `", at[i]) == NULL; i++) {
            name[i] = at[i];
        }
        if (!is_typed(name)) {
            fail_msg("%s is not tried", name);
        }
        count++;
    }
    assert_true(count > 50);
    free(table);
    free(program);
    char *out = plain(run, every);
    static const char *const said[] = {
        "accept [CHANGES]: Accept the hunk",
        "Branch main; 0 files",
        "policies/lib/k8s/k8s.rego, lines 3 to",
        "line 7: ",
        "This is the end of",
        "rule lib.k8s.containers: policies/lib/k8s/k8s.rego, line ",
        "Tests of the workspace: 16 passed, 0 failed, 0 with errors, 0 skipped, 0 not evaluated.",
        "Coverage is ",
        "deny: opa k8s.privileged on "
        "policies/k8s/privileged/testdata/invalid_privileged.yaml, Pod root",
        "allow: opa k8s.privileged on policies/k8s/privileged/testdata/valid_plain.yaml, Pod plain",
        "differs: opa k8s.privileged on policies/k8s/required_labels/testdata/",
        "1 policies compared, 0 alone, 9 documents: ",
        "No test failed.",
        "0 problems. opa check and the guards look at each file that is edited here, bylaw check",
        "policies/lib/k8s/k8s.rego is saved",
        "Checked policies/lib/k8s/k8s.rego: 0 problems.",
        "Nothing runs that could be stopped.",
        "No prompt is waiting.",
        "output: mine",
        "! echo mine: done, 1 line.",
        "Queued: it is sent when the model has ended; 1 waiting.",
        "Taken back: And treat",
        "File 7 of 8: policies/lib/k8s/k8s.rego.",
        "Changes 1 to 2 are",
        "Change 2 is declined: not so.",
        "Undone.",
        "Redone.",
        "The question is noted on the file",
        "The comment is deleted.",
        "The hunk is split",
        "message: Deny latest",
        "feedback: ",
        "Nothing was written: type commit yes.",
        "Nothing was written.",
        "The review is left; every decision is kept.",
        "step 1, you: Deny any Deployment",
        "Nothing in this session has \"no-such-word\".",
        "Exported to said.md.",
        "Since the last commit: 1 file.\ndiff --git a/policies/lib/k8s",
        "said.md is there already.",
        ", this one: Deny any Deployment",
        "Step 2 is no prompt: type transcript for the numbers.",
        "Type say to send the prompt again, or another one: Deny any Deployment",
        "step 1, note: fork Forked from session ",
        "A new session.",
        "Nothing was said yet: there is nothing to fork.",
        "A recording writes no summary.",
        "Price: nothing: a recording is replayed.",
        "no/such\" is no session id",
    };
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        expect(out, said[i]);
    }
    /* Nothing went past the door but the engineer's own edit. */
    sample_run_sh(
        run, "git status --porcelain", " M policies/lib/k8s/k8s.rego\n?? all.json\n?? said.md\n");
    sample_run_sh(run, "test ! -e .git/x; head -1 said.md", "# " SAMPLE_PROMPT "\n");
    free(out);
}

static void what_is_no_command_is_said(void **state)
{
    struct sample_run *run = *state;
    char *out = plain(run,
        "statsu\nstatus of the deployment\naccept\nopen nothing.rego\nline 3\nreview\n"
        "explain 9\nfiles nothing\ntest nothing\nhelp nothing\n/statsu\n/status\n/commit\n"
        "/review now\n/skill\nshorten\n/export .git/x\n");
    expect(out, "No command /statsu: the nearest is /status.");
    expect(out, "Model: recording");
    expect(out, "The command finish is for a proposal, to review and commit it, and there is none: "
                "ask the model for a policy first.");
    expect(out, "Nothing was done: /review is typed alone.");
    expect(out, "There is no command statsu; the nearest is status. Type say to send that line");
    expect(out, "There is no command shorten; type help for what there is. Type say to send");
    expect(out, "There are no skills");
    expect(out, "Commands of an agent: approval on-request, sandbox read-only.");
    assert_null(strstr(out, ".git/x. Type say")); /* a command is nothing to say */
    expect(out, "Nothing was done: status is typed alone. Type say to send that line");
    expect(out, "The command accept is for a proposal,");
    expect(out, "No file is named nothing.rego; type files for all.");
    expect(out, "No file is open: type open and its name.");
    expect(out, "There is no proposal to review: ask the model for a policy first.");
    expect(out, "There is no failure 9; type failures for their numbers.");
    expect(out, "0 files.");
    expect(out, "No test is named nothing");
    free(out);
}

/* What was left well is begun anew, and gone on with by -c; by its id any session is. */
static void sessions_go_on(void **state)
{
    struct sample_run *run = *state;
    char *out = plain(run, ASK "wait\nreview\ndecline-rest\nquit\n");
    free(out);
    out = plain(run, "new\nsay what is known\nwait\nresume\nquit\n");
    expect(out, "what is known");
    free(out);
    out = plain_with(run, "-c", "transcript\nquit\n");
    expect(out, "This session goes on, after ");
    expect(out, "step 1, you: what is known");
    free(out);
    out = plain_with(run, "--new", "resume\nquit\n");
    const char *line = strstr(out, ": Deny any Deployment");
    assert_non_null(line);
    while (line > out && line[-1] != '\n') {
        line--;
    }
    assert_int_equal(strncmp(line, "session ", 8), 0);
    char *id = mem_strndup(line + 8, strcspn(line + 8, ","));
    free(out);
    char *option = mem_printf("-s %s", id);
    out = plain_with(run, option, "transcript\nquit\n");
    expect(out, "step 1, you: Deny any Deployment");
    free(out);
    free(option);
    free(id);
}

static void hooks_are_asked_about(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(run,
        "git config core.hooksPath .hooks; mkdir .hooks; echo .hooks >>.git/info/exclude\n"
        "printf '#!/bin/sh\\necho hooked; echo ran >>.git/ran\\n' >.hooks/pre-commit\n"
        "chmod +x .hooks/pre-commit",
        NULL);
    char *out = plain(run, ASK ACCEPT "finish\ncommit yes\nno\ncommit yes\nrun\nwait\n");
    expect(out, "The hook pre-commit runs; you are asked first.\n");
    expect(out, "hooks> no\nNothing is committed.\n");
    expect(out, "hook says: hooked\n");
    expect(out, "Committed ");
    free(out);
    sample_run_sh(run, "cat .git/ran; git log --oneline | wc -l | tr -d ' '", "ran\n2\n");
}

static void failures_are_explained(void **state)
{
    struct sample_run *run = *state;
    test_write(run->dir, "policies/red_test.rego",
        "package red_test\n\ntest_one if {\n\tx := 1\n\tx == 2\n}\n\ntest_two if true\n");
    char *out = plain(run, "wait\nfailures\nexplain 1\ntests\ntest test_two\ncoverage red_test\n"
                           "wait\ngroups red_test\nrerun failed\nwait\nhistory test_one\n"
                           "report junit out.xml\nreport tap out.xml\nreport tap out.xml yes\n"
                           "report nothing out.xml\nreport sarif\n"
                           "reproduce test_one\n");
    expect(out, "group opa policies red_test: 1 pass, 1 fail; ");
    expect(out, "fail: red_test.test_one; x == 2");
    expect(out, "2 tests with these words.\n");
    expect(out, "Running 1 test again.\n");
    expect(out, "Last runs of red_test.test_one, the newest last: fail, fail");
    expect(out, "It is not flaky, as far as these runs tell.\n");
    expect(out, "opa test --parallel 1 --run '^(data\\.red_test\\.test_one)(#[0-9]+)?$' -- ");
    expect(out, "expected: 2; got: 1\n");
    expect(out, "failure 1, fail: red_test.test_one, policies/red_test.rego, line 3");
    expect(out, "Why red_test.test_one did not pass:\n");
    expect(out, "The report is in out.xml.\n");
    expect(out, "out.xml is there: add yes to write over it.");
    expect(out, "Name the file, too: sarif FILE");
    char *report = test_read(run->dir, "out.xml");
    assert_int_equal(strncmp(report, "TAP version 14\n", 15), 0);
    assert_non_null(strstr(report, "not ok"));
    free(report);
    expect(out, "fail: red_test.test_one");
    expect(out, "17 passed, 1 failed, 0 with errors, 0 skipped, 0 not evaluated.");
    expect(out, "pass: red_test.test_two");
    free(out);
}

/* Typed before anything is known: each waits for what it needs. */
static void what_is_typed_at_once_is_answered(void **state)
{
    struct sample_run *run = *state;
    char *out = plain(run, "tests\nwait\nreproduce test_deny_one_missing\n");
    expect(out, "The tests run; type stop to stop them.\n");
    expect(out, "16 passed");
    expect(out, " && opa test ");
    free(out);
    out = plain(run, "wait\nreproduce test_deny_one_missing\nrerun test_deny_privileged\n"
                     "wait\nreproduce test_containers_of_a_pod\n");
    expect(out, "test_deny_one_missing)");
    expect(out, "Running 1 test again.\n");
    expect(out, "test_containers_of_a_pod)");
    free(out);
}

static void bytes_from_outside_are_made_visible(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(run,
        "printf 'package bad\\n\\t# \\033[31mred\\007\\n\\nx := 1\\r\\n\\377\\n' >bad.rego\n"
        "printf x >\"$(printf 'na\\033me.txt')\"",
        NULL);
    char *out = plain(run, "open bad.rego\nfiles me.txt\nwait\nproblems\n");
    expect(out, "line 2:     # ^[[31mred^G\n");
    expect(out, "line 4: x := 1\n");
    expect(out, "na^[me.txt\n");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_a_prompt_to_a_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kill_keeps_the_decisions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rule_is_measured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repository_is_begun_as_a_proposal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_command_does_something, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_command_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hooks_are_asked_about, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_are_explained, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_typed_at_once_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_from_outside_are_made_visible, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
