#include "pane/grep_pane.h"

#include "base/utf8.h"
#include "pane/grep_private.h"
#include "workspace/replace.h"

#include <stdlib.h>

enum {
    HITS_MAX = 10000,
    FILE_MAX_BYTES = 64 << 20,
    PAUSE_MS = 120 /* after a letter, before it is searched for */
};

static const struct pane_ops grep_ops;

/* ---- the search ---- */

static void drop_running(struct grep_pane *pane)
{
    if (pane->running != NULL) {
        grep_cancel(pane->running->grep);
        pane->running = NULL;
    }
}

/* What was found for another pattern goes with the first that is found for this one: no flicker. */
static void forget_stale(struct grep_pane *pane)
{
    if (pane->stale) {
        grep_list_clear(&pane->list);
        list_set_cursor(&pane->view, 0);
        pane->at = SIZE_MAX;
        pane->stale = false;
    }
}

static void on_hits(void *data, struct grep_hit *hits, size_t count, size_t files)
{
    struct grep_running *running = data;
    struct grep_pane *pane = running->pane;
    if (pane->running != running) {
        return;
    }
    pane->files = files;
    if (count > 0) {
        forget_stale(pane);
        grep_list_add(&pane->list, hits, count);
    }
    app_redraw(pane->options.app);
}

static void on_done(void *data, const struct grep_result *result, const struct err *err)
{
    struct grep_running *running = data;
    struct grep_pane *pane = running->pane;
    pane->busy--;
    if (pane->running == running) {
        pane->running = NULL;
        forget_stale(pane);
        if (result != NULL) {
            pane->files = result->files;
            pane->skipped = result->skipped;
            pane->too_hard = result->too_hard;
            pane->truncated = result->truncated;
        } else if (err->kind != ERR_CANCELLED) {
            pane->problem = mem_strdup(err->text);
        }
        app_redraw(pane->options.app);
    }
    free(running);
}

static char *field_text(const struct grep_pane *pane, enum grep_field field)
{
    return str_dup(edit_text(pane->fields[field]));
}

static bool has_capital(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            return true;
        }
    }
    return false;
}

/* The strings are the caller's: free_options. */
static struct grep_options options_of(const struct grep_pane *pane)
{
    char *pattern = field_text(pane, GREP_PATTERN);
    return (struct grep_options){
        .pattern = pattern,
        .is_literal = !pane->regex,
        .ignore_case = !pane->exact_case && !has_capital(pattern),
        .whole_word = pane->whole_word,
        .every_match = true,
        .with = pane->replace ? field_text(pane, GREP_WITH) : NULL,
        .glob = field_text(pane, GREP_GLOB),
        .max_hits = HITS_MAX,
        .max_file = FILE_MAX_BYTES,
    };
}

static void free_options(struct grep_options *options)
{
    free((char *)options->pattern);
    free((char *)options->with);
    free((char *)options->glob);
}

static void free_unsaved(struct grep_unsaved_list *list)
{
    VEC_FOREACH (struct grep_unsaved, unsaved, list) {
        free(unsaved->path);
        buf_free(&unsaved->bytes);
    }
    VEC_FREE(list);
}

static void start(void *data)
{
    struct grep_pane *pane = data;
    drop_running(pane);
    loop_timer_stop(pane->timer);
    app_redraw(pane->options.app);
    free(pane->problem);
    pane->problem = NULL;
    pane->truncated = false;
    pane->files = pane->skipped = pane->too_hard = 0;
    pane->stale = true;
    if (edit_is_empty(pane->fields[GREP_PATTERN])) {
        forget_stale(pane);
        return;
    }
    struct grep_options options = options_of(pane);
    struct grep_unsaved_list unsaved = {0};
    pane->options.unsaved(pane->options.data, &unsaved);
    options.unsaved = unsaved.items;
    options.unsaved_count = unsaved.len;
    struct grep_running *running = MEM_NEW(struct grep_running);
    running->pane = pane;
    struct grep_events events = {.hits = on_hits, .done = on_done, .data = running};
    running->grep = grep_start(app_loop(pane->options.app), workspace_fd(pane->options.workspace),
        workspace_root(pane->options.workspace), &options, &events);
    pane->running = running;
    pane->busy++;
    free_unsaved(&unsaved);
    free_options(&options);
}

static void changed(struct grep_pane *pane)
{
    loop_timer_start(pane->timer, PAUSE_MS, 0);
}

/* ---- places ---- */

