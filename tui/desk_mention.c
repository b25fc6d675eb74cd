/* "@" in a prompt: a file of the workspace, named for the model. */
#include "base/vec.h"
#include "desk_private.h"
#include "widget/picker.h"

#include <stdlib.h>

struct mention {
    struct desk *desk;
    struct {
        char **items;
        size_t len, cap;
    } paths; /* of the moment: what changes meanwhile does not change what a row means */
};

static void item(void *data, size_t index, struct picker_item *out)
{
    const struct mention *mention = data;
    out->text = str_of(mention->paths.items[index]);
    out->is_path = true;
}

static void chosen(void *data, size_t index, struct str query)
{
    struct mention *mention = data;
    bool known = index < mention->paths.len;
    char *named = known ? mem_printf("%s ", mention->paths.items[index]) : str_dup(query);
    chat_insert(mention->desk->chat, str_of(named)); /* what is no file stays what was typed */
    free(named);
}

static void destroy(void *data)
{
    struct mention *mention = data;
    VEC_FOREACH (char *, path, &mention->paths) {
        free(*path);
    }
    VEC_FREE(&mention->paths);
    free(mention);
}

void desk_mention(void *data)
{
    struct desk *desk = data;
    struct mention *mention = MEM_NEW(struct mention);
    const char *shown = editor_path(desk->editor);
    mention->desk = desk;
    if (shown != NULL) {
        VEC_PUSH(&mention->paths, mem_strdup(shown));
    }
    VEC_FOREACH (
        const struct file_entry, entry, workspace_files(workbench_workspace(desk->workbench))) {
        if (!entry->odd_name && (shown == NULL || strcmp(shown, entry->path) != 0)) {
            VEC_PUSH(&mention->paths, mem_strdup(entry->path));
        }
    }
    struct picker_options options = {.title = "Name a file",
        .hint = "what the prompt is about; Esc leaves the @",
        .count = mention->paths.len,
        .item = item,
        .chosen = chosen,
        .destroy = destroy,
        .data = mention};
    picker_open(desk->app, &options);
}
