#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/door.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char *dir;
    char *root;
    struct workspace *ws;
    struct changes set;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    char *home = path_join(f->dir, "state");
    setenv("XDG_STATE_HOME", home, 1);
    free(home);
    test_write(f->dir, "ws/a.rego", "old a\r\n");
    test_write(f->dir, "ws/sub/b.rego", "old b");
    test_write(f->dir, "ws/c.rego", "old c\n");
    f->root = path_join(f->dir, "ws");
    f->ws = workspace_open(f->root, &f->err);
    assert_non_null(f->ws);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    door_set_test_hook(NULL, NULL);
    door_set_plain_renames(false);
    changes_free(&f->set);
    workspace_free(f->ws);
    free(f->root);
    test_dir_remove(f->dir);
    free(f);
    return 0;
}

static struct change *add(struct fixture *f, enum change_kind kind, const char *path,
    const char *base, const char *content)
{
    struct change change = {
        .kind = kind, .path = mem_strdup(path), .base_exists = base != NULL, .mode = 0644};
    buf_append_c(&change.base, base == NULL ? "" : base);
    buf_append_c(&change.content, content == NULL ? "" : content);
    VEC_PUSH(&f->set, change);
    return &f->set.items[f->set.len - 1];
}

/* An update, a new file in new folders, a delete and a move. */
static void usual_set(struct fixture *f)
{
    add(f, CHANGE_UPDATE, "a.rego", "old a\r\n", "new a\r\nno newline at end");
    add(f, CHANGE_ADD, "new/deep/d.rego", NULL, "new d\n");
    add(f, CHANGE_DELETE, "c.rego", "old c\n", NULL);
    struct change *moved = add(f, CHANGE_UPDATE, "sub/moved.rego", "old b", "new b");
    moved->moved_from = mem_strdup("sub/b.rego");
}

static bool exists(struct fixture *f, const char *path)
{
    struct stat st;
    char *full = path_join(f->root, path);
    bool found = lstat(full, &st) == 0;
    free(full);
    return found;
}

static bool holds(struct fixture *f, const char *path, const char *content)
{
    if (!exists(f, path)) {
        return false;
    }
    char *got = test_read(f->root, path);
    bool same = strcmp(got, content) == 0;
    free(got);
    return same;
}

static bool is_all_old(struct fixture *f)
{
    return holds(f, "a.rego", "old a\r\n") && holds(f, "sub/b.rego", "old b") &&
           holds(f, "c.rego", "old c\n") && !exists(f, "new") && !exists(f, "sub/moved.rego");
}

static bool is_all_new(struct fixture *f)
{
    return holds(f, "a.rego", "new a\r\nno newline at end") &&
           holds(f, "new/deep/d.rego", "new d\n") && !exists(f, "c.rego") &&
           holds(f, "sub/moved.rego", "new b") && !exists(f, "sub/b.rego");
}

/* The state file and the temporary files are gone. */
static void assert_no_litter(struct fixture *f)
{
    const char *argv[] = {"find", f->dir, "-name", "*.bylaw-*", "-o", "-name", "*.json", NULL};
    char *found = test_run(NULL, argv);
    assert_string_equal(found, "");
    free(found);
}

static void assert_refused(struct fixture *f, enum err_kind kind, const char *because)
{
    if (door_write(f->ws, &f->set, &f->err)) {
        fail_msg("it was written; expected: %s", because);
    }
    if (f->err.kind != kind || strstr(f->err.text, because) == NULL) {
        fail_msg("kind %d: %s", (int)f->err.kind, f->err.text);
    }
    assert_no_litter(f);
}

static void writes_a_set(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    assert_true(is_all_new(f));
    assert_no_litter(f);
}

static void writes_a_set_without_exchange(void **state)
{
    struct fixture *f = *state;
    door_set_plain_renames(true);
    usual_set(f);
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    assert_true(is_all_new(f));
    assert_no_litter(f);
}

static void conflicts_are_named(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    test_write(f->root, "sub/b.rego", "mine");
    assert_refused(f, ERR_CONFLICT, "sub/b.rego has changed");
    assert_true(holds(f, "a.rego", "old a\r\n"));
    assert_true(holds(f, "sub/b.rego", "mine"));
    test_write(f->root, "sub/b.rego", "old b");
    test_write(f->root, "new/deep/d.rego", "came first");
    assert_refused(f, ERR_CONFLICT, "new/deep/d.rego exists already");
    char *c = path_join(f->root, "c.rego");
    assert_int_equal(unlink(c), 0);
    free(c);
    assert_refused(f, ERR_CONFLICT, "c.rego is gone");
}

