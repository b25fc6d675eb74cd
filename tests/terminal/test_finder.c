/* The finder on the real program: files, symbols, lines, commands, and recent files over a restart.
 */
#include "test.h"

#include "base/path.h"
#include "sample_term.h"

#include <stdlib.h>

static void test_files_symbols_lines(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_key(f->term, "alt-p");
    term_expect(f->term, "24/24");
    term_type(f->term, "labtest");
    term_expect_row(f->term, 5, "required_labels_test.rego");
    term_expect(f->term, "package k8s.required_labels_test"); /* the preview */
    term_key(f->term, "enter");
    term_expect_gone(f->term, "labtest");
    term_expect(f->term, "package k8s.required_labels_test");
    term_key(f->term, "alt-o");
    term_type(f->term, "otherkinds");
    term_expect_row(f->term, 5, "test_allow_other_kinds");
    term_key(f->term, "enter");
    term_expect_gone(f->term, "Symbols of this file");
    term_key(f->term, "ctrl-t");
    term_type(f->term, "privdeny");
    term_expect_row(f->term, 5, "privileged");
    term_expect_row(f->term, 5, "rule  privileged.rego");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "privdeny");
    term_key(f->term, "alt-p");
    term_expect_row(f->term, 5, "shown"); /* open: first */
    term_type(f->term, ":3");
    term_expect_row(f->term, 5, "go to line 3");
    term_key(f->term, "ctrl-u");
    term_type(f->term, "?");
    term_expect(f->term, "symbols of this file");
    term_type(f->term, "open");
    term_key(f->term, "enter");
    term_expect(f->term, "which of the open files?");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Open files");
    sample_term_quit(f);
    /* The next day. */
    sample_term_start(f, 24, 80, NULL);
    term_key(f->term, "alt-p");
    term_expect_row(f->term, 4, "required_labels_test.rego");
    term_expect_row(f->term, 4, "recent");
    term_type(f->term, "k8s.rego:5");
    term_expect_row(f->term, 4, "policies/lib/k8s/k8s.rego");
    term_key(f->term, "enter");
    term_expect_gone(f->term, "k8s.rego:5");
    term_expect(f->term, "package lib.k8s");
    sample_term_quit(f);
}

/* A name that is no file begins one, also where other names match it. */
static void test_begins_a_file(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_key(f->term, "alt-p");
    term_expect(f->term, "24/24");
    term_type(f->term, "k8s.rego");
    term_expect(f->term, "begin the new file k8s.rego");
    term_expect_row(f->term, 5, "policies/lib/k8s/k8s.rego");
    term_key(f->term, "ctrl-u");
    term_type(f->term, "policies/none/none.rego");
    term_expect_row(f->term, 5, "begin the new file policies/none/none.rego");
    term_key(f->term, "enter");
    term_expect(f->term, "policies/none/none.rego (new)");
    /* Who types a name to its end means that file, though another one that has it in two pieces is
     * open. */
    term_key(f->term, "alt-p");
    term_type(f->term, "labtest");
    term_expect_row(f->term, 5, "required_labels_test.rego");
    term_key(f->term, "enter");
    term_expect(f->term, "package k8s.required_labels_test");
    term_key(f->term, "alt-p");
    term_type(f->term, "required_labels.rego");
    term_expect_row(f->term, 5, "required_labels/required_labels.rego");
    term_key(f->term, "esc");
    sample_term_quit(f);
}

static void test_a_command_says_why_not(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_key(f->term, "ctrl-p");
    term_type(f->term, "proposal");
    term_expect_row(f->term, 5, "as a proposal to review"); /* what is possible comes first */
    term_key(f->term, "ctrl-u");
    term_type(f->term, ">everywhere: review the open proposal line by line");
    term_expect(f->term, "No proposal is open: ask for one.  Alt-r");
    term_key(f->term, "enter");
    term_expect_row(f->term, 39, "No proposal is open: ask for one.");
    sample_term_quit(f);
}

/* $EDITOR has the terminal and gets the line; what it wrote is read again, and undone in one step.
 */
static void test_external_editor(void **state)
{
    struct sample_term *f = *state;
    test_write(f->config, "vim",
        "#!/bin/sh\necho \"got $*\" >>\"$3\"\necho 'this is another program'; read -r line\n");
    char *path = path_join(f->config, "vim");
    char *program = mem_printf("VISUAL=%s -X", path);
    const char *chmod[] = {"chmod", "+x", path, NULL};
    free(test_run(NULL, chmod));
    free(path);
    sample_term_start(f, 40, 130, program);
    term_key(f->term, "alt-p");
    term_expect(f->term, "24/24");
    term_type(f->term, "lib/k8s/k8s.rego:6");
    term_key(f->term, "enter");
    term_expect(f->term, "package lib.k8s");
    term_type(f->term, "#");
    term_key(f->term, "ctrl-p");
    term_type(f->term, "in $visual or $editor, at this line");
    term_key(f->term, "enter");
    term_expect(f->term, "has unsaved edits");
    term_key(f->term, "enter");
    term_expect(f->term, "this is another program");
    assert_false(term_in_alternate_screen(f->term));
    term_type(f->term, "\n");
    term_expect(f->term, "was changed on disk and read again");
    term_key(f->term, "ctrl-end");
    term_expect(f->term, "got -X +6 ./policies/lib/k8s/k8s.rego");
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "got -X");
    term_key(f->term, "ctrl-y");
    term_expect(f->term, "got -X");
    sample_term_quit(f);
    free(program);
}

