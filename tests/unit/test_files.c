#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/files.h"
#include "workspace/ignore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void git(const char *dir, const char *a, const char *b, const char *c)
{
    const char *argv[] = {"git", a, b, c, NULL};
    free(test_run(dir, argv));
}

/* Paths, one a line, sorted: as `git ls-files` prints them. */
static char *listed(const char *dir)
{
    struct err err;
    struct files files;
    struct files_options options = {0};
    int fd = beneath_open_root(dir, &err);
    char *real = realpath(dir, NULL);
    assert_ok(files_list(fd, real, &options, &files, &err), err);
    struct buf out = BUF_INIT;
    VEC_FOREACH (struct file_entry, e, &files) {
        buf_printf(&out, "%s\n", e->path);
    }
    files_free(&files);
    free(real);
    close(fd);
    return buf_take(&out);
}

static void plain_folder(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, ".gitignore", "*.log\n/out/\n!keep.log\n");
    test_write(dir, "a.rego", "x");
    test_write(dir, "b.log", "x");
    test_write(dir, "keep.log", "x");
    test_write(dir, "out/x.rego", "x");
    test_write(dir, "sub/out/x.rego", "x");
    test_write(dir, "sub/.gitignore", "!b.log\n");
    test_write(dir, "sub/b.log", "x");
    test_write(dir, "node_modules/m/index.json", "{}");
    test_write(dir, ".a.rego.bylaw-x1Y2z3", "x");
    char *got = listed(dir);
    assert_string_equal(got, ".gitignore\na.rego\nkeep.log\nsub/.gitignore\nsub/b.log\n"
                             "sub/out/x.rego\n");
    free(got);
    test_dir_remove(dir);
}

static void repository_rules(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    git(dir, "init", "-q", NULL);
    test_write(dir, ".gitignore", "*.log\nbuild/\nsub/skip.rego\n");
    test_write(dir, ".git/info/exclude", "private.rego\n");
    test_write(dir, "private.rego", "x");
    test_write(dir, "tracked.log", "x");
    test_write(dir, "build/made.rego", "x");
    test_write(dir, "build/junk.rego", "x");
    test_write(dir, "sub/skip.rego", "x");
    test_write(dir, "sub/deep/x.log", "x");
    test_write(dir, "sub/x.rego", "x");
    git(dir, "add", "-f", "tracked.log");
    git(dir, "add", "-f", "build/made.rego");
    char *got = listed(dir);
    assert_string_equal(got, ".gitignore\nbuild/made.rego\nsub/x.rego\ntracked.log\n");
    free(got);
    /* A workspace that is a folder of the repository obeys the rules above it. */
    char *sub = mem_printf("%s/sub", dir);
    got = listed(sub);
    assert_string_equal(got, "x.rego\n");
    free(got);
    free(sub);
    test_dir_remove(dir);
}

