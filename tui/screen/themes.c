#include "screen/themes.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "embedded.h"

#include <dirent.h>
#include <stdlib.h>

enum { LIST_MAX = 200, FILE_MAX = 1 << 20 };

static char *folder(void)
{
    struct err err;
    char *config = path_home_dir(PATH_CONFIG, &err);
    char *dir = config == NULL ? NULL : path_join(config, "themes");
    free(config);
    return dir;
}

static char *stem(const char *file)
{
    return mem_strndup(file, strlen(file) - strlen(".toml"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct theme_entry *)a)->name, ((const struct theme_entry *)b)->name);
}

static void list_users(struct theme_list *out)
{
    char *dir = folder();
    DIR *open = dir == NULL ? NULL : opendir(dir);
    size_t first = out->len;
    const struct dirent *entry;
    while (open != NULL && out->len < first + LIST_MAX && (entry = readdir(open)) != NULL) {
        bool is_theme = entry->d_name[0] != '.' && strcmp(path_ext(entry->d_name), ".toml") == 0;
        if (is_theme) {
            VEC_PUSH(out, (struct theme_entry){stem(entry->d_name), path_join(dir, entry->d_name)});
        }
    }
    if (open != NULL) {
        closedir(open);
    }
    if (out->len > first) {
        qsort(out->items + first, out->len - first, sizeof *out->items, by_name);
    }
    free(dir);
}

void themes_list(struct theme_list *out)
{
    for (const struct embedded *theme = builtin_themes; theme->name != NULL; theme++) {
        VEC_PUSH(out, (struct theme_entry){stem(theme->name), NULL});
    }
    list_users(out);
    /* One of the user's hides the built-in one of its name. */
    for (size_t i = 0; i < out->len; i++) {
        for (size_t k = i + 1; k < out->len; k++) {
            if (strcmp(out->items[i].name, out->items[k].name) == 0) {
                out->items[i].path = out->items[k].path;
                free(out->items[k].name);
                VEC_REMOVE(out, k);
            }
        }
    }
}

void theme_list_free(struct theme_list *list)
{
    VEC_FOREACH (struct theme_entry, entry, list) {
        free(entry->name);
        free(entry->path);
    }
    VEC_FREE(list);
}

/* The file a name stands for, whether it is there or not; NULL without a home. */
static char *path_of(const char *name)
{
    if (name[0] == '/') {
        return mem_strdup(name);
    }
    char *dir = folder();
    bool has_ext = strcmp(path_ext(name), ".toml") == 0;
    char *path = dir == NULL ? NULL : mem_printf("%s/%s%s", dir, name, has_ext ? "" : ".toml");
    free(dir);
    return path;
}

static struct theme *load_file(
    const char *path, const char *name, struct buf *problems, struct err *err)
{
    struct buf text = BUF_INIT;
    struct theme *theme = NULL;
    if (file_read(path, FILE_MAX, &text, err)) {
        struct buf found = BUF_INIT;
        theme = theme_read(buf_str(&text), path, &found);
        if (theme != NULL) {
            theme_rename(theme, name);
            buf_append_str(problems, buf_str(&found));
        } else {
            err_set(err, ERR_INVALID, "%.*s", STR_FMT(str_trim(buf_str(&found))));
        }
        buf_free(&found);
    }
    buf_free(&text);
    return theme;
}

struct theme *themes_load(const char *name, struct buf *problems, struct err *err)
{
    char *path = path_of(name);
    struct err why = {0};
    struct theme *theme = path == NULL ? NULL : load_file(path, name, problems, &why);
    bool is_file = strchr(name, '/') != NULL || strcmp(path_ext(name), ".toml") == 0;
    if (theme == NULL && path != NULL && (why.kind != ERR_NOT_FOUND || is_file)) {
        *err = why;
    } else if (theme == NULL) {
        theme = theme_builtin(name, err);
    }
    free(path);
    return theme;
}
