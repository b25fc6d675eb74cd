/* The real program in a pseudo-terminal, its screen read through libvterm. Nothing here sleeps: one
 * waits for a condition of the screen until a deadline, and a wait that fails prints the screen and
 * fails the test. Conditions are looked at between frames only (DEC mode 2026 marks them), never at
 * half a one.
 *
 * BYLAW_TERM_LAG=400 in the test's environment makes an observer as late as a machine that does
 * much else: each wait first lets the program go on for so many milliseconds and looks only then.
 * What a test waits for must still be there; one that fails waits for something that passes by.
 *
 * BYLAW_TERM_NICE=10 is the opposite: the program and what it starts are behind everything else,
 * the test not. Beside something busy on the same core (taskset) its keys come before the program
 * has got as far as they need; one that fails does not wait for that. */
#ifndef BYLAW_TEST_TERM_H
#define BYLAW_TEST_TERM_H

#include "test.h"

#include "screen/input.h"

#define TERM_WAIT_MS 120000

/* For a configuration: what a language server that is on PATH finds, it says when it pleases, which
 * is nothing that a test of something else could wait for. */
#define TERM_NO_SERVERS                                                                            \
    "[language_servers.regal]\ncommand = []\n[language_servers.yaml-language-server]\ncommand = "  \
    "[]\n"

struct term;

struct term_options {
    const char *const *argv; /* NULL-terminated; argv[0] NULL or argv NULL: the bylaw just built */
    /* "NAME=value" added to a small fixed environment (PATH, a fresh HOME in whose configuration no
     * language server is, LC_ALL=C.UTF-8, BYLAW_TOUR=0, messages that stay for half a minute,
     * TERM=xterm-256color, no XDG_ or API variables); "NAME=" with nothing after it empties it. */
    const char *const *env;
    const char *cwd; /* NULL: a fresh empty folder, HOME/work */
    int rows, cols;  /* 0: 24 × 80 */
    bool mute;       /* the terminal answers nothing: the test does */
};

struct term *term_start(const struct term_options *options) MUST_USE;
/* Kills what still runs, removes the fresh HOME. */
void term_free(struct term *term);

void term_type(struct term *term, const char *bytes);
void term_send(struct term *term, const void *bytes, size_t len);
/* By its name as in the key table ("ctrl-p", "alt-1", "f1", "shift-tab", "esc"); several apart by
 * blanks. */
void term_key(struct term *term, const char *names);
void term_paste(struct term *term, const char *text); /* bracketed */
/* SGR reports of a press and release at a cell; wheel -1 up, 1 down. */
void term_click(struct term *term, int row, int col);
void term_wheel(struct term *term, int row, int col, int direction);
void term_resize(struct term *term, int rows, int cols);
void term_signal(struct term *term, int number);

/* Waits until it is on the screen (anywhere; in that row). */
void term_expect(struct term *term, const char *text);
void term_expect_row(struct term *term, int row, const char *text);
void term_expect_gone(struct term *term, const char *text);
void term_expect_cursor(struct term *term, int row, int col);
/* Any condition; `what` is for the message. */
void term_wait(struct term *term, bool (*condition)(struct term *term, void *data), void *data,
    const char *what);
/* Until the output so far (raw bytes since the start or term_forget) contains it. */
void term_expect_bytes(struct term *term, const char *bytes);
struct str term_bytes(const struct term *term);
void term_forget(struct term *term);
bool term_has_ended(const struct term *term); /* as far as the last wait saw */
/* Until the program has ended; its exit code, or 128 + signal. */
int term_wait_exit(struct term *term);
/* True when SIGTSTP or SIGSTOP has stopped it. */
void term_wait_stopped(struct term *term);
int term_pid(const struct term *term);
int term_rows(const struct term *term);
int term_cols(const struct term *term);
/* Line modes of the terminal are as a shell left them (echo, line by line). */
bool term_is_cooked(const struct term *term);
bool term_in_alternate_screen(const struct term *term);

struct term_cell {
    char text[32]; /* UTF-8, "" for blank */
    int width;
    uint32_t fg, bg; /* 0xRRGGBB */
    bool default_fg, default_bg;
    bool bold, underline, italic, reverse, strike;
};
void term_cell(const struct term *term, int row, int col, struct term_cell *cell);
/* The screen's text, rows ended by LF, trailing blanks cut. The caller frees. */
char *term_text(const struct term *term) MUST_USE;
char *term_row_text(const struct term *term, int row) MUST_USE;
bool term_cursor(const struct term *term, int *row, int *col); /* false: hidden */
/* First place of a text on the screen; false when it is not there. */
bool term_find(const struct term *term, const char *text, int *row, int *col);

/* Waits until the screen is tests/golden/NAME.txt. BYLAW_UPDATE_GOLDEN=1 writes the file
 * instead: look at it before it is committed. `hide` (may be NULL): NULL-terminated pieces of text
 * that differ from run to run, replaced by as many '#'. */
void term_expect_golden(struct term *term, const char *name, const char *const *hide);

#endif
