#include "dice.h"
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/overlay.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char *dir;
    char *root;
    struct workspace *ws;
    struct overlay *overlay;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    char *cache = path_join(f->dir, "cache");
    setenv("XDG_CACHE_HOME", cache, 1);
    free(cache);
    f->root = path_join(f->dir, "policies");
    test_write(f->root, "a.rego", "a");
    test_write(f->root, "sub/b.rego", "b");
    test_write(f->root, "sub/c.rego", "c");
    test_write(f->root, ".gitignore", "*.log\n");
    test_write(f->root, "x.log", "ignored");
    f->ws = workspace_open(f->root, &f->err);
    f->overlay = overlay_new(f->ws, &f->err);
    assert_ok(f->overlay != NULL, f->err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char *root = mem_strdup(f->overlay == NULL ? "/nonexistent" : overlay_root(f->overlay));
    overlay_free(f->overlay);
    assert_int_not_equal(access(root, F_OK), 0);
    workspace_free(f->ws);
    free(root);
    free(f->root);
    test_dir_remove(f->dir);
    free(f);
    return 0;
}

static void add(struct changes *set, enum change_kind kind, const char *path, const char *content)
{
    struct change change = {.kind = kind, .path = mem_strdup(path), .mode = 0644};
    buf_append_c(&change.content, content);
    VEC_PUSH(set, change);
}

/* Path and content of everything in the copy, sorted. */
static char *tree(const struct fixture *f)
{
    const char *argv[] = {"sh", "-c",
        "find . \\( -type f -o -type l \\) | LC_ALL=C sort | while read -r p; do "
        "if [ -L \"$p\" ]; then echo \"$p -> $(readlink \"$p\")\"; else echo \"$p $(cat \"$p\")\"; "
        "fi; done",
        NULL};
    return test_run(overlay_root(f->overlay), argv);
}

static void assert_tree(struct fixture *f, const struct changes *set, const char *want)
{
    assert_ok(overlay_apply(f->overlay, set, NULL, &f->err), f->err);
    char *got = tree(f);
    assert_string_equal(got, want);
    free(got);
}

#define BASE_TREE "./.gitignore *.log\n./a.rego a\n./sub/b.rego b\n./sub/c.rego c\n"

static void lays_sets_out_and_takes_them_back(void **state)
{
    struct fixture *f = *state;
    assert_tree(f, NULL, BASE_TREE);
    assert_int_equal(overlay_copied(f->overlay), 4);
    struct changes one = {0};
    add(&one, CHANGE_UPDATE, "a.rego", "A");
    add(&one, CHANGE_ADD, "new/deep/d.rego", "D");
    add(&one, CHANGE_DELETE, "sub/c.rego", "");
    struct change moved = {.kind = CHANGE_UPDATE,
        .path = mem_strdup("sub/moved.rego"),
        .moved_from = mem_strdup("sub/b.rego")};
    buf_append_c(&moved.content, "B");
    VEC_PUSH(&one, moved);
    assert_tree(
        f, &one, "./.gitignore *.log\n./a.rego A\n./new/deep/d.rego D\n./sub/moved.rego B\n");
    struct changes two = {0};
    add(&two, CHANGE_UPDATE, "sub/c.rego", "C2");
    assert_tree(f, &two, "./.gitignore *.log\n./a.rego a\n./sub/b.rego b\n./sub/c.rego C2\n");
    assert_tree(f, NULL, BASE_TREE);
    char *a = test_read(f->root, "a.rego");
    assert_string_equal(a, "a");
    free(a);
    changes_free(&one);
    changes_free(&two);
}

