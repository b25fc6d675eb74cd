/* Drives the real program by a script and takes pictures of its screen: how the README's pictures
 * are made (scripts/pictures). A script is lines of
 *
 *     size 40 120        rows and columns; first
 *     env NAME=value     before start
 *     cwd DIR            before start
 *     start [ARG…]       the program (bylaw of this build) with arguments
 *     wait TEXT          until it is on the screen
 *     gone TEXT          until it is not
 *     type TEXT          \n, \t, \e and \\ as in C
 *     key NAME…          ctrl-p, alt-2, enter
 *     click ROW COL
 *     resize ROWS COLS
 *     title TEXT         of the pictures that follow; "title" alone: no bar
 *     theme dark|light   the terminal's own colours in the pictures that follow
 *     shot FILE.svg      when the program has been quiet for a moment
 *     text               prints the screen to standard output
 *     quit               kills the program
 *
 * Empty lines and lines that begin with # are skipped. Paths are relative to the current folder. */
#include "screen_svg.h"

#include "base/file.h"
#include "base/vec.h"
#include "loop/loop.h"

#include <stdio.h>
#include <stdlib.h>

struct script {
    struct term *term;
    int rows, cols;
    struct {
        char **items;
        size_t len, cap;
    } env;
    char *cwd, *title;
    bool light;
    unsigned line;
};

static void stop(const struct script *script, const char *text)
{
    fprintf(stderr, "screenshot: line %u: %s\n", script->line, text);
    _Exit(1);
}

static void start(struct script *script, struct str rest)
{
    struct {
        char **items;
        size_t len, cap;
    } argv = {0};
    const char *build = getenv("BYLAW_BINARY_DIR");
    VEC_PUSH(&argv, mem_printf("%s/bylaw", build == NULL ? "build" : build));
    rest = str_trim(rest);
    while (rest.len > 0) {
        size_t end = str_find_char(rest, ' ', 0);
        struct str word = str_slice(rest, 0, end == SIZE_MAX ? rest.len : end);
        VEC_PUSH(&argv, str_dup(word));
        rest = str_trim(str_from(rest, word.len));
    }
    VEC_PUSH(&argv, NULL);
    VEC_PUSH(&script->env, mem_strdup("COLORTERM=truecolor"));
    VEC_PUSH(&script->env, NULL);
    struct term_options options = {.argv = (const char *const *)argv.items,
        .env = (const char *const *)script->env.items,
        .cwd = script->cwd,
        .rows = script->rows,
        .cols = script->cols};
    script->term = term_start(&options);
    VEC_FOREACH (char *, item, &argv) {
        free(*item);
    }
    VEC_FREE(&argv);
}

static void type(struct script *script, struct str text)
{
    struct buf bytes = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            c = text.ptr[++i];
            c = (char)(c == 'n' ? '\r' : c == 't' ? '\t' : c == 'e' ? '\033' : c);
        }
        buf_append_char(&bytes, c);
    }
    term_send(script->term, bytes.ptr, bytes.len);
    buf_free(&bytes);
}

struct quiet {
    size_t len; /* bytes that had come */
    uint64_t since;
};

/* A picture is taken of what stands still: nothing was painted for a sixth of a second. */
static bool stands_still(struct term *term, void *data)
{
    enum { QUIET_MS = 160 };
    struct quiet *seen = data;
    uint64_t now = loop_now_ms();
    size_t len = term_bytes(term).len;
    if (seen->since == 0 || len != seen->len) {
        seen->len = len;
        seen->since = now;
    }
    return now - seen->since >= QUIET_MS;
}

static void shoot(struct script *script, const char *path)
{
    struct quiet seen = {0};
    term_wait(script->term, stands_still, &seen, "a moment without painting");
    struct svg_options options = {.title = script->title,
        .fg = script->light ? 0x24292f : 0xcdd9e5,
        .bg = script->light ? 0xffffff : 0x1c2128};
    struct buf svg = BUF_INIT;
    svg_of_term(script->term, &options, &svg);
    struct err err;
    if (!file_write(path, buf_str(&svg), 0644, &err)) {
        stop(script, err.text);
    }
    buf_free(&svg);
}

static void two_numbers(struct script *script, const char *text, int *a, int *b)
{
    if (sscanf(text, "%d %d", a, b) != 2) {
        stop(script, "two numbers are needed");
    }
}

static void set_up(struct script *script, const char *command, const char *rest)
{
    if (strcmp(command, "size") == 0) {
        two_numbers(script, rest, &script->rows, &script->cols);
    } else if (strcmp(command, "env") == 0) {
        VEC_PUSH(&script->env, mem_strdup(rest));
    } else if (strcmp(command, "cwd") == 0) {
        free(script->cwd);
        script->cwd = mem_strdup(rest);
    } else if (strcmp(command, "title") == 0) {
        free(script->title);
        script->title = *rest == '\0' ? NULL : mem_strdup(rest);
    } else if (strcmp(command, "theme") == 0) {
        script->light = strcmp(rest, "light") == 0;
    } else if (strcmp(command, "start") == 0) {
        start(script, str_of(rest));
    } else {
        stop(script, "no such command, or it needs a start before it");
    }
}

static bool drive(struct script *script, const char *command, const char *rest)
{
    int a;
    int b;
    if (script->term == NULL) {
        return false;
    }
    if (strcmp(command, "wait") == 0) {
        term_expect(script->term, rest);
    } else if (strcmp(command, "gone") == 0) {
        term_expect_gone(script->term, rest);
    } else if (strcmp(command, "type") == 0) {
        type(script, str_of(rest));
    } else if (strcmp(command, "key") == 0) {
        term_key(script->term, rest);
    } else if (strcmp(command, "click") == 0) {
        two_numbers(script, rest, &a, &b);
        term_click(script->term, a, b);
    } else if (strcmp(command, "resize") == 0) {
        two_numbers(script, rest, &a, &b);
        term_resize(script->term, a, b);
    } else if (strcmp(command, "shot") == 0) {
        shoot(script, rest);
    } else if (strcmp(command, "text") == 0) {
        char *text = term_text(script->term);
        fputs(text, stdout);
        free(text);
    } else if (strcmp(command, "quit") == 0) {
        term_free(script->term);
        script->term = NULL;
    } else {
        return false;
    }
    return true;
}

static char *script_path;

static void run_script(void **state)
{
    (void)state;
    struct err err;
    struct buf text = BUF_INIT;
    assert_ok(file_read(script_path, 1 << 20, &text, &err), err);
    struct script script = {.rows = 40, .cols = 120};
    struct str rest = buf_str(&text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        script.line++;
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        size_t end = str_find_char(line, ' ', 0);
        char *command = str_dup(str_slice(line, 0, end == SIZE_MAX ? line.len : end));
        char *argument = str_dup(str_from(line, strlen(command) + 1));
        if (!drive(&script, command, argument)) {
            set_up(&script, command, argument);
        }
        free(command);
        free(argument);
    }
    term_free(script.term);
    VEC_FOREACH (char *, item, &script.env) {
        free(*item);
    }
    VEC_FREE(&script.env);
    free(script.cwd);
    free(script.title);
    buf_free(&text);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: screenshot SCRIPT\n");
        return 2;
    }
    script_path = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(run_script)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
