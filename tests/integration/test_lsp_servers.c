/* The language servers we know of, the real ones: Regal and yaml-language-server. */
#include "test.h"

#include "base/log.h"
#include "base/vec.h"
#include "fault_server.h"
#include "lsp_talk.h"

#include <stdlib.h>

static const struct finding *find(struct lsp_talk *talk, const char *rule_part)
{
    const struct findings *findings = lsp_findings(talk->document);
    VEC_FOREACH (const struct finding, finding, findings) {
        print_message("  %u:%u %s %s: %s\n", finding->at.row, finding->at.col,
            severity_name(finding->severity), finding->rule, finding->message);
        if (strstr(finding->rule, rule_part) != NULL ||
            strstr(finding->message, rule_part) != NULL) {
            return finding;
        }
    }
    return NULL;
}

static const struct finding *wait_finding(struct lsp_talk *talk, const char *rule_part)
{
    for (int i = 0; i < 10; i++) {
        const struct finding *finding = find(talk, rule_part);
        if (finding != NULL) {
            return finding;
        }
        if (!lsp_talk_wait(talk, &talk->findings, talk->findings + 1)) {
            return NULL;
        }
    }
    return NULL;
}

static void ask(struct lsp_talk *talk, enum lsp_what what, const char *at, size_t plus)
{
    size_t offset = at == NULL ? 0 : lsp_talk_at(talk, at) + plus;
    struct lsp_question question = {.what = what, .at = offset, .end = offset};
    lsp_talk_ask(talk, &question);
    /* A server that has just been told of a text may not have looked at it yet. */
    for (int i = 0; i < 100 && talk->reply.kind == LSP_REPLY_NOTHING; i++) {
        lsp_talk_turn(talk, 50);
        lsp_talk_ask(talk, &question);
    }
    if (talk->reply.kind == LSP_REPLY_FAILED) {
        print_message("failed: %s\n", talk->reply.message);
    }
}

static void apply(struct lsp_talk *talk, const char *want)
{
    struct err err;
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    assert_ok(text_edits_apply_text(&talk->reply.edits, talk->text, &err), err);
    struct buf all = BUF_INIT;
    text_copy(talk->text, 0, text_length(talk->text), &all);
    assert_string_equal(all.ptr, want);
    buf_free(&all);
}

static const char rego[] = "package green\n\n"
                           "import data.lib.helper\n\n"
                           "default limit = 1 # 😀\n\n"
                           "# METADATA\n# title: 😀 deny\n"
                           "deny contains msg if {\n"
                           "  helper.is_bad(input.x)\n"
                           "  msg := sprintf(\"no 😀 %s\", [input.x])\n"
                           "}\n";

