#include "help.h"

#include "app_private.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/edit.h"
#include "widget/textview.h"

#define HELP_COLS   78
#define KEY_COLS    24
#define NARROW_COLS 56 /* below, what a key does stands under the key */

/* A key with what it does, or, without keys, the heading of a set. */
struct entry {
    char *keys;
    const char *text; /* lives as long as the program */
    char *why_not;    /* NULL: works now */
};

struct help {
    struct app *app;
    struct textview *view;
    struct {
        struct entry *items;
        size_t len, cap;
    } entries;
    bool narrow;         /* how the entries are laid out in the view */
    struct edit *search; /* NULL: not searching */
    char *needle;
};

/* The key set of the pane that has the keys. */
static void collect_key_set(struct help *help)
{
    const struct app *app = help->app;
    struct help_row row = {0};
    const char *group = NULL;
    const struct app_key_set *set = NULL;
    VEC_FOREACH (const struct app_key_set, other, &app->key_sets) {
        set = other->pane == app_active(app).data ? other : set;
    }
    for (size_t i = 0; set != NULL && set->row != NULL && set->row(set->pane, i, &row); i++) {
        if (group == NULL || strcmp(group, row.group) != 0) {
            VEC_PUSH(&help->entries, (struct entry){.text = row.group});
            group = row.group;
        }
        VEC_PUSH(
            &help->entries, (struct entry){.keys = str_dup(buf_str(&row.keys)), .text = row.help});
        buf_clear(&row.keys);
    }
    buf_free(&row.keys);
}

static void collect(
    struct help *help, const struct action_set *const *sets, void *const *data, size_t count)
{
    collect_key_set(help);
    for (size_t s = 0; s < count; s++) {
        VEC_PUSH(&help->entries, (struct entry){.text = sets[s]->title});
        for (size_t i = 0; i < sets[s]->count; i++) {
            const struct action *action = &sets[s]->actions[i];
            struct buf keys = BUF_INIT;
            keymap_append_keys(help->app->keymap, action, false, &keys);
            if (keys.len == 0) {
                buf_append_c(&keys, "(^P)");
            }
            const char *why_not = action_why_not(action, data[s]);
            VEC_PUSH(&help->entries, (struct entry){.keys = buf_take(&keys),
                                         .text = action->help,
                                         .why_not = why_not != NULL ? mem_strdup(why_not) : NULL});
        }
    }
}

static void show_entry(struct help *help, const struct entry *entry)
{
    if (entry->keys == NULL) {
        if (textview_count(help->view) > 0) {
            textview_line(help->view, NULL);
        }
        textview_line(help->view, NULL);
        textview_span(help->view, str_of(entry->text), STYLE(HEADING));
        return;
    }
    int hang = help->narrow ? 3 : KEY_COLS + 2;
    struct textview_line line = {.indent = help->narrow ? 1 : 2, .hang = hang, .fill = STYLE(TEXT)};
    textview_line(help->view, &line);
    textview_span(help->view, str_of(entry->keys), STYLE(KEY));
    if (help->narrow) {
        line.indent = hang;
        textview_line(help->view, &line);
    } else {
        struct buf gap = BUF_INIT;
        size_t width = utf8_width(str_of(entry->keys));
        buf_append_repeat(&gap, ' ', width < KEY_COLS ? KEY_COLS - width : 2);
        textview_span(help->view, buf_str(&gap), STYLE(TEXT));
        buf_free(&gap);
    }
    textview_span(help->view, str_of(entry->text), STYLE(TEXT));
    if (entry->why_not != NULL) {
        textview_span(help->view, STR_LIT("  (not now: "), STYLE(DIM));
        textview_span(help->view, str_of(entry->why_not), STYLE(DIM));
        textview_span(help->view, STR_LIT(")"), STYLE(DIM));
    }
}

static void fill(struct help *help, bool narrow)
{
    help->narrow = narrow;
    textview_clear(help->view);
    VEC_FOREACH (const struct entry, entry, &help->entries) {
        show_entry(help, entry);
    }
    textview_line(help->view, NULL);
    textview_line(help->view, NULL);
    textview_span(help->view,
        STR_LIT("Esc closes the top thing first. Shift-drag selects text as the terminal does."),
        STYLE(DIM));
    textview_show_line(help->view, 0, true);
}

static void draw(void *data, struct region region, bool focused)
{
    struct help *help = data;
    int rows = region_rows(region);
    int foot = help->search != NULL ? 1 : 0;
    bool narrow = region_cols(region) < NARROW_COLS;
    if (narrow != help->narrow) { /* the terminal has another size */
        fill(help, narrow);
    }
    textview_draw(help->view, region_sub(region, 0, 0, rows - foot, region_cols(region)), focused);
    if (help->search != NULL) {
        grid_put_c(region, rows - 1, 0, "/", STYLE(PROMPT));
        edit_draw(help->search, region_sub(region, rows - 1, 1, 1, region_cols(region) - 1),
            focused, STYLE(TEXT), NULL);
    }
}

