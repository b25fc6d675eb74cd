/* The runner with the real Conftest, gator and Kyverno on workspaces of our own
 * (tests/workspaces/conftest-*, gator, kyverno-*), against what their own command lines say of
 * them; and with programs that are none of these. */
#include "test.h"

#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/board.h"
#include "engine/kyverno_apply.h"
#include "loop/process.h"
#include "sandbox/confined.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct board *board;
    struct runner *runner;
    struct runner_events to_board;
    struct run_summary summary;
    size_t told; /* rows of tests, over all runs */
    bool settled;
};

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    struct fixture *f = data;
    f->summary = *summary;
    assert_null(summary->trouble);
    f->to_board.done(f->to_board.data, generation, summary);
}

static void on_settled(void *data, unsigned generation)
{
    struct fixture *f = data;
    f->settled = true;
    f->to_board.settled(f->to_board.data, generation);
}

/* The board's events, but for the two ends of a run, carry the board; so each is passed on. */
static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    struct fixture *f = data;
    f->to_board.planned(f->to_board.data, generation, plan);
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    struct fixture *f = data;
    f->told++;
    f->to_board.result(f->to_board.data, generation, test, rows, count);
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    struct fixture *f = data;
    f->to_board.finding(f->to_board.data, generation, finding);
}

static void begin(struct fixture *f)
{
    struct err err;
    *f = (struct fixture){0};
    f->loop = loop_new(&err);
    f->board = board_new();
    f->to_board = board_events(f->board);
    struct runner_events events = {.data = f,
        .planned = on_planned,
        .result = on_result,
        .finding = on_finding,
        .done = on_done,
        .settled = on_settled};
    f->runner = runner_new(f->loop, &engine_opa, &events);
}

static void end(struct fixture *f)
{
    runner_free(f->runner);
    board_free(f->board);
    loop_free(f->loop);
}

static void run(struct fixture *f, const char *root, const char *wanted, bool offline)
{
    struct run_options options = {.root = root,
        .scope = wanted == NULL ? RUN_ALL : RUN_TESTS,
        .wanted = &wanted,
        .wanted_count = wanted != NULL,
        .offline = offline};
    f->settled = false;
    runner_start(f->runner, &options);
    assert_true(loop_run_until(f->loop, &f->settled, 240000));
}

static char *workspace(const char *name)
{
    char *relative = mem_printf("tests/workspaces/%s", name);
    char *root = test_source_path(relative);
    free(relative);
    return root;
}

static struct board_test *find(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < board_count(f->board); i++) {
        struct board_test *test = board_at(f->board, i);
        if (strcmp(test->name, name) == 0) {
            return test;
        }
    }
    fail_msg("no test is named %s", name);
    return NULL;
}

static void assert_row(
    struct fixture *f, const char *name, enum result_status status, const char *message)
{
    struct board_test *test = find(f, name);
    assert_string_equal(result_status_name(board_status(test)), result_status_name(status));
    const char *said = test->count == 0 ? NULL : test->rows[0].message;
    if (message != NULL && (said == NULL || strstr(said, message) == NULL)) {
        fail_msg("%s says %s, not %s", name, said == NULL ? "nothing" : said, message);
    }
}

/* Adds what Conftest's own command line counts in `dir`; its exit code. */
static int ask_conftest(
    struct fixture *f, const char *dir, const char *const *argv, size_t count[RESULT_STATUSES])
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

static void assert_counts(struct fixture *f, const size_t count[RESULT_STATUSES])
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
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-passing");
    size_t count[RESULT_STATUSES] = {0};
    run(&f, root, NULL, false);
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
    assert_string_equal(find(&f, "deploy/web.yaml")->rows[0].engine, "conftest");
    assert_row(&f, "test_replicas", RESULT_PASS, NULL);
    assert_int_equal(find(&f, "test_replicas")->at.row, 10);
    free(root);
    end(&f);
}

