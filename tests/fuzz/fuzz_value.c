/* Values from engines: what reads as one is equal to itself however it is printed again, and any
 * two are compared. */
#include "engine/opa_compare.h"
#include "engine/value_diff.h"
#include "engine/value_tree.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_self(struct str text)
{
    struct value_diff diff;
    value_diff_make(text, text, &diff);
    if (!diff.equal) {
        abort();
    }
    value_diff_free(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct value_diff diff;
    char *expected = NULL;
    char *got = NULL;
    check_self(text);
    value_diff_make(str_slice(text, 0, size / 2), str_from(text, size / 2), &diff);
    for (size_t i = 0; i < diff.len; i++) {
        if ((diff.items[i].left == NULL) != (diff.items[i].kind == VALUE_RIGHT) ||
            (diff.items[i].right == NULL) != (diff.items[i].kind == VALUE_LEFT)) {
            abort();
        }
    }
    value_diff_free(&diff);
    if (opa_compare_read(text, &expected, &got) && (expected[0] == '\0' || got[0] == '\0')) {
        abort();
    }
    free(expected);
    free(got);
    return 0;
}