struct grep_hit *grep_pane_hit(struct grep_pane *pane)
{
    if (pane->view.cursor >= pane->list.rows.len) {
        return NULL;
    }
    const struct grep_row *row = &pane->list.rows.items[pane->view.cursor];
    size_t hit = row->hit == SIZE_MAX ? pane->list.files.items[row->file].first : row->hit;
    return &pane->list.hits.items[hit];
}

static void go_to(struct grep_pane *pane, size_t index)
{
    const struct grep_hit *hit = &pane->list.hits.items[index];
    char *path = mem_strdup(hit->path);
    size_t row = hit->line - 1;
    size_t col = hit->column - 1;
    pane->at = index;
    app_pop(pane->options.app, pane);
    pane->options.open(pane->options.data, path, row, col);
    app_message(
        pane->options.app, MESSAGE_INFO, "match %zu of %zu", index + 1, pane->list.hits.len);
    free(path);
}

static unsigned open_hit(struct grep_pane *pane)
{
    const struct grep_hit *hit = grep_pane_hit(pane);
    if (hit != NULL) {
        go_to(pane, (size_t)(hit - pane->list.hits.items));
    }
    return UI_DONE;
}

void grep_pane_step(struct grep_pane *pane, int step)
{
    size_t count = pane->list.hits.len;
    if (count == 0) {
        return;
    }
    size_t next = pane->at == SIZE_MAX ? (step > 0 ? 0 : count - 1)
                  : step > 0           ? (pane->at + 1) % count
                                       : (pane->at + count - 1) % count;
    list_set_count(&pane->view, pane->list.rows.len);
    list_set_cursor(&pane->view, grep_list_row_of(&pane->list, next));
    go_to(pane, next);
}

size_t grep_pane_hits(const struct grep_pane *pane)
{
    return pane->list.hits.len;
}

/* ---- replacing ---- */

struct proposing {
    struct grep_pane *pane;
    char *origin;
};

static void on_changes(void *data, struct changes *changes, const struct err *err)
{
    struct proposing *proposing = data;
    struct grep_pane *pane = proposing->pane;
    struct err reason;
    pane->busy--;
    if (changes == NULL) {
        app_message(pane->options.app, MESSAGE_ERROR, "%s", err->text);
    } else {
        app_pop(pane->options.app, pane);
        if (!pane->options.propose(pane->options.data, changes, proposing->origin, &reason)) {
            app_message(pane->options.app, MESSAGE_ERROR, "%s", reason.text);
        }
    }
    free(proposing->origin);
    free(proposing);
}

/* The files with something to replace, each with the matches that stay. */
struct replace_files {
    struct replace_file *items;
    size_t len, cap;
};

static void list_files(const struct grep_list *list, struct replace_files *out)
{
    VEC_FOREACH (const struct grep_file, file, &list->files) {
        if (file->off == file->count) {
            continue;
        }
        struct replace_file entry = {.path = file->path,
            .hash = list->hits.items[file->first].hash,
            .keep = mem_realloc_array(NULL, file->off + 1, sizeof(size_t))};
        for (size_t i = file->first; i < file->first + file->count; i++) {
            if (list->off.items[i]) {
                entry.keep[entry.keep_count++] = list->hits.items[i].offset;
            }
        }
        VEC_PUSH(out, entry);
    }
}

static const char *why_no_proposal(void *data)
{
    const struct grep_pane *pane = data;
    size_t files;
    return !pane->replace                               ? "Alt-h shows the field for a replacement."
           : pane->running != NULL                      ? "It is still being searched."
           : grep_list_wanted(&pane->list, &files) == 0 ? "Nothing is to be replaced."
           : pane->truncated ? "There are more matches than are shown: narrow the pattern first."
                             : NULL;
}

/* A proposal is made against what is on disk. */
static bool has_unsaved(struct grep_pane *pane)
{
    struct grep_unsaved_list unsaved = {0};
    bool found = false;
    pane->options.unsaved(pane->options.data, &unsaved);
    VEC_FOREACH (const struct grep_file, file, &pane->list.files) {
        for (size_t i = 0; i < unsaved.len && file->off < file->count; i++) {
            found = found || strcmp(unsaved.items[i].path, file->path) == 0;
        }
    }
    free_unsaved(&unsaved);
    return found;
}

