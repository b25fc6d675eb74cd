/* How an insertion ends, goes on elsewhere, or is done again. */
#include "vi/vi_rows.h"

static void keep_for_repeat(struct vi *vi)
{
    if (!vi->repeating) {
        buf_clear(&vi->repeat.inserted);
        buf_append_str(&vi->repeat.inserted, buf_str(&vi->insert.keys));
    }
}

/* 3i, 3A, 3o: what was typed, again. */
static void again(struct vi *vi)
{
    struct buf keys = BUF_INIT;
    buf_append_str(&keys, buf_str(vi->repeating ? &vi->repeat.inserted : &vi->insert.keys));
    size_t count = vi->insert.count;
    bool was = vi->repeating;
    vi->repeating = true;
    for (size_t n = 1; n < count && vi->insert.count <= TEXT_MAX; n++) {
        if (vi->insert.open_line) {
            vi_insert_newline(vi);
        }
        struct str rest = buf_str(&keys);
        while (rest.len > 0 && !vi->failed) {
            vi_insert_key(vi, vi_take_key(&rest));
        }
    }
    vi->repeating = was;
    buf_free(&keys);
}

/* What was typed is whole: for . and Ctrl-A, and the marks around it. True: an indent that nothing
 * followed was taken away. */
static bool keep(struct vi *vi)
{
    struct vi_insert *insert = &vi->insert;
    keep_for_repeat(vi);
    if (!vi->repeating) {
        buf_clear(&vi->last_inserted);
        buf_append_str(&vi->last_inserted, buf_str(&insert->keys));
        for (size_t i = 0; i < vi->last_inserted.len; i++) {
            char *key = &vi->last_inserted.ptr[i];
            *key = *key == VI_ENTER ? '\n' : *key;
        }
    }
    if (insert->count > 1) {
        again(vi);
    }
    size_t col = vi->cursor.col;
    bool indented = insert->auto_indented;
    vi_strip_auto_indent(vi);
    vi->file->start = (struct vi_mark){.pos = insert->start, .set = true};
    vi->file->end = (struct vi_mark){.pos = vi->cursor, .set = true};
    return indented && vi->cursor.col != col;
}

/* The cursor goes onto the last character typed; paused, only from behind the line's last. */
static void step_back(struct vi *vi, bool paused)
{
    struct str line = vi_here(vi);
    if (vi->cursor.col > 0 && (!paused || vi->cursor.col >= line.len)) {
        vi->cursor.col = vi_prev_col(line, vi->cursor.col);
    }
}

static void leave(struct vi *vi, bool paused)
{
    struct vi_insert *insert = &vi->insert;
    bool stripped = false;
    insert->prefix = 0;
    insert->count = paused ? 1 : insert->count;
    if (!insert->moved) {
        stripped = keep(vi);
    }
    size_t want = vi->want;
    vi->file->insert = (struct vi_mark){.pos = vi->cursor, .set = true};
    insert->once_at_end = vi->cursor.col >= vi_here(vi).len;
    insert->once_line = vi->cursor.line;
    if (vi->changing && insert->changed.set) {
        vi_note_change(vi, insert->changed.pos);
    }
    step_back(vi, paused);
    if (insert->block != OP_NONE) {
        vi_block_finish(vi);
    }
    insert->open = insert->completing = false;
    insert->once = paused;
    insert->once_depth = vi->depth;
    insert->once_behind = false;
    vi->mode = VI_NORMAL;
    insert->changed.set = false;
    vi_clamp(vi);
    vi_set_want(vi);
    vi->want = stripped ? want : vi->want; /* an indent taken away: up and down still aim there */
    if (insert->checks_jump) {
        insert->checks_jump = false;
        vi_check_jump(vi);
    }
    if (vi->depth == 0 && !vi->repeating) {
        vi_change_close(vi);
    }
}

void vi_insert_end(struct vi *vi)
{
    leave(vi, false);
}

void vi_insert_pause(struct vi *vi)
{
    leave(vi, true);
}

void vi_insert_moved(struct vi *vi)
{
    struct vi_insert *insert = &vi->insert;
    if (insert->moved) {
        return;
    }
    insert->count = 1;
    keep(vi);
    insert->block = OP_NONE;
    insert->moved = true;
    insert->spaced = false;
    if (vi->depth == 0 && !vi->repeating) {
        vi_change_close(vi);
    }
}

