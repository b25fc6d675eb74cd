/* What is inside YAML: Rego in a `rego:` or `libs:` block of any document; and, only in documents
 * whose apiVersion says that an engine evaluates it, CEL (Kyverno's CEL kinds and `validate.cel`,
 * Kubernetes admission policies and CRD rules, Gatekeeper's K8sNativeValidation) and JMESPath
 * (Kyverno's `{{ … }}` variables and `jmesPath:`).
 *
 * The tree is walked for the part that is asked, with the keys passed on the way; what a scalar
 * holds is decided by its key, what is above it, and the document. In quoted scalars the bytes that
 * are YAML's (the backslash of `\"`, one of two quotes) are left out of the inner text, and the
 * line feeds of folded ones, so that the inner parser sees what the engine would get; positions are
 * not mapped then (`exact`). */
#include "syntax/internal.h"

#include "base/vec.h"

#define DEPTH_MAX 100
/* Where apiVersion is looked for, and signs of a template language. */
#define HEAD_MAX ((size_t)64 << 10)

enum engine {
    ENGINE_NONE = 0,
    ENGINE_KYVERNO = 1, /* kyverno.io: JMESPath, CEL below `cel:` */
    ENGINE_CEL = 2,     /* every expression is CEL */
    ENGINE_GATEKEEPER = 4,
    ENGINE_CRD = 8,
};

enum key {
    KEY_OTHER,
    KEY_REGO,
    KEY_LIBS,
    KEY_EXPRESSION, /* expression, messageExpression, valueExpression */
    KEY_RULE,
    KEY_JMESPATH,
    KEY_LIST,
    KEY_FOREACH,
};

enum within {
    WITHIN_SPEC = 1,
    WITHIN_CEL = 2,
    WITHIN_SOURCE = 4,      /* of a ConstraintTemplate's code */
    WITHIN_VALIDATIONS = 8, /* x-kubernetes-validations */
};

struct place {
    unsigned within;
    enum key key, parent;
};

struct walk {
    struct syntax *syntax;
    struct piece *piece;
    struct source_window text;
    uint32_t from, to;
    unsigned engine;
    bool templated; /* Helm writes it: `{{ }}` is not Kyverno's */
    const struct language *rego, *cel, *jmespath;
};

/* ---- the document ---- */

static struct buf head_of(const struct source_window *text)
{
    struct buf head = BUF_INIT;
    source_append(text, 0, text->len < HEAD_MAX ? text->len : HEAD_MAX, &head);
    return head;
}

/* By the apiVersion of its top level. From the text: the tree of a half-typed document may have
 * none. */
static unsigned engine_of(struct str head)
{
    static const struct {
        const char *group;
        unsigned engine;
    } groups[] = {
        {"kyverno.io/", ENGINE_KYVERNO},
        {"policies.kyverno.io/", ENGINE_CEL},
        {"admissionregistration.k8s.io/", ENGINE_CEL},
        {"templates.gatekeeper.sh/", ENGINE_GATEKEEPER},
        {"apiextensions.k8s.io/", ENGINE_CRD},
    };
    struct str line;
    while (str_next_line(&head, &line)) {
        if (!str_starts(line, "apiVersion:")) {
            continue;
        }
        struct str value = str_trim(str_from(line, strlen("apiVersion:")));
        if (value.len > 0 && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
            value = str_from(value, 1);
        }
        for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
            if (str_starts(value, groups[i].group)) {
                return groups[i].engine;
            }
        }
        break;
    }
    return ENGINE_NONE;
}

