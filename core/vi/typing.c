/* The line being typed after : / ?, with its history and its completions. */
#include "vi/vi_rows.h"

#define HISTORY_MAX 200

void vi_typing_free(struct vi *vi)
{
    buf_free(&vi->typing.line);
    buf_free(&vi->typing.kept);
    buf_free(&vi->typing.choices);
    vi_cmd_free(&vi->typing.cmd);
}

static struct vi_history *history(struct vi *vi)
{
    return vi->typing.line.ptr[0] == ':' ? &vi->commands : &vi->searches;
}

void vi_typing_begin(struct vi *vi, int first, const struct vi_cmd *cmd, struct str preset)
{
    struct vi_line_edit *typing = &vi->typing;
    buf_clear(&typing->line);
    buf_append_char(&typing->line, (char)first);
    buf_append_str(&typing->line, preset);
    typing->cursor = typing->line.len;
    vi_cmd_free(&typing->cmd);
    typing->cmd = *cmd;
    typing->origin = vi->cursor;
    typing->prefix_register = typing->prefix_literal = typing->choosing = false;
    typing->back = vi->mode;
    typing->history_at = history(vi)->lines.len;
    vi->mode = VI_COMMAND;
}

static void leave(struct vi *vi)
{
    vi->mode = vi->typing.back;
    vi->cursor = vi->typing.origin;
    if (vi_is_visual(vi) && vi->typing.line.ptr[0] == ':') {
        vi_leave_visual(vi);
    }
    vi->typing.choosing = false;
    buf_clear(&vi->pending);
}

static void remember(struct vi_history *lines, struct str line)
{
    for (size_t i = 0; i < lines->lines.len; i++) {
        if (str_equal_c(line, lines->lines.items[i])) {
            free(lines->lines.items[i]);
            VEC_REMOVE(&lines->lines, i);
            break;
        }
    }
    if (lines->lines.len >= HISTORY_MAX) {
        free(lines->lines.items[0]);
        VEC_REMOVE(&lines->lines, 0);
    }
    VEC_PUSH(&lines->lines, str_dup(line));
}

static void after_once(struct vi *vi)
{
    vi_insert_resume(vi);
}

/* The answers moved the cursor; the line goes and it stays. */
static void leave_question(struct vi *vi)
{
    vi->typing.origin = vi->cursor;
    leave(vi);
    vi_cmd_clear(vi);
    after_once(vi);
}

static void enter(struct vi *vi)
{
    struct vi_line_edit *typing = &vi->typing;
    struct buf line = BUF_INIT;
    struct str typed = str_from(buf_str(&typing->line), 1);
    bool command = typing->line.ptr[0] == ':';
    buf_append_str(&line, typed);
    if (typed.len > 0) {
        remember(history(vi), typed);
    }
    leave(vi);
    if (command) {
        if (line.len > 0) {
            struct vi_file *file = vi->file;
            vi_ex(vi, buf_str(&line));
            if (vi->text != NULL && vi->file == file) {
                vi_check_jump(vi);
            }
            buf_free(&vi->last_command);
            vi->last_command = line;
            line = BUF_INIT;
        }
    } else {
        struct vi_cmd cmd = typing->cmd;
        typing->cmd = (struct vi_cmd){.count = 1};
        buf_append_str(&cmd.line, buf_str(&line));
        vi_run(vi, &cmd);
        vi_cmd_free(&cmd);
    }
    vi_cmd_clear(vi);
    buf_free(&line);
    after_once(vi);
}

static void set_line(struct vi *vi, struct str with)
{
    struct vi_line_edit *typing = &vi->typing;
    buf_remove(&typing->line, 1, typing->line.len - 1);
    buf_append_str(&typing->line, with);
    typing->cursor = typing->line.len;
}

static void walk_history(struct vi *vi, bool up)
{
    struct vi_line_edit *typing = &vi->typing;
    struct vi_history *lines = history(vi);
    size_t count = lines->lines.len;
    if (typing->history_at >= count) {
        buf_clear(&typing->kept);
        buf_append_str(&typing->kept, str_from(buf_str(&typing->line), 1));
    }
    size_t at = typing->history_at;
    for (;;) {
        if (up ? at == 0 : at >= count) {
            return;
        }
        at = up ? at - 1 : at + 1;
        if (at >= count || str_starts(str_of(lines->lines.items[at]),
                               typing->kept.len > 0 ? typing->kept.ptr : "")) {
            break;
        }
    }
    typing->history_at = at;
    set_line(vi, at < count ? str_of(lines->lines.items[at]) : buf_str(&typing->kept));
}

