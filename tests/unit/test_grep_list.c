/* The rows of a workspace search, however the hits come in, fold and are left out. */
#include "test.h"

#include "base/vec.h"
#include "pane/grep_list.h"

#include <stdlib.h>

static unsigned seed = 3;

static unsigned next_random(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16 & 0x7FFF) % below;
}

static void add(struct grep_list *list, const char *path, size_t line)
{
    struct grep_hit hit = {.path = mem_strdup(path), .line = line, .text = mem_strdup("x")};
    grep_list_add(list, &hit, 1);
    assert_null(hit.path); /* taken over */
}

static void check(const struct grep_list *list)
{
    size_t row = 0;
    size_t hits = 0;
    for (size_t i = 0; i < list->files.len; i++) {
        const struct grep_file *file = &list->files.items[i];
        size_t off = 0;
        assert_int_equal(file->first, hits);
        assert_int_equal(list->rows.items[row].file, i);
        assert_int_equal(list->rows.items[row++].hit, SIZE_MAX);
        for (size_t k = 0; k < file->count; k++) {
            const struct grep_hit *hit = &list->hits.items[file->first + k];
            assert_string_equal(hit->path, file->path);
            off += list->off.items[file->first + k];
            if (!file->folded) {
                assert_int_equal(grep_list_row_of(list, file->first + k), row);
                assert_int_equal(list->rows.items[row++].hit, file->first + k);
            }
        }
        assert_int_equal(off, file->off);
        hits += file->count;
    }
    assert_int_equal(list->rows.len, row);
    assert_int_equal(list->hits.len, hits);
}

static void test_random(void **state)
{
    (void)state;
    struct grep_list list = {0};
    unsigned file = 0;
    for (int i = 0; i < 3000; i++) {
        char path[16];
        switch (next_random(8)) {
        case 0:
            file++;
            break;
        case 1:
            grep_list_fold(&list, next_random(20), next_random(2) == 0);
            break;
        case 2:
            grep_list_toggle(&list, next_random(20));
            break;
        case 3:
            if (next_random(20) == 0) {
                grep_list_clear(&list);
            }
            break;
        default:
            snprintf(path, sizeof path, "f%05u", file);
            add(&list, path, next_random(100));
        }
        check(&list);
    }
    grep_list_free(&list);
}

static void test_a_file_as_a_whole(void **state)
{
    (void)state;
    struct grep_list list = {0};
    size_t files;
    add(&list, "a", 1);
    add(&list, "a", 2);
    add(&list, "b", 1);
    assert_int_equal(grep_list_wanted(&list, &files), 3);
    grep_list_toggle(&list, 1); /* one of a's */
    grep_list_toggle(&list, 0); /* then the rest of them */
    assert_int_equal(grep_list_wanted(&list, &files), 1);
    assert_int_equal(files, 1);
    grep_list_toggle(&list, 0); /* and all again */
    assert_int_equal(grep_list_wanted(&list, &files), 3);
    grep_list_toggle(&list, 99);
    grep_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_a_file_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
