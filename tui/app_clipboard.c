/* The clipboard of the app: the terminal's by OSC 52, the desktop's by a program, or our own. */
#include "app_private.h"

#include "loop/process.h"

#include <stdlib.h>

#define ANSWER_MS  250 /* the terminal has so long to answer */
#define PROGRAM_MS 2000

void app_set_clipboard(struct app *app, enum clipboard_way way)
{
    app->clipboard.way = way;
}

/* ---- programs ---- */

struct desktop {
    const char *variable;                 /* set where it can be used; NULL: always */
    const char *copy[2][6], *paste[2][6]; /* of the clipboard and of the primary selection */
};

static const struct desktop desktops[] = {
#ifdef __APPLE__
    {NULL, {{"pbcopy"}, {NULL}}, {{"pbpaste"}, {NULL}}},
#endif
    {"WAYLAND_DISPLAY", {{"wl-copy"}, {"wl-copy", "--primary"}},
        {{"wl-paste", "--no-newline"}, {"wl-paste", "--no-newline", "--primary"}}},
    {"DISPLAY",
        {{"xclip", "-in", "-selection", "clipboard"}, {"xclip", "-in", "-selection", "primary"}},
        {{"xclip", "-out", "-selection", "clipboard"}, {"xclip", "-out", "-selection", "primary"}}},
};

static const struct desktop *desktop_here(void)
{
    for (size_t i = 0; i < ARRAY_LEN(desktops); i++) {
        const char *value = desktops[i].variable == NULL ? "yes" : getenv(desktops[i].variable);
        if (value != NULL && value[0] != '\0') {
            return &desktops[i];
        }
    }
    return NULL;
}

static bool uses_program(const struct app *app)
{
    const struct app_clipboard *clipboard = &app->clipboard;
    return desktop_here() != NULL &&
           (clipboard->way == CLIPBOARD_WAY_COMMAND ||
               (clipboard->way == CLIPBOARD_WAY_OSC52 && clipboard->silent));
}

/* Nobody waits for it. */
static bool copy_by_program(struct app *app, enum clipboard which, struct str text, struct err *err)
{
    const struct desktop *desktop = desktop_here();
    if (desktop == NULL || desktop->copy[which][0] == NULL) {
        return err_set(err, ERR_NOT_FOUND, "neither WAYLAND_DISPLAY nor DISPLAY is set");
    }
    /* It goes on in the background for as long as it has the selection. */
    struct process_options options = {.argv = desktop->copy[which],
        .input = text,
        .leaves_child = true,
        .timeout_ms = PROGRAM_MS};
    return process_start(app->loop, &options, err) != NULL;
}

static void on_read(void *data, enum process_stream stream, struct str bytes)
{
    struct app *app = data;
    if (stream == PROCESS_STDOUT) {
        buf_append_str(&app->clipboard.read, bytes);
    }
}

/* ---- pasting ---- */

static void finish(struct app *app, struct str text)
{
    app->clipboard.asked = false;
    if (app->clipboard.timer != NULL) {
        loop_timer_stop(app->clipboard.timer);
    }
    if (text.len > 0) {
        app_paste(app, text);
    } else {
        app_message(app, MESSAGE_INFO, "nothing was copied yet");
    }
    app_redraw(app);
    app->at_once = true;
}

/* From outside, as a bracketed paste: CR LF becomes LF, and the editor makes of it what the file
 * has.
 */
static void finish_with(struct app *app, struct str text)
{
    struct buf lines = BUF_INIT;
    for (size_t cr; (cr = str_find(text, STR_LIT("\r\n"), 0)) != SIZE_MAX;) {
        buf_append_str(&lines, str_slice(text, 0, cr));
        text = str_from(text, cr + 1);
    }
    buf_append_str(&lines, text);
    finish(app, buf_str(&lines));
    buf_free(&lines);
}

static void finish_with_own(struct app *app)
{
    struct buf copy = BUF_INIT; /* a paste may copy */
    buf_append_str(&copy, clipboard_kept(app->clipboard.which));
    finish(app, buf_str(&copy));
    buf_free(&copy);
}

static void on_read_end(void *data, const struct process_result *result)
{
    struct app *app = data;
    struct buf text = app->clipboard.read;
    app->clipboard.reader = NULL;
    app->clipboard.read = BUF_INIT;
    if (app->clipboard.asked && !result->cancelled) {
        bool good = result->exit_code == 0 && !result->truncated;
        if (good && text.len > 0) {
            finish_with(app, buf_str(&text));
        } else {
            finish_with_own(app);
        }
    }
    buf_free(&text);
}

static bool ask_program(struct app *app)
{
    const struct desktop *desktop = desktop_here();
    if (desktop == NULL) {
        return false;
    }
    const char *const *argv = desktop->paste[app->clipboard.which];
    struct process_options options = {.argv = argv,
        .timeout_ms = PROGRAM_MS,
        .max_output = CLIPBOARD_MAX,
        .on_data = on_read,
        .on_exit = on_read_end,
        .data = app};
    struct err err = {0};
    if (argv[0] == NULL || app->clipboard.reader != NULL) {
        return false; /* the one that was given up is still ending */
    }
    app->clipboard.reader = process_start(app->loop, &options, &err);
    return app->clipboard.reader != NULL;
}

static void go_without(struct app *app)
{
    app->clipboard.silent = true;
    input_expect_replies(app->input, false);
    finish_with_own(app);
}

