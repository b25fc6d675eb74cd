#include "catalog/catalog_internal.h"

#include "base/vec.h"

#include <stdlib.h>

struct catalog *catalog_new(void)
{
    struct catalog *catalog = MEM_NEW(struct catalog);
    catalog->field_roots = catalog->free_field = NAME_NONE;
    return catalog;
}

/* ---- a file comes and goes ---- */

static void add_key(struct catalog *catalog, uint32_t file, uint32_t key)
{
    static const struct catalog_key none = {0};
    while (catalog->key_data.len <= key) {
        VEC_PUSH(&catalog->key_data, none);
    }
    VEC_PUSH(&catalog->key_data.items[key].files, file);
}

static void remove_key(struct catalog *catalog, uint32_t file, uint32_t key)
{
    struct key_files *files = &catalog->key_data.items[key].files;
    for (size_t i = 0; i < files->len; i++) {
        if (files->items[i] == file) {
            files->items[i] = files->items[--files->len];
            break;
        }
    }
    if (files->len == 0) {
        VEC_FREE(files);
    }
    names_release(&catalog->keys, key);
}

static void count_packages(struct catalog *catalog, const struct catalog_file *file, int step)
{
    VEC_FOREACH (const struct symbol_definition, definition, &file->symbols->definitions) {
        if (definition->kind == SYMBOL_PACKAGE) {
            catalog->key_data.items[file->keys[definition->key]].packages += (uint32_t)step;
        }
    }
}

static void leave(struct catalog *catalog, uint32_t number)
{
    struct catalog_file *file = &catalog->files.items[number];
    if (file->symbols == NULL) {
        return;
    }
    count_packages(catalog, file, -1);
    for (size_t i = 0; i < file->symbols->keys.len; i++) {
        remove_key(catalog, number, file->keys[i]);
    }
    catalog_fields_remove(catalog, file);
    free(file->keys);
    policy_symbols_release(file->symbols);
    *file = (struct catalog_file){0};
}

static void enter(struct catalog *catalog, uint32_t number, struct policy_symbols *symbols)
{
    struct catalog_file *file = &catalog->files.items[number];
    const struct names *keys = &symbols->keys;
    file->symbols = symbols;
    file->keys = mem_realloc_array(NULL, keys->len, sizeof *file->keys);
    for (size_t i = 0; i < keys->len; i++) {
        file->keys[i] = names_hold(&catalog->keys, str_of(names_text(keys, (uint32_t)i)));
        add_key(catalog, number, file->keys[i]);
    }
    count_packages(catalog, file, 1);
    catalog_fields_add(catalog, file);
}

void catalog_put(struct catalog *catalog, const char *path, struct policy_symbols *symbols)
{
    uint32_t number = names_find(&catalog->paths, str_of(path));
    if (number == NAME_NONE) {
        number = names_hold(&catalog->paths, str_of(path));
        catalog->ordered = false;
    }
    while (catalog->files.len <= number) {
        VEC_PUSH(&catalog->files, (struct catalog_file){0});
    }
    leave(catalog, number);
    enter(catalog, number, symbols);
    catalog->generation++;
}

void catalog_remove(struct catalog *catalog, const char *path)
{
    uint32_t number = names_find(&catalog->paths, str_of(path));
    if (number != NAME_NONE) {
        leave(catalog, number);
        names_release(&catalog->paths, number);
        catalog->ordered = false;
        catalog->generation++;
    }
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL) {
        return;
    }
    for (uint32_t i = 0; i < catalog->files.len; i++) {
        leave(catalog, i);
    }
    catalog_fields_free(catalog);
    VEC_FOREACH (struct catalog_key, key, &catalog->key_data) {
        VEC_FREE(&key->files);
    }
    VEC_FREE(&catalog->key_data);
    VEC_FREE(&catalog->files);
    VEC_FREE(&catalog->order);
    names_free(&catalog->keys);
    names_free(&catalog->paths);
    free(catalog);
}

void catalog_set_builtins(struct catalog *catalog, const struct builtins *builtins)
{
    catalog->builtins = builtins;
    catalog->generation++;
}

