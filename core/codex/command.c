/* What a command of Codex's really is. It shows one as the words of a program, quoted for a shell:
 * mostly "/bin/bash -lc 'opa test .'". Its commandActions read nicer and leave out what they take
 * for formatting, "| tee FILE" among it: they say less than what would run. */
#include "base/path.h"
#include "codex/codex_private.h"

#include <stdlib.h>

enum { WORDS_MAX = 3 };

/* Within double quotes; *at is behind the opening one. */
static bool read_double(const char **at, struct buf *word)
{
    for (; **at != '"'; (*at)++) {
        if (**at == '\\' && (*at)[1] != '\0' && strchr("$`\"\\", (*at)[1]) != NULL) {
            (*at)++;
        } else if (**at == '\0' || strchr("$`\\", **at) != NULL) {
            return false; /* a shell would put something else there */
        }
        buf_append_char(word, **at);
    }
    (*at)++;
    return true;
}

static bool read_single(const char **at, struct buf *word)
{
    const char *end = strchr(*at, '\'');
    if (end == NULL) {
        return false;
    }
    buf_append_str(word, (struct str){*at, (size_t)(end - *at)});
    *at = end + 1;
    return true;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("+-./:@]_,=%^", c) != NULL) || (unsigned char)c >= 0x80;
}

static bool read_word(const char **at, struct buf *word)
{
    bool ok = true;
    while (ok && **at != '\0' && **at != ' ') {
        char c = *(*at)++;
        if (c == '\'') {
            ok = read_single(at, word);
        } else if (c == '"') {
            ok = read_double(at, word);
        } else if (c == '\\' && **at != '\0' && **at != '\n') {
            buf_append_char(word, *(*at)++);
        } else if (is_plain(c)) {
            buf_append_char(word, c);
        } else {
            ok = false;
        }
    }
    return ok;
}

/* Not NULL: `line` is a shell that is given this one text to run, and no more. */
static char *unwrap(const char *line)
{
    char *words[WORDS_MAX] = {NULL};
    size_t count = 0;
    const char *at = line;
    bool ok = true;
    while (ok && *at != '\0') {
        struct buf word = BUF_INIT;
        ok = count < WORDS_MAX && read_word(&at, &word);
        if (ok) {
            words[count++] = buf_take(&word);
        }
        buf_free(&word);
        at += *at == ' ' ? 1 : 0;
    }
    static const char *const shells[] = {"/bin/bash", "/bin/sh", "/bin/zsh", "/usr/bin/bash",
        "/usr/bin/sh", "/usr/bin/zsh", "bash", "sh", "zsh"};
    bool is_shell = false;
    for (size_t i = 0; ok && count == WORDS_MAX && i < ARRAY_LEN(shells); i++) {
        is_shell = is_shell || strcmp(words[0], shells[i]) == 0;
    }
    char *inner = NULL;
    if (is_shell && (strcmp(words[1], "-lc") == 0 || strcmp(words[1], "-c") == 0)) {
        inner = words[2];
        words[2] = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        free(words[i]);
    }
    return inner;
}

char *codex_command(const cJSON *item)
{
    const char *whole = json_string_or(item, "command", "");
    char *inner = unwrap(whole);
    return inner != NULL ? inner : mem_strdup(whole);
}
