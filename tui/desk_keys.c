/* The table of keys in the README, made from the same action tables as the key line and the ?
 * screen. */
#include "app_private.h"
#include "desk_private.h"

static const struct action_set *const sets[] = {&desk_action_set, &find_actions,
    &status_global_actions, &app_global_set, &app_core_set, &chat_action_set, &editor_actions,
    &review_action_set, &commit_action_set, &status_actions};

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
}
