#include "term.h"

#include "base/file.h"
#include "base/path.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

struct term {
    int fd;
    pid_t pid;
    char *home;
    VTerm *vt;
    VTermScreen *screen;
    int rows, cols;
    bool cursor_shown, alternate;
    VTermPos cursor;
    struct buf bytes;
    bool in_frame;
    char tail[8]; /* last bytes, to find marks that a read splits */
    size_t tail_len;
    bool exited, mute;
    int status;
};

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
    struct term *term = user;
    (void)old;
    (void)visible;
    term->cursor = pos;
    return 1;
}

static int on_prop(VTermProp prop, VTermValue *value, void *user)
{
    struct term *term = user;
    if (prop == VTERM_PROP_CURSORVISIBLE) {
        term->cursor_shown = value->boolean != 0;
    } else if (prop == VTERM_PROP_ALTSCREEN) {
        term->alternate = value->boolean != 0;
    }
    return 1;
}

static const VTermScreenCallbacks callbacks = {.movecursor = on_cursor, .settermprop = on_prop};

/* BYLAW_TERM_NICE: how far the program stands back. */
static void stand_back(void)
{
    const char *by = getenv("BYLAW_TERM_NICE");
    if (by != NULL && setpriority(PRIO_PROCESS, 0, (int)strtol(by, NULL, 10)) != 0) {
        _exit(125);
    }
}

/* The terminal's answers (DA and the like) go back to the program. */
static void on_answer(const char *bytes, size_t len, void *user)
{
    const struct term *term = user;
    if (!term->mute) {
        term_send(user, bytes, len);
    }
}

struct environment {
    char **items;
    size_t len, cap;
};

static void set_env(struct environment *environment, const char *entry)
{
    size_t name = (size_t)(strchr(entry, '=') - entry) + 1;
    VEC_FOREACH (char *, item, environment) {
        if (strncmp(*item, entry, name) == 0) {
            free(*item);
            *item = mem_strdup(entry);
            return;
        }
    }
    VEC_PUSH(environment, mem_strdup(entry));
}

static void pass_env(struct environment *environment, const char *name)
{
    const char *value = getenv(name);
    if (value != NULL) {
        char *entry = mem_printf("%s=%s", name, value);
        set_env(environment, entry);
        free(entry);
    }
}

static char **make_env(const struct term *term, const char *const *extra)
{
    static const char *const passed[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
        "BYLAW_SOURCE_DIR", "BYLAW_BINARY_DIR", "TMPDIR"};
    struct environment environment = {0};
    for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
        pass_env(&environment, passed[i]);
    }
    char *home = mem_printf("HOME=%s", term->home);
    set_env(&environment, home);
    free(home);
    set_env(&environment, "LC_ALL=C.UTF-8");
    set_env(&environment, "BYLAW_TOUR=0");
    set_env(&environment, "BYLAW_MESSAGE_MS=30000"); /* a late eye sees them too */
    set_env(&environment, "TZ=UTC");
    set_env(&environment, "TERM=xterm-256color");
    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++) {
        set_env(&environment, extra[i]);
    }
    VEC_PUSH(&environment, NULL);
    return environment.items;
}

struct term *term_start(const struct term_options *options)
{
    struct term *term = MEM_NEW(struct term);
    term->rows = options->rows > 0 ? options->rows : 24;
    term->cols = options->cols > 0 ? options->cols : 80;
    term->home = test_dir_make();
    test_write(term->home, ".config/bylaw/config.toml", TERM_NO_SERVERS);
    term->cursor_shown = true;
    term->mute = options->mute;
    term->vt = vterm_new(term->rows, term->cols);
    vterm_set_utf8(term->vt, 1);
    vterm_output_set_callback(term->vt, on_answer, term);
    term->screen = vterm_obtain_screen(term->vt);
    vterm_screen_enable_altscreen(term->screen, 1);
    vterm_screen_set_callbacks(term->screen, &callbacks, term);
    vterm_screen_reset(term->screen, 1);

    const char *build = getenv("BYLAW_BINARY_DIR");
    char *program = path_join(build == NULL ? "." : build, "bylaw");
    const char *own[] = {program, NULL};
    const char *const *argv =
        options->argv == NULL || options->argv[0] == NULL ? own : options->argv;
    char **env = make_env(term, options->env);
    struct winsize size = {
        .ws_row = (unsigned short)term->rows, .ws_col = (unsigned short)term->cols};
    char *work = path_join(term->home, "work");
    assert_true(path_make_dirs(work, NULL));
    term->pid = forkpty(&term->fd, NULL, NULL, &size);
    if (term->pid == 0) {
        stand_back();
        if (chdir(options->cwd != NULL ? options->cwd : work) != 0) {
            _exit(126);
        }
        execvpe(argv[0], (char *const *)argv, env);
        _exit(127);
    }
    assert_true(term->pid > 0);
    fcntl(term->fd, F_SETFL, O_NONBLOCK);
    fcntl(term->fd, F_SETFD, FD_CLOEXEC);
    for (size_t i = 0; env[i] != NULL; i++) {
        free(env[i]);
    }
    free(env);
    free(work);
    free(program);
    return term;
}

