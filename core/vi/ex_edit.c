/* Ex commands that change the text, and the table of all. */
#include "vi/vi_rows.h"

#include <ctype.h>
#include <stdlib.h>

/* [x] [count] at the beginning of an argument: a register, and how many lines from the last on. */
static bool register_and_count(struct vi *vi, struct vi_ex *ex, int *reg)
{
    struct str arg = str_trim(ex->arg);
    *reg = 0;
    if (arg.len > 0 && !isdigit((unsigned char)arg.ptr[0])) {
        *reg = (unsigned char)arg.ptr[0];
        if (!vi_register_ok(*reg, true)) {
            return vi_say(vi, true, "no register %c", *reg);
        }
        arg = str_trim(str_from(arg, 1));
    }
    vi_ex_count(vi, ex, arg);
    return true;
}

static struct vi_range lines_of(const struct vi_ex *ex)
{
    return (struct vi_range){
        .start = {ex->first, 0}, .end = {ex->last, 0}, .kind = VI_LINES, .visual = true};
}

static bool ex_delete(struct vi *vi, struct vi_ex *ex)
{
    int reg;
    if (!register_and_count(vi, ex, &reg)) {
        return false;
    }
    struct vi_range range = lines_of(ex);
    vi_jump_mark(vi);
    vi->cursor.line = ex->first;
    vi_land(vi);
    vi_change_open(vi);
    bool ok = vi_op_delete(vi, reg, &range, false);
    vi_clamp(vi);
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return ok;
}

static bool ex_yank(struct vi *vi, struct vi_ex *ex)
{
    int reg;
    if (!register_and_count(vi, ex, &reg)) {
        return false;
    }
    struct vi_range range = lines_of(ex);
    vi_yank(vi, reg, &range, false);
    if (reg != '_') {
        vi->file->start = (struct vi_mark){.pos = {ex->first, 0}, .set = true};
        vi->file->end = (struct vi_mark){.pos = {ex->last, SIZE_MAX / 2}, .set = true};
    }
    return true;
}