static void incremental(struct vi *vi)
{
    struct vi_line_edit *typing = &vi->typing;
    if (typing->line.ptr[0] == ':' || !vi->options.incsearch) {
        return;
    }
    vi->cursor = typing->origin;
    struct str rest = str_from(buf_str(&typing->line), 1);
    struct str pattern = vi_ex_delimited(&rest, typing->line.ptr[0]);
    struct search *search = pattern.len == 0 ? NULL : vi_compile_quietly(vi, pattern);
    size_t start, end;
    bool failed = vi->failed;
    if (search != NULL && vi_find_from(vi, search, typing->line.ptr[0] == '/', vi_cursor(vi),
                              &start, &end, vi->options.wrapscan)) {
        vi->cursor = vi_pos_of(vi, start);
    }
    vi->failed = failed;
}

void vi_typing_paste(struct vi *vi, struct str text)
{
    struct vi_line_edit *typing = &vi->typing;
    if (vi->ask.on) {
        return; /* a paste answers nothing */
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != '\n' || i + 1 < text.len) {
            char in[1] = {c == '\n' ? VI_ENTER : c};
            buf_insert(&typing->line, typing->cursor++, in, 1);
        }
    }
    incremental(vi);
}

/* The name of a command or option that the line before the cursor begins, or a file's. */
static void complete(struct vi *vi)
{
    struct vi_line_edit *typing = &vi->typing;
    buf_clear(&typing->choices);
    typing->choice_from =
        vi_ex_complete(vi, str_slice(buf_str(&typing->line), 0, typing->cursor), &typing->choices);
    if (typing->choices.len == 0) {
        vi_fail(vi);
        return;
    }
    buf_append_str(
        &typing->choices, str_slice(buf_str(&typing->line), typing->choice_from, typing->cursor));
    buf_append_char(&typing->choices, '\n');
    typing->choosing = true;
    typing->choice = SIZE_MAX;
}

/* With what was typed, the last. */
static size_t count_choices(const struct vi_line_edit *typing)
{
    size_t count = 0;
    for (size_t i = 0; i < typing->choices.len; i++) {
        count += typing->choices.ptr[i] == '\n' ? 1 : 0;
    }
    return count;
}

static void next_choice(struct vi *vi, bool forward)
{
    struct vi_line_edit *typing = &vi->typing;
    /* The only folder there is was put in: on with what is in it. */
    if (typing->choosing && typing->choice == 0 && typing->line.ptr[typing->cursor - 1] == '/' &&
        count_choices(typing) == 2) {
        typing->choosing = false;
    }
    if (!typing->choosing) {
        complete(vi);
        if (!typing->choosing) {
            return;
        }
    }
    size_t count = count_choices(typing);
    if (count == 0) {
        return;
    }
    size_t at = typing->choice;
    at = at == SIZE_MAX ? (forward ? 0 : count - 1) : (at + (forward ? 1 : count - 1)) % count;
    typing->choice = at;
    struct str rest = buf_str(&typing->choices), line = {NULL, 0};
    for (size_t i = 0; i <= at; i++) {
        str_next_line(&rest, &line);
    }
    buf_remove(&typing->line, typing->choice_from, typing->cursor - typing->choice_from);
    buf_insert(&typing->line, typing->choice_from, line.ptr, line.len);
    typing->cursor = typing->choice_from + line.len;
}

static void type(struct vi *vi, struct str bytes)
{
    buf_insert(&vi->typing.line, vi->typing.cursor, bytes.ptr, bytes.len);
    vi->typing.cursor += bytes.len;
}

static void erase(struct vi *vi, size_t from)
{
    struct vi_line_edit *typing = &vi->typing;
    buf_remove(&typing->line, from, typing->cursor - from);
    typing->cursor = from;
}

