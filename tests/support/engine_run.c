#include "engine_run.h"

#include "base/path.h"

#include <stdlib.h>

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    struct engine_run *f = data;
    f->summary = *summary;
    assert_null(summary->trouble);
    f->to_board.done(f->to_board.data, generation, summary);
}

static void on_settled(void *data, unsigned generation)
{
    struct engine_run *f = data;
    f->settled = true;
    f->to_board.settled(f->to_board.data, generation);
}

/* The board's events, but for the two ends of a run, carry the board; so each is passed on. */
static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    struct engine_run *f = data;
    f->to_board.planned(f->to_board.data, generation, plan);
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    struct engine_run *f = data;
    f->told++;
    f->to_board.result(f->to_board.data, generation, test, rows, count);
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    struct engine_run *f = data;
    f->to_board.finding(f->to_board.data, generation, finding);
}

void engine_run_begin(struct engine_run *f)
{
    struct err err;
    *f = (struct engine_run){0};
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

void engine_run_end(struct engine_run *f)
{
    runner_free(f->runner);
    board_free(f->board);
    loop_free(f->loop);
}

void engine_run_tests(struct engine_run *f, const char *root, const char *wanted, bool offline)
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

char *engine_run_workspace(const char *name)
{
    char *relative = mem_printf("tests/workspaces/%s", name);
    char *root = test_source_path(relative);
    free(relative);
    return root;
}

struct board_test *engine_run_find(struct engine_run *f, const char *name)
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

void engine_run_expect_row(
    struct engine_run *f, const char *name, enum result_status status, const char *message)
{
    struct board_test *test = engine_run_find(f, name);
    assert_string_equal(result_status_name(board_status(test)), result_status_name(status));
    const char *said = test->count == 0 ? NULL : test->rows[0].message;
    if (message != NULL && (said == NULL || strstr(said, message) == NULL)) {
        fail_msg("%s says %s, not %s", name, said == NULL ? "nothing" : said, message);
    }
}

bool engine_run_reach(const struct engine *engine)
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
