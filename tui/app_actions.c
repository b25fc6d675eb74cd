/* The actions that belong to no pane. */
#include "app_private.h"
#include "help.h"
#include "palette.h"
#include "theme_picker.h"
#include "tour.h"
#include "widget/dialog.h"

#define CANCEL_MS 2000

/* Leaves full-screen views, so that the panes can be seen. */
static bool close_views(struct app *app)
{
    for (size_t i = app->overlays.len; i > 0; i--) {
        app_pop_at(app, i - 1);
    }
    return true;
}

static unsigned focus_slot(struct app *app, enum slot slot)
{
    close_views(app);
    app_focus(app, slot);
    return UI_DONE;
}

static unsigned focus_chat(void *data)
{
    return focus_slot(data, SLOT_CHAT);
}

static unsigned focus_editor(void *data)
{
    return focus_slot(data, SLOT_EDITOR);
}

static unsigned focus_status(void *data)
{
    return focus_slot(data, SLOT_STATUS);
}

static unsigned step_focus(struct app *app, int step)
{
    if (app->overlays.len > 0) {
        return UI_IGNORED;
    }
    app_focus(app, layout_next(&app->layout, step));
    return UI_DONE;
}

static unsigned next_pane(void *data)
{
    return step_focus(data, 1);
}

static unsigned previous_pane(void *data)
{
    return step_focus(data, -1);
}

static unsigned zoom(void *data)
{
    struct app *app = data;
    layout_toggle_zoom(&app->layout);
    return UI_DONE;
}

static unsigned hide_pane(void *data)
{
    struct app *app = data;
    enum slot slot = app->layout.focus;
    enum slot other = layout_next(&app->layout, 1);
    if (other == slot) {
        app_message(app, MESSAGE_WARNING, "this is the only pane");
        return UI_DONE;
    }
    app->layout.zoomed = SLOT_NONE;
    app_focus(app, other);
    layout_toggle_hidden(&app->layout, slot);
    app_message(app, MESSAGE_INFO, "hidden: Alt-%d shows it again", (int)slot + 1);
    return UI_DONE;
}

static unsigned show_all(void *data)
{
    struct app *app = data;
    for (int i = 0; i < SLOT_COUNT; i++) {
        app->layout.hidden[i] = false;
    }
    app->layout.zoomed = SLOT_NONE;
    return UI_DONE;
}

static unsigned wider(void *data)
{
    struct app *app = data;
    layout_grow(&app->layout, 0, 2);
    return UI_DONE;
}

static unsigned narrower(void *data)
{
    struct app *app = data;
    layout_grow(&app->layout, 0, -2);
    return UI_DONE;
}

static unsigned higher(void *data)
{
    struct app *app = data;
    layout_grow(&app->layout, 1, 0);
    return UI_DONE;
}

static unsigned lower(void *data)
{
    struct app *app = data;
    layout_grow(&app->layout, -1, 0);
    return UI_DONE;
}

static unsigned toggle_mouse(void *data)
{
    struct app *app = data;
    app->mouse = !app->mouse;
    if (app->output != NULL) {
        output_set_mouse(app->output, app->mouse);
    }
    app_message(app, MESSAGE_INFO,
        app->mouse ? "mouse on: Shift-drag selects as the terminal does"
                   : "mouse off: the terminal selects text");
    return UI_DONE;
}

static unsigned show_help(void *data)
{
    help_open(data);
    return UI_DONE;
}

static unsigned show_palette(void *data)
{
    finder_open(data, ">");
    return UI_DONE;
}

static unsigned show_tour(void *data)
{
    tour_open(data);
    return UI_DONE;
}

static unsigned choose_theme(void *data)
{
    theme_picker_open(data);
    return UI_DONE;
}

static unsigned redraw(void *data)
{
    struct app *app = data;
    if (app->output != NULL) {
        output_invalidate(app->output);
    }
    return UI_DONE;
}

static unsigned suspend(void *data)
{
    app_suspend(data);
    return UI_DONE;
}

static void quit_confirmed(void *data, bool yes)
{
    if (yes) {
        app_quit(data, 0);
    }
}

