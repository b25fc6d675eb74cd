#include "test.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static uint32_t seed = 20261126;

static char random_byte(void)
{
    static const char some[] = "\n\n-. ab\xff";
    seed = seed * 1664525u + 1013904223u;
    return some[seed >> 16 & 7];
}

static size_t slow_count(const char *ptr, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += ptr[i] == '\n';
    }
    return count;
}

/* Every length around the vectors' and the counters' sizes, each in a block of its own, so that the
 * sanitizer sees a byte too far. */
static void counts_newlines(void **state)
{
    (void)state;
    static const size_t lengths[] = {
        0, 1, 15, 16, 17, 31, 33, 255, 4080, 4081, 4096, 5000, 8160, 8161};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *ptr = malloc(lengths[i] + 1);
        assert_non_null(ptr);
        for (size_t n = 0; n < lengths[i]; n++) {
            ptr[n] = random_byte();
        }
        assert_int_equal(bytes_count_newlines(ptr, lengths[i]), slow_count(ptr, lengths[i]));
        memset(ptr, '\n', lengths[i]);
        assert_int_equal(bytes_count_newlines(ptr, lengths[i]), lengths[i]);
        free(ptr);
    }
}

static bool slow_hit(const char *ptr)
{
    for (size_t i = 0; i < BYTES_BLOCK; i++) {
        if (ptr[i] == '\n' && (ptr[i + 1] == '-' || ptr[i + 1] == '.')) {
            return true;
        }
    }
    return false;
}

static void skips_blocks_without_markers(void **state)
{
    (void)state;
    char *ptr = malloc(BYTES_BLOCK + 1);
    assert_non_null(ptr);
    for (size_t at = 0; at < 2 * BYTES_BLOCK; at++) {
        for (size_t n = 0; n <= BYTES_BLOCK; n++) {
            char c = random_byte();
            ptr[n] = c == '-' || c == '.' ? 'x' : c;
        }
        if (at < BYTES_BLOCK) {
            ptr[at] = '\n';
            ptr[at + 1] = at % 2 == 0 ? '-' : '.';
        }
        size_t newlines = 3;
        bool plain = bytes_skip_block(ptr, '-', '.', &newlines);
        assert_int_equal(plain, !slow_hit(ptr));
        assert_int_equal(newlines, plain ? 3 + slow_count(ptr, BYTES_BLOCK) : 3);
    }
    free(ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_newlines),
        cmocka_unit_test(skips_blocks_without_markers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
