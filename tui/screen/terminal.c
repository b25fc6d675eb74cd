#include "screen/terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

/* tputs takes a function without data. */
static struct buf *tputs_out;

static int append_byte(int c)
{
    buf_append_char(tputs_out, (char)c);
    return c;
}

/* Appends a capability with its padding resolved; absent ones append nothing. */
static void append_cap(struct buf *out, const char *cap)
{
    if (cap != NULL && cap != (char *)-1) {
        tputs_out = out;
        tputs(cap, 1, append_byte);
    }
}

static const char *cap_string(const char *name)
{
    const char *cap = tigetstr(name);
    return cap == (char *)-1 ? NULL : cap;
}

static bool load_terminfo(const char *term, int fd, struct err *err)
{
    if (*term == '\0') {
        return err_set(err, ERR_UNSUPPORTED,
            "TERM is not set: say what terminal this is, for example TERM=xterm-256color");
    }
    int status = 0;
    errno = 0;
    if (setupterm(term, fd, &status) != OK) {
        if (errno == EMFILE || errno == ENFILE || errno == EACCES) {
            return err_set_errno(err, errno, "cannot read what the terminal %.60s can do", term);
        }
        if (status < 0) {
            return err_set(err, ERR_NOT_FOUND,
                "the terminfo database is missing: install the package ncurses-base");
        }
        if (status == 1) {
            return err_set(err, ERR_UNSUPPORTED,
                "TERM=%.60s is a terminal that prints on paper: a screen is needed", term);
        }
        return err_set(err, ERR_UNSUPPORTED,
            "the terminal type TERM=%.60s is not known here: try TERM=xterm-256color", term);
    }
    if (cap_string("cup") == NULL) {
        return err_set(err, ERR_UNSUPPORTED,
            "TERM=%.60s cannot place its cursor, which a full screen needs: bylaw --plain works "
            "without, line by line, and so do the subcommands (bylaw --help)",
            term);
    }
    return true;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0';
}

static enum colour_depth find_depth(const char *wish)
{
    if (wish != NULL && strcmp(wish, "auto") != 0) {
        return strcmp(wish, "none") == 0  ? COLOUR_NONE
               : strcmp(wish, "16") == 0  ? COLOUR_16
               : strcmp(wish, "256") == 0 ? COLOUR_256
                                          : COLOUR_TRUE;
    }
    if (is_set("NO_COLOR")) {
        return COLOUR_NONE; /* https://no-color.org */
    }
    int colours = tigetnum("colors");
    const char *direct = getenv("COLORTERM");
    if (direct != NULL && colours >= 8 &&
        (strcmp(direct, "truecolor") == 0 || strcmp(direct, "24bit") == 0)) {
        return COLOUR_TRUE;
    }
    if (tigetflag("RGB") > 0 || colours > 256) {
        return COLOUR_TRUE;
    }
    return colours >= 256 ? COLOUR_256 : colours >= 8 ? COLOUR_16 : COLOUR_NONE;
}

