#include "widget/wrap.h"

#include "base/utf8.h"

#include <stdlib.h>

size_t wrap_row(struct str text, int cols)
{
    size_t at = 0;
    size_t after_blank = 0;
    int width = 0;
    while (at < text.len) {
        size_t len = utf8_cluster(str_from(text, at));
        struct str cluster = str_slice(text, at, at + len);
        int wide = utf8_width_cluster(cluster);
        if (width + wide > cols) {
            if (cluster.ptr[0] == ' ') {
                return at + len; /* the blank the row is broken at is not shown */
            }
            return after_blank > 0 ? after_blank : at > 0 ? at : len;
        }
        at += len;
        width += wide;
        if (cluster.ptr[0] == ' ') {
            after_blank = at;
        }
    }
    return at;
}

/* Takes the next row off the text. */
static struct str take_row(struct str *text, int cols)
{
    size_t end = str_find_char(*text, '\n', 0);
    struct str line = str_slice(*text, 0, end == SIZE_MAX ? text->len : end);
    size_t len = wrap_row(line, cols);
    struct str row = str_slice(line, 0, len);
    bool broken = len < line.len;
    *text = str_from(*text, broken || end == SIZE_MAX ? len : end + 1);
    return str_trim_right(row);
}

int wrap_height(struct str text, int cols, int most)
{
    int rows = 0;
    while (text.len > 0 && rows < most) {
        take_row(&text, cols);
        rows++;
    }
    return rows;
}

/* The last row there is room for, of a text that goes on. */
static void put_cut(struct region region, int row, struct str text, struct style style)
{
    size_t end = str_find_char(text, '\n', 0);
    char *shown =
        mem_printf("%.*s %s", STR_FMT(str_slice(text, 0, end == SIZE_MAX ? text.len : end)),
            grid_is_ascii(region.grid) ? "~" : "…");
    grid_put_fit(region, row, 0, region_cols(region), str_of(shown), style);
    free(shown);
}

int wrap_put(struct region region, struct str text, struct style style)
{
    int rows = 0;
    while (text.len > 0 && rows < region_rows(region)) {
        struct str all = text;
        struct str row = take_row(&text, region_cols(region));
        if (rows + 1 == region_rows(region) && text.len > 0) {
            put_cut(region, rows, all, style);
        } else {
            grid_put(region, rows, 0, row, style);
        }
        rows++;
    }
    return rows;
}
