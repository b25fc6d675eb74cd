/* Characters by their code behind Ctrl-V: 233, o351, xe9, u00e9, U0001f600. */
#include "vi/vi_private.h"

struct code {
    unsigned base; /* 0: no code begins so */
    size_t digits;
};

static struct code kind_of(int32_t first)
{
    switch (first) {
    case 'x':
    case 'X':
        return (struct code){16, 2};
    case 'u':
        return (struct code){16, 4};
    case 'U':
        return (struct code){16, 8};
    case 'o':
    case 'O':
        return (struct code){8, 3};
    default:
        return (struct code){first >= '0' && first <= '9' ? 10 : 0, 3};
    }
}

static unsigned digit_of(int32_t key)
{
    return key >= '0' && key <= '9'   ? (unsigned)key - '0'
           : key >= 'a' && key <= 'f' ? (unsigned)key - 'a' + 10
           : key >= 'A' && key <= 'F' ? (unsigned)key - 'A' + 10
                                      : 99;
}

static void end(struct buf *code, struct buf *out)
{
    struct code kind = kind_of((unsigned char)code->ptr[0]);
    unsigned long value = 0;
    for (size_t i = kind.base == 10 ? 0 : 1; i < code->len; i++) {
        value = value * kind.base + digit_of(code->ptr[i]);
    }
    bool valid = value > 0 && value < 0x110000 && (value < 0xD800 || value > 0xDFFF);
    bool none = code->len < 2 && kind.base != 10;
    vi_append_key(out, none ? code->ptr[0] : valid ? (int32_t)value : 0xFFFD);
    buf_clear(code);
}

bool vi_code_key(struct buf *code, int32_t key, struct buf *out)
{
    if (code->len == 0) {
        bool begins = kind_of(key).base != 0;
        if (begins) {
            vi_append_key(code, key);
        }
        return begins;
    }
    struct code kind = kind_of((unsigned char)code->ptr[0]);
    if (digit_of(key) >= kind.base) {
        end(code, out);
        return false;
    }
    vi_append_key(code, key);
    if (code->len == kind.digits + (kind.base == 10 ? 0 : 1)) {
        end(code, out);
    }
    return true;
}
