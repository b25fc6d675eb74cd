#include "agent/command_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/vec.h"

void command_words_free(struct command_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* Up to the closing quote; *at is behind the opening one. */
static bool read_quoted(struct str line, size_t *at, char quote, struct buf *word, struct err *err)
{
    for (; *at < line.len && line.ptr[*at] != quote; (*at)++) {
        char c = line.ptr[*at];
        if (is_control(c) || (quote == '"' && strchr("$`\\", c) != NULL)) {
            return err_set(err, ERR_INVALID, "within quotes it holds what a shell would read");
        }
        buf_append_char(word, c);
    }
    if (*at >= line.len) {
        return err_set(err, ERR_INVALID, "a quote is not closed");
    }
    (*at)++;
    return true;
}

static bool read_word(struct str line, size_t *at, struct buf *word, struct err *err)
{
    static const char special[] = ";&|<>()$`\\*?[]{}~#!";
    while (*at < line.len && !is_blank(line.ptr[*at])) {
        char c = line.ptr[(*at)++];
        if (c == '\'' || c == '"') {
            if (!read_quoted(line, at, c, word, err)) {
                return false;
            }
        } else if (is_control(c)) {
            return err_set(err, ERR_INVALID, "it has more than one line or a control character");
        } else if (strchr(special, c) != NULL) {
            return err_set(err, ERR_INVALID, "it holds \"%c\", which is a shell's", c);
        } else {
            buf_append_char(word, c);
        }
    }
    return true;
}

static bool read_words(struct str line, struct command_words *out, struct err *err)
{
    size_t at = 0;
    for (;;) {
        while (at < line.len && is_blank(line.ptr[at])) {
            at++;
        }
        if (at >= line.len) {
            return out->len > 0 || err_set(err, ERR_INVALID, "it is empty");
        }
        struct buf word = BUF_INIT;
        if (!read_word(line, &at, &word, err)) {
            buf_free(&word);
            return false;
        }
        VEC_PUSH(out, buf_take(&word));
        if (out->len > COMMAND_WORDS_MAX) {
            return err_set(err, ERR_LIMIT, "it has more than %d words", COMMAND_WORDS_MAX);
        }
    }
}

bool command_words_read(struct str line, struct command_words *out, struct err *err)
{
    *out = (struct command_words){0};
    if (memchr(line.ptr, 0, line.len) != NULL || !utf8_is_valid(line)) {
        return err_set(err, ERR_INVALID, "it is no text");
    }
    bool ok = read_words(line, out, err);
    if (ok && (out->items[0][0] == '\0' || strchr(out->items[0], '=') != NULL)) {
        ok = err_set(err, ERR_INVALID, "it does not begin with a program");
    }
    if (!ok) {
        command_words_free(out);
        return false;
    }
    VEC_PUSH(out, NULL);
    out->len--;
    return true;
}

bool command_words_begin(const struct command_words *words, const struct command_words *rule)
{
    if (rule->len == 0 || rule->len > words->len) {
        return false;
    }
    for (size_t i = 0; i < rule->len; i++) {
        if (strcmp(words->items[i], rule->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool append_word(struct buf *line, const char *word)
{
    static const char needs[] = ";&|<>()$`\\*?[]{}~#!' \t\"";
    if (word[0] != '\0' && word[strcspn(word, needs)] == '\0') {
        buf_append_c(line, word);
        return true;
    }
    const char *quote = strchr(word, '\'') == NULL              ? "'"
                        : word[strcspn(word, "\"$`\\")] == '\0' ? "\""
                                                                : NULL;
    if (quote == NULL) {
        return false;
    }
    buf_printf(line, "%s%s%s", quote, word, quote);
    return true;
}

char *command_words_line(const struct command_words *words, size_t count)
{
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < count && i < words->len; i++) {
        buf_append_c(&line, i > 0 ? " " : "");
        if (!append_word(&line, words->items[i])) {
            buf_free(&line);
            return NULL;
        }
    }
    return buf_take(&line);
}
