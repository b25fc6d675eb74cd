#include "palette.h"

#include "app_private.h"
#include "embedded.h"
#include "widget/picker.h"

#include <stdio.h>

struct entry {
    char *text, *keys;
    const struct action *action;
    void *data; /* what it is run with; the contexts cannot change while the palette is open */
};

struct palette {
    struct app *app;
    struct {
        struct entry *items;
        size_t len, cap;
    } entries;
};

static void item(void *data, size_t index, struct picker_item *out)
{
    struct palette *palette = data;
    const struct entry *entry = &palette->entries.items[index];
    out->text = str_of(entry->text);
    out->detail = str_of(entry->keys);
    out->disabled = entry->action != NULL && action_why_not(entry->action, entry->data) != NULL;
}

static void run(void *data, size_t index, struct str query)
{
    struct palette *palette = data;
    if (index == SIZE_MAX) {
        app_message(palette->app, MESSAGE_WARNING, "no command is called \"%.*s\"", STR_FMT(query));
        return;
    }
    const struct entry *entry = &palette->entries.items[index];
    app_apply(palette->app, entry->data, app_run_row(palette->app, entry->action, entry->data));
}

static void destroy(void *data)
{
    struct palette *palette = data;
    VEC_FOREACH (struct entry, entry, &palette->entries) {
        free(entry->text);
        free(entry->keys);
    }
    VEC_FREE(&palette->entries);
    free(palette);
}

static void add_set(struct palette *palette, const struct action_set *set, void *data)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct action *action = &set->actions[i];
        if ((action->flags & ACTION_NO_PALETTE) != 0 || action->run == NULL) {
            continue;
        }
        struct buf keys = BUF_INIT;
        keymap_append_keys(palette->app->keymap, action, false, &keys);
        buf_append_char(&keys, '\0');
        struct entry entry = {.text = mem_printf("%s: %s", set->title, action->help),
            .keys = buf_take(&keys),
            .action = action,
            .data = data};
        VEC_PUSH(&palette->entries, entry);
    }
}

void palette_open(struct app *app)
{
    const struct action_set *sets[APP_CONTEXTS_MAX];
    void *data[APP_CONTEXTS_MAX];
    size_t count = app_contexts(app, sets, data, APP_CONTEXTS_MAX);
    struct palette *palette = MEM_NEW(struct palette);
    palette->app = app;
    for (size_t i = 0; i < count; i++) {
        add_set(palette, sets[i], data[i]);
    }
    /* The other panes' commands too, as long as no view covers them. */
    for (int slot = 0; slot < SLOT_COUNT && app->overlays.len == 0; slot++) {
        const struct pane *pane = &app->panes[slot];
        if ((enum slot)slot != app->layout.focus && pane->ops != NULL &&
            pane->ops->actions != NULL) {
            add_set(palette, pane->ops->actions, pane->data);
        }
    }
    struct picker_options options = {.title = "Commands",
        .hint = "what do you want to do?",
        .count = palette->entries.len,
        .item = item,
        .chosen = run,
        .destroy = destroy,
        .data = palette};
    picker_open(app, &options);
}

static void set_theme(void *data, size_t index, struct str query)
{
    struct palette *palette = data;
    if (index == SIZE_MAX) {
        app_message(palette->app, MESSAGE_WARNING, "no theme is called \"%.*s\"", STR_FMT(query));
        return;
    }
    struct err err;
    if (!app_set_theme(palette->app, palette->entries.items[index].text, &err)) {
        app_message(palette->app, MESSAGE_ERROR, "%s", err.text);
    }
}

void palette_open_themes(struct app *app)
{
    struct palette *palette = MEM_NEW(struct palette);
    palette->app = app;
    for (const struct embedded *theme = builtin_themes; theme->name != NULL; theme++) {
        size_t len = strlen(theme->name) - strlen(".toml");
        bool current = len == strlen(theme_name(app->theme)) &&
                       strncmp(theme->name, theme_name(app->theme), len) == 0;
        struct entry entry = {
            .text = mem_strndup(theme->name, len), .keys = mem_strdup(current ? "current" : "")};
        VEC_PUSH(&palette->entries, entry);
    }
    struct picker_options options = {.title = "Theme",
        .count = palette->entries.len,
        .item = item,
        .chosen = set_theme,
        .destroy = destroy,
        .data = palette};
    picker_open(app, &options);
}
