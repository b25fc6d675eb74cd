#define PCRE2_CODE_UNIT_WIDTH 8
#include "test.h"

#include "loop/loop.h"
#include "text/search.h"

#include <pcre2.h>
#include <stdio.h>

static const struct search_options literal = {.letter_case = SEARCH_EXACT};
static const struct search_options regex = {.regex = true, .letter_case = SEARCH_EXACT};

static struct search *make(const char *pattern, const struct search_options *options)
{
    struct err err = {0};
    struct search *search = search_new(str_of(pattern), options, &err);
    if (search == NULL) {
        fail_msg("%s", err.text);
    }
    return search;
}

/* "start-end" of the next match from `from`, or "none". */
static const char *next(
    const char *pattern, const struct search_options *options, const char *bytes, size_t from)
{
    static char shown[1100];
    struct text *text = text_new_sized(str_of(bytes), 3, 8);
    struct search *search = make(pattern, options);
    search_set_window(search, 2);
    struct search_match match;
    struct err err = {0};
    enum search_status status = search_next(search, text, &from, SIZE_MAX, SIZE_MAX, &match, &err);
    if (status == SEARCH_FOUND) {
        snprintf(shown, sizeof shown, "%zu-%zu", match.groups[0].start, match.groups[0].end);
    } else {
        snprintf(shown, sizeof shown, "%s", status == SEARCH_NONE ? "none" : err.text);
    }
    search_free(search);
    text_free(text);
    return shown;
}

static void test_finds(void **state)
{
    (void)state;
    assert_string_equal(next("needle", &literal, "hay needle hay", 0), "4-10");
    assert_string_equal(next("needle", &literal, "hay needle hay", 5), "none");
    assert_string_equal(next("a.b", &literal, "axb a.b", 0), "4-7");
    assert_string_equal(next("a.b", &regex, "axb a.b", 0), "0-3");
    assert_string_equal(next("b\\nc", &regex, "a b\nc", 0), "2-5");
    assert_string_equal(next("^c$", &regex, "abc\nc\r\nd", 0), "4-5");
    assert_string_equal(next("(?<=long look)behind", &regex, "a long lookbehind", 0), "11-17");
    assert_string_equal(next("\\bword\\b", &regex, "sword word", 0), "6-10");
    assert_string_equal(next("\xc3\xa9.", &regex, "caf\xc3\xa9s", 0), "3-6");
    struct search_options smart = {.letter_case = SEARCH_SMART};
    assert_string_equal(next("deny", &smart, "Deny deny", 0), "0-4");
    assert_string_equal(next("Deny", &smart, "deny Deny", 0), "5-9");
    struct search_options word = {.whole_word = true, .letter_case = SEARCH_EXACT};
    assert_string_equal(next("a+", &word, "ba+ a+ ", 0), "4-6");
}

static void test_bad_bytes(void **state)
{
    (void)state;
    assert_string_equal(next("b", &literal, "\xff\xfe\x80 b", 0), "4-5");
    assert_string_equal(next("\xfe", &literal, "\xff\xfe\x80 b", 0), "1-2");
    assert_string_equal(next("b$", &regex, "\xff\xfe\x80 b\xf0", 0), "none");
    assert_string_equal(next("\\w+", &regex, "\xff\xfe\x80 b\xf0", 0), "4-5");
}

static void test_bad_patterns(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(search_new(STR_LIT("a("), &regex, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "at character 3"));
    assert_null(search_new(STR_LIT(""), &literal, &err));
    assert_null(search_new(STR_LIT("\xff"), &regex, &err));
}

/* A pattern that would take exponential time says so, soon. */
static void test_costly_pattern(void **state)
{
    (void)state;
    char bytes[4001];
    memset(bytes, 'a', 4000);
    bytes[4000] = '\0';
    uint64_t start = loop_now_ms();
    const char *said = next("^(a+)+(a+)+$\\d", &regex, bytes, 0);
    assert_non_null(strstr(said, "takes too long"));
    assert_in_range(loop_now_ms() - start, 0, 60000);
}

static void test_budget(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT;
    buf_append_repeat(&bytes, '.', 1 << 20);
    buf_append_c(&bytes, "end");
    struct text *text = text_new_take(&bytes);
    struct search *search = make("end", &literal);
    struct search_match match;
    size_t from = 0, calls = 0, before = (1 << 20) + 3;
    while (search_next(search, text, &from, SIZE_MAX, 1 << 17, &match, NULL) == SEARCH_MORE) {
        calls++;
    }
    assert_in_range(calls, 7, 9);
    assert_int_equal(match.groups[0].start, 1 << 20);
    search_free(search);
    search = make("^", &regex);
    calls = 0;
    while (search_previous(search, text, &before, 1 << 17, &match, NULL) == SEARCH_MORE) {
        calls++;
    }
    assert_in_range(calls, 7, 9);
    assert_int_equal(match.groups[0].start, 0);
    search_free(search);
    text_free(text);
}

static void assert_replaced(const char *pattern, const struct search_options *options,
    const char *bytes, const char *with, const char *expected, size_t expected_count)
{
    struct text *text = text_new_sized(str_of(bytes), 3, 8);
    struct search *search = make(pattern, options);
    struct err err = {0};
    size_t count;
    assert_ok(search_replace_all(search, text, 0, SIZE_MAX, str_of(with), &count, &err), err);
    assert_int_equal(count, expected_count);
    assert_true(text_equals(text, str_of(expected)));
    assert_int_equal(text_undo(text, NULL), expected_count > 0);
    assert_true(text_equals(text, str_of(bytes)));
    search_free(search);
    text_free(text);
}

