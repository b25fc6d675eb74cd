#include "catalog/rename_internal.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/rego_tree.h"

#include <ctype.h>
#include <stdlib.h>

void catalog_rename_free(struct catalog_rename *rename)
{
    VEC_FOREACH (struct rename_edit, edit, &rename->edits) {
        free(edit->path);
        free(edit->text);
    }
    VEC_FOREACH (struct rename_file, file, &rename->files) {
        free(file->path);
    }
    VEC_FREE(&rename->edits);
    VEC_FREE(&rename->files);
    buf_free(&rename->notes);
    free(rename->from);
    free(rename->to);
    free(rename->mention);
    *rename = (struct catalog_rename){0};
}

/* ---- what all kinds share ---- */

static void know_file(struct renaming *renaming, uint32_t file)
{
    const char *path = catalog_path(renaming->catalog, file);
    VEC_FOREACH (const struct rename_file, known, &renaming->out->files) {
        if (strcmp(known->path, path) == 0) {
            return;
        }
    }
    VEC_PUSH(&renaming->out->files,
        (struct rename_file){mem_strdup(path), renaming->catalog->files.items[file].symbols->hash});
}

void rename_edit(
    struct renaming *renaming, uint32_t file, uint32_t start, uint32_t end, struct str text)
{
    const char *path = catalog_path(renaming->catalog, file);
    VEC_FOREACH (const struct rename_edit, edit, &renaming->out->edits) {
        if (edit->start == start && strcmp(edit->path, path) == 0) {
            return;
        }
    }
    know_file(renaming, file);
    VEC_PUSH(&renaming->out->edits,
        (struct rename_edit){mem_strdup(path), start, end - start, str_dup(text)});
}

bool rename_refuse(struct renaming *renaming, uint32_t file, uint32_t row, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    err_set(renaming->err, ERR_CONFLICT, "%s (%s:%u)", text.ptr,
        catalog_path(renaming->catalog, file), row + 1);
    buf_free(&text);
    return false;
}

static bool is_keyword(struct str name)
{
    static const char *const words[] = {"as", "contains", "data", "default", "else", "every",
        "false", "if", "import", "in", "input", "not", "null", "package", "some", "true", "with",
        "_", "and", "or"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_equal_c(name, words[i])) {
            return true;
        }
    }
    return false;
}

bool rename_is_identifier(struct str name)
{
    bool good = name.len > 0 && name.len <= 200 && !isdigit((unsigned char)name.ptr[0]);
    for (size_t i = 0; good && i < name.len; i++) {
        good = isalnum((unsigned char)name.ptr[i]) || name.ptr[i] == '_';
    }
    return good && !is_keyword(name);
}

bool rename_check_ancestors(struct renaming *renaming, const char *path)
{
    const struct catalog *catalog = renaming->catalog;
    char *above = mem_strdup(path);
    bool ok = true;
    for (char *slash; ok && (slash = strrchr(above, '/')) != NULL;) {
        *slash = '\0';
        struct catalog_spots uses = {0};
        catalog_uses(catalog, names_find(&catalog->keys, str_of(above)), &uses);
        for (size_t i = 0; ok && i < uses.len; i++) {
            const struct symbol_use *use =
                &catalog->files.items[uses.items[i].file].symbols->uses.items[uses.items[i].index];
            if ((use->flags & USE_LAST) != 0 && (use->flags & (USE_IMPORT | USE_DEFINES)) == 0) {
                char *shown = policy_path_show(above);
                ok = rename_refuse(renaming, uses.items[i].file, use->row,
                    "%s is used as a whole or with an index that is not constant, so the name can "
                    "be seen there",
                    shown);
                free(shown);
            }
        }
        VEC_FREE(&uses);
    }
    free(above);
    return ok;
}

bool rename_check_free(struct renaming *renaming, const char *path)
{
    const struct catalog *catalog = renaming->catalog;
    for (uint32_t key = 0; key < catalog->keys.len; key++) {
        const char *text = names_text(&catalog->keys, key);
        if (text == NULL || !policy_path_below(text, path)) {
            continue;
        }
        struct catalog_spots spots = {0};
        catalog_definitions(catalog, key, &spots);
        if (spots.len > 0) {
            struct catalog_spot spot = spots.items[0];
            const struct symbol_definition *taken =
                &catalog->files.items[spot.file].symbols->definitions.items[spot.index];
            rename_refuse(renaming, spot.file, taken->at.row, "the name is taken: there is a %s %s",
                symbol_kind_name(taken->kind), taken->name);
            VEC_FREE(&spots);
            return false;
        }
    }
    return true;
}

