/* Paints the search view. */
#include "pane/grep_private.h"

#include "base/utf8.h"
#include "screen/theme.h"

enum { LABEL_COLS = 10, PREVIEW_FROM = 110, SWITCHES_FROM = 74 };

static void draw_field(struct grep_pane *pane, struct region region, int row, enum grep_field field,
    const char *label, const char *hint, bool focused)
{
    bool here = pane->field == field;
    grid_put_c(region, row, 1, label, here ? STYLE(PROMPT) : STYLE(DIM));
    grid_put_c(
        region, row, 0, here ? (grid_is_ascii(region.grid) ? ">" : "›") : " ", STYLE(PROMPT));
    edit_draw(pane->fields[field],
        region_sub(region, row, LABEL_COLS, 1, region_cols(region) - LABEL_COLS), focused && here,
        STYLE(TEXT), hint);
}

/* "Alt-r regex on": told by words, not by colour. */
static void draw_switches(const struct grep_pane *pane, struct region region, int row)
{
    const struct {
        const char *text, *brief;
        bool on;
    } switches[] = {{"Alt-r regex", "Alt-r .*", pane->regex},
        {"Alt-c match case", "Alt-c Aa", pane->exact_case},
        {"Alt-w whole words", "Alt-w \\b", pane->whole_word}};
    bool brief = region_cols(region) < SWITCHES_FROM;
    int col = brief ? 0 : LABEL_COLS;
    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        col += grid_printf(region, row, col, switches[i].on ? STYLE(STRONG) : STYLE(DIM), "%s %s",
            switches[i].on ? "[x]" : "[ ]", brief ? switches[i].brief : switches[i].text);
        col += brief ? 1 : 2;
    }
}

static void append_count(struct buf *out, size_t count)
{
    if (count >= 1000) {
        append_count(out, count / 1000);
        buf_printf(out, ",%03zu", count % 1000);
    } else {
        buf_printf(out, "%zu", count);
    }
}

static void append_state(const struct grep_pane *pane, struct buf *out)
{
    if (pane->running != NULL) {
        buf_append_c(out, "searching… ");
        append_count(out, pane->files);
        buf_append_c(out, " files; Esc stops.  ");
    }
    size_t files;
    size_t wanted = grep_list_wanted(&pane->list, &files);
    append_count(out, pane->list.hits.len);
    buf_printf(out, " match%s in ", pane->list.hits.len == 1 ? "" : "es");
    append_count(out, pane->list.files.len);
    buf_printf(out, " file%s", pane->list.files.len == 1 ? "" : "s");
    if (pane->replace && wanted < pane->list.hits.len) {
        buf_printf(out, ", %zu of them wanted", wanted);
    }
    if (pane->running == NULL && pane->files > 0) {
        buf_append_c(out, "; looked through ");
        append_count(out, pane->files);
        if (pane->skipped > 0) {
            buf_printf(out, ", left out %zu (binary or too large)", pane->skipped);
        }
    }
    if (pane->truncated) {
        buf_append_c(out, "; there are more: narrow the pattern");
    }
    if (pane->too_hard > 0) {
        buf_printf(out, "; the pattern was too much work in %zu files", pane->too_hard);
    }
}

static void draw_state(const struct grep_pane *pane, struct region region, int row)
{
    struct buf text = BUF_INIT;
    struct style style = STYLE(DIM);
    if (pane->problem != NULL) {
        buf_append_c(&text, pane->problem);
        style = STYLE(ERROR);
    } else if (edit_is_empty(pane->fields[GREP_PATTERN])) {
        buf_append_c(&text, "type what to look for");
    } else {
        append_state(pane, &text);
    }
    grid_hline(region, row, 0, region_cols(region), STYLE(BORDER));
    grid_put_c(region, row, 1, " ", style);
    int cols = grid_put_fit(region, row, 2, region_cols(region) - 4, buf_str(&text), style);
    grid_put_c(region, row, 2 + cols, " ", style);
    buf_free(&text);
}