/* A descriptor of our own, so that making it non-blocking does not change the shell's. */
static int open_own(int fd)
{
    char name[256];
    int own = -1;
    if (ttyname_r(fd, name, sizeof name) == 0) {
        own = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    if (own < 0) {
        own = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static bool check_surroundings(const struct output_options *options, struct err *err)
{
    if (!isatty(options->in_fd) || !isatty(options->out_fd)) {
        return err_set(err, ERR_UNSUPPORTED,
            "%s is not a terminal: bylaw --plain works without one, line by line, and so do the "
            "subcommands (bylaw --help)",
            isatty(options->in_fd) ? "standard output" : "standard input");
    }
    const char *codeset = nl_langinfo(CODESET);
    if (!options->ascii && strcmp(codeset, "UTF-8") != 0) {
        return err_set(err, ERR_UNSUPPORTED,
            "the locale's character set is %s, not UTF-8: set LC_ALL=C.UTF-8 (or another UTF-8 "
            "locale), or start with --ascii",
            codeset);
    }
    return true;
}

static void build_strings(struct terminal *terminal)
{
    struct buf *enter = &terminal->enter;
    struct buf *leave = &terminal->leave;
    append_cap(enter, cap_string("smcup"));
    /* So that the last column can be written: needed where the cursor goes on to the next line at
     * once. (Else not: without wrapping some terminals put a combining mark in the last column into
     * a cell of its own.) */
    bool wraps_at_once = tigetflag("xenl") <= 0;
    if (wraps_at_once) {
        append_cap(enter, cap_string("rmam"));
    }
    append_cap(leave, cap_string("sgr0"));
    append_cap(leave, cap_string("cnorm"));
    if (wraps_at_once) {
        append_cap(leave, cap_string("smam"));
    }
    if (terminal->modern) {
        /* Bracketed paste, focus reports, a word when the colours become dark or light (mode 2031),
         * Shift-Enter and the like as sequences of their own (xterm's modifyOtherKeys 1, kitty's
         * first level). */
        buf_append_c(enter, "\033[?2004h\033[?1004h\033[?2031h\033[>4;1m\033[>1u");
        /* Terminals that put right-to-left text in order themselves (VTE, mintty, mlterm, Konsole
         * …) do so row by row, across panes and columns: what is painted in a cell stays in it
         * (BDSM, ECMA-48 7.2.6; "explicit mode" of the terminal-wg's BiDi recommendation). */
        buf_append_c(enter, "\033[8l");
        buf_append_c(leave, "\033[8h");
        buf_append_c(leave, "\033[?2026l\033[0 q\033[<u\033[>4;0m\033[?2031l\033[?1004l\033[?2004l"
                            "\033[?1006l\033[?1002l");
    }
    append_cap(leave, cap_string("rmcup"));
}

/* How a colour is said: terminfo is asked once, for a page says it hundreds of times. */
struct said_colour {
    int32_t colour;
    bool background, known;
    size_t len;
    char bytes[40];
};
static struct said_colour said[256];

bool terminal_open(struct terminal *terminal, const struct output_options *options, struct err *err)
{
    *terminal = (struct terminal){.fd = -1, .ascii = options->ascii};
    if (!check_surroundings(options, err)) {
        return false;
    }
    const char *term = options->term != NULL ? options->term : getenv("TERM");
    term = term == NULL ? "" : term;
    if (!load_terminfo(term, options->out_fd, err)) {
        return false;
    }
    terminal->depth = find_depth(options->colour);
    terminal->colours = tigetnum("colors");
    memset(said, 0, sizeof said); /* another terminal may say them otherwise */
    terminal->modern = terminal->colours >= 256 || strncmp(term, "xterm", 5) == 0 ||
                       strncmp(term, "tmux", 4) == 0 || strncmp(term, "screen", 6) == 0;
    terminal->fd = open_own(options->out_fd);
    if (terminal->fd < 0 || tcgetattr(terminal->fd, &terminal->original) != 0) {
        err_set_errno(err, errno, "cannot open the terminal");
        terminal_close(terminal);
        return false;
    }
    build_strings(terminal);
    return true;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->fd >= 0) {
        close(terminal->fd);
        terminal->fd = -1;
    }
    buf_free(&terminal->enter);
    buf_free(&terminal->leave);
    if (cur_term != NULL) {
        del_curterm(cur_term);
    }
}

bool terminal_raw(struct terminal *terminal, struct err *err)
{
    struct termios raw = terminal->original;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | INPCK | ISTRIP | IXON);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_cflag |= CS8;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(terminal->fd, TCSADRAIN, &raw) != 0) {
        return err_set_errno(err, errno, "cannot set the terminal's mode");
    }
    return true;
}

void terminal_restore(struct terminal *terminal)
{
    tcsetattr(terminal->fd, TCSADRAIN, &terminal->original);
}

