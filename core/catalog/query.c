/* What is under the cursor, where it is defined, who names it. */
#include "catalog/catalog_internal.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "catalog/builtins.h"

#include <stdlib.h>

#define ENTER_MAX_BYTES ((size_t)64 << 10)

void catalog_places_free(struct catalog_places *places)
{
    VEC_FOREACH (struct catalog_place, place, places) {
        free(place->path);
        free(place->name);
        free(place->container);
        free(place->detail);
    }
    VEC_FREE(places);
}

void catalog_places_move(struct catalog_places *from, struct catalog_places *to)
{
    VEC_FOREACH (struct catalog_place, place, from) {
        VEC_PUSH(to, *place);
    }
    VEC_FREE(from);
}

void catalog_symbol_free(struct catalog_symbol *symbol)
{
    free(symbol->key);
    free(symbol->name);
    symbol->key = symbol->name = NULL;
}

size_t catalog_offset(struct str text, size_t row, size_t col)
{
    size_t at = 0;
    for (size_t i = 0; i < row; i++) {
        size_t lf = str_find_char(text, '\n', at);
        if (lf == SIZE_MAX) {
            return text.len;
        }
        at = lf + 1;
    }
    size_t end = str_find_char(text, '\n', at);
    end = end == SIZE_MAX ? text.len : end;
    return at + col < end ? at + col : end;
}

bool catalog_would_read(const struct catalog *catalog, const struct catalog_cursor *cursor)
{
    const struct policy_symbols *known = catalog_symbols_of(catalog, cursor->path);
    return cursor->text.ptr != NULL && cursor->text.len <= ENTER_MAX_BYTES &&
           (known == NULL || known->hash != str_hash(cursor->text));
}

uint32_t catalog_enter(struct catalog *catalog, const struct catalog_cursor *cursor)
{
    if (catalog_would_read(catalog, cursor)) {
        catalog_put(catalog, cursor->path, policy_symbols_parse(cursor->path, cursor->text));
    }
    return catalog_find_file(catalog, cursor->path);
}

const struct symbol_use *catalog_use_at(
    const struct policy_symbols *symbols, size_t row, size_t col)
{
    const struct symbol_use *found = NULL;
    VEC_FOREACH (const struct symbol_use, use, &symbols->uses) {
        bool covers = use->row == row && col >= use->col && col <= (size_t)use->col + use->len;
        /* Of two that touch the one that begins here. */
        if (covers && (found == NULL || use->col > found->col)) {
            found = use;
        }
    }
    return found;
}

size_t catalog_enclosing(const struct policy_symbols *symbols, size_t row, size_t col)
{
    size_t found = SYMBOL_NONE;
    for (size_t i = 0; i < symbols->definitions.len; i++) {
        const struct symbol_range *whole = &symbols->definitions.items[i].whole;
        bool after = row > whole->row || (row == whole->row && col >= whole->col);
        bool before = row < whole->end_row || (row == whole->end_row && col <= whole->end_col);
        /* The last that holds it is the innermost. */
        found = after && before ? i : found;
    }
    return found;
}

/* ---- places ---- */

static const char *container_of(
    const struct policy_symbols *symbols, const struct symbol_definition *definition)
{
    return definition->parent == SYMBOL_NONE ? ""
                                             : symbols->definitions.items[definition->parent].name;
}

void catalog_push_definition(
    const struct catalog *catalog, struct catalog_spot spot, struct catalog_places *out)
{
    const struct policy_symbols *symbols = catalog->files.items[spot.file].symbols;
    const struct symbol_definition *definition = &symbols->definitions.items[spot.index];
    struct catalog_place place = {
        .path = mem_strdup(catalog_path(catalog, spot.file)),
        .kind = definition->kind,
        .name = mem_strdup(definition->name),
        .container = mem_strdup(container_of(symbols, definition)),
        .detail = mem_strdup(definition->detail == NULL ? "" : definition->detail),
        .at = definition->at,
        .whole = definition->whole,
        .defines = true,
    };
    VEC_PUSH(out, place);
}

static struct symbol_range use_range(const struct symbol_use *use)
{
    return (struct symbol_range){
        use->start, use->start + use->len, use->row, use->col, use->row, use->col + use->len};
}

void catalog_push_use(
    const struct catalog *catalog, struct catalog_spot spot, struct catalog_places *out)
{
    const struct policy_symbols *symbols = catalog->files.items[spot.file].symbols;
    const struct symbol_use *use = &symbols->uses.items[spot.index];
    const struct symbol_definition *owner =
        use->owner == NAME_NONE ? NULL : &symbols->definitions.items[use->owner];
    struct catalog_place place = {
        .path = mem_strdup(catalog_path(catalog, spot.file)),
        .kind = owner == NULL ? SYMBOL_PACKAGE : owner->kind,
        .name = mem_strdup(owner == NULL ? "" : owner->name),
        .container = mem_strdup(owner == NULL ? "" : container_of(symbols, owner)),
        .detail = mem_strdup(owner == NULL || owner->detail == NULL ? "" : owner->detail),
        .at = use_range(use),
        .whole = use_range(use),
        .defines = (use->flags & USE_DEFINES) != 0,
    };
    VEC_PUSH(out, place);
}

