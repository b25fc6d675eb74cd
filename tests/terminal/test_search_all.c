/* Searching and replacing in the whole workspace, on the real program: what is found, unsaved edits
 * too; going there; and a replacement that is a proposal, not a write. */
#include "test.h"

#include "sample_term.h"

#include <stdlib.h>

static void test_search(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_expect(f->term, "✓ 16");
    term_key(f->term, "alt-/");
    term_expect(f->term, "type what to look for");
    term_type(f->term, "is_production");
    term_expect(f->term, "3 matches in 2 files; looked through 23");
    term_expect(f->term, "▾ policies/lib/k8s/k8s.rego  1");
    term_type(f->term, "(");
    term_expect(f->term, "0 matches in 0 files");
    term_key(f->term, "alt-r");
    term_expect(
        f->term, "the search pattern is no regular expression: missing closing parenthesis");
    term_expect(f->term, "[x] Alt-r regex");
    term_key(f->term, "ctrl-u tab");
    term_type(f->term, "*.rego");
    term_key(f->term, "shift-tab");
    term_type(f->term, "^is_prod\\w+ if n");
    term_expect(f->term, "1 match in 1 file; looked through 8");
    term_key(f->term, "enter down enter");
    term_expect_gone(f->term, "Alt-r regex");
    term_expect(f->term, "match 1 of 1");
    term_expect(f->term, "package lib.k8s");
    /* An edit that is not saved is searched too. */
    term_type(f->term, "Q");
    term_key(f->term, "alt-/"); /* what was looked for is there, and typed over */
    term_expect(f->term, "^is_prod");
    term_type(f->term, "^Qis_pr");
    term_expect(f->term, "21 Qis_production if");
    term_expect(f->term, "1 match in 1 file; looked through 8");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Alt-r regex");
    term_key(f->term, "f4");
    term_expect(f->term, "match 1 of 1");
    term_key(f->term, "ctrl-z");
    /* What is selected in the editor is looked for. */
    term_key(
        f->term, "ctrl-home shift-right shift-right shift-right shift-right shift-right alt-/");
    term_expect_row(f->term, 1, "# MET");
    term_key(f->term, "esc");
    sample_term_quit(f);
}

static void test_replace(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_expect(f->term, "✓ 16");
    char *before = test_read(f->dir, "policies/lib/k8s/k8s_test.rego");
    term_key(f->term, "alt-/");
    term_type(f->term, "(is)_production");
    term_key(f->term, "alt-r tab");
    term_type(f->term, "*.rego");
    term_expect(f->term, "3 matches in 2 files; looked through 8");
    term_key(f->term, "alt-enter");
    term_expect_row(f->term, 39, "Alt-h shows the field for a replacement.");
    term_key(f->term, "alt-h");
    term_type(f->term, "$1_live$$");
    term_expect(f->term, "is_production→is_live$");
    term_key(f->term, "enter down space");
    term_expect(f->term, "2 of them wanted");
    term_expect(f->term, "[ ] policies/lib/k8s/k8s.rego");
    term_key(f->term, "alt-enter");
    term_expect(f->term, "Replace (is)_production with $1_live$$");
    term_expect(f->term, "hunk 1 of 1");
    term_expect(f->term, "k8s.is_live$ with input as deployment");
    char *after = test_read(f->dir, "policies/lib/k8s/k8s_test.rego");
    assert_string_equal(before, after); /* nothing is written before it is accepted */
    free(before);
    free(after);
    term_type(f->term, "q");
    term_expect_gone(f->term, "hunk 1 of 1");
    sample_term_quit(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_term_set_up, sample_term_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_search),
        TEST(test_replace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
