#include "engine/value_diff.h"

#include "base/safe.h"
#include "base/vec.h"
#include "engine/value_tree.h"

#include <stdlib.h>

enum { ONE_LINE_MAX = 200, MATCH_MAX = 400 /* elements that are matched one by one */ };

void value_diff_free(struct value_diff *diff)
{
    VEC_FOREACH (struct value_diff_row, row, diff) {
        free(row->left);
        free(row->right);
    }
    VEC_FREE(diff);
}

static char *shown(struct str text)
{
    return safe_dup(text, SAFE_ONE_LINE, VALUE_TEXT_MAX);
}

static void push(struct value_diff *out, enum value_diff_kind kind, unsigned depth, struct str left,
    struct str right)
{
    if (out->len >= VALUE_DIFF_ROWS_MAX) {
        out->cut = true;
        return;
    }
    VEC_PUSH(out, (struct value_diff_row){.kind = kind,
                      .depth = depth,
                      .left = kind == VALUE_RIGHT ? NULL : shown(left),
                      .right = kind == VALUE_LEFT ? NULL : shown(right)});
}

/* "name: ", "- " */
static void append_key(const struct value *value, bool element, struct buf *out)
{
    if (value->key != NULL) {
        buf_printf(out, "%s: ", value->key);
    } else if (element) {
        buf_append_c(out, "- ");
    }
}

static bool fits_one_line(const struct value *value)
{
    struct buf text = BUF_INIT;
    value_append(value, 60, &text);
    bool fits = value->kind == VALUE_SCALAR || text.len <= 60;
    buf_free(&text);
    return fits;
}

/* All of a value on one side. */
static void push_side(struct value_diff *out, enum value_diff_kind kind, unsigned depth,
    const struct value *value, bool element)
{
    struct buf text = BUF_INIT;
    append_key(value, element, &text);
    bool one = fits_one_line(value);
    if (one) {
        value_append(value, ONE_LINE_MAX, &text);
    }
    push(out, kind, depth, buf_str(&text), buf_str(&text));
    buf_free(&text);
    for (size_t i = 0; !one && i < value->children.len && !out->cut; i++) {
        push_side(out, kind, depth + 1, &value->children.items[i], value->kind != VALUE_OBJECT);
    }
}

static void push_same(
    struct value_diff *out, unsigned depth, const struct value *value, bool element)
{
    struct buf text = BUF_INIT;
    append_key(value, element, &text);
    value_append(value, ONE_LINE_MAX, &text);
    push(out, VALUE_SAME, depth, buf_str(&text), buf_str(&text));
    buf_free(&text);
}

static void compare(struct value_diff *out, unsigned depth, const struct value *left,
    const struct value *right, bool element);

static void compare_objects(
    struct value_diff *out, unsigned depth, const struct value *left, const struct value *right)
{
    bool *taken = mem_zalloc(right->children.len + 1);
    VEC_FOREACH (struct value, child, &left->children) {
        size_t at = 0;
        while (at < right->children.len &&
               (taken[at] || strcmp(right->children.items[at].key, child->key) != 0)) {
            at++;
        }
        if (at < right->children.len) {
            taken[at] = true;
            compare(out, depth, child, &right->children.items[at], false);
        } else {
            push_side(out, VALUE_LEFT, depth, child, false);
        }
    }
    for (size_t i = 0; i < right->children.len; i++) {
        if (!taken[i]) {
            push_side(out, VALUE_RIGHT, depth, &right->children.items[i], false);
        }
    }
    free(taken);
}

/* For each element on the left the equal one on the right, or SIZE_MAX: in order for an array, any
 * for a set. */
static void match_elements(
    const struct value *left, const struct value *right, size_t *match, bool *taken)
{
    size_t from = 0;
    for (size_t i = 0; i < left->children.len; i++) {
        match[i] = (size_t)-1;
        size_t to = right->children.len;
        for (size_t k = from; k < to && k < from + MATCH_MAX; k++) {
            if (!taken[k] && right->children.items[k].hash == left->children.items[i].hash) {
                match[i] = k;
                taken[k] = true;
                from = left->kind == VALUE_ARRAY ? k + 1 : from;
                break;
            }
        }
    }
}

