#include "widget/dialog.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "widget/edit.h"
#include "widget/textview.h"

#define DIALOG_COLS 64
/* Columns of a label and the blanks behind it. */
#define LABEL_MOST 16

/* Text with choices below it; a message is one without choices. */
struct choose {
    struct app *app;
    char *title;
    struct textview *text;
    struct {
        struct dialog_choice *items;
        size_t len, cap;
    } choices;
    size_t active;
    void (*done)(void *data, int choice);
    void *data;
};

static void choose_answer(struct choose *choose, int answer)
{
    void (*done)(void *, int) = choose->done;
    void *data = choose->data;
    choose->done = NULL;
    app_pop(choose->app, choose);
    if (done != NULL) {
        done(data, answer);
    }
}

static int foot_of(const struct choose *choose)
{
    return choose->choices.len > 0 ? 2 : 0;
}

static int choose_height(void *data, int cols)
{
    struct choose *choose = data;
    return (int)textview_height(choose->text, cols - 1) + foot_of(choose);
}

static void choose_draw(void *data, struct region region, bool focused)
{
    struct choose *choose = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    int foot = foot_of(choose);
    textview_draw(choose->text, region_sub(region, 0, 0, rows - foot, cols), focused);
    int col = 0;
    for (size_t i = 0; i < choose->choices.len; i++) {
        const struct dialog_choice *choice = &choose->choices.items[i];
        struct style style = i == choose->active ? STYLE(TAB_ACTIVE) : STYLE(TAB);
        int start = col;
        col += grid_put_c(region, rows - 1, col, i == choose->active ? "[" : " ", style);
        col += grid_put_c(region, rows - 1, col, choice->label, style);
        col += grid_put_c(region, rows - 1, col, i == choose->active ? "]" : " ", style);
        if (choice->key != '\0') {
            col += grid_printf(region, rows - 1, col, STYLE(KEY), " %c", choice->key);
        }
        col += 3;
        if (col > cols && start > 0) {
            break;
        }
    }
}

static unsigned choose_key(void *data, const struct key *key)
{
    struct choose *choose = data;
    size_t count = choose->choices.len;
    if (count == 0) {
        if (key->code == K_ENTER || key_is_char(key, 'q') || key_is_char(key, ' ')) {
            choose_answer(choose, -1);
            return UI_DONE;
        }
        return textview_key(choose->text, key, true);
    }
    if (key->code == K_ENTER && key->mods == 0) {
        choose_answer(choose, (int)choose->active);
        return UI_DONE;
    }
    if (key->code == K_TAB || key->code == K_RIGHT || key->code == K_LEFT) {
        bool back = key->code == K_LEFT || (key->mods & MOD_SHIFT) != 0;
        choose->active = (choose->active + (back ? count - 1 : 1)) % count;
        return UI_DONE;
    }
    for (size_t i = 0; i < count; i++) {
        char c = choose->choices.items[i].key;
        if (c != '\0' && (key_is_char(key, c) ||
                             (c >= 'a' && c <= 'z' && key_is_char(key, (char)(c - 'a' + 'A'))))) {
            choose_answer(choose, (int)i);
            return UI_DONE;
        }
    }
    return textview_key(choose->text, key, false);
}

static unsigned choose_escape(void *data)
{
    choose_answer(data, -1);
    return UI_DONE;
}

static unsigned choose_mouse(void *data, const struct mouse *mouse)
{
    struct choose *choose = data;
    return textview_mouse(choose->text, mouse);
}

static bool choose_takes_text(const void *data)
{
    (void)data;
    return true; /* its letters are answers */
}

static void choose_title(const void *data, struct buf *left, struct buf *right)
{
    const struct choose *choose = data;
    buf_append_c(left, choose->title);
    if (choose->choices.len == 0) {
        buf_append_c(right, "Enter closes");
    }
}

static const char *choose_key_line(const void *data)
{
    const struct choose *choose = data;
    return choose->choices.len == 0 ? "Enter|close" : "Enter|choose|Tab|the next answer|Esc|cancel";
}

static void choose_destroy(void *data)
{
    struct choose *choose = data;
    VEC_FOREACH (struct dialog_choice, choice, &choose->choices) {
        free((char *)choice->label);
    }
    VEC_FREE(&choose->choices);
    textview_free(choose->text);
    free(choose->title);
    void (*done)(void *, int) = choose->done;
    void *done_data = choose->data;
    free(choose);
    if (done != NULL) {
        done(done_data, -1);
    }
}

static const struct pane_ops choose_ops = {.name = "choose",
    .draw = choose_draw,
    .key = choose_key,
    .takes_text = choose_takes_text,
    .mouse = choose_mouse,
    .escape = choose_escape,
    .title = choose_title,
    .height = choose_height,
    .key_line = choose_key_line,
    .destroy = choose_destroy};

/* "Model        gpt-5.5 …": what goes on in the next row stands below what it belongs to. */
static int hang_of(struct str line)
{
    size_t gap = str_find(line, STR_LIT("  "), 0);
    size_t at = gap;
    while (at < line.len && line.ptr[at] == ' ') {
        at++;
    }
    return gap != SIZE_MAX && gap > 0 && at <= LABEL_MOST ? (int)at : 0;
}

static void add_text(struct textview *view, struct str text)
{
    size_t start = 0;
    while (start == 0 || start < text.len) {
        size_t end = str_find_char(text, '\n', start);
        end = end == SIZE_MAX ? text.len : end;
        struct str line = str_slice(text, start, end);
        textview_line(view, &(struct textview_line){.hang = hang_of(line), .fill = STYLE(TEXT)});
        textview_span(view, line, STYLE(TEXT));
        start = end + 1;
    }
}

