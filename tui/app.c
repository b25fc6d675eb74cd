#include "app_private.h"
#include "base/utf8.h"
#include "external.h"
#include "finder.h"
#include "palette.h"
#include "screen/themes.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define FRAME_US 16000
enum { MESSAGE_MS = 5000, MESSAGE_MS_MAX = 3600000 };
#define READ_SIZE 65536

static void on_esc_time(void *data);
static void on_frame_time(void *data);
static void on_message_time(void *data);
static void on_sequence_time(void *data);
static void on_rest_time(void *data);

/* One that cannot be had is told, and the colours are chosen as if none was asked for. */
static bool first_theme(struct app *app, struct err *err)
{
    const struct app_options *options = &app->options;
    struct err why;
    bool automatic = options->theme == NULL || strcmp(options->theme, "auto") == 0;
    app->theme_fixed = !automatic;
    app->theme = automatic ? NULL : themes_load(options->theme, &app->theme_problems, &why);
    if (app->theme == NULL) {
        if (!automatic) {
            buf_printf(&app->theme_problems, "theme: %s\n", why.text);
        }
        app->theme_fixed = false;
        app->theme = theme_builtin("dark", err);
    }
    return app->theme != NULL;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* that it runs keeps the loop from sleeping */
}

/* How long a message stays when no key follows it. A test, whose eye may be late, sets it longer.
 */
static uint64_t message_ms(void)
{
    const char *wish = getenv("BYLAW_MESSAGE_MS");
    long ms = wish == NULL ? 0 : strtol(wish, NULL, 10);
    return ms > 0 && ms <= MESSAGE_MS_MAX ? (uint64_t)ms : MESSAGE_MS;
}

struct app *app_new(struct loop *loop, const struct app_options *options, struct err *err)
{
    struct app *app = MEM_NEW(struct app);
    app->loop = loop;
    app->options = *options;
    if (!first_theme(app, err)) {
        free(app);
        return NULL;
    }
    app->mouse = options->mouse;
    app_set_ambiguous_width(app, app_ambiguous_wish(app));
    layout_init(&app->layout);
    app->keymap = keymap_new(options->key_set != NULL && strcmp(options->key_set, "vi") == 0);
    keymap_add(app->keymap, &app_global_set);
    keymap_add(app->keymap, &app_core_set);
    finder_add_source(app, &palette_source, app);
    finder_add_source(app, &finder_sources_source, app);
    app->grid = grid_new(24, 80);
    grid_set_ascii(app->grid, options->ascii || utf8_ambiguous_width() == 2);
    app->input = input_new();
    app->esc_timer = loop_timer_new(loop, on_esc_time, app);
    app->frame_timer = loop_timer_new(loop, on_frame_time, app);
    app->message_timer = loop_timer_new(loop, on_message_time, app);
    app->message_ms = message_ms();
    app->sequence_timer = loop_timer_new(loop, on_sequence_time, app);
    app->reply_timer = loop_timer_new(loop, app_on_reply_time, app);
    app->rest_timer = loop_timer_new(loop, on_rest_time, app);
    app->idle = MEM_NEW(uv_idle_t);
    uv_idle_init(loop_uv(loop), app->idle);
    return app;
}

