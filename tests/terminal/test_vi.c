/* The vi key set in the real program: typed, saved, drawn, and changed for the standard one. */
#include "base/file.h"
#include "base/path.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

static struct term *start(const char *dir)
{
    char *config = mem_printf("XDG_CONFIG_HOME=%s/config", dir);
    char *bylaw = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *work = mem_printf("%s/work", dir);
    test_write(dir, "config/bylaw/config.toml",
        "key_set = \"vi\"\ntest_on_save = false\n[keys]\n\"vi.delete-char\" = \"x "
        "gx\"\n" TERM_NO_SERVERS);
    test_write(dir, "work/one.rego", "package one\n\nallow if {\n\tinput.user\n}\n");
    const char *argv[] = {bylaw, "--open", "one.rego", NULL};
    const char *env[] = {config, NULL};
    struct term *term = term_start(
        &(struct term_options){.argv = argv, .env = env, .cwd = work, .rows = 30, .cols = 100});
    term_expect(term, "package one");
    term_key(term, "alt-2");
    free(config);
    free(bylaw);
    free(work);
    return term;
}

struct expected {
    char *path;
    const char *content;
};

static bool is_file(struct term *term, void *data)
{
    const struct expected *expected = data;
    struct buf bytes = BUF_INIT;
    (void)term;
    bool is = file_read(expected->path, 1 << 20, &bytes, NULL) &&
              str_equal_c(buf_str(&bytes), expected->content);
    buf_free(&bytes);
    return is;
}

/* Until the file is that: the message of a save gives way to what comes next, such as the tests'.
 */
static void expect_file(struct term *term, const char *dir, const char *name, const char *content)
{
    struct expected expected = {path_join(dir, name), content};
    term_wait(term, is_file, &expected, name);
    free(expected.path);
}

static void test_edit_and_save(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct term *term = start(dir);
    term_type(term, "jo");
    term_expect(term, "-- INSERT --");
    term_expect_bytes(term, "\033[6 q");
    term_type(term, "import data.lib");
    term_key(term, "esc");
    term_expect_gone(term, "-- INSERT --");
    term_type(term, "2yyGp");
    term_type(term, ":%s/lib/kit/g\r");
    term_expect(term, "import data.kit");
    term_type(term, "gggx");
    term_type(term, ":w\r");
    expect_file(term, dir, "work/one.rego",
        "ackage one\n\nimport data.kit\nallow if "
        "{\n\tinput.user\n}\nimport data.kit\nallow if {\n");
    term_type(term, "u/user\r");
    term_expect(term, "rego  5:8");
    term_free(term);
    test_dir_remove(dir);
}

static void test_help_is_of_the_key_set(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct term *term = start(dir);
    term_key(term, "f2");
    term_expect(term, "Motions");
    term_type(term, "/Delete the character\r");
    term_expect(term, "x gx");
    term_key(term, "esc");
    term_type(term, "q");
    term_expect(term, "package one");
    term_key(term, "alt-1");
    term_key(term, "f2");
    term_expect(term, "Keys");
    int row, col;
    assert_false(term_find(term, "Motions", &row, &col));
    term_free(term);
    test_dir_remove(dir);
}

static void test_asked_by_the_host(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "work/two.rego", "package two\n");
    struct term *term = start(dir);
    term_type(term, ":%s/l/L/gc\r");
    term_expect(term, "replace with L? y n a q l");
    term_type(term, "ny");
    term_expect(term, "alLow if");
    term_expect_gone(term, "replace with");
    term_type(term, "dit");
    term_expect(term, "have no tags");
    term_type(term, "/user\rdar");
    term_expect_gone(term, "alLow if");
    term_type(term, "u");
    term_type(term, ":find two\r");
    term_expect(term, "two.rego");
    term_key(term, "esc");
    term_type(term, ":e tw");
    term_key(term, "tab");
    term_expect(term, ":e two.rego");
    term_key(term, "esc");
    term_type(term, ":grep input\r");
    term_expect(term, "1 match in 1 file");
    term_free(term);
    test_dir_remove(dir);
}

