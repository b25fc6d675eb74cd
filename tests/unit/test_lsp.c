/* The parts that read what language servers say, and conversations with one that misbehaves
 * (tests/tools/fault_lsp.c). */
#include "test.h"

#include "base/json.h"
#include "base/vec.h"
#include "lsp/diagnostics.h"
#include "lsp/gather.h"
#include "lsp/servers.h"
#include "lsp/uri.h"
#include "lsp_talk.h"

#include <stdlib.h>

/* Positions. */

static void units_of_each_encoding(void **state)
{
    (void)state;
    struct str line = STR_LIT("a\xc3\xbc\xf0\x9f\x98\x80\xff!"); /* a ü 😀 (bad byte) ! */
    assert_int_equal(lsp_units(line, LSP_UTF16), 1 + 1 + 2 + 1 + 1);
    assert_int_equal(lsp_units(line, LSP_UTF8), 1 + 2 + 4 + 3 + 1); /* the bad byte is U+FFFD */
    assert_int_equal(lsp_units(line, LSP_UTF32), 5);
    static const size_t bytes16[] = {0, 1, 3, 3, 7, 8, 9, 9};
    for (size_t unit = 0; unit < ARRAY_LEN(bytes16); unit++) {
        assert_int_equal(lsp_byte_at(line, unit, LSP_UTF16), bytes16[unit]);
    }
    static const size_t bytes8[] = {0, 1, 1, 3, 3, 3, 3, 7, 7, 7, 8, 9, 9};
    for (size_t unit = 0; unit < ARRAY_LEN(bytes8); unit++) {
        assert_int_equal(lsp_byte_at(line, unit, LSP_UTF8), bytes8[unit]);
    }
}

static void positions_there_and_back(void **state)
{
    (void)state;
    struct str all = STR_LIT("one\r\n\xf0\x9f\x98\x80\xc3\xbc x\n\nlast");
    struct text *text = text_new(all);
    for (int encoding = LSP_UTF16; encoding <= LSP_UTF32; encoding++) {
        struct lsp_mapper live;
        struct lsp_mapper flat;
        lsp_mapper_text(&live, text, (enum lsp_encoding)encoding);
        lsp_mapper_flat(&flat, all, (enum lsp_encoding)encoding);
        static const size_t offsets[] = {0, 1, 3, 5, 9, 11, 12, 13, 14, 15, 19};
        for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
            cJSON *a = lsp_position_at(&live, offsets[i]);
            cJSON *b = lsp_position_at(&flat, offsets[i]);
            size_t back;
            assert_true(cJSON_Compare(a, b, true));
            assert_true(lsp_offset_of(&live, a, &back));
            assert_int_equal(back, offsets[i]);
            assert_true(lsp_offset_of(&flat, a, &back));
            assert_int_equal(back, offsets[i]);
            cJSON_Delete(a);
            cJSON_Delete(b);
        }
        lsp_mapper_free(&live);
        lsp_mapper_free(&flat);
    }
    text_free(text);
}

static size_t offset_in(struct lsp_mapper *mapper, const char *json)
{
    cJSON *position = cJSON_Parse(json);
    size_t offset = 777;
    bool ok = lsp_offset_of(mapper, position, &offset);
    cJSON_Delete(position);
    return ok ? offset : (size_t)-1;
}

static void positions_outside_are_clamped(void **state)
{
    (void)state;
    struct lsp_mapper m;
    lsp_mapper_flat(&m, STR_LIT("one\ntwo\n"), LSP_UTF16);
    assert_int_equal(offset_in(&m, "{\"line\":0,\"character\":99}"), 3);
    assert_int_equal(offset_in(&m, "{\"line\":99,\"character\":0}"), 8);
    assert_int_equal(offset_in(&m, "{\"line\":1e300,\"character\":-1e300}"), 8);
    assert_int_equal(offset_in(&m, "{\"line\":-5,\"character\":-5}"), 0);
    assert_int_equal(offset_in(&m, "{\"line\":1}"), (size_t)-1);
    assert_int_equal(offset_in(&m, "{\"line\":\"1\",\"character\":2}"), (size_t)-1);
    assert_int_equal(offset_in(&m, "[1,2]"), (size_t)-1);
    lsp_mapper_free(&m);
    lsp_mapper_flat(&m, STR_LIT(""), LSP_UTF8);
    assert_int_equal(offset_in(&m, "{\"line\":3,\"character\":3}"), 0);
    lsp_mapper_free(&m);
}

