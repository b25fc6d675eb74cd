/* Groups of documents no two of which have one name, against the same said in the simplest way. */
#include "test.h"

#include "apply/apply_names.h"
#include "base/vec.h"

#include <stdlib.h>

enum { DOCUMENTS = 40, GROUPS = 60, STEPS = 12 };

static bool same_name(const struct apply_fixture *a, const struct apply_fixture *b)
{
    const char *x = a->space[0] == '\0' ? "default" : a->space;
    const char *y = b->space[0] == '\0' ? "default" : b->space;
    return strcmp(a->object_name, b->object_name) == 0 &&
           strcmp(a->object_kind, b->object_kind) == 0 && strcmp(x, y) == 0;
}

static void groups(void **state)
{
    (void)state;
    static char *const words[] = {"a", "b", "c"};
    static char *const spaces[] = {"", "default", "other"};
    struct apply_set set = {0};
    unsigned seed = 7;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        seed = seed * 1664525u + 1013904223u;
        VEC_PUSH(&set.fixtures, (struct apply_fixture){.object_name = words[(seed >> 8) % 3],
                                    .object_kind = words[(seed >> 12) % 2],
                                    .space = spaces[(seed >> 16) % 3]});
    }
    struct apply_names *names = apply_names_new(&set);
    for (size_t group = 0; group < GROUPS; group++) {
        size_t taken[DOCUMENTS];
        size_t count = 0;
        apply_names_begin(names);
        for (size_t step = 0; step < STEPS; step++) {
            seed = seed * 1664525u + 1013904223u;
            size_t document = (seed >> 8) % DOCUMENTS;
            bool fits = true;
            for (size_t i = 0; i < count; i++) {
                fits = fits && (taken[i] == document || !same_name(&set.fixtures.items[taken[i]],
                                                            &set.fixtures.items[document]));
            }
            assert_int_equal(apply_names_fit(names, &document, 1), fits);
            if (fits) {
                apply_names_take(names, &document, 1);
                taken[count++] = document;
            }
        }
    }
    apply_names_free(names);
    VEC_FREE(&set.fixtures);
    set = (struct apply_set){0};
    names = apply_names_new(&set);
    apply_names_begin(names);
    assert_true(apply_names_fit(names, NULL, 0));
    apply_names_free(names);
    apply_names_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(groups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