unsigned catalog_generation(const struct catalog *catalog)
{
    return catalog->generation;
}

uint32_t catalog_find_file(const struct catalog *catalog, const char *path)
{
    return names_find(&catalog->paths, str_of(path));
}

const char *catalog_path(const struct catalog *catalog, uint32_t file)
{
    return names_text(&catalog->paths, file);
}

const struct policy_symbols *catalog_symbols_of(const struct catalog *catalog, const char *path)
{
    uint32_t file = catalog_find_file(catalog, path);
    return file == NAME_NONE ? NULL : catalog->files.items[file].symbols;
}

/* ---- all of it ---- */

static int by_path(const void *a, const void *b, void *data)
{
    const struct catalog *catalog = data;
    return strcmp(
        catalog_path(catalog, *(const uint32_t *)a), catalog_path(catalog, *(const uint32_t *)b));
}

/* A cache: what the caller sees of the catalog does not change. */
static void put_in_order(const struct catalog *catalog)
{
    struct catalog *cached = (struct catalog *)catalog;
    if (cached->ordered) {
        return;
    }
    cached->order.len = 0;
    for (uint32_t i = 0; i < cached->files.len; i++) {
        if (cached->files.items[i].symbols != NULL) {
            VEC_PUSH(&cached->order, i);
        }
    }
    if (cached->order.len > 0) {
        qsort_r(
            cached->order.items, cached->order.len, sizeof *cached->order.items, by_path, cached);
    }
    cached->ordered = true;
}

const struct policy_symbols *catalog_file_at(
    const struct catalog *catalog, size_t place, const char **path)
{
    put_in_order(catalog);
    if (place >= catalog->order.len) {
        return NULL;
    }
    uint32_t file = catalog->order.items[place];
    *path = catalog_path(catalog, file);
    return catalog->files.items[file].symbols;
}

void catalog_each_file(const struct catalog *catalog,
    bool (*each)(void *data, const char *path, const struct policy_symbols *symbols), void *data)
{
    const char *path;
    const struct policy_symbols *symbols;
    for (size_t i = 0; (symbols = catalog_file_at(catalog, i, &path)) != NULL; i++) {
        if (!each(data, path, symbols)) {
            return;
        }
    }
}

struct each_walk {
    bool (*each)(void *data, const struct catalog_entry *entry);
    void *data;
};

static bool each_definition(void *data, const char *path, const struct policy_symbols *symbols)
{
    const struct each_walk *walk = data;
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        const char *container = definition->parent == SYMBOL_NONE
                                    ? ""
                                    : symbols->definitions.items[definition->parent].name;
        if (!walk->each(walk->data, &(struct catalog_entry){path, definition, container})) {
            return false;
        }
    }
    return true;
}

void catalog_each(const struct catalog *catalog,
    bool (*each)(void *data, const struct catalog_entry *entry), void *data)
{
    catalog_each_file(catalog, each_definition, &(struct each_walk){each, data});
}

struct catalog_counts catalog_count(const struct catalog *catalog)
{
    struct catalog_counts counts = {0};
    for (size_t i = 0; i < catalog->key_data.len; i++) {
        counts.packages += catalog->key_data.items[i].packages > 0;
    }
    VEC_FOREACH (const struct catalog_file, file, &catalog->files) {
        if (file->symbols == NULL) {
            continue;
        }
        counts.files++;
        counts.controls += file->symbols->controls.len;
        VEC_FOREACH (const struct symbol_definition, definition, &file->symbols->definitions) {
            enum symbol_kind kind = definition->kind;
            counts.rules += kind == SYMBOL_RULE || kind == SYMBOL_FUNCTION;
            counts.tests += kind == SYMBOL_TEST;
            counts.policies += kind == SYMBOL_POLICY;
            counts.templates += kind == SYMBOL_TEMPLATE;
            counts.objects += kind == SYMBOL_OBJECT || kind == SYMBOL_CONSTRAINT;
        }
    }
    return counts;
}

/* ---- keys ---- */

uint32_t catalog_key_in(const struct catalog_file *file, uint32_t key)
{
    for (size_t i = 0; i < file->symbols->keys.len; i++) {
        if (file->keys[i] == key) {
            return (uint32_t)i;
        }
    }
    return NAME_NONE;
}

