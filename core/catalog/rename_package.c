/* Renaming a package: its package lines, imports and references. A reference is cut into parts, so
 * what is replaced is the beginning of each that means this package and not one below it. */
#include "catalog/rename_internal.h"

#include "base/vec.h"

#include <stdlib.h>

struct package_rename {
    struct renaming *renaming;
    char *path;  /* new: "data/a/c" */
    char *shown; /* "a.c" */
    const char *last;
};

static bool read_path(struct renaming *renaming, struct str dotted, struct buf *path)
{
    struct str rest = dotted;
    buf_append_c(path, "data");
    do {
        size_t dot = str_find_char(rest, '.', 0);
        struct str part = dot == SIZE_MAX ? rest : str_slice(rest, 0, dot);
        if (!rename_is_identifier(part)) {
            return err_set(renaming->err, ERR_INVALID,
                "%.*s is no name for a package: names with dots between them, as in k8s.privileged",
                STR_FMT(dotted));
        }
        buf_append_char(path, '/');
        buf_append_str(path, part);
        rest = dot == SIZE_MAX ? str_make("", 0) : str_from(rest, dot + 1);
    } while (rest.len > 0);
    return true;
}

/* Packages below a key, the key itself not counted. */
static bool has_packages_below(const struct catalog *catalog, const char *path)
{
    for (uint32_t key = 0; key < catalog->keys.len; key++) {
        const char *text = names_text(&catalog->keys, key);
        if (text != NULL && catalog_key_data(catalog, key)->packages > 0 &&
            policy_path_below(text, path) && strcmp(text, path) != 0) {
            return true;
        }
    }
    return false;
}

/* True when the reference that goes through the package means another one below it. */
static bool goes_deeper(
    const struct catalog *catalog, const struct catalog_file *file, size_t index)
{
    const struct symbol_uses *uses = &file->symbols->uses;
    uint32_t chain = uses->items[index].chain;
    for (size_t i = index + 1; i < uses->len; i++) {
        if (uses->items[i].chain != chain) {
            continue;
        }
        uint32_t key = catalog_key_of(file, uses->items[i].key);
        if (catalog_key_data(catalog, key)->packages > 0) {
            return true;
        }
        if ((uses->items[i].flags & USE_LAST) != 0 && !catalog_is_defined(catalog, key) &&
            has_packages_below(catalog, names_text(&catalog->keys, key))) {
            return true;
        }
    }
    return false;
}

static uint32_t end_of(const struct symbol_use *use)
{
    return use->start + use->len + ((use->flags & USE_QUOTED) != 0 ? 2 : 0);
}

/* The parts of `use`'s reference up to it become the new path. */
static void edit_chain(const struct package_rename *p, uint32_t file,
    const struct policy_symbols *symbols, const struct symbol_use *use)
{
    const struct symbol_use *head = &symbols->uses.items[use->chain];
    const char *head_key = policy_symbols_key(symbols, head->key);
    struct buf text = BUF_INIT;
    if ((use->flags & USE_DEFINES) != 0) {
        rename_edit(p->renaming, file, head->start, end_of(use), str_of(p->shown));
    } else if (policy_path_below(p->path, head_key) && strcmp(p->path, head_key) != 0) {
        /* `data`, or an import that still holds: what follows it changes. */
        char *rest = policy_path_show(p->path + strlen(head_key) + 1);
        buf_printf(&text, "%s%s", *rest == '[' ? "" : ".", rest);
        rename_edit(p->renaming, file, head->start + head->len, end_of(use), buf_str(&text));
        free(rest);
    } else {
        buf_printf(&text, "data.%s", p->shown);
        rename_edit(p->renaming, file, head->start, end_of(use), buf_str(&text));
    }
    buf_free(&text);
}

/* Whether the name that an import without `as` gives can change with the package. */
static bool can_follow(const struct package_rename *p, uint32_t file)
{
    const struct catalog *catalog = p->renaming->catalog;
    const struct policy_symbols *symbols = catalog->files.items[file].symbols;
    struct str last = str_of(p->last);
    VEC_FOREACH (const struct symbol_local, local, &symbols->locals) {
        if (str_equal_c(last, local->name)) {
            return false;
        }
    }
    VEC_FOREACH (const struct symbol_import, import, &symbols->imports) {
        if (str_equal_c(last, import->name)) {
            return false;
        }
    }
    VEC_FOREACH (const struct symbol_use, use, &symbols->uses) {
        const char *key = policy_symbols_key(symbols, use->key);
        const char *slash = strrchr(key, '/');
        if ((use->flags & (USE_FREE | USE_DEFINES)) != 0 &&
            str_equal_c(last, slash == NULL ? key : slash + 1)) {
            return false;
        }
    }
    /* A rule of the file's package that stands in another file. */
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->kind == SYMBOL_PACKAGE) {
            char *rule = mem_printf("%s/%s", policy_symbols_key(symbols, definition->key), p->last);
            bool taken = catalog_is_defined(catalog, names_find(&catalog->keys, str_of(rule)));
            free(rule);
            if (taken) {
                return false;
            }
        }
    }
    return true;
}

