#include "pane/grep_list.h"

#include "base/vec.h"

#include <stdlib.h>

void grep_list_clear(struct grep_list *list)
{
    VEC_FOREACH (struct grep_hit, hit, &list->hits) {
        grep_hit_free(hit);
    }
    VEC_FOREACH (struct grep_file, file, &list->files) {
        free(file->path);
    }
    list->hits.len = list->off.len = list->files.len = list->rows.len = 0;
}

void grep_list_free(struct grep_list *list)
{
    grep_list_clear(list);
    VEC_FREE(&list->hits);
    VEC_FREE(&list->off);
    VEC_FREE(&list->files);
    VEC_FREE(&list->rows);
}

/* The rows of the files from `first` on. */
static void add_rows(struct grep_list *list, size_t first)
{
    for (size_t i = first; i < list->files.len; i++) {
        const struct grep_file *file = &list->files.items[i];
        VEC_PUSH(&list->rows, ((struct grep_row){i, SIZE_MAX}));
        for (size_t k = 0; k < file->count && !file->folded; k++) {
            VEC_PUSH(&list->rows, ((struct grep_row){i, file->first + k}));
        }
    }
}

static void make_rows(struct grep_list *list)
{
    list->rows.len = 0;
    add_rows(list, 0);
}

void grep_list_add(struct grep_list *list, struct grep_hit *hits, size_t count)
{
    size_t old = list->files.len;
    for (size_t i = 0; i < count; i++) {
        struct grep_file *last =
            list->files.len == 0 ? NULL : &list->files.items[list->files.len - 1];
        if (last == NULL || strcmp(last->path, hits[i].path) != 0) {
            VEC_PUSH(&list->files,
                ((struct grep_file){.path = mem_strdup(hits[i].path), .first = list->hits.len}));
            last = &list->files.items[list->files.len - 1];
        }
        last->count++;
        VEC_PUSH(&list->hits, hits[i]);
        VEC_PUSH(&list->off, false);
        hits[i] = (struct grep_hit){0};
    }
    if (old == 0) {
        make_rows(list);
        return;
    }
    /* The last file of before may have more of them now. */
    while (list->rows.len > 0 && list->rows.items[list->rows.len - 1].file == old - 1) {
        list->rows.len--;
    }
    add_rows(list, old - 1);
}

void grep_list_fold(struct grep_list *list, size_t row, bool folded)
{
    if (row < list->rows.len) {
        list->files.items[list->rows.items[row].file].folded = folded;
        make_rows(list);
    }
}

void grep_list_toggle(struct grep_list *list, size_t row)
{
    if (row >= list->rows.len) {
        return;
    }
    size_t hit = list->rows.items[row].hit;
    struct grep_file *file = &list->files.items[list->rows.items[row].file];
    if (hit != SIZE_MAX) {
        list->off.items[hit] = !list->off.items[hit];
        file->off += list->off.items[hit] ? 1 : (size_t)-1;
        return;
    }
    bool off = file->off < file->count;
    for (size_t i = 0; i < file->count; i++) {
        list->off.items[file->first + i] = off;
    }
    file->off = off ? file->count : 0;
}

size_t grep_list_wanted(const struct grep_list *list, size_t *files)
{
    size_t hits = 0;
    *files = 0;
    VEC_FOREACH (const struct grep_file, file, &list->files) {
        hits += file->count - file->off;
        *files += file->off < file->count;
    }
    return hits;
}

size_t grep_list_row_of(const struct grep_list *list, size_t hit)
{
    size_t best = 0;
    for (size_t row = 0; row < list->rows.len; row++) {
        const struct grep_row *r = &list->rows.items[row];
        const struct grep_file *file = &list->files.items[r->file];
        if (r->hit == hit) {
            return row;
        }
        if (r->hit == SIZE_MAX && hit >= file->first && hit < file->first + file->count) {
            best = row;
        }
    }
    return best;
}
