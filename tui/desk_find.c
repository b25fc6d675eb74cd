#include "desk_find.h"

#include "base/vec.h"
#include "desk_private.h"
#include "finder.h"
#include "pane/editor_places.h"
#include "pane/grep_pane.h"
#include "preview.h"
#include "workspace/recent.h"

#include <stdlib.h>

enum {
    LINE_MAX_BYTES = 400, /* of a line that are matched */
    LINES_MAX = 200000,   /* of a file that can be found by their text */
    PROMPTS_MAX = 5000,
    BONUS_OPEN = 12,
    BONUS_RECENT = 10
};

struct desk_find {
    struct desk *desk;
    struct recent *recent;
    struct preview *preview;
    struct grep_pane *grep;
    struct loop_timer *again; /* the outline was not complete */
};

/* ---- places ---- */

static void preview_item(void *data, const struct finder_item *item, struct region region)
{
    struct desk_find *find = data;
    if (item->path != NULL) {
        struct preview_place place = {.path = item->path, .row = item->row, .mark = item->row > 0};
        preview_draw(find->preview, &place, region);
    }
}

static void go(struct desk_find *find, const char *path, size_t row, size_t col)
{
    if (editor_jump(find->desk->editor, path, row, col)) {
        app_focus(find->desk->app, SLOT_EDITOR);
    }
}

static void place_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    if (item == NULL) {
        app_message(find->desk->app, MESSAGE_WARNING, "nothing is called \"%.*s\"", STR_FMT(text));
        return;
    }
    go(find, item->path, item->row, item->col);
}

/* "name:12" → where the digits begin, and the number. False: it does not end so. */
static bool cut_line(struct str text, size_t *cut, size_t *line)
{
    size_t at = text.len;
    size_t number = 0;
    while (at > 0 && text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9') {
        at--;
    }
    for (size_t i = at; i < text.len && number < 100000000; i++) {
        number = number * 10 + (size_t)(text.ptr[i] - '0');
    }
    bool found = at > 0 && text.ptr[at - 1] == ':';
    *cut = found ? at - 1 : text.len;
    *line = number;
    return found;
}

/* ---- files ---- */

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
    const char *detail, int bonus)
{
    struct finder_item item = {.text = mem_strdup(path),
        .detail = mem_strdup(detail),
        .bonus = bonus,
        .is_path = true,
        .disabled = entry != NULL && (entry->is_link || entry->odd_name)};
    if (!item.disabled) {
        item.path = mem_strdup(path);
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
            BONUS_OPEN};
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
    list_known(find, files, &known);
    VEC_FOREACH (const struct known, file, &known) {
        add_file(out, NULL, file->path, file->detail, file->bonus);
    }
    VEC_FOREACH (const struct file_entry, entry, files) {
        if (find_known(&known, entry->path) == NULL) {
            add_file(out, entry, entry->path,
                entry->is_link    ? "link: not followed"
                : entry->odd_name ? "odd name: not opened"
                                  : file_kind_name(entry->kind),
                0);
        }
    }
    VEC_FREE(&known);
}

static struct str file_needle(void *data, struct str text)
{
    (void)data;
    size_t cut;
    size_t line;
    cut_line(text, &cut, &line);
    return str_slice(text, 0, cut);
}

static void file_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    size_t cut;
    size_t line;
    bool has_line = cut_line(text, &cut, &line);
    if (item == NULL && cut > 0) {
        char *path = str_dup(str_slice(text, 0, cut));
        go(find, path, 0, 0); /* begins a new file, or says why not */
        free(path);
    } else if (item != NULL && item->path == NULL) {
        app_message(find->desk->app, MESSAGE_WARNING, "%s is not opened here (%s)", item->text,
            item->detail);
    } else if (item != NULL) {
        go(find, item->path, has_line && line > 0 ? line - 1 : 0, 0);
    }
}