/* Conftest passes a file that holds nothing where no rule asks for something to be there. */
static void empty_inputs(void **state)
{
    (void)state;
    static const char *const hollow[] = {
        "in/a.yaml", "in/b.toml", "in/c.json", "in/d.env", "in/e.yml", "in/f.hcl"};
    static const char *const texts[] = {"", "# later\n\n", "null\n", "", "---\n...\n", "// x\n"};
    struct fixture f;
    begin(&f);
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
    run(&f, root, NULL, false);
    for (size_t i = 0; i < ARRAY_LEN(hollow); i++) {
        assert_row(&f, hollow[i], RESULT_NOT_EVALUATED, "the file is empty");
    }
    assert_row(&f, "in/object.json", RESULT_PASS, NULL); /* someone wrote it */
    assert_row(&f, "in/bad.yaml", RESULT_FAIL, "root");
    test_write(root, "policy/main.rego",
        "package main\ndeny contains \"no user\" if not input.user\n"
        "deny contains \"root\" if input.user == \"root\"\n");
    run(&f, root, NULL, false);
    for (size_t i = 0; i < ARRAY_LEN(hollow); i++) {
        assert_row(&f, hollow[i], RESULT_FAIL, "no user");
    }
    test_dir_remove(root);
    end(&f);
}

static void run_affected(struct fixture *f, const char *root, const char *changed)
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
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-passing");
    run(&f, root, NULL, false);
    assert_int_equal(f.told, 5);
    run_affected(&f, root, "Dockerfile");
    assert_int_equal(f.told, 3);
    run_affected(&f, root, "policy/deploy_test.rego");
    assert_int_equal(f.told, 5);
    run_affected(&f, root, "conftest.toml");
    assert_int_equal(f.told, 5);
    run(&f, root, "input.Dockerfile", false);
    assert_int_equal(f.told, 6);
    assert_int_equal(board_verdict(f.board), RESULT_PASS);
    free(root);
    end(&f);
}

static void failing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-failing");
    run(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_ERROR);
    assert_row(&f, "test_no_images", RESULT_PASS, NULL);
    assert_row(&f, "test_wrong", RESULT_FAIL, NULL);
    assert_row(&f, "todo_test_later", RESULT_SKIPPED, NULL);
    assert_row(&f, "deploy/good.yaml", RESULT_PASS, NULL);
    assert_row(&f, "deploy/latest.yaml", RESULT_FAIL, "c uses the tag latest");
    assert_row(&f, "deploy/warned.yaml", RESULT_WARNING, "no owner");
    assert_row(&f, "deploy/excused.yaml", RESULT_PASS, NULL);
    assert_row(&f, "deploy/cut_off.yaml", RESULT_ERROR, "did not find expected");
    assert_row(&f, "2 files combined", RESULT_FAIL, "two files have one name"); /* fail-on-warn */
    const struct board_test *latest = find(&f, "deploy/latest.yaml");
    assert_int_equal(latest->count, 3); /* itself, the failure with its place, what holds */
    assert_int_equal(latest->rows[1].at.row, 5);
    assert_non_null(strstr(latest->rows[1].detail, "image: \"x:latest\""));
    const struct board_test *excused = find(&f, "deploy/excused.yaml");
    assert_int_equal(excused->rows[1].status, RESULT_SKIPPED);
    assert_non_null(strstr(excused->rows[1].name, "exception main.latest"));
    free(root);
    end(&f);
}

