/* Symbols and lines as sources of the finder. */
#include "base/path.h"
#include "base/vec.h"
#include "desk_find_private.h"

#include <stdlib.h>

enum {
    LINES_MAX = 200000, /* of a file that can be found by their text */
    SYMBOLS_MAX = 100000
};

/* ---- this file ---- */

static void add_symbol(
    struct finder_items *out, const struct outline_entry *entry, const char *path)
{
    struct finder_item item = {.text = mem_strdup(entry->name),
        .detail = mem_printf("%s  %zu", entry->kind, entry->start_row + 1),
        .path = mem_strdup(path),
        .row = entry->start_row};
    VEC_PUSH(out, item);
}

static void collect_symbols(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    const char *path = editor_path(find->desk->editor);
    struct outline outline = {0};
    preview_forget(find->preview);
    if (path == NULL) {
        return;
    }
    if (!editor_outline(find->desk->editor, &outline)) {
        loop_timer_start(find->again, 1, 0);
    }
    VEC_FOREACH (struct outline_entry, entry, &outline) {
        add_symbol(out, entry, path);
    }
    outline_free(&outline);
}

const struct finder_source find_symbols = {
    .prefix = '@',
    .name = "symbols of this file",
    .title = "Symbols of this file",
    .hint = "rule, test, document, key",
    .collect = collect_symbols,
    .chosen = find_place_chosen,
    .preview = find_preview,
};

static void collect_lines(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    struct editor *editor = find->desk->editor;
    const char *path = editor_path(editor);
    size_t count = editor_line_count(editor);
    struct buf line = BUF_INIT;
    preview_forget(find->preview);
    for (size_t row = 0; row < count && row < LINES_MAX; row++) {
        buf_clear(&line);
        editor_line(editor, row, &line);
        struct str text = str_trim(str_slice(buf_str(&line), 0, FIND_LINE_MAX));
        if (text.len > 0) {
            struct finder_item item = {.text = str_dup(text),
                .detail = mem_printf("%zu", row + 1),
                .path = mem_strdup(path),
                .row = row};
            VEC_PUSH(out, item);
        }
    }
    buf_free(&line);
}

/* ":12" and ":12:5" are a place, whatever the lines say. */
static bool direct_line(void *data, struct str text, struct finder_item *out)
{
    struct desk_find *find = data;
    const char *path = editor_path(find->desk->editor);
    size_t numbers[2] = {0, 0};
    size_t which = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ':' && which == 0 && i > 0) {
            which = 1;
        } else if (c >= '0' && c <= '9' && numbers[which] < 100000000) {
            numbers[which] = numbers[which] * 10 + (size_t)(c - '0');
        } else {
            return false;
        }
    }
    if (path == NULL || numbers[0] == 0) {
        return false;
    }
    *out = (struct finder_item){.text = mem_printf("go to line %zu", numbers[0]),
        .path = mem_strdup(path),
        .row = numbers[0] - 1,
        .col = numbers[1] > 0 ? numbers[1] - 1 : 0};
    return true;
}

const struct finder_source find_lines = {
    .prefix = ':',
    .name = "a line of this file, by number or text",
    .title = "Lines of this file",
    .hint = "a number, or what the line says",
    .collect = collect_lines,
    .direct = direct_line,
    .chosen = find_place_chosen,
    .preview = find_preview,
};

/* ---- symbols of the workspace ---- */

/* The file and its folder, but for one that is named like its folder: a library has a hundred files
 * called template.yaml. */
static const char *short_path(const char *path)
{
    const char *base = path_base(path);
    const char *start = base;
    if (base - path < 2) {
        return base;
    }
    for (start--; start > path && start[-1] != '/'; start--) {
    }
    size_t len = (size_t)(base - start) - 1;
    return strncmp(start, base, len) == 0 ? base : start;
}

static bool add_definition(void *data, const struct catalog_entry *entry)
{
    struct finder_items *out = data;
    const struct symbol_definition *definition = entry->definition;
    bool inside = entry->container[0] != '\0';
    struct finder_item item = {
        .text = mem_printf("%s%s%s", entry->container, inside ? "." : "", definition->name),
        .detail = mem_printf("%s  %s", symbol_kind_name(definition->kind), short_path(entry->path)),
        .path = mem_strdup(entry->path),
        .row = definition->at.row,
        .col = definition->at.col};
    VEC_PUSH(out, item);
    return out->len < SYMBOLS_MAX;
}

/* Control ids, where they are written down. */
static bool add_controls(void *data, const char *path, const struct policy_symbols *symbols)
{
    struct finder_items *out = data;
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        struct finder_item item = {.text = mem_strdup(control->id),
            .detail = mem_printf("%s  %s", control->framework, short_path(path)),
            .path = mem_strdup(path),
            .row = control->row};
        VEC_PUSH(out, item);
    }
    return out->len < SYMBOLS_MAX;
}

static void collect_all_symbols(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    struct indexer *indexer = workbench_indexer(find->desk->workbench);
    preview_forget(find->preview);
    if (indexer != NULL) {
        catalog_each(indexer_catalog(indexer), add_definition, out);
        catalog_each_file(indexer_catalog(indexer), add_controls, out);
    }
}

const struct finder_source find_all_symbols = {
    .prefix = '#',
    .name = "symbols of the whole workspace",
    .title = "Symbols of the workspace",
    .hint = "package, rule, test, policy, constraint, object, control",
    .collect = collect_all_symbols,
    .chosen = find_place_chosen,
    .preview = find_preview,
};
