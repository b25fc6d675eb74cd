/* "@" in a prompt: a file, a package or a rule of the workspace, named for the model, which is sent
 * its content too (agent/mention.h). */
#include "base/path.h"
#include "base/vec.h"
#include "desk_private.h"
#include "widget/picker.h"

#include <stdlib.h>

enum { SYMBOLS_MAX = 20000 };

struct named {
    char *text;
    char *detail; /* NULL: a file */
};

struct mention {
    struct desk *desk;
    char *typed; /* so far */
    struct {
        struct named *items;
        size_t len, cap;
    } names; /* of the moment: what changes meanwhile does not change what a row means */
};

static void item(void *data, size_t index, struct picker_item *out)
{
    const struct mention *mention = data;
    const struct named *named = &mention->names.items[index];
    out->text = str_of(named->text);
    out->detail = named->detail == NULL ? (struct str){0} : str_of(named->detail);
    out->is_path = named->detail == NULL;
}

static void chosen(void *data, size_t index, struct str query)
{
    struct mention *mention = data;
    bool known = index < mention->names.len;
    char *text = known ? mem_printf("%s ", mention->names.items[index].text) : str_dup(query);
    chat_insert(mention->desk->chat, str_of(text)); /* what is no name stays what was typed */
    free(text);
}

static struct str needle(void *data, struct picker *picker, struct str query)
{
    struct mention *mention = data;
    (void)picker;
    free(mention->typed);
    mention->typed = str_dup(query);
    return query;
}

/* The list goes, what was typed stays. */
static void closed(void *data)
{
    struct mention *mention = data;
    if (!mention->desk->closing) {
        chat_insert(mention->desk->chat, str_of(mention->typed == NULL ? "" : mention->typed));
    }
}

static void destroy(void *data)
{
    struct mention *mention = data;
    free(mention->typed);
    VEC_FOREACH (struct named, named, &mention->names) {
        free(named->text);
        free(named->detail);
    }
    VEC_FREE(&mention->names);
    free(mention);
}

static bool is_named(enum symbol_kind kind)
{
    return kind == SYMBOL_PACKAGE || kind == SYMBOL_RULE || kind == SYMBOL_FUNCTION ||
           kind == SYMBOL_TEMPLATE || kind == SYMBOL_POLICY || kind == SYMBOL_POLICY_RULE;
}

/* A rule with several bodies is there once: they stand one behind the other. */
static bool add_symbol(void *data, const struct catalog_entry *entry)
{
    struct mention *mention = data;
    const struct symbol_definition *definition = entry->definition;
    if (!is_named(definition->kind) || definition->name == NULL ||
        strpbrk(definition->name, " \t") != NULL) {
        return true;
    }
    bool alone = entry->container == NULL || entry->container[0] == '\0';
    char *text = alone ? mem_strdup(definition->name)
                       : mem_printf("%s.%s", entry->container, definition->name);
    size_t len = mention->names.len;
    if (len > 0 && strcmp(mention->names.items[len - 1].text, text) == 0) {
        free(text);
        return true;
    }
    struct named named = {
        text, mem_printf("%s  %s", symbol_kind_name(definition->kind), path_base(entry->path))};
    VEC_PUSH(&mention->names, named);
    return mention->names.len < SYMBOLS_MAX;
}

void desk_mention(void *data)
{
    struct desk *desk = data;
    struct mention *mention = MEM_NEW(struct mention);
    const char *shown = editor_path(desk->editor);
    mention->desk = desk;
    if (shown != NULL) {
        VEC_PUSH(&mention->names, (struct named){mem_strdup(shown), NULL});
    }
    VEC_FOREACH (
        const struct file_entry, entry, workspace_files(workbench_workspace(desk->workbench))) {
        if (!entry->odd_name && (shown == NULL || strcmp(shown, entry->path) != 0)) {
            VEC_PUSH(&mention->names, (struct named){mem_strdup(entry->path), NULL});
        }
    }
    if (workbench_indexer(desk->workbench) != NULL) {
        catalog_each(indexer_catalog(workbench_indexer(desk->workbench)), add_symbol, mention);
    }
    struct picker_options options = {.title = "Name a file, a package or a rule",
        .hint = "its content goes with the prompt; Esc leaves what is typed",
        .count = mention->names.len,
        .item = item,
        .is_word = true,
        .needle = needle,
        .chosen = chosen,
        .closed = closed,
        .destroy = destroy,
        .data = mention};
    picker_open(desk->app, &options);
}
