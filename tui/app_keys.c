/* Takes keys, mouse and pastes to where they belong. */
#include "app_private.h"

/* After so long somebody who began a sequence of keys is asking how it goes on. */
#define SEQUENCE_HINT_MS 500

/* Without the `skip` overlays on top. */
static struct pane active_below(const struct app *app, size_t skip)
{
    if (app->overlays.len > skip) {
        return app->overlays.items[app->overlays.len - 1 - skip].pane;
    }
    return app->panes[app->layout.focus];
}

struct pane app_active(const struct app *app)
{
    return active_below(app, 0);
}

static bool in_dialog(const struct app *app, size_t skip)
{
    return app->overlays.len > skip &&
           app->overlays.items[app->overlays.len - 1 - skip].place != OVERLAY_FULL;
}

static void add_context(const struct action_set **sets, void **data, size_t *count, size_t max,
    const struct action_set *set, void *set_data)
{
    if (set != NULL && *count < max) {
        sets[*count] = set;
        data[*count] = set_data;
        (*count)++;
    }
}

static bool applies(const struct app *app, size_t skip, const struct global_set *global)
{
    return global->slot == SLOT_NONE ||
           (app->overlays.len <= skip && app->layout.focus == global->slot &&
               app->hosts[global->slot].ops == NULL);
}

size_t app_contexts_below(
    const struct app *app, size_t skip, const struct action_set **sets, void **data, size_t max)
{
    size_t count = 0;
    struct pane active = active_below(app, skip);
    if (active.ops != NULL) {
        add_context(sets, data, &count, max, active.ops->actions, active.data);
        add_context(sets, data, &count, max, active.ops->more_actions, active.data);
    }
    if (!in_dialog(app, skip)) {
        VEC_FOREACH (struct global_set, global, &app->globals) {
            if (applies(app, skip, global)) {
                add_context(sets, data, &count, max, global->set, global->data);
            }
        }
        add_context(sets, data, &count, max, &app_global_set, (void *)app);
    }
    add_context(sets, data, &count, max, &app_core_set, (void *)app);
    return count;
}

size_t app_contexts(const struct app *app, const struct action_set **sets, void **data, size_t max)
{
    return app_contexts_below(app, 0, sets, data, max);
}

void app_apply(struct app *app, const void *pane_data, unsigned flags)
{
    if ((flags & (UI_HANDLED | UI_REDRAW | UI_CLOSE)) != 0) {
        app_redraw_pane(app, pane_data);
        app->at_once = true;
    }
    if ((flags & UI_CLOSE) != 0) {
        app_pop(app, pane_data);
    }
}

unsigned app_run_row(struct app *app, const struct action *action, void *data)
{
    const char *why_not = action_why_not(action, data);
    if (why_not != NULL) {
        app_message(app, MESSAGE_WARNING, "%s", why_not);
        return UI_DONE;
    }
    return action->run(data) | UI_HANDLED;
}

/* The row of an action where it applies now, with the data it is run with; NULL: nowhere. */
static const struct action *find_action(struct app *app, const char *id, void **data)
{
    const struct action_set *sets[APP_CONTEXTS_MAX];
    void *with[APP_CONTEXTS_MAX];
    size_t count = app_contexts(app, sets, with, APP_CONTEXTS_MAX);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sets[s]->count; i++) {
            if (strcmp(sets[s]->actions[i].id, id) == 0) {
                *data = with[s];
                return &sets[s]->actions[i];
            }
        }
    }
    return NULL;
}

bool app_run_action(struct app *app, const char *id)
{
    void *data;
    const struct action *action = find_action(app, id, &data);
    if (action == NULL) {
        return false;
    }
    bool can = action_why_not(action, data) == NULL;
    app_apply(app, data, app_run_row(app, action, data));
    return can;
}

const char *app_why_not(struct app *app, const char *id)
{
    void *data;
    const struct action *action = find_action(app, id, &data);
    return action == NULL ? "This cannot be done here." : action_why_not(action, data);
}

static bool is_text_like(const struct key *key)
{
    return key_is_plain_text(key) ||
           (key->mods == 0 && key->code >= K_ENTER && key->code <= K_DELETE && key->code != K_ESC);
}

static bool takes_text(struct pane pane)
{
    return pane.ops != NULL && pane.ops->takes_text != NULL && pane.ops->takes_text(pane.data);
}

static bool takes_key(struct pane pane, const struct key *key)
{
    return pane.ops != NULL && pane.ops->takes_key != NULL && pane.ops->takes_key(pane.data, key);
}

static bool takes_or_types(struct pane pane, const struct key *key)
{
    return (takes_text(pane) && is_text_like(key)) || takes_key(pane, key);
}

static void dispatch(struct app *app, const struct key *key);

