#include "syntax/brackets.h"

#include "loop/loop.h"
#include "syntax/layer.h"

/* Bracket bytes a scan looks up in the tree at most. */
#define SCAN_STEPS 4000

static const char brackets[] = "()[]{}";

static bool is_bracket(int c)
{
    return c > 0 && strchr(brackets, c) != NULL;
}

static bool opens(int c)
{
    return c == '(' || c == '[' || c == '{';
}

static int partner_of(int c)
{
    size_t at = (size_t)(strchr(brackets, c) - brackets);
    return brackets[at ^ 1];
}

/* A scan looks each bracket up in the tree, which is slow in one that is deep. */
static bool gives_up(const struct layer *layer, size_t steps)
{
    return steps > SCAN_STEPS ||
           (steps % 4 == 3 && layer->stop_us != 0 && loop_now_us() > layer->stop_us);
}

static TSNode leaf_at(const struct layer *layer, size_t at)
{
    return ts_node_descendant_for_byte_range(layer->root, (uint32_t)at, (uint32_t)at + 1);
}

static void set_pair(
    const struct layer *layer, size_t open, size_t close, struct bracket_pair *pair)
{
    size_t start = layer->piece->start;
    *pair = (struct bracket_pair){start + open, start + close, 1, 1, false};
}

/* The partner among the children of the bracket's parent. */
static bool find_sibling(TSNode parent, size_t at, int c, size_t *partner)
{
    int other = partner_of(c);
    bool found = false;
    size_t depth = 0;
    size_t stack[64];
    TSTreeCursor cursor = ts_tree_cursor_new(parent);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    for (; more && !found; more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        int token = node_bracket(child);
        if (token != c && token != other) {
            continue;
        }
        size_t here = ts_node_start_byte(child);
        if (opens(token)) {
            stack[depth % 64] = here;
            depth++;
        } else if (depth > 0) {
            depth--;
            size_t open = stack[depth % 64];
            found = open == at || here == at;
            *partner = open == at ? here : open;
        }
    }
    ts_tree_cursor_delete(&cursor);
    return found;
}

/* Counts brackets of one kind from `at` on (or back) within [low, high) until its partner.
 * `by_tree`: only those that are tokens of the tree. */
static bool scan(
    const struct layer *layer, size_t at, size_t low, size_t high, bool by_tree, size_t *partner)
{
    int c = source_byte(&layer->text, at);
    int other = partner_of(c);
    size_t depth = 0;
    size_t steps = 0;
    size_t i = at;
    for (;;) {
        int here = source_byte(&layer->text, i);
        if (here == c || here == other) {
            bool counts = !by_tree || node_bracket(leaf_at(layer, i)) == here;
            depth += counts && here == c;
            depth -= counts && here == other;
            steps++;
        }
        if (depth == 0) {
            *partner = i;
            return i != at;
        }
        if ((here == c || here == other) && gives_up(layer, steps)) {
            return false;
        }
        if (opens(c) ? i + 1 >= high : i <= low) {
            return false;
        }
        i = opens(c) ? i + 1 : i - 1;
    }
}

static bool is_string(TSNode node)
{
    const char *type = ts_node_type(node);
    return ts_node_is_named(node) &&
           (strstr(type, "string") != NULL || strstr(type, "quote") != NULL);
}

/* The quotes a node begins and ends with. */
static bool quotes_of(const struct layer *layer, TSNode node, struct bracket_pair *pair)
{
    size_t start = ts_node_start_byte(node);
    size_t end = ts_node_end_byte(node);
    const struct source_window *text = &layer->text;
    int first = source_byte(text, start);
    for (int i = 0; i < 2 && first > 0 && strchr("rRbB$", first) != NULL; i++) {
        first = source_byte(text, ++start); /* CEL's prefixes, Rego's template strings */
    }
    bool quote = first == '"' || first == '\'' || first == '`';
    if (!quote || end < start + 2 || source_byte(text, end - 1) != first) {
        return false;
    }
    bool triple = end >= start + 6;
    for (size_t i = 0; i < 3 && triple; i++) {
        triple = source_byte(text, start + i) == first && source_byte(text, end - 1 - i) == first;
    }
    unsigned len = triple ? 3 : 1;
    *pair = (struct bracket_pair){
        layer->piece->start + start, layer->piece->start + end - len, len, len, true};
    return true;
}

