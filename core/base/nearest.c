#include "base/nearest.h"

#include <stdint.h>

enum { LENGTH_MAX = 64 };

size_t nearest_distance(struct str a, struct str b)
{
    size_t row[LENGTH_MAX + 1];
    if (a.len > LENGTH_MAX || b.len > LENGTH_MAX) {
        return SIZE_MAX;
    }
    for (size_t k = 0; k <= b.len; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t change = corner + (a.ptr[i - 1] != b.ptr[k - 1]);
            size_t other = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            corner = row[k];
            row[k] = change < other ? change : other;
        }
    }
    return row[b.len];
}
