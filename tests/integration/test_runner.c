/* The runner with the real opa on small workspaces (tests/workspaces/opa-*). */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/opa.h"
#include "engine/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct seen_row {
    char *name;
    enum result_status status;
    uint64_t at_ms;
};

struct seen {
    struct loop *loop;
    struct runner *runner;
    struct {
        struct seen_row *items;
        size_t len, cap;
    } rows; /* tests, not sub-tests */
    size_t sub_rows;
    size_t planned, known;
    struct buf findings, explanations, output;
    struct run_summary summary;
    bool done, settled, covered, complete;
    double percent;
    char trouble[256];
    unsigned last_generation;
    size_t progress_done, progress_total;
};

static void planned(void *data, unsigned generation, const struct run_plan *plan)
{
    struct seen *seen = data;
    seen->last_generation = generation;
    seen->planned = plan->included;
    seen->known = plan->tests.len;
}

static void result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    (void)test;
    struct seen *seen = data;
    assert_int_equal(generation, seen->last_generation);
    VEC_PUSH(&seen->rows, (struct seen_row){mem_printf("%s.%s", rows[0].suite, rows[0].name),
                              rows[0].status, loop_now_ms()});
    seen->sub_rows += count - 1;
    if (rows[0].output != NULL) {
        buf_append_c(&seen->output, rows[0].output);
    }
    if (rows[0].message != NULL) {
        buf_printf(&seen->explanations, "%s\n", rows[0].message);
    }
}

static void finding(void *data, unsigned generation, const struct finding *found)
{
    (void)generation;
    struct seen *seen = data;
    buf_printf(
        &seen->findings, "%s:%u:%u: %s\n", found->file, found->at.row, found->at.col, found->rule);
}

static void explained(
    void *data, unsigned generation, size_t test, const char *message, const char *detail)
{
    (void)generation;
    (void)test;
    struct seen *seen = data;
    buf_printf(&seen->explanations, "%s\n%s\n", message, detail);
}

static void coverage(void *data, unsigned generation, const struct coverage *covered)
{
    (void)generation;
    struct seen *seen = data;
    seen->covered = true;
    seen->percent = coverage_percent(covered);
    seen->complete = !covered->incomplete;
}

static void progress(void *data, unsigned generation, size_t done, size_t total)
{
    (void)generation;
    struct seen *seen = data;
    seen->progress_done = done;
    seen->progress_total = total;
}

static void done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct seen *seen = data;
    assert_false(seen->done);
    seen->done = true;
    seen->summary = *summary;
    if (summary->trouble != NULL) {
        snprintf(seen->trouble, sizeof seen->trouble, "%s", summary->trouble);
    }
}

static void settled(void *data, unsigned generation)
{
    (void)generation;
    ((struct seen *)data)->settled = true;
}

static void begin(struct seen *seen)
{
    struct err err;
    *seen = (struct seen){0};
    seen->loop = loop_new(&err);
    struct runner_events events = {.data = seen,
        .planned = planned,
        .result = result,
        .finding = finding,
        .progress = progress,
        .done = done,
        .explained = explained,
        .coverage = coverage,
        .settled = settled};
    seen->runner = runner_new(seen->loop, &engine_opa, &events);
}

static void forget(struct seen *seen)
{
    VEC_FOREACH (struct seen_row, row, &seen->rows) {
        free(row->name);
    }
    VEC_FREE(&seen->rows);
    buf_free(&seen->findings);
    buf_free(&seen->explanations);
    buf_free(&seen->output);
    seen->done = seen->settled = seen->covered = false;
    seen->sub_rows = 0;
    seen->trouble[0] = '\0';
}

static void end(struct seen *seen)
{
    forget(seen);
    runner_free(seen->runner);
    loop_free(seen->loop);
}

