/* Once the cursor has come to rest: the other places of the name under it, where one is, and the
 * text for the index. */
#include "desk_assist_private.h"

#include <stdlib.h>

enum { OCCURRENCES_MAX = 500 };

struct ranges {
    struct editor_range *items;
    size_t len, cap;
};

static void mark_occurrences(struct assist *assist, const struct assist_here *here)
{
    struct catalog_places places = {0};
    struct catalog_symbol symbol;
    struct ranges ranges = {0};
    if (here->exact && catalog_symbol_at(assist_catalog(assist), &here->cursor, &symbol)) {
        if (symbol.kind != SYMBOL_BUILTIN) {
            catalog_references(assist_catalog(assist), &here->cursor, &places);
        }
        catalog_symbol_free(&symbol);
    }
    VEC_FOREACH (const struct catalog_place, place, &places) {
        if (strcmp(place->path, here->path) == 0 && place->at.row == place->at.end_row &&
            ranges.len < OCCURRENCES_MAX) {
            struct editor_range range = {place->at.row, place->at.col, place->at.end_col};
            VEC_PUSH(&ranges, range);
        }
    }
    /* One alone is no other place. */
    editor_set_occurrences(assist->desk->editor, ranges.items, ranges.len > 1 ? ranges.len : 0);
    VEC_FREE(&ranges);
    catalog_places_free(&places);
}

/* "k8s.labels › deny": the package, and what of it is around the cursor. */
static void tell_place(struct assist *assist, const struct assist_here *here)
{
    const struct policy_symbols *symbols = catalog_symbols_of(assist_catalog(assist), here->path);
    const struct symbol_definition *outer = NULL;
    const struct symbol_definition *inner = NULL;
    struct buf crumb = BUF_INIT;
    for (size_t i = 0; symbols != NULL && i < symbols->definitions.len; i++) {
        const struct symbol_definition *one = &symbols->definitions.items[i];
        bool around = one->whole.row <= here->cursor.row && one->whole.end_row >= here->cursor.row;
        if (around && one->parent != SYMBOL_NONE) {
            inner = one;
            outer = &symbols->definitions.items[one->parent];
        } else if (around && inner == NULL) {
            outer = one;
        }
    }
    if (outer != NULL) {
        buf_printf(&crumb, "%s%s%s", outer->name, inner == NULL ? "" : " › ",
            inner == NULL ? "" : inner->name);
    }
    editor_set_crumb(assist->desk->editor, crumb.len > 0 ? crumb.ptr : NULL);
    buf_free(&crumb);
}

/* The index counts what is being written, or the file again. */
static void tell_index(struct assist *assist, const struct assist_here *here)
{
    struct indexer *indexer = workbench_indexer(assist->desk->workbench);
    struct buf unsaved = BUF_INIT;
    if (indexer == NULL) {
        return;
    }
    if (here->cursor.text.ptr == NULL) {
        /* Too large to be copied; what is on disk counts. */
        if (editor_unsaved_length(assist->desk->editor, here->path) == 0) {
            indexer_drop_buffer(indexer, here->path);
        }
    } else if (editor_unsaved_content(assist->desk->editor, here->path, &unsaved)) {
        indexer_set_buffer(indexer, here->path, buf_str(&unsaved));
    } else {
        indexer_drop_buffer(indexer, here->path);
    }
    buf_free(&unsaved);
}

void assist_rested(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    if (assist->stopped) {
        return;
    }
    if (!assist_look(assist, &here)) {
        editor_set_crumb(assist->desk->editor, NULL);
        assist_here_free(&here);
        return;
    }
    uint64_t version = editor_version(assist->desk->editor, here.path);
    bool same_text = assist->rest_path != NULL && strcmp(assist->rest_path, here.path) == 0 &&
                     assist->rest_version == version;
    if (!same_text) {
        tell_index(assist, &here);
    }
    if (assist_has_read(assist, assist_rested)) {
        mark_occurrences(assist, &here);
        tell_place(assist, &here);
    }
    free(assist->rest_path);
    assist->rest_path = mem_strdup(here.path);
    assist->rest_version = version;
    assist_here_free(&here);
}
