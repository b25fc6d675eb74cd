/* Marks, the jump list, the change list, and how they move with the text. */
#include "vi/vi_rows.h"

#define JUMPS_MAX   100
#define CHANGES_MAX 100

void vi_file_free(struct vi_file *file)
{
    text_remove_listener(file->text, vi_marks_changed, file);
    VEC_FREE(&file->changes);
    VEC_FREE(&file->kept);
    buf_free(&file->line_undo);
    free(file);
}

struct vi_file *vi_file_of(struct vi *vi, struct text *text)
{
    VEC_FOREACH (struct vi_file *, file, &vi->files) {
        if ((*file)->text == text) {
            return *file;
        }
    }
    struct vi_file *file = MEM_NEW(struct vi_file);
    file->text = text;
    file->vi = vi;
    file->line_undo_line = SIZE_MAX;
    file->emptied = UINT64_MAX;
    file->jump.set = true;
    VEC_PUSH(&vi->files, file);
    text_add_listener(text, vi_marks_changed, file);
    return file;
}

bool vi_pos_moved(const struct text_change *change, struct vi_pos *pos)
{
    size_t start = change->start_point.row, old_end = change->old_end_point.row;
    size_t new_end = change->new_end_point.row;
    bool whole = change->start_point.column == 0 && change->old_end_point.column == 0 &&
                 change->new_end_point.column == 0;
    bool shifts = pos->line > old_end || (whole && pos->line == old_end);
    if (shifts) {
        pos->line = pos->line - old_end + new_end;
        return true;
    }
    if (pos->line < start || (pos->line == start && !whole)) {
        return true;
    }
    size_t kept = new_end - start;
    if (pos->line - start < kept || (!whole && pos->line - start == kept)) {
        return true;
    }
    if (old_end - start > kept && change->new_end == change->start) {
        bool stays = !whole && pos->line == old_end;
        pos->line = stays ? start : pos->line;
        return stays;
    }
    pos->line = start + kept - (whole && kept > 0 ? 1 : 0);
    return true;
}

void vi_marks_clear(struct vi_file *file)
{
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        file->marks[i].set = false;
    }
    file->insert.set = file->change.set = file->jump.set = file->jump_before.set = false;
}

static const char *path_now(struct vi *vi)
{
    return vi->host->path == NULL ? NULL : vi->host->path(vi->data);
}

static bool same_path(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What is done to a place of a file. `set` is NULL for those that never go: where their line went,
 * they stay near. */
typedef void visit_place(void *data, struct vi_pos *pos, bool *set);

static void each_place(struct vi_file *file, visit_place *visit, void *data)
{
    struct vi *vi = file->vi;
    struct vi_mark *own[] = {&file->insert, &file->change, &file->jump, &file->jump_before};
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        visit(data, &file->marks[i].pos, &file->marks[i].set);
    }
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        visit(data, &own[i]->pos, &own[i]->set);
    }
    visit(data, &file->visual_anchor, NULL);
    visit(data, &file->visual_head, NULL);
    VEC_FOREACH (struct vi_pos, pos, &file->changes) {
        visit(data, pos, NULL);
    }
    const char *path = vi->text == file->text ? path_now(vi) : NULL;
    VEC_FOREACH (struct vi_mark, jump, &vi->jumps) {
        if (same_path(path, jump->path)) {
            visit(data, &jump->pos, NULL);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(vi->globals); i++) {
        if (same_path(path, vi->globals[i].path)) {
            visit(data, &vi->globals[i].pos, &vi->globals[i].set);
        }
    }
}

struct followed {
    const struct text_change *change;
    bool undoing;
    struct vi_entry_lines lines; /* of an undo: they are taken away, and others put in */
};

static bool taken_away(const struct followed *followed, const struct vi_pos *pos)
{
    const struct vi_entry_lines *lines = &followed->lines;
    return followed->undoing && lines->old != lines->new && pos->line >= lines->top &&
           pos->line < lines->top + lines->old;
}