void vi_insert_anew(struct vi *vi)
{
    struct vi_insert *insert = &vi->insert;
    if (!insert->moved) {
        return;
    }
    /* . repeats only what comes now, as an insertion at the cursor. */
    if (!vi->repeating) {
        struct vi_cmd cmd = {.count = 1, .row = vi_row_by_id("vi.insert")};
        vi_remember(vi, &cmd);
    }
    insert->moved = insert->saved = insert->auto_indented = false;
    insert->start = vi->cursor;
    buf_clear(&insert->keys);
    vi_change_open(vi);
}

void vi_insert_resume(struct vi *vi)
{
    struct vi_insert *insert = &vi->insert;
    if (vi->text == NULL || !insert->once || vi->mode != VI_NORMAL ||
        vi->depth != insert->once_depth || vi->repeating) {
        return;
    }
    if (vi->depth == 0) {
        vi_change_close(vi); /* u takes them back one after the other */
    }
    insert->once = false;
    insert->open = insert->moved = true;
    insert->count = 1;
    insert->block = OP_NONE;
    insert->auto_indented = insert->open_line = false;
    vi->mode = insert->replace ? VI_REPLACE : VI_INSERT;
    struct str line = vi_here(vi);
    bool at_end = insert->once_at_end && vi->cursor.line == insert->once_line;
    size_t width, column = vi_column(vi, line, vi->cursor.col, &width);
    bool on_tab =
        vi_char(vi) == '\t' && vi->want == column + width - 1; /* of which that is the end */
    bool wants_more = vi->want > column && !on_tab;
    if (insert->once_behind) {
        vi->cursor.col = vi_next_col(line, vi->cursor.col);
    } else if ((at_end || wants_more) && vi_next_col(line, vi->cursor.col) >= line.len) {
        vi->cursor.col = line.len;
    }
    insert->start = vi->cursor;
}

bool vi_open_line(struct vi *vi, bool below)
{
    struct buf with = BUF_INIT;
    size_t line = vi->cursor.line;
    vi_change_open(vi);
    vi_undo_about(vi, below ? line + 1 : line, 0);
    vi_forget_line(vi);
    if (below) {
        size_t at = text_line_end(vi->text, line);
        buf_append_char(&with, '\n');
        vi_new_line_indent(vi, line, true, &with);
        vi->splits_line = true;
        bool ok = vi_change(vi, at, at, buf_str(&with));
        vi->splits_line = false;
        vi->before.lines = vi->before.lines == LINES_PLAIN ? LINES_OPENED : vi->before.lines;
        vi->cursor = (struct vi_pos){line + 1, with.len - 1};
        vi_note_change(vi, (struct vi_pos){line + 1, 0});
        buf_free(&with);
        vi->insert.auto_indented = vi->options.autoindent;
        return ok;
    }
    vi_new_line_indent(vi, line, false, &with);
    size_t indent = with.len;
    buf_append_char(&with, '\n');
    size_t at = text_line_start(vi->text, line);
    bool ok = vi_change(vi, at, at, buf_str(&with));
    vi->cursor = (struct vi_pos){line, indent};
    vi_note_change(vi, (struct vi_pos){line, 0});
    buf_free(&with);
    vi->insert.auto_indented = vi->options.autoindent;
    return ok;
}

/* arg: 'i', 'a', 'I', 'A', 'o', 'O', 'g' (gI), '^' (gi), 'R'. */
bool vi_c_insert(struct vi *vi, struct vi_cmd *cmd)
{
    struct str line = vi_here(vi);
    int how = cmd->row->arg;
    size_t col = vi->cursor.col;
    bool open = how == 'o' || how == 'O', auto_indented = false;
    if (open) {
        if (!vi_open_line(vi, how == 'o')) {
            return false;
        }
        auto_indented = vi->insert.auto_indented;
        col = vi->cursor.col;
    } else if (how == 'a') {
        col = vi_next_col(line, col);
    } else if (how == 'A') {
        col = line.len;
    } else if (how == 'I') {
        col = vi_indent_len(line);
    } else if (how == 'g') {
        col = 0;
    } else if (how == '^' && vi->file->insert.set) {
        vi->cursor = vi->file->insert.pos;
        col = vi->cursor.col;
    }
    if (how == '^') {
        cmd->row = vi_row_by_id("vi.insert"); /* which is what . does again */
    }
    vi->mode = VI_INSERT;
    vi->cursor.col = col;
    vi_insert_begin(vi, cmd->count, how == 'R');
    vi->insert.open_line = open;
    vi->insert.start.col = open ? 0 : vi->insert.start.col; /* of the indent, Ctrl-W takes all */
    vi->insert.auto_indented = auto_indented;
    return true;
}