static void addresses(void **state)
{
    (void)state;
    char *uri = uri_of("/work/a b", "x/gr\xc3\xbcn#1.rego");
    assert_string_equal(uri, "file:///work/a%20b/x/gr%C3%BCn%231.rego");
    char *path;
    struct err err;
    assert_ok(uri_beneath("/work/a b", uri, &path, &err), err);
    assert_string_equal(path, "x/gr\xc3\xbcn#1.rego");
    free(path);
    free(uri);
    static const char *const refused[] = {NULL, "", "x", "http://h/work/w/x", "file:///work/wx/a",
        "file:///work/w", "file:///work/w/", "file:///work/w/../../etc/passwd",
        "file:///work/w/%2e%2e/x", "file:///work/w/a%00b", "file:///work/w/%zz",
        "file:///work/w/%4", "file://host/work/w/a", "file:///etc/passwd",
        "file:///work/w/.git/config", "file:///work/w/a%0Ab", "file:///work/w/%FF"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_false(uri_beneath("/work/w", refused[i], &path, &err));
        assert_null(path);
    }
    assert_ok(uri_beneath("/work/w", "FILE://localhost/work/w/a.rego", &path, &err), err);
    free(path);
}

static void expect_plain(const char *snippet, const char *want, size_t cursor)
{
    size_t at;
    char *plain = lsp_plain_snippet(snippet, &at);
    assert_string_equal(plain, want);
    assert_int_equal(at, cursor);
    free(plain);
}

static void snippets_become_plain(void **state)
{
    (void)state;
    expect_plain("plain", "plain", 5);
    expect_plain("deny contains ${1:msg} if {\n\t$0\n}", "deny contains msg if {\n\t\n}", 24);
    expect_plain("${1:a ${2:b}} $1", "a b ", 0);
    expect_plain("${1|one,two|}!", "one!", 0);
    expect_plain("cost \\$5 \\} $TM_FILENAME", "cost $5 } ", 10);
    expect_plain("$", "$", 1);
    expect_plain("${", "", 0);
    expect_plain("${1:", "", 0);
    expect_plain("${1/(.*)/x/}y", "y", 0);
    struct buf deep = BUF_INIT;
    for (int i = 0; i < 1000; i++) {
        buf_append_c(&deep, "${1:");
    }
    size_t at;
    free(lsp_plain_snippet(deep.ptr, &at));
    buf_free(&deep);
}

static void findings_move_with_the_text(void **state)
{
    (void)state;
    struct err err;
    struct text *text = text_new(STR_LIT("one\ntwo\nthree\n"));
    struct lsp_diagnostics d = {0};
    struct lsp_mapper m;
    lsp_mapper_text(&m, text, LSP_UTF16);
    cJSON *list =
        cJSON_Parse("[{\"range\":{\"start\":{\"line\":1,\"character\":1},\"end\":{\"line\":1,"
                    "\"character\":3}},\"message\":\"here\",\"source\":\"s\",\"code\":7}]");
    lsp_diagnostics_read(&d, &m, list, "a.rego", "server");
    cJSON_Delete(list);
    lsp_mapper_free(&m);
    assert_int_equal(d.findings.len, 1);
    assert_string_equal(d.findings.items[0].rule, "s/7");
    text_add_listener(
        text, (void (*)(void *, const struct text_change *))lsp_diagnostics_shift, &d);
    assert_ok(text_insert(text, 0, STR_LIT("zero\nnull\n"), &err), err);
    assert_int_equal(d.findings.items[0].at.row, 4);
    assert_int_equal(d.findings.items[0].at.col, 2);
    assert_ok(text_insert(text, text_line_start(text, 3), STR_LIT("xx"), &err), err);
    assert_int_equal(d.findings.items[0].at.col, 4);
    text_delete(text, 0, text_length(text));
    assert_int_equal(d.findings.items[0].at.row, 1);
    assert_int_equal(d.findings.items[0].at.col, 1);
    lsp_diagnostics_clear(&d);
    text_free(text);
}

