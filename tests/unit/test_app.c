/* The frame with panes made for the test: where keys, pastes and clicks go, overlays, messages. */
#include "test.h"

#include "app.h"
#include "app_private.h"
#include "help.h"
#include "palette.h"
#include "widget/dialog.h"
#include "widget/picker.h"

#include <stdio.h>
#include <stdlib.h>

struct fake {
    struct app *app;
    const char *name;
    struct buf log;
    bool text; /* takes text */
    bool ignore_keys;
    bool escapes; /* has something for Esc to close */
    const char *why_not;
    const char *unsaved;
    int *destroyed;
};

static void fake_draw(void *data, struct region region, bool focused)
{
    struct fake *fake = data;
    grid_printf(region, 0, 0, STYLE(TEXT), "%s %dx%d%s", fake->name, region_rows(region),
        region_cols(region), focused ? " focused" : "");
}

static unsigned fake_key(void *data, const struct key *key)
{
    struct fake *fake = data;
    if (fake->ignore_keys) {
        return UI_IGNORED;
    }
    buf_append_char(&fake->log, '<');
    key_append_name(&fake->log, key);
    buf_append_char(&fake->log, '>');
    return UI_DONE;
}

static bool fake_takes_text(const void *data)
{
    return ((const struct fake *)data)->text;
}

static unsigned fake_mouse(void *data, const struct mouse *mouse)
{
    struct fake *fake = data;
    buf_printf(&fake->log, "m%d,%d,%d;", (int)mouse->action, mouse->row, mouse->col);
    return UI_DONE;
}

static unsigned fake_paste(void *data, struct str text)
{
    struct fake *fake = data;
    buf_printf(&fake->log, "paste[%.*s]", STR_FMT(text));
    return UI_DONE;
}

static unsigned fake_escape(void *data)
{
    struct fake *fake = data;
    if (!fake->escapes) {
        return UI_IGNORED;
    }
    fake->escapes = false;
    buf_append_c(&fake->log, "closed;");
    return UI_DONE;
}

static void fake_focus(void *data, bool focused)
{
    struct fake *fake = data;
    buf_append_c(&fake->log, focused ? "+focus;" : "-focus;");
}

static bool fake_unsaved(const void *data, struct buf *why)
{
    const struct fake *fake = data;
    if (fake->unsaved == NULL) {
        return false;
    }
    buf_append_c(why, fake->unsaved);
    return true;
}

static void fake_destroy(void *data)
{
    struct fake *fake = data;
    if (fake->destroyed != NULL) {
        (*fake->destroyed)++;
    }
    buf_free(&fake->log);
    free(fake);
}

static unsigned do_accept(void *data)
{
    buf_append_c(&((struct fake *)data)->log, "accept;");
    return UI_DONE;
}

static unsigned do_next(void *data)
{
    buf_append_c(&((struct fake *)data)->log, "next;");
    return UI_DONE;
}

static unsigned do_interrupt(void *data)
{
    buf_append_c(&((struct fake *)data)->log, "interrupt;");
    return UI_DONE;
}

static const char *accept_why_not(void *data)
{
    return ((struct fake *)data)->why_not;
}

static const struct action fake_actions[] = {
    {"fake.accept", "accept", "Accept it", "a ctrl-s", NULL, ACTION_KEY_LINE, do_accept,
        accept_why_not},
    {"fake.next", "next", "Next failure", "]t", NULL, 0, do_next, NULL},
    {"fake.interrupt", "interrupt", "Interrupt the turn", "esc", NULL, 0, do_interrupt, NULL},
};
static const struct action_set fake_set = ACTION_SET("fake", "Fake", fake_actions);

static const struct pane_ops fake_ops = {.name = "fake",
    .actions = &fake_set,
    .draw = fake_draw,
    .key = fake_key,
    .takes_text = fake_takes_text,
    .mouse = fake_mouse,
    .paste = fake_paste,
    .escape = fake_escape,
    .focus = fake_focus,
    .unsaved = fake_unsaved,
    .destroy = fake_destroy};

