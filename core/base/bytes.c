#include "base/bytes.h"

#include <stdint.h>
#include <string.h>

/* Vectors as GCC and Clang have them on every machine: one instruction where there is one. */
#define LANES      16
#define ROUNDS_MAX 255 /* what a counter of a byte can take */

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static lanes load(const char *ptr)
{
    lanes bytes;
    memcpy(&bytes, ptr, sizeof bytes);
    return bytes;
}

static lanes all(char c)
{
    return (lanes){0} + (uint8_t)c;
}

static lanes equal(lanes bytes, char c)
{
    return (lanes)(bytes == all(c)); /* 0xff where it is */
}

static size_t sum(lanes counts)
{
    size_t total = 0;
    for (size_t i = 0; i < LANES; i++) {
        total += counts[i];
    }
    return total;
}

size_t bytes_count_newlines(const char *ptr, size_t len)
{
    size_t count = 0, i = 0;
    while (i + LANES <= len) {
        lanes counts = {0};
        for (size_t n = 0; n < ROUNDS_MAX && i + LANES <= len; n++, i += LANES) {
            counts -= equal(load(ptr + i), '\n');
        }
        count += sum(counts);
    }
    for (; i < len; i++) {
        count += ptr[i] == '\n';
    }
    return count;
}

bool bytes_skip_block(const char *ptr, char a, char b, size_t *newlines)
{
    lanes counts = {0}, hits = {0};
    for (size_t i = 0; i < BYTES_BLOCK; i += LANES) {
        lanes feed = equal(load(ptr + i), '\n'), next = load(ptr + i + 1);
        counts -= feed;
        hits |= feed & (equal(next, a) | equal(next, b));
    }
    uint64_t halves[2];
    memcpy(halves, &hits, sizeof halves);
    if ((halves[0] | halves[1]) != 0) {
        return false;
    }
    *newlines += sum(counts);
    return true;
}