bool rename_check_capture(
    struct renaming *renaming, uint32_t file, const struct symbol_use *use, struct str name)
{
    const struct policy_symbols *symbols = renaming->catalog->files.items[file].symbols;
    VEC_FOREACH (const struct symbol_local, local, &symbols->locals) {
        if (str_equal_c(name, local->name) && use->start >= local->from && use->start < local->to) {
            return rename_refuse(renaming, file, symbols->uses.items[local->use].row,
                "a variable is named %s where the name would stand", local->name);
        }
    }
    VEC_FOREACH (const struct symbol_import, import, &symbols->imports) {
        if (str_equal_c(name, import->name)) {
            return rename_refuse(
                renaming, file, import->row, "an import is named %s", import->name);
        }
    }
    return true;
}

/* Rego with a syntax error hides names. */
static bool check_errors(struct renaming *renaming)
{
    VEC_FOREACH (const struct rename_file, file, &renaming->out->files) {
        const struct policy_symbols *symbols = catalog_symbols_of(renaming->catalog, file->path);
        if (symbols->kind == FILE_REGO && symbols->has_errors) {
            return err_set(renaming->err, ERR_INVALID,
                "%s has syntax errors, so names in it cannot be told for sure: correct them first",
                file->path);
        }
    }
    return true;
}

/* ---- variables ---- */

static bool rename_variable(struct renaming *renaming, uint32_t file, uint32_t id)
{
    const struct policy_symbols *symbols = renaming->catalog->files.items[file].symbols;
    const struct symbol_local *local = &symbols->locals.items[id];
    if (!rename_is_identifier(renaming->name)) {
        return err_set(
            renaming->err, ERR_INVALID, "%.*s is no name for a variable", STR_FMT(renaming->name));
    }
    VEC_FOREACH (const struct symbol_local, other, &symbols->locals) {
        if (str_equal_c(renaming->name, other->name) && other->from < local->to &&
            local->from < other->to) {
            return rename_refuse(renaming, file, symbols->uses.items[other->use].row,
                "another variable is named %s here", other->name);
        }
    }
    VEC_FOREACH (const struct symbol_import, import, &symbols->imports) {
        if (str_equal_c(renaming->name, import->name)) {
            return rename_refuse(
                renaming, file, import->row, "an import is named %s", import->name);
        }
    }
    for (uint32_t i = 0; i < symbols->uses.len; i++) {
        const struct symbol_use *use = &symbols->uses.items[i];
        bool inside = use->start >= local->from && use->start < local->to;
        const char *key = policy_symbols_key(symbols, use->key);
        const char *slash = strrchr(key, '/');
        if (inside && use->chain == i && (use->flags & (USE_FREE | USE_DEFINES)) != 0 &&
            str_equal_c(renaming->name, slash == NULL ? key : slash + 1)) {
            return rename_refuse(renaming, file, use->row, "%s already means something else here",
                slash == NULL ? key : slash + 1);
        }
        if (use->local != id) {
            continue;
        }
        /* A variable that is not declared would become a rule of that name. */
        struct buf rule = BUF_INIT;
        const struct symbol_definition *owner =
            use->owner == NAME_NONE ? NULL : &symbols->definitions.items[use->owner];
        if (owner != NULL && owner->parent != SYMBOL_NONE && local->kind == LOCAL_IMPLICIT) {
            buf_printf(&rule, "%s/%.*s",
                policy_symbols_key(symbols, symbols->definitions.items[owner->parent].key),
                STR_FMT(renaming->name));
        }
        bool free_name = rule.len == 0 || rename_check_free(renaming, rule.ptr);
        buf_free(&rule);
        if (!free_name) {
            return false;
        }
        rename_edit(renaming, file, use->start, use->start + use->len, renaming->name);
    }
    return true;
}

/* ---- rules ---- */

