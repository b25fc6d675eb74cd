/* The runner with the real Conftest on workspaces of our own (tests/workspaces/conftest-*), against
 * what its own command line says of them; and with programs that are no Conftest. */
#include "test.h"

#include "base/json.h"
#include "base/path.h"
#include "engine_run.h"
#include "loop/process.h"
#include "sandbox/confined.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Adds what Conftest's own command line counts in `dir`; its exit code. */
static int ask_conftest(
    struct engine_run *f, const char *dir, const char *const *argv, size_t count[RESULT_STATUSES])
{
    struct err err;
    struct buf out = BUF_INIT;
    struct process_result ended;
    struct process_options options = {.argv = argv, .cwd = dir, .timeout_ms = 240000};
    assert_ok(process_run(f->loop, &options, &out, NULL, &ended, &err), err);
    cJSON *report = json_parse(buf_str(&out), NULL);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, report)
    {
        count[RESULT_PASS] += (size_t)json_int_or(entry, "successes", 0);
        count[RESULT_FAIL] += (size_t)cJSON_GetArraySize(json_get(entry, "failures"));
        count[RESULT_WARNING] += (size_t)cJSON_GetArraySize(json_get(entry, "warnings"));
        count[RESULT_SKIPPED] += (size_t)cJSON_GetArraySize(json_get(entry, "exceptions")) +
                                 (size_t)cJSON_GetArraySize(json_get(entry, "skipped"));
    }
    cJSON_Delete(report);
    buf_free(&out);
    return ended.exit_code;
}

static void assert_counts(struct engine_run *f, const size_t count[RESULT_STATUSES])
{
    struct tally tally = board_tally(f->board);
    static const enum result_status order[] = {
        RESULT_PASS, RESULT_FAIL, RESULT_WARNING, RESULT_SKIPPED};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (tally.count[order[i]] != count[order[i]]) {
            fail_msg("%zu %s, conftest says %zu", tally.count[order[i]],
                result_status_name(order[i]), count[order[i]]);
        }
    }
}

static void passing(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-passing");
    size_t count[RESULT_STATUSES] = {0};
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_PASS);
    assert_int_equal(
        ask_conftest(&f, root, (const char *[]){"conftest", "verify", "-o", "json", NULL}, count),
        0);
    assert_int_equal(ask_conftest(&f, root,
                         (const char *[]){"conftest", "test", "-o", "json", "deploy/web.yaml",
                             "Dockerfile", "plan.json", NULL},
                         count),
        0);
    assert_counts(&f, count);
    assert_string_equal(engine_run_find(&f, "deploy/web.yaml")->rows[0].engine, "conftest");
    engine_run_expect_row(&f, "test_replicas", RESULT_PASS, NULL);
    assert_int_equal(engine_run_find(&f, "test_replicas")->at.row, 10);
    free(root);
    engine_run_end(&f);
}

/* Conftest passes a file that holds nothing where no rule asks for something to be there. */
static void empty_inputs(void **state)
{
    (void)state;
    static const char *const hollow[] = {
        "in/a.yaml", "in/b.toml", "in/c.json", "in/d.env", "in/e.yml", "in/f.hcl"};
    static const char *const texts[] = {"", "# later\n\n", "null\n", "", "---\n...\n", "// x\n"};
    struct engine_run f;
    engine_run_begin(&f);
    char *root = test_dir_make();
    test_write(root, "policy/main.rego",
        "package main\ndeny contains \"root\" if input.user == \"root\"\n"
        "warn contains \"none\" if not input\nwarn contains \"old\" if input.old\n");
    test_write(root, ".bylaw/config.toml", "[engines.conftest]\ninputs = [\"in/\"]\n");
    for (size_t i = 0; i < ARRAY_LEN(hollow); i++) {
        test_write(root, hollow[i], texts[i]);
    }
    test_write(root, "in/object.json", "{}\n");
    test_write(root, "in/bad.yaml", "user: root\n");
    engine_run_tests(&f, root, NULL, false);
    for (size_t i = 0; i < ARRAY_LEN(hollow); i++) {
        engine_run_expect_row(&f, hollow[i], RESULT_NOT_EVALUATED, "the file is empty");
    }
    engine_run_expect_row(&f, "in/object.json", RESULT_PASS, NULL); /* someone wrote it */
    engine_run_expect_row(&f, "in/bad.yaml", RESULT_FAIL, "root");
    test_write(root, "policy/main.rego",
        "package main\ndeny contains \"no user\" if not input.user\n"
        "deny contains \"root\" if input.user == \"root\"\n");
    engine_run_tests(&f, root, NULL, false);
    for (size_t i = 0; i < ARRAY_LEN(hollow); i++) {
        engine_run_expect_row(&f, hollow[i], RESULT_FAIL, "no user");
    }
    test_dir_remove(root);
    engine_run_end(&f);
}

static void run_affected(struct engine_run *f, const char *root, const char *changed)
{
    struct run_options options = {
        .root = root, .scope = RUN_AFFECTED, .wanted = &changed, .wanted_count = 1};
    f->settled = false;
    f->told = 0;
    runner_start(f->runner, &options);
    assert_true(loop_run_until(f->loop, &f->settled, 240000));
}

