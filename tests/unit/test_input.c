#include "test.h"

#include "screen/input.h"

#include <stdlib.h>

/* The keys of `bytes` as names, apart by blanks; `chunk` bytes are fed at a time (0: all). */
static char *decode(struct str bytes, size_t chunk, bool flush)
{
    struct input *input = input_new();
    struct buf out = BUF_INIT;
    size_t at = 0;
    bool last = false;
    while (!last) {
        size_t end = chunk == 0 || at + chunk > bytes.len ? bytes.len : at + chunk;
        if (end > at) {
            input_feed(input, bytes.ptr + at, end - at);
        }
        last = end == bytes.len;
        at = end;
        for (int i = 0; i < (last && flush ? 6 : 1); i++) {
            struct key key;
            if (i > 0) {
                input_flush(input);
            }
            while (input_next(input, &key)) {
                if (out.len > 0) {
                    buf_append_char(&out, ' ');
                }
                switch (key.code) {
                case K_PASTE:
                    buf_printf(&out, "paste<%.*s>", STR_FMT(key.data));
                    break;
                case K_REPLY:
                    buf_printf(&out, "reply<%.*s>", STR_FMT(key.data));
                    break;
                case K_FOCUS_IN:
                    buf_append_c(&out, "focus");
                    break;
                case K_FOCUS_OUT:
                    buf_append_c(&out, "blur");
                    break;
                case K_MOUSE:
                    buf_printf(&out, "mouse<%d,%d,%d,%d>", (int)key.mouse.action, key.mouse.button,
                        key.mouse.row, key.mouse.col);
                    break;
                default:
                    key_append_name(&out, &key);
                }
            }
        }
    }
    input_free(input);
    return buf_take(&out);
}

static void assert_keys_str(struct str bytes, const char *expected)
{
    char *whole = decode(bytes, 0, true);
    assert_string_equal(whole, expected);
    free(whole);
    /* However the bytes are split, the keys are the same (nothing is flushed in between). */
    for (size_t chunk = 1; chunk < 8; chunk++) {
        char *split = decode(bytes, chunk, true);
        assert_string_equal(split, expected);
        free(split);
    }
}

static void assert_keys(const char *bytes, const char *expected)
{
    assert_keys_str(str_of(bytes), expected);
}

static void test_text(void **state)
{
    (void)state;
    assert_keys("ab", "a b");
    assert_keys("é政", "é 政");
    assert_keys(" ", "Space");
    assert_keys("a\xFFz", "a \xEF\xBF\xBD z");
    assert_keys("\xE2\x82", "\xEF\xBF\xBD \xEF\xBF\xBD");
    assert_keys("x\xC2\x9By", "x y"); /* a C1 control in UTF-8 is no text */
}

static void test_controls(void **state)
{
    (void)state;
    assert_keys("\r\t\177\b\n", "Enter Tab Backspace Backspace ^J");
    assert_keys("\001\020\032\037", "^A ^P ^Z ^_");
    assert_keys_str(STR_LIT("\0"), "^Space");
}

static void test_escape(void **state)
{
    (void)state;
    assert_keys("\033", "Esc");
    assert_keys("\033\033", "Esc Esc");
    assert_keys("\033x", "Alt-x");
    assert_keys("\0331\0332", "Alt-1 Alt-2");
    assert_keys("\033\r", "Alt-Enter");
    assert_keys("\033\177", "Alt-Backspace");
    assert_keys("\033é", "Alt-é");
    assert_keys("\033[", "Alt-[");
    assert_keys("\033O", "Alt-O");
}

static void test_lone_escape_waits_only_for_a_flush(void **state)
{
    (void)state;
    struct input *input = input_new();
    struct key key;
    input_feed(input, "\033", 1);
    assert_false(input_next(input, &key));
    assert_int_equal(input_wait_ms(input), INPUT_ESC_MS);
    input_flush(input);
    assert_true(input_next(input, &key));
    assert_int_equal(key.code, K_ESC);
    assert_int_equal(input_wait_ms(input), 0);
    input_feed(input, "\033[", 2);
    assert_false(input_next(input, &key));
    input_feed(input, "A", 1);
    assert_true(input_next(input, &key));
    assert_int_equal(key.code, K_UP);
    input_free(input);
}

