/* Keys of one's own: mistakes are told with their line, and what a begun sequence goes on with is
 * shown. */
#include "test.h"

#include "sample_term.h"

static void test_mistakes_are_told(void **state)
{
    struct sample_term *f = *state;
    sample_term_configure(f,
        "[keys]\n\"review.acept\" = \"y\"\n\"chat.copy\" = \"ctrl-\"\n"
        "\"app.tour\" = \"f3\"\n\"app.zoom\" = \"f3\"\n\"app.palette\" = \"\"\n");
    sample_term_start(f, 40, 200, NULL);
    term_expect(f->term, "(see Log)");
    term_expect(f->term,
        "config.toml:2: [keys] there is no action \"review.acept\": did you mean review.accept?");
    term_key(f->term, "alt-3");
    term_type(f->term, "4");
    term_expect(f->term, "config.toml:3: \"ctrl-\" is no key");
    term_expect(f->term, "config.toml:4: [keys] two actions on one key: app.tour and app.zoom: F3");
    term_key(f->term, "enter"); /* all of a long line */
    term_expect(f->term, "─ Log ─");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "─ Log ─");
    term_key(f->term, "ctrl-p"); /* taken away */
    term_key(f->term, "f1");
    term_key(f->term, "f3"); /* the first of the two */
    term_expect(f->term, "Welcome to bylaw");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Welcome to bylaw");
    assert_false(term_find(f->term, "Commands", &(int){0}, &(int){0}));
    sample_term_quit(f);
}

static void test_a_sequence_says_how_it_goes_on(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 24, 80, NULL);
    term_key(f->term, "alt-3");
    term_type(f->term, "]");
    term_expect_row(f->term, 23, "]…");
    term_expect_row(f->term, 23, "t next failure");
    term_expect_row(f->term, 23, "d next");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "]…");
    sample_term_quit(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_term_set_up, sample_term_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mistakes_are_told),
        TEST(test_a_sequence_says_how_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