/* The string that begins or ends with the quote at `at`. */
static bool quotes_at(const struct layer *layer, size_t at, struct bracket_pair *pair)
{
    size_t here = layer->piece->start + at;
    struct node_path path;
    layer_path(layer, at, at + 1, &path);
    for (size_t i = path.len; i > 0; i--) {
        if (is_string(path.nodes[i - 1]) && quotes_of(layer, path.nodes[i - 1], pair)) {
            return (here >= pair->open && here < pair->open + pair->open_len) ||
                   (here >= pair->close && here < pair->close + pair->close_len);
        }
    }
    return false;
}

static bool in_layer(const struct layer *layer, size_t at, struct bracket_pair *pair)
{
    int c = source_byte(&layer->text, at);
    size_t partner = 0;
    bool found;
    if (!is_bracket(c)) {
        return quotes_at(layer, at, pair);
    }
    struct node_path path;
    layer_path(layer, at, at + 1, &path);
    TSNode leaf = path.nodes[path.len - 1];
    size_t low = at > BRACKET_SCAN_MAX ? at - BRACKET_SCAN_MAX : 0;
    if (node_bracket(leaf) == c) {
        found = (path.len > 1 && find_sibling(path.nodes[path.len - 2], at, c, &partner)) ||
                (ts_node_has_error(layer->root) &&
                    scan(layer, at, low, at + BRACKET_SCAN_MAX, true, &partner));
    } else {
        /* In a string, a comment, prose: within the same leaf. */
        size_t from = ts_node_start_byte(leaf) > low ? ts_node_start_byte(leaf) : low;
        size_t to = ts_node_end_byte(leaf) < at + BRACKET_SCAN_MAX ? ts_node_end_byte(leaf)
                                                                   : at + BRACKET_SCAN_MAX;
        found = scan(layer, at, from, to, false, &partner);
    }
    if (found) {
        set_pair(layer, opens(c) ? at : partner, opens(c) ? partner : at, pair);
    }
    return found;
}

/* The text as a layer without a tree. */
static struct layer plain_layer(const struct syntax *syntax, const struct piece *whole)
{
    return (struct layer){
        .piece = whole, .text = {&syntax->source, 0, syntax->source.size(syntax->source.data)}};
}

static bool plain_at(const struct syntax *syntax, size_t offset, struct bracket_pair *pair)
{
    struct piece whole = {0};
    struct layer layer = plain_layer(syntax, &whole);
    int c = source_byte(&layer.text, offset);
    size_t low = offset > BRACKET_SCAN_MAX ? offset - BRACKET_SCAN_MAX : 0;
    size_t partner = 0;
    if (!is_bracket(c) || !scan(&layer, offset, low, offset + BRACKET_SCAN_MAX, false, &partner)) {
        return false;
    }
    set_pair(&layer, opens(c) ? offset : partner, opens(c) ? partner : offset, pair);
    return true;
}

bool syntax_bracket_at(struct syntax *syntax, size_t offset, struct bracket_pair *pair)
{
    struct layer layers[2];
    if (offset >= syntax->source.size(syntax->source.data)) {
        return false;
    }
    layer_prepare(syntax, offset, offset + 1);
    size_t count = layers_at(syntax, offset, layers);
    if (count == 0) {
        return plain_at(syntax, offset, pair);
    }
    const struct layer *layer = &layers[count - 1];
    if (count == 2 && offset - layer->piece->start >= layer->injection->end) {
        layer = &layers[0]; /* the host's quote just behind the inner text */
    }
    return in_layer(layer, offset - layer->piece->start, pair);
}

/* A node of more children (a whole file, a long list) is only asked for its first and last. */
#define CHILDREN_MAX 200

