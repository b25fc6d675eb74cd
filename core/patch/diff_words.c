/* Inside lines: words, and which line became which. */
#include "patch/diff.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdint.h>

/* Longer lines are one change; also the bound of the comparison's table. */
enum { WORDS_MAX = 400, PAIR_MAX = 64, PAIR_LINE_MAX = 400 };

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || ((unsigned char)c & 0x80) != 0;
}

/* Length of the word at the beginning of s: letters and digits, blanks, or one cluster. */
static size_t word_len(struct str s)
{
    size_t len = 0;
    if (is_word_byte(s.ptr[0])) {
        while (len < s.len && is_word_byte(s.ptr[len])) {
            len++;
        }
        return len;
    }
    if (s.ptr[0] == ' ' || s.ptr[0] == '\t') {
        while (len < s.len && (s.ptr[len] == ' ' || s.ptr[len] == '\t')) {
            len++;
        }
        return len;
    }
    return utf8_cluster(s);
}

/* False when there are more than WORDS_MAX. */
static bool split_words(struct str s, struct str *words, size_t *count)
{
    *count = 0;
    while (s.len > 0) {
        if (*count == WORDS_MAX) {
            return false;
        }
        size_t len = word_len(s);
        words[(*count)++] = str_slice(s, 0, len);
        s = str_from(s, len);
    }
    return true;
}

static void push_span(struct diff_spans *spans, struct str line, struct str word)
{
    size_t from = (size_t)(word.ptr - line.ptr);
    if (spans->len > 0 && spans->items[spans->len - 1].to == from) {
        spans->items[spans->len - 1].to = from + word.len;
    } else {
        VEC_PUSH(spans, (struct diff_span){from, from + word.len});
    }
}

static bool is_blank(struct str word)
{
    return word.ptr[0] == ' ' || word.ptr[0] == '\t';
}

bool diff_words(struct str a, struct str b, struct diff_spans *in_a, struct diff_spans *in_b)
{
    struct str words_a[WORDS_MAX];
    struct str words_b[WORDS_MAX];
    size_t n;
    size_t m;
    if (!split_words(a, words_a, &n) || !split_words(b, words_b, &m)) {
        return false;
    }
    /* table[i][j]: bytes in common between words_a[i..] and words_b[j..]; blanks weigh little. */
    uint32_t *table = mem_alloc((n + 1) * (m + 1) * sizeof *table);
    for (size_t i = n + 1; i-- > 0;) {
        for (size_t j = m + 1; j-- > 0;) {
            uint32_t *cell = &table[i * (m + 1) + j];
            if (i == n || j == m) {
                *cell = 0;
            } else if (str_equal(words_a[i], words_b[j])) {
                *cell = (is_blank(words_a[i]) ? 1 : 1 + (uint32_t)words_a[i].len) +
                        table[(i + 1) * (m + 1) + j + 1];
            } else {
                uint32_t down = table[(i + 1) * (m + 1) + j];
                uint32_t right = table[i * (m + 1) + j + 1];
                *cell = down > right ? down : right;
            }
        }
    }
    size_t longer = a.len > b.len ? a.len : b.len;
    bool alike = (size_t)table[0] * 3 >= longer;
    size_t i = 0;
    size_t j = 0;
    while (alike && (i < n || j < m)) {
        if (i < n && j < m && str_equal(words_a[i], words_b[j])) {
            i++;
            j++;
        } else if (j == m ||
                   (i < n && table[(i + 1) * (m + 1) + j] >= table[i * (m + 1) + j + 1])) {
            push_span(in_a, a, words_a[i++]);
        } else {
            push_span(in_b, b, words_b[j++]);
        }
    }
    free(table);
    return alike;
}

/* How much two lines have in common at both ends, in bytes without the indentation: cheap, and good
 * enough to tell which line became which. */
static size_t likeness(struct str a, struct str b)
{
    a = str_trim(a);
    b = str_trim(b);
    size_t shorter = a.len < b.len ? a.len : b.len;
    size_t head = 0;
    size_t tail = 0;
    shorter = shorter > PAIR_LINE_MAX ? PAIR_LINE_MAX : shorter;
    while (head < shorter && a.ptr[head] == b.ptr[head]) {
        head++;
    }
    while (tail < shorter - head && a.ptr[a.len - 1 - tail] == b.ptr[b.len - 1 - tail]) {
        tail++;
    }
    size_t longer = a.len > b.len ? a.len : b.len;
    /* Under a third in common they are two different lines. */
    return (head + tail) * 3 >= longer && longer > 0 ? 1 + head + tail : 0;
}

void diff_pair(
    const struct line *a, size_t a_len, const struct line *b, size_t b_len, size_t *partner)
{
    for (size_t i = 0; i < a_len; i++) {
        partner[i] = SIZE_MAX;
    }
    if (a_len == 0 || b_len == 0) {
        return;
    }
    if (a_len > PAIR_MAX || b_len > PAIR_MAX) {
        for (size_t i = 0; i < a_len && i < b_len; i++) {
            partner[i] = i;
        }
        return;
    }
    size_t best[PAIR_MAX + 1][PAIR_MAX + 1];
    for (size_t i = a_len + 1; i-- > 0;) {
        for (size_t j = b_len + 1; j-- > 0;) {
            if (i == a_len || j == b_len) {
                best[i][j] = 0;
                continue;
            }
            size_t score = best[i + 1][j] > best[i][j + 1] ? best[i + 1][j] : best[i][j + 1];
            size_t like = likeness(a[i].text, b[j].text);
            if (like > 0 && like + best[i + 1][j + 1] > score) {
                score = like + best[i + 1][j + 1];
            }
            best[i][j] = score;
        }
    }
    size_t i = 0;
    size_t j = 0;
    while (i < a_len && j < b_len) {
        size_t like = likeness(a[i].text, b[j].text);
        if (like > 0 && best[i][j] == like + best[i + 1][j + 1]) {
            partner[i++] = j++;
        } else if (best[i][j] == best[i + 1][j]) {
            i++;
        } else {
            j++;
        }
    }
}
