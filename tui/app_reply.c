/* What the app asks the terminal when it takes it, and what it makes of the answers. Nothing waits
 * for them: a terminal that does not answer is as most are. */
#include "app_private.h"

#include "base/utf8.h"

#include <stdlib.h>

#define REPLY_WAIT_MS  2000
#define ASK_BACKGROUND "\033]11;?\033\\"
/* Whether it knows of focus reports (DECRQM of mode 1004); tmux, which hands none on unless it is
 * told to (focus-events), does not answer. */
#define ASK_FOCUS      "\033[?1004$p"
#define ASK_ATTRIBUTES "\033[c"
/* One character of ambiguous width at the beginning of the second row (an answer of the first looks
 * like the key F3), and where the cursor is then. The first frame clears the screen. */
#define ASK_AMBIGUOUS "\033[2;1H▽\033[6n\r\033[K"

void app_on_reply_time(void *data)
{
    struct app *app = data;
    input_expect_replies(app->input, false);
}

/* 0: as the terminal says. */
int app_ambiguous_wish(const struct app *app)
{
    const char *wish = app->options.ambiguous_width;
    bool fixed = wish != NULL && (wish[0] == '1' || wish[0] == '2');
    return app->options.ascii ? 1 : fixed ? wish[0] - '0' : 0;
}

void app_set_ambiguous_width(struct app *app, int columns)
{
    bool differs = utf8_ambiguous_width() != (columns == 2 ? 2 : 1);
    utf8_set_ambiguous_width(columns);
    if (differs && app->grid != NULL) {
        grid_set_ascii(app->grid, app->options.ascii || columns == 2);
        if (app->output != NULL) {
            output_invalidate(app->output); /* what stood in two columns is not where it was put */
        }
        app_redraw(app);
    }
}

void app_ask_terminal(struct app *app)
{
    /* What it is comes last: that is answered by all, so nothing is waited for that will not come.
     */
    if (app_ambiguous_wish(app) == 0) {
        output_control(app->output, STR_LIT(ASK_AMBIGUOUS));
    }
    output_control(app->output, STR_LIT(ASK_BACKGROUND ASK_FOCUS ASK_ATTRIBUTES));
    input_expect_replies(app->input, true);
    loop_timer_start(app->reply_timer, REPLY_WAIT_MS, 0);
}

/* "[2;3R": the cursor went on by two columns. Only what was asked is an answer. */
static void take_place(struct app *app, struct str reply)
{
    bool wide = str_equal_c(reply, "[2;3R");
    if (app_ambiguous_wish(app) == 0 && (wide || str_equal_c(reply, "[2;2R"))) {
        app_set_ambiguous_width(app, wide ? 2 : 1);
    }
}

/* The first two hex digits of one channel; moves *rest past its '/'. -1 when they are not there. */
static int take_channel(struct str *rest)
{
    int value = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *digits = "0123456789abcdef";
        char c = i < rest->len ? (char)(rest->ptr[i] | 0x20) : '\0';
        const char *found = c == '\0' ? NULL : strchr(digits, c);
        if (found == NULL) {
            return -1;
        }
        value = value * 16 + (int)(found - digits);
    }
    size_t slash = str_find_char(*rest, '/', 0);
    *rest = slash == SIZE_MAX ? str_from(*rest, rest->len) : str_from(*rest, slash + 1);
    return value;
}

/* "]11;rgb:1c1c/2121/2828": how light is it? -1 when it is something else. */
static int background_light(struct str reply)
{
    const char *prefix = "]11;rgb:";
    if (!str_starts(reply, prefix)) {
        return -1;
    }
    struct str rest = str_from(reply, strlen(prefix));
    int red = take_channel(&rest);
    int green = take_channel(&rest);
    int blue = take_channel(&rest);
    if (red < 0 || green < 0 || blue < 0) {
        return -1;
    }
    return 299 * red + 587 * green + 114 * blue > 128 * 1000 ? 1 : 0;
}

void app_reply(struct app *app, struct str reply)
{
    if (app_clipboard_reply(app, reply)) {
        return;
    }
    if (str_starts(reply, "[?") && str_ends(reply, "c")) {
        input_expect_replies(app->input, false); /* the last answer we asked for */
        return;
    }
    if (str_starts(reply, "[?1004;") && str_ends(reply, "$y")) {
        app->tells_focus = str_equal_c(reply, "[?1004;1$y") || str_equal_c(reply, "[?1004;2$y");
        return;
    }
    if (str_starts(reply, "[") && str_ends(reply, "R")) {
        take_place(app, reply);
        return;
    }
    int light = str_equal_c(reply, "[?997;1n")   ? 0 /* mode 2031: the colours became dark */
                : str_equal_c(reply, "[?997;2n") ? 1
                                                 : background_light(reply);
    if (light >= 0 && !app->theme_fixed && theme_is_light(app->theme) != (light == 1) &&
        app->output != NULL && output_depth(app->output) > COLOUR_16) {
        struct err err;
        (void)app_set_theme(app, light == 1 ? "light" : "dark", &err); /* else as it was */
        app->theme_fixed = false;
    }
}

void app_append_notification(bool ring, const char *text, struct buf *out)
{
    const char *term = getenv("TERM");
    const char *tmux = getenv("TMUX");
    bool console = term != NULL && strcmp(term, "linux") == 0; /* would print it */
    if (text != NULL && tmux != NULL && tmux[0] != '\0') {
        buf_printf(out, "\033Ptmux;\033\033]9;%s\a\033\\", text);
    } else if (text != NULL && !console) {
        buf_printf(out, "\033]9;%s\033\\", text);
    }
    if (ring || console) {
        buf_append_char(out, '\a');
    }
}

void app_notify(struct app *app, bool ring, const char *text)
{
    struct buf out = BUF_INIT;
    app_append_notification(ring, text, &out);
    if (app->output != NULL && out.len > 0) {
        output_control(app->output, buf_str(&out));
    }
    buf_free(&out);
}
