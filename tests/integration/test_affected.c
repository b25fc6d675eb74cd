/* Affected tests first: whatever is edited, in whatever order and however runs are cut short, the
 * board says what a run of everything from scratch says. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIBS = 3, POLICIES = 6, STEPS = 30, WAIT_MS = 240000 };

struct model {
    char *root;
    struct loop *loop;
    struct board *board;
    struct runner *runner;
    unsigned long long seed;
    unsigned limit[LIBS];     /* what a library allows */
    unsigned lib[POLICIES];   /* the one a policy uses */
    unsigned tests[POLICIES]; /* how many it has */
    bool gone[POLICIES];      /* its test file */
    bool broken[POLICIES];    /* it does not parse */
    unsigned region;          /* in the document */
    unsigned ceiling;         /* in the one that the settings declare */
    bool confirm;             /* the rest follows what a change can reach */
    struct status_text_list {
        struct policy_text *items;
        size_t len, cap;
    } texts; /* not saved */
    bool settled, confirmed;
    struct buf findings;
};

static unsigned pick(struct model *m, unsigned below)
{
    m->seed = m->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(m->seed >> 33) % below;
}

/* ---- the files ---- */

static char *text_of(const struct model *m, const char *path)
{
    unsigned n = 0;
    if (sscanf(path, "lib/l%u.rego", &n) == 1) {
        return mem_printf(
            "package lib.l%u\n\nlimit := %u\n\nsmall(x) if x < limit\n", n, m->limit[n]);
    }
    if (strcmp(path, "regions/data.json") == 0) {
        return mem_printf("{\"home\": %u}", m->region);
    }
    if (strcmp(path, "facts/limits.yaml") == 0) {
        return mem_printf("ceiling: %u\n", m->ceiling);
    }
    if (strcmp(path, "dispatch.rego") == 0) {
        return mem_strdup("package dispatch\n\nlimits contains l.limit if some l in data.lib\n\n"
                          "named(name) := data.lib[name].limit\n");
    }
    if (strcmp(path, "dispatch_test.rego") == 0) {
        return mem_strdup("package dispatch_test\n\ntest_all if sum(data.dispatch.limits) < 15\n\n"
                          "test_named if data.dispatch.named(\"l1\") < 6\n\n"
                          "test_home if data.regions.home < 5\n\n"
                          "test_ceiling if data.ceiling < 5\n");
    }
    const char *end = strrchr(path, '/') + 2;
    n = (unsigned)strtoul(end, NULL, 10);
    if (strstr(path, "_test.rego") == NULL) {
        return mem_printf(
            "package pol.p%u\n\nimport data.lib.l%u\n\nallow if l%u.small(input.x)\n%s", n,
            m->lib[n], m->lib[n], m->broken[n] ? "\noops if {\n" : "");
    }
    struct buf text = BUF_INIT;
    buf_printf(&text, "package pol.p%u_test\n\nimport data.pol.p%u\n", n, n);
    for (unsigned i = 0; i < m->tests[n]; i++) {
        buf_printf(&text, "\ntest_%u if p%u.allow with input as {\"x\": %u}\n", i, n, i * 2);
    }
    return buf_take(&text);
}

static void save(const struct model *m, const char *path)
{
    char *text = text_of(m, path);
    test_write(m->root, path, text);
    free(text);
}

/* As an editor has it: kept in memory, or saved. */
static void put(struct model *m, const char *path, bool saved)
{
    for (size_t i = 0; i < m->texts.len; i++) {
        if (strcmp(m->texts.items[i].path, path) == 0) {
            free((char *)(uintptr_t)m->texts.items[i].path);
            free((char *)(uintptr_t)m->texts.items[i].text.ptr);
            VEC_REMOVE(&m->texts, i);
            break;
        }
    }
    if (saved) {
        save(m, path);
    } else {
        char *text = text_of(m, path);
        VEC_PUSH(&m->texts, (struct policy_text){mem_strdup(path), str_of(text)});
    }
}

static char *path_of(const char *format, unsigned n)
{
    return strcmp(format, "lib") == 0    ? mem_printf("lib/l%u.rego", n)
           : strcmp(format, "test") == 0 ? mem_printf("pol/p%u_test.rego", n)
                                         : mem_printf("pol/p%u.rego", n);
}

/* ---- runs ---- */

static void on_settled(void *data, unsigned generation)
{
    (void)generation;
    ((struct model *)data)->settled = true;
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    (void)generation;
    struct model *m = data;
    buf_printf(&m->findings, "%s %s: %s\n", finding->rule, finding->file, finding->message);
}

static void on_log(void *data, const char *line)
{
    struct model *m = data;
    m->confirmed = m->confirmed || strncmp(line, "confirmed: ", 11) == 0;
    if (getenv("BYLAW_TEST_LOG") != NULL) {
        fprintf(stderr, "%s\n", line);
    }
}

