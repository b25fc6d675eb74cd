#include "palette.h"

#include "app_private.h"
#include "base/utf8.h"
#include "embedded.h"
#include "widget/picker.h"

#include <stdlib.h>

/* ---- commands ---- */

/* What is not possible now is listed last and, among what matches, after what is as good. */
enum { BONUS_DISABLED = -16, LABEL_COLS = 18 };

struct collecting {
    struct finder_items *out;
    bool possible; /* what is looked for in this round */
};

static bool add_set(struct app *app, const struct action_set *set, void *with, void *data)
{
    const struct collecting *collecting = data;
    for (size_t i = 0; i < set->count; i++) {
        const struct action *action = &set->actions[i];
        if ((action->flags & ACTION_NO_PALETTE) != 0 || action->run == NULL) {
            continue;
        }
        const char *why_not = action_why_not(action, with);
        if (collecting->possible != (why_not == NULL)) {
            continue;
        }
        struct buf detail = BUF_INIT;
        if (why_not != NULL) {
            buf_printf(&detail, "%s  ", why_not);
        }
        keymap_append_keys(app->keymap, action, false, &detail);
        buf_append_char(&detail, '\0');
        int pad = LABEL_COLS - (int)utf8_width(str_of(action->label));
        struct finder_item item = {.text = mem_printf("%s%*s%s: %s", action->label,
                                       pad > 2 ? pad : 2, "", set->title, action->help),
            .detail = buf_take(&detail),
            .disabled = why_not != NULL,
            .bonus = why_not != NULL ? BONUS_DISABLED : 0,
            .what = action,
            .with = with};
        VEC_PUSH(collecting->out, item);
    }
    return false;
}

/* Calls `each` for every set that applies, then those of the panes in sight. `skip`: overlays on
 * top that do not count. True as soon as one of them says so. */
static bool each_set(struct app *app, size_t skip,
    bool (*each)(struct app *app, const struct action_set *set, void *with, void *data), void *data)
{
    const struct action_set *sets[APP_CONTEXTS_MAX];
    void *with[APP_CONTEXTS_MAX];
    size_t count = app_contexts_below(app, skip, sets, with, APP_CONTEXTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (each(app, sets[i], with[i], data)) {
            return true;
        }
    }
    for (int slot = 0; slot < SLOT_COUNT && app->overlays.len <= skip; slot++) {
        const struct pane *pane = &app->panes[slot];
        if ((enum slot)slot != app->layout.focus && pane->ops != NULL &&
            pane->ops->actions != NULL && each(app, pane->ops->actions, pane->data, data)) {
            return true;
        }
    }
    return false;
}

static void collect(void *data, struct finder_items *out)
{
    struct app *app = data;
    size_t skip = app->finder != NULL ? 1 : 0;
    struct collecting collecting = {.out = out, .possible = true};
    each_set(app, skip, add_set, &collecting);
    collecting.possible = false;
    each_set(app, skip, add_set, &collecting);
}

static bool is_there(struct app *app, const struct action_set *set, void *with, void *data)
{
    (void)app;
    const struct finder_item *item = data;
    const struct action *action = item->what;
    return with == item->with && action >= set->actions && action < set->actions + set->count;
}

static void run(void *data, const struct finder_item *item, struct str text)
{
    struct app *app = data;
    struct finder_item copy;
    if (item == NULL) {
        app_message(app, MESSAGE_WARNING, "no command is called \"%.*s\"", STR_FMT(text));
        return;
    }
    copy = *item;
    if (!each_set(app, 0, is_there, &copy)) {
        app_message(app, MESSAGE_WARNING, "what this command belongs to was closed meanwhile");
        return;
    }
    app_apply(app, item->with, app_run_row(app, item->what, item->with));
}

const struct finder_source palette_source = {
    .prefix = '>',
    .name = "commands",
    .title = "Commands",
    .hint = "what do you want to do?",
    .collect = collect,
    .chosen = run,
};
