/* Going places: definitions, uses, callers, from a rule to its test and back. */
#include "desk_assist_private.h"

#include "desk_find_private.h"
#include "widget/picker.h"

#include <stdlib.h>

const char *assist_why_no_symbol(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_symbol symbol;
    const char *why = assist_why_no_file(data);
    if (why == NULL && !assist_can_ask(assist, LSP_DEFINITION)) {
        bool is = assist_look(assist, &here) &&
                  catalog_symbol_at(assist_catalog(assist), &here.cursor, &symbol);
        why = is ? NULL : assist_why_nothing(assist);
        if (is) {
            catalog_symbol_free(&symbol);
        }
        assist_here_free(&here);
    }
    return why;
}

static void go(struct assist *assist, const char *path, size_t row, size_t col)
{
    if (editor_jump(assist->desk->editor, path, row, col)) {
        app_focus(assist->desk->app, SLOT_EDITOR);
    }
}

/* ---- a list of places ---- */

struct place_list {
    struct assist *assist;
    struct catalog_places places;
    struct buf text, detail;
};

static void show_place(void *data, size_t index, struct picker_item *out)
{
    struct place_list *list = data;
    const struct catalog_place *place = &list->places.items[index];
    buf_clear(&list->text);
    buf_clear(&list->detail);
    buf_printf(&list->text, "%s:%u", place->path, place->at.row + 1);
    buf_printf(&list->detail, "%s%s%s%s", place->defines ? "defines " : "", place->container,
        place->container[0] != '\0' ? "." : "", place->name);
    out->text = buf_str(&list->text);
    out->detail = buf_str(&list->detail);
    out->is_path = true;
}

static void preview_place(void *data, size_t index, struct region region)
{
    struct place_list *list = data;
    const struct catalog_place *place = &list->places.items[index];
    struct preview_place at = {.path = place->path,
        .row = place->at.row,
        .mark = true,
        .from = place->at.col,
        .to = place->at.row == place->at.end_row ? place->at.end_col : place->at.col};
    preview_draw(list->assist->desk->find->preview, &at, region);
}

static void place_chosen(void *data, size_t index, struct str query)
{
    struct place_list *list = data;
    (void)query;
    if (index < list->places.len) {
        const struct catalog_place *place = &list->places.items[index];
        go(list->assist, place->path, place->at.row, place->at.col);
    }
}

static void free_list(void *data)
{
    struct place_list *list = data;
    catalog_places_free(&list->places);
    buf_free(&list->text);
    buf_free(&list->detail);
    free(list);
}

/* Takes the places over. */
static void list_places(
    struct assist *assist, const char *what, const char *name, struct catalog_places *places)
{
    struct place_list *list = MEM_NEW(struct place_list);
    char *title =
        mem_printf("%zu %s%s of %s", places->len, what, places->len == 1 ? "" : "s", name);
    *list = (struct place_list){.assist = assist, .places = *places};
    *places = (struct catalog_places){0};
    preview_forget(assist->desk->find->preview);
    struct picker_options options = {.title = title,
        .hint = "Enter goes there, Esc stays",
        .count = list->places.len,
        .item = show_place,
        .preview = preview_place,
        .chosen = place_chosen,
        .destroy = free_list,
        .data = list};
    picker_open(assist->desk->app, &options);
    free(title);
}

/* ---- definitions ---- */

static bool holds(const struct catalog_place *place, const struct assist_here *here)
{
    return strcmp(place->path, here->path) == 0 && place->at.row == here->cursor.row &&
           here->cursor.col >= place->at.col && here->cursor.col <= place->at.end_col;
}

/* From one of them to the next. */
static void go_to_definition(
    struct assist *assist, const struct assist_here *here, const struct catalog_places *places)
{
    size_t to = 0;
    for (size_t i = 0; i < places->len; i++) {
        if (holds(&places->items[i], here)) {
            to = (i + 1) % places->len;
        }
    }
    const struct catalog_place *place = &places->items[to];
    bool is_here = holds(place, here);
    if (is_here) {
        app_message(assist->desk->app, MESSAGE_INFO, "This is where %s is defined.", place->name);
        return;
    }
    go(assist, place->path, place->at.row, place->at.col);
    if (places->len > 1) {
        app_message(assist->desk->app, MESSAGE_INFO,
            "definition %zu of %zu of %s: once more goes to the next", to + 1, places->len,
            place->name);
    }
}

static void on_definition(void *data, struct lsp_reply *reply)
{
    struct assist *assist = data;
    assist->going = 0;
    if (reply->kind == LSP_REPLY_OK && reply->places.len > 0) {
        const struct lsp_place *place = &reply->places.items[0];
        go(assist, place->path, place->at.row > 0 ? place->at.row - 1 : 0,
            place->at.col > 0 ? place->at.col - 1 : 0);
    } else {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s",
            reply->kind == LSP_REPLY_FAILED ? reply->message : assist_why_nothing(assist));
    }
}

/* Why there is no definition to go to. */
static void say_no_definition(struct assist *assist, const struct assist_here *here)
{
    struct catalog_symbol symbol;
    if (catalog_symbol_at(assist_catalog(assist), &here->cursor, &symbol)) {
        if (symbol.kind == SYMBOL_BUILTIN) {
            app_message(assist->desk->app, MESSAGE_INFO,
                "%s is built into opa: Alt-? shows what it does.", symbol.name);
        } else {
            app_message(assist->desk->app, MESSAGE_WARNING, "%s is defined nowhere%s.", symbol.name,
                assist_is_indexing(assist) ? " so far: the index is being built" : "");
        }
        catalog_symbol_free(&symbol);
    } else {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s", assist_why_nothing(assist));
    }
}