static void test_named_keys(void **state)
{
    (void)state;
    assert_keys("\033[A\033OB\033[C\033OD", "↑ ↓ → ←");
    assert_keys("\033[H\033OF\033[1~\033[4~\033[7~\033[8~", "Home End Home End Home End");
    assert_keys("\033[5~\033[6~\033[2~\033[3~", "PgUp PgDn Ins Del");
    assert_keys("\033OP\033[12~\033[15~\033[24~\033[[A", "F1 F2 F5 F12 F1");
    assert_keys("\033[Z\033[1;5C\033[1;3D\033[1;2A\033[3;5~", "S-Tab C-→ Alt-← S-↑ C-Del");
    assert_keys("\033[1;4C", "Alt-S-→");
}

static void test_modified_keys(void **state)
{
    (void)state;
    assert_keys("\033[27;2;13~\033[13;2u\033[13;5u", "S-Enter S-Enter C-Enter");
    assert_keys("\033[112;5u\033[80;6u\033[97;3u", "^P S-^P Alt-a");
    assert_keys("\033[27u\033[9;2u\033[65;2u", "Esc S-Tab A");
    assert_keys("\033[57358u\033[1114112u\033[7u", ""); /* Caps Lock, no code point, a control */
}

static void test_mouse(void **state)
{
    (void)state;
    assert_keys("\033[<0;10;5M\033[<0;10;5m", "mouse<0,1,4,9> mouse<1,1,4,9>");
    assert_keys("\033[<32;500;300M", "mouse<2,1,299,499>");
    assert_keys("\033[<64;1;1M\033[<65;1;1M", "mouse<4,-1,0,0> mouse<4,1,0,0>");
    assert_keys("\033[<0;0;0M\033[<66;1;1M\033[<128;1;1M", "");
    assert_keys("\033[M !!", "mouse<0,1,0,0>");
}

static void test_paste(void **state)
{
    (void)state;
    assert_keys("\033[200~a\033[201~", "paste<a>");
    assert_keys("\033[200~a\r\nb\rc\n\033[31mq\003\033[201~x", "paste<a\nb\nc\n\033[31mq\003> x");
    assert_keys("\033[200~\033[201\033[201~", "paste<\033[201>");
    assert_keys("\033[200~\033[201~y", "paste<> y");
    assert_keys("\033[201~z", "z"); /* an end without a beginning */
}

static void test_big_paste(void **state)
{
    (void)state;
    struct input *input = input_new();
    struct buf text = BUF_INIT;
    buf_append_repeat(&text, 'x', INPUT_PASTE_MAX + 1000);
    input_feed(input, "\033[200~", 6);
    struct key key;
    for (size_t at = 0; at < text.len; at += 65536) {
        size_t n = text.len - at < 65536 ? text.len - at : 65536;
        input_feed(input, text.ptr + at, n);
        assert_false(input_next(input, &key));
        assert_int_equal(input_wait_ms(input), INPUT_PASTE_MS); /* not flushed into keys */
    }
    input_feed(input, "\033[201~q", 7);
    assert_true(input_next(input, &key));
    assert_int_equal(key.code, K_PASTE);
    assert_int_equal(key.data.len, INPUT_PASTE_MAX);
    assert_true(key.truncated);
    assert_true(input_next(input, &key));
    assert_true(key_is_char(&key, 'q'));
    buf_free(&text);
    input_free(input);
}

/* Waits as long as the program does until something is made of what waits. */
static void stall(struct input *input, struct buf *out)
{
    for (int i = 0; i < 100 && input_wait_ms(input) > 0; i++) {
        input_flush(input);
        struct key key;
        while (input_next(input, &key)) {
            if (key.code == K_PASTE) {
                buf_printf(out, "paste<%.*s>", STR_FMT(key.data));
            } else {
                key_append_name(out, &key);
            }
        }
    }
    assert_int_equal(input_wait_ms(input), 0);
}

static void feed(struct input *input, const char *bytes)
{
    input_feed(input, bytes, strlen(bytes));
}

/* What came of it is given out; the next key is a key again. */
static void test_a_paste_without_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *first, *then, *expected;
    } cases[] = {
        {"\033[200~hello", "\021", "paste<hello>^Q"},
        {"\033[200~hello\033[20", "x", "paste<hello>x"},
        {"\033[200~", "\033[A", "↑"},
        /* It goes on after all: long, or with its end. */
        {"\033[200~one", "two\033[201~q", "paste<one>paste<two>q"},
        {"\033[200~one\033[20", "1~q", "paste<one>paste<>q"},
        {"\033[200~one", "0123456789012345678901234567890123456789",
            "paste<one>paste<0123456789012345678901234567890123456789>"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct input *input = input_new();
        struct buf out = BUF_INIT;
        feed(input, cases[i].first);
        stall(input, &out);
        feed(input, cases[i].then);
        stall(input, &out);
        struct key key;
        while (input_next(input, &key)) {
            key_append_name(&out, &key);
        }
        assert_string_equal(out.ptr, cases[i].expected);
        buf_free(&out);
        input_free(input);
    }
}

