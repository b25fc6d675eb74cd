#include "finder.h"

#include "app_private.h"
#include "widget/picker.h"

#include <stdlib.h>

struct finder {
    struct app *app;
    struct picker *picker;
    const struct app_source *source; /* NULL: not collected yet */
    struct finder_items items;
    struct finder_item direct;
    bool has_direct;
};

void finder_add_source(struct app *app, const struct finder_source *source, void *data)
{
    VEC_PUSH(&app->sources, (struct app_source){source, data});
}

static void free_item(struct finder_item *item)
{
    if (item->path != item->text) {
        free(item->path);
    }
    free(item->text);
    free(item->detail);
    *item = (struct finder_item){0};
}

static void forget_items(struct finder *finder)
{
    VEC_FOREACH (struct finder_item, item, &finder->items) {
        free_item(item);
    }
    finder->items.len = 0;
}

static const struct finder_item *item_at(const struct finder *finder, size_t index)
{
    return index == PICKER_NONE     ? NULL
           : index == PICKER_DIRECT ? &finder->direct
                                    : &finder->items.items[index];
}

static void show_item(void *data, size_t index, struct picker_item *out)
{
    const struct finder_item *item = item_at(data, index);
    out->text = str_of(item->text);
    const char *detail = item->detail != NULL ? item->detail : item->note;
    out->detail = detail == NULL ? (struct str){0} : str_of(detail);
    out->disabled = item->disabled;
    out->is_path = item->is_path;
}

static int bonus_of(void *data, size_t index)
{
    return item_at(data, index)->bonus;
}

/* The source a query is for; without one of its prefix the one without a prefix, or the first. */
static const struct app_source *source_of(const struct app *app, struct str query)
{
    const struct app_source *plain = &app->sources.items[0];
    VEC_FOREACH (const struct app_source, entry, &app->sources) {
        if (entry->source->prefix == '\0') {
            plain = entry;
        } else if (query.len > 0 && query.ptr[0] == entry->source->prefix) {
            return entry;
        }
    }
    return plain;
}

static struct str after_prefix(const struct app_source *entry, struct str query)
{
    bool has =
        entry->source->prefix != '\0' && query.len > 0 && query.ptr[0] == entry->source->prefix;
    return has ? str_from(query, 1) : query;
}

static void collect(struct finder *finder)
{
    forget_items(finder);
    finder->source->source->collect(finder->source->data, &finder->items);
}

static struct str needle_of(void *data, struct picker *picker, struct str query)
{
    struct finder *finder = data;
    const struct app_source *entry = source_of(finder->app, query);
    const struct finder_source *source = entry->source;
    finder->picker = picker;
    if (finder->source != entry) {
        finder->source = entry;
        collect(finder);
        picker_set_title(picker, source->title, source->hint);
        picker_show_preview(picker, source->preview != NULL);
        picker_set_count(picker, finder->items.len);
    }
    struct str text = after_prefix(entry, query);
    free_item(&finder->direct);
    finder->has_direct =
        source->direct != NULL && source->direct(entry->data, text, &finder->direct);
    picker_set_direct(picker, !finder->has_direct   ? PICKER_DIRECT_NONE
                              : source->direct_last ? PICKER_DIRECT_LAST
                                                    : PICKER_DIRECT_FIRST);
    return source->needle == NULL ? text : source->needle(entry->data, text);
}

static void preview(void *data, size_t index, struct region region)
{
    struct finder *finder = data;
    const struct app_source *entry = finder->source;
    const struct finder_item *item = item_at(finder, index);
    if (entry != NULL && item != NULL && entry->source->preview != NULL) {
        entry->source->preview(entry->data, item, region);
    }
}

static void chosen(void *data, size_t index, struct str query)
{
    struct finder *finder = data;
    const struct app_source *entry = finder->source;
    finder->app->finder = NULL;
    entry->source->chosen(entry->data, item_at(finder, index), after_prefix(entry, query));
}

static void closed(void *data)
{
    struct finder *finder = data;
    finder->app->finder = NULL;
}

static void destroy(void *data)
{
    struct finder *finder = data;
    forget_items(finder);
    free_item(&finder->direct);
    VEC_FREE(&finder->items);
    free(finder);
}

void finder_open(struct app *app, const char *query)
{
    if (app->finder != NULL) {
        app_pop(app, app->finder->picker);
    }
    struct finder *finder = MEM_NEW(struct finder);
    finder->app = app;
    app->finder = finder;
    struct picker_options options = {.title = "Find",
        .query = query,
        .keys = "Enter|go|↑↓|move|Esc|close|^U ?|what else can be found",
        .item = show_item,
        .bonus = bonus_of,
        .needle = needle_of,
        .preview = preview,
        .chosen = chosen,
        .closed = closed,
        .destroy = destroy,
        .data = finder};
    finder->picker = picker_open(app, &options);
}

void finder_changed(struct app *app, const struct finder_source *source)
{
    struct finder *finder = app->finder;
    if (finder != NULL && finder->source != NULL && finder->source->source == source) {
        collect(finder);
        picker_set_count(finder->picker, finder->items.len);
    }
}

/* ---- the list of sources ---- */

static void collect_sources(void *data, struct finder_items *out)
{
    struct app *app = data;
    for (size_t i = 0; i < app->sources.len; i++) {
        const struct finder_source *source = app->sources.items[i].source;
        if (source == &finder_sources_source) {
            continue;
        }
        struct finder_item item = {.text = source->prefix == '\0'
                                               ? mem_printf("   %s", source->name)
                                               : mem_printf("%c  %s", source->prefix, source->name),
            .number = i};
        VEC_PUSH(out, item);
    }
}

static void source_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct app *app = data;
    (void)text;
    if (item != NULL) {
        char prefix[] = {app->sources.items[item->number].source->prefix, '\0'};
        finder_open(app, prefix);
    }
}

const struct finder_source finder_sources_source = {
    .prefix = '?',
    .name = "what can be found",
    .title = "Find what?",
    .hint = "what to look through",
    .collect = collect_sources,
    .chosen = source_chosen,
};