/* Any set over any other is as if it had been laid out over an empty folder. */
static void another_set_over_the_last(void **state)
{
    static const char *const paths[] = {"a.rego", "sub/b.rego", "sub/c.rego", "new/deep/d.rego",
        "new/e.rego", "sub/deep/f.rego", "g.rego"};
    struct fixture *f = *state;
    struct overlay *other = overlay_new(f->ws, &f->err);
    assert_ok(other != NULL, f->err);
    uint64_t random = 88172645463325252u;
    for (unsigned round = 0; round < 60; round++) {
        struct changes set = {0};
        const char *from = NULL;
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            (void)dice_roll(&random);
            bool there = i < 3;
            char content[8];
            snprintf(content, sizeof content, "%u", (unsigned)(random >> 20) % 3);
            switch ((random >> 32) % 4) {
            case 0:
                add(&set, there ? CHANGE_UPDATE : CHANGE_ADD, paths[i], content);
                break;
            case 1:
                if (there) {
                    add(&set, CHANGE_DELETE, paths[i], "");
                }
                break;
            case 2:
                if (there && from == NULL) {
                    from = paths[i];
                } else if (!there && from != NULL) {
                    add(&set, CHANGE_UPDATE, paths[i], content);
                    set.items[set.len - 1].moved_from = mem_strdup(from);
                    from = NULL;
                }
                break;
            default:
                break;
            }
        }
        assert_ok(overlay_apply(other, &set, NULL, &f->err), f->err);
        assert_ok(overlay_apply_again(f->overlay, &set, &f->err), f->err);
        struct fixture fresh = {.overlay = other};
        char *want = tree(&fresh);
        char *got = tree(f);
        assert_string_equal(got, want);
        free(want);
        free(got);
        /* The same once more moves nothing. */
        assert_ok(overlay_apply_again(f->overlay, &set, &f->err), f->err);
        assert_null(overlay_moved(f->overlay, 0));
        changes_free(&set);
        if (round % 20 == 19) { /* what somebody wrote there is put right */
            overlay_doubt(f->overlay, "a.rego");
            assert_false(overlay_is_known(f->overlay));
        }
    }
    overlay_free(other);
}

static void age(const struct fixture *f)
{
    const char *argv[] = {
        "find", f->root, "-exec", "touch", "-h", "-d", "2020-01-01", "{}", "+", NULL};
    free(test_run(NULL, argv));
}

static void only_differences_are_copied(void **state)
{
    struct fixture *f = *state;
    age(f);
    assert_tree(f, NULL, BASE_TREE);
    assert_tree(f, NULL, BASE_TREE);
    assert_int_equal(overlay_copied(f->overlay), 0);
    test_write(f->root, "a.rego", "x");
    char *c = path_join(f->root, "sub/c.rego");
    assert_int_equal(unlink(c), 0);
    free(c);
    assert_tree(f, NULL, "./.gitignore *.log\n./a.rego x\n./sub/b.rego b\n");
    assert_int_equal(overlay_copied(f->overlay), 1);
    /* The same length within the clock's grain. */
    test_write(f->root, "a.rego", "y");
    assert_tree(f, NULL, "./.gitignore *.log\n./a.rego y\n./sub/b.rego b\n");
}

/* What git prints in the copy, in one line. The caller frees. */
static char *git(const struct fixture *f, const char *words)
{
    char text[1000] = "";
    char *line =
        mem_printf("cd '%s' && git %s 2>&1 | tr '\\n' ' '", overlay_root(f->overlay), words);
    // NOLINTNEXTLINE(cert-env33-c): a test\'s own words for a shell
    FILE *pipe = popen(line, "re");
    assert_non_null(pipe);
    size_t got = fread(text, 1, sizeof text - 1, pipe);
    pclose(pipe);
    free(line);
    return str_dup(str_make(text, got));
}

static void expect_git(const struct fixture *f, const char *words, const char *said)
{
    char *text = git(f, words);
    assert_string_equal(text, said);
    free(text);
}

static void commit_all(const char *folder)
{
    char *line = mem_printf("cd '%s' && git init -q -b main && git add -A && git -c user.name=N "
                            "-c user.email=n@x commit -qm First",
        folder);
    assert_int_equal(system(line), 0); // NOLINT(cert-env33-c): a test's own words
    free(line);
}