/* An answer longer than any that is asked for (a clipboard, a picture): dropped, not typed; and one
 * without an end is not waited for for ever. */
static void test_an_endless_string(void **state)
{
    (void)state;
    static const char *const ends[] = {"\033\\", "\007", "\033"};
    for (size_t e = 0; e < ARRAY_LEN(ends); e++) {
        struct buf text = BUF_INIT;
        buf_append_c(&text, "a\033]52;c;");
        buf_append_repeat(&text, 'Q', 30000);
        buf_append_c(&text, ends[e]);
        buf_append_c(&text, "[Ab");
        static const size_t chunks[] = {7, 1000, 65536, 1000000};
        for (size_t c = 0; c < ARRAY_LEN(chunks); c++) {
            char *keys = decode(buf_str(&text), chunks[c], true);
            assert_string_equal(keys, e == 2 ? "a ↑ b" : "a [ A b");
            free(keys);
        }
        buf_free(&text);
    }
    struct input *input = input_new();
    struct buf out = BUF_INIT;
    feed(input, "\033]52;c;");
    for (int i = 0; i < 20; i++) {
        struct key key;
        feed(input, "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD");
        assert_false(input_next(input, &key));
    }
    stall(input, &out);
    feed(input, "x");
    struct key key;
    assert_true(input_next(input, &key));
    assert_true(key_is_char(&key, 'x'));
    buf_free(&out);
    input_free(input);
}

static void test_focus_and_replies(void **state)
{
    (void)state;
    assert_keys("\033[I\033[Oa", "focus blur a");
    assert_keys("\033]11;rgb:1c1c/2121/2828\033\\a", "reply<]11;rgb:1c1c/2121/2828> a");
    assert_keys("\033]11;rgb:ff/ff/ff\007a", "reply<]11;rgb:ff/ff/ff> a");
    assert_keys("\033[?62;22c\033[>1;95;0c\033[?2026;2$y",
        "reply<[?62;22c> reply<[>1;95;0c> reply<[?2026;2$y>");
    assert_keys("\033P1$r0m\033\\b", "reply<P1$r0m> b");
    assert_keys("\033[24;80R", "reply<[24;80R>");
    assert_keys("\033[1;5R", "C-F3");
    /* Broken off by a control character: what was of it is dropped, the key is not. */
    assert_keys("\033]11;rgb:\rc", "Enter c");
    assert_keys("\033[12\rc", "Enter c");
}

static void drain(struct input *input, struct buf *out)
{
    struct key key;
    while (input_next(input, &key)) {
        if (key.code == K_REPLY) {
            buf_printf(out, "<%.*s>", STR_FMT(key.data));
        } else {
            key_append_name(out, &key);
        }
    }
}

/* The answer to what was asked comes in two parts in the middle of typed text, wherever it is cut:
 * nothing of it becomes text. When it comes after the time in which it was waited for and is cut in
 * its first two bytes, these are a key that acts at once: Esc, or Alt-]. */
static void test_a_reply_in_typed_text(void **state)
{
    (void)state;
    static const char *const replies[] = {"\033]11;rgb:1c1c/2121/2828\033\\",
        "\033]11;rgb:ff/ff/ff\007", "\033[?62;22c", "\033[?997;2n"};
    for (size_t r = 0; r < ARRAY_LEN(replies); r++) {
        size_t len = strlen(replies[r]);
        for (size_t cut = 1; cut < len; cut++) {
            for (int expecting = 0; expecting < 2; expecting++) {
                struct input *input = input_new();
                struct buf out = BUF_INIT;
                input_expect_replies(input, expecting == 1);
                input_feed(input, "ab", 2);
                input_feed(input, replies[r], cut);
                for (int flushes = 0; flushes < 3; flushes++) {
                    drain(input, &out);
                    input_flush(input);
                }
                drain(input, &out);
                input_feed(input, replies[r] + cut, len - cut);
                input_feed(input, "cd", 2);
                drain(input, &out);
                const char *before = cut == 1                     ? "abEsc<"
                                     : cut == 2 && expecting == 0 ? "abAlt-"
                                                                  : "ab<";
                bool right = str_starts(buf_str(&out), before) && str_ends(buf_str(&out), ">cd");
                if (!right) {
                    fail_msg("cut at %zu of %zu: %s", cut, r, out.ptr);
                }
                buf_free(&out);
                input_free(input);
            }
        }
    }
}

