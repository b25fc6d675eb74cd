/* Outline, syntax errors and the printed tree: walks over finished trees. */
#include "syntax/internal.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdio.h>

#define NAME_MAX_BYTES  200
#define ENTRIES_MAX     20000
#define PRINT_DEPTH_MAX 400

void outline_free(struct outline *outline)
{
    VEC_FOREACH (struct outline_entry, e, outline) {
        free(e->name);
    }
    VEC_FREE(outline);
}

const struct outline_entry *outline_at(const struct outline *outline, size_t row)
{
    const struct outline_entry *found = NULL;
    VEC_FOREACH (const struct outline_entry, entry, outline) {
        /* Later entries that hold the row begin later. */
        if (entry->start_row <= row && row <= entry->end_row &&
            (found == NULL || entry->start_row >= found->start_row)) {
            found = entry;
        }
    }
    return found;
}

/* A name that goes over several lines is one line in a list. */
static void squeeze_blanks(struct buf *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < name->len; i++) {
        bool is_blank = strchr(" \t\r\n", name->ptr[i]) != NULL && name->ptr[i] != '\0';
        if (!is_blank) {
            name->ptr[kept++] = name->ptr[i];
        } else if (kept == 0 || name->ptr[kept - 1] != ' ') {
            name->ptr[kept++] = ' ';
        }
    }
    name->len = kept;
}

static char *node_name(const struct source_window *text, TSNode node)
{
    struct buf raw = BUF_INIT;
    size_t from = ts_node_start_byte(node);
    size_t to = ts_node_end_byte(node);
    source_append(
        text, from, to - from > 4 * NAME_MAX_BYTES ? from + 4 * NAME_MAX_BYTES : to, &raw);
    squeeze_blanks(&raw);
    struct str trimmed = str_trim(buf_str(&raw));
    char *name = safe_dup(trimmed, SAFE_ONE_LINE, NAME_MAX_BYTES);
    buf_free(&raw);
    return name;
}

static void add_entry(struct piece *piece, const char *kind, char *name, TSNode node)
{
    TSPoint end = ts_node_end_point(node);
    size_t start_row = ts_node_start_point(node).row;
    struct outline_entry entry = {
        .kind = kind,
        .name = name,
        .start = ts_node_start_byte(node),
        .end = ts_node_end_byte(node),
        .start_row = start_row,
        .end_row = end.column == 0 && end.row > start_row ? end.row - 1 : end.row,
    };
    VEC_PUSH(&piece->outline, entry);
}

static int by_start(const void *a, const void *b)
{
    const struct outline_entry *x = a;
    const struct outline_entry *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    return (x->end < y->end) - (x->end > y->end);
}

/* outline.scm: "@definition.KIND" over what an entry spans, "@name" for its name. */
static void outline_by_query(struct syntax *syntax, struct piece *piece)
{
    const struct query *query = query_get(syntax->language, "outline.scm");
    if (query == NULL) {
        return;
    }
    struct source_window text = piece_window(syntax, piece);
    TSQueryMatch match;
    ts_query_cursor_set_byte_range(syntax->cursor, 0, UINT32_MAX);
    ts_query_cursor_exec(syntax->cursor, query_raw(query), ts_tree_root_node(piece->tree));
    while (piece->outline.len < ENTRIES_MAX && query_next(query, syntax->cursor, &text, &match)) {
        const char *kind = NULL;
        char *name = NULL;
        TSNode whole = {0};
        for (uint16_t i = 0; i < match.capture_count; i++) {
            const char *capture = query_capture_name(query, match.captures[i].index);
            if (strncmp(capture, "definition.", 11) == 0) {
                kind = capture + 11;
                whole = match.captures[i].node;
            } else if (strcmp(capture, "name") == 0 && name == NULL) {
                name = node_name(&text, match.captures[i].node);
            }
        }
        if (kind != NULL && name != NULL) {
            add_entry(piece, kind, name, whole);
        } else {
            free(name);
        }
    }
    if (piece->outline.len > 0) {
        qsort(piece->outline.items, piece->outline.len, sizeof *piece->outline.items, by_start);
    }
}

static TSNode child_of_type(TSNode node, const char *type)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (strcmp(ts_node_type(child), type) == 0) {
            return child;
        }
    }
    return (TSNode){0};
}

