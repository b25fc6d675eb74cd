#include "engine/opa_compare.h"

#include "engine/value_tree.h"

#include <stdlib.h>

/* An operand: its text and the column it begins at. */
struct side {
    struct str text;
    size_t col;
};

/* Behind a string, an opening bracket's depth: where `==` stands for itself. */
static size_t find_equals(struct str line)
{
    unsigned depth = 0;
    for (size_t i = 0; i + 1 < line.len; i++) {
        char c = line.ptr[i];
        if (c == '"' || c == '`') {
            for (i++; i < line.len && line.ptr[i] != c; i++) {
                i += c == '"' && line.ptr[i] == '\\' ? 1 : 0;
            }
        } else if (strchr("([{", c) != NULL && c != '\0') {
            depth++;
        } else if (strchr(")]}", c) != NULL && c != '\0') {
            depth -= depth > 0;
        } else if (depth == 0 && c == '=' && line.ptr[i + 1] == '=') {
            return i;
        }
    }
    return (size_t)-1;
}

static bool is_literal(struct str text)
{
    struct value value;
    bool ok = value_read(text, &value);
    if (ok) {
        value_free(&value);
    }
    return ok;
}

/* "name: value" after "Where:". */
static struct str value_named(struct str after, struct str name)
{
    struct str line;
    while (str_next_line(&after, &line)) {
        line = str_trim(line);
        if (line.len > name.len + 1 && line.ptr[name.len] == ':' &&
            memcmp(line.ptr, name.ptr, name.len) == 0) {
            return str_trim(str_from(line, name.len + 1));
        }
    }
    return (struct str){NULL, 0};
}

/* The last line of the drawing that has something at the column is the value: above it are bars. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct str value_below(struct str after, size_t col)
{
    struct str line;
    struct str value = {NULL, 0};
    while (str_next_line(&after, &line) && str_trim(line).len > 0 && line.ptr[0] == ' ') {
        if (line.len <= col || is_blank(line.ptr[col]) ||
            (col > 0 && !is_blank(line.ptr[col - 1]))) {
            break;
        }
        value = str_trim_right(str_from(line, col));
        if (value.ptr[0] != '|') {
            return value;
        }
    }
    return (struct str){NULL, 0};
}

static struct str value_of(const struct side *side, struct str after)
{
    if (is_literal(side->text)) {
        return side->text;
    }
    struct str value = value_below(after, side->col);
    return value.len > 0 ? value : value_named(after, side->text);
}

static bool is_named_expected(struct str name)
{
    static const char *const words[] = {"expect", "want"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_find(name, str_of(words[i]), 0) != (size_t)-1) {
            return true;
        }
    }
    return false;
}

static bool read_line(struct str line, struct str after, char **expected, char **got)
{
    size_t equals = find_equals(line);
    if (equals == (size_t)-1) {
        return false;
    }
    struct side left = {.text = str_trim(str_slice(line, 0, equals))};
    struct side right = {.text = str_trim(str_from(line, equals + 2))};
    size_t with = str_find(right.text, STR_LIT(" with "), 0);
    right.text = with == (size_t)-1 ? right.text : str_trim(str_slice(right.text, 0, with));
    if (left.text.len == 0 || right.text.len == 0) {
        return false;
    }
    left.col = (size_t)(left.text.ptr - line.ptr);
    right.col = (size_t)(right.text.ptr - line.ptr);
    struct str a = value_of(&left, after);
    struct str b = value_of(&right, after);
    if (a.len == 0 || b.len == 0) {
        return false;
    }
    bool left_expected = (is_literal(left.text) && !is_literal(right.text)) ||
                         (!is_literal(right.text) && is_named_expected(left.text));
    *expected = str_dup(left_expected ? a : b);
    *got = str_dup(left_expected ? b : a);
    return true;
}

bool opa_compare_read(struct str detail, char **expected, char **got)
{
    struct str rest = detail;
    struct str line;
    while (str_next_line(&rest, &line)) {
        if (line.len > 2 && line.ptr[0] == ' ' && read_line(line, rest, expected, got)) {
            return true;
        }
    }
    return false;
}
