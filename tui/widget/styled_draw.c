#include "widget/styled_draw.h"

#include "widget/code.h"

static struct style style_of_span(const struct styled_span *span, struct style plain)
{
    static const struct {
        unsigned from, to;
    } attrs[] = {{STYLED_BOLD, ATTR_BOLD}, {STYLED_ITALIC, ATTR_ITALIC},
        {STYLED_STRIKE, ATTR_STRIKE}, {STYLED_UNDERLINE, ATTR_UNDERLINE}};
    struct style style = plain;
    if (span->capture != CAPTURE_NONE) {
        style.fg = (uint16_t)code_style(span->capture);
    }
    for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
        if ((span->attrs & attrs[i].from) != 0) {
            style = style_with(style, attrs[i].to);
        }
    }
    return style;
}

void styled_line_draw(
    const struct styled_line *line, struct region region, int row, int col, struct style plain)
{
    size_t at = 0;
    for (size_t i = 0; i < line->span_count; i++) {
        const struct styled_span *span = &line->spans[i];
        col += grid_put(region, row, col, str_make(line->text + at, span->start - at), plain);
        col +=
            grid_put(region, row, col, str_make(line->text + span->start, span->end - span->start),
                style_of_span(span, plain));
        at = span->end;
    }
    grid_put(region, row, col, str_make(line->text + at, line->len - at), plain);
}