struct world {
    struct loop *loop;
    struct app *app;
    struct fake *panes[SLOT_COUNT];
};

static struct fake *make_fake(struct app *app, const char *name)
{
    struct fake *fake = MEM_NEW(struct fake);
    fake->app = app;
    fake->name = name;
    return fake;
}

static int set_up(void **state)
{
    static const char *const names[] = {"one", "two", "three"};
    struct err err;
    struct world *world = MEM_NEW(struct world);
    world->loop = loop_new(&err);
    struct app_options options = {.mouse = true};
    world->app = app_new(world->loop, &options, &err);
    if (world->app == NULL) {
        return -1;
    }
    for (int i = 0; i < SLOT_COUNT; i++) {
        world->panes[i] = make_fake(world->app, names[i]);
        app_set_pane(world->app, (enum slot)i, (struct pane){&fake_ops, world->panes[i]});
    }
    app_paint_to_grid(world->app, 40, 120);
    buf_clear(&world->panes[0]->log);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    app_free(world->app);
    loop_free(world->loop);
    free(world);
    return 0;
}

static void press(struct world *world, const char *names)
{
    struct str rest = str_of(names);
    while (rest.len > 0) {
        size_t end = str_find_char(rest, ' ', 0);
        struct str name = str_slice(rest, 0, end == SIZE_MAX ? rest.len : end);
        struct key key;
        assert_true(key_parse(name, &key));
        app_key(world->app, &key);
        app_paint_to_grid(world->app, 40, 120);
        rest = str_from(rest, name.len + 1);
    }
}

static void assert_log(struct fake *fake, const char *expected)
{
    assert_string_equal(fake->log.len == 0 ? "" : fake->log.ptr, expected);
    buf_clear(&fake->log);
}

static bool screen_has(struct world *world, const char *text)
{
    struct buf out = BUF_INIT;
    grid_dump_text(app_paint_to_grid(world->app, 40, 120), &out);
    bool found = strstr(out.ptr, text) != NULL;
    buf_free(&out);
    return found;
}

static void test_keys_and_actions(void **state)
{
    struct world *world = *state;
    struct fake *one = world->panes[0];
    press(world, "a");
    assert_log(one, "accept;");
    press(world, "x ] t z ctrl-s");
    assert_log(one, "<x>next;<z>accept;");
    /* A sequence that does not go on: the key means what it means by itself. */
    press(world, "] a");
    assert_log(one, "accept;");
    press(world, "] ]");
    press(world, "t");
    assert_log(one, "next;");
    /* Esc drops a begun sequence first, then comes the action. */
    press(world, "] esc t");
    assert_log(one, "<t>");
    press(world, "esc");
    assert_log(one, "interrupt;");
    one->escapes = true;
    press(world, "esc esc");
    assert_log(one, "closed;interrupt;");
}

static void test_text_comes_first(void **state)
{
    struct world *world = *state;
    struct fake *one = world->panes[0];
    one->text = true;
    press(world, "a ? ] t enter tab backspace");
    assert_log(one, "<a><?><]><t><Enter><Tab><Backspace>");
    /* Modified keys are actions still. */
    press(world, "ctrl-s alt-2");
    assert_log(one, "accept;-focus;");
    assert_log(world->panes[1], "+focus;");
    press(world, "alt-1");
    buf_clear(&one->log);
    /* What a text field has no use for is looked up. */
    one->ignore_keys = true;
    press(world, "a tab");
    assert_log(one, "accept;-focus;");
}

