#include "catalog/complete_internal.h"

#include "base/path.h"
#include "base/vec.h"
#include "catalog/builtins.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static void free_one(struct completion *completion)
{
    free(completion->label);
    free(completion->insert);
    free(completion->detail);
    free(completion->docs);
}

void completions_free(struct completions *completions)
{
    VEC_FOREACH (struct completion, completion, completions) {
        free_one(completion);
    }
    VEC_FREE(completions);
}

const char *completion_kind_name(enum completion_kind kind)
{
    static const char *const names[] = {
        [COMPLETION_PACKAGE] = "package",
        [COMPLETION_RULE] = "rule",
        [COMPLETION_FUNCTION] = "function",
        [COMPLETION_VARIABLE] = "variable",
        [COMPLETION_IMPORT] = "import",
        [COMPLETION_BUILTIN] = "built-in",
        [COMPLETION_KEYWORD] = "keyword",
        [COMPLETION_SNIPPET] = "snippet",
        [COMPLETION_FIELD] = "field",
        [COMPLETION_NAME] = "name",
    };
    return names[kind];
}

/* ---- ranking ---- */

/* How well what is typed fits a label; negative: not at all. The letters must come in order; a
 * beginning counts most, then beginnings of words. */
static int fit(const char *label, struct str typed)
{
    if (typed.len == 0) {
        return 0;
    }
    if (strncmp(label, typed.ptr, typed.len) == 0) {
        return label[typed.len] == '\0' ? 1200 : 1000;
    }
    if (strncasecmp(label, typed.ptr, typed.len) == 0) {
        return 900;
    }
    int score = 400;
    size_t at = 0;
    for (size_t i = 0; i < typed.len; i++) {
        size_t from = at;
        while (label[at] != '\0' &&
               tolower((unsigned char)label[at]) != tolower((unsigned char)typed.ptr[i])) {
            at++;
        }
        if (label[at] == '\0') {
            return -1;
        }
        bool word = at == 0 || label[at - 1] == '_' || label[at - 1] == '.' ||
                    (isupper((unsigned char)label[at]) && islower((unsigned char)label[at - 1]));
        score += word ? 40 : at == from ? 20 : -(int)(at - from > 20 ? 20 : at - from);
        at++;
    }
    return score > 0 ? score : 0;
}

void complete_add(struct completing *c, enum completion_kind kind, const char *label, char *insert,
    char *detail, char *docs, int weight)
{
    int score = fit(label, c->typed);
    if (score < 0) {
        free(insert);
        free(detail);
        free(docs);
        return;
    }
    VEC_PUSH(c->out, (struct completion){.kind = kind,
                         .label = mem_strdup(label),
                         .insert = insert == NULL ? mem_strdup(label) : insert,
                         .detail = detail == NULL ? mem_strdup("") : detail,
                         .docs = docs,
                         .score = score + weight});
}

static int by_score(const void *a, const void *b)
{
    const struct completion *x = a;
    const struct completion *y = b;
    int order = (x->score < y->score) - (x->score > y->score);
    order = order != 0 ? order : strcmp(x->label, y->label);
    order = order != 0 ? order : (int)x->kind - (int)y->kind;
    /* Of several bodies of a rule the one with a comment. */
    order = order != 0 ? order : (x->docs == NULL) - (y->docs == NULL);
    return order != 0 ? order : strcmp(x->detail, y->detail);
}

/* Best first, each once, not too many. */
static void rank(struct completions *out)
{
    size_t kept = 0;
    if (out->len > 0) {
        qsort(out->items, out->len, sizeof *out->items, by_score);
    }
    for (size_t i = 0; i < out->len; i++) {
        struct completion *last = kept == 0 ? NULL : &out->items[kept - 1];
        bool again = last != NULL && last->kind == out->items[i].kind &&
                     strcmp(last->label, out->items[i].label) == 0;
        if (again || kept == COMPLETIONS_MAX) {
            free_one(&out->items[i]);
        } else {
            out->items[kept++] = out->items[i];
        }
    }
    out->len = kept;
}

/* ---- candidates ---- */

