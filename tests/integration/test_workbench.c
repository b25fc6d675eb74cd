/* The whole road without a screen, on real parts: a recorded model's bytes through the stream
 * parser, its patch into a proposal, the proposal into an overlay, the real opa in it, decisions,
 * the one door, the real files; then kill and resume. */
#include "recording_script.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "workspace/door.h"

#include <stdlib.h>

static const char policy[] =
    "package p\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n\nlimit := 3\n";
static const char policy_test[] = "package p_test\n\nimport data.p\n\ntest_deny if "
                                  "{\n\tcount(p.deny) == 1 with input as {\"bad\": true}\n}\n";

/* Two hunks in one file (the message, and a second rule), a new test file, and a mistake in it
 * first. */
static const char patch_one[] = "*** Begin Patch\n"
                                "*** Update File: p/p.rego\n"
                                "@@\n"
                                " \tinput.bad\n"
                                "-\tmsg := \"bad\"\n"
                                "+\tmsg := \"bad: mend it\"\n"
                                " }\n"
                                " \n"
                                " limit := 3\n"
                                "+\n"
                                "+deny contains msg if {\n"
                                "+\tinput.worse\n"
                                "+\tmsg := \"worse\"\n"
                                "+}\n"
                                "*** Add File: p/more_test.rego\n"
                                "+package p_test\n"
                                "+\n"
                                "+import data.p\n"
                                "+\n"
                                "+test_worse if {\n"
                                "+\tp.deny == {\"wrong\"} with input as {\"worse\": true}\n"
                                "+}\n"
                                "*** End Patch\n";
static const char patch_two[] = "*** Begin Patch\n"
                                "*** Update File: p/more_test.rego\n"
                                "@@\n"
                                "-\tp.deny == {\"wrong\"} with input as {\"worse\": true}\n"
                                "+\tp.deny == {\"worse\"} with input as {\"worse\": true}\n"
                                "*** End Patch\n";

struct fixture {
    char *dir;
    char *home;
    struct loop *loop;
    struct workbench *wb;
};

static void write_recording(const char *dir)
{
    struct buf out = BUF_INIT;
    script_head(&out);
    script_begin(&out, "deny worse", 0);
    script_say(&out, "I look first.");
    script_call(&out, "c1", "read_file",
        "{\"path\":\"p/p.rego\",\"start_line\":null,\"end_line\":null}", false);
    script_call(&out, "c2", "search", "{\"pattern\":\"input\\\\.bad\",\"path\":null}", false);
    script_call(&out, "c3", "list_files", "{\"pattern\":null}", false);
    script_done(&out);
    script_begin(&out, "deny worse", 1);
    script_call(&out, "c4", "apply_patch", patch_one, true);
    script_call(&out, "c5", "run_tests", "{\"paths\":null}", false);
    script_done(&out);
    script_begin(&out, "deny worse", 2);
    script_call(&out, "c6", "apply_patch", patch_two, true);
    script_call(&out, "c7", "run_tests", "{\"paths\":null}", false);
    script_call(&out, "c8", "evaluate",
        "{\"query\":\"data.p.deny\",\"input\":\"{\\\"worse\\\": true}\",\"input_file\":null}",
        false);
    script_call(&out, "c9", "check", "{\"paths\":null}", false);
    script_call(&out, "c10", "read_file",
        "{\"path\":\"../x\",\"start_line\":null,\"end_line\":null}", false);
    script_call(&out, "c11", "read_file", "{broken", false);
    script_done(&out);
    script_begin(&out, "deny worse", 3);
    script_say(&out, "Done: **worse** is denied.");
    script_done(&out);
    test_write(dir, ".bylaw/recordings/test.jsonl", out.ptr);
    buf_free(&out);
}

/* ---- fixture ---- */

static struct workbench *open_workbench(struct fixture *f)
{
    struct err err;
    struct workbench_options options = {.loop = f->loop, .folder = f->dir, .provider = "recording"};
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
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    /* The cache keeps its place: engines are there. Overlays go below it and are removed. */
    test_write(f->dir, "p/p.rego", policy);
    test_write(f->dir, "p/p_test.rego", policy_test);
    write_recording(f->dir);
    f->loop = loop_new(&err);
    f->wb = open_workbench(f);
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

static const struct entry *last_of(struct fixture *f, enum entry_kind kind)
{
    const struct transcript *transcript = session_transcript(workbench_session(f->wb));
    for (size_t i = transcript->len; i > 0; i--) {
        if (transcript->items[i - 1].kind == kind) {
            return &transcript->items[i - 1];
        }
    }
    fail_msg("the transcript has no entry of kind %d", kind);
    return NULL;
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
        uint64_t end_ = loop_now_ms() + 240000;                                                    \
        while (!(condition)) {                                                                     \
            if (loop_now_ms() > end_) {                                                            \
                dump(f);                                                                           \
                fail_msg("never came: %s", #condition);                                            \
            }                                                                                      \
            loop_run_once((f)->loop, 100);                                                         \
        }                                                                                          \
    } while (0)

static bool turn_over(struct fixture *f)
{
    return session_transcript(workbench_session(f->wb))->len > 0 &&
           session_state(workbench_session(f->wb)) == SESSION_IDLE &&
           session_queue_count(workbench_session(f->wb)) == 0;
}

static void propose(struct fixture *f)
{
    struct err err;
    assert_ok(session_prompt(workbench_session(f->wb), STR_LIT("Deny worse."), &err), err);
    WAIT_UNTIL(f, turn_over(f));
    WAIT_UNTIL(f, checks_state(workbench_evidence(f->wb)) == CHECKS_DONE);
}

static const struct entry *tool(struct fixture *f, size_t nth)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        if (e->kind == ENTRY_TOOL && nth-- == 0) {
            return e;
        }
    }
    fail_msg("too few tool calls");
    return NULL;
}