static void draw_file_row(
    const struct grep_pane *pane, const struct grep_file *file, struct region row)
{
    int col = 1 + grid_put_c(row, 0, 1, file->folded ? "▸ " : "▾ ", STYLE(DIM));
    if (pane->replace) {
        col += grid_put_c(row, 0, col,
            file->off == 0             ? "[x] "
            : file->off == file->count ? "[ ] "
                                       : "[-] ",
            STYLE(STRONG));
    }
    col += grid_put_fit_end(
        row, 0, col, region_cols(row) - col - 8, str_of(file->path), STYLE(HEADING));
    grid_printf(row, 0, col + 2, STYLE(DIM), "%zu", file->count);
}

/* The line with its match, and what that would become. */
static void draw_hit_row(const struct grep_pane *pane, size_t index, struct region row)
{
    const struct grep_hit *hit = &pane->list.hits.items[index];
    bool off = pane->list.off.items[index];
    int col = 3;
    if (pane->replace) {
        col += grid_put_c(row, 0, col, off ? "[ ] " : "[x] ", STYLE(STRONG));
    }
    col += grid_printf(row, 0, col, STYLE(GUTTER), "%5zu ", hit->line);
    struct str text = str_of(hit->text);
    struct str before = str_slice(text, 0, hit->from);
    while (before.len > 0 && (before.ptr[0] == ' ' || before.ptr[0] == '\t')) {
        before = str_from(before, 1);
    }
    int room = region_cols(row) - col;
    /* The match is seen, however far to the right it stands. */
    int wide = (int)utf8_width(before);
    if (wide > room * 2 / 3) {
        col += grid_put_fit_end(row, 0, col, room / 3, before, STYLE(TEXT));
    } else {
        col += grid_put(row, 0, col, before, STYLE(TEXT));
    }
    bool becomes = pane->replace && hit->with != NULL && !off;
    col += grid_put(row, 0, col, str_slice(text, hit->from, hit->to),
        becomes ? style_with(STYLE(DELETE_WORD), ATTR_STRIKE) : STYLE(SEARCH));
    if (becomes) {
        col += grid_put_c(row, 0, col, grid_is_ascii(row.grid) ? ">" : "→", STYLE(DIM));
        col += grid_put_c(row, 0, col, hit->with, STYLE(ADD_WORD));
    }
    grid_put(row, 0, col, str_from(text, hit->to), STYLE(TEXT));
}

static void draw_row(void *data, size_t index, struct region row, bool cursor)
{
    struct grep_pane *pane = data;
    const struct grep_row *r = &pane->list.rows.items[index];
    bool focused = cursor && pane->field == GREP_LIST;
    grid_put_c(row, 0, 0, focused ? (grid_is_ascii(row.grid) ? ">" : "›") : " ", STYLE(PROMPT));
    if (r->hit == SIZE_MAX) {
        draw_file_row(pane, &pane->list.files.items[r->file], row);
    } else {
        draw_hit_row(pane, r->hit, row);
    }
}

static void draw_preview(struct grep_pane *pane, struct region region)
{
    const struct grep_hit *hit = grep_pane_hit(pane);
    if (hit == NULL) {
        return;
    }
    struct preview_place place = {.path = hit->path,
        .row = hit->line - 1,
        .mark = true,
        .from = hit->column - 1,
        .to = hit->column - 1 + (hit->to - hit->from)};
    preview_draw(pane->options.preview, &place, region);
}

void grep_draw(void *data, struct region region, bool focused)
{
    struct grep_pane *pane = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    int row = 0;
    draw_field(
        pane, region, row++, GREP_PATTERN, "Search", "text, or a regular expression", focused);
    if (pane->replace) {
        draw_field(pane, region, row++, GREP_WITH, "Replace",
            pane->regex ? "with this; $1 is a group" : "with this", focused);
    }
    draw_field(pane, region, row++, GREP_GLOB, "In", "all files, or *.rego, policies/**", focused);
    draw_switches(pane, region, row++);
    draw_state(pane, region, row++);
    pane->list_row = row;
    if (rows <= row) {
        return;
    }
    bool preview = cols >= PREVIEW_FROM;
    int wide = preview ? cols * 11 / 20 : cols;
    list_set_count(&pane->view, pane->list.rows.len);
    list_draw(&pane->view, region_sub(region, row, 0, rows - row, wide),
        focused && pane->field == GREP_LIST, draw_row, pane);
    if (preview) {
        grid_vline(region, row, wide, rows - row, STYLE(BORDER));
        draw_preview(pane, region_sub(region, row, wide + 2, rows - row, cols - wide - 2));
    }
}
