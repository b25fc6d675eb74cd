/* What a rename cannot know: texts that name the thing without being a reference. */
#include "base/safe.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "policy/rego_tree.h"

#include <ctype.h>
#include <stdlib.h>

#define BYTES_MAX ((size_t)256 << 20) /* of all texts together */

enum { SHOWN_MAX = 4, NAME_MIN = 3 };

struct mentions {
    const struct catalog_rename *rename;
    const char *path; /* of the text that is looked through */
    struct str text;
    size_t count, files;
    bool here; /* counted for this file */
    struct buf shown;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_edited(const struct mentions *m, size_t from, size_t to)
{
    VEC_FOREACH (const struct rename_edit, edit, &m->rename->edits) {
        if (edit->start < to && edit->start + edit->len > from &&
            strcmp(edit->path, m->path) == 0) {
            return true;
        }
    }
    return false;
}

static void note(struct mentions *m, size_t at)
{
    size_t row = 1;
    for (size_t i = 0; i < at; i++) {
        row += m->text.ptr[i] == '\n';
    }
    m->count++;
    m->files += !m->here;
    m->here = true;
    if (m->count <= SHOWN_MAX) {
        char *path = safe_dup(str_of(m->path), SAFE_ONE_LINE, 200);
        buf_printf(&m->shown, "%s%s:%zu", m->count > 1 ? ", " : "", path, row);
        free(path);
    } else if (m->count == SHOWN_MAX + 1) {
        buf_append_c(&m->shown, ", …");
    }
}

/* Every place in [from, to) where the word stands and is not renamed. */
static void look(struct mentions *m, struct str word, size_t from, size_t to)
{
    for (size_t at; (at = str_find(m->text, word, from)) < to; from = at + word.len) {
        size_t end = at + word.len;
        bool whole = (at == 0 || !is_word(m->text.ptr[at - 1])) &&
                     (end == m->text.len || !is_word(m->text.ptr[end]));
        if (whole && end <= to && !is_edited(m, at, end)) {
            note(m, at);
        }
    }
}

/* A word of the language too ("containers", "deny"): where it stands alone it means nothing. */
static bool is_common(const char *name)
{
    for (; *name != '\0' && islower((unsigned char)*name); name++) {
    }
    return *name == '\0';
}

/* The bare name, in comments and strings of a file that uses it. */
static void look_in_rego(struct mentions *m, TSNode node, unsigned depth)
{
    bool is_text = rego_node_is(node, "comment") || rego_node_is(node, "string") ||
                   rego_node_is(node, "raw_string");
    if (is_text) {
        look(m, str_of(m->rename->from), ts_node_start_byte(node), ts_node_end_byte(node));
        return;
    }
    uint32_t count = depth < 200 ? ts_node_child_count(node) : 0;
    for (uint32_t i = 0; i < count; i++) {
        look_in_rego(m, ts_node_child(node, i), depth + 1);
    }
}

static bool is_changed(const struct catalog_rename *rename, const char *path)
{
    VEC_FOREACH (const struct rename_file, file, &rename->files) {
        if (strcmp(file->path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void look_through(struct mentions *m)
{
    const struct catalog_rename *rename = m->rename;
    size_t len = strlen(m->path);
    bool is_rego = len > 5 && strcmp(m->path + len - 5, ".rego") == 0;
    m->here = false;
    look(m, str_of(rename->mention), 0, m->text.len);
    bool is_bare = is_rego && !is_common(rename->from) && is_changed(rename, m->path);
    if (is_bare && strcmp(rename->mention, rename->from) != 0) {
        TSTree *tree = rego_tree_parse(m->text);
        if (tree != NULL) {
            look_in_rego(m, ts_tree_root_node(tree), 0);
            ts_tree_delete(tree);
        }
    }
}

void catalog_rename_mentions(struct catalog_rename *rename, const struct patch_source *workspace,
    char *const *paths, size_t count)
{
    struct mentions m = {.rename = rename};
    size_t bytes = 0;
    if (rename->mention == NULL || strlen(rename->mention) < NAME_MIN) {
        return;
    }
    for (size_t i = 0; i < count && bytes < BYTES_MAX; i++) {
        struct patch_file file = {0};
        struct err err;
        /* One that cannot be read is not searched; it cannot be changed either. */
        if (workspace->read(workspace->data, paths[i], &file, &err) && file.found == PATCH_FILE) {
            m.path = paths[i];
            m.text = buf_str(&file.bytes);
            bytes += m.text.len;
            look_through(&m);
        }
        buf_free(&file.bytes);
    }
    if (m.count > 0) {
        buf_printf(&rename->notes,
            "%s also stands in comments, strings or other texts, which stay as they are: %zu "
            "place%s of %zu file%s (%s)\n",
            rename->from, m.count, m.count == 1 ? "" : "s", m.files, m.files == 1 ? "" : "s",
            m.shown.ptr);
    }
    buf_free(&m.shown);
}
