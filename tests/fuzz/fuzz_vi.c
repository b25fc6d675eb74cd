/* Any keys on any text: the bytes up to the first NUL are the text, the rest are keys. */
#include "text/text.h"
#include "vi/vi.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct vi_host host = {0};
    struct str all = str_make((const char *)data, size < 2048 ? size : 2048);
    size_t split = str_find_char(all, '\0', 0);
    split = split == SIZE_MAX ? all.len / 2 : split;
    struct text *text = text_new_sized(str_slice(all, 0, split), 5, 16);
    struct vi *vi = vi_new(&host, NULL);
    vi_attach(vi, text, 0);
    struct str keys = str_from(all, split + 1);
    for (size_t i = 0; i < keys.len && text_length(text) < 100000; i++) {
        /* Counts of many digits only take long. */
        bool digits = i > 1 && keys.ptr[i - 1] >= '0' && keys.ptr[i - 1] <= '9' &&
                      keys.ptr[i] >= '0' && keys.ptr[i] <= '9';
        vi_key(vi, digits ? 'l' : (unsigned char)keys.ptr[i]);
        size_t from, to;
        bool newline;
        (void)vi_selected(vi, 0, &from, &to, &newline);
        (void)vi_highlight(vi, 0, text_length(text), &from, &to);
    }
    vi_forget(vi, text);
    vi_free(vi);
    text_free(text);
    return 0;
}