static void test_focus(void **state)
{
    struct world *world = *state;
    press(world, "tab");
    assert_log(world->panes[0], "-focus;");
    assert_log(world->panes[1], "+focus;");
    assert_true(screen_has(world, "two 24x69 focused"));
    press(world, "shift-tab shift-tab");
    assert_log(world->panes[2], "+focus;");
    assert_true(app_has_focus(world->app, world->panes[2]));
    press(world, "alt-z");
    assert_false(screen_has(world, "one "));
    press(world, "alt-z alt-0");
    assert_false(screen_has(world, "three"));
    assert_false(app_has_focus(world->app, world->panes[2]));
    press(world, "alt-3");
    assert_true(screen_has(world, "three"));
}

/* What has no room in the key line is read to its end, and gone with the next key. */
static void test_long_message(void **state)
{
    struct world *world = *state;
    struct buf before = BUF_INIT;
    struct buf with = BUF_INIT;
    struct buf after = BUF_INIT;
    struct key key = key_of_code(K_F12, 0);
    grid_dump_text(app_paint_to_grid(world->app, 24, 80), &before);
    app_message(world->app, MESSAGE_WARNING,
        "a name of forty characters or so cannot be given to a rule in a package that has it "
        "already: choose another one");
    grid_dump_text(app_paint_to_grid(world->app, 24, 80), &with);
    assert_non_null(strstr(with.ptr, "a name of forty"));
    assert_non_null(strstr(with.ptr, "choose another one"));
    app_key(world->app, &key);
    grid_dump_text(app_paint_to_grid(world->app, 24, 80), &after);
    assert_string_equal(after.ptr, before.ptr);
    buf_free(&before);
    buf_free(&with);
    buf_free(&after);
}

static void test_a_message_is_one_line(void **state)
{
    struct world *world = *state;
    app_message(world->app, MESSAGE_ERROR, "\n  it failed \n  in line 2\n");
    assert_string_equal(app_message_text(world->app), "it failed …");
    app_message(world->app, MESSAGE_ERROR, "it failed\r\n\n");
    assert_string_equal(app_message_text(world->app), "it failed");
    app_message(world->app, MESSAGE_WARNING, "%s", "");
    assert_string_equal(app_message_text(world->app), "");
}

/* What comes by itself takes the place of no answer: it is said when the next key takes that away,
 * unless that is answered, too. */
static void test_a_notice_waits_for_the_answer(void **state)
{
    struct world *world = *state;
    app_notice(world->app, "nothing was said yet");
    assert_string_equal(app_message_text(world->app), "nothing was said yet");
    app_notice(world->app, "another one");
    assert_string_equal(app_message_text(world->app), "another one");
    world->panes[0]->why_not = "there is nothing to accept";
    press(world, "a");
    app_notice(world->app, "from outside");
    assert_true(screen_has(world, "! there is nothing to accept"));
    press(world, "a");
    assert_true(screen_has(world, "! there is nothing to accept"));
    press(world, "x");
    assert_true(screen_has(world, "from outside"));
    press(world, "x");
    assert_false(screen_has(world, "from outside"));
}

static void test_refused_action_says_why(void **state)
{
    struct world *world = *state;
    world->panes[0]->why_not = "there is nothing to accept";
    press(world, "a");
    assert_log(world->panes[0], "");
    assert_string_equal(app_message_text(world->app), "there is nothing to accept");
    assert_true(screen_has(world, "! there is nothing to accept"));
    press(world, "x");
    assert_string_equal(app_message_text(world->app), "");
    assert_false(app_run_action(world->app, "fake.accept"));
    world->panes[0]->why_not = NULL;
    assert_true(app_run_action(world->app, "fake.accept"));
    assert_false(app_run_action(world->app, "no.such"));
}

