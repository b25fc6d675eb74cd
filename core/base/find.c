#include "base/find.h"

#include <stdint.h>
#include <strings.h>

static bool has_capital(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

static bool is_at(struct str text, size_t at, struct str needle, bool fold)
{
    return fold ? strncasecmp(text.ptr + at, needle.ptr, needle.len) == 0
                : memcmp(text.ptr + at, needle.ptr, needle.len) == 0;
}

bool find_is_at(struct str text, size_t at, struct str needle)
{
    return needle.len > 0 && at <= text.len && text.len - at >= needle.len &&
           is_at(text, at, needle, !has_capital(needle));
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

size_t find_smart(struct str text, struct str needle, size_t from)
{
    bool fold = !has_capital(needle);
    for (size_t at = from; needle.len > 0 && at < text.len && text.len - at >= needle.len; at++) {
        char first = fold ? small(text.ptr[at]) : text.ptr[at];
        if (first == needle.ptr[0] && is_at(text, at, needle, fold)) {
            return at;
        }
    }
    return SIZE_MAX;
}
