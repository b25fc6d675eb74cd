/* All keys: the user's changes to them, and the table in the README, made from the same action
 * tables as the key line and the ? screen. */
#include "app_private.h"
#include "config/toml.h"
#include "desk_private.h"
#include "keymap.h"
#include "pane/apply.h"
#include "pane/evaluate.h"
#include "pane/grep_pane.h"
#include "vi/vi.h"

#include <stdlib.h>

static const struct action_set *const sets[] = {&desk_action_set, &find_actions, &diagnose_actions,
    &assist_actions, &evaluate_actions, &desk_apply_actions, &status_global_actions, &reach_actions,
    &inspect_actions, &trace_actions, &init_actions, &rollout_actions, &app_global_set,
    &app_core_set, &chat_action_set, &editor_actions, &editor_edit_actions, &grep_action_set,
    &review_action_set, &commit_action_set, &status_actions, &evaluate_pane_actions,
    &apply_pane_actions};

/* Text for a table cell: a bar would end it. */
static void print_cell(struct str text, FILE *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|') {
            fputc('\\', out);
        }
        fputc(text.ptr[i], out);
    }
}

static void print_row(const struct keymap *keymap, const struct action *action, FILE *out)
{
    struct buf keys = BUF_INIT;
    keymap_append_keys(keymap, action, false, &keys);
    fputs("| ", out);
    if (keys.len > 0) {
        bool tick = str_find_char(buf_str(&keys), '`', 0) != SIZE_MAX;
        fputs(tick ? "`` " : "`", out);
        print_cell(buf_str(&keys), out);
        fputs(tick ? " ``" : "`", out);
    }
    fprintf(out, " | `%s` | ", action->id);
    print_cell(str_of(action->help), out);
    fputs(" |\n", out);
    buf_free(&keys);
}

/* The vi key set, from the table that dispatches it. */
static void print_vi(FILE *out)
{
    struct vi_entry entry;
    const char *group = "";
    fputs("\nThe vi key set (`key_set = \"vi\"`, or the action `editor.key-set`):\n\n"
          "| Keys | Name | What it does |\n| --- | --- | --- |\n",
        out);
    for (size_t i = 0; vi_entry(i, &entry); i++) {
        if (strcmp(group, entry.group) != 0) {
            group = entry.group;
            fprintf(out, "| **vi: %s** | | |\n", group);
        }
        bool tick = strchr(entry.keys, '`') != NULL;
        fputs(tick ? "| `` " : "| `", out);
        print_cell(str_of(entry.keys), out);
        fputs(tick ? " `` | `" : "` | `", out);
        print_cell(str_of(entry.id), out);
        fputs("` | ", out);
        print_cell(str_of(entry.help), out);
        fputs(" |\n", out);
    }
}

void desk_print_keys(FILE *out)
{
    struct keymap *keymap = keymap_new(false);
    fputs("| Keys | Action | What it does |\n| --- | --- | --- |\n", out);
    for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
        keymap_add(keymap, sets[s]);
        fprintf(out, "| **%s** | | |\n", sets[s]->title);
        for (size_t i = 0; i < sets[s]->count; i++) {
            print_row(keymap, &sets[s]->actions[i], out);
        }
    }
    keymap_free(keymap);
    print_vi(out);
}

static bool check_id(const struct keymap *keymap, const char *id, struct err *err)
{
    if (keymap_action(keymap, id) != NULL) {
        return true;
    }
    const char *near = keymap_suggest(keymap, id);
    return err_set(err, ERR_INVALID, "[keys] there is no action \"%s\"%s%s%s", id,
        near != NULL ? ": did you mean " : "; `bylaw --help-keys` lists them",
        near != NULL ? near : "", near != NULL ? "?" : "");
}

static bool remap(
    struct editor *editor, struct keymap *keymap, const struct toml *key, struct err *err)
{
    if (key->kind != TOML_STRING) {
        return err_set(
            err, ERR_INVALID, "[keys] %s takes a text: \"ctrl-p\", or \"\" for no key", key->key);
    }
    if (strncmp(key->key, "vi.", 3) == 0) {
        bool ok = editor_vi_remap(editor, key->key, key->text, err);
        return ok || err_prefix(err, "[keys]");
    }
    return check_id(keymap, key->key, err) && keymap_remap(keymap, key->key, key->text, err);
}

static bool check_conflict(const struct keymap *keymap, const struct toml *key, struct err *err)
{
    struct buf what = BUF_INIT;
    bool found = keymap_conflict(keymap, key->key, &what);
    if (found) {
        err_set(err, ERR_CONFLICT, "[keys] two actions on one key: %s (give one another, or \"\")",
            what.ptr);
    }
    buf_free(&what);
    return !found;
}

static void say_key_problem(struct desk *desk, const struct toml *key, const struct err *err)
{
    const char *file = config_table_file(workbench_config(desk->workbench), "keys");
    char *text = mem_printf("%s:%u: %s", file, key->row, err->text);
    desk_say(desk, MESSAGE_ERROR, text);
    free(text);
}

void desk_add_keys(struct keymap *keymap)
{
    for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
        keymap_add(keymap, sets[s]);
    }
}

void desk_remap_keys(struct desk *desk)
{
    struct keymap *keymap = app_keymap(desk->app);
    const struct toml *keys = config_table(workbench_config(desk->workbench), "keys");
    struct err err;
    desk_add_keys(keymap);
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        if (!remap(desk->editor, keymap, keys->items[i], &err)) {
            say_key_problem(desk, keys->items[i], &err);
        }
    }
    /* When all are as the user wants them: two may have changed places. */
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        if (strncmp(keys->items[i]->key, "vi.", 3) != 0 &&
            !check_conflict(keymap, keys->items[i], &err)) {
            say_key_problem(desk, keys->items[i], &err);
        }
    }
}