static unsigned propose(void *data)
{
    struct grep_pane *pane = data;
    if (has_unsaved(pane)) {
        app_message(pane->options.app, MESSAGE_WARNING,
            "some of these files have unsaved edits: Alt-s saves all, then this can be proposed");
        return UI_DONE;
    }
    struct grep_options options = options_of(pane);
    struct replace_files files = {0};
    struct proposing *proposing = MEM_NEW(struct proposing);
    bool nothing = options.with == NULL || options.with[0] == '\0';
    list_files(&pane->list, &files);
    proposing->pane = pane;
    proposing->origin =
        mem_printf("Replace %s with %s", options.pattern, nothing ? "nothing" : options.with);
    pane->busy++;
    replace_start(app_loop(pane->options.app), pane->options.workspace, &options, files.items,
        files.len, on_changes, proposing);
    VEC_FOREACH (struct replace_file, file, &files) {
        free(file->keep);
    }
    VEC_FREE(&files);
    free_options(&options);
    return UI_DONE;
}

/* ---- keys ---- */

static unsigned to_field(struct grep_pane *pane, int step)
{
    static const enum grep_field all[] = {GREP_PATTERN, GREP_WITH, GREP_GLOB, GREP_LIST};
    int at = (int)pane->field;
    do {
        at = (at + step + (int)ARRAY_LEN(all)) % (int)ARRAY_LEN(all);
    } while ((all[at] == GREP_WITH && !pane->replace) ||
             (all[at] == GREP_LIST && pane->list.rows.len == 0));
    pane->field = all[at];
    return UI_DONE;
}

static unsigned list_keys(struct grep_pane *pane, const struct key *key)
{
    if (key->code == K_ENTER && key->mods == 0) {
        return open_hit(pane);
    }
    if (key->code == K_LEFT || key->code == K_RIGHT) {
        const struct grep_hit *hit = grep_pane_hit(pane);
        size_t at = hit == NULL ? 0 : (size_t)(hit - pane->list.hits.items);
        grep_list_fold(&pane->list, pane->view.cursor, key->code == K_LEFT);
        list_set_count(&pane->view, pane->list.rows.len);
        if (key->code == K_LEFT) {
            list_set_cursor(&pane->view, grep_list_row_of(&pane->list, at));
        }
        return UI_DONE;
    }
    if (key_is_char(key, ' ') && pane->replace) {
        grep_list_toggle(&pane->list, pane->view.cursor);
        list_move(&pane->view, 1);
        return UI_DONE;
    }
    if (key_is_char(key, '/')) {
        pane->field = GREP_PATTERN;
        return UI_DONE;
    }
    return list_key(&pane->view, key, true);
}

static unsigned on_key(void *data, const struct key *key)
{
    struct grep_pane *pane = data;
    if (key->code == K_TAB) {
        return UI_IGNORED; /* an action */
    }
    if (pane->field == GREP_LIST) {
        return list_keys(pane, key);
    }
    if (key->code == K_ENTER && key->mods == 0) {
        if (loop_timer_is_active(pane->timer)) {
            start(pane);
        }
        pane->field = pane->list.rows.len > 0 ? GREP_LIST : pane->field;
        return UI_DONE;
    }
    if (key->code == K_DOWN || key->code == K_UP) {
        return to_field(pane, key->code == K_DOWN ? 1 : -1);
    }
    struct edit *edit = pane->fields[pane->field];
    unsigned long long before = str_hash(edit_text(edit));
    unsigned flags = edit_key(edit, key, false);
    if (str_hash(edit_text(edit)) != before) {
        changed(pane);
    }
    return flags;
}

static bool takes_text(const void *data)
{
    (void)data;
    return true; /* the list has letters of its own */
}

static unsigned on_paste(void *data, struct str text)
{
    struct grep_pane *pane = data;
    if (pane->field == GREP_LIST) {
        return UI_IGNORED;
    }
    edit_insert(pane->fields[pane->field], text);
    changed(pane);
    return UI_DONE;
}

static unsigned on_escape(void *data)
{
    struct grep_pane *pane = data;
    if (pane->running != NULL) {
        drop_running(pane);
        forget_stale(pane);
        free(pane->problem);
        pane->problem = mem_strdup("stopped: not all files were searched");
        return UI_DONE;
    }
    loop_timer_stop(pane->timer); /* what is not searched for yet is not wanted any more */
    return UI_IGNORED;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct grep_pane *pane = data;
    struct mouse moved = *mouse;
    moved.row -= pane->list_row;
    bool opened = false;
    if (mouse->action != MOUSE_WHEEL && moved.row < 0) {
        return UI_IGNORED;
    }
    unsigned flags = list_mouse(&pane->view, &moved, &opened);
    if (mouse->action == MOUSE_PRESS && flags != UI_IGNORED) {
        pane->field = GREP_LIST;
    }
    return opened ? open_hit(pane) : flags;
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    const struct grep_pane *pane = data;
    buf_append_c(left, pane->replace ? "Replace in the workspace" : "Search the workspace");
    buf_append_c(right, "");
}