void term_free(struct term *term)
{
    if (term == NULL) {
        return;
    }
    if (!term->exited) {
        kill(-term->pid, SIGKILL);
        kill(term->pid, SIGKILL);
        waitpid(term->pid, &term->status, 0);
    }
    close(term->fd);
    vterm_free(term->vt);
    buf_free(&term->bytes);
    test_dir_remove(term->home);
    free(term);
}

/* Remembers whether the last mark seen began or ended a frame. */
static void find_marks(struct term *term, const char *bytes, size_t len)
{
    struct buf joined = BUF_INIT;
    buf_append(&joined, term->tail, term->tail_len);
    buf_append(&joined, bytes, len);
    for (size_t i = 0; i + 8 <= joined.len; i++) {
        if (memcmp(joined.ptr + i, "\033[?2026h", 8) == 0) {
            term->in_frame = true;
        } else if (memcmp(joined.ptr + i, "\033[?2026l", 8) == 0) {
            term->in_frame = false;
        }
    }
    term->tail_len = joined.len < 7 ? joined.len : 7;
    memcpy(term->tail, joined.ptr + joined.len - term->tail_len, term->tail_len);
    buf_free(&joined);
}

static void check_exit(struct term *term, int flags)
{
    if (!term->exited && waitpid(term->pid, &term->status, flags) == term->pid) {
        term->exited = WIFEXITED(term->status) || WIFSIGNALED(term->status);
    }
}

/* Takes what the program has written; waits at most `wait_ms` for something, with POLLOUT in
 * `events` also for it to take more. */
static void pump_for(struct term *term, int wait_ms, short events)
{
    struct pollfd poll_fd = {.fd = term->fd, .events = events};
    poll(&poll_fd, 1, wait_ms);
    char bytes[65536];
    size_t before = term->bytes.len;
    for (;;) {
        ssize_t n = read(term->fd, bytes, sizeof bytes);
        if (n <= 0) {
            if (n < 0 && errno == EIO && !term->exited) {
                check_exit(term, 0); /* its last descriptor is closed: it is ending */
            }
            break;
        }
        buf_append(&term->bytes, bytes, (size_t)n);
        find_marks(term, bytes, (size_t)n);
    }
    /* All that is there in one piece: in the last column libvterm loses a combining mark that comes
     * apart from its base. */
    if (term->bytes.len > before) {
        vterm_input_write(term->vt, term->bytes.ptr + before, term->bytes.len - before);
    }
    vterm_screen_flush_damage(term->screen);
    check_exit(term, WNOHANG);
}

static void pump(struct term *term, int wait_ms)
{
    pump_for(term, wait_ms, POLLIN);
}

void term_send(struct term *term, const void *bytes, size_t len)
{
    const char *at = bytes;
    uint64_t end = loop_now_ms() + TERM_WAIT_MS;
    while (len > 0) {
        ssize_t n = write(term->fd, at, len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN && loop_now_ms() < end) {
            pump_for(term, 10, POLLIN | POLLOUT);
        } else {
            fail_msg("the program takes no more input");
        }
    }
}

void term_type(struct term *term, const char *bytes)
{
    term_send(term, bytes, strlen(bytes));
}

/* Esc in the form of newer terminals: the bare byte and the next key would together be Alt and that
 * key. */
static const struct {
    enum key_code code;
    const char *plain;
    char final; /* with modifiers: CSI 1;m final, or CSI number;m ~ */
    int number;
} sequences[] = {{K_ENTER, "\r", 'u', 13}, {K_TAB, "\t", 'u', 9}, {K_BACKSPACE, "\177", 'u', 127},
    {K_ESC, "\033[27u", 'u', 27}, {K_UP, "\033[A", 'A', 0}, {K_DOWN, "\033[B", 'B', 0},
    {K_RIGHT, "\033[C", 'C', 0}, {K_LEFT, "\033[D", 'D', 0}, {K_HOME, "\033[H", 'H', 0},
    {K_END, "\033[F", 'F', 0}, {K_PAGE_UP, "\033[5~", '~', 5}, {K_PAGE_DOWN, "\033[6~", '~', 6},
    {K_INSERT, "\033[2~", '~', 2}, {K_DELETE, "\033[3~", '~', 3}, {K_F1, "\033OP", 'P', 0},
    {K_F2, "\033OQ", 'Q', 0}, {K_F3, "\033OR", 'R', 0}, {K_F4, "\033OS", 'S', 0},
    {K_F5, "\033[15~", '~', 15}, {K_F6, "\033[17~", '~', 17}, {K_F7, "\033[18~", '~', 18},
    {K_F8, "\033[19~", '~', 19}, {K_F9, "\033[20~", '~', 20}, {K_F10, "\033[21~", '~', 21},
    {K_F11, "\033[23~", '~', 23}, {K_F12, "\033[24~", '~', 24}};

