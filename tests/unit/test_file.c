/* Whole files: what is written takes the place of a file, and of nothing that is none. */
#include "test.h"

#include "base/file.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *make_folder(void)
{
    char *dir = mem_strdup("/tmp/bylaw-file-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static void assert_content(const char *path, const char *expected)
{
    struct buf bytes = BUF_INIT;
    struct err err;
    assert_ok(file_read(path, 1000, &bytes, &err), err);
    assert_string_equal(bytes.ptr, expected);
    buf_free(&bytes);
}

static void remove_folder(char *dir)
{
    struct err err;
    assert_ok(path_remove_tree(dir, &err), err);
    free(dir);
}

static void replaces_files(void **state)
{
    (void)state;
    char *dir = make_folder();
    char *file = path_join(dir, "a");
    struct err err;
    struct stat st;
    assert_ok(file_write(file, STR_LIT("one"), 0640, &err), err);
    assert_int_equal(chmod(file, 0604), 0);
    assert_ok(file_write(file, STR_LIT("two"), 0600, &err), err);
    assert_content(file, "two");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0604);
    assert_false(file_write(dir, STR_LIT("three"), 0600, &err)); /* a folder stays one */
    assert_int_equal(stat(dir, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    free(file);
    remove_folder(dir);
}

/* In a pipe of its own name somebody reads it; a device takes it; none becomes a file. */
static void writes_to_streams(void **state)
{
    (void)state;
    char *dir = make_folder();
    char *pipe_path = path_join(dir, "pipe");
    char *null_path = path_join(dir, "null");
    struct err err;
    struct stat st;
    char got[16] = "";
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_ok(file_write(pipe_path, STR_LIT("piped"), 0600, &err), err);
    assert_int_equal(read(reader, got, sizeof got - 1), 5);
    assert_string_equal(got, "piped");
    assert_int_equal(stat(pipe_path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    close(reader);
    /* A link to the device: were it replaced, then the link and not the machine's own. */
    assert_int_equal(symlink("/dev/null", null_path), 0);
    assert_ok(file_write(null_path, STR_LIT("gone"), 0600, &err), err);
    assert_int_equal(stat(null_path, &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    free(pipe_path);
    free(null_path);
    remove_folder(dir);
}

/* What a shell led to a file, by its other name: behind what was printed before. */
static void writes_to_own_descriptors(void **state)
{
    (void)state;
    char *dir = make_folder();
    char *file = path_join(dir, "out");
    char *name = path_join(dir, "stdout");
    struct err err;
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_ok(file_write_all(fd, STR_LIT("before "), &err), err);
    char *own = mem_printf("/proc/self/fd/%d", fd);
    assert_int_equal(symlink(own, name), 0);
    assert_ok(file_write(name, STR_LIT("report "), 0600, &err), err);
    assert_ok(file_write_all(fd, STR_LIT("after"), &err), err);
    close(fd);
    assert_content(file, "before report after");
    free(own);
    free(file);
    free(name);
    remove_folder(dir);
}

/* As somebody whose rights count: root's do not. */
static bool by_another_user(bool (*works)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        bool other = geteuid() != 0 || setuid(65534) == 0;
        _exit(other && works() ? 0 : 1);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What a program may leave of its temporary folder. */
static bool removes_what_was_closed(void)
{
    struct err err;
    char dir[] = "/tmp/bylaw-file-XXXXXX";
    if (mkdtemp(dir) == NULL) {
        return false;
    }
    char *outer = path_join(dir, "outer");
    char *inner = path_join(outer, "inner");
    char *file = path_join(inner, "file");
    bool made = mkdir(outer, 0700) == 0 && mkdir(inner, 0700) == 0 &&
                file_write(file, STR_LIT("x"), 0600, &err) && chmod(inner, 0) == 0 &&
                chmod(outer, 0) == 0;
    bool removed = path_remove_tree(dir, &err);
    free(file);
    free(inner);
    free(outer);
    return made && removed && access(dir, F_OK) != 0;
}

static void removes_trees(void **state)
{
    (void)state;
    enum { DEPTH = 3000 };
    struct err err;
    char *dir = make_folder();
    char *kept = make_folder();
    char *file = path_join(kept, "file");
    char *link = path_join(dir, "link");
    assert_ok(file_write(file, STR_LIT("x"), 0600, &err), err);
    assert_int_equal(symlink(kept, link), 0);
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEPTH; i++) { /* longer than a path can be */
        assert_int_equal(mkdirat(at, "lifted-1", 0700), 0);
        int next = openat(at, "lifted-1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        close(at);
        at = next;
    }
    close(at);
    assert_ok(path_remove_tree(dir, &err), err);
    assert_int_not_equal(access(dir, F_OK), 0);
    assert_ok(path_remove_tree(dir, &err), err); /* it is not there */
    assert_content(file, "x");
    assert_ok(path_remove_tree(file, &err), err);
    assert_true(by_another_user(removes_what_was_closed));
    free(link);
    free(file);
    free(dir);
    remove_folder(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_files),
        cmocka_unit_test(writes_to_streams),
        cmocka_unit_test(writes_to_own_descriptors),
        cmocka_unit_test(removes_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
