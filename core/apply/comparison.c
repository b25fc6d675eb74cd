#include "apply/comparison.h"

#include "base/vec.h"

#include <stdlib.h>

static void add(
    const struct comparison_cells *cells, size_t policy, size_t fixture, struct apply_cell *out)
{
    const struct apply_cell *cell = cells->cell(cells->data, policy, fixture);
    static const struct apply_cell none = {.verdict = APPLY_NO_MATCH};
    apply_cell_join(out, cell == NULL ? &none : cell);
}

/* What waits must not be taken for a decision of the others'. */
static bool is_waiting(const struct comparison_cells *cells, size_t policy, size_t fixture)
{
    const struct apply_cell *cell = cells->cell(cells->data, policy, fixture);
    return cell != NULL && cell->verdict == APPLY_WAITING;
}

static unsigned rank_of(enum apply_difference difference)
{
    static const unsigned ranks[APPLY_DIFFERENCES] = {[APPLY_DIFFERS] = 0,
        [APPLY_ONE_SIDED] = 1,
        [APPLY_UNDECIDED] = 2,
        [APPLY_PENDING] = 3,
        [APPLY_SAME] = 4,
        [APPLY_NEITHER] = 5};
    return ranks[difference];
}

/* Rows by their rank, each rank in the order it has: qsort alone would mix them. */
static void differing_first(struct comparison_rows *rows)
{
    struct comparison_rows sorted = {0};
    for (unsigned rank = 0; rank < APPLY_DIFFERENCES; rank++) {
        VEC_FOREACH (const struct comparison_row, row, rows) {
            if (rank_of(row->difference) == rank) {
                VEC_PUSH(&sorted, *row);
            }
        }
    }
    VEC_FREE(rows);
    *rows = sorted;
}

void comparison_make(const struct comparison_cells *cells, size_t older, const size_t *newer,
    size_t newer_count, const size_t *fixtures, size_t fixture_count, struct comparison *out)
{
    *out = (struct comparison){0};
    for (size_t i = 0; i < fixture_count; i++) {
        struct comparison_row row = {.fixture = fixtures[i]};
        bool waiting = is_waiting(cells, older, row.fixture);
        add(cells, older, row.fixture, &row.older);
        for (size_t k = 0; k < newer_count; k++) {
            waiting = waiting || is_waiting(cells, newer[k], row.fixture);
            add(cells, newer[k], row.fixture, &row.newer);
        }
        row.difference = waiting ? APPLY_PENDING : apply_difference_of(&row.older, &row.newer);
        out->counts[row.difference]++;
        VEC_PUSH(&out->rows, row);
    }
    differing_first(&out->rows);
}

void comparison_free(struct comparison *comparison)
{
    VEC_FOREACH (struct comparison_row, row, &comparison->rows) {
        apply_cell_free(&row->older);
        apply_cell_free(&row->newer);
    }
    VEC_FREE(&comparison->rows);
}

bool comparison_row_differs(const struct comparison_row *row)
{
    return rank_of(row->difference) <= rank_of(APPLY_UNDECIDED);
}
