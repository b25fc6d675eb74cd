/* What this terminal can do and how it is told (terminfo, read through curses), its line modes and
 * size. The only file that includes curses headers is terminal.c. */
#ifndef BYLAW_SCREEN_TERMINAL_H
#define BYLAW_SCREEN_TERMINAL_H

#include "base/err.h"
#include "screen/output.h"

#include <termios.h>

struct terminal {
    int fd;                  /* owned; non-blocking where it could be opened by its name */
    struct termios original; /* to give back */
    enum colour_depth depth;
    bool modern; /* takes private modes (mouse, paste, focus, OSC) without harm */
    bool ascii;
    int colours;             /* numbers that setaf takes, as terminfo says */
    struct buf enter, leave; /* control strings of taking and giving back the screen */
};

/* Opens and asks terminfo; the terminal's state is not changed. */
bool terminal_open(
    struct terminal *terminal, const struct output_options *options, struct err *err) MUST_USE;
void terminal_close(struct terminal *terminal);
bool terminal_raw(struct terminal *terminal, struct err *err) MUST_USE;
void terminal_restore(struct terminal *terminal);
bool terminal_size(const struct terminal *terminal, int *rows, int *cols);

/* Control strings, appended. */
void terminal_append_move(const struct terminal *terminal, struct buf *out, int row, int col);
/* `from` is how it writes now, of which only what differs is said; NULL: not known. */
void terminal_append_look(
    const struct terminal *terminal, struct buf *out, struct look look, const struct look *from);
void terminal_append_clear(const struct terminal *terminal, struct buf *out);
void terminal_append_cursor(const struct terminal *terminal, struct buf *out, bool shown);

#endif