static void regal(void **state)
{
    (void)state;
    struct lsp_talk *talk = lsp_talk_new(NULL, false);
    test_write(talk->dir, "lib/helper.rego", "package lib.helper\n\nis_bad(x) if x == 1\n");
    lsp_talk_open(talk, "policy.rego", rego);
    assert_true(lsp_talk_wait_state(talk, LSP_READY));
    print_message("%s\n", lsp_status_at(talk->service, 0).version);
    const struct finding *finding = wait_finding(talk, "opa-fmt");
    assert_non_null(finding);
    finding = wait_finding(talk, "use-assignment-operator");
    assert_non_null(finding);
    assert_int_equal(finding->at.row, 5);

    ask(talk, LSP_HOVER, "sprintf", 2);
    print_message("hover: %s\n", talk->reply.text);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    assert_non_null(strstr(talk->reply.text, "sprintf"));

    ask(talk, LSP_DEFINITION, "is_bad", 2);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    assert_string_equal(talk->reply.places.items[0].path, "lib/helper.rego");
    assert_int_equal(talk->reply.places.items[0].at.row, 3);

    ask(talk, LSP_SYMBOLS, NULL, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    bool deny = false;
    VEC_FOREACH (struct lsp_symbol, symbol, &talk->reply.symbols) {
        print_message(
            "symbol: %u %s %s %u\n", symbol->depth, symbol->kind, symbol->name, symbol->at.row);
        deny = deny || strstr(symbol->name, "deny") != NULL;
    }
    assert_true(deny);

    size_t line = lsp_talk_at(talk, "limit =");
    struct lsp_question actions = {.what = LSP_ACTIONS, .at = line, .end = line};
    lsp_talk_ask(talk, &actions);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    struct lsp_items items = talk->reply.items;
    talk->reply.items = (struct lsp_items){0};
    struct lsp_item *fix = NULL;
    VEC_FOREACH (struct lsp_item, item, &items) {
        print_message("action: %s (%s)\n", item->label, item->kind);
        fix = strstr(item->label, ":=") != NULL ? item : fix;
    }
    assert_non_null(fix);
    struct lsp_question action = {.what = LSP_ACTION, .item = fix};
    lsp_talk_ask(talk, &action);
    print_message("%s\n", talk->reply.message == NULL ? "ok" : talk->reply.message);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    if (talk->reply.changes.len == 0) {
        assert_true(lsp_talk_wait(talk, &talk->proposals, 1));
        talk->reply.changes = talk->proposal;
        talk->proposal = (struct changes){0};
    }
    assert_int_equal(talk->reply.changes.len, 1);
    assert_non_null(strstr(talk->reply.changes.items[0].content.ptr, "default limit := 1 # 😀\n"));
    lsp_items_free(&items);

    ask(talk, LSP_FORMAT, NULL, 0);
    apply(talk, "package green\n\n"
                "import data.lib.helper\n\n"
                "default limit := 1 # 😀\n\n"
                "# METADATA\n# title: 😀 deny\n"
                "deny contains msg if {\n"
                "\thelper.is_bad(input.x)\n"
                "\tmsg := sprintf(\"no 😀 %s\", [input.x])\n"
                "}\n");

    struct err err;
    size_t at = lsp_talk_at(talk, "\thelper.is_bad");
    assert_ok(text_insert(talk->text, at, STR_LIT("\tshown := spri\n"), &err), err);
    struct lsp_question complete = {.what = LSP_COMPLETION, .at = at + 14, .end = at + 14};
    const struct lsp_item *found = NULL;
    /* Regal looks at changes in its own time: at first it completes the line as it was. */
    for (int i = 0; i < 100 && found == NULL; i++) {
        lsp_talk_ask(talk, &complete);
        VEC_FOREACH (struct lsp_item, item, &talk->reply.items) {
            found = strcmp(item->label, "sprintf") == 0 ? item : found;
        }
        lsp_talk_turn(talk, found == NULL ? 50 : 0);
    }
    assert_non_null(found);
    assert_int_equal(found->from, at + 10);
    assert_int_equal(found->to, at + 14);
    assert_string_equal(found->text, "sprintf");
    lsp_talk_free(talk);
}

static void yaml(void **state)
{
    (void)state;
    struct lsp_talk *talk = lsp_talk_new(
        "[language_servers.yaml-language-server]\nsettings = { yaml = { validate = true, hover = "
        "true, completion = true, schemas = { \"./schema.json\" = \"*.yaml\" }, format = { enable "
        "= true }, schemaStore = { enable = false } } }\n",
        false);
    test_write(talk->dir, "schema.json",
        "{\"type\":\"object\",\"properties\":{\"größe\":{\"type\":\"integer\",\"description\":"
        "\"how "
        "large\"},\"colour\":{\"enum\":[\"red\",\"blue\"]}},\"additionalProperties\":false}");
    lsp_talk_open(
        talk, "values.yaml", "# 😀 comment\ngröße: \"😀x\"\nbase: &a\n   key:   1\nuse: *a\n");
    const struct finding *finding = wait_finding(talk, "integer");
    assert_non_null(finding);
    assert_int_equal(finding->at.row, 2);
    assert_int_equal(finding->at.col, 10); /* bytes: ö and ß are two each */
    assert_int_equal(finding->end.col, 17);
    print_message("%s\n", lsp_status_at(talk->service, 1).version);

    ask(talk, LSP_HOVER, "größe", 2);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    assert_non_null(strstr(talk->reply.text, "how large"));

    ask(talk, LSP_DEFINITION, "*a", 1);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    assert_string_equal(talk->reply.places.items[0].path, "values.yaml");
    assert_in_range(talk->reply.places.items[0].at.row, 3, 4); /* the anchor, or what it names */

    ask(talk, LSP_SYMBOLS, NULL, 0);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);

    struct err err;
    assert_ok(text_insert(talk->text, text_length(talk->text), STR_LIT("col"), &err), err);
    struct lsp_question complete = {
        .what = LSP_COMPLETION, .at = text_length(talk->text), .end = text_length(talk->text)};
    lsp_talk_ask(talk, &complete);
    assert_int_equal(talk->reply.kind, LSP_REPLY_OK);
    bool found = false;
    VEC_FOREACH (struct lsp_item, item, &talk->reply.items) {
        print_message("completion: %s -> %s\n", item->label, item->text);
        found = found || strcmp(item->label, "colour") == 0;
    }
    assert_true(found);
    text_delete(talk->text, text_length(talk->text) - 3, 3);

    /* A broken file, as typed. */
    size_t before = talk->findings;
    size_t at = lsp_talk_at(talk, "use:");
    assert_ok(text_insert(talk->text, at, STR_LIT("broken: [1, 2\n"), &err), err);
    assert_true(lsp_talk_wait(talk, &talk->findings, before + 1));
    for (int i = 0; i < 5 && lsp_findings(talk->document)->len < 2; i++) {
        lsp_talk_wait(talk, &talk->findings, talk->findings + 1);
    }
    find(talk, "nothing like this");
    bool error = false;
    VEC_FOREACH (const struct finding, f, lsp_findings(talk->document)) {
        error = error || f->at.row >= 5;
    }
    assert_true(error);
    text_delete(talk->text, at, strlen("broken: [1, 2\n"));

    ask(talk, LSP_FORMAT, NULL, 0);
    apply(talk, "# 😀 comment\ngröße: \"😀x\"\nbase: &a\n  key: 1\nuse: *a\n");
    lsp_talk_free(talk);
}