static void test_overlay(void **state)
{
    struct world *world = *state;
    int destroyed = 0;
    struct fake *view = make_fake(world->app, "view");
    view->destroyed = &destroyed;
    view->text = true;
    app_push(world->app, (struct pane){&fake_ops, view}, OVERLAY_CENTRE, 5, 40);
    assert_true(screen_has(world, "view 5x40 focused"));
    assert_log(world->panes[0], "-focus;");
    press(world, "q");
    assert_log(view, "<q>");
    /* A dialog: the panes behind it are out of reach. */
    press(world, "alt-2");
    assert_false(app_has_focus(world->app, world->panes[1]));
    buf_clear(&view->log);
    app_paste(world->app, STR_LIT("text"));
    assert_log(view, "paste[text]");
    view->escapes = true;
    press(world, "esc");
    assert_int_equal(destroyed, 0);
    press(world, "esc");
    assert_int_equal(destroyed, 1);
    assert_log(world->panes[0], "+focus;");
    /* A full view leaves the way to the panes open. */
    view = make_fake(world->app, "view");
    view->destroyed = &destroyed;
    app_push(world->app, (struct pane){&fake_ops, view}, OVERLAY_FULL, 0, 0);
    assert_true(screen_has(world, "view 38x120 focused"));
    assert_false(screen_has(world, "one "));
    press(world, "alt-2");
    assert_int_equal(destroyed, 2);
    assert_true(app_has_focus(world->app, world->panes[1]));
}

static void long_title(const void *data, struct buf *left, struct buf *right)
{
    (void)data;
    buf_append_c(left, "A name as long as the box");
    buf_append_c(right, "^S write  Esc back");
}

/* The keys of a box stand below, its name above: neither takes room from the other. */
static void test_keys_of_a_small_box(void **state)
{
    struct world *world = *state;
    struct pane_ops ops = fake_ops;
    ops.title = long_title;
    struct fake *box = make_fake(world->app, "box");
    app_push(world->app, (struct pane){&ops, box}, OVERLAY_CENTRE, 5, 30);
    struct buf out = BUF_INIT;
    grid_dump_text(app_paint_to_grid(world->app, 10, 40), &out);
    assert_non_null(strstr(out.ptr, "A name as long as the box"));
    assert_non_null(strstr(out.ptr, "^S write  Esc back"));
    buf_free(&out);
    assert_true(app_pop(world->app, box));
}

static int answer;
static char typed[64];

static void on_choice(void *data, int choice)
{
    (void)data;
    answer = choice;
}

static void on_text(void *data, struct str text)
{
    (void)data;
    snprintf(typed, sizeof typed, "%.*s", text.ptr == NULL ? 9 : (int)text.len,
        text.ptr == NULL ? "cancelled" : text.ptr);
}

static void test_dialogs(void **state)
{
    struct world *world = *state;
    static const struct dialog_choice choices[] = {{'o', "Overwrite"}, {'k', "Keep mine"}};
    const struct {
        const char *keys;
        int answer;
    } table[] = {{"enter", 0}, {"k", 1}, {"tab enter", 1}, {"esc", -1}, {"x O", 0}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        answer = 99;
        dialog_choose(
            world->app, "Changed", STR_LIT("The file was changed."), choices, 2, on_choice, NULL);
        assert_true(screen_has(world, "[Overwrite]"));
        press(world, table[i].keys);
        assert_int_equal(answer, table[i].answer);
        assert_false(screen_has(world, "Changed"));
    }
    struct dialog_prompt prompt = {.title = "Why?", .initial = STR_LIT("no"), .done = on_text};
    dialog_prompt(world->app, &prompt);
    press(world, "t e enter");
    assert_string_equal(typed, "note");
    dialog_prompt(world->app, &prompt);
    press(world, "esc");
    assert_string_equal(typed, "cancelled");
    prompt.multiline = true;
    dialog_prompt(world->app, &prompt);
    press(world, "enter x ctrl-s");
    assert_string_equal(typed, "no\nx");
}

static void test_quit_asks(void **state)
{
    struct world *world = *state;
    world->panes[1]->unsaved = "a.rego is not saved";
    press(world, "ctrl-q");
    assert_true(screen_has(world, "a.rego is not saved"));
    assert_false(world->app->quitting);
    press(world, "ctrl-q"); /* asked once only */
    press(world, "n");
    assert_false(screen_has(world, "a.rego is not saved"));
    press(world, "ctrl-q y");
    assert_true(world->app->quitting);
}