uint32_t catalog_key_of(const struct catalog_file *file, uint32_t key)
{
    return key == NAME_NONE ? NAME_NONE : file->keys[key];
}

/* A use in the name of a definition defines it; of a package's path only the whole of it. */
static bool defines(const struct policy_symbols *symbols, const struct symbol_use *use)
{
    return (use->flags & USE_DEFINES) != 0 && use->owner != NAME_NONE && use->key != NAME_NONE &&
           (symbols->definitions.items[use->owner].kind != SYMBOL_PACKAGE ||
               (use->flags & USE_LAST) != 0);
}

/* Calls for each use of the key in the files that have it, until `each` says false. */
static void walk_uses(const struct catalog *catalog, uint32_t key,
    bool (*each)(void *data, struct catalog_spot spot, const struct symbol_use *use), void *data)
{
    if (key == NAME_NONE) {
        return;
    }
    const struct key_files *files = &catalog_key_data(catalog, key)->files;
    for (size_t i = 0; i < files->len; i++) {
        const struct catalog_file *file = &catalog->files.items[files->items[i]];
        uint32_t own = catalog_key_in(file, key);
        for (size_t k = 0; k < file->symbols->uses.len; k++) {
            const struct symbol_use *use = &file->symbols->uses.items[k];
            struct catalog_spot spot = {files->items[i], (uint32_t)k};
            if (use->key == own && !each(data, spot, use)) {
                return;
            }
        }
    }
}

struct gather {
    const struct catalog *catalog;
    struct catalog_spots *out;
    bool found, is_defined;
};

static bool gather_definition(void *data, struct catalog_spot spot, const struct symbol_use *use)
{
    struct gather *g = data;
    if (!defines(g->catalog->files.items[spot.file].symbols, use)) {
        return true;
    }
    g->found = true;
    if (g->out != NULL) {
        VEC_PUSH(g->out, (struct catalog_spot){spot.file, use->owner});
    }
    return g->out != NULL;
}

void catalog_definitions(const struct catalog *catalog, uint32_t key, struct catalog_spots *out)
{
    struct gather g = {.catalog = catalog, .out = out};
    walk_uses(catalog, key, gather_definition, &g);
}

bool catalog_is_defined(const struct catalog *catalog, uint32_t key)
{
    struct gather g = {.catalog = catalog};
    walk_uses(catalog, key, gather_definition, &g);
    return g.found;
}

static bool gather_use(void *data, struct catalog_spot spot, const struct symbol_use *use)
{
    struct gather *g = data;
    bool variable = (use->flags & USE_FREE) != 0 && use->local != NAME_NONE && !g->is_defined;
    if (!variable) {
        VEC_PUSH(g->out, spot);
    }
    return true;
}

void catalog_uses(const struct catalog *catalog, uint32_t key, struct catalog_spots *out)
{
    struct gather g = {
        .catalog = catalog, .out = out, .is_defined = catalog_is_defined(catalog, key)};
    walk_uses(catalog, key, gather_use, &g);
}

uint32_t catalog_meaning(
    const struct catalog *catalog, uint32_t file, const struct symbol_use *use, bool *exact)
{
    uint32_t key = catalog_key_of(&catalog->files.items[file], use->key);
    if (exact != NULL) {
        *exact = true;
    }
    if (key == NAME_NONE || catalog_is_defined(catalog, key)) {
        return key;
    }
    if (exact != NULL) {
        *exact = false;
    }
    struct str text = str_of(names_text(&catalog->keys, key));
    while (text.len > 0) {
        while (text.len > 0 && text.ptr[text.len - 1] != '/') {
            text.len--;
        }
        text.len -= text.len > 0;
        key = text.len == 0 ? NAME_NONE : names_find(&catalog->keys, text);
        /* Below a package that has no such rule there is nothing. */
        if (key != NAME_NONE && catalog_key_data(catalog, key)->packages > 0) {
            return NAME_NONE;
        }
        if (key != NAME_NONE && catalog_is_defined(catalog, key)) {
            return key;
        }
    }
    return NAME_NONE;
}