static void run(
    struct seen *seen, const char *root, enum run_scope scope, const char *const *wanted)
{
    size_t count = 0;
    while (wanted != NULL && wanted[count] != NULL) {
        count++;
    }
    struct run_options options = {.root = root,
        .scope = scope,
        .wanted = wanted,
        .wanted_count = count,
        .coverage = true,
        .explain_max = 10};
    runner_start(seen->runner, &options);
    assert_true(loop_run_until(seen->loop, &seen->settled, 240000));
    assert_true(seen->done);
    assert_string_equal(seen->trouble, "");
}

static void run_workspace(struct seen *seen, const char *name)
{
    begin(seen);
    char *relative = mem_printf("tests/workspaces/%s", name);
    char *root = test_source_path(relative);
    run(seen, root, RUN_ALL, NULL);
    free(root);
    free(relative);
}

static const struct seen_row *find(const struct seen *seen, const char *name)
{
    VEC_FOREACH (struct seen_row, row, &seen->rows) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    fail_msg("no result for %s", name);
    return NULL;
}

#define assert_tally(seen, pass, failed, error, skipped)                                           \
    do {                                                                                           \
        assert_int_equal((seen).summary.tally.count[RESULT_PASS], pass);                           \
        assert_int_equal((seen).summary.tally.count[RESULT_FAIL], failed);                         \
        assert_int_equal((seen).summary.tally.count[RESULT_ERROR], error);                         \
        assert_int_equal((seen).summary.tally.count[RESULT_SKIPPED], skipped);                     \
        assert_int_equal((seen).summary.tally.count[RESULT_NOT_EVALUATED], 0);                     \
    } while (0)

static void passing(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-passing");
    assert_tally(seen, 7, 0, 0, 0);
    assert_int_equal(seen.summary.verdict, RESULT_PASS);
    assert_int_equal(seen.planned, 7);
    assert_int_equal(seen.progress_done, 7);
    assert_int_equal(seen.progress_total, 7);
    assert_true(seen.covered && seen.complete);
    assert_true(seen.percent == 100.0);
    end(&seen);
}

static void failing(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-failing");
    assert_tally(seen, 2, 2, 1, 1);
    assert_int_equal(seen.summary.verdict, RESULT_ERROR);
    assert_string_equal(seen.output.ptr, "memory is 1024");
    assert_non_null(strstr(seen.explanations.ptr, "{\"8192 MiB is too much\"}"));
    assert_non_null(strstr(seen.explanations.ptr, "limits.rego:8:10: div: divide by zero"));
    assert_true(seen.covered && seen.percent > 50 && seen.percent < 100);
    end(&seen);
}

static void broken_files_do_not_stop_the_others(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-broken");
    assert_tally(seen, 1, 0, 1, 0);
    assert_int_equal(find(&seen, "good_test.test_admin")->status, RESULT_PASS);
    assert_int_equal(find(&seen, "unsafe_test.test_admin")->status, RESULT_ERROR);
    assert_non_null(strstr(seen.findings.ptr, "unsafe.rego:3:10: rego_unsafe_var_error\n"));
    assert_non_null(strstr(seen.findings.ptr, "cut_off.rego:5:0: rego_parse_error\n"));
    assert_non_null(
        strstr(seen.explanations.ptr, "does not compile: unsafe.rego:3:10: var user is unsafe"));
    assert_int_equal(seen.summary.findings, 2);
    assert_false(seen.complete);
    end(&seen);
}

static void both_versions_of_rego(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-v0");
    assert_tally(seen, 4, 0, 0, 0);
    assert_true(seen.summary.read_v0 && seen.summary.read_v1);
    assert_int_equal(runner_dialect(seen.runner, "old.rego"), DIALECT_V0);
    assert_int_equal(runner_dialect(seen.runner, "new/new.rego"), DIALECT_V1);
    assert_int_equal(runner_dialect(seen.runner, "hidden/unclear.rego"), DIALECT_V0);
    assert_true(seen.percent == 100.0);
    end(&seen);
}