static void test_tour(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 24, 80, "BYLAW_TOUR=");
    term_expect(f->term, "Welcome to bylaw");
    term_expect(f->term, "Find     Alt-p   any file;");
    term_type(f->term, "xy"); /* who just begins loses nothing */
    term_expect_gone(f->term, "Welcome to bylaw");
    term_expect(f->term, "› xy");
    term_key(f->term, "ctrl-c");
    term_expect_gone(f->term, "› xy");
    sample_term_quit(f);
    sample_term_start(f, 24, 80, "BYLAW_TOUR=");
    term_expect(f->term, "✓ 16");
    assert_false(term_find(f->term, "Welcome to bylaw", &(int){0}, &(int){0})); /* seen */
    term_key(f->term, "ctrl-p");
    term_type(f->term, "view: the tour");
    term_key(f->term, "enter");
    term_expect(f->term, "Welcome to bylaw");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Welcome to bylaw");
    sample_term_quit(f);
}

/* Each theme is seen while the cursor is on it; Esc goes back; one of the user's with a mistake
 * works all the same and says where it is. */
static bool text_is_red(struct term *term, void *data)
{
    (void)data;
    struct term_cell cell;
    int row;
    int col;
    if (!term_find(term, "RECORDING", &row, &col)) {
        return false;
    }
    term_cell(term, row, 1, &cell);
    return cell.bg == 0xaa0000;
}

static bool text_is_not_red(struct term *term, void *data)
{
    return !text_is_red(term, data);
}

static void test_themes(void **state)
{
    struct sample_term *f = *state;
    char *dir = mem_printf("%s/themes", f->config);
    struct err err;
    assert_true(path_make_dirs(dir, &err));
    test_write(dir, "loud.toml",
        "based-on = \"dark\"\n[ui]\nheader = \"bold #ffffff on #aa0000\"\nadd = \"greenish\"\n");
    sample_term_start(f, 40, 130, "COLORTERM=truecolor");
    term_key(f->term, "ctrl-p");
    term_type(f->term, "choose the colours");
    term_key(f->term, "enter");
    term_expect(f->term, "the screen shows it as you move");
    term_expect(f->term, "› dark");          /* the cursor is on the one in use */
    term_expect(f->term, "No file is open"); /* the list leaves the screen to be looked at */
    term_type(f->term, "loud");
    term_wait(f->term, text_is_red, NULL, "the theme's header");
    term_key(f->term, "esc");
    term_wait(f->term, text_is_not_red, NULL, "the theme of before");
    sample_term_quit(f);
    sample_term_start(f, 40, 130, "BYLAW_THEME=loud");
    term_expect(f->term, "loud.toml:4: \"greenish\" is no colour");
    sample_term_quit(f);
    sample_term_start(f, 40, 130, "BYLAW_THEME=none-such");
    term_expect(f->term, "there is no theme \"none-such\"");
    sample_term_quit(f);
    free(dir);
}

/* Everything with a name is in one list: a control, a Kyverno policy and its rule, a constraint and
 * its template. Rows whose ends are alike show where they differ. */
static void test_the_workspace_by_name(void **state)
{
    struct sample_term *f = *state;
    static const char *const found[][2] = {
        {"#K8S-01", "control  privileged.rego"},
        {"#require-limits.mem", "require-limits"},
        {"#privileged.deny", "rule  privileged.rego"},
    };
    test_write(f->dir, "a/one/very/long/folder/that/takes/all/the/room/there/is/policy.rego",
        "package one\n");
    test_write(f->dir, "a/two/very/long/folder/that/takes/all/the/room/there/is/policy.rego",
        "package two\n");
    sample_term_start(f, 40, 100, NULL);
    term_expect(f->term, "✓ 16");
    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        term_key(f->term, "alt-p");
        term_type(f->term, found[i][0]);
        term_expect(f->term, found[i][1]);
        term_key(f->term, "esc");
        term_expect_gone(f->term, "Symbols of the workspace");
    }
    term_key(f->term, "alt-p");
    term_type(f->term, "#K8S-01\r");
    term_expect(f->term, "privileged.rego");
    term_expect(f->term, "control: K8S-01");
    term_key(f->term, "alt-p");
    term_type(f->term, "verylongpolicy");
    term_expect(f->term, "a/two/very/long");
    term_resize(f->term, 10, 40);
    term_expect(f->term, "…one/…");
    term_expect(f->term, "…two/…");
    term_key(f->term, "esc");
    sample_term_quit(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_term_set_up, sample_term_tear_down)

/* An @ that begins a word of the prompt asks for a file, the one shown first; Esc leaves the @. */
static void test_a_prompt_names_files(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_expect(f->term, "✓ 16");
    term_type(f->term, "see a@b and @");
    term_expect(f->term, "Name a file");
    term_type(f->term, "lib/k8s.rego");
    term_key(f->term, "enter");
    term_expect_gone(f->term, "Name a file");
    term_expect(f->term, "› see a@b and @policies/lib/k8s/k8s.rego");
    term_type(f->term, "too @");
    term_expect(f->term, "Name a file");
    term_key(f->term, "esc");
    term_type(f->term, "me");
    term_expect(f->term, "too @me");
    sample_term_quit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_files_symbols_lines),
        TEST(test_begins_a_file),
        TEST(test_a_command_says_why_not),
        TEST(test_external_editor),
        TEST(test_the_workspace_by_name),
        TEST(test_a_prompt_names_files),
        TEST(test_tour),
        TEST(test_themes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
