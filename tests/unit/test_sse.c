#include "test.h"

#include "model/sse.h"

#include <stdlib.h>

static void note(void *data, const struct sse_event *event)
{
    buf_printf(data, "[%.*s|%.*s%s]", STR_FMT(event->type), STR_FMT(event->data),
        event->too_large ? "|too large" : "");
}

/* The events of `text` when it is cut at a and b. */
static char *events_of(struct str text, size_t a, size_t b)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, "");
    struct sse *sse = sse_new(note, &out);
    sse_feed(sse, str_slice(text, 0, a));
    sse_feed(sse, str_slice(text, a, b));
    sse_feed(sse, str_from(text, b));
    sse_end(sse);
    sse_free(sse);
    return buf_take(&out);
}

static void check(const char *text, const char *want)
{
    struct str s = str_of(text);
    for (size_t a = 0; a <= s.len; a++) {
        for (size_t b = a; b <= s.len; b++) {
            char *got = events_of(s, a, b);
            assert_string_equal(got, want);
            free(got);
        }
    }
}

static void reads_the_standards_examples(void **state)
{
    (void)state;
    check("data: YHOO\ndata: +2\ndata: 10\n\n", "[message|YHOO\n+2\n10]");
    check(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third\n\n",
        "[message|first event][message|second event][message| third]");
    check("data\n\ndata\ndata\n\n", "[message|][message|\n]");
    check("data:test\n\ndata: test\n\n", "[message|test][message|test]");
}

static void takes_any_line_end(void **state)
{
    (void)state;
    const char *want = "[add|1][message|2\n3]";
    check("event: add\ndata: 1\n\ndata: 2\ndata: 3\n\n", want);
    check("event: add\r\ndata: 1\r\n\r\ndata: 2\r\ndata: 3\r\n\r\n", want);
    check("event: add\rdata: 1\r\rdata: 2\rdata: 3\r\r", want);
    check("event: add\r\ndata: 1\n\r\ndata: 2\rdata: 3\n\n", want);
}

static void keeps_the_last_event_and_drops_the_rest(void **state)
{
    (void)state;
    check("data: a\n\ndata: b", "[message|a][message|b]");
    check("data: a\n\ndata: b\n", "[message|a][message|b]");
    check("\xef\xbb\xbf"
          "data: bom\n\n",
        "[message|bom]");
    check("event: only\n\n: ping\n\nnonsense: x\nretry: 3\n\n", "");
    check("", "");
    check("\n\n\n", "");
}

static void caps_an_event(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "event: big\ndata: ");
    buf_append_repeat(&text, 'x', SSE_EVENT_MAX + 1);
    buf_append_c(&text, "\n\ndata: ");
    buf_append_repeat(&text, 'y', 3 * SSE_EVENT_MAX);
    buf_append_c(&text, "\ndata: more\n\nevent: small\ndata: z\n\n");
    const char *want = "[big||too large][message||too large][small|z]";
    size_t cuts[] = {0, 17, SSE_EVENT_MAX, SSE_EVENT_MAX + 18, 2 * SSE_EVENT_MAX, text.len};
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        char *got = events_of(buf_str(&text), cuts[i], cuts[i]);
        assert_string_equal(got, want);
        free(got);
    }
    buf_free(&text);
}

static struct sse *stopped;
static int told;

static void stop_at_once(void *data, const struct sse_event *event)
{
    (void)data;
    (void)event;
    told++;
    sse_stop(stopped);
}

static void stops_in_the_middle_of_bytes(void **state)
{
    (void)state;
    told = 0;
    stopped = sse_new(stop_at_once, NULL);
    sse_feed(stopped, STR_LIT("data: 1\n\ndata: 2\n\n"));
    sse_end(stopped);
    sse_free(stopped);
    assert_int_equal(told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_standards_examples),
        cmocka_unit_test(takes_any_line_end),
        cmocka_unit_test(keeps_the_last_event_and_drops_the_rest),
        cmocka_unit_test(caps_an_event),
        cmocka_unit_test(stops_in_the_middle_of_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
