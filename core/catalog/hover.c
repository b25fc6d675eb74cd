/* What is under the cursor, as Markdown. */
#include "catalog/catalog_internal.h"

#include "base/vec.h"
#include "catalog/builtins.h"

#include <stdlib.h>

enum { TESTS_MAX = 12, PLACES_MAX = 6 };

static void add_code(struct buf *out, const char *language, const char *text)
{
    buf_printf(out, "```%s\n%s\n```\n", language, text);
}

static const struct symbol_definition *definition_of(
    const struct catalog *catalog, struct catalog_spot spot)
{
    return &catalog->files.items[spot.file].symbols->definitions.items[spot.index];
}

/* METADATA about the key, in whichever file it stands. */
static void add_notes(const struct catalog *catalog, uint32_t key, struct buf *out)
{
    const struct key_files *files = &catalog_key_data(catalog, key)->files;
    for (size_t i = 0; i < files->len; i++) {
        const struct catalog_file *file = &catalog->files.items[files->items[i]];
        uint32_t own = catalog_key_in(file, key);
        VEC_FOREACH (const struct symbol_note, note, &file->symbols->notes) {
            if (note->key != own) {
                continue;
            }
            if (note->title != NULL) {
                buf_printf(out, "\n**%s**\n", note->title);
            }
            if (note->description != NULL) {
                buf_printf(out, "\n%s\n", note->description);
            }
            if (note->custom != NULL) {
                buf_append_char(out, '\n');
                add_code(out, "yaml", note->custom);
            }
        }
    }
}

static void add_controls(const struct catalog *catalog, struct catalog_spot spot, struct buf *out)
{
    const struct policy_symbols *symbols = catalog->files.items[spot.file].symbols;
    const struct symbol_definition *definition = definition_of(catalog, spot);
    const char *sign = "\nControls: ";
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        if (control->definition == spot.index || control->definition == definition->parent) {
            buf_printf(out, "%s%s (%s)", sign, control->id, control->framework);
            sign = ", ";
        }
    }
    if (*sign == ',') {
        buf_append_char(out, '\n');
    }
}

static void add_tests(struct catalog *catalog, const struct catalog_cursor *cursor,
    catalog_status status, void *data, struct buf *out)
{
    struct catalog_places tests = {0};
    catalog_tests(catalog, cursor, &tests);
    buf_append_c(out, tests.len == 0 ? "\nNo test refers to it.\n" : "\nTests:\n\n");
    for (size_t i = 0; i < tests.len && i < TESTS_MAX; i++) {
        const struct catalog_place *test = &tests.items[i];
        const char *last = status == NULL ? NULL : status(data, test);
        buf_printf(out, "- `%s` %s, `%s:%u`\n", test->name, last == NULL ? "not run" : last,
            test->path, test->at.row + 1);
    }
    if (tests.len > TESTS_MAX) {
        buf_printf(out, "- and %zu more\n", tests.len - TESTS_MAX);
    }
    catalog_places_free(&tests);
}

static void add_places(const struct catalog *catalog, const struct catalog_spots *spots,
    const char *path, struct buf *out)
{
    struct catalog_places places = {0};
    VEC_FOREACH (const struct catalog_spot, spot, spots) {
        catalog_push_definition(catalog, *spot, &places);
    }
    catalog_sort_near(&places, path);
    buf_append_c(out, "\nDefined in ");
    for (size_t i = 0; i < places.len && i < PLACES_MAX; i++) {
        buf_printf(
            out, "%s`%s:%u`", i > 0 ? ", " : "", places.items[i].path, places.items[i].at.row + 1);
    }
    if (places.len > PLACES_MAX) {
        buf_printf(out, " and %zu more places", places.len - PLACES_MAX);
    }
    buf_append_char(out, '\n');
    catalog_places_free(&places);
}

static bool has_line(struct str lines, const char *wanted)
{
    struct str line;
    while (str_next_line(&lines, &line)) {
        if (str_equal_c(line, wanted)) {
            return true;
        }
    }
    return false;
}