/* Bare uses of the new name in the package: variables that would become the rule. */
static bool check_new_uses(struct renaming *renaming)
{
    if (renaming->new_key == NAME_NONE) {
        return true;
    }
    const struct key_files *files = &catalog_key_data(renaming->catalog, renaming->new_key)->files;
    for (size_t i = 0; i < files->len; i++) {
        const struct catalog_file *file = &renaming->catalog->files.items[files->items[i]];
        uint32_t own = catalog_key_in(file, renaming->new_key);
        VEC_FOREACH (const struct symbol_use, use, &file->symbols->uses) {
            if (use->key == own) {
                return rename_refuse(renaming, files->items[i], use->row,
                    "%.*s already stands for something else", STR_FMT(renaming->name));
            }
        }
    }
    return true;
}

static bool rename_use(struct renaming *renaming, struct catalog_spot spot)
{
    const struct policy_symbols *symbols = renaming->catalog->files.items[spot.file].symbols;
    const struct symbol_use *use = &symbols->uses.items[spot.index];
    bool named_apart = (use->flags & USE_ALIAS) != 0 && (use->flags & USE_IMPLIED) == 0;
    bool bare = (use->flags & (USE_FREE | USE_IMPLIED)) != 0;
    know_file(renaming, spot.file);
    if (named_apart) {
        return true;
    }
    if (bare && !rename_check_capture(renaming, spot.file, use, renaming->name)) {
        return false;
    }
    rename_edit(renaming, spot.file, use->start, use->start + use->len, renaming->name);
    return true;
}

static void note_names(struct renaming *renaming, const char *old, bool in_template)
{
    static const char *const asked[] = {"deny", "warn", "violation"};
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        size_t len = strlen(asked[i]);
        if (strncmp(old, asked[i], len) == 0 && (old[len] == '\0' || old[len] == '_') &&
            !in_template) {
            buf_printf(&renaming->out->notes,
                "conftest asks for rules named %s: what runs it will not find this one any more\n",
                asked[i]);
        }
    }
    bool folders = false;
    char *first = NULL;
    VEC_FOREACH (const struct rename_file, file, &renaming->out->files) {
        const struct policy_symbols *symbols = catalog_symbols_of(renaming->catalog, file->path);
        char *folder = path_dir(file->path);
        VEC_FOREACH (const struct symbol_note, note, &symbols->notes) {
            if (note->entrypoint &&
                strcmp(policy_symbols_key(symbols, note->key), renaming->old_path) == 0) {
                buf_printf(&renaming->out->notes,
                    "it is an entrypoint: what asks for it by name must follow (%s:%u)\n",
                    file->path, note->row + 1);
            }
        }
        VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
            bool mine =
                strcmp(policy_symbols_key(symbols, definition->key), renaming->old_path) == 0;
            folders = folders || (mine && first != NULL && strcmp(first, folder) != 0);
            first = mine && first == NULL ? mem_strdup(folder) : first;
        }
        free(folder);
    }
    if (folders) {
        buf_append_c(
            &renaming->out->notes, "it is defined in several folders: all of them are renamed\n");
    }
    free(first);
}

static bool check_rule_name(struct renaming *renaming, enum symbol_kind kind, const char *old)
{
    bool todo;
    char *name = str_dup(renaming->name);
    bool test = rego_test_length(name, &todo) > 0;
    bool ok = true;
    if (!rename_is_identifier(renaming->name)) {
        ok = err_set(renaming->err, ERR_INVALID,
            "%s is no name for a rule: letters, digits and _, no keyword", name);
    } else if (test != (kind == SYMBOL_TEST)) {
        ok = err_set(renaming->err, ERR_INVALID,
            test ? "a rule named %s would be a test"
                 : "%s would not be a test: its name must "
                   "begin with test_",
            name);
    } else if (strcmp(name, old) == 0) {
        ok = err_set(renaming->err, ERR_INVALID, "it is named %s already", name);
    }
    free(name);
    return ok;
}