unsigned assist_definition(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_places places = {0};
    if (assist_look(assist, &here)) {
        catalog_definition(assist_catalog(assist), &here.cursor, &places);
        if (places.len > 0) {
            go_to_definition(assist, &here, &places);
        } else if (!assist_ask(assist, &assist->going, LSP_DEFINITION, on_definition)) {
            say_no_definition(assist, &here);
        }
    }
    catalog_places_free(&places);
    assist_here_free(&here);
    return UI_DONE;
}

/* ---- uses ---- */

static void on_references(void *data, struct lsp_reply *reply)
{
    struct assist *assist = data;
    struct catalog_places places = {0};
    assist->going = 0;
    VEC_FOREACH (const struct lsp_place, from, &reply->places) {
        struct symbol_range at = {.row = from->at.row > 0 ? from->at.row - 1 : 0,
            .col = from->at.col > 0 ? from->at.col - 1 : 0,
            .end_row = from->end.row > 0 ? from->end.row - 1 : 0,
            .end_col = from->end.col > 0 ? from->end.col - 1 : 0};
        VEC_PUSH(&places, ((struct catalog_place){.path = mem_strdup(from->path),
                              .name = mem_strdup(""),
                              .container = mem_strdup(""),
                              .detail = mem_strdup(""),
                              .at = at}));
    }
    if (places.len > 0) {
        list_places(assist, "place", "it", &places);
    } else {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s",
            reply->kind == LSP_REPLY_FAILED ? reply->message : assist_why_nothing(assist));
    }
}

unsigned assist_references(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_places places = {0};
    struct catalog_symbol symbol;
    if (assist_look(assist, &here)) {
        if (catalog_symbol_at(assist_catalog(assist), &here.cursor, &symbol)) {
            catalog_references(assist_catalog(assist), &here.cursor, &places);
            if (places.len > 0) {
                list_places(assist, "place", symbol.name, &places);
            } else {
                app_message(assist->desk->app, MESSAGE_INFO, "Nothing in the workspace names %s.",
                    symbol.name);
            }
            catalog_symbol_free(&symbol);
        } else if (!assist_ask(assist, &assist->going, LSP_REFERENCES, on_references)) {
            app_message(assist->desk->app, MESSAGE_WARNING, "%s", assist_why_nothing(assist));
        }
    }
    catalog_places_free(&places);
    assist_here_free(&here);
    return UI_DONE;
}

unsigned assist_callers(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_places places = {0};
    if (assist_look(assist, &here)) {
        catalog_callers(assist_catalog(assist), &here.cursor, &places);
        if (places.len > 0) {
            list_places(assist, "caller", "the rule", &places);
        } else {
            app_message(assist->desk->app, MESSAGE_INFO, "%s",
                assist_is_indexing(assist) ? assist_why_nothing(assist) : "No rule uses it.");
        }
    }
    catalog_places_free(&places);
    assist_here_free(&here);
    return UI_DONE;
}

/* ---- tests ---- */

/* The test one came from last, else the nearest. */
static void go_to_test(struct assist *assist, const struct catalog_places *tests)
{
    size_t to = 0;
    for (size_t i = 0; i < tests->len && assist->last_test != NULL; i++) {
        to = strcmp(tests->items[i].name, assist->last_test) == 0 ? i : to;
    }
    const struct catalog_place *place = &tests->items[to];
    go(assist, place->path, place->at.row, place->at.col);
    if (tests->len > 1) {
        app_message(assist->desk->app, MESSAGE_INFO,
            "%s, one of %zu tests: the command \"tests of rule\" lists them", place->name,
            tests->len);
    }
}

static void note_test(struct assist *assist, const struct assist_here *here)
{
    struct catalog_places outline = {0};
    catalog_outline(assist_catalog(assist), here->path, &outline);
    VEC_FOREACH (const struct catalog_place, place, &outline) {
        if (place->kind == SYMBOL_TEST && place->whole.row <= here->cursor.row &&
            place->whole.end_row >= here->cursor.row) {
            free(assist->last_test);
            assist->last_test = mem_strdup(place->name);
        }
    }
    catalog_places_free(&outline);
}

static const char *why_no_tests(const struct assist *assist)
{
    return assist_is_indexing(assist)
               ? assist_why_nothing(assist)
               : "There is no rule or test here, or no test reaches the rule.";
}

unsigned assist_toggle_test(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_places tested = {0};
    struct catalog_places tests = {0};
    if (assist_look(assist, &here)) {
        catalog_tested(assist_catalog(assist), &here.cursor, &tested);
        if (tested.len > 0) {
            /* Of all that it reaches the nearest is what it is about. */
            note_test(assist, &here);
            go(assist, tested.items[0].path, tested.items[0].at.row, tested.items[0].at.col);
        } else {
            catalog_tests(assist_catalog(assist), &here.cursor, &tests);
            if (tests.len > 0) {
                go_to_test(assist, &tests);
            } else if (assist_is_indexing(assist) || !assist_offer_test(assist, &here)) {
                app_message(assist->desk->app, MESSAGE_INFO, "%s", why_no_tests(assist));
            }
        }
    }
    catalog_places_free(&tested);
    catalog_places_free(&tests);
    assist_here_free(&here);
    return UI_DONE;
}

unsigned assist_tests(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_places places = {0};
    if (assist_look(assist, &here)) {
        catalog_tests(assist_catalog(assist), &here.cursor, &places);
        if (places.len > 0) {
            list_places(assist, "test", "the rule", &places);
        } else {
            app_message(assist->desk->app, MESSAGE_INFO, "%s", why_no_tests(assist));
        }
    }
    catalog_places_free(&places);
    assist_here_free(&here);
    return UI_DONE;
}