static void test_slow_reply_is_waited_for(void **state)
{
    (void)state;
    struct input *input = input_new();
    struct key key;
    input_expect_replies(input, true);
    input_feed(input, "\033]", 2);
    assert_false(input_next(input, &key));
    input_flush(input);
    assert_false(input_next(input, &key));
    input_feed(input, "11;rgb:00/00/00\033\\", 17);
    assert_true(input_next(input, &key));
    assert_int_equal(key.code, K_REPLY);
    /* A lone Esc acts all the same. */
    input_feed(input, "\033", 1);
    assert_false(input_next(input, &key));
    input_flush(input);
    assert_true(input_next(input, &key));
    assert_int_equal(key.code, K_ESC);
    input_free(input);
}

/* What is cut in its middle by a slow line is not typed: an answer that nobody waits for any more,
 * a report of the mouse. */
static void test_late_and_slow(void **state)
{
    (void)state;
    static const struct {
        const char *head, *tail;
    } cases[] = {{"\033[?1;2", "c"}, {"\033[>1;10;", "0c"}, {"\033[<0;10", ";5M"},
        {"\033]11;rgb:0000/", "0000/0000\033\\"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct input *input = input_new();
        struct key key;
        input_feed(input, cases[i].head, strlen(cases[i].head));
        for (int wait = 0; wait < 40; wait++) {
            assert_false(input_next(input, &key));
            assert_true(input_wait_ms(input) > 0);
            input_flush(input);
        }
        input_feed(input, cases[i].tail, strlen(cases[i].tail));
        while (input_next(input, &key)) {
            assert_int_not_equal(key.code, K_TEXT);
        }
        input_free(input);
    }
}

/* The clipboard's answer may be long, but only when it was asked for; what is too long is dropped
 * to its end and never typed. */
static void test_long_replies(void **state)
{
    (void)state;
    static char part[65536];
    struct input *input = input_new();
    struct key key;
    memset(part, 'A', sizeof part);
    for (int expecting = 0; expecting < 2; expecting++) {
        size_t parts = expecting ? 256 : 1, most = expecting ? 400 : 2;
        input_expect_replies(input, expecting != 0);
        for (size_t count = parts; count <= most; count += most - parts) {
            input_feed(input, "\033]52;c;", 7);
            for (size_t i = 0; i < count; i++) {
                input_feed(input, part, sizeof part);
                assert_false(input_next(input, &key));
            }
            input_feed(input, "\033", 1);
            assert_false(input_next(input, &key));
            input_feed(input, "\\x", 2);
            assert_true(input_next(input, &key));
            if (expecting && count == parts) {
                assert_int_equal(key.code, K_REPLY);
                assert_int_equal(key.data.len, 6 + parts * sizeof part);
                assert_true(input_next(input, &key));
            }
            assert_true(key_is_char(&key, 'x'));
            assert_false(input_next(input, &key));
        }
    }
    input_free(input);
}

static void test_key_names(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *shown;
    } table[] = {{"ctrl-p", "^P"}, {"Ctrl-P", "^P"}, {"alt-1", "Alt-1"}, {"f12", "F12"},
        {"shift-tab", "S-Tab"}, {"space", "Space"}, {"a", "a"}, {"shift-a", "A"}, {"G", "G"},
        {"é", "é"}, {"comma", ","}, {"-", "-"}, {"ctrl-space", "^Space"}, {"esc", "Esc"},
        {"alt-shift-up", "Alt-S-↑"}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct key key;
        assert_true(key_parse(str_of(table[i].spec), &key));
        struct buf out = BUF_INIT;
        key_append_name(&out, &key);
        assert_string_equal(out.ptr, table[i].shown);
        buf_free(&out);
    }
    static const char *const bad[] = {"", "ctrl-", "f0", "f13", "ab", "hyper-x", "shift-1", "\033"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct key key;
        assert_false(key_parse(str_of(bad[i]), &key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_lone_escape_waits_only_for_a_flush),
        cmocka_unit_test(test_named_keys),
        cmocka_unit_test(test_modified_keys),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_big_paste),
        cmocka_unit_test(test_a_paste_without_an_end),
        cmocka_unit_test(test_an_endless_string),
        cmocka_unit_test(test_focus_and_replies),
        cmocka_unit_test(test_a_reply_in_typed_text),
        cmocka_unit_test(test_slow_reply_is_waited_for),
        cmocka_unit_test(test_late_and_slow),
        cmocka_unit_test(test_long_replies),
        cmocka_unit_test(test_key_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
