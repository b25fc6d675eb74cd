/* Insert and replace mode. */
#include "vi/vi_rows.h"

static void free_over(struct vi *vi)
{
    VEC_FOREACH (struct str, over, &vi->insert.over) {
        free((char *)over->ptr);
    }
    vi->insert.over.len = 0;
}

void vi_insert_begin(struct vi *vi, size_t count, bool replace)
{
    struct vi_insert *insert = &vi->insert;
    vi_change_open(vi);
    vi->mode = replace ? VI_REPLACE : VI_INSERT;
    vi_clamp(vi);
    insert->open = true;
    insert->replace = replace;
    insert->count = count;
    insert->start = vi->cursor;
    vi_undo_about(vi, vi->cursor.line, 1);
    insert->prefix = 0;
    insert->once = insert->open_line = insert->completing = false;
    insert->moved = insert->saved = insert->checks_jump = false;
    insert->block = OP_NONE;
    insert->auto_indented = insert->changed.set = insert->spaced = false;
    buf_clear(&insert->keys);
    free_over(vi);
    vi_set_want(vi);
}

void vi_insert_note(struct vi *vi)
{
    vi->insert.changed = (struct vi_mark){.pos = vi->cursor, .set = true};
}

void vi_insert_raw(struct vi *vi, struct str text)
{
    size_t at = vi_offset(vi, vi->cursor);
    vi_insert_note(vi);
    if (vi_change(vi, at, at, text)) {
        vi->cursor.col += text.len;
    }
}

/* One character typed over what stands there; the old is kept for Backspace. */
static void over(struct vi *vi, struct str text)
{
    struct str line = vi_here(vi);
    size_t end = vi_next_col(line, vi->cursor.col);
    struct str old = str_slice(line, vi->cursor.col, end);
    VEC_PUSH(&vi->insert.over,
        ((struct str){mem_dup(old.ptr == NULL ? "" : old.ptr, old.len), old.len}));
    size_t at = vi_offset(vi, vi->cursor);
    vi_insert_note(vi);
    if (vi_change(vi, at, at + old.len, text)) {
        vi->cursor.col += text.len;
    }
}

void vi_new_line_indent(struct vi *vi, size_t line, bool below, struct buf *out)
{
    if (!vi->options.autoindent) {
        return;
    }
    size_t columns = vi_indent_columns(vi, vi_line(vi, line));
    if (vi->host->indent != NULL) {
        vi->host->indent(vi->data, line, below, &columns);
    }
    vi_append_indent(vi, columns, out);
}

/* A line's own indent, put in by itself and not followed by anything, goes again. */
void vi_strip_auto_indent(struct vi *vi)
{
    if (!vi->insert.auto_indented) {
        return;
    }
    vi->insert.auto_indented = false;
    struct str line = vi_here(vi);
    size_t end = vi->cursor.col < line.len ? vi->cursor.col : line.len, from = end;
    while (from > 0 && vi_blank(line.ptr[from - 1])) {
        from--;
    }
    size_t to = end;
    while (to < line.len && vi_blank(line.ptr[to])) {
        to++;
    }
    bool at_end = end >= line.len;
    if (!at_end) {
        from = end; /* only what stands at and behind the cursor */
    }
    bool one_left = !at_end && line.len - to == 1;
    if (from < to) {
        bool many = vi->many_lines;
        vi->many_lines = true; /* which is nothing that U gives back */
        vi_cut(vi, (struct vi_pos){vi->cursor.line, from}, (struct vi_pos){vi->cursor.line, to});
        vi->many_lines = many;
        vi->insert.changed = (struct vi_mark){.pos = {vi->cursor.line, from}, .set = true};
    }
    vi->cursor.col = from + (one_left ? 1 : 0); /* Vim goes behind a line's only character */
}

bool vi_insert_newline(struct vi *vi)
{
    struct buf with = BUF_INIT;
    bool was_auto = vi->insert.auto_indented;
    struct str line = vi_here(vi);
    size_t col = vi->cursor.col < line.len ? vi->cursor.col : line.len;
    size_t from = col, to = col;
    while (was_auto && from > 0 && vi_blank(line.ptr[from - 1])) {
        from--;
    }
    while (vi->options.autoindent && to < line.len && vi_blank(line.ptr[to])) {
        to++;
    }
    buf_append_char(&with, '\n');
    if (vi->options.autoindent) {
        struct str head = str_slice(line, 0, col);
        size_t columns = vi_column(vi, head, vi_indent_len(head), NULL);
        if (vi->host->indent != NULL && col > vi_indent_len(line)) {
            vi->host->indent(vi->data, vi->cursor.line, true, &columns);
        }
        vi_append_indent(vi, columns, &with);
    }
    size_t start = text_line_start(vi->text, vi->cursor.line);
    vi_insert_note(vi);
    vi->splits_line = true;
    bool ok = vi_change(vi, start + from, start + to, buf_str(&with));
    vi->splits_line = false;
    vi->before.lines = vi->before.lines == LINES_OPENED ? LINES_OPENED : LINES_SPLIT;
    vi_forget_line(vi);
    vi->cursor = (struct vi_pos){vi->cursor.line + 1, with.len - 1};
    vi->insert.auto_indented = vi->options.autoindent;
    buf_free(&with);
    return ok;
}

