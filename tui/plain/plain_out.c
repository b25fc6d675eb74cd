/* Lines out, and the prompt. */
#include "base/file.h"
#include "base/safe.h"
#include "plain/plain_private.h"

#include <unistd.h>

enum { CODE_MAX = 4000 };

static void put(struct plain *plain, struct str bytes)
{
    struct err err;
    if (!plain->broken && !file_write_all(STDOUT_FILENO, bytes, &err)) {
        plain->broken = true; /* as any program in a pipe whose reader has gone */
        plain->quitting = true;
        loop_stop(plain->loop);
    }
}

/* Safe text; a TAB is four blanks (a reader would say "caret I"), and where a line ends inside of
 * what is said as one, a semicolon stands. */
static void append_shown(struct buf *out, struct str text)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.len; i++) {
        char c = i == text.len ? '\0' : text.ptr[i];
        if (i == text.len || c == '\t' || c == '\n') {
            safe_append(out, str_slice(text, from, i), SAFE_ONE_LINE);
            buf_append_c(out, c == '\t' ? "    " : c == '\n' ? "; " : "");
            from = i + 1;
        }
    }
}

void plain_line(struct plain *plain, struct str line)
{
    struct buf out = BUF_INIT;
    if (plain->prompt_shown && plain->is_terminal) {
        buf_append_char(&out, '\n'); /* never in the line that is being typed */
        plain->prompt_shown = false;
    }
    if (str_ends(line, "\r")) {
        line.len--;
    }
    append_shown(&out, line);
    buf_append_char(&out, '\n');
    put(plain, buf_str(&out));
    buf_free(&out);
}

void plain_say(struct plain *plain, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    plain_line(plain, buf_str(&text));
    buf_free(&text);
}

void plain_lines(struct plain *plain, const char *prefix, struct str text)
{
    struct str line;
    while (str_next_line(&text, &line)) {
        plain_say(plain, "%s%.*s", prefix, STR_FMT(line));
    }
}

void plain_code(struct plain *plain, const char *what, struct str text)
{
    bool empty = str_trim(text).len == 0;
    bool whole = text.len <= CODE_MAX;
    text.len = empty ? 0 : whole ? text.len : CODE_MAX;
    plain_say(plain, "%s%s%.*s%s", what, empty ? ", empty" : ": ", (int)text.len,
        empty ? "" : text.ptr, whole ? "" : ", and more");
}

char *plain_count(size_t count, const char *noun)
{
    return mem_printf("%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static char *prompt_text(const struct plain *plain)
{
    if (plain->answer != NULL) {
        return mem_printf("%s> ", plain->answer_word);
    }
    const char *profile = workbench_profile(plain->wb);
    return mem_printf("%s%s%s> ", profile == NULL ? "" : profile,
        profile == NULL || plain->mode == PLAIN_MAIN ? "" : " ",
        plain->mode == PLAIN_REVIEW   ? "review"
        : plain->mode == PLAIN_COMMIT ? "commit"
                                      : "");
}

void plain_show_prompt(struct plain *plain)
{
    if (plain->prompt_shown || !plain->is_terminal) {
        return;
    }
    char *text = prompt_text(plain);
    put(plain, str_of(text));
    plain->prompt_shown = true;
    free(text);
}

void plain_take_prompt(struct plain *plain, struct str line)
{
    plain->prompt_shown = false;
    if (plain->is_terminal) {
        return; /* the terminal has shown it as it was typed */
    }
    char *text = prompt_text(plain);
    plain_say(plain, "%s%.*s", text, STR_FMT(line));
    free(text);
}
