#include "test.h"

#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"

static void buf_grows_and_edits(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_append_c(&b, "hello");
    buf_insert(&b, 0, "> ", 2);
    buf_remove(&b, 2, 2);
    buf_printf(&b, " %d", 42);
    assert_string_equal(b.ptr, "> llo 42");
    buf_free(&b);
    char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    free(empty);
}

static void lines_are_cut(void **state)
{
    (void)state;
    struct str rest = STR_LIT("a\n\nb");
    struct str line;
    assert_true(str_next_line(&rest, &line) && str_equal_c(line, "a"));
    assert_true(str_next_line(&rest, &line) && str_equal_c(line, ""));
    assert_true(str_next_line(&rest, &line) && str_equal_c(line, "b"));
    assert_false(str_next_line(&rest, &line));
}

static void clusters_and_widths(void **state)
{
    (void)state;
    assert_int_equal(utf8_cluster(STR_LIT("ab")), 1);
    assert_int_equal(utf8_cluster(STR_LIT("e\xcc\x81x")), 3);
    assert_int_equal(utf8_cluster(STR_LIT("\r\n")), 2);
    assert_int_equal(utf8_cluster(STR_LIT("\xff\xfe")), 1);
    assert_int_equal(utf8_width(STR_LIT("日本")), 4);
    assert_int_equal(utf8_width(STR_LIT("\x1b[2J")), 5);
    assert_int_equal(utf8_width(STR_LIT("e\xcc\x81")), 1);
    assert_int_equal(utf8_width(STR_LIT("\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA|")), 3); /* a flag */
    assert_int_equal(utf8_fit(STR_LIT("日本"), 3).len, 3);
    assert_int_equal(utf8_cluster_before(STR_LIT("xe\xcc\x81"), 4), 1);
    assert_int_equal(utf8_cluster_before(STR_LIT("a\r\n"), 3), 1);
}

/* What is measured is what a terminal draws that shows such characters wide; marks and emoji are as
 * ever. */
static void ambiguous_widths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t narrow, wide;
    } cases[] = {
        {"abc", 3, 3},
        {"\xCE\xB1", 1, 2},                 /* Greek */
        {"\xD0\x96", 1, 2},                 /* Cyrillic */
        {"\xC2\xA7", 1, 2},                 /* section */
        {"\xE2\x86\x92", 1, 2},             /* arrow */
        {"\xE2\x94\x80\xE2\x94\x80", 2, 4}, /* box drawing */
        {"\xEE\x80\x80", 1, 2},             /* private use */
        {"\xEF\xBF\xBD", 1, 2},             /* replacement character */
        {"\xC3\xA4", 1, 1},                 /* a umlaut is narrow, */
        {"\xC3\xBC", 1, 2},                 /* u umlaut is not: Pinyin has it, */
        {"\xC3\xA9", 1, 2},                 /* nor e acute */
        {"e\xCC\x81", 1, 1},                /* the accent is ambiguous itself, and a mark */
        {"\xCE\xB1\xCC\x81", 1, 2},
        {"\xE6\xBC\xA2", 2, 2},
        {"\xD7\xA9", 1, 1},
        {"\xF0\x9F\x98\x80", 2, 2},
        {"\xE2\x80\xAE", 8, 8},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(utf8_width(str_of(cases[i].text)), cases[i].narrow);
        utf8_set_ambiguous_width(2);
        assert_int_equal(utf8_ambiguous_width(), 2);
        assert_int_equal(utf8_width(str_of(cases[i].text)), cases[i].wide);
        utf8_set_ambiguous_width(1);
    }
}

static void hidden_text_is_shown(void **state)
{
    (void)state;
    char *shown = safe_dup(STR_LIT("a\x1b[31m\xe2\x80\xae\x9b"
                                   "b\n"),
        SAFE_ONE_LINE, 100);
    assert_string_equal(shown, "a^[[31m<U+202E><9b>b^J");
    free(shown);
    shown = safe_dup(STR_LIT("\n two\r\n\tlines,\x1b one \n"), SAFE_SENTENCE, 100);
    assert_string_equal(shown, "two lines,^[ one");
    free(shown);
    shown = safe_dup(STR_LIT(" \n"), SAFE_SENTENCE, 100);
    assert_string_equal(shown, "");
    free(shown);
    shown = safe_dup(STR_LIT("äöü"), SAFE_ONE_LINE, 3);
    assert_string_equal(shown, "ä…");
    free(shown);
}

static void json_traps_are_closed(void **state)
{
    (void)state;
    struct err err;
    assert_null(json_parse(STR_LIT("{} x"), &err));
    assert_null(json_parse(STR_LIT("{\"a\":\"\xff\"}"), &err));
    assert_null(json_parse(STR_LIT(""), &err));
    /* What stands behind a NUL is there; an escaped backslash before "u0000" is no escape of it. */
    cJSON *nul = json_parse(STR_LIT("[\"a\\u0000b\", \"\\\\u0000\", \"\\\\\\u0000\"]"), &err);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(nul, 0)), "a\xef\xbf\xbd"
                                                                          "b");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(nul, 1)), "\\u0000");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(nul, 2)), "\\\xef\xbf\xbd");
    cJSON_Delete(nul);
    cJSON *v = json_parse(STR_LIT(" {\"Name\":1,\"a\":{\"b\":\"c\"}}\n"), &err);
    assert_non_null(v);
    assert_int_equal(json_int_or(v, "name", 7), 7);
    assert_string_equal(cJSON_GetStringValue(json_get_path(v, "a.b")), "c");
    cJSON_Delete(v);
}

static void paths_from_outside(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "/etc/passwd", "../x", "a/../../x", ".git/config",
        "a/.GIT/x", ".git./x", "git~1/x", ".g\xe2\x80\x8cit/x", "a\nb", "a/", "\xff", "a\x7f"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = {0};
        char *clean;
        if (path_check_relative(str_of(bad[i]), &clean, &err)) {
            fail_msg("accepted %s", bad[i]);
        }
        assert_true(err.text[0] != '\0');
    }
    char *clean;
    struct err err;
    assert_ok(path_check_relative(STR_LIT("./a//b/.gitignore"), &clean, &err), err);
    assert_string_equal(clean, "a/b/.gitignore");
    free(clean);
}

static void secrets_are_redacted(void **state)
{
    (void)state;
    secret_register(STR_LIT("sk-123456"));
    struct buf out = BUF_INIT;
    secret_redact(&out, STR_LIT("Bearer sk-123456, sk-123456!"));
    assert_string_equal(out.ptr, "Bearer [secret], [secret]!");
    buf_free(&out);
    secret_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_grows_and_edits),
        cmocka_unit_test(lines_are_cut),
        cmocka_unit_test(clusters_and_widths),
        cmocka_unit_test(ambiguous_widths),
        cmocka_unit_test(hidden_text_is_shown),
        cmocka_unit_test(json_traps_are_closed),
        cmocka_unit_test(paths_from_outside),
        cmocka_unit_test(secrets_are_redacted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
