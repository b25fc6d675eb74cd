/* opa's answer as a stream, its trace as a model, and walking it compared with a naive replay. */
#include "test.h"

#include "base/json_scan.h"
#include "base/vec.h"
#include "engine/opa_stream.h"
#include "engine/opa_trace.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- json_scan ---- */

static bool is_json(const char *text)
{
    struct json_scan scan;
    json_scan_init(&scan, str_of(text));
    for (;;) {
        enum json_token token = json_scan_next(&scan);
        if (token == JSON_END || token == JSON_BAD) {
            return token == JSON_END;
        }
    }
}

static void json_is_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "-1.5e+10", "\"\"", "\"\\u00e9\\n\"", "[]", "{}",
        " [ 1 , {\"a\":null} ] ", "{\"a\":{\"b\":[true,false]},\"c\":\"x\"}",
        "12345678901234567890"};
    static const char *const wrong[] = {"", "01", "1.", "+1", "\"\n\"", "\"\\x\"", "\"\\u12g4\"",
        "[1,]", "[,1]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "[1 2]", "[1]]", "nul", "\"", "[",
        "{\"a\":", "1 2", "[}", "{]"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(is_json(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        if (is_json(wrong[i])) {
            fail_msg("taken for JSON: %s", wrong[i]);
        }
    }
    char deep[2 * JSON_SCAN_DEPTH + 3];
    memset(deep, '[', JSON_SCAN_DEPTH);
    memset(deep + JSON_SCAN_DEPTH, ']', JSON_SCAN_DEPTH);
    deep[2 * (size_t)JSON_SCAN_DEPTH] = '\0';
    assert_true(is_json(deep));
    memset(deep, '[', JSON_SCAN_DEPTH + 1);
    memset(deep + JSON_SCAN_DEPTH + 1, ']', JSON_SCAN_DEPTH + 1);
    deep[2 * (size_t)JSON_SCAN_DEPTH + 2] = '\0';
    assert_false(is_json(deep));
}

static void json_is_printed_as_it_was(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    const char *value = "{\"n\": 1e2, \"big\":12345678901234567890,\"list\":[1,\n2, [] ,{}],"
                        "\"s\":\"\\u00e9\\\"\"}";
    json_compact(str_of(value), &out);
    assert_string_equal(out.ptr, "{\"n\": 1e2, \"big\": 12345678901234567890, \"list\": [1, 2, [], "
                                 "{}], \"s\": \"\\u00e9\\\"\"}");
    buf_clear(&out);
    json_pretty(str_of(value), 50, &out);
    assert_string_equal(out.ptr, "{\n  \"n\": 1e2,\n  \"big\": 12345678901234567890,\n"
                                 "  \"list\": [1, 2, [], {}],\n  \"s\": \"\\u00e9\\\"\"\n}");
    buf_clear(&out);
    json_pretty(STR_LIT("\"\\u003cnginx\\u003e \\u0026 \\\\u003c\""), 50, &out);
    assert_string_equal(out.ptr, "\"<nginx> & \\\\u003c\"");
    buf_clear(&out);
    json_unescape(STR_LIT("a\\n\\u00e9\\ud83d\\ude00\\ud83dx\\\\\\/"), &out);
    assert_string_equal(out.ptr, "a\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\\/");
    buf_free(&out);
}

/* ---- opa_stream ---- */

struct parts {
    struct buf text;
};

static void on_member(void *data, struct str key, struct str value)
{
    struct parts *parts = data;
    buf_printf(&parts->text, "%.*s=%.*s;", STR_FMT(key), STR_FMT(value));
}

static void on_event(void *data, struct str value)
{
    struct parts *parts = data;
    buf_printf(&parts->text, "<%.*s>", STR_FMT(value));
}