static int by_place(const void *a, const void *b)
{
    const struct catalog_place *x = a;
    const struct catalog_place *y = b;
    int order = strcmp(x->path, y->path);
    if (order == 0) {
        order = (x->at.start > y->at.start) - (x->at.start < y->at.start);
    }
    return order;
}

void catalog_sort_path(struct catalog_places *places)
{
    if (places->len > 0) {
        qsort(places->items, places->len, sizeof *places->items, by_place);
    }
}

/* How many folders two paths share; the same file above all. */
static size_t nearness(const char *a, const char *b)
{
    size_t shared = 0;
    size_t i = 0;
    for (; a[i] != '\0' && a[i] == b[i]; i++) {
        shared += a[i] == '/';
    }
    return a[i] == b[i] ? SIZE_MAX : shared;
}

static int by_nearness(const void *a, const void *b, void *data)
{
    const struct catalog_place *x = a;
    const struct catalog_place *y = b;
    size_t m = nearness(x->path, data);
    size_t n = nearness(y->path, data);
    return m != n ? (m < n) - (m > n) : by_place(a, b);
}

void catalog_sort_near(struct catalog_places *places, const char *path)
{
    if (places->len > 0) {
        qsort_r(places->items, places->len, sizeof *places->items, by_nearness, (void *)path);
    }
}

struct near_path {
    const struct catalog *catalog;
    const char *path;
};