static void assert_has(const struct entry *entry, const char *text)
{
    if (entry->text.len == 0 || strstr(entry->text.ptr, text) == NULL) {
        fail_msg("%s says: %s\nbut not: %s", entry->name == NULL ? "entry" : entry->name,
            entry->text.len > 0 ? entry->text.ptr : "", text);
    }
}

/* ---- tests ---- */

static void a_prompt_becomes_a_tested_proposal(void **state)
{
    struct fixture *f = *state;
    propose(f);
    assert_has(tool(f, 0), "    4  \tinput.bad");
    assert_has(tool(f, 1), "p/p.rego:4: \tinput.bad");
    assert_has(tool(f, 2), "p/p_test.rego\n");
    assert_has(tool(f, 3), "Applied to the proposal");
    assert_has(tool(f, 4), "fail: 1 passed, 1 failed");
    assert_has(tool(f, 4), "p_test.test_worse");
    assert_has(tool(f, 6), "pass: 2 passed, 0 failed");
    assert_has(tool(f, 7), "worse");
    assert_has(tool(f, 8), "No errors.");
    assert_int_equal(tool(f, 9)->status, ENTRY_FAILED);
    assert_has(tool(f, 9), "leaves the workspace");
    assert_int_equal(tool(f, 10)->status, ENTRY_FAILED);
    assert_has(tool(f, 10), "Send one JSON object");
    assert_int_equal(last_of(f, ENTRY_PROPOSAL)->files, 2);
    assert_has(last_of(f, ENTRY_ASSISTANT), "**worse**");
    const struct checks *evidence = workbench_evidence(f->wb);
    assert_int_equal(checks_verdict(evidence), RESULT_PASS);
    assert_int_equal(checks_tally(evidence).count[RESULT_PASS], 2);
    /* Nothing of it is in the workspace. */
    char *text = test_read(f->dir, "p/p.rego");
    assert_string_equal(text, policy);
    free(text);
}

static size_t find_hunk(const struct review_file *file, const char *added)
{
    for (size_t i = 0; i < file->items.len; i++) {
        const struct review_item *item = &file->items.items[i];
        if (item->kind == REVIEW_ADD &&
            str_find(file->proposed->lines.items[item->b].text, str_of(added), 0) != SIZE_MAX) {
            return i;
        }
    }
    fail_msg("no added line with %s", added);
    return 0;
}

static void written(void *data, const struct err *err)
{
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    *(bool *)data = true;
}

/* Accepts the second rule and the test, declines the new message; returns the file's index. */
static void decide(struct fixture *f)
{
    struct err err;
    struct review *review = proposals_review(workbench_proposals(f->wb));
    size_t rego = review_find(review, "p/p.rego");
    size_t test = review_find(review, "p/more_test.rego");
    const struct review_file *file = review_file(review, rego);
    size_t message = find_hunk(file, "mend it");
    size_t worse = find_hunk(file, "input.worse");
    assert_ok(review_decide(review, rego, message - 1, message + 1, REVIEW_DECLINED,
                  STR_LIT("too chatty"), &err),
        err);
    assert_ok(review_decide(
                  review, rego, worse - 2, file->items.len, REVIEW_ACCEPTED, (struct str){0}, &err),
        err);
    assert_ok(review_decide_rest(review, test, REVIEW_ACCEPTED, (struct str){0}, &err), err);
}

static const char decided_policy[] =
    "package p\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n\nlimit := 3\n\n"
    "deny contains msg if {\n\tinput.worse\n\tmsg := \"worse\"\n}\n";