static void manifests_beside_policies(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-mixed");
    assert_tally(seen, 1, 0, 0, 0);
    assert_int_equal(seen.findings.len, 0);
    end(&seen);
}

static void sub_tests_and_equal_names(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-subtests");
    assert_tally(seen, 4, 1, 0, 0);
    assert_int_equal(seen.rows.len, 3);
    assert_int_equal(seen.sub_rows, 3);
    end(&seen);
}

static void folders_of_their_own(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-folders");
    assert_tally(seen, 2, 0, 0, 0);
    assert_non_null(strstr(seen.findings.ptr, "package-in-folders"));
    end(&seen);
}

static void no_test_is_not_a_pass(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-none");
    assert_int_equal(seen.summary.verdict, RESULT_NOT_EVALUATED);
    assert_int_equal(seen.rows.len, 0);
    end(&seen);
}

/* What is held comes with what holds it: this much before is apart, however late all of it is. */
#define HELD_MS 500

/* A test that takes as long as opa allows (5 s) does not hold the results of the others. */
static void slow_test_does_not_hold_the_others(void **state)
{
    (void)state;
    struct seen seen;
    run_workspace(&seen, "opa-slow");
    assert_tally(seen, 3, 0, 1, 0);
    uint64_t slow = find(&seen, "slow_test.test_endless")->at_ms;
    assert_true(find(&seen, "quick_test.test_quick")->at_ms + HELD_MS < slow);
    assert_true(find(&seen, "slow_test.test_first")->at_ms + HELD_MS < slow);
    assert_true(find(&seen, "slow_test.test_last")->at_ms + HELD_MS < slow);
    end(&seen);
}

static void scopes(void **state)
{
    (void)state;
    struct seen seen;
    char *root = test_source_path("tests/workspaces/opa-passing");
    begin(&seen);
    run(&seen, root, RUN_PATHS, (const char *[]){"policies/images", NULL});
    assert_tally(seen, 3, 0, 0, 0);
    assert_int_equal(seen.planned, 3);
    assert_int_equal(seen.known, 7);
    assert_true(seen.percent == 100.0); /* of all, whatever ran now */
    forget(&seen);
    run(&seen, root, RUN_TESTS,
        (const char *[]){"policies/images/images_test.rego:9", "regional_test.test_allow", NULL});
    assert_tally(seen, 2, 0, 0, 0);
    find(&seen, "images_test.test_deny_no_tag");
    find(&seen, "regional_test.test_allow");
    forget(&seen);
    run(&seen, root, RUN_AFFECTED, (const char *[]){"policies/lib/kubernetes.rego", NULL});
    assert_tally(seen, 5, 0, 0, 0);
    forget(&seen);
    run(&seen, root, RUN_AFFECTED, (const char *[]){"regions/data.json", NULL});
    assert_tally(seen, 2, 0, 0, 0);
    forget(&seen);
    run(&seen, root, RUN_AFFECTED, (const char *[]){"policies/gone.rego", NULL});
    assert_tally(seen, 7, 0, 0, 0);
    end(&seen);
    free(root);
}

static void a_newer_run_silences_the_older(void **state)
{
    (void)state;
    struct seen seen;
    begin(&seen);
    char *slow = test_source_path("tests/workspaces/opa-slow");
    char *root = test_source_path("tests/workspaces/opa-passing");
    struct run_options options = {.root = slow, .scope = RUN_ALL};
    unsigned first = runner_start(seen.runner, &options);
    for (int i = 0; i < 5; i++) {
        loop_run_once(seen.loop, 50);
    }
    forget(&seen);
    run(&seen, root, RUN_ALL, NULL);
    assert_int_equal(seen.last_generation, first + 1);
    assert_tally(seen, 7, 0, 0, 0);
    forget(&seen);
    /* Stopped by hand: what did not run was not evaluated. */
    options.coverage = true;
    runner_start(seen.runner, &options);
    while (seen.rows.len == 0) {
        loop_run_once(seen.loop, 1000);
    }
    runner_cancel(seen.runner);
    assert_true(seen.done && seen.settled);
    assert_true(seen.summary.tally.count[RESULT_NOT_EVALUATED] > 0);
    assert_int_equal(seen.summary.verdict, RESULT_NOT_EVALUATED);
    assert_false(runner_is_running(seen.runner));
    end(&seen);
    free(slow);
    free(root);
}

