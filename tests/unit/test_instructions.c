#include "test.h"

#include "agent/instructions.h"

#include <stdlib.h>
#include <unistd.h>

static void root_first_and_override_wins(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "AGENTS.md", "top rules\n");
    test_write(dir, "a/AGENTS.md", "hidden\n");
    test_write(dir, "a/AGENTS.override.md", "override rules\n");
    test_write(dir, "a/b/AGENTS.md", "deep rules\n");
    char *root = mem_printf("%s/a/b", dir);
    struct instructions got;
    instructions_read(dir, root, &got, NULL);
    const char *top = strstr(got.text.ptr, "top rules");
    const char *middle = strstr(got.text.ptr, "override rules");
    const char *deep = strstr(got.text.ptr, "deep rules");
    assert_true(top != NULL && middle > top && deep > middle);
    assert_null(strstr(got.text.ptr, "hidden"));
    assert_int_equal(got.sources.len, 3);
    instructions_free(&got);
    instructions_read(NULL, root, &got, NULL);
    assert_int_equal(got.sources.len, 1);
    instructions_free(&got);
    free(root);
    test_dir_remove(dir);
}

/* The user's own come first, and do not count towards the bound. */
static void the_users_come_first(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct buf big = BUF_INIT;
    while (big.len < 40000) {
        buf_append_c(&big, "my rule\n");
    }
    test_write(dir, "home/AGENTS.md", big.ptr);
    test_write(dir, "repo/AGENTS.md", "their rule\n");
    char *home = mem_printf("%s/home", dir);
    char *repo = mem_printf("%s/repo", dir);
    setenv("CODEX_HOME", home, 1);
    struct instructions got;
    instructions_read(NULL, repo, &got, NULL);
    assert_false(got.cut);
    assert_true(got.text.len > 40000);
    assert_int_equal(got.sources.len, 2);
    const char *mine = strstr(got.text.ptr, "my rule");
    assert_true(mine >= got.text.ptr + got.own && strstr(mine, "their rule") != NULL);
    instructions_free(&got);
    test_write(dir, "home/AGENTS.override.md", "only this\n");
    instructions_read(NULL, repo, &got, NULL);
    assert_null(strstr(got.text.ptr, "my rule"));
    assert_non_null(strstr(got.text.ptr, "only this"));
    instructions_free(&got);
    setenv("CODEX_HOME", "/nonexistent", 1);
    buf_free(&big);
    free(home);
    free(repo);
    test_dir_remove(dir);
}

/* As the user's Codex config has them. */
static void names_and_cap_are_codex_s(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    char *home = mem_printf("%s/home", dir);
    char *repo = mem_printf("%s/repo", dir);
    test_write(home, "config.toml",
        "project_doc_max_bytes = 20\nproject_doc_fallback_filenames = [\"../x\", \"TEAM.md\"]\n");
    test_write(repo, "TEAM.md", "team rules that are long\n");
    test_write(dir, "x", "outside\n");
    setenv("CODEX_HOME", home, 1);
    struct instructions got;
    instructions_read(NULL, repo, &got, NULL);
    assert_non_null(strstr(got.text.ptr, "team rules that are \n"));
    assert_non_null(strstr(got.text.ptr, "were cut at 20 bytes"));
    assert_null(strstr(got.text.ptr, "outside\n"));
    instructions_free(&got);
    test_write(repo, "AGENTS.md", "agents\n");
    instructions_read(NULL, repo, &got, NULL);
    assert_non_null(strstr(got.text.ptr, "agents\n"));
    assert_null(strstr(got.text.ptr, "team rules"));
    instructions_free(&got);
    test_write(repo, "AGENTS.override.md", "");
    instructions_read(NULL, repo, &got, NULL);
    assert_null(strstr(got.text.ptr, "agents\n"));
    instructions_free(&got);
    setenv("CODEX_HOME", "/nonexistent", 1);
    free(home);
    free(repo);
    test_dir_remove(dir);
}

static void too_much_is_cut_and_said(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct buf big = BUF_INIT;
    while (big.len < 40000) {
        buf_append_c(&big, "ü rule\n");
    }
    test_write(dir, "AGENTS.md", big.ptr);
    struct instructions got;
    instructions_read(dir, dir, &got, NULL);
    assert_true(got.cut);
    assert_non_null(strstr(got.text.ptr, "were cut at 32768 bytes"));
    instructions_free(&got);
    buf_free(&big);
    test_dir_remove(dir);
}

static void a_link_is_not_followed(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    char *link = mem_printf("%s/AGENTS.md", dir);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    struct instructions got;
    struct buf problem = BUF_INIT;
    instructions_read(dir, dir, &got, &problem);
    assert_null(strstr(got.text.ptr, "root:"));
    assert_non_null(strstr(problem.ptr, "is not sent to the model"));
    assert_int_equal(got.sources.len, 0);
    instructions_free(&got);
    buf_free(&problem);
    free(link);
    test_dir_remove(dir);
}

int main(void)
{
    setenv("CODEX_HOME", "/nonexistent", 1); /* the tester's own say nothing here */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_first_and_override_wins),
        cmocka_unit_test(the_users_come_first),
        cmocka_unit_test(names_and_cap_are_codex_s),
        cmocka_unit_test(too_much_is_cut_and_said),
        cmocka_unit_test(a_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
