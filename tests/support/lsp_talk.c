#include "lsp_talk.h"

#include "test.h"

#include "syntax/language.h"

#include <stdlib.h>

static void note_event(void *data, const struct lsp_event *event)
{
    struct lsp_talk *talk = data;
    switch (event->kind) {
    case LSP_EVENT_STATUS:
        talk->statuses++;
        break;
    case LSP_EVENT_FINDINGS:
        talk->findings++;
        break;
    case LSP_EVENT_MESSAGE:
        talk->messages++;
        free(talk->message);
        talk->message = mem_strdup(event->text);
        break;
    case LSP_EVENT_PROPOSAL:
        talk->proposals++;
        changes_free(&talk->proposal);
        talk->proposal = *event->changes;
        *event->changes = (struct changes){0};
        break;
    }
}

struct lsp_talk *lsp_talk_new(const char *config_toml, bool hurry)
{
    struct err err;
    struct lsp_talk *talk = MEM_NEW(struct lsp_talk);
    char *dir = test_dir_make();
    talk->dir = realpath(dir, NULL);
    free(dir);
    char *home = mem_printf("%s/.home", talk->dir);
    setenv("XDG_CONFIG_HOME", home, 1);
    if (config_toml != NULL) {
        test_write(talk->dir, ".home/bylaw/config.toml", config_toml);
    }
    talk->loop = loop_new(&err);
    talk->config = config_load(talk->dir);
    assert_int_equal(config_problem_count(talk->config), 0);
    struct lsp_setup setup = {.loop = talk->loop,
        .config = talk->config,
        .root = talk->dir,
        .patience = hurry ? 5 : 0,
        .on_event = note_event,
        .data = talk};
    talk->service = lsp_service_new(&setup);
    free(home);
    return talk;
}

static void clear_reply(struct lsp_talk *talk)
{
    free(talk->reply.text);
    lsp_items_free(&talk->reply.items);
    lsp_places_free(&talk->reply.places);
    lsp_symbols_free(&talk->reply.symbols);
    text_edits_free(&talk->reply.edits);
    changes_free(&talk->reply.changes);
    free(talk->reply_message);
    talk->reply_message = NULL;
    talk->reply = (struct lsp_reply){0};
}

void lsp_talk_free(struct lsp_talk *talk)
{
    lsp_service_free(talk->service);
    loop_free(talk->loop);
    text_free(talk->text);
    config_free(talk->config);
    clear_reply(talk);
    changes_free(&talk->proposal);
    free(talk->message);
    test_dir_remove(talk->dir);
    free(talk);
}

void lsp_talk_open(struct lsp_talk *talk, const char *path, const char *content)
{
    test_write(talk->dir, path, content);
    talk->text = text_new(str_of(content));
    const struct language *language = language_of(path, STR_LIT(""));
    assert_non_null(language);
    talk->document = lsp_open(talk->service, path, language->name, talk->text);
}

static void turn(struct lsp_talk *talk, int ms)
{
    size_t before = talk->findings;
    loop_run_once(talk->loop, ms);
    size_t now = talk->findings - before;
    talk->most_findings = now > talk->most_findings ? now : talk->most_findings;
}

bool lsp_talk_wait(struct lsp_talk *talk, const size_t *counter, size_t want)
{
    uint64_t end = loop_now_ms() + 120000;
    while (*counter < want && loop_now_ms() < end) {
        turn(talk, 5);
    }
    return *counter >= want;
}

bool lsp_talk_wait_state(struct lsp_talk *talk, enum lsp_state state)
{
    uint64_t end = loop_now_ms() + 120000;
    while (lsp_status_at(talk->service, 0).state != state && loop_now_ms() < end) {
        turn(talk, 5);
    }
    return lsp_status_at(talk->service, 0).state == state;
}

void lsp_talk_turn(struct lsp_talk *talk, int ms)
{
    uint64_t end = loop_now_ms() + (uint64_t)ms;
    while (loop_now_ms() < end) {
        turn(talk, 5);
    }
}

static void note_reply(void *data, struct lsp_reply *reply)
{
    struct lsp_talk *talk = data;
    clear_reply(talk);
    talk->reply = *reply;
    talk->reply_message = mem_strdup(reply->message);
    talk->reply.message = talk->reply_message;
    *reply = (struct lsp_reply){0};
    talk->replies++;
}

void lsp_talk_ask(struct lsp_talk *talk, const struct lsp_question *question)
{
    size_t before = talk->replies;
    assert_int_not_equal(lsp_ask(talk->document, question, note_reply, talk), 0);
    assert_int_equal(talk->replies, before);
    assert_true(lsp_talk_wait(talk, &talk->replies, before + 1));
}

size_t lsp_talk_at(const struct lsp_talk *talk, const char *word)
{
    struct buf all = BUF_INIT;
    text_copy(talk->text, 0, text_length(talk->text), &all);
    size_t at = str_find(buf_str(&all), str_of(word), 0);
    buf_free(&all);
    assert_true(at != (size_t)-1);
    return at;
}

char *lsp_talk_fault(const char *scenario)
{
    return mem_printf("[language_servers.regal]\ncommand = []\n[language_servers.yaml-language-"
                      "server]\ncommand = []\n[language_servers.fault]\ncommand = "
                      "[\"%s/tests/fault-lsp\", \"%s\"]\nlanguages = [\"rego\"]\n"
                      "settings = { yaml = { schemas = { a = \"b\" } } }\n",
        getenv("BYLAW_BINARY_DIR"), scenario);
}