/* Edits of several files. */

static struct lsp_gather gather_in(const char *dir)
{
    struct lsp_gather gather = {.root = realpath(dir, NULL), .encoding = LSP_UTF16};
    return gather;
}

static bool gather_json(
    struct lsp_gather *gather, const char *fmt, struct changes *changes, struct err *err)
{
    struct buf text = BUF_INIT;
    struct str rest = str_of(fmt);
    size_t at;
    char *root = uri_of(gather->root, "");
    while ((at = str_find_char(rest, '@', 0)) != (size_t)-1) {
        buf_append_str(&text, str_slice(rest, 0, at));
        buf_append_c(&text, root);
        rest = str_from(rest, at + 1);
    }
    buf_append_str(&text, rest);
    cJSON *edit = cJSON_Parse(text.ptr);
    assert_non_null(edit);
    bool ok = lsp_gather_changes(gather, edit, changes, err);
    cJSON_Delete(edit);
    buf_free(&text);
    free(root);
    return ok;
}

#define RANGE(a, b, c, d)                                                                          \
    "\"range\":{\"start\":{\"line\":" #a ",\"character\":" #b "},\"end\":{\"line\":" #c            \
    ",\"character\":" #d "}}"

static void edits_become_changes(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "\xf0\x9f\x98\x80 one\ntwo\n");
    test_write(dir, "b.rego", "on disk\n");
    struct lsp_gather gather = gather_in(dir);
    struct lsp_open_text open = {.path = mem_strdup("b.rego"), .version = 4};
    buf_append_c(&open.text, "in the editor\n");
    VEC_PUSH(&gather.open, open);
    struct changes changes = {0};
    assert_ok(
        gather_json(&gather,
            "{\"documentChanges\":[{\"textDocument\":{\"uri\":\"@/a.rego\",\"version\":null},"
            "\"edits\":[{" RANGE(1, 0, 1, 3) ",\"newText\":\"2\"},{" RANGE(0, 3, 0,
                6) ",\"newText\":\"1\"}]},{\"textDocument\":{\"uri\":\"@/b.rego\",\"version\":4},"
                   "\"edits\":[{" RANGE(0, 0, 0,
                       2) ",\"newText\":\"inside\"}]},"
                          "{\"kind\":\"create\",\"uri\":\"@/new/c.rego\"},"
                          "{\"textDocument\":{\"uri\":\"@/new/c.rego\"},\"edits\":[{" RANGE(
                              0, 0, 0, 0) ",\"newText\":\"package c\\n\"}]},"
                                          "{\"kind\":\"rename\",\"oldUri\":\"@/"
                                          "a.rego\",\"newUri\":\"@/z.rego\"}]}",
            &changes, &err),
        err);
    assert_int_equal(changes.len, 3);
    struct change *a = changes_find(&changes, "z.rego");
    assert_non_null(a);
    assert_string_equal(a->moved_from, "a.rego");
    assert_string_equal(a->content.ptr, "\xf0\x9f\x98\x80 1\n2\n");
    struct change *b = changes_find(&changes, "b.rego");
    assert_string_equal(b->base.ptr, "in the editor\n");
    assert_string_equal(b->content.ptr, "inside the editor\n");
    struct change *c = changes_find(&changes, "new/c.rego");
    assert_int_equal(c->kind, CHANGE_ADD);
    assert_string_equal(c->content.ptr, "package c\n");
    changes_free(&changes);

    static const char *const refused[] = {
        "{\"changes\":{\"file:///etc/passwd\":[{" RANGE(0, 0, 0, 0) ",\"newText\":\"x\"}]}}",
        "{\"changes\":{\"@/a.rego\":[{" RANGE(0, 0, 1, 0) ",\"newText\":\"x\"},{" RANGE(
            0, 1, 0, 3) ",\"newText\":\"y\"}]}}",
        "{\"changes\":{\"@/a.rego\":[{\"newText\":\"x\"}]}}",
        "{\"changes\":{\"@/a.rego\":[{" RANGE(0, 0, 0,
            1) ",\"newText\":\"x\"}],\"@/../x\":[{" RANGE(0, 0, 0, 1) ",\"newText\":\"x\"}]}}",
        "{\"documentChanges\":[{\"textDocument\":{\"uri\":\"@/"
        "b.rego\",\"version\":3},\"edits\":[{" RANGE(0, 0, 0, 1) ",\"newText\":\"x\"}]}]}",
        "{\"documentChanges\":[{\"kind\":\"burn\",\"uri\":\"@/b.rego\"}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_false(gather_json(&gather, refused[i], &changes, &err));
        assert_int_equal(changes.len, 0);
        assert_true(err.text[0] != '\0');
    }
    lsp_gather_free(&gather);
    test_dir_remove(dir);
}

