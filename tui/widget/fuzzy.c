#include "base/utf8.h"
#include "widget/picker.h"

#define SCORE_CHAR       1
#define SCORE_RUN        8
#define SCORE_WORD_START 10
#define SCORE_LAST_PART  3

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_capital(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

static bool starts_word(struct str text, size_t at)
{
    if (at == 0) {
        return true;
    }
    char before = text.ptr[at - 1];
    char here = text.ptr[at];
    return strchr("/._- :", before) != NULL ||
           (before >= 'a' && before <= 'z' && here >= 'A' && here <= 'Z');
}

static bool same(char a, char b, bool exact)
{
    return exact ? a == b : fold(a) == fold(b);
}

/* The needle in order, beginning at `start` at the earliest; -1 when it is not there. A later place
 * is preferred when it begins a word. */
static int score_from(struct str text, struct str word, size_t start, bool exact, bool *marks)
{
    size_t slash = text.len;
    while (slash > 0 && text.ptr[slash - 1] != '/') {
        slash--;
    }
    int score = 0;
    size_t at = start;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < word.len; i++) {
        size_t found = SIZE_MAX;
        bool run =
            last != SIZE_MAX && last + 1 < text.len && same(text.ptr[last + 1], word.ptr[i], exact);
        if (run) {
            found = last + 1;
        }
        for (size_t k = at; k < text.len && found == SIZE_MAX; k++) {
            if (same(text.ptr[k], word.ptr[i], exact)) {
                found = k;
            }
        }
        if (found == SIZE_MAX) {
            return -1;
        }
        score += SCORE_CHAR + (run ? SCORE_RUN : 0) +
                 (starts_word(text, found) ? SCORE_WORD_START : 0) +
                 (found >= slash ? SCORE_LAST_PART : 0);
        if (marks != NULL) {
            marks[found] = true;
        }
        last = found;
        at = found + 1;
    }
    return score;
}

static int score_word(struct str text, struct str word, bool *marks)
{
    bool exact = has_capital(word);
    int best = -1;
    size_t best_start = 0;
    for (size_t start = 0; start < text.len; start++) {
        if (!same(text.ptr[start], word.ptr[0], exact)) {
            continue;
        }
        int score = score_from(text, word, start, exact, NULL);
        if (score < 0) {
            break; /* not from any later place either */
        }
        if (score > best) {
            best = score;
            best_start = start;
        }
    }
    if (best >= 0 && marks != NULL) {
        score_from(text, word, best_start, exact, marks);
    }
    return best;
}

int fuzzy_score(struct str text, struct str needle, bool *marks)
{
    if (marks != NULL) {
        memset(marks, 0, text.len);
    }
    int total = 0;
    needle = str_trim(needle);
    while (needle.len > 0) {
        size_t end = str_find_char(needle, ' ', 0);
        struct str word = str_slice(needle, 0, end == SIZE_MAX ? needle.len : end);
        int score = score_word(text, word, marks);
        if (score < 0) {
            return -1;
        }
        total += score;
        needle = str_trim(str_from(needle, word.len));
    }
    /* Of two equal matches the shorter text is meant more often. */
    int length = text.len > 200 ? 200 : (int)text.len;
    return total * 256 + 200 - length;
}