/* File by file: one that cannot be read keeps Conftest itself from all others. */
static void counts_of_failing_inputs(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-failing");
    static const char *const files[] = {"deploy/good.yaml", "deploy/latest.yaml",
        "deploy/warned.yaml", "deploy/excused.yaml", "deploy/cut_off.yaml"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        size_t count[RESULT_STATUSES] = {0};
        char *wanted = mem_printf("input.%s", files[i]);
        run(&f, root, wanted, false);
        int code = ask_conftest(
            &f, root, (const char *[]){"conftest", "test", "-o", "json", files[i], NULL}, count);
        const struct board_test *test = find(&f, files[i]);
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
    end(&f);
}

static void broken(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-broken");
    run(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_ERROR);
    assert_row(&f, "test_x", RESULT_ERROR, "policy/deny.rego:4: rego_type_error");
    assert_row(&f, "app.yaml", RESULT_ERROR, "policy/deny.rego:4: rego_type_error");
    assert_int_equal(board_error_count(f.board), 1);
    assert_string_equal(board_findings(f.board)->items[0].file, "policy/deny.rego");
    free(root);
    end(&f);
}

/* Conftest itself says exit code 0. */
static void nothing_evaluated(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-none");
    size_t count[RESULT_STATUSES] = {0};
    run(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_NOT_EVALUATED);
    assert_row(&f, "test_x", RESULT_NOT_EVALUATED, "reports no test of this file");
    assert_row(&f, "app.yaml", RESULT_NOT_EVALUATED,
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
    end(&f);
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
    struct fixture f;
    begin(&f);
    char *root = workspace("conftest-passing");
    run(&f, root, NULL, true);
    assert_int_equal(f.summary.verdict, RESULT_PASS);
    free(root);
    free(own);
    end(&f);
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
    struct fixture f;
    struct machine machine = enter_machine(script);
    begin(&f);
    char *root = workspace("conftest-none");
    run(&f, root, NULL, false);
    assert_row(&f, "test_x", status, message);
    assert_row(&f, "app.yaml", status, message);
    assert_int_equal(f.summary.verdict, status);
    free(root);
    end(&f);
    leave_machine(&machine);
}

/* One that hangs is ended when the run is stopped, with what it started; its tests have no result.
 */
static void stopped_while_it_hangs(void **state)
{
    (void)state;
    struct fixture f;
    struct machine machine = enter_machine("echo $$ >\"$0.started\"; sleep 600; echo '[]'");
    char *started = path_join(machine.dir, "conftest.started");
    begin(&f);
    char *root = workspace("conftest-none");
    struct run_options options = {.root = root, .scope = RUN_ALL};
    runner_start(f.runner, &options);
    while (access(started, F_OK) != 0) {
        loop_run_once(f.loop, 50);
    }
    runner_cancel(f.runner);
    assert_true(f.settled);
    assert_row(&f, "test_x", RESULT_NOT_EVALUATED, NULL);
    assert_int_equal(f.summary.verdict, RESULT_NOT_EVALUATED);
    free(started);
    free(root);
    end(&f);
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

/* ---- gator ---- */

static void suites(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("gator");
    run(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_ERROR);
    assert_row(&f, "with-owner", RESULT_PASS, NULL);
    assert_row(&f, "wrong-message", RESULT_FAIL, "unexpected number of violations: got 0");
    assert_row(&f, "put-off", RESULT_SKIPPED, NULL);
    assert_row(&f, "asserts-nothing", RESULT_ERROR, "assertions must be non-empty");
    assert_row(&f, "anything", RESULT_ERROR, "reading ConstraintTemplate");
    assert_row(&f, "empty.yaml", RESULT_NOT_EVALUATED, "nothing to run"); /* gator: ok */
    /* CEL decides, so gator alone says nothing of Rego that never holds. */
    assert_row(&f, "without", RESULT_PASS, NULL);
    assert_row(&f, "without (Rego)", RESULT_FAIL, "got 0 violations");
    assert_int_equal(find(&f, "wrong-message")->at.row, 12);
    const struct tally tally = board_tally(f.board);
    assert_int_equal(tally.count[RESULT_PASS], 2);
    run(&f, root, "team.without (Rego)", false);
    assert_row(&f, "without (Rego)", RESULT_FAIL, "got 0 violations");
    free(root);
    end(&f);
}

/* gator reads what is on disk, so it has said nothing of a text that is not there yet. */
static void suites_of_unsaved_texts(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("gator");
    struct policy_text text = {"owner/template.yaml", STR_LIT("kind: ConstraintTemplate\n")};
    struct run_options options = {
        .root = root, .scope = RUN_ALL, .texts = &text, .text_count = 1, .cached = true};
    runner_start(f.runner, &options);
    assert_true(loop_run_until(f.loop, &f.settled, 240000));
    assert_row(&f, "with-owner", RESULT_NOT_EVALUATED, "save owner/template.yaml: it has");
    assert_row(&f, "wrong-message", RESULT_NOT_EVALUATED, "reads what is on disk");
    assert_row(&f, "without", RESULT_PASS, NULL); /* of another suite */
    run(&f, root, NULL, false);
    assert_row(&f, "with-owner", RESULT_PASS, NULL);
    free(root);
    end(&f);
}

/* What gator passes though no policy was asked is not evaluated; what explains a row is in it; the
 * places of errors are the YAML's and the Rego file's. */
static void suites_explained(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("gator-suites");
    run(&f, root, NULL, false);
    assert_row(&f, "template", RESULT_NOT_EVALUATED, "has no cases");
    assert_row(&f, "never-asked", RESULT_NOT_EVALUATED, "does not match the kind Pod");
    assert_row(&f, "one", RESULT_PASS, NULL);
    const struct result *row = find(&f, "two-wanted")->rows;
    assert_int_equal(row->status, RESULT_FAIL);
    assert_string_equal(row->expected, "2 violations containing \"team\"\nat least 1 violation");
    assert_string_equal(row->got, "1 violations containing \"team\"\nmessages: no team");
    assert_string_equal(row->policy_file, "team.yaml");
    assert_int_equal(row->policy_at.row, 9);
    assert_string_equal(row->input_file, "namespace.yaml");
    assert_int_equal(row->input_at.row, 2);
    row = find(&f, "uncompiled")->rows;
    assert_int_equal(row->status, RESULT_ERROR);
    assert_non_null(strstr(row->message, "library/size/template.yaml:12: rego_type_error"));
    assert_non_null(strstr(row->message, "(src/size/src.rego:4)"));
    assert_int_equal(row->policy_at.row, 12);
    free(root);
    end(&f);
}

/* The same cases pass and fail as on gator's own command line. */
static void as_gator_says(void **state)
{
    (void)state;
    struct err err;
    struct fixture f;
    begin(&f);
    char *root = workspace("gator");
    struct buf out = BUF_INIT;
    struct process_result ended;
    const char *const argv[] = {"gator", "verify", "-v", "./...", NULL};
    struct process_options options = {.argv = argv, .cwd = root, .timeout_ms = 240000};
    assert_ok(process_run(f.loop, &options, &out, NULL, &ended, &err), err);
    assert_int_equal(ended.exit_code, 1);
    run(&f, root, NULL, false);
    struct str rest = buf_str(&out);
    struct str line;
    size_t compared = 0;
    while (str_next_line(&rest, &line)) {
        struct str trimmed = str_trim(line);
        size_t tab = str_find_char(trimmed, '\t', 0);
        bool pass = str_starts(trimmed, "--- PASS: ");
        if (!str_starts(line, "    ") || tab == SIZE_MAX ||
            (!pass && !str_starts(trimmed, "--- FAIL: "))) {
            continue;
        }
        char *name = str_dup(str_slice(trimmed, strlen("--- PASS: "), tab));
        assert_int_equal(board_status(find(&f, name)) == RESULT_PASS, pass);
        compared++;
        free(name);
    }
    assert_int_equal(compared, 4);
    buf_free(&out);
    free(root);
    end(&f);
}

/* ---- Kyverno ---- */

/* How many of its rows Kyverno itself calls so. */
static size_t kyverno_rows_with(struct fixture *f, const char *dir, const char *result)
{
    struct err err;
    struct buf out = BUF_INIT;
    struct process_result ended;
    const char *const argv[] = {"kyverno", "test", ".", "-o", "json", NULL};
    struct process_options options = {.argv = argv, .cwd = dir, .timeout_ms = 240000};
    assert_ok(process_run(f->loop, &options, &out, NULL, &ended, &err), err);
    char *words = mem_printf("\"RESULT\": \"%s\"", result);
    size_t count = 0;
    for (size_t at = 0; (at = str_find(buf_str(&out), str_of(words), at)) != SIZE_MAX; at++) {
        count++;
    }
    free(words);
    buf_free(&out);
    return count;
}

static void kyverno_passing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("kyverno-passing");
    run(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_PASS);
    assert_int_equal(f.summary.tally.count[RESULT_PASS], kyverno_rows_with(&f, root, "Pass"));
    assert_row(&f, "deny-all Namespace/shop", RESULT_PASS, NULL);
    assert_row(&f, "team Pod/no-team", RESULT_PASS, NULL);
    assert_string_equal(find(&f, "team Pod/no-team")->rows[0].detail, "the label team is required");
    assert_int_equal(board_findings(f.board)->len, 0);
    free(root);
    end(&f);
}

/* The same rows fail; what else Kyverno passes is passed for a reason. */
static void kyverno_failing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("kyverno-failing");
    run(&f, root, NULL, false);
    assert_int_equal(f.summary.verdict, RESULT_FAIL);
    assert_int_equal(f.summary.tally.count[RESULT_FAIL], kyverno_rows_with(&f, root, "Fail"));
    assert_row(&f, "require-team/team-lable Pod/no-team", RESULT_NOT_EVALUATED, "has no rule");
    assert_row(
        &f, "require-team/team-label ConfigMap/settings", RESULT_NOT_EVALUATED, "does not apply");
    assert_row(&f, "require-team/no-latest ConfigMap/settings", RESULT_PASS, "expects (skip)");
    assert_row(&f, "require-team/team-label Pod/no-taem", RESULT_NOT_EVALUATED, "checked all 2");
    assert_row(
        &f, "require-team/team-label Deployment/no-team", RESULT_NOT_EVALUATED, "no Deployment");
    assert_row(&f, "owner-label ConfigMap/owned", RESULT_NOT_EVALUATED, "no such resource");
    const struct result *row = find(&f, "require-team/no-latest Pod/latest")->rows;
    assert_string_equal(row->input_file, "verdict/resources.yaml");
    assert_int_equal(row->input_at.row, 32);
    row = find(&f, "owner-label ConfigMap/plain")->rows;
    assert_int_equal(row->status, RESULT_FAIL);
    assert_non_null(strstr(row->expected, "owner: payments"));
    assert_non_null(strstr(row->got, "owner: platform"));
    assert_non_null(strstr(row->detail, "\n+     owner: platform"));
    free(root);
    end(&f);
}

static void assert_finding(
    const struct findings *findings, const char *file, unsigned row, const char *message)
{
    VEC_FOREACH (struct finding, finding, findings) {
        if (strcmp(finding->file, file) == 0) {
            assert_int_equal(finding->at.row, row);
            assert_non_null(strstr(finding->message, message));
            return;
        }
    }
    fail_msg("nothing is found in %s", file);
}

/* None of what is broken keeps the rest from being run. */
static void kyverno_broken(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    char *root = workspace("kyverno-broken");
    run(&f, root, NULL, false);
    /* One of them in a folder above a test file that does not load. */
    assert_int_equal(f.summary.tally.count[RESULT_PASS], 2);
    assert_int_equal(f.summary.tally.count[RESULT_ERROR], 5);
    assert_int_equal(f.summary.tally.count[RESULT_NOT_EVALUATED], 1);
    const struct findings *findings = board_findings(f.board);
    assert_finding(findings, "policies/misspelt.yaml", 15, "unknown field");
    assert_finding(findings, "policies/bad-cel.yaml", 16, "undeclared reference to 'hass'");
    assert_finding(findings, "policies/bad-query.yaml", 18, "JMESPath");
    assert_finding(findings, "policies/nobody-tests.yaml", 13, "enforce");
    free(root);
    end(&f);
}

struct applied {
    struct buf said; /* a line for each decision */
    struct findings findings;
    bool done;
};

static void on_applied(void *data, const struct kyverno_application *application)
{
    struct applied *applied = data;
    assert_null(application->trouble);
    VEC_FOREACH (struct kyverno_decision, decision, &application->decisions) {
        const char *again = strstr(decision->resource_file, "failing") != NULL ? " again" : "";
        buf_printf(&applied->said, "%s/%s %s/%s %s%s%s\n", decision->policy, decision->rule,
            decision->kind, decision->name, kyverno_verdict_name(decision->verdict), again,
            decision->text != NULL && strstr(decision->text, "owner: platform") != NULL ? " owner"
            : decision->text != NULL                                                    ? " text"
                                                                                        : "");
    }
    VEC_FOREACH (struct finding, finding, &application->findings) {
        findings_add(&applied->findings, finding);
    }
    applied->done = true;
}

static void kyverno_applies(void **state)
{
    (void)state;
    static const char *const policies[] = {"kyverno-passing/policies/require-team.yaml",
        "kyverno-passing/policies/team.yaml", "kyverno-passing/policies/add-owner.yaml",
        "kyverno-passing/policies/default-deny.yaml", "kyverno-broken/policies/bad-cel.yaml",
        "kyverno-broken/policies/misspelt.yaml"};
    static const char *const resources[] = {"kyverno-passing/validate/resources.yaml",
        "kyverno-passing/mutate/resource.yaml", "kyverno-passing/generate/namespace.yaml",
        /* The objects of the first again, with which Kyverno panics. */
        "kyverno-failing/verdict/resources.yaml"};
    static const char *const expected[] = {"require-team/team-label Pod/no-team deny\n",
        "require-team/team-label Pod/good allow\n", "team/ Pod/no-team deny\n",
        "require-team/team-label Pod/no-team deny again\n",
        "add-owner/owner-label ConfigMap/plain mutate owner\n",
        "default-deny/deny-all Namespace/shop generate text\n"};
    struct err err;
    struct applied applied = {0};
    struct loop *loop = loop_new(&err);
    char *dir = test_source_path("tests/workspaces");
    char *program = engine_find(&engine_kyverno, &err);
    struct kyverno_apply_options options = {.program = program,
        .dir = dir,
        .policies = policies,
        .policy_count = ARRAY_LEN(policies),
        .resources = resources,
        .resource_count = ARRAY_LEN(resources)};
    assert_non_null(kyverno_apply_start(loop, &options, on_applied, &applied));
    assert_true(loop_run_until(loop, &applied.done, 240000));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        if (strstr(applied.said.ptr, expected[i]) == NULL) {
            fail_msg("no %s in\n%s", expected[i], applied.said.ptr);
        }
    }
    assert_finding(&applied.findings, policies[4], 16, "hass");
    assert_finding(&applied.findings, policies[5], 15, "unknown field");
    findings_free(&applied.findings);
    buf_free(&applied.said);
    free(program);
    free(dir);
    loop_free(loop);
}

