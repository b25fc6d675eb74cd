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

static void move_mark(const struct text_change *change, struct vi_mark *mark)
{
    if (mark->set && !vi_pos_moved(change, &mark->pos)) {
        mark->set = false;
    }
}

/* As move_mark, but such a place stays near where its line was. */
static void move_pos(const struct text_change *change, struct vi_pos *pos)
{
    if (!vi_pos_moved(change, pos)) {
        pos->line = change->start_point.row;
    }
}

void vi_marks_clear(struct vi_file *file)
{
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        file->marks[i].set = false;
    }
    file->insert.set = file->change.set = file->jump.set = false;
}

void vi_marks_follow(
    struct vi_file *file, const struct vi_file *before, size_t first, size_t count, size_t to)
{
    struct vi_mark *now[ARRAY_LEN(file->marks) + 2] = {&file->insert, &file->jump};
    const struct vi_mark *then[ARRAY_LEN(now)] = {&before->insert, &before->jump};
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        now[i + 2] = &file->marks[i];
        then[i + 2] = &before->marks[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(now); i++) {
        size_t line = then[i]->pos.line;
        if (then[i]->set && line >= first && line - first < count) {
            *now[i] = *then[i];
            now[i]->pos.line = line - first + to;
        }
    }
}

void vi_marks_changed(void *data, const struct text_change *changed)
{
    struct vi_file *file = data;
    struct vi *vi = file->vi;
    struct text_change within = *changed;
    const struct text_change *change = &within;
    if (vi->splits_line && vi->text == file->text) {
        within.start_point.column++; /* never at a line's very beginning, as if the line were new */
        within.old_end_point.column++;
    }
    if (change->start_point.row == change->old_end_point.row &&
        change->start_point.row == change->new_end_point.row) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        move_mark(change, &file->marks[i]);
    }
    move_mark(change, &file->insert);
    move_mark(change, &file->change);
    move_mark(change, &file->jump);
    move_pos(change, &file->visual_anchor);
    move_pos(change, &file->visual_head);
    VEC_FOREACH (struct vi_pos, pos, &file->changes) {
        move_pos(change, pos);
    }
    const char *path =
        vi->text == file->text && vi->host->path != NULL ? vi->host->path(vi->data) : NULL;
    VEC_FOREACH (struct vi_mark, jump, &vi->jumps) {
        if (path == NULL ? jump->path == NULL
                         : jump->path != NULL && strcmp(path, jump->path) == 0) {
            move_pos(change, &jump->pos);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(vi->globals); i++) {
        const char *in = vi->globals[i].path;
        if (path == NULL ? in == NULL : in != NULL && strcmp(path, in) == 0) {
            move_mark(change, &vi->globals[i]);
        }
    }
}

static const char *path_now(struct vi *vi)
{
    return vi->host->path == NULL ? NULL : vi->host->path(vi->data);
}

static bool same_path(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
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
    bool ok = name == '(' || name == ')' ? vi_sentence(vi, name == ')', 1)
                                         : vi_paragraph(vi, name == '}', 1, 0, false, &incl);
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
        bool first = vi_is_before(vi->file->visual_anchor, vi->file->visual_head);
        *((name == '<') == first ? &vi->file->visual_anchor : &vi->file->visual_head) = pos;
        vi->file->visual_mode =
            vi->file->visual_mode == VI_NORMAL ? VI_VISUAL : vi->file->visual_mode;
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
    if (vi->in_global) {
        return; /* :g is one jump */
    }
    vi->file->jump = (struct vi_mark){.pos = vi->cursor, .set = true};
    push_jump(vi, vi->cursor);
}

void vi_check_jump(struct vi *vi, struct vi_mark before)
{
    struct vi_file *file = vi->file;
    if (file->jump.set && !vi_same(before.pos, file->jump.pos) &&
        vi_same(file->jump.pos, vi->cursor)) {
        file->jump = before;
    }
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
    vi->file->jump = (struct vi_mark){.pos = vi->cursor, .set = true};
    size_t last = vi_line_count(vi) - 1;
    vi->cursor = to.line <= last ? to : (struct vi_pos){last, 0};
    vi_clamp(vi);
    vi_set_want(vi);
    return true;
}

/* arg: 0 ^O, 1 ^I. */
bool vi_c_jump(struct vi *vi, struct vi_cmd *cmd)
{
    tidy_jumps(vi);
    for (size_t n = 0; n < cmd->count; n++) {
        if (cmd->row->arg == 1) {
            if (vi->jump_at + 1 >= vi->jumps.len) {
                return false;
            }
            vi->jump_at++;
        } else {
            if (vi->jump_at == 0) {
                return false;
            }
            if (vi->jump_at >= vi->jumps.len) {
                push_jump(vi, vi->cursor);
                vi->jump_at = vi->jumps.len - 1;
            }
            if (vi->jump_at == 0) {
                return false;
            }
            vi->jump_at--;
        }
    }
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