static void follow(void *data, struct vi_pos *pos, bool *set)
{
    const struct followed *followed = data;
    if (set != NULL ? !*set : pos->line == SIZE_MAX) {
        return;
    }
    bool taken = taken_away(followed, pos);
    if (!taken && vi_pos_moved(followed->change, pos)) {
        return;
    }
    if (set != NULL) {
        *set = false;
    } else {
        pos->line = taken ? followed->lines.top : followed->change->start_point.row;
    }
}

void vi_marks_changed(void *data, const struct text_change *changed)
{
    struct vi_file *file = data;
    struct vi *vi = file->vi;
    struct text_change within = *changed;
    const struct text_change *change = &within;
    bool here = vi->text == file->text;
    if (vi->splits_line && here) {
        within.start_point.column++; /* never at a line's very beginning, as if the line were new */
        within.old_end_point.column++;
    }
    bool same_lines = change->start_point.row == change->old_end_point.row &&
                      change->start_point.row == change->new_end_point.row;
    if (same_lines || (vi->keeps_marks && here)) {
        return;
    }
    struct followed followed = {change, vi->undoing && here, vi_undone_lines(change, vi->undone)};
    each_place(file, follow, &followed);
}

struct joined {
    size_t first, last, to;
    long removed, by; /* bytes of blanks, and what all that is left moves by */
};

static void join_place(void *data, struct vi_pos *pos, bool *set)
{
    const struct joined *joined = data;
    long col = (long)pos->col;
    bool goes = pos->line >= joined->first && pos->line <= joined->last &&
                (pos->line == joined->last || set == NULL);
    if (!goes) {
        return;
    }
    pos->line = joined->to;
    col = joined->by < 0 && col <= -joined->by ? 0
          : col < joined->removed              ? joined->by + joined->removed
                                               : col + joined->by;
    pos->col = (size_t)col;
}

void vi_marks_join(struct vi *vi, size_t first, size_t last, size_t to, size_t at, long removed)
{
    vi_change_open(vi); /* an undo gives them back as they are before */
    struct joined joined = {first, last, to, removed, (long)at - removed};
    each_place(vi->file, join_place, &joined);
}

struct moved {
    size_t first, count, to;
};

static void move_place(void *data, struct vi_pos *pos, bool *set)
{
    const struct moved *moved = data;
    size_t last = moved->first + moved->count;
    (void)set;
    if (pos->line == SIZE_MAX) {
        return;
    }
    if (pos->line >= moved->first && pos->line < last) {
        pos->line = pos->line - moved->first + moved->to;
    } else if (pos->line >= last && pos->line < moved->to + moved->count) {
        pos->line -= moved->count;
    } else if (pos->line < moved->first && pos->line >= moved->to) {
        pos->line += moved->count;
    }
}

void vi_marks_move(struct vi *vi, size_t first, size_t count, size_t to)
{
    struct moved moved = {first, count, to};
    each_place(vi->file, move_place, &moved);
}

static struct vi_mark *slot(struct vi *vi, int32_t name)
{
    struct vi_file *file = vi->file;
    if (name >= 'a' && name <= 'z') {
        return &file->marks[name - 'a'];
    }
    switch (name) {
    case '\'':
    case '`':
        return &file->jump;
    case '[':
        return &file->start;
    case ']':
        return &file->end;
    case '^':
        return &file->insert;
    case '.':
        return &file->change;
    default:
        return name >= 'A' && name <= 'Z' ? &vi->globals[name - 'A'] : NULL;
    }
}

/* '( ') '{ '}: where those motions would go. */
static bool motion_mark(struct vi *vi, int32_t name, struct vi_pos *pos)
{
    struct vi_pos old = vi->cursor;
    bool incl = false;
    vi->looks = true;
    bool ok = name == '(' || name == ')' ? vi_sentence(vi, name == ')', 1)
                                         : vi_paragraph(vi, name == '}', 1, 0, false, &incl);
    vi->looks = false;
    *pos = vi->cursor;
    vi->cursor = old;
    return ok;
}

