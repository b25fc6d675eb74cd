/* bylaw parse and bylaw highlight, called as the program calls them. */
#include "test.h"

#include "base/json.h"
#include "command/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *dir;

static int set_up(void **state)
{
    (void)state;
    dir = test_dir_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(dir);
    return 0;
}

/* Runs a command line with its standard output in *out, which the caller frees. */
static int run(char **out, const char *name, const char *a, const char *b, const char *c)
{
    char *output = mem_printf("%s/out", dir);
    char *owned[] = {mem_strdup(name), mem_strdup(a), mem_strdup(b), mem_strdup(c)};
    char *argv[] = {owned[0], owned[1], owned[2], owned[3], NULL};
    int argc = a == NULL ? 1 : b == NULL ? 2 : c == NULL ? 3 : 4;
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int saved_err = dup(STDERR_FILENO);
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(saved >= 0 && saved_err >= 0 && fd >= 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    int code = command_run(command_find(name), argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    dup2(saved_err, STDERR_FILENO);
    close(saved);
    close(saved_err);
    close(fd);
    *out = test_read(dir, "out");
    free(output);
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) {
        free(owned[i]);
    }
    return code;
}

static char *file(const char *name, const char *content)
{
    test_write(dir, name, content);
    return mem_printf("%s/%s", dir, name);
}

static void test_tree(void **state)
{
    (void)state;
    char *path = file("a.json", "{\"a\": 1}\n");
    char *out;
    assert_int_equal(run(&out, "parse", path, NULL, NULL), EXIT_YES);
    assert_string_equal(out, "(document [0, 0] - [1, 0])\n"
                             "  (object [0, 0] - [0, 8])\n"
                             "    (pair [0, 1] - [0, 7])\n"
                             "      key: (string [0, 1] - [0, 4])\n"
                             "        (string_content [0, 2] - [0, 3])\n"
                             "      value: (number [0, 6] - [0, 7])\n");
    free(out);
    free(path);
}

static void test_errors(void **state)
{
    (void)state;
    char *good = file("good.rego", "package a\n\np := 1\n");
    char *bad = file("bad.rego", "package a\n\np := {\n");
    char *out;
    assert_int_equal(run(&out, "parse", "--errors", good, NULL), EXIT_YES);
    assert_string_equal(out, "");
    free(out);
    assert_int_equal(run(&out, "parse", "--errors", good, bad), EXIT_NO);
    assert_non_null(strstr(out, "/bad.rego:3:"));
    free(out);
    assert_int_equal(run(&out, "parse", "/nonexistent/x.rego", bad, NULL), EXIT_COULD_NOT);
    free(out);
    assert_int_equal(run(&out, "parse", NULL, NULL, NULL), EXIT_COULD_NOT);
    free(out);
    assert_int_equal(run(&out, "parse", "--errors", "--json", bad), EXIT_COULD_NOT);
    free(out);
    char *unknown = file("x.unknown", "package a\n");
    assert_int_equal(run(&out, "parse", unknown, NULL, NULL), EXIT_COULD_NOT);
    free(out);
    assert_int_equal(run(&out, "parse", "--language=rego", unknown, NULL), EXIT_YES);
    free(out);
    free(good);
    free(bad);
    free(unknown);
}

static void test_outline_and_json(void **state)
{
    (void)state;
    char *path = file("o.rego", "package a.b\n\ntest_x if {\n\ttrue\n}\n");
    char *out;
    assert_int_equal(run(&out, "parse", "--outline", path, NULL), EXIT_YES);
    assert_string_equal(out, "1-1\tpackage\ta.b\n3-5\ttest\ttest_x\n");
    free(out);
    assert_int_equal(run(&out, "parse", "--json", path, NULL), EXIT_YES);
    struct err err = {0};
    cJSON *json = json_parse(str_of(out), &err);
    assert_non_null(json);
    assert_string_equal(json_string(json, "language"), "rego");
    assert_int_equal(cJSON_GetArraySize(json_get(json, "outline")), 2);
    assert_int_equal(cJSON_GetArraySize(json_get(json, "errors")), 0);
    const cJSON *tree = cJSON_GetArrayItem(json_get(json, "trees"), 0);
    assert_string_equal(json_string(tree, "type"), "source_file");
    cJSON_Delete(json);
    free(out);
    free(path);
}

static void test_highlight(void **state)
{
    (void)state;
    char *path = file("h.yaml", "a: 1\n# c\nrego: |\n  package x\n");
    char *out;
    assert_int_equal(run(&out, "highlight", path, NULL, NULL), EXIT_YES);
    assert_string_equal(out, "1:1\tproperty\ta\n"
                             "1:2\tpunctuation.delimiter\t:\n"
                             "1:4\tnumber\t1\n"
                             "2:1\tcomment\t# c\n"
                             "3:1\tproperty\trego\n"
                             "3:5\tpunctuation.delimiter\t:\n"
                             "3:7\tpunctuation.delimiter\t|\n"
                             "4:3\tkeyword.import\tpackage\n"
                             "4:11\tmodule\tx\n");
    free(out);
    assert_int_equal(run(&out, "highlight", path, path, NULL), EXIT_COULD_NOT);
    free(out);
    free(path);
    path = file("e.yaml", "a: \"\x1b[31m\"\n");
    assert_int_equal(run(&out, "highlight", path, NULL, NULL), EXIT_YES);
    assert_null(strchr(out, '\x1b'));
    free(out);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_outline_and_json),
        cmocka_unit_test(test_highlight),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
