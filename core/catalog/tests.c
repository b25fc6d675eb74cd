/* From rules to the tests that reach them and back: walks over references, breadth first. */
#include "catalog/catalog_internal.h"

#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

enum { REACHED_MAX = 2000 };

struct step {
    uint32_t key;
    unsigned distance;
};

struct reach {
    const struct catalog *catalog;
    bool *seen; /* keys */
    struct {
        struct step *items;
        size_t len, cap;
    } queue;
    struct catalog_spots found;
    struct {
        unsigned *items;
        size_t len, cap;
    } distances;
};

static struct reach reach_new(const struct catalog *catalog)
{
    return (struct reach){.catalog = catalog, .seen = mem_zalloc(catalog->keys.len + 1)};
}

static void reach_free(struct reach *reach)
{
    free(reach->seen);
    VEC_FREE(&reach->queue);
    VEC_FREE(&reach->found);
    VEC_FREE(&reach->distances);
}

static void go_to(struct reach *reach, uint32_t key, unsigned distance)
{
    if (key != NAME_NONE && !reach->seen[key]) {
        reach->seen[key] = true;
        VEC_PUSH(&reach->queue, (struct step){key, distance});
    }
}

static void find(struct reach *reach, struct catalog_spot spot, unsigned distance)
{
    VEC_FOREACH (const struct catalog_spot, known, &reach->found) {
        if (known->file == spot.file && known->index == spot.index) {
            return;
        }
    }
    if (reach->found.len < REACHED_MAX) {
        VEC_PUSH(&reach->found, spot);
        VEC_PUSH(&reach->distances, distance);
    }
}

static const struct symbol_definition *definition_at(
    const struct catalog *catalog, struct catalog_spot spot)
{
    return &catalog->files.items[spot.file].symbols->definitions.items[spot.index];
}

/* The definition that the question is about: the one named under the cursor, when it is a rule or a
 * policy, else the one around it. */
static struct catalog_spot about(
    const struct catalog *catalog, uint32_t file, const struct catalog_cursor *cursor)
{
    const struct policy_symbols *symbols = catalog->files.items[file].symbols;
    const struct symbol_use *use = catalog_use_at(symbols, cursor->row, cursor->col);
    struct catalog_spot spot = {file, NAME_NONE};
    struct catalog_spots spots = {0};
    if (use != NULL) {
        catalog_definitions(catalog, catalog_meaning(catalog, file, use, NULL), &spots);
    }
    if (spots.len > 0 && definition_at(catalog, spots.items[0])->kind != SYMBOL_PACKAGE) {
        spot = spots.items[0];
        VEC_FOREACH (const struct catalog_spot, own, &spots) {
            spot = own->file == file ? *own : spot;
        }
    } else {
        size_t around = catalog_enclosing(symbols, cursor->row, cursor->col);
        spot.index = around == SYMBOL_NONE ? NAME_NONE : (uint32_t)around;
    }
    VEC_FREE(&spots);
    return spot;
}

static int by_distance(const void *a, const void *b, void *data)
{
    const struct catalog_place *x = a;
    const struct catalog_place *y = b;
    const char *path = data;
    if (x->distance != y->distance) {
        return x->distance < y->distance ? -1 : 1;
    }
    int near = (strcmp(y->path, path) == 0) - (strcmp(x->path, path) == 0);
    int order = near != 0 ? near : strcmp(x->path, y->path);
    return order != 0 ? order : (x->at.start > y->at.start) - (x->at.start < y->at.start);
}

static void push_found(struct reach *reach, const char *path, struct catalog_places *out)
{
    struct catalog_places found = {0};
    for (size_t i = 0; i < reach->found.len; i++) {
        catalog_push_definition(reach->catalog, reach->found.items[i], &found);
        found.items[i].distance = reach->distances.items[i];
    }
    if (found.len > 0) {
        qsort_r(found.items, found.len, sizeof *found.items, by_distance, (void *)path);
    }
    catalog_places_move(&found, out);
}

/* ---- tests of a rule ---- */