static size_t word_before(const struct vi_line_edit *typing)
{
    size_t at = typing->cursor;
    while (at > 1 && vi_blank(typing->line.ptr[at - 1])) {
        at--;
    }
    int class = at > 1 ? vi_class((unsigned char)typing->line.ptr[at - 1], false) : 0;
    while (at > 1 && vi_class((unsigned char)typing->line.ptr[at - 1], false) == class) {
        at--;
    }
    return at;
}

static void prefixed(struct vi *vi, int32_t key)
{
    struct vi_line_edit *typing = &vi->typing;
    struct buf bytes = BUF_INIT;
    struct vi_register reg;
    if (typing->prefix_literal) {
        vi_append_key(&bytes, key);
    } else if (key == VI_CTRL('w')) {
        struct str line = vi_here(vi);
        size_t at = typing->origin.col, end = at;
        while (end < line.len && vi_class((unsigned char)line.ptr[end], false) == 2) {
            end++;
        }
        buf_append_str(&bytes, str_slice(line, at, end));
    } else if (vi_register_read(vi, key < 128 ? (int)key : 0, &reg)) {
        struct str text = buf_str(&reg.text);
        buf_append_str(&bytes, str_ends(text, "\n") ? str_slice(text, 0, text.len - 1) : text);
    }
    typing->prefix_register = typing->prefix_literal = false;
    type(vi, buf_str(&bytes));
    buf_free(&bytes);
}

static bool edit_key(struct vi *vi, int32_t key)
{
    struct vi_line_edit *typing = &vi->typing;
    struct str line = buf_str(&typing->line);
    switch (key) {
    case VI_CTRL('w'):
        erase(vi, word_before(typing));
        return true;
    case VI_CTRL('u'):
        erase(vi, 1);
        return true;
    case VI_CTRL('b'):
    case VI_KEY_HOME:
        typing->cursor = 1;
        return true;
    case VI_CTRL('e'):
    case VI_KEY_END:
        typing->cursor = line.len;
        return true;
    case VI_KEY_LEFT:
        typing->cursor = typing->cursor > 1 ? vi_prev_col(line, typing->cursor) : 1;
        return true;
    case VI_KEY_RIGHT:
        typing->cursor = vi_next_col(line, typing->cursor);
        return true;
    case VI_KEY_DELETE:
        buf_remove(
            &typing->line, typing->cursor, vi_next_col(line, typing->cursor) - typing->cursor);
        return true;
    case VI_KEY_UP:
    case VI_KEY_DOWN:
    case VI_CTRL('p'):
    case VI_CTRL('n'):
        walk_history(vi, key == VI_KEY_UP || key == VI_CTRL('p'));
        return true;
    case VI_CTRL('r'):
        typing->prefix_register = true;
        return true;
    case VI_CTRL('v'):
        typing->prefix_literal = true;
        return true;
    default:
        return false;
    }
}

void vi_typing_key(struct vi *vi, int32_t key)
{
    struct vi_line_edit *typing = &vi->typing;
    if (vi->ask.on) {
        vi_ask_key(vi, key);
        if (!vi->ask.on) {
            leave_question(vi);
        }
        return;
    }
    if (typing->prefix_register || typing->prefix_literal) {
        prefixed(vi, key);
        incremental(vi);
        return;
    }
    if (key == VI_TAB && typing->line.ptr[0] == ':') {
        next_choice(vi, true);
        return;
    }
    typing->choosing = false;
    bool back = key == VI_BS || key == VI_DEL;
    if (key == VI_ESC || key == VI_CTRL('c') || (back && typing->line.len == 1)) {
        leave(vi);
        vi_cmd_clear(vi);
        vi_cmd_free(&typing->cmd);
        after_once(vi);
        return;
    }
    if (key == VI_ENTER || key == VI_CTRL('j')) {
        enter(vi);
        return;
    }
    if (back) {
        erase(vi, typing->cursor > 1 ? vi_prev_col(buf_str(&typing->line), typing->cursor) : 1);
    } else if (!edit_key(vi, key) && key >= ' ' && key < VI_KEY_UP) {
        char bytes[4];
        type(vi, str_make(bytes, utf8_encode(key, bytes)));
    }
    incremental(vi);
}
