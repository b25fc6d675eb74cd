#include "desk_find.h"

#include "desk_find_private.h"

#include <stdlib.h>

/* ---- places ---- */

void find_preview(void *data, const struct finder_item *item, struct region region)
{
    struct desk_find *find = data;
    if (item->path != NULL) {
        struct preview_place place = {
            .path = item->path, .head = true, .row = item->row, .mark = item->row > 0};
        preview_draw(find->preview, &place, region);
    }
}

void find_go(struct desk_find *find, const char *path, size_t row, size_t col)
{
    if (editor_jump(find->desk->editor, path, row, col)) {
        app_focus(find->desk->app, SLOT_EDITOR);
    }
}

void find_place_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    if (item == NULL) {
        app_message(find->desk->app, MESSAGE_WARNING, "nothing is called \"%.*s\"", STR_FMT(text));
        return;
    }
    find_go(find, item->path, item->row, item->col);
}

/* ---- actions ---- */

static unsigned open_with(void *data, const char *query)
{
    struct desk_find *find = data;
    finder_open(find->desk->app, query);
    return UI_DONE;
}

static unsigned open_files(void *data)
{
    return open_with(data, "");
}

static unsigned open_open(void *data)
{
    return open_with(data, "&");
}

static unsigned open_all_symbols(void *data)
{
    struct desk_find *find = data;
    finder_open(find->desk->app, "#");
    return UI_DONE;
}

static unsigned open_symbols(void *data)
{
    return open_with(data, "@");
}

static unsigned open_lines(void *data)
{
    return open_with(data, ":");
}

static unsigned open_tests(void *data)
{
    return open_with(data, "!");
}

static unsigned open_prompts(void *data)
{
    return open_with(data, "\"");
}

static unsigned open_sources(void *data)
{
    return open_with(data, "?");
}

/* With what is selected in the editor, when that is a word or a line. */
static unsigned show_search(struct desk_find *find, bool replace)
{
    enum { SELECTED_MAX = 200 };
    struct buf text = BUF_INIT;
    bool has = app_has_focus(find->desk->app, find->desk->editor) &&
               editor_selection(find->desk->editor, &text) && text.len <= SELECTED_MAX &&
               str_find_char(buf_str(&text), '\n', 0) == SIZE_MAX &&
               str_find_char(buf_str(&text), '\0', 0) == SIZE_MAX;
    grep_pane_show(find->grep, has ? text.ptr : NULL, replace);
    buf_free(&text);
    return UI_DONE;
}

static unsigned open_search(void *data)
{
    return show_search(data, false);
}

static unsigned open_replace(void *data)
{
    return show_search(data, true);
}

static unsigned next_hit(void *data)
{
    struct desk_find *find = data;
    grep_pane_step(find->grep, 1);
    return UI_DONE;
}

static unsigned previous_hit(void *data)
{
    struct desk_find *find = data;
    grep_pane_step(find->grep, -1);
    return UI_DONE;
}

static const char *why_no_hits(void *data)
{
    struct desk_find *find = data;
    return grep_pane_hits(find->grep) == 0 ? "Nothing was searched for: Alt-/ does." : NULL;
}

static const char *why_no_file(void *data)
{
    struct desk_find *find = data;
    return editor_path(find->desk->editor) == NULL ? "No file is open: Alt-p finds one." : NULL;
}

static const char *why_no_tests(void *data)
{
    struct desk_find *find = data;
    return board_count(status_board(find->desk->status)) == 0
               ? "No test is known here: F5 runs them all."
               : NULL;
}

static const char *why_no_prompts(void *data)
{
    struct desk_find *find = data;
    return session_history_count(workbench_session(find->desk->workbench)) == 0
               ? "No prompt was sent here yet."
               : NULL;
}

static const struct action actions[] = {
    {"find.files", "find file", "Find a file; open and recent ones come first", "alt-p ctrl-o",
        "alt-p ctrl-o space,f", ACTION_KEY_LINE, open_files, NULL},
    {"find.open-files", "open files", "Go to another open file", "alt-e", "alt-e space,b", 0,
        open_open, NULL},
    {"find.symbols", "symbols", "Find a rule, test or document of this file", "alt-o",
        "alt-o space,s", 0, open_symbols, why_no_file},
    {"find.workspace-symbols", "all symbols",
        "Find a package, rule, test, policy or object of the workspace", "ctrl-t", "ctrl-t space,S",
        0, open_all_symbols, NULL},
    {"find.lines", "lines", "Find a line of this file by what it says", "", "space,l", 0,
        open_lines, why_no_file},
    {"find.tests", "find test", "Find a test, with its last result", "", "space,t", 0, open_tests,
        why_no_tests},
    {"find.prompts", "past prompts", "Find a past prompt, to send again or change", "", "space,p",
        0, open_prompts, why_no_prompts},
    {"find.what", "find…", "What can be found, and by which sign", "", "space,?", 0, open_sources,
        NULL},
    {"app.search", "search", "Search the text of all files", "alt-/", "alt-/ space,/", 0,
        open_search, NULL},
    {"app.replace", "replace in files", "Replace in all files, as a proposal to review", "", NULL,
        0, open_replace, NULL},
    {"app.search-next", "next match", "Go to the next match of the search in all files", "f4", NULL,
        0, next_hit, why_no_hits},
    {"app.search-previous", "previous match", "Go to the match before of the search in all files",
        "shift-f4", NULL, 0, previous_hit, why_no_hits},
};

const struct action_set find_actions = ACTION_SET("find", "Find", actions);

/* ---- life ---- */

static bool unsaved_content(void *data, const char *path, struct buf *out)
{
    struct desk_find *find = data;
    return editor_unsaved_content(find->desk->editor, path, out);
}

static void on_again(void *data)
{
    struct desk_find *find = data;
    finder_changed(find->desk->app, &find_symbols);
}

static void on_shown(void *data, const char *path)
{
    struct desk_find *find = data;
    recent_note(find->recent, path);
}

static const struct finder_source *const sources[] = {&find_files, &find_symbols, &find_all_symbols,
    &find_lines, &find_tests, &find_open_files, &find_prompts, &find_text};

struct desk_find *desk_find_new(struct desk *desk)
{
    struct workspace *workspace = workbench_workspace(desk->workbench);
    struct desk_find *find = MEM_NEW(struct desk_find);
    find->desk = desk;
    find->recent = recent_new(desk->loop, workspace_root(workspace));
    struct preview_options preview = {
        .app = desk->app, .workspace = workspace, .unsaved = unsaved_content, .data = find};
    find->preview = preview_new(&preview);
    editor_on_shown(desk->editor, on_shown, find);
    find->grep = desk_search_new(desk, find->preview);
    find->again = loop_timer_new(desk->loop, on_again, find);
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        finder_add_source(desk->app, sources[i], find);
    }
    return find;
}

void desk_find_symbols_changed(struct desk_find *find)
{
    finder_changed(find->desk->app, &find_all_symbols);
}

void desk_find_files_changed(struct desk_find *find)
{
    preview_forget(find->preview);
    finder_changed(find->desk->app, &find_files);
}

void desk_find_free(struct desk_find *find)
{
    if (find == NULL) {
        return;
    }
    editor_on_shown(find->desk->editor, NULL, NULL);
    loop_timer_free(find->again);
    grep_pane_free(find->grep);
    preview_free(find->preview);
    recent_free(find->recent);
    free(find);
}
