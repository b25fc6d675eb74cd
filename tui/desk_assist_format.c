/* Formatting, on demand and before a save: Rego by `opa fmt`, what a language server formats by
 * it. A save waits for it a short while, and is never lost over it. */
#include "desk_assist_private.h"

#include "base/path.h"

#include <stdlib.h>

enum { SAVE_WAIT_MS = 3000 };

/* One under way. */
struct assist_format {
    struct assist *assist;
    char *path;
    struct text *text;
    uint64_t version; /* of the text that was given */
    struct format *opa;
    uint64_t server; /* question to a language server; 0: none */
    bool is_save;    /* the file is saved after it */
    struct loop_timer *patience;
};

static bool by_opa(const char *path)
{
    return strcmp(path_ext(path), ".rego") == 0;
}

static bool by_server(const struct assist_file *file)
{
    return file->document != NULL && lsp_can(file->document, LSP_FORMAT);
}

const char *assist_why_no_format(void *data)
{
    const struct assist *assist = data;
    const char *path = editor_path(assist->desk->editor);
    const struct assist_file *file = assist_file_of(assist, path);
    if (file == NULL) {
        return "No file is open: Alt-p finds one.";
    }
    return by_opa(path) || by_server(file)
               ? NULL
               : "Rego files are formatted, and those whose language server can.";
}

static struct assist_format *find(struct assist *assist, const struct text *text)
{
    VEC_FOREACH (struct assist_format *, format, &assist->formats) {
        if ((*format)->text == text) {
            return *format;
        }
    }
    return NULL;
}

/* Done with it: what waits for it is saved. */
static void finish(struct assist_format *format)
{
    struct assist *assist = format->assist;
    for (size_t i = 0; i < assist->formats.len; i++) {
        if (assist->formats.items[i] == format) {
            VEC_REMOVE(&assist->formats, i);
            break;
        }
    }
    loop_timer_free(format->patience);
    if (format->is_save) {
        editor_save_now(assist->desk->editor, format->text);
    }
    free(format->path);
    free(format);
}

/* A save says it when it is done: its own message would cover it. */
static void say(struct assist_format *format, bool is_bad, char *text)
{
    struct assist *assist = format->assist;
    if (format->is_save) {
        free(assist->save_note);
        assist->save_note = is_bad ? mem_printf("saved, but not formatted: %s", text) : NULL;
    } else if (!assist->stopped) {
        app_message(assist->desk->app, is_bad ? MESSAGE_ERROR : MESSAGE_INFO, "%s", text);
    }
    free(text);
}

static void apply(struct assist_format *format, const struct text_edits *edits)
{
    struct editor *editor = format->assist->desk->editor;
    struct err err;
    if (text_version(format->text) != format->version) {
        say(format, true, mem_strdup("the text changed meanwhile"));
    } else if (edits->len == 0) {
        say(format, false, mem_printf("%s is formatted already", format->path));
    } else if (!editor_apply_edits(editor, format->path, edits, &err)) {
        say(format, true, mem_strdup(err.text));
    } else {
        say(format, false,
            mem_printf("formatted %s: %zu place%s, undo takes it back", format->path, edits->len,
                edits->len == 1 ? "" : "s"));
    }
}

static void on_opa(void *data, struct format_result *result)
{
    struct assist_format *format = data;
    format->opa = NULL;
    if (result->ok) {
        apply(format, &result->edits);
    } else {
        say(format, true, mem_strdup(result->err.text));
    }
    finish(format);
}

static void on_server(void *data, struct lsp_reply *reply)
{
    struct assist_format *format = data;
    format->server = 0;
    switch (reply->kind) {
    case LSP_REPLY_OK:
    case LSP_REPLY_NOTHING:
        apply(format, &reply->edits);
        break;
    case LSP_REPLY_STALE:
        say(format, true, mem_strdup("the text changed meanwhile"));
        break;
    case LSP_REPLY_FAILED:
        say(format, true, mem_strdup(reply->message));
        break;
    }
    finish(format);
}

static void give_up(struct assist_format *format, const char *why)
{
    if (format->opa != NULL) {
        format_cancel(format->opa);
    }
    if (format->server != 0) {
        lsp_forget(format->assist->servers, format->server);
    }
    say(format, true, mem_strdup(why));
    finish(format);
}

static void on_patience(void *data)
{
    give_up(data, "the formatter did not answer in time");
}

/* False with why: it cannot be begun. */
static bool start(
    struct assist *assist, const struct assist_file *file, bool is_save, struct err *err)
{
    struct assist_format *format = MEM_NEW(struct assist_format);
    struct desk *desk = assist->desk;
    *format = (struct assist_format){.assist = assist,
        .path = mem_strdup(file->path),
        .text = file->text,
        .version = text_version(file->text),
        .is_save = is_save};
    if (by_opa(file->path)) {
        struct buf bytes = BUF_INIT;
        text_copy(file->text, 0, SIZE_MAX, &bytes);
        format->opa = format_start(desk->loop, buf_str(&bytes),
            runner_dialect(status_runner(desk->status), file->path), on_opa, format, err);
        buf_free(&bytes);
        if (format->opa == NULL) {
            free(format->path);
            free(format);
            return false;
        }
    } else {
        struct lsp_question question = {.what = LSP_FORMAT};
        format->server = lsp_ask(file->document, &question, on_server, format);
    }
    format->patience = loop_timer_new(desk->loop, on_patience, format);
    if (is_save) {
        loop_timer_start(format->patience, SAVE_WAIT_MS, 0);
    }
    VEC_PUSH(&assist->formats, format);
    return true;
}

unsigned assist_format(void *data)
{
    struct assist *assist = data;
    const struct assist_file *file = assist_file_of(assist, editor_path(assist->desk->editor));
    struct err err;
    if (file != NULL && find(assist, file->text) != NULL) {
        app_message(assist->desk->app, MESSAGE_INFO, "%s is being formatted.", file->path);
    } else if (file != NULL && !start(assist, file, false, &err)) {
        app_message(assist->desk->app, MESSAGE_ERROR, "%s", err.text);
    }
    return UI_DONE;
}

bool assist_before_save(void *data, const char *path, struct text *text)
{
    struct assist *assist = data;
    const struct assist_file *file = assist_file_of(assist, path);
    struct err err;
    if (assist->stopped || !assist->format_on_save || file == NULL || file->text != text ||
        !(by_opa(path) || by_server(file))) {
        return false;
    }
    struct assist_format *under_way = find(assist, text);
    if (under_way != NULL) {
        under_way->is_save = true;
        loop_timer_start(under_way->patience, SAVE_WAIT_MS, 0);
        return true;
    }
    if (!start(assist, file, true, &err)) {
        free(assist->save_note);
        assist->save_note = mem_printf("saved, but not formatted: %s", err.text);
        return false;
    }
    return true;
}

void assist_saved(void *data, const char *path)
{
    struct assist *assist = data;
    (void)path;
    if (assist->save_note != NULL && !assist->stopped) {
        desk_say(assist->desk, MESSAGE_ERROR, assist->save_note);
        free(assist->save_note);
        assist->save_note = NULL;
    }
}

void assist_stop_formats(struct assist *assist)
{
    while (assist->formats.len > 0) {
        give_up(assist->formats.items[--assist->formats.len], "the program ends");
    }
}
