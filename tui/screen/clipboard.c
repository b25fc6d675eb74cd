#include "screen/clipboard.h"

static struct buf kept[2];

static const char letters[] = "cp";

void clipboard_append_osc52(struct buf *out, enum clipboard which, struct str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buf_printf(out, "\033]52;%c;", letters[which]);
    for (size_t i = 0; i < text.len; i += 3) {
        unsigned long group = (unsigned long)(unsigned char)text.ptr[i] << 16;
        size_t left = text.len - i;
        group |= left > 1 ? (unsigned long)(unsigned char)text.ptr[i + 1] << 8 : 0;
        group |= left > 2 ? (unsigned long)(unsigned char)text.ptr[i + 2] : 0;
        buf_append_char(out, digits[group >> 18 & 63]);
        buf_append_char(out, digits[group >> 12 & 63]);
        buf_append_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
        buf_append_char(out, left > 2 ? digits[group & 63] : '=');
    }
    buf_append_c(out, "\033\\");
}

bool clipboard_put(struct output *output, enum clipboard which, struct str text, struct err *err)
{
    struct buf copy = BUF_INIT; /* text may be the kept one itself */
    buf_append_str(&copy, text);
    buf_free(&kept[which]);
    kept[which] = copy;
    if (output == NULL) {
        return true;
    }
    if (text.len > CLIPBOARD_OSC_MAX) {
        return err_set(err, ERR_LIMIT,
            "copied inside bylaw only: %zu KB are more than a terminal's clipboard takes",
            kept[which].len / 1024);
    }
    struct buf bytes = BUF_INIT;
    clipboard_append_osc52(&bytes, which, buf_str(&kept[which]));
    output_control(output, buf_str(&bytes));
    buf_free(&bytes);
    return true;
}

bool clipboard_copy(struct output *output, struct str text, struct err *err)
{
    return clipboard_put(output, CLIPBOARD_COPIED, text, err);
}

struct str clipboard_kept(enum clipboard which)
{
    return buf_str(&kept[which]);
}

struct str clipboard_text(void)
{
    return clipboard_kept(CLIPBOARD_COPIED);
}

void clipboard_clear(void)
{
    buf_free(&kept[CLIPBOARD_COPIED]);
    buf_free(&kept[CLIPBOARD_PRIMARY]);
}

/* -1: no digit of base64. */
static int digit_value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

bool clipboard_decode(struct str base64, struct buf *out)
{
    size_t before = out->len, digits = base64.len;
    while (digits > 0 && base64.len - digits < 2 && base64.ptr[digits - 1] == '=') {
        digits--;
    }
    if (digits % 4 == 1 || digits / 4 * 3 > CLIPBOARD_MAX ||
        (digits < base64.len && base64.len % 4 != 0)) {
        return false;
    }
    buf_reserve(out, digits / 4 * 3 + 3);
    unsigned long group = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = digit_value(base64.ptr[i]);
        if (value < 0) {
            out->len = before;
            return false;
        }
        group = group << 6 | (unsigned long)value;
        if (i % 4 != 0) { /* the second digit completes a byte, and so on */
            unsigned left = 4 - 2 * (unsigned)(i % 4 - 1);
            buf_append_char(out, (char)(group >> left & 0xFF));
        }
    }
    return true;
}
