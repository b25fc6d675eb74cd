/* The tables of the catalog, for the files of this folder. */
#ifndef BYLAW_CATALOG_INTERNAL_H
#define BYLAW_CATALOG_INTERNAL_H

#include "catalog/catalog.h"

struct catalog_file {
    struct policy_symbols *symbols; /* NULL: the number is not in use */
    uint32_t *keys;                 /* of the symbols' keys, the catalog's */
    uint32_t *fields;               /* of the symbols' fields, the catalog's */
};

/* What is known of a key besides its text; by its number. */
struct catalog_key {
    struct key_files {
        uint32_t *items; /* files that have it, each once, in no order */
        size_t len, cap;
    } files;
    uint32_t packages; /* package lines with this key */
};

/* A field of documents (policy/symbols.h), merged over the files. */
struct catalog_field {
    char *name;
    uint32_t parent, first_child, next_sibling; /* NAME_NONE: none */
    uint32_t files;                             /* that have it; 0: free */
    enum symbol_field_type type;
    char *sample;
};

struct catalog {
    struct names paths; /* the number of a path is its file's */
    struct {
        struct catalog_file *items;
        size_t len, cap;
    } files;
    struct names keys;
    struct {
        struct catalog_key *items;
        size_t len, cap;
    } key_data;
    struct {
        struct catalog_field *items;
        size_t len, cap;
    } fields;
    uint32_t field_roots, free_field;
    /* Numbers of the files by path; made when asked for after a change of paths. */
    struct {
        uint32_t *items;
        size_t len, cap;
    } order;
    bool ordered;
    const struct builtins *builtins;
    unsigned generation;
};

static inline const struct catalog_key *catalog_key_data(
    const struct catalog *catalog, uint32_t key)
{
    return &catalog->key_data.items[key];
}

/* A definition's or use's place in the tables. */
struct catalog_spot {
    uint32_t file;
    uint32_t index;
};
struct catalog_spots {
    struct catalog_spot *items;
    size_t len, cap;
};

const char *catalog_path(const struct catalog *catalog, uint32_t file);
/* NAME_NONE when unknown. */
uint32_t catalog_find_file(const struct catalog *catalog, const char *path);
/* The number of the key in the file's own symbols; NAME_NONE. */
uint32_t catalog_key_in(const struct catalog_file *file, uint32_t key);
/* The catalog's number of a key of the file; NAME_NONE stays. */
uint32_t catalog_key_of(const struct catalog_file *file, uint32_t key);
/* Appends the definitions of a key (a rule's name with further parts counts for its beginning). */
void catalog_definitions(const struct catalog *catalog, uint32_t key, struct catalog_spots *out);
bool catalog_is_defined(const struct catalog *catalog, uint32_t key);
/* Appends the uses of the key, less bare names that mean a variable. */
void catalog_uses(const struct catalog *catalog, uint32_t key, struct catalog_spots *out);
/* The key a use means now: shortened to the rule where it goes on into the rule's value; NAME_NONE
 * for variables, built-ins and what nobody defines. *exact: not shortened. May be NULL. */
uint32_t catalog_meaning(
    const struct catalog *catalog, uint32_t file, const struct symbol_use *use, bool *exact);
/* The definition under or around a place of a file: SYMBOL_NONE when there is none. */
size_t catalog_enclosing(const struct policy_symbols *symbols, size_t row, size_t col);

/* Makes the file of the cursor known as its text is; its number, or NAME_NONE. */
uint32_t catalog_enter(struct catalog *catalog, const struct catalog_cursor *cursor);
/* Byte of a row and column; clamped. */
size_t catalog_offset(struct str text, size_t row, size_t col);
/* The use under the cursor, or NULL. */
const struct symbol_use *catalog_use_at(
    const struct policy_symbols *symbols, size_t row, size_t col);

void catalog_push_definition(
    const struct catalog *catalog, struct catalog_spot spot, struct catalog_places *out);
void catalog_push_use(
    const struct catalog *catalog, struct catalog_spot spot, struct catalog_places *out);
/* Appends all of `from`, which is empty then. */
void catalog_places_move(struct catalog_places *from, struct catalog_places *to);
void catalog_sort_near(struct catalog_places *places, const char *path);
void catalog_sort_spots_near(
    const struct catalog *catalog, struct catalog_spots *spots, const char *path);
void catalog_sort_path(struct catalog_places *places);

/* Fields: the child of a name; NAME_NONE. `parent` NAME_NONE: the roots. */
uint32_t catalog_field_child(const struct catalog *catalog, uint32_t parent, struct str name);
void catalog_fields_add(struct catalog *catalog, struct catalog_file *file);
void catalog_fields_remove(struct catalog *catalog, struct catalog_file *file);
void catalog_fields_free(struct catalog *catalog);

#endif
