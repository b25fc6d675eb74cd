/* The hits of a workspace search as rows: a file, then its hits; files fold, hits can be left out
 * of a replacement. Hits come in the order of their paths, a few at a time. No terminal. */
#ifndef BYLAW_PANE_GREP_LIST_H
#define BYLAW_PANE_GREP_LIST_H

#include "workspace/grep.h"

struct grep_file {
    char *path;
    size_t first, count; /* its hits */
    size_t off;          /* of them left out */
    bool folded;
};

struct grep_row {
    size_t file;
    size_t hit; /* SIZE_MAX: the file itself */
};

struct grep_list {
    struct {
        struct grep_hit *items;
        size_t len, cap;
    } hits;
    struct {
        bool *items; /* of each hit: left out */
        size_t len, cap;
    } off;
    struct {
        struct grep_file *items;
        size_t len, cap;
    } files;
    struct {
        struct grep_row *items;
        size_t len, cap;
    } rows;
};

void grep_list_clear(struct grep_list *list);
void grep_list_free(struct grep_list *list);
/* Takes the hits' strings over. */
void grep_list_add(struct grep_list *list, struct grep_hit *hits, size_t count);
void grep_list_fold(struct grep_list *list, size_t row, bool folded);
/* Leaves the row's hit, or all of its file, out; or takes it in again. */
void grep_list_toggle(struct grep_list *list, size_t row);
/* How many hits take part, in how many files. */
size_t grep_list_wanted(const struct grep_list *list, size_t *files);
/* The row of a hit (its file's when that is folded). */
size_t grep_list_row_of(const struct grep_list *list, size_t hit);

#endif
