/* The real program against files, terminals and engines that behave badly: nothing is lost, nothing
 * stalls, and what is wrong is said. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "term.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
    char *dir, *state, *config;
    struct term *term;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    *f = (struct fixture){test_dir_make(), test_dir_make(), test_dir_make(), NULL};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    test_dir_remove(f->dir);
    test_dir_remove(f->state);
    test_dir_remove(f->config);
    free(f);
    return 0;
}

static void start(struct fixture *f, const char *file, const char *more)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *state = mem_printf("XDG_STATE_HOME=%s", f->state);
    char *config = mem_printf("XDG_CONFIG_HOME=%s", f->config);
    const char *argv[] = {program, "--open", file, f->dir, NULL};
    const char *env[] = {state, config, more, NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = 30, .cols = 120};
    f->term = term_start(&options);
    free(program);
    free(state);
    free(config);
    term_expect(f->term, "Coverage");
}

/* The line over what has the keys is heavy, or made of "=" where it may be wide. */
static bool has_focus(struct term *term, void *data)
{
    int row;
    int col;
    (void)data;
    return term_find(term, "━ a.txt ━", &row, &col) || term_find(term, "= a.txt =", &row, &col);
}

static void focus_editor(struct fixture *f)
{
    term_key(f->term, "alt-2");
    term_wait(f->term, has_focus, NULL, "the editor to have the keys");
}

/* With the keys in the editor. */
static void edit(struct fixture *f, const char *content, const char *more)
{
    test_write(f->dir, "a.txt", content);
    start(f, "a.txt", more);
    focus_editor(f);
}

static void assert_saved(struct fixture *f, const char *expected)
{
    term_key(f->term, "ctrl-s");
    test_expect_file(f->dir, "a.txt", expected);
    term_expect_gone(f->term, "a.txt ●"); /* it knows: quitting would ask else */
}

static void quit(struct fixture *f)
{
    term_key(f->term, "ctrl-q");
    int code = term_wait_exit(f->term);
    if (code != 0) {
        struct str said = term_bytes(f->term);
        size_t from = str_find(said, STR_LIT("==ERROR"), 0);
        fail_msg("exit code %d: %.*s", code, STR_FMT(str_from(said, from < said.len ? from : 0)));
    }
    term_free(f->term);
    f->term = NULL;
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void what_is_no_text_is_told(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *sentence;
    } cases[] = {
        {"binary", "binary is a binary file (3 bytes): line 1 has a NUL byte; open it with"},
        {"pipe", "pipe is a device, pipe or socket, not a file"},
        {"socket", "socket is a device, pipe or socket, not a file"},
        {"folder", "folder is a folder, not a file"},
        {"link", "link is a symbolic link"},
        {"huge", "huge is too large: 2147483648 bytes, at most 67108864 are read; open it with"},
        {"../x", "../x"},
    };
    char *path = path_join(f->dir, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    free(path);
    path = path_join(f->dir, "folder");
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
    path = path_join(f->dir, "link");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    free(path);
    path = path_join(f->dir, "socket");
    make_socket(path);
    free(path);
    path = path_join(f->dir, "huge");
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
    close(fd);
    free(path);
    path = path_join(f->dir, "binary");
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "a\0b", 3), 3);
    close(fd);
    free(path);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
        const char *argv[] = {program, "--open", cases[i].name, f->dir, NULL};
        struct term_options options = {.argv = argv, .rows = 24, .cols = 120};
        f->term = term_start(&options);
        term_expect(f->term, cases[i].sentence);
        quit(f);
        free(program);
    }
}

/* Each line ends with a bar, which stands where the model of widths says, in the terminal's own
 * cells; so do what is right of the text and the lines below. */