static void test_replace(void **state)
{
    (void)state;
    assert_replaced("a", &literal, "banana", "$1", "b$1n$1n$1", 3);
    assert_replaced("(\\w)(\\d)?", &regex, "a1 b", "[$1|${2}$$\\n]", "[a|1$\n] [b|$\n]", 2);
    assert_replaced("^", &regex, "x\ny\n", "- ", "- x\n- y\n", 2);
    assert_replaced("q", &regex, "banana", "", "banana", 0);

    struct text *text = text_new(STR_LIT("a"));
    struct search *search = make("a", &regex);
    struct err err = {0};
    size_t count;
    assert_false(search_replace_all(search, text, 0, 9, STR_LIT("$x"), &count, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    search_free(search);
    text_free(text);
}

static void test_replace_many(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT, expected = BUF_INIT;
    for (int i = 0; i < 5000; i++) {
        buf_append_c(&bytes, "ab\n");
        buf_append_c(&expected, "abab!\n");
    }
    assert_replaced("b$", &regex, bytes.ptr, "bab!", expected.ptr, 5000);
    buf_free(&bytes);
    buf_free(&expected);
}

/* What PCRE2 finds in the whole text at once is what the windows find. */
struct naive {
    pcre2_code *code;
    pcre2_match_data *data;
};

static size_t naive_next(const struct naive *naive, struct str all, size_t from, size_t *end)
{
    if (from > all.len ||
        pcre2_match(naive->code, (PCRE2_SPTR)all.ptr, all.len, from, 0, naive->data, NULL) < 0) {
        return SIZE_MAX;
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(naive->data);
    *end = ends[1];
    return ends[0];
}

static uint64_t seed = 11;

static size_t below(size_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % bound;
}

static void compare_all(struct search *search, const struct naive *naive, struct str all)
{
    struct text *text = text_new_sized(all, 1 + below(6), 16);
    struct search_match match;
    for (size_t from = 0; from <= all.len; from++) {
        /* PCRE2 wants a start on a character boundary. */
        if (from < all.len && ((unsigned char)all.ptr[from] & 0xc0) == 0x80) {
            continue;
        }
        size_t end = 0, at = from, start = naive_next(naive, all, from, &end);
        enum search_status status =
            search_next(search, text, &at, SIZE_MAX, SIZE_MAX, &match, NULL);
        assert_int_equal(status, start == SIZE_MAX ? SEARCH_NONE : SEARCH_FOUND);
        if (start != SIZE_MAX) {
            assert_int_equal(match.groups[0].start, start);
            assert_int_equal(match.groups[0].end, end);
        }
        size_t last = SIZE_MAX, last_end = 0;
        for (size_t s = 0; s < from;) {
            size_t e, found = naive_next(naive, all, s, &e);
            if (found >= from) {
                break;
            }
            last = found;
            last_end = e;
            s = found + 1;
            while (s < all.len && ((unsigned char)all.ptr[s] & 0xc0) == 0x80) {
                s++;
            }
        }
        at = from;
        status = search_previous(search, text, &at, SIZE_MAX, &match, NULL);
        assert_int_equal(status, last == SIZE_MAX ? SEARCH_NONE : SEARCH_FOUND);
        if (last != SIZE_MAX) {
            assert_int_equal(match.groups[0].start, last);
            assert_int_equal(match.groups[0].end, last_end);
        }
    }
    text_free(text);
}

static void test_random_against_pcre2(void **state)
{
    (void)state;
    static const char *const patterns[] = {"a", "ab", "aa", "a+b", "^b", "b$", "\\bab", "a\\nb",
        "(a|b)+\\s", "(?<=b)a", "[^a]+", "\xc3\xa9", "a*", "b?$", "(?s)a.*b", "a.b", "ba(?!b)",
        "\\s+$"};
    static const char *const parts[] = {"a", "b", "ab", "\n", "\r\n", " ", "\xc3\xa9", "aab"};
    for (size_t p = 0; p < ARRAY_LEN(patterns); p++) {
        int code;
        PCRE2_SIZE at;
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
        struct naive naive = {.code = pcre2_compile((PCRE2_SPTR)patterns[p], PCRE2_ZERO_TERMINATED,
                                  PCRE2_UTF | PCRE2_MULTILINE | PCRE2_UCP, &code, &at, context)};
        assert_non_null(naive.code);
        naive.data = pcre2_match_data_create_from_pattern(naive.code, NULL);
        struct search *search = make(patterns[p], &regex);
        for (int round = 0; round < 40; round++) {
            struct buf all = BUF_INIT;
            for (size_t n = below(14) + 1; n > 0; n--) {
                buf_append_c(&all, parts[below(ARRAY_LEN(parts))]);
            }
            search_set_window(search, 1 + below(9));
            compare_all(search, &naive, buf_str(&all));
            buf_free(&all);
        }
        search_free(search);
        pcre2_match_data_free(naive.data);
        pcre2_code_free(naive.code);
        pcre2_compile_context_free(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_bad_patterns),
        cmocka_unit_test(test_costly_pattern),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_replace_many),
        cmocka_unit_test(test_random_against_pcre2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