static void append_named(struct buf *out, const struct key *key)
{
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        if (sequences[i].code != key->code) {
            continue;
        }
        if (key->mods == 0) {
            buf_append_c(out, sequences[i].plain);
        } else if (key->code == K_TAB && key->mods == MOD_SHIFT) {
            buf_append_c(out, "\033[Z");
        } else if (key->mods == MOD_ALT && sequences[i].final == 'u') {
            buf_printf(out, "\033%s", sequences[i].plain);
        } else {
            buf_printf(out, "\033[%d;%d%c", sequences[i].number > 0 ? sequences[i].number : 1,
                key->mods + 1, sequences[i].final);
        }
        return;
    }
}

static void append_key(struct buf *out, const struct key *key)
{
    if (key->code != K_TEXT) {
        append_named(out, key);
        return;
    }
    if ((key->mods & MOD_ALT) != 0) {
        buf_append_char(out, '\033');
    }
    if ((key->mods & MOD_CTRL) != 0) {
        buf_append_char(out, (char)(key->text[0] & 0x1F));
    } else {
        buf_append(out, key->text, key->len);
    }
}

void term_key(struct term *term, const char *names)
{
    struct str rest = str_trim(str_of(names));
    while (rest.len > 0) {
        size_t end = str_find_char(rest, ' ', 0);
        struct str name = str_slice(rest, 0, end == SIZE_MAX ? rest.len : end);
        struct key key;
        if (!key_parse(name, &key)) {
            fail_msg("no key is called %.*s", STR_FMT(name));
        }
        struct buf bytes = BUF_INIT;
        append_key(&bytes, &key);
        term_send(term, bytes.ptr, bytes.len);
        buf_free(&bytes);
        rest = str_trim(str_from(rest, name.len));
    }
}

void term_paste(struct term *term, const char *text)
{
    /* In one piece: a paste that comes to a halt is taken for one whose end got lost. */
    char *bytes = mem_printf("\033[200~%s\033[201~", text);
    term_type(term, bytes);
    free(bytes);
}

void term_click(struct term *term, int row, int col)
{
    char bytes[64];
    snprintf(
        bytes, sizeof bytes, "\033[<0;%d;%dM\033[<0;%d;%dm", col + 1, row + 1, col + 1, row + 1);
    term_type(term, bytes);
}

void term_wheel(struct term *term, int row, int col, int direction)
{
    char bytes[32];
    snprintf(bytes, sizeof bytes, "\033[<%d;%d;%dM", direction < 0 ? 64 : 65, col + 1, row + 1);
    term_type(term, bytes);
}

void term_resize(struct term *term, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    pump(term, 0);
    term->rows = rows;
    term->cols = cols;
    vterm_set_size(term->vt, rows, cols);
    vterm_screen_flush_damage(term->screen);
    assert_int_equal(ioctl(term->fd, TIOCSWINSZ, &size), 0);
}

void term_signal(struct term *term, int number)
{
    assert_int_equal(kill(term->pid, number), 0);
}

/* BYLAW_TERM_LAG: what the program writes is taken, and nothing looked at, for so long. */
static void be_late(struct term *term)
{
    const char *lag = getenv("BYLAW_TERM_LAG");
    uint64_t end = loop_now_ms() + (lag == NULL ? 0 : strtoul(lag, NULL, 10));
    for (uint64_t now = loop_now_ms(); now < end && !term->exited; now = loop_now_ms()) {
        pump(term, (int)(end - now));
    }
}

