#include "test.h"

#include "base/path.h"
#include "workspace/locate.h"

#include <stdlib.h>
#include <unistd.h>

static char *make_tree(void)
{
    char *dir = test_dir_make();
    char *real = realpath(dir, NULL);
    test_write(real, "repo/.git/HEAD", "ref: refs/heads/main\n");
    test_write(real, "repo/policies/a.rego", "package a\n");
    test_write(real, "repo/policies/odd:12", "a name like that\n");
    test_write(real, "loose/b.yaml", "a: 1\n");
    free(dir);
    return real;
}

static void expect(const char *dir, const char *named, const char *folder, const char *file,
    size_t row, size_t col)
{
    struct err err = {0};
    struct location location;
    char *path = path_join(dir, named);
    if (!location_find(path, &location, &err)) {
        fail_msg("%s: %s", named, err.text);
    }
    char *wanted = path_join(dir, folder);
    assert_string_equal(location.folder, wanted);
    if (file == NULL) {
        assert_null(location.file);
    } else {
        assert_string_equal(location.file, file);
        assert_int_equal(location.row, row);
        assert_int_equal(location.col, col);
    }
    free(wanted);
    free(path);
    location_free(&location);
}

static void refuse(const char *dir, const char *named, const char *sentence)
{
    struct err err = {0};
    struct location location;
    char *path = path_join(dir, named);
    assert_false(location_find(path, &location, &err));
    assert_non_null(strstr(err.text, sentence));
    free(path);
}

static void test_what_is_named(void **state)
{
    (void)state;
    char *dir = make_tree();
    expect(dir, "repo", "repo", NULL, 0, 0);
    expect(dir, "repo/policies", "repo/policies", NULL, 0, 0);
    expect(dir, "repo/policies/a.rego", "repo", "policies/a.rego", 0, 0);
    expect(dir, "repo/policies/a.rego:12", "repo", "policies/a.rego", 12, 0);
    expect(dir, "repo/policies/a.rego:12:3", "repo", "policies/a.rego", 12, 3);
    expect(dir, "repo/policies/a.rego:12:3:", "repo", "policies/a.rego", 12, 3);
    expect(dir, "repo/policies/odd:12", "repo", "policies/odd:12", 0, 0);
    expect(dir, "repo/policies/odd:12:3", "repo", "policies/odd:12", 3, 0);
    expect(dir, "loose/b.yaml", "loose", "b.yaml", 0, 0);
    expect(dir, "loose/new.rego", "loose", "new.rego", 0, 0);
    expect(dir, "repo/policies/../new.rego:7", "repo", "new.rego", 7, 0);
    refuse(dir, "missing/new.rego", "No such file or directory");
    refuse(dir, "missing/", "No such file or directory");
    refuse(dir, "loose/b.yaml/x", "Not a directory");
    test_dir_remove(dir);
}

static void test_a_link_is_followed(void **state)
{
    (void)state;
    char *dir = make_tree();
    char *from = path_join(dir, "loose/link.rego");
    assert_int_equal(symlink("../repo/policies/a.rego", from), 0);
    expect(dir, "loose/link.rego:2", "repo", "policies/a.rego", 2, 0);
    free(from);
    test_dir_remove(dir);
}

static void test_home_is_no_workspace(void **state)
{
    (void)state;
    char *dir = make_tree();
    char *before = mem_strdup(getenv("HOME") == NULL ? "/" : getenv("HOME"));
    char *home = path_join(dir, "repo");
    setenv("HOME", home, 1);
    expect(dir, "repo/policies/a.rego", "repo/policies", "a.rego", 0, 0);
    setenv("HOME", before, 1);
    free(home);
    free(before);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_named),
        cmocka_unit_test(test_a_link_is_followed),
        cmocka_unit_test(test_home_is_no_workspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
