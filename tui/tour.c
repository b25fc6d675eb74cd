#include "tour.h"

#include "app_private.h"
#include "base/file.h"
#include "base/path.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <unistd.h>

enum { TOUR_ROWS = 15, TOUR_COLS = 72, NAME_COLS = 9, KEY_COLS = 8 };

struct tour {
    struct app *app;
};

static const struct {
    const char *name;
    const char *action; /* whose key is shown */
    const char *text;
} stops[] = {
    {"Chat", "app.chat", "ask for a policy; the answer becomes a proposal"},
    {"Review", "desk.review", "take it line by line: a accept, x decline, e edit"},
    {"Editor", "app.editor", "your own edits; they are merged, never overwritten"},
    {"Tests", "app.status", "real results as they come; Enter goes to the line"},
    {"Find", "find.files", "any file; then @ symbols, : lines, > commands, ? more"},
    {"Search", "app.search", "the text of all files, and replace in them"},
    {"Commands", "app.palette", "everything by name, with its key"},
    {"Help", "app.help", "the keys that work where you are"},
};

static void append_key(const struct tour *tour, const char *id, struct buf *out)
{
    const struct action *action = keymap_action(tour->app->keymap, id);
    if (action != NULL) {
        keymap_append_text_key(tour->app->keymap, action, out); /* one that works in the chat too */
    }
}

/* Where there is no room to explain: two keys a row. */
static void draw_small(const struct tour *tour, struct region region)
{
    int rows = region_rows(region);
    int half = region_cols(region) / 2;
    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        struct buf key = BUF_INIT;
        int row = (int)i / 2;
        int col = (int)i % 2 * half;
        append_key(tour, stops[i].action, &key);
        grid_put_fit(region, row, col, NAME_COLS, str_of(stops[i].name), STYLE(HEADING));
        grid_put_fit(region, row, col + NAME_COLS, half - NAME_COLS, buf_str(&key), STYLE(KEY));
        buf_free(&key);
    }
    grid_put_fit(region, rows - 2, 0, region_cols(region),
        STR_LIT("Nothing is written before you accept it."), STYLE(TEXT));
    grid_put_fit(region, rows - 1, 0, region_cols(region), STR_LIT("Any key goes on."), STYLE(DIM));
}

static void draw(void *data, struct region region, bool focused)
{
    (void)focused;
    const struct tour *tour = data;
    int row = 0;
    if (region_rows(region) < TOUR_ROWS || region_cols(region) < TOUR_COLS - 8) {
        draw_small(tour, region);
        return;
    }
    grid_put_c(region, row++, 0, "Review policy that a machine wrote.", STYLE(STRONG));
    row++;
    for (size_t i = 0; i < ARRAY_LEN(stops); i++, row++) {
        struct buf key = BUF_INIT;
        append_key(tour, stops[i].action, &key);
        grid_put_c(region, row, 0, stops[i].name, STYLE(HEADING));
        grid_put(region, row, NAME_COLS, buf_str(&key), STYLE(KEY));
        grid_put_fit(region, row, NAME_COLS + KEY_COLS, region_cols(region) - NAME_COLS - KEY_COLS,
            str_of(stops[i].text), STYLE(TEXT));
        buf_free(&key);
    }
    row++;
    grid_put_c(region, row++, 0, "Nothing a model writes touches your files before you accept it.",
        STYLE(TEXT));
    grid_put_c(
        region, row++, 0, "Used to vi? Write key_set = \"vi\" in bylaw/config.toml.", STYLE(DIM));
    row++;
    grid_put_c(region, row++, 0, "Any key goes on. \"tour\" among the commands shows this again.",
        STYLE(DIM));
}

static void remember(void)
{
    struct err err;
    char *state = path_home_dir(PATH_STATE, &err);
    char *file = state == NULL ? NULL : path_join(state, "tour-seen");
    if (file != NULL && path_make_dirs(state, &err)) {
        (void)!file_write(file, STR_LIT(""), 0600, &err); /* else it comes once more */
    }
    free(file);
    free(state);
}

static unsigned on_key(void *data, const struct key *key)
{
    (void)data;
    bool only_closes = key->code == K_ESC || key->code == K_ENTER || key_is_char(key, ' ');
    return UI_REDRAW | UI_CLOSE | (only_closes ? UI_HANDLED : UI_PASS_ON);
}

static bool takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    (void)data;
    return mouse->action == MOUSE_PRESS ? UI_DONE | UI_CLOSE : UI_HANDLED;
}

static unsigned on_paste(void *data, struct str text)
{
    (void)data;
    (void)text;
    return UI_REDRAW | UI_CLOSE | UI_PASS_ON;
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    (void)data;
    (void)right;
    buf_append_c(left, "Welcome to bylaw");
}

static const char *key_line(const void *data)
{
    (void)data;
    return "Any key|goes on";
}

static void destroy(void *data)
{
    remember();
    free(data);
}

static const struct pane_ops tour_ops = {.name = "tour",
    .draw = draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .paste = on_paste,
    .title = title,
    .key_line = key_line,
    .destroy = destroy};

void tour_open(struct app *app)
{
    if (app_has_overlay(app, tour_ops.name)) {
        return;
    }
    struct tour *tour = MEM_NEW(struct tour);
    tour->app = app;
    app_push(app, (struct pane){&tour_ops, tour}, OVERLAY_CENTRE, TOUR_ROWS, TOUR_COLS);
}

void tour_open_first(struct app *app)
{
    struct err err;
    const char *wish = getenv("BYLAW_TOUR");
    char *state = path_home_dir(PATH_STATE, &err);
    char *file = state == NULL ? NULL : path_join(state, "tour-seen");
    if (file != NULL && access(file, F_OK) != 0 && (wish == NULL || strcmp(wish, "0") != 0)) {
        tour_open(app);
    }
    free(file);
    free(state);
}