static void destroy_pane(struct pane *pane)
{
    if (pane->ops != NULL && pane->ops->destroy != NULL) {
        pane->ops->destroy(pane->data);
    }
    *pane = (struct pane){NULL, NULL};
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void app_free(struct app *app)
{
    if (app == NULL) {
        return;
    }
    while (app->overlays.len > 0) {
        app_pop_at(app, app->overlays.len - 1);
    }
    for (int i = 0; i < SLOT_COUNT; i++) {
        destroy_pane(&app->panes[i]);
        destroy_pane(&app->hosts[i]);
    }
    app_free_clipboard(app);
    loop_timer_free(app->esc_timer);
    loop_timer_free(app->frame_timer);
    loop_timer_free(app->message_timer);
    loop_timer_free(app->reply_timer);
    loop_timer_free(app->sequence_timer);
    loop_timer_free(app->rest_timer);
    uv_close((uv_handle_t *)app->idle, free_handle);
    VEC_FREE(&app->overlays);
    VEC_FREE(&app->globals);
    VEC_FREE(&app->sources);
    VEC_FREE(&app->key_sets);
    keymap_free(app->keymap);
    theme_free(app->theme);
    grid_free(app->grid);
    input_free(app->input);
    buf_free(&app->message);
    buf_free(&app->notice);
    buf_free(&app->theme_problems);
    free(app);
}

/* Painting */

static void paint_now(struct app *app)
{
    uv_idle_stop(app->idle);
    loop_timer_stop(app->frame_timer);
    if (app->output == NULL || !app->dirty) {
        return;
    }
    if (output_is_blocked(app->output)) {
        return; /* on_terminal paints when the terminal has caught up */
    }
    int rows;
    int cols;
    output_size(app->output, &rows, &cols);
    app->dirty = false;
    app->at_once = false;
    app->painted_at = loop_now_us();
    app_paint(app, rows, cols);
    output_paint(app->output, app->grid, app->theme);
    if (output_is_blocked(app->output)) {
        loop_poll_set(app->poll, UV_READABLE | UV_WRITABLE);
    }
}

static void on_turn(void *data)
{
    struct app *app = data;
    if (!app->dirty || app->output == NULL) {
        return;
    }
    uint64_t since = loop_now_us() - app->painted_at;
    if (app->at_once || since >= FRAME_US) {
        paint_now(app);
        return;
    }
    uv_idle_stop(app->idle);
    if (!loop_timer_is_active(app->frame_timer)) {
        loop_timer_start(app->frame_timer, (FRAME_US - since) / 1000 + 1, 0);
    }
}

static void on_frame_time(void *data)
{
    paint_now(data);
}

void app_redraw(struct app *app)
{
    app->all_dirty = true;
    app_redraw_focused(app);
}

void app_redraw_focused(struct app *app)
{
    app->dirty = true;
    if (app->output != NULL && !loop_timer_is_active(app->frame_timer)) {
        uv_idle_start(app->idle, on_idle);
    }
}

void app_redraw_pane(struct app *app, const void *pane_data)
{
    if (app->panes[app->layout.focus].data == pane_data) {
        app_redraw_focused(app);
    } else {
        app_redraw(app);
    }
}

static void on_rest_time(void *data)
{
    app_redraw(data);
}

const struct grid *app_paint_to_grid(struct app *app, int rows, int cols)
{
    app->all_dirty = true;
    app_paint(app, rows, cols);
    return app->grid;
}

/* Messages */

void app_clear_message(struct app *app)
{
    loop_timer_stop(app->message_timer);
    buf_clear(&app->message);
}

static void on_message_time(void *data)
{
    struct app *app = data;
    app_clear_message(app);
    app_redraw_focused(app);
}

/* An engine's message may have many lines, and there is room for one: the first that says
 * something. */
static void cut_message(struct buf *message)
{
    struct str rest = str_trim(buf_str(message));
    struct str line;
    if (!str_next_line(&rest, &line)) {
        return;
    }
    line = str_trim(line);
    char *first = mem_printf("%.*s%s", STR_FMT(line), str_trim(rest).len > 0 ? " …" : "");
    buf_clear(message);
    buf_append_c(message, first);
    free(first);
}

void app_message(struct app *app, enum message_level level, const char *fmt, ...)
{
    bool stands = app->message_level >= MESSAGE_STANDING && app->message.len > 0;
    if (level == MESSAGE_INFO && stands) {
        return; /* the answer to a key finds none: every key clears it first */
    }
    va_list args;
    va_start(args, fmt);
    app->is_notice = false;
    buf_clear(&app->message);
    buf_vprintf(&app->message, fmt, args);
    va_end(args);
    cut_message(&app->message);
    app->message_level = level;
    if (level >= MESSAGE_STANDING) {
        loop_timer_stop(app->message_timer);
    } else {
        loop_timer_start(app->message_timer, app->message_ms, 0);
    }
    app_redraw_focused(app);
}

void app_say_notice(struct app *app)
{
    if (app->notice.len > 0 && (app->message.len == 0 || app->is_notice)) {
        app_message(app, MESSAGE_INFO, "%s", app->notice.ptr);
        app->is_notice = true;
        buf_clear(&app->notice);
    }
}

/* What comes by itself comes when it pleases: the answer to a key would be gone before it is read.
 */
void app_notice(struct app *app, const char *text)
{
    buf_clear(&app->notice);
    buf_append_c(&app->notice, text);
    app_say_notice(app);
}

const char *app_message_text(const struct app *app)
{
    return app->message.len == 0 ? "" : app->message.ptr;
}

static void on_sequence_time(void *data)
{
    struct app *app = data;
    app->sequence_hint = app->sequence_len > 0;
    app_redraw(app);
}

/* The terminal */

static void take_keys(struct app *app)
{
    struct key key;
    while (app->output != NULL && !app->quitting && input_next(app->input, &key)) {
        app_key(app, &key);
    }
    unsigned wait = input_wait_ms(app->input);
    if (wait > 0) {
        loop_timer_start(app->esc_timer, wait, 0);
    } else {
        loop_timer_stop(app->esc_timer);
    }
}

/* Timers come before what the terminal sent: after a pause of ours the rest of a key may be there,
 * not read yet. */
bool app_has_unread(const struct app *app)
{
    struct pollfd terminal = {.events = POLLIN};
    terminal.fd = app->output == NULL ? -1 : output_fd(app->output);
    return poll(&terminal, 1, 0) > 0;
}

static void on_esc_time(void *data)
{
    struct app *app = data;
    if (app_has_unread(app)) {
        loop_timer_start(app->esc_timer, INPUT_ESC_MS, 0); /* unless reading it starts it anew */
        return;
    }
    input_flush(app->input);
    take_keys(app);
}

static void lose_terminal(struct app *app)
{
    app->quitting = true;
    app->exit_code = 128 + SIGHUP;
    loop_stop(app->loop);
}

static void on_terminal(void *data, int events)
{
    struct app *app = data;
    if ((events & UV_WRITABLE) != 0) {
        if (!output_flush(app->output)) {
            lose_terminal(app);
            return;
        }
        if (!output_is_blocked(app->output)) {
            loop_poll_set(app->poll, UV_READABLE);
            app_redraw(app);
        }
    }
    if ((events & UV_READABLE) == 0) {
        return;
    }
    char bytes[READ_SIZE];
    ssize_t n = read(output_fd(app->output), bytes, sizeof bytes);
    if (n > 0) {
        input_feed(app->input, bytes, (size_t)n);
        take_keys(app);
        if (input_pasting(app->input) > PASTE_TOLD) {
            app_message(app, MESSAGE_INFO, "pasting: %.1f MB so far",
                (double)input_pasting(app->input) / (1 << 20));
        }
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        lose_terminal(app);
    }
}

static void on_signal(uv_signal_t *handle, int number);

void app_suspend(struct app *app)
{
    if (app->output == NULL) {
        return;
    }
    loop_poll_set(app->poll, 0);
    output_suspend(app->output);
    /* The whole job stops, with a script that may have started us. */
    uv_signal_stop(app->signals[3]);
    signal(SIGTSTP, SIG_DFL);
    kill(0, SIGTSTP);
    uv_signal_start(app->signals[3], on_signal, SIGTSTP);
    output_resume(app->output);
    loop_poll_set(app->poll, UV_READABLE);
    app_redraw(app);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct app *app = handle->data;
    switch (number) {
    case SIGWINCH:
        /* Small for a moment it lost its text, also where the size is the old one by now. */
        output_invalidate(app->output);
        app_redraw(app);
        app->at_once = true;
        break;
    case SIGCONT:
        /* Somebody stopped us without asking: the modes may have been changed meanwhile. */
        output_suspend(app->output);
        output_resume(app->output);
        app_redraw(app);
        break;
    case SIGTSTP:
        app_suspend(app);
        break;
    default:
        app_quit(app, 128 + number);
        break;
    }
}

static const int signal_numbers[] = {SIGWINCH, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGINT};

static void watch_signals(struct app *app)
{
    for (size_t i = 0; i < ARRAY_LEN(signal_numbers); i++) {
        app->signals[i] = MEM_NEW(uv_signal_t);
        uv_signal_init(loop_uv(app->loop), app->signals[i]);
        app->signals[i]->data = app;
        uv_signal_start(app->signals[i], on_signal, signal_numbers[i]);
    }
}

bool app_run(struct app *app, struct err *err)
{
    struct output_options options = {.in_fd = STDIN_FILENO,
        .out_fd = STDOUT_FILENO,
        .colour = app->options.colour,
        .mouse = app->mouse,
        .ascii = app->options.ascii};
    app->output = output_open(&options, err);
    if (app->output == NULL) {
        return false;
    }
    app->poll =
        loop_poll_new(app->loop, output_fd(app->output), UV_READABLE, on_terminal, app, err);
    if (app->poll == NULL) {
        output_close(app->output);
        app->output = NULL;
        return false;
    }
    if (output_depth(app->output) == COLOUR_16 && !app->theme_fixed) {
        (void)app_set_theme(app, "sixteen", err); /* else the one there is */
    }
    watch_signals(app);
    app_ask_terminal(app);
    app->dirty = true;
    paint_now(app);
    loop_on_turn(app->loop, on_turn, app);
    app->quitting = false;
    while (!app->quitting) {
        loop_run(app->loop);
    }
    loop_on_turn(app->loop, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(app->signals); i++) {
        uv_close((uv_handle_t *)app->signals[i], free_handle);
    }
    uv_idle_stop(app->idle);
    loop_timer_stop(app->esc_timer);
    loop_timer_stop(app->frame_timer);
    loop_timer_stop(app->message_timer);
    loop_timer_stop(app->reply_timer);
    loop_timer_stop(app->sequence_timer);
    loop_timer_stop(app->rest_timer);
    loop_poll_free(app->poll);
    app->poll = NULL;
    loop_run_once(app->loop, 0); /* lets the poll go before its descriptor is closed */
    output_close(app->output);
    app->output = NULL;
    return true;
}

void app_quit(struct app *app, int exit_code)
{
    app->quitting = true;
    app->exit_code = exit_code;
    loop_stop(app->loop);
}

int app_exit_code(const struct app *app)
{
    return app->exit_code;
}

/* Parts */

struct app_parts *app_parts(struct app *app)
{
    return &app->parts;
}

struct loop *app_loop(struct app *app)
{
    return app->loop;
}

struct keymap *app_keymap(struct app *app)
{
    return app->keymap;
}

struct layout *app_layout(struct app *app)
{
    return &app->layout;
}

const struct theme *app_theme(const struct app *app)
{
    return app->theme;
}

bool app_set_theme(struct app *app, const char *name, struct err *err)
{
    struct buf problems = BUF_INIT;
    struct theme *theme = themes_load(name, &problems, err);
    if (theme == NULL) {
        return false;
    }
    buf_free(&app->theme_problems);
    app->theme_problems = problems;
    theme_free(app->theme);
    app->theme = theme;
    app->theme_fixed = true;
    if (app->output != NULL) {
        output_invalidate(app->output);
    }
    app_redraw(app);
    return true;
}

struct str app_theme_problems(const struct app *app)
{
    return buf_str(&app->theme_problems);
}

bool app_theme_is_fixed(const struct app *app)
{
    return app->theme_fixed;
}

void app_set_theme_fixed(struct app *app, bool fixed)
{
    app->theme_fixed = fixed;
}

void app_set_pane(struct app *app, enum slot slot, struct pane pane)
{
    destroy_pane(&app->panes[slot]);
    app->panes[slot] = pane;
    if (pane.ops != NULL) {
        keymap_add(app->keymap, pane.ops->actions);
        keymap_add(app->keymap, pane.ops->more_actions);
        if (app->layout.focus == slot && pane.ops->focus != NULL) {
            pane.ops->focus(pane.data, true);
        }
    }
    app_redraw(app);
}

struct pane app_pane(const struct app *app, enum slot slot)
{
    return app->panes[slot];
}

void app_lend(struct app *app, enum slot slot, struct pane pane)
{
    if (app->hosts[slot].ops != NULL) {
        destroy_pane(&app->panes[slot]);
    } else {
        app->hosts[slot] = app->panes[slot];
    }
    app->panes[slot] = pane;
    keymap_add(app->keymap, pane.ops->actions);
    keymap_add(app->keymap, pane.ops->more_actions);
    app->sequence_len = 0;
    app_redraw(app);
}

void app_take_back(struct app *app, const void *pane_data)
{
    for (int i = 0; i < SLOT_COUNT; i++) {
        if (app->hosts[i].ops != NULL && app->panes[i].data == pane_data) {
            destroy_pane(&app->panes[i]);
            app->panes[i] = app->hosts[i];
            app->hosts[i] = (struct pane){NULL, NULL};
            app->sequence_len = 0;
            app_redraw(app);
        }
    }
}

static void tell_focus(struct pane pane, bool focused)
{
    if (pane.ops != NULL && pane.ops->focus != NULL) {
        pane.ops->focus(pane.data, focused);
    }
}

void app_focus(struct app *app, enum slot slot)
{
    if (slot >= SLOT_COUNT) {
        return;
    }
    enum slot old = app->layout.focus;
    layout_focus(&app->layout, slot);
    app->sequence_len = 0;
    if (old != slot) {
        tell_focus(app->panes[old], false);
        tell_focus(app->panes[slot], true);
    }
    app_redraw(app);
}

bool app_has_focus(const struct app *app, const void *pane_data)
{
    return app_active(app).data == pane_data;
}

void app_set_header(struct app *app, void (*draw)(void *data, struct region region), void *data)
{
    app->draw_header = draw;
    app->header_data = data;
    app_redraw(app);
}

void app_add_actions(struct app *app, const struct action_set *set, void *data)
{
    keymap_add(app->keymap, set);
    VEC_PUSH(&app->globals, ((struct global_set){set, data, SLOT_NONE}));
}

void app_add_pane_actions(struct app *app, enum slot slot, const struct action_set *set, void *data)
{
    keymap_add(app->keymap, set);
    VEC_PUSH(&app->globals, ((struct global_set){set, data, slot}));
}

void app_set_float(struct app *app, const struct app_float *ops, void *data)
{
    app->floats = ops;
    app->floats_data = data;
}

/* Overlays */

void app_push(struct app *app, struct pane pane, enum overlay_place place, int rows, int cols)
{
    keymap_add(app->keymap, pane.ops->actions);
    keymap_add(app->keymap, pane.ops->more_actions);
    if (app->overlays.len == 0) {
        tell_focus(app->panes[app->layout.focus], false);
    }
    app->sequence_len = 0;
    app->grab = GRAB_NONE;
    VEC_PUSH(
        &app->overlays, (struct overlay){.pane = pane, .place = place, .rows = rows, .cols = cols});
    app_redraw(app);
}

void app_pop_at(struct app *app, size_t index)
{
    struct pane pane = app->overlays.items[index].pane;
    VEC_REMOVE(&app->overlays, index);
    app->sequence_len = 0;
    app->grab = GRAB_NONE;
    if (app->overlays.len == 0) {
        tell_focus(app->panes[app->layout.focus], true);
    }
    destroy_pane(&pane);
    app_redraw(app);
}

bool app_pop(struct app *app, const void *pane_data)
{
    for (size_t i = app->overlays.len; i > 0; i--) {
        if (app->overlays.items[i - 1].pane.data == pane_data) {
            app_pop_at(app, i - 1);
            return true;
        }
    }
    return false;
}

bool app_has_overlay(const struct app *app, const char *ops_name)
{
    VEC_FOREACH (const struct overlay, overlay, &app->overlays) {
        if (strcmp(overlay->pane.ops->name, ops_name) == 0) {
            return true;
        }
    }
    return false;
}

void app_resize_overlay(struct app *app, const void *pane_data, int rows, int cols)
{
    VEC_FOREACH (struct overlay, overlay, &app->overlays) {
        if (overlay->pane.data == pane_data) {
            overlay->rows = rows;
            overlay->cols = cols;
            app_redraw(app);
        }
    }
}

/* Another program on our terminal */

bool app_run_in_terminal(
    struct app *app, const char *const *argv, const char *cwd, int *exit_code, struct err *err)
{
    if (app->output != NULL) {
        loop_poll_set(app->poll, 0);
        output_suspend(app->output);
    }
    bool ok = external_run(argv, cwd, exit_code, err);
    if (app->output != NULL) {
        output_resume(app->output);
        loop_poll_set(app->poll, UV_READABLE);
        app_redraw(app);
    }
    return ok;
}
