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

static char *read_text(const char *git_root, const char *root, struct buf *problem)
{
    struct instructions got;
    instructions_read(git_root, root, &got, problem);
    char *text = str_dup(str_from(buf_str(&got.text), got.own));
    instructions_free(&got);
    return text;
}

/* Within the repository it is what it leads to, as with Codex; out of it nothing is sent. */
static void links_stay_in_the_repository(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    char *repo = mem_printf("%s/repo", dir);
    char *deep = mem_printf("%s/a/b", repo);
    char *link = mem_printf("%s/AGENTS.md", deep);
    struct buf problem = BUF_INIT;
    test_write(repo, "CLAUDE.md", "linked rules\n");
    test_write(repo, ".git/config", "its config\n");
    test_write(deep, "x", "");
    test_write(dir, "outside", "outside\n");
    assert_int_equal(symlink("../../CLAUDE.md", link), 0);
    char *text = read_text(repo, deep, &problem);
    assert_non_null(strstr(text, "linked rules"));
    assert_int_equal(problem.len, 0);
    free(text);
    static const char *const others[] = {
        "../../../outside", "/etc/passwd", "../../.git/config", "AGENTS.md", "nowhere"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_int_equal(unlink(link), 0);
        assert_int_equal(symlink(others[i], link), 0);
        text = read_text(repo, deep, &problem);
        assert_null(strstr(text, "root:"));
        assert_null(strstr(text, "outside\n"));
        assert_null(strstr(text, "its config"));
        assert_non_null(strstr(text, "could not be read"));
        assert_non_null(strstr(problem.ptr, "is not sent to the model"));
        buf_clear(&problem);
        free(text);
    }
    buf_free(&problem);
    free(link);
    free(deep);
    free(repo);
    test_dir_remove(dir);
}

/* Each held against what the Codex CLI sends ("codex debug prompt-input"). */
static void odd_cases_are_codex_s(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    char *home = mem_printf("%s/home", dir);
    char *repo = mem_printf("%s/repo", dir);
    char *deep = mem_printf("%s/a/b", repo);
    char *link = mem_printf("%s/AGENTS.md", home);
    test_write(home, "dotfiles.md", "my rules\n");
    assert_int_equal(symlink("dotfiles.md", link), 0); /* the user's own links are his business */
    test_write(home, "AGENTS.override.md", " \n");     /* and blank is none */
    test_write(home, "config.toml", "project_doc_fallback_filenames = [\"TEAM.md\"]\n");
    test_write(repo, "AGENTS.md", "top rules\n");
    test_write(deep, "AGENTS.md/file", ""); /* a folder is none */
    test_write(deep, "TEAM.md", "team rules\n");
    setenv("CODEX_HOME", home, 1);
    char *text = read_text(repo, deep, NULL);
    assert_non_null(strstr(text, "my rules"));
    assert_non_null(strstr(text, "top rules"));
    assert_non_null(strstr(text, "team rules"));
    assert_null(strstr(text, "could not be read"));
    free(text);
    test_write(home, "config.toml", "project_root_markers = [\".team\"]\n");
    test_write(repo, "a/.team", "");
    test_write(repo, "a/AGENTS.md", "\n\nmiddle rules\n");
    text = read_text(repo, deep, NULL);
    assert_null(strstr(text, "top rules"));
    assert_non_null(strstr(text, "middle rules"));
    free(text);
    test_write(home, "config.toml", "project_root_markers = []\n");
    text = read_text(repo, deep, NULL);
    assert_null(strstr(text, "middle rules"));
    free(text);
    test_write(home, "config.toml", "project_doc_max_bytes = 20\n"); /* blanks count */
    text = read_text(repo, deep, NULL);
    assert_non_null(strstr(text, "\n\nmiddle r\n"));
    free(text);
    char *untrusted = mem_printf("[projects.\"%s\"]\ntrust_level = \"untrusted\"\n", repo);
    test_write(home, "config.toml", untrusted);
    text = read_text(repo, deep, NULL);
    assert_non_null(strstr(text, "my rules"));
    assert_null(strstr(text, "top rules"));
    free(text);
    setenv("CODEX_HOME", "/nonexistent", 1);
    free(untrusted);
    free(link);
    free(deep);
    free(repo);
    free(home);
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
        cmocka_unit_test(links_stay_in_the_repository),
        cmocka_unit_test(odd_cases_are_codex_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