static void git_shows_the_real_history(void **state)
{
    struct fixture *f = *state;
    assert_ok(overlay_apply(f->overlay, NULL, NULL, &f->err), f->err);
    char *file = path_join(overlay_root(f->overlay), ".git");
    assert_int_not_equal(access(file, F_OK), 0); /* no repository */
    commit_all(f->root);
    struct changes set = {0};
    add(&set, CHANGE_UPDATE, "a.rego", "other");
    assert_ok(overlay_apply(f->overlay, &set, NULL, &f->err), f->err);
    expect_git(f, "log --format=%s", "First ");
    expect_git(f, "status --short", " M a.rego ");
    /* Whatever was made of it is put right. */
    assert_int_equal(unlink(file), 0);
    test_write(overlay_root(f->overlay), ".git/config", "[core]\n\tfsmonitor = evil\n");
    assert_ok(overlay_apply(f->overlay, NULL, NULL, &f->err), f->err);
    expect_git(f, "config core.fsmonitor", "false ");
    expect_git(f, "status --short", "");
    changes_free(&set);
    free(file);
}

/* Of a part of a repository git shows all, as it is: what the copy holds is no whole. */
static void git_of_a_part_shows_the_whole(void **state)
{
    struct fixture *f = *state;
    test_write(f->dir, ".gitignore", "cache/\n");
    commit_all(f->dir);
    struct changes set = {0};
    add(&set, CHANGE_UPDATE, "a.rego", "other");
    assert_ok(overlay_apply(f->overlay, &set, NULL, &f->err), f->err);
    expect_git(f, "log --format=%s -- :/policies/a.rego", "First ");
    expect_git(f, "status --porcelain", "");
    test_write(f->root, "a.rego", "mine");
    expect_git(f, "status --porcelain", " M policies/a.rego ");
    changes_free(&set);
}

static void nothing_leads_back_to_the_workspace(void **state)
{
    struct fixture *f = *state;
    int root = workspace_fd(f->ws);
    assert_int_equal(symlinkat("../a.rego", root, "sub/in"), 0);
    assert_int_equal(symlinkat("../../secret", root, "sub/out"), 0);
    assert_int_equal(symlinkat("/etc/passwd", root, "abs"), 0);
    assert_int_equal(symlinkat("sub/..", root, "climb"), 0);
    assert_tree(f, NULL,
        "./.gitignore *.log\n./a.rego a\n./sub/b.rego b\n./sub/c.rego c\n./sub/in -> ../a.rego\n");
    assert_int_equal(overlay_skipped(f->overlay), 3);
    /* What a program in the copy writes stays there. */
    test_write(overlay_root(f->overlay), "a.rego", "overwritten in place");
    struct stat a;
    struct stat b;
    int copy = beneath_open_root(overlay_root(f->overlay), &f->err);
    assert_ok(beneath_stat(copy, "sub/b.rego", &a, &f->err), f->err);
    assert_ok(beneath_stat(root, "sub/b.rego", &b, &f->err), f->err);
    assert_int_equal(a.st_nlink, 1);
    assert_int_not_equal(a.st_ino, b.st_ino);
    close(copy);
    char *kept = test_read(f->root, "a.rego");
    assert_string_equal(kept, "a");
    free(kept);
    /* A link that a program left in the copy is not written through. */
    const char *argv[] = {"sh", "-c", "rm -rf sub && ln -s / sub", NULL};
    free(test_run(overlay_root(f->overlay), argv));
    struct changes set = {0};
    add(&set, CHANGE_UPDATE, "sub/b.rego", "evil");
    assert_false(overlay_apply(f->overlay, &set, NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_DENIED);
    /* And the next call starts afresh. */
    assert_tree(f, &set,
        "./.gitignore *.log\n./a.rego a\n./sub/b.rego evil\n./sub/c.rego c\n./sub/in -> "
        "../a.rego\n");
    changes_free(&set);
}

static void several_live_at_once(void **state)
{
    struct fixture *f = *state;
    struct overlay *other = overlay_new(f->ws, &f->err);
    assert_non_null(other);
    assert_string_not_equal(overlay_root(other), overlay_root(f->overlay));
    struct changes set = {0};
    add(&set, CHANGE_UPDATE, "a.rego", "other");
    assert_ok(overlay_apply(other, &set, NULL, &f->err), f->err);
    assert_tree(f, NULL, BASE_TREE);
    overlay_sweep();
    char *a = test_read(overlay_root(other), "a.rego");
    assert_string_equal(a, "other");
    free(a);
    overlay_free(other);
    changes_free(&set);
}

static void stale_ones_are_swept(void **state)
{
    struct fixture *f = *state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        struct err err;
        struct overlay *overlay = overlay_new(f->ws, &err);
        bool ok = overlay != NULL && overlay_apply(overlay, NULL, NULL, &err);
        const char *root = ok ? overlay_root(overlay) : "?";
        (void)!write(pipes[1], root, strlen(root) + 1);
        pause();
        _exit(0);
    }
    char root[4096];
    assert_true(read(pipes[0], root, sizeof root) > 2);
    overlay_sweep();
    assert_int_equal(access(root, F_OK), 0);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    overlay_sweep();
    assert_int_not_equal(access(root, F_OK), 0);
    assert_int_equal(access(overlay_root(f->overlay), F_OK), 0);
    close(pipes[0]);
    close(pipes[1]);
}