/* The board's events, and ours. */
static struct runner_events events_of(struct model *m)
{
    static struct runner_events board;
    board = board_events(m->board);
    return board;
}

static void begin(struct model *m)
{
    struct err err;
    *m = (struct model){.root = test_dir_make(), .seed = 11, .region = 3, .ceiling = 4};
    m->loop = loop_new(&err);
    m->board = board_new();
    struct runner_events events = events_of(m);
    m->runner = runner_new(m->loop, &engine_opa, &events);
    for (unsigned i = 0; i < LIBS; i++) {
        char *path = path_of("lib", i);
        m->limit[i] = 3 + i;
        save(m, path);
        free(path);
    }
    for (unsigned i = 0; i < POLICIES; i++) {
        char *policy = path_of("policy", i);
        char *test = path_of("test", i);
        m->lib[i] = i % LIBS;
        m->tests[i] = 2 + i % 3;
        save(m, policy);
        save(m, test);
        free(policy);
        free(test);
    }
    test_write(m->root, ".bylaw/config.toml", "[engines.opa]\ndata = [\"facts/\"]\n");
    save(m, "facts/limits.yaml");
    save(m, "regions/data.json");
    save(m, "dispatch.rego");
    save(m, "dispatch_test.rego");
}

static void end(struct model *m)
{
    runner_free(m->runner);
    board_free(m->board);
    loop_free(m->loop);
    for (size_t i = 0; i < m->texts.len; i++) {
        free((char *)(uintptr_t)m->texts.items[i].path);
        free((char *)(uintptr_t)m->texts.items[i].text.ptr);
    }
    VEC_FREE(&m->texts);
    buf_free(&m->findings);
    test_dir_remove(m->root);
}

static void start(struct model *m, struct runner *runner, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    struct run_options options = {.root = m->root,
        .scope = scope,
        .wanted = wanted,
        .wanted_count = count,
        .confirm = m->confirm,
        .texts = m->texts.items,
        .text_count = m->texts.len};
    runner_start(runner, &options);
}

static void wait_for(struct model *m, struct board *board)
{
    uint64_t until = loop_now_ms() + WAIT_MS;
    while (board_is_busy(board) || board_is_running(board)) {
        assert_true(loop_now_ms() < until);
        loop_run_once(m->loop, 1000);
    }
}

/* "file suite.name: status" of all tests, sorted. */
static int by_line(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *say(struct board *board)
{
    struct {
        char **items;
        size_t len, cap;
    } lines = {0};
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        VEC_PUSH(
            &lines, mem_printf("%s %s.%s: %s%s", test->file, test->suite, test->name,
                        result_status_name(board_status(test)), test->pending ? " (pending)" : ""));
    }
    if (lines.len > 0) {
        qsort(lines.items, lines.len, sizeof *lines.items, by_line);
    }
    struct buf text = BUF_INIT;
    VEC_FOREACH (char *, line, &lines) {
        buf_printf(&text, "%s\n", *line);
        free(*line);
    }
    VEC_FREE(&lines);
    return buf_take(&text);
}

/* The simple model: everything, by a runner that knows nothing. */
static void assert_as_from_scratch(struct model *m, const char *what)
{
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct runner *runner = runner_new(m->loop, &engine_opa, &events);
    start(m, runner, RUN_ALL, NULL, 0);
    loop_run_once(m->loop, 0);
    while (board_count(board) == 0 || board_is_busy(board)) {
        loop_run_once(m->loop, 1000);
    }
    char *want = say(board);
    char *got = say(m->board);
    if (strcmp(want, got) != 0) {
        fprintf(stderr, "after %s\nfrom scratch:\n%s\non the board:\n%s", what, want, got);
        fail_msg("the board is not as from scratch after %s", what);
    }
    free(want);
    free(got);
    runner_free(runner);
    board_free(board);
}

static void run_all(struct model *m)
{
    start(m, m->runner, RUN_ALL, NULL, 0);
    while (board_count(m->board) == 0) {
        loop_run_once(m->loop, 1000);
    }
    wait_for(m, m->board);
}