static void compare_elements(
    struct value_diff *out, unsigned depth, const struct value *left, const struct value *right)
{
    size_t *match = mem_alloc((left->children.len + 1) * sizeof *match);
    bool *taken = mem_zalloc(right->children.len + 1);
    match_elements(left, right, match, taken);
    size_t next = 0;
    for (size_t i = 0; i < left->children.len; i++) {
        const struct value *child = &left->children.items[i];
        if (match[i] != (size_t)-1) {
            push_same(out, depth, child, true);
            continue;
        }
        /* What has no equal is held against what has none on the other side. */
        while (next < right->children.len && taken[next]) {
            next++;
        }
        if (next < right->children.len) {
            taken[next] = true;
            compare(out, depth, child, &right->children.items[next], true);
        } else {
            push_side(out, VALUE_LEFT, depth, child, true);
        }
    }
    for (size_t i = 0; i < right->children.len; i++) {
        if (!taken[i]) {
            push_side(out, VALUE_RIGHT, depth, &right->children.items[i], true);
        }
    }
    free(match);
    free(taken);
}

static void push_changed(struct value_diff *out, unsigned depth, const struct value *left,
    const struct value *right, bool element)
{
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    append_key(left, element, &a);
    append_key(right, element, &b);
    value_append(left, ONE_LINE_MAX, &a);
    value_append(right, ONE_LINE_MAX, &b);
    push(out, VALUE_CHANGED, depth, buf_str(&a), buf_str(&b));
    buf_free(&a);
    buf_free(&b);
}

static void compare(struct value_diff *out, unsigned depth, const struct value *left,
    const struct value *right, bool element)
{
    if (left->hash == right->hash && left->kind == right->kind) {
        push_same(out, depth, left, element);
        return;
    }
    if (left->kind != right->kind || left->kind == VALUE_SCALAR || left->children.len == 0 ||
        right->children.len == 0) {
        if (fits_one_line(left) && fits_one_line(right)) {
            push_changed(out, depth, left, right, element);
        } else {
            push_side(out, VALUE_LEFT, depth, left, element);
            push_side(out, VALUE_RIGHT, depth, right, element);
        }
        return;
    }
    if (left->key != NULL || element) {
        struct buf key = BUF_INIT;
        append_key(left, element, &key);
        struct str head = str_trim_right(buf_str(&key));
        push(out, VALUE_SAME, depth, head, head);
        buf_free(&key);
        depth++;
    }
    if (left->kind == VALUE_OBJECT) {
        compare_objects(out, depth, left, right);
    } else {
        compare_elements(out, depth, left, right);
    }
}

/* Text that is no value. */
static void compare_lines(struct str left, struct str right, struct value_diff *out)
{
    struct str a;
    struct str b;
    for (;;) {
        bool has_a = str_next_line(&left, &a);
        bool has_b = str_next_line(&right, &b);
        if (!has_a && !has_b) {
            return;
        }
        enum value_diff_kind kind = has_a && has_b ? (str_equal(a, b) ? VALUE_SAME : VALUE_CHANGED)
                                                   : (has_a ? VALUE_LEFT : VALUE_RIGHT);
        push(out, kind, 0, a, b);
    }
}

void value_diff_make(struct str left, struct str right, struct value_diff *out)
{
    struct value a = {0};
    struct value b = {0};
    *out = (struct value_diff){0};
    bool both = value_read(left, &a) && value_read(right, &b);
    if (both) {
        compare(out, 0, &a, &b, false);
        out->equal = a.hash == b.hash && a.kind == b.kind;
    } else {
        left = str_trim(left);
        right = str_trim(right);
        out->equal = str_equal(left, right);
        compare_lines(left, right, out);
    }
    value_free(&a);
    value_free(&b);
}