bool vi_mark_get(struct vi *vi, int32_t name, struct vi_pos *pos, const char **path)
{
    struct vi_file *file = vi->file;
    *path = NULL;
    if (name == '<' || name == '>') {
        struct vi_pos a = file->visual_anchor, b = file->visual_head;
        a = a.line == SIZE_MAX ? b : a;
        b = b.line == SIZE_MAX ? a : b;
        bool swap = vi_is_before(b, a);
        *pos = (name == '<') == swap ? b : a;
        if (file->visual_mode == VI_VISUAL_LINE) {
            pos->col = name == '<' ? 0 : SIZE_MAX / 2;
        }
        if (file->visual_mode == VI_NORMAL) {
            return false;
        }
    } else if (name != 0 && name < 128 && strchr("(){}", (char)name) != NULL) {
        return motion_mark(vi, name, pos);
    } else {
        struct vi_mark *mark = slot(vi, name);
        if (mark == NULL || !mark->set) {
            return false;
        }
        *pos = mark->pos;
        if (name >= 'A' && name <= 'Z' && !same_path(mark->path, path_now(vi))) {
            *path = mark->path;
            return mark->path != NULL;
        }
    }
    size_t last = vi_line_count(vi) - 1;
    if (pos->line > last) {
        return false;
    }
    size_t len = vi_line_len(vi, pos->line);
    pos->col = pos->col < len ? pos->col : len;
    return true;
}

bool vi_mark_set(struct vi *vi, int32_t name, struct vi_pos pos)
{
    if (name == '<' || name == '>') {
        struct vi_file *file = vi->file;
        if (file->visual_mode == VI_NORMAL) {
            file->visual_anchor.line = file->visual_head.line = SIZE_MAX; /* the other: none yet */
            file->visual_mode = VI_VISUAL;
        }
        *(name == '<' ? &file->visual_anchor : &file->visual_head) = pos;
        return true;
    }
    struct vi_mark *mark = slot(vi, name);
    if (mark == NULL || name == '^' || name == '.') {
        return false;
    }
    free(mark->path);
    *mark = (struct vi_mark){.pos = pos, .set = true};
    if (name >= 'A' && name <= 'Z') {
        mark->path = mem_strdup(path_now(vi));
    }
    return true;
}

bool vi_mark_forget(struct vi *vi, int32_t name)
{
    struct vi_mark *mark = slot(vi, name);
    if (mark == NULL || name == '\'' || name == '`') {
        return false;
    }
    mark->set = false;
    return true;
}

static void remove_jump(struct vi *vi, size_t at)
{
    free(vi->jumps.items[at].path);
    VEC_REMOVE(&vi->jumps, at);
}

static void push_jump(struct vi *vi, struct vi_pos pos)
{
    const char *path = path_now(vi);
    if (vi->jumps.len >= JUMPS_MAX) {
        remove_jump(vi, 0);
    }
    VEC_PUSH(&vi->jumps, ((struct vi_mark){.pos = pos, .set = true, .path = mem_strdup(path)}));
    vi->jump_at = vi->jumps.len;
}

/* Each line once, where it was left last. */
static void tidy_jumps(struct vi *vi)
{
    bool at_end = vi->jump_at >= vi->jumps.len;
    for (size_t i = vi->jumps.len; i-- > 1;) {
        for (size_t j = i; j-- > 0;) {
            const struct vi_mark *a = &vi->jumps.items[i], *b = &vi->jumps.items[j];
            if (a->pos.line == b->pos.line && same_path(a->path, b->path)) {
                remove_jump(vi, j);
                i--;
            }
        }
    }
    vi->jump_at = at_end || vi->jump_at > vi->jumps.len ? vi->jumps.len : vi->jump_at;
}

void vi_jump_mark(struct vi *vi)
{
    if (vi->in_global || vi->looks) {
        return; /* :g is one jump, and '( is none */
    }
    vi->file->jump_before = vi->file->jump;
    vi->file->jump = (struct vi_mark){.pos = vi->cursor, .set = true};
    push_jump(vi, vi->cursor);
}

void vi_check_jump(struct vi *vi)
{
    struct vi_file *file = vi->file;
    bool nowhere = !file->jump.set || vi_same(file->jump.pos, vi->cursor);
    if (file->jump_before.set && nowhere) {
        file->jump = file->jump_before;
    }
    file->jump_before.set = false;
}

void vi_note_jump(struct vi *vi)
{
    if (vi->text != NULL) {
        vi_jump_mark(vi);
    }
}

