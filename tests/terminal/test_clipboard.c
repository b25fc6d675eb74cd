/* Copies and pastes of the real program: over the terminal (OSC 52), which may answer, answer late
 * or not at all, and by the desktop's programs; the clipboard and the primary selection. */
#include "test.h"

#include "base/path.h"
#include "loop/loop.h"
#include "screen/clipboard.h"
#include "term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct fixture {
    char *dir, *config;
    struct term *term;
    int top, left; /* where the text begins */
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    *f = (struct fixture){.dir = test_dir_make(), .config = test_dir_make()};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    test_dir_remove(f->dir);
    test_dir_remove(f->config);
    free(f);
    return 0;
}

/* With the keys in an editor on "one two", on which the cursor is. */
static void start(struct fixture *f, bool mute, const char *settings, const char *const *more)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *file = path_join(f->dir, "a.txt");
    char *config = mem_printf("XDG_CONFIG_HOME=%s", f->config);
    const char *argv[] = {program, file, NULL};
    const char *env[5] = {config};
    for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
        env[i + 1] = more[i];
    }
    struct term_options options = {.argv = argv, .env = env, .rows = 24, .cols = 100, .mute = mute};
    test_write(f->config, "bylaw/config.toml", settings);
    test_write(f->dir, "a.txt", "one two\n");
    f->term = term_start(&options);
    free(program);
    free(file);
    free(config);
    term_expect(f->term, "━ a.txt ━"); /* it has the keys */
    assert_true(term_find(f->term, "one two", &f->top, &f->left));
}

static void quit(struct fixture *f, const char *content)
{
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "saved a.txt");
    char *saved = test_read(f->dir, "a.txt");
    assert_string_equal(saved, content);
    free(saved);
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

/* Drags over the first word with the left button. */
static void drag_first_word(struct fixture *f)
{
    char *report = mem_printf("\033[<0;%d;%dM\033[<32;%d;%dM\033[<0;%d;%dm", f->left + 1,
        f->top + 1, f->left + 4, f->top + 1, f->left + 4, f->top + 1);
    term_type(f->term, report);
    free(report);
}

/* A press and release of the middle button. */
static char *middle_click(const struct fixture *f, int col)
{
    return mem_printf("\033[<1;%d;%dM\033[<1;%d;%dm", f->left + col + 1, f->top + 1,
        f->left + col + 1, f->top + 1);
}

/* What the terminal says when it is asked, right behind the keys that make the program ask: it
 * waits a quarter of a second only, which a machine that does much else can take from a test. */
static void answer(struct fixture *f, const char *keys, enum clipboard which, const char *text)
{
    struct buf bytes = BUF_INIT;
    buf_append_c(&bytes, keys);
    clipboard_append_osc52(&bytes, which, str_of(text));
    term_send(f->term, bytes.ptr, bytes.len);
    buf_free(&bytes);
}

static void the_terminal_has_it(void **state)
{
    struct fixture *f = *state;
    start(f, true, "", NULL);
    term_key(f->term, "shift-end ctrl-c");
    term_expect_bytes(f->term, "\033]52;c;b25lIHR3bw==\033\\");
    term_key(f->term, "end");
    answer(f, "\026", CLIPBOARD_COPIED, " from outside\r\n\033[31m\xC3\xA9"); /* ^V */
    term_expect_bytes(f->term, "\033]52;c;?");
    /* What is pasted is text, whatever it holds. */
    term_expect(f->term, "one two from outside");
    term_expect(f->term, "^[[31m\xC3\xA9");
    drag_first_word(f);
    term_expect_bytes(f->term, "\033]52;p;b25l\033\\");
    char *click = middle_click(f, 3);
    answer(f, click, CLIPBOARD_PRIMARY, "+primary");
    free(click);
    term_expect_bytes(f->term, "\033]52;p;?");
    term_expect(f->term, "one+primary two from outside");
    quit(f, "one+primary two from outside\n\033[31m\xC3\xA9\n");
}

/* The terminal says what it is (every one does) and nothing else: our own copy is pasted, and it is
 * not asked again. An answer that comes after all is no text. */
static void the_terminal_does_not_tell(void **state)
{
    struct fixture *f = *state;
    start(f, false, "", NULL);
    term_key(f->term, "shift-end ctrl-c end ctrl-v");
    term_expect(f->term, "one twoone two");
    term_forget(f->term);
    term_key(f->term, "ctrl-v");
    term_expect(f->term, "one twoone twoone two");
    assert_int_equal(str_find(term_bytes(f->term), STR_LIT("\033]52;c;?"), 0), SIZE_MAX);
    answer(f, "<", CLIPBOARD_COPIED, "late");
    term_type(f->term, ">");
    term_expect(f->term, "one two<>");
    quit(f, "one twoone twoone two<>\n");
}

/* Not even what it is: after a quarter of a second our own copy is pasted; what it was asked comes
 * back in pieces while somebody types, and is no text. */
