/* Decisions in any order, each tried as it is made (what it reaches first, then the rest), with the
 * real opa: what is told of a selection is what a run of everything from scratch says of it. */
#include "dice.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/path.h"
#include "base/vec.h"
#include "workspace/overlay.h"

#include <stdlib.h>

enum { POLICIES = 5, ROUNDS = 8, FILES = 7 };

struct bench {
    char *dir, *home;
    struct loop *loop;
    struct workbench *wb;
    struct overlay *overlay;
    struct checks *fresh;
    uint64_t random;
    size_t first; /* rows that the part told, when it was told */
    bool parted;
};

static unsigned pick(struct bench *b, unsigned below)
{
    return (unsigned)(dice_roll(&b->random) >> 11) % below;
}

static char *policy(unsigned i, unsigned limit)
{
    return mem_printf("package p%u\n\nimport data.lib\n\ndeny contains \"large\" if input.n > "
                      "lib.limit + %u\n",
        i, limit);
}

static void lay_workspace(struct bench *b)
{
    test_write(b->dir, "lib/lib.rego", "package lib\n\nlimit := 3\n");
    for (unsigned i = 0; i < POLICIES; i++) {
        char *path = mem_printf("p%u/p.rego", i);
        char *text = policy(i, 0);
        test_write(b->dir, path, text);
        free(path);
        free(text);
        path = mem_printf("p%u/p_test.rego", i);
        text = mem_printf("package p%u_test\n\nimport data.p%u\n\ntest_large if "
                          "count(p%u.deny) == 1 with input as {\"n\": 5}\n\ntest_small if "
                          "count(p%u.deny) == 0 with input as {\"n\": 1}\n",
            i, i, i, i);
        test_write(b->dir, path, text);
        free(path);
        free(text);
    }
}

static void add(struct changes *set, enum change_kind kind, const char *path, const char *base,
    const char *content)
{
    struct change change = {
        .kind = kind, .path = mem_strdup(path), .mode = 0644, .base_exists = kind != CHANGE_ADD};
    buf_append_c(&change.base, base);
    buf_append_c(&change.content, content);
    VEC_PUSH(set, change);
}

/* A policy that becomes stricter, one that does not compile, the library, a test that goes, a new
 * policy with its test. */
static void propose(struct bench *b)
{
    struct changes set = {0};
    struct err err;
    char *before = policy(0, 0);
    char *after = policy(0, 9);
    add(&set, CHANGE_UPDATE, "p0/p.rego", before, after);
    free(before);
    free(after);
    before = policy(1, 0);
    add(&set, CHANGE_UPDATE, "p1/p.rego", before,
        "package p1\n\ndeny contains x if {\n\tx := y\n}\n");
    free(before);
    add(&set, CHANGE_UPDATE, "lib/lib.rego", "package lib\n\nlimit := 3\n",
        "package lib\n\nlimit := 0\n");
    char *test = test_read(b->dir, "p2/p_test.rego");
    add(&set, CHANGE_DELETE, "p2/p_test.rego", test, "");
    free(test);
    add(&set, CHANGE_ADD, "q/q.rego", "", "package q\n\nok if input.q\n");
    add(&set, CHANGE_ADD, "q/q_test.rego", "",
        "package q_test\n\nimport data.q\n\ntest_q if q.ok with input as {\"q\": true}\n");
    test = test_read(b->dir, "p3/p_test.rego");
    char *more = mem_printf("%s\ntest_wrong if 1 == 2\n", test);
    add(&set, CHANGE_UPDATE, "p3/p_test.rego", test, more);
    free(test);
    free(more);
    assert_ok(workbench_propose(b->wb, &set, "try them", &err), err);
    changes_free(&set);
    while (!checks_is_settled(workbench_evidence(b->wb))) {
        loop_run_once(b->loop, 1000);
    }
}

static void nothing(void *data)
{
    (void)data;
}

