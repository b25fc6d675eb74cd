/* One line of code in the diff: syntax colours, word marks, tabs, wrapping. */
#include "pane/review_private.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <stdint.h>

enum { TAB_COLS = 4, PARSE_BUDGET_US = 4000 };

static enum style_id capture_style(enum capture capture)
{
    static uint16_t known[CAPTURE_COUNT]; /* style + 1 */
    if (known[capture] == 0) {
        known[capture] =
            (uint16_t)(theme_style_of_capture(str_of(syntax_capture_name(capture))) + 1);
    }
    return (enum style_id)(known[capture] - 1);
}

static int cluster_width(struct str cluster, int col)
{
    return cluster.ptr[0] == '\t' ? TAB_COLS - col % TAB_COLS : utf8_width_cluster(cluster);
}

int review_code_width(const struct review_code *code)
{
    int col = 0;
    for (size_t at = 0; at < code->text.len;) {
        struct str rest = str_from(code->text, at);
        size_t len = utf8_cluster(rest);
        col += cluster_width(str_slice(rest, 0, len), col);
        at += len;
    }
    return col + (code->tail == NULL ? 0 : 1 + (int)utf8_width(str_of(code->tail)));
}

/* Walks the spans of a line along with its bytes. */
struct styler {
    const struct review_code *code;
    struct syntax_spans spans;
    size_t span, word;
};

static void styler_start(struct styler *s, const struct review_code *code, struct review_pane *pane)
{
    *s = (struct styler){.code = code};
    struct syntax *syntax = code->view == NULL ? NULL : code->view->syntax;
    if (syntax != NULL && syntax_language(syntax) != NULL) {
        size_t end = code->offset + code->text.len;
        if (!syntax_parse(syntax, code->offset, end, PARSE_BUDGET_US)) {
            app_redraw(pane->app);
        }
        syntax_highlight(syntax, code->offset, end, &s->spans);
    }
}

static struct style styler_at(struct styler *s, size_t at)
{
    const struct review_code *code = s->code;
    size_t offset = code->offset + at;
    while (s->span < s->spans.len && s->spans.items[s->span].end <= offset) {
        s->span++;
    }
    while (s->word < code->words.len && code->words.items[s->word].to <= at) {
        s->word++;
    }
    struct style style = STYLE(TEXT);
    if (s->span < s->spans.len && s->spans.items[s->span].start <= offset) {
        style = style_of(capture_style(s->spans.items[s->span].capture));
    }
    bool marked = s->word < code->words.len && code->words.items[s->word].from <= at;
    enum style_id under = marked ? code->word_under : code->under;
    return under == STYLE_NONE ? style : style_on(style, under);
}

void review_code_draw(
    const struct review_code *code, struct region region, int shift, struct review_pane *pane)
{
    struct styler styler;
    styler_start(&styler, code, pane);
    int cols = region_cols(region);
    int rows = region_rows(region);
    if (code->under != STYLE_NONE) {
        grid_fill(region, style_on(STYLE(TEXT), code->under));
    }
    int row = 0;
    int start = shift; /* text column at the left edge */
    int col = 0;
    for (size_t at = 0; at < code->text.len && row < rows;) {
        struct str rest = str_from(code->text, at);
        struct str cluster = str_slice(rest, 0, utf8_cluster(rest));
        int width = cluster_width(cluster, col);
        if (rows > 1 && col + width - start > cols && col > start) {
            row++;
            start = col;
        }
        if (col + width > start && col - start < cols && row < rows) {
            struct style style = styler_at(&styler, at);
            if (cluster.ptr[0] == '\t') {
                grid_repeat(region, row, col - start, width, " ", style);
            } else {
                grid_put(region, row, col - start, cluster, style);
            }
        } else if (rows == 1 && col - start >= cols) {
            break;
        }
        col += width;
        at += cluster.len;
    }
    if (code->tail != NULL && row < rows) {
        struct style style = STYLE(DIM);
        grid_put_c(region, row, col - start + 1, code->tail,
            code->under == STYLE_NONE ? style : style_on(style, code->under));
    }
    VEC_FREE(&styler.spans);
}
