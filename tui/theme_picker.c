#include "theme_picker.h"

#include "base/vec.h"
#include "screen/themes.h"
#include "widget/picker.h"

#include <stdlib.h>

struct choosing {
    struct app *app;
    struct theme_list list;
    char *before;
    bool before_fixed; /* it was chosen, not picked by the terminal's background */
};

static void item(void *data, size_t index, struct picker_item *out)
{
    struct choosing *choosing = data;
    const struct theme_entry *entry = &choosing->list.items[index];
    out->text = str_of(entry->name);
    out->detail = str_of(strcmp(entry->name, choosing->before) == 0 ? "current"
                         : entry->path != NULL                      ? "yours"
                                                                    : "");
}

static void show(struct choosing *choosing, const char *name)
{
    struct err err;
    if (!app_set_theme(choosing->app, name, &err)) {
        app_message(choosing->app, MESSAGE_ERROR, "%s", err.text);
    }
}

static void moved(void *data, size_t index)
{
    struct choosing *choosing = data;
    show(
        choosing, index < choosing->list.len ? choosing->list.items[index].name : choosing->before);
}

static void go_back(struct choosing *choosing)
{
    show(choosing, choosing->before);
    app_set_theme_fixed(choosing->app, choosing->before_fixed);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct choosing *choosing = data;
    if (index == PICKER_NONE) {
        go_back(choosing);
        app_message(choosing->app, MESSAGE_WARNING, "no theme is called \"%.*s\"", STR_FMT(query));
        return;
    }
    const char *name = choosing->list.items[index].name;
    show(choosing, name);
    app_message(
        choosing->app, MESSAGE_INFO, "to keep it, write in config.toml: theme = \"%s\"", name);
}

static void closed(void *data)
{
    go_back(data);
}

static void destroy(void *data)
{
    struct choosing *choosing = data;
    theme_list_free(&choosing->list);
    free(choosing->before);
    free(choosing);
}

void theme_picker_open(struct app *app)
{
    struct choosing *choosing = MEM_NEW(struct choosing);
    choosing->app = app;
    choosing->before = mem_strdup(theme_name(app_theme(app)));
    choosing->before_fixed = app_theme_is_fixed(app);
    themes_list(&choosing->list);
    size_t first = 0;
    for (size_t i = 0; i < choosing->list.len; i++) {
        if (strcmp(choosing->list.items[i].name, choosing->before) == 0) {
            first = i;
        }
    }
    struct picker_options options = {.title = "Theme",
        .hint = "the screen shows it as you move",
        .count = choosing->list.len,
        .cols = 44,
        .is_low = true,
        .first = first,
        .item = item,
        .moved = moved,
        .chosen = chosen,
        .closed = closed,
        .destroy = destroy,
        .data = choosing};
    picker_open(app, &options);
}
