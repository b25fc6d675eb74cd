/* What the output writes makes a terminal show the grid: random grids, painted one after another
 * into a pseudo-terminal, compared cell by cell with what libvterm then shows. */
#include "test.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "screen/clipboard.h"
#include "screen/output.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vterm.h>

#define ROWS 12
#define COLS 40

struct screen {
    int master, slave;
    VTerm *vt;
    VTermScreen *screen;
    struct output *output;
    struct theme *theme;
    struct buf bytes;
};

static void pump(struct screen *screen)
{
    char bytes[65536];
    struct pollfd poll_fd = {.fd = screen->master, .events = POLLIN};
    size_t before = screen->bytes.len;
    do {
        while (poll(&poll_fd, 1, 0) > 0) {
            ssize_t n = read(screen->master, bytes, sizeof bytes);
            assert_true(n > 0);
            buf_append(&screen->bytes, bytes, (size_t)n);
        }
        assert_true(output_flush(screen->output));
    } while (output_is_blocked(screen->output) || poll(&poll_fd, 1, 0) > 0);
    /* In one piece: a mark that comes apart from its base is lost in the last column. */
    vterm_input_write(screen->vt, screen->bytes.ptr + before, screen->bytes.len - before);
}

static int set_up(void **state)
{
    struct err err;
    struct screen *screen = MEM_NEW(struct screen);
    struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
    assert_int_equal(openpty(&screen->master, &screen->slave, NULL, NULL, &size), 0);
    screen->vt = vterm_new(ROWS, COLS);
    vterm_set_utf8(screen->vt, 1);
    screen->screen = vterm_obtain_screen(screen->vt);
    vterm_screen_enable_altscreen(screen->screen, 1);
    vterm_screen_reset(screen->screen, 1);
    struct output_options options = {.in_fd = screen->slave,
        .out_fd = screen->slave,
        .term = "xterm-256color",
        .colour = "true"};
    screen->output = output_open(&options, &err);
    if (screen->output == NULL) {
        fail_msg("%s", err.text);
    }
    screen->theme = theme_builtin("dark", &err);
    *state = screen;
    return 0;
}

static int tear_down(void **state)
{
    struct screen *screen = *state;
    output_close(screen->output);
    theme_free(screen->theme);
    vterm_free(screen->vt);
    close(screen->master);
    close(screen->slave);
    buf_free(&screen->bytes);
    free(screen);
    return 0;
}

static uint32_t rgb(VTermScreen *screen, VTermColor color)
{
    vterm_screen_convert_color_to_rgb(screen, &color);
    return (uint32_t)color.rgb.red << 16 | (uint32_t)color.rgb.green << 8 | color.rgb.blue;
}

static void assert_cell(struct screen *screen, const struct grid *grid, int row, int col)
{
    const struct cell *wanted = grid_cell(grid, row, col);
    VTermScreenCell found;
    assert_int_equal(vterm_screen_get_cell(screen->screen, (VTermPos){row, col}, &found), 1);
    if (wanted->width == 0) {
        return; /* the right half of one */
    }
    char text[32] = "";
    size_t len = 0;
    for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && found.chars[i] != 0; i++) {
        len += utf8_encode((int32_t)found.chars[i], text + len);
    }
    if (len == 1 && text[0] == ' ') {
        len = 0;
    }
    if (len != wanted->len || memcmp(text, wanted->text, len) != 0) {
        fail_msg("%d,%d shows \"%.*s\", not \"%.*s\"", row, col, (int)len, text, wanted->len,
            wanted->text);
    }
    struct look look = theme_look(screen->theme, wanted->style, COLOUR_TRUE);
    if (look.bg == COLOUR_DEFAULT) {
        assert_true(VTERM_COLOR_IS_DEFAULT_BG(&found.bg));
    } else {
        assert_int_equal(rgb(screen->screen, found.bg), look.bg);
    }
    if (wanted->len > 0) {
        assert_int_equal(found.attrs.bold, (look.attr & ATTR_BOLD) != 0);
        assert_int_equal(found.attrs.reverse, (look.attr & ATTR_REVERSE) != 0);
        if (look.fg == COLOUR_DEFAULT) {
            assert_true(VTERM_COLOR_IS_DEFAULT_FG(&found.fg));
        } else {
            assert_int_equal(rgb(screen->screen, found.fg), look.fg);
        }
    }
}

static void show(struct screen *screen, const struct grid *grid)
{
    output_paint(screen->output, grid, screen->theme);
    pump(screen);
    for (int row = 0; row < grid_rows(grid); row++) {
        for (int col = 0; col < grid_cols(grid); col++) {
            assert_cell(screen, grid, row, col);
        }
    }
    int row;
    int col;
    if (grid_cursor(grid, &row, &col)) {
        VTermPos at;
        vterm_state_get_cursorpos(vterm_obtain_state(screen->vt), &at);
        assert_int_equal(at.row, row);
        assert_int_equal(at.col, col);
    }
}

static unsigned seed = 99;

static int next_random(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)(seed >> 16 & 0x7FFF) % below;
}

static void scribble(struct grid *grid)
{
    /* The mark's base is no ASCII letter: libvterm decodes ASCII apart from the rest, and then
     * loses a mark in the last column. */
    static const char *const texts[] = {"policy", "deny", "政策", "\xC3\xAA\xCC\x81", "✓ ok", "x",
        "│", "  ", "ｆｕｌｌ", "\033[31m", "…"};
    struct region all = grid_region(grid);
    int count = 1 + next_random(6);
    for (int i = 0; i < count; i++) {
        struct style style = {(uint16_t)next_random(STYLE_COUNT),
            (uint16_t)(next_random(3) == 0 ? STYLE_ADD : STYLE_NONE),
            (uint8_t)(next_random(4) == 0 ? ATTR_BOLD : 0)};
        grid_put_c(all, next_random(ROWS), next_random(COLS + 4) - 2,
            texts[next_random((int)ARRAY_LEN(texts))], style);
    }
    if (next_random(9) == 0) {
        grid_fill_row(all, next_random(ROWS), style_of((enum style_id)next_random(STYLE_COUNT)));
    }
    if (next_random(3) == 0) {
        grid_set_cursor(all, next_random(ROWS), next_random(COLS));
    } else if (next_random(3) == 0) {
        grid_hide_cursor(grid);
    }
}

