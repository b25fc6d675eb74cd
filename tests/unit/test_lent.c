/* A scratch copy that is lent: whatever a program does in it, what is found afterwards is that and
 * nothing else, and the next time it is as it should be. */
#include "lent_run.h"
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "patch/unified.h"
#include "workspace/lent.h"

static int set_up(void **state)
{
    *state =
        lent_run_new(LENT_TO_COMMAND, (const char *const[]){"a/one.rego", "package one\n",
                                          "a/two.rego", "package two\n\nx := 1\n", "three.rego",
                                          "package three\n", ".gitignore", "*.log\n", NULL});
    return 0;
}

static int tear_down(void **state)
{
    lent_run_free(*state);
    return 0;
}

static void expect_patch(struct lent_run *f, const char *text)
{
    if (f->patch.len == 0 || strstr(f->patch.ptr, text) == NULL) {
        fail_msg("no \"%s\" in: %s", text, f->patch.len > 0 ? f->patch.ptr : "");
    }
}

static void expect_there(struct lent_run *f, const char *path, const char *text)
{
    char *full = path_join(lent_root(f->lent), path);
    if (text == NULL) {
        assert_int_not_equal(access(full, F_OK), 0);
    } else {
        char *now = test_read(lent_root(f->lent), path);
        assert_string_equal(now, text);
        free(now);
    }
    free(full);
}

static void remove_there(struct lent_run *f, const char *path)
{
    char *full = path_join(lent_root(f->lent), path);
    assert_int_equal(unlink(full), 0);
    free(full);
}

static void what_is_changed_is_found_and_undone(void **state)
{
    struct lent_run *f = *state;
    lent_run_lay_out(f, NULL);
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
    test_write(lent_root(f->lent), "a/two.rego", "package two\n\nx := 2\n");
    test_write(lent_root(f->lent), "b/c/new.rego", "package new\n");
    test_write(lent_root(f->lent), "hidden.log", "x\n");
    test_write(lent_root(f->lent), ".git/hooks/pre-commit", "x\n");
    remove_there(f, "three.rego");
    /* The engineer edits meanwhile: no change of the program's. */
    test_write(f->dir, "a/two.rego", "package two\n\nx := 1\ny := 7\n");
    lent_run_collect(f);
    expect_patch(f, "-x := 1\n+x := 2\n");
    expect_patch(f, "+package new\n");
    expect_patch(f, "-package three\n");
    assert_null(strstr(f->patch.ptr, "y := 7"));
    assert_null(strstr(f->patch.ptr, "hidden"));
    assert_null(strstr(f->patch.ptr, "hooks"));
    assert_int_equal(f->left_out.len, 0);
    lent_run_lay_out(f, NULL);
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
    expect_there(f, "a/two.rego", "package two\n\nx := 1\ny := 7\n");
    expect_there(f, "b/c/new.rego", NULL);
    expect_there(f, "three.rego", "package three\n");
}

static void a_proposal_is_its_base(void **state)
{
    struct lent_run *f = *state;
    struct change change = {.kind = CHANGE_ADD, .path = mem_strdup("proposed.rego"), .mode = 0644};
    buf_append_c(&change.content, "package p\n");
    struct changes changes = {0};
    VEC_PUSH(&changes, change);
    lent_run_lay_out(f, &changes);
    expect_there(f, "proposed.rego", "package p\n");
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
    test_write(lent_root(f->lent), "proposed.rego", "package p\n# more\n");
    lent_run_collect(f);
    expect_patch(f, " package p\n+# more\n");
    lent_run_lay_out(f, NULL);
    expect_there(f, "proposed.rego", NULL);
    changes_free(&changes);
}

