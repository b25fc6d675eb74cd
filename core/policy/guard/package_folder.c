#include "policy/guard/package_folder.h"

#include "base/path.h"
#include "policy/guard/guard_private.h"

#include <stdlib.h>

static char same_sign(char c)
{
    return c == '-' ? '_' : c;
}

/* True when `tail` is the end of `path`, on whole parts. */
static bool ends_with_parts(struct str path, struct str tail)
{
    if (tail.len == 0 || tail.len > path.len) {
        return false;
    }
    size_t from = path.len - tail.len;
    if (from > 0 && path.ptr[from - 1] != '/') {
        return false;
    }
    for (size_t i = 0; i < tail.len; i++) {
        if (same_sign(path.ptr[from + i]) != same_sign(tail.ptr[i])) {
            return false;
        }
    }
    return true;
}

static struct str without(struct str s, const char *suffix)
{
    return str_ends(s, suffix) ? str_slice(s, 0, s.len - strlen(suffix)) : s;
}

bool guard_package_fits(const char *path, const char *package)
{
    struct str named = without(str_of(package), "_test");
    struct str file = without(without(str_of(path), ".rego"), "_test");
    char *dir = path_dir(path);
    bool fits = ends_with_parts(file, named) || ends_with_parts(str_of(dir), named);
    free(dir);
    return fits;
}

bool guard_package_is_free(const char *path, const char *package)
{
    return strchr(path, '/') == NULL || str_equal_c(without(str_of(package), "_test"), "main");
}

struct looking {
    const struct guard_file *file;
    uint32_t row; /* of the package */
    bool found;
};

static bool find_regal(void *data, TSNode node)
{
    struct looking *looking = data;
    struct str text = rego_node_text(looking->file->text, node);
    looking->found =
        looking->found ||
        (rego_node_is(node, "comment") && ts_node_start_point(node).row + 1 == looking->row &&
            str_find(text, STR_LIT("regal ignore:"), 0) != SIZE_MAX &&
            str_find(text, STR_LIT("directory-package-mismatch"), 0) != SIZE_MAX);
    return !rego_node_is(node, "rule");
}

/* Regal's rule says the same: who silenced it in the line above has given the answer. */
static bool is_silenced_for_regal(const struct guard_file *file, TSNode package)
{
    struct looking looking = {.file = file, .row = ts_node_start_point(package).row};
    guard_walk(file->root, find_regal, &looking);
    return looking.found;
}

static void check(struct guard_file *file)
{
    TSNode package = rego_node_field(file->root, "package");
    if (!file->habits.folders || guard_is_aside(file->path) || file->facts->package == NULL ||
        ts_node_is_null(package) || guard_package_is_free(file->path, file->facts->package) ||
        guard_package_fits(file->path, file->facts->package) ||
        is_silenced_for_regal(file, package)) {
        return;
    }
    char *shown = policy_path_show(file->facts->package);
    char *dir = path_dir(file->path);
    guard_find(file, rego_node_field(package, "path"),
        "package %s lies in the folder %s: elsewhere in this workspace a package is named for its "
        "folder",
        shown, dir);
    free(shown);
    free(dir);
}

const struct guard guard_package_folder = {
    .id = "package-folder",
    .no_fix = "who imports the package, in this repository or another, would lose it.",
    .languages = GUARD_REGO,
    .severity = SEVERITY_WARNING,
    .summary = "the package is not named for its folder",
    .explanation =
        "Where packages are named for their folders, a package that is not is found by "
        "nobody, and a second package of the same name may be added elsewhere. Told "
        "only where most packages of the workspace keep to it; `main` and files at the "
        "top are free and do not count, and so is what Regal is told to leave alone (`# regal "
        "ignore:directory-package-mismatch` above it).",
    .check = check,
};