static void test_save_as(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "work/two.rego", "package two\n");
    struct term *term = start(dir);
    term_type(term, ":w two.rego\r");
    term_expect(term, "two.rego is there already: with ! it is overwritten");
    term_type(term, ":w new.rego\r");
    expect_file(term, dir, "work/new.rego", "package one\n\nallow if {\n\tinput.user\n}\n");
    term_type(term, "x:w! two.rego\r");
    expect_file(term, dir, "work/two.rego", "ackage one\n\nallow if {\n\tinput.user\n}\n");
    term_type(term, ":1w three.rego\r");
    term_expect(term, ":write saves whole files");
    term_type(term, ":sav ../out.rego\r");
    term_expect(term, "../out.rego");
    term_type(term, ":sav three.rego\r");
    expect_file(term, dir, "work/three.rego", "ackage one\n\nallow if {\n\tinput.user\n}\n");
    term_free(term);
    test_dir_remove(dir);
}

/* ^P completes and calls back where one types, as in Vim; elsewhere it is the program's, and the
 * line of keys names the one that works. */
static void test_ctrl_p(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct term *term = start(dir);
    term_expect(term, "^P commands");
    term_type(term, "Gopack");
    term_expect(term, "F1 commands");
    term_expect(term, "package name");
    term_key(term, "ctrl-p");
    term_key(term, "tab");
    term_key(term, "esc");
    term_type(term, ":w\r");
    expect_file(
        term, dir, "work/one.rego", "package one\n\nallow if {\n\tinput.user\n}\npackage \n");
    term_type(term, ":");
    term_key(term, "ctrl-p");
    term_expect(term, ":w");
    term_key(term, "esc");
    term_key(term, "ctrl-p");
    term_expect(term, "what do you want to do?");
    term_free(term);
    test_dir_remove(dir);
}

static void test_live_change(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct term *term = start(dir);
    term_type(term, "v");
    term_expect(term, "-- VISUAL --");
    term_key(term, "esc");
    term_expect_gone(term, "-- VISUAL --");
    term_key(term, "ctrl-p");
    term_type(term, "key set\r");
    term_expect(term, "standard keys");
    term_type(term, "dd");
    term_expect(term, "ddpackage one");
    term_free(term);
    test_dir_remove(dir);
}

static void test_views_and_folds(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct term *term = start(dir);
    term_key(term, "ctrl-w");
    term_type(term, "s");
    term_expect(term, "─ one.rego ─");
    term_type(term, "G");
    term_expect(term, " 5:1 ");
    term_key(term, "ctrl-w");
    term_type(term, "k");
    term_type(term, "jj");
    term_expect(term, " 3:1 ");
    test_write(dir, "work/two.rego", "package two\n");
    term_type(term, ":sp two.rego\r");
    term_expect(term, "package two");
    term_expect(term, "─ one.rego ─");
    term_type(term, ":q\r");
    term_expect_gone(term, "package two");
    term_expect(term, " 3:1 ");
    term_type(term, "za");
    term_expect(term, "allow if { ⋯ 2 lines");
    term_type(term, "zr");
    term_expect_gone(term, "⋯ 2 lines");
    term_type(term, "zm");
    term_expect(term, "⋯ 2 lines");
    term_key(term, "ctrl-w");
    term_type(term, "o");
    term_expect_gone(term, "─ one.rego ─");
    term_free(term);
    test_dir_remove(dir);
}

/* tmux holds an Esc back and sends it with the next key: two keys for Vim, not Alt and one. */
static void test_esc_and_the_next_key_at_once(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct term *term = start(dir);
    term_type(term, "jo");
    term_expect(term, "-- INSERT --");
    term_type(term, "one\033otwo\033Othree\033:w\r");
    expect_file(term, dir, "work/one.rego",
        "package one\n\none\nthree\ntwo\nallow if {\n\tinput.user\n}\n");
    term_key(term, "alt-p"); /* in normal mode nothing waits for Esc */
    term_expect(term, "─ Files ─");
    term_free(term);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edit_and_save),
        cmocka_unit_test(test_help_is_of_the_key_set),
        cmocka_unit_test(test_asked_by_the_host),
        cmocka_unit_test(test_save_as),
        cmocka_unit_test(test_ctrl_p),
        cmocka_unit_test(test_live_change),
        cmocka_unit_test(test_views_and_folds),
        cmocka_unit_test(test_esc_and_the_next_key_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
