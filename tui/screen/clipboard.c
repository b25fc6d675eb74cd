#include "screen/clipboard.h"

static struct buf kept;

void clipboard_append_osc52(struct buf *out, struct str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buf_append_c(out, "\033]52;c;");
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

bool clipboard_copy(struct output *output, struct str text, struct err *err)
{
    struct buf copy = BUF_INIT; /* text may be the kept one itself */
    buf_append_str(&copy, text);
    buf_free(&kept);
    kept = copy;
    if (output == NULL) {
        return true;
    }
    if (text.len > CLIPBOARD_OSC_MAX) {
        return err_set(err, ERR_LIMIT,
            "copied inside bylaw only: %zu KB are more than a terminal's clipboard takes",
            kept.len / 1024);
    }
    struct buf bytes = BUF_INIT;
    clipboard_append_osc52(&bytes, buf_str(&kept));
    output_control(output, buf_str(&bytes));
    buf_free(&bytes);
    return true;
}

struct str clipboard_text(void)
{
    return buf_str(&kept);
}

void clipboard_clear(void)
{
    buf_free(&kept);
}
