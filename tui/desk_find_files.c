/* Files as a source of the finder: the open and the recent ones first. */
#include "base/path.h"
#include "base/vec.h"
#include "desk_find_private.h"

#include <stdlib.h>

enum { BONUS_RECENT = 6 };

/* The number of the item that is no file yet. */
enum { NEW_FILE = 1 };

struct known {
    const char *path;
    const char *detail;
    int bonus;
};

struct known_files {
    struct known *items;
    size_t len, cap;
};

static const struct known *find_known(const struct known_files *files, const char *path)
{
    VEC_FOREACH (const struct known, known, files) {
        if (strcmp(known->path, path) == 0) {
            return known;
        }
    }
    return NULL;
}

static void add_file(struct finder_items *out, const struct file_entry *entry, const char *path,
    const char *note, int bonus)
{
    struct finder_item item = {.text = mem_strdup(path),
        .note = note,
        .bonus = bonus,
        .is_path = true,
        .disabled = entry != NULL && (entry->is_link || entry->odd_name)};
    if (!item.disabled) {
        item.path = item.text; /* one allocation a file: there may be a hundred thousand */
    }
    VEC_PUSH(out, item);
}

/* Open files and recent ones, the one that is shown last: one is there already. */
static void list_known(struct desk_find *find, const struct files *files, struct known_files *out)
{
    struct editor *editor = find->desk->editor;
    const char *shown = editor_path(editor);
    for (size_t i = 0; i < recent_count(find->recent); i++) {
        const char *path = recent_at(find->recent, i);
        bool is_shown = shown != NULL && strcmp(path, shown) == 0;
        if (!is_shown && files_find(files, path) != NULL) {
            VEC_PUSH(out, (struct known){path, "recent", BONUS_RECENT});
        }
    }
    for (size_t i = 0; i < editor_open_count(editor); i++) {
        bool unsaved;
        const char *path = editor_open_at(editor, i, &unsaved);
        struct known open = {path,
            unsaved                                     ? "open, unsaved"
            : shown != NULL && strcmp(path, shown) == 0 ? "shown"
                                                        : "open",
            FIND_BONUS_OPEN};
        const struct known *known = find_known(out, path);
        if (known != NULL) {
            out->items[known - out->items] = open;
        } else {
            VEC_PUSH(out, open);
        }
    }
}

static void collect_files(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    const struct files *files = workspace_files(workbench_workspace(find->desk->workbench));
    struct known_files known = {0};
    preview_forget(find->preview);
    bool *taken = mem_zalloc(files->len);
    list_known(find, files, &known);
    VEC_FOREACH (const struct known, file, &known) {
        const struct file_entry *entry = files_find(files, file->path);
        if (entry != NULL) {
            taken[entry - files->items] = true;
        }
        add_file(out, NULL, file->path, file->detail, file->bonus);
    }
    VEC_FOREACH (const struct file_entry, entry, files) {
        if (!taken[entry - files->items]) {
            add_file(out, entry, entry->path,
                entry->is_link    ? "link: open what it leads to"
                : entry->odd_name ? "odd name: not opened"
                                  : file_kind_name(entry->kind),
                0);
        }
    }
    free(taken);
    VEC_FREE(&known);
}

static struct str file_needle(void *data, struct str text)
{
    (void)data;
    size_t cut;
    size_t line;
    path_cut_line(text, &cut, &line);
    return str_slice(text, 0, cut);
}

/* Where a file can be begun: what is typed is none yet. */
static bool direct_new(void *data, struct str text, struct finder_item *out)
{
    struct desk_find *find = data;
    const struct workspace *workspace = workbench_workspace(find->desk->workbench);
    size_t cut;
    size_t line;
    path_cut_line(text, &cut, &line);
    char *path = str_dup(str_slice(text, 0, cut));
    bool is_new = cut > 0 && path[cut - 1] != '/' && workspace_generation(workspace) != 0 &&
                  files_find(workspace_files(workspace), path) == NULL;
    if (is_new) {
        *out = (struct finder_item){
            .text = mem_printf("begin the new file %s", path), .note = "new", .number = NEW_FILE};
    }
    free(path);
    return is_new;
}

static void file_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    size_t cut;
    size_t line;
    bool has_line = path_cut_line(text, &cut, &line);
    bool begins = item == NULL || item->number == NEW_FILE;
    if (begins && workspace_generation(workbench_workspace(find->desk->workbench)) == 0) {
        app_message(find->desk->app, MESSAGE_WARNING,
            "the files are still being listed: ask again in a moment");
    } else if (begins && cut > 0) {
        char *path = str_dup(str_slice(text, 0, cut));
        find_go(find, path, 0, 0); /* begins a new file, or says why not */
        free(path);
    } else if (!begins && item->path == NULL) {
        app_message(
            find->desk->app, MESSAGE_WARNING, "%s is not opened here (%s)", item->text, item->note);
    } else if (!begins) {
        find_go(find, item->path, has_line && line > 0 ? line - 1 : 0, 0);
    }
}

const struct finder_source find_files = {
    .name = "files, the open and recent ones first",
    .title = "Files",
    .hint = "a file, or > commands  @ symbols  : line  ! tests  ? more",
    .collect = collect_files,
    .needle = file_needle,
    .direct = direct_new,
    .direct_last = true,
    .chosen = file_chosen,
    .preview = find_preview,
};

static void collect_open(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    preview_forget(find->preview);
    for (size_t i = 0; i < editor_open_count(find->desk->editor); i++) {
        bool unsaved;
        const char *path = editor_open_at(find->desk->editor, i, &unsaved);
        add_file(out, NULL, path, unsaved ? "unsaved" : "", 0);
    }
}

const struct finder_source find_open_files = {
    .prefix = '&',
    .name = "open files",
    .title = "Open files",
    .hint = "which of the open files?",
    .collect = collect_open,
    .chosen = find_place_chosen,
    .preview = find_preview,
};
