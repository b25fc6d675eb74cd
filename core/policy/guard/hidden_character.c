#include "policy/guard/guard_private.h"

#include "base/safe.h"
#include "base/utf8.h"

static bool is_bidi(int32_t cp)
{
    return (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

/* The worst of a run is what is named. */
static const char *name_of(int32_t cp)
{
    static const struct {
        int32_t cp;
        const char *name;
    } names[] = {{0x202A, "left-to-right embedding"}, {0x202B, "right-to-left embedding"},
        {0x202C, "end of embedding"}, {0x202D, "left-to-right override"},
        {0x202E, "right-to-left override"}, {0x2066, "left-to-right isolate"},
        {0x2067, "right-to-left isolate"}, {0x2068, "first strong isolate"},
        {0x2069, "end of isolate"}, {0x200B, "zero width space"}, {0x200C, "zero width non-joiner"},
        {0x200E, "left-to-right mark"}, {0x200F, "right-to-left mark"}, {0x2028, "line separator"},
        {0x2029, "paragraph separator"}, {0x2060, "word joiner"}, {0xFEFF, "byte order mark"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].cp == cp) {
            return names[i].name;
        }
    }
    return cp >= 0xE0000 ? "tag character" : "invisible character";
}

static bool is_hidden(int32_t cp, size_t at)
{
    return cp >= 0x80 && safe_is_hidden(cp) && !(cp == 0xFEFF && at == 0);
}

/* A run of them in one line is one finding. */
static size_t tell_run(struct guard_file *file, size_t from, struct position place)
{
    int32_t worst = 0;
    size_t at = from, len = 0, count = 0;
    for (;; at += len, count++) {
        int32_t cp = utf8_decode(str_from(file->text, at), &len);
        if (!is_hidden(cp, at)) {
            break;
        }
        worst = worst == 0 || (is_bidi(cp) && !is_bidi(worst)) ? cp : worst;
    }
    struct position end = {place.row, place.col + (unsigned)(at - from)};
    struct finding *finding = guard_find_at(file, place, end, "U+%04X %s%s%s", (unsigned)worst,
        name_of(worst), count > 1 ? " and others like it" : "",
        is_bidi(worst) ? ": tools that obey it show this line in another order than it is read in"
                       : ": nobody sees it, and it makes another name or string of this");
    finding->severity = is_bidi(worst) ? SEVERITY_ERROR : SEVERITY_WARNING;
    guard_mend(file, finding, from, at, "", "delete what cannot be seen");
    return at;
}

static void check(struct guard_file *file)
{
    struct position place = {1, 1};
    size_t at = 0, line = 0;
    while (at < file->text.len) {
        unsigned char byte = (unsigned char)file->text.ptr[at];
        size_t len = 1;
        if (byte >= 0x80 && is_hidden(utf8_decode(str_from(file->text, at), &len), at)) {
            place.col = (unsigned)(at - line) + 1;
            at = tell_run(file, at, place);
            continue;
        }
        at += len;
        if (byte == '\n') {
            place.row++;
            line = at;
        }
    }
}

const struct guard guard_hidden_character = {
    .id = "hidden-character",
    .fix = "deletes it.",
    .languages = GUARD_REGO | GUARD_YAML,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_ERROR,
    .summary = "a character that cannot be seen, or that turns text around",
    .explanation =
        "Bidirectional controls make tools show a line in another order than the engine "
        "reads it in (\"Trojan Source\", CVE-2021-42574); zero-width characters make a "
        "name or a string differ from what it looks like, so that a comparison never "
        "holds. bylaw shows them as `<U+202E>` everywhere. Controls are errors, the rest "
        "are warnings; a byte order mark that begins the file is left alone.",
    .check = check,
};