/* The heads of all bodies, each once. */
static void add_heads(
    const struct catalog *catalog, const struct catalog_spots *spots, struct buf *out)
{
    struct buf heads = BUF_INIT;
    for (size_t i = 0; i < spots->len && i < PLACES_MAX; i++) {
        const char *head = definition_of(catalog, spots->items[i])->detail;
        if (head != NULL && !has_line(buf_str(&heads), head)) {
            buf_printf(&heads, "%s%s", heads.len > 0 ? "\n" : "", head);
        }
    }
    add_code(out, "rego", heads.ptr == NULL ? "" : heads.ptr);
    buf_free(&heads);
}

static void hover_definition(const struct catalog *catalog, const struct catalog_symbol *symbol,
    const struct catalog_spots *spots, const char *path, struct buf *out)
{
    uint32_t key = names_find(&catalog->keys, str_of(symbol->key));
    const struct symbol_definition *first = definition_of(catalog, spots->items[0]);
    bool rego = first->kind <= SYMBOL_TEST;
    if (first->kind == SYMBOL_PACKAGE) {
        buf_printf(out, "```rego\npackage %s\n```\n", first->name);
    } else if (rego) {
        add_heads(catalog, spots, out);
        const struct policy_symbols *symbols = catalog->files.items[spots->items[0].file].symbols;
        if (first->parent != SYMBOL_NONE) {
            buf_printf(out, "\n%s of package `%s`\n", symbol_kind_name(first->kind),
                symbols->definitions.items[first->parent].name);
        }
    } else {
        buf_printf(out, "**%s** %s", first->name,
            first->kind == SYMBOL_POLICY_RULE ? "rule of a Kyverno policy"
            : first->kind == SYMBOL_POLICY    ? "Kyverno policy"
                                              : "Gatekeeper constraint template");
        buf_printf(out, ", %s %s\n", first->type, first->detail);
    }
    if (rego) {
        add_notes(catalog, key, out);
    }
    VEC_FOREACH (const struct catalog_spot, spot, spots) {
        const struct symbol_definition *definition = definition_of(catalog, *spot);
        if (definition->doc != NULL) {
            buf_printf(out, "\n%s\n", definition->doc);
        }
        add_controls(catalog, *spot, out);
    }
    add_places(catalog, spots, path, out);
}

static void hover_variable(struct catalog *catalog, const struct catalog_cursor *cursor,
    const struct catalog_symbol *symbol, struct buf *out)
{
    static const char *const how[] = {
        [LOCAL_PARAMETER] = "parameter",
        [LOCAL_SOME] = "declared with `some`",
        [LOCAL_EVERY] = "declared with `every`",
        [LOCAL_ASSIGNED] = "assigned with `:=`",
        [LOCAL_IMPLICIT] = "not declared: bound where it first stands",
    };
    const struct policy_symbols *symbols = catalog_symbols_of(catalog, cursor->path);
    const struct symbol_local *local = &symbols->locals.items[symbol->local];
    buf_printf(out, "`%s` variable, %s, line %u\n", symbol->name, how[local->kind],
        symbols->uses.items[local->use].row + 1);
}

bool catalog_hover(struct catalog *catalog, const struct catalog_cursor *cursor,
    catalog_status status, void *data, struct buf *markdown)
{
    struct catalog_symbol symbol;
    if (!catalog_symbol_at(catalog, cursor, &symbol)) {
        return false;
    }
    size_t before = markdown->len;
    if (symbol.kind == SYMBOL_VARIABLE) {
        hover_variable(catalog, cursor, &symbol, markdown);
    } else if (symbol.kind == SYMBOL_BUILTIN) {
        const struct builtin *builtin = builtins_find(catalog->builtins, str_of(symbol.name));
        add_code(markdown, "rego", builtin->signature);
        buf_printf(markdown, "\n%s\n", builtin->docs);
    } else {
        struct catalog_spots spots = {0};
        catalog_definitions(catalog, names_find(&catalog->keys, str_of(symbol.key)), &spots);
        catalog_sort_spots_near(catalog, &spots, cursor->path); /* the file's own before copies */
        if (spots.len > 0) {
            hover_definition(catalog, &symbol, &spots, cursor->path, markdown);
            if (symbol.kind != SYMBOL_PACKAGE && symbol.kind != SYMBOL_TEST) {
                add_tests(catalog, cursor, status, data, markdown);
            }
        }
        VEC_FREE(&spots);
    }
    catalog_symbol_free(&symbol);
    return markdown->len > before;
}
