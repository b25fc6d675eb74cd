#include "pane/editor_places.h"

#include "pane/editor_private.h"

enum { INDEX_BUDGET_US = 8000 };

size_t editor_open_count(const struct editor *editor)
{
    return editor->docs.len;
}

const char *editor_open_at(const struct editor *editor, size_t index, bool *unsaved)
{
    const struct doc *doc = editor->docs.items[index];
    *unsaved = doc_has_edits(doc);
    return doc->path;
}

size_t editor_line_count(const struct editor *editor)
{
    return editor->view == NULL ? 0 : text_line_count(editor->view->doc->text);
}

void editor_line(const struct editor *editor, size_t row, struct buf *out)
{
    const struct text *text = editor->view->doc->text;
    text_copy(text, text_line_start(text, row), text_line_end(text, row), out);
}

bool editor_outline(struct editor *editor, struct outline *out)
{
    struct syntax *syntax = editor->view == NULL ? NULL : editor->view->doc->syntax;
    if (syntax == NULL) {
        return true;
    }
    bool all = syntax_index(syntax, INDEX_BUDGET_US);
    syntax_outline(syntax, out);
    return all;
}