/* The value of `key` in the block mapping below `node` (a document or a pair's value). */
static TSNode yaml_value(const struct source_window *text, TSNode node, const char *key)
{
    TSNode block = {0};
    if (!ts_node_is_null(node)) {
        block = strcmp(ts_node_type(node), "block_node") == 0 ? node
                                                              : child_of_type(node, "block_node");
    }
    TSNode mapping = ts_node_is_null(block) ? block : child_of_type(block, "block_mapping");
    TSNode found = {0};
    if (ts_node_is_null(mapping)) {
        return found;
    }
    TSTreeCursor cursor = ts_tree_cursor_new(mapping);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    struct buf name = BUF_INIT;
    while (more && ts_node_is_null(found)) {
        TSNode pair = ts_tree_cursor_current_node(&cursor);
        TSNode left = ts_node_child_by_field_name(pair, "key", 3);
        if (!ts_node_is_null(left) && ts_node_end_byte(left) - ts_node_start_byte(left) < 100) {
            buf_clear(&name);
            source_append(text, ts_node_start_byte(left), ts_node_end_byte(left), &name);
            if (str_equal_c(buf_str(&name), key)) {
                found = ts_node_child_by_field_name(pair, "value", 5);
            }
        }
        more = ts_tree_cursor_goto_next_sibling(&cursor);
    }
    buf_free(&name);
    ts_tree_cursor_delete(&cursor);
    return found;
}

/* One entry a document: "Deployment web", or its first key. */
static void outline_yaml(struct syntax *syntax, struct piece *piece)
{
    struct source_window text = piece_window(syntax, piece);
    TSNode root = ts_tree_root_node(piece->tree);
    TSNode document = child_of_type(root, "document");
    if (piece->continued || ts_node_is_null(document)) {
        return;
    }
    TSNode kind = yaml_value(&text, document, "kind");
    TSNode name = yaml_value(&text, yaml_value(&text, document, "metadata"), "name");
    char *kind_text = ts_node_is_null(kind) ? NULL : node_name(&text, kind);
    char *name_text = ts_node_is_null(name) ? NULL : node_name(&text, name);
    if (kind_text != NULL || name_text != NULL) {
        char *joined = mem_printf("%s%s%s", kind_text == NULL ? "" : kind_text,
            kind_text != NULL && name_text != NULL ? " " : "", name_text == NULL ? "" : name_text);
        add_entry(piece, "document", joined, document);
    }
    free(kind_text);
    free(name_text);
}

/* An ERROR node may hold all of the file; what is wrong comes after the whole statements it begins
 * with. */
static void skip_whole(TSNode node, struct syntax_error *error)
{
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    while (more) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        bool whole =
            ts_node_is_named(child) && ts_node_child_count(child) > 0 && !ts_node_has_error(child);
        TSPoint at = whole ? ts_node_end_point(child) : ts_node_start_point(child);
        error->start = whole ? ts_node_end_byte(child) : ts_node_start_byte(child);
        error->row = at.row;
        error->column = at.column;
        more = whole && ts_tree_cursor_goto_next_sibling(&cursor);
    }
    ts_tree_cursor_delete(&cursor);
}

/* The same for a language whose text is one expression: what the lexer could not read, else, when
 * all of it is the error, the last token, after which nothing fitted. */
static void narrow(TSNode node, struct syntax_error *error)
{
    TSNode parent = ts_node_parent(node);
    bool whole = ts_node_is_null(parent) || ts_node_start_byte(parent) == ts_node_start_byte(node);
    TSNode last = node;
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        last = ts_node_child(node, i);
        if (ts_node_symbol(last) == UINT16_MAX) {
            break;
        }
    }
    while (ts_node_child_count(last) > 0 && ts_node_symbol(last) != UINT16_MAX) {
        last = ts_node_child(last, ts_node_child_count(last) - 1);
    }
    bool unread = !ts_node_eq(last, node) && ts_node_symbol(last) == UINT16_MAX;
    if (unread || (whole && ts_node_start_byte(node) == error->start)) {
        error->start = ts_node_start_byte(last);
        error->row = ts_node_start_point(last).row;
        error->column = ts_node_start_point(last).column;
    }
}

