/* Which expressions were evaluated, as opa's coverage reports say it, summed over several of them.
 *
 * Counted as opa counts: a row is covered when a covered range touches it, not covered when a range
 * that is not covered touches it; a row can be both, and then counts on both sides. */
#ifndef BYLAW_POLICY_COVERAGE_H
#define BYLAW_POLICY_COVERAGE_H

#include "base/str.h"

#include <stdint.h>

struct coverage_range {
    uint32_t row, col, end_row, end_col; /* from 1 */
};

struct coverage_ranges {
    struct coverage_range *items;
    size_t len, cap;
};

struct coverage_file {
    char *path;
    struct coverage_ranges covered, missed; /* each sorted, without duplicates; disjoint */
    size_t covered_rows, missed_rows;
};

struct coverage {
    struct coverage_file *items; /* by path */
    size_t len, cap;
    size_t covered_rows, missed_rows;
    bool incomplete; /* some files could not be loaded, some tests not be traced */
    /* Where it is incomplete: files that something loads which gave no report. What is missed in
     * them may be reached, and in no other; with `anything` in any. */
    struct {
        char **items; /* after coverage_finish sorted, each once */
        size_t len, cap;
    } unknown;
    bool anything;
};

enum coverage_line { LINE_NONE, LINE_COVERED, LINE_MISSED, LINE_PARTLY };

void coverage_free(struct coverage *coverage);
/* Adds a range to a file of the report; in any order, before coverage_finish. */
void coverage_add(
    struct coverage *coverage, struct str path, struct coverage_range range, bool covered);
/* A file without ranges counts too (as loaded). */
struct coverage_file *coverage_touch(struct coverage *coverage, struct str path);
/* Adds all of `other`. */
void coverage_merge(struct coverage *coverage, const struct coverage *other);
/* Something that loads the file gave no report. */
void coverage_add_unknown(struct coverage *coverage, const char *path);
/* What is missed in the file is missed. After coverage_finish. */
bool coverage_knows(const struct coverage *coverage, const char *path);
/* Sorts, takes what is covered out of what is missed, and counts. Idempotent. */
void coverage_finish(struct coverage *coverage);

/* NULL when the file is not in the report. */
const struct coverage_file *coverage_find(const struct coverage *coverage, const char *path);
/* Row from 1; file may be NULL. */
enum coverage_line coverage_line(const struct coverage_file *file, unsigned row);
/* Appends "5-6, 9": the rows (from 1) behind the first `from` up to `to` that are covered, or those
 * that are not or partly; false: there are none. */
bool coverage_append_rows(
    struct buf *out, const struct coverage_file *file, size_t from, size_t to, bool covered);
/* The rule whose head is in this row (from 1) held in no test, though tests evaluate the file. opa
 * counts a head when its body held. */
bool coverage_misses_head(const struct coverage_file *file, unsigned row);
/* All was loaded, and there is no rule in it that could be covered: there is no figure, and no
 * threshold applies. */
bool coverage_is_empty(const struct coverage *coverage);
/* 0..100; 0 when nothing can be covered (as opa). */
double coverage_percent(const struct coverage *coverage);
double coverage_file_percent(const struct coverage_file *file);
/* Rounded down to two digits, as it is shown: 89.999 must not read 90.00. */
char *coverage_show(double percent) MUST_USE;
/* Met only when something was counted and the figure is complete. */
bool coverage_meets(const struct coverage *coverage, double threshold);

#endif
