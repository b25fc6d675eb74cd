/* The vi key set on the screen: the line being typed with its menu, the mode, the cursor's shape.
 */
#include "base/utf8.h"
#include "pane/editor_vi.h"
#include "vi/vi.h"

int editor_vi_rows(const struct editor *editor)
{
    size_t chosen;
    if (editor_vi_engine(editor) == NULL || vi_mode(editor_vi_engine(editor)) != VI_COMMAND) {
        return 0;
    }
    return vi_completions(editor_vi_engine(editor), &chosen).len > 0 ? 2 : 1;
}

static void draw_choices(const struct vi *vi, struct region region)
{
    size_t chosen;
    struct str rest = vi_completions(vi, &chosen), line;
    int col = 1, cols = region_cols(region);
    size_t first = chosen != SIZE_MAX && chosen > 4 ? chosen - 4 : 0;
    for (size_t i = 0; col < cols && str_next_line(&rest, &line); i++) {
        if (i < first || rest.len == 0) {
            continue; /* the last is what was typed */
        }
        col += grid_put_fit(region, 0, col, cols - col, line,
                   i == chosen ? STYLE_ON(TEXT, SELECTION) : STYLE(HINT)) +
               2;
    }
}

void editor_vi_draw(struct editor *editor, struct region region, bool focused)
{
    const struct vi *vi = editor_vi_engine(editor);
    size_t cursor;
    struct str line = vi_command_line(vi, &cursor);
    int cols = region_cols(region), last = region_rows(region) - 1;
    grid_fill(region, STYLE(FIELD));
    if (last > 0) {
        draw_choices(vi, region_sub(region, 0, 0, 1, cols));
    }
    /* The end of a line too long stays in view. */
    size_t from = 0, width = utf8_width(str_slice(line, 0, cursor));
    while (width + 1 >= (size_t)cols && from < cursor) {
        size_t len = utf8_cluster(str_from(line, from));
        from += len > 0 ? len : 1;
        width = utf8_width(str_slice(line, from, cursor));
    }
    grid_put_fit(region, last, 0, cols, str_from(line, from), STYLE_ON(TEXT, FIELD));
    if (focused) {
        grid_set_cursor(region, last, (int)width);
    }
}

void editor_vi_title(const struct editor *editor, struct buf *out)
{
    if (editor_vi_engine(editor) == NULL) {
        return;
    }
    size_t before = out->len;
    struct buf part = BUF_INIT;
    vi_append_mode(editor_vi_engine(editor), &part);
    buf_append_str(out, buf_str(&part));
    buf_clear(&part);
    vi_append_pending(editor_vi_engine(editor), &part);
    if (part.len > 0) {
        buf_append_c(out, out->len > before ? "  " : "");
        buf_append_str(out, buf_str(&part));
    }
    buf_append_c(out, out->len > before ? "  " : "");
    buf_free(&part);
}

enum cursor_shape editor_vi_shape(const struct editor *editor)
{
    if (editor_vi_engine(editor) == NULL) {
        return CURSOR_DEFAULT;
    }
    switch (vi_mode(editor_vi_engine(editor))) {
    case VI_INSERT:
    case VI_COMMAND:
        return CURSOR_BAR;
    case VI_REPLACE:
        return CURSOR_UNDERLINE;
    default:
        return vi_is_pending(editor_vi_engine(editor)) ? CURSOR_UNDERLINE : CURSOR_BLOCK;
    }
}
