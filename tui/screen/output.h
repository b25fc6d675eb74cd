/* The terminal: opened once, painted frame by frame, always given back.
 *
 * curses' terminfo layer says what the terminal can do; the frame itself is written by us: only
 * cells that changed since the last frame, in one write, between the marks of a synchronized update
 * (DEC private mode 2026, ignored where unknown). Whole-screen curses output splits a frame into
 * many writes, has no true colour without a "-direct" terminfo entry (Debian's base set has none)
 * and shifts rows at emoji sequences.
 *
 * Given back also when killed (SIGTERM, SIGHUP, SIGABRT, SIGSEGV, …) and when memory is gone.
 * init_color is never used: it would change the user's palette for good. Loop thread only. */
#ifndef BYLAW_SCREEN_OUTPUT_H
#define BYLAW_SCREEN_OUTPUT_H

#include "base/err.h"
#include "screen/grid.h"
#include "screen/theme.h"

struct output;

struct output_options {
    int in_fd, out_fd;  /* both a terminal; 0 and 1 as a rule */
    const char *term;   /* NULL: $TERM */
    const char *colour; /* NULL or "auto": NO_COLOR, COLORTERM, terminfo; "none", "16", "256",
                           "true" */
    bool mouse;
    bool ascii; /* other characters become '?': works without a UTF-8 locale */
};

/* Takes the terminal: raw mode, alternate screen, bracketed paste, focus reports, mouse. On failure
 * the terminal is as before and err says in one sentence what is missing: not a terminal, unknown
 * or too poor TERM, no UTF-8 locale (setlocale must have been called). One at a time. */
struct output *output_open(const struct output_options *options, struct err *err) MUST_USE;
/* Gives the terminal back. */
void output_close(struct output *output);
/* Our own descriptor of the terminal, non-blocking, for reading keys and for loop_poll. */
int output_fd(const struct output *output);
enum colour_depth output_depth(const struct output *output);
bool output_size(const struct output *output, int *rows, int *cols);

/* Makes the terminal show `grid`. Bytes the terminal does not take at once are kept and sent by
 * output_flush: while some wait, frames are skipped (output_is_blocked), so that a slow terminal
 * never stops the loop. */
void output_paint(struct output *output, const struct grid *grid, const struct theme *theme);
bool output_is_blocked(const struct output *output);
/* Call when the descriptor is writable; false: the terminal is gone. */
bool output_flush(struct output *output);
/* The next paint repaints every cell (after SIGCONT, ^L, or another program's output). */
void output_invalidate(struct output *output);
/* Sends a control string as it is (OSC 52, title) between frames. Only strings made here. */
void output_control(struct output *output, struct str bytes);
void output_set_mouse(struct output *output, bool on);
/* Window title; made visible and cut to 100 columns. */
void output_set_title(struct output *output, struct str title);

/* Gives the terminal back for a while (external editor, ^Z) and takes it again. */
void output_suspend(struct output *output);
void output_resume(struct output *output);
/* Bytes written so far and frames painted, for the benchmark. */
void output_counts(const struct output *output, size_t *bytes, size_t *frames);

#endif
