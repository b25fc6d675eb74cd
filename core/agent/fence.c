#include "agent/fence.h"

void fence_append(struct buf *out, struct str text)
{
    size_t longest = 2;
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    buf_append_repeat(out, '`', longest + 1);
    buf_append_char(out, '\n');
    buf_append_str(out, text);
    buf_append_c(out, str_ends(text, "\n") ? "" : "\n");
    buf_append_repeat(out, '`', longest + 1);
    buf_append_char(out, '\n');
}