static void the_answer_comes_in_any_pieces(void **state)
{
    (void)state;
    static const char answer[] =
        "{\n \"result\": [{\"a\": \"} ] , \\\" \"}],\n \"explanation\": [ {\"x\":[1,2]} , {} ,\n"
        "{\"y\":\"]\"}],\n \"metrics\": 12, \"errors\": null }\n";
    static const char expected[] = "result=[{\"a\": \"} ] , \\\" \"}];<{\"x\":[1,2]}><{}>"
                                   "<{\"y\":\"]\"}>metrics=12;errors=null;";
    for (size_t size = 1; size < sizeof answer; size++) {
        struct parts parts = {BUF_INIT};
        struct opa_stream stream = {.member = on_member, .event = on_event, .data = &parts};
        for (struct str rest = str_of(answer); rest.len > 0; rest = str_from(rest, size)) {
            opa_stream_feed(&stream, str_slice(rest, 0, size));
        }
        assert_true(stream.ended);
        assert_string_equal(parts.text.ptr, expected);
        opa_stream_free(&stream);
        buf_free(&parts.text);
    }
}

/* ---- values ---- */

static const struct trace_binding *bind(struct trace *trace, const char *term, size_t *count)
{
    char *event = mem_printf(
        "{\"Op\":\"Eval\",\"Node\":{\"index\":0,\"terms\":[]},\"Location\":{\"file\":\"p.rego\","
        "\"row\":3,\"col\":2},\"QueryID\":1,\"ParentID\":0,\"Locals\":[{\"name\":\"__local0__\",%s}"
        ","
        "{\"name\":\"__local1__\",\"type\":\"number\",\"value\":7}],\"LocalMetadata\":"
        "{\"__local0__\":{\"name\":\"x\\n\"},\"__local1__\":{\"name\":\"__local1__\"}}}",
        term);
    assert_true(trace_add(trace, str_of(event)));
    free(event);
    return trace_variables(trace, trace->steps.len - 1, count);
}

static void values_are_read_as_written(void **state)
{
    (void)state;
    static const struct {
        const char *term, *shown;
    } terms[] = {
        {"\"type\":\"number\",\"value\":1.50e3", "1.50e3"},
        {"\"type\":\"string\",\"value\":\"a\\\"b\"", "\"a\\\"b\""},
        {"\"type\":\"boolean\",\"value\":false", "false"},
        {"\"type\":\"null\",\"value\":null", "null"},
        {"\"type\":\"array\",\"value\":[{\"type\":\"number\",\"value\":1},"
         "{\"type\":\"null\"}]",
            "[1, null]"},
        {"\"type\":\"set\",\"value\":[]", "set()"},
        {"\"type\":\"set\",\"value\":[{\"type\":\"number\",\"value\":1}]", "{1}"},
        {"\"type\":\"object\",\"value\":[[{\"type\":\"string\",\"value\":\"k\"},"
         "{\"type\":\"object\",\"value\":[]}]]",
            "{\"k\": {}}"},
        {"\"type\":\"ref\",\"value\":[{\"type\":\"var\",\"value\":\"data\"},{\"type\":\"string\","
         "\"value\":\"a\"},{\"type\":\"string\",\"value\":\"b-c\"}]",
            "data.a[\"b-c\"]"},
        {"\"type\":\"call\",\"value\":[]", "<call>"},
    };
    struct trace *trace = trace_new();
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        size_t count;
        const struct trace_binding *bound = bind(trace, terms[i].term, &count);
        /* What opa made up itself is nobody's variable. */
        assert_int_equal(count, 1);
        assert_string_equal(bound[0].name, "x\n");
        assert_string_equal(bound[0].value, terms[i].shown);
    }
    assert_true(trace_add(trace, STR_LIT("{\"Op\": 3}")));
    assert_true(trace_add(trace, STR_LIT("[1,")));
    assert_int_equal(trace->bad, 2);
    trace_free(trace);
}

static void a_long_trace_is_cut(void **state)
{
    (void)state;
    struct trace *trace = trace_new();
    size_t taken = 0;
    char event[200];
    for (size_t i = 0; i < TRACE_EVENTS_MAX + 10; i++) {
        int len = snprintf(event, sizeof event,
            "{\"Op\":\"Eval\",\"Location\":{\"file\":\"p\",\"row\":1,\"col\":1},\"QueryID\":%zu,"
            "\"ParentID\":0}",
            i % 5000);
        taken += trace_add(trace, str_make(event, (size_t)len));
    }
    assert_int_equal(taken, TRACE_EVENTS_MAX);
    assert_int_equal(trace->steps.len, TRACE_EVENTS_MAX);
    assert_true(trace->cut);
    trace_free(trace);
}

