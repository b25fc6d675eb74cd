/* The line that is copied to run one test again does, in a shell, what the row says: with the real
 * engines, each where it is installed. */
#include "test.h"

#include "base/shell.h"
#include "engine/board.h"
#include "engine/renderer.h"
#include "engine/reproduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

struct fixture {
    struct loop *loop;
    struct board *board;
    struct runner *runner;
};

static void run(struct fixture *f, const char *root)
{
    struct err err;
    f->loop = loop_new(&err);
    f->board = board_new();
    struct runner_events events = board_events(f->board);
    f->runner = runner_new(f->loop, &engine_opa, &events);
    runner_start(f->runner, &(struct run_options){.root = root});
    for (bool begun = false; !begun || board_is_busy(f->board);) {
        loop_run_once(f->loop, 100);
        begun = begun || board_is_busy(f->board) || !runner_is_running(f->runner);
    }
}

static void end(struct fixture *f)
{
    runner_free(f->runner);
    board_free(f->board);
    loop_free(f->loop);
}

static char *line_of(struct fixture *f, const struct board_test *test)
{
    struct buf line = BUF_INIT;
    struct err err;
    assert_ok(reproduce_row(f->runner, test, &line, &err), err);
    return buf_take(&line);
}

/* A shell that has the engines on its PATH, as a person who types it. */
static int shell(const char *line)
{
    char *command = mem_printf("PATH=\"$PATH:${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin\"\n(%s) "
                               ">/dev/null 2>&1",
        line);
    int status = system(command); // NOLINT(cert-env33-c): what is tested is a line for a shell
    free(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The unit's tests run together where the engine takes no single one: then all of them speak. */
static bool expects_green(struct fixture *f, const struct board_test *test)
{
    const struct run_plan *plan = runner_plan(f->runner);
    const struct plan_unit *unit = &plan->units.items[plan->tests.items[test->plan].unit];
    bool alone = unit->engine == NULL || unit->engine == &engine_gator ||
                 unit->engine == &engine_kyverno || (unit->inputs && !unit->whole);
    bool green = true;
    for (size_t i = 0; i < unit->tests.len; i++) {
        const struct board_test *other =
            board_at(f->board, board_of_plan(f->board, unit->tests.items[i]));
        enum result_status status = board_status(other);
        bool red = status == RESULT_FAIL || status == RESULT_ERROR;
        green = green && !(red && (other == test || !alone));
    }
    return green;
}

/* `cedar authorize` ends with its decision: 0 allow, 2 deny. */
static int green_code(const struct board_test *test)
{
    bool denies = strcmp(test->engine, "cedar") == 0 && strncmp(test->name, "deny ", 5) == 0;
    return denies ? 2 : 0;
}

/* Of how many rows of the engine the line says what the row does. */
static size_t check_in(const char *root, const char *engine)
{
    struct fixture f;
    size_t asked = 0;
    run(&f, root);
    for (size_t i = 0; i < board_count(f.board); i++) {
        const struct board_test *test = board_at(f.board, i);
        enum result_status status = board_status(test);
        bool verdict = status == RESULT_PASS || status == RESULT_FAIL || status == RESULT_ERROR;
        if (strcmp(test->engine, engine) != 0 || !verdict || test->plan == (size_t)-1) {
            continue;
        }
        char *line = line_of(&f, test);
        assert_non_null(strstr(line, engine));
        assert_null(strstr(line, " json"));
        int code = shell(line);
        if ((code == green_code(test)) != expects_green(&f, test)) {
            fail_msg("%s is %s, but this ends with %d: %s", test->name, result_status_name(status),
                code, line);
        }
        free(line);
        asked++;
    }
    end(&f);
    return asked;
}

static size_t check(const char *name, const char *engine)
{
    char *relative = mem_printf("tests/workspaces/%s", name);
    char *root = test_source_path(relative);
    size_t asked = check_in(root, engine);
    free(root);
    free(relative);
    return asked;
}

static void opa_gives_the_same_verdict(void **state)
{
    (void)state;
    assert_int_equal(check("opa-failing", "opa"), 5);
    assert_int_equal(check("opa-v0", "opa") > 0, true);
    assert_int_equal(check("opa-subtests", "opa") > 0, true);
    /* Compiles only with the file of what the settings declare. */
    assert_int_equal(check("opa-declared", "opa") > 0, true);
    assert_int_equal(check("opa-data", "opa"), 3);
}

static void need(const struct engine *engine)
{
    struct err err;
    char *program = engine_find(engine, &err);
    if (program == NULL) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    free(program);
}

static void check_if_there(const struct engine *engine, const char *const *workspaces)
{
    need(engine);
    for (; *workspaces != NULL; workspaces++) {
        assert_true(check(*workspaces, engine->name) > 0);
    }
}

static void conftest_gives_the_same_verdict(void **state)
{
    (void)state;
    check_if_there(
        &engine_conftest, (const char *[]){"conftest-passing", "conftest-failing", NULL});
}

/* What a chart and an overlay render to is piped to it: `helm template … | conftest test -`. */
static void conftest_gives_the_same_verdict_of_a_pipe(void **state)
{
    static const enum renderer renderers[] = {RENDERER_CHART, RENDERER_OVERLAY};
    (void)state;
    need(&engine_conftest);
    for (size_t i = 0; i < ARRAY_LEN(renderers); i++) {
        struct renderer_call call = {0};
        struct err err;
        bool found = renderer_find(renderers[i], "any", &call, &err);
        renderer_call_free(&call);
        if (!found) {
            print_message("skipped: %s\n", err.text);
            skip();
        }
    }
    char *dir = test_dir_make();
    char *root = realpath(dir, NULL);
    test_write(dir, "conftest.toml", "policy = \"policy\"\n");
    test_write(dir, ".bylaw/config.toml",
        "[engines.conftest]\ninputs = [\"charts/web/Chart.yaml\", \"over "
        "lay/kustomization.yaml\"]\n");
    test_write(dir, "policy/deny.rego",
        "package main\n\nimport rego.v1\n\ndeny contains \"latest\" if "
        "endswith(input.data.image, \":latest\")\n");
    test_write(dir, "charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
    test_write(dir, "charts/web/values.yaml", "image: web:latest\n");
    test_write(dir, "charts/web/templates/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"
        "data: {image: \"{{ .Values.image }}\"}\n");
    test_write(dir, "over lay/kustomization.yaml", "resources: [map.yaml]\n");
    test_write(dir, "over lay/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: api}\ndata: {image: \"api:1\"}\n");
    assert_int_equal(check_in(root, "conftest"), 2);
    free(root);
    test_dir_remove(dir);
}

static void gator_gives_the_same_verdict(void **state)
{
    (void)state;
    check_if_there(&engine_gator, (const char *[]){"gator", NULL});
}

static void kyverno_gives_the_same_verdict(void **state)
{
    (void)state;
    check_if_there(&engine_kyverno, (const char *[]){"kyverno-passing", "kyverno-failing", NULL});
}

static void cedar_gives_the_same_verdict(void **state)
{
    (void)state;
    check_if_there(&engine_cedar, (const char *[]){"cedar", NULL});
}

static void words_come_back_from_a_shell(void **state)
{
    (void)state;
    static const char *const words[] = {"", "plain", "two words", "it's", "$HOME `id` \\ \"q\"",
        "^(data\\.p\\.test)(#[0-9]+)?$", "line\nbreak", "*", "~"};
    struct buf line = BUF_INIT;
    struct buf want = BUF_INIT;
    buf_append_c(&line, "printf '%s|'");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        buf_append_char(&line, ' ');
        shell_append_word(&line, words[i]);
        buf_printf(&want, "%s|", words[i]);
    }
    char *out = test_run(NULL, (const char *[]){"/bin/sh", "-c", line.ptr, NULL});
    assert_string_equal(out, want.ptr);
    free(out);
    buf_free(&line);
    buf_free(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_back_from_a_shell),
        cmocka_unit_test(opa_gives_the_same_verdict),
        cmocka_unit_test(conftest_gives_the_same_verdict),
        cmocka_unit_test(conftest_gives_the_same_verdict_of_a_pipe),
        cmocka_unit_test(gator_gives_the_same_verdict),
        cmocka_unit_test(kyverno_gives_the_same_verdict),
        cmocka_unit_test(cedar_gives_the_same_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