static char *call_of(const char *name, const char *signature)
{
    bool arguments =
        signature != NULL && strchr(signature, '(') != NULL && strstr(signature, "()") == NULL;
    return mem_printf("%s(%s", name, arguments ? "$0)" : ")");
}

static void add_rule(struct completing *c, const struct symbol_definition *rule, int weight)
{
    bool function = rule->kind == SYMBOL_FUNCTION;
    complete_add(c, function ? COMPLETION_FUNCTION : COMPLETION_RULE, rule->name,
        function ? call_of(rule->name, rule->detail) : NULL, mem_strdup(rule->detail),
        mem_strdup(rule->doc), weight);
}

/* The rules of the packages with this key; tests are for opa, not for other rules. */
static void add_rules(struct completing *c, uint32_t package, int weight)
{
    if (package == NAME_NONE || catalog_key_data(c->catalog, package)->packages == 0) {
        return;
    }
    const struct key_files *files = &catalog_key_data(c->catalog, package)->files;
    for (size_t i = 0; i < files->len; i++) {
        const struct catalog_file *file = &c->catalog->files.items[files->items[i]];
        uint32_t own = catalog_key_in(file, package);
        VEC_FOREACH (const struct symbol_definition, rule, &file->symbols->definitions) {
            if ((rule->kind == SYMBOL_RULE || rule->kind == SYMBOL_FUNCTION) &&
                rule->parent != SYMBOL_NONE &&
                file->symbols->definitions.items[rule->parent].key == own) {
                add_rule(c, rule, weight);
            }
        }
    }
}

/* Packages below a path, one part further. */
static void add_packages(struct completing *c, const char *path)
{
    size_t len = strlen(path);
    for (uint32_t key = 0; key < c->catalog->keys.len; key++) {
        const char *text = names_text(&c->catalog->keys, key);
        if (text == NULL || catalog_key_data(c->catalog, key)->packages == 0 ||
            !policy_path_below(text, path) || text[len] == '\0') {
            continue;
        }
        size_t part = strcspn(text + len + 1, "/");
        char *label = mem_strndup(text + len + 1, part);
        if (fit(label, c->typed) >= 0) {
            char *whole = mem_strndup(text + 5, len - 4 + part);
            char *shown = policy_path_show(whole);
            complete_add(c, COMPLETION_PACKAGE, label, NULL, mem_printf("package %s", shown), NULL,
                strstr(label, "_test") != NULL ? 10 : 40);
            free(shown);
            free(whole);
        }
        free(label);
    }
}

static void add_builtins(struct completing *c, struct str base)
{
    size_t count = c->catalog->builtins == NULL ? 0 : c->catalog->builtins->len;
    for (size_t i = 0; i < count; i++) {
        const struct builtin *builtin = &c->catalog->builtins->items[i];
        if (strncmp(builtin->name, base.ptr == NULL ? "" : base.ptr, base.len) == 0) {
            const char *rest = builtin->name + base.len;
            if (fit(rest, c->typed) >= 0) {
                complete_add(c, COMPLETION_BUILTIN, rest, call_of(rest, builtin->signature),
                    mem_strdup(builtin->signature), mem_strdup(builtin->docs), 20);
            }
        }
    }
}

static void add_variables(struct completing *c)
{
    static const char *const how[] = {
        [LOCAL_PARAMETER] = "parameter",
        [LOCAL_SOME] = "some",
        [LOCAL_EVERY] = "every",
        [LOCAL_ASSIGNED] = ":=",
        [LOCAL_IMPLICIT] = "variable",
    };
    VEC_FOREACH (const struct symbol_local, local, &c->symbols->locals) {
        const struct symbol_use *use = &c->symbols->uses.items[local->use];
        bool here = c->offset >= use->start && c->offset <= (size_t)use->start + use->len;
        if (c->offset >= local->from && c->offset <= local->to && !here) {
            char *detail = local->bound == NULL ? mem_strdup(how[local->kind])
                                                : mem_printf("%s %s%s", how[local->kind],
                                                      local->element ? "in " : "", local->bound);
            complete_add(c, COMPLETION_VARIABLE, local->name, NULL, detail, NULL, 80);
        }
    }
}