bool terminal_size(const struct terminal *terminal, int *rows, int *cols)
{
    struct winsize size;
    if (ioctl(terminal->fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        *rows = 24;
        *cols = 80;
        return false;
    }
    *rows = size.ws_row;
    *cols = size.ws_col;
    return true;
}

void terminal_append_move(const struct terminal *terminal, struct buf *out, int row, int col)
{
    if (terminal->modern) {
        buf_printf(out, "\033[%d;%dH", row + 1, col + 1);
    } else {
        append_cap(out, tparm(cap_string("cup"), (long)row, (long)col, 0L, 0L, 0L, 0L, 0L, 0L, 0L));
    }
}

static void make_colour(
    const struct terminal *terminal, struct buf *out, int32_t colour, bool background)
{
    if ((colour & COLOUR_PALETTE) == 0) {
        buf_printf(out, "\033[%d;2;%d;%d;%dm", background ? 48 : 38, colour >> 16 & 0xFF,
            colour >> 8 & 0xFF, colour & 0xFF);
        return;
    }
    int number = colour & 0xFF;
    if (terminal->colours < 16 && number >= 8 && number < 16) {
        number -= 8;
        if (!background) {
            append_cap(out, cap_string("bold")); /* how eight colours show a bright one */
        }
    }
    append_cap(out, tparm(cap_string(background ? "setab" : "setaf"), (long)number, 0L, 0L, 0L, 0L,
                        0L, 0L, 0L, 0L));
}

static void append_colour(
    const struct terminal *terminal, struct buf *out, int32_t colour, bool background)
{
    if (colour == COLOUR_DEFAULT) {
        return; /* sgr0 came before */
    }
    uint32_t mixed = ((uint32_t)colour * 2 + background) * 2654435761U;
    struct said_colour *entry = &said[mixed >> 24];
    if (!entry->known || entry->colour != colour || entry->background != background) {
        size_t from = out->len;
        make_colour(terminal, out, colour, background);
        size_t len = out->len - from;
        if (len > 0 && len <= sizeof entry->bytes) {
            *entry = (struct said_colour){
                .colour = colour, .background = background, .known = true, .len = len};
            memcpy(entry->bytes, out->ptr + from, len);
        }
        return;
    }
    buf_append(out, entry->bytes, entry->len);
}

/* Only the colours differ, and each can be given back by itself. */
static void change_colours(
    const struct terminal *terminal, struct buf *out, struct look look, struct look from)
{
    if (look.fg != from.fg) {
        buf_append_c(out, look.fg == COLOUR_DEFAULT ? "\033[39m" : "");
        append_colour(terminal, out, look.fg, false);
    }
    if (look.bg != from.bg) {
        buf_append_c(out, look.bg == COLOUR_DEFAULT ? "\033[49m" : "");
        append_colour(terminal, out, look.bg, true);
    }
}

void terminal_append_look(
    const struct terminal *terminal, struct buf *out, struct look look, const struct look *from)
{
    static const struct {
        unsigned attr;
        const char *cap;
    } table[] = {{ATTR_BOLD, "bold"}, {ATTR_UNDERLINE, "smul"}, {ATTR_REVERSE, "rev"},
        {ATTR_ITALIC, "sitm"}, {ATTR_DIM, "dim"}, {ATTR_STRIKE, "smxx"}};
    /* Fewer colours show a bright one in bold, so that a colour is an attribute too. */
    bool apart = terminal->modern && terminal->colours >= 16;
    if (apart && from != NULL && from->attr == look.attr) {
        change_colours(terminal, out, look, *from);
        return;
    }
    /* sgr0 of most also leaves a second character set, which nothing here enters. */
    append_cap(out, terminal->modern ? "\033[m" : cap_string("sgr0"));
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if ((look.attr & table[i].attr) != 0) {
            append_cap(out, cap_string(table[i].cap));
        }
    }
    append_colour(terminal, out, look.fg, false);
    append_colour(terminal, out, look.bg, true);
}

void terminal_append_clear(const struct terminal *terminal, struct buf *out)
{
    (void)terminal;
    append_cap(out, cap_string("sgr0"));
    append_cap(out, cap_string("clear"));
}

void terminal_append_cursor(const struct terminal *terminal, struct buf *out, bool shown)
{
    (void)terminal;
    append_cap(out, cap_string(shown ? "cnorm" : "civis"));
}
