#include "test.h"

#include "base/sha256.h"
#include "workspace/beneath.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char *dir;
    int root;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    test_write(f->dir, "in/a/b.rego", "package b\n");
    test_write(f->dir, "in/top.txt", "top");
    test_write(f->dir, "in/.git/config", "[core]\n");
    test_write(f->dir, "out/secret.txt", "secret");
    char *in = mem_printf("%s/in", f->dir);
    f->root = beneath_open_root(in, &f->err);
    assert_true(f->root >= 0);
    free(in);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close(f->root);
    test_dir_remove(f->dir);
    free(f);
    beneath_force_walk(false);
    return 0;
}

static void refused(struct fixture *f, const char *path, enum err_kind kind, const char *because)
{
    struct buf out = BUF_INIT;
    if (beneath_read(f->root, path, 1000, &out, NULL, &f->err)) {
        fail_msg("%s was read: %s", path, out.ptr);
    }
    if (f->err.kind != kind || strstr(f->err.text, because) == NULL) {
        fail_msg("%s: kind %d, %s", path, (int)f->err.kind, f->err.text);
    }
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void hostile_paths(struct fixture *f)
{
    symlinkat("../out/secret.txt", f->root, "link.txt");
    symlinkat("../out", f->root, "linkdir");
    symlinkat("a/b.rego", f->root, "inside.rego");
    symlinkat("/proc/self/root", f->root, "magic");
    mkfifoat(f->root, "fifo", 0600);
    mkdirat(f->root, "folder", 0700);
    refused(f, "../out/secret.txt", ERR_DENIED, "..");
    refused(f, "a/../../out/secret.txt", ERR_DENIED, "..");
    refused(f, "/etc/passwd", ERR_DENIED, "absolute");
    refused(f, ".git/config", ERR_DENIED, ".git");
    refused(f, ".GIT/config", ERR_DENIED, ".git");
    refused(f, "a/.git/config", ERR_DENIED, ".git");
    refused(f, "", ERR_INVALID, "empty");
    refused(f, "a/\x1b[2Jb", ERR_INVALID, "control");
    refused(f, "a/\xff", ERR_INVALID, "UTF-8");
    refused(f, "link.txt", ERR_DENIED, "symbolic link");
    refused(f, "inside.rego", ERR_DENIED, "symbolic link");
    refused(f, "linkdir/secret.txt", ERR_DENIED, "symbolic link");
    refused(f, "magic/etc/passwd", ERR_DENIED, "symbolic link");
    refused(f, "fifo", ERR_INVALID, "device, pipe or socket");
    refused(f, "folder", ERR_INVALID, "folder");
    refused(f, "missing", ERR_NOT_FOUND, "missing");
    refused(f, "top.txt/x", ERR_NOT_FOUND, "top.txt");
    if (mknodat(f->root, "null", S_IFCHR | 0600, (dev_t)0x103) == 0) {
        refused(f, "null", ERR_INVALID, "device");
    }
    struct buf out = BUF_INIT;
    assert_ok(beneath_read(f->root, "./a//b.rego", 1000, &out, NULL, &f->err), f->err);
    assert_string_equal(out.ptr, "package b\n");
    buf_free(&out);
    assert_false(beneath_make_parents(f->root, "linkdir/new/x", NULL, NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_DENIED);
    assert_false(beneath_make_parents(f->root, "top.txt/new/x", NULL, NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_EXISTS);
    struct stat st;
    assert_ok(beneath_stat(f->root, "link.txt", &st, &f->err), f->err);
    assert_true(S_ISLNK(st.st_mode));
    assert_false(beneath_stat(f->root, "linkdir/secret.txt", &st, &f->err));
}

static void kernel_refuses(void **state)
{
    hostile_paths(*state);
}

static void walk_refuses(void **state)
{
    beneath_force_walk(true);
    hostile_paths(*state);
}

static void count_made(void *data, const char *folder)
{
    struct buf *made = data;
    buf_printf(made, "%s|", folder);
}

static void parents_are_made(void **state)
{
    struct fixture *f = *state;
    struct buf made = BUF_INIT;
    assert_ok(beneath_make_parents(f->root, "a/x/y/z.rego", count_made, &made, &f->err), f->err);
    assert_string_equal(made.ptr, "a/x|a/x/y|");
    struct stat st;
    assert_ok(beneath_stat(f->root, "a/x/y", &st, &f->err), f->err);
    assert_true(S_ISDIR(st.st_mode));
    buf_free(&made);
}

static void size_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct buf out = BUF_INIT;
    assert_false(beneath_read(f->root, "a/b.rego", 9, &out, NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_LIMIT);
    struct file_stamp stamp;
    assert_ok(beneath_read(f->root, "a/b.rego", 10, &out, &stamp, &f->err), f->err);
    assert_true(stamp.exists);
    assert_int_equal(stamp.size, 10);
    buf_free(&out);
}

struct swapper {
    int root;
    atomic_bool stop;
};

/* Swaps a folder for a link to the outside and back, as fast as it can. */
static void *swap_for_ever(void *data)
{
    struct swapper *s = data;
    while (!s->stop) {
        renameat2(s->root, "door", s->root, "evil", RENAME_EXCHANGE);
    }
    return NULL;
}

static void race(struct fixture *f)
{
    mkdirat(f->root, "door", 0700);
    test_write(f->dir, "in/door/secret.txt", "public");
    symlinkat("../out", f->root, "evil");
    struct swapper s = {.root = f->root};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, swap_for_ever, &s), 0);
    int read = 0;
    for (int i = 0; i < 20000; i++) {
        struct buf out = BUF_INIT;
        if (beneath_read(f->root, "door/secret.txt", 100, &out, NULL, &f->err)) {
            assert_string_equal(out.ptr, "public");
            read++;
        }
        buf_free(&out);
    }
    s.stop = true;
    pthread_join(thread, NULL);
    assert_true(read > 0);
}

static void swapped_links_are_never_followed(void **state)
{
    race(*state);
}

static void swapped_links_are_never_followed_walking(void **state)
{
    beneath_force_walk(true);
    race(*state);
}

static void sha256_vectors(void **state)
{
    (void)state;
    char hex[SHA256_HEX_SIZE];
    sha256_hex(STR_LIT(""), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex(STR_LIT("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex(STR_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    struct sha256 sha;
    sha256_init(&sha);
    for (int i = 0; i < 1000000; i++) {
        sha256_add(&sha, STR_LIT("a"));
    }
    sha256_finish(&sha, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kernel_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walk_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parents_are_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(size_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(swapped_links_are_never_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            swapped_links_are_never_followed_walking, set_up, tear_down),
        cmocka_unit_test(sha256_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