/* One edit of a kind; the path that changed is the caller's. */
static char *edit(struct model *m, const char **what)
{
    unsigned n = pick(m, POLICIES);
    unsigned lib = pick(m, LIBS);
    bool saved = pick(m, 2) == 0;
    char *path;
    switch (pick(m, 8)) {
    case 0:
        *what = "a library's limit";
        m->limit[lib] = 1 + pick(m, 8);
        path = path_of("lib", lib);
        break;
    case 1:
        *what = "another library";
        m->lib[n] = lib;
        path = path_of("policy", n);
        break;
    case 2:
        *what = "tests more or less";
        m->tests[n] = 1 + pick(m, 5);
        m->gone[n] = false;
        path = path_of("test", n);
        break;
    case 3:
        *what = "the document";
        m->region = pick(m, 9);
        path = mem_strdup("regions/data.json");
        break;
    case 4:
        *what = "a syntax error, or its end";
        m->broken[n] = !m->broken[n];
        path = path_of("policy", n);
        break;
    case 5:
        *what = "a test file gone, or back";
        m->gone[n] = !m->gone[n];
        path = path_of("test", n);
        saved = true;
        break;
    case 6:
        *what = "the document that the settings declare";
        m->ceiling = pick(m, 9);
        path = mem_strdup("facts/limits.yaml");
        break;
    default:
        *what = "nothing but a save";
        path = path_of("lib", lib);
        saved = true;
        break;
    }
    put(m, path, saved);
    if (strstr(path, "_test") != NULL && m->gone[n]) {
        char *full = path_join(m->root, path);
        assert_int_equal(unlink(full), 0);
        free(full);
    }
    return path;
}

static void edits_in_any_order(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    run_all(&m);
    assert_as_from_scratch(&m, "the first run");
    for (int step = 0; step < STEPS; step++) {
        const char *what = "";
        char *path = edit(&m, &what);
        const char *wanted = path;
        unsigned turns = pick(&m, 4);
        bool all = turns > 1 && pick(&m, 3) == 0;
        m.confirm = m.confirm || all;
        start(&m, m.runner, all ? RUN_ALL : RUN_AFFECTED, &wanted, 1);
        if (turns > 1) { /* cut short by the next, anywhere */
            for (unsigned i = 1; i < turns; i++) {
                loop_run_once(m.loop, 5);
            }
            free(path);
            continue;
        }
        bool told = false;
        do {
            loop_run_once(m.loop, 1000);
            told = !runner_is_running(m.runner);
        } while (!told);
        assert_as_from_scratch(&m, what);
        m.confirm = false;
        free(path);
    }
    end(&m);
}

/* One that waits for another's look at the folder, and is superseded before its own, has named what
 * nobody else looks at: the test file that is gone. */
static void what_waits_is_not_forgotten(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    run_all(&m);
    const char *named[] = {"pol/p2.rego", "pol/p1_test.rego", "pol/p3.rego"};
    char *gone = path_join(m.root, named[1]);
    assert_int_equal(unlink(gone), 0);
    free(gone);
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        start(&m, m.runner, RUN_AFFECTED, &named[i], 1);
    }
    while (runner_is_running(m.runner)) {
        loop_run_once(m.loop, 1000);
    }
    assert_as_from_scratch(&m, "a run that waited was superseded");
    end(&m);
}

/* A run of all is cut short, anywhere, by one of what a change can reach: all of it is told, though
 * it is known that nothing else has changed. */
static void all_is_cut_short(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    run_all(&m);
    m.confirm = true;
    for (unsigned turns = 0; turns < 24; turns += 3) {
        start(&m, m.runner, RUN_ALL, NULL, 0);
        for (unsigned i = 0; i < turns; i++) {
            loop_run_once(m.loop, 5);
        }
        const char *wanted = "pol/p2.rego";
        start(&m, m.runner, RUN_AFFECTED, &wanted, 1);
        while (runner_is_running(m.runner)) {
            loop_run_once(m.loop, 1000);
        }
        assert_as_from_scratch(&m, "a run of all that was cut short");
    }
    end(&m);
}

/* Only what a change can reach runs, and that it can reach everything is said. */
static void only_what_is_reached(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    run_all(&m);
    size_t done = 0;
    size_t total = 0;
    const char *policy = "pol/p2.rego";
    start(&m, m.runner, RUN_AFFECTED, &policy, 1);
    while (runner_is_running(m.runner)) {
        loop_run_once(m.loop, 1000);
    }
    board_progress(m.board, &done, &total);
    assert_int_equal(total, m.tests[2]);
    assert_int_equal(done, m.tests[2]);
    assert_string_equal(runner_plan(m.runner)->why, "4 of 22 tests can reach pol/p2.rego");
    const char *lib = "lib/l0.rego";
    start(&m, m.runner, RUN_AFFECTED, &lib, 1);
    while (runner_is_running(m.runner)) {
        loop_run_once(m.loop, 1000);
    }
    board_progress(m.board, &done, &total);
    assert_int_equal(total, m.tests[0] + m.tests[3] + 4);
    assert_string_equal(runner_plan(m.runner)->why,
        "8 of 22 tests can reach lib/l0.rego: dynamic references in dispatch.rego");
    const char *facts = "facts/limits.yaml";
    start(&m, m.runner, RUN_AFFECTED, &facts, 1);
    while (runner_is_running(m.runner)) {
        loop_run_once(m.loop, 1000);
    }
    assert_string_equal(runner_plan(m.runner)->why, "4 of 22 tests can reach facts/limits.yaml");
    end(&m);
}

