/* Language servers in the editor of the real program: what the real Regal and yaml-language-server
 * say and do on the screen, and that one which misbehaves takes nothing away. */
#include "sample_term.h"

#include "loop/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define EXTRA "policies/k8s/extra.rego"

static const char extra[] = "package k8s.extra\n"
                            "\n"
                            "import data.lib.nothing\n"
                            "\n"
                            "aB if {\n"
                            "  count(input.a) == nope\n"
                            "}\n";

static void start_with(struct sample_term *sample, int rows, int cols)
{
    char *path = mem_printf("PATH=%s:%s/.bin", getenv("PATH"), getenv("BYLAW_NODE_MODULES"));
    test_write(sample->config, "config.toml", ""); /* those that are there */
    sample_term_start(sample, rows, cols, path);
    free(path);
}

static void open_file(struct term *term, const char *name, const char *in_it)
{
    term_expect(term, "✓ 16"); /* the files are listed */
    term_key(term, "alt-2 alt-p");
    term_type(term, name + 1); /* so that the whole name is a row and not the prompt */
    term_expect(term, name);
    term_key(term, "enter");
    term_expect(term, in_it);
}

struct wish {
    const char *text;
    uint64_t until;
};

static bool is_there_or_late(struct term *term, void *data)
{
    const struct wish *wish = data;
    int row;
    int col;
    return term_find(term, wish->text, &row, &col) || loop_now_ms() > wish->until;
}

/* A real server takes its time to start on a machine that does much else. */
static void expect_of_server(struct term *term, const char *text)
{
    for (int i = 0; i < 5; i++) {
        struct wish wish = {text, loop_now_ms() + TERM_WAIT_MS / 2};
        term_wait(term, is_there_or_late, &wish, text);
    }
    term_expect(term, text);
}

static void go_to(struct term *term, const char *place)
{
    char *shown = mem_printf("%s ", place);
    term_key(term, "alt-2 ctrl-g");
    term_type(term, place);
    term_key(term, "enter");
    term_expect(term, shown);
    free(shown);
}

/* What Regal finds stands beside what opa finds, in the editor and in the list; what it would mend
 * is a proposal. */
static void regal_is_heard(void **state)
{
    struct sample_term *sample = *state;
    test_write(sample->dir, EXTRA, extra);
    start_with(sample, 40, 120);
    struct term *term = sample->term;
    open_file(term, EXTRA, "import data.lib.nothing");
    expect_of_server(term, "Prefer snake_case for names");
    term_expect(term, "var nope is unsafe");
    term_key(term, "alt-3 2");
    term_expect(term, "regal/style/prefer-snake-case");
    term_expect(term, "opa rego_unsafe_var_error");
    /* Both of one line: opa's and Regal's, also under the cursor. */
    go_to(term, "3:1");
    term_expect(term, "import data.lib.nothing unused");
    term_expect(term, "Unresolved import");
    /* As one types, not saved. */
    go_to(term, "5:2");
    term_key(term, "delete");
    term_expect_gone(term, "regal/style/prefer-snake-case");
    term_key(term, "ctrl-z");
    term_expect(term, "regal/style/prefer-snake-case");
    /* What it knows of a function, below what we know. */
    go_to(term, "6:4");
    term_key(term, "alt-?");
    term_expect(term, "count(collection: ");
    term_key(term, "esc");
    /* What it can mend comes for review; nothing is written. */
    go_to(term, "1:1");
    term_key(term, "alt-enter");
    term_expect(term, "Format using opa-fmt");
    term_type(term, "Format");
    term_expect_gone(term, "Explore compiler");
    term_key(term, "enter");
    term_expect(term, "nothing is written yet");
    char *now = test_read(sample->dir, EXTRA);
    assert_string_equal(now, extra);
    free(now);
}

static void yaml_server_is_heard(void **state)
{
    struct sample_term *sample = *state;
    test_write(sample->dir, "dup.yaml", "a:   1\nb:\n    - x\na: 2\n");
    start_with(sample, 24, 80);
    struct term *term = sample->term;
    open_file(term, "dup.yaml", "- x");
    expect_of_server(term, "Map keys must be unique");
    /* Mended by hand it is gone. */
    go_to(term, "4:1");
    term_key(term, "delete");
    term_type(term, "c");
    term_expect_gone(term, "Map keys must be unique");
    term_key(term, "alt-f");
    term_expect(term, "formatted dup.yaml");
    term_expect(term, "c: 2");
    term_key(term, "ctrl-s");
    term_expect_gone(term, "●");
    char *now = test_read(sample->dir, "dup.yaml");
    assert_string_equal(now, "a: 1\nb:\n  - x\nc: 2\n");
    free(now);
    sample_term_quit(sample);
}

/* A module that comes to the folder from outside is known to the server without being opened. */
static void regal_learns_of_files(void **state)
{
    struct sample_term *sample = *state;
    test_write(sample->dir, EXTRA, extra);
    start_with(sample, 40, 120);
    struct term *term = sample->term;
    open_file(term, EXTRA, "import data.lib.nothing");
    go_to(term, "3:1");
    expect_of_server(term, "Unresolved import");
    test_write(sample->dir, "policies/lib/nothing.rego", "package lib.nothing\n\nx := 1\n");
    term_expect_gone(term, "Unresolved import");
    sample_term_quit(sample);
}

