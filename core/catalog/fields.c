/* The fields of all documents, merged: a tree in which a file's fields come and go. */
#include "catalog/catalog_internal.h"

#include "base/vec.h"

#include <stdlib.h>

static uint32_t *first_of(struct catalog *catalog, uint32_t parent)
{
    return parent == NAME_NONE ? &catalog->field_roots : &catalog->fields.items[parent].first_child;
}

uint32_t catalog_field_child(const struct catalog *catalog, uint32_t parent, struct str name)
{
    uint32_t at =
        parent == NAME_NONE ? catalog->field_roots : catalog->fields.items[parent].first_child;
    while (at != NAME_NONE && !str_equal_c(name, catalog->fields.items[at].name)) {
        at = catalog->fields.items[at].next_sibling;
    }
    return at;
}

static uint32_t make_field(
    struct catalog *catalog, uint32_t parent, const struct symbol_field *from)
{
    struct catalog_field field = {.name = mem_strdup(from->name),
        .parent = parent,
        .first_child = NAME_NONE,
        .type = from->type,
        .sample = mem_strdup(from->sample)};
    uint32_t at = catalog->free_field;
    if (at != NAME_NONE) {
        catalog->free_field = catalog->fields.items[at].next_sibling;
        catalog->fields.items[at] = field;
    } else {
        at = (uint32_t)catalog->fields.len;
        VEC_PUSH(&catalog->fields, field);
    }
    uint32_t *first = first_of(catalog, parent);
    catalog->fields.items[at].next_sibling = *first;
    *first = at;
    return at;
}

void catalog_fields_add(struct catalog *catalog, struct catalog_file *file)
{
    const struct symbol_fields *fields = &file->symbols->fields;
    file->fields = mem_realloc_array(NULL, fields->len, sizeof *file->fields);
    for (size_t i = 0; i < fields->len; i++) {
        const struct symbol_field *from = &fields->items[i];
        uint32_t parent = from->parent == NAME_NONE ? NAME_NONE : file->fields[from->parent];
        uint32_t at = catalog_field_child(catalog, parent, str_of(from->name));
        if (at == NAME_NONE) {
            at = make_field(catalog, parent, from);
        }
        struct catalog_field *known = &catalog->fields.items[at];
        known->files++;
        known->type = known->type == FIELD_NULL ? from->type : known->type;
        if (known->sample == NULL) {
            known->sample = mem_strdup(from->sample);
        }
        file->fields[i] = at;
    }
}

static void drop_field(struct catalog *catalog, uint32_t at)
{
    struct catalog_field *field = &catalog->fields.items[at];
    uint32_t *link = first_of(catalog, field->parent);
    while (*link != at) {
        link = &catalog->fields.items[*link].next_sibling;
    }
    *link = field->next_sibling;
    free(field->name);
    free(field->sample);
    *field = (struct catalog_field){.next_sibling = catalog->free_field};
    catalog->free_field = at;
}

void catalog_fields_remove(struct catalog *catalog, struct catalog_file *file)
{
    /* Children come after their parents, so they go first. */
    for (size_t i = file->symbols->fields.len; i-- > 0;) {
        if (--catalog->fields.items[file->fields[i]].files == 0) {
            drop_field(catalog, file->fields[i]);
        }
    }
    free(file->fields);
    file->fields = NULL;
}

void catalog_fields_free(struct catalog *catalog)
{
    VEC_FOREACH (struct catalog_field, field, &catalog->fields) {
        free(field->name);
        free(field->sample);
    }
    VEC_FREE(&catalog->fields);
}
