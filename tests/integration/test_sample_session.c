/* The sample's recorded session through the real workbench: each prompt in turn, its tools, patches
 * and tests. What the recorded text claims must be what the tools here say. */
#include "test.h"

#include "agent/workbench.h"
#include "base/vec.h"

#include <stdlib.h>

struct fixture {
    char *dir;
    char *home;
    char *folder;
    struct loop *loop;
    struct workbench *wb;
    size_t seen; /* transcript entries of earlier prompts */
};

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    f->home = test_dir_make();
    f->dir = test_dir_make();
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    char *sample = test_source_path("tests/workspaces/sample");
    const char *argv[] = {"cp", "-r", sample, f->dir, NULL};
    free(test_run(NULL, argv));
    free(sample);
    f->folder = mem_printf("%s/sample", f->dir);
    f->loop = loop_new(&err);
    struct workbench_options options = {
        .loop = f->loop, .folder = f->folder, .provider = "recording"};
    f->wb = workbench_new(&options, &err);
    if (f->wb == NULL) {
        fail_msg("%s", err.text);
    }
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
    free(f->folder);
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

static void wait_for_turn(struct fixture *f)
{
    struct session *session = workbench_session(f->wb);
    uint64_t end = loop_now_ms() + 240000;
    while (session_state(session) != SESSION_IDLE || session_transcript(session)->len == f->seen ||
           checks_state(workbench_evidence(f->wb)) != CHECKS_DONE) {
        if (loop_now_ms() > end) {
            dump(f);
            fail_msg("the turn did not end");
        }
        loop_run_once(f->loop, 100);
    }
    VEC_FOREACH (struct entry, e, session_transcript(session)) {
        if (e->kind == ENTRY_ERROR || (e->kind == ENTRY_TOOL && e->status != ENTRY_DONE &&
                                          strcmp(e->name, "run_tests") != 0)) {
            dump(f);
            fail_msg("an error in the transcript");
        }
    }
}

static void prompt(struct fixture *f, const char *text)
{
    struct err err;
    struct session *session = workbench_session(f->wb);
    f->seen = session_transcript(session)->len;
    assert_ok(session_prompt(session, str_of(text), &err), err);
    wait_for_turn(f);
}

/* Output of the nth call of a tool since the last prompt. */
static const char *output(struct fixture *f, const char *name, size_t nth)
{
    const struct transcript *transcript = session_transcript(workbench_session(f->wb));
    for (size_t i = f->seen; i < transcript->len; i++) {
        const struct entry *e = &transcript->items[i];
        if (e->kind == ENTRY_TOOL && strcmp(e->name, name) == 0 && nth-- == 0) {
            return e->text.len > 0 ? e->text.ptr : "";
        }
    }
    dump(f);
    fail_msg("%s was not called", name);
    return NULL;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, text);
    }
}

static const struct review_file *proposed(struct fixture *f, const char *path)
{
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_non_null(review);
    for (size_t i = 0; i < review_file_count(review); i++) {
        if (strcmp(review_file(review, i)->change->path, path) == 0) {
            return review_file(review, i);
        }
    }
    fail_msg("%s is not in the proposal", path);
    return NULL;
}

static size_t failed(struct fixture *f)
{
    struct tally tally = checks_tally(workbench_evidence(f->wb));
    return tally.count[RESULT_FAIL] + tally.count[RESULT_ERROR];
}

static void plays_to_the_end(void **state)
{
    struct fixture *f = *state;
    prompt(f, "Deny any Deployment in production whose image tag is latest or missing. Tests too.");
    has(output(f, "list_files", 0), "policies/k8s/privileged/privileged.rego\n");
    has(output(f, "read_file", 0), "package lib.k8s");
    has(output(f, "run_tests", 0), "test_deny_missing_tag_behind_a_port");
    has(output(f, "run_tests", 0), "1 failed");
    has(output(f, "run_tests", 1), "0 failed");
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_int_equal(review_file_count(review), 8);
    /* One hunk to accept, one to edit, one to reject. */
    assert_int_equal(proposed(f, "policies/lib/k8s/k8s.rego")->hunks.len, 3);
    assert_int_equal(failed(f), 0);
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_PASS);

    prompt(f, "and treat an empty tag as missing");
    has(output(f, "evaluate", 0), "container web uses nginx:: pin a version");
    has(output(f, "run_tests", 0), "0 failed");
    assert_int_equal(failed(f), 0);

    prompt(f, "Write it as a Gatekeeper constraint template as well.");
    has(output(f, "read_file", 0), "K8sRequiredLabels");
    (void)proposed(f, "gatekeeper/k8spinnedimages/template.yaml");
    assert_int_equal(review_file_count(proposals_review(workbench_proposals(f->wb))), 10);
    assert_int_equal(failed(f), 0);

    struct err err;
    struct session *session = workbench_session(f->wb);
    f->seen = session_transcript(session)->len;
    assert_ok(session_send_feedback(
                  session, STR_LIT("## Outcome of the review\nA person reviewed it."), &err),
        err);
    wait_for_turn(f);
    has(output(f, "read_file", 0), "is_production if namespace");

    prompt(f, "Write a poem.");
    const struct transcript *transcript = session_transcript(workbench_session(f->wb));
    has(transcript->items[transcript->len - 1].text.ptr, "- And treat an empty tag as missing.");
    assert_true(workbench_is_recording(f->wb));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plays_to_the_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
