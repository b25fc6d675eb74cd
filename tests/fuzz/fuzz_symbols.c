/* Any bytes as Rego, YAML or JSON: the symbols stay within the text, and every question about a
 * place, a completion and a rename there end. */
#include "base/vec.h"
#include "catalog/builtins.h"
#include "catalog/catalog.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct policy_symbols *symbols, size_t size)
{
    VEC_FOREACH (const struct symbol_use, use, &symbols->uses) {
        if ((size_t)use->start + use->len > size || use->chain >= symbols->uses.len ||
            (use->owner != NAME_NONE && use->owner >= symbols->definitions.len) ||
            (use->local != NAME_NONE && use->local >= symbols->locals.len)) {
            abort();
        }
    }
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->at.start > definition->at.end || definition->at.end > size ||
            definition->whole.start > definition->whole.end || definition->whole.end > size) {
            abort();
        }
    }
}

static void ask(struct catalog *catalog, const struct catalog_cursor *cursor)
{
    struct catalog_places places = {0};
    struct completions completions;
    struct catalog_rename rename;
    struct buf hover = BUF_INIT;
    struct err err;
    catalog_definition(catalog, cursor, &places);
    catalog_references(catalog, cursor, &places);
    catalog_callers(catalog, cursor, &places);
    catalog_callees(catalog, cursor, &places);
    catalog_tests(catalog, cursor, &places);
    catalog_tested(catalog, cursor, &places);
    catalog_places_free(&places);
    catalog_complete(catalog, cursor, &completions);
    if (completions.replace_from > completions.replace_to) {
        abort();
    }
    completions_free(&completions);
    (void)!catalog_hover(catalog, cursor, NULL, NULL, &hover);
    buf_free(&hover);
    if (catalog_rename_plan(catalog, cursor, str_of("other"), &rename, &err)) {
        catalog_rename_free(&rename);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"a/a.rego", "a/a.yaml", "a/a.json"};
    struct err err;
    if (size < 4) {
        return 0;
    }
    const char *path = paths[data[0] % 3];
    struct str text = str_make((const char *)data + 1, size - 1);
    struct builtins *builtins = builtins_parse(text, &err);
    struct catalog *catalog = catalog_new();
    catalog_set_builtins(catalog, builtins);
    catalog_put(catalog, path, policy_symbols_parse(path, text));
    const struct policy_symbols *symbols = catalog_symbols_of(catalog, path);
    check(symbols, text.len);
    size_t uses = symbols->uses.len < 12 ? symbols->uses.len : 12;
    for (size_t i = 0; i < uses; i++) {
        const struct symbol_use *use = &symbols->uses.items[i];
        ask(catalog, &(struct catalog_cursor){path, text, use->row, use->col});
    }
    ask(catalog, &(struct catalog_cursor){path, text, data[size - 1] % 16, data[size - 2] % 60});
    catalog_remove(catalog, path);
    catalog_free(catalog);
    builtins_free(builtins);
    return 0;
}