/* The node's first and last child, when they are a pair. */
static bool ends_in(const struct layer *layer, TSNode node, size_t at, struct bracket_pair *pair)
{
    uint32_t count = ts_node_child_count(node);
    size_t close = ts_node_end_byte(node);
    int first = count < 2 ? 0 : node_bracket(ts_node_child(node, 0));
    if (first == 0 || !opens(first) || close == 0 ||
        source_byte(&layer->text, close - 1) != partner_of(first) ||
        node_bracket(leaf_at(layer, close - 1)) != partner_of(first)) {
        return false;
    }
    size_t open = ts_node_start_byte(node);
    set_pair(layer, open, close - 1, pair);
    return open < at && close - 1 >= at;
}

/* The pair among the node's children that holds `at`. */
static bool pair_in(const struct layer *layer, TSNode node, size_t at, struct bracket_pair *pair)
{
    bool found = false;
    if (ts_node_child_count(node) > CHILDREN_MAX) {
        return ends_in(layer, node, at, pair);
    }
    size_t open[64];
    size_t depth = 0;
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    for (; more && !found; more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        int token = node_bracket(child);
        size_t here = ts_node_start_byte(child);
        if (depth == 0 && here >= at) {
            break;
        }
        if (token != 0 && opens(token)) {
            open[depth++ % 64] = here;
        } else if (token != 0 && depth > 0) {
            size_t from = open[--depth % 64];
            found = from < at && here >= at;
            if (found) {
                set_pair(layer, from, here, pair);
            }
        }
    }
    ts_tree_cursor_delete(&cursor);
    return found;
}

/* The nearest bracket before `at` that nothing between closes. */
static bool find_open(const struct layer *layer, size_t at, bool by_tree, size_t *open)
{
    size_t low = at > BRACKET_SCAN_MAX ? at - BRACKET_SCAN_MAX : 0;
    long depth[3] = {0};
    size_t steps = 0;
    for (size_t i = at; i > low && !gives_up(layer, steps); i--) {
        int c = source_byte(&layer->text, i - 1);
        if (!is_bracket(c)) {
            continue;
        }
        steps++;
        if (by_tree && node_bracket(leaf_at(layer, i - 1)) != c) {
            continue;
        }
        long *level = &depth[(strchr(brackets, c) - brackets) / 2];
        *level += opens(c) ? -1 : 1;
        if (*level < 0) {
            *open = i - 1;
            return true;
        }
    }
    return false;
}

bool layer_open_bracket(const struct layer *layer, size_t at, size_t *open)
{
    return find_open(layer, at, true, open);
}

/* Outwards from bracket to bracket until one's partner is behind `at`. */
static bool scan_around(
    const struct layer *layer, size_t at, bool by_tree, struct bracket_pair *pair)
{
    size_t low = at > BRACKET_SCAN_MAX ? at - BRACKET_SCAN_MAX : 0;
    size_t open = at;
    for (int tries = 0; tries < 16 && find_open(layer, open, by_tree, &open); tries++) {
        size_t partner = 0;
        if (scan(layer, open, low, open + BRACKET_SCAN_MAX, by_tree, &partner) && partner >= at) {
            set_pair(layer, open, partner, pair);
            return true;
        }
    }
    return false;
}

static bool around_in(const struct layer *layer, size_t at, bool quotes, struct bracket_pair *pair)
{
    struct node_path path;
    layer_path(layer, at > 0 ? at - 1 : 0, at, &path);
    for (size_t i = path.len; i > 0; i--) {
        TSNode node = path.nodes[i - 1];
        bool string = quotes && is_string(node) && quotes_of(layer, node, pair);
        size_t here = layer->piece->start + at;
        if ((string && here >= pair->open + pair->open_len && here <= pair->close) ||
            pair_in(layer, node, at, pair)) {
            return true;
        }
    }
    return ts_node_has_error(layer->root) && scan_around(layer, at, true, pair);
}

bool syntax_bracket_around(
    struct syntax *syntax, size_t offset, bool quotes, struct bracket_pair *pair)
{
    struct layer layers[2];
    layer_prepare(syntax, offset, offset + 1);
    size_t count = layers_at(syntax, offset, layers);
    for (size_t i = count; i > 0; i--) {
        if (around_in(&layers[i - 1], offset - layers[i - 1].piece->start, quotes, pair)) {
            return true;
        }
    }
    struct piece whole = {0};
    struct layer plain = plain_layer(syntax, &whole);
    return count == 0 && scan_around(&plain, offset, false, pair);
}