static void test_random_frames(void **state)
{
    struct screen *screen = *state;
    struct grid *grid = grid_new(ROWS, COLS);
    for (int i = 0; i < 600; i++) {
        if (next_random(40) == 0) {
            grid_clear(grid);
        }
        if (next_random(60) == 0) {
            output_invalidate(screen->output);
        }
        scribble(grid);
        show(screen, grid);
    }
    grid_free(grid);
}

static void test_same_frame_writes_nothing(void **state)
{
    struct screen *screen = *state;
    struct grid *grid = grid_new(ROWS, COLS);
    scribble(grid);
    show(screen, grid);
    buf_clear(&screen->bytes);
    show(screen, grid);
    assert_int_equal(screen->bytes.len, 0);
    size_t bytes;
    size_t frames;
    output_counts(screen->output, &bytes, &frames);
    assert_int_equal(frames, 1);
    /* One character is a few bytes, in one synchronized frame. */
    grid_put_c(grid_region(grid), 5, 5, "q", STYLE(TEXT));
    show(screen, grid);
    assert_true(screen->bytes.len < 60);
    assert_true(str_starts(buf_str(&screen->bytes), "\033[?2026h"));
    assert_true(str_ends(buf_str(&screen->bytes), "\033[?2026l"));
    grid_free(grid);
}

/* A terminal that does not read: painting does not wait, and catches up later. */
static void test_slow_terminal(void **state)
{
    struct screen *screen = *state;
    struct grid *grid = grid_new(ROWS, COLS);
    for (int i = 0; i < 3000 && !output_is_blocked(screen->output); i++) {
        scribble(grid);
        output_invalidate(screen->output);
        output_paint(screen->output, grid, screen->theme);
    }
    assert_true(output_is_blocked(screen->output));
    size_t bytes;
    size_t frames;
    output_counts(screen->output, &bytes, &frames);
    scribble(grid);
    output_paint(screen->output, grid, screen->theme); /* skipped */
    size_t after;
    output_counts(screen->output, &bytes, &after);
    assert_int_equal(after, frames);
    pump(screen);
    show(screen, grid);
    grid_free(grid);
}

static void test_clipboard(void **state)
{
    struct screen *screen = *state;
    static const struct {
        const char *text, *coded;
    } table[] = {
        {"", ""}, {"a", "YQ=="}, {"ab", "YWI="}, {"abc", "YWJj"}, {"\xFF\xFE\xFD~", "//79fg=="}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct buf out = BUF_INIT;
        char *expected = mem_printf("\033]52;c;%s\033\\", table[i].coded);
        clipboard_append_osc52(&out, CLIPBOARD_COPIED, str_of(table[i].text));
        assert_string_equal(out.ptr, expected);
        free(expected);
        buf_free(&out);
    }
    struct err err;
    pump(screen);
    buf_clear(&screen->bytes);
    assert_true(clipboard_copy(screen->output, STR_LIT("abc"), &err));
    pump(screen);
    assert_string_equal(screen->bytes.ptr, "\033]52;c;YWJj\033\\");
    buf_clear(&screen->bytes);
    struct buf big = BUF_INIT;
    buf_append_repeat(&big, 'x', CLIPBOARD_OSC_MAX + 1);
    assert_false(clipboard_copy(screen->output, buf_str(&big), &err));
    pump(screen);
    assert_int_equal(screen->bytes.len, 0);
    assert_int_equal(clipboard_text().len, big.len); /* kept all the same */
    buf_free(&big);
    clipboard_clear();
}

static void test_title_has_no_controls(void **state)
{
    struct screen *screen = *state;
    pump(screen);
    buf_clear(&screen->bytes);
    output_set_title(screen->output, STR_LIT("a\033]0;b\007c"));
    pump(screen);
    assert_string_equal(screen->bytes.ptr, "\033]2;a^[]0;b^Gc\033\\");
}

static void test_clipboard_is_decoded(void **state)
{
    (void)state;
    static const char *const bad[] = {"A", "AAAAA", "A===", "QQ=", "Q Q=", "QU\n=", "=", "QQ==Q"};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(clipboard_decode(str_of(bad[i]), &out));
        assert_int_equal(out.len, 0);
    }
    for (size_t len = 0; len < 70; len++) {
        struct buf text = BUF_INIT;
        struct buf coded = BUF_INIT;
        for (size_t i = 0; i < len; i++) {
            buf_append_char(&text, (char)(i * 37 + len));
        }
        clipboard_append_osc52(&coded, CLIPBOARD_PRIMARY, buf_str(&text));
        assert_true(str_starts(buf_str(&coded), "\033]52;p;"));
        buf_clear(&out);
        assert_true(clipboard_decode(str_slice(buf_str(&coded), 7, coded.len - 2), &out));
        assert_true(str_equal(buf_str(&out), buf_str(&text)));
        buf_free(&text);
        buf_free(&coded);
    }
    buf_free(&out);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clipboard_is_decoded),
        TEST(test_random_frames),
        TEST(test_same_frame_writes_nothing),
        TEST(test_slow_terminal),
        TEST(test_clipboard),
        TEST(test_title_has_no_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