/* The server that misbehaves. */

static struct lsp_talk *fault_in(const char *scenario, bool hurry)
{
    char *config = lsp_talk_fault(scenario);
    struct lsp_talk *talk = lsp_talk_new(config, hurry);
    free(config);
    return talk;
}

static struct lsp_talk *fault(const char *scenario)
{
    return fault_in(scenario, false);
}

static void ask_at(struct lsp_talk *talk, enum lsp_what what, size_t at)
{
    struct lsp_question question = {.what = what, .at = at, .end = at};
    lsp_talk_ask(talk, &question);
}

static void nothing_runs_without_a_document(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault("full");
    lsp_talk_turn(talk, 50);
    assert_int_equal(lsp_status_count(talk->service), 1);
    assert_int_equal(lsp_status_at(talk->service, 0).state, LSP_OFF);
    assert_int_equal(talk->statuses, 0);
    lsp_talk_open(talk, "a.yaml", "a: 1\n");
    lsp_talk_turn(talk, 50);
    assert_int_equal(lsp_status_at(talk->service, 0).state, LSP_OFF);
    ask_at(talk, LSP_HOVER, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_FAILED);
    assert_string_equal(
        talk->reply.message, "no language server for this file offers what stands here");
    lsp_talk_free(talk);
}

static void switched_off(void **state)
{
    (void)state;
    struct lsp_talk *talk = lsp_talk_new("lsp = false\n", false);
    assert_int_equal(lsp_status_count(talk->service), 0);
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_int_equal(lsp_findings(talk->document)->len, 0);
    lsp_talk_free(talk);
}

/* What the user names and is not there is a mistake; that one of ours is not installed is none. */
static void a_server_that_is_not_there(void **state)
{
    (void)state;
    struct lsp_talk *talk =
        lsp_talk_new("[language_servers.regal]\ncommand = [\"no-such-server\"]\n", false);
    lsp_talk_open(talk, "a.rego", "package a\n");
    struct lsp_status status = lsp_status_at(talk->service, 0);
    assert_int_equal(status.state, LSP_FAILED);
    assert_non_null(strstr(status.why, "no-such-server is not on PATH"));
    lsp_talk_free(talk);
    char *path = mem_strdup(getenv("PATH")), *cache = mem_strdup(getenv("XDG_CACHE_HOME"));
    setenv("PATH", "/nowhere", 1);
    setenv("XDG_CACHE_HOME", "/nowhere", 1);
    talk = lsp_talk_new("", false);
    lsp_talk_open(talk, "a.rego", "package a\n");
    status = lsp_status_at(talk->service, 0);
    assert_int_equal(status.state, LSP_MISSING);
    lsp_talk_free(talk);
    setenv("PATH", path, 1);
    if (cache != NULL) {
        setenv("XDG_CACHE_HOME", cache, 1);
    } else {
        unsetenv("XDG_CACHE_HOME");
    }
    free(path);
    free(cache);
}