void term_wait(struct term *term, bool (*condition)(struct term *term, void *data), void *data,
    const char *what)
{
    be_late(term);
    uint64_t end = loop_now_ms() + TERM_WAIT_MS;
    for (;;) {
        pump(term, 0);
        if (!term->in_frame && condition(term, data)) {
            return;
        }
        if (loop_now_ms() >= end || (term->exited && term->bytes.len == 0)) {
            break;
        }
        if (term->exited) {
            pump(term, 0);
            if (condition(term, data)) {
                return;
            }
            break;
        }
        pump(term, 20);
    }
    char *text = term_text(term);
    char *status =
        term->exited ? mem_printf(" (it ended with status %d)", term->status) : mem_strdup("");
    fprintf(stderr, "screen:\n%s", text);
    free(text);
    char *message = mem_printf("waited in vain for %s%s", what, status);
    free(status);
    /* The terminal is the test's: its tear-down frees it. */
    fail_msg("%s", message);
}

struct wanted {
    const char *text;
    int row, col;
};

static bool has_text(struct term *term, void *data)
{
    const struct wanted *wanted = data;
    int row;
    int col;
    if (wanted->row < 0) {
        return term_find(term, wanted->text, &row, &col);
    }
    char *text = term_row_text(term, wanted->row);
    bool found = strstr(text, wanted->text) != NULL;
    free(text);
    return found;
}

static bool lacks_text(struct term *term, void *data)
{
    return !has_text(term, data);
}

void term_expect(struct term *term, const char *text)
{
    struct wanted wanted = {text, -1, 0};
    char *what = mem_printf("\"%s\"", text);
    term_wait(term, has_text, &wanted, what);
    free(what);
}

void term_expect_row(struct term *term, int row, const char *text)
{
    struct wanted wanted = {text, row, 0};
    char *what = mem_printf("\"%s\" in row %d", text, row);
    term_wait(term, has_text, &wanted, what);
    free(what);
}

void term_expect_gone(struct term *term, const char *text)
{
    struct wanted wanted = {text, -1, 0};
    char *what = mem_printf("\"%s\" to go", text);
    term_wait(term, lacks_text, &wanted, what);
    free(what);
}

static bool has_cursor(struct term *term, void *data)
{
    const struct wanted *wanted = data;
    int row;
    int col;
    return term_cursor(term, &row, &col) && row == wanted->row && col == wanted->col;
}

void term_expect_cursor(struct term *term, int row, int col)
{
    struct wanted wanted = {NULL, row, col};
    char *what = mem_printf("the cursor at %d, %d", row, col);
    term_wait(term, has_cursor, &wanted, what);
    free(what);
}

static bool has_bytes(struct term *term, void *data)
{
    return str_find(buf_str(&term->bytes), str_of(data), 0) != SIZE_MAX;
}

void term_expect_bytes(struct term *term, const char *bytes)
{
    term_wait(term, has_bytes, (void *)bytes, "some bytes");
}

struct str term_bytes(const struct term *term)
{
    return buf_str(&term->bytes);
}

void term_forget(struct term *term)
{
    pump(term, 0);
    buf_clear(&term->bytes);
}

bool term_has_ended(const struct term *term)
{
    return term->exited;
}

int term_wait_exit(struct term *term)
{
    uint64_t end = loop_now_ms() + TERM_WAIT_MS;
    while (!term->exited && loop_now_ms() < end) {
        pump(term, 20);
    }
    if (!term->exited) {
        char *text = term_text(term);
        fprintf(stderr, "screen:\n%s", text);
        free(text);
        fail_msg("the program did not end");
    }
    pump(term, 0);
    return WIFEXITED(term->status) ? WEXITSTATUS(term->status) : 128 + WTERMSIG(term->status);
}

void term_wait_stopped(struct term *term)
{
    uint64_t end = loop_now_ms() + TERM_WAIT_MS;
    while (loop_now_ms() < end) {
        pump(term, 20);
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)term->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == term->pid) {
            pump(term, 0);
            return;
        }
    }
    fail_msg("the program did not stop");
}

int term_pid(const struct term *term)
{
    return term->pid;
}

int term_rows(const struct term *term)
{
    return term->rows;
}

int term_cols(const struct term *term)
{
    return term->cols;
}

bool term_is_cooked(const struct term *term)
{
    struct termios modes;
    return tcgetattr(term->fd, &modes) == 0 && (modes.c_lflag & ECHO) != 0 &&
           (modes.c_lflag & ICANON) != 0 && (modes.c_oflag & OPOST) != 0;
}

bool term_in_alternate_screen(const struct term *term)
{
    return term->alternate;
}

static uint32_t rgb_of(const struct term *term, VTermColor color)
{
    vterm_screen_convert_color_to_rgb(term->screen, &color);
    return (uint32_t)color.rgb.red << 16 | (uint32_t)color.rgb.green << 8 | color.rgb.blue;
}

