#include "patch/lines.h"

#include "base/vec.h"

/* Length of the ending at `at`, 0 when no line ends there. */
static size_t ending_at(struct str bytes, size_t at, enum lines_mode mode)
{
    if (bytes.ptr[at] == '\n') {
        return 1;
    }
    if (mode == LINES_ANY && bytes.ptr[at] == '\r') {
        return at + 1 < bytes.len && bytes.ptr[at + 1] == '\n' ? 2 : 1;
    }
    return 0;
}

void lines_split(struct str bytes, enum lines_mode mode, struct lines *out)
{
    size_t start = 0;
    size_t at = 0;
    while (at < bytes.len) {
        size_t ending = ending_at(bytes, at, mode);
        if (ending == 0) {
            at++;
            continue;
        }
        struct line line = {str_slice(bytes, start, at), str_slice(bytes, at, at + ending)};
        VEC_PUSH(out, line);
        at += ending;
        start = at;
    }
    if (start < bytes.len) {
        struct line line = {str_from(bytes, start), str_make(bytes.ptr + bytes.len, 0)};
        VEC_PUSH(out, line);
    }
}

void lines_free(struct lines *lines)
{
    VEC_FREE(lines);
}

struct str line_whole(struct line line)
{
    return str_make(line.text.ptr, line.text.len + line.ending.len);
}

struct str lines_first_ending(const struct lines *lines)
{
    if (lines->len > 0 && lines->items[0].ending.len > 0) {
        return lines->items[0].ending;
    }
    return STR_LIT("\n");
}

struct str lines_range(const struct lines *lines, size_t from, size_t to)
{
    if (from >= to || to > lines->len) {
        return str_make("", 0);
    }
    const char *start = lines->items[from].text.ptr;
    struct str last = line_whole(lines->items[to - 1]);
    return str_make(start, (size_t)(last.ptr + last.len - start));
}