static void table_mistakes_are_told(void **state)
{
    (void)state;
    struct lsp_talk *talk =
        lsp_talk_new("[language_servers.a]\ncommand = \"x\"\nlanguages = [\"rego\"]\ncolour = 1\n"
                     "[language_servers.b]\ncommand = [\"x\"]\n"
                     "[language_servers.c]\ncommand = [\"x\"]\nlanguages = [\"rego\"]\n"
                     "root_markers = [\"nowhere\"]\n",
            false);
    assert_int_equal(lsp_problem_count(talk->service), 3);
    assert_non_null(strstr(lsp_problem_at(talk->service, 0), "command takes a list of strings"));
    assert_non_null(strstr(lsp_problem_at(talk->service, 1), "colour is not known here"));
    assert_non_null(strstr(lsp_problem_at(talk->service, 2), "names no languages"));
    for (size_t i = 0; i < lsp_status_count(talk->service); i++) {
        assert_string_not_equal(lsp_status_at(talk->service, i).name, "c");
    }
    lsp_talk_free(talk);
}

static void one_that_never_answers(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault("hang-first");
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_int_equal(lsp_status_at(talk->service, 0).state, LSP_STARTING);
    ask_at(talk, LSP_HOVER, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_FAILED);
    assert_string_equal(talk->reply.message, "fault is starting");
    lsp_talk_free(talk);
    talk = fault_in("hang-later", true);
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_true(lsp_talk_wait_state(talk, LSP_READY));
    ask_at(talk, LSP_HOVER, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_FAILED);
    assert_string_equal(talk->reply.message, "fault did not answer textDocument/hover in time");
    struct lsp_question question = {.what = LSP_HOVER};
    uint64_t ask = lsp_ask(talk->document, &question, NULL, NULL);
    lsp_forget(talk->service, ask);
    assert_int_not_equal(lsp_ask(talk->document, &question, NULL, NULL), 0);
    lsp_talk_free(talk); /* with a question open */
}

static void one_that_crashes_is_started_again_and_then_left_off(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault_in("crash", true);
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_true(lsp_talk_wait_state(talk, LSP_FAILED));
    struct lsp_status status = lsp_status_at(talk->service, 0);
    assert_int_equal(status.crashes, 4);
    assert_int_equal(talk->messages, 1);
    assert_string_equal(talk->message, "fault was ended by signal 15: panic: cannot go on. It was "
                                       "started 4 times and is now left off");
    ask_at(talk, LSP_HOVER, 0);
    assert_string_equal(talk->reply.message,
        "fault is left off: fault was ended by signal 15: panic: cannot go on");
    lsp_restart(talk->service, "fault");
    assert_int_equal(lsp_status_at(talk->service, 0).state, LSP_STARTING);
    lsp_talk_free(talk);
}

static void one_that_dies_in_the_middle_of_an_answer(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault("die-mid");
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_true(lsp_talk_wait_state(talk, LSP_READY));
    ask_at(talk, LSP_HOVER, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_FAILED);
    assert_string_equal(talk->reply.message, "fault ended before it answered textDocument/hover");
    assert_true(lsp_talk_wait_state(talk, LSP_READY));
    lsp_talk_free(talk);
}

