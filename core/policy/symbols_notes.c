/* What stands above a package or a rule: comments, and METADATA blocks as OPA reads them
 * (https://www.openpolicyagent.org/docs/policy-language#metadata): the line "# METADATA", then YAML
 * in the comment lines below it, about the next statement. */
#include "policy/symbols_rego.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

#define DOC_MAX ((size_t)8 << 10)

struct above {
    struct str *items; /* the lines above, nearest first; a blank one has no length */
    size_t len, cap;
};

/* The line that ends before `end` (a line's beginning); false at the top. */
static bool line_before(struct str text, size_t *end, struct str *line)
{
    if (*end == 0) {
        return false;
    }
    size_t to = *end - 1;
    size_t from = to;
    while (from > 0 && text.ptr[from - 1] != '\n') {
        from--;
    }
    *line = str_trim(str_slice(text, from, to));
    *end = from;
    return true;
}

static struct above lines_above(struct str text, size_t start)
{
    struct above above = {0};
    while (start > 0 && text.ptr[start - 1] != '\n') {
        start--;
    }
    struct str line;
    while (line_before(text, &start, &line) && (line.len == 0 || line.ptr[0] == '#')) {
        VEC_PUSH(&above, line);
    }
    return above;
}

static bool is_metadata(struct str line)
{
    return line.len > 0 && str_equal_c(str_trim(str_from(line, 1)), "METADATA");
}

static void add_comment(struct buf *doc, struct str line)
{
    struct str words = str_from(line, 1);
    if (str_starts(words, " ")) {
        words = str_from(words, 1);
    }
    if (doc->len > 0) {
        buf_append_char(doc, '\n');
    }
    if (doc->len < DOC_MAX) {
        buf_append_str(doc, words);
    }
}

/* The text of the member `custom` as it was written. */
static char *custom_text(struct str yaml)
{
    struct str rest = yaml;
    struct str line;
    struct buf out = BUF_INIT;
    bool inside = false;
    while (str_next_line(&rest, &line)) {
        size_t blanks = 0;
        while (blanks < line.len && line.ptr[blanks] == ' ') {
            blanks++;
        }
        bool top = blanks <= 1 && blanks < line.len && line.ptr[blanks] != '-';
        if (top) {
            inside = str_starts(str_from(line, blanks), "custom:");
        } else if (inside) {
            buf_append_str(&out, str_from(line, blanks < 3 ? blanks : 3));
            buf_append_char(&out, '\n');
        }
    }
    char *shown = out.len == 0 ? NULL : safe_dup(buf_str(&out), SAFE_KEEP_LINES, DOC_MAX);
    buf_free(&out);
    return shown;
}

struct notes_reader {
    struct policy_symbols *symbols;
    size_t definition;
};

static void take_note(const struct notes_reader *n, struct str yaml, uint32_t row)
{
    const struct symbol_definition *about = &n->symbols->definitions.items[n->definition];
    struct fy_document *document = symbols_document(yaml, false);
    if (document == NULL) {
        return;
    }
    struct fy_node *root = fy_document_root(document);
    struct symbol_note note = {
        .scope = symbols_scalar_dup(symbols_member(root, "scope")),
        .key = about->key,
        .title = symbols_scalar_dup(symbols_member(root, "title")),
        .description = symbols_scalar_dup(symbols_member(root, "description")),
        .custom = custom_text(yaml),
        .entrypoint = str_equal_c(symbols_scalar(symbols_member(root, "entrypoint")), "true"),
        .row = row,
    };
    if (note.scope == NULL) {
        note.scope = mem_strdup(about->kind == SYMBOL_PACKAGE ? "package"
                                : note.entrypoint             ? "document"
                                                              : "rule");
    }
    VEC_PUSH(&n->symbols->notes, note);
    symbols_read_controls(
        n->symbols, n->definition, row + 1, CONTROL_METADATA, symbols_member(root, "custom"));
    fy_document_destroy(document);
}

/* Reads the lines above one definition, from the top down. `row` is the statement's own, in the
 * module. */
static void take_above(const struct notes_reader *n, const struct above *above, uint32_t row,
    const struct symbol_host *host)
{
    struct buf doc = BUF_INIT;
    struct buf yaml = BUF_INIT;
    uint32_t since = 0;
    bool inside = false;
    for (size_t i = above->len + 1; i-- > 0;) {
        struct str line = i == 0 ? str_make("", 0) : above->items[i - 1];
        bool begins = is_metadata(line);
        if (inside && (begins || line.len == 0)) {
            uint32_t byte = 0;
            uint32_t col = 0;
            symbol_host_point(host, &byte, &since, &col);
            take_note(n, buf_str(&yaml), since);
            inside = false;
        }
        if (begins) {
            buf_clear(&yaml);
            buf_clear(&doc);
            since = row - (uint32_t)i;
            inside = true;
        } else if (inside) {
            buf_append_str(&yaml, str_from(line, 1));
            buf_append_char(&yaml, '\n');
        } else if (line.len > 0) {
            add_comment(&doc, line);
        } else if (i > 0) {
            buf_clear(&doc);
        }
    }
    if (doc.len > 0) {
        n->symbols->definitions.items[n->definition].doc =
            safe_dup(buf_str(&doc), SAFE_KEEP_LINES, DOC_MAX);
    }
    buf_free(&doc);
    buf_free(&yaml);
}

void symbols_read_notes(struct policy_symbols *symbols, struct str text, TSNode root,
    const struct symbol_host *host, size_t first)
{
    struct notes_reader n = {symbols, first};
    struct rego_children children = rego_children_begin(root);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        bool package = rego_node_is(child, "package");
        if ((!package && !rego_node_is(child, "rule")) ||
            n.definition >= symbols->definitions.len) {
            continue;
        }
        /* Definitions are in the order of their nodes; a node without a name has none. */
        struct symbol_range whole = symbol_host_range(host, child);
        if (symbols->definitions.items[n.definition].whole.start != whole.start) {
            continue;
        }
        struct above above = lines_above(text, ts_node_start_byte(child));
        if (above.len > 0) {
            take_above(&n, &above, ts_node_start_point(child).row, host);
        }
        VEC_FREE(&above);
        n.definition++;
    }
}
