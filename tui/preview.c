#include "preview.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "widget/code.h"
#include "widget/wrap.h"
#include "workspace/workspace.h"

#include <stdlib.h>

enum {
    SHOWN_MAX = 1 << 20, /* bytes of a file that are looked at */
    PARSE_BUDGET_US = 3000,
    BINARY_LOOK = 8000,
    PARSE_AGAIN_MS = 1,
    HEAD_ROWS = 3
};

struct reading {
    struct preview *preview;
    const struct workspace *workspace;
    char *path;
    struct buf bytes;
    bool ok;
    struct err err;
};

struct preview {
    struct preview_options options;
    char *path; /* what is held; NULL: nothing */
    char *why;  /* why it cannot be shown, or NULL */
    struct buf bytes;
    struct str text;
    struct {
        size_t *items; /* where the lines begin */
        size_t len, cap;
    } lines;
    struct syntax *syntax;
    struct reading *reading; /* under way */
    struct loop_timer *timer;
};

static void on_time(void *data)
{
    struct preview *preview = data;
    app_redraw(preview->options.app);
}

struct preview *preview_new(const struct preview_options *options)
{
    struct preview *preview = MEM_NEW(struct preview);
    preview->options = *options;
    preview->timer = loop_timer_new(app_loop(options->app), on_time, preview);
    return preview;
}

void preview_forget(struct preview *preview)
{
    syntax_free(preview->syntax);
    preview->syntax = NULL;
    free(preview->path);
    preview->path = NULL;
    free(preview->why);
    preview->why = NULL;
    buf_free(&preview->bytes);
    VEC_FREE(&preview->lines);
    preview->text = (struct str){0};
}

void preview_free(struct preview *preview)
{
    if (preview == NULL) {
        return;
    }
    while (preview->reading != NULL) {
        loop_run_once(app_loop(preview->options.app), 100);
    }
    preview_forget(preview);
    loop_timer_free(preview->timer);
    free(preview);
}

/* Takes the bytes over. */
static void hold(struct preview *preview, const char *path, struct buf *bytes)
{
    preview->path = mem_strdup(path);
    preview->bytes = *bytes;
    *bytes = BUF_INIT;
    struct str text = str_slice(buf_str(&preview->bytes), 0, SHOWN_MAX);
    preview->text = text;
    if (memchr(text.ptr, '\0', text.len < BINARY_LOOK ? text.len : BINARY_LOOK) != NULL) {
        preview->why = mem_strdup("a binary file");
        return;
    }
    size_t at = 0;
    while (at <= text.len) {
        VEC_PUSH(&preview->lines, at);
        size_t end = str_find_char(text, '\n', at);
        at = end == SIZE_MAX ? text.len + 1 : end + 1;
    }
    size_t first = str_find_char(text, '\n', 0);
    const struct language *language =
        language_of(path, str_slice(text, 0, first == SIZE_MAX ? text.len : first));
    preview->syntax = syntax_new(language, syntax_source_str(&preview->text));
}

static void read_file(void *data)
{
    struct reading *reading = data;
    reading->ok =
        workspace_read(reading->workspace, reading->path, &reading->bytes, NULL, &reading->err);
}

static void done(void *data, bool cancelled)
{
    struct reading *reading = data;
    struct preview *preview = reading->preview;
    preview->reading = NULL;
    preview_forget(preview);
    if (!cancelled && reading->ok) {
        hold(preview, reading->path, &reading->bytes);
    } else {
        preview->path = mem_strdup(reading->path);
        preview->why = mem_strdup(cancelled ? "not read" : reading->err.text);
    }
    app_redraw(preview->options.app);
    buf_free(&reading->bytes);
    free(reading->path);
    free(reading);
}

static void want(struct preview *preview, const char *path)
{
    if (preview->path != NULL && strcmp(preview->path, path) == 0) {
        return;
    }
    struct buf bytes = BUF_INIT;
    if (preview->options.unsaved != NULL &&
        preview->options.unsaved(preview->options.data, path, &bytes)) {
        preview_forget(preview);
        hold(preview, path, &bytes);
        return;
    }
    buf_free(&bytes);
    if (preview->reading != NULL) {
        return; /* asked again when that is done and drawn */
    }
    struct reading *reading = MEM_NEW(struct reading);
    reading->preview = preview;
    reading->workspace = preview->options.workspace;
    reading->path = mem_strdup(path);
    preview->reading = reading;
    loop_work_start(app_loop(preview->options.app), read_file, done, reading);
}

static struct str line_at(const struct preview *preview, size_t row)
{
    size_t from = preview->lines.items[row];
    size_t to =
        row + 1 < preview->lines.len ? preview->lines.items[row + 1] - 1 : preview->text.len;
    struct str line = str_slice(preview->text, from, to);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* How far a long line is moved so that the match is seen. */
static int shift_of(
    const struct preview *preview, const struct preview_place *place, size_t row, int cols)
{
    if (row != place->row || place->from >= place->to) {
        return 0;
    }
    struct str line = line_at(preview, row);
    int end = (int)utf8_width(str_slice(line, 0, place->to));
    return end <= cols ? 0 : end - cols + cols / 3;
}

static void draw_lines(
    struct preview *preview, const struct preview_place *place, struct region region)
{
    int rows = region_rows(region);
    size_t above = (size_t)rows / 3;
    size_t top = place->row > above ? place->row - above : 0;
    size_t last = top + (size_t)rows < preview->lines.len ? top + (size_t)rows : preview->lines.len;
    if (top >= last) {
        return; /* the place is further down than what is looked at */
    }
    size_t to = last < preview->lines.len ? preview->lines.items[last] : preview->text.len;
    if (!syntax_parse(preview->syntax, preview->lines.items[top], to, PARSE_BUDGET_US)) {
        loop_timer_start(preview->timer, PARSE_AGAIN_MS, 0);
    }
    for (size_t row = top; row < last; row++) {
        bool marked = place->mark && row == place->row;
        int at = (int)(row - top);
        grid_printf(region, at, 0, marked ? STYLE(GUTTER_CURRENT) : STYLE(GUTTER), "%4zu", row + 1);
        struct region rest = region_sub(region, at, 6, 1, region_cols(region) - 6);
        struct code_line line = {.text = line_at(preview, row),
            .offset = preview->lines.items[row],
            .syntax = preview->syntax,
            .under = marked ? STYLE_CURSOR_LINE_UNFOCUSED : STYLE_NONE,
            .from = marked ? place->from : 0,
            .to = marked ? place->to : 0};
        code_draw_line(&line, rest, shift_of(preview, place, row, region_cols(rest)));
    }
}

void preview_draw(struct preview *preview, const struct preview_place *place, struct region region)
{
    if (place->head) {
        int cols = region_cols(region);
        struct str path = str_of(place->path);
        int high = wrap_height(path, cols, HEAD_ROWS);
        wrap_put(region_sub(region, 0, 0, high, cols), path, STYLE(HEADING));
        region = region_sub(region, high, 0, region_rows(region) - high, cols);
    }
    want(preview, place->path);
    if (preview->path == NULL || strcmp(preview->path, place->path) != 0) {
        return; /* being read: blank for a frame or two */
    }
    if (preview->why != NULL) {
        grid_put_fit(region, 0, 0, region_cols(region), str_of(preview->why), STYLE(DIM));
        return;
    }
    draw_lines(preview, place, region);
}
