#include "widget/bar.h"

#include <stdio.h>

void scrollbar_draw(struct region region, size_t total, size_t top, size_t shown)
{
    int rows = region_rows(region);
    if (total <= shown || rows < 2) {
        return;
    }
    size_t height = (size_t)rows;
    size_t thumb = shown * height / total;
    thumb = thumb == 0 ? 1 : thumb;
    size_t span = total - shown;
    size_t at = (top > span ? span : top) * (height - thumb) / span;
    bool ascii = grid_is_ascii(region.grid);
    int col = region_cols(region) - 1;
    for (size_t i = 0; i < height; i++) {
        bool on = i >= at && i < at + thumb;
        const char *mark = ascii ? (on ? "#" : "|") : on ? "┃" : "│";
        grid_put_c(region, (int)i, col, mark, on ? STYLE(SCROLLBAR_THUMB) : STYLE(SCROLLBAR));
    }
}

int tabs_draw(struct region region, int row, int col, const struct tab *tabs, size_t count,
    size_t active, int *starts)
{
    int start = col;
    for (size_t i = 0; i < count; i++) {
        struct style style = i == active ? STYLE(TAB_ACTIVE) : STYLE(TAB);
        if (starts != NULL) {
            starts[i] = col;
        }
        /* The brackets say which one is active where colours do not. */
        col += grid_put_c(region, row, col, i == active ? "[" : " ", style);
        col += grid_put(region, row, col, tabs[i].label, style);
        if (tabs[i].count >= 0) {
            col += grid_printf(region, row, col, style, " %d", tabs[i].count);
        }
        col += grid_put_c(region, row, col, i == active ? "]" : " ", style);
    }
    return col - start;
}

void progress_draw(struct region region, int row, int col, int cols, size_t done, size_t total)
{
    if (cols < 1 || total == 0) {
        return;
    }
    done = done > total ? total : done;
    int full = (int)(done * (size_t)cols / total);
    bool ascii = grid_is_ascii(region.grid);
    grid_repeat(region, row, col, full, ascii ? "#" : "━", STYLE(RUNNING));
    grid_repeat(region, row, col + full, cols - full, ascii ? "." : "─", STYLE(BORDER));
}

const char *spinner_frame(uint64_t now_ms, bool ascii)
{
    static const char *const frames[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"};
    static const char *const plain[] = {"|", "/", "-", "\\"};
    return ascii ? plain[now_ms / 120 % 4] : frames[now_ms / 120 % 8];
}