static void links_and_bounds(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a/b/c/d.rego", "x");
    test_write(dir, "bad\x01name", "x");
    int fd = beneath_open_root(dir, &err);
    assert_int_equal(symlinkat("..", fd, "a/loop"), 0);
    mkfifoat(fd, "fifo", 0600);
    struct files files;
    struct files_options options = {0};
    assert_ok(files_list(fd, dir, &options, &files, &err), err);
    assert_int_equal(files.len, 3);
    assert_false(files.truncated);
    const struct file_entry *link = files_find(&files, "a/loop");
    assert_true(link != NULL && link->is_link);
    assert_string_equal(link->target, "..");
    assert_true(files_find(&files, "bad\x01name")->odd_name);
    assert_null(files_find(&files, "a/loop/a"));
    files_free(&files);
    options.max_depth = 2;
    assert_ok(files_list(fd, dir, &options, &files, &err), err);
    assert_true(files.truncated);
    files_free(&files);
    options = (struct files_options){.max_files = 1};
    assert_ok(files_list(fd, dir, &options, &files, &err), err);
    assert_true(files.truncated);
    assert_int_equal(files.len, 1);
    files_free(&files);
    atomic_bool cancel = true;
    options = (struct files_options){.cancel = &cancel};
    assert_false(files_list(fd, dir, &options, &files, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    close(fd);
    test_dir_remove(dir);
}

static void kinds(void **state)
{
    (void)state;
    assert_int_equal(file_kind_of("a/b.rego"), FILE_REGO);
    assert_int_equal(file_kind_of("a/b.YML"), FILE_YAML);
    assert_int_equal(file_kind_of("a.d/Dockerfile"), FILE_DOCKERFILE);
    assert_int_equal(file_kind_of("a.rego/none"), FILE_OTHER);
    assert_string_equal(file_kind_name(FILE_CEDAR), "Cedar");
    assert_true(file_is_temporary(".x.rego.bylaw-a1B2c3"));
    assert_false(file_is_temporary(".bylaw"));
    assert_false(file_is_temporary("x.rego"));
}

static unsigned seed = 7;

static unsigned next_random(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void random_pattern(struct buf *out)
{
    static const char *const parts[] = {"a", "b", "ab", "*", "**", "?", "/", "/", "[ab]", "[!a]",
        "\\*", "a*", "*.x", ".x", "[a-c]b", "/**/", "**/", "\\a", " ", "[]a]", "[", "[[:alpha:]]"};
    if (next_random(4) == 0) {
        buf_append_char(out, '!');
    }
    unsigned count = 1 + next_random(4);
    for (unsigned i = 0; i < count; i++) {
        buf_append_c(out, parts[next_random(ARRAY_LEN(parts))]);
    }
    if (next_random(5) == 0) {
        buf_append_char(out, '/');
    }
    buf_append_char(out, '\n');
}

/* The same random patterns in three files, asked of git and of us. */
static void agrees_with_git(void **state)
{
    (void)state;
    static const char *const paths[] = {"a", "b", "ab", "ab.x", "sub/a", "sub/b", "sub/ab",
        "sub/a.x", "sub/deep/a", "sub/deep/b", "sub/deep/ab.x", "sub/deep/c", "c/a/b/a", "c/a/b/x",
        "*", "c/b/.x", "]"};
    char *dir = test_dir_make();
    git(dir, "init", "-q", NULL);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        test_write(dir, paths[i], "x");
    }
    const char *argv[] = {
        "git", "-c", "core.quotepath=off", "ls-files", "-o", "--exclude-standard", NULL};
    for (int round = 0; round < 150; round++) {
        static const char *const rules[] = {".gitignore", "sub/.gitignore", ".git/info/exclude"};
        struct buf all = BUF_INIT;
        for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
            struct buf text = BUF_INIT;
            for (unsigned n = next_random(4); n > 0; n--) {
                random_pattern(&text);
            }
            test_write(dir, rules[i], text.ptr == NULL ? "" : text.ptr);
            buf_printf(&all, "%s:\n%s", rules[i], text.ptr == NULL ? "" : text.ptr);
            buf_free(&text);
        }
        char *want = test_run(dir, argv);
        char *got = listed(dir);
        if (strcmp(want, got) != 0) {
            fail_msg("round %d\n%s\ngit:\n%s\nwe:\n%s", round, all.ptr, want, got);
        }
        free(want);
        free(got);
        buf_free(&all);
    }
    test_dir_remove(dir);
}

static void hostile_pattern_ends(void **state)
{
    (void)state;
    struct buf pattern = BUF_INIT;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 60; i++) {
        buf_append_c(&pattern, "*a");
        buf_append_c(&text, "aa");
    }
    buf_append_char(&pattern, 'b');
    assert_false(ignore_glob(buf_str(&pattern), buf_str(&text), false));
    buf_free(&pattern);
    buf_free(&text);
}

int main(void)
{
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_folder),
        cmocka_unit_test(repository_rules),
        cmocka_unit_test(links_and_bounds),
        cmocka_unit_test(kinds),
        cmocka_unit_test(agrees_with_git),
        cmocka_unit_test(hostile_pattern_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