/* ---- one that misbehaves ---- */

static void start_fault(struct sample_term *sample, const char *scenario)
{
    char *config = mem_printf("[language_servers.regal]\ncommand = []\n"
                              "[language_servers.bad]\n"
                              "command = [\"%s/tests/fault-lsp\", \"%s\"]\n"
                              "languages = [\"rego\"]\n",
        getenv("BYLAW_BINARY_DIR"), scenario);
    test_write(sample->config, "config.toml", config);
    free(config);
    sample_term_start(sample, 24, 80, NULL);
    open_file(sample->term, "policies/lib/k8s/k8s.rego", "package lib.k8s");
}

/* Everything else works as if it were not there. */
static void expect_unharmed(struct sample_term *sample)
{
    struct term *term = sample->term;
    go_to(term, "13:3");
    term_key(term, "alt-?");
    term_expect(term, "of package lib.k8s");
    term_key(term, "esc");
    go_to(term, "3:1");
    term_type(term, "#typed");
    term_expect(term, "#typed");
    term_key(term, "alt-enter");
    term_key(term, "esc");
    term_key(term, "ctrl-space");
    term_key(term, "esc");
    go_to(term, "4:8");
    term_type(term, "   ");
    term_expect(term, "package    lib.k8s");
    term_key(term, "alt-f"); /* its message may give way to what is said of the server */
    term_expect_gone(term, "package    lib.k8s");
    term_expect(term, "package lib.k8s");
    term_key(term, "ctrl-s");
    term_expect_gone(term, "●");
    sample_term_quit(sample);
    char *now = test_read(sample->dir, "policies/lib/k8s/k8s.rego");
    assert_non_null(strstr(now, "#typed"));
    free(now);
}

static void one_that_hangs(void **state)
{
    start_fault(*state, "hang-first");
    expect_unharmed(*state);
}

static void one_that_answers_no_question(void **state)
{
    start_fault(*state, "hang-later");
    expect_unharmed(*state);
}

static void one_that_floods(void **state)
{
    struct sample_term *sample = *state;
    start_fault(sample, "flood");
    term_expect(sample->term, "Problems 1");
    expect_unharmed(sample);
}

static void one_that_dies(void **state)
{
    struct sample_term *sample = *state;
    start_fault(sample, "crash");
    term_expect(sample->term, "bad: ");
    expect_unharmed(sample);
}

static void one_that_speaks_nonsense(void **state)
{
    struct sample_term *sample = *state;
    start_fault(sample, "rubbish");
    expect_unharmed(sample);
}

static void one_whose_places_cannot_be(void **state)
{
    start_fault(*state, "wild");
    expect_unharmed(*state);
}

/* Who has gone on is not taken elsewhere by an answer that comes after all. */
static void one_that_lags(void **state)
{
    struct sample_term *sample = *state;
    start_fault(sample, "behind");
    struct term *term = sample->term;
    term_expect(term, "Problems 1"); /* it is there */
    go_to(term, "2:4");
    term_key(term, "f12");
    go_to(term, "8:7");
    term_key(term, "alt-?");
    term_expect(term, "what the server knows");
    term_expect(term, "8:7 ");
    term_key(term, "esc");
    term_expect_gone(term, "what the server knows");
    term_expect(term, "8:7 ");
    sample_term_quit(sample);
}

/* It is asked again when more is typed, and only then; a list that Esc closes stays closed. */
static void one_that_knows_more(void **state)
{
    struct sample_term *sample = *state;
    start_fault(sample, "partial");
    struct term *term = sample->term;
    int row;
    int col;
    go_to(term, "5:1");
    term_type(term, "zz_");
    term_expect(term, "✗  5"); /* opa has read it */
    term_key(term, "ctrl-space");
    term_expect(term, "zz_partial_");
    bool few = term_find(term, "zz_partial_1", &row, &col) ||
               term_find(term, "zz_partial_2", &row, &col) ||
               term_find(term, "zz_partial_3", &row, &col) ||
               term_find(term, "zz_partial_4", &row, &col);
    assert_true(few); /* one for each letter and one by hand at most */
    term_key(term, "esc");
    term_expect_gone(term, "zz_partial_");
    term_key(term, "ctrl-s");
    term_expect(term, "saved ");
    assert_false(term_find(term, "zz_partial_", &row, &col));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, sample_term_set_up, sample_term_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(regal_is_heard),
        CASE(yaml_server_is_heard),
        CASE(regal_learns_of_files),
        CASE(one_that_hangs),
        CASE(one_that_answers_no_question),
        CASE(one_that_floods),
        CASE(one_that_dies),
        CASE(one_that_speaks_nonsense),
        CASE(one_whose_places_cannot_be),
        CASE(one_that_lags),
        CASE(one_that_knows_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