static void check_rows(struct fixture *f, int ambiguous)
{
    static const struct {
        const char *text;
        int width, ambiguous; /* characters of ambiguous width among them */
    } rows[] = {
        {"plain", 5, 0},
        {"\xE6\xBC\xA2\xE5\xAD\x97", 4, 0},
        {"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7x", 3, 0},
        {"\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBDx", 3, 0},
        {"\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7x", 5, 0},
        {"\xE2\x9D\xA4\xEF\xB8\x8Fx", 3, 0},
        {"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8x", 3, 0},
        {"\xE0\xB8\x81\xE0\xB8\xB5\xE0\xB9\x88x", 2, 0},
        {"\xE0\xA4\x95\xE0\xA5\x81x", 2, 0},
        {"e\xCC\x81\xCC\x82\xCC\x83\xCC\x84\xCC\x85\xCC\x86\xCC\x87\xCC\x88\xCC\x89\xCC\x8Ax", 2,
            0},
        {"\xCE\xB1\xC2\xA7\xD0\x96", 3, 3},
        {"\xD7\xA9\xD7\x9C\xD8\xA8", 3, 0},
        {"a\xE2\x80\xAE"
         "b",
            10, 0},
        {"\xE2\x81\xA6\xE2\x81\xA9", 16, 0},
        {"\xD8\xA7\xD9\x84\xD8\xB3\xD9\x84\xD9\x8E\xD8\xA7\xD9\x85", 6, 0},
        {"\xE2\x94\x80\xE2\x86\x92\xE2\x97\x8F", 3, 3},
        {"\xE6\xBC\xA2\t", 4, 0},
        {"\xFF\xC0", 8, 0},
    };
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_printf(&text, "%s|\n", rows[i].text);
    }
    edit(f, text.ptr, NULL);
    buf_free(&text);
    term_expect(f->term, "plain|");
    int top, left, row, col;
    term_key(f->term, "alt-z");
    term_expect_gone(f->term, "Chat");
    assert_true(term_find(f->term, "plain|", &top, &left));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct term_cell cell;
        term_key(f->term, i == 0 ? "ctrl-home end" : "down end");
        term_expect_cursor(
            f->term, top + (int)i, left + rows[i].width + rows[i].ambiguous * (ambiguous - 1) + 1);
        assert_true(term_cursor(f->term, &row, &col));
        term_cell(f->term, row, col - 1, &cell);
        if (strcmp(cell.text, "|") != 0) {
            fail_msg("row %zu: \"%s\" stands where the bar should", i, cell.text);
        }
    }
    quit(f);
}

static void rows_never_shift(void **state)
{
    check_rows(*state, 1);
}

/* This terminal draws them narrow, so what is told here is that each is put where it belongs. */
static void rows_never_shift_with_wide_ambiguous_characters(void **state)
{
    struct fixture *f = *state;
    test_write(f->config, "bylaw/config.toml", "ambiguous_width = 2\n");
    check_rows(f, 2);
}

/* None of what a terminal says becomes text, whenever it comes. unit/input has all cuts: between
 * two pieces as these the program waits for two seconds, after the first bytes of a key for less
 * than a busy machine may take. */
static void answers_never_become_text(void **state)
{
    struct fixture *f = *state;
    edit(f, "end\n", NULL);
    term_type(f->term, "a\033]11;rgb:0000/0000/0000\033\\b\033[?62;22cc");
    struct buf clipboard = BUF_INIT;
    buf_append_c(&clipboard, "\033]52;c;");
    buf_append_repeat(&clipboard, 'Q', 100000);
    buf_append_c(&clipboard, "\033\\d\033P1$r0m\033\\e");
    term_send(f->term, clipboard.ptr, clipboard.len);
    buf_free(&clipboard);
    static const char *const split[] = {"\033[?2026;2$yf\033[24;80Rg\033]1", "1;rgb:", "00/00/00",
        "\033", "\\\033[<99;1;1Mh\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < ARRAY_LEN(split); i++) {
        term_type(f->term, split[i]);
    }
    term_expect(f->term, "abcdefgh\xF0\x9F\x98\x80"
                         "end");
    assert_saved(f, "abcdefgh\xF0\x9F\x98\x80"
                    "end\n");
    quit(f);
}

static void a_paste_without_an_end(void **state)
{
    struct fixture *f = *state;
    edit(f, "end\n", NULL);
    term_type(f->term, "\033[200~pasted ");
    term_expect(f->term, "pasted end");
    term_type(f->term, "x");
    term_expect(f->term, "pasted xend");
    assert_saved(f, "pasted xend\n");
    quit(f);
}

static void a_large_paste(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    while (text.len < (size_t)10 << 20) {
        buf_append_c(&text, "a line of the paste, 40 characters long\n");
    }
    text.len = (size_t)10 << 20;
    text.ptr[text.len] = '\0';
    edit(f, "end\n", NULL);
    term_paste(f->term, text.ptr);
    term_expect_bytes(f->term, "pasting: "); /* how far it is was told for as long as it lasted */
    term_expect(f->term, "pasted 10.0 MB; undo takes all of it back");
    term_type(f->term, "Z");
    term_expect(f->term, "Zend");
    term_key(f->term, "ctrl-z ctrl-z");
    term_expect_gone(f->term, "of the paste");
    term_key(f->term, "ctrl-y ctrl-y");
    term_expect(f->term, "Zend");
    buf_append_c(&text, "Zend\n");
    assert_saved(f, text.ptr);
    buf_free(&text);
    quit(f);
}

/* What is pasted is text, also what looks like keys, like the marks of a paste, or like a command
 * to the terminal; undo takes it back in one step. */