static void the_terminal_answers_nothing(void **state)
{
    struct fixture *f = *state;
    start(f, true, "", NULL);
    term_key(f->term, "shift-end ctrl-c end ctrl-v");
    term_expect(f->term, "one twoone two");
    static const char *const late[] = {"a\033]52;c;bGF0ZQ", "==\033\\b\033]11;rgb:00",
        "00/0000/0000", "\033\\c\033[2;2Rd\033[?62;22ce"};
    for (size_t i = 0; i < ARRAY_LEN(late); i++) {
        term_type(f->term, late[i]);
    }
    term_expect(f->term, "one twoone twoabcde");
    quit(f, "one twoone twoabcde\n");
}

/* More than terminals take is pasted from our own copy, not what was outside before. */
static void too_much_for_the_terminal(void **state)
{
    struct fixture *f = *state;
    struct buf large = BUF_INIT;
    buf_append_repeat(&large, 'L', (size_t)1 << 20);
    start(f, false, "", NULL);
    term_key(f->term, "ctrl-a");
    term_paste(f->term, large.ptr);
    term_expect(f->term, "LLLL");
    term_key(f->term, "ctrl-a ctrl-c");
    term_expect(f->term, "copied inside bylaw only: 1024 KB are more than a terminal");
    term_key(f->term, "ctrl-end ctrl-v");
    buf_append_repeat(&large, 'L', (size_t)1 << 20);
    term_key(f->term, "ctrl-s");
    term_expect(f->term, "saved a.txt");
    char *saved = test_read(f->dir, "a.txt");
    assert_int_equal(strlen(saved), large.len);
    assert_string_equal(saved, large.ptr);
    free(saved);
    buf_free(&large);
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

/* As xclip does: it leaves a process behind that has the selection, and its standard output. */
static const char xclip[] = "#!/bin/sh\n"
                            "if [ \"$1\" = -in ]; then\n"
                            "  cat >\"$CLIPS/$3\"\n"
                            "  sleep 600 &\n"
                            "  echo $! >\"$CLIPS/owner-$3.new\"\n"
                            "  mv \"$CLIPS/owner-$3.new\" \"$CLIPS/owner-$3\"\n"
                            "else\n"
                            "  sleep 0.5\n"
                            "  cat \"$CLIPS/$3\"\n"
                            "fi\n";

struct wanted {
    const char *dir, *name;
};

static bool is_there(struct term *term, void *data)
{
    const struct wanted *wanted = data;
    char *path = path_join(wanted->dir, wanted->name);
    struct stat stat_buf;
    (void)term;
    bool there = stat(path, &stat_buf) == 0 && stat_buf.st_size > 0;
    free(path);
    return there;
}

static int owner_of(struct fixture *f, const char *name)
{
    struct wanted wanted = {f->config, name};
    term_wait(f->term, is_there, &wanted, "the selection's owner");
    char *text = test_read(f->config, name);
    int pid = (int)strtol(text, NULL, 10);
    free(text);
    return pid;
}

static void programs_have_it(void **state)
{
    struct fixture *f = *state;
    test_write(f->config, "bin/xclip", xclip);
    char *program = path_join(f->config, "bin/xclip");
    assert_int_equal(chmod(program, 0700), 0);
    char *path = mem_printf("PATH=%s/bin:%s", f->config, getenv("PATH"));
    char *clips = mem_printf("CLIPS=%s", f->config);
    const char *env[] = {path, clips, "DISPLAY=:0", NULL};
    start(f, false, "clipboard = \"command\"\n", env);
    term_key(f->term, "shift-end ctrl-c");
    term_expect(f->term, "copied 7 bytes");
    int owner = owner_of(f, "owner-clipboard");
    test_write(f->config, "clipboard", " from outside");
    term_key(f->term, "end ctrl-v");
    term_expect(f->term, "one two from outside");
    assert_int_equal(kill(owner, 0), 0); /* or nobody had the selection any more */
    drag_first_word(f);
    int second = owner_of(f, "owner-primary");
    char *selected = test_read(f->config, "primary");
    assert_string_equal(selected, "one");
    test_write(f->config, "primary", "+primary");
    char *click = middle_click(f, 3);
    term_type(f->term, click);
    free(click);
    term_expect(f->term, "one+primary two from outside");
    assert_int_equal(kill(second, 0), 0);
    assert_int_equal(str_find(term_bytes(f->term), STR_LIT("\033]52;"), 0), SIZE_MAX);
    kill(owner, SIGKILL);
    kill(second, SIGKILL);
    free(selected);
    free(program);
    free(path);
    free(clips);
    quit(f, "one+primary two from outside\n");
}

static void without_programs_it_is_said(void **state)
{
    struct fixture *f = *state;
    const char *env[] = {"DISPLAY=", "WAYLAND_DISPLAY=", NULL};
    start(f, false, "clipboard = \"command\"\n", env);
    term_key(f->term, "shift-end ctrl-c");
    term_expect(f->term, "copied inside bylaw only: neither WAYLAND_DISPLAY nor DISPLAY is set");
    term_key(f->term, "end ctrl-v");
    term_expect(f->term, "one twoone two");
    quit(f, "one twoone two\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_terminal_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_terminal_does_not_tell, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_terminal_answers_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_for_the_terminal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(programs_have_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_programs_it_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