struct waited {
    bool done;
    bool ok;
    enum err_kind kind;
};

static void on_done(void *data, const struct err *err)
{
    struct waited *w = data;
    w->done = true;
    w->ok = err == NULL;
    w->kind = err == NULL ? ERR_NONE : err->kind;
}

static void large_workspace_on_a_worker(void **state)
{
    struct fixture *f = *state;
    const char *argv[] = {"sh", "-c",
        "for d in $(seq 40); do mkdir -p p/$d; for i in $(seq 50); do echo package p$d > "
        "p/$d/$i.rego; "
        "done; done",
        NULL};
    free(test_run(f->root, argv));
    struct loop *loop = loop_new(&f->err);
    struct waited waited = {0};
    uint64_t start = loop_now_us();
    overlay_start(f->overlay, loop, NULL, on_done, &waited);
    assert_true(overlay_is_busy(f->overlay));
    assert_true(loop_run_until(loop, &waited.done, 240000));
    assert_true(waited.ok);
    uint64_t first = loop_now_us() - start;
    assert_int_equal(overlay_copied(f->overlay), 2004);
    start = loop_now_us();
    waited = (struct waited){0};
    overlay_start(f->overlay, loop, NULL, on_done, &waited);
    assert_true(loop_run_until(loop, &waited.done, 240000));
    print_message("2,004 files: %.1f ms, again %.1f ms\n", (double)first / 1000,
        (double)(loop_now_us() - start) / 1000);
    waited = (struct waited){0};
    overlay_start(f->overlay, loop, NULL, on_done, &waited);
    overlay_cancel(f->overlay);
    assert_true(loop_run_until(loop, &waited.done, 240000));
    assert_true(waited.ok || waited.kind == ERR_CANCELLED);
    loop_free(loop);
}

#define OVERLAY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVERLAY_TEST(lays_sets_out_and_takes_them_back),
        OVERLAY_TEST(another_set_over_the_last),
        OVERLAY_TEST(only_differences_are_copied),
        OVERLAY_TEST(nothing_leads_back_to_the_workspace),
        OVERLAY_TEST(git_shows_the_real_history),
        OVERLAY_TEST(git_of_a_part_shows_the_whole),
        OVERLAY_TEST(several_live_at_once),
        OVERLAY_TEST(stale_ones_are_swept),
        OVERLAY_TEST(large_workspace_on_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
