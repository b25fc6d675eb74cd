/* A cache of results from anywhere: the bytes as they are, and the bytes as an entry whose sum is
 * right. What is read is printed and read again as it was. */
#include "base/sha256.h"
#include "engine/result_cache.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(struct str text)
{
    struct result_cache *cache = result_cache_parse(text);
    struct buf printed = BUF_INIT;
    result_cache_print(cache, &printed);
    struct result_cache *again = result_cache_parse(buf_str(&printed));
    if (result_cache_count(again) > result_cache_count(cache)) {
        abort();
    }
    result_cache_free(again);
    result_cache_free(cache);
    buf_free(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    struct buf text = BUF_INIT;
    char sum[SHA256_HEX_SIZE];
    read_one(bytes);
    size_t line = str_find_char(bytes, '\n', 0);
    struct str entry = line == (size_t)-1 ? bytes : str_slice(bytes, 0, line);
    sha256_hex(entry, sum);
    buf_append_c(&text, "bylaw-results 1\n");
    buf_append(&text, sum, 16);
    buf_append_c(&text, " ");
    buf_append_str(&text, entry);
    buf_append_c(&text, "\n");
    read_one(buf_str(&text));
    buf_free(&text);
    return 0;
}