static struct choose *open_choose(struct app *app, const char *title, struct str text,
    const struct dialog_choice *choices, size_t count)
{
    struct choose *choose = MEM_NEW(struct choose);
    choose->app = app;
    choose->title = mem_strdup(title);
    choose->text = textview_new();
    add_text(choose->text, text);
    textview_show_line(choose->text, 0, true);
    size_t wide = 0;
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(
            &choose->choices, (struct dialog_choice){choices[i].key, mem_strdup(choices[i].label)});
        wide += utf8_width(str_of(choices[i].label)) + 7;
    }
    int cols = wide > DIALOG_COLS ? (int)wide : DIALOG_COLS;
    app_push(
        app, (struct pane){&choose_ops, choose}, OVERLAY_CENTRE, choose_height(choose, cols), cols);
    return choose;
}

void dialog_message(struct app *app, const char *title, struct str text)
{
    open_choose(app, title, text, NULL, 0);
}

void dialog_choose(struct app *app, const char *title, struct str text,
    const struct dialog_choice *choices, size_t count, void (*done)(void *data, int choice),
    void *data)
{
    struct choose *choose = open_choose(app, title, text, choices, count);
    choose->done = done;
    choose->data = data;
}

struct confirm {
    void (*done)(void *data, bool yes);
    void *data;
};

static void confirm_done(void *data, int choice)
{
    struct confirm *confirm = data;
    struct confirm copy = *confirm;
    free(confirm);
    copy.done(copy.data, choice == 0);
}

void dialog_confirm(struct app *app, const char *title, struct str text, const char *yes,
    const char *no, void (*done)(void *data, bool yes), void *data)
{
    struct confirm *confirm = MEM_NEW(struct confirm);
    confirm->done = done;
    confirm->data = data;
    struct dialog_choice choices[] = {{'y', yes}, {'n', no}};
    dialog_choose(app, title, text, choices, ARRAY_LEN(choices), confirm_done, confirm);
}

/* A text to type. */
struct prompt {
    struct app *app;
    char *title, *hint;
    struct edit *edit;
    bool multiline;
    void (*done)(void *data, struct str text);
    void *data;
};

static void prompt_draw(void *data, struct region region, bool focused)
{
    struct prompt *prompt = data;
    edit_draw(prompt->edit, region, focused, STYLE(TEXT), prompt->hint);
}

static unsigned prompt_key(void *data, const struct key *key)
{
    struct prompt *prompt = data;
    bool send = prompt->multiline
                    ? key_is_ctrl(key, 's') || (key->code == K_ENTER && key->mods == MOD_ALT)
                    : key->code == K_ENTER && key->mods == 0;
    if (!send) {
        return edit_key(prompt->edit, key, true);
    }
    void (*done)(void *, struct str) = prompt->done;
    void *done_data = prompt->data;
    char *text = str_dup(edit_text(prompt->edit));
    prompt->done = NULL;
    app_pop(prompt->app, prompt);
    if (done != NULL) {
        done(done_data, str_of(text));
    }
    free(text);
    return UI_DONE;
}

static bool prompt_takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned prompt_mouse(void *data, const struct mouse *mouse)
{
    struct prompt *prompt = data;
    return edit_mouse(prompt->edit, mouse);
}

static unsigned prompt_paste(void *data, struct str text)
{
    struct prompt *prompt = data;
    edit_insert(prompt->edit, text);
    return UI_DONE;
}

static void prompt_title(const void *data, struct buf *left, struct buf *right)
{
    const struct prompt *prompt = data;
    buf_append_c(left, prompt->title);
    buf_append_c(right, prompt->multiline ? "^S done  Esc cancel" : "Enter done  Esc cancel");
}

static const char *prompt_key_line(const void *data)
{
    const struct prompt *prompt = data;
    return prompt->multiline ? "^S|done|Enter|new line|Esc|cancel" : "Enter|done|Esc|cancel";
}

static void prompt_destroy(void *data)
{
    struct prompt *prompt = data;
    void (*done)(void *, struct str) = prompt->done;
    void *done_data = prompt->data;
    edit_free(prompt->edit);
    free(prompt->title);
    free(prompt->hint);
    free(prompt);
    if (done != NULL) {
        done(done_data, (struct str){NULL, 0});
    }
}

static const struct pane_ops prompt_ops = {.name = "prompt",
    .draw = prompt_draw,
    .key = prompt_key,
    .takes_text = prompt_takes_text,
    .mouse = prompt_mouse,
    .paste = prompt_paste,
    .title = prompt_title,
    .key_line = prompt_key_line,
    .destroy = prompt_destroy};

void dialog_prompt(struct app *app, const struct dialog_prompt *options)
{
    struct prompt *prompt = MEM_NEW(struct prompt);
    prompt->app = app;
    prompt->title = mem_strdup(options->title);
    prompt->hint = mem_strdup(options->hint);
    prompt->edit = edit_new(options->multiline);
    prompt->multiline = options->multiline;
    prompt->done = options->done;
    prompt->data = options->data;
    if (options->initial.len > 0) {
        edit_set(prompt->edit, options->initial);
    }
    int rows = options->rows > 0 ? options->rows : options->multiline ? 8 : 1;
    int cols = options->cols > 0 ? options->cols : DIALOG_COLS;
    app_push(app, (struct pane){&prompt_ops, prompt}, OVERLAY_CENTRE, rows, cols);
}
