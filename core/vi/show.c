/* What a screen asks of the engine. */
#include "vi/vi_private.h"

void vi_append_mode(const struct vi *vi, struct buf *out)
{
    static const char *const names[] = {
        "", "INSERT", "REPLACE", "VISUAL", "VISUAL LINE", "VISUAL BLOCK", ""};
    if (vi->insert.once && vi->mode == VI_NORMAL) {
        buf_append_c(out, vi->insert.replace ? "-- (replace) --" : "-- (insert) --");
    } else if (names[vi->mode][0] != '\0') {
        buf_printf(out, "-- %s --", names[vi->mode]);
    }
    if (vi->recording != 0) {
        buf_printf(out, "%srecording @%c", out->len > 0 ? " " : "", vi->recording);
    }
}

void vi_append_pending(const struct vi *vi, struct buf *out)
{
    struct str keys = buf_str(&vi->pending);
    while (keys.len > 0) {
        int32_t key = vi_take_key(&keys);
        if (key < 0x20 && key >= 0) {
            buf_printf(out, "^%c", (char)(key + '@'));
        } else {
            vi_append_key_name(out, key);
        }
    }
    if (vi->insert.prefix != 0 && vi->mode != VI_COMMAND) {
        buf_printf(out, "^%c", (char)(vi->insert.prefix + '@'));
    }
}

struct str vi_command_line(const struct vi *vi, size_t *cursor)
{
    *cursor = vi->typing.cursor;
    return vi->mode == VI_COMMAND ? buf_str(&vi->typing.line) : str_of("");
}

struct str vi_completions(const struct vi *vi, size_t *chosen)
{
    if (vi->mode == VI_COMMAND && vi->typing.choosing) {
        *chosen = vi->typing.choice;
        return buf_str(&vi->typing.choices);
    }
    if (vi->insert.completing) {
        *chosen = vi->insert.complete_at;
        return buf_str(&vi->insert.complete);
    }
    *chosen = 0;
    return str_of("");
}

/* The mode that is in force while a command line is typed over it. */
static enum vi_mode under(const struct vi *vi)
{
    return vi->mode == VI_COMMAND ? vi->typing.back : vi->mode;
}

bool vi_selection(const struct vi *vi, size_t *anchor, size_t *head)
{
    enum vi_mode mode = under(vi);
    if (vi->text == NULL || mode < VI_VISUAL || mode > VI_VISUAL_BLOCK) {
        return false;
    }
    *anchor = vi_offset(vi, vi->anchor);
    *head = vi_offset(vi, vi->cursor);
    return true;
}

bool vi_selected(struct vi *vi, size_t line, size_t *from, size_t *to, bool *newline)
{
    size_t a, b;
    enum vi_mode mode = under(vi);
    *newline = false;
    if (!vi_selection(vi, &a, &b)) {
        return false;
    }
    struct vi_pos first = vi->anchor, last = vi->cursor;
    if (vi_is_before(last, first)) {
        first = vi->cursor;
        last = vi->anchor;
    }
    if (line < first.line || line > last.line) {
        return false;
    }
    struct str bytes = vi_line(vi, line);
    size_t start = text_line_start(vi->text, line);
    if (mode == VI_VISUAL_LINE) {
        *from = start;
        *to = start + bytes.len;
        *newline = true;
        return true;
    }
    if (mode == VI_VISUAL) {
        size_t end = line == last.line ? vi_next_col(bytes, last.col) : bytes.len;
        *from = start + (line == first.line ? first.col : 0);
        *to = start + end;
        *newline = line < last.line || last.col >= bytes.len;
        return true;
    }
    struct vi_range range = {.kind = VI_BLOCK};
    vi_block_range(vi, &range, vi->anchor, vi->cursor);
    struct vi_part part = vi_block_part(vi, &range, line, false, OP_NONE);
    *from = start + part.from;
    *to = start + part.to;
    return part.to > part.from;
}

bool vi_highlight(struct vi *vi, size_t from, size_t to, size_t *start, size_t *end)
{
    if (vi->text == NULL) {
        return false;
    }
    if (vi->ask.on) {
        *start = vi->ask.match.groups[0].start;
        *end = vi->ask.match.groups[0].end;
        return *end > from && *start < to;
    }
    bool typing = vi->mode == VI_COMMAND && vi->typing.line.len > 1 &&
                  vi->typing.line.ptr[0] != ':' && vi->options.incsearch;
    if (!typing && (!vi->highlight || !vi->options.hlsearch)) {
        return false;
    }
    struct str pattern = buf_str(&vi->last_search);
    if (typing) {
        struct str rest = str_from(buf_str(&vi->typing.line), 1);
        pattern = vi_ex_delimited(&rest, vi->typing.line.ptr[0]);
    }
    struct search *search = pattern.len == 0 ? NULL : vi_compile_quietly(vi, pattern);
    if (search == NULL) {
        return false;
    }
    struct search_match match;
    size_t at = text_line_start(vi->text, text_line_of(vi->text, from));
    while (at < to) {
        if (search_next(search, vi->text, &at, to, SIZE_MAX, &match, NULL) != SEARCH_FOUND) {
            return false;
        }
        if (match.groups[0].end > from) {
            *start = match.groups[0].start;
            *end = match.groups[0].end;
            return true;
        }
        at = search_after(vi->text, &match);
    }
    return false;
}

static const struct {
    const char *name;
    int32_t key;
} key_names[] = {{"Esc", VI_ESC}, {"CR", VI_ENTER}, {"Tab", VI_TAB}, {"BS", VI_DEL}, {"Space", ' '},
    {"lt", '<'}, {"Up", VI_KEY_UP}, {"Down", VI_KEY_DOWN}, {"Left", VI_KEY_LEFT},
    {"Right", VI_KEY_RIGHT}, {"Home", VI_KEY_HOME}, {"End", VI_KEY_END}, {"PageUp", VI_KEY_PAGE_UP},
    {"PageDown", VI_KEY_PAGE_DOWN}, {"Del", VI_KEY_DELETE}, {"Insert", VI_KEY_INSERT}};

void vi_append_key_name(struct buf *out, int32_t key)
{
    for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
        if (key_names[i].key == key) {
            buf_printf(out, "<%s>", key_names[i].name);
            return;
        }
    }
    if (key < 0x20) {
        char c = (char)(key + '@');
        buf_printf(out, "<C-%c>", c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    } else {
        vi_append_key(out, key);
    }
}

/* The key of "<...>" at the beginning, or -1. */
static int32_t named_key(struct str *spec)
{
    size_t end = str_find_char(*spec, '>', 1);
    if (end == SIZE_MAX || end < 2) {
        return -1;
    }
    struct str name = str_slice(*spec, 1, end);
    for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
        if (str_equal_c(name, key_names[i].name)) {
            *spec = str_from(*spec, end + 1);
            return key_names[i].key;
        }
    }
    if (name.len == 3 && name.ptr[1] == '-' && (name.ptr[0] == 'C' || name.ptr[0] == 'c')) {
        *spec = str_from(*spec, end + 1);
        return VI_CTRL(name.ptr[2]);
    }
    return -1;
}

bool vi_parse_keys(struct str spec, struct buf *out)
{
    while (spec.len > 0) {
        int32_t key = spec.ptr[0] == '<' && spec.len > 1 ? named_key(&spec) : vi_take_key(&spec);
        if (key < 0) {
            return false;
        }
        vi_append_key(out, key);
    }
    return true;
}