static void special_files_are_refused(void **state)
{
    struct fixture *f = *state;
    int root = workspace_fd(f->ws);
    assert_int_equal(symlinkat("a.rego", root, "link.rego"), 0);
    assert_int_equal(symlinkat("/tmp", root, "out"), 0);
    assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
    assert_int_equal(linkat(root, "c.rego", root, "other.rego", 0), 0);
    assert_int_equal(fchmodat(root, "a.rego", 0444, 0), 0);
    static const struct {
        const char *path;
        const char *base;
        enum err_kind kind;
        const char *because;
    } cases[] = {
        {"link.rego", "old a\r\n", ERR_DENIED, "symbolic link"},
        {"out/x.rego", NULL, ERR_DENIED, "symbolic link"},
        {"fifo", "", ERR_DENIED, "device, pipe or socket"},
        {"sub", "", ERR_EXISTS, "is a folder"},
        {"c.rego", "old c\n", ERR_DENIED, "hard links"},
        {"a.rego", "old a\r\n", ERR_DENIED, "read-only (mode 0444)"},
        {"../x.rego", NULL, ERR_DENIED, ".."},
        {"/tmp/x.rego", NULL, ERR_DENIED, "absolute"},
        {".git/hooks/pre-commit", NULL, ERR_DENIED, ".git"},
        {"sub/.GIT/config", NULL, ERR_DENIED, ".git"},
        {"a.rego/x", NULL, ERR_EXISTS, "a.rego is a file"},
        {"./c.rego", "old c\n", ERR_INVALID, "not a plain path"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        add(f, cases[i].base == NULL ? CHANGE_ADD : CHANGE_UPDATE, cases[i].path, cases[i].base,
            "evil");
        assert_refused(f, cases[i].kind, cases[i].because);
        changes_free(&f->set);
    }
    add(f, CHANGE_UPDATE, "sub/b.rego", "old b", "1");
    add(f, CHANGE_UPDATE, "sub/b.rego", "old b", "2");
    assert_refused(f, ERR_INVALID, "twice");
}

static void mode_and_owner_are_kept(void **state)
{
    struct fixture *f = *state;
    int root = workspace_fd(f->ws);
    fchmodat(root, "a.rego", 0751, 0);
    fchmodat(root, "sub/b.rego", 0640, 0);
    bool is_root = geteuid() == 0;
    if (is_root) {
        assert_int_equal(fchownat(root, "a.rego", 1234, 4321, 0), 0);
    }
    usual_set(f);
    mode_t mask = umask(027);
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    umask(mask);
    struct stat st;
    assert_ok(beneath_stat(root, "a.rego", &st, &f->err), f->err);
    assert_int_equal(st.st_mode & 07777, 0751);
    if (is_root) {
        assert_int_equal(st.st_uid, 1234);
        assert_int_equal(st.st_gid, 4321);
    }
    assert_ok(beneath_stat(root, "sub/moved.rego", &st, &f->err), f->err);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_ok(beneath_stat(root, "new/deep/d.rego", &st, &f->err), f->err);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void files_may_change_places(void **state)
{
    struct fixture *f = *state;
    struct change *one = add(f, CHANGE_UPDATE, "c.rego", "old a\r\n", "a, now c");
    one->moved_from = mem_strdup("a.rego");
    struct change *two = add(f, CHANGE_UPDATE, "a.rego", "old c\n", "c, now a");
    two->moved_from = mem_strdup("c.rego");
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    assert_true(holds(f, "a.rego", "c, now a"));
    assert_true(holds(f, "c.rego", "a, now c"));
    assert_no_litter(f);
}

/* Somebody saves a file between our check and our switch. */
static void edit_in_between(void *data, const char *step)
{
    struct fixture *f = data;
    if (strcmp(step, "decided") == 0) {
        test_write(f->root, "c.rego", "saved just now\n");
    }
}

static void late_edit_is_put_back(void **state)
{
    struct fixture *f = *state;
    for (int plain = 0; plain < 2; plain++) {
        test_write(f->root, "c.rego", "old c\n");
        door_set_plain_renames(plain == 1);
        changes_free(&f->set);
        add(f, CHANGE_UPDATE, "a.rego", "old a\r\n", "new");
        add(f, CHANGE_UPDATE, "c.rego", "old c\n", "new");
        add(f, CHANGE_ADD, "x/y.rego", NULL, "new");
        door_set_test_hook(edit_in_between, f);
        assert_refused(f, ERR_CONFLICT, "c.rego was changed by another program just now");
        door_set_test_hook(NULL, NULL);
        assert_true(holds(f, "a.rego", "old a\r\n"));
        assert_true(holds(f, "c.rego", "saved just now\n"));
        assert_false(exists(f, "x"));
    }
}

static void full_disk_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    struct change *big = add(f, CHANGE_ADD, "z/big.rego", NULL, "");
    buf_append_repeat(&big->content, 'x', 3 << 20);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old;
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    bool wrote = door_write(f->ws, &f->set, &f->err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(wrote);
    assert_non_null(strstr(f->err.text, "z/big.rego"));
    assert_true(is_all_old(f));
    assert_false(exists(f, "z"));
    assert_no_litter(f);
}

static void full_tmpfs_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    char *mnt = path_join(f->dir, "mnt");
    assert_int_equal(mkdir(mnt, 0700), 0);
    if (mount("tmpfs", mnt, "tmpfs", 0, "size=256k") != 0) {
        free(mnt);
        skip(); /* only the superuser may mount */
    }
    test_write(mnt, "a.rego", "old");
    struct workspace *ws = workspace_open(mnt, &f->err);
    add(f, CHANGE_UPDATE, "a.rego", "old", "new");
    struct change *big = add(f, CHANGE_ADD, "big.rego", NULL, "");
    buf_append_repeat(&big->content, 'x', 1 << 20);
    bool wrote = door_write(ws, &f->set, &f->err);
    char *a = test_read(mnt, "a.rego");
    struct stat st;
    bool left = beneath_stat(workspace_fd(ws), "big.rego", &st, NULL);
    workspace_free(ws);
    mount("tmpfs", mnt, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL);
    ws = workspace_open(mnt, &f->err);
    f->set.len = 1;
    struct err read_only = {0};
    bool wrote_again = door_write(ws, &f->set, &read_only);
    f->set.len = 2;
    workspace_free(ws);
    assert_int_equal(umount(mnt), 0);
    free(mnt);
    assert_false(wrote);
    assert_non_null(strstr(f->err.text, "No space left"));
    assert_string_equal(a, "old");
    assert_false(left);
    assert_false(wrote_again);
    assert_non_null(strstr(read_only.text, "read-only"));
    free(a);
}

struct killer {
    int at;
    int seen;
};

static void kill_at(void *data, const char *step)
{
    struct killer *k = data;
    (void)step;
    if (k->seen++ == k->at) {
        kill(getpid(), SIGKILL);
    }
}

static void restore_old(struct fixture *f)
{
    const char *argv[] = {"sh", "-c",
        "rm -rf new sub/moved.rego && printf 'old a\\r\\n' >a.rego && printf 'old b' >sub/b.rego "
        "&& "
        "printf 'old c\\n' >c.rego",
        NULL};
    free(test_run(f->root, argv));
}

static pid_t write_in_child(struct fixture *f, struct killer *killer)
{
    pid_t child = fork();
    if (child == 0) {
        if (killer != NULL) {
            door_set_test_hook(kill_at, killer);
        }
        struct err err;
        _exit(door_write(f->ws, &f->set, &err) ? 0 : 1);
    }
    return child;
}

static void recover_and_check(struct fixture *f, const char *when, int *old, int *new)
{
    struct door_recovery recovery;
    assert_ok(door_recover(f->ws, &recovery, &f->err), f->err);
    if (recovery.note.len > 0) {
        fail_msg("%s: %s", when, recovery.note.ptr);
    }
    buf_free(&recovery.note);
    bool is_old = is_all_old(f);
    bool is_new = is_all_new(f);
    if (is_old == is_new) {
        fail_msg("%s: neither all old nor all new", when);
    }
    *old += is_old;
    *new += is_new;
    assert_no_litter(f);
}

/* Killed at every step in turn, with both ways of renaming. */
static void killed_at_each_step(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    for (int plain = 0; plain < 2; plain++) {
        door_set_plain_renames(plain == 1);
        int old = 0;
        int new = 0;
        int status = 0;
        for (int at = 0; at < 100; at++) {
            restore_old(f);
            struct killer killer = {.at = at};
            pid_t child = write_in_child(f, &killer);
            waitpid(child, &status, 0);
            char *when = mem_printf("killed at step %d", at);
            recover_and_check(f, when, &old, &new);
            free(when);
            if (WIFEXITED(status)) {
                break;
            }
        }
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_true(old >= 5 && new >= 10);
    }
}

static void killed_at_random_times(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    int old = 0;
    int new = 0;
    unsigned seed = 12345;
    for (int round = 0; round < 60; round++) {
        restore_old(f);
        pid_t child = write_in_child(f, NULL);
        seed = seed * 1664525u + 1013904223u;
        usleep((seed >> 8) % 20000);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        recover_and_check(f, "killed at random", &old, &new);
    }
    assert_int_equal(old + new, 60);
}

/* The engineer edits one file after the crash and before the next start: it stays, and the rest
 * goes back to what it was. */
static void edit_after_a_crash_is_kept(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    struct killer killer = {.at = 10};
    int status;
    waitpid(write_in_child(f, &killer), &status, 0);
    test_write(f->root, "sub/b.rego", "edited after the crash");
    struct door_recovery recovery;
    assert_ok(door_recover(f->ws, &recovery, &f->err), f->err);
    assert_int_equal(recovery.outcome, DOOR_ROLLED_BACK);
    assert_non_null(strstr(recovery.note.ptr, "sub/b.rego"));
    buf_free(&recovery.note);
    assert_true(holds(f, "sub/b.rego", "edited after the crash"));
    assert_true(holds(f, "a.rego", "old a\r\n"));
    assert_true(holds(f, "c.rego", "old c\n"));
    assert_false(exists(f, "sub/moved.rego"));
    assert_false(exists(f, "new"));
}

static void saves_one_file(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    struct file_stamp stamp;
    struct file_stamp now;
    assert_ok(workspace_read(f->ws, "a.rego", &text, &stamp, &f->err), f->err);
    assert_ok(door_save(f->ws, "a.rego", STR_LIT("mine"), &stamp, &now, &f->err), f->err);
    assert_true(holds(f, "a.rego", "mine"));
    assert_false(door_save(f->ws, "a.rego", STR_LIT("again"), &stamp, &now, &f->err));
    assert_int_equal(f->err.kind, ERR_CONFLICT);
    assert_true(holds(f, "a.rego", "mine"));
    assert_ok(door_save(f->ws, "a.rego", STR_LIT("again"), NULL, &now, &f->err), f->err);
    assert_ok(door_save(f->ws, "a.rego", STR_LIT("3"), &now, &now, &f->err), f->err);
    struct file_stamp none = {0};
    assert_ok(door_save(f->ws, "q/new.rego", STR_LIT("n"), &none, &now, &f->err), f->err);
    assert_true(holds(f, "q/new.rego", "n"));
    assert_false(door_save(f->ws, "q/new.rego", STR_LIT("n2"), &none, &now, &f->err));
    assert_int_equal(f->err.kind, ERR_CONFLICT);
    assert_no_litter(f);
    buf_free(&text);
}

struct waited {
    bool done;
    bool ok;
};

static void on_written(void *data, const struct err *err)
{
    struct waited *w = data;
    w->done = true;
    w->ok = err == NULL;
}

static void writes_on_a_worker(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    struct loop *loop = loop_new(&f->err);
    struct waited waited = {0};
    door_start(f->ws, loop, &f->set, on_written, &waited);
    changes_free(&f->set);
    assert_true(loop_run_until(loop, &waited.done, 240000));
    assert_true(waited.ok);
    assert_true(is_all_new(f));
    loop_free(loop);
}

#define DOOR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(writes_a_set),
        DOOR_TEST(writes_a_set_without_exchange),
        DOOR_TEST(conflicts_are_named),
        DOOR_TEST(special_files_are_refused),
        DOOR_TEST(mode_and_owner_are_kept),
        DOOR_TEST(files_may_change_places),
        DOOR_TEST(late_edit_is_put_back),
        DOOR_TEST(full_disk_leaves_nothing),
        DOOR_TEST(full_tmpfs_leaves_nothing),
        DOOR_TEST(killed_at_each_step),
        DOOR_TEST(killed_at_random_times),
        DOOR_TEST(edit_after_a_crash_is_kept),
        DOOR_TEST(saves_one_file),
        DOOR_TEST(writes_on_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