/* The same tests with and without the network: what a model wrote must not reach a host before it
 * was read. The address is one where nothing listens, so that both ways end at once. */
static void offline_reaches_no_host(void **state)
{
    (void)state;
    char *root = test_dir_make();
    test_write(root, "net_test.rego",
        "package net_test\n\n"
        "answer := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1:1/\", "
        "\"raise_error\": false})\n\n"
        "test_kept_off if contains(answer.error.message, \"disallowed host\")\n\n"
        "test_mock if {\n\thttp.send({\"method\": \"get\", \"url\": \"http://a\"}).status_code == "
        "200 "
        "with http.send as {\"status_code\": 200}\n}\n");
    struct seen seen;
    begin(&seen);
    run(&seen, root, RUN_ALL, NULL);
    assert_tally(seen, 1, 1, 0, 0);
    forget(&seen);
    struct run_options options = {
        .root = root, .scope = RUN_ALL, .offline = true, .coverage = true};
    runner_start(seen.runner, &options);
    assert_true(loop_run_until(seen.loop, &seen.settled, 240000));
    assert_string_equal(seen.trouble, "");
    assert_tally(seen, 2, 0, 0, 0);
    end(&seen);
    test_dir_remove(root);
}

static void explains_when_asked(void **state)
{
    (void)state;
    struct seen seen;
    begin(&seen);
    char *root = test_source_path("tests/workspaces/opa-subtests");
    struct run_options options = {.root = root, .scope = RUN_ALL};
    runner_start(seen.runner, &options);
    assert_true(loop_run_until(seen.loop, &seen.settled, 240000));
    seen.settled = false;
    assert_true(runner_explain(seen.runner, 0));
    assert_false(runner_explain(seen.runner, 99));
    assert_true(loop_run_until(seen.loop, &seen.settled, 240000));
    assert_non_null(strstr(seen.explanations.ptr, "is_low(tc.port) == tc.want"));
    end(&seen);
    free(root);
}

/* opa would take gigabytes for it: it is not asked, which is an error and not green; the others
 * run. */
static void too_large_is_told(void **state)
{
    (void)state;
    struct seen seen;
    char *dir = test_dir_make();
    char *large = path_join(dir, "large.rego");
    test_write(dir, "large.rego", "package large\n");
    assert_int_equal(truncate(large, (off_t)17 << 20), 0);
    test_write(dir, "a_test.rego",
        "package a_test\n\ntest_a if 1 + input.x == 2 with input as {\"x\": 1}\n");
    begin(&seen);
    run(&seen, dir, RUN_ALL, NULL);
    assert_non_null(strstr(seen.findings.ptr, "large.rego:0:0: opa-cannot-load"));
    assert_int_equal(seen.summary.tally.count[RESULT_PASS], 1);
    end(&seen);
    free(large);
    test_dir_remove(dir);
}

/* A policy that grows without end is stopped and says so, and keeps no other test from its verdict.
 */
