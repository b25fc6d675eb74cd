#include "lsp/position.h"

#include "base/utf8.h"
#include "base/vec.h"

const char *lsp_encoding_name(enum lsp_encoding encoding)
{
    static const char *const names[] = {"utf-16", "utf-8", "utf-32"};
    return names[encoding];
}

static size_t units_of(int32_t cp, size_t len, enum lsp_encoding encoding)
{
    switch (encoding) {
    case LSP_UTF8:
        return cp == UTF8_INVALID ? 3 : len; /* U+FFFD is three bytes */
    case LSP_UTF16:
        return cp > 0xFFFF ? 2 : 1;
    default:
        return 1;
    }
}

size_t lsp_units(struct str bytes, enum lsp_encoding encoding)
{
    size_t units = 0;
    while (bytes.len > 0) {
        size_t len;
        int32_t cp = utf8_decode(bytes, &len);
        units += units_of(cp, len, encoding);
        bytes = str_from(bytes, len);
    }
    return units;
}

size_t lsp_byte_at(struct str line, size_t unit, enum lsp_encoding encoding)
{
    size_t at = 0;
    size_t units = 0;
    while (at < line.len) {
        size_t len;
        int32_t cp = utf8_decode(str_from(line, at), &len);
        units += units_of(cp, len, encoding);
        if (units > unit) {
            break;
        }
        at += len;
    }
    return at;
}

void lsp_mapper_text(struct lsp_mapper *mapper, const struct text *text, enum lsp_encoding encoding)
{
    *mapper = (struct lsp_mapper){.encoding = encoding, .text = text};
}

void lsp_mapper_flat(struct lsp_mapper *mapper, struct str bytes, enum lsp_encoding encoding)
{
    *mapper = (struct lsp_mapper){.encoding = encoding, .flat = bytes};
    VEC_PUSH(&mapper->starts, 0);
    for (size_t at = 0; (at = str_find_char(bytes, '\n', at)) != (size_t)-1;) {
        VEC_PUSH(&mapper->starts, ++at);
    }
}

void lsp_mapper_free(struct lsp_mapper *mapper)
{
    VEC_FREE(&mapper->starts);
    buf_free(&mapper->kept);
}

bool lsp_mapper_spent(const struct lsp_mapper *mapper)
{
    return mapper->walked > LSP_MAP_BUDGET;
}

static size_t line_count(const struct lsp_mapper *m)
{
    return m->text != NULL ? text_line_count(m->text) : m->starts.len;
}

static size_t line_start(const struct lsp_mapper *m, size_t row)
{
    return m->text != NULL ? text_line_start(m->text, row) : m->starts.items[row];
}

static struct str flat_line(const struct lsp_mapper *m, size_t row)
{
    size_t end = row + 1 < m->starts.len ? m->starts.items[row + 1] - 1 : m->flat.len;
    struct str line = str_slice(m->flat, m->starts.items[row], end);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* The line without its ending. */
static struct str line_at(struct lsp_mapper *m, size_t row)
{
    if (m->text == NULL) {
        return flat_line(m, row);
    }
    if (!m->has_kept || m->row != row) {
        buf_clear(&m->kept);
        text_copy(m->text, text_line_start(m->text, row), text_line_end(m->text, row), &m->kept);
        m->walked += m->kept.len;
        m->row = row;
        m->has_kept = true;
    }
    return buf_str(&m->kept);
}

static size_t whole(double number)
{
    return number < 0 ? 0 : number > (double)TEXT_MAX ? TEXT_MAX : (size_t)number;
}

/* Row and byte column of a JSON position, inside the text. */
static bool point_of(struct lsp_mapper *m, const cJSON *position, size_t *row, size_t *column)
{
    const cJSON *line = json_get(position, "line");
    const cJSON *character = json_get(position, "character");
    if (!cJSON_IsNumber(line) || !cJSON_IsNumber(character)) {
        return false;
    }
    *row = whole(line->valuedouble);
    size_t unit = whole(character->valuedouble);
    if (*row >= line_count(m)) {
        *row = line_count(m) - 1;
        unit = TEXT_MAX;
    }
    *column = 0;
    if (unit > 0 && !lsp_mapper_spent(m)) {
        struct str bytes = line_at(m, *row);
        *column = unit >= bytes.len * 3 ? bytes.len : lsp_byte_at(bytes, unit, m->encoding);
        m->walked += *column;
    }
    return true;
}

bool lsp_offset_of(struct lsp_mapper *m, const cJSON *position, size_t *offset)
{
    size_t row;
    size_t column;
    if (!point_of(m, position, &row, &column)) {
        return false;
    }
    *offset = line_start(m, row) + column;
    return true;
}

bool lsp_range_of(struct lsp_mapper *m, const cJSON *range, size_t *from, size_t *to)
{
    if (!lsp_offset_of(m, json_get(range, "start"), from) ||
        !lsp_offset_of(m, json_get(range, "end"), to)) {
        return false;
    }
    if (*to < *from) {
        size_t swap = *from;
        *from = *to;
        *to = swap;
    }
    return true;
}

struct position lsp_place_of(struct lsp_mapper *m, const cJSON *position)
{
    size_t row;
    size_t column;
    if (!point_of(m, position, &row, &column)) {
        return (struct position){0};
    }
    return (struct position){.row = (unsigned)row + 1, .col = (unsigned)column + 1};
}

static size_t row_at(const struct lsp_mapper *m, size_t offset)
{
    if (m->text != NULL) {
        return text_line_of(m->text, offset);
    }
    size_t low = 0;
    size_t high = m->starts.len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (m->starts.items[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

cJSON *lsp_position_at(struct lsp_mapper *m, size_t offset)
{
    size_t row = row_at(m, offset);
    size_t column = offset - line_start(m, row);
    struct str line = line_at(m, row);
    cJSON *position = cJSON_CreateObject();
    json_set_int(position, "line", (long long)row);
    json_set_int(
        position, "character", (long long)lsp_units(str_slice(line, 0, column), m->encoding));
    return position;
}

cJSON *lsp_range_at(struct lsp_mapper *m, size_t from, size_t to)
{
    cJSON *range = cJSON_CreateObject();
    cJSON_AddItemToObject(range, "start", lsp_position_at(m, from));
    cJSON_AddItemToObject(range, "end", lsp_position_at(m, to));
    return range;
}