static bool ex_shift(struct vi *vi, struct vi_ex *ex)
{
    size_t amount = 1;
    int reg;
    bool right = ex->row->name[0] == '>';
    while (ex->arg.len > 0 && ex->arg.ptr[0] == ex->row->name[0]) {
        amount++;
        ex->arg = str_from(ex->arg, 1);
    }
    if (!register_and_count(vi, ex, &reg)) {
        return false;
    }
    vi_jump_mark(vi);
    vi->cursor.line = ex->first;
    vi_land(vi); /* which is where undo goes back to */
    vi->many_lines = ex->last > ex->first;
    vi->op_first = ex->first;
    vi->op_last = ex->last;
    vi_shift(vi, ex->first, ex->last, right, amount);
    vi->many_lines = false;
    vi->file->start = (struct vi_mark){.pos = {ex->first, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {ex->last, SIZE_MAX / 2}, .set = true};
    vi_note_change(vi, (struct vi_pos){ex->first, 0});
    vi->cursor.line = ex->last;
    vi_land(vi);
    vi_set_want(vi);
    return true;
}

static bool ex_join(struct vi *vi, struct vi_ex *ex)
{
    int reg;
    size_t given = ex->given, first = ex->first;
    if (!register_and_count(vi, ex, &reg)) {
        return false;
    }
    size_t count = ex->last - ex->first + 1;
    if (given < 2 && str_trim(ex->arg).len == 0) {
        count = 2;
        ex->first = ex->last;
    } else if (given < 2) {
        ex->first = first;
    }
    size_t lines = vi_line_count(vi);
    if (ex->first + count > lines) {
        count = lines - ex->first;
    }
    if (count < 2) {
        vi->cursor.line = ex->first;
        size_t len = vi_line_len(vi, ex->first);
        vi->cursor.col = vi->cursor.col <= len ? vi->cursor.col : 0; /* as Vim leaves it */
        return given >= 2 || vi_fail(vi);
    }
    vi->cursor.line = ex->first; /* which is where undo goes back to */
    bool ok = vi_join(vi, ex->first, count, !ex->bang);
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return ok;
}

static bool ex_put(struct vi *vi, struct vi_ex *ex)
{
    struct str arg = str_trim(ex->arg);
    struct vi_register reg;
    if (!vi_register_read(vi, arg.len > 0 ? arg.ptr[0] : 0, &reg)) {
        return vi_say(vi, true, "nothing in that register");
    }
    vi->cursor.line = ex->last;
    vi_clamp(vi);
    struct vi_register copy = reg;
    bool before = ex->bang || ex->zero;
    bool ok = vi_put(vi, &copy, 1, PUT_LINES | (before ? PUT_BEFORE : 0));
    vi->cursor = vi->file->end.pos;
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return ok;
}

/* Where :m and :t go: the number of lines that are before it. */
static bool target(struct vi *vi, struct vi_ex *ex, size_t *to)
{
    bool found;
    struct str arg = ex->arg;
    if (!vi_ex_address(vi, &arg, vi->cursor.line, to, &found)) {
        return false;
    }
    if (!found || *to > vi_line_count(vi)) {
        return vi_say(vi, true, ":%s needs a line to go to", ex->row->name);
    }
    return true;
}

static bool ex_copy(struct vi *vi, struct vi_ex *ex)
{
    size_t to;
    if (!target(vi, ex, &to)) {
        return false;
    }
    struct buf lines = BUF_INIT;
    vi_copy_lines(vi, ex->first, ex->last, &lines);
    bool ok = vi_insert_lines(vi, to, buf_str(&lines));
    vi_forget_line(vi);
    buf_free(&lines);
    vi->cursor.line = to + ex->last - ex->first;
    vi_land(vi);
    vi->file->start = (struct vi_mark){.pos = {to, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {vi->cursor.line, 0}, .set = true};
    vi_note_change(vi, (struct vi_pos){to, 0});
    vi_set_want(vi);
    return ok;
}

static bool ex_move(struct vi *vi, struct vi_ex *ex)
{
    size_t to, count = ex->last - ex->first + 1;
    if (!target(vi, ex, &to)) {
        return false;
    }
    if (to > ex->first && to <= ex->last) {
        return vi_say(vi, true, "lines cannot be moved into themselves");
    }
    vi_forget_line(vi);
    if (to == ex->first || to == ex->last + 1) {
        vi->cursor.line = ex->last;
        vi_land(vi);
        vi_set_want(vi);
        return true;
    }
    struct buf lines = BUF_INIT;
    vi_copy_lines(vi, ex->first, ex->last, &lines);
    /* First put in, then taken away, as Vim does: an undo goes by where they were in between. */
    vi->keeps_marks = true;
    bool ok = vi_insert_lines(vi, to, buf_str(&lines)) &&
              vi_delete_lines(vi, to > ex->last ? ex->first : ex->first + count, count);
    vi->keeps_marks = false;
    vi->cursor.line = to > ex->last ? to - 1 : to + count - 1;
    buf_free(&lines);
    vi_marks_move(vi, ex->first, count, vi->cursor.line + 1 - count);
    vi->file->start = (struct vi_mark){.pos = {vi->cursor.line + 1 - count, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {vi->cursor.line, 0}, .set = true};
    vi_land(vi);
    vi_note_change(vi, (struct vi_pos){to > ex->last ? ex->first : to, 0});
    vi_set_want(vi);
    return ok;
}

static bool ex_normal(struct vi *vi, struct vi_ex *ex)
{
    struct buf keys = BUF_INIT;
    struct str arg = ex->arg;
    buf_append_str(&keys, vi_blank(arg.len > 0 ? arg.ptr[0] : 0) ? str_from(arg, 1) : arg);
    bool each = ex->given > 0;
    size_t count = each ? ex->last - ex->first + 1 : 1;
    for (size_t i = 0; i < count && vi->text != NULL && vi_breathe(vi, i, count); i++) {
        if (each) {
            vi->cursor = (struct vi_pos){ex->first + i, 0};
            vi_clamp(vi);
            vi_set_want(vi);
        }
        vi->failed = false;
        vi->depth++;
        vi_feed(vi, buf_str(&keys));
        for (int escapes = 0; escapes < 4 && (vi->mode != VI_NORMAL || vi_is_pending(vi));
             escapes++) {
            vi_dispatch(vi, VI_ESC);
        }
        vi->depth--;
    }
    vi->failed = false;
    buf_free(&keys);
    return true;
}

static bool ex_read(struct vi *vi, struct vi_ex *ex)
{
    struct buf bytes = BUF_INIT;
    struct err err = {0};
    struct str path = str_trim(ex->arg);
    if (str_starts(path, "!")) {
        return vi_say(vi, true, ":r puts in a file; other programs are not run from here");
    }
    bool ok = vi->host->read != NULL && vi->host->read(vi->data, path, &bytes, &err);
    if (!ok) {
        buf_free(&bytes);
        return vi_say(
            vi, true, "%s", err.text[0] != '\0' ? err.text : "a file cannot be read here");
    }
    if (bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n') {
        buf_append_char(&bytes, '\n');
    }
    size_t line = ex->zero ? 0 : ex->last + 1;
    ok = vi_insert_lines(vi, line, buf_str(&bytes));
    buf_free(&bytes);
    vi->cursor.line = line;
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return ok;
}

static bool ex_mark(struct vi *vi, struct vi_ex *ex)
{
    struct str arg = str_trim(ex->arg);
    if (arg.len != 1 || !vi_mark_set(vi, arg.ptr[0], (struct vi_pos){ex->last, 0})) {
        return vi_say(vi, true, "a mark is one letter");
    }
    return true;
}

/* :undo N goes to the text after change N; :undo 0 to the first. */
static bool undo_to(struct vi *vi, size_t step)
{
    struct text_cursor cursor = {0};
    vi_change_close(vi);
    if (step == text_step(vi->text)) {
        return true;
    }
    if (!text_go_to_step(vi->text, step, &cursor)) {
        return vi_say(vi, true, "there is no change %zu", step);
    }
    vi->cursor = vi_pos_of(vi, cursor.head);
    vi_clamp(vi);
    vi_set_want(vi);
    return true;
}

static bool ex_undo(struct vi *vi, struct vi_ex *ex)
{
    struct str arg = str_trim(ex->arg);
    if (ex->row->name[0] == 'u' && (ex->given == 1 || arg.len > 0)) {
        size_t step = ex->zero ? 0 : ex->last + 1;
        return undo_to(vi, arg.len > 0 ? (size_t)strtoul(arg.ptr, NULL, 10) : step);
    }
    struct vi_cmd cmd = {
        .count = 1, .row = vi_row_by_id(ex->row->name[0] == 'u' ? "vi.undo" : "vi.redo")};
    return cmd.row->run(vi, &cmd);
}

/* :earlier, :later with a count of changes. */
static bool ex_time(struct vi *vi, struct vi_ex *ex)
{
    struct str arg = str_trim(ex->arg);
    size_t count = arg.len == 0 ? 1 : 0;
    for (size_t i = 0; i < arg.len; i++) {
        if (!isdigit((unsigned char)arg.ptr[i]) || count > 1000000) {
            return vi_say(vi, true, ":%s takes a number of changes", ex->row->name);
        }
        count = count * 10 + (size_t)(arg.ptr[i] - '0');
    }
    struct vi_cmd cmd = {
        .count = count, .row = vi_row_by_id(ex->row->name[0] == 'e' ? "vi.earlier" : "vi.later")};
    return cmd.row->run(vi, &cmd);
}

static bool ex_no_highlight(struct vi *vi, struct vi_ex *ex)
{
    (void)ex;
    vi->highlight = false;
    return true;
}

/* :retab: tabs become blanks where blanks are wanted. */
static bool ex_retab(struct vi *vi, struct vi_ex *ex)
{
    struct buf with = BUF_INIT;
    size_t first = SIZE_MAX; /* changed */
    vi_gather_begin(vi, ex->last - ex->first);
    for (size_t line = ex->first; line <= ex->last; line++) {
        if (!vi_breathe(vi, line - ex->first, ex->last - ex->first)) {
            break;
        }
        struct str bytes = vi_line(vi, line);
        if (str_find_char(bytes, '\t', 0) == SIZE_MAX) {
            continue;
        }
        buf_clear(&with);
        for (size_t at = 0; at < bytes.len; at++) {
            size_t width = 0;
            if (bytes.ptr[at] == '\t' && vi->options.expandtab) {
                vi_column(vi, bytes, at, &width);
                buf_append_repeat(&with, ' ', width);
            } else {
                buf_append_char(&with, bytes.ptr[at]);
            }
        }
        vi_set_line(vi, line, buf_str(&with));
        first = first == SIZE_MAX ? line : first;
    }
    bool ok = vi_gather_end(vi);
    if (first != SIZE_MAX) {
        vi_note_change(vi, (struct vi_pos){first, 0});
    }
    vi_apply_want(vi);
    buf_free(&with);
    return ok;
}

struct sort_key {
    struct str line;
    size_t index;
    long long number;
    bool has_number;
};

static _Thread_local bool sort_numbers, sort_reverse, sort_fold;
static _Thread_local unsigned sort_compared;

static int compare_text(struct str a, struct str b)
{
    if (!sort_fold) {
        return str_compare(a, b);
    }
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int x = tolower((unsigned char)a.ptr[i]), y = tolower((unsigned char)b.ptr[i]);
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static int compare(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    int order = 0;
    if (++sort_compared % 256 == 0) {
        (void)slow_breathe(0, 0); /* stopped or not, the order must be one */
    }
    if (sort_numbers) {
        order = x->has_number != y->has_number ? (x->has_number ? 1 : -1)
                : x->number != y->number       ? (x->number < y->number ? -1 : 1)
                                               : 0;
    } else {
        order = compare_text(x->line, y->line);
    }
    order = sort_reverse ? -order : order;
    return order != 0 ? order : x->index < y->index ? -1 : 1;
}

static void number_in(struct sort_key *key)
{
    struct str line = key->line;
    for (size_t i = 0; i < line.len; i++) {
        if (isdigit((unsigned char)line.ptr[i])) {
            char *end;
            char digits[32];
            size_t from = i > 0 && line.ptr[i - 1] == '-' ? i - 1 : i, len = line.len - from;
            len = len < sizeof digits - 1 ? len : sizeof digits - 1;
            memcpy(digits, line.ptr + from, len);
            digits[len] = '\0';
            key->number = strtoll(digits, &end, 10);
            key->has_number = true;
            return;
        }
    }
}

bool vi_ex_sort(struct vi *vi, struct vi_ex *ex)
{
    size_t count = ex->last - ex->first + 1;
    struct str flags = ex->arg;
    if (count <= 1) {
        return true;
    }
    sort_numbers = str_find_char(flags, 'n', 0) != SIZE_MAX;
    sort_fold = str_find_char(flags, 'i', 0) != SIZE_MAX;
    sort_reverse = ex->bang;
    bool unique = str_find_char(flags, 'u', 0) != SIZE_MAX;
    struct buf all = BUF_INIT, sorted = BUF_INIT;
    vi_copy_lines(vi, ex->first, ex->last, &all);
    struct sort_key *keys = mem_zalloc(count * sizeof *keys);
    struct str rest = buf_str(&all);
    for (size_t i = 0; i < count && str_next_line(&rest, &keys[i].line); i++) {
        keys[i].index = i;
        number_in(&keys[i]);
    }
    qsort(keys, count, sizeof *keys, compare);
    size_t kept = 0;
    bool goes_on = true;
    for (size_t i = 0; i < count && (goes_on = vi_breathe(vi, i, count)); i++) {
        bool same = i > 0 && (sort_numbers ? keys[i].number == keys[i - 1].number &&
                                                 keys[i].has_number == keys[i - 1].has_number
                                           : compare_text(keys[i].line, keys[i - 1].line) == 0);
        if (unique && same) {
            continue;
        }
        buf_append_c(&sorted, kept++ > 0 ? "\n" : "");
        buf_append_str(&sorted, keys[i].line);
    }
    free(keys);
    bool ok = goes_on && vi_change(vi, text_line_start(vi->text, ex->first),
                             text_line_end(vi->text, ex->last), buf_str(&sorted));
    buf_free(&sorted);
    buf_free(&all);
    vi->cursor = (struct vi_pos){ex->first, 0};
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return ok;
}

static bool ex_help(struct vi *vi, struct vi_ex *ex)
{
    return vi_act(vi, "help", str_trim(ex->arg), false, 1);
}

#define LINES EX_RANGE
const struct vi_ex_row vi_ex_rows[] = {
    {"substitute", "s", "Replace a pattern in lines: :s/pattern/with/gicn&", LINES | EX_BAR,
        vi_ex_substitute, NULL},
    {"global", "g", "Run a command on lines that match: :g/pattern/command",
        LINES | EX_WHOLE | EX_BANG | EX_BAR, vi_ex_global, NULL},
    {"vglobal", "v", "Run a command on lines that do not match", LINES | EX_WHOLE | EX_BAR,
        vi_ex_global_not, NULL},
    {"&&", "&&", "Substitute again with the same flags", LINES, vi_ex_substitute_again, NULL},
    {"&", "&", "Substitute again", LINES, vi_ex_substitute_again, NULL},
    {"delete", "d", "Delete lines: :d [register] [count]", LINES, ex_delete, NULL},
    {"yank", "y", "Yank lines: :y [register] [count]", LINES, ex_yank, NULL},
    {"put", "pu", "Put a register below as lines; with ! above", LINES | EX_BANG | EX_ZERO, ex_put,
        NULL},
    {"move", "m", "Move lines below a line", LINES, ex_move, NULL},
    {"copy", "co", "Copy lines below a line", LINES, ex_copy, NULL},
    {"t", "t", "Copy lines below a line", LINES, ex_copy, NULL},
    {"join", "j", "Join lines; with ! without blanks", LINES | EX_BANG, ex_join, NULL},
    {">", ">", "Indent lines", LINES, ex_shift, NULL},
    {"<", "<", "Dedent lines", LINES, ex_shift, NULL},
    {"normal", "norm", "Keys of normal mode, on each line of a range", LINES | EX_BANG | EX_BAR,
        ex_normal, NULL},
    {"read", "r", "Put a file below", LINES | EX_ZERO, ex_read, NULL},
    {"k", "k", "Set a mark", LINES, ex_mark, NULL},
    {"mark", "ma", "Set a mark", LINES, ex_mark, NULL},
    {"sort", "sor", "Sort lines: n by number, i ignoring case, u each once, ! reversed",
        LINES | EX_WHOLE | EX_BANG, vi_ex_sort, NULL},
    {"retab", "ret", "Make tabs blanks", LINES | EX_WHOLE | EX_BANG, ex_retab, NULL},
    {"undo", "u", "Undo a step; :undo N: to the text after change N, 0 the first", LINES | EX_ZERO,
        ex_undo, NULL},
    {"redo", "red", "Redo a step", 0, ex_undo, NULL},
    {"earlier", "ea", "Go back by a number of changes, over branches", 0, ex_time, NULL},
    {"later", "lat", "Go on by a number of changes, over branches", 0, ex_time, NULL},
    {"registers", "reg", "Show the registers", 0, vi_ex_registers, NULL},
    {"display", "di", "Show the registers", 0, vi_ex_registers, NULL},
    {"marks", "marks", "Show the marks", 0, vi_ex_marks, NULL},
    {"jumps", "ju", "Show the jump list", 0, vi_ex_jumps, NULL},
    {"changes", "changes", "Show the list of changes", 0, vi_ex_changes, NULL},
    {"delmarks", "delm", "Take marks away: :delm a b-d; with ! all of a-z", EX_BANG, vi_ex_delmarks,
        NULL},
    {"print", "p", "Show lines", LINES, vi_ex_print, NULL},
    {"number", "nu", "Show lines with their numbers", LINES, vi_ex_print, NULL},
    {"=", "=", "Say how many lines there are, or which one an address is", LINES, vi_ex_line, NULL},
    {"file", "f", "Say which file this is, and where the cursor is", 0, vi_ex_file, NULL},
    {"nohlsearch", "noh", "No highlighting of the last search until the next", 0, ex_no_highlight,
        NULL},
    {"set", "se", "Set an option: :set name, noname, name!, name=value, name?", 0, vi_ex_set, NULL},
    {"help", "h", "Show the keys and commands", 0, ex_help, NULL},
    {"write", "w", "Save the file; with a name as another file of the workspace", EX_HOST | EX_BANG,
        NULL, "write"},
    {"saveas", "sav", "Save as another file and go on with that", EX_HOST | EX_BANG, NULL,
        "save-as"},
    {"update", "up", "Save the file when it was changed", EX_HOST | EX_BANG, NULL, "write"},
    {"wall", "wa", "Save all files", EX_HOST | EX_BANG, NULL, "write-all"},
    {"quit", "q", "Close the file; with ! also unsaved edits", EX_HOST | EX_BANG, NULL, "quit"},
    {"qall", "qa", "Leave the program", EX_HOST | EX_BANG, NULL, "quit-all"},
    {"wq", "wq", "Save and close the file", EX_HOST | EX_BANG, NULL, "write-quit"},
    {"wqall", "wqa", "Save all files and leave the program", EX_HOST | EX_BANG, NULL,
        "write-quit-all"},
    {"xit", "x", "Save if changed, and close the file", EX_HOST | EX_BANG, NULL, "write-quit"},
    {"xall", "xa", "Save all files and leave the program", EX_HOST | EX_BANG, NULL,
        "write-quit-all"},
    {"edit", "e", "Open a file; with ! read this one again", EX_HOST | EX_BANG, NULL, "edit"},
    {"find", "fin", "Find a file of the workspace", EX_HOST, NULL, "find"},
    {"grep", "gr", "Search the text of all files: :grep pattern", EX_HOST | EX_BAR, NULL, "grep"},
    {"split", "sp", "Split the editor, one view above the other; :sp FILE shows that", EX_HOST,
        NULL, "split"},
    {"vsplit", "vs", "Split the editor, side by side; :vs FILE shows that", EX_HOST, NULL,
        "vsplit"},
    {"only", "on", "Close the other view", EX_HOST, NULL, "only"},
    {"bnext", "bn", "Next open file", EX_HOST, NULL, "next-file"},
    {"bprevious", "bp", "Previous open file", EX_HOST, NULL, "previous-file"},
    {"buffer", "b", "Choose among the open files", EX_HOST, NULL, "files"},
    {"cnext", "cn", "To the next problem", EX_HOST, NULL, "problem-next"},
    {"cprevious", "cp", "To the problem before", EX_HOST, NULL, "problem-previous"},
    {"close", "clo", "Close this view", EX_HOST | EX_BANG, NULL, "close-view"},
    {"bdelete", "bd", "Close the file", EX_HOST | EX_BANG, NULL, "quit"},
    {"buffers", "bu", "Choose among the open files", EX_HOST, NULL, "files"},
    {"ls", "ls", "Choose among the open files", EX_HOST, NULL, "files"},
    {"format", "fo", "Format the file with its formatter", EX_HOST, NULL, "format"},
};
const size_t vi_ex_row_count = ARRAY_LEN(vi_ex_rows);
