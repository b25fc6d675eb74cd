#include "policy/chainsaw.h"

#include "base/path.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

enum { DEPTH_MAX = 8 };

struct walk {
    struct str text;
    void (*found)(void *data, TSNode file, enum chainsaw_says says);
    void *data;
};

/* `($error != null): true` and its like; `($error): "…"` compares the error's words. */
static bool expects_error(const struct walk *walk, TSNode check)
{
    TSNode key;
    TSNode value;
    for (uint32_t at = 0; yaml_next_pair(check, &at, &key, &value);) {
        struct buf says = BUF_INIT;
        bool read = yaml_scalar(walk->text, key, &says);
        struct str name = buf_str(&says);
        bool about = read && str_find(name, STR_LIT("$error"), 0) != SIZE_MAX;
        bool differs = str_find(name, STR_LIT("!="), 0) != SIZE_MAX;
        bool equals = str_find(name, STR_LIT("=="), 0) != SIZE_MAX;
        bool none = yaml_equals(walk->text, value, "null");
        bool negated = (differs && yaml_equals(walk->text, value, "false")) ||
                       (equals && yaml_equals(walk->text, value, "true")) ||
                       (!differs && !equals && none);
        buf_free(&says);
        if (about && !negated) {
            return true;
        }
    }
    return false;
}

/* An `expect` for some objects of the file (`match`) says nothing of the file. */
static enum chainsaw_says outcome(const struct walk *walk, TSNode operation)
{
    TSNode expect = yaml_get(walk->text, operation, "expect", NULL);
    TSNode item;
    bool refused = false;
    for (uint32_t at = 0; yaml_next_item(expect, &at, &item);) {
        if (!ts_node_is_null(yaml_get(walk->text, item, "match", NULL))) {
            return CHAINSAW_NAMES;
        }
        refused = refused || expects_error(walk, yaml_get(walk->text, item, "check", NULL));
    }
    return refused ? CHAINSAW_REFUSES : CHAINSAW_ADMITS;
}

static enum chainsaw_says says_of(const struct walk *walk, TSNode key, TSNode operation)
{
    if (yaml_equals(walk->text, key, "apply") || yaml_equals(walk->text, key, "create")) {
        return outcome(walk, operation);
    }
    bool compares = yaml_equals(walk->text, key, "assert") || yaml_equals(walk->text, key, "error");
    return compares ? CHAINSAW_EXPECTS : CHAINSAW_NAMES;
}

static void read_node(const struct walk *walk, TSNode node, unsigned depth)
{
    TSNode key;
    TSNode value;
    uint32_t at = 0;
    if (depth >= DEPTH_MAX) {
        return;
    }
    while (yaml_is_mapping(node) && yaml_next_pair(node, &at, &key, &value)) {
        TSNode file = yaml_get(walk->text, value, "file", NULL);
        if (!ts_node_is_null(file)) {
            walk->found(walk->data, file, says_of(walk, key, value));
        } else if (!yaml_equals(walk->text, key, "resource")) {
            read_node(walk, value, depth + 1);
        }
    }
    while (yaml_is_sequence(node) && yaml_next_item(node, &at, &value)) {
        read_node(walk, value, depth + 1);
    }
}

void chainsaw_each(struct str text, TSNode document,
    void (*found)(void *data, TSNode file, enum chainsaw_says says), void *data)
{
    const struct walk walk = {text, found, data};
    read_node(&walk, yaml_get(text, document, "spec", NULL), 0);
}

/* ---- of several tests ---- */

bool chainsaw_is_test(const char *path)
{
    const char *name = path_base(path);
    return strcmp(name, "chainsaw-test.yaml") == 0 || strcmp(name, "chainsaw-test.yml") == 0;
}

struct adding {
    struct chainsaw *chainsaw;
    struct str text;
    char *dir;
};

static void take(void *data, TSNode file, enum chainsaw_says says)
{
    struct adding *adding = data;
    struct buf name = BUF_INIT;
    char *path = yaml_scalar(adding->text, file, &name) && name.len > 0
                     ? path_resolve(adding->dir, buf_str(&name))
                     : NULL;
    if (path != NULL) {
        VEC_PUSH(adding->chainsaw, (struct chainsaw_file){path, says});
        adding->chainsaw->sorted = false;
    }
    buf_free(&name);
}

void chainsaw_add(struct chainsaw *chainsaw, const char *path, struct str text)
{
    TSTree *tree = yaml_tree_parse(text);
    struct adding adding = {chainsaw, text, path_dir(path)};
    TSNode document;
    for (uint32_t at = 0;
         tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &document);) {
        chainsaw_each(text, document, take, &adding);
    }
    free(adding.dir);
    ts_tree_delete(tree);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct chainsaw_file *)a)->path, ((const struct chainsaw_file *)b)->path);
}

static void sort(struct chainsaw *chainsaw)
{
    size_t kept = 0;
    if (chainsaw->len > 1) {
        qsort(chainsaw->items, chainsaw->len, sizeof *chainsaw->items, by_path);
    }
    for (size_t i = 0; i < chainsaw->len; i++) {
        if (kept > 0 && by_path(&chainsaw->items[kept - 1], &chainsaw->items[i]) == 0) {
            chainsaw->items[kept - 1].says |= chainsaw->items[i].says;
            free(chainsaw->items[i].path);
        } else {
            chainsaw->items[kept++] = chainsaw->items[i];
        }
    }
    chainsaw->len = kept;
    chainsaw->sorted = true;
}

unsigned chainsaw_says(struct chainsaw *chainsaw, const char *path)
{
    char *name = mem_strdup(path);
    const struct chainsaw_file wanted = {.path = name};
    if (!chainsaw->sorted) {
        sort(chainsaw);
    }
    const struct chainsaw_file *found =
        chainsaw->len == 0
            ? NULL
            : bsearch(&wanted, chainsaw->items, chainsaw->len, sizeof wanted, by_path);
    free(name);
    return found == NULL ? 0 : found->says;
}

bool chainsaw_only_expects(unsigned says)
{
    return (says & CHAINSAW_EXPECTS) != 0 && (says & (CHAINSAW_ADMITS | CHAINSAW_REFUSES)) == 0;
}

void chainsaw_free(struct chainsaw *chainsaw)
{
    VEC_FOREACH (struct chainsaw_file, file, chainsaw) {
        free(file->path);
    }
    VEC_FREE(chainsaw);
}
