/* How files are shown: the settings, and the actions that change them for now. */
#include "pane/editor_private.h"

#include "config/config.h"

#include <stdlib.h>

/* The place of a string among the values a setting accepts, in the order of its enum. */
static unsigned choice(const struct config *config, const char *key, const char *const *names)
{
    const char *value = config_string(config, key);
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (value != NULL && strcmp(names[i], value) == 0) {
            return i;
        }
    }
    return 0;
}

void editor_configure(struct editor *editor, const struct config *config)
{
    static const char *const numbers[] = {"absolute", "relative", "off", NULL};
    static const char *const marks[] = {"none", "trailing", "all", NULL};
    static const char *const ways[] = {"osc52", "internal", "command", NULL};
    static const char *const wraps[] = {"never", "prose", "always", NULL};
    struct editor_look *look = &editor->look;
    unsigned wrap = choice(config, "wrap", wraps);
    look_free(look);
    *look = (struct editor_look){
        .line_numbers = (enum line_numbers)choice(config, "line_numbers", numbers),
        .whitespace = (enum whitespace_marks)choice(config, "whitespace", marks),
        .sticky = config_bool(config, "sticky_headers"),
        .wrap_all = wrap == 2,
        .wrap_prose = wrap == 1,
    };
    app_set_clipboard(editor->app, (enum clipboard_way)choice(config, "clipboard", ways));
    editor->auto_pairs = config_bool(config, "auto_pairs");
    editor->auto_indent = config_bool(config, "auto_indent");
    for (size_t i = 0; i < config_list_count(config, "wrap_languages"); i++) {
        VEC_PUSH(&look->wrapped, mem_strdup(config_list_at(config, "wrap_languages", i)));
    }
}

void look_free(struct editor_look *look)
{
    VEC_FOREACH (char *, name, &look->wrapped) {
        free(*name);
    }
    VEC_FREE(&look->wrapped);
}

bool editor_wraps(const struct editor *editor, const struct language *language)
{
    const struct editor_look *look = &editor->look;
    if (look->wrap_all || language == NULL) {
        return look->wrap_all;
    }
    VEC_FOREACH (char *, name, &look->wrapped) {
        if (strcmp(*name, language->name) == 0) {
            return true;
        }
    }
    return look->wrap_prose && strcmp(language->name, "markdown") == 0;
}

unsigned editor_toggle_wrap(struct editor *editor)
{
    struct view *view = editor->view;
    view->wrap = !view->wrap;
    view->left = 0;
    view->follow = true;
    app_message(editor->app, MESSAGE_INFO,
        view->wrap ? "long lines go on in the next row" : "long lines go on to the right");
    return UI_DONE;
}

unsigned editor_next_line_numbers(struct editor *editor)
{
    static const char *const said[] = {
        "line numbers", "line numbers count from the cursor", "no line numbers"};
    enum line_numbers *kind = &editor->look.line_numbers;
    *kind = *kind == LINE_NUMBERS_OFF ? LINE_NUMBERS_ABSOLUTE : *kind + 1;
    app_message(editor->app, MESSAGE_INFO, "%s", said[*kind]);
    return UI_DONE;
}

unsigned editor_next_whitespace(struct editor *editor)
{
    static const char *const said[] = {
        "blanks are not marked", "blanks at line ends are marked", "all blanks are marked"};
    enum whitespace_marks *marks = &editor->look.whitespace;
    *marks = *marks == WHITESPACE_ALL ? WHITESPACE_NONE : *marks + 1;
    app_message(editor->app, MESSAGE_INFO, "%s", said[*marks]);
    return UI_DONE;
}

unsigned editor_toggle_sticky(struct editor *editor)
{
    editor->look.sticky = !editor->look.sticky;
    app_message(editor->app, MESSAGE_INFO,
        editor->look.sticky ? "the headers of what one is in stay at the top"
                            : "headers scroll away");
    return UI_DONE;
}
