#include "trust_box.h"

#include "base/safe.h"
#include "base/vec.h"
#include "widget/textview.h"

#include <stdlib.h>

enum { BOX_ROWS = 30, BOX_COLS = 100, HEAD_ROWS = 2 };

struct trust_box {
    struct app *app;
    struct vetting vetting;
    size_t at;
    bool *shown; /* each: it was on the screen */
    bool warned; /* that some were not: the same key once more means it */
    struct textview *view;
    void (*changed)(void *data);
    void *data;
};

static void fill(struct trust_box *box)
{
    textview_clear(box->view);
    struct str rest = str_of(box->vetting.items[box->at].shown);
    struct str line;
    while (str_next_line(&rest, &line)) {
        struct buf safe = BUF_INIT;
        safe_append(&safe, line, SAFE_ONE_LINE);
        textview_line(box->view, NULL);
        textview_span(box->view, buf_str(&safe), STYLE(TEXT));
        buf_free(&safe);
    }
    textview_show_line(box->view, 0, true);
}

static void go(struct trust_box *box, size_t at)
{
    box->at = at;
    box->shown[at] = true;
    fill(box);
}

/* The next one that waits, after the one shown and around; false: none does. */
static bool go_on(struct trust_box *box)
{
    size_t count = box->vetting.len;
    for (size_t i = 1; i <= count; i++) {
        size_t at = (box->at + i) % count;
        if (box->vetting.items[at].answer == TRUST_UNKNOWN) {
            go(box, at);
            return true;
        }
    }
    return false;
}

static bool answer(struct trust_box *box, size_t index, enum trust_answer answer)
{
    struct err err;
    if (!vetting_answer(&box->vetting, index, answer, &err)) {
        app_message(box->app, MESSAGE_ERROR, "%s", err.text);
        return false;
    }
    return true;
}

static unsigned after(struct trust_box *box)
{
    if (box->changed != NULL) {
        box->changed(box->data);
    }
    if (go_on(box)) {
        return UI_DONE;
    }
    size_t trusted = 0;
    VEC_FOREACH (const struct vetted, item, &box->vetting) {
        trusted += item->answer == TRUST_YES;
    }
    app_message(box->app, MESSAGE_INFO, "Trusted: %zu of %zu that come with the repository.",
        trusted, box->vetting.len);
    return UI_DONE | UI_CLOSE;
}

static unsigned answer_one(struct trust_box *box, enum trust_answer what)
{
    return answer(box, box->at, what) ? after(box) : UI_DONE;
}

static unsigned answer_rest(struct trust_box *box, enum trust_answer what)
{
    for (size_t i = 0; i < box->vetting.len; i++) {
        if (box->vetting.items[i].answer == TRUST_UNKNOWN && !answer(box, i, what)) {
            return UI_DONE;
        }
    }
    return after(box);
}

/* What nobody has looked at is trusted only by who says so twice. */
static unsigned trust_rest(struct trust_box *box)
{
    size_t unseen = 0;
    for (size_t i = 0; i < box->vetting.len; i++) {
        unseen += box->vetting.items[i].answer == TRUST_UNKNOWN && !box->shown[i];
    }
    if (unseen == 0 || box->warned) {
        return answer_rest(box, TRUST_YES);
    }
    box->warned = true;
    app_message(box->app, MESSAGE_WARNING,
        "%zu of them you have not looked at: Tab shows the next, T once more trusts all.", unseen);
    return UI_DONE;
}

static void draw(void *data, struct region region, bool focused)
{
    struct trust_box *box = data;
    const struct vetted *item = &box->vetting.items[box->at];
    int cols = region_cols(region);
    struct buf head = BUF_INIT;
    buf_printf(&head, "%zu of %zu  %s", box->at + 1, box->vetting.len, item->title);
    grid_put_fit(region, 0, 0, cols, buf_str(&head), STYLE(HEADING));
    buf_free(&head);
    enum style_id style = item->answer == TRUST_YES  ? STYLE_PASS
                          : item->answer == TRUST_NO ? STYLE_DIM
                                                     : STYLE_WARNING;
    /* The state first: where there is little room, a folder's name is what is cut. */
    int col = grid_put_fit(region, 1, 0, cols, str_of(vetted_state(item)),
        (struct style){(uint16_t)style, STYLE_NONE, 0});
    struct buf where = BUF_INIT;
    buf_printf(&where, "in %s", item->file);
    grid_put_fit(region, 1, col + 2, cols - col - 2, buf_str(&where), STYLE(DIM));
    buf_free(&where);
    textview_draw(box->view,
        region_sub(region, HEAD_ROWS, 0, region_rows(region) - HEAD_ROWS, cols), focused);
}

static unsigned on_key(void *data, const struct key *key)
{
    struct trust_box *box = data;
    size_t count = box->vetting.len;
    if (key_is_char(key, 'T')) {
        return trust_rest(box);
    }
    box->warned = false;
    if (key_is_char(key, 't')) {
        return answer_one(box, TRUST_YES);
    }
    if (key_is_char(key, 'x')) {
        return answer_one(box, TRUST_NO);
    }
    if (key_is_char(key, 'X')) {
        return answer_rest(box, TRUST_NO);
    }
    if (key->code == K_RIGHT || (key->code == K_TAB && (key->mods & MOD_SHIFT) == 0)) {
        go(box, (box->at + 1) % count);
        return UI_DONE;
    }
    if (key->code == K_LEFT || key->code == K_TAB) {
        go(box, (box->at + count - 1) % count);
        return UI_DONE;
    }
    if (key_is_char(key, 'q')) {
        return UI_DONE | UI_CLOSE;
    }
    return textview_key(box->view, key, true);
}

static bool takes_text(const void *data)
{
    (void)data;
    return true; /* its letters are answers */
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct trust_box *box = data;
    return textview_mouse(box->view, mouse);
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    (void)data;
    buf_append_c(left, "What this repository brings for the agent");
    buf_append_c(right, "Esc later");
}

static const char *key_line(const void *data)
{
    (void)data;
    return "t|trust this|x|refuse this|T|trust all|X|refuse all|Tab|next|Esc|later";
}

static void destroy(void *data)
{
    struct trust_box *box = data;
    vetting_free(&box->vetting);
    textview_free(box->view);
    free(box->shown);
    free(box);
}

static const struct pane_ops trust_box_ops = {.name = "trust",
    .draw = draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .title = title,
    .key_line = key_line,
    .destroy = destroy};

void trust_box_open(
    struct app *app, struct vetting *vetting, void (*changed)(void *data), void *data)
{
    if (vetting->len == 0) {
        vetting_free(vetting);
        app_message(app, MESSAGE_INFO, "The repository brings no hooks and no skills.");
        return;
    }
    struct trust_box *box = MEM_NEW(struct trust_box);
    *box = (struct trust_box){.app = app,
        .vetting = *vetting,
        .at = vetting->len - 1,
        .shown = mem_zalloc(vetting->len * sizeof(bool)),
        .view = textview_new(),
        .changed = changed,
        .data = data};
    if (!go_on(box)) {
        go(box, 0);
    }
    app_push(app, (struct pane){&trust_box_ops, box}, OVERLAY_CENTRE, BOX_ROWS, BOX_COLS);
}
