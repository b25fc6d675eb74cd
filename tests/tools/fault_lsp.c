/* A language server that misbehaves on request: fault-lsp SCENARIO [--lines]. What each scenario
 * does stands at its row of the table at the end. It speaks through plain stdio, so that it can
 * break the rules of any layer. */
#include "base/json.h"
#include "base/vec.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool lines;
static const char *scenario;
static unsigned long count; /* messages received */
static char *uri;           /* of the last opened document */
static long long version;
static cJSON *held; /* the id of a request answered later */

static void raw(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

static void say_text(const char *text)
{
    if (lines) {
        printf("%s\n", text);
    } else {
        printf("Content-Length: %zu\r\n\r\n%s", strlen(text), text);
    }
    fflush(stdout);
}

static void say(cJSON *message)
{
    json_set_string(message, "jsonrpc", "2.0");
    char *text = json_print(message);
    say_text(text);
    free(text);
    cJSON_Delete(message);
}

static void answer(const cJSON *id, cJSON *result)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, "id", cJSON_Duplicate(id, true));
    cJSON_AddItemToObject(message, "result", result == NULL ? cJSON_CreateNull() : result);
    say(message);
}

static void notify(const char *method, cJSON *params)
{
    cJSON *message = cJSON_CreateObject();
    json_set_string(message, "method", method);
    cJSON_AddItemToObject(message, "params", params);
    say(message);
}

static void tell(const char *what, const char *text)
{
    cJSON *params = cJSON_CreateObject();
    json_set_string(params, "message", text);
    json_set_int(params, "type", 3);
    notify(what, params);
}

static cJSON *read_message(void)
{
    struct buf text = BUF_INIT;
    char line[1024];
    size_t length = 0;
    if (lines) {
        int c;
        while ((c = getchar()) != EOF && c != '\n') {
            buf_append_char(&text, (char)c);
        }
        if (c == EOF) {
            exit(0);
        }
    } else {
        for (;;) {
            if (fgets(line, sizeof line, stdin) == NULL) {
                exit(0);
            }
            if (strcmp(line, "\r\n") == 0) {
                break;
            }
            if (strncasecmp(line, "Content-Length:", 15) == 0) {
                length = strtoul(line + 15, NULL, 10);
            }
        }
        for (size_t i = 0; i < length; i++) {
            buf_append_char(&text, (char)getchar());
        }
    }
    struct err err;
    cJSON *message = json_parse(buf_str(&text), &err);
    if (message == NULL) {
        fprintf(stderr, "the client sent: %s\n", err.text);
        exit(9);
    }
    buf_free(&text);
    count++;
    return message;
}

static cJSON *range_of(long long row, long long from, long long end_row, long long to)
{
    cJSON *range = cJSON_CreateObject();
    cJSON *start = json_set_object(range, "start");
    json_set_int(start, "line", row);
    json_set_int(start, "character", from);
    cJSON *end = json_set_object(range, "end");
    json_set_int(end, "line", end_row);
    json_set_int(end, "character", to);
    return range;
}

static void publish(const char *where, long long of_version, size_t n, long long row)
{
    struct buf text = BUF_INIT;
    buf_printf(&text,
        "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\","
        "\"params\":{\"uri\":\"%s\",\"version\":%lld,\"diagnostics\":[",
        where, of_version);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&text,
            "%s{\"range\":{\"start\":{\"line\":%lld,\"character\":0},\"end\":{\"line\":%lld,"
            "\"character\":3}},\"message\":\"finding %zu of version %lld\",\"code\":\"fault\","
            "\"severity\":1}",
            i == 0 ? "" : ",", row, row, i, of_version);
    }
    buf_append_c(&text, "]}}");
    say_text(text.ptr);
    buf_free(&text);
}