/* A changed input runs the inputs again, a policy its tests too, a conftest.toml all of its folder.
 */
static void affected(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-passing");
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.told, 5);
    run_affected(&f, root, "Dockerfile");
    assert_int_equal(f.told, 3);
    run_affected(&f, root, "policy/deploy_test.rego");
    assert_int_equal(f.told, 5);
    run_affected(&f, root, "conftest.toml");
    assert_int_equal(f.told, 5);
    engine_run_tests(&f, root, "input.Dockerfile", false);
    assert_int_equal(f.told, 6);
    assert_int_equal(board_verdict(f.board), RESULT_PASS);
    free(root);
    engine_run_end(&f);
}

static void failing(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-failing");
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_ERROR);
    engine_run_expect_row(&f, "test_no_images", RESULT_PASS, NULL);
    engine_run_expect_row(&f, "test_wrong", RESULT_FAIL, NULL);
    engine_run_expect_row(&f, "todo_test_later", RESULT_SKIPPED, NULL);
    engine_run_expect_row(&f, "deploy/good.yaml", RESULT_PASS, NULL);
    engine_run_expect_row(&f, "deploy/latest.yaml", RESULT_FAIL, "c uses the tag latest");
    engine_run_expect_row(&f, "deploy/warned.yaml", RESULT_WARNING, "no owner");
    engine_run_expect_row(&f, "deploy/excused.yaml", RESULT_PASS, NULL);
    engine_run_expect_row(&f, "deploy/cut_off.yaml", RESULT_ERROR, "did not find expected");
    engine_run_expect_row(
        &f, "2 files combined", RESULT_FAIL, "two files have one name"); /* fail-on-warn */
    const struct board_test *latest = engine_run_find(&f, "deploy/latest.yaml");
    assert_int_equal(latest->count, 3); /* itself, the failure with its place, what holds */
    assert_int_equal(latest->rows[1].at.row, 5);
    assert_non_null(strstr(latest->rows[1].detail, "image: \"x:latest\""));
    const struct board_test *excused = engine_run_find(&f, "deploy/excused.yaml");
    assert_int_equal(excused->rows[1].status, RESULT_SKIPPED);
    assert_non_null(strstr(excused->rows[1].name, "exception main.latest"));
    free(root);
    engine_run_end(&f);
}

/* File by file: one that cannot be read keeps Conftest itself from all others. */
static void counts_of_failing_inputs(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-failing");
    static const char *const files[] = {"deploy/good.yaml", "deploy/latest.yaml",
        "deploy/warned.yaml", "deploy/excused.yaml", "deploy/cut_off.yaml"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        size_t count[RESULT_STATUSES] = {0};
        char *wanted = mem_printf("input.%s", files[i]);
        engine_run_tests(&f, root, wanted, false);
        int code = ask_conftest(
            &f, root, (const char *[]){"conftest", "test", "-o", "json", files[i], NULL}, count);
        const struct board_test *test = engine_run_find(&f, files[i]);
        struct tally tally =
            results_tally(&(struct results){.items = test->rows, .len = test->count});
        bool bad = tally.count[RESULT_FAIL] + tally.count[RESULT_ERROR] > 0;
        assert_int_equal(bad, code != 0);
        assert_int_equal(tally.count[RESULT_PASS], count[RESULT_PASS]);
        assert_int_equal(tally.count[RESULT_FAIL], count[RESULT_FAIL]);
        assert_int_equal(tally.count[RESULT_WARNING], count[RESULT_WARNING]);
        assert_int_equal(tally.count[RESULT_SKIPPED], count[RESULT_SKIPPED]);
        free(wanted);
    }
    free(root);
    engine_run_end(&f);
}

static void broken(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-broken");
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_ERROR);
    /* As Conftest says it; or as the check does, where that has been before it. */
    engine_run_expect_row(&f, "test_x", RESULT_ERROR, "policy/deny.rego:4:");
    engine_run_expect_row(&f, "app.yaml", RESULT_ERROR, "policy/deny.rego:4:");
    assert_int_equal(board_error_count(f.board), 1);
    assert_string_equal(board_findings(f.board)->items[0].file, "policy/deny.rego");
    free(root);
    engine_run_end(&f);
}

/* Conftest itself says exit code 0. */
static void nothing_evaluated(void **state)
{
    (void)state;
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-none");
    size_t count[RESULT_STATUSES] = {0};
    engine_run_tests(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_NOT_EVALUATED);
    engine_run_expect_row(&f, "test_x", RESULT_NOT_EVALUATED, "reports no test of this file");
    engine_run_expect_row(&f, "app.yaml", RESULT_NOT_EVALUATED,
        "nothing was evaluated: there is no deny, "
        "violation or warn rule in namespace production");
    assert_int_equal(
        ask_conftest(
            &f, root, (const char *[]){"conftest", "test", "-o", "json", "app.yaml", NULL}, count),
        0);
    assert_int_equal(
        ask_conftest(&f, root, (const char *[]){"conftest", "verify", "-o", "json", NULL}, count),
        0);
    assert_int_equal(count[RESULT_PASS], 0);
    free(root);
    engine_run_end(&f);
}

