/* Commands over a large file: in slices, with keys that wait, and stopped by Esc. */
#include "editor_bench.h"
#include "test.h"

#include "pane/editor_slow.h"

#define LINES 27000

static void fill(struct buf *out, const char *line)
{
    buf_clear(out);
    for (size_t i = 0; i < LINES; i++) {
        buf_append_c(out, line);
    }
}

static void open_large(struct bench *bench, bool vi)
{
    struct buf text = BUF_INIT;
    fill(&text, "name: box\n");
    test_write(bench->dir, "large.txt", text.ptr);
    buf_free(&text);
    editor_set_vi(bench->editor, vi);
    bench_open(bench, "large.txt");
}

static void wait_end(struct bench *bench)
{
    while (editor_slow_is_on(bench->editor)) {
        bench_screen(bench);
        loop_run_once(bench->loop, 10);
    }
}

static void assert_lines(struct bench *bench, const char *line)
{
    struct buf text = BUF_INIT;
    fill(&text, line);
    bench_assert_content(bench, text.ptr);
    buf_free(&text);
}

static void test_vi_stopped(void **state)
{
    struct bench *bench = *state;
    open_large(bench, true);
    bench_type(bench, ":%norm Ax\n");
    assert_true(editor_slow_is_on(bench->editor));
    bench_type(bench, "dd"); /* waits, and is dropped with what it waited for */
    bench_press(bench, "esc");
    wait_end(bench);
    bench_see(bench, "was stopped");
    bench_see(bench, "name: boxx");
    bench_type(bench, "u");
    wait_end(bench);
    assert_false(editor_unsaved_count(bench->editor) > 0);
}

static void test_vi_tells_how_many(void **state)
{
    struct bench *bench = *state;
    open_large(bench, true);
    bench_type(bench, ":%s/box/fox/\n");
    wait_end(bench);
    bench_see(bench, "27000 substitutions in 27000 lines");
}

static void test_vi_keys_wait(void **state)
{
    struct bench *bench = *state;
    open_large(bench, true);
    bench_type(bench, ":%s/box/fox/\n");
    assert_true(editor_slow_is_on(bench->editor));
    bench_type(bench, ":%s/f/b/\nix");
    bench_press(bench, "esc");
    assert_true(editor_slow_is_on(bench->editor)); /* this Esc stopped it */
    wait_end(bench);
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    bench_type(bench, ":%s/box/fox/\n:%s/f/l/\nggx");
    wait_end(bench);
    struct buf text = BUF_INIT;
    fill(&text, "name: lox\n");
    bench_assert_content(bench, text.ptr + 1);
    bench_type(bench, "uVGU");
    wait_end(bench);
    assert_lines(bench, "NAME: LOX\n");
    bench_type(bench, "ugg>G");
    wait_end(bench);
    assert_lines(bench, "  name: lox\n");
    buf_free(&text);
}

/* What comes from elsewhere stops the command first. */
static void test_paste_stops(void **state)
{
    struct bench *bench = *state;
    open_large(bench, true);
    bench_type(bench, ":%s/box/fox/\n");
    assert_true(editor_slow_is_on(bench->editor));
    app_paste(bench->app, STR_LIT("pasted "));
    assert_false(editor_slow_is_on(bench->editor));
    bench_see(bench, "pasted name: box");
    bench_type(bench, "u:%s/box/fox/\n");
    assert_true(editor_slow_is_on(bench->editor));
    test_write(bench->dir, "other.txt", "other\n");
    bench_open(bench, "other.txt");
    bench_see(bench, "other");
    bench_type(bench, "j"); /* in another file */
    assert_false(editor_slow_is_on(bench->editor));
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
}

static void test_replace_all(void **state)
{
    struct bench *bench = *state;
    open_large(bench, false);
    bench_press(bench, "ctrl-r");
    bench_type(bench, "box");
    bench_press(bench, "tab");
    bench_type(bench, "fox");
    bench_press(bench, "alt-a");
    assert_true(editor_slow_is_on(bench->editor));
    bench_press(bench, "esc");
    wait_end(bench);
    bench_see(bench, "nothing was replaced");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    bench_press(bench, "alt-a");
    wait_end(bench);
    bench_see(bench, "replaced 27000");
    assert_lines(bench, "name: fox\n");
}

/* Blocks, comments and sorting: whole, or not at all. */
static void test_vi_blocks(void **state)
{
    static const struct {
        const char *keys, *then, *line;
    } cases[] = {
        {"gg\x16GIx", "esc", "xname: box\n"},
        {"gg\x16G2lc_", "esc", "_e: box\n"},
        {"gg\x16Gr", "+", "+ame: box\n"},
        {"gg\x16Gl", "d", "me: box\n"},
        {"gg\x16G", ">", "  name: box\n"},
    };
    struct bench *bench = *state;
    open_large(bench, true);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int stopped = i == 0; stopped >= 0; stopped--) {
            bench_type(bench, cases[i].keys);
            wait_end(bench);
            bench_press(bench, cases[i].then);
            if (stopped) {
                assert_true(editor_slow_is_on(bench->editor));
                bench_press(bench, "esc");
            }
            wait_end(bench);
            if (!stopped) {
                assert_lines(bench, cases[i].line);
            }
            bench_press(bench, "esc");
            bench_type(bench, "u");
            wait_end(bench);
            assert_int_equal(editor_unsaved_count(bench->editor), 0);
        }
    }
    bench_type(bench, ":%sort!\n");
    assert_true(editor_slow_is_on(bench->editor));
    bench_press(bench, "esc");
    wait_end(bench);
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
}

static void test_lines(void **state)
{
    struct bench *bench = *state;
    open_large(bench, false);
    bench_press(bench, "ctrl-a tab");
    assert_true(editor_slow_is_on(bench->editor));
    bench_press(bench, "esc");
    wait_end(bench);
    bench_see(bench, "was stopped");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    bench_press(bench, "tab");
    wait_end(bench);
    assert_lines(bench, "  name: box\n");
    bench_press(bench, "shift-tab");
    wait_end(bench);
    bench_type(bench, "y");
    bench_assert_content(bench, "y");
    bench_press(bench, "ctrl-z ctrl-z ctrl-z");
    wait_end(bench);
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_vi_stopped),
        TEST(test_vi_tells_how_many),
        TEST(test_vi_keys_wait),
        TEST(test_paste_stops),
        TEST(test_replace_all),
        TEST(test_vi_blocks),
        TEST(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
