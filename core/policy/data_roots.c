#include "policy/data_roots.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/settings.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SETTINGS ".bylaw/config.toml"
enum { ROOTS_MAX = 200, SAID_MAX = 300 };

void data_roots_free(struct data_roots *roots)
{
    VEC_FOREACH (struct data_root, root, roots) {
        free(root->path);
        free(root->mount);
        free(root->said);
    }
    VEC_FREE(roots);
}

/* Without "." and slashes at the end; *outside when it is not below the folder. */
static char *plain_path(struct str path, bool *outside)
{
    struct buf out = BUF_INIT;
    *outside = path.len == 0 || path.ptr[0] == '/';
    while (path.len > 0) {
        size_t slash = str_find_char(path, '/', 0);
        struct str part = str_slice(path, 0, slash == SIZE_MAX ? path.len : slash);
        path = str_from(path, slash == SIZE_MAX ? path.len : slash + 1);
        *outside = *outside || str_equal_c(part, "..");
        if (part.len > 0 && !str_equal_c(part, ".")) {
            buf_append_c(&out, out.len == 0 ? "" : "/");
            buf_append_str(&out, part);
        }
    }
    return out.len == 0 ? mem_strdup("") : buf_take(&out);
}

static void add_root(struct data_roots *roots, const struct toml *value)
{
    if (value->kind != TOML_STRING || roots->len >= ROOTS_MAX) {
        return;
    }
    struct str said = str_of(value->text);
    size_t colon = str_find_char(said, ':', 0);
    struct data_root root = {.said = mem_strdup(value->text), .row = value->row, .col = value->col};
    root.mount = str_dup(str_slice(said, 0, colon == SIZE_MAX ? 0 : colon));
    for (char *c = root.mount; *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    root.path = plain_path(str_from(said, colon == SIZE_MAX ? 0 : colon + 1), &root.is_outside);
    VEC_PUSH(roots, root);
}

void data_roots_read(struct data_roots *roots, const char *folder)
{
    struct toml *toml = settings_read(folder, SETTINGS);
    const struct toml *data = toml_get_path(toml, "engines.opa.data");
    data_roots_free(roots);
    if (data != NULL && data->kind != TOML_ARRAY) {
        add_root(roots, data);
    }
    for (size_t i = 0; data != NULL && data->kind == TOML_ARRAY && i < data->len; i++) {
        add_root(roots, data->items[i]);
    }
    toml_free(toml);
}

char *data_root_show(const struct data_root *root)
{
    struct buf out = BUF_INIT;
    char *said = safe_dup(str_of(root->said), SAFE_ONE_LINE, SAID_MAX);
    if (root->mount[0] == '\0') {
        buf_printf(&out, "%s: at the top of data", said);
    } else {
        buf_printf(&out, "%s: at data/%s", said, root->mount);
        for (char *c = out.ptr + strlen(said); *c != '\0'; c++) {
            *c = *c == '/' ? '.' : *c;
        }
    }
    free(said);
    return buf_take(&out);
}

bool data_root_is_there(const struct data_root *root, const char *folder)
{
    char *full = path_join(folder, root->path);
    struct stat st;
    bool is =
        !root->is_outside && stat(full, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode));
    free(full);
    return is;
}

static bool holds(const struct data_root *root, const char *path)
{
    return !root->is_outside && plan_path_wanted(path, root->path);
}

const struct data_root *data_roots_of(const struct data_roots *roots, const char *path)
{
    const struct data_root *best = NULL;
    VEC_FOREACH (const struct data_root, root, roots) {
        if (holds(root, path) && (best == NULL || strlen(root->path) > strlen(best->path))) {
            best = root;
        }
    }
    return best;
}

char *data_roots_mount(const struct data_roots *roots, const char *path)
{
    const struct data_root *root = data_roots_of(roots, path);
    const char *below = path;
    if (root != NULL && strcmp(root->path, path) == 0) {
        return mem_strdup(root->mount);
    }
    if (root != NULL && root->path[0] != '\0') {
        below += strlen(root->path) + 1;
    }
    const char *slash = strrchr(below, '/');
    struct str folders = str_make(below, slash == NULL ? 0 : (size_t)(slash - below));
    const char *mount = root == NULL ? "" : root->mount;
    return mem_printf("%s%s%.*s", mount, mount[0] != '\0' && folders.len > 0 ? "/" : "",
        (int)folders.len, folders.ptr);
}