static int spot_by_nearness(const void *a, const void *b, void *data)
{
    const struct catalog_spot *x = a;
    const struct catalog_spot *y = b;
    const struct near_path *near = data;
    size_t m = nearness(catalog_path(near->catalog, x->file), near->path);
    size_t n = nearness(catalog_path(near->catalog, y->file), near->path);
    int order = m != n ? (m < n) - (m > n) : (x->file > y->file) - (x->file < y->file);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

void catalog_sort_spots_near(
    const struct catalog *catalog, struct catalog_spots *spots, const char *path)
{
    struct near_path near = {catalog, path};
    if (spots->len > 0) {
        qsort_r(spots->items, spots->len, sizeof *spots->items, spot_by_nearness, &near);
    }
}

/* ---- the symbol ---- */

static const char *last_part(const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash == NULL ? key : slash + 1;
}

/* "io.jwt.decode" of the uses "data/p/io", "data/p/io/jwt", …: what was written. */
static char *written_name(const struct policy_symbols *symbols, const struct symbol_use *use)
{
    const char *first = policy_symbols_key(symbols, symbols->uses.items[use->chain].key);
    uint32_t last = use->chain;
    for (uint32_t i = use->chain; i < symbols->uses.len; i++) {
        last = symbols->uses.items[i].chain == use->chain ? i : last;
    }
    const char *all = policy_symbols_key(symbols, symbols->uses.items[last].key);
    char *name = mem_strdup(all + (last_part(first) - first));
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    return name;
}

static enum symbol_kind kind_of_key(const struct catalog *catalog, uint32_t key)
{
    struct catalog_spots spots = {0};
    catalog_definitions(catalog, key, &spots);
    enum symbol_kind kind = SYMBOL_PACKAGE;
    if (spots.len > 0) {
        kind = catalog->files.items[spots.items[0].file]
                   .symbols->definitions.items[spots.items[0].index]
                   .kind;
    }
    VEC_FREE(&spots);
    return kind;
}

static bool symbol_of_use(const struct catalog *catalog, uint32_t file,
    const struct symbol_use *use, struct catalog_symbol *out)
{
    const struct policy_symbols *symbols = catalog->files.items[file].symbols;
    uint32_t key = catalog_meaning(catalog, file, use, NULL);
    *out = (struct catalog_symbol){
        .at = use_range(use), .local = NAME_NONE, .use = (uint32_t)(use - symbols->uses.items)};
    if (key != NAME_NONE) {
        out->key = mem_strdup(names_text(&catalog->keys, key));
        out->name = mem_strdup(last_part(out->key));
        out->kind = kind_of_key(catalog, key);
        return true;
    }
    const struct symbol_use *head = &symbols->uses.items[use->chain];
    if (use == head && use->local != NAME_NONE) {
        out->kind = SYMBOL_VARIABLE;
        out->local = use->local;
        out->name = mem_strdup(symbols->locals.items[use->local].name);
        return true;
    }
    if ((use->flags & USE_CALL) != 0 && (head->flags & USE_FREE) != 0) {
        out->name = written_name(symbols, use);
        out->key = mem_printf("builtin/%s", out->name);
        out->kind = SYMBOL_BUILTIN;
        if (builtins_find(catalog->builtins, str_of(out->name)) != NULL) {
            return true;
        }
        catalog_symbol_free(out);
        return false;
    }
    if (use->key == NAME_NONE || (head->flags & USE_FREE) != 0) {
        return false;
    }
    /* Nobody defines it: still the same name wherever it stands (`data.inventory`). */
    out->key = mem_strdup(policy_symbols_key(symbols, use->key));
    out->name = mem_strdup(last_part(out->key));
    out->kind = SYMBOL_PACKAGE;
    return true;
}

bool catalog_symbol_at(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_symbol *out)
{
    uint32_t file = catalog_enter(catalog, cursor);
    if (file == NAME_NONE) {
        return false;
    }
    const struct symbol_use *use =
        catalog_use_at(catalog->files.items[file].symbols, cursor->row, cursor->col);
    return use != NULL && symbol_of_use(catalog, file, use, out);
}

/* ---- definition, references, callers ---- */

static void push_local(const struct catalog *catalog, uint32_t file, uint32_t local, bool all,
    struct catalog_places *out)
{
    const struct policy_symbols *symbols = catalog->files.items[file].symbols;
    const struct symbol_local *declared = &symbols->locals.items[local];
    for (uint32_t i = 0; i < symbols->uses.len; i++) {
        if (symbols->uses.items[i].local != local || (!all && i != declared->use)) {
            continue;
        }
        catalog_push_use(catalog, (struct catalog_spot){file, i}, out);
        struct catalog_place *place = &out->items[out->len - 1];
        place->kind = SYMBOL_VARIABLE;
        free(place->container);
        place->container = place->name;
        place->name = mem_strdup(declared->name);
        place->defines = i == declared->use;
    }
}

/* `data.a.b` with no rule or package of that name: the data file that opa puts there. */
static void push_data_file(
    const struct catalog *catalog, const char *key, struct catalog_places *out)
{
    static const char *const names[] = {"data.json", "data.yaml", "data.yml"};
    char *folder = mem_strdup(strncmp(key, "data/", 5) == 0 ? key + 5 : "");
    for (bool found = false; !found;) {
        for (size_t i = 0; i < ARRAY_LEN(names) && !found; i++) {
            char *path = *folder == '\0' ? mem_strdup(names[i]) : path_join(folder, names[i]);
            found = catalog_find_file(catalog, path) != NAME_NONE;
            if (found) {
                VEC_PUSH(out, (struct catalog_place){.path = mem_strdup(path),
                                  .kind = SYMBOL_OBJECT,
                                  .name = mem_strdup(names[i]),
                                  .container = mem_strdup(""),
                                  .detail = mem_strdup("data document"),
                                  .defines = true});
            }
            free(path);
        }
        char *slash = strrchr(folder, '/');
        if (*folder == '\0') {
            break;
        }
        *(slash == NULL ? folder : slash) = '\0';
    }
    free(folder);
}

static uint32_t key_number(const struct catalog *catalog, const struct catalog_symbol *symbol)
{
    return symbol->key == NULL ? NAME_NONE : names_find(&catalog->keys, str_of(symbol->key));
}

/* The uses of a built-in: calls of that name that no rule takes. */
static void push_builtin_uses(
    const struct catalog *catalog, const char *name, struct catalog_places *out)
{
    for (uint32_t f = 0; f < catalog->files.len; f++) {
        const struct policy_symbols *symbols = catalog->files.items[f].symbols;
        for (uint32_t i = 0; symbols != NULL && i < symbols->uses.len; i++) {
            const struct symbol_use *use = &symbols->uses.items[i];
            const uint32_t wanted = USE_CALL | USE_LAST;
            struct catalog_symbol symbol;
            if ((use->flags & wanted) != wanted ||
                (symbols->uses.items[use->chain].flags & USE_FREE) == 0) {
                continue;
            }
            if (strcmp(last_part(policy_symbols_key(symbols, use->key)),
                    strrchr(name, '.') == NULL ? name : strrchr(name, '.') + 1) == 0 &&
                symbol_of_use(catalog, f, use, &symbol)) {
                if (symbol.kind == SYMBOL_BUILTIN && strcmp(symbol.name, name) == 0) {
                    catalog_push_use(catalog, (struct catalog_spot){f, i}, out);
                }
                catalog_symbol_free(&symbol);
            }
        }
    }
}

/* The places of a key: all that name it, or only those that define it. */
static void push_key(
    const struct catalog *catalog, uint32_t key, bool uses, struct catalog_places *found)
{
    struct catalog_spots spots = {0};
    if (uses) {
        catalog_uses(catalog, key, &spots);
    } else {
        catalog_definitions(catalog, key, &spots);
    }
    VEC_FOREACH (const struct catalog_spot, spot, &spots) {
        if (uses) {
            catalog_push_use(catalog, *spot, found);
        } else {
            catalog_push_definition(catalog, *spot, found);
        }
    }
    VEC_FREE(&spots);
}

static void push_places(struct catalog *catalog, const struct catalog_cursor *cursor, bool uses,
    struct catalog_places *out)
{
    struct catalog_symbol symbol;
    struct catalog_places found = {0};
    if (!catalog_symbol_at(catalog, cursor, &symbol)) {
        return;
    }
    if (symbol.kind == SYMBOL_VARIABLE) {
        push_local(catalog, catalog_find_file(catalog, cursor->path), symbol.local, uses, &found);
    } else if (symbol.kind != SYMBOL_BUILTIN) {
        push_key(catalog, key_number(catalog, &symbol), uses, &found);
        if (found.len == 0 && !uses) {
            push_data_file(catalog, symbol.key, &found);
        }
    } else if (uses) {
        push_builtin_uses(catalog, symbol.name, &found);
    }
    if (uses) {
        catalog_sort_path(&found);
    } else {
        catalog_sort_near(&found, cursor->path);
    }
    catalog_places_move(&found, out);
    catalog_symbol_free(&symbol);
}

void catalog_definition(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    push_places(catalog, cursor, false, out);
}

void catalog_references(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    push_places(catalog, cursor, true, out);
}

static bool same_spot(const struct catalog_spots *spots, struct catalog_spot spot)
{
    VEC_FOREACH (const struct catalog_spot, known, spots) {
        if (known->file == spot.file && known->index == spot.index) {
            return true;
        }
    }
    return false;
}

static void push_spots(const struct catalog *catalog, const struct catalog_spots *spots,
    const char *near, struct catalog_places *out)
{
    struct catalog_places found = {0};
    VEC_FOREACH (const struct catalog_spot, spot, spots) {
        catalog_push_definition(catalog, *spot, &found);
    }
    catalog_sort_near(&found, near);
    catalog_places_move(&found, out);
}

void catalog_callers(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    struct catalog_symbol symbol;
    if (!catalog_symbol_at(catalog, cursor, &symbol)) {
        return;
    }
    struct catalog_spots uses = {0};
    struct catalog_spots callers = {0};
    catalog_uses(catalog, key_number(catalog, &symbol), &uses);
    VEC_FOREACH (const struct catalog_spot, spot, &uses) {
        const struct symbol_use *use =
            &catalog->files.items[spot->file].symbols->uses.items[spot->index];
        struct catalog_spot caller = {spot->file, use->owner};
        if (use->owner != NAME_NONE && (use->flags & USE_DEFINES) == 0 &&
            !same_spot(&callers, caller)) {
            VEC_PUSH(&callers, caller);
        }
    }
    push_spots(catalog, &callers, cursor->path, out);
    VEC_FREE(&uses);
    VEC_FREE(&callers);
    catalog_symbol_free(&symbol);
}

void catalog_callees(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    uint32_t file = catalog_enter(catalog, cursor);
    if (file == NAME_NONE) {
        return;
    }
    const struct policy_symbols *symbols = catalog->files.items[file].symbols;
    size_t owner = catalog_enclosing(symbols, cursor->row, cursor->col);
    struct catalog_spots callees = {0};
    VEC_FOREACH (const struct symbol_use, use, &symbols->uses) {
        if (owner == SYMBOL_NONE || use->owner != owner ||
            (use->flags & (USE_DEFINES | USE_LAST)) != USE_LAST) {
            continue;
        }
        struct catalog_spots spots = {0};
        catalog_definitions(catalog, catalog_meaning(catalog, file, use, NULL), &spots);
        VEC_FOREACH (const struct catalog_spot, spot, &spots) {
            enum symbol_kind kind =
                catalog->files.items[spot->file].symbols->definitions.items[spot->index].kind;
            if (kind != SYMBOL_PACKAGE && !same_spot(&callees, *spot)) {
                VEC_PUSH(&callees, *spot);
            }
        }
        VEC_FREE(&spots);
    }
    push_spots(catalog, &callees, cursor->path, out);
    VEC_FREE(&callees);
}

void catalog_outline(const struct catalog *catalog, const char *path, struct catalog_places *out)
{
    uint32_t file = catalog_find_file(catalog, path);
    size_t count = file == NAME_NONE ? 0 : catalog->files.items[file].symbols->definitions.len;
    for (uint32_t i = 0; i < count; i++) {
        catalog_push_definition(catalog, (struct catalog_spot){file, i}, out);
    }
}