static bool go_jump(struct vi *vi, const struct vi_mark *jump)
{
    struct vi_pos to = jump->pos;
    if (!same_path(jump->path, path_now(vi))) {
        struct err err = {0};
        char *path = mem_strdup(jump->path);
        bool ok = path != NULL && vi->host->open != NULL &&
                  vi->host->open(vi->data, path, to.line, to.col, &err);
        free(path);
        return ok || vi_say(vi, true, "%s", err.text[0] != '\0' ? err.text : "that file is closed");
    }
    if (to.line >= vi_line_count(vi)) {
        return vi_say(vi, true, "the line of that jump is gone");
    }
    vi->cursor = to;
    vi_clamp(vi);
    vi_set_want(vi);
    return true;
}

/* arg: 0 ^O, 1 ^I. */
bool vi_c_jump(struct vi *vi, struct vi_cmd *cmd)
{
    bool on = cmd->row->arg == 1;
    tidy_jumps(vi);
    size_t at = vi->jump_at, len = vi->jumps.len;
    if (on ? at >= len || len - at <= cmd->count : at < cmd->count) {
        return false;
    }
    if (at >= len) {
        vi_jump_mark(vi); /* which is where ^I comes back to */
        at = vi->jumps.len - 1;
        if (at < cmd->count) {
            return false;
        }
    }
    vi->jump_at = on ? at + cmd->count : at - cmd->count;
    return go_jump(vi, &vi->jumps.items[vi->jump_at]);
}

void vi_note_change(struct vi *vi, struct vi_pos at)
{
    struct vi_changes *changes = &vi->file->changes;
    vi->file->change = (struct vi_mark){.pos = at, .set = true};
    if (changes->len > 0) {
        struct vi_pos *last = &changes->items[changes->len - 1];
        if (last->line == at.line &&
            (last->col > at.col ? last->col - at.col : at.col - last->col) < 79) {
            *last = at;
            vi->file->change_at = changes->len;
            return;
        }
    }
    if (changes->len >= CHANGES_MAX) {
        VEC_REMOVE(changes, 0);
    }
    VEC_PUSH(changes, at);
    vi->file->change_at = changes->len;
}

/* arg: 0 g; (older), 1 g, (newer). */
bool vi_c_change(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_file *file = vi->file;
    size_t at = file->change_at, len = file->changes.len;
    if (cmd->row->arg == 0 ? at == 0 : at + 1 == len || len == 0) {
        return vi_say(vi, true, len == 0 ? "no changes yet" : "no more changes this way");
    }
    if (cmd->row->arg == 0) {
        at = at > cmd->count ? at - cmd->count : 0;
    } else {
        at = at < len && len - 1 - at > cmd->count ? at + cmd->count : len - 1;
    }
    file->change_at = at;
    if (file->changes.items[at].line >= vi_line_count(vi)) {
        return vi_say(vi, true, "the line of that change is gone");
    }
    vi->cursor = file->changes.items[at];
    vi_clamp(vi);
    vi_set_want(vi);
    return true;
}

void vi_note_visual(struct vi *vi)
{
    struct vi_file *file = vi->file;
    file->visual_anchor = vi->anchor;
    file->visual_head = vi->cursor;
    file->visual_mode = vi->mode;
    file->visual_want = vi->want;
}

void vi_leave_visual(struct vi *vi)
{
    struct vi_range range = {.start = vi->anchor};
    vi_note_visual(vi);
    if (vi->mode == VI_VISUAL_BLOCK) {
        vi_block_range(vi, &range, vi->anchor, vi->cursor);
    }
    if (vi->mode == VI_VISUAL_BLOCK || vi_is_before(range.start, vi->cursor)) {
        vi->cursor = range.start;
    }
    vi->cursor.col = vi->mode == VI_VISUAL_LINE ? 0 : vi->cursor.col;
    vi->mode = VI_NORMAL;
    vi_clamp(vi);
    vi_set_want(vi);
}

bool vi_c_set_mark(struct vi *vi, struct vi_cmd *cmd)
{
    return vi_mark_set(vi, cmd->ch, vi->cursor);
}