static const struct finder_source file_source = {
    .name = "files, the open and recent ones first",
    .title = "Files",
    .hint = "a file, or > commands  @ symbols  : line  ! tests  ? more",
    .collect = collect_files,
    .needle = file_needle,
    .chosen = file_chosen,
    .preview = preview_item,
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

static const struct finder_source open_source = {
    .prefix = '&',
    .name = "open files",
    .title = "Open files",
    .hint = "which of the open files?",
    .collect = collect_open,
    .chosen = place_chosen,
    .preview = preview_item,
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

static const struct finder_source symbol_source = {
    .prefix = '@',
    .name = "symbols of this file",
    .title = "Symbols of this file",
    .hint = "rule, test, document, key",
    .collect = collect_symbols,
    .chosen = place_chosen,
    .preview = preview_item,
};

static void on_again(void *data)
{
    struct desk_find *find = data;
    finder_changed(find->desk->app, &symbol_source);
}

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
        struct str text = str_trim(str_slice(buf_str(&line), 0, LINE_MAX_BYTES));
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

static const struct finder_source line_source = {
    .prefix = ':',
    .name = "a line of this file, by number or text",
    .title = "Lines of this file",
    .hint = "a number, or what the line says",
    .collect = collect_lines,
    .direct = direct_line,
    .chosen = place_chosen,
    .preview = preview_item,
};

/* ---- tests ---- */

static void collect_tests(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    struct board *board = status_board(find->desk->status);
    preview_forget(find->preview);
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        enum result_status status = board_status(test);
        bool red = status == RESULT_FAIL || status == RESULT_ERROR;
        struct finder_item item = {.text = mem_printf("%s.%s", test->suite, test->name),
            .detail = mem_strdup(test->pending ? "running" : result_status_name(status)),
            .bonus = red ? BONUS_OPEN : 0, /* what fails is looked for more often */
            .path = mem_strdup(test->file),
            .row = test->at.row > 0 ? test->at.row - 1 : 0};
        VEC_PUSH(out, item);
    }
}

static void test_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    if (item == NULL || item->path == NULL) {
        place_chosen(data, NULL, text);
        return;
    }
    /* In the review where only the proposal has it. */
    desk_show(find->desk, item->path, (unsigned)item->row + 1, 0);
}

static const struct finder_source test_source = {
    .prefix = '!',
    .name = "tests, with their last result",
    .title = "Tests",
    .hint = "which test?",
    .collect = collect_tests,
    .chosen = test_chosen,
    .preview = preview_item,
};

/* ---- past prompts ---- */

static void collect_prompts(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    const struct session *session = workbench_session(find->desk->workbench);
    size_t count = session_history_count(session);
    for (size_t i = count; i > 0 && out->len < PROMPTS_MAX; i--) {
        struct str text = str_of(session_history_at(session, i - 1));
        struct str first;
        struct str rest = text;
        bool more = str_next_line(&rest, &first) && rest.len > 0;
        struct finder_item item = {.text = str_dup(str_slice(text, 0, LINE_MAX_BYTES)),
            .detail = mem_strdup(more ? "…" : ""),
            .number = i - 1};
        VEC_PUSH(out, item);
    }
}

static void prompt_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    struct desk *desk = find->desk;
    const struct session *session = workbench_session(desk->workbench);
    if (item == NULL || item->number >= session_history_count(session)) {
        app_message(desk->app, MESSAGE_WARNING, "no prompt has \"%.*s\"", STR_FMT(text));
        return;
    }
    chat_insert(desk->chat, str_of(session_history_at(session, item->number)));
    app_focus(desk->app, SLOT_CHAT);
}

static const struct finder_source prompt_source = {
    .prefix = '"',
    .name = "past prompts, to send again or change",
    .title = "Past prompts",
    .hint = "what was it about?",
    .collect = collect_prompts,
    .chosen = prompt_chosen,
};

/* ---- in all files ---- */

static void collect_nothing(void *data, struct finder_items *out)
{
    (void)data;
    (void)out;
}

static bool direct_search(void *data, struct str text, struct finder_item *out)
{
    (void)data;
    *out = (struct finder_item){.text = mem_printf("search all files for \"%.*s\"", STR_FMT(text))};
    return text.len > 0;
}

static void search_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    (void)item;
    char *pattern = str_dup(text);
    grep_pane_show(find->grep, pattern, false);
    free(pattern);
}

static const struct finder_source text_source = {
    .prefix = '/',
    .name = "text in all files",
    .title = "Search the workspace",
    .hint = "what to look for in all files",
    .collect = collect_nothing,
    .direct = direct_search,
    .chosen = search_chosen,
};

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

static unsigned open_search(void *data)
{
    struct desk_find *find = data;
    grep_pane_show(find->grep, NULL, false);
    return UI_DONE;
}

static unsigned open_replace(void *data)
{
    struct desk_find *find = data;
    grep_pane_show(find->grep, NULL, true);
    return UI_DONE;
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

static void on_shown(void *data, const char *path)
{
    struct desk_find *find = data;
    recent_note(find->recent, path);
}

static const struct finder_source *const sources[] = {&file_source, &symbol_source, &line_source,
    &test_source, &open_source, &prompt_source, &text_source};

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

void desk_find_files_changed(struct desk_find *find)
{
    preview_forget(find->preview);
    finder_changed(find->desk->app, &file_source);
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