/* What is known already is not found again; what is made of it afterwards is. */
static void what_is_agreed_is_its_base(void **state)
{
    struct lent_run *f = *state;
    const char *root = lent_root(f->lent);
    lent_run_lay_out(f, NULL);
    test_write(root, "a/two.rego", "package two\n\nx := 2\n");
    test_write(root, "b/new.rego", "package new\n");
    remove_there(f, "three.rego");
    static const char *const paths[] = {"a/two.rego", "b/new.rego", "three.rego", "three.rego"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        lent_agree(f->lent, paths[i]);
    }
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
    test_write(root, "b/new.rego", "package new\n\ny := 1\n");
    test_write(root, "a/two.rego", "package two\n\nx := 3\n");
    test_write(root, "three.rego", "package again\n");
    lent_run_collect(f);
    expect_patch(f, " package new\n+\n+y := 1\n");
    expect_patch(f, "-x := 2\n+x := 3\n");
    expect_patch(f, "new file mode");
    expect_patch(f, "+package again\n");
    lent_run_lay_out(f, NULL);
    expect_there(f, "b/new.rego", NULL);
    expect_there(f, "a/two.rego", "package two\n\nx := 1\n");
    expect_there(f, "three.rego", "package three\n");
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
}

static void what_cannot_be_proposed_is_named(void **state)
{
    struct lent_run *f = *state;
    lent_run_lay_out(f, NULL);
    char *link = path_join(lent_root(f->lent), "link");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    free(link);
    test_write(lent_root(f->lent), "big.txt", "x");
    char *big = path_join(lent_root(f->lent), "big.txt");
    assert_int_equal(truncate(big, LENT_FILE_MAX + 1), 0);
    free(big);
    char *binary = path_join(lent_root(f->lent), "binary");
    FILE *file = fopen(binary, "w");
    assert_int_equal(fwrite("a\0b", 1, 3, file), 3);
    fclose(file);
    free(binary);
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
    assert_non_null(strstr(f->left_out.ptr, "link is a link"));
    assert_non_null(strstr(f->left_out.ptr, "big.txt is larger"));
    assert_non_null(strstr(f->left_out.ptr, "binary is binary"));
}

static void moves_and_swaps(void **state)
{
    struct lent_run *f = *state;
    lent_run_lay_out(f, NULL);
    remove_there(f, "a/two.rego");
    test_write(lent_root(f->lent), "moved.rego", "package two\n\nx := 1\n");
    /* A file where a folder was, a folder where a file was. */
    remove_there(f, "a/one.rego");
    char *folder = path_join(lent_root(f->lent), "a");
    assert_int_equal(rmdir(folder), 0);
    free(folder);
    test_write(lent_root(f->lent), "a", "no folder\n");
    remove_there(f, "three.rego");
    test_write(lent_root(f->lent), "three.rego/in.rego", "package in\n");
    lent_run_collect(f);
    expect_patch(f, "rename from a/two.rego\nrename to moved.rego\n");
    expect_patch(f, "+no folder\n");
    expect_patch(f, "+package in\n");
    lent_run_lay_out(f, NULL);
    expect_there(f, "a/one.rego", "package one\n");
    expect_there(f, "three.rego", "package three\n");
    lent_run_collect(f);
    assert_int_equal(f->patch.len, 0);
}

static void single_files_stay_inside(void **state)
{
    struct lent_run *f = *state;
    struct err err;
    struct buf text = BUF_INIT;
    lent_run_lay_out(f, NULL);
    static const char *const bad[] = {"/etc/passwd", "", "/../x", "/.git/config", "/a/../../x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *path = i == 0 ? mem_strdup(bad[i]) : mem_printf("%s%s", lent_root(f->lent), bad[i]);
        assert_null(lent_relative(f->lent, path, &err));
        free(path);
    }
    assert_null(lent_relative(f->lent, NULL, &err));
    char *link = path_join(lent_root(f->lent), "out");
    assert_int_equal(symlink(f->home, link), 0);
    free(link);
    assert_false(lent_write(f->lent, "out/x", STR_LIT("x"), &err));
    assert_false(lent_write(f->lent, "out", STR_LIT("x"), &err));
    assert_false(lent_read(f->lent, "out/x", &text, &err));
    assert_ok(lent_write(f->lent, "x/y.rego", STR_LIT("package y\n"), &err), err);
    assert_ok(lent_read(f->lent, "x/y.rego", &text, &err), err);
    assert_string_equal(text.ptr, "package y\n");
    buf_free(&text);
}

