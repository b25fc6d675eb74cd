/* Names and where they are: asked of the catalog. */
#include "plain/plain_private.h"

#include <stdint.h>
#include <stdlib.h>

static struct catalog *catalog_of(const struct plain *plain)
{
    struct indexer *indexer = workbench_indexer(plain->wb);
    return indexer == NULL ? NULL : indexer_catalog(indexer);
}

static char *full_name(const char *container, const char *name)
{
    return mem_printf("%s%s%s", container, container[0] == '\0' ? "" : ".", name);
}

static void say_place(
    struct plain *plain, const char *path, enum symbol_kind kind, const char *name, uint32_t row)
{
    plain_say(plain, "%s %s: %s, line %u", symbol_kind_name(kind), name, path, row + 1);
}

struct listing {
    struct plain *plain;
    struct str wanted; /* empty: all of `path` */
    const char *path;
    size_t count;
};

static bool list_entry(void *data, const struct catalog_entry *entry)
{
    struct listing *l = data;
    char *name = full_name(entry->container, entry->definition->name);
    bool here = l->wanted.len > 0 ? str_find(str_of(name), l->wanted, 0) != SIZE_MAX
                                  : strcmp(entry->path, l->path) == 0;
    if (here && ++l->count <= PLAIN_LIST_MAX) {
        say_place(l->plain, entry->path, entry->definition->kind, name, entry->definition->at.row);
    }
    free(name);
    return true;
}

bool plain_symbols(struct plain *plain, struct str args, struct err *err)
{
    struct catalog *catalog = catalog_of(plain);
    if (args.len == 0 && plain->path == NULL) {
        return err_set(err, ERR_INVALID, "Type symbols and a part of the name, or open a file.");
    }
    struct listing listing = {.plain = plain, .wanted = args, .path = plain->path};
    if (catalog != NULL) {
        catalog_each(catalog, list_entry, &listing);
    }
    char *count = plain_count(listing.count, "symbol");
    plain_say(plain, "%s%s.", count,
        listing.count > PLAIN_LIST_MAX ? "; not all were said, type more of the name" : "");
    free(count);
    return true;
}

/* ---- by name ---- */

struct finding_one {
    struct str name;
    const char *near; /* the open file */
    struct catalog_place *out;
    bool found, is_near;
    size_t others; /* with another full name */
};

static bool take_entry(void *data, const struct catalog_entry *entry)
{
    struct finding_one *f = data;
    const struct symbol_definition *definition = entry->definition;
    char *full = full_name(entry->container, definition->name);
    bool same = str_equal_c(f->name, definition->name) || str_equal_c(f->name, full);
    bool near = f->near != NULL && strcmp(entry->path, f->near) == 0;
    f->others += same && f->found && strcmp(full, f->out->name) != 0;
    if (same && (!f->found || (near && !f->is_near))) {
        plain_place_free(f->out);
        *f->out = (struct catalog_place){.path = mem_strdup(entry->path),
            .kind = definition->kind,
            .name = mem_strdup(full),
            .at = definition->at,
            .whole = definition->whole};
        f->found = true;
        f->is_near = near;
    }
    free(full);
    return true;
}

void plain_place_free(struct catalog_place *place)
{
    free(place->path);
    free(place->name);
    *place = (struct catalog_place){0};
}

bool plain_symbol_find(
    struct plain *plain, struct str name, struct catalog_place *out, struct err *err)
{
    struct catalog *catalog = catalog_of(plain);
    *out = (struct catalog_place){0};
    struct finding_one finding = {.name = name, .near = plain->path, .out = out};
    if (catalog != NULL) {
        catalog_each(catalog, take_entry, &finding);
    }
    if (finding.others > 0) {
        plain_say(plain, "More is named %.*s; this is %s, type symbols %.*s for the others.",
            STR_FMT(name), out->name, STR_FMT(name));
    }
    return finding.found ||
           err_set(err, ERR_NOT_FOUND,
               "Nothing is named %.*s; type symbols and a part of the name.", STR_FMT(name));
}

static bool ask(struct plain *plain, struct str name,
    void (*question)(struct catalog *, const struct catalog_cursor *, struct catalog_places *),
    const char *noun, struct err *err)
{
    struct catalog_place from;
    struct catalog_places places = {0};
    if (!plain_symbol_find(plain, name, &from, err)) {
        return false;
    }
    struct catalog_cursor cursor = {.path = from.path, .row = from.at.row, .col = from.at.col};
    question(catalog_of(plain), &cursor, &places);
    if (places.len == 0) {
        say_place(plain, from.path, from.kind, from.name, from.at.row);
    }
    for (size_t i = 0; i < places.len && i < PLAIN_LIST_MAX; i++) {
        const struct catalog_place *place = &places.items[i];
        char *full = full_name(place->container, place->name);
        say_place(plain, place->path, place->kind, full, place->at.row);
        free(full);
    }
    char *count = plain_count(places.len == 0 ? 1 : places.len, noun);
    plain_say(plain, "%s.", count);
    free(count);
    catalog_places_free(&places);
    plain_place_free(&from);
    return true;
}

bool plain_definition(struct plain *plain, struct str args, struct err *err)
{
    return ask(plain, args, catalog_definition, "definition", err);
}

bool plain_references(struct plain *plain, struct str args, struct err *err)
{
    return ask(plain, args, catalog_references, "place", err);
}
