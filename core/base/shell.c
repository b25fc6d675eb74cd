#include "base/shell.h"

#include <string.h>

static bool is_plain(const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

void shell_append_word(struct buf *line, const char *word)
{
    if (is_plain(word)) {
        buf_append_c(line, word);
        return;
    }
    buf_append_char(line, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            buf_append_c(line, "'\\''");
        } else {
            buf_append_char(line, *word);
        }
    }
    buf_append_char(line, '\'');
}