static cJSON *capabilities(void)
{
    cJSON *result = cJSON_CreateObject();
    cJSON *caps = json_set_object(result, "capabilities");
    bool full = strcmp(scenario, "full") == 0;
    json_set_int(caps, "textDocumentSync", full ? 1 : 2);
    if (strcmp(scenario, "utf8") == 0) {
        json_set_string(caps, "positionEncoding", "utf-8");
    }
    json_set_bool(caps, "hoverProvider", true);
    json_set_bool(caps, "definitionProvider", true);
    json_set_bool(caps, "referencesProvider", true);
    json_set_bool(caps, "documentSymbolProvider", true);
    json_set_bool(caps, "documentFormattingProvider", true);
    json_set_bool(caps, "renameProvider", true);
    json_set_bool(caps, "codeActionProvider", true);
    json_set_object(caps, "completionProvider");
    json_set_object(caps, "signatureHelpProvider");
    return result;
}

static bool is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static void track(const char *method, const cJSON *params)
{
    const cJSON *document = json_get(params, "textDocument");
    if (document != NULL && json_string(document, "uri") != NULL) {
        free(uri);
        uri = mem_strdup(json_string(document, "uri"));
        version = json_int_or(document, "version", version);
    }
    (void)method;
}

/* Says everything back. */
static void echo(const char *method, const cJSON *id, const cJSON *message)
{
    cJSON *copy = cJSON_Duplicate(message, true);
    if (is(method, "die")) {
        raw("Content-Length: 100\r\n\r\n{\"half\":");
        fprintf(stderr, "first line\nlast words\n");
        exit(3);
    }
    if (id != NULL && is(method, "fail")) {
        cJSON *reply = cJSON_CreateObject();
        cJSON_AddItemToObject(reply, "id", cJSON_Duplicate(id, true));
        cJSON *error = json_set_object(reply, "error");
        json_set_int(error, "code", -32000);
        json_set_string(error, "message", "no \x1b[31mway");
        say(reply);
        cJSON_Delete(copy);
    } else if (id != NULL && is(method, "silence")) {
        cJSON_Delete(copy);
    } else if (id != NULL) {
        answer(id, copy);
    } else {
        notify("echo", copy);
    }
}

static void noise(const char *method, const cJSON *id, const cJSON *message)
{
    raw("starting up...\nContent-Length: twelve\r\n\r\nready\n");
    raw("Content-Length: 4\r\n\r\n{\"a\":1}Content-Length: 9\r\n\r\nnot json!");
    raw("Content-Length: 6\r\n\r\n\"\xff\xfe\"\r\n");
    raw("Content-Length: 999999999999\r\n");
    raw("Content-Length: 2\r\n\r\n[]Content-Length: 7\r\n\r\n{\"x\":0}");
    echo(method, id, message);
}

static void rubbish(const char *method, const cJSON *id, const cJSON *message)
{
    (void)method;
    (void)id;
    (void)message;
    for (;;) {
        say_text("{\"nothing\":true}");
    }
}

static void ids(const char *method, const cJSON *id, const cJSON *message)
{
    if (id == NULL) {
        return;
    }
    say_text("{\"jsonrpc\":\"2.0\",\"id\":777777,\"result\":1}");
    say_text("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":1}");
    echo(method, id, message);
    echo(method, id, message);
    echo(method, id, message);
}