static void take_users(struct reach *reach, struct step step, bool whole_only)
{
    struct catalog_spots uses = {0};
    catalog_uses(reach->catalog, step.key, &uses);
    VEC_FOREACH (const struct catalog_spot, spot, &uses) {
        const struct catalog_file *file = &reach->catalog->files.items[spot->file];
        const struct symbol_use *use = &file->symbols->uses.items[spot->index];
        bool names = (use->flags & (USE_DEFINES | USE_IMPORT)) != 0 || use->owner == NAME_NONE;
        if (names || (whole_only && (use->flags & USE_LAST) == 0)) {
            continue;
        }
        const struct symbol_definition *owner = &file->symbols->definitions.items[use->owner];
        if (owner->kind == SYMBOL_TEST || owner->kind == SYMBOL_SUITE) {
            find(reach, (struct catalog_spot){spot->file, use->owner}, step.distance);
        } else {
            go_to(reach, catalog_key_of(file, owner->key), step.distance + 1);
        }
    }
    VEC_FREE(&uses);
}

/* Who uses what the rule is a part of as a whole: its package, the object `p` of a rule `p.q`. */
static void take_whole(struct reach *reach, struct step step)
{
    const struct catalog *catalog = reach->catalog;
    char *above = mem_strdup(names_text(&catalog->keys, step.key));
    bool package = false;
    for (char *slash; !package && (slash = strrchr(above, '/')) != NULL;) {
        *slash = '\0';
        uint32_t key = names_find(&catalog->keys, str_of(above));
        package = key == NAME_NONE || catalog_key_data(catalog, key)->packages > 0;
        if (key != NAME_NONE) {
            take_users(reach, (struct step){key, step.distance + 1}, true);
        }
    }
    free(above);
}

/* Suites that name the file. */
static void take_suites(struct reach *reach, const char *path)
{
    for (uint32_t f = 0; f < reach->catalog->files.len; f++) {
        const struct policy_symbols *symbols = reach->catalog->files.items[f].symbols;
        for (size_t i = 0; symbols != NULL && i < symbols->links.len; i++) {
            if (strcmp(symbols->links.items[i].path, path) == 0) {
                find(reach, (struct catalog_spot){f, (uint32_t)symbols->links.items[i].definition},
                    0);
            }
        }
    }
}

void catalog_tests(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    uint32_t file = catalog_enter(catalog, cursor);
    if (file == NAME_NONE) {
        return;
    }
    struct catalog_spot spot = about(catalog, file, cursor);
    if (spot.index == NAME_NONE) {
        return;
    }
    const struct symbol_definition *definition = definition_at(catalog, spot);
    struct reach reach = reach_new(catalog);
    go_to(&reach, catalog_key_of(&catalog->files.items[spot.file], definition->key), 0);
    for (size_t i = 0; i < reach.queue.len && i < REACHED_MAX; i++) {
        struct step step = reach.queue.items[i];
        take_users(&reach, step, false);
        take_whole(&reach, step);
    }
    if (definition->kind == SYMBOL_TEMPLATE || definition->kind == SYMBOL_POLICY ||
        definition->kind == SYMBOL_POLICY_RULE) {
        take_suites(&reach, catalog_path(catalog, spot.file));
    }
    push_found(&reach, cursor->path, out);
    reach_free(&reach);
}

/* ---- rules of a test ---- */

/* Everything one definition refers to. */
static void take_used(struct reach *reach, struct catalog_spot from, unsigned distance)
{
    const struct policy_symbols *symbols = reach->catalog->files.items[from.file].symbols;
    VEC_FOREACH (const struct symbol_use, use, &symbols->uses) {
        /* The whole of a reference: on its way it names packages and other rules. */
        if (use->owner == from.index && (use->flags & (USE_DEFINES | USE_LAST)) == USE_LAST) {
            go_to(reach, catalog_meaning(reach->catalog, from.file, use, NULL), distance);
        }
    }
}

static void take_step(struct reach *reach, struct step step)
{
    struct catalog_spots spots = {0};
    catalog_definitions(reach->catalog, step.key, &spots);
    VEC_FOREACH (const struct catalog_spot, spot, &spots) {
        const struct symbol_definition *definition = definition_at(reach->catalog, *spot);
        if (definition->kind != SYMBOL_PACKAGE && definition->kind != SYMBOL_TEST) {
            find(reach, *spot, step.distance);
            take_used(reach, *spot, step.distance + 1);
        }
    }
    VEC_FREE(&spots);
}