void vi_insert_text(struct vi *vi, struct str text)
{
    struct str rest = text;
    while (rest.len > 0) {
        size_t len = utf8_cluster(rest);
        struct str one = str_slice(rest, 0, len);
        rest = str_from(rest, len);
        if (one.ptr[0] == '\n' || one.ptr[0] == '\r') {
            if (vi->mode == VI_REPLACE) {
                VEC_PUSH(&vi->insert.over, ((struct str){mem_dup("", 0), 0}));
            }
            vi_insert_newline(vi);
            vi->insert.spaced = false;
            continue;
        }
        vi->insert.auto_indented = false;
        vi->insert.spaced = vi->insert.spaced || one.ptr[0] == ' ';
        if (vi->mode == VI_REPLACE) {
            over(vi, one);
        } else {
            vi_insert_raw(vi, one);
        }
    }
}

static size_t soft_tab(const struct vi *vi)
{
    return vi->options.softtabstop > 0 ? vi->options.softtabstop : vi->options.tabstop;
}

static void tab(struct vi *vi)
{
    size_t stop = soft_tab(vi) > 0 ? soft_tab(vi) : 8;
    if (!vi->options.expandtab && vi->options.softtabstop == 0) {
        vi_insert_text(vi, STR_LIT("\t"));
        return;
    }
    struct str line = vi_here(vi);
    size_t column = vi_column(vi, line, vi->cursor.col, NULL), from = vi->cursor.col;
    struct buf with = BUF_INIT;
    size_t to = column + stop - column % stop, real = vi->options.tabstop;
    /* Blanks before it become tabs with it. */
    while (!vi->options.expandtab && vi->mode == VI_INSERT && from > 0 &&
           vi_blank(line.ptr[from - 1])) {
        from--;
    }
    column = vi_column(vi, line, from, NULL);
    while (!vi->options.expandtab && real > 0 && column / real * real + real <= to) {
        buf_append_char(&with, '\t');
        column = column / real * real + real;
    }
    buf_append_repeat(&with, ' ', to - column);
    if (vi->mode == VI_REPLACE) {
        /* One character gives way; the other blanks push what follows. */
        vi_insert_text(vi, STR_LIT(" "));
        for (size_t i = 1; i < with.len; i++) {
            VEC_PUSH(&vi->insert.over, ((struct str){mem_dup("", 0), 0}));
            vi_insert_raw(vi, STR_LIT(" "));
        }
    } else {
        struct vi_pos *start = &vi->insert.start;
        bool before = from < vi->cursor.col && from < start->col && start->line == vi->cursor.line;
        start->col = before ? from : start->col;
        vi_cut(vi, (struct vi_pos){vi->cursor.line, from}, vi->cursor);
        vi->cursor.col = from;
        vi_insert_text(vi, buf_str(&with));
    }
    vi->insert.spaced = false;
    buf_free(&with);
}

/* A register's text as if it were typed, control keys with what they do: an Esc ends the insertion
 * and what follows are commands. . does all that again. */
static void insert_as_typed(struct vi *vi, struct str text)
{
    if (!vi_enter(vi)) {
        return;
    }
    while (text.len > 0 && vi_goes_on(vi)) {
        bool typing = vi->mode == VI_INSERT || vi->mode == VI_REPLACE;
        if (!typing || (unsigned char)text.ptr[0] < ' ' || text.ptr[0] == VI_DEL ||
            vi->insert.prefix != 0) {
            vi_dispatch(vi, vi_take_key(&text));
            continue;
        }
        size_t len = utf8_cluster(text);
        if (!vi->repeating) {
            buf_append(&vi->insert.keys, text.ptr, len);
        }
        vi_insert_text(vi, str_slice(text, 0, len));
        text = str_from(text, len);
    }
    vi->depth--;
}

/* The character below or above; empty: there is none. */
static struct str other_char(struct vi *vi, bool below)
{
    size_t line = vi->cursor.line;
    if (below ? line + 1 >= vi_line_count(vi) : line == 0) {
        return str_of("");
    }
    size_t column = vi_column(vi, vi_here(vi), vi->cursor.col, NULL);
    struct str other = vi_line(vi, below ? line + 1 : line - 1);
    size_t at = vi_at_column(vi, other, column, true);
    return str_slice(other, at, vi_next_col(other, at));
}