static void flood_notes(const char *method, const cJSON *id, const cJSON *message)
{
    for (int i = 0; i < 100000; i++) {
        say_text("{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":{\"n\":[1,2,3,{\"a\":"
                 "\"text\"}]}}");
    }
    echo(method, id, message);
}

static void huge(const char *method, const cJSON *id, const cJSON *message)
{
    enum { SIZE = 70 << 20 };
    char *big = mem_alloc(SIZE + 1);
    memset(big, ' ', SIZE);
    big[SIZE] = '\0';
    say_text(big);
    free(big);
    echo(method, id, message);
}

static void stubborn(const char *method, const cJSON *id, const cJSON *message)
{
    signal(SIGTERM, SIG_IGN);
    if (count == 1 && fork() == 0) {
        pause();
    }
    echo(method, id, message);
}

static void deaf(const char *method, const cJSON *id, const cJSON *message)
{
    echo(method, id, message);
    for (;;) {
        pause();
    }
}

/* What follows speaks LSP. */

static bool common(const char *method, const cJSON *id)
{
    if (is(method, "initialize")) {
        answer(id, capabilities());
        return true;
    }
    if (is(method, "shutdown")) {
        answer(id, NULL);
        return true;
    }
    if (is(method, "exit")) {
        exit(0);
    }
    return false;
}

static void hang_first(const char *method, const cJSON *id, const cJSON *message)
{
    (void)method;
    (void)id;
    (void)message;
}

static void hang_later(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (is(method, "initialize")) {
        answer(id, capabilities());
    }
}

static void crash(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (is(method, "textDocument/didOpen")) {
        fprintf(stderr, "panic: cannot go on\n");
        raise(SIGTERM); /* of a killed one nothing is quoted */
    }
    common(method, id);
}

static void die_mid(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (is(method, "textDocument/hover")) {
        raw("Content-Length: 500\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":");
        exit(4);
    }
    common(method, id);
}

static void flood(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (is(method, "textDocument/didOpen")) {
        publish(uri, version, 100000, 1);
        for (int i = 0; i < 500; i++) {
            publish(uri, version, 10, 1);
        }
        publish(uri, version, 1, 2);
    }
    if (!common(method, id) && id != NULL) {
        answer(id, NULL);
    }
}

static void answer_held(cJSON *result)
{
    answer(held, result);
    cJSON_Delete(held);
    held = NULL;
}

static void late(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (is(method, "textDocument/hover")) {
        held = cJSON_Duplicate(id, true);
        return;
    }
    if (is(method, "textDocument/didChange")) {
        publish(uri, version - 1, 1, 0);
        if (held != NULL) {
            cJSON *result = cJSON_CreateObject();
            json_set_string(result, "contents", "old news");
            answer_held(result);
        }
        publish(uri, version, 2, 0);
        return;
    }
    if (!common(method, id) && id != NULL) {
        answer(id, NULL);
    }
}

/* Where it is (the first line) is told when the next thing is asked, which is answered at once. */
static void behind(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (held != NULL && id != NULL) {
        cJSON *place = cJSON_CreateObject();
        json_set_string(place, "uri", uri);
        cJSON_AddItemToObject(place, "range", range_of(0, 0, 0, 1));
        answer_held(place);
    }
    if (is(method, "textDocument/didOpen")) {
        publish(uri, version, 1, 0);
    } else if (is(method, "textDocument/definition")) {
        held = cJSON_Duplicate(id, true);
    } else if (is(method, "textDocument/hover")) {
        cJSON *result = cJSON_CreateObject();
        json_set_string(result, "contents", "what the server knows");
        answer(id, result);
    } else if (!common(method, id) && id != NULL) {
        answer(id, NULL);
    }
}

static cJSON *edit(cJSON *range, const char *text)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddItemToObject(out, "range", range);
    json_set_string(out, "newText", text);
    return out;
}

/* Answers of the right shape with a content that is not. */
static void wild(const char *method, const cJSON *id, const cJSON *message)
{
    (void)message;
    if (is(method, "textDocument/didOpen")) {
        publish(uri, version, 1, 1000000000);
        publish("file:///etc/passwd", 1, 5, 0);
        publish(uri, version, 1, -5);
        cJSON *params = cJSON_CreateObject();
        json_set_string(params, "uri", uri);
        cJSON *list = json_set_array(params, "diagnostics");
        cJSON_AddItemToArray(list, cJSON_CreateNull());
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(list, item);
        cJSON_AddItemToObject(item, "range", range_of(7, 900, 2, 4));
        json_set_string(item, "message", "evil \x1b]0;title\x07 text");
        cJSON_AddItemToArray(list, cJSON_CreateString("text"));
        notify("textDocument/publishDiagnostics", params);
    } else if (is(method, "textDocument/definition")) {
        cJSON *list = cJSON_CreateArray();
        const char *const places[] = {
            "file:///etc/passwd", "http://example.com/x", "file:///%00", "%%%", uri};
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
            cJSON *place = cJSON_CreateObject();
            json_set_string(place, "uri", places[i]);
            cJSON_AddItemToObject(place, "range", range_of(99999, 99999, 0, 0));
            cJSON_AddItemToArray(list, place);
        }
        answer(id, list);
    } else if (is(method, "textDocument/formatting")) {
        cJSON *list = cJSON_CreateArray();
        cJSON_AddItemToArray(list, edit(range_of(0, 0, 1, 0), "a"));
        cJSON_AddItemToArray(list, edit(range_of(0, 1, 2, 0), "overlaps"));
        answer(id, list);
    } else if (is(method, "textDocument/hover")) {
        answer(id, cJSON_CreateString("not a hover"));
    } else if (is(method, "textDocument/completion")) {
        cJSON *list = cJSON_CreateArray();
        for (int i = 0; i < 20000; i++) {
            cJSON_AddItemToArray(list, i % 2 == 0 ? cJSON_CreateNumber(i) : cJSON_CreateObject());
        }
        answer(id, list);
    } else if (!common(method, id) && id != NULL) {
        answer(id, cJSON_CreateTrue());
    }
}