/* Signs of Go templates that no JMESPath has. */
static bool is_templated(struct str head)
{
    static const char *const signs[] = {"{{-", "-}}", "{{/*", "{{ .Values", "{{.Values",
        "{{ .Release", "{{.Release", "{{ .Chart", "{{.Chart", "{{ if ", "{{if ", "{{ include ",
        "{{include ", "{{ template ", "{{ toYaml", "{{ range ", "{{ end }}", "{{end}}", "{{`",
        "{{ `{{", "{{ \"{{", "{{\"{{"};
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (str_find(head, str_of(signs[i]), 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* True when the text up to `to` may have a `rego:` or `libs:`. */
static bool mentions_rego(const struct source_window *text, size_t to)
{
    for (size_t at = 0; at < to;) {
        struct str chunk = source_read(text, at);
        if (chunk.len == 0) {
            break;
        }
        if (str_find(chunk, STR_LIT("rego"), 0) != SIZE_MAX ||
            str_find(chunk, STR_LIT("libs"), 0) != SIZE_MAX) {
            return true;
        }
        /* A word that the end of a chunk cuts. */
        char word[7] = "";
        size_t edge = at + chunk.len;
        for (size_t i = 0; i < 6 && edge >= 3; i++) {
            int c = source_byte(text, edge - 3 + i);
            word[i] = c > 0 ? (char)c : ' ';
        }
        if (strstr(word, "rego") != NULL || strstr(word, "libs") != NULL) {
            return true;
        }
        at += chunk.len;
    }
    return false;
}

/* ---- what a scalar's inner text is ---- */

/* A place in a scalar with its row and column. */
struct pen {
    struct str bytes; /* of the scalar */
    size_t at;
    uint32_t base; /* where the scalar begins in the piece */
    TSPoint point;
};

static void pen_move(struct pen *pen, size_t to)
{
    for (; pen->at < to; pen->at++) {
        pen->point.column++;
        if (pen->bytes.ptr[pen->at] == '\n') {
            pen->point = (TSPoint){pen->point.row + 1, 0};
        }
    }
}

/* The bytes from the pen to `to` are inner text. */
static void pen_take(struct pen *pen, size_t to, struct injection *inj)
{
    TSRange range = {.start_byte = pen->base + (uint32_t)pen->at, .start_point = pen->point};
    if (to <= pen->at) {
        return;
    }
    pen_move(pen, to);
    range.end_byte = pen->base + (uint32_t)pen->at;
    range.end_point = pen->point;
    VEC_PUSH(&inj->ranges, range);
}

/* Length of the escape in double quotes that begins at `at`; *keep: its last byte is what it means.
 */
static size_t escape_length(struct str s, size_t at, bool *keep)
{
    char c = at + 1 < s.len ? s.ptr[at + 1] : ' ';
    size_t len = c == 'x' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 2;
    *keep = strchr("\"\\/ '", c) != NULL;
    if (c == '\n' || (c == '\r' && at + 2 < s.len && s.ptr[at + 2] == '\n')) {
        /* A line that goes on, without the indentation of the next. */
        len = c == '\n' ? 2 : 3;
        while (at + len < s.len && (s.ptr[at + len] == ' ' || s.ptr[at + len] == '\t')) {
            len++;
        }
        *keep = false;
    }
    return at + len > s.len ? s.len - at : len;
}

/* [from, to) of a flow scalar (quoted or plain), less what is YAML's. */
static void flow_ranges(struct pen *pen, char quote, size_t from, size_t to, struct injection *inj)
{
    inj->exact = true;
    pen_move(pen, from);
    for (size_t i = from; i < to;) {
        char c = pen->bytes.ptr[i];
        size_t skip = 0;
        bool keep = false;
        if (c == '\\' && quote == '"') {
            skip = escape_length(pen->bytes, i, &keep);
        } else if (c == '\'' && quote == '\'' && i + 1 < to) {
            skip = 2;
            keep = true;
        } else if (c == '\n' || (c == '\r' && i + 1 < to && pen->bytes.ptr[i + 1] == '\n')) {
            skip = c == '\n' ? 1 : 2; /* folded: the blanks that follow stay */
        }
        if (skip == 0) {
            i++;
            continue;
        }
        inj->exact = false;
        pen_take(pen, i, inj);
        pen_move(pen, i + skip - keep < to ? i + skip - keep : to);
        i += skip;
    }
    pen_take(pen, to, inj);
}

/* The column that an indentation indicator ("|2") counts from. */
static size_t parent_indent(TSNode node)
{
    for (TSNode n = node; !ts_node_is_null(n); n = ts_node_parent(n)) {
        const char *type = ts_node_type(n);
        if (strcmp(type, "block_mapping_pair") == 0 || strcmp(type, "block_sequence_item") == 0) {
            return ts_node_start_point(n).column;
        }
    }
    return 0;
}

static bool is_line_end(int c)
{
    return c == -1 || c == '\n' || c == '\r';
}

/* Adds a line [from, end) of a block scalar. In a folded one the line feed is a blank: one of the
 * indentation stands for it. */
static void add_block_line(
    struct injection *inj, uint32_t row, size_t line, size_t from, size_t end, bool lf, bool folded)
{
    if (!folded) {
        inject_add_line(inj, row, line, from, end, lf);
        return;
    }
    if (inj->ranges.len > 0 && from > line) {
        from--;
    }
    size_t to = lf ? end - 1 : end;
    if (to > from) {
        inject_add_line(inj, row, line, from, to, false);
    }
}

/* The lines of a block scalar, each without its indentation. */
static void block_ranges(const struct source_window *text, TSNode node, struct injection *inj)
{
    size_t at = ts_node_start_byte(node);
    uint32_t row = ts_node_start_point(node).row;
    size_t indent = 0;
    bool lf = false;
    bool folded = source_byte(text, at) == '>';
    inj->exact = !folded;
    inj->blank_gaps = true;
    for (size_t i = at + 1; i < at + 3; i++) {
        int c = source_byte(text, i);
        if (c >= '1' && c <= '9') {
            indent = parent_indent(node) + (size_t)(c - '0');
        }
    }
    at = inject_line_end(text, at, &lf);
    size_t kept = 0; /* ranges up to the last line that is not blank */
    while (lf && at < text->len) {
        row++;
        size_t blanks = inject_count_blanks(text, at);
        bool blank = is_line_end(source_byte(text, at + blanks));
        if (!blank && indent == 0) {
            indent = blanks;
        }
        if (!blank && (blanks < indent || indent == 0)) {
            break;
        }
        size_t end = inject_line_end(text, at, &lf);
        size_t from = blank && (blanks < indent || indent == 0) ? at + blanks : at + indent;
        add_block_line(inj, row, at, from, end, lf, folded);
        kept = blank ? kept : inj->ranges.len;
        at = end;
    }
    inj->ranges.len = kept;
}

/* ---- what a scalar holds ---- */

/* The end of the variable that begins at `at` ("{{"), by its braces; SIZE_MAX: it has none. */
static size_t variable_end(struct str s, size_t at)
{
    char open[64]; /* 'v': "{{", 'b': "{" */
    size_t depth = 0;
    while (at < s.len) {
        bool twice = at + 1 < s.len && s.ptr[at + 1] == s.ptr[at];
        if (s.ptr[at] == '{' && depth < sizeof open) {
            open[depth++] = twice ? 'v' : 'b';
            at += twice;
        } else if (s.ptr[at] == '}' && depth > 0 && (open[depth - 1] == 'b' || twice)) {
            at += open[--depth] == 'v';
            if (depth == 0) {
                return at + 1;
            }
        }
        at++;
    }
    return SIZE_MAX;
}

/* Each `{{ … }}` of the scalar, with its braces; `\{{` is Kyverno's escape. */
static void take_variables(struct walk *walk, struct str bytes, TSNode node, char quote)
{
    struct pen pen = {bytes, 0, ts_node_start_byte(node), ts_node_start_point(node)};
    size_t at = 0;
    while ((at = str_find(bytes, STR_LIT("{{"), at)) != SIZE_MAX) {
        size_t end = variable_end(bytes, at);
        if (end == SIZE_MAX) {
            break;
        }
        if (at == 0 || bytes.ptr[at - 1] != '\\') {
            struct injection found = {.language = walk->jmespath};
            flow_ranges(&pen, quote, at, end, &found);
            found.exact = found.exact || quote == '|';
            inject_add(walk->piece, &found);
        }
        at = end;
    }
}

/* The language that all of the scalar is in, or NULL. */
static const struct language *whole_language(
    const struct walk *walk, const struct place *place, bool block)
{
    unsigned spec = place->within & WITHIN_SPEC;
    bool cel = false;
    switch (place->key) {
    case KEY_REGO:
    case KEY_LIBS:
        return block ? walk->rego : NULL;
    case KEY_EXPRESSION:
        cel = (walk->engine == ENGINE_CEL && spec != 0) ||
              (walk->engine == ENGINE_KYVERNO && (place->within & WITHIN_CEL) != 0) ||
              (walk->engine == ENGINE_GATEKEEPER && (place->within & WITHIN_SOURCE) != 0) ||
              (walk->engine == ENGINE_CRD && (place->within & WITHIN_VALIDATIONS) != 0);
        return cel ? walk->cel : NULL;
    case KEY_RULE:
        cel = walk->engine == ENGINE_CRD && (place->within & WITHIN_VALIDATIONS) != 0;
        return cel ? walk->cel : NULL;
    case KEY_JMESPATH:
        return walk->engine == ENGINE_KYVERNO && spec != 0 ? walk->jmespath : NULL;
    case KEY_LIST:
        return walk->engine == ENGINE_KYVERNO && place->parent == KEY_FOREACH ? walk->jmespath
                                                                              : NULL;
    default:
        return NULL;
    }
}

static void take_scalar(struct walk *walk, TSNode node, const char *type, const struct place *place)
{
    uint32_t start = ts_node_start_byte(node);
    uint32_t end = ts_node_end_byte(node);
    bool block = strcmp(type, "block_scalar") == 0;
    char quote = block                                      ? '|'
                 : strcmp(type, "double_quote_scalar") == 0 ? '"'
                 : strcmp(type, "single_quote_scalar") == 0 ? '\''
                                                            : ' ';
    const struct language *language = whole_language(walk, place, block);
    bool variables = language == NULL && walk->engine == ENGINE_KYVERNO && !walk->templated &&
                     (place->within & WITHIN_SPEC) != 0;
    if ((language == NULL && !variables) || end - start > INJECT_TEXT_MAX) {
        return;
    }
    struct buf bytes = BUF_INIT;
    source_append(&walk->text, start, end, &bytes);
    bool braces = str_find(buf_str(&bytes), STR_LIT("{{"), 0) != SIZE_MAX;
    struct injection found = {.language = language};
    if (variables && braces) {
        take_variables(walk, buf_str(&bytes), node, quote);
    } else if (language != NULL && block) {
        block_ranges(&walk->text, node, &found);
    } else if (language != NULL && bytes.len > 2) {
        size_t margin = quote != ' ';
        struct pen pen = {buf_str(&bytes), 0, start, ts_node_start_point(node)};
        flow_ranges(&pen, quote, margin, bytes.len - margin, &found);
    }
    if (language != NULL && braces && language != walk->rego && walk->templated) {
        found.ranges.len = 0; /* what Helm will put there is not known */
    }
    if (language != NULL) {
        inject_add(walk->piece, &found);
    }
    buf_free(&bytes);
}

/* ---- the walk ---- */

static enum key key_named(struct str name, unsigned *within)
{
    static const struct {
        const char *name;
        enum key key;
        unsigned within;
    } keys[] = {
        {"rego", KEY_REGO, 0},
        {"libs", KEY_LIBS, 0},
        {"expression", KEY_EXPRESSION, 0},
        {"messageExpression", KEY_EXPRESSION, 0},
        {"valueExpression", KEY_EXPRESSION, 0},
        {"rule", KEY_RULE, 0},
        {"jmesPath", KEY_JMESPATH, 0},
        {"list", KEY_LIST, 0},
        {"foreach", KEY_FOREACH, 0},
        {"spec", KEY_OTHER, WITHIN_SPEC},
        {"webhooks", KEY_OTHER, WITHIN_SPEC},
        {"cel", KEY_OTHER, WITHIN_CEL},
        {"celPreconditions", KEY_OTHER, WITHIN_CEL},
        {"source", KEY_OTHER, WITHIN_SOURCE},
        {"x-kubernetes-validations", KEY_OTHER, WITHIN_VALIDATIONS},
    };
    *within = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (str_equal_c(name, keys[i].name)) {
            *within = keys[i].within;
            return keys[i].key;
        }
    }
    return str_ends(name, ".rego") ? KEY_REGO : KEY_OTHER;
}

static struct place place_below(const struct walk *walk, TSNode pair, const struct place *place)
{
    TSNode key = ts_node_child_by_field_name(pair, "key", 3);
    struct place below = {place->within, KEY_OTHER, place->key};
    unsigned within = 0;
    if (ts_node_is_null(key) || ts_node_end_byte(key) - ts_node_start_byte(key) > 100) {
        return below;
    }
    struct buf bytes = BUF_INIT;
    source_append(&walk->text, ts_node_start_byte(key), ts_node_end_byte(key), &bytes);
    struct str name = buf_str(&bytes);
    if (name.len > 2 && (name.ptr[0] == '"' || name.ptr[0] == '\'')) {
        name = str_slice(name, 1, name.len - 1);
    }
    below.key = key_named(name, &within);
    below.within |= within;
    buf_free(&bytes);
    return below;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX */
static void walk_node(
    struct walk *walk, TSTreeCursor *cursor, const struct place *place, unsigned depth)
{
    TSNode node = ts_tree_cursor_current_node(cursor);
    const char *type = ts_node_type(node);
    size_t len = strlen(type);
    if (len > 7 && strcmp(type + len - 7, "_scalar") == 0) {
        take_scalar(walk, node, type, place);
        return;
    }
    struct place below = *place;
    bool pair = strcmp(type, "block_mapping_pair") == 0 || strcmp(type, "flow_pair") == 0;
    if (pair) {
        below = place_below(walk, node, place);
    }
    if (depth >= DEPTH_MAX || ts_tree_cursor_goto_first_child_for_byte(cursor, walk->from) < 0) {
        return;
    }
    do {
        const char *field = pair ? ts_tree_cursor_current_field_name(cursor) : NULL;
        bool is_key = field != NULL && strcmp(field, "key") == 0;
        const struct place in_key = {below.within, KEY_OTHER, KEY_OTHER};
        walk_node(walk, cursor, is_key ? &in_key : &below, depth + 1);
    } while (ts_tree_cursor_goto_next_sibling(cursor) &&
             ts_node_start_byte(ts_tree_cursor_current_node(cursor)) < walk->to);
    ts_tree_cursor_goto_parent(cursor);
}

void inject_yaml(struct syntax *syntax, struct piece *piece, uint32_t from, uint32_t to)
{
    struct walk walk = {
        .syntax = syntax,
        .piece = piece,
        .text = piece_window(syntax, piece),
        .from = from > 0 ? from - 1 : 0, /* one that ends at `from` touches it */
        .to = to > from ? to : from + 1,
        .rego = language_by_name(STR_LIT("rego")),
        .cel = language_by_name(STR_LIT("cel")),
        .jmespath = language_by_name(STR_LIT("jmespath")),
    };
    struct buf head = head_of(&walk.text);
    walk.engine = engine_of(buf_str(&head));
    walk.templated = walk.engine != ENGINE_NONE && is_templated(buf_str(&head));
    buf_free(&head);
    if (walk.engine == ENGINE_NONE && !mentions_rego(&walk.text, walk.to)) {
        return;
    }
    struct place top = {0, KEY_OTHER, KEY_OTHER};
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(piece->tree));
    walk_node(&walk, &cursor, &top, 0);
    ts_tree_cursor_delete(&cursor);
}
