/* What the vi engine asks of the program: rules of the grammar, files, the ? screen. */
#include "pane/editor_vi.h"
#include "syntax/objects.h"
#include "vi/vi.h"

/* No menu shows more. */
#define PATHS_MAX 200

bool editor_vi_row(struct view *view, size_t at, int by, struct vi_screen_row *out)
{
    struct view_row row;
    view_row_at(view, at, &row);
    if (by != 0 && !(by > 0 ? view_row_next(view, &row) : view_row_previous(view, &row))) {
        return false;
    }
    size_t cols = view->cols > 0 ? (size_t)view->cols : 1;
    *out = (struct vi_screen_row){row.start, row.end, row.column, row.indent, cols};
    if (view->wrap) {
        out->width = cols > 1 ? cols - 1 : 1; /* as rows are cut */
    } else {
        out->column = view->left;
    }
    return true;
}

bool editor_vi_rule(
    struct view *view, bool around, size_t from, size_t to, size_t *start, size_t *end)
{
    struct syntax *syntax = view->doc->syntax;
    struct syntax_range range;
    if (syntax_language(syntax) == NULL ||
        !syntax_object(syntax, OBJECT_RULE, around, from, to, &range)) {
        return false;
    }
    *start = range.start;
    *end = range.end;
    return true;
}

void editor_vi_paths(const struct editor *editor, struct str word, struct buf *out)
{
    const struct files *files = workspace_files(editor->workspace);
    struct str last = {NULL, 0};
    size_t count = 0;
    for (size_t i = 0; i < files->len && count < PATHS_MAX; i++) {
        const struct file_entry *entry = &files->items[i];
        struct str path = str_of(entry->path);
        if (entry->is_link || entry->odd_name || path.len < word.len ||
            !str_equal(str_slice(path, 0, word.len), word)) {
            continue;
        }
        size_t slash = str_find_char(path, '/', word.len);
        path = slash == SIZE_MAX ? path : str_slice(path, 0, slash + 1);
        if (!str_equal(path, last)) {
            buf_append_str(out, path);
            buf_append_char(out, '\n');
            last = path;
            count++;
        }
    }
}

bool editor_vi_help(const void *pane, size_t index, struct help_row *out)
{
    struct vi_entry entry;
    if (!vi_entry(index, &entry)) {
        return false;
    }
    const struct vi *vi = editor_vi_engine(pane);
    if (vi != NULL) {
        vi_append_bound(vi, entry.id, &out->keys);
    }
    if (out->keys.len == 0) {
        buf_append_c(&out->keys, entry.keys); /* of insert mode, commands and options */
    }
    out->group = entry.group;
    out->help = entry.help;
    return true;
}
