#include "policy/coverage.h"

#include "base/vec.h"

#include <math.h>
#include <stdlib.h>

void coverage_free(struct coverage *coverage)
{
    VEC_FOREACH (struct coverage_file, file, coverage) {
        free(file->path);
        VEC_FREE(&file->covered);
        VEC_FREE(&file->missed);
    }
    VEC_FOREACH (char *, path, &coverage->unknown) {
        free(*path);
    }
    VEC_FREE(&coverage->unknown);
    VEC_FREE(coverage);
    *coverage = (struct coverage){0};
}

static size_t lower_bound(const struct coverage *coverage, struct str path)
{
    size_t low = 0;
    size_t high = coverage->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (str_compare(str_of(coverage->items[mid].path), path) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

struct coverage_file *coverage_touch(struct coverage *coverage, struct str path)
{
    size_t at = lower_bound(coverage, path);
    if (at >= coverage->len || !str_equal_c(path, coverage->items[at].path)) {
        VEC_INSERT(coverage, at, (struct coverage_file){.path = str_dup(path)});
    }
    return &coverage->items[at];
}

void coverage_add(
    struct coverage *coverage, struct str path, struct coverage_range range, bool covered)
{
    struct coverage_file *file = coverage_touch(coverage, path);
    if (covered) {
        VEC_PUSH(&file->covered, range);
    } else {
        VEC_PUSH(&file->missed, range);
    }
}

static void append_ranges(struct coverage_ranges *into, const struct coverage_ranges *other)
{
    VEC_FOREACH (struct coverage_range, range, other) {
        VEC_PUSH(into, *range);
    }
}

void coverage_merge(struct coverage *coverage, const struct coverage *other)
{
    VEC_FOREACH (struct coverage_file, from, other) {
        struct coverage_file *file = coverage_touch(coverage, str_of(from->path));
        append_ranges(&file->covered, &from->covered);
        append_ranges(&file->missed, &from->missed);
    }
    VEC_FOREACH (char *, path, &other->unknown) {
        coverage_add_unknown(coverage, *path);
    }
    coverage->incomplete = coverage->incomplete || other->incomplete;
    coverage->anything = coverage->anything || other->anything;
}

void coverage_add_unknown(struct coverage *coverage, const char *path)
{
    VEC_PUSH(&coverage->unknown, mem_strdup(path));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void finish_unknown(struct coverage *coverage)
{
    size_t kept = 0;
    if (coverage->unknown.len > 1) {
        qsort(coverage->unknown.items, coverage->unknown.len, sizeof *coverage->unknown.items,
            by_text);
    }
    for (size_t i = 0; i < coverage->unknown.len; i++) {
        char *path = coverage->unknown.items[i];
        if (kept > 0 && strcmp(coverage->unknown.items[kept - 1], path) == 0) {
            free(path);
        } else {
            coverage->unknown.items[kept++] = path;
        }
    }
    coverage->unknown.len = kept;
}

bool coverage_knows(const struct coverage *coverage, const char *path)
{
    return !coverage->anything && (coverage->unknown.len == 0 ||
                                      bsearch(&path, coverage->unknown.items, coverage->unknown.len,
                                          sizeof *coverage->unknown.items, by_text) == NULL);
}

static int compare_u32(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int by_place(const void *a, const void *b)
{
    const struct coverage_range *x = a;
    const struct coverage_range *y = b;
    int order = compare_u32(x->row, y->row);
    order = order != 0 ? order : compare_u32(x->col, y->col);
    order = order != 0 ? order : compare_u32(x->end_row, y->end_row);
    return order != 0 ? order : compare_u32(x->end_col, y->end_col);
}

static void sort_ranges(struct coverage_ranges *ranges)
{
    if (ranges->len == 0) {
        return;
    }
    qsort(ranges->items, ranges->len, sizeof *ranges->items, by_place);
    size_t kept = 1;
    for (size_t i = 1; i < ranges->len; i++) {
        if (by_place(&ranges->items[kept - 1], &ranges->items[i]) != 0) {
            ranges->items[kept++] = ranges->items[i];
        }
    }
    ranges->len = kept;
}

static bool contains(const struct coverage_range *outer, const struct coverage_range *inner)
{
    bool begins = outer->row < inner->row || (outer->row == inner->row && outer->col <= inner->col);
    bool ends = outer->end_row > inner->end_row ||
                (outer->end_row == inner->end_row && outer->end_col >= inner->end_col);
    return begins && ends;
}

/* Rows that at least one range touches; ranges are sorted by their beginning. */
static size_t count_rows(const struct coverage_ranges *ranges)
{
    size_t rows = 0;
    uint32_t next = 1; /* first row not counted yet */
    VEC_FOREACH (struct coverage_range, range, ranges) {
        uint32_t from = range->row > next ? range->row : next;
        if (range->end_row >= from) {
            rows += range->end_row - from + 1;
            next = range->end_row + 1;
        }
    }
    return rows;
}

static void finish_file(struct coverage_file *file)
{
    sort_ranges(&file->covered);
    sort_ranges(&file->missed);
    size_t kept = 0;
    for (size_t i = 0; i < file->missed.len; i++) {
        struct coverage_range missed = file->missed.items[i];
        bool covered = false;
        for (size_t k = 0; k < file->covered.len && !covered; k++) {
            if (file->covered.items[k].row > missed.row) {
                break;
            }
            covered = contains(&file->covered.items[k], &missed);
        }
        if (!covered) {
            file->missed.items[kept++] = missed;
        }
    }
    file->missed.len = kept;
    file->covered_rows = count_rows(&file->covered);
    file->missed_rows = count_rows(&file->missed);
}

void coverage_finish(struct coverage *coverage)
{
    coverage->covered_rows = coverage->missed_rows = 0;
    finish_unknown(coverage);
    VEC_FOREACH (struct coverage_file, file, coverage) {
        finish_file(file);
        coverage->covered_rows += file->covered_rows;
        coverage->missed_rows += file->missed_rows;
    }
}

const struct coverage_file *coverage_find(const struct coverage *coverage, const char *path)
{
    size_t at = lower_bound(coverage, str_of(path));
    return at < coverage->len && strcmp(coverage->items[at].path, path) == 0 ? &coverage->items[at]
                                                                             : NULL;
}

static bool touches(const struct coverage_ranges *ranges, unsigned row)
{
    for (size_t i = 0; i < ranges->len && ranges->items[i].row <= row; i++) {
        if (ranges->items[i].end_row >= row) {
            return true;
        }
    }
    return false;
}

enum coverage_line coverage_line(const struct coverage_file *file, unsigned row)
{
    bool covered = file != NULL && touches(&file->covered, row);
    bool missed = file != NULL && touches(&file->missed, row);
    return covered && missed ? LINE_PARTLY
           : covered         ? LINE_COVERED
           : missed          ? LINE_MISSED
                             : LINE_NONE;
}

bool coverage_append_rows(
    struct buf *out, const struct coverage_file *file, size_t from, size_t to, bool covered)
{
    size_t began = 0;
    bool any = false;
    for (size_t line = from + 1; line <= to + 1; line++) {
        enum coverage_line what = line <= to ? coverage_line(file, (unsigned)line) : LINE_NONE;
        bool is = covered ? what == LINE_COVERED : what == LINE_MISSED || what == LINE_PARTLY;
        if (is && began == 0) {
            began = line;
        } else if (!is && began != 0) {
            buf_printf(out, "%s%zu", any ? ", " : "", began);
            if (line - 1 > began) {
                buf_printf(out, "-%zu", line - 1);
            }
            any = true;
            began = 0;
        }
    }
    return any;
}

static double percent_of(size_t covered, size_t missed)
{
    return covered + missed == 0 ? 0.0 : 100.0 * (double)covered / (double)(covered + missed);
}

static bool begins_at(const struct coverage_ranges *ranges, unsigned row)
{
    VEC_FOREACH (const struct coverage_range, range, ranges) {
        if (range->row == row && range->col == 1) {
            return true;
        }
    }
    return false;
}

bool coverage_misses_head(const struct coverage_file *file, unsigned row)
{
    return file != NULL && file->covered.len > 0 && begins_at(&file->missed, row) &&
           !begins_at(&file->covered, row);
}

bool coverage_is_empty(const struct coverage *coverage)
{
    return coverage->covered_rows + coverage->missed_rows == 0 && !coverage->incomplete;
}

double coverage_percent(const struct coverage *coverage)
{
    return percent_of(coverage->covered_rows, coverage->missed_rows);
}

double coverage_file_percent(const struct coverage_file *file)
{
    return percent_of(file->covered_rows, file->missed_rows);
}

char *coverage_show(double percent)
{
    return mem_printf("%.2f", floor(percent * 100.0 + 1e-6) / 100.0);
}

bool coverage_meets(const struct coverage *coverage, double threshold)
{
    return coverage->covered_rows + coverage->missed_rows > 0 && !coverage->incomplete &&
           coverage_percent(coverage) >= threshold;
}
