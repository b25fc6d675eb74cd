#include "policy/guard/guard_private.h"

#include "base/utf8.h"

#include <utf8proc.h>

enum { WORD_SHOWN_MAX = 60 };

/* Letters of Cyrillic and Greek that most fonts draw as a Latin one (a part of Unicode's
 * confusables.txt, UTS #39). */
static char looks_like(int32_t cp)
{
    static const struct {
        uint16_t cp;
        char latin;
    } table[] = {{0x391, 'A'}, {0x392, 'B'}, {0x395, 'E'}, {0x396, 'Z'}, {0x397, 'H'}, {0x399, 'I'},
        {0x39A, 'K'}, {0x39C, 'M'}, {0x39D, 'N'}, {0x39F, 'O'}, {0x3A1, 'P'}, {0x3A4, 'T'},
        {0x3A5, 'Y'}, {0x3A7, 'X'}, {0x3B1, 'a'}, {0x3B9, 'i'}, {0x3BD, 'v'}, {0x3BF, 'o'},
        {0x3C1, 'p'}, {0x405, 'S'}, {0x406, 'I'}, {0x408, 'J'}, {0x410, 'A'}, {0x412, 'B'},
        {0x415, 'E'}, {0x41A, 'K'}, {0x41C, 'M'}, {0x41D, 'H'}, {0x41E, 'O'}, {0x420, 'P'},
        {0x421, 'C'}, {0x422, 'T'}, {0x425, 'X'}, {0x430, 'a'}, {0x435, 'e'}, {0x43E, 'o'},
        {0x440, 'p'}, {0x441, 'c'}, {0x443, 'y'}, {0x445, 'x'}, {0x455, 's'}, {0x456, 'i'},
        {0x458, 'j'}, {0x4BB, 'h'}, {0x501, 'd'}, {0x51B, 'q'}, {0x51D, 'w'}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].cp == cp) {
            return table[i].latin;
        }
    }
    return '\0';
}

static bool is_letter(int32_t cp)
{
    utf8proc_category_t category = cp < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(cp);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_MC;
}

struct word {
    size_t from, end;
    bool latin;
    int32_t alike; /* the first letter that looks like a Latin one; 0: none */
};

/* The word that begins at or after `at`; false: there is none. */
static bool next_word(struct str text, size_t at, struct word *word)
{
    *word = (struct word){.from = SIZE_MAX};
    while (at < text.len) {
        size_t len;
        int32_t cp = utf8_decode(str_from(text, at), &len);
        if (is_letter(cp)) {
            word->from = word->from == SIZE_MAX ? at : word->from;
            word->end = at + len;
            word->latin = word->latin || (cp < 0x80);
            word->alike = word->alike == 0 && looks_like(cp) != '\0' ? cp : word->alike;
        } else if (word->from != SIZE_MAX) {
            break;
        }
        at += len;
    }
    return word->from != SIZE_MAX;
}

/* Where each letter of another script looks like a Latin one. */
static void mend(const struct guard_file *file, struct finding *finding, size_t from, size_t end)
{
    struct buf latin = BUF_INIT;
    bool all = true;
    for (size_t at = from; at < end && all;) {
        size_t len;
        int32_t cp = utf8_decode(str_from(file->text, at), &len);
        char letter = cp < 0x80 ? (char)cp : looks_like(cp);
        all = letter != '\0';
        buf_append_char(&latin, letter);
        at += len;
    }
    if (all && latin.len > 0) {
        buf_append_c(&latin, "");
        guard_mend(file, finding, from, end, latin.ptr, "write it in Latin letters");
    }
    buf_free(&latin);
}

static void check_line(struct guard_file *file, size_t from, size_t end, unsigned row)
{
    struct str line = str_slice(file->text, from, end);
    struct word word = {0};
    while (next_word(line, word.end, &word)) {
        if (!word.latin || word.alike == 0) {
            continue;
        }
        struct str shown = utf8_fit(str_slice(line, word.from, word.end), WORD_SHOWN_MAX);
        struct finding *finding =
            guard_find_at(file, (struct position){row, (unsigned)word.from + 1},
                (struct position){row, (unsigned)word.end + 1},
                "%.*s is not all Latin: U+%04X looks like %c, and no comparison takes it for that",
                STR_FMT(shown), (unsigned)word.alike, looks_like(word.alike));
        mend(file, finding, from + word.from, from + word.end);
    }
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static void check(struct guard_file *file)
{
    struct str rest = file->text;
    struct str line;
    for (unsigned row = 1; str_next_line(&rest, &line); row++) {
        if (!is_ascii(line)) {
            size_t from = (size_t)(line.ptr - file->text.ptr);
            check_line(file, from, from + line.len, row);
        }
    }
}

const struct guard guard_mixed_script = {
    .id = "mixed-script",
    .fix = "writes the Latin letters, where each of the others looks like one.",
    .languages = GUARD_REGO | GUARD_YAML,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_WARNING,
    .summary = "a word of Latin letters has one of another script that looks the same",
    .explanation = "`\"kube-system\"` with a Cyrillic e in it matches no namespace, and no reader "
                   "sees why. Told of words that mix Latin letters with those of Cyrillic or Greek "
                   "that most fonts draw alike; words all of one script are left alone.",
    .check = check,
};
