#include "base/utf8.h"
#include "widget/picker.h"

#include <stdlib.h>

#define SCORE_CHAR       3
#define SCORE_RUN        9
#define SCORE_WORD_START 10
#define SCORE_LAST_PART  2
#define SCORE_WHOLE      16 /* all in one piece, from the beginning of a word */
#define SCORE_GAP        2  /* taken away; less than a character gives */
/* Texts up to this long are scored without an allocation. */
#define ROW_SMALL 512

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

/* Letters, digits, and bytes of other scripts. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           ((unsigned char)c & 0x80u) != 0;
}

static bool starts_word(struct str text, size_t at)
{
    if (at == 0) {
        return true;
    }
    char before = text.ptr[at - 1];
    char here = text.ptr[at];
    return strchr("/._- :", before) != NULL || (is_word(here) && !is_word(before)) ||
           (before >= 'a' && before <= 'z' && here >= 'A' && here <= 'Z');
}

static bool same(char a, char b, bool exact)
{
    return exact ? a == b : fold(a) == fold(b);
}

/* For each byte of the text, the best score of the word's beginning with its last character there;
 * one row of the table for each character of the word. */
struct table {
    struct str text;
    struct str word;
    size_t slash; /* where the last part of a path begins */
    bool exact;
};

/* The whole word stands in one piece, and ends there. */
static bool ends_whole(const struct table *table, size_t at)
{
    size_t len = table->word.len;
    if (len < 2 || at + 1 < len || !starts_word(table->text, at + 1 - len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!same(table->text.ptr[at + 1 - len + i], table->word.ptr[i], table->exact)) {
            return false;
        }
    }
    return true;
}

/* Of the word's character number `i` at this place. */
static int place_score(const struct table *table, size_t i, size_t at)
{
    bool whole = i + 1 == table->word.len && ends_whole(table, at);
    return SCORE_CHAR + (whole ? SCORE_WHOLE : 0) +
           (starts_word(table->text, at) ? SCORE_WORD_START : 0) +
           (at >= table->slash ? SCORE_LAST_PART : 0);
}

/* `above` is the row of the character before (NULL: the first). */
static void fill_row(const struct table *table, size_t i, const int *above, int *row)
{
    int best_before = -1; /* of above, further to the left than the byte before */
    for (size_t at = 0; at < table->text.len; at++) {
        int before = above == NULL ? 0 : best_before < 0 ? -1 : best_before - SCORE_GAP;
        if (above != NULL && at > 0) {
            int run = above[at - 1] < 0 ? -1 : above[at - 1] + SCORE_RUN;
            before = run > before ? run : before;
            best_before = above[at - 1] > best_before ? above[at - 1] : best_before;
        }
        bool here = before >= 0 && same(table->text.ptr[at], table->word.ptr[i], table->exact);
        row[at] = here ? before + place_score(table, i, at) : -1;
    }
}

static int best_of(const int *row, size_t len, size_t *at)
{
    int best = -1;
    for (size_t i = 0; i < len; i++) {
        if (row[i] > best) {
            best = row[i];
            *at = i;
        }
    }
    return best;
}

/* Goes back from the best place of the last character to those that led there. */
static void mark_places(const struct table *table, const int *rows, size_t at, bool *marks)
{
    size_t len = table->text.len;
    for (size_t i = table->word.len; i-- > 0;) {
        marks[at] = true;
        if (i == 0) {
            return;
        }
        const int *above = rows + (i - 1) * len;
        int before = rows[i * len + at] - place_score(table, i, at);
        if (at > 0 && above[at - 1] >= 0 && above[at - 1] + SCORE_RUN == before) {
            at--;
        } else {
            while (at > 0 && above[at - 1] != before + SCORE_GAP) {
                at--;
            }
            at -= at > 0 ? 1 : 0;
        }
    }
}

static bool has_all(const struct table *table)
{
    size_t at = 0;
    for (size_t i = 0; i < table->word.len; i++, at++) {
        while (
            at < table->text.len && !same(table->text.ptr[at], table->word.ptr[i], table->exact)) {
            at++;
        }
        if (at >= table->text.len) {
            return false;
        }
    }
    return true;
}

static int score_word(struct str text, struct str word, bool *marks)
{
    struct table table = {text, word, text.len, has_capital(word)};
    while (table.slash > 0 && text.ptr[table.slash - 1] != '/') {
        table.slash--;
    }
    if (word.len == 0) {
        return 0; /* there is no such word: blanks part them */
    }
    if (!has_all(&table)) {
        return -1;
    }
    /* Only the marks need more than two rows. */
    int small[2 * ROW_SMALL];
    size_t kept = marks != NULL ? word.len : 2;
    bool fits = kept * text.len <= ARRAY_LEN(small);
    int *rows = fits ? small : mem_realloc_array(NULL, kept * text.len, sizeof *rows);
    const int *above = NULL;
    int *row = rows;
    for (size_t i = 0; i < word.len; i++) {
        row = rows + i % kept * text.len;
        fill_row(&table, i, above, row);
        above = row;
    }
    size_t at = 0;
    int best = best_of(row, text.len, &at);
    if (marks != NULL && best >= 0) {
        mark_places(&table, rows, at, marks);
    }
    if (!fits) {
        free(rows);
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
    bool begins = needle.len > 0 && text.len >= needle.len &&
                  strncasecmp(text.ptr, needle.ptr, needle.len) == 0;
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
    if (begins) {
        total++; /* what begins so is meant before what has it somewhere */
    }
    /* Of two equal matches the shorter text is meant more often. */
    int length = text.len > 200 ? 200 : (int)text.len;
    return total * 256 + 200 - length;
}