static void decisions_are_tried_written_and_told(void **state)
{
    struct fixture *f = *state;
    struct err err;
    propose(f);
    decide(f);
    workbench_try(f->wb, SIZE_MAX, SIZE_MAX);
    WAIT_UNTIL(f, checks_state(workbench_tried(f->wb)) == CHECKS_DONE);
    assert_int_equal(checks_verdict(workbench_tried(f->wb)), RESULT_PASS);
    struct outcome outcome;
    assert_ok(workbench_outcome(f->wb, &outcome, &err), err);
    assert_true(outcome.tested);
    assert_int_equal(outcome.accepted.len, 2);
    assert_non_null(strstr(outcome.feedback.ptr, "too chatty"));
    char *message = workbench_message(f->wb, &outcome);
    assert_non_null(strstr(message, "Deny worse\n\n"));
    assert_non_null(strstr(message, "Bylaw-Tests: 2 passed, 0 failed"));
    free(message);
    bool ready = false;
    door_start(workbench_workspace(f->wb), f->loop, &outcome.accepted, written, &ready);
    WAIT_UNTIL(f, ready);
    char *text = test_read(f->dir, "p/p.rego");
    assert_string_equal(text, decided_policy);
    free(text);
    workbench_decided(f->wb, &outcome, "Deny worse", "abc1234", false);
    outcome_free(&outcome);
    assert_null(proposals_open(workbench_proposals(f->wb)));
    assert_has(last_of(f, ENTRY_FEEDBACK), "too chatty");
}

static void a_kill_loses_no_decision(void **state)
{
    struct fixture *f = *state;
    propose(f);
    decide(f);
    struct changes before = {0};
    review_selected(proposals_review(workbench_proposals(f->wb)), SIZE_MAX, SIZE_MAX, &before);
    /* What kill -9 leaves is the journal as it is now: a copy of it stands for the killed
     * program's. */
    char *sessions = path_join(f->home, "bylaw");
    char *kept = path_join(f->home, "kept");
    const char *copy[] = {"cp", "-R", sessions, kept, NULL};
    free(test_run(NULL, copy));
    workbench_free(f->wb);
    f->wb = NULL;
    const char *remove[] = {"rm", "-rf", sessions, NULL};
    free(test_run(NULL, remove));
    const char *move[] = {"mv", kept, sessions, NULL};
    free(test_run(NULL, move));
    f->wb = open_workbench(f);
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_non_null(review);
    struct changes after = {0};
    review_selected(review, SIZE_MAX, SIZE_MAX, &after);
    assert_int_equal(before.len, after.len);
    for (size_t i = 0; i < before.len; i++) {
        assert_string_equal(before.items[i].path, after.items[i].path);
        assert_true(str_equal(buf_str(&before.items[i].content), buf_str(&after.items[i].content)));
    }
    changes_free(&before);
    changes_free(&after);
    free(sessions);
    free(kept);
}

static void the_engineers_edit_is_merged(void **state)
{
    struct fixture *f = *state;
    propose(f);
    decide(f);
    char *mine = mem_printf("# mine\n%s", policy);
    test_write(f->dir, "p/p.rego", mine);
    free(mine);
    struct err err;
    struct outcome outcome = {0};
    WAIT_UNTIL(f,
        (outcome_free(&outcome), workbench_outcome(f->wb, &outcome, &err)) &&
            outcome.accepted.len == 2 &&
            str_starts(buf_str(&changes_find(&outcome.accepted, "p/p.rego")->content), "# mine\n"));
    struct buf expected = BUF_INIT;
    buf_printf(&expected, "# mine\n%s", decided_policy);
    assert_string_equal(changes_find(&outcome.accepted, "p/p.rego")->content.ptr, expected.ptr);
    buf_free(&expected);
    outcome_free(&outcome);
}

/* A replacement or a rename of the engineer's own is reviewed as the model's are, but it is nobody
 * else's work: no trailer says so, and nothing of it goes back to the agent. */
static void the_engineers_own_proposal(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct changes changes = {0};
    assert_false(workbench_propose(f->wb, &changes, "replace bad with worse", &err));
    assert_int_equal(err.kind, ERR_INVALID);
    struct change change = {
        .kind = CHANGE_UPDATE, .path = mem_strdup("p/p.rego"), .base_exists = true, .mode = 0644};
    buf_append_c(&change.base, policy);
    buf_append_c(&change.content, policy);
    buf_append_c(&change.content, "# more\n");
    VEC_PUSH(&changes, change);
    assert_ok(workbench_propose(f->wb, &changes, "add a remark", &err), err);
    assert_false(workbench_propose(f->wb, &changes, "add a remark", &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    WAIT_UNTIL(f, checks_state(workbench_evidence(f->wb)) == CHECKS_DONE);
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_ok(review_decide_rest(review, 0, REVIEW_DECLINED, STR_LIT("not yet"), &err), err);
    struct outcome outcome;
    assert_ok(workbench_outcome(f->wb, &outcome, &err), err);
    assert_int_equal(outcome.feedback.len, 0);
    char *message = workbench_message(f->wb, &outcome);
    assert_non_null(strstr(message, "add a remark\n\n"));
    assert_null(strstr(message, "Assisted-by"));
    free(message);
    outcome_free(&outcome);
    /* It is the same after a restart. */
    cJSON *json = proposal_to_json(proposals_open(workbench_proposals(f->wb)));
    struct proposal again;
    assert_true(proposal_from_json(json, &again));
    assert_string_equal(again.origin, "add a remark");
    proposal_free(&again);
    cJSON_Delete(json);
    changes_free(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_prompt_becomes_a_tested_proposal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decisions_are_tried_written_and_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kill_loses_no_decision, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_engineers_edit_is_merged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_engineers_own_proposal, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