void app_ask_quit(struct app *app)
{
    struct buf why = BUF_INIT;
    for (int i = 0; i < SLOT_COUNT; i++) {
        struct pane *pane = &app->panes[i];
        if (pane->ops != NULL && pane->ops->unsaved != NULL) {
            size_t before = why.len;
            if (pane->ops->unsaved(pane->data, &why) && why.len > before) {
                buf_append_char(&why, '\n');
            }
        }
    }
    VEC_FOREACH (struct overlay, overlay, &app->overlays) {
        if (overlay->pane.ops->unsaved != NULL &&
            overlay->pane.ops->unsaved(overlay->pane.data, &why)) {
            buf_append_char(&why, '\n');
        }
    }
    if (why.len == 0) {
        app_quit(app, 0);
    } else if (!app_has_overlay(app, "choose")) {
        dialog_confirm(
            app, "Quit?", str_trim_right(buf_str(&why)), "Quit", "Stay", quit_confirmed, app);
    }
    buf_free(&why);
}

static unsigned quit(void *data)
{
    app_ask_quit(data);
    return UI_DONE;
}

/* ^C: for the pane first (it clears a prompt), then twice to quit. */
static unsigned cancel(void *data)
{
    struct app *app = data;
    struct pane pane = app_active(app);
    struct key key = key_of_text(STR_LIT("c"), MOD_CTRL);
    if (pane.ops != NULL && pane.ops->key != NULL) {
        unsigned flags = pane.ops->key(pane.data, &key);
        app_apply(app, pane.data, flags);
        if ((flags & (UI_HANDLED | UI_CLOSE)) != 0) {
            return UI_DONE;
        }
    }
    uint64_t now = loop_now_ms();
    if (app->cancel_at != 0 && now - app->cancel_at < CANCEL_MS) {
        app->cancel_at = 0;
        app_ask_quit(app);
        return UI_DONE;
    }
    app->cancel_at = now;
    app_message(app, MESSAGE_INFO, "^C again quits");
    return UI_DONE;
}

static const struct action core_actions[] = {
    {"app.help", "help", "The keys that work here", "? f2", NULL, ACTION_KEY_LINE, show_help, NULL},
    {"app.quit", "quit", "Quit; asks when something would be lost", "ctrl-q", NULL, 0, quit, NULL},
    {"app.cancel", "cancel", "Clear or interrupt; twice quits", "ctrl-c", NULL, ACTION_NO_PALETTE,
        cancel, NULL},
    {"app.suspend", "suspend", "Stop the program; fg brings it back", "ctrl-z", NULL, 0, suspend,
        NULL},
    {"app.redraw", "redraw", "Paint the whole screen again", "ctrl-l", NULL, 0, redraw, NULL},
};

const struct action_set app_core_set = ACTION_SET("app", "Program", core_actions);

static const struct action global_actions[] = {
    {"app.palette", "commands", "Find and run any command", "ctrl-p f1", NULL,
        ACTION_KEY_LINE | ACTION_NO_PALETTE, show_palette, NULL},
    {"app.next-pane", "next pane", "Go to the next pane", "tab", NULL, 0, next_pane, NULL},
    {"app.previous-pane", "previous pane", "Go to the previous pane", "shift-tab", NULL, 0,
        previous_pane, NULL},
    {"app.chat", "chat", "Go to the chat", "alt-1", NULL, 0, focus_chat, NULL},
    {"app.editor", "editor", "Go to the editor", "alt-2", NULL, 0, focus_editor, NULL},
    {"app.status", "tests", "Go to tests and problems", "alt-3", NULL, 0, focus_status, NULL},
    {"app.zoom", "zoom", "Give this pane the whole screen, or take it back", "alt-z", NULL, 0, zoom,
        NULL},
    {"app.hide", "hide pane", "Hide this pane", "alt-0", NULL, 0, hide_pane, NULL},
    {"app.show-all", "show all panes", "Show all panes again", "alt-9", NULL, 0, show_all, NULL},
    {"app.wider", "wider", "Make this pane wider", "alt->", NULL, 0, wider, NULL},
    {"app.narrower", "narrower", "Make this pane narrower", "alt-<", NULL, 0, narrower, NULL},
    {"app.higher", "higher", "Make this pane higher", "alt-+", NULL, 0, higher, NULL},
    {"app.lower", "lower", "Make this pane lower", "alt-_", NULL, 0, lower, NULL},
    {"app.mouse", "mouse on/off", "Give the mouse to the terminal, or take it back", "", NULL, 0,
        toggle_mouse, NULL},
    {"app.tour", "tour", "The tour: what is where, on one screen", "", NULL, 0, show_tour, NULL},
    {"app.theme", "theme", "Choose the colours", "", NULL, 0, choose_theme, NULL},
};

const struct action_set app_global_set = ACTION_SET("app", "View", global_actions);
