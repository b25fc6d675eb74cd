#include "control/controls.h"

#include "base/path.h"
#include "base/vec.h"
#include "control/cover.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_matrix(const char *name)
{
    const char *ext = path_ext(name);
    return name[0] != '.' && (strcmp(ext, ".csv") == 0 || strcmp(ext, ".json") == 0);
}

/* The one matrix in the folder requirements/: NULL when there is none, or more than one. */
static char *only_one(const char *root)
{
    char *folder = path_join(root, "requirements");
    DIR *dir = opendir(folder);
    char *found = NULL;
    size_t count = 0;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (is_matrix(entry->d_name)) {
            free(found);
            found = path_join(folder, entry->d_name);
            count++;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(folder);
    if (count == 1) {
        return found;
    }
    free(found);
    return NULL;
}

/* "cis-k8s-1.9": what is compiled in, as if it were a file. */
static bool is_builtin(const char *name)
{
    struct benchmark *builtin = benchmark_builtin();
    char *own = mem_printf("%s-%s", benchmark_framework(builtin), benchmark_version(builtin));
    bool same = strcmp(own, name) == 0 && access(name, F_OK) != 0;
    free(own);
    benchmark_free(builtin);
    return same;
}

/* NULL: nothing says (err is untouched), or it may not be. The caller frees. */
static char *find_matrix(const struct controls_wish *wish, struct err *err)
{
    const char *set = wish->setting;
    if (wish->requirements != NULL) {
        return mem_strdup(wish->requirements);
    }
    if (set != NULL && is_builtin(set)) {
        return mem_strdup(set);
    }
    if (set != NULL) {
        /* A workspace's file may be anybody's: it names nothing outside. */
        char *inside = path_resolve("", str_of(set));
        char *path = inside == NULL ? NULL : path_join(wish->root, inside);
        if (inside == NULL) {
            err_set(err, ERR_DENIED, "the setting requirements names %.200s, which is not below %s",
                set, wish->root);
        }
        free(inside);
        return path;
    }
    char *usual = path_join(wish->root, "requirements.csv");
    if (is_file(usual)) {
        return usual;
    }
    free(usual);
    return only_one(wish->root);
}

static bool read_map(
    const struct controls_wish *wish, struct requirements_map *map, struct err *err)
{
    const char *set = wish->setting_map;
    return (set == NULL || requirements_map_add(map, str_of(set), err)) &&
           (wish->map == NULL || requirements_map_add(map, str_of(wish->map), err));
}

static void keep_only(struct requirements *list, const char *only)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->len; i++) {
        if (requirement_is_among(&list->items[i], str_of(only))) {
            struct requirement one = list->items[i];
            list->items[i] = list->items[kept];
            list->items[kept++] = one;
        }
    }
    requirements_cut(list, kept);
}

bool controls_open(const struct controls_wish *wish, struct controls *out, struct err *err)
{
    struct requirements_map map = {0};
    *out = (struct controls){0};
    struct err denied = {0};
    char *path = find_matrix(wish, &denied);
    bool ok = read_map(wish, &map, err);
    if (ok && denied.kind != ERR_NONE) {
        *err = denied;
        ok = false;
    } else if (ok && path == NULL) {
        ok = err_set(err, ERR_NOT_FOUND,
            "no requirements: name a CSV or an OSCAL catalogue with --requirements (or the setting "
            "requirements), write requirements.csv, or take cis-k8s-1.9, which is compiled in");
    } else if (ok && is_builtin(path)) {
        benchmark_requirements(&out->list);
    } else if (ok) {
        ok = requirements_read(path, &map, WANT_TEXT, &out->list, err);
    }
    if (ok) {
        out->benchmark = wish->benchmark == NULL ? benchmark_builtin()
                                                 : benchmark_read(wish->benchmark, &map, err);
        ok = out->benchmark != NULL;
    }
    if (ok) {
        cover_take_benchmark(&out->list, out->benchmark);
        if (wish->only != NULL) {
            keep_only(&out->list, wish->only);
            ok = out->list.len > 0 ||
                 err_set(err, ERR_NOT_FOUND, "no control of %s is among %s", path, wish->only);
        }
    }
    if (!ok) {
        controls_free(out);
    }
    requirements_map_free(&map);
    free(path);
    return ok;
}

void controls_free(struct controls *controls)
{
    requirements_free(&controls->list);
    benchmark_free(controls->benchmark);
    controls->benchmark = NULL;
}
