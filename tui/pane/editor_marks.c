#include "pane/editor_marks.h"

#include "base/vec.h"

struct owner_marks {
    char *owner;
    struct editor_mark *items; /* messages are owned */
    size_t len, cap;
};

struct file_marks {
    struct file_marks *next;
    char *path;
    struct {
        struct owner_marks *items;
        size_t len, cap;
    } owners;
};

static struct file_marks *find_file(struct file_marks *files, const char *path)
{
    while (files != NULL && strcmp(files->path, path) != 0) {
        files = files->next;
    }
    return files;
}

static void empty_owner(struct owner_marks *owner)
{
    VEC_FOREACH (struct editor_mark, mark, owner) {
        free((char *)mark->message);
    }
    owner->len = 0;
}

static struct owner_marks *owner_of(struct file_marks *file, const char *name)
{
    VEC_FOREACH (struct owner_marks, owner, &file->owners) {
        if (strcmp(owner->owner, name) == 0) {
            return owner;
        }
    }
    VEC_PUSH(&file->owners, ((struct owner_marks){.owner = mem_strdup(name)}));
    return &file->owners.items[file->owners.len - 1];
}

static int by_line(const void *a, const void *b)
{
    const struct editor_mark *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

void marks_set(struct file_marks **files, const char *path, const char *owner,
    const struct editor_mark *marks, size_t count)
{
    struct file_marks *file = find_file(*files, path);
    if (file == NULL) {
        file = MEM_NEW(struct file_marks);
        file->path = mem_strdup(path);
        file->next = *files;
        *files = file;
    }
    struct owner_marks *list = owner_of(file, owner);
    empty_owner(list);
    for (size_t i = 0; i < count; i++) {
        struct editor_mark mark = marks[i];
        mark.message = mem_strdup(marks[i].message);
        VEC_PUSH(list, mark);
    }
    if (list->len > 1) {
        qsort(list->items, list->len, sizeof *list->items, by_line);
    }
}

void marks_clear(struct file_marks **files, const char *owner)
{
    for (struct file_marks *file = *files; file != NULL; file = file->next) {
        VEC_FOREACH (struct owner_marks, list, &file->owners) {
            if (strcmp(list->owner, owner) == 0) {
                empty_owner(list);
            }
        }
    }
}

/* An edit within a line moves what is marked behind it. */
static void shift_columns(struct file_marks *file, const struct text_change *change)
{
    size_t from = change->start_point.column, to = change->old_end_point.column;
    size_t end = change->new_end_point.column;
    bool one_line = change->start_point.row == change->old_end_point.row &&
                    change->start_point.row == change->new_end_point.row;
    VEC_FOREACH (struct owner_marks, list, &file->owners) {
        VEC_FOREACH (struct editor_mark, mark, list) {
            if (mark->line != change->start_point.row || mark->to <= from) {
                continue;
            }
            if (!one_line) {
                mark->to = mark->from < from ? from : mark->from;
            } else if (mark->from >= to) {
                mark->from = mark->from - to + end;
                mark->to = mark->to - to + end;
            } else if (mark->to >= to) {
                mark->to = mark->to - to + end;
            }
        }
    }
}

void marks_changed(struct file_marks *files, const char *path, const struct text_change *change)
{
    struct file_marks *file = find_file(files, path);
    size_t from = change->start_point.row, old_to = change->old_end_point.row,
           new_to = change->new_end_point.row;
    if (file != NULL) {
        shift_columns(file, change);
    }
    if (file == NULL || old_to == new_to) {
        return;
    }
    VEC_FOREACH (struct owner_marks, list, &file->owners) {
        VEC_FOREACH (struct editor_mark, mark, list) {
            /* An edit at a line's very start pushes the line itself. */
            bool below =
                mark->line > from || (mark->line == from && change->start_point.column == 0);
            if (below && mark->line >= old_to) {
                mark->line = mark->line - old_to + new_to;
            } else if (below) {
                mark->line = from;
            }
        }
    }
}

void marks_free(struct file_marks **files)
{
    while (*files != NULL) {
        struct file_marks *file = *files;
        *files = file->next;
        VEC_FOREACH (struct owner_marks, list, &file->owners) {
            empty_owner(list);
            VEC_FREE(list);
            free(list->owner);
        }
        VEC_FREE(&file->owners);
        free(file->path);
        free(file);
    }
}

static bool any_kind(const struct editor_mark *mark)
{
    (void)mark;
    return true;
}

static bool with_message(const struct editor_mark *mark)
{
    return mark->message != NULL && mark->message[0] != '\0';
}

static bool is_coverage(const struct editor_mark *mark)
{
    return mark->kind == EDITOR_MARK_COVERED || mark->kind == EDITOR_MARK_UNCOVERED;
}

static bool is_change(const struct editor_mark *mark)
{
    return mark->kind <= EDITOR_MARK_REMOVED;
}

/* First mark of a list at or after a line. */
static size_t first_at(const struct owner_marks *list, size_t line)
{
    size_t low = 0, high = list->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->items[middle].line < line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct editor_mark *weightiest(const struct file_marks *files, const char *path,
    size_t line, bool (*wanted)(const struct editor_mark *mark))
{
    const struct file_marks *file = find_file((struct file_marks *)files, path);
    const struct editor_mark *best = NULL;
    if (file == NULL) {
        return NULL;
    }
    VEC_FOREACH (const struct owner_marks, list, &file->owners) {
        for (size_t i = first_at(list, line); i < list->len && list->items[i].line == line; i++) {
            const struct editor_mark *mark = &list->items[i];
            if (wanted(mark) && (best == NULL || mark->kind > best->kind)) {
                best = mark;
            }
        }
    }
    return best;
}

const struct editor_mark *marks_at(const struct file_marks *files, const char *path, size_t line)
{
    return weightiest(files, path, line, any_kind);
}

const struct editor_mark *marks_message(
    const struct file_marks *files, const char *path, size_t line)
{
    return weightiest(files, path, line, with_message);
}

size_t marks_append_messages(
    const struct file_marks *files, const char *path, size_t line, struct buf *out)
{
    const struct file_marks *file = find_file((struct file_marks *)files, path);
    const struct editor_mark *first = marks_message(files, path, line);
    size_t count = first != NULL;
    if (first == NULL) {
        return 0;
    }
    buf_append_str(out, str_trim(str_of(first->message)));
    VEC_FOREACH (const struct owner_marks, list, &file->owners) {
        for (size_t i = first_at(list, line); i < list->len && list->items[i].line == line; i++) {
            const struct editor_mark *mark = &list->items[i];
            if (mark != first && with_message(mark)) {
                buf_printf(out, "\n%.*s", (int)strcspn(mark->message, "\n"), mark->message);
                count++;
            }
        }
    }
    return count;
}

const struct editor_mark *marks_coverage(
    const struct file_marks *files, const char *path, size_t line)
{
    return weightiest(files, path, line, is_coverage);
}

const struct editor_mark *marks_change(
    const struct file_marks *files, const char *path, size_t line)
{
    return weightiest(files, path, line, is_change);
}

const struct editor_mark *marks_next_range(
    const struct file_marks *files, const char *path, size_t line, const struct editor_mark *before)
{
    const struct file_marks *file = find_file((struct file_marks *)files, path);
    bool past = before == NULL;
    for (size_t o = 0; file != NULL && o < file->owners.len; o++) {
        const struct owner_marks *list = &file->owners.items[o];
        for (size_t i = first_at(list, line); i < list->len && list->items[i].line == line; i++) {
            const struct editor_mark *mark = &list->items[i];
            if (past && mark->to > mark->from) {
                return mark;
            }
            past = past || mark == before;
        }
    }
    return NULL;
}

static bool is_problem(
    const struct file_marks *files, const char *path, const struct editor_mark *mark)
{
    (void)files;
    (void)path;
    return mark->kind == EDITOR_MARK_UNCOVERED || mark->kind >= EDITOR_MARK_WARNING;
}

static bool begins_change(
    const struct file_marks *files, const char *path, const struct editor_mark *mark)
{
    return is_change(mark) &&
           (mark->line == 0 || marks_change(files, path, mark->line - 1) == NULL);
}

static size_t nearest(const struct file_marks *files, const char *path, size_t line, bool backward,
    bool (*wanted)(
        const struct file_marks *files, const char *path, const struct editor_mark *mark))
{
    const struct file_marks *file = find_file((struct file_marks *)files, path);
    size_t best = SIZE_MAX;
    if (file == NULL) {
        return best;
    }
    VEC_FOREACH (const struct owner_marks, list, &file->owners) {
        VEC_FOREACH (const struct editor_mark, mark, list) {
            bool nearer = backward ? mark->line < line && (best == SIZE_MAX || mark->line > best)
                                   : mark->line > line && mark->line < best;
            if (nearer && wanted(files, path, mark)) {
                best = mark->line;
            }
        }
    }
    return best;
}

size_t marks_next(const struct file_marks *files, const char *path, size_t line, bool backward)
{
    return nearest(files, path, line, backward, is_problem);
}

size_t marks_next_change(
    const struct file_marks *files, const char *path, size_t line, bool backward)
{
    return nearest(files, path, line, backward, begins_change);
}