/* What a file or a repository says is not followed to other places. */
static void no_server_reaches_the_network(void **state)
{
    (void)state;
    static const struct fault_step schema = {.headers = "Content-Type: application/json\r\n",
        .body = "{\"properties\":{\"a\":{\"type\":\"string\"}}}"};
    struct fault_server *http = fault_server_start();
    fault_server_script(http, &schema, 1);
    char *content = mem_printf(
        "# yaml-language-server: $schema=%s/schema.json\na: 1\n", fault_server_url(http));
    for (int network = 0; network < 2; network++) {
        struct lsp_talk *talk = lsp_talk_new(
            network == 0 ? NULL : "[language_servers.yaml-language-server]\nnetwork = true\n",
            false);
        lsp_talk_open(talk, "values.yaml", content);
        assert_non_null(
            wait_finding(talk, network == 0 ? "Unable to load schema" : "Incorrect type"));
        assert_int_equal(fault_server_count(http), network);
        lsp_talk_free(talk);
    }
    free(content);
    fault_server_stop(http);
}

static void rules_of_a_repository_are_not_run(void **state)
{
    (void)state;
    struct lsp_talk *talk = lsp_talk_new(NULL, false);
    test_write(talk->dir, ".regal/rules/a.rego", "package custom.regal.rules.a.b\n");
    lsp_talk_open(talk, "policy.rego", "package a\n");
    struct lsp_status status = lsp_status_at(talk->service, 0);
    assert_int_equal(status.state, LSP_FAILED);
    assert_non_null(strstr(status.why, "repository_rules = true"));
    lsp_talk_free(talk);
}

int main(void)
{
    struct err err;
    if (getenv("BYLAW_LOG") != NULL) {
        assert_ok(log_open(getenv("BYLAW_LOG"), &err), err);
    }
    char *path = mem_printf("%s:%s/.bin", getenv("PATH"), getenv("BYLAW_NODE_MODULES"));
    setenv("PATH", path, 1);
    free(path);
    cmocka_set_test_filter(getenv("CMOCKA_FILTER"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regal),
        cmocka_unit_test(yaml),
        cmocka_unit_test(no_server_reaches_the_network),
        cmocka_unit_test(rules_of_a_repository_are_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
