#include "repo/message.h"

#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Length of "Key" when the line is "Key: value" or "Key:", else 0. */
static size_t trailer_key(struct str line)
{
    size_t i = 0;
    while (i < line.len && (isalnum((unsigned char)line.ptr[i]) || line.ptr[i] == '-')) {
        i++;
    }
    return i > 0 && i < line.len && line.ptr[i] == ':' ? i : 0;
}

static bool is_blank(struct str line)
{
    return str_trim(line).len == 0;
}

static bool is_git_line(struct str line)
{
    return str_starts(line, "(cherry picked from commit ");
}

/* Where the last paragraph begins, when it is a block of trailers; else the length. As git: all
 * lines are trailers (or their folded continuations), and it is not the first paragraph. */
static size_t block_start(struct str message)
{
    struct str text = str_trim_right(message);
    size_t at = 0;
    size_t start = 0;
    bool first = true;
    bool after_blank = true;
    while (at < text.len) {
        size_t end = str_find_char(text, '\n', at);
        end = end == (size_t)-1 ? text.len : end;
        struct str line = str_slice(text, at, end);
        if (is_blank(line)) {
            after_blank = true;
        } else if (after_blank) {
            first = at == 0 || is_blank(str_slice(text, 0, at));
            start = at;
            after_blank = false;
        }
        at = end + 1;
    }
    if (first || text.len == 0) {
        return message.len;
    }
    struct str block = str_from(text, start);
    struct str line;
    size_t keys = 0;
    while (str_next_line(&block, &line)) {
        bool folded = keys > 0 && line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        if (trailer_key(line) > 0) {
            keys++;
        } else if (!folded && !is_git_line(line)) {
            return message.len;
        }
    }
    return keys > 0 ? start : message.len;
}

struct str message_body(struct str message)
{
    return str_slice(message, 0, block_start(message));
}

/* As git stripspace, without taking comment lines away: a person may begin a line with '#'. */
static void strip_space(struct buf *out, struct str text)
{
    struct str line;
    bool blank_before = false;
    while (str_next_line(&text, &line)) {
        line = str_trim_right(line);
        if (line.len == 0) {
            blank_before = out->len > 0;
            continue;
        }
        if (blank_before) {
            buf_append_char(out, '\n');
        }
        blank_before = false;
        buf_append_str(out, line);
        buf_append_char(out, '\n');
    }
}

static void append_trailer(struct buf *out, const struct message_trailer *trailer)
{
    struct buf value = BUF_INIT;
    safe_append(&value, str_of(trailer->value), SAFE_KEEP_LINES);
    buf_append_c(out, trailer->key);
    buf_append_c(out, ":");
    struct str rest = buf_str(&value);
    struct str line;
    while (str_next_line(&rest, &line)) {
        line = str_trim(line);
        if (line.len > 0) {
            buf_append_char(out, ' ');
            for (size_t i = 0; i < line.len; i++) {
                buf_append_char(out, line.ptr[i] == '\t' ? ' ' : line.ptr[i]);
            }
        }
    }
    buf_append_char(out, '\n');
    buf_free(&value);
}

char *message_compose(struct str text, const struct message_trailer *trailers, size_t count)
{
    struct buf safe = BUF_INIT;
    struct buf out = BUF_INIT;
    safe_append(&safe, text, SAFE_KEEP_LINES);
    strip_space(&out, buf_str(&safe));
    buf_free(&safe);
    if (count > 0 && out.len > 0 && block_start(buf_str(&out)) == out.len) {
        buf_append_char(&out, '\n');
    }
    for (size_t i = 0; i < count; i++) {
        append_trailer(&out, &trailers[i]);
    }
    return buf_take(&out);
}

void message_trailers_parse(struct str lines, struct message_trailers *out)
{
    *out = (struct message_trailers){.text = str_dup(lines)};
    char *rest = out->text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        char *colon = strchr(line, ':');
        if (colon != NULL) {
            *colon = '\0';
            VEC_PUSH(out, (struct message_trailer){line, colon + 1});
        }
    }
}

void message_trailers_free(struct message_trailers *trailers)
{
    VEC_FREE(trailers);
    free(trailers->text);
    trailers->text = NULL;
}

char *message_trailer_find(struct str message, const char *key)
{
    struct str block = str_from(message, block_start(message));
    struct str line;
    struct buf found = BUF_INIT;
    bool in_it = false;
    bool any = false;
    while (str_next_line(&block, &line)) {
        size_t len = trailer_key(line);
        if (len > 0) {
            in_it = len == strlen(key) && strncasecmp(line.ptr, key, len) == 0;
            if (in_it) {
                any = true;
                buf_clear(&found);
                buf_append_str(&found, str_trim(str_from(line, len + 1)));
            }
        } else if (in_it && line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
            buf_append_char(&found, ' ');
            buf_append_str(&found, str_trim(line));
        }
    }
    if (!any) {
        buf_free(&found);
        return NULL;
    }
    return buf_take(&found);
}
