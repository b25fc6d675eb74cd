#include "base/safe.h"

#include "base/utf8.h"

#include <stdio.h>

bool safe_is_hidden(int32_t cp)
{
    if (cp == UTF8_INVALID || cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
        return true;
    }
    if (cp < 0x200B) {
        return cp == 0x061C || cp == 0x180E;
    }
    return cp == 0x200B || cp == 0x200C || cp == 0x200E || cp == 0x200F || cp == 0x2028 ||
           cp == 0x2029 || (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) ||
           cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFB) || (cp >= 0xE0000 && cp <= 0xE007F);
}

size_t safe_show(int32_t cp, unsigned char byte, char out[SAFE_SHOWN_MAX])
{
    int len;
    if (cp == UTF8_INVALID) {
        len = snprintf(out, SAFE_SHOWN_MAX, "<%02x>", byte);
    } else if (cp < 0x20) {
        len = snprintf(out, SAFE_SHOWN_MAX, "^%c", (char)('@' + cp));
    } else if (cp == 0x7F) {
        len = snprintf(out, SAFE_SHOWN_MAX, "^?");
    } else if (cp < 0xA0) {
        len = snprintf(out, SAFE_SHOWN_MAX, "<%02x>", (unsigned)cp);
    } else {
        len = snprintf(out, SAFE_SHOWN_MAX, "<U+%04X>", (unsigned)cp);
    }
    return len < 0 ? 0 : (size_t)len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Word by word, with one blank between two. */
static void append_sentence(struct buf *out, struct str text)
{
    bool first = true;
    for (size_t at = 0, end; at < text.len; at = end) {
        for (end = at; end < text.len && !is_blank(text.ptr[end]);) {
            end++;
        }
        if (end > at) {
            buf_append_c(out, first ? "" : " ");
            safe_append(out, str_slice(text, at, end), SAFE_ONE_LINE);
            first = false;
        }
        end += end < text.len;
    }
}

void safe_append(struct buf *out, struct str text, enum safe_keep keep)
{
    if (keep == SAFE_SENTENCE) {
        append_sentence(out, text);
        return;
    }
    size_t at = 0;
    while (at < text.len) {
        size_t len;
        struct str rest = str_from(text, at);
        int32_t cp = utf8_decode(rest, &len);
        bool pass = !safe_is_hidden(cp);
        if (keep == SAFE_KEEP_LINES) {
            if (cp == '\r' && rest.len > 1 && rest.ptr[1] == '\n') {
                at += len;
                continue;
            }
            pass = pass || cp == '\n' || cp == '\t';
        }
        if (pass) {
            buf_append(out, rest.ptr, len);
        } else {
            char shown[SAFE_SHOWN_MAX];
            buf_append(out, shown, safe_show(cp, (unsigned char)rest.ptr[0], shown));
        }
        at += len;
    }
}

static const char *entity_of(int32_t cp)
{
    switch (cp) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case 0xFFFE:
    case 0xFFFF:
        return "\xEF\xBF\xBD";
    default:
        return NULL;
    }
}

void safe_append_markup(struct buf *out, const char *text, enum safe_keep keep)
{
    struct buf safe = BUF_INIT;
    safe_append(&safe, str_of(text), keep);
    struct str rest = buf_str(&safe);
    for (size_t at = 0, len; at < rest.len; at += len) {
        const char *entity = entity_of(utf8_decode(str_from(rest, at), &len));
        if (entity != NULL) {
            buf_append_c(out, entity);
        } else {
            buf_append(out, rest.ptr + at, len);
        }
    }
    buf_free(&safe);
}

/* The last place at or before `end` where a UTF-8 sequence begins. */
static size_t boundary(struct str text, size_t end)
{
    if (end >= text.len) {
        return text.len;
    }
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xC0u) == 0x80u) {
        end--;
    }
    return end;
}

char *safe_dup(struct str text, enum safe_keep keep, size_t max)
{
    struct buf out = BUF_INIT;
    bool cut = text.len > max;
    safe_append(&out, str_slice(text, 0, boundary(text, max)), keep);
    if (out.len > max) {
        cut = true;
        out.len = boundary(buf_str(&out), max);
    }
    if (cut) {
        buf_append_c(&out, "…");
    }
    return buf_take(&out);
}