void term_cell(const struct term *term, int row, int col, struct term_cell *cell)
{
    VTermScreenCell raw;
    memset(cell, 0, sizeof *cell);
    if (vterm_screen_get_cell(term->screen, (VTermPos){row, col}, &raw) == 0) {
        return;
    }
    size_t len = 0;
    bool half = raw.chars[0] == (uint32_t)-1;
    for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && raw.chars[i] != 0 && !half; i++) {
        len += utf8_encode((int32_t)raw.chars[i], cell->text + len);
    }
    cell->width = half ? 0 : raw.width;
    cell->default_fg = VTERM_COLOR_IS_DEFAULT_FG(&raw.fg) != 0;
    cell->default_bg = VTERM_COLOR_IS_DEFAULT_BG(&raw.bg) != 0;
    cell->fg = rgb_of(term, raw.fg);
    cell->bg = rgb_of(term, raw.bg);
    cell->bold = raw.attrs.bold != 0;
    cell->underline = raw.attrs.underline != 0;
    cell->italic = raw.attrs.italic != 0;
    cell->reverse = raw.attrs.reverse != 0;
    cell->strike = raw.attrs.strike != 0;
}

static void append_row(const struct term *term, int row, struct buf *out)
{
    size_t start = out->len;
    for (int col = 0; col < term->cols; col++) {
        struct term_cell cell;
        term_cell(term, row, col, &cell);
        if (cell.width > 0) {
            buf_append_c(out, cell.text[0] == '\0' ? " " : cell.text);
        }
    }
    while (out->len > start && out->ptr[out->len - 1] == ' ') {
        out->len--;
    }
}

char *term_row_text(const struct term *term, int row)
{
    struct buf out = BUF_INIT;
    append_row(term, row, &out);
    return buf_take(&out);
}

char *term_text(const struct term *term)
{
    struct buf out = BUF_INIT;
    for (int row = 0; row < term->rows; row++) {
        append_row(term, row, &out);
        buf_append_char(&out, '\n');
    }
    return buf_take(&out);
}

bool term_cursor(const struct term *term, int *row, int *col)
{
    *row = term->cursor.row;
    *col = term->cursor.col;
    return term->cursor_shown;
}

bool term_find(const struct term *term, const char *text, int *row, int *col)
{
    for (int i = 0; i < term->rows; i++) {
        char *line = term_row_text(term, i);
        const char *found = strstr(line, text);
        if (found != NULL) {
            *row = i;
            *col = (int)utf8_width(str_make(line, (size_t)(found - line)));
            free(line);
            return true;
        }
        free(line);
    }
    return false;
}

static void hide_piece(struct buf *text, const char *piece)
{
    size_t len = strlen(piece);
    size_t width = utf8_width(str_make(piece, len));
    size_t at = 0;
    while (len > 0 && (at = str_find(buf_str(text), str_make(piece, len), at)) != SIZE_MAX) {
        buf_remove(text, at, len);
        for (size_t i = 0; i < width; i++) {
            buf_insert(text, at, "#", 1);
        }
        at += width;
    }
}

struct golden {
    struct str expected;
    const char *const *hide;
};

static struct buf hidden_text(const struct term *term, const char *const *hide)
{
    char *text = term_text(term);
    struct buf shown = BUF_INIT;
    buf_append_c(&shown, text);
    free(text);
    for (size_t i = 0; hide != NULL && hide[i] != NULL; i++) {
        hide_piece(&shown, hide[i]);
    }
    return shown;
}

static bool is_golden(struct term *term, void *data)
{
    const struct golden *golden = data;
    struct buf shown = hidden_text(term, golden->hide);
    bool same = str_equal(buf_str(&shown), golden->expected);
    buf_free(&shown);
    return same;
}

void term_expect_golden(struct term *term, const char *name, const char *const *hide)
{
    char *relative = mem_printf("tests/golden/%s.txt", name);
    char *path = test_source_path(relative);
    struct err err;
    if (getenv("BYLAW_UPDATE_GOLDEN") != NULL) {
        struct buf shown = hidden_text(term, hide);
        char *dir = path_dir(path);
        assert_ok(path_make_dirs(dir, &err), err);
        assert_ok(file_write(path, buf_str(&shown), 0644, &err), err);
        free(dir);
        buf_free(&shown);
    } else {
        struct buf expected = BUF_INIT;
        assert_ok(file_read(path, 1 << 20, &expected, &err), err);
        struct golden golden = {buf_str(&expected), hide};
        char *what = mem_printf("%s:\n%s\n", relative, expected.ptr);
        term_wait(term, is_golden, &golden, what);
        free(what);
        buf_free(&expected);
    }
    free(path);
    free(relative);
}