static void reply(struct world *world, const char *text)
{
    struct key key = key_of_code(K_REPLY, 0);
    key.data = str_of(text);
    app_key(world->app, &key);
}

/* A terminal that says nothing of the focus may be one that nobody looks at. */
static void test_who_may_be_away(void **state)
{
    struct world *world = *state;
    struct key out = key_of_code(K_FOCUS_OUT, 0);
    struct key in = key_of_code(K_FOCUS_IN, 0);
    assert_true(app_may_be_away(world->app));
    assert_false(app_is_away(world->app)); /* what is drawn for who looks stays so */
    reply(world, "[?1004;0$y");            /* it does not know the mode */
    assert_true(app_may_be_away(world->app));
    reply(world, "[?1004;1$y");
    assert_false(app_may_be_away(world->app));
    app_key(world->app, &out);
    assert_true(app_may_be_away(world->app));
    app_key(world->app, &in);
    assert_false(app_may_be_away(world->app));
}

static void expect_notification(const char *expected)
{
    struct buf out = BUF_INIT;
    app_append_notification(true, "done", &out);
    assert_string_equal(out.ptr, expected);
    buf_free(&out);
}

/* tmux hands on what is wrapped for it; a console that knows no such sequence would print it. */
static void test_a_notification_is_what_the_terminal_takes(void **state)
{
    (void)state;
    setenv("TERM", "xterm-256color", 1);
    unsetenv("TMUX");
    expect_notification("\033]9;done\033\\\a");
    setenv("TMUX", "/tmp/tmux-0/default,1,0", 1);
    expect_notification("\033Ptmux;\033\033]9;done\a\033\\\a");
    unsetenv("TMUX");
    setenv("TERM", "linux", 1);
    expect_notification("\a");
}

static void test_ctrl_c_twice(void **state)
{
    struct world *world = *state;
    press(world, "ctrl-c");
    assert_log(world->panes[0], "<^C>"); /* the pane's first */
    world->panes[0]->ignore_keys = true;
    press(world, "ctrl-c");
    assert_false(world->app->quitting);
    assert_true(screen_has(world, "^C again quits"));
    press(world, "ctrl-c");
    assert_true(world->app->quitting);
}

static struct key mouse_key(enum mouse_action action, int row, int col)
{
    struct key key = key_of_code(K_MOUSE, 0);
    key.mouse = (struct mouse){.action = action, .button = 1, .row = row, .col = col};
    return key;
}

static void test_mouse(void **state)
{
    struct world *world = *state;
    struct layout *layout = app_layout(world->app);
    struct rect inside = layout->inside[SLOT_EDITOR];
    struct key key = mouse_key(MOUSE_PRESS, inside.row + 3, inside.col + 5);
    app_key(world->app, &key);
    assert_log(world->panes[1], "+focus;m0,3,5;");
    /* A drag that began here comes here, wherever it goes. */
    key = mouse_key(MOUSE_DRAG, inside.row - 2, inside.col - 9);
    app_key(world->app, &key);
    key = mouse_key(MOUSE_RELEASE, 0, 0);
    app_key(world->app, &key);
    char expected[64];
    snprintf(expected, sizeof expected, "m2,-2,-9;m1,%d,%d;", -inside.row, -inside.col);
    assert_log(world->panes[1], expected);
    int col = layout->divider_col;
    key = mouse_key(MOUSE_PRESS, 10, col);
    app_key(world->app, &key);
    key = mouse_key(MOUSE_DRAG, 10, col + 7);
    app_key(world->app, &key);
    assert_int_equal(layout->divider_col, col + 7);
    key = mouse_key(MOUSE_RELEASE, 10, col + 7);
    app_key(world->app, &key);
    assert_log(world->panes[0], "-focus;");
}