static void a_flood_of_findings(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault("flood");
    lsp_talk_open(talk, "a.rego", "package a\n\nx := 1\n");
    assert_true(lsp_talk_wait(talk, &talk->findings, 502));
    const struct findings *findings = lsp_findings(talk->document);
    assert_int_equal(findings->len, 1);
    assert_int_equal(findings->items[0].at.row, 3);
    assert_string_equal(findings->items[0].rule, "fault/fault");
    print_message("at most %zu of %zu findings in a turn\n", talk->most_findings, talk->findings);
    assert_true(talk->most_findings < 250);
    lsp_talk_free(talk);
}

static void answers_for_an_older_text(void **state)
{
    (void)state;
    struct err err;
    struct lsp_talk *talk = fault("late");
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_true(lsp_talk_wait_state(talk, LSP_READY));
    assert_ok(text_insert(talk->text, 0, STR_LIT("# one\n"), &err), err);
    assert_true(lsp_talk_wait(talk, &talk->findings, 1));
    const struct findings *findings = lsp_findings(talk->document);
    assert_int_equal(findings->len, 2); /* the list for the version before was dropped */
    assert_string_equal(findings->items[0].message, "finding 0 of version 2");
    assert_int_equal(talk->findings, 1);
    lsp_talk_free(talk);
}

static void hover_reply(void *data, struct lsp_reply *reply)
{
    struct lsp_talk *talk = data;
    talk->reply.kind = reply->kind;
    talk->replies++;
}

static void a_late_answer_is_stale(void **state)
{
    (void)state;
    struct err err;
    struct lsp_talk *talk = fault("late");
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_true(lsp_talk_wait_state(talk, LSP_READY));
    struct lsp_question question = {.what = LSP_HOVER};
    assert_int_not_equal(lsp_ask(talk->document, &question, hover_reply, talk), 0);
    assert_ok(text_insert(talk->text, 0, STR_LIT("# one\n"), &err), err);
    assert_true(lsp_talk_wait(talk, &talk->replies, 1));
    assert_int_equal(talk->reply.kind, LSP_REPLY_STALE);
    lsp_talk_free(talk);
}

static void wild_answers(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault("wild");
    lsp_talk_open(talk, "a.rego", "package a\n\nx := 1\n");
    assert_true(lsp_talk_wait(talk, &talk->findings, 3));
    const struct findings *findings = lsp_findings(talk->document);
    assert_int_equal(findings->len, 1);
    assert_string_equal(findings->items[0].message, "evil ^[]0;title^G text");
    assert_int_equal(findings->items[0].at.row, 4);
    ask_at(talk, LSP_DEFINITION, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    assert_int_equal(talk->reply.places.len, 1);
    assert_int_equal(talk->reply.places.refused, 4);
    assert_int_equal(talk->reply.places.items[0].at.row, 4);
    ask_at(talk, LSP_FORMAT, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_FAILED);
    assert_string_equal(talk->reply.message, "the language server's edits make no sense");
    static const enum lsp_what nothing[] = {
        LSP_HOVER, LSP_COMPLETION, LSP_SIGNATURE, LSP_SYMBOLS, LSP_REFERENCES, LSP_ACTIONS};
    for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
        ask_at(talk, nothing[i], 0);
        assert_int_equal(talk->reply.kind, LSP_REPLY_NOTHING);
    }
    struct lsp_question rename = {.what = LSP_RENAME, .name = "y"};
    lsp_talk_ask(talk, &rename);
    assert_int_equal(talk->reply.kind, LSP_REPLY_NOTHING);
    lsp_talk_free(talk);
}