/* Ctrl-E, Ctrl-Y. */
static void copy_from(struct vi *vi, bool below)
{
    struct str one = other_char(vi, below);
    if (!vi->repeating) {
        /* A tab stays one when it is done again. */
        buf_append_c(&vi->insert.keys, one.ptr[0] == '\t' ? "\x16" : "");
        buf_append_str(&vi->insert.keys, one);
    }
    bool spaced = vi->insert.spaced; /* a blank from there is none that was typed */
    vi_insert_text(vi, one);
    vi->insert.spaced = spaced;
}

/* Behind Ctrl-V: text as it is, in replace mode over what stands there. */
static void put_literal(struct vi *vi, struct str text)
{
    vi->insert.auto_indented = false;
    if (vi->mode == VI_REPLACE) {
        over(vi, text);
    } else {
        vi_insert_raw(vi, text);
    }
}

/* False: the key is none of a code behind Ctrl-V. */
static bool code_key(struct vi *vi, int32_t key)
{
    struct buf bytes = BUF_INIT;
    bool taken = vi_code_key(&vi->insert.code, key, &bytes), ended = bytes.len > 0;
    if (ended) {
        vi->insert.prefix = 0;
        put_literal(vi, buf_str(&bytes));
    }
    buf_free(&bytes);
    if (!taken && ended) {
        char typed[4];
        vi->insert.keys.len -= vi->repeating ? 0 : utf8_encode(key, typed);
        vi_insert_key(vi, key);
    }
    return taken || ended;
}

/* Ctrl-R -: what was deleted last in a line is put as P would put it, once for each line of it;
 * then come the line ends. */
static void put_small(struct vi *vi, const struct vi_register *reg)
{
    struct vi_register copy = *reg;
    copy.text = BUF_INIT;
    buf_append_str(&copy.text, buf_str(&reg->text));
    struct str rest = buf_str(&copy.text), line;
    size_t ends = 0;
    while (str_next_line(&rest, &line) && !vi->failed) {
        if (!vi->repeating) {
            vi_append_key(&vi->insert.keys, VI_CTRL('r'));
            vi_append_key(&vi->insert.keys, '-');
        }
        vi_put(vi, &copy, 1, PUT_BEFORE | PUT_CURSOR_END);
        ends += copy.kind == VI_LINES || rest.len > 0 ? 1 : 0;
    }
    for (; ends > 0 && !vi->failed; ends--) {
        vi_insert_key(vi, VI_ENTER);
    }
    buf_free(&copy.text);
}

static void prefixed(struct vi *vi, int32_t key)
{
    struct vi_register reg;
    int prefix = vi->insert.prefix;
    if (prefix == VI_CTRL('v') && code_key(vi, key)) {
        return;
    }
    vi->insert.prefix = 0;
    struct buf bytes = BUF_INIT;
    if (prefix == VI_CTRL('v')) {
        vi_append_key(&bytes, key >= VI_KEY_UP ? 0xFFFD : key);
        put_literal(vi, buf_str(&bytes));
    } else if (vi_register_read(vi, key < 128 ? (int)key : 0, &reg)) {
        buf_append_str(&bytes, buf_str(&reg.text));
        vi->insert.spaced = false;
        vi_insert_anew(vi);
        if (key == '-') {
            put_small(vi, &reg);
        } else {
            insert_as_typed(vi, buf_str(&bytes));
        }
    } else {
        vi_fail(vi);
    }
    buf_free(&bytes);
}

static void type_char(struct vi *vi, int32_t key)
{
    char bytes[4];
    vi_insert_text(vi, str_make(bytes, utf8_encode(key, bytes)));
}

static void move_key(struct vi *vi, int32_t key)
{
    vi_insert_moved(vi);
    struct str line = vi_here(vi);
    switch (key) {
    case VI_KEY_LEFT:
        vi->cursor.col = vi_prev_col(line, vi->cursor.col);
        break;
    case VI_KEY_RIGHT:
        vi->cursor.col = vi_next_col(line, vi->cursor.col);
        break;
    case VI_KEY_UP:
        vi_up(vi, 1);
        return;
    case VI_KEY_DOWN:
        vi_down(vi, 1);
        return;
    case VI_KEY_HOME:
        vi->cursor.col = 0;
        break;
    case VI_KEY_END:
        vi->cursor.col = line.len;
        break;
    default: {
        struct vi_window at = vi_window_now(vi);
        if (key == VI_KEY_PAGE_UP) {
            vi_up(vi, at.rows > 2 ? at.rows - 2 : 1);
        } else if (key == VI_KEY_PAGE_DOWN) {
            vi_down(vi, at.rows > 2 ? at.rows - 2 : 1);
        }
        return;
    }
    }
    vi_set_want(vi);
}

