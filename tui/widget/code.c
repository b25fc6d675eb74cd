#include "widget/code.h"

#include "base/utf8.h"
#include "base/vec.h"

enum { TAB_COLS = 4 };

enum style_id code_style(enum capture capture)
{
    static uint16_t known[CAPTURE_COUNT]; /* style + 1 */
    if (known[capture] == 0) {
        known[capture] =
            (uint16_t)(theme_style_of_capture(str_of(syntax_capture_name(capture))) + 1);
    }
    return (enum style_id)(known[capture] - 1);
}

static struct style style_at(
    const struct code_line *line, const struct syntax_spans *spans, size_t *span, size_t at)
{
    size_t offset = line->offset + at;
    while (*span < spans->len && spans->items[*span].end <= offset) {
        (*span)++;
    }
    struct style style = STYLE(TEXT);
    if (*span < spans->len && spans->items[*span].start <= offset) {
        style = style_of(code_style(spans->items[*span].capture));
    }
    if (at >= line->from && at < line->to) {
        return style_on(style, STYLE_SEARCH);
    }
    return line->under == STYLE_NONE ? style : style_on(style, line->under);
}

void code_draw_line(const struct code_line *line, struct region region, int shift)
{
    struct syntax_spans spans = {0};
    if (line->syntax != NULL) {
        syntax_highlight(line->syntax, line->offset, line->offset + line->text.len, &spans);
    }
    if (line->under != STYLE_NONE) {
        grid_fill_row(region, 0, style_on(STYLE(TEXT), line->under));
    }
    int cols = region_cols(region);
    int col = -shift;
    size_t span = 0;
    for (size_t at = 0; at < line->text.len && col < cols;) {
        struct str rest = str_from(line->text, at);
        struct str cluster = str_slice(rest, 0, utf8_cluster(rest));
        bool tab = cluster.ptr[0] == '\t';
        int width = tab ? TAB_COLS - (col + shift) % TAB_COLS : utf8_width_cluster(cluster);
        if (col >= 0) {
            struct style style = style_at(line, &spans, &span, at);
            if (tab) {
                grid_repeat(region, 0, col, width, " ", style);
            } else {
                grid_put(region, 0, col, cluster, style);
            }
        }
        col += width;
        at += cluster.len;
    }
    VEC_FREE(&spans);
}