static char *apply_kyverno(const char *dir, bool alike_once)
{
    static const char *const policies[] = {"require-team.yaml", "add-owner.yaml"};
    static const char *const resources[] = {"one.yaml", "more.yaml", "failing.yaml"};
    struct err err;
    struct applied applied = {0};
    struct loop *loop = loop_new(&err);
    char *program = engine_find(&engine_kyverno, &err);
    struct kyverno_apply_options options = {.program = program,
        .dir = dir,
        .policies = policies,
        .policy_count = ARRAY_LEN(policies),
        .resources = resources,
        .resource_count = ARRAY_LEN(resources),
        .alike_once = alike_once};
    assert_non_null(kyverno_apply_start(loop, &options, on_applied, &applied));
    assert_true(loop_run_until(loop, &applied.done, 240000));
    findings_free(&applied.findings);
    free(program);
    loop_free(loop);
    return buf_take(&applied.said);
}

/* What is asked about once is told of each that is written so, as when each is asked about. */
static void kyverno_applies_to_twins(void **state)
{
    (void)state;
    static const char *const from[][2] = {{"policies/require-team.yaml", "require-team.yaml"},
        {"policies/add-owner.yaml", "add-owner.yaml"}, {"validate/resources.yaml", "one.yaml"},
        {"mutate/resource.yaml", "more.yaml"}, {"validate/resources.yaml", "failing.yaml"}};
    char *dir = test_dir_make();
    char *workspace = test_source_path("tests/workspaces/kyverno-passing");
    for (size_t i = 0; i < ARRAY_LEN(from); i++) {
        char *text = test_read(workspace, from[i][0]);
        test_write(dir, from[i][1], text);
        free(text);
    }
    char *each = apply_kyverno(dir, false);
    char *once = apply_kyverno(dir, true);
    assert_non_null(strstr(once, "require-team/team-label Pod/no-team deny\n"));
    assert_non_null(strstr(once, "require-team/team-label Pod/no-team deny again\n"));
    struct str rest = str_of(each); /* in whatever order Kyverno went through its policies */
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *whole = mem_printf("%.*s\n", STR_FMT(line));
        assert_non_null(strstr(once, whole));
        free(whole);
    }
    assert_int_equal(strlen(once), strlen(each));
    free(each);
    free(once);
    free(workspace);
    test_dir_remove(dir);
}