static void memory_is_bounded(void **state)
{
    (void)state;
    struct seen seen;
    char *dir = test_dir_make();
    test_write(dir, "grow/grow_test.rego",
        "package grow_test\n\ntest_grow if {\n"
        "\tcount([[i, j] | some i in numbers.range(1, 90000); some j in numbers.range(1, "
        "90000)]) > 0\n}\n");
    test_write(dir, "good/good_test.rego", "package good_test\n\ntest_good if 1 + 1 == 2\n");
    begin(&seen);
    runner_set_memory_max(seen.runner, (uint64_t)100 << 20);
    opa_use_test_timeout(200); /* however slow the machine: it is memory that ends it */
    struct run_options options = {.root = dir, .scope = RUN_ALL};
    runner_start(seen.runner, &options);
    assert_true(loop_run_until(seen.loop, &seen.settled, 240000));
    assert_int_equal(find(&seen, "good_test.test_good")->status, RESULT_PASS);
    assert_int_equal(find(&seen, "grow_test.test_grow")->status, RESULT_ERROR);
    assert_non_null(
        strstr(seen.explanations.ptr, "opa needed more than 100 MB of memory and was stopped"));
    assert_tally(seen, 1, 0, 1, 0);
    opa_use_test_timeout(5);
    end(&seen);
    test_dir_remove(dir);
}

static void without_opa(void **state)
{
    (void)state;
    struct seen seen;
    char *dir = test_dir_make();
    char *path = mem_strdup(getenv("PATH"));
    char *cache = mem_strdup(getenv("XDG_CACHE_HOME"));
    setenv("PATH", "/nonexistent", 1);
    setenv("XDG_CACHE_HOME", dir, 1);
    begin(&seen);
    char *root = test_source_path("tests/workspaces/opa-passing");
    struct run_options options = {.root = root, .scope = RUN_ALL};
    runner_start(seen.runner, &options);
    assert_true(loop_run_until(seen.loop, &seen.settled, 240000));
    assert_string_equal(seen.trouble,
        "opa is not on PATH: run scripts/setup --engines opa or install it (1.0.0 or newer)");
    assert_int_equal(seen.known, 7);
    assert_int_equal(seen.summary.tally.count[RESULT_NOT_EVALUATED], 7);
    assert_int_equal(seen.summary.verdict, RESULT_NOT_EVALUATED);
    forget(&seen);
    char *gone = path_join(dir, "gone");
    options.root = gone;
    runner_start(seen.runner, &options);
    assert_true(loop_run_until(seen.loop, &seen.settled, 240000));
    assert_non_null(strstr(seen.trouble, "cannot open the folder"));
    free(gone);
    end(&seen);
    setenv("PATH", path, 1);
    if (cache == NULL) {
        unsetenv("XDG_CACHE_HOME");
    } else {
        setenv("XDG_CACHE_HOME", cache, 1);
    }
    free(path);
    free(cache);
    free(root);
    test_dir_remove(dir);
}

/* Ended at any moment, nothing is left behind and nothing is told any more. */
static void freed_while_running(void **state)
{
    (void)state;
    char *root = test_source_path("tests/workspaces/opa-failing");
    for (int turns = 0; turns < 12; turns++) {
        struct seen seen;
        begin(&seen);
        struct run_options options = {
            .root = root, .scope = RUN_ALL, .coverage = true, .explain_max = 5};
        runner_start(seen.runner, &options);
        for (int i = 0; i < turns; i++) {
            loop_run_once(seen.loop, 20);
        }
        end(&seen);
    }
    free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passing),
        cmocka_unit_test(failing),
        cmocka_unit_test(broken_files_do_not_stop_the_others),
        cmocka_unit_test(both_versions_of_rego),
        cmocka_unit_test(manifests_beside_policies),
        cmocka_unit_test(sub_tests_and_equal_names),
        cmocka_unit_test(folders_of_their_own),
        cmocka_unit_test(no_test_is_not_a_pass),
        cmocka_unit_test(slow_test_does_not_hold_the_others),
        cmocka_unit_test(scopes),
        cmocka_unit_test(a_newer_run_silences_the_older),
        cmocka_unit_test(offline_reaches_no_host),
        cmocka_unit_test(explains_when_asked),
        cmocka_unit_test(too_large_is_told),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(without_opa),
        cmocka_unit_test(freed_while_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