static void off_the_network(void **state)
{
    (void)state;
    struct err err;
    char *kernel = NULL;
    if (!sandbox_probe(&kernel, &err)) {
        print_message("nothing can be confined here: %s\n", err.text);
        return;
    }
    free(kernel);
    char *own = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    confined_use_program(own);
    struct engine_run f;
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-passing");
    engine_run_tests(&f, root, NULL, true);
    assert_int_equal(f.summary.verdict, RESULT_PASS);
    free(root);
    free(own);
    engine_run_end(&f);
}

/* ---- programs that are no Conftest ---- */

/* A machine of its own: PATH has opa, what scripts need, and a conftest of this text (NULL: none).
 */
struct machine {
    char *dir, *path, *cache;
};

static struct machine enter_machine(const char *script)
{
    struct machine machine = {test_dir_make(), mem_strdup(getenv("PATH")), NULL};
    machine.cache = mem_strdup(getenv("XDG_CACHE_HOME"));
    struct err err;
    char *opa = engine_find(&engine_opa, &err);
    char *link = path_join(machine.dir, "opa");
    assert_int_equal(symlink(opa, link), 0);
    if (script != NULL) {
        char *text = mem_printf(
            "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'Conftest: 0.71.1'; exit; }\n%s\n",
            script);
        char *program = path_join(machine.dir, "conftest");
        test_write(machine.dir, "conftest", text);
        assert_int_equal(chmod(program, 0700), 0);
        free(program);
        free(text);
    }
    char *searched = mem_printf("%s:/usr/bin:/bin", machine.dir);
    setenv("PATH", searched, 1);
    setenv("XDG_CACHE_HOME", machine.dir, 1);
    free(searched);
    free(link);
    free(opa);
    return machine;
}

static void leave_machine(struct machine *machine)
{
    setenv("PATH", machine->path, 1);
    if (machine->cache == NULL) {
        unsetenv("XDG_CACHE_HOME");
    } else {
        setenv("XDG_CACHE_HOME", machine->cache, 1);
    }
    free(machine->path);
    free(machine->cache);
    test_dir_remove(machine->dir);
}

static void with_program(const char *script, enum result_status status, const char *message)
{
    struct engine_run f;
    struct machine machine = enter_machine(script);
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-none");
    engine_run_tests(&f, root, NULL, false);
    engine_run_expect_row(&f, "test_x", status, message);
    engine_run_expect_row(&f, "app.yaml", status, message);
    assert_int_equal(f.summary.verdict, status);
    free(root);
    engine_run_end(&f);
    leave_machine(&machine);
}

/* One that hangs is ended when the run is stopped, with what it started; its tests have no result.
 */
static void stopped_while_it_hangs(void **state)
{
    (void)state;
    struct engine_run f;
    struct machine machine = enter_machine("echo $$ >\"$0.started\"; sleep 600; echo '[]'");
    char *started = path_join(machine.dir, "conftest.started");
    engine_run_begin(&f);
    char *root = engine_run_workspace("conftest-none");
    struct run_options options = {.root = root, .scope = RUN_ALL};
    runner_start(f.runner, &options);
    while (access(started, F_OK) != 0) {
        loop_run_once(f.loop, 50);
    }
    runner_cancel(f.runner);
    assert_true(f.settled);
    engine_run_expect_row(&f, "test_x", RESULT_NOT_EVALUATED, NULL);
    assert_int_equal(f.summary.verdict, RESULT_NOT_EVALUATED);
    free(started);
    free(root);
    engine_run_end(&f);
    leave_machine(&machine);
}

static void absent(void **state)
{
    (void)state;
    with_program(NULL, RESULT_NOT_EVALUATED, "scripts/setup --engines conftest");
}

static void misbehaving(void **state)
{
    (void)state;
    with_program("printf '[{\"filename\": \"app.yaml\", \"succ'", RESULT_ERROR,
        "conftest printed something else than its JSON");
    with_program("echo '{\"results\": []}'", RESULT_ERROR, "no list of results");
    with_program("echo '[{\"successes\": 1}]'", RESULT_ERROR, "without a file name");
    with_program("kill -9 $$", RESULT_ERROR, "conftest was ended by signal 9");
    with_program("exit 3", RESULT_ERROR, "did not say why");
    with_program("echo '[]'; exit 3", RESULT_ERROR, "exit code 3, but reports no failure");
    with_program("head -c 80000000 /dev/zero", RESULT_ERROR, "printed more than we take");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passing),
        cmocka_unit_test(empty_inputs),
        cmocka_unit_test(affected),
        cmocka_unit_test(failing),
        cmocka_unit_test(counts_of_failing_inputs),
        cmocka_unit_test(broken),
        cmocka_unit_test(nothing_evaluated),
        cmocka_unit_test(off_the_network),
        cmocka_unit_test(absent),
        cmocka_unit_test(misbehaving),
        cmocka_unit_test(stopped_while_it_hangs),
    };
    return engine_run_reach(&engine_conftest) ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