static void on_no_answer(void *data)
{
    struct app *app = data;
    if (app->clipboard.asked && app_has_unread(app)) {
        loop_timer_start(app->clipboard.timer, INPUT_ESC_MS, 0); /* that may be it */
    } else if (app->clipboard.asked) {
        go_without(app);
    }
}

/* What it has, then what it is: the second is answered by all. */
static void ask_terminal(struct app *app)
{
    struct app_clipboard *clipboard = &app->clipboard;
    output_control(app->output, clipboard->which == CLIPBOARD_PRIMARY
                                    ? STR_LIT("\033]52;p;?\033\\\033[c")
                                    : STR_LIT("\033]52;c;?\033\\\033[c"));
    input_expect_replies(app->input, true);
    if (clipboard->timer == NULL) {
        clipboard->timer = loop_timer_new(app->loop, on_no_answer, app);
    }
    loop_timer_start(clipboard->timer, ANSWER_MS, 0);
}

void app_paste_from(struct app *app, bool primary)
{
    struct app_clipboard *clipboard = &app->clipboard;
    app_end_paste_from(app);
    clipboard->which = primary ? CLIPBOARD_PRIMARY : CLIPBOARD_COPIED;
    clipboard->asked = true;
    if (clipboard->own_is_newer[clipboard->which]) {
        finish_with_own(app); /* what is outside was copied before */
        return;
    }
    if (app->output != NULL && uses_program(app) && ask_program(app)) {
        return;
    }
    if (app->output != NULL && clipboard->way == CLIPBOARD_WAY_OSC52 && !clipboard->silent) {
        ask_terminal(app);
        return;
    }
    finish_with_own(app);
}

void app_end_paste_from(struct app *app)
{
    if (app->clipboard.asked) {
        if (app->clipboard.reader != NULL) {
            process_cancel(app->clipboard.reader);
        }
        finish_with_own(app);
    }
}

/* "]52;c;…" or, before one came, the answer that comes from all: there is none. */
bool app_clipboard_reply(struct app *app, struct str reply)
{
    struct buf text = BUF_INIT;
    bool attributes = str_starts(reply, "[?") && str_ends(reply, "c");
    bool clipboard = str_starts(reply, "]52;");
    if (!app->clipboard.asked || app->clipboard.reader != NULL) {
        return clipboard; /* too late: its paste was our own */
    }
    if (attributes) {
        go_without(app);
        return true;
    }
    if (!clipboard) {
        return false;
    }
    size_t second = str_find_char(reply, ';', 4);
    if (second != SIZE_MAX && clipboard_decode(str_from(reply, second + 1), &text) &&
        text.len > 0) {
        finish_with(app, buf_str(&text));
    } else {
        finish_with_own(app);
    }
    buf_free(&text);
    return true;
}

/* ---- copying ---- */

/* To the terminal, and to the desktop's program where that is the way, or the only one for as much
 * as this. True: somebody outside has it, or nobody outside is to. */
static bool hand_out(struct app *app, enum clipboard which, struct str text, struct err *err)
{
    bool terminal = app->clipboard.way == CLIPBOARD_WAY_OSC52;
    bool taken = clipboard_put(terminal ? app->output : NULL, which, text, err);
    bool by_program = app->output != NULL &&
                      (app->clipboard.way == CLIPBOARD_WAY_COMMAND || uses_program(app) || !taken);
    struct err why = {0};
    if (by_program && copy_by_program(app, which, text, &why)) {
        taken = true;
    } else if (by_program && !terminal) {
        taken = err_set(err, ERR_EXTERNAL, "copied inside bylaw only: %s", why.text);
    }
    app->clipboard.own_is_newer[which] = !taken;
    return taken;
}

void app_copy(struct app *app, struct str text)
{
    struct err err;
    if (hand_out(app, CLIPBOARD_COPIED, text, &err)) {
        app_message(app, MESSAGE_INFO, "copied %zu bytes", text.len);
    } else {
        app_message(app, MESSAGE_WARNING, "%s", err.text);
    }
}

void app_copy_primary(struct app *app, struct str text)
{
    struct err err;
    (void)hand_out(app, CLIPBOARD_PRIMARY, text, &err);
}

void app_free_clipboard(struct app *app)
{
    struct app_clipboard *clipboard = &app->clipboard;
    clipboard->asked = false;
    loop_timer_free(clipboard->timer);
    if (clipboard->reader != NULL) {
        process_cancel(clipboard->reader);
        while (clipboard->reader != NULL) {
            loop_run_once(app->loop, 50);
        }
    }
    buf_free(&clipboard->read);
}

/* ---- focus ---- */

bool app_is_away(const struct app *app)
{
    return app->away;
}

bool app_may_be_away(const struct app *app)
{
    return app->away || !app->tells_focus;
}

void app_note_away(struct app *app, bool away)
{
    struct pane pane = app->panes[app->layout.focus];
    app->away = away;
    app->tells_focus = true;
    if (away) { /* there may be something newer outside, when we are back */
        memset(app->clipboard.own_is_newer, 0, sizeof app->clipboard.own_is_newer);
    }
    if (!away && app->overlays.len == 0 && pane.ops != NULL && pane.ops->focus != NULL) {
        pane.ops->focus(pane.data, true); /* what others did meanwhile is looked at now */
    }
}
