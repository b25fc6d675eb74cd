/* find_symbol: the catalog's answers by name. */
#include "agent/tools_private.h"

#include "base/vec.h"
#include "catalog/catalog.h"

#include <stdlib.h>
#include <strings.h>

enum { FOUND_MAX = 40, USES_MAX = 40, EXPLAINED_MAX = 8, NAME_BYTES = 500, WAIT_MS = 50 };

struct finding_symbol {
    char *name;
    bool references;
    struct loop_timer *again; /* while the catalog is not whole */
    struct catalog_places found;
    size_t more;
    bool exact;
};

static void stop(struct tool_run *run)
{
    struct finding_symbol *f = run->state;
    loop_timer_free(f->again);
    catalog_places_free(&f->found);
    free(f->name);
    free(f);
}

/* "data." in front and the package before a rule may be left out. */
static bool is_named(const struct finding_symbol *f, const struct catalog_entry *entry)
{
    const char *name = strncmp(f->name, "data.", 5) == 0 ? f->name + 5 : f->name;
    const char *own = entry->definition->name;
    if (!f->exact) {
        return strcasestr(own, name) != NULL || strcasestr(entry->container, name) != NULL;
    }
    size_t len = strlen(entry->container);
    return strcmp(own, name) == 0 ||
           (len > 0 && strncmp(name, entry->container, len) == 0 &&
               (name[len] == '.' || name[len] == '/') && strcmp(name + len + 1, own) == 0);
}

static bool each(void *data, const struct catalog_entry *entry)
{
    struct finding_symbol *f = data;
    if (!is_named(f, entry)) {
        return true;
    }
    if (f->found.len >= FOUND_MAX) {
        f->more++;
        return true;
    }
    const struct symbol_definition *definition = entry->definition;
    struct catalog_place place = {.path = mem_strdup(entry->path),
        .kind = definition->kind,
        .name = mem_strdup(definition->name),
        .container = mem_strdup(entry->container),
        .detail = mem_strdup(definition->detail == NULL ? "" : definition->detail),
        .at = definition->at,
        .whole = definition->whole,
        .defines = true};
    VEC_PUSH(&f->found, place);
    return true;
}

static void print_place(struct buf *out, const char *before, const struct catalog_place *place)
{
    buf_printf(out, "%s%s %s%s%s  %s:%u%s%s\n", before, symbol_kind_name(place->kind),
        place->container, place->container[0] == '\0' ? "" : ".", place->name, place->path,
        place->at.row + 1, place->detail[0] == '\0' ? "" : "  ", place->detail);
}

static void print_uses(struct buf *out, const char *title, const struct catalog_places *places)
{
    size_t shown = 0;
    VEC_FOREACH (const struct catalog_place, place, places) {
        if (!place->defines || place->kind == SYMBOL_TEST) {
            if (shown == USES_MAX) {
                buf_append_c(out, "    [more are left out]\n");
                return;
            }
            buf_append_c(out, shown++ == 0 ? title : "");
            print_place(out, "    ", place);
        }
    }
}

static void explain(struct catalog *catalog, struct buf *out, const struct catalog_place *place)
{
    struct catalog_cursor cursor = {
        .path = place->path, .row = place->at.row, .col = place->at.col};
    struct catalog_places uses = {0};
    struct catalog_places tests = {0};
    catalog_references(catalog, &cursor, &uses);
    catalog_tests(catalog, &cursor, &tests);
    print_uses(out, "  used:\n", &uses);
    print_uses(out, "  tests:\n", &tests);
    catalog_places_free(&uses);
    catalog_places_free(&tests);
}

static void look(struct tool_run *run, struct catalog *catalog)
{
    struct finding_symbol *f = run->state;
    f->exact = true;
    catalog_each(catalog, each, f);
    if (f->found.len == 0) {
        f->exact = false;
        catalog_each(catalog, each, f);
    }
    if (f->found.len == 0) {
        tool_fail(run,
            "Nothing of that name is defined in the workspace (your proposal is not looked at).");
        return;
    }
    size_t explained = 0;
    VEC_FOREACH (const struct catalog_place, place, &f->found) {
        print_place(&run->output, "", place);
        if (f->references && explained++ < EXPLAINED_MAX) {
            explain(catalog, &run->output, place);
        }
    }
    if (f->more > 0) {
        buf_printf(&run->output, "[%zu more: name it more exactly]\n", f->more);
    }
    tool_finish(run, false);
}

static void on_again(void *data)
{
    struct tool_run *run = data;
    struct finding_symbol *f = run->state;
    const struct tools_setup *setup = &run->tools->setup;
    struct catalog *catalog = setup->catalog == NULL ? NULL : setup->catalog(setup->data);
    if (catalog != NULL && setup->catalog_is_whole(setup->data)) {
        look(run, catalog);
    } else if (setup->catalog == NULL) {
        tool_fail(run, "There is no index of this workspace.");
    } else {
        loop_timer_start(f->again, WAIT_MS, 0);
    }
}

void tool_symbol_start(struct tool_run *run, const cJSON *args)
{
    const char *name;
    if (!tool_text(run, args, "name", &name)) {
        return;
    }
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_BYTES) {
        tool_fail(run, "find_symbol needs a name of at most %d bytes.", NAME_BYTES);
        return;
    }
    struct finding_symbol *f = MEM_NEW(struct finding_symbol);
    f->name = mem_strdup(name);
    f->references = json_bool_or(args, "references", false);
    f->again = loop_timer_new(run->tools->setup.loop, on_again, run);
    run->state = f;
    run->stop = stop;
    loop_timer_start(f->again, 0, 0);
}