/* Ctrl-N, Ctrl-P: the words that the host knows, then those of the text's other lines. */
static void gather(struct vi *vi, struct str word, struct buf *out)
{
    if (vi->host->complete != NULL) {
        vi->host->complete(vi->data, word, out);
        return;
    }
    size_t lines = vi_line_count(vi);
    for (size_t i = 1; i <= lines && i < 5000; i++) {
        size_t number = (vi->cursor.line + i) % lines;
        struct str line = vi_line(vi, number);
        for (size_t at = 0; at < line.len;) {
            size_t end = at;
            while (end < line.len && vi_class((unsigned char)line.ptr[end], false) == 2) {
                end++;
            }
            struct str one = str_slice(line, at, end);
            struct buf ended = BUF_INIT;
            buf_append_str(&ended, one);
            buf_append_char(&ended, '\n');
            if (one.len > word.len && memcmp(one.ptr, word.ptr, word.len) == 0 &&
                str_find(buf_str(out), buf_str(&ended), 0) == SIZE_MAX) {
                buf_append_str(out, buf_str(&ended));
            }
            buf_free(&ended);
            at = end > at ? end : at + 1;
        }
    }
}

static struct str choice(struct str all, size_t index)
{
    struct str line = {NULL, 0};
    for (size_t i = 0; i <= index; i++) {
        if (!str_next_line(&all, &line)) {
            return (struct str){NULL, 0};
        }
    }
    return line;
}

void vi_complete_word(struct vi *vi, bool next)
{
    struct vi_insert *insert = &vi->insert;
    struct str line = vi_here(vi);
    if (!insert->completing) {
        size_t from = vi->cursor.col;
        while (from > 0 && vi_class((unsigned char)line.ptr[from - 1], false) == 2) {
            from--;
        }
        struct str word = str_slice(line, from, vi->cursor.col);
        buf_clear(&insert->complete);
        gather(vi, word, &insert->complete);
        if (insert->complete.len == 0) {
            vi_say(vi, false, "nothing to complete");
            return;
        }
        /* The word as it is stands last: one comes back to it. */
        buf_append_str(&insert->complete, word);
        buf_append_char(&insert->complete, '\n');
        insert->completing = true;
        insert->complete_from = from;
        insert->complete_at = SIZE_MAX;
    }
    size_t count = 0;
    for (size_t i = 0; i < insert->complete.len; i++) {
        count += insert->complete.ptr[i] == '\n' ? 1 : 0;
    }
    if (count == 0) {
        return;
    }
    size_t at = insert->complete_at;
    at = at == SIZE_MAX ? (next ? 0 : (count > 1 ? count - 2 : 0))
                        : (at + (next ? 1 : count - 1)) % count;
    insert->complete_at = at;
    struct str with = choice(buf_str(&insert->complete), at);
    size_t start = text_line_start(vi->text, vi->cursor.line);
    vi_change(vi, start + insert->complete_from, start + vi->cursor.col, with);
    vi->cursor.col = insert->complete_from + with.len;
}

/* For . and the register of what was inserted: as if the rest of the name had been typed. */
static void note_completion(struct vi *vi, struct str old, struct str with)
{
    size_t same = 0;
    while (same < old.len && same < with.len && old.ptr[same] == with.ptr[same]) {
        same++;
    }
    struct str rest = str_from(with, same);
    for (size_t at = same; at < old.len; at += utf8_cluster(str_from(old, at))) {
        vi_append_key(&vi->insert.keys, VI_BS);
    }
    while (rest.len > 0) {
        int32_t key = vi_take_key(&rest);
        vi_append_key(&vi->insert.keys, key == '\n' ? VI_ENTER : key);
    }
}

bool vi_complete(struct vi *vi, size_t len, struct str with, size_t cursor)
{
    if (vi->text == NULL || vi->mode != VI_INSERT || len > vi->cursor.col) {
        return false;
    }
    vi_insert_anew(vi);
    size_t start = text_line_start(vi->text, vi->cursor.line) + vi->cursor.col - len;
    struct buf old = BUF_INIT;
    text_copy(vi->text, start, start + len, &old);
    note_completion(vi, buf_str(&old), with);
    buf_free(&old);
    vi->insert.completing = false;
    vi_change(vi, start, start + len, with);
    vi->cursor = vi_pos_of(vi, start + (cursor < with.len ? cursor : with.len));
    return true;
}