static unsigned search_key(struct help *help, const struct key *key)
{
    if (key->code == K_ENTER) {
        edit_free(help->search);
        help->search = NULL;
        return UI_DONE;
    }
    unsigned flags = edit_key(help->search, key, false);
    free(help->needle);
    help->needle = str_dup(edit_text(help->search));
    textview_search(help->view, STR_LIT(""), false);
    textview_search(help->view, str_of(help->needle), false);
    return flags;
}

static unsigned on_key(void *data, const struct key *key)
{
    struct help *help = data;
    if (help->search != NULL) {
        return search_key(help, key);
    }
    if (key_is_char(key, 'q') || key_is_char(key, '?')) {
        return UI_DONE | UI_CLOSE;
    }
    if (key_is_char(key, '/')) {
        help->search = edit_new(false);
        return UI_DONE;
    }
    if ((key_is_char(key, 'n') || key_is_char(key, 'N')) && help->needle != NULL) {
        textview_search(help->view, str_of(help->needle), key_is_char(key, 'N'));
        return UI_DONE;
    }
    return textview_key(help->view, key, true);
}

static bool takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned on_escape(void *data)
{
    struct help *help = data;
    if (help->search == NULL) {
        return UI_IGNORED;
    }
    edit_free(help->search);
    help->search = NULL;
    textview_search(help->view, STR_LIT(""), false);
    return UI_DONE;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct help *help = data;
    return textview_mouse(help->view, mouse);
}

static const char *key_line(const void *data)
{
    const struct help *help = data;
    return help->search != NULL ? "Enter|keep|Esc|stop searching"
                                : "/|search|n|next|PgDn|more|q|close";
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    (void)data;
    buf_append_c(left, "Keys");
    (void)right;
}

static void destroy(void *data)
{
    struct help *help = data;
    VEC_FOREACH (struct entry, entry, &help->entries) {
        free(entry->keys);
        free(entry->why_not);
    }
    VEC_FREE(&help->entries);
    textview_free(help->view);
    edit_free(help->search);
    free(help->needle);
    free(help);
}

static const struct pane_ops help_ops = {.name = "help",
    .draw = draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .escape = on_escape,
    .title = title,
    .key_line = key_line,
    .destroy = destroy};

void help_set_keys(struct app *app, const void *pane,
    bool (*row)(const void *pane, size_t index, struct help_row *out))
{
    VEC_FOREACH (struct app_key_set, set, &app->key_sets) {
        if (set->pane == pane) {
            set->row = row;
            return;
        }
    }
    VEC_PUSH(&app->key_sets, (struct app_key_set){pane, row});
}

void help_open(struct app *app)
{
    const struct action_set *sets[APP_CONTEXTS_MAX];
    void *data[APP_CONTEXTS_MAX];
    struct pane active = app_active(app);
    if (active.ops == &help_ops) {
        app_pop(app, active.data);
        return;
    }
    size_t count = app_contexts(app, sets, data, APP_CONTEXTS_MAX);
    struct help *help = MEM_NEW(struct help);
    help->app = app;
    help->view = textview_new();
    collect(help, sets, data, count);
    fill(help, false);
    int rows = (int)textview_height(help->view, HELP_COLS - 1) + 1;
    app_push(app, (struct pane){&help_ops, help}, OVERLAY_CENTRE, rows, HELP_COLS);
}

static void append_cell(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|') {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, text.ptr[i]);
    }
}

void help_append_markdown(const struct keymap *keymap, struct buf *out)
{
    const struct action_set *const *sets;
    size_t count = keymap_sets(keymap, &sets);
    for (size_t s = 0; s < count; s++) {
        buf_printf(out, "%s**%s**\n\n| Keys | Command | What it does |\n| --- | --- | --- |\n",
            s > 0 ? "\n" : "", sets[s]->title);
        for (size_t i = 0; i < sets[s]->count; i++) {
            const struct action *action = &sets[s]->actions[i];
            struct buf keys = BUF_INIT;
            keymap_append_keys(keymap, action, false, &keys);
            buf_append_c(out, "| ");
            append_cell(out, buf_str(&keys));
            buf_printf(out, " | `%s` | ", action->id);
            append_cell(out, str_of(action->help));
            buf_append_c(out, " |\n");
            buf_free(&keys);
        }
    }
}