/* `inner`: it is in an injection of that language. */
static void add_error(struct piece *piece, const struct source_window *text, TSNode node,
    const struct language *language, bool inner)
{
    const char *title = inner ? language->title : "";
    const char *colon = inner ? ": " : "";
    struct syntax_error error = {
        .start = ts_node_start_byte(node),
        .end = ts_node_end_byte(node),
        .row = ts_node_start_point(node).row,
        .column = ts_node_start_point(node).column,
        .end_row = ts_node_end_point(node).row,
        .end_column = ts_node_end_point(node).column,
    };
    if (ts_node_is_missing(node)) {
        snprintf(
            error.text, sizeof error.text, "%s%smissing `%.60s`", title, colon, ts_node_type(node));
    } else {
        struct buf raw = BUF_INIT;
        skip_whole(node, &error);
        if (language->expression) {
            narrow(node, &error);
        }
        source_append(
            text, error.start, error.end > error.start + 60 ? error.start + 60 : error.end, &raw);
        struct str line = buf_str(&raw);
        size_t lf = str_find_char(line, '\n', 0);
        char *shown =
            safe_dup(str_trim(lf == SIZE_MAX ? line : str_slice(line, 0, lf)), SAFE_ONE_LINE, 60);
        const char *quote = *shown == '\0' ? "" : "`";
        snprintf(error.text, sizeof error.text, "%s%sunexpected %s%s%s", title, colon, quote,
            *shown == '\0' ? "text" : shown, quote);
        free(shown);
        buf_free(&raw);
    }
    VEC_PUSH(&piece->errors, error);
}

/* Visits the nodes in order; `enter` says whether to go below a node. */
struct visitor {
    bool (*enter)(void *data, TSTreeCursor *cursor, size_t depth);
    void (*leave)(void *data, TSTreeCursor *cursor, size_t depth);
    void *data;
};

static void visit(TSNode root, const struct visitor *visitor)
{
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    size_t depth = 0;
    bool more = true;
    while (more) {
        if (visitor->enter(visitor->data, &cursor, depth) &&
            ts_tree_cursor_goto_first_child(&cursor)) {
            depth++;
            continue;
        }
        for (;;) {
            if (visitor->leave != NULL) {
                visitor->leave(visitor->data, &cursor, depth);
            }
            if (depth == 0) {
                more = false;
                break;
            }
            if (ts_tree_cursor_goto_next_sibling(&cursor)) {
                break;
            }
            ts_tree_cursor_goto_parent(&cursor);
            depth--;
        }
    }
    ts_tree_cursor_delete(&cursor);
}

struct error_walk {
    struct piece *piece;
    const struct language *language;
    bool inner;
    struct source_window text;
};

