#include "pane/editor_slow.h"

#include "base/slow.h"

#include <stdlib.h>
#include <string.h>

#define LARGE     ((size_t)256 << 10) /* bytes of a text whose commands are run in slices */
#define KEYS_MAX  1000
#define TELL_MS   100 /* between two looks at how far it is */
#define TELL_FROM 300 /* ms; what is quicker says nothing */

struct editor_slow {
    struct slow_command command;
    unsigned (*act)(struct editor *editor); /* of editor_slow_act */
    char *name;
    struct text *text; /* that it works on */
    bool on, stopped;
    char *told; /* how far it was when that was last said; NULL: not said yet */
    struct loop_timer *timer;
    uint64_t began, tell;
    struct {
        struct key *items;
        size_t len, cap;
    } keys; /* typed meanwhile */
};

bool editor_slow_is_on(const struct editor *editor)
{
    return editor->slow != NULL && editor->slow->on;
}

static void tell(struct editor *editor)
{
    struct editor_slow *slow = editor->slow;
    uint64_t now = loop_now_ms();
    size_t done, total;
    if (now < slow->tell) {
        return;
    }
    slow->tell = now + TELL_MS;
    app_redraw(editor->app);
    slow_progress(&done, &total);
    if (slow->stopped) {
        app_message(editor->app, MESSAGE_INFO, "%s: stopping", slow->name);
    } else if (total > 0) {
        app_message(editor->app, MESSAGE_INFO, "%s: %d %%  Esc stops it", slow->name,
            (int)(done * 100 / total));
    } else {
        app_message(editor->app, MESSAGE_INFO, "%s …  Esc stops it", slow->name);
    }
    free(slow->told);
    slow->told = mem_strdup(app_message_text(editor->app));
}

/* The keys that waited, until one of them takes long again. */
static void type_keys(struct editor *editor)
{
    struct editor_slow *slow = editor->slow;
    size_t typed = 0;
    while (typed < slow->keys.len && !slow->on) {
        struct key key = slow->keys.items[typed++];
        app_key(editor->app, &key);
    }
    for (size_t i = typed; i < slow->keys.len; i++) {
        slow->keys.items[i - typed] = slow->keys.items[i];
    }
    slow->keys.len -= typed;
}

static void finish(struct editor *editor)
{
    struct editor_slow *slow = editor->slow;
    slow->on = false;
    loop_timer_stop(slow->timer);
    if (slow->stopped) {
        slow->keys.len = 0;
        app_message(
            editor->app, MESSAGE_INFO, "%s was stopped; undo takes back what it did", slow->name);
    } else if (slow->told != NULL && strcmp(slow->told, app_message_text(editor->app)) == 0) {
        /* What the command says itself, as how many it replaced, says it better. */
        app_message(editor->app, MESSAGE_INFO, "%s: done", slow->name);
    }
    slow->command.done(editor);
}

static void on_slice(void *data)
{
    struct editor *editor = data;
    if (slow_is_held() && !slow_go_on(SLOW_SLICE_US)) {
        tell(editor);
        loop_timer_start(editor->slow->timer, 0, 0);
        return;
    }
    finish(editor);
    type_keys(editor);
    app_redraw(editor->app);
}

static void work(void *data)
{
    struct editor *editor = data;
    editor->slow->command.work(editor);
}

static struct editor_slow *slow_of(struct editor *editor)
{
    if (editor->slow == NULL) {
        editor->slow = MEM_NEW(struct editor_slow);
        editor->slow->timer = loop_timer_new(editor->loop, on_slice, editor);
    }
    return editor->slow;
}

static void act_work(struct editor *editor)
{
    (void)editor->slow->act(editor);
}

static void act_done(struct editor *editor)
{
    app_redraw(editor->app);
}

unsigned editor_slow_act(
    struct editor *editor, const char *name, unsigned (*act)(struct editor *editor))
{
    slow_of(editor)->act = act;
    editor_slow_run(editor, &(struct slow_command){name, act_work, act_done});
    return UI_DONE;
}

void editor_slow_run(struct editor *editor, const struct slow_command *command)
{
    struct editor_slow *slow = slow_of(editor);
    struct text *text = editor->view->doc->text;
    slow->command = *command;
    if (text_length(text) < LARGE) {
        command->work(editor);
        command->done(editor);
        return;
    }
    free(slow->name);
    free(slow->told);
    slow->name = mem_strdup(command->name);
    slow->told = NULL;
    slow->stopped = false;
    slow->began = loop_now_ms();
    slow->tell = slow->began + TELL_FROM;
    slow->on = true;
    slow->text = text;
    if (slow_run(work, editor, text, SLOW_SLICE_US)) {
        slow->on = false;
        command->done(editor);
        return;
    }
    loop_timer_start(slow->timer, 0, 0);
}

bool editor_slow_takes(const struct editor *editor, const struct key *key)
{
    if (!editor_slow_is_on(editor) || editor->view == NULL ||
        editor->view->doc->text != editor->slow->text) {
        return false;
    }
    bool typed = key->code == K_TEXT && (key->mods & (unsigned)~MOD_CTRL) == 0;
    return typed || key->after_esc || (key->code >= K_ENTER && key->code <= K_DELETE);
}

unsigned editor_slow_key(struct editor *editor, const struct key *key)
{
    struct editor_slow *slow = editor->slow;
    bool ctrl_c =
        key->code == K_TEXT && key->mods == MOD_CTRL && key->len == 1 && key->text[0] == 'c';
    if (key->code == K_ESC || key->after_esc || ctrl_c) {
        slow->stopped = true;
        slow->tell = 0;
        slow_cancel();
    } else if (slow->keys.len < KEYS_MAX) {
        VEC_PUSH(&slow->keys, *key);
    }
    return UI_DONE;
}

void editor_slow_end(struct editor *editor)
{
    if (editor_slow_is_on(editor)) {
        editor->slow->stopped = true;
        slow_stop();
        finish(editor);
    }
}

void editor_slow_free(struct editor *editor)
{
    struct editor_slow *slow = editor->slow;
    if (slow != NULL) {
        if (slow->on) {
            slow_stop();
        }
        loop_timer_free(slow->timer);
        VEC_FREE(&slow->keys);
        free(slow->name);
        free(slow->told);
        free(slow);
        editor->slow = NULL;
    }
}