/* What was not run because nothing it needs changed is told as such. */
static void unchanged_results_are_reused(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    test_write(m.root, "now_test.rego", "package now_test\n\ntest_now if time.now_ns() > 0\n");
    run_all(&m);
    m.limit[0] = 1;
    save(&m, "lib/l0.rego");
    struct run_options options = {.root = m.root, .scope = RUN_ALL, .cached = true};
    runner_start(m.runner, &options);
    while (runner_is_running(m.runner)) {
        loop_run_once(m.loop, 1000);
    }
    size_t cached = 0;
    for (size_t i = 0; i < board_count(m.board); i++) {
        const struct board_test *test = board_at(m.board, i);
        cached += test->rows[0].cached;
        bool reached = strstr(test->file, "pol/p0") != NULL ||
                       strstr(test->file, "pol/p3") != NULL ||
                       strstr(test->file, "dispatch") != NULL || strstr(test->file, "now") != NULL;
        assert_int_equal(test->rows[0].cached, !reached);
    }
    assert_int_equal(cached, m.tests[1] + m.tests[2] + m.tests[4] + m.tests[5]);
    assert_as_from_scratch(&m, "a run with kept results");
    end(&m);
}

/* An opa whose verdict depends on what is loaded beside the test: what a closure that lacks a file
 * would look like. */
static void a_difference_is_told(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    struct err err;
    char *opa = engine_find(&engine_opa, &err);
    char *before = mem_strdup(getenv("PATH"));
    char *bin = test_dir_make();
    char *script =
        mem_printf("#!/bin/sh\ncase \"$*\" in\n*p0_test.rego*p5_test.rego*) "
                   "'%s' \"$@\" | sed '/\"fail\": true/d' ;;\n*) exec '%s' \"$@\" ;;\nesac\n",
            opa, opa);
    test_write(bin, "opa", script);
    char *program = path_join(bin, "opa");
    assert_int_equal(chmod(program, 0755), 0);
    char *path = mem_printf("%s:%s", bin, before);
    setenv("PATH", path, 1);
    run_all(&m);
    const char *wanted = "pol/p2.rego";
    struct run_options options = {.root = m.root,
        .scope = RUN_AFFECTED,
        .wanted = &wanted,
        .wanted_count = 1,
        .confirm = true};
    runner_start(m.runner, &options);
    uint64_t until = loop_now_ms() + WAIT_MS;
    bool told = false;
    while (!told) {
        assert_true(loop_now_ms() < until);
        loop_run_once(m.loop, 1000);
        VEC_FOREACH (const struct finding, finding, board_findings(m.board)) {
            told = told || strcmp(finding->rule, "affected-missed") == 0;
        }
    }
    setenv("PATH", before, 1);
    free(path);
    free(before);
    free(program);
    free(script);
    free(opa);
    test_dir_remove(bin);
    end(&m);
}

/* The rest is looked at after the answer, and found to be as it was told. */
static void the_rest_is_confirmed(void **state)
{
    (void)state;
    struct model m;
    begin(&m);
    struct board *board = m.board;
    runner_free(m.runner);
    struct runner_events events = board_events(board);
    struct runner_events own = {.data = &m,
        .planned_part = NULL,
        .finding = on_finding,
        .settled = on_settled,
        .log = on_log};
    (void)events;
    m.runner = runner_new(m.loop, &engine_opa, &own);
    start(&m, m.runner, RUN_ALL, NULL, 0);
    assert_true(loop_run_until(m.loop, &m.settled, WAIT_MS));
    const char *wanted = "pol/p2.rego";
    struct run_options options = {.root = m.root,
        .scope = RUN_AFFECTED,
        .wanted = &wanted,
        .wanted_count = 1,
        .confirm = true};
    runner_start(m.runner, &options);
    assert_true(loop_run_until(m.loop, &m.confirmed, WAIT_MS));
    assert_int_equal(m.findings.len, 0);
    end(&m);
}

int main(void)
{
    struct err err;
    char *opa = engine_find(&engine_opa, &err);
    if (opa == NULL) {
        printf("skipped: %s\n", err.text);
        return 77;
    }
    free(opa);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_reached),
        cmocka_unit_test(unchanged_results_are_reused),
        cmocka_unit_test(the_rest_is_confirmed),
        cmocka_unit_test(a_difference_is_told),
        cmocka_unit_test(what_waits_is_not_forgotten),
        cmocka_unit_test(all_is_cut_short),
        cmocka_unit_test(edits_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
