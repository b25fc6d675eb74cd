/* Confined programs from the loop, by the bylaw that was built. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>
#include <unistd.h>

struct seen {
    struct buf out;
    struct process_result process;
    char *refused;
    bool done;
};

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    (void)stream;
    buf_append_str(&((struct seen *)data)->out, bytes);
}

static void on_exit_seen(void *data, const struct confined_result *result)
{
    struct seen *seen = data;
    seen->process = result->process;
    seen->refused = mem_strdup(result->refused);
    seen->done = true;
}

static void seen_free(struct seen *seen)
{
    buf_free(&seen->out);
    free(seen->refused);
}

static struct seen run(const char *const *argv, const char *writable, struct confined_options how)
{
    struct err err;
    struct seen seen = {.out = BUF_INIT};
    struct loop *loop = loop_new(&err);
    how.argv = argv;
    how.writable = writable;
    how.on_data = on_data;
    how.on_exit = on_exit_seen;
    how.data = &seen;
    struct confined *confined = confined_start(loop, &how, &err);
    assert_ok(confined != NULL, err);
    assert_true(loop_run_until(loop, &seen.done, 240000));
    confined_free(confined);
    loop_free(loop);
    return seen;
}

static void it_reads_writes_where_it_may_and_nowhere_else(void **state)
{
    char *dir = *state;
    char *script = mem_strdup(
        "cat; echo in > \"$1/in\" && echo wrote; echo out > \"$2\" || echo kept; exit 3");
    char *outside = path_join(dir, "outside");
    char *folder = path_join(dir, "folder");
    struct err err;
    assert_ok(path_make_dirs(folder, &err), err);
    const char *argv[] = {"sh", "-c", script, "sh", folder, outside, NULL};
    struct confined_options how = {.input = STR_LIT("fed\n"), .cwd = dir};
    struct seen seen = run(argv, folder, how);
    assert_int_equal(seen.process.exit_code, 3);
    assert_null(seen.refused);
    assert_true(str_starts(buf_str(&seen.out), "fed\nwrote\n"));
    assert_non_null(strstr(seen.out.ptr, "kept"));
    assert_int_equal(access(outside, F_OK), -1);
    seen_free(&seen);
    free(script);
    free(outside);
    free(folder);
}

static void it_has_its_time_and_all_of_it_ends(void **state)
{
    (void)state;
    /* What ignores the signal, in a session of its own. The pipe's end is what is waited for. */
    const char *argv[] = {"sh", "-c",
        "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 1000\" & echo begun; sleep 1000; sleep "
        "1000",
        NULL};
    struct confined_options how = {.timeout_ms = 300};
    struct seen seen = run(argv, NULL, how);
    assert_true(seen.process.timed_out);
    assert_int_not_equal(seen.process.exit_code, 0);
    seen_free(&seen);
}

static void its_output_is_bounded(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", NULL};
    struct confined_options how = {.max_output = 100000};
    struct seen seen = run(argv, NULL, how);
    assert_true(seen.process.truncated);
    assert_true(seen.out.len <= 100000);
    seen_free(&seen);
}

static void what_cannot_run_says_why(void **state)
{
    (void)state;
    const char *argv[] = {"no-such-program-at-all", NULL};
    struct seen seen = run(argv, NULL, (struct confined_options){0});
    assert_non_null(seen.refused);
    assert_non_null(strstr(seen.refused, "not on PATH"));
    seen_free(&seen);
    const char *own[] = {"sh", "-c", "echo mine >&2; exit 127", NULL};
    seen = run(own, NULL, (struct confined_options){0});
    assert_null(seen.refused);
    assert_int_equal(seen.process.exit_code, 127);
    seen_free(&seen);
    seen = run(own, "/no/such/folder", (struct confined_options){0});
    assert_non_null(seen.refused);
    assert_int_equal(seen.process.exit_code, 125);
    seen_free(&seen);
}

static void nobody_listens_after_it_is_freed(void **state)
{
    (void)state;
    struct err err;
    struct seen seen = {.out = BUF_INIT};
    struct loop *loop = loop_new(&err);
    const char *argv[] = {"sleep", "1000", NULL};
    struct confined_options how = {
        .argv = argv, .on_data = on_data, .on_exit = on_exit_seen, .data = &seen};
    struct confined *confined = confined_start(loop, &how, &err);
    assert_ok(confined != NULL, err);
    confined_free(confined);
    loop_free(loop); /* waits for its end */
    assert_false(seen.done);
}

int main(void)
{
    char *program = path_join(getenv("BYLAW_BINARY_DIR"), "bylaw");
    char *dir = test_dir_make();
    confined_use_program(program);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(it_reads_writes_where_it_may_and_nowhere_else, dir),
        cmocka_unit_test(it_has_its_time_and_all_of_it_ends),
        cmocka_unit_test(its_output_is_bounded),
        cmocka_unit_test(what_cannot_run_says_why),
        cmocka_unit_test(nobody_listens_after_it_is_freed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    confined_use_program(NULL);
    free(program);
    test_dir_remove(dir);
    return failed;
}