static void test_palette_runs_what_is_chosen(void **state)
{
    struct world *world = *state;
    press(world, "ctrl-p");
    assert_true(screen_has(world, "Fake: Accept it"));
    press(world, "n e x t space f a i l enter");
    assert_false(app_has_overlay(world->app, "picker"));
    assert_non_null(strstr(world->panes[0]->log.ptr, "next;"));
    press(world, "f1 q q q q enter");
    assert_true(screen_has(world, "no command is called \"qqqq\""));
}

struct word {
    char told[64];
    int closed;
};

static void word_item(void *data, size_t index, struct picker_item *item)
{
    (void)data;
    item->text = str_of(index == 0 ? "one.rego" : "two.rego");
}

static void word_chosen(void *data, size_t index, struct str query)
{
    struct word *word = data;
    snprintf(word->told, sizeof word->told, "%d|%.*s", index == PICKER_NONE ? -1 : (int)index,
        STR_FMT(query));
}

static void word_closed(void *data)
{
    ((struct word *)data)->closed++;
}

/* A word of a text that goes on ends at a blank: what is typed behind it is no search. */
static void test_a_picker_of_a_word_ends_at_a_blank(void **state)
{
    struct world *world = *state;
    struct word word = {.told = ""};
    struct picker_options options = {.title = "Name it",
        .count = 2,
        .is_word = true,
        .item = word_item,
        .chosen = word_chosen,
        .closed = word_closed,
        .data = &word};
    picker_open(world->app, &options);
    press(world, "t w enter");
    assert_string_equal(word.told, "1|tw");
    picker_open(world->app, &options);
    press(world, "o n e . r e g o space");
    assert_string_equal(word.told, "-1|one.rego ");
    picker_open(world->app, &options);
    press(world, "o");
    app_paste(world->app, STR_LIT("ne and all the rest"));
    assert_string_equal(word.told, "-1|one and all the rest");
    assert_false(app_has_overlay(world->app, "picker"));
    picker_open(world->app, &options);
    press(world, "o backspace");
    assert_true(app_has_overlay(world->app, "picker"));
    press(world, "backspace");
    assert_false(app_has_overlay(world->app, "picker"));
    assert_int_equal(word.closed, 1);
    options.is_word = false;
    picker_open(world->app, &options);
    press(world, "o n e space r e g o enter");
    assert_string_equal(word.told, "0|one rego");
}

static void test_help_is_made_from_the_table(void **state)
{
    struct world *world = *state;
    world->panes[0]->why_not = "nothing is open";
    press(world, "?");
    assert_true(screen_has(world, "a ^S                    Accept it  (not now: nothing is open)"));
    assert_true(screen_has(world, "]t                      Next failure"));
    struct buf narrow = BUF_INIT;
    grid_dump_text(app_paint_to_grid(world->app, 10, 40), &narrow);
    assert_non_null(strstr(narrow.ptr, "│  a ^S     "));
    assert_non_null(strstr(narrow.ptr, "│    Accept it  (not now: "));
    buf_free(&narrow);
    assert_true(screen_has(world, "a ^S                    Accept it  (not now: nothing is open)"));
    press(world, "q");
    assert_false(app_has_overlay(world->app, "help"));
    /* The key that opens it closes it, where it is another one than its own, too. */
    press(world, "f2");
    assert_true(app_has_overlay(world->app, "help"));
    press(world, "f2");
    assert_false(app_has_overlay(world->app, "help"));
    struct buf table = BUF_INIT;
    help_append_markdown(app_keymap(world->app), &table);
    assert_non_null(strstr(table.ptr, "| a ^S | `fake.accept` | Accept it |\n"));
    buf_free(&table);
}