/* The folder of an engine goes onto PATH; false: it is not here. */
static bool reach(const struct engine *engine)
{
    struct err err;
    char *program = engine_find(engine, &err);
    if (program == NULL) {
        print_message("SKIPPED: %s\n", err.text);
        return false;
    }
    char *folder = path_dir(program);
    char *path = mem_printf("%s:%s", getenv("PATH"), folder);
    setenv("PATH", path, 1);
    free(path);
    free(folder);
    free(program);
    return true;
}

int main(void)
{
    const struct CMUnitTest conftest[] = {
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
    const struct CMUnitTest gator[] = {
        cmocka_unit_test(suites),
        cmocka_unit_test(suites_of_unsaved_texts),
        cmocka_unit_test(suites_explained),
        cmocka_unit_test(as_gator_says),
    };
    const struct CMUnitTest kyverno[] = {
        cmocka_unit_test(kyverno_passing),
        cmocka_unit_test(kyverno_failing),
        cmocka_unit_test(kyverno_broken),
        cmocka_unit_test(kyverno_applies),
        cmocka_unit_test(kyverno_applies_to_twins),
    };
    bool has_conftest = reach(&engine_conftest);
    bool has_gator = reach(&engine_gator);
    int failed = has_conftest ? cmocka_run_group_tests(conftest, NULL, NULL) : 0;
    failed += has_gator ? cmocka_run_group_tests(gator, NULL, NULL) : 0;
    bool has_kyverno = reach(&engine_kyverno);
    failed += has_kyverno ? cmocka_run_group_tests(kyverno, NULL, NULL) : 0;
    return failed == 0 && !(has_conftest && has_gator && has_kyverno) ? 77 : failed;
}