static void a_paste_of_escape_sequences(void **state)
{
    struct fixture *f = *state;
    edit(f, "end\n", NULL);
    term_type(f->term,
        "\033[200~\033[31mred\033[200~\033[201\033]52;c;QQ==\007\033[A\033[<0;1;1M\x11\033[20");
    term_type(f->term, "1~");
    term_expect(f->term, "^[[31mred^[[200~^[[201^[]52;c;QQ==^G^[[A^[[<0;1;1M^Qend");
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "red");
    term_key(f->term, "ctrl-y");
    assert_saved(f, "\033[31mred\033[200~\033[201\033]52;c;QQ==\007\033[A\033[<0;1;1M\x11"
                    "end\n");
    quit(f);
}

static void a_storm_of_sizes(void **state)
{
    struct fixture *f = *state;
    static const int sizes[][2] = {
        {1, 1}, {200, 500}, {1, 200}, {200, 1}, {2, 3}, {24, 80}, {9, 33}, {50, 120}, {3, 10}};
    edit(f, "end\n", "BYLAW_MESSAGE_MS=500"); /* the keys' row is waited for */
    struct buf typed = BUF_INIT;
    for (int i = 0; i < 200; i++) {
        const int *size = sizes[i % (int)ARRAY_LEN(sizes)];
        term_resize(f->term, size[0], size[1]);
        if (i % 50 == 0) {
            /* A window too small for anything takes no keys. */
            term_resize(f->term, 30, 120);
            term_expect(f->term, "^S save");
            term_type(f->term, "k");
            buf_append_c(&typed, "k");
            term_expect(f->term, typed.ptr);
        }
    }
    buf_free(&typed);
    term_resize(f->term, 30, 120);
    term_expect(f->term, "kkkkend");
    assert_saved(f, "kkkkend\n");
    quit(f);
}

static void a_terminal_that_goes_away(void **state)
{
    struct fixture *f = *state;
    edit(f, "end\n", NULL);
    term_type(f->term, "kept ");
    term_expect(f->term, "kept end");
    term_signal(f->term, SIGHUP);
    assert_int_equal(term_wait_exit(f->term), 128 + SIGHUP);
    term_free(f->term);
    start(f, "a.txt", NULL);
    term_expect(f->term, "Unsaved edits");
    term_type(f->term, "r");
    term_expect(f->term, "kept end");
    assert_saved(f, "kept end\n");
    quit(f);
}

/* Whatever the engine says or leaves unsaid: no green, and each key is painted. */
static void engines_that_misbehave(void **state)
{
    struct fixture *f = *state;
    static const char version[] = "case $1 in version) echo 'Version: 1.22.2'; exit;; esac\n";
    static const char *const scripts[] = {"exec sleep 1000", "exec yes flood", "exec yes flood >&2",
        "kill -9 $$", "printf '[{\"location\":'", "true", "exec head -c 300000 /dev/urandom",
        "printf '[%.0s' $(seq 20000)"};
    test_write(f->dir, "a.rego", "package a\n\ntest_x if true\n");
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        char *script = mem_printf("#!/bin/sh\n%s%s\n", version, scripts[i]);
        test_write(f->state, "bin/opa", script);
        const char *allow[] = {"chmod", "+x", "bin/opa", NULL};
        free(test_run(f->state, allow));
        char *path = mem_printf("PATH=%s/bin:/usr/bin:/bin", f->state);
        edit(f, "end\n", path);
        for (int k = 0; k < 20; k++) {
            char expected[32] = "";
            memset(expected, 'w', (size_t)k + 1);
            term_type(f->term, "w");
            term_expect(f->term, expected);
        }
        char *text = term_text(f->term);
        assert_null(strstr(text, "✓ 1"));
        free(text);
        assert_saved(f, "wwwwwwwwwwwwwwwwwwwwend\n");
        quit(f);
        free(path);
        free(script);
    }
}

static void few_descriptors(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 40;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    edit(f, "end\n", NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    term_type(f->term, "few ");
    term_expect(f->term, "few end");
    assert_saved(f, "few end\n");
    quit(f);
}

/* A file larger than allowed, as on a full disk: the old content stays, the text is not lost. */
static void a_save_that_fails(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 200000;
    struct buf text = BUF_INIT;
    buf_append_repeat(&text, 'x', 250000);
    buf_append_c(&text, "\n");
    test_write(f->dir, "a.txt", text.ptr);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    start(f, "a.txt", NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    focus_editor(f);
    term_type(f->term, "Q");
    term_expect(f->term, "Qxxx");
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "File too large");
    term_expect(f->term, "a.txt ●");
    char *content = test_read(f->dir, "a.txt");
    assert_string_equal(content, text.ptr);
    free(content);
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "●");
    buf_free(&text);
    quit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_no_text_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_never_shift, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            rows_never_shift_with_wide_ambiguous_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_never_become_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_paste_without_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_paste, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_paste_of_escape_sequences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_storm_of_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_terminal_that_goes_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(engines_that_misbehave, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_descriptors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_save_that_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