static void ask(const char *id, const char *method, cJSON *params)
{
    cJSON *message = cJSON_CreateObject();
    json_set_string(message, "id", id);
    json_set_string(message, "method", method);
    cJSON_AddItemToObject(message, "params", params);
    say(message);
}

/* Asks its client everything a server may ask and says what came back. */
static void asking(const char *method, const cJSON *id, const cJSON *message)
{
    if (method == NULL) {
        char *text = json_print(message);
        tell("window/logMessage", text);
        free(text);
    } else if (is(method, "textDocument/didOpen")) {
        cJSON *params = cJSON_CreateObject();
        cJSON *items = json_set_array(params, "items");
        cJSON *item = cJSON_CreateObject();
        json_set_string(item, "section", "yaml.schemas");
        cJSON_AddItemToArray(items, item);
        cJSON_AddItemToArray(items, cJSON_CreateObject());
        ask("config", "workspace/configuration", params);
        ask("folders", "workspace/workspaceFolders", cJSON_CreateNull());
        ask("register", "client/registerCapability", cJSON_CreateObject());
        ask("progress", "window/workDoneProgress/create", cJSON_CreateObject());
        ask("odd", "nobody/knows", cJSON_CreateObject());
        cJSON *apply = cJSON_CreateObject();
        json_set_string(apply, "label", "a fix");
        cJSON *changes = json_set_object(json_set_object(apply, "edit"), "changes");
        cJSON_AddItemToArray(json_set_array(changes, uri), edit(range_of(0, 0, 0, 3), "let"));
        ask("apply", "workspace/applyEdit", apply);
        tell("window/showMessage", "look here");
    } else if (!common(method, id) && id != NULL) {
        answer(id, NULL);
    }
}

static struct buf mirrored; /* the document as the client's changes make it */

/* The byte where `units` of the encoding in use have passed since `at`, in the same line. */
static size_t walk(size_t at, long long units)
{
    bool utf8 = strcmp(scenario, "utf8") == 0;
    while (units > 0 && at < mirrored.len && mirrored.ptr[at] != '\n') {
        unsigned char lead = (unsigned char)mirrored.ptr[at];
        size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        units -= utf8 ? (long long)len : len == 4 ? 2 : 1;
        at += len;
    }
    return at;
}

static size_t place(const cJSON *position)
{
    size_t at = 0;
    for (long long line = json_int_or(position, "line", 0); line > 0; line--) {
        size_t end = str_find_char(buf_str(&mirrored), '\n', at);
        if (end == (size_t)-1) {
            fprintf(stderr, "a change of a line that is not there\n");
            exit(8);
        }
        at = end + 1;
    }
    return walk(at, json_int_or(position, "character", 0));
}

static void mirror_change(const cJSON *change)
{
    const char *text = json_string_or(change, "text", "");
    const cJSON *range = json_get(change, "range");
    if (range == NULL) {
        buf_clear(&mirrored);
        buf_append_c(&mirrored, text);
        return;
    }
    size_t from = place(json_get(range, "start"));
    size_t to = place(json_get(range, "end"));
    buf_remove(&mirrored, from, to - from);
    buf_insert(&mirrored, from, text, strlen(text));
}

