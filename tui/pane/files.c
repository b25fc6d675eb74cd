#include "pane/files.h"

#include "base/vec.h"
#include "widget/picker.h"
#include "workspace/workspace.h"

#include <stdlib.h>

struct row {
    char *path;
    enum file_kind kind;
    bool is_link;
    bool odd_name;
};

struct picking {
    struct app *app;
    void (*chosen)(void *data, const char *path);
    void *data;
    bool allow_new;
    struct row *items;
    size_t len, cap;
};

static void item(void *data, size_t index, struct picker_item *out)
{
    struct picking *picking = data;
    const struct row *row = &picking->items[index];
    out->text = str_of(row->path);
    out->is_path = true;
    out->disabled = row->is_link || row->odd_name;
    out->detail = str_of(row->is_link    ? "link"
                         : row->odd_name ? "odd name"
                                         : file_kind_name(row->kind));
}

static void chosen(void *data, size_t index, struct str query)
{
    struct picking *picking = data;
    if (index == SIZE_MAX) {
        if (picking->allow_new && query.len > 0) {
            char *path = str_dup(query);
            picking->chosen(picking->data, path);
            free(path);
        }
        return;
    }
    const struct row *row = &picking->items[index];
    if (row->is_link || row->odd_name) {
        app_message(picking->app, MESSAGE_WARNING, "%s",
            row->is_link ? "Links are not followed: open the file it points to"
                         : "This name has characters that are not opened here");
        return;
    }
    picking->chosen(picking->data, row->path);
}

static void destroy(void *data)
{
    struct picking *picking = data;
    VEC_FOREACH (struct row, row, picking) {
        free(row->path);
    }
    VEC_FREE(picking);
    free(picking);
}

static void add(struct picking *picking, const struct file_entry *entry)
{
    struct row row = {.path = mem_strdup(entry->path),
        .kind = entry->kind,
        .is_link = entry->is_link,
        .odd_name = entry->odd_name};
    VEC_PUSH(picking, row);
}

void files_picker_open(struct app *app, const struct files_picker *options)
{
    const struct files *files = workspace_files(options->workspace);
    struct picking *picking = MEM_NEW(struct picking);
    picking->app = app;
    picking->chosen = options->chosen;
    picking->data = options->data;
    picking->allow_new = options->allow_new;
    const struct file_entry *first =
        options->first == NULL ? NULL : files_find(files, options->first);
    if (first != NULL) {
        add(picking, first);
    }
    VEC_FOREACH (struct file_entry, entry, files) {
        if (entry != first) {
            add(picking, entry);
        }
    }
    struct picker_options picker = {.title = options->title,
        .hint = options->hint,
        .count = picking->len,
        .item = item,
        .chosen = chosen,
        .destroy = destroy,
        .data = picking};
    picker_open(app, &picker);
}
