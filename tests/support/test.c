#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "loop/process.h"
#include "sandbox/confined.h"

#include <stdio.h>
#include <stdlib.h>

/* What a test has confined is confined by the bylaw that was built: the test's own program would be
 * started in its place, and run the test once more. */
__attribute__((constructor)) static void confine_with_bylaw(void)
{
    const char *dir = getenv("BYLAW_BINARY_DIR");
    char *program = dir == NULL ? NULL : path_join(dir, "bylaw");
    if (program != NULL) {
        confined_use_program(program);
    }
    free(program);
}

#ifdef __linux__
static int has_failed;

static void note_status(int status, void *data)
{
    (void)data;
    has_failed = status != 0;
}

__attribute__((constructor)) static void watch_status(void)
{
    on_exit(note_status, NULL);
}

/* cmocka jumps out of a test that fails: what it leaves is no leak worth a report of its own. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return has_failed;
}
#endif

char *test_dir_make(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = mem_printf("%s/bylaw-test-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(dir) == NULL) {
        fail_msg("mkdtemp failed");
    }
    return dir;
}

void test_dir_remove(char *dir)
{
    enum { WAIT_MS = 60000, STEP_MS = 50 };
    struct err err;
    bool removed = path_remove_tree(dir, &err);
    /* What a program left behind when it was killed may write on until it has ended, too. */
    for (int waited = 0; !removed && waited < WAIT_MS; waited += STEP_MS) {
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
        removed = path_remove_tree(dir, &err);
    }
    assert_ok(removed, err);
    free(dir);
}

void test_write(const char *dir, const char *name, const char *content)
{
    struct err err;
    char *path = path_join(dir, name);
    char *parent = path_dir(path);
    assert_ok(path_make_dirs(parent, &err), err);
    assert_ok(file_write(path, str_of(content), 0666, &err), err);
    free(parent);
    free(path);
}

char *test_read(const char *dir, const char *name)
{
    struct err err;
    struct buf out = BUF_INIT;
    char *path = path_join(dir, name);
    assert_ok(file_read(path, (size_t)256 << 20, &out, &err), err);
    free(path);
    return buf_take(&out);
}

char *test_source_path(const char *relative)
{
    const char *source = getenv("BYLAW_SOURCE_DIR");
    if (source == NULL) {
        fail_msg("BYLAW_SOURCE_DIR is not set: run the tests through ctest");
    }
    return path_join(source, relative);
}

char *test_run(const char *cwd, const char *const *argv)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    assert_non_null(loop);
    struct buf out = BUF_INIT;
    struct buf errout = BUF_INIT;
    struct process_result result;
    struct process_options options = {.argv = argv, .cwd = cwd, .timeout_ms = 600000};
    assert_ok(process_run(loop, &options, &out, &errout, &result, &err), err);
    if (result.exit_code != 0) {
        fail_msg(
            "%s exited %d: %s", argv[0], result.exit_code, errout.ptr == NULL ? "" : errout.ptr);
    }
    buf_free(&errout);
    loop_free(loop);
    return buf_take(&out);
}

void test_expect_file(const char *dir, const char *name, const char *expected)
{
    enum { WAIT_MS = 240000, STEP_MS = 20 };
    for (int waited = 0;; waited += STEP_MS) {
        char *content = test_read(dir, name);
        bool same = strcmp(content, expected) == 0;
        if (!same && waited >= WAIT_MS) {
            fail_msg("%s holds \"%s\", not \"%s\"", name, content, expected);
        }
        free(content);
        if (same) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
}