/* An import of the package itself, without `as`. */
static bool names_import(
    const struct policy_symbols *symbols, const struct symbol_use *use, const char *old_last)
{
    if ((use->flags & (USE_IMPORT | USE_LAST)) != (USE_IMPORT | USE_LAST)) {
        return false;
    }
    VEC_FOREACH (const struct symbol_import, import, &symbols->imports) {
        if (import->row == use->row && import->key == use->key) {
            return !import->has_alias && strcmp(import->name, old_last) == 0;
        }
    }
    return false;
}

static bool rename_in_file(const struct package_rename *p, uint32_t file)
{
    struct catalog *catalog = p->renaming->catalog;
    const struct catalog_file *known = &catalog->files.items[file];
    const struct policy_symbols *symbols = known->symbols;
    uint32_t own = catalog_key_in(known, p->renaming->key);
    const char *old_last = strrchr(p->renaming->old_path, '/') + 1;
    bool follow = strcmp(old_last, p->last) != 0 && can_follow(p, file);
    for (size_t i = 0; i < symbols->uses.len; i++) {
        const struct symbol_use *use = &symbols->uses.items[i];
        if (use->key != own || goes_deeper(catalog, known, i)) {
            continue;
        }
        bool whole = (use->flags & USE_LAST) != 0 && (use->flags & (USE_IMPORT | USE_DEFINES)) == 0;
        if (whole && has_packages_below(catalog, p->renaming->old_path)) {
            return rename_refuse(p->renaming, file, use->row,
                "the package is used as a whole here, with those below it");
        }
        if ((use->flags & USE_ALIAS) != 0) {
            if (follow && (use->flags & USE_IMPLIED) != 0) {
                rename_edit(p->renaming, file, use->start, use->start + use->len, str_of(p->last));
            }
            continue;
        }
        bool keep =
            !follow && strcmp(old_last, p->last) != 0 && names_import(symbols, use, old_last);
        edit_chain(p, file, symbols, use);
        if (keep) {
            char *as = mem_printf(" as %s", old_last);
            rename_edit(p->renaming, file, end_of(use), end_of(use), str_of(as));
            free(as);
        }
    }
    return true;
}

static bool check_package(const struct package_rename *p)
{
    struct renaming *renaming = p->renaming;
    const struct catalog *catalog = renaming->catalog;
    uint32_t taken = names_find(&catalog->keys, str_of(p->path));
    if (strcmp(p->path, renaming->old_path) == 0) {
        return err_set(renaming->err, ERR_INVALID, "it is named %s already", p->shown);
    }
    if (renaming->key == NAME_NONE || catalog_key_data(catalog, renaming->key)->packages == 0) {
        return err_set(renaming->err, ERR_NOT_FOUND,
            "no file of the workspace has this package: put the cursor on the last part of its "
            "name");
    }
    if (taken != NAME_NONE && catalog_is_defined(catalog, taken)) {
        return rename_check_free(renaming, p->path);
    }
    /* A rule cannot have a package below it. */
    char *above = mem_strdup(p->path);
    bool ok = true;
    for (char *slash; ok && (slash = strrchr(above, '/')) != NULL;) {
        *slash = '\0';
        uint32_t key = names_find(&catalog->keys, str_of(above));
        if (key != NAME_NONE && catalog_key_data(catalog, key)->packages == 0 &&
            catalog_is_defined(catalog, key)) {
            ok = err_set(renaming->err, ERR_CONFLICT, "%s is a rule", above);
        }
    }
    free(above);
    return ok && rename_check_ancestors(renaming, renaming->old_path) &&
           rename_check_ancestors(renaming, p->path);
}

bool rename_package(struct renaming *renaming, struct str dotted)
{
    struct buf path = BUF_INIT;
    if (!read_path(renaming, dotted, &path)) {
        buf_free(&path);
        return false;
    }
    struct package_rename p = {.renaming = renaming, .path = path.ptr};
    p.shown = policy_path_show(path.ptr + strlen("data/"));
    p.last = strrchr(path.ptr, '/') + 1;
    bool ok = check_package(&p);
    const struct key_files *files =
        ok ? &catalog_key_data(renaming->catalog, renaming->key)->files : NULL;
    for (size_t i = 0; ok && i < files->len; i++) {
        ok = rename_in_file(&p, files->items[i]);
    }
    if (ok) {
        buf_append_c(&renaming->out->notes, "files and folders keep their names; what names the "
                                            "package elsewhere (bundle roots, CI) "
                                            "must follow\n");
    }
    free(p.shown);
    buf_free(&path);
    return ok;
}