static int set_up(void **state)
{
    struct err err;
    struct bench *b = MEM_NEW(struct bench);
    b->random = 0x9e3779b97f4a7c15u;
    b->home = test_dir_make();
    b->dir = test_dir_make();
    setenv("XDG_STATE_HOME", b->home, 1);
    setenv("XDG_CONFIG_HOME", b->home, 1);
    lay_workspace(b);
    b->loop = loop_new(&err);
    struct workbench_options options = {.loop = b->loop, .folder = b->dir, .provider = "recording"};
    b->wb = workbench_new(&options, &err);
    assert_ok(b->wb != NULL, err);
    b->overlay = overlay_new(workbench_workspace(b->wb), &err);
    assert_ok(b->overlay != NULL, err);
    b->fresh = checks_new(b->loop, nothing, NULL);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    checks_free(b->fresh);
    overlay_free(b->overlay);
    workbench_free(b->wb);
    loop_free(b->loop);
    test_dir_remove(b->dir);
    test_dir_remove(b->home);
    free(b);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each row and finding a line, sorted. */
static char *told(const struct checks *checks)
{
    struct {
        char **items;
        size_t len, cap;
    } lines = {0};
    VEC_FOREACH (const struct result, row, checks_results(checks)) {
        char *line = mem_printf("%s:%u %s.%s %s\n", row->file, row->at.row, row->suite, row->name,
            result_status_name(row->status));
        VEC_PUSH(&lines, line);
    }
    VEC_FOREACH (const struct finding, finding, checks_findings(checks)) {
        char *line = mem_printf("%s:%u %s\n", finding->file, finding->at.row, finding->rule);
        VEC_PUSH(&lines, line);
    }
    if (lines.len > 0) {
        qsort(lines.items, lines.len, sizeof *lines.items, by_text);
    }
    struct buf out = BUF_INIT;
    VEC_FOREACH (char *, line, &lines) {
        buf_append_c(&out, *line);
        free(*line);
    }
    VEC_FREE(&lines);
    struct tally tally = checks_tally(checks);
    buf_printf(&out, "%s: %zu passed, %zu failed, %zu errors, %zu not evaluated\n",
        result_status_name(checks_verdict(checks)), tally.count[RESULT_PASS],
        tally.count[RESULT_FAIL], tally.count[RESULT_ERROR], tally.count[RESULT_NOT_EVALUATED]);
    return buf_take(&out);
}

static void assert_as_from_scratch(struct bench *b)
{
    struct err err;
    struct changes selected = {0};
    review_selected(proposals_review(workbench_proposals(b->wb)), SIZE_MAX, SIZE_MAX, &selected);
    assert_ok(overlay_apply(b->overlay, &selected, NULL, &err), err);
    changes_free(&selected);
    checks_free(b->fresh);
    b->fresh = checks_new(b->loop, nothing, NULL);
    checks_start(b->fresh, overlay_root(b->overlay));
    while (checks_state(b->fresh) == CHECKS_RUNNING) {
        loop_run_once(b->loop, 1000);
    }
    char *want = told(b->fresh);
    char *got = told(workbench_tried(b->wb));
    assert_string_equal(got, want);
    free(want);
    free(got);
}

static void decide_any(struct bench *b)
{
    struct err err;
    struct review *review = proposals_review(workbench_proposals(b->wb));
    enum review_decision decision = pick(b, 3) > 0 ? REVIEW_ACCEPTED : REVIEW_OPEN;
    size_t file = pick(b, FILES);
    size_t items = review_file(review, file)->items.len;
    assert_ok(review_decide(review, file, 0, items, decision, (struct str){0}, &err), err);
}

static void decisions_in_any_order(void **state)
{
    struct bench *b = *state;
    propose(b);
    workbench_prepare_try(b->wb);
    for (unsigned turns = pick(b, 40); turns > 0; turns--) {
        loop_run_once(b->loop, 5);
    }
    unsigned parts = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned more = pick(b, 3); more > 0; more--) { /* cut short by the next */
            decide_any(b);
            (void)workbench_try_accepted(b->wb);
            for (unsigned turns = pick(b, 12); turns > 0; turns--) {
                loop_run_once(b->loop, 5);
            }
        }
        decide_any(b);
        if (!workbench_try_accepted(b->wb)) {
            continue; /* nothing is accepted, or all */
        }
        const struct checks *tried = workbench_tried(b->wb);
        bool part = false;
        while (checks_state(tried) != CHECKS_DONE) {
            loop_run_once(b->loop, 1000);
            part = part ||
                   (checks_is_part(tried) && checks_results(tried)->len > checks_told_from(tried));
        }
        parts += part;
        assert_as_from_scratch(b);
    }
    assert_true(parts > 0); /* what a decision reaches was told before the rest */
}

/* What changes in the workspace meanwhile is not what was tested. */
static void the_workspace_moves_on(void **state)
{
    struct bench *b = *state;
    struct err err;
    propose(b);
    struct review *review = proposals_review(workbench_proposals(b->wb));
    size_t file = review_find(review, "p0/p.rego");
    assert_ok(review_decide_rest(review, file, REVIEW_ACCEPTED, (struct str){0}, &err), err);
    assert_true(workbench_try_accepted(b->wb));
    const struct checks *tried = workbench_tried(b->wb);
    while (checks_state(tried) != CHECKS_DONE) {
        loop_run_once(b->loop, 1000);
    }
    assert_as_from_scratch(b);
    char *text = policy(4, 7);
    test_write(b->dir, "p4/p.rego", text);
    free(text);
    workspace_refresh(workbench_workspace(b->wb));
    while (checks_state(tried) != CHECKS_STALE) {
        loop_run_once(b->loop, 1000);
    }
    assert_true(workbench_try_accepted(b->wb));
    while (checks_state(tried) != CHECKS_DONE) {
        loop_run_once(b->loop, 1000);
    }
    assert_int_equal(checks_verdict(tried), RESULT_FAIL);
    assert_as_from_scratch(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decisions_in_any_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_workspace_moves_on, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