static void add_words(struct completing *c)
{
    static const struct {
        const char *label, *insert, *detail;
        bool top;
    } words[] = {
        {"deny", "deny contains msg if {\n\t$0\n}", "a set of messages", true},
        {"test_", "test_$0 if {\n\t\n}", "a test", true},
        {"import", "import $0", "import data.package", true},
        {"package", "package $0", "package name", true},
        {"default", "default $0 := false", "a value when no body holds", true},
        {"METADATA", "# METADATA\n# title: $0\n# description: \n", "annotations", true},
        {"some", "some $0 in ", "some x in xs", false},
        {"every", "every $0 in  {\n\t\t\n\t}", "every x in xs { … }", false},
        {"not", "not ", "not x", false},
        {"with", "with input as $0", "with input as x", false},
        {"if", "if {\n\t$0\n}", "if { … }", true},
        {"contains", "contains ", "p contains x", true},
        {"else", "else := $0 if {\n\t\n}", "else := x if { … }", true},
        {"true", NULL, "", false},
        {"false", NULL, "", false},
        {"null", NULL, "", false},
        {"input", NULL, "the document a decision is about", false},
        {"data", NULL, "all rules and data", false},
    };
    bool top = c->line.len == c->typed.len;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i].top == top ||
            (!top && words[i].insert != NULL && strcmp(words[i].label, "if") == 0)) {
            complete_add(c, words[i].insert == NULL ? COMPLETION_KEYWORD : COMPLETION_SNIPPET,
                words[i].label, mem_strdup(words[i].insert), mem_strdup(words[i].detail), NULL, 10);
        }
    }
}

/* ---- Rego ---- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The reference that ends before `end` of the line: names, dots and brackets. */
static struct str reference_before(struct str line, size_t end)
{
    size_t at = end;
    while (at > 0) {
        char c = line.ptr[at - 1];
        if (is_name_char(c) || c == '.') {
            at--;
            continue;
        }
        if (c != ']') {
            break;
        }
        size_t depth = 0;
        size_t back = at;
        do {
            back--;
            depth += line.ptr[back] == ']';
            depth -= line.ptr[back] == '[';
        } while (back > 0 && depth > 0);
        if (depth > 0) {
            break;
        }
        at = back;
    }
    return str_slice(line, at, end);
}

/* In a string or a comment there is nothing to complete. */
static bool is_code(struct str line)
{
    char quote = '\0';
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (quote == '"' && c == '\\') {
            i++;
        } else if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '`') {
            quote = c;
        } else if (c == '#') {
            return false;
        }
    }
    return quote == '\0';
}

/* "data/lib/k8s" for `data.lib.k8s` or an import's name; false when the base is neither. */
static bool data_path(const struct completing *c, struct str base, struct buf *path)
{
    size_t dot = str_find_char(base, '.', 0);
    struct str head = str_slice(base, 0, dot == SIZE_MAX ? base.len : dot);
    if (str_find_char(base, '[', 0) != SIZE_MAX) {
        return false;
    }
    if (str_equal_c(head, "data")) {
        buf_append_c(path, "data");
    }
    VEC_FOREACH (const struct symbol_import, import, &c->symbols->imports) {
        if (path->len == 0 && import->key != NAME_NONE && import->module == c->package &&
            str_equal_c(head, import->name)) {
            buf_append_c(path, policy_symbols_key(c->symbols, import->key));
        }
    }
    if (path->len == 0) {
        return false;
    }
    for (size_t i = head.len; i < base.len; i++) {
        buf_append_char(path, base.ptr[i] == '.' ? '/' : base.ptr[i]);
    }
    return true;
}