/* Keeps the document as an editor's server does, and answers a hover with all of it. */
static void mirror(const char *method, const cJSON *id, const cJSON *message)
{
    const cJSON *params = json_get(message, "params");
    if (is(method, "textDocument/didOpen")) {
        buf_clear(&mirrored);
        buf_append_c(&mirrored, json_string_or(json_get(params, "textDocument"), "text", ""));
    } else if (is(method, "textDocument/didChange")) {
        const cJSON *change;
        cJSON_ArrayForEach(change, json_get(params, "contentChanges"))
        {
            mirror_change(change);
        }
    } else if (is(method, "textDocument/hover")) {
        cJSON *result = cJSON_CreateObject();
        char *all = mem_printf("<%s>", mirrored.ptr == NULL ? "" : mirrored.ptr);
        json_set_string(result, "contents", all);
        free(all);
        answer(id, result);
    } else if (!common(method, id) && id != NULL) {
        answer(id, NULL);
    }
}

/* Always has more to complete with than it says; an item tells how often it was asked. */
static void partial(const char *method, const cJSON *id, const cJSON *message)
{
    static unsigned asked;
    (void)message;
    if (is(method, "textDocument/completion")) {
        cJSON *result = cJSON_CreateObject();
        json_set_bool(result, "isIncomplete", true);
        cJSON *item = cJSON_CreateObject();
        char *label = mem_printf("zz_partial_%u", ++asked);
        json_set_string(item, "label", label);
        free(label);
        cJSON_AddItemToArray(json_set_array(result, "items"), item);
        answer(id, result);
    } else if (!common(method, id) && id != NULL) {
        answer(id, NULL);
    }
}

static const struct {
    const char *name;
    void (*on_message)(const char *method, const cJSON *id, const cJSON *message);
} scenarios[] = {
    {"echo", echo},               /* says everything back; "die", "fail", "silence" */
    {"noise", noise},             /* garbage of each kind before each answer */
    {"rubbish", rubbish},         /* nothing but valid JSON that means nothing, for ever */
    {"ids", ids},                 /* unknown and repeated ids */
    {"flood-notes", flood_notes}, /* 100,000 small notifications before each answer */
    {"huge", huge},               /* a message larger than anybody takes before each answer */
    {"stubborn", stubborn},       /* ignores SIGTERM and has a child that does too */
    {"deaf", deaf},               /* answers once, then never reads again */
    {"hang-first", hang_first},   /* never answers */
    {"hang-later", hang_later},   /* answers only initialize */
    {"crash", crash},             /* dies when a document is opened */
    {"die-mid", die_mid},         /* dies in the middle of an answer */
    {"flood", flood},             /* 100,000 diagnostics, then 500 times 10 */
    {"late", late},               /* answers for the version before */
    {"behind", behind},           /* tells a place only when the next thing is asked */
    {"wild", wild},               /* ranges, names and shapes that cannot be */
    {"partial", partial},         /* completes, and says that it knows more */
    {"asking", asking},           /* asks its client and logs the answers */
    {"full", mirror},             /* wants whole texts; a hover shows its copy */
    {"incremental", mirror},      /* wants changes */
    {"utf8", mirror},             /* the same with UTF-8 positions */
};

int main(int argc, char **argv)
{
    scenario = argc > 1 ? argv[1] : "echo";
    lines = argc > 2 && strcmp(argv[2], "--lines") == 0;
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        if (strcmp(scenarios[i].name, scenario) != 0) {
            continue;
        }
        for (;;) {
            cJSON *message = read_message();
            const char *method = json_string(message, "method");
            track(method, json_get(message, "params"));
            scenarios[i].on_message(method, json_get(message, "id"), message);
            cJSON_Delete(message);
        }
    }
    fprintf(stderr, "no such scenario: %s\n", scenario);
    return 2;
}
