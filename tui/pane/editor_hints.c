#include "pane/editor_hints.h"

#include "base/vec.h"

struct file_hints {
    struct file_hints *next;
    char *path, *owner;
    struct editor_hint *items; /* texts are owned */
    size_t len, cap;
};

static void empty(struct file_hints *list)
{
    VEC_FOREACH (struct editor_hint, hint, list) {
        free((char *)hint->text);
    }
    list->len = 0;
}

void hints_set(struct file_hints **files, const char *path, const char *owner,
    const struct editor_hint *hints, size_t count)
{
    struct file_hints *list = *files;
    while (list != NULL && (strcmp(list->path, path) != 0 || strcmp(list->owner, owner) != 0)) {
        list = list->next;
    }
    if (list == NULL) {
        list = MEM_NEW(struct file_hints);
        list->path = mem_strdup(path);
        list->owner = mem_strdup(owner);
        list->next = *files;
        *files = list;
    }
    empty(list);
    for (size_t i = 0; i < count; i++) {
        struct editor_hint hint = hints[i];
        hint.text = mem_strdup(hint.text);
        VEC_PUSH(list, hint);
    }
}

void hints_clear(struct file_hints **files, const char *owner)
{
    for (struct file_hints **at = files; *at != NULL;) {
        struct file_hints *list = *at;
        if (owner != NULL && strcmp(list->owner, owner) != 0) {
            at = &list->next;
            continue;
        }
        *at = list->next;
        empty(list);
        VEC_FREE(list);
        free(list->path);
        free(list->owner);
        free(list);
    }
}

void hints_free(struct file_hints **files)
{
    hints_clear(files, NULL);
}

const struct editor_hint *hints_at(const struct file_hints *files, const char *path, size_t line)
{
    for (; files != NULL; files = files->next) {
        if (strcmp(files->path, path) != 0) {
            continue;
        }
        VEC_FOREACH (struct editor_hint, hint, files) {
            if (hint->line == line) {
                return hint;
            }
        }
    }
    return NULL;
}