static void it_is_where_it_was(void **state)
{
    struct lent_run *f = *state;
    struct err err;
    char *root = mem_strdup(lent_root(f->lent));
    struct lent *other = lent_new(f->workspace, f->loop, LENT_TO_COMMAND, &err);
    assert_string_not_equal(lent_root(other), root); /* one at a time has that place */
    lent_free(other);
    lent_free(f->lent);
    f->lent = lent_new(f->workspace, f->loop, LENT_TO_COMMAND, &err);
    assert_string_equal(lent_root(f->lent), root);
    free(root);
}

/* Random writes and removals against what a diff of the two trees must be. */
static void random_work_comes_out_exactly(void **state)
{
    struct lent_run *f = *state;
    static const char *const names[] = {"r/a", "r/b", "r/c/d", "s", "t/u"};
    const char *now[ARRAY_LEN(names)] = {0};
    static const char *const texts[] = {"one\n", "one\ntwo\n", "three", ""};
    unsigned seed = 7;
    for (int round = 0; round < 40; round++) {
        struct changes laid = {0};
        lent_run_lay_out(f, NULL);
        size_t differ = 0;
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            seed = seed * 1103515245u + 12345u;
            const char *text =
                (seed >> 16) % 3 == 0 ? NULL : texts[(seed >> 18) % ARRAY_LEN(texts)];
            char *before = path_join(f->dir, names[i]);
            bool there = access(before, F_OK) == 0;
            free(before);
            if (text != NULL) {
                test_write(lent_root(f->lent), names[i], text);
            } else if (there) {
                remove_there(f, names[i]);
            }
            differ +=
                (text == NULL) != (now[i] == NULL) || (text != NULL && strcmp(text, now[i]) != 0);
        }
        lent_run_collect(f);
        struct patch_folder folder = {.fd = workspace_fd(f->workspace), .max_bytes = LENT_FILE_MAX};
        struct patch_source source = {patch_folder_read, &folder};
        struct err err;
        if (differ > 0) {
            assert_ok(unified_apply(buf_str(&f->patch), &source, &laid, NULL, &err), err);
        } else {
            assert_int_equal(f->patch.len, 0);
        }
        VEC_FOREACH (struct change, change, &laid) {
            char *full = path_join(f->dir, change->path);
            char *from = change->moved_from == NULL ? NULL : path_join(f->dir, change->moved_from);
            if (from != NULL) {
                assert_int_equal(unlink(from), 0);
            }
            if (change->kind == CHANGE_DELETE) {
                assert_int_equal(unlink(full), 0);
            } else {
                test_write(
                    f->dir, change->path, change->content.len > 0 ? change->content.ptr : "");
            }
            free(full);
            free(from);
        }
        changes_free(&laid);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            char *mine = path_join(f->dir, names[i]);
            char *theirs = path_join(lent_root(f->lent), names[i]);
            bool there = access(theirs, F_OK) == 0;
            assert_int_equal(access(mine, F_OK) == 0, there);
            now[i] = NULL;
            for (size_t k = 0; there && k < ARRAY_LEN(texts); k++) {
                char *text = test_read(lent_root(f->lent), names[i]);
                char *own = test_read(f->dir, names[i]);
                assert_string_equal(text, own);
                now[i] = strcmp(text, texts[k]) == 0 ? texts[k] : now[i];
                free(text);
                free(own);
            }
            free(mine);
            free(theirs);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_changed_is_found_and_undone),
        TEST(a_proposal_is_its_base),
        TEST(what_is_agreed_is_its_base),
        TEST(what_cannot_be_proposed_is_named),
        TEST(moves_and_swaps),
        TEST(single_files_stay_inside),
        TEST(it_is_where_it_was),
        TEST(random_work_comes_out_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