static void what_a_server_may_ask(void **state)
{
    (void)state;
    struct lsp_talk *talk = fault("asking");
    char *log = mem_printf("%s/.home/log", talk->dir);
    lsp_talk_open(talk, "a.rego", "package a\n");
    assert_true(lsp_talk_wait(talk, &talk->proposals, 1));
    assert_true(lsp_talk_wait(talk, &talk->messages, 1));
    assert_string_equal(talk->message, "fault: look here");
    assert_int_equal(talk->proposal.len, 1);
    assert_string_equal(talk->proposal.items[0].path, "a.rego");
    assert_string_equal(talk->proposal.items[0].content.ptr, "letkage a\n");
    char *disk = test_read(talk->dir, "a.rego");
    assert_string_equal(disk, "package a\n"); /* nothing is written by itself */
    assert_true(text_equals(talk->text, STR_LIT("package a\n")));
    free(disk);
    free(log);
    lsp_talk_free(talk);
}

static void check_mirror(struct lsp_talk *talk)
{
    struct buf want = BUF_INIT;
    ask_at(talk, LSP_HOVER, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    buf_append_char(&want, '<');
    text_copy(talk->text, 0, text_length(talk->text), &want);
    buf_append_char(&want, '>');
    assert_string_equal(talk->reply.text, want.ptr);
    buf_free(&want);
}

static void random_edit(struct text *text)
{
    static const char *const words[] = {
        "\n", "deny", "\xc3\xbc", "\xf0\x9f\x98\x80", "x\ny\n", "\n\n", " "};
    struct err err;
    size_t length = text_length(text);
    size_t at = (size_t)rand() % (length + 1);
    while (at < length && (text_byte(text, at) & 0xC0) == 0x80) {
        at++; /* whole characters: the copy is read as UTF-8 */
    }
    size_t end = at;
    for (int n = rand() % 8; n > 0 && end < length; n--) {
        do {
            end++;
        } while (end < length && (text_byte(text, end) & 0xC0) == 0x80);
    }
    if (rand() % 3 == 0) {
        text_delete(text, at, end - at);
    } else {
        const char *with = words[(size_t)rand() % ARRAY_LEN(words)];
        assert_ok(text_replace(text, at, rand() % 3 == 0 ? end - at : 0, str_of(with), &err), err);
    }
}

static void a_server_sees_what_is_typed(void **state)
{
    (void)state;
    static const char *const kinds[] = {"incremental", "utf8", "full"};
    srand(5);
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        struct lsp_talk *talk = fault(kinds[kind]);
        lsp_talk_open(talk, "a.rego", "package a\n\n\xf0\x9f\x98\x80 deny");
        assert_true(lsp_talk_wait_state(talk, LSP_READY));
        check_mirror(talk);
        for (int round = 0; round < 120; round++) {
            for (int edits = rand() % 6; edits >= 0; edits--) {
                random_edit(talk->text);
            }
            if (rand() % 10 == 0) {
                text_undo(talk->text, NULL);
            }
            check_mirror(talk);
        }
        lsp_saved(talk->document);
        lsp_close(talk->document);
        talk->document = lsp_open(talk->service, "a.rego", "rego", talk->text);
        check_mirror(talk);
        lsp_talk_free(talk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_each_encoding),
        cmocka_unit_test(positions_there_and_back),
        cmocka_unit_test(positions_outside_are_clamped),
        cmocka_unit_test(addresses),
        cmocka_unit_test(snippets_become_plain),
        cmocka_unit_test(findings_move_with_the_text),
        cmocka_unit_test(edits_become_changes),
        cmocka_unit_test(nothing_runs_without_a_document),
        cmocka_unit_test(switched_off),
        cmocka_unit_test(a_server_that_is_not_there),
        cmocka_unit_test(table_mistakes_are_told),
        cmocka_unit_test(one_that_never_answers),
        cmocka_unit_test(one_that_crashes_is_started_again_and_then_left_off),
        cmocka_unit_test(one_that_dies_in_the_middle_of_an_answer),
        cmocka_unit_test(a_flood_of_findings),
        cmocka_unit_test(answers_for_an_older_text),
        cmocka_unit_test(a_late_answer_is_stale),
        cmocka_unit_test(wild_answers),
        cmocka_unit_test(what_a_server_may_ask),
        cmocka_unit_test(a_server_sees_what_is_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