static bool control_key(struct vi *vi, int32_t key)
{
    switch (key) {
    case VI_BS:
    case VI_DEL:
        vi_insert_erase(vi);
        return true;
    case VI_KEY_DELETE: {
        struct str line = vi_here(vi);
        if (vi->cursor.col >= line.len && vi->cursor.line + 1 < vi_line_count(vi)) {
            vi_marks_join(
                vi, vi->cursor.line + 1, vi->cursor.line + 1, vi->cursor.line, line.len, 0);
            vi_change(vi, vi_offset(vi, vi->cursor), text_line_start(vi->text, vi->cursor.line + 1),
                str_of(""));
        } else {
            vi_cut(vi, vi->cursor,
                (struct vi_pos){vi->cursor.line, vi_next_col(line, vi->cursor.col)});
        }
        return true;
    }
    case VI_CTRL('w'):
        vi_insert_erase_word(vi);
        return true;
    case VI_CTRL('u'):
        vi_insert_erase_line(vi);
        vi->insert.spaced = false;
        return true;
    case VI_CTRL('t'):
    case VI_CTRL('d'):
        vi_insert_shift(vi, key == VI_CTRL('t'));
        vi->insert.spaced = false;
        return true;
    case VI_CTRL('e'):
    case VI_CTRL('y'):
        copy_from(vi, key == VI_CTRL('e'));
        return true;
    case VI_CTRL('a'): {
        struct buf again = BUF_INIT;
        buf_append_str(&again, buf_str(&vi->last_inserted));
        vi->insert.spaced = false;
        insert_as_typed(vi, buf_str(&again));
        buf_free(&again);
        return true;
    }
    case VI_CTRL('v'):
    case VI_CTRL('r'):
        vi->insert.prefix = key == VI_CTRL('r') ? key : VI_CTRL('v');
        return true;
    case VI_CTRL('n'):
    case VI_CTRL('p'):
        vi_complete_word(vi, key == VI_CTRL('n'));
        return true;
    case VI_TAB:
        tab(vi);
        return true;
    case VI_ENTER:
    case VI_CTRL('j'):
        vi_insert_text(vi, STR_LIT("\n"));
        return true;
    default:
        return false;
    }
}

/* At the very beginning nothing can be erased, and not everywhere is a character to copy: such a
 * key does not begin an insertion anew either. */
bool vi_insert_does_nothing(struct vi *vi, int32_t key)
{
    if (vi->insert.prefix != 0) {
        return false;
    }
    switch (key) {
    case VI_BS:
    case VI_DEL:
    case VI_CTRL('w'):
    case VI_CTRL('u'):
        return vi->cursor.line == 0 && vi->cursor.col == 0;
    case VI_CTRL('e'):
    case VI_CTRL('y'):
        return other_char(vi, key == VI_CTRL('e')).len == 0;
    default:
        return false;
    }
}

void vi_insert_key(struct vi *vi, int32_t key)
{
    struct vi_insert *insert = &vi->insert;
    insert->stop = insert->start;
    if (key != VI_CTRL('n') && key != VI_CTRL('p')) {
        insert->completing = false;
    }
    if (insert->prefix == 0 && (key == VI_ESC || key == VI_CTRL('c'))) {
        vi_insert_end(vi);
        return;
    }
    if (insert->prefix == 0 && key == VI_CTRL('o')) {
        vi_insert_pause(vi);
        return;
    }
    if (vi_insert_does_nothing(vi, key)) {
        return; /* which ends no macro, either */
    }
    bool moves = insert->prefix == 0 && key >= VI_KEY_UP && key < VI_KEY_DELETE;
    bool waits = insert->prefix == 0 && key == VI_CTRL('r');
    if (!moves && !waits && insert->prefix != VI_CTRL('r')) {
        vi_insert_anew(vi);
    }
    bool as_text = insert->prefix == VI_CTRL('r') ||
                   (insert->prefix == 0 && (key == VI_CTRL('e') || key == VI_CTRL('y') ||
                                               key == VI_CTRL('a') || key == VI_CTRL('r')));
    if (!vi->repeating && !as_text && !moves) {
        vi_append_key(&insert->keys, key);
    }
    if (insert->prefix != 0) {
        prefixed(vi, key);
    } else if (key >= VI_KEY_UP && key <= VI_KEY_INSERT && key != VI_KEY_DELETE) {
        if (key == VI_KEY_INSERT) {
            vi->mode = vi->mode == VI_INSERT ? VI_REPLACE : VI_INSERT;
        } else {
            move_key(vi, key);
        }
    } else if (!control_key(vi, key) && (key >= ' ' || key == VI_CTRL(']'))) {
        type_char(vi, key);
    }
    bool typing = vi->mode == VI_INSERT || vi->mode == VI_REPLACE;
    if (typing && (key < VI_KEY_UP || key > VI_KEY_INSERT)) {
        vi_set_want(vi);
    }
}