static bool rename_rule(struct renaming *renaming, enum symbol_kind kind, const char *old)
{
    struct catalog_spots uses = {0};
    bool in_template = false;
    bool ok = check_rule_name(renaming, kind, old) &&
              rename_check_free(renaming, renaming->new_path) && check_new_uses(renaming) &&
              rename_check_ancestors(renaming, renaming->old_path);
    catalog_uses(renaming->catalog, renaming->key, &uses);
    VEC_FOREACH (const struct catalog_spot, spot, &uses) {
        const struct policy_symbols *symbols = renaming->catalog->files.items[spot->file].symbols;
        const struct symbol_use *use = &symbols->uses.items[spot->index];
        in_template = in_template || symbols->kind == FILE_YAML;
        if (ok && symbols->kind == FILE_YAML && (use->flags & USE_DEFINES) != 0 &&
            strcmp(old, "violation") == 0) {
            ok = rename_refuse(renaming, spot->file, use->row,
                "Gatekeeper asks a template for the rule named violation");
        }
        /* The package's own files may have a variable or an import of the new name. */
        ok = ok && rename_use(renaming, *spot);
    }
    VEC_FREE(&uses);
    if (ok) {
        note_names(renaming, old, in_template);
    }
    return ok;
}

/* ---- names in YAML ---- */

static bool is_yaml_name(struct str name, enum symbol_kind kind)
{
    bool good = name.len > 0 && name.len <= 63 && isalnum((unsigned char)name.ptr[0]) &&
                isalnum((unsigned char)name.ptr[name.len - 1]);
    for (size_t i = 0; good && i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        good = kind == SYMBOL_TEMPLATE ? isalnum(c) != 0
               : kind == SYMBOL_POLICY ? islower(c) || isdigit(c) || c == '-' || c == '.'
                                       : isalnum(c) || c == '-' || c == '_' || c == '.';
    }
    return good && (kind != SYMBOL_TEMPLATE || isupper((unsigned char)name.ptr[0]));
}

static void edit_all(struct renaming *renaming, uint32_t key, struct str text)
{
    struct catalog_spots uses = {0};
    catalog_uses(renaming->catalog, key, &uses);
    VEC_FOREACH (const struct catalog_spot, spot, &uses) {
        const struct symbol_use *use =
            &renaming->catalog->files.items[spot->file].symbols->uses.items[spot->index];
        rename_edit(renaming, spot->file, use->start, use->start + use->len, text);
    }
    VEC_FREE(&uses);
}