static void add_input_parts(struct completing *c, struct str base)
{
    static const struct {
        const char *base, *name, *detail;
    } parts[] = {
        {"input", "review", "Gatekeeper: what is being admitted"},
        {"input", "parameters", "Gatekeeper: the constraint's parameters"},
        {"input", "request", "an AdmissionReview's request"},
        {"input.review", "object", "the object"},
        {"input.review", "oldObject", "the object before an update"},
        {"input.review", "operation", "CREATE, UPDATE, DELETE"},
        {"input.review", "kind", "group, version and kind"},
        {"input.review", "userInfo", "who asks"},
        {"input.review", "namespace", "string"},
        {"input.review", "name", "string"},
        {"input.request", "object", "the object"},
        {"input.request", "oldObject", "the object before an update"},
        {"input.request", "operation", "CREATE, UPDATE, DELETE"},
        {"input.request", "userInfo", "who asks"},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (str_equal_c(base, parts[i].base)) {
            complete_add(
                c, COMPLETION_FIELD, parts[i].name, NULL, mem_strdup(parts[i].detail), NULL, 30);
        }
    }
}

/* After a dot. */
static void complete_member(struct completing *c, struct str base)
{
    struct buf path = BUF_INIT;
    if (data_path(c, base, &path)) {
        add_packages(c, path.ptr);
        add_rules(c, names_find(&c->catalog->keys, buf_str(&path)), 60);
    }
    buf_free(&path);
    struct field_set fields = complete_resolve(c, base);
    complete_add_fields(c, &fields);
    add_input_parts(c, base);
    if (c->out->len == 0) {
        struct buf dotted = BUF_INIT;
        buf_append_str(&dotted, base);
        buf_append_char(&dotted, '.');
        add_builtins(c, buf_str(&dotted));
        buf_free(&dotted);
    }
    /* A field whose name is no identifier is written ["…"] instead of the dot. */
    VEC_FOREACH (struct completion, completion, c->out) {
        if (completion->insert[0] == '[') {
            continue;
        }
        char *plain = completion->insert;
        completion->insert = mem_printf(".%s", plain);
        free(plain);
    }
    c->out->replace_from -= 1;
}

static void complete_import(struct completing *c, struct str base)
{
    if (base.len > 0) {
        struct buf path = BUF_INIT;
        if (str_starts(base, "data") && data_path(c, base, &path)) {
            add_packages(c, path.ptr);
            add_rules(c, names_find(&c->catalog->keys, buf_str(&path)), 20);
            /* An import names a function, it does not call it. */
            VEC_FOREACH (struct completion, completion, c->out) {
                completion->insert[strcspn(completion->insert, "(")] = '\0';
            }
        } else if (str_equal_c(base, "rego")) {
            complete_add(c, COMPLETION_IMPORT, "v1", NULL, NULL, NULL, 0);
        } else if (str_equal_c(base, "future")) {
            complete_add(c, COMPLETION_IMPORT, "keywords", NULL, NULL, NULL, 0);
        }
        buf_free(&path);
        return;
    }
    static const char *const roots[] = {"data", "input", "rego.v1"};
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        complete_add(c, COMPLETION_IMPORT, roots[i], NULL, NULL, NULL, 30 - (int)i);
    }
}

static void add_imports(struct completing *c)
{
    VEC_FOREACH (const struct symbol_import, import, &c->symbols->imports) {
        if (import->module == c->package && strcmp(import->path, "rego.v1") != 0 &&
            strncmp(import->path, "future.", 7) != 0) {
            complete_add(
                c, COMPLETION_IMPORT, import->name, NULL, mem_strdup(import->path), NULL, 70);
        }
    }
}

/* Packages of the files in the same folder. */
static bool add_sibling(void *data, const struct catalog_entry *entry)
{
    struct completing *c = data;
    size_t folder = (size_t)(path_base(c->path) - c->path);
    if (entry->definition->kind == SYMBOL_PACKAGE && strcmp(entry->path, c->path) != 0 &&
        strncmp(entry->path, c->path, folder) == 0 && strchr(entry->path + folder, '/') == NULL) {
        complete_add(c, COMPLETION_PACKAGE, entry->definition->name, NULL, mem_strdup(entry->path),
            NULL, 40);
    }
    return true;
}