static void test_remapping(void **state)
{
    struct world *world = *state;
    struct err err;
    struct keymap *keymap = app_keymap(world->app);
    assert_ok(keymap_remap(keymap, "fake.accept", "y f5", &err), err);
    press(world, "a y f5");
    assert_log(world->panes[0], "<a>accept;accept;");
    assert_ok(keymap_remap(keymap, "fake.accept", "", &err), err);
    press(world, "y");
    assert_log(world->panes[0], "<y>");
    assert_false(keymap_remap(keymap, "fake.accept", "ctrl-", &err));
    assert_non_null(strstr(err.text, "ctrl-"));
    struct buf out = BUF_INIT;
    assert_false(keymap_conflict(keymap, NULL, &out));
    assert_ok(keymap_remap(keymap, "fake.accept", "]", &err), err);
    assert_true(keymap_conflict(keymap, NULL, &out));
    assert_non_null(strstr(out.ptr, "fake.accept"));
    buf_free(&out);
    /* Before the set is known, as configuration does it. */
    struct keymap *fresh = keymap_new(false);
    assert_ok(keymap_remap(fresh, "fake.next", "f9", &err), err);
    keymap_add(fresh, &fake_set);
    out = BUF_INIT;
    keymap_append_keys(fresh, keymap_action(fresh, "fake.next"), false, &out);
    assert_string_equal(out.ptr, "F9");
    buf_free(&out);
    assert_string_equal(keymap_suggest(fresh, "fake.nxt"), "fake.next");
    assert_string_equal(keymap_suggest(fresh, "next"), "fake.next");
    assert_null(keymap_suggest(fresh, "something.else"));
    keymap_free(fresh);
}

static void test_key_line(void **state)
{
    struct world *world = *state;
    assert_true(screen_has(world, "a accept"));
    assert_true(screen_has(world, "^P commands"));
    press(world, "]");
    assert_true(screen_has(world, "]…"));
}

/* Random keys, pastes, clicks and sizes: nothing breaks, and Esc and ^Q still lead out. */
static void test_random_input(void **state)
{
    struct world *world = *state;
    static const char *const keys[] = {"a", "]", "t", "esc", "tab", "shift-tab", "alt-1", "alt-2",
        "alt-3", "alt-z", "alt-0", "alt-9", "ctrl-p", "?", "enter", "down", "up", "q", "/", "n",
        "alt-<", "alt-+", "ctrl-l", "f1", "f2", "x", "space", "backspace"};
    unsigned seed = 5;
    for (int i = 0; i < 6000; i++) {
        seed = seed * 1103515245u + 12345u;
        int r = (int)(seed >> 16 & 0x7FFF);
        struct key key;
        if (r % 5 == 0) {
            key = mouse_key((enum mouse_action)(r / 5 % 5), r / 25 % 45, r % 130);
        } else if (r % 37 == 0) {
            key = key_of_code(K_PASTE, 0);
            key.data = STR_LIT("pasted\n\033text");
        } else {
            assert_true(key_parse(str_of(keys[(size_t)r % ARRAY_LEN(keys)]), &key));
        }
        app_key(world->app, &key);
        if (r % 3 == 0) {
            app_paint_to_grid(world->app, 1 + r % 50, 1 + r / 7 % 150);
        }
        world->app->quitting = false;
    }
    for (int i = 0; i < 8; i++) {
        press(world, "esc");
    }
    press(world, "ctrl-q");
    assert_true(world->app->quitting);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_keys_and_actions),
        TEST(test_text_comes_first),
        TEST(test_focus),
        TEST(test_long_message),
        TEST(test_a_message_is_one_line),
        TEST(test_a_notice_waits_for_the_answer),
        TEST(test_refused_action_says_why),
        TEST(test_overlay),
        TEST(test_keys_of_a_small_box),
        TEST(test_dialogs),
        TEST(test_quit_asks),
        TEST(test_who_may_be_away),
        TEST(test_a_notification_is_what_the_terminal_takes),
        TEST(test_ctrl_c_twice),
        TEST(test_mouse),
        TEST(test_palette_runs_what_is_chosen),
        TEST(test_a_picker_of_a_word_ends_at_a_blank),
        TEST(test_help_is_made_from_the_table),
        TEST(test_remapping),
        TEST(test_key_line),
        TEST(test_random_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
