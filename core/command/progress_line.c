#include "command/progress_line.h"

#include "loop/loop.h"

#include <stdio.h>
#include <unistd.h>

#define SAID_EVERY_US ((uint64_t)10 * 1000 * 1000)

void progress_line_begin(struct progress_line *line, bool json, const char *what)
{
    *line = (struct progress_line){
        .is_terminal = isatty(STDERR_FILENO) && !json, .said_us = loop_now_us()};
    if (line->is_terminal) {
        fputs(what, stderr);
        fflush(stderr);
        line->is_shown = true;
    }
}

void progress_line_say(struct progress_line *line, const char *what)
{
    uint64_t now = loop_now_us();
    if (line->is_terminal) {
        fprintf(stderr, "\r\033[K%s", what);
        line->is_shown = true;
    } else if (now - line->said_us >= SAID_EVERY_US) {
        fprintf(stderr, "%s\n", what);
        line->said_us = now;
    }
    fflush(stderr);
}

void progress_line_show(struct progress_line *line, size_t done, size_t total, const char *what)
{
    uint64_t now = loop_now_us();
    if (line->is_terminal) {
        fprintf(stderr, "\r\033[K%zu of %zu %s", done, total, what);
        line->is_shown = true;
    } else if (now - line->said_us >= SAID_EVERY_US) {
        fprintf(stderr, "%zu of %zu %s\n", done, total, what);
        line->said_us = now;
    }
    fflush(stderr);
}

void progress_line_clear(struct progress_line *line)
{
    if (line->is_shown) {
        fputs("\r\033[K", stderr);
        line->is_shown = false;
    }
}