static bool enter_error(void *data, TSTreeCursor *cursor, size_t depth)
{
    struct error_walk *walk = data;
    TSNode node = ts_tree_cursor_current_node(cursor);
    (void)depth;
    if (walk->piece->errors.len >= SYNTAX_ERRORS_MAX || !ts_node_has_error(node)) {
        return false;
    }
    bool is_error = ts_node_symbol(node) == UINT16_MAX;
    if (is_error || ts_node_is_missing(node)) {
        add_error(walk->piece, &walk->text, node, walk->language, walk->inner);
        return false;
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct syntax_error *x = a;
    const struct syntax_error *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* The errors in what YAML holds: an engine will read it. What Markdown quotes may be in pieces. */
static void index_injections(
    const struct syntax *syntax, struct piece *piece, struct error_walk *walk)
{
    VEC_FOREACH (const struct injection, i, &piece->injections) {
        if (!syntax->language->documents || i->tree == NULL || i->stale ||
            !ts_node_has_error(ts_tree_root_node(i->tree))) {
            continue;
        }
        walk->language = i->language;
        walk->inner = true;
        visit(ts_tree_root_node(i->tree), &(struct visitor){enter_error, NULL, walk});
    }
    if (piece->errors.len > 0) {
        qsort(piece->errors.items, piece->errors.len, sizeof *piece->errors.items, by_place);
    }
}

void outline_index(struct syntax *syntax, struct piece *piece)
{
    outline_free(&piece->outline);
    VEC_FREE(&piece->errors);
    TSNode root = ts_tree_root_node(piece->tree);
    if (syntax->language->documents) {
        outline_yaml(syntax, piece);
    } else {
        outline_by_query(syntax, piece);
    }
    size_t index = (size_t)(piece - syntax->pieces.items);
    bool cut = piece->continued || (index + 1 < syntax->pieces.len && piece[1].continued);
    if (cut) {
        return;
    }
    struct error_walk walk = {piece, syntax->language, false, piece_window(syntax, piece)};
    if (ts_node_has_error(root)) {
        visit(root, &(struct visitor){enter_error, NULL, &walk});
    }
    index_injections(syntax, piece, &walk);
}

void syntax_outline(struct syntax *syntax, struct outline *out)
{
    VEC_FOREACH (struct piece, piece, &syntax->pieces) {
        VEC_FOREACH (struct outline_entry, e, &piece->outline) {
            struct outline_entry copy = *e;
            copy.name = mem_strdup(e->name);
            copy.start += piece->start;
            copy.end += piece->start;
            copy.start_row += piece->row;
            copy.end_row += piece->row;
            VEC_PUSH(out, copy);
        }
    }
}

void syntax_errors(struct syntax *syntax, struct syntax_errors *out)
{
    VEC_FOREACH (struct piece, piece, &syntax->pieces) {
        VEC_FOREACH (struct syntax_error, e, &piece->errors) {
            if (out->len >= SYNTAX_ERRORS_MAX) {
                return;
            }
            struct syntax_error copy = *e;
            copy.start += piece->start;
            copy.end += piece->start;
            copy.row += piece->row;
            copy.end_row += piece->row;
            VEC_PUSH(out, copy);
        }
    }
}

struct printer {
    struct buf *out;
    size_t row; /* of the piece */
    bool comma;
};

static void print_text_position(struct printer *p, TSNode node)
{
    TSPoint start = ts_node_start_point(node);
    TSPoint end = ts_node_end_point(node);
    buf_printf(p->out, " [%zu, %u] - [%zu, %u]", p->row + start.row, start.column, p->row + end.row,
        end.column);
}

static bool enter_text(void *data, TSTreeCursor *cursor, size_t depth)
{
    struct printer *p = data;
    TSNode node = ts_tree_cursor_current_node(cursor);
    if (!ts_node_is_named(node) && !ts_node_is_missing(node)) {
        return false;
    }
    const char *field = ts_tree_cursor_current_field_name(cursor);
    buf_append_repeat(p->out, ' ', 2 * (depth < PRINT_DEPTH_MAX ? depth : PRINT_DEPTH_MAX));
    buf_printf(p->out, "%s%s(%s%s", field == NULL ? "" : field, field == NULL ? "" : ": ",
        ts_node_is_missing(node) ? "MISSING " : "", ts_node_type(node));
    print_text_position(p, node);
    buf_append_c(p->out, ")\n");
    return true;
}

static bool enter_json(void *data, TSTreeCursor *cursor, size_t depth)
{
    struct printer *p = data;
    TSNode node = ts_tree_cursor_current_node(cursor);
    (void)depth;
    if (!ts_node_is_named(node) && !ts_node_is_missing(node)) {
        return false;
    }
    TSPoint start = ts_node_start_point(node);
    TSPoint end = ts_node_end_point(node);
    const char *field = ts_tree_cursor_current_field_name(cursor);
    buf_append_c(p->out, p->comma ? ",{\"type\":" : "{\"type\":");
    json_append_quoted(p->out, str_of(ts_node_type(node)));
    if (field != NULL) {
        buf_append_c(p->out, ",\"field\":");
        json_append_quoted(p->out, str_of(field));
    }
    if (ts_node_is_missing(node)) {
        buf_append_c(p->out, ",\"missing\":true");
    }
    buf_printf(p->out, ",\"start\":[%zu,%u],\"end\":[%zu,%u],\"children\":[", p->row + start.row,
        start.column, p->row + end.row, end.column);
    p->comma = false;
    return true;
}

static void leave_json(void *data, TSTreeCursor *cursor, size_t depth)
{
    struct printer *p = data;
    TSNode node = ts_tree_cursor_current_node(cursor);
    (void)depth;
    if (ts_node_is_named(node) || ts_node_is_missing(node)) {
        buf_append_c(p->out, "]}");
        p->comma = true;
    }
}

void syntax_print(struct syntax *syntax, enum syntax_tree_format format, struct buf *out)
{
    struct printer printer = {out, 0, false};
    bool json = format == SYNTAX_TREE_JSON;
    struct visitor visitor = {json ? enter_json : enter_text, json ? leave_json : NULL, &printer};
    buf_append_c(out, json ? "[" : "");
    for (size_t i = 0; i < syntax->pieces.len; i++) {
        struct piece *piece = &syntax->pieces.items[i];
        syntax_parse(syntax, piece->start, piece->start + piece->len, 0);
        if (piece->tree != NULL) {
            printer.row = piece->row;
            visit(ts_tree_root_node(piece->tree), &visitor);
        }
    }
    buf_append_c(out, json ? "]" : "");
}