static bool offer(struct app *app, struct pane pane, const struct key *key)
{
    if (pane.ops == NULL || pane.ops->key == NULL) {
        return false;
    }
    unsigned flags = pane.ops->key(pane.data, key);
    app_apply(app, pane.data, flags);
    if ((flags & UI_PASS_ON) != 0) {
        dispatch(app, key);
        return true;
    }
    return (flags & (UI_HANDLED | UI_CLOSE)) != 0;
}

/* Esc closes the top thing. */
static bool escape(struct app *app, struct pane pane)
{
    if (pane.ops != NULL && pane.ops->escape != NULL) {
        unsigned flags = pane.ops->escape(pane.data);
        app_apply(app, pane.data, flags);
        if ((flags & (UI_HANDLED | UI_CLOSE)) != 0) {
            return true;
        }
    }
    if (app->overlays.len > 0) {
        app_pop(app, pane.data);
        return true;
    }
    return false;
}

static enum keymap_found look_up(struct app *app)
{
    const struct action_set *sets[APP_CONTEXTS_MAX];
    void *data[APP_CONTEXTS_MAX] = {0};
    size_t count = app_contexts(app, sets, data, APP_CONTEXTS_MAX);
    const struct action *action = NULL;
    size_t index = 0;
    enum keymap_found found =
        keymap_find(app->keymap, sets, count, app->sequence, app->sequence_len, &action, &index);
    if (found == KEYMAP_FOUND) {
        /* What cannot act here does not stand before what can on the same key further out. */
        size_t first = index;
        size_t next = index;
        const struct action *other = action;
        while (action_why_not(other, data[next]) != NULL && next + 1 < count) {
            size_t from = next + 1;
            if (keymap_find(app->keymap, sets + from, count - from, app->sequence,
                    app->sequence_len, &other, &next) != KEYMAP_FOUND) {
                break;
            }
            next += from;
            if (action_why_not(other, data[next]) == NULL) {
                action = other;
                first = next;
            }
        }
        index = first;
        app->sequence_len = 0;
        app_apply(app, data[index], app_run_row(app, action, data[index]));
    }
    return found;
}

static void dispatch(struct app *app, const struct key *key)
{
    struct pane pane = app_active(app);
    bool offered = app->sequence_len == 0 && takes_or_types(pane, key);
    if (offered && offer(app, pane, key)) {
        return;
    }
    if (key->code == K_ESC && key->mods == 0) {
        bool was_pending = app->sequence_len > 0;
        app->sequence_len = 0;
        if (was_pending || escape(app, pane)) {
            return;
        }
    }
    app->sequence[app->sequence_len++] = *key;
    enum keymap_found found = look_up(app);
    if (found == KEYMAP_NONE && app->sequence_len > 1) {
        /* No such sequence: the last key may mean something by itself. */
        app->sequence[0] = *key;
        app->sequence_len = 1;
        found = look_up(app);
    }
    if (found == KEYMAP_PENDING && app->sequence_len < KEYMAP_SEQUENCE_MAX) {
        loop_timer_start(app->sequence_timer, SEQUENCE_HINT_MS, 0);
        return;
    }
    app->sequence_len = 0;
    if (found != KEYMAP_FOUND && !offered) {
        offer(app, pane, key);
    }
}

/* What floats over the panes has the first look. */
static bool offer_float(struct app *app, const struct key *key)
{
    if (app->floats == NULL || app->overlays.len > 0) {
        return false;
    }
    unsigned flags = app->floats->key(app->floats_data, key);
    app_apply(app, NULL, flags);
    return (flags & UI_HANDLED) != 0;
}

void app_paste(struct app *app, struct str text)
{
    struct pane pane = app_active(app);
    app->sequence_len = 0;
    if (pane.ops != NULL && pane.ops->paste != NULL) {
        unsigned flags = pane.ops->paste(pane.data, text);
        app_apply(app, pane.data, flags);
        if ((flags & UI_PASS_ON) != 0) {
            app_paste(app, text);
        }
    }
}

/* A key that the focused pane takes as it is (typed text, moves, pages) changes that pane, the
 * header and the key line: app_apply marks just these, and the rest follows once the keys rest. */
static bool is_for_pane_alone(const struct app *app, const struct key *key)
{
    return app->overlays.len == 0 && app->sequence_len == 0 && key->code != K_MOUSE &&
           key->code < K_FOCUS_IN && takes_or_types(app_active(app), key);
}