/* ---- walking against a naive replay ---- */

struct naive_step {
    unsigned query, parent, depth, row, index;
    const char *op;
    bool generated, negated;
};

struct naive {
    struct naive_step items[200];
    size_t len;
};

static unsigned depth_of(const struct naive *naive, unsigned query)
{
    for (size_t i = 0; i < naive->len; i++) {
        if (naive->items[i].query == query) {
            return naive->items[i].depth;
        }
    }
    return 0;
}

static void add_naive(struct naive *naive, struct trace *trace, struct naive_step step)
{
    static const char *const ops[] = {"Eval", "Eval", "Fail", "Redo", "Exit", "Note", "Index"};
    bool enter = step.op != NULL;
    step.op = enter ? step.op : ops[rand() % (int)ARRAY_LEN(ops)];
    step.row = (unsigned)rand() % 9 + 1;
    step.index = (unsigned)rand() % 4;
    step.generated = rand() % 4 == 0;
    step.negated = rand() % 4 == 0;
    bool rule = enter || strcmp(step.op, "Exit") == 0;
    char *node =
        rule ? mem_printf("{\"head\":{\"name\":\"r%u\"},\"body\":[]}", step.query)
             : mem_printf("{\"index\":%u,\"terms\":[],\"generated\":%s,\"negated\":%s}", step.index,
                   step.generated ? "true" : "false", step.negated ? "true" : "false");
    char *event = mem_printf("{\"Op\":\"%s\",\"Node\":%s,\"Location\":{\"file\":\"p.rego\",\"row\":"
                             "%u,\"col\":1},\"QueryID\":%u,\"ParentID\":%u}",
        step.op, node, step.row, step.query, step.parent);
    assert_true(trace_add(trace, str_of(event)));
    free(event);
    free(node);
    naive->items[naive->len++] = step;
}

static void make_random(struct naive *naive, struct trace *trace)
{
    unsigned queries = 1;
    naive->len = 0;
    add_naive(naive, trace, (struct naive_step){.query = 0, .parent = 0, .op = "Enter"});
    while (naive->len < ARRAY_LEN(naive->items)) {
        unsigned query = (unsigned)rand() % queries;
        if (rand() % 6 == 0) {
            struct naive_step enter = {.query = queries++, .parent = query, .op = "Enter"};
            enter.depth = depth_of(naive, query) + 1;
            add_naive(naive, trace, enter);
        } else {
            struct naive_step step = {.query = query};
            for (size_t i = 0; i < naive->len; i++) {
                step.parent = naive->items[i].query == query ? naive->items[i].parent : step.parent;
            }
            step.depth = depth_of(naive, query);
            add_naive(naive, trace, step);
        }
    }
    trace_finish(trace);
}

static bool is(const struct naive_step *step, const char *op)
{
    return strcmp(step->op, op) == 0;
}

static enum trace_outcome naive_outcome(const struct naive *naive, size_t at)
{
    const struct naive_step *step = &naive->items[at];
    enum trace_outcome failed = step->negated     ? TRACE_FALSE
                                : step->generated ? TRACE_UNDEFINED
                                                  : TRACE_NOT_TRUE;
    if (is(step, "Fail")) {
        return failed;
    }
    if (!is(step, "Eval") && !is(step, "Redo")) {
        return TRACE_OPEN;
    }
    for (size_t i = at + 1; i < naive->len; i++) {
        const struct naive_step *next = &naive->items[i];
        if (next->query != step->query || is(next, "Index") || is(next, "Note")) {
            continue;
        }
        if (is(next, "Fail")) {
            return failed;
        }
        if (is(next, "Redo")) {
            return is(step, "Redo") ? TRACE_EXHAUSTED : TRACE_OPEN;
        }
        return is(next, "Enter") ? TRACE_OPEN : TRACE_TRUE;
    }
    return is(step, "Redo") ? TRACE_EXHAUSTED : TRACE_OPEN;
}