static bool rename_yaml(struct renaming *renaming, enum symbol_kind kind)
{
    if (!is_yaml_name(renaming->name, kind)) {
        return err_set(renaming->err, ERR_INVALID, "%.*s is no valid name here: %s",
            STR_FMT(renaming->name),
            kind == SYMBOL_TEMPLATE ? "a kind begins with a capital letter and has letters and "
                                      "digits"
            : kind == SYMBOL_POLICY ? "small letters, digits, - and ."
                                    : "letters, digits, -, _ and .");
    }
    if (!rename_check_free(renaming, renaming->new_path)) {
        return false;
    }
    edit_all(renaming, renaming->key, renaming->name);
    if (kind == SYMBOL_TEMPLATE) {
        /* Gatekeeper wants a template's own name to be its kind in small letters. */
        char *own = mem_printf("%s/name", renaming->old_path);
        char *lower = str_dup(renaming->name);
        for (char *c = lower; *c != '\0'; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        edit_all(renaming, names_find(&renaming->catalog->keys, str_of(own)), str_of(lower));
        free(lower);
        free(own);
    }
    return true;
}

/* ---- the plan ---- */

static bool plan(struct renaming *renaming, const struct catalog_symbol *symbol, const char *path,
    struct str new_name)
{
    switch (symbol->kind) {
    case SYMBOL_VARIABLE:
        return rename_variable(renaming, catalog_find_file(renaming->catalog, path), symbol->local);
    case SYMBOL_BUILTIN:
        return err_set(
            renaming->err, ERR_UNSUPPORTED, "%s is a function of the engine", symbol->name);
    case SYMBOL_RULE:
    case SYMBOL_FUNCTION:
    case SYMBOL_TEST:
        return rename_rule(renaming, symbol->kind, symbol->name);
    case SYMBOL_PACKAGE:
        return rename_package(renaming, new_name);
    case SYMBOL_TEMPLATE:
    case SYMBOL_POLICY:
    case SYMBOL_POLICY_RULE:
        return rename_yaml(renaming, symbol->kind);
    case SYMBOL_CONSTRAINT:
    case SYMBOL_SUITE:
    case SYMBOL_OBJECT:
        break;
    }
    return err_set(renaming->err, ERR_UNSUPPORTED, "a name of this kind cannot be renamed here");
}

bool catalog_rename_plan(struct catalog *catalog, const struct catalog_cursor *cursor,
    struct str new_name, struct catalog_rename *out, struct err *err)
{
    struct catalog_symbol symbol;
    *out = (struct catalog_rename){0};
    if (!catalog_symbol_at(catalog, cursor, &symbol)) {
        return err_set(err, ERR_NOT_FOUND,
            "there is no name under the cursor that is defined in the workspace");
    }
    struct str name = str_trim(new_name);
    struct renaming renaming = {.catalog = catalog,
        .out = out,
        .err = err,
        .key = NAME_NONE,
        .new_key = NAME_NONE,
        .old_path = symbol.key == NULL ? "" : symbol.key,
        .name = name};
    struct buf new_path = BUF_INIT;
    if (symbol.key != NULL) {
        renaming.key = names_find(&catalog->keys, str_of(symbol.key));
        buf_append(&new_path, symbol.key, strlen(symbol.key) - strlen(symbol.name));
        buf_append_str(&new_path, name);
        renaming.new_path = new_path.ptr;
        renaming.new_key = names_find(&catalog->keys, buf_str(&new_path));
    }
    out->from = mem_strdup(symbol.name);
    out->to = safe_dup(name, SAFE_ONE_LINE, 200);
    if (symbol.key != NULL) {
        out->mention = policy_path_below(symbol.key, "data") && strlen(symbol.key) > strlen("data/")
                           ? policy_path_show(symbol.key + strlen("data/"))
                           : mem_strdup(symbol.name);
    }
    bool ok = plan(&renaming, &symbol, cursor->path, name) && check_errors(&renaming);
    if (ok && out->edits.len == 0) {
        ok = err_set(err, ERR_NOT_FOUND, "nothing in the workspace would change");
    }
    if (!ok) {
        catalog_rename_free(out);
    }
    buf_free(&new_path);
    catalog_symbol_free(&symbol);
    return ok;
}

/* ---- the changes ---- */

static int last_first(const void *a, const void *b)
{
    const struct rename_edit *x = *(const struct rename_edit *const *)a;
    const struct rename_edit *y = *(const struct rename_edit *const *)b;
    return (x->start < y->start) - (x->start > y->start);
}

static void apply(const struct catalog_rename *rename, const char *path, struct buf *text)
{
    struct {
        const struct rename_edit **items;
        size_t len, cap;
    } edits = {0};
    VEC_FOREACH (const struct rename_edit, edit, &rename->edits) {
        if (strcmp(edit->path, path) == 0) {
            VEC_PUSH(&edits, edit);
        }
    }
    if (edits.len > 0) {
        qsort(edits.items, edits.len, sizeof *edits.items, last_first);
    }
    for (size_t i = 0; i < edits.len; i++) {
        const struct rename_edit *edit = edits.items[i];
        buf_remove(text, edit->start, edit->len);
        buf_insert(text, edit->start, edit->text, strlen(edit->text));
    }
    VEC_FREE(&edits);
}

bool catalog_rename_changes(const struct catalog_rename *rename,
    const struct patch_source *workspace, struct changes *out, struct err *err)
{
    VEC_FOREACH (const struct rename_file, file, &rename->files) {
        struct patch_file now = {0};
        bool ok = workspace->read(workspace->data, file->path, &now, err);
        if (ok && (now.found != PATCH_FILE || str_hash(buf_str(&now.bytes)) != file->hash)) {
            ok = err_set(err, ERR_CONFLICT,
                "%s is not on disk as the names were read: save it, or wait a moment and try again",
                file->path);
        }
        if (!ok) {
            buf_free(&now.bytes);
            changes_free(out);
            return false;
        }
        struct change change = {.kind = CHANGE_UPDATE,
            .path = mem_strdup(file->path),
            .base = now.bytes,
            .base_exists = true,
            .mode = now.mode};
        buf_append_str(&change.content, buf_str(&change.base));
        apply(rename, file->path, &change.content);
        if (str_equal(buf_str(&change.base), buf_str(&change.content))) {
            change_free(&change);
        } else {
            VEC_PUSH(out, change);
        }
    }
    return true;
}