void app_key(struct app *app, const struct key *key)
{
    if (is_for_pane_alone(app, key)) {
        app_redraw_focused(app);
    } else {
        app_redraw(app);
    }
    app->at_once = true;
    app->sequence_hint = false;
    switch (key->code) {
    case K_NONE:
        return;
    case K_FOCUS_IN:
    case K_FOCUS_OUT:
        app_note_away(app, key->code == K_FOCUS_OUT);
        return;
    case K_REPLY:
        app_reply(app, key->data);
        return;
    case K_MOUSE:
        if (!offer_float(app, key)) {
            app_mouse(app, key->mouse);
        }
        return;
    default:
        break;
    }
    app_clear_message(app);
    if (!app->layout.too_small && offer_float(app, key)) {
        return;
    }
    if (key->code == K_PASTE) {
        app_paste(app, key->data);
        if (key->truncated) {
            app_message(app, MESSAGE_WARNING,
                "the paste was cut at %zu MB; paste the rest again, or open it as a file",
                INPUT_PASTE_MAX >> 20);
        } else if (key->data.len > PASTE_TOLD) {
            app_message(app, MESSAGE_INFO, "pasted %.1f MB; undo takes all of it back",
                (double)key->data.len / (1 << 20));
        }
        return;
    }
    if (app->layout.too_small && !key_is_ctrl(key, 'q') && !key_is_ctrl(key, 'c') &&
        !key_is_ctrl(key, 'z')) {
        return; /* nobody can see what it would do */
    }
    dispatch(app, key);
}

static void count_clicks(struct app *app, struct mouse *mouse)
{
    if (mouse->action != MOUSE_PRESS) {
        return;
    }
    uint64_t now = loop_now_ms();
    bool again = now - app->click_at < 400 && mouse->row == app->click_row &&
                 mouse->col == app->click_col && app->clicks < 3;
    app->clicks = again ? app->clicks + 1 : 1;
    app->click_at = now;
    app->click_row = mouse->row;
    app->click_col = mouse->col;
    mouse->clicks = app->clicks;
}

static void to_pane(struct app *app, struct pane pane, struct rect inside, struct mouse mouse)
{
    mouse.row -= inside.row;
    mouse.col -= inside.col;
    if (pane.ops != NULL && pane.ops->mouse != NULL) {
        app_apply(app, pane.data, pane.ops->mouse(pane.data, &mouse));
    }
}

static bool inside_rect(struct rect rect, const struct mouse *mouse)
{
    return mouse->row >= rect.row && mouse->row < rect.row + rect.rows && mouse->col >= rect.col &&
           mouse->col < rect.col + rect.cols;
}

static void overlay_mouse(struct app *app, struct mouse mouse)
{
    struct overlay *top = &app->overlays.items[app->overlays.len - 1];
    if (mouse.action == MOUSE_PRESS && inside_rect(top->inside, &mouse)) {
        app->grab = GRAB_OVERLAY;
    }
    if (app->grab == GRAB_OVERLAY || inside_rect(top->inside, &mouse)) {
        struct pane pane = top->pane;
        to_pane(app, pane, top->inside, mouse);
    }
}

static void press_pane(struct app *app, const struct mouse *mouse)
{
    struct layout *layout = &app->layout;
    if (mouse->col == layout->divider_col &&
        inside_rect((struct rect){layout->inside[SLOT_CHAT].row, 0, layout->inside[SLOT_CHAT].rows,
                        layout->cols},
            mouse)) {
        app->grab = GRAB_DIVIDER_COL;
        return;
    }
    enum slot slot = layout_at(layout, mouse->row, mouse->col);
    if (slot == SLOT_NONE) {
        return;
    }
    bool title = mouse->row == layout->title[slot].row;
    if (title && layout->tabs && slot != SLOT_STATUS && layout->zoomed == SLOT_NONE &&
        app->tab_split > 0) {
        slot = mouse->col >= app->tab_split ? SLOT_EDITOR : SLOT_CHAT;
    }
    app_focus(app, slot);
    if (title) {
        app->grab = slot == SLOT_STATUS ? GRAB_DIVIDER_ROW : GRAB_NONE;
        if (mouse->clicks == 2) {
            layout_toggle_zoom(layout);
        }
    } else {
        app->grab = GRAB_PANE;
        app->grab_slot = slot;
    }
}

static void pane_mouse(struct app *app, struct mouse mouse)
{
    struct layout *layout = &app->layout;
    if (mouse.action == MOUSE_PRESS) {
        press_pane(app, &mouse);
    }
    if (app->grab == GRAB_DIVIDER_COL || app->grab == GRAB_DIVIDER_ROW) {
        if (mouse.action == MOUSE_DRAG) {
            layout_drag_divider(layout, app->grab == GRAB_DIVIDER_COL, mouse.row, mouse.col);
        }
        return;
    }
    enum slot slot =
        app->grab == GRAB_PANE ? app->grab_slot : layout_at(layout, mouse.row, mouse.col);
    if (slot != SLOT_NONE &&
        (app->grab == GRAB_PANE || inside_rect(layout->inside[slot], &mouse))) {
        to_pane(app, app->panes[slot], layout->inside[slot], mouse);
    }
}

void app_mouse(struct app *app, struct mouse mouse)
{
    if (app->layout.too_small) {
        return;
    }
    if (mouse.action == MOUSE_PRESS) {
        app_clear_message(app);
    }
    count_clicks(app, &mouse);
    if (app->overlays.len > 0) {
        overlay_mouse(app, mouse);
    } else {
        pane_mouse(app, mouse);
    }
    if (mouse.action == MOUSE_RELEASE) {
        app->grab = GRAB_NONE;
    }
}