static unsigned toggle_regex(void *data)
{
    struct grep_pane *pane = data;
    pane->regex = !pane->regex;
    start(pane);
    return UI_DONE;
}

static unsigned toggle_case(void *data)
{
    struct grep_pane *pane = data;
    pane->exact_case = !pane->exact_case;
    start(pane);
    return UI_DONE;
}

static unsigned toggle_word(void *data)
{
    struct grep_pane *pane = data;
    pane->whole_word = !pane->whole_word;
    start(pane);
    return UI_DONE;
}

static unsigned toggle_replace(void *data)
{
    struct grep_pane *pane = data;
    pane->replace = !pane->replace;
    pane->field = pane->replace ? GREP_WITH : GREP_PATTERN;
    start(pane);
    return UI_DONE;
}

static unsigned next_field(void *data)
{
    return to_field(data, 1);
}

static unsigned previous_field(void *data)
{
    return to_field(data, -1);
}

static unsigned again(void *data)
{
    start(data);
    return UI_DONE;
}

static const struct action actions[] = {
    {"search.propose", "propose", "Make a proposal of the replacements that are wanted, to review",
        "alt-enter ctrl-s", NULL, ACTION_KEY_LINE, propose, why_no_proposal},
    {"search.replace", "replace", "Show or hide the field for a replacement", "alt-h", NULL,
        ACTION_KEY_LINE, toggle_replace, NULL},
    {"search.regex", "regex", "Read the pattern as a regular expression, or as it is", "alt-r",
        NULL, 0, toggle_regex, NULL},
    {"search.case", "match case", "Tell capitals from small letters; else only when there is one",
        "alt-c", NULL, 0, toggle_case, NULL},
    {"search.words", "whole words", "Find whole words only", "alt-w", NULL, 0, toggle_word, NULL},
    {"search.next-field", "next field", "Go to the next field, and to what was found", "tab", NULL,
        ACTION_NO_PALETTE, next_field, NULL},
    {"search.previous-field", "previous field", "Go to the field before", "shift-tab", NULL,
        ACTION_NO_PALETTE, previous_field, NULL},
    {"search.again", "again", "Search again", "f5", NULL, 0, again, NULL},
};

const struct action_set grep_action_set = ACTION_SET("search", "Search the workspace", actions);

static const struct pane_ops grep_ops = {.name = "search",
    .actions = &grep_action_set,
    .draw = grep_draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .paste = on_paste,
    .escape = on_escape,
    .title = title};

/* ---- life ---- */

struct grep_pane *grep_pane_new(const struct grep_pane_options *options)
{
    struct grep_pane *pane = MEM_NEW(struct grep_pane);
    pane->options = *options;
    for (size_t i = 0; i < ARRAY_LEN(pane->fields); i++) {
        pane->fields[i] = edit_new(false);
    }
    pane->at = SIZE_MAX;
    pane->timer = loop_timer_new(app_loop(options->app), start, pane);
    return pane;
}

void grep_pane_free(struct grep_pane *pane)
{
    if (pane == NULL) {
        return;
    }
    app_pop(pane->options.app, pane);
    drop_running(pane);
    while (pane->busy > 0) {
        loop_run_once(app_loop(pane->options.app), 100);
    }
    loop_timer_free(pane->timer);
    for (size_t i = 0; i < ARRAY_LEN(pane->fields); i++) {
        edit_free(pane->fields[i]);
    }
    grep_list_free(&pane->list);
    free(pane->problem);
    free(pane);
}

void grep_pane_show(struct grep_pane *pane, const char *pattern, bool replace)
{
    preview_forget(pane->options.preview);
    pane->replace = replace;
    pane->field = GREP_PATTERN;
    if (pattern != NULL && pattern[0] != '\0') {
        edit_set(pane->fields[GREP_PATTERN], str_of(pattern));
    }
    edit_select_all(pane->fields[GREP_PATTERN]);
    if (!app_has_overlay(pane->options.app, grep_ops.name)) {
        app_push(pane->options.app, (struct pane){&grep_ops, pane}, OVERLAY_FULL, 0, 0);
    }
    start(pane);
}