static void take_linked(struct reach *reach, struct catalog_spot suite)
{
    const struct policy_symbols *symbols = reach->catalog->files.items[suite.file].symbols;
    VEC_FOREACH (const struct symbol_link, link, &symbols->links) {
        uint32_t file = catalog_find_file(reach->catalog, link->path);
        if (link->definition != suite.index || file == NAME_NONE) {
            continue;
        }
        const struct policy_symbols *linked = reach->catalog->files.items[file].symbols;
        for (uint32_t i = 0; i < linked->definitions.len; i++) {
            enum symbol_kind kind = linked->definitions.items[i].kind;
            if (kind == SYMBOL_TEMPLATE || kind == SYMBOL_POLICY) {
                find(reach, (struct catalog_spot){file, i}, 0);
            }
        }
    }
}

void catalog_tested(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    uint32_t file = catalog_enter(catalog, cursor);
    size_t around = file == NAME_NONE ? SYMBOL_NONE
                                      : catalog_enclosing(catalog->files.items[file].symbols,
                                            cursor->row, cursor->col);
    if (around == SYMBOL_NONE) {
        return;
    }
    struct catalog_spot spot = {file, (uint32_t)around};
    const struct symbol_definition *definition = definition_at(catalog, spot);
    if (definition->kind != SYMBOL_TEST && definition->kind != SYMBOL_SUITE) {
        return;
    }
    struct reach reach = reach_new(catalog);
    take_used(&reach, spot, 0);
    for (size_t i = 0; i < reach.queue.len && i < REACHED_MAX; i++) {
        take_step(&reach, reach.queue.items[i]);
    }
    take_linked(&reach, spot);
    struct catalog_places found = {0};
    push_found(&reach, cursor->path, &found);
    /* Helpers come last: what stands beside the test, in its file or its package of tests. A
     * package that is not one of tests is what is tested (Gatekeeper's tests are in the policy's
     * own). */
    const char *own =
        definition->parent == SYMBOL_NONE
            ? ""
            : catalog->files.items[file].symbols->definitions.items[definition->parent].name;
    bool own_is_tests = str_ends(str_of(own), "_test");
    for (int helpers = 0; helpers < 2; helpers++) {
        VEC_FOREACH (struct catalog_place, place, &found) {
            bool beside = strcmp(place->path, cursor->path) == 0 ||
                          (own_is_tests && strcmp(place->container, own) == 0);
            if (beside == (helpers == 1)) {
                VEC_PUSH(out, *place);
            }
        }
    }
    VEC_FREE(&found);
    reach_free(&reach);
}

/* ---- fixtures ---- */

struct fixtures {
    const struct catalog *catalog;
    char *folder; /* with its "/", or "" */
    struct catalog_places *out;
};

static void push_file(struct catalog_places *out, const char *path)
{
    VEC_FOREACH (const struct catalog_place, known, out) {
        if (strcmp(known->path, path) == 0) {
            return;
        }
    }
    VEC_PUSH(out, (struct catalog_place){.path = mem_strdup(path),
                      .kind = SYMBOL_OBJECT,
                      .name = mem_strdup(path_base(path)),
                      .container = mem_strdup(""),
                      .detail = mem_strdup("")});
}

static bool is_fixture_folder(const char *rest)
{
    static const char *const words[] = {
        "testdata/", "fixtures/", "fixture/", "samples/", "examples/", "inputs/", "mocks/"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strncmp(rest, words[i], strlen(words[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool each_fixture(void *data, const char *path, const struct policy_symbols *symbols)
{
    const struct fixtures *fixtures = data;
    size_t len = strlen(fixtures->folder);
    if (strncmp(path, fixtures->folder, len) != 0) {
        return true;
    }
    bool is_data = symbols->kind == FILE_YAML || symbols->kind == FILE_JSON;
    if (is_data && is_fixture_folder(path + len)) {
        push_file(fixtures->out, path);
    }
    VEC_FOREACH (const struct symbol_link, link, &symbols->links) {
        if (strchr(path + len, '/') == NULL &&
            catalog_find_file(fixtures->catalog, link->path) != NAME_NONE) {
            push_file(fixtures->out, link->path);
        }
    }
    return true;
}

void catalog_fixtures(const struct catalog *catalog, const char *path, struct catalog_places *out)
{
    const char *base = path_base(path);
    struct fixtures fixtures = {catalog, mem_strndup(path, (size_t)(base - path)), out};
    catalog_each_file(catalog, each_fixture, &fixtures);
    free(fixtures.folder);
}