static bool naive_fails(const struct naive *naive, size_t at)
{
    enum trace_outcome outcome = naive_outcome(naive, at);
    return outcome == TRACE_FALSE || outcome == TRACE_UNDEFINED || outcome == TRACE_NOT_TRUE;
}

static bool naive_stop(const struct naive *naive, size_t at)
{
    const struct naive_step *step = &naive->items[at];
    if (is(step, "Enter") || is(step, "Exit") || is(step, "Note")) {
        return true;
    }
    if (is(step, "Eval")) {
        return !step->generated || naive_fails(naive, at);
    }
    if (is(step, "Fail")) {
        const struct naive_step *before = at == 0 ? NULL : &naive->items[at - 1];
        return before == NULL || !is(before, "Eval") || before->query != step->query;
    }
    return is(step, "Redo") && !step->generated && naive_outcome(naive, at) == TRACE_TRUE;
}

/* Below a `not` that held. */
static bool naive_wanted(const struct naive *naive, size_t at)
{
    for (size_t i = at + 1; i > 0; i--) {
        const struct naive_step *enter = &naive->items[i - 1];
        if (enter->query != naive->items[at].query || !is(enter, "Enter")) {
            continue;
        }
        if (i == 1) {
            return false;
        }
        const struct naive_step *asker = &naive->items[i - 2];
        if (asker->query == enter->parent && is(asker, "Eval") && asker->negated &&
            naive_outcome(naive, i - 2) == TRACE_TRUE) {
            return true;
        }
        for (size_t k = i - 1; k > 0; k--) { /* on with the frame outside */
            if (naive->items[k - 1].query == enter->parent) {
                return naive_wanted(naive, k - 1);
            }
        }
        return false;
    }
    return false;
}

static size_t naive_find(const struct naive *naive, size_t from, unsigned most_depth, bool failing)
{
    for (size_t i = from + 1; i < naive->len; i++) {
        if (naive_stop(naive, i) && naive->items[i].depth <= most_depth &&
            (!failing || (naive_fails(naive, i) && !naive_wanted(naive, i)))) {
            return i;
        }
    }
    return from;
}

static void walking_is_as_a_replay(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 25; round++) {
        struct naive naive;
        struct trace *trace = trace_new();
        make_random(&naive, trace);
        assert_int_equal(trace->steps.len, naive.len);
        for (size_t i = 0; i < naive.len; i++) {
            unsigned depth = naive.items[i].depth;
            assert_int_equal(trace->steps.items[i].outcome, naive_outcome(&naive, i));
            assert_int_equal(trace_is_stop(trace, i), naive_stop(&naive, i));
            assert_int_equal(trace->frames.items[trace->steps.items[i].frame].depth, depth);
            size_t forward = naive_find(&naive, i, ~0U, false);
            assert_int_equal(trace_forward(trace, i), forward);
            assert_int_equal(trace_over(trace, i), naive_find(&naive, i, depth, false));
            assert_int_equal(
                trace_out(trace, i), depth == 0 ? i : naive_find(&naive, i, depth - 1, false));
            assert_int_equal(trace_next_failure(trace, i), naive_find(&naive, i, ~0U, true));
            if (forward != i && naive_stop(&naive, i)) {
                assert_int_equal(trace_backward(trace, forward), i);
            }
            size_t frames[64];
            size_t count = trace_stack(trace, i, frames, ARRAY_LEN(frames));
            assert_int_equal(count, depth + 1 < 64 ? depth + 1 : 64);
        }
        size_t there = trace_run_to(trace, 0, "p.rego", 5);
        assert_true(there == 0 || naive.items[there].row == 5);
        size_t culprit = trace_culprit(trace);
        assert_true(culprit == TRACE_NONE || naive_fails(&naive, culprit) ||
                    naive_outcome(&naive, culprit) == TRACE_TRUE ||
                    naive_outcome(&naive, culprit) == TRACE_OPEN);
        trace_free(trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_checked),
        cmocka_unit_test(json_is_printed_as_it_was),
        cmocka_unit_test(the_answer_comes_in_any_pieces),
        cmocka_unit_test(values_are_read_as_written),
        cmocka_unit_test(a_long_trace_is_cut),
        cmocka_unit_test(walking_is_as_a_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