static void complete_bare(struct completing *c)
{
    bool top = c->line.len == c->typed.len;
    if (!top) {
        add_variables(c);
        add_imports(c);
        add_builtins(c, str_make("", 0));
    }
    if (c->package != SYMBOL_NONE) {
        const struct catalog_file *file = &c->catalog->files.items[c->file];
        add_rules(c, catalog_key_of(file, c->symbols->definitions.items[c->package].key), 60);
    }
    add_words(c);
}

static void complete_rego(struct completing *c)
{
    struct str line = c->line;
    if (!is_code(line)) {
        return;
    }
    size_t from = line.len;
    while (from > 0 && is_name_char(line.ptr[from - 1])) {
        from--;
    }
    struct str words = str_trim(line);
    bool member = from > 0 && line.ptr[from - 1] == '.';
    struct str base = member ? reference_before(line, from - 1) : str_make("", 0);
    c->typed = str_from(line, from);
    c->out->replace_from = c->indent + from;
    if (str_starts(words, "import ") || (str_equal_c(words, "import") && c->typed.len == 0)) {
        complete_import(c, base);
    } else if (str_starts(words, "package ") ||
               (str_equal_c(words, "package") && c->typed.len == 0)) {
        catalog_each(c->catalog, add_sibling, c);
    } else if (member && base.len > 0) {
        complete_member(c, base);
    } else if (!member && (c->typed.len == 0 || !isdigit((unsigned char)c->typed.ptr[0]))) {
        complete_bare(c);
    }
}

/* ---- entry ---- */

/* The module that the cursor stands in: in YAML the nearest package line above whose column the
 * line keeps to. */
static size_t module_at(const struct completing *c)
{
    size_t found = SYMBOL_NONE;
    for (size_t i = 0; i < c->symbols->definitions.len; i++) {
        const struct symbol_definition *definition = &c->symbols->definitions.items[i];
        if (definition->kind == SYMBOL_PACKAGE &&
            (definition->whole.row <= c->row || c->symbols->kind == FILE_REGO)) {
            found = i;
        }
    }
    if (found == SYMBOL_NONE || c->symbols->kind == FILE_REGO) {
        return found;
    }
    size_t indent = c->symbols->definitions.items[found].whole.col;
    struct str text = c->before;
    size_t row = c->row;
    /* Every line from the package on is at least as far in. */
    while (row > c->symbols->definitions.items[found].whole.row) {
        size_t start = text.len;
        while (start > 0 && text.ptr[start - 1] != '\n') {
            start--;
        }
        struct str line = str_from(text, start);
        size_t blanks = 0;
        while (blanks < line.len && line.ptr[blanks] == ' ') {
            blanks++;
        }
        if (blanks < indent && blanks < line.len) {
            return SYMBOL_NONE;
        }
        text = str_slice(text, 0, start > 0 ? start - 1 : 0);
        row--;
    }
    return found;
}

void catalog_complete(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct completions *out)
{
    *out = (struct completions){0};
    uint32_t file = catalog_enter(catalog, cursor);
    if (file == NAME_NONE || cursor->text.ptr == NULL) {
        return;
    }
    size_t offset = catalog_offset(cursor->text, cursor->row, cursor->col);
    size_t start = offset;
    while (start > 0 && cursor->text.ptr[start - 1] != '\n') {
        start--;
    }
    struct completing c = {.catalog = catalog,
        .file = file,
        .symbols = catalog->files.items[file].symbols,
        .path = cursor->path,
        .offset = offset,
        .row = cursor->row,
        .line = str_slice(cursor->text, start, offset),
        .before = str_slice(cursor->text, 0, offset),
        .out = out};
    out->replace_from = out->replace_to = offset - start;
    c.package = module_at(&c);
    if (c.symbols->kind == FILE_REGO || c.package != SYMBOL_NONE) {
        /* In a template the block's own indentation is none of the line. */
        size_t indent =
            c.symbols->kind == FILE_REGO ? 0 : c.symbols->definitions.items[c.package].whole.col;
        indent = indent > c.line.len ? c.line.len : indent;
        c.indent = indent;
        c.line = str_from(c.line, indent);
        complete_rego(&c);
    } else if (c.symbols->kind == FILE_YAML) {
        complete_yaml(&c);
    }
    rank(out);
}
